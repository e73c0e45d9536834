"""The names of coordinate systems in documents."""

import pyproj
import pytest

from onemap.layers.crs.crs_titles import crs_title, plain_crs_title, titles_in_china


@pytest.mark.parametrize(
    ("epsg", "title"),
    [
        (4547, "2000国家大地坐标系 高斯-克吕格3度带，中央经线114°（EPSG:4547）"),
        (4526, "2000国家大地坐标系 高斯-克吕格3度带，第38带，中央经线114°（EPSG:4526）"),
        (4508, "2000国家大地坐标系 高斯-克吕格6度带，中央经线111°（EPSG:4508）"),
        (2437, "1954北京坐标系 高斯-克吕格3度带，中央经线120°（EPSG:2437）"),
        (4490, "2000国家大地坐标系（EPSG:4490）"),
        (32650, "WGS 84坐标系 横轴墨卡托投影，中央经线117°（EPSG:32650）"),
    ],
)
def test_a_system_has_its_chinese_name(epsg: int, title: str):
    crs = pyproj.CRS.from_epsg(epsg)
    assert crs_title(crs, "zh") == title
    assert crs_title(crs, "en") == f"{crs.name} (EPSG:{epsg})"


def test_the_systems_of_china_s_data_are_listed_by_code_with_the_same_names():
    titles = titles_in_china("zh")
    assert titles["EPSG:4547"] == "2000国家大地坐标系 高斯-克吕格3度带，中央经线114°"
    assert titles["EPSG:4610"] == "1980西安坐标系" and titles["EPSG:4326"] == "WGS 84坐标系"
    assert len(titles) == 4 + 3 * 2 * (21 + 11)
    assert all(title.startswith(("2000国家", "1980西安", "1954北京", "WGS 84坐标系")) for title in titles.values())
    assert titles_in_china("en")["EPSG:4547"] == pyproj.CRS.from_epsg(4547).name


def test_other_systems_keep_the_name_that_the_epsg_has_for_them():
    tokyo = pyproj.CRS.from_epsg(30169)
    assert plain_crs_title(tokyo, "zh") == tokyo.name and crs_title(tokyo, "zh") == f"{tokyo.name}（EPSG:30169）"

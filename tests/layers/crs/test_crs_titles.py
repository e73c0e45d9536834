"""Coordinate systems as documents name them."""

import pyproj
import pytest

from onemap.layers.crs.crs_titles import crs_title


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

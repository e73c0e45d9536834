"""Corners of parcels as people paste them: the intended outline is read, whatever text surrounds the numbers."""

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.sources.redline.redline_text import CORNERS_FILE
from onemap.layers.sources.sheets.corner_list import looks_like_corners, read_corners
from onemap.tests.conftest import write_layer

NORTH, EAST = 4_213_000.12, 500_000.45
SQUARE = [(NORTH, EAST), (NORTH + 100, EAST), (NORTH + 100, EAST + 200.5), (NORTH, EAST + 200.5)]
OUTLINE = shapely.Polygon([(east, north) for north, east in SQUARE])
DEGREES = [(114.5075, 38.0533), (114.509, 38.0533), (114.509, 38.0545)]


def lines(pattern, corners=SQUARE):
    """The corners by a pattern of their north and east, n and e, and their number, i."""
    return "\n".join(pattern.format(n=n, e=e, i=i) for i, (n, e) in enumerate(corners, start=1))


def read(folder, text, encoding="utf-8"):
    path = folder / CORNERS_FILE
    path.write_bytes(text.encode(encoding))
    return read_corners(path, None)


def codes(frame):
    return [problem.code for problem in frame.problems]


@pytest.mark.parametrize(
    "text",
    [
        lines("{n} {e}"),
        lines("{e} {n}"),
        lines("{n},{e}"),
        lines("J{i}\t{n}\t{e}"),
        lines("{i}、{n}，{e}"),
        lines("{i} {n} {e} 45.31"),
        lines("J{i} X={n} Y={e}"),
        lines("J{i}：X：{n}，Y：{e}；"),
        lines("北{n} 东{e}"),
        "；".join(f"{n}，{e}" for n, e in SQUARE),
        "某项目红线\n点号 X坐标(m) Y坐标(m)\n" + lines("J{i} {n} {e}") + "\nJ1 4213000.12 500000.45\n\n",
        "\ufeff" + lines("Ｊ{i}　{n}　{e}"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_metres_are_read_whatever_stands_about_them(tmp_path, text, encoding):
    frame = read(tmp_path, text.removeprefix("\ufeff") if encoding == "gb18030" else text, encoding)
    assert shapely.equals(frame.geometries[0], OUTLINE) and len(frame.geometries) == 1
    assert frame.crs is None
    is_east_first = text.startswith("500000")
    order = "corners.east_first" if is_east_first else "corners.north_first"
    assert codes(frame) == [order, *["geometry.z_dropped"] * ("45.31" in text)]


@pytest.mark.parametrize(
    "pattern",
    ["{0}° {1}°", "{0}°,{1}°", "{1}° {0}°", "E{0}° N{1}°", "东经{0}°，北纬{1}°", "{0:.7f}9 {1:.7f}9"],
)
def test_degrees_are_read_in_either_order(tmp_path, pattern):
    frame = read(tmp_path, "\n".join(pattern.format(*corner) for corner in DEGREES))
    coordinates = shapely.get_coordinates(frame.geometries[0])[:3]
    np.testing.assert_allclose(coordinates, DEGREES, atol=2e-8)
    assert "corners.degrees" in codes(frame)  # they may come from a map that is shifted


def test_degrees_minutes_and_seconds_are_read_with_blanks_between_them_too(tmp_path):
    text = "114°30′27″，38°03′12″\n114° 30′ 57″，38° 03′ 12″\n114度30分57秒 38度3分42秒"
    frame = read(tmp_path, text)
    expected = [(114 + 30 / 60 + 27 / 3600, 38 + 3 / 60 + 12 / 3600), (114 + 30.95 / 60, 38 + 3.2 / 60)]
    np.testing.assert_allclose(shapely.get_coordinates(frame.geometries[0])[:2], expected, atol=1e-12)


def test_an_empty_line_a_line_of_dashes_or_a_name_begins_the_next_parcel(tmp_path):
    text = (
        f"地块甲：\n{lines('{n} {e}')}\n\n{lines('{n} {e}')}\n-----\n{lines('{n} {e}')}\n地块丁\n{lines('{n} {e}')}\n"
    )
    frame = read(tmp_path, text)
    assert frame.attributes["DKBH"].tolist() == ["1", "2", "3", "4"]
    assert frame.attributes["DKMC"].tolist() == ["地块甲", None, None, "地块丁"]
    assert all(shapely.equals(frame.geometries, OUTLINE))


def test_the_system_that_the_words_name_is_declared(tmp_path):
    text = f"坐标系：2000国家大地坐标系，中央子午线114°\n{lines('{n} {e}')}"
    assert read(tmp_path, text).crs.to_epsg() == 4547
    text = f"中央子午线：114°00′00″，2000国家大地坐标系\n{lines('{n} {e}')}\n面积：20050.00平方米，合 30.0750 亩"
    assert read(tmp_path, text).crs.to_epsg() == 4547
    text = f"坐标系：2000国家大地坐标系，3度带\n{lines('{n} 38{e:.2f}')}"
    assert read(tmp_path, text).crs.to_epsg() == 4526


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (lines("{n} {e}").replace("4213100.12", "42131O0.12", 1), "corners.line", 2),
        (lines("J{i} {n} {e}").replace("J3 4213100.12 500200.95", "J3"), "corners.line", 3),
        (lines("J{i} {n} {e}").replace("J3 4213100.12 500200.95", "J3 4213100.12"), "corners.line", 3),
        (
            lines("J{i} {n} {e}").replace("J3 4213100.12 500200.95", "J3 4213100.12 500200.95 500300.95"),
            "corners.line",
            3,
        ),
        (lines("{n} {e}") + "\n114.5° 38.1°", "corners.line", 5),
        (lines("{n} {e}").replace(".12 ", ",12 ").replace(".45", ",45").replace(".95", ",95"), "corners.line", 1),
        (lines("{n} {e} 1 2"), "corners.line", 1),
        (
            lines("{n} {e}", [*SQUARE[:2], *SQUARE]).replace("\n", "\n续表\n", 3).replace("续表\n", "", 2),
            "corners.between",
            4,
        ),
        (f"{lines('{n} {e}')}\n点号 X Y\n{lines('{n} {e}')}", "corners.between", 5),
        (lines("4,{n:,.2f} 1,{e:,.2f}"), "corners.line", 1),
        ("W74°00′26″ N40°42′46″\n西经74° 40.7°\n74.1° 40.8°", "corners.line", 2),
        (lines("{n} {e}", SQUARE[:2]), "corners.few", 1),
        (lines("{n} {e}", [*SQUARE, SQUARE[0], *SQUARE]), "corners.goes_on", 5),
        (lines("{n} {e}", [(700_000.1 + n % 1000, e) for n, e in SQUARE]), "corners.order", 1),
        (lines("东{n} 北{e}"), "corners.order", 1),
        ("114.3027 38.0312\n114.3057 38.0312\n114.3057 38.0342", "corners.angle", 1),
        (
            f"CGCS2000 中央子午线114°\n{lines('{n} {e}')}\n\nCGCS2000 中央子午线117°\n{lines('{n} {e}')}",
            "crs.several",
            None,
        ),
        ("这里没有坐标", "source.empty", None),
    ],
)
def test_what_is_no_outline_is_refused_by_line(tmp_path, text, code, line):
    with pytest.raises(OneMapError) as refused:
        read(tmp_path, text)
    assert refused.value.code == code
    assert refused.value.problems[0].facts.get("line") == line


def test_a_text_of_another_kind_is_no_list_of_corners(tmp_path):
    for name, text, is_list in (
        ("a.txt", lines("J{i},{n},{e}"), True),
        (
            "readme.txt",
            "数据说明\n2026年11月交付，共 3 个图层，联系电话 0311 12345678 12345679\n坐标系 CGCS2000",
            False,
        ),
        ("numbers.txt", "1 2\n3 4\n5 6\n7 8", False),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert looks_like_corners(tmp_path / name) == is_list


def test_a_pasted_outline_is_checked_like_any_other_file(onemap, tmp_path):
    library, farm, result = tmp_path / "city.gpkg", tmp_path / "farm.gpkg", tmp_path / "result.gpkg"
    write_layer(farm, [shapely.box(EAST, NORTH, EAST + 1000, NORTH + 50)], {"BSM": ["1"]})
    onemap("new", library, "--crs", "EPSG:4547")
    assert onemap("add", library, farm, "--as", "YJJBNTTB", "--covers", "extent", "--sure").code == 0
    text = tmp_path / "红线.txt"
    text.write_text(lines("J{i},{n},{e}"), encoding="gb18030")
    assert onemap("check", library, text).codes == ["crs.missing"]
    answer = onemap("check", library, text, "--crs", "EPSG:4547", "--out", result).json
    assert answer["verdicts"]["prohibited"] == 1
    found = pyogrio.read_dataframe(result, layer="findings", read_geometry=False)
    amounts = found.loc[found["verdict"] == "prohibited", "area_m2"]
    assert amounts.max() == pytest.approx(50 * 200.5, rel=1e-3)  # on the ellipsoid

"""VCT: files written by hand from the grammar, in the form of 2007 and in the older one."""

import os
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onemap.layers.errors import OneMapError
from onemap.layers.sources.reading import layers_of, read_source

# Two squares of 100 m side by side share line 3; in the right one lies a hole of 20 m (line 6).
#   (E, N+100) ──4── (E+100, N+100) ──5── (E+200, N+100)
#        1                 3                    2
#   (E, N) ───────── (E+100, N) ────────── (E+200, N)
NEW = """HeadBegin
Datamark: LANDUSE-VCT
Version:3.0
CoordinateSystemType:P
Dim:2
XAxisDirection:E
YAxisDirection:N
XYUnit:M
Spheroid:CGCS2000,6378137.0,298.257222101
PrimeMeridian:Greenwich
Projection:高斯-克吕格投影
Parameters:114,1,38500000,0,3,38
Offset:0,0
Separator:,
HeadEnd

FeatureCodeBegin
2001010100,地类图斑,Polygon,DLTB
1000600300,界线,Line,JX
5000000000,控制点,Point,KZD
FeatureCodeEnd

TableStructureBegin
DLTB,4
BSM,Char,18
DLBM,Char,5
TBMJ,Float,15,2
SL,Int,4
0
JX,1
BSM,Char,18
0
KZD,1
BSM,Char,18
0
FJ,2,NoneGeometry
BSM,Char,18
BZ,Varchar
0
TableStructureEnd

PointBegin
7001
5000000000
unknown
1
38540010,4210010
0

7002
5000000000
unknown
1
1
38540020,4210020
0
PointEnd

LineBegin
1
1099000000
unknown
1
1
11
4
38540100,4210000
38540000,4210000
38540000,4210100
38540100,4210100
0

2
1099000000
unknown
1
1
11
4
38540100,4210100
38540200,4210100
38540200,4210000
38540100,4210000
0

3
1000600300
unknown
1
1
11
2
38540100,4210000
38540100,4210100
0

6
1099000000
unknown
1
1
11
5
38540140,4210040
38540160,4210040
38540160,4210060
38540140,4210060
38540140,4210040
0

8
1000600300
unknown
100
2
1,-3
0
LineEnd

PolygonBegin
101
2001010100
unknown
100
38540050,4210050
21
2
1,-3
0

102
2001010100
unknown
100
38540150,4210050
21
4
3,2,0,-6
0

103
2001010100
unknown
1
38540500,4210500
1
11
4
38540500,4210500
38540500,4210510
38540510,4210510
38540510,4210500
0
PolygonEnd

AttributeBegin
DLTB
101,BSM-101,0101,10000.00,1
102,BSM-102,0601,9600.5,
103,BSM-103,0702,,3
TableEnd
JX
3,BSM-3
8,BSM-8
TableEnd
KZD
7001,K1
7002,K2
TableEnd
FJ
1,A,无图形
TableEnd
AttributeEnd
"""

IN_TWO_PARTS = "2\n11\n2\n38540100,4210000\n38540000,4210000\n11\n2\n"
DLTB_STRUCTURE = "DLTB,4\nBSM,Char,18\nDLBM,Char,5\nTBMJ,Float,15,2\nSL,Int,4\n0\n"
OLD = """HeadBegin
Datamark: LANDUSE.VCT
Version: 2.0
Unit: M
Dim: 2
Topo: 1
Coordinate: M
Projection: Gauss-Krueger Projection
Spheroid: IAG-75 Spheroid
Parameters: 6378140,6356755
Meridinan: 114
MinX: 38540000
Separator: ,
HeadEnd
FeatureCodeBegin
2001,行政界线,Line,0,0,0,XZJX
3001,行政区,Polygon,0,0,0,XZQ
FeatureCodeEnd
TableStructureBegin
XZJX,2
BSM,Integer,10
YSDM,Char,10
XZQ,3
BSM,Integer,10
YSDM,Char,10
XZQMC,Char,100
TableStructureEnd
PointBegin
PointEnd
LineBegin
1
2001
XZJX
1
4
38540100,4210000
38540000,4210000
38540000,4210100
38540100,4210100
3
2001
XZJX
1
2
38540100,4210000
38540100,4210100
LineEnd
PolygonBegin
4
3001
XZQ
38540050,4210050
2
1,-3
PolygonEnd
AttributeBegin
XZQ
4,3001,示例乡
TableEnd
XZJX
1,2001
3,2001
TableEnd
AttributeEnd
"""


@pytest.fixture
def vct(tmp_path):
    """A VCT file with this text, in GBK with CRLF as the offices write it."""

    def make(text: str = NEW, encoding: str = "gb18030") -> Path:
        path = tmp_path / "a.vct"
        path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
        return path

    return make


def refusal(path: Path, layer: str = "DLTB") -> list[tuple[str, object]]:
    with pytest.raises(OneMapError) as raised:
        read_source(path, layer, None)
    return [(problem.code, problem.facts.get("feature")) for problem in raised.value.problems]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_polygons_are_built_from_lines_by_their_signs(vct, encoding):
    frame = read_source(vct(NEW, encoding), "DLTB", None)
    assert shapely.area(frame.geometries).tolist() == [10_000.0, 9_600.0, 100.0]
    assert shapely.is_valid(frame.geometries).all()
    assert frame.geometries[0].boundary.intersection(frame.geometries[1].boundary).length == 100.0


def test_attributes_follow_the_structure_of_the_table(vct):
    frame = read_source(vct(), "DLTB", None)
    assert frame.attributes.to_dict("list") == {
        "BSM": ["BSM-101", "BSM-102", "BSM-103"],
        "DLBM": ["0101", "0601", "0702"],
        "TBMJ": [10000.0, 9600.5, None],
        "SL": [1, None, 3],
    }


def test_every_table_is_a_layer_and_one_without_geometry_says_so(vct):
    assert layers_of(vct()) == ["DLTB", "JX", "KZD", "FJ"]
    assert read_source(vct(), "FJ", None).is_table
    lines = read_source(vct(), "JX", None).geometries
    assert shapely.length(lines).tolist() == [100.0, 400.0]
    points = read_source(vct(), "KZD", None).geometries
    assert shapely.get_coordinates(points).tolist() == [[38540010, 4210010], [38540020, 4210020]]


def test_every_frame_says_that_the_format_is_experimental(vct, onemap):
    answer = onemap("inspect", vct())
    assert answer.json["format"] == "VCT"
    for layer in answer.json["layers"]:
        assert "format.experimental" in [problem["code"] for problem in layer["problems"]]


def test_the_older_form_gives_the_same_ground(vct):
    frame = read_source(vct(OLD), "XZQ", None)
    assert shapely.area(frame.geometries).tolist() == [10_000.0]
    assert frame.attributes.to_dict("list") == {"BSM": [4], "YSDM": ["3001"], "XZQMC": ["示例乡"]}
    assert frame.crs.to_epsg() == 2362
    without_topology = OLD.replace("Topo: 1", "Topo: 0").replace(
        "2\n1,-3\n", "4\n38540000,4210000\n38540000,4210010\n38540010,4210010\n38540010,4210000\n"
    )
    assert shapely.area(read_source(vct(without_topology), "XZQ", None).geometries).tolist() == [100.0]


@pytest.mark.parametrize(
    ("change", "epsg"),
    [
        ({}, 4526),
        ({"CGCS2000,6378137.0,298.257222101": "IAG-1975,6378140,298.257"}, 2362),
        ({"CGCS2000,6378137.0,298.257222101": "Krassovsky"}, 2414),
        ({",38540": ",540", "\n38540": "\n540"}, 4547),
        ({"Spheroid:CGCS2000,6378137.0,298.257222101": "Spheroid:"}, None),
        ({",38540": ",540", "\n38540": "\n540", "Parameters:114": "Parameters:"}, None),
        ({"高斯-克吕格投影": "兰勃特投影"}, None),
    ],
)
def test_the_head_and_the_eastings_declare_the_zone(vct, change, epsg):
    text = NEW
    for old, new in change.items():
        text = text.replace(old, new)
    crs = read_source(vct(text), "DLTB", None).crs
    assert (crs.to_epsg() if crs is not None else None) == epsg


def test_x_may_be_north_where_the_head_says_so(vct):
    swapped = "\n".join(
        ",".join(line.split(",")[::-1]) if line.startswith("38540") else line for line in NEW.split("\n")
    )
    north_first = swapped.replace("XAxisDirection:E", "XAxisDirection:N")
    frame = read_source(vct(north_first), "DLTB", None)
    assert shapely.bounds(frame.geometries[0]).tolist() == [38540000, 4210000, 38540100, 4210100]
    assert refusal(vct(swapped)) == [("vct.axes", None)]
    undeclared = swapped.replace("XAxisDirection:E\n", "")
    assert read_source(vct(undeclared), "DLTB", None).geometries[0].bounds[0] == 38540000


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("\n1,-3\n0\n\n102", "\n1,3\n0\n\n102", [("vct.ring", 101)]),  # the sign is wrong
        ("\n1,-3\n0\n\n102", "\n1,-99\n0\n\n102", [("vct.reference", 101)]),
        ("21\n2\n1,-3", "21\n1\n1", [("vct.ring", 101)]),  # the ring stays open
        ("21\n2\n1,-3", "22\n1\n101", [("vct.reference", 101)]),  # a polygon of itself
        ("102\n2001010100", "103\n2001010100", [("vct.twice", 103)]),  # the first would be left out
        ("2\n1099000000", "1\n1099000000", [("vct.twice", 101), ("vct.reference", 102)]),
        ("102,BSM-102,0601,9600.5,", "103,BSM-102,0601,9600.5,", [("vct.twice", 160)]),
        ("102,BSM-102,0601,9600.5,", "102,BSM-102,06,01,9600.5,", [("vct.row", 159)]),
        ("102,BSM-102,0601,9600.5,", "BSM-102,0601,9600.5,", [("vct.row", 159)]),  # not as the others: one value short
        ("102,BSM-102,0601,9600.5,", "102,BSM-102,0601,much,", [("vct.value", 159)]),
        ("1\n11\n4\n38540500", "1\n12\n4\n38540500", [("vct.curve", 147)]),
        ("38540500,4210510", "38540500;4210510", [("vct.line", 150)]),
        ("Parameters:114", "Parameters:117", [("redline.zone", None)]),
        ("Offset:0,0", "Offset:1000,0", [("vct.offset", None)]),
        ("XYUnit:M", "XYUnit:S", [("vct.unit", None)]),
        (DLTB_STRUCTURE, "", [("vct.table", None)]),
        ("1\n11\n4\n38540100,4210000\n38540000,4210000\n", IN_TWO_PARTS, [("vct.ring", 101)]),
        ("HeadBegin", "Head", [("vct.head", None)]),
        ("PolygonEnd", "", [("vct.cut", 173)]),
        ("PolygonBegin", "CommentBegin\nPolygonBegin", [("vct.cut", 175)]),  # the rest would be no more than a remark
    ],
)
def test_what_cannot_be_right_is_refused_and_named(vct, old, new, expected):
    assert refusal(vct(NEW.replace(old, new))) == expected


def test_zeros_between_rings_may_be_left_out_of_the_count(vct):
    frame = read_source(vct(NEW.replace("4\n3,2,0,-6", "3\n3,2,0\n-6")), "DLTB", None)
    assert shapely.area(frame.geometries).tolist() == [10_000.0, 9_600.0, 100.0]


def test_objects_without_a_row_and_rows_without_an_object_are_kept_and_told(vct):
    frame = read_source(vct(NEW.replace("103,BSM-103,0702,,3", "104,BSM-104,0702,,3")), "DLTB", None)
    assert [geometry is None for geometry in frame.geometries] == [False, False, True, False]
    assert list(frame.attributes["BSM"]) == ["BSM-101", "BSM-102", "BSM-104", None]
    assert "vct.unmatched" in [problem.code for problem in frame.problems]


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("103\n2001010100", "103\n2001010200", ["2001010200"]),
        ("地类图斑,Polygon", "地类图斑,Line", ["2001010100"] * 3),
        ("界线,Line,JX", "界线,Polygon,JX", ["1000600300"]),  # of the two lines, one bounds polygons
        ("\n1,-3\n0\n\n102", "\n1,-3\n0\n\n104\n7\nunknown\n100\n0,0\n22\n1\n101\n0\n102", ["7"]),
        ("地类图斑,Polygon,DLTB", "地类图斑,Polygon,DLTB,用户项", []),
    ],
)
def test_objects_that_come_into_no_layer_are_told(vct, old, new, lost):
    for layer in ("DLTB", "JX"):
        remarks = [one.facts for one in read_source(vct(NEW.replace(old, new)), layer, None).problems]
        remarks = [(one["count"], one["codes"]) for one in remarks if "codes" in one]
        assert remarks == ([(len(lost), [*dict.fromkeys(lost)])] if lost else [])


def test_a_line_with_a_gap_is_two_parts(vct):
    text = NEW.replace("11\n2\n38540100,4210000", "11\n2\n38540100,4209000\n38540100,4209990\n11\n2\n38540100,4210000")
    path = vct(
        text.replace("1\n1\n11\n2\n38540100,4209000", "1\n2\n11\n2\n38540100,4209000")
        .replace("8,BSM-8\n", "")
        .replace("8\n1000600300\nunknown\n100\n2\n1,-3\n0\n", "")
    )
    assert shapely.length(read_source(path, "JX", None).geometries).tolist() == [1090.0]


def test_an_unknown_table_is_refused_with_those_that_are_there(vct):
    assert refusal(vct(), "XZQ") == [("source.layer_unknown", None)]


def test_the_ground_goes_into_a_library(vct, tmp_path, onemap):
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    define = "name=图斑,department=land,library=department,kind=vector,geometry=polygon,key=BSM"
    answer = onemap("add", library, vct(), "--layer", "DLTB", "--as", "TB", "--define", define, "--covers", "extent")
    assert (answer.code, answer.json["features"]) == (0, 3)
    assert "format.experimental" in answer.codes


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from([NEW, OLD]),
    damages=st.lists(
        st.tuples(
            st.integers(0, 250),
            st.one_of(
                st.none(),
                st.sampled_from(
                    ["0", "-1", "999999999999", "1,-3", "LineEnd", "38540000,4210000", "nan,1", ",,,", "101"]
                ),
                st.text(max_size=10),
            ),
        ),
        min_size=1,
        max_size=4,
    ),
)
@pytest.mark.slow
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path, text, damages):
    lines = text.split("\n")
    for at, what in damages:
        at %= len(lines)
        if what is None:
            del lines[at]
        else:
            lines[at] = what
    path = tmp_path / f"damaged-{os.getpid()}.vct"
    path.write_bytes("\n".join(lines).encode("utf-8", errors="replace"))
    try:
        for layer in layers_of(path):
            read_source(path, layer, None)
    except OneMapError as error:
        assert error.problems

"""Small valid files of every kind that is parsed as text or packed text, for the fuzzer to damage."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import openpyxl
import shapely

from onemap.tests.layers.sources.test_redline_writing import TWO_PARCELS
from onemap.tests.layers.sources.test_vct import NEW, OLD

SHEET = "地块编号,圈号,点号,X坐标,Y坐标,备注\n" + "".join(
    f"甲,1,J{number},{x},{y},\n"
    for number, (x, y) in enumerate(
        [(4000000, 500000), (4000100, 500000), (4000100, 500100), (4000000, 500100), (4000000, 500000)], start=1
    )
)
DEGREES = "点号,纬度,经度\nJ1,38°00′00″,114°30′27″\nJ2,38.01,114.5075\nJ3,38°00′30″,114.302550\n"
WKT = 'a,wkt\n1,"SRID=4547;POLYGON((500000 4000000,500000 4000001,500001 4000001,500000 4000000))"\n'
RING = "114,36 114.01,36 114.01,36.01 114,36.01 114,36"
KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>一</name>'
    '<Schema id="s"><SimpleField name="A" type="int"/></Schema><Placemark><name>甲</name><ExtendedData>'
    '<SchemaData schemaUrl="#s"><SimpleData name="A">7</SimpleData></SchemaData><Data name="B"><value>b</value></Data>'
    f"</ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>{RING}</coordinates></LinearRing>"
    "</outerBoundaryIs></Polygon></Placemark></Folder></Document></kml>"
)
MIF = """Version 300
Charset "WindowsSimpChinese"
Delimiter ","
CoordSys Earth Projection 8, 104, "m", 114, 0, 1, 500000, 0
Columns 1
  BSM Char(10)
Data

Region 1
  5
500000 4000000
500000 4000100
500100 4000100
500100 4000000
500000 4000000
    Pen (1,2,0)
"""
FOUR = """from = "EPSG:2383"
to = "EPSG:4547"
dx_m = 1
dy_m = 2
x_axis = "north"
rotation_arcsec = 3
turns = "clockwise"
scale_ppm = 4
"""
SEVEN = """源坐标系=EPSG:4610
目标坐标系=EPSG:4490
X平移（米）=1
Y平移=2
Z平移=3
X旋转(秒)=4
Y旋转（秒）=5
Z旋转(秒)=6
尺度(ppm)=7
旋转约定=坐标框架
"""


def samples() -> list[dict[str, bytes]]:
    """Sets of files by name; the first of each set is read, the others belong to it."""
    plain = {
        "red.txt": TWO_PARCELS.encode("gb18030"),
        "red16.txt": TWO_PARCELS.encode("utf-16"),
        "new.vct": NEW.encode("gb18030"),
        "old.vct": OLD.encode("gb18030"),
        "sheet.csv": SHEET.encode(),
        "sheet_gbk.csv": SHEET.encode("gb18030"),
        "degrees.csv": DEGREES.encode(),
        "wkt.csv": WKT.encode(),
        "a.kml": KML.encode(),
        "a.kmz": _zip_bytes({"doc.kml": KML.encode()}),
        "a.dxf": _drawing(),
        "a.xlsx": _workbook(),
        "boundary.xls": (Path(__file__).parents[2] / "layers" / "data" / "boundary.xls").read_bytes(),
        "a.geojson": _json(),
        "a.topojson": _topology(),
        "four.parameters.toml": FOUR.encode(),
        "seven.parameters.txt": SEVEN.encode("gb18030"),
    }
    sets = [{name: content} for name, content in plain.items()]
    sets.append({"a.mif": MIF.encode("gb18030"), "a.mid": '"甲"\n'.encode("gb18030")})
    shape = _file_contents("a.shp")
    sets.append({"a.shp": shape["a.shp"], **shape})
    sets.append({"a.dbf.shp": shape["a.shp"], **{f"a.dbf{Path(name).suffix}": shape[name] for name in shape}})
    sets.append({"a.zip": _zip_bytes(shape)})
    sets.append({"a.gml": _file_contents("a.gml")["a.gml"]})
    sets.append({"a.gpkg": _file_contents("a.gpkg")["a.gpkg"]})
    return sets


def _frame() -> gpd.GeoDataFrame:
    square = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)
    frame = gpd.GeoDataFrame({"BSM": ["甲", "乙"], "MJ": [1.5, None]})
    return frame.set_geometry(gpd.GeoSeries([square, shapely.Point(0, 0).buffer(9)], crs="EPSG:4547"))


def _file_contents(name: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        _frame().to_file(Path(folder) / name)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.suffix != ".xsd"}


def _zip_bytes(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _json() -> bytes:
    return _frame().to_crs(4326).to_json(ensure_ascii=False).encode()


def _topology() -> bytes:
    arcs = [[[0, 0], [10, 0], [0, 10], [-10, -10]]]
    return json.dumps(
        {
            "type": "Topology",
            "transform": {"scale": [0.001, 0.001], "translate": [114, 36]},
            "arcs": arcs,
            "objects": {"地块": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
        },
        ensure_ascii=False,
    ).encode()


def _drawing() -> bytes:
    drawing = ezdxf.new("R2010")
    space = drawing.modelspace()
    block = drawing.blocks.new("B")
    block.add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True)
    space.add_blockref("B", (500_000, 4_000_000), dxfattribs={"rotation": 30})
    space.add_lwpolyline(
        [(0, 0, 0.5), (10, 0, 0), (10, 10, -1)], format="xyb", close=True, dxfattribs={"layer": "用地红线"}
    )
    space.add_circle((5, 5), 3)
    space.add_spline([(0, 0), (3, 4), (5, 1), (9, 9)])
    space.add_text("甲", dxfattribs={"insert": (1, 1)})
    text = io.StringIO()
    drawing.write(text)
    return text.getvalue().encode()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for line in SHEET.splitlines():
        book.active.append(line.split(","))
    book.active.merge_cells("A2:A6")
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()

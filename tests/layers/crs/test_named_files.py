"""A coordinate system that names a file is refused wherever it occurs, and the file is not opened."""

import json
import os
import sqlite3
import struct
import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely import box

from onemap.layers.crs.systems import names_file, parse_crs
from onemap.layers.errors import OneMapError
from onemap.tests.conftest import write_layer

PLOT = box(100, 30, 100.1, 30.1)


def texts(grid: str) -> dict[str, str]:
    """Each way to name a file in a coordinate system."""
    with_grid = pyproj.CRS(f"+proj=longlat +ellps=krass +nadgrids={grid} +no_defs")
    wkt = pyproj.CRS("EPSG:4214").to_wkt("WKT1_GDAL")
    extended = wkt.replace('AUTHORITY["EPSG","4214"]', 'EXTENSION["PROJ4","{}"]')
    return {
        "nadgrids": f"+proj=longlat +ellps=krass +nadgrids={grid} +no_defs",
        "among others": f"+proj=longlat +ellps=krass +nadgrids=@null,{grid} +no_defs",
        "geoidgrids": f"+proj=longlat +ellps=krass +geoidgrids={grid} +vunits=m",
        "without plus": f"proj=longlat ellps=krass NADGRIDS = {grid}",
        "list of systems": f"+init={grid}:1",
        "pipeline": f"+proj=pipeline +step +proj=hgridshift +grids={grid}",
        "file alone": f"@{grid}",
        "path": str(grid),
        "WKT1": with_grid.to_wkt("WKT1_GDAL"),
        "WKT2": with_grid.to_wkt(),
        "PROJJSON": with_grid.to_json(),
        "text of PROJ inside WKT": extended.format(f"+proj=longlat +ellps=krass +nadgrids={grid} +no_defs"),
        "list inside WKT": extended.format(f"+init={grid}:1"),
    }


WAYS = sorted(texts("x.gsb"))


@pytest.mark.parametrize("way", WAYS)
def test_a_system_that_names_a_file_is_refused(way):
    with pytest.raises(OneMapError) as refused:
        parse_crs(texts(r"\\server\share\x.gsb")[way], file="a")
    assert refused.value.code == "crs.names_file"


def test_systems_that_people_have_name_no_file():
    web = pyproj.CRS("+proj=merc +a=6378137 +b=6378137 +nadgrids=@null +wktext +no_defs")
    harmless = [web.to_wkt(), web.to_wkt("WKT1_GDAL"), web.to_json(), "+init=epsg:4547", "+init=EPSG:4326 +type=crs"]
    for code in (3857, 4490, 4547, 4526, 2437, 4610, 4555, 5773, 9518, 3395, 27700):
        system = pyproj.CRS.from_epsg(code)
        harmless += [system.to_wkt(), system.to_json(), system.to_wkt("WKT1_ESRI"), system.to_wkt("WKT1_GDAL")]
        harmless.append(system.to_proj4())
    refused = [text for text in harmless if text and names_file(text)]
    assert refused == []
    assert parse_crs(web.to_wkt()).equals(web)


def write_geojson(path, text, where="file"):
    shape = json.loads(shapely.to_geojson(PLOT))
    feature = {"type": "Feature", "properties": {"n": 1}, "geometry": shape}
    whole = {"type": "FeatureCollection", "features": [feature]}
    {"file": whole, "geometry": shape}[where]["crs"] = {"type": "name", "properties": {"name": text}}
    path.write_text(json.dumps(whole))


def write_source(folder, kind, text):
    """A file of a kind that declares a system."""
    path = folder / f"a.{kind.split()[0]}"
    if kind.startswith("geojson"):
        write_geojson(path, text, "geometry" if "geometry" in kind else "file")
    elif kind in ("asc", "tif"):
        facts = {"driver": {"asc": "AAIGrid", "tif": "GTiff"}[kind], "width": 2, "height": 2, "count": 1}
        with rasterio.open(path, "w", **facts, dtype="uint8", transform=from_origin(100, 30, 0.1, 0.1)) as raster:
            raster.write(np.ones((1, 2, 2), np.uint8))
        quoted = text.replace('"', "&quot;")
        beside = {"asc": ("a.prj", text), "tif": ("a.tif.aux.xml", f"<PAMDataset><SRS>{quoted}</SRS></PAMDataset>")}
        (folder / beside[kind][0]).write_text(beside[kind][1])
    else:
        write_layer(path, [PLOT], {"n": [1]}, crs="EPSG:4214")
        if kind == "gpkg":
            with closing(sqlite3.connect(path)) as connection, connection:
                change = "UPDATE gpkg_spatial_ref_sys SET definition = ?, organization = 'NONE' WHERE srs_id = 4214"
                connection.execute(change, (text,))
        elif kind == "shp":
            (folder / "a.prj").write_text(text)
        else:
            content, quoted = path.read_text(), text.replace("&", "&amp;").replace('"', "&quot;").replace("+", "&#43;")
            path.write_text(content.replace("urn:ogc:def:crs:EPSG::4214", quoted).replace("EPSG:4214", quoted))
    return path


_WATCHED = """
import sys
from onemap.layers.gdal_limits import limit_gdal
limit_gdal()
from onemap.rules.verbs.commands.command_line import main
for source in sys.argv[1:]:
    main(["inspect", source, "--json"])
"""
_OPENED = ("WKT1", "WKT2", "nadgrids", "list of systems", "text of PROJ inside WKT")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows keeps pipes in no folder")
@pytest.mark.parametrize("kind", ["geojson", "geojson geometry", "gpkg", "shp", "gml", "asc", "tif"])
def test_no_file_that_a_source_s_system_names_is_opened(tmp_path, kind):
    sources = {}
    for number, way in enumerate(_OPENED):
        pipe = tmp_path / str(number) / "grid.gsb"
        pipe.parent.mkdir()
        sources[pipe] = write_source(pipe.parent, kind, texts(str(pipe))[way])
    assert inspected_past(sources) == [["crs.names_file"]] * len(_OPENED)


def inspected_past(sources):
    """The codes that `inspect` gives for each source; none may open its pipe, at whose other end a thread waits."""
    met = []

    def wait(pipe):
        with pipe.open("wb") as file:
            met.append(pipe)
            file.write(b"x")

    for pipe in sources:
        os.mkfifo(pipe)
        threading.Thread(target=wait, args=[pipe], daemon=True).start()
    command = [sys.executable, "-P", "-c", _WATCHED, *map(str, sources.values())]
    answers = subprocess.run(command, capture_output=True, timeout=60).stdout.splitlines()
    assert met == []
    for pipe in sources:
        pipe.read_bytes()  # who waits there is let go
    return [[problem["code"] for problem in json.loads(answer)["problems"]] for answer in answers]


@pytest.mark.parametrize("name", ["a.fgb", "a.gdb"])
def test_a_binary_file_whose_system_names_a_file(onemap, tmp_path, name):
    system = pyproj.CRS(f"+proj=longlat +ellps=krass +nadgrids={tmp_path}/x.gsb +no_defs").to_wkt()
    driver = {"driver": "OpenFileGDB"} if name == "a.gdb" else {}
    answer = onemap("inspect", write_layer(tmp_path / name, [PLOT], {"n": [1]}, crs=system, **driver))
    assert answer.codes == ["crs.names_file"]
    answer = onemap("inspect", write_layer(tmp_path / f"b{name}", [PLOT], {"n": [1]}, crs="EPSG:4490", **driver))
    assert answer.json["layers"][0]["crs"]["code"] == "EPSG:4490"


# Where the head of a FlatGeobuf says which values its system has, and where: by GDAL's order of writing.
_SYSTEM_VALUES = struct.pack("<7H", 14, 20, 4, 8, 12, 0, 16)
_VALUES = {"organisation": 4, "name": 8, "description": 10, "WKT": 12}


def flatgeobuf_that_says(path, value, text):
    """A FlatGeobuf of which a value of the system, by its place there, is a text; with a WKT only if that is it."""
    content = bytearray(write_layer(path, [PLOT], {"n": [1]}, crs="EPSG:4490").read_bytes())
    values = content.index(_SYSTEM_VALUES)
    name = pyproj.CRS("EPSG:4490").name.encode()
    begin = content.index(name + b"\0")
    content[begin : begin + len(name)] = text.encode().ljust(len(name), b"x")
    struct.pack_into("<H", content, values + _VALUES["WKT"], 0)
    struct.pack_into("<H", content, values + _VALUES[value], 12)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("value", _VALUES)
@pytest.mark.parametrize("text", [r"\\server\share\x", "//server/share/x", "@x.gsb", "+init=/x:1"])
def test_a_flatgeobuf_whose_head_names_a_share(onemap, tmp_path, value, text):
    """GDAL looks for a file by the organisation's name and code, where there is no WKT."""
    assert onemap("inspect", flatgeobuf_that_says(tmp_path / "a.fgb", value, text)).codes == ["crs.names_file"]
    plain = flatgeobuf_that_says(tmp_path / "b.fgb", value, "A bureau")
    assert "crs.names_file" not in str(onemap("inspect", plain).json)


@pytest.mark.parametrize(
    "path", ["/etc/x.prj", r"\\server\share\x.prj", "//server/x", r"C:\x.prj", "file:///x", "/vsicurl/x"]
)
def test_a_path_is_no_system(onemap, tmp_path, path):
    write_geojson(tmp_path / "a.geojson", path)
    for given in (("inspect", tmp_path / "a.geojson"), ("new", tmp_path / "city.gpkg", "--crs", path)):
        assert onemap(*given).codes == ["crs.names_file"]


UNREADABLE = "UPDATE gpkg_spatial_ref_sys SET description = CAST(x'ff80' AS TEXT)"
VIEW = "SELECT *, '' AS extra FROM listed"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows keeps pipes in no folder")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([UNREADABLE], "crs.names_file"),
        ([UNREADABLE + " WHERE srs_id = -1"], "crs.names_file"),
        (
            [
                "ALTER TABLE gpkg_spatial_ref_sys RENAME TO listed",
                f"CREATE VIEW gpkg_spatial_ref_sys AS {VIEW} WHERE sqlite_version() <> '{sqlite3.sqlite_version}'",
            ],
            "source.indirect",
        ),
    ],
)
def test_a_list_of_systems_that_reads_otherwise_here_hides_no_file(tmp_path, changes, code):
    """GDAL reads on past a text that is none, and has an SQLite of its own version."""
    pipe = tmp_path / "grid.gsb"
    source = write_source(tmp_path, "gpkg", texts(str(pipe))["WKT1"])
    with closing(sqlite3.connect(source)) as connection, connection:
        for change in changes:
            connection.execute(change)
    assert inspected_past({pipe: source}) == [[code]]


def test_a_system_of_another_layer_is_no_matter(onemap, tmp_path):
    """The list of systems may be that of a whole authority."""
    path = write_layer(tmp_path / "a.gpkg", [PLOT], {"n": [1]}, crs="EPSG:4490")
    with closing(sqlite3.connect(path)) as connection, connection:
        row = ("x", 7405, "EPSG", 7405, texts("g.gtx")["WKT1"], "")
        connection.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", row)
    assert onemap("inspect", path).json["layers"][0]["crs"]["code"] == "EPSG:4490"


def test_a_system_that_the_user_names(onemap, tmp_path):
    answer = onemap("new", tmp_path / "city.gpkg", "--crs", texts("x.gsb")["nadgrids"])
    assert (answer.code, answer.codes) == (3, ["crs.names_file"])

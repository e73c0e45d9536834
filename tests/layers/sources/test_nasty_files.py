"""Thirty nasty files, made here, and the expected result of each: the features and their area, or the refusal.

The areas are worked out by hand: every plot is a square of 100 m, 10,000 m²; expected remarks are given by code.
"""

import gzip
import json
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

WEST, SOUTH = 500_000, 4_000_000
SQUARE = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]]
CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}


def ring(step=0, points=SQUARE):
    return [[WEST + 200 * step + x, SOUTH + y] for x, y in points]


def feature(step=0, kind="Polygon", coordinates=None, **facts):
    shape = {"type": kind, "coordinates": [ring(step)] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": {"BSM": str(step), **facts}, "geometry": shape}


def geojson(path, *features, crs=CRS, encoding="utf-8"):
    content = {"type": "FeatureCollection", "features": list(features)} | ({"crs": crs} if crs else {})
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))


def plots(count=2):
    squares = [shapely.Polygon(ring(step)) for step in range(count)]
    return gpd.GeoDataFrame({"BSM": [str(n) for n in range(count)]}, geometry=squares, crs="EPSG:4547")


def bow_tie():
    return feature(1, coordinates=[ring(1, [[0, 0], [100, 100], [100, 0], [0, 100], [0, 0]])])


def cut_short(path):
    plots(5).to_file(path)
    path.write_bytes(path.read_bytes()[:-150])


def without(suffix):
    def make(path):
        plots().to_file(path)
        path.with_suffix(suffix).unlink()

    return make


def wrong_size_of_dbf(path):
    plots().to_file(path)
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    content[4:8] = struct.pack("<I", 7)
    dbf.write_bytes(bytes(content))


def lines_of(*texts):
    return lambda path: path.write_text("\n".join(texts), encoding="utf-8")


def zip_of(*names):
    def make(path):
        inner = path.with_suffix(".geojson")
        geojson(inner, feature())
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, inner.read_bytes())
        inner.unlink()

    return make


def table(*rows, encoding="utf-8"):
    return lambda path: path.write_bytes("\n".join(rows).encode(encoding))


WKT = shapely.Polygon(ring()).wkt
HALF = '"POLYGON((500000 4000000,500100 4000000"'
# What is made, the options of `add`, and what comes of it: features and hectares, or the codes of the refusal.
FILES = {
    "marked.geojson": (lambda p: geojson(p, feature(), encoding="utf-8-sig"), [], (1, 1.0)),
    "wide.geojson": (lambda p: geojson(p, feature(), encoding="utf-16"), [], (1, 1.0)),
    "guobiao.geojson": (lambda p: geojson(p, feature(名称="林地"), encoding="gb18030"), [], (1, 1.0)),
    "heights.geojson": (lambda p: geojson(p, feature(coordinates=[[[*xy, 9.5] for xy in ring()]])), [], (1, 1.0)),
    "clockwise.geojson": (lambda p: geojson(p, feature(coordinates=[ring()[::-1]])), [], (1, 1.0)),
    "null.geojson": (lambda p: geojson(p, feature(), {**feature(1), "geometry": None}), [], {"geometry.null"}),
    "null_kept.geojson": (
        lambda p: geojson(p, feature(), {**feature(1), "geometry": None}),
        ["--keep-bad"],
        (1, 1.0),
    ),
    "bow_tie.geojson": (lambda p: geojson(p, feature(), bow_tie()), [], {"geometry.invalid"}),
    "bow_tie_mended.geojson": (lambda p: geojson(p, feature(), bow_tie()), ["--repair"], (2, 1.5)),
    "a_line_too.geojson": (
        lambda p: geojson(p, feature(), feature(1, "LineString", ring(1)[:3])),
        [],
        {"geometry.type"},
    ),
    "endless.geojson": (
        lambda p: geojson(p, feature(coordinates=[[[0, 0], [1e300, 0], [0, 1e300], [0, 0]]])),
        [],
        {"crs.contradicted", "geometry.beyond"},
    ),
    "metres_called_degrees.geojson": (lambda p: geojson(p, feature(), crs=None), [], {"crs.contradicted"}),
    "cut.geojson": (lines_of('{"type": "FeatureCollection", "features": ['), [], {"source.damaged"}),
    "empty.geojson": (lambda p: geojson(p), [], {"source.empty"}),
    "nothing.geojson": (lambda p: p.write_bytes(b""), [], {"source.damaged"}),
    "no_map.geojson": (lines_of('{"type": "Catalog"}'), [], {"source.indirect"}),
    "packed.geojson": (lambda p: p.write_bytes(gzip.compress(b"{}")), [], {"source.damaged"}),
    "no_system.csv": (table("BSM,WKT", f'1,"{WKT}"'), [], {"crs.missing"}),
    "wkt.csv": (table("BSM,WKT", f'1,"{WKT}"'), ["--crs", "EPSG:4547"], (1, 1.0)),
    "half_a_wkt.csv": (table("BSM,WKT", f"1,{HALF}"), ["--crs", "EPSG:4547"], {"sheet.wkt"}),
    "one_broken_line.geojsonl": (
        lines_of(json.dumps(feature()), '{"type": "Feat', json.dumps(feature(1))),
        ["--crs", "EPSG:4547", "--keep-bad"],
        (2, 2.0),
    ),
    "no_index.shp": (without(".shx"), [], {"source.part_missing"}),
    "no_table.shp": (without(".dbf"), [], {"source.part_missing"}),
    "no_projection.shp": (without(".prj"), [], {"crs.missing"}),
    "cut.shp": (cut_short, [], {"source.record"}),
    "more_rows_than_shapes.shp": (wrong_size_of_dbf, [], {"source.rows"}),
    "two_layers.gpkg": (
        lambda p: [plots().to_file(p, layer=name) for name in ("a", "b")],
        [],
        {"source.layer_needed"},
    ),
    "a_library_called.gpkg": (lambda p: p.write_bytes(b"SQLite format 3\x00" + bytes(200)), [], {"source.damaged"}),
    "two_files.zip": (zip_of("a.geojson", "b.geojson"), [], {"source.layer_needed"}),
    "climbs_out.zip": (zip_of("../../a.geojson"), [], {"source.damaged"}),
    "a_parquet_that_is_none.parquet": (lambda p: p.write_bytes(b"PAR1" + bytes(40) + b"PAR1"), [], {"source.damaged"}),
    "no_drawing.dxf": (lines_of("0", "SECTION", "2", "NONSENSE"), [], {"source.damaged"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_nasty_file_is_read_as_expected(shelf, tmp_path, name):
    make, options, expected = FILES[name]
    path = tmp_path / name
    make(path)
    asked = {word.lstrip("-").replace("-", "_"): True for word in options if word.startswith("--")}
    asked |= {"crs": options[options.index("--crs") + 1]} if "--crs" in options else {}
    answer = shelf.add(path, **asked)
    if isinstance(expected, set):
        assert (answer.code, set(answer.codes)) == (3, expected), answer.json
        assert all(problem["mend"] for problem in answer.json["problems"])
    else:
        assert answer.code == 0, answer.json
        ground = float(np.sum(shapely.area(shelf.geometries()))) / 10_000
        assert (answer.json["features"], round(ground, 6)) == expected


def test_there_are_thirty():
    assert len(FILES) >= 30

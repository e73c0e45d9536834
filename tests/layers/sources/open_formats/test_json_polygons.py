"""Polygons of GeoJSON as WKB: byte by byte as GEOS makes them of the same text, or none."""

import json

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.proof_beside import Provers
from onemap.layers.geometry.shape_column import WORTH_ROWS, ShapeColumn
from onemap.layers.progress import SILENT
from onemap.layers.sources.open_formats.json_lines import polygon_body, read_json_lines
from onemap.rules.judge.overlay.pair_ground import are_simple_rings

RING = [[0, 0], [4.5, 0], [4.5, 4.1], [0.1, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [1, 1]]
PLAIN = [
    {"type": "Polygon", "coordinates": [RING]},
    {"type": "Polygon", "coordinates": [RING, HOLE], "bbox": [0, 0, 5, 5]},
    {"type": "MultiPolygon", "coordinates": [[RING, HOLE], [[[9, 9], [10, 9], [9.5, 1e-300], [9, 9.0]]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]]},  # a bow, which is a polygon still
    {"type": "Polygon", "coordinates": [[[0, 0], [2**53 + 1, 0], [0.1 + 0.2, 1e300], [-0.0, 0]]]},
]
OTHERS = [
    {"type": "Point", "coordinates": [1, 2]},
    {"type": "LineString", "coordinates": RING},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": None},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [RING[:-1]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0, 7], [1, 0, 7], [1, 1, 7], [0, 0, 7]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, "1"], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, True], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, None], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, float("nan")], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 10**400], [0, 0]]]},
    {"type": "Polygon", "coordinates": [["ab", "cd", "ef", "ab"]]},
    {"type": "Polygon", "coordinates": {"a": 1}},
    {"type": "MultiPolygon", "coordinates": []},
    {"type": "MultiPolygon", "coordinates": [[RING], []]},
    {"type": "MultiPolygon", "coordinates": [RING]},
    {"coordinates": [RING]},
    [RING],
    "Polygon",
    7,
]


@pytest.mark.parametrize("geometry", PLAIN)
def test_a_plain_polygon_is_what_geos_reads(geometry):
    assert polygon_body(geometry) == shapely.to_wkb(shapely.from_geojson(json.dumps(geometry)), byte_order=1)


@pytest.mark.parametrize("geometry", OTHERS)
def test_anything_else_is_left_to_geos(geometry):
    assert polygon_body(geometry) is None


def lines(folder, geometries):
    path = folder / "a.geojsonl"
    records = [{"type": "Feature", "properties": {"n": at}, "geometry": one} for at, one in enumerate(geometries)]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.mark.parametrize("odd", [None, {"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon"}])
def test_many_plain_ones_are_proved_and_one_of_another_kind_has_all_made(tmp_path, odd):
    path = lines(tmp_path, [PLAIN[0], PLAIN[3]] * (WORTH_ROWS // 2))
    expected = shapely.from_geojson([json.dumps(PLAIN[0]), json.dumps(PLAIN[3])])
    found = read_json_lines(path, None, SILENT, Provers(2, are_simple_rings))
    assert isinstance(found.shapes, ShapeColumn)
    assert found.valid.tolist() == [True, False] * (WORTH_ROWS // 2)
    assert shapely.equals_exact(found.geometries, np.tile(expected, WORTH_ROWS // 2)).all()

    path = lines(tmp_path, [*[PLAIN[0], PLAIN[3]] * (WORTH_ROWS // 2), odd])
    mixed = read_json_lines(path, None, SILENT, Provers(2, are_simple_rings))
    assert isinstance(mixed.shapes, np.ndarray) and mixed.valid is None
    assert shapely.equals_exact(mixed.shapes[:-1], found.geometries).all()
    assert list(mixed.broken) == ([WORTH_ROWS] if odd == {"type": "Polygon"} else [])
    few = read_json_lines(lines(tmp_path, PLAIN), None, SILENT, Provers(2, are_simple_rings))
    assert isinstance(few.shapes, np.ndarray)

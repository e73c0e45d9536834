"""A GeoJSON read block by block gives the result of one read at once, value by value and word by word."""

import json

import pandas as pd
import pytest

from onemap.layers.frames.fields import plain_values
from onemap.layers.sources.gdal import arrow_stream
from onemap.layers.sources.gdal.vector import read_vector
from onemap.layers.sources.gdal.vector_stream import vector_stream

PROPERTIES = [
    {"名称": "国道", "n": 1, "big": 2**60, "x": 0.1, "is": True, "day": "2020-01-02", "o": {"a": [1, "二"]}},
    {"名称": None, "n": None, "big": None, "x": None, "is": None, "day": None, "o": None},
    {"名称": "", "n": -7, "big": 2**53 + 1, "x": -1e300, "is": False, "day": "1899-12-31", "o": {}},
    {"名称": "a\ufffdb", "n": 0, "x": 1e-300},
]
SHAPES = [
    {"type": "Polygon", "coordinates": [[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]]},
    None,
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0]]]},
    {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]], []]},
    {"type": "Point", "coordinates": [3, 4]},
]


@pytest.fixture
def write_features(tmp_path):
    """Write features with these properties, and some that have one number; the path."""

    def write(properties, **more):
        features = [
            {"type": "Feature", "id": 1 + row // 2, "properties": facts, "geometry": SHAPES[row % len(SHAPES)]}
            for row, facts in enumerate(properties)
        ]
        path = tmp_path / "many.geojson"
        content = {"type": "FeatureCollection", "features": features, **more}
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def of_frame(frame):
    """A frame's values as a library keeps them."""
    values = {name: plain_values(frame.attributes[name]).tolist() for name in frame.attributes}
    return values, [None if shape is None else shape.wkt for shape in frame.geometries]


@pytest.mark.parametrize("at_once", [1, 3, 5000])
@pytest.mark.parametrize("size", [1, 2, 5, 12, 13])
@pytest.mark.parametrize("first", [0, 4])
def test_values_and_shapes_are_those_of_the_whole(write_features, monkeypatch, first, size, at_once):
    monkeypatch.setattr(arrow_stream, "_ROWS_AT_ONCE", at_once)
    path = write_features(PROPERTIES * 3)
    whole = read_vector(path, "many", None)
    with vector_stream(path, "many", None) as stream:
        assert (stream.is_fit, stream.is_text, stream.count, stream.encodings) == (True, True, 12, ["utf-8"])
        frames = [frame for frame, _ in stream.blocks("utf-8", first, size)]
    assert [len(frame.geometries) for frame in frames[:-1]] == [size] * (len(frames) - 1)
    values, shapes = of_frame(whole)
    rows = [of_frame(frame) for frame in frames]
    assert sum((found for _, found in rows), []) == shapes[first:]
    for name, wanted in values.items():
        found = sum((some[name] for some, _ in rows), [])
        assert [(type(v), v) for v in found] == [(type(v), v) for v in wanted[first:]], name
    assert values["o"][0] == '{ "a": [ 1, "二" ] }'
    assert values["day"][:2] == ["2020-01-02", None]
    assert values["big"][0] == 2**60


def test_what_is_told_is_told_of_all_blocks(write_features):
    path = write_features(PROPERTIES * 2)
    whole = read_vector(path, "many", None)
    with vector_stream(path, "many", None) as stream:
        found = list(stream.blocks("utf-8", 0, 3))
        notes = found[0][1]
        for _, more in found[1:]:
            notes.add(more)
        problems = stream.problems(notes, 8, list(found[0][0].attributes))
    assert sorted(map(repr, problems)) == sorted(map(repr, whole.problems))
    assert {problem.code for problem in problems} == {"geometry.z_dropped", "source.remark"}
    assert stream.crs == whole.crs
    lost = pd.Series([dict(frame.replaced) for frame, _ in found])
    assert lost.tolist() == [{}, {"名称": (1, 1)}, {"名称": (2, 1)}]


MOMENTS_AND_LISTS = [
    {"utc": "2020-01-02T10:00:00Z", "east": "2020-01-02T10:00:00.5+08:00", "west": "2020-01-01T01:00:00-03:30"},
    {"utc": None, "east": None, "west": None, "mixed": "2020-01-02T10:00:00Z", "here": "1969-12-31T23:59:59"},
    {"mixed": "2020-01-02T10:00:00+08:00", "clock": "10:00:00", "whole": [1, 2], "long": [2**60], "real": [0.5, 1]},
    {"mixed": "2020-01-02T10:00:00", "clock": None, "whole": None, "long": [], "real": [], "texts": ["甲", ""]},
    {"clock": "23:59:59.25", "whole": [], "texts": ["a", "b"], "any": [1, "x", None], "truths": [True, False]},
]


@pytest.mark.parametrize("size", [1, 2, 13])
def test_moments_and_lists_are_those_of_the_whole(write_features, size):
    """But for lists of truths, which row by row nobody can read: those are read by the column in either case."""
    path = write_features(MOMENTS_AND_LISTS * 2)
    values, shapes = of_frame(read_vector(path, "many", None))
    with vector_stream(path, "many", None) as stream:
        assert stream.is_fit
        rows = [of_frame(frame) for frame, _ in stream.blocks("utf-8", 0, size)]
    assert sum((found for _, found in rows), []) == shapes
    for name, wanted in values.items():
        assert sum((some[name] for some, _ in rows), []) == wanted, name
    path = write_features(
        [{name: fact for name, fact in facts.items() if name != "truths"} for facts in MOMENTS_AND_LISTS]
    )
    by_row = of_frame(read_vector(path, "many", None))[0]  # as pyogrio hands rows out one by one
    assert {name: found[:5] for name, found in values.items() if name != "truths"} == by_row
    texts = {name: [value for value in found[:5] if value is not None] for name, found in values.items()}
    assert texts["truths"] == ["1, 0"] and texts["long"][0] == str(2**60)
    assert texts["utc"] == ["2020-01-02T10:00:00.000"] and texts["east"] == ["2020-01-02T10:00:00.500"]
    assert texts["west"] == ["2020-01-01T01:00:00.000"] and texts["here"] == ["1969-12-31T23:59:59.000"]
    assert texts["clock"] == ["10:00:00", "23:59:59.250000"]


def test_a_field_that_is_called_as_the_shapes_are_is_read_at_once(write_features):
    with vector_stream(write_features([{"wkb_geometry": "a"}] * 3), "many", None) as stream:
        assert not stream.is_fit


def test_a_text_of_another_encoding_is_read_at_once(write_features):
    path = write_features(PROPERTIES)
    path.write_bytes(
        json.dumps(json.loads(path.read_text("utf-8").replace("\ufffd", "")), ensure_ascii=False).encode("gbk")
    )
    with vector_stream(path, "many", None) as stream:
        assert not stream.is_fit

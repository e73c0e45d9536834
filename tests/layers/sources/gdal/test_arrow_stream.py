"""A GeoJSON read block by block gives what it gives when it is read at once, value by value and word by word."""

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
def written(tmp_path):
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
def test_values_and_shapes_are_those_of_the_whole(written, monkeypatch, first, size, at_once):
    monkeypatch.setattr(arrow_stream, "_ROWS_AT_ONCE", at_once)
    path = written(PROPERTIES * 3)
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


def test_what_is_told_is_told_of_all_blocks(written):
    path = written(PROPERTIES * 2)
    whole = read_vector(path, "many", None)
    with vector_stream(path, "many", None) as stream:
        found = list(stream.blocks("utf-8", 0, 3))
        notes = found[0][1]
        for _, more in found[1:]:
            notes.add(more)
        told = stream.problems(notes, 8, list(found[0][0].attributes))
    assert sorted(map(repr, told)) == sorted(map(repr, whole.problems))
    assert {problem.code for problem in told} == {"geometry.z_dropped", "source.remark"}
    assert stream.crs == whole.crs
    lost = pd.Series([dict(frame.replaced) for frame, _ in found])
    assert lost.tolist() == [{}, {"名称": (1, 1)}, {"名称": (2, 1)}]


@pytest.mark.parametrize(
    "facts", [{"t": "2020-01-02T10:00:00Z"}, {"t": "10:00:00"}, {"t": [1, 2]}, {"wkb_geometry": "a"}]
)
def test_fields_that_might_differ_are_read_at_once(written, facts):
    with vector_stream(written([facts] * 3), "many", None) as stream:
        assert not stream.is_fit


def test_a_text_of_another_encoding_is_read_at_once(written):
    path = written(PROPERTIES)
    path.write_bytes(
        json.dumps(json.loads(path.read_text("utf-8").replace("\ufffd", "")), ensure_ascii=False).encode("gbk")
    )
    with vector_stream(path, "many", None) as stream:
        assert not stream.is_fit

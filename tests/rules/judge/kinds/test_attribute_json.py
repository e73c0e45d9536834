"""Attributes as JSON text."""

import json
import math
from datetime import date

import numpy as np

from onemap.rules.judge.kinds.attribute_json import attribute_json, attribute_texts

ODD = [
    None, True, False, 0, -0.0, 0.0, 1, 1.0, 1e300, 1e-7, 12.5, -3, 2**70, math.nan, math.inf, -math.inf, "", "耕地",
    'a "quoted" \\ line\n', b"\x00\xff", memoryview(b"ab"), date(2026, 11, 21), [1, 2.5, "x"], np.float64(0.25),
    np.float64("nan"), np.int64(7), np.bool_(True),
]  # fmt: skip


def test_bytes_are_the_digits_that_gdal_writes_into_geojson():
    # ogr2ogr turns a GeoPackage's BLOB of these five bytes into "0102FF6162".
    for value in (b"\x01\x02\xffab", bytearray(b"\x01\x02\xffab"), memoryview(b"\x01\x02\xffab")):
        assert json.loads(attribute_json({"PHOTO": value, "BSM": "1"})) == {"PHOTO": "0102FF6162", "BSM": "1"}
    assert attribute_json({"PHOTO": b""}) == '{"PHOTO": ""}'


def test_bytes_beside_a_number_that_is_not_finite_and_a_day():
    written = attribute_json({"A": b"\xff", "B": float("nan"), "C": date(2026, 11, 20), "D": "图"})
    assert written == '{"A": "FF", "B": null, "C": "2026-11-20", "D": "图"}'


def test_many_rows_have_the_texts_of_each_row():
    names = ["面积", 'say "what"', "b"]
    rows = [[one, other, one] for one in ODD for other in ODD]
    assert attribute_texts(names, rows) == [attribute_json(dict(zip(names, row, strict=True))) for row in rows]
    assert all(isinstance(json.loads(text), dict) for text in attribute_texts(names, rows))
    alike = ['%s "a"', "耕地", "\x01\u2028"], [7, -3, 2**70], [0.5, math.nan, -0.0]
    names = ["100 %", "b", "%s"]
    rows = [list(row) for row in zip(*alike, strict=True)]
    assert attribute_texts(names, rows) == [attribute_json(dict(zip(names, row, strict=True))) for row in rows]


def test_without_attributes_a_row_is_an_empty_object():
    assert attribute_texts([], [[], []]) == ["{}", "{}"] == [attribute_json({})] * 2
    assert attribute_texts(["a"], []) == []

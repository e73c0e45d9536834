"""Attributes as JSON text."""

import json
from datetime import date

from onemap.rules.kinds.attribute_json import attribute_json


def test_bytes_are_the_digits_that_gdal_writes_into_geojson():
    # ogr2ogr turns a GeoPackage's BLOB of these five bytes into "0102FF6162".
    for value in (b"\x01\x02\xffab", bytearray(b"\x01\x02\xffab"), memoryview(b"\x01\x02\xffab")):
        assert json.loads(attribute_json({"PHOTO": value, "BSM": "1"})) == {"PHOTO": "0102FF6162", "BSM": "1"}
    assert attribute_json({"PHOTO": b""}) == '{"PHOTO": ""}'


def test_bytes_beside_a_number_that_is_not_finite_and_a_day():
    written = attribute_json({"A": b"\xff", "B": float("nan"), "C": date(2026, 11, 20), "D": "图"})
    assert written == '{"A": "FF", "B": null, "C": "2026-11-20", "D": "图"}'

"""`inspect` shows values of each field, so that a person recognises the field."""

import json

import geopandas
import shapely

from onemap.layers.ingest.inspection import inspect


def test_the_first_different_values_stand_beside_a_field(tmp_path):
    long = "甲" * 60
    frame = geopandas.GeoDataFrame(
        {
            "use": ["0101", None, "0101", " ", "0201", "0301", "0302"],
            "note": [long, None, None, None, "two\nlines", None, None],
            "mu": [1.5, None, 2.0, 2.0, 3.25, None, 4.0],
            "none": [None] * 7,
        },
        geometry=[shapely.Point(500_000 + number, 4_200_000) for number in range(7)],
        crs="EPSG:4547",
    )
    frame.to_file(tmp_path / "a.gpkg", driver="GPKG")
    fields = inspect(str(tmp_path / "a.gpkg"), None, None, "en")["layers"][0]["fields"]
    assert {field["name"]: field["samples"] for field in fields} == {
        "use": ["0101", "0201", "0301"],
        "note": ["甲" * 39 + "…", "two lines"],
        "mu": ["1.5", "2", "3.25"],
        "none": [],
    }


def test_lists_are_shown_as_they_are_kept(tmp_path):
    features = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [114.4, 38.0]}}
        for properties in ({"uses": ["0701", "0702"], "floors": [3, 6]}, {"uses": None, "floors": [3]})
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    fields = inspect(str(tmp_path / "a.geojson"), None, None, "en")["layers"][0]["fields"]
    assert {field["name"]: (field["type"], field["samples"]) for field in fields} == {
        "uses": ("text", ["0701, 0702"]),
        "floors": ("text", ["3, 6", "3"]),
    }


def test_of_pictures_in_a_column_the_size_is_shown(tmp_path):
    frame = geopandas.GeoDataFrame({"photo": [b"\0" * 1234]}, geometry=[shapely.Point(500_000, 4_200_000)], crs=4547)
    frame.to_parquet(tmp_path / "a.parquet")
    (field,) = inspect(str(tmp_path / "a.parquet"), None, None, "en")["layers"][0]["fields"]
    assert (field["name"], field["samples"]) == ("photo", ["1,234 B"])

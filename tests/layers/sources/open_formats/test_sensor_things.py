"""Snapshots of a SensorThings service: one table for any form of request, places of Things, refusals in words."""

import json

import geopandas as gpd
import pytest
from shapely.geometry import Point

from onemap.layers.errors import OneMapError
from onemap.layers.sources.reading import layers_of, read_source

PM10, DUST = {"@iot.id": 7, "name": "PM10"}, {"name": "μg/m³", "symbol": "ug/m3", "definition": "ucum:ug/m3"}
FIRST = {"@iot.id": 1, "phenomenonTime": "2024-05-01T00:00:00Z/2024-05-01T01:00:00Z", "result": 40}
SECOND = {"phenomenonTime": "2024-05-01T01:00:00Z", "result": 44.5, "resultQuality": {"DQ_Status": {"code": "D"}}}
POINT = {"type": "Point", "coordinates": [114, 38]}
PLACE = {"name": "桥头", "encodingType": "application/geo+json", "location": POINT}
THING = {"@iot.id": 3, "name": "桥头站", "properties": {"JDBH": "A"}}
STREAM = {"@iot.id": 5, "name": "桥头站 PM10", "unitOfMeasurement": DUST, "ObservedProperty": PM10}
ROWS = [
    ["A", "PM10", "ug/m3", "2024-05-01T00:00:00Z", 40, None, 3600.0],
    ["A", "PM10", "ug/m3", "2024-05-01T01:00:00Z", 44.5, "D", None],
]


def as_things():
    return {"value": [{**THING, "Locations": [PLACE], "Datastreams": [{**STREAM, "Observations": [FIRST, SECOND]}]}]}


def as_streams():
    return {"@iot.count": 1, "value": [{**STREAM, "Thing": THING, "Observations": [FIRST, SECOND]}]}


def as_observations():
    return {"value": [{**one, "Datastream": {**STREAM, "Thing": THING}} for one in (FIRST, SECOND)]}


@pytest.fixture
def snapshot(tmp_path):
    def write(content):
        path = tmp_path / "snapshot.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("content", [as_things(), as_streams(), as_observations(), as_things()["value"][0]])
def test_one_table_whichever_way_the_service_was_asked(snapshot, content):
    frame = read_source(snapshot(content), "observations", None)
    assert frame.is_table and frame.format == "SensorThings" and frame.problems == ()
    assert frame.attributes.astype(object).where(frame.attributes.notna(), None).values.tolist() == ROWS


def test_the_things_are_points_where_the_snapshot_says_where_they_are(snapshot):
    path = snapshot(as_things())
    assert layers_of(path) == ["observations", "things"] and layers_of(snapshot(as_streams())) == ["observations"]
    frame = read_source(snapshot(as_things()), "things", None)
    assert frame.attributes.values.tolist() == [["A", "桥头站"]] and frame.geometries[0] == Point(114, 38)
    assert frame.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("content", "code", "fact"),
    [
        ({"value": [{**STREAM, "Observations": []}]}, "sensors.not_expanded", "Thing"),
        ({"value": [{**STREAM, "Thing": THING}]}, "sensors.not_expanded", "Observations"),
        ({"value": [{**THING, "Datastreams": []}]}, "sensors.no_readings", "snapshot.json"),
        (json.dumps(as_things())[:-9], "source.damaged", "snapshot.json"),
        ({"value": [{**THING, "Datastreams": 5}]}, "source.damaged", "Datastreams"),
        ({"value": [{**STREAM, "Thing": THING, "Observations": True}]}, "source.damaged", "Observations"),
        ({"value": [{**THING, "Locations": 5, "Datastreams": []}]}, "sensors.no_readings", "snapshot.json"),
    ],
)
def test_what_only_links_or_is_cut_short_is_refused(snapshot, content, code, fact):
    with pytest.raises(OneMapError) as refused:
        read_source(snapshot(content), None, None)
    (problem,) = refused.value.problems
    assert problem.code == code and fact in str(problem.facts)


def test_a_result_that_is_a_list_is_shown_as_it_is_written(onemap, snapshot):
    content = {"value": [{**STREAM, "Thing": THING, "Observations": [{**FIRST, "result": [1, {}]}]}]}
    assert read_source(snapshot(content), None, None).attributes["Z"].tolist() == ["[1, {}]"]
    assert onemap("inspect", snapshot(content)).code == 0


def test_a_page_of_more_says_so(snapshot):
    content = as_streams()
    content["value"][0]["Observations@iot.nextLink"] = (
        "https://sensors.invalid/v1.1/Datastreams(5)/Observations?$skip=2"
    )
    (problem,) = read_source(snapshot(content), None, None).problems
    assert problem.code == "sensors.cut" and "桥头站 PM10" in problem.facts["feature"]


def test_a_map_in_json_stays_a_map(tmp_path):
    path = tmp_path / "map.json"
    gpd.GeoDataFrame({"Observations": [1]}, geometry=[Point(114, 38)], crs=4326).to_file(path, driver="GeoJSON")
    assert not read_source(path, None, None).is_table


def test_a_snapshot_goes_the_whole_way_to_a_status(onemap, snapshot, tmp_path):
    path, library = snapshot(as_things()), tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    for layer, code in (("things", "WLWJD"), ("observations", "JCSJ")):
        more = ("--covers", "extent") if code == "WLWJD" else ()
        onemap("add", library, path, "--as", code, "--layer", layer, *more).done()
    answer = onemap("readings", library, "--by=hour", "--at=2024-05-01T02:00:00Z").json
    (node,) = answer["nodes"]
    assert (node["node"], node["property"], node["value"], node["status"]) == ("A", "PM10", 40, "unknown")
    assert [mean["mean"] for mean in answer["means"]] == [40, None], "the second is flagged"

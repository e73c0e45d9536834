"""Geometry of the right kind, present and valid; repaired only on request, and every repair is named."""

import csv
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from onemap.layers.geometry.invalid_reasons import invalid_reasons

BOWTIE = shapely.Polygon([(500_000, 4_000_000), (500_100, 4_000_100), (500_100, 4_000_000), (500_000, 4_000_100)])


def test_a_geometry_of_another_kind_is_refused_by_feature(shelf, layer_file, box):
    line = shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)])
    path = layer_file("a.geojson", [box(0, 0), line, shapely.Point(500_000, 4_000_000)])
    answer = shelf.add(path)
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.type", 2), ("geometry.type", 3)]
    says = [problem["message"] for problem in answer.json["problems"]]
    assert says == [f"It holds {found}; this layer takes polygons." for found in ("lines", "points")]


def test_a_collection_is_no_polygon_even_if_it_holds_one(shelf, layer_file, box):
    mixed = shapely.GeometryCollection([box(0, 0), shapely.Point(500_000, 4_000_000)])
    answer = shelf.add(layer_file("a.geojson", [mixed]))
    assert answer.codes == ["geometry.type"]
    assert answer.json["problems"][0]["message"] == "It holds mixed geometries; this layer takes polygons."


def test_overlapping_polygons_of_a_collection_are_no_valid_ground(shelf, layer_file, box):
    alike = shapely.GeometryCollection([box(0, 0), box(50, 0)])
    assert shelf.add(layer_file("a.geojson", [alike])).codes == ["geometry.invalid"]


@pytest.mark.parametrize(
    ("geometry", "shape", "table_type"),
    [
        ("polygon", "GEOMETRYCOLLECTION (POLYGON ((0 0, 9 0, 9 9, 0 0)))", "MULTIPOLYGON"),
        (
            "polygon",
            "GEOMETRYCOLLECTION (POLYGON ((0 0, 9 0, 9 9, 0 0)), "
            "GEOMETRYCOLLECTION (POLYGON ((20 0, 29 0, 29 9, 20 0))))",
            "MULTIPOLYGON",
        ),
        ("line", "GEOMETRYCOLLECTION (LINESTRING (0 0, 9 0), MULTILINESTRING ((0 9, 9 9)))", "MULTILINESTRING"),
        ("point", "GEOMETRYCOLLECTION (POINT (0 0))", "MULTIPOINT"),
    ],
)
def test_a_collection_of_one_kind_is_of_that_kind(shelf, layer_file, geometry, shape, table_type):
    shape = shapely.transform(shapely.from_wkt(shape), lambda xy: xy + (500_000, 4_000_000))
    assert shelf.add(layer_file("a.geojson", [shape]), geometry=geometry).code == 0
    (kept,) = shelf.geometries()
    assert kept.geom_type.upper() == table_type
    assert kept.length == pytest.approx(shape.length, abs=1e-6)


@pytest.mark.parametrize(
    ("geometry", "shape", "table_type"),
    [
        ("polygon", shapely.box(500_000, 4_000_000, 500_001, 4_000_001), "MULTIPOLYGON"),
        ("line", shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)]), "MULTILINESTRING"),
        ("point", shapely.Point(500_000, 4_000_000), "MULTIPOINT"),
    ],
)
def test_each_kind_has_a_table_of_one_type(shelf, layer_file, geometry, shape, table_type):
    assert shelf.add(layer_file("a.gpkg", [shape, shape]), geometry=geometry).code == 0
    assert {shape.geom_type.upper() for shape in shelf.geometries()} == {table_type}
    sql = "SELECT geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?"
    assert shelf.rows(sql, "T__1") == [(table_type, 4547, 0, 0)]


def test_invalid_geometry_is_refused_with_feature_row_and_place(shelf, layer_file, box):
    path = layer_file("a.gpkg", [box(0, 0), BOWTIE, box(200, 0)], {"BSM": ["A", "B", "C"]})
    answer = shelf.add(path, key="BSM")
    (problem,) = answer.json["problems"]
    assert (problem["code"], problem["feature"], problem["row"]) == ("geometry.invalid", "B", 2)
    assert problem["message"] == "The geometry is invalid: its boundary crosses or touches itself at [500050 4000050]."
    assert problem["mend"]


def test_repair_makes_the_rings_valid_and_tells_the_area_changed(shelf, layer_file, box):
    # The bow-tie's loops cancel out: it measures 0, and is 2 triangles of 2,500 m².
    answer = shelf.add(layer_file("a.gpkg", [box(0, 0), BOWTIE]), repair=True)
    assert (answer.code, answer.json["repaired"]) == (0, 1)
    assert answer.json["area_changed_m2"] == pytest.approx(5000)
    (problem,) = answer.json["problems"]
    assert (problem["code"], problem["row"]) == ("geometry.repaired", 2)
    assert problem["area_changed_m2"] == pytest.approx(5000)
    assert shapely.is_valid(shelf.geometries()).all()
    assert [shape.area for shape in shelf.geometries()] == [pytest.approx(10_000), pytest.approx(5000)]


def test_repair_keeps_the_ground_in_which_two_parts_of_a_feature_overlap(shelf, layer_file, box):
    # Two squares of 10,000 m², a quarter of each in the other; and a small one within a square, which may be its hole.
    beside = shapely.affinity.translate(box(0, 0), 50, 50)
    within = shapely.affinity.scale(box(0, 0), 0.1, 0.1)
    shapes = [shapely.MultiPolygon([box(0, 0), beside]), shapely.MultiPolygon([box(0, 0), within])]
    answer = shelf.add(layer_file("a.gpkg", shapes), repair=True)
    assert answer.json["repaired"] == 2
    assert [shape.area for shape in shelf.geometries()] == [pytest.approx(17_500), pytest.approx(9900)]


def test_what_has_no_area_left_cannot_be_repaired(shelf, layer_file):
    flat = shapely.Polygon([(500_000, 4_000_000), (500_100, 4_000_000), (500_050, 4_000_000)])
    answer = shelf.add(layer_file("a.gpkg", [flat]), repair=True)
    assert (answer.code, answer.codes) == (3, ["geometry.collapsed"])


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("lost", [float("nan"), float("inf")])
@pytest.mark.parametrize("repair", [True, False])
@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4490"])
def test_a_coordinate_that_is_no_number_is_refused_by_row(shelf, layer_file, lost, repair, crs):
    good = shapely.box(114, 36, 114.01, 36.01) if crs == "EPSG:4490" else shapely.box(5e5, 4e6, 5e5 + 9, 4e6 + 9)
    points = shapely.get_coordinates(good)
    points[1, 0] = lost
    path = layer_file("a.gpkg", [good, shapely.Polygon(points)], crs=crs)
    inspected = shelf.run("inspect", path).json["layers"][0]["problems"]
    assert "inspect.not_finite" in [problem["code"] for problem in inspected]
    answer = shelf.add(path, repair=repair)
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.not_finite", 2)]


@pytest.mark.parametrize("repair", [True, False])
@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:3857", "EPSG:4490"])
def test_a_coordinate_where_no_system_reaches_is_refused_by_row_before_it_is_mended(shelf, layer_file, repair, crs):
    good = shapely.box(114, 36, 114.01, 36.01) if crs == "EPSG:4490" else shapely.box(5e5, 4e6, 5e5 + 9, 4e6 + 9)
    points = shapely.get_coordinates(good)
    points[1, 0], points[2] = 3e268, (2, -1e200)
    path = layer_file("a.gpkg", [good, shapely.Polygon(points)], {"X": ["a", "b"]}, crs=crs)
    inspected = shelf.run("inspect", path).json["layers"][0]["problems"]
    assert "inspect.beyond" in [problem["code"] for problem in inspected]
    answer = shelf.add(path, repair=repair)
    assert [p["row"] for p in answer.json["problems"] if p["code"] == "geometry.beyond"] == [2]
    checked = shelf.run("check", shelf.path, path, "--id", "X", *(["--repair"] if repair else []))
    assert (checked.code, [(p["code"], p["feature"]) for p in checked.json["problems"]]) == (
        3,
        [("geometry.beyond", "b")],
    )


def test_redline_text_with_a_coordinate_where_no_system_reaches_is_refused_by_parcel(onemap, tmp_path):
    text = tmp_path / "a.txt"
    lines = ["J1,1,4000000,500000", "J2,1,4000009,500000", "J3,1,4000009,1e200", "J1,1,4000000,500000"]
    head = ["[属性描述]", "坐标系=2000国家大地坐标系", "[地块坐标]", "4,0.01,T1,甲,面,,,,@"]
    text.write_text("\n".join([*head, *lines]), encoding="utf-8")
    answer = onemap("redline", text, tmp_path / "b.gpkg", "--crs", "EPSG:3857")
    assert answer.code == 3
    assert [(p["code"], p["feature"]) for p in answer.json["problems"]] == [("geometry.beyond", "T1")]


def test_one_refusal_tells_everything_that_is_wrong(shelf, layer_file, box):
    path = layer_file("a.shp", [box(0, 0), BOWTIE, None], {"X": ["1", "2", "3"]}, crs=None)
    answer = shelf.add(path, key="BSM")
    assert set(answer.codes) == {"crs.missing", "field.missing", "geometry.invalid", "geometry.null"}


def test_a_thousand_problems_are_listed_and_the_rest_counted(shelf, layer_file):
    answer = shelf.add(layer_file("a.gpkg", [BOWTIE] * 1200))
    assert (len(answer.codes), answer.codes[-1]) == (1001, "problems.more")
    assert "200" in answer.json["problems"][-1]["message"]


@pytest.mark.parametrize(("layer", "count"), [("parcels_2013", 22), ("parcels_2014", 36)])
def test_repair_names_exactly_the_invalid_parcels_of_cambridge(shelf, shared_data, tmp_path, layer, count):
    with (shared_data / "cambridge/truth_invalid_features.csv").open(encoding="utf-8") as file:
        truth = [row for row in csv.DictReader(file) if row["layer"] == layer]
    assert len(truth) == count
    frame = gpd.read_file(shared_data / "cambridge/transplant_epsg4547.gpkg", layer=layer)
    # One parcel of 2014 is an empty polygon, refused even with --repair; without it the truth can be told by row.
    sound = frame[~frame.geometry.isna() & ~frame.geometry.is_empty].reset_index(drop=True)
    path = tmp_path / "parcels.gpkg"
    sound[["src_row", "geometry"]].to_file(path, layer=layer)
    refused = shelf.add(path, key="src_row")
    assert {problem["code"] for problem in refused.json["problems"]} == {"geometry.invalid"}
    named = {int(problem["feature"]) for problem in refused.json["problems"]}
    assert named == {int(row["src_row"]) for row in truth}
    answer = shelf.add(path, key="src_row", repair=True)
    assert (answer.code, answer.json["repaired"], answer.json["features"]) == (0, count, len(sound))
    assert {int(p["feature"]) for p in answer.json["problems"] if p["code"] == "geometry.repaired"} == named
    changed = sum(abs(float(row["area_make_valid_m2"]) - float(row["area_raw_m2"])) for row in truth)
    assert answer.json["area_changed_m2"] == pytest.approx(changed, abs=0.001 * count)
    assert shapely.is_valid(shelf.geometries()).all()


def test_the_empty_parcel_of_2014_is_refused_even_with_repair(shelf, shared_data):
    source = shared_data / "cambridge/transplant_epsg4547.gpkg"
    answer = shelf.add(source, layer="parcels_2014", repair=True)
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.empty", 1896)]


def test_a_repair_keeps_the_area_of_rings_that_touch_themselves(onemap, tmp_path, shared_data):
    # 70 real polygons whose rings touch themselves: 31,488.666 m² before and after.
    library = tmp_path / "flanders.gpkg"
    assert onemap("new", library, "--crs", "EPSG:31370").code == 0
    define = "name=Houses,department=land,library=base,kind=vector,geometry=polygon"
    source = shared_data / "torture/geofileops/polygon-invalid.gpkg"
    options = ["--as", "H", "--define", define, "--covers", "extent", "--repair"]
    answer = onemap("add", library, source, *options)
    assert (answer.json["repaired"], answer.json["features"]) == (70, 70)
    assert answer.json["area_changed_m2"] == pytest.approx(0, abs=0.001)
    frame = gpd.read_file(library, layer="H__1")
    assert np.sum(frame.area) == pytest.approx(31_488.666, abs=0.001)


@pytest.mark.parametrize(
    "ring",
    [
        "POLYGON ((0 0, 50 50, 50 0, 0 50, 0 0))",
        "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (20 20, 21 20, 21 21, 20 20))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 8 2, 8 8, 2 8, 2 2), (3 3, 4 3, 4 4, 3 3))",
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0)), ((2 2, 3 2, 3 3, 2 2)))",
        "POLYGON ((0 0, 0 0, 0 0, 0 0))",
        "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (0 0, 10 5, 0 10, 0 0), (10 0, 10 5, 9 5, 10 0))",
    ],
)
def test_why_a_geometry_is_invalid_is_said_in_each_language(ring):
    (reason,) = invalid_reasons(np.array([shapely.from_wkt(ring)], dtype=object))
    place = shapely.is_valid_reason(shapely.from_wkt(ring)).partition("[")[2]
    assert not re.search("[A-Za-z]", reason["zh"]) and reason["zh"].endswith(f"[{place}")
    assert reason["en"].endswith(f" at [{place}") and reason["en"][0].islower()


@pytest.mark.parametrize(
    ("corner", "place"),
    [((500_000.0, 4_000_000.0), "500000.333 4000000.333"), ((115.0, 38.0), "115.333333333 38.333333333")],
)
def test_where_a_geometry_is_invalid_has_the_decimals_of_metres_or_of_degrees(corner, place):
    bowtie = shapely.from_wkt("POLYGON ((0 0, 1 1, 0.6666666666666666 0, 0 0.6666666666666666, 0 0))")
    (reason,) = invalid_reasons(np.array([shapely.transform(bowtie, lambda at: at + corner)], dtype=object))
    assert reason["en"].endswith(f" at [{place}]") and reason["zh"].endswith(f"[{place}]")

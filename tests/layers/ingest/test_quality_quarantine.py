"""`add --keep-bad`: valid features are added, others set aside, and their ground is left out of the coverage."""

import geopandas as gpd
import pyogrio
import pytest
import shapely

from onemap.tests.rules.small_pack import pack_text

BOWTIE = shapely.Polygon([(500_000, 4_000_000), (500_100, 4_000_100), (500_100, 4_000_000), (500_000, 4_000_100)])
PACK = pack_text({"id": "own.zone", "layer": "T"}, id="own")


@pytest.fixture
def cover(layer_file, box):
    return layer_file("cover.gpkg", [box(-1000, -1000, 3000, 3000)])


@pytest.fixture
def mixed_shapes(layer_file, box):
    """A square, a bow tie on the 100 m beside it, a shape that is not there, a line, an empty one, a square."""
    shapes = [
        box(200, 0),
        BOWTIE,
        None,
        shapely.LineString([(500_700, 4_000_000), (500_800, 4_000_000)]),
        shapely.Polygon(),
        box(400, 0),
    ]
    return layer_file("mixed.gpkg", shapes, {"BSM": ["a", "b", "c", "d", "e", "f"], "MC": list("uvwxyz")})


def test_good_features_go_in_and_bad_ones_stand_aside_with_their_problems(shelf, mixed_shapes, cover):
    answer = shelf.add(mixed_shapes, keep_bad=True, covers=cover, key="BSM").done()
    assert (answer.json["features"], answer.json["set_aside"]) == (2, 4)
    assert shelf.column("BSM") == ["a", "f"]
    assert answer.json["bad_table"] == "T__1__bad"
    rows = shelf.rows('SELECT BSM, MC, source_row, problem FROM "T__1__bad" ORDER BY fid')
    assert rows == [
        ("b", "v", 2, "geometry.invalid"),
        ("c", "w", 3, "geometry.null"),
        ("d", "x", 4, "geometry.type"),
        ("e", "y", 5, "geometry.empty"),
    ]
    assert [(p["code"], p["level"]) for p in answer.json["problems"]] == [
        ("geometry.invalid", "refuse"),
        ("geometry.null", "refuse"),
        ("geometry.type", "refuse"),
        ("geometry.empty", "refuse"),
        ("bad.no_ground", "warn"),
    ]
    assert shelf.rows("SELECT data_type FROM gpkg_contents WHERE table_name = 'T__1__bad'") == [("features",)]
    assert shelf.run("verify", shelf.path).json["problems"] == []


def test_the_coverage_shrinks_by_the_ground_on_which_a_bad_feature_may_have_lain(shelf, mixed_shapes, cover):
    # The bow tie's hull is 100 × 100 m, of which its own two wings are half; the line has half a metre around it.
    whole = shelf.add(mixed_shapes, keep_bad=True, covers=cover, key="BSM").json["coverage_m2"]
    assert whole == pytest.approx(9_000_000 - 10_000 - (100 * 1 + 0.785), abs=0.1)


def test_a_check_over_the_gap_is_unknown_and_beside_it_clear(shelf, mixed_shapes, cover, layer_file, box, tmp_path):
    assert shelf.add(mixed_shapes, keep_bad=True, covers=cover, key="BSM").code == 0
    (tmp_path / "own.toml").write_text(PACK, encoding="utf-8")
    # In the bow tie's wing; in what it leaves open; on a good feature; on free ground.
    parcels = [box(45, 10, 10, 10), box(10, 45, 10, 10), box(210, 10, 10, 10), box(600, 500, 10, 10)]
    asked = layer_file("parcels.gpkg", parcels, {"DKBH": ["wing", "between", "hit", "free"]})
    shelf.run("check", shelf.path, asked, "--pack", tmp_path / "own.toml", "--out", tmp_path / "out.gpkg").done()
    found = gpd.read_file(tmp_path / "out.gpkg", layer="parcels")
    assert dict(zip(found.parcel, found.verdict, strict=True)) == {
        "wing": "unknown",
        "between": "unknown",
        "hit": "prohibited",
        "free": "clear",
    }
    reasons = gpd.read_file(tmp_path / "out.gpkg", layer="findings").set_index("parcel")["reason"]
    assert reasons["wing"] == reasons["between"] == "outside_coverage"


def test_what_can_be_repaired_is_repaired_and_the_rest_stands_aside(shelf, mixed_shapes, cover):
    answer = shelf.add(mixed_shapes, keep_bad=True, repair=True, covers=cover, key="BSM")
    assert (answer.json["features"], answer.json["repaired"], answer.json["set_aside"]) == (3, 1, 3)
    assert shelf.column("BSM") == ["a", "b", "f"]


def test_rows_in_the_report_are_those_of_the_source(shelf, layer_file, box, cover):
    path = layer_file("a.gpkg", [None, box(0, 0), box(200, 0)], {"BSM": ["1", "2", "2"]})
    answer = shelf.add(path, keep_bad=True, covers=cover, key="BSM")
    (repeated,) = [p for p in answer.json["problems"] if p["code"] == "key.repeated"]
    assert repeated["row"] == 3
    assert "row 2" in repeated["message"]


def test_without_keep_bad_all_of_it_is_refused(shelf, mixed_shapes, cover):
    answer = shelf.add(mixed_shapes, covers=cover, key="BSM")
    assert answer.code == 3
    assert set(answer.codes) == {"geometry.null", "geometry.empty", "geometry.type", "geometry.invalid"}
    assert "T__1__bad" not in shelf.tables()


def test_a_file_without_a_good_feature_is_refused_even_so(shelf, layer_file, cover):
    answer = shelf.add(layer_file("a.gpkg", [BOWTIE, None]), keep_bad=True, covers=cover)
    assert (answer.code, answer.codes) == (3, ["bad.all", "geometry.invalid", "geometry.null"])
    assert "T__1" not in shelf.tables()


def test_keeping_the_bad_of_a_file_without_any_changes_nothing(shelf, layer_file, box, cover):
    path = layer_file("a.gpkg", [box(0, 0)])
    first = shelf.add(path, covers=cover, label="1").json
    second = shelf.add(path, covers=cover, label="2", keep_bad=True).json
    assert first["hash"] == second["hash"]
    assert (second["set_aside"], second["bad_table"], second["coverage_m2"]) == (0, None, first["coverage_m2"])


def test_a_field_of_the_source_keeps_its_name_beside_what_is_told(shelf, layer_file, box, cover):
    path = layer_file("a.gpkg", [box(0, 0), None], {"BSM": ["1", "2"], "problem": ["none", "some"]})
    assert shelf.add(path, keep_bad=True, covers=cover).code == 0
    assert shelf.rows('SELECT problem, problem_ FROM "T__1__bad"') == [("some", "geometry.null")]


def test_problems_can_be_asked_for_by_place_however_many_versions_have_some(shelf, mixed_shapes, cover):
    for day in ("2024-01-01", "2025-01-01", "2026-01-01"):
        assert shelf.add(mixed_shapes, keep_bad=True, covers=cover, key="BSM", valid_from=day).code == 0
    assert shelf.rows("SELECT extension_name FROM gpkg_extensions WHERE table_name = 'onemap_problems'") == [
        ("gpkg_rtree_index",)
    ]
    # Of each version the bow tie and the line have a place; three of either.
    assert shelf.rows("SELECT count(*) FROM rtree_onemap_problems_geom") == [(6,)]
    whole = pyogrio.read_dataframe(shelf.path, layer="onemap_problems")
    near = pyogrio.read_dataframe(shelf.path, layer="onemap_problems", bbox=(500_650, 3_999_990, 500_900, 4_000_010))
    assert set(near["code"]) == {"geometry.type"}
    assert (len(near), len(whole)) == (3, whole["code"].notna().sum())
    assert shelf.run("verify", shelf.path).json["problems"] == []

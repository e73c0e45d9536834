"""A library gets a district later, or another one when borders change; coverages of its versions stay."""

import contextlib
import sqlite3
from datetime import UTC, datetime

import geopandas as gpd
import pytest
import shapely

from onemap.layers.library.district import district_at
from onemap.layers.library.library import open_library
from onemap.tests.conftest import write_layer
from onemap.tests.rules.small_pack import pack_text

OLD, NEW = shapely.box(0, 0, 4000, 4000), shapely.box(0, 0, 8000, 4000)
ZONE = "name=区,department=land,library=base,kind=vector,geometry=polygon"


def at(shape):
    return shapely.affinity.translate(shape, 500_000, 4_200_000)


@pytest.fixture
def borders(tmp_path):
    """The district before and after its neighbour was joined to it."""
    return [write_layer(tmp_path / f"{name}.gpkg", [at(shape)]) for name, shape in (("old", OLD), ("new", NEW))]


def add(onemap, place, tmp_path, west, *more, code="T"):
    path = write_layer(tmp_path / f"zone{west}.gpkg", [at(shapely.box(west, 0, west + 100, 100))], {"BSM": [str(west)]})
    return onemap("add", place, path, "--as", code, *more)


def test_a_library_gets_its_district_later(onemap, place, borders, tmp_path):
    assert onemap("district", place).json["area_m2"] is None
    refused = add(onemap, place, tmp_path, 0, "--covers", "district", "--define", ZONE)
    assert refused.codes == ["coverage.no_district"] and "onemap district" in refused.json["problems"][0]["mend"]
    given = onemap("district", place, borders[0])
    assert (given.code, given.json["changed"], given.json["area_m2"]) == (0, True, 16_000_000)
    assert [(one["before_m2"], one["reason"]) for one in given.json["changes"]] == [(None, None)]
    added = add(onemap, place, tmp_path, 0, "--covers", "district", "--define", ZONE)
    assert (added.json["coverage"], added.json["coverage_m2"]) == ("district", 16_000_000)
    assert onemap("verify", place).json["ok"]


def test_a_district_that_changes_leaves_versions_as_they_were(onemap, place, borders, tmp_path):
    old, new = borders
    onemap("district", place, old)
    add(onemap, place, tmp_path, 0, "--covers", "district", "--define", ZONE, "--valid-from", "2020-01-01")
    assert onemap("district", place, new).codes == ["usage.required"], "a change needs its reason"
    between = datetime.now(UTC)
    changed = onemap("district", place, new, "--reason", "撤县设区")
    assert (changed.json["changed"], changed.json["area_m2"]) == (True, 32_000_000)
    assert [(one["before_m2"], one["reason"]) for one in changed.json["changes"]] == [
        (None, None),
        (16_000_000, "撤县设区"),
    ]
    short = [(one["code"], one["missing_m2"]) for one in changed.json["short"]]
    assert short == [("T", 16_000_000)]
    again = onemap("district", place, new, "--reason", "once more")
    assert (again.json["changed"], len(again.json["changes"])) == (False, 2)
    with open_library(place) as library:
        assert district_at(library, between).area == 16_000_000
        assert district_at(library, None).area == 32_000_000
    (tmp_path / "p.toml").write_text(pack_text({"layer": "T"}), encoding="utf-8")
    parcels = [at(shapely.box(west, 1000, west + 100, 1100)) for west in (1000, 6000)]
    asked = write_layer(tmp_path / "parcels.gpkg", parcels, {"DKBH": ["here", "joined"]})
    out = tmp_path / "out.gpkg"
    assert onemap("check", place, asked, "--pack", tmp_path / "p.toml", "--out", out).code == 0
    found = gpd.read_file(out, layer="parcels")
    assert dict(zip(found.parcel, found.verdict, strict=True)) == {"here": "clear", "joined": "unknown"}
    assert onemap("verify", place).json["ok"]


def test_the_next_version_speaks_for_the_new_district_only_where_somebody_says_so(onemap, place, borders, tmp_path):
    onemap("district", place, borders[0])
    add(onemap, place, tmp_path, 0, "--covers", "district", "--define", ZONE)
    onemap("district", place, borders[1], "--reason", "撤县设区")
    refused = add(onemap, place, tmp_path, 50)
    assert refused.codes == ["coverage.district_changed"]
    assert add(onemap, place, tmp_path, 50, "--covers", "district").json["coverage_m2"] == 32_000_000
    assert onemap("district", place).json["short"] == []
    assert add(onemap, place, tmp_path, 60).json["coverage_m2"] == 32_000_000, "said once, it holds"


@pytest.mark.parametrize(("file", "code"), [("none.gpkg", "source.missing"), ("bow.gpkg", "geometry.invalid")])
def test_what_is_no_district_changes_nothing(onemap, place, borders, tmp_path, file, code):
    onemap("district", place, borders[0])
    write_layer(tmp_path / "bow.gpkg", [at(shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]))])
    answer = onemap("district", place, tmp_path / file, "--reason", "x")
    assert answer.codes == [code]
    assert (onemap("district", place).json["area_m2"], onemap("verify", place).json["ok"]) == (16_000_000, True)


def test_a_district_that_somebody_has_edited_is_not_replaced(onemap, borders, tmp_path):
    path = tmp_path / "city.gpkg"
    onemap("new", path, "--crs", "EPSG:4547", "--district", borders[0])
    other = tmp_path / "other.gpkg"
    onemap("new", other, "--crs", "EPSG:4547", "--district", borders[1])
    with contextlib.closing(sqlite3.connect(other)) as source:
        (blob,) = source.execute("SELECT geom FROM onemap_district").fetchone()
    with contextlib.closing(sqlite3.connect(path)) as edited, edited:
        edited.execute("UPDATE onemap_district SET geom = ?", (blob,))
    answer = onemap("district", path, borders[0], "--reason", "x")
    assert set(answer.codes) == {"library.altered"}


def test_a_copy_keeps_the_former_districts(onemap, postgis, borders, tmp_path):
    path, copy = tmp_path / "city.gpkg", f"{postgis.database().url}&schema=copy"
    onemap("new", path, "--crs", "EPSG:4547", "--district", borders[0])
    onemap("district", path, borders[1], "--reason", "x")
    assert onemap("copy", path, copy).code == 0
    assert onemap("district", copy).json == onemap("district", path).json
    assert onemap("verify", copy).json["ok"]


@pytest.mark.parametrize("verb", [["district"], ["sites", "--area", "100", "--within"]], ids=["district", "sites"])
@pytest.mark.parametrize("shown", ["bow", "nowhere", "two"])
def test_a_file_that_is_ground_alone_is_refused_without_options_that_nothing_has(onemap, place, tmp_path, verb, shown):
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    file = write_layer(
        tmp_path / "ground.gpkg", [at(bow if shown == "bow" else OLD)], crs=None if shown == "nowhere" else "EPSG:4547"
    )
    if shown == "two":
        gpd.read_file(file).to_file(file, layer="other")
    (problem,) = onemap(verb[0], place, *verb[1:], file).json["problems"]
    assert problem["mend"] and "--" not in f"{problem['mend']}{problem['field']}"

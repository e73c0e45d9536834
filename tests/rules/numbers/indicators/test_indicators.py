"""Indicators worked out by hand on squares: values, status, and why a value is unknown."""

import contextlib
import json
import re
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from openpyxl import load_workbook
from shapely import LineString, Point, box

from onemap.rules.numbers.indicators.unit_of_measure import unit_of_measure
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.rules.numbers.indicators.small_packs import ask, pack_of, values

WEST, EAST = box(0, 0, 100, 100), box(100, 0, 200, 100)  # a hectare each


def ellipsoidal_m2(polygon):
    """Another way to the area on the ellipsoid: the edges cut into short geodesics."""
    to_degrees = pyproj.Transformer.from_crs("EPSG:4547", "EPSG:4490", always_xy=True).transform
    outline = shapely.transform(polygon.segmentize(1.0), lambda xy: np.column_stack(to_degrees(*xy.T)))
    return abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(outline)[0])


@pytest.fixture
def units(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]})


@pytest.fixture
def land(desk, units):
    """Fields over the border: 60 m in the west, 20 m in the east; declared 800 m² of 8000 m²; a town in the east."""
    shapes = [box(40, 0, 120, 100), box(120, 0, 200, 100)]
    columns = {"K": ["0101", "0701"], "NET": [7200.0, 8000.0], "MC": ["a", "b"]}
    desk.layer("LAND", shapes, columns, label="2020", valid_from="2020-12-31")


def test_what_fails_can_be_listed_alone_and_all_is_counted_and_written(desk, land):
    """0.54 and 0.18 of the unit's ground: under a ceiling of 50 % the west is broken."""
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"', "whole": 'kind = "ground"'}
    pack = pack_of(desk, terms, 'formula = "net / whole"\nunit = "%"\nbound = "ceiling"\ntarget = 50\nwarn = 0.95')
    out = desk.folder / "all.xlsx"
    found = ask(desk, pack, "--failing", f"--out={out}")
    assert values(found, field="status") == {"W": "alarm"} and found["statuses"] == {"alarm": 1, "ok": 1}
    assert len(pd.read_excel(out, sheet_name=0)) == 2
    assert result_text("indicators", found, "en").startswith("2 values: 1 met, 0 near the limit, 1 broken")


@pytest.mark.parametrize(("code", "remarks"), [("O7%", ["indicator.value_absent"]), ("07%", [])])
def test_a_code_that_nothing_has_is_told_since_it_counts_nothing(desk, units, code, remarks):
    terms = {"built": f'kind = "area"\nlayer = "DLTB"\nwhere = "DLBM LIKE \'{code}\'"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "built"\nunit = "ha"\nbound = "ceiling"\ntarget = 1'))
    assert [one["code"] for one in found["problems"]] == remarks


def test_a_net_area_is_shared_out_over_the_border_and_told_in_hectares(desk, land):
    pack = pack_of(
        desk,
        {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"'},
        'formula = "net"\nunit = "ha"',
    )
    found = ask(desk, pack)
    assert values(found) == pytest.approx({"W": 0.54, "E": 0.18})  # 60 of 80 m, of 7200 m²
    (row, _) = found["indicators"]
    (term,) = row["inputs"]
    assert (term["features"], term["versions"][0]["label"], len(term["versions"][0]["hash"])) == (1, "2020", 64)
    assert row["year"] == 2020 and row["status"] == "none" and row["reason"] == "no_target"


def test_an_area_is_that_of_the_union_on_the_ellipsoid(desk, units):
    desk.layer("ZONE", [box(0, 0, 50, 100), box(30, 0, 80, 100)])
    found = ask(desk, pack_of(desk, {"zone": 'kind = "area"\nlayer = "ZONE"'}, 'formula = "zone"'))
    assert values(found)["W"] == pytest.approx(ellipsoidal_m2(box(0, 0, 80, 100)), rel=1e-7)
    assert values(found)["E"] == 0.0
    assert found["indicators"][0]["inputs"][0]["overlap_m2"] == pytest.approx(2000.0)


def test_the_share_of_one_layer_inside_another_and_what_is_outside(desk, land):
    desk.layer("FARM", [box(80, 0, 110, 100), box(90, 0, 130, 50)])
    terms = {
        "farm": 'kind = "area"\nlayer = "FARM"',
        "kept": 'kind = "area"\nlayer = "LAND"\nwhere = "K LIKE \'01%\'"\ninside = ["FARM"]',
        "free": 'kind = "area"\nlayer = "LAND"\nwhere = "K LIKE \'01%\'"\noutside = ["FARM"]',
        "town": 'kind = "area"\nlayer = "LAND"\nwhere = "K = \'0701\'"\n'
        'inside = [{ layer = "FARM", where = "KEY = \'f2\'" }]',
        "ground": 'kind = "ground"',
    }
    wanted = ['formula = "kept / farm"', 'formula = "free / ground"', 'formula = "town / ground"']
    found = ask(desk, pack_of(desk, terms, *(f'{one}\nunit = "%"' for one in wanted)))
    # West: farm 20 × 100, all of it field. East: farm 10 × 100 + 20 × 50, of it field 10 × 100 + 10 × 50.
    assert values(found) == pytest.approx({"W": 100.0, "E": 75.0}, rel=1e-6)
    assert values(found, "i1") == pytest.approx({"W": 40.0, "E": 5.0}, rel=1e-6)  # 40 × 100; 10 × 50 of the field
    assert values(found, "i2") == pytest.approx({"W": 0.0, "E": 5.0}, rel=1e-6)  # 10 × 50


def test_a_road_drawn_twice_counts_once_and_density_is_told_per_square_kilometre(desk, units):
    lines = [LineString([(0, 50), (150, 50)]), LineString([(50, 50), (120, 50)])]
    desk.layer("ROAD", lines, {"G": ["a", "b"]}, geometry="line")
    terms = {"road": 'kind = "length"\nlayer = "ROAD"', "ground": 'kind = "ground"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "road / ground"\nunit = "km/km2"'))
    expected = {"W": 100 / ellipsoidal_m2(WEST) * 1000, "E": 50 / ellipsoidal_m2(EAST) * 1000}
    assert values(found) == pytest.approx(expected, rel=1e-6)


def test_things_are_counted_where_most_of_them_lies_and_names_once(desk, units):
    shapes = [box(90, 0, 120, 10), box(10, 0, 20, 10), box(30, 0, 40, 10), box(50, 0, 60, 10)]
    desk.layer("SITE", shapes, {"MC": ["x", "y", "y", None]})
    desk.layer("DOT", [Point(10, 10), Point(150, 10), Point(160, 10), Point(500, 500)], geometry="point")
    terms = {
        "sites": 'kind = "count"\nlayer = "SITE"',
        "names": 'kind = "count"\nlayer = "SITE"\ndistinct = "MC"',
        "dots": 'kind = "count"\nlayer = "DOT"',
    }
    found = ask(desk, pack_of(desk, terms, *(f'formula = "{name}"\nunit = "count"' for name in terms)))
    assert values(found, "i0") == {"W": 3.0, "E": 1.0}
    assert values(found, "i1") == {"W": 2.0, "E": 1.0}  # y twice, and one without a name
    assert values(found, "i2") == {"W": 1.0, "E": 2.0}


def test_reach_is_a_straight_distance_and_looks_over_the_border(desk, units):
    desk.layer("HOME", [box(0, 0, 60, 100), box(140, 0, 200, 100)])
    desk.layer("PARK", [box(100, -50, 110, 150)])
    terms = {
        "home": 'kind = "area"\nlayer = "HOME"',
        "near": 'kind = "reach"\nlayer = "HOME"\nto = "PARK"\ndistance_m = 50',
    }
    found = ask(desk, pack_of(desk, terms, 'formula = "near / home"\nunit = "%"'))
    # 50 m west of x = 100 begins at 50: 10 of 60 m. 50 m east of x = 110 ends at 160: 20 of 60 m.
    assert values(found) == pytest.approx({"W": 100 / 6, "E": 100 / 3}, rel=1e-6)


def test_what_became_building_land_since_the_version_before(desk, land):
    shapes = [box(40, 0, 90, 100), box(90, 0, 200, 100)]
    desk.layer(
        "LAND", shapes, {"K": ["0101", "0701"], "NET": [1, 1], "MC": ["a", "b"]}, label="2024", valid_from="2024-12-31"
    )
    terms = {
        "taken": 'kind = "transition"\nlayer = "LAND"\nwhere = "K = \'0701\'"\nwas = "K LIKE \'01%\'"',
        "town": 'kind = "area"\nlayer = "LAND"\nwhere = "K = \'0701\'"',
        "then": 'kind = "area"\nlayer = "LAND"\nwhere = "K = \'0701\'"\nstate = 2020',
    }
    pack = pack_of(desk, terms, 'formula = "taken"', 'formula = "town / then"\nunit = "x"')
    found = ask(desk, pack, "--as-of=2025-06-01")
    assert values(found)["W"] == pytest.approx(ellipsoidal_m2(box(90, 0, 100, 100)), rel=1e-6)
    assert values(found)["E"] == pytest.approx(ellipsoidal_m2(box(100, 0, 120, 100)), rel=1e-6)
    assert values(found, "i1") == {"W": None, "E": pytest.approx(1.25, rel=1e-6)}  # 100 of 80 m; none in the west
    assert values(found, "i1", "reason")["W"] == "denominator_zero"
    before = ask(desk, pack, "--as-of=2021-01-01")
    assert set(values(before, field="reason").values()) == {"no_earlier"}
    again = {"K": ["0101", "0701"], "NET": [1, 1], "MC": ["a", "b"]}
    desk.layer("LAND", shapes, again, label="wrong", valid_from="2023-12-31")  # as it is in 2024: nothing became it
    assert values(ask(desk, pack, "--as-of=2025-06-01"))["W"] == 0
    assert desk.run("retire", desk.library, "LAND", "wrong", "--reason", "wrong file").code == 0
    assert values(ask(desk, pack, "--as-of=2025-06-01")) == values(found)


def people(desk, rows):
    """The statistics' numbers of persons: rows of unit, year, number, unit of measure."""
    records = [[*row[:2], "people", *row[2:]] for row in rows]
    path = desk.folder / "people.csv"
    pd.DataFrame(records, columns=["XZQDM", "ND", "ZBDM", "Z", "DW"]).to_csv(path, index=False)
    desk.run("add", desk.library, path, "--as", "TJSJ", "--valid-from", "2020-12-31", "--covers", "extent").done()


PEOPLE = 'kind = "table"\nlayer = "TJSJ"\nwhere = "ZBDM = \'people\'"\nfield = "Z"\nunit = "person"'


def test_a_number_of_a_table_is_that_of_the_year_of_the_ground(desk, land):
    people(desk, [("W", 2019, 10, "人"), ("W", 2020, 12, "人"), ("E", 2019, 20, "人")])
    terms = {
        "field": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K = \'0101\'"',
        "people": PEOPLE,
    }
    pack = pack_of(desk, terms, 'formula = "field / people"\nunit = "m2/person"', 'formula = "people"\nunit = "person"')
    found = ask(desk, pack, "--as-of=2022-01-01")
    assert values(found) == {"W": pytest.approx(5400 / 12), "E": None}
    assert values(found, field="reason")["E"] == "no_year"
    assert values(found, "i1") == {"W": 12.0, "E": 20.0}  # alone it is the last that is known
    assert values(found, "i1", "year") == {"W": 2020, "E": 2019}


def test_a_row_without_a_fitting_unit_of_measure_is_unknown(desk, land):
    people(desk, [("W", 2020, 0.5, "万人"), ("E", 2020, 7, "公顷")])
    terms = {"people": f'{PEOPLE}\nunit_field = "DW"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "people"\nunit = "person"'))
    assert values(found) == {"W": 5000.0, "E": None} and values(found, field="reason")["E"] == "unit"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('bound = "floor"\ntarget = 0.5\nwarn = 1.1', {"W": "warn", "E": "alarm"}),
        ('bound = "floor"\ntarget = 0.18', {"W": "ok", "E": "ok"}),
        ('bound = "ceiling"\ntarget = 0.5\nwarn = 0.95', {"W": "alarm", "E": "ok"}),
        ('bound = "ceiling"\ntarget = 0.55\nwarn = 0.95', {"W": "warn", "E": "ok"}),
        ('bound = "band"\ntarget = [0.2, 0.6]\nwarn = 0.9', {"W": "ok", "E": "alarm"}),
        ('bound = "rise"\ntarget = { 2035 = 0.9 }\nbase = { 2010 = 0.1 }', {"W": "ok", "E": "alarm"}),  # 0.42 in 2020
        ('bound = "floor"\ntarget = { 2020 = 0.1, 2035 = 9 }', {"W": "ok", "E": "ok"}),
        ('bound = "floor"', {"W": "none", "E": "none"}),
    ],
)
def test_the_status_follows_bound_and_target(desk, land, keys, expected):
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"'}
    found = ask(desk, pack_of(desk, terms, f'formula = "net"\nunit = "ha"\n{keys}'))
    assert values(found, field="status") == expected


@pytest.mark.parametrize(
    ("nets", "bound", "target", "expected"),
    [
        ([0.1, 0.2], "ceiling", 0.3, ("ok", 0.0)),  # 0.1 + 0.2 is 0.30000000000000004 in a computer
        ([0.1, 0.2], "ceiling", 0.29, ("alarm", -0.01)),
        ([0.1] * 3, "floor", 0.3, ("ok", 0.0)),
        ([0.7] * 3, "rise", 2.1, ("ok", 0.0)),  # 2.0999999999999996
        ([0.7] * 3, "floor", 2.11, ("alarm", -0.01)),
        ([0.1, 0.2], "band", [0.1, 0.3], ("ok", None)),
        ([0.1, 0.21], "band", [0.1, 0.3], ("alarm", None)),
    ],
)
def test_what_lies_on_its_target_keeps_it_to_the_square_centimetres_that_data_have(desk, nets, bound, target, expected):
    shapes = [box(x, 0, x + 1, 1) for x in range(len(nets))]
    desk.layer("UNITS", [WEST], {"NAME": ["W"]})
    desk.layer("LAND", shapes, {"NET": nets}, label="2020", valid_from="2020-12-31")
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"'}
    found = ask(desk, pack_of(desk, terms, f'formula = "net"\nbound = "{bound}"\ntarget = {target}'))
    (row,) = found["indicators"]
    assert (row["status"], row["headroom"]) == (expected[0], expected[1] and pytest.approx(expected[1]))


@pytest.mark.parametrize(("unit", "number"), [("万亩", 0.15), ("亩", 1500), ("平方公里", 1), ("千公顷", 0.1)])
def test_a_target_is_kept_by_a_value_that_is_as_large_in_another_unit(unit, number):
    """100 ha are 1500 mu and 1 km²; converted, 0.15 万亩 are 99.99999999999999 ha."""
    hectares, other = unit_of_measure("ha"), unit_of_measure(unit)
    assert hectares.compare(100.0, hectares.of(other.to_base(number))) == 0
    assert hectares.compare(100.000002, hectares.of(other.to_base(number))) == 1  # 0.02 m²


def test_targets_of_single_units_come_from_the_table_in_its_own_unit(desk, land):
    rows = {
        "XZQDM": ["W", "E", "W"],
        "ZBMC": ["题", "i0", "other"],
        "DW": ["亩", None, "亩"],
        "GHMBN": [15.0, 1.0, 1.0],
        "MBND": [2035, 2035, 2035],
    }
    path = desk.folder / "targets.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    assert desk.run("add", desk.library, path, "--as", "GHZBB", "--valid-from", "2020-01-01").code == 0
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"'}
    pack = pack_of(desk, terms, 'formula = "net"\nunit = "ha"\nbound = "floor"', head='targets = "GHZBB"\n')
    found = ask(desk, pack)
    assert values(found, field="target") == {"W": pytest.approx(1.0), "E": None}  # 15 mu are a hectare
    assert values(found, field="target_year")["W"] == 2035
    assert values(found, field="status") == {"W": "alarm", "E": "unknown"}
    assert values(found, field="reason")["E"] == "target_unit" and values(found)["E"] == pytest.approx(0.18)


def test_a_unit_that_cannot_be_laid_over_the_coverage_is_not_taken_for_covered(desk, land):
    desk.layer("ZONE", [box(0, 0, 10, 10)], {"K": ["a"]}, covers=box(0, 0, 150, 100))
    desk.damage_coverage("ZONE", box(0, 0, 300, 100), box(50, 0, 220, 80))
    pack = pack_of(desk, {"zone": 'kind = "area"\nlayer = "ZONE"'}, 'formula = "zone"')
    assert set(values(ask(desk, pack), "i0", "reason").values()) == {"arithmetic"}


@pytest.mark.parametrize(
    ("overlay", "where"),
    [("intersections", 'inside = ["FARM", "ZONE"]'), ("differences", 'outside = ["FARM"]')],
)
def test_ground_under_another_layer_that_arithmetic_cannot_place_is_unknown(desk, land, broken_overlay, overlay, where):
    desk.layer("FARM", [box(0, 0, 50, 50)])
    desk.layer("ZONE", [box(0, 0, 60, 60)])
    pack = pack_of(desk, {"kept": f'kind = "area"\nlayer = "LAND"\n{where}'}, 'formula = "kept"')
    assert None not in values(ask(desk, pack)).values()
    broken_overlay(f"onemap.rules.numbers.indicators.term_measures.{overlay}")
    assert set(values(ask(desk, pack), "i0", "reason").values()) == {"arithmetic"}


def test_what_is_not_known_is_unknown_and_says_why(desk, land):
    desk.layer("ZONE", [box(0, 0, 10, 10), box(110, 0, 120, 10)], {"K": ["a", None]}, covers=box(0, 0, 100, 100))
    define = "name=x,department=land,library=department,kind=vector,geometry=polygon,key=KEY"
    source = desk.write("later", [WEST], {"KEY": ["f1"]}, "EPSG:4547")
    desk.run(
        "add", desk.library, source, "--as=LATE", "--covers=extent", "--valid-from=2999-01-01", "--define", define
    ).done()
    desk.layer("COAST", [LineString([(500, 500), (600, 600)])], geometry="line")
    terms = {
        "zone": 'kind = "area"\nlayer = "ZONE"',
        "of_a": 'kind = "area"\nlayer = "LAND"\noutside = [{ layer = "ZONE", where = "K = \'a\'" }]',
        "late": 'kind = "area"\nlayer = "LATE"',
        "red": 'kind = "area"\nlayer = "STBHHX"',
        "lost": 'kind = "sum"\nlayer = "LAND"\nfield = "NOPE"',
        "coast": 'kind = "length"\nlayer = "COAST"',
        "ground": 'kind = "ground"',
    }
    asked = ['formula = "zone / ground"\nunit = "%"', 'formula = "late"', 'formula = "red / ground"\nunit = "%"']
    asked += ['formula = "lost"', 'formula = "coast / coast"\nunit = "%"\nzero = "not_applicable"']
    asked += ['formula = "ground / zone"\nunit = "x"', 'formula = "of_a"']
    found = ask(desk, pack_of(desk, terms, *asked), "--as-of=2026-01-01")
    reasons = {name: values(found, name, "reason") for name in ("i0", "i1", "i2", "i3", "i4", "i5", "i6")}
    assert reasons["i0"] == {"W": "no_target", "E": "outside_coverage"}
    assert set(reasons["i1"].values()) == {"not_in_force"} and set(reasons["i2"].values()) == {"layer_missing"}
    assert set(reasons["i3"].values()) == {"no_field"}
    assert reasons["i4"] == {"W": "not_applicable", "E": "not_applicable"}
    assert set(values(found, "i4", "status").values()) == {"none"}
    assert reasons["i6"]["E"] == "outside_coverage"
    unknown = [row for row in found["indicators"] if row["status"] == "unknown"]
    assert unknown and all(row["value"] is None and row["reason"] for row in unknown)
    assert values(found, "i0", "known_value")["E"] == pytest.approx(1.0, rel=1e-3)  # 100 of 10,000 m², told apart
    loose = pack_of(desk, terms, asked[0], head="least_known = 0.0\n", name="loose")
    assert values(ask(desk, loose))["E"] == pytest.approx(1.0, rel=1e-3)


def test_a_condition_that_is_unknown_counts_nowhere_and_leaves_the_value_open(desk, units):
    desk.layer("ZONE", [box(0, 0, 50, 100), box(100, 0, 150, 100)], {"K": ["a", None]})
    terms = {"zone": 'kind = "area"\nlayer = "ZONE"\nwhere = "K = \'a\'"', "ground": 'kind = "ground"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "zone / ground"\nunit = "%"'))
    assert values(found) == {"W": pytest.approx(50.0), "E": None} and values(found, field="reason")["E"] == "no_value"
    assert values(found, field="share_known")["E"] == 0.0  # of all that may count nothing is sure


@pytest.mark.slow
@pytest.mark.parametrize(
    ("terms", "keys", "code", "line"),
    [
        ({"a": 'kind = "area"\nlayer = "NOPE"'}, 'formula = "a"', "indicator.layer", 12),
        ({"a": 'kind = "area"\nlayer = "ROAD"'}, 'formula = "a"', "indicator.layer", 12),
        ({"a": 'kind = "area"'}, 'formula = "a"', "indicator.key_missing", 9),
        ({"a": 'kind = "vast"\nlayer = "LAND"'}, 'formula = "a"', "indicator.value", 11),
        ({"a": 'kind = "area"\nlayer = "LAND"\nwhere = "K ="'}, 'formula = "a"', "indicator.condition", 13),
        ({"a": 'kind = "area"\nlayer = "LAND"\nfield = "K"'}, 'formula = "a"', "indicator.key", 13),
        ({"a": 'kind = "area"\nlayer = "LAND"\ninside = [3]'}, 'formula = "a"', "indicator.option", 13),
        ({"a": 'kind = "sum"\nlayer = "LAND"\nfield = "K"\nunit = "ell"'}, 'formula = "a"', "indicator.unit", 14),
        ({"a": 'kind = "ground"'}, 'formula = "a / b"', "indicator.term", 20),
        ({"a": 'kind = "ground"'}, 'formula = "a /"', "indicator.formula", 20),
        ({"a": 'kind = "ground"'}, 'formula = "a"\nunit = "km"', "indicator.measure", 16),
        ({"a": 'kind = "ground"'}, 'formula = "a"\nnature = "holy"', "indicator.value", 17),
        ({"a": 'kind = "ground"'}, 'formula = "a"\ndecimals = "two"', "indicator.type", 21),
        ({"a": 'kind = "ground"'}, 'formula = "a"\ntarget = 3', "indicator.option", 21),
        ({"a": 'kind = "ground"'}, 'formula = "a"\nbound = "floor"\ntarget = { soon = 3 }', "indicator.option", 21),
        ({"a": 'kind = "ground"'}, 'formula = "a"\nbasis = "law"', "indicator.key", 21),
    ],
)
def test_a_wrong_pack_is_refused_with_line_and_key(desk, land, terms, keys, code, line):
    desk.layer("ROAD", [LineString([(0, 0), (1, 1)])], geometry="line")
    pack = pack_of(desk, terms, keys)
    refused = ask(desk, pack, code=3)
    (problem,) = refused["problems"]
    assert (problem["code"], problem["file"]) == (code, "town.toml"), problem
    assert f"Line {line} of town.toml" in problem["message"] and "{" not in problem["message"].replace("{ ", "")
    assert pack.read_text(encoding="utf-8").splitlines()[line - 1].startswith((problem["field"], "[["))


def test_packs_that_cannot_be_read_are_refused(desk, land):
    for text, code in (
        ("[pack", "pack.syntax"),
        ("pack = 3\n", "indicator.table"),
        ('[pack]\nid = "x"\n', "indicator.key_missing"),
    ):
        path = desk.folder / "bad.toml"
        path.write_text(text, encoding="utf-8")
        assert {problem["code"] for problem in ask(desk, path, code=3)["problems"]} == {code}
    assert ask(desk, "nope", code=3)["problems"][0]["code"] == "indicators.pack"
    twice = pack_of(desk, {"a": 'kind = "ground"'}, 'formula = "a"', 'id = "i0"\nformula = "a"')
    assert ask(desk, twice, code=3)["problems"][0]["code"] == "indicator.twice"
    good = pack_of(desk, {"a": 'kind = "ground"'}, 'formula = "a"')
    assert ask(desk, good, f"--pack={good}", code=3)["problems"][0]["code"] == "indicator.twice"
    assert ask(desk, good, "--only=other", code=3)["problems"][0]["code"] == "indicators.unknown"
    assert ask(desk, good, units=False, code=3)["problems"][0]["code"] == "indicators.no_ground"
    assert ask(desk, good, "--unit=NOPE", units=False, code=3)["problems"][0]["code"] == "indicators.unit"
    desk.layer("ROAD", [LineString([(0, 0), (1, 1)])], geometry="line")
    (problem,) = ask(desk, good, "--unit=ROAD", units=False, code=3)["problems"]
    assert (problem["code"], problem["field"]) == ("statistics.units", "--unit")
    assert ask(desk, good, "--unit-field=NOPE", code=3)["problems"][0]["code"] == "field.missing"


def test_units_with_gaps_or_overlaps_are_told(desk, land):
    ring = box(0, 0, 100, 100).difference(box(40, 40, 60, 50))
    desk.layer("PARTS", [ring, box(90, 0, 200, 100)], {"NAME": ["W", "E"]})
    pack = pack_of(desk, {"a": 'kind = "ground"'}, 'formula = "a"')
    found = ask(desk, pack, "--unit=PARTS", "--unit-field=NAME", units=False)
    messages = {problem["code"]: problem["message"] for problem in found["problems"]}
    assert "1,000.00 m²" in messages["statistics.units_overlap"] and "200.00 m²" in messages["statistics.units_gap"]
    assert ask(desk, pack)["problems"] == []


def test_lines_that_lie_in_no_unit_are_told_with_their_length(desk, land):
    # Of 60 m of line 20 m stand out beyond the only unit, of which 5 m are of a class that nobody asks for.
    desk.layer("PARTS", [box(0, 0, 100, 100)], {"NAME": ["W"]})
    lines = [LineString([(-15, 50), (20, 50)]), LineString([(-5, 60), (20, 60)])]
    desk.layer("ROAD", lines, {"K": ["a", "b"]}, geometry="line")
    pack = pack_of(desk, {"a": 'kind = "length"\nlayer = "ROAD"\nwhere = "K = \'a\'"'}, 'formula = "a"\nunit = "m"')
    found = ask(desk, pack, "--unit=PARTS", "--unit-field=NAME", "--lang=en", units=False)
    (problem,) = [one for one in found["problems"] if one["code"] == "statistics.outside_units"]
    assert problem["message"].startswith("1 feature ") and "15.00 m" in problem["message"]


def test_a_series_marks_what_was_not_measured_anew(desk, land):
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"'}
    pack = pack_of(desk, terms, 'formula = "net"\nunit = "ha"')
    found = ask(desk, pack, "--as-of=2021-06-01", "--as-of=2022-06-01")
    marks = [(row["as_of"], row["break"]) for row in found["indicators"] if row["unit"] == "W"]
    assert marks == [("2021-06-01", None), ("2022-06-01", "same_state")]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ["测算", "LAND 2020", "公顷", "技术信息"]),
        ("en", ["run", "LAND 2020", " ha", "Technical"]),
    ],
)
def test_an_explanation_is_read_first_and_technical_below(desk, land, lang, words):
    terms = dict.fromkeys(("net.one", "net.two"), 'kind = "sum"\nlayer = "LAND"\nfield = "NET"')
    run = ask(
        desk, pack_of(desk, terms, 'formula = "net.one / 2 + net.two / 2"\nunit = "ha"\nbound = "floor"\ntarget = 0.5')
    )["run"]["id"]
    answer = desk.run("explain", desk.library, run, "W", "i0", lang=lang).json
    text = result_text("explain", answer, lang)
    plain, technical = text.split(f"\n\n{words[-1]}\n")
    assert not re.search(r"__[0-9]|[0-9a-f]{8}|m2|T[0-9]{2}:|net\.", plain), plain
    assert "net.one / 2 + net.two / 2" in technical
    assert "LAND__1@" in technical and run in technical and run not in plain
    assert [word for word in words[:-1] if word not in plain] == [], plain


def test_a_run_is_kept_explained_and_repeated_and_a_changed_row_is_found(desk, land):
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"'}
    pack = pack_of(desk, terms, 'formula = "net"\nunit = "ha"\nbound = "floor"\ntarget = 0.5')
    run = ask(desk, pack)["run"]
    assert run["recorded"] and run["packs"][0]["id"] == "town" and run["layers"][0]["code"] == "LAND"
    assert desk.run("verify", desk.library, "--run", run["id"]).json == {"ok": True, "problems": []}
    (listed,) = desk.run("runs", desk.library, "--kind=indicators").json["runs"]
    assert (listed["id"], listed["packs"]) == (run["id"], ["town"])
    steps, texts = {}, {}
    for step in desk.run("explain", desk.library, run["id"], "W", "i0").json["steps"]:
        steps.setdefault(step["key"], []).append(step["value"])
        texts[step["key"]] = step["said"]
    assert steps["feature"] == ["f1 · 5,400"] and "LAND__1@" in steps["version"][0]
    assert texts["formula"] == "sum (LAND) · ha" and "net" not in texts["term"], "a formula names what terms measure"
    assert texts["feature"] == "f1 · 5,400 m²"
    assert steps["value"] == ["0.54 ha · 2020"] and steps["formula"] == ["net · ha"]
    for arguments, code in ((("W", "i9"), "run.indicator"), (("X", "i0"), "run.unit")):
        refused = desk.run("explain", desk.library, run["id"], *arguments)
        assert refused.code == 3 and refused.json["problems"][0]["code"] == code
    later = {"K": ["0101", "0701"], "NET": [1.0, 2.0], "MC": ["a", "b"]}
    desk.layer("LAND", [WEST, EAST], later, label="2020b", valid_from="2020-12-31")
    assert desk.run("verify", desk.library, "--run", run["id"]).json["ok"], "what came later is not known to the run"
    with sqlite3.connect(desk.library) as connection:
        text = connection.execute("SELECT record FROM onemap_runs WHERE id = ?", (run["id"],)).fetchone()[0]
        record = json.loads(text)
        record["parameters"]["unit"] = "UNITS@nope"
        connection.execute("UPDATE onemap_runs SET record = ? WHERE id = ?", (json.dumps(record), run["id"]))
    connection.close()
    assert desk.run("verify", desk.library, "--run", run["id"]).code == 5


@pytest.mark.parametrize("suffix", [".gpkg", ".xlsx", ""])
def test_tables_are_written_in_every_form(desk, land, suffix):
    pack = pack_of(desk, {"a": 'kind = "area"\nlayer = "LAND"'}, 'formula = "a"', 'formula = "a"\nunit = "ha"')
    out = desk.folder / f"out{suffix}"
    found = ask(desk, pack, f"--out={out}")
    assert found["out"] == str(out) and out.exists()
    if suffix == ".gpkg":
        rows = gpd.read_file(out, layer="indicators")
        assert rows["value"].tolist() == [row["value"] for row in found["indicators"]]
        assert rows.geometry.area.tolist() == [10_000.0] * 4 and rows["title"].tolist() == ["title"] * 4
        assert set(gpd.read_file(out, layer="terms")["versions"].str.split("@").str[0]) == {"LAND__1"}
        assert len(gpd.read_file(out, layer="features")) == 3
        with contextlib.closing(sqlite3.connect(out)) as connection:
            asked = "SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'indicators'"
            heads = dict(connection.execute(asked))
        assert (heads["unit_title"], heads["target_year"]) == ("Name of the unit", "Target year")
    if suffix == ".xlsx":
        sheet = pd.read_excel(out, sheet_name="Indicators")
        assert sheet["Name"].tolist() == ["title"] * 4 and set(sheet["Status"]) == {"no status"}
        assert set(sheet["Nature"]) == {"binding"} and set(sheet["Reason"]) == {"no target"}


@pytest.mark.slow
def test_on_a_server_the_values_are_the_same_and_the_run_is_kept(desk, land, postgis):
    there = f"{postgis.database().url}&schema=city"
    terms = {
        "net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"\nwhere = "K LIKE \'01%\'"',
        "land": 'kind = "area"\nlayer = "LAND"',
    }
    pack = pack_of(desk, terms, 'formula = "net / land"\nunit = "%"')
    assert desk.run("copy", desk.library, there).code == 0
    asked = ["--unit=UNITS", "--unit-field=NAME", f"--pack={pack}"]
    found = desk.run("indicators", there, *asked).done()
    assert values(found.json) == values(ask(desk, pack)) and found.json["run"]["recorded"]
    assert desk.run("verify", there, "--run", found.json["run"]["id"]).json == {"ok": True, "problems": []}


def test_a_stored_run_of_indicators_is_written_again_with_words_for_its_terms(desk, land, tmp_path):
    terms = {"net": 'kind = "sum"\nlayer = "LAND"\nfield = "NET"'}
    pack = pack_of(desk, terms, 'formula = "net"\nunit = "ha"\ntitle = { zh = "净面积", en = "Net area of fields" }')
    first, again = tmp_path / "first.xlsx", tmp_path / "again.xlsx"
    found = ask(desk, pack, "--out", first)
    answer = desk.run("runs", desk.library, found["run"]["id"], "--out", again)
    assert answer.code == 0 and answer.json["run"]["kind"] == "indicators"
    books = [load_workbook(path) for path in (first, again)]
    for name in ("Indicators", "Terms", "Features"):
        one, other = ([list(row) for row in book[name].iter_rows(values_only=True)] for book in books)
        assert one == other, name
    head, row, *_ = books[1]["Terms"].iter_rows(values_only=True)
    assert row[head.index("Term")] == "sum: LAND (for: Net area of fields)" and row[head.index("Term id")] == "net"

"""transitions: from class to class; the rows sum to both years."""

import geopandas
import pytest
from shapely import box


def ask(desk, *arguments, code=0, **options):
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    answer = desk.run("transitions", desk.library, *arguments, *given)
    assert answer.code == code, answer.json
    return answer.json


@pytest.fixture
def years(desk):
    # 2020: farm 60, built 40; 2021: the built ground has grown by 20, and a strip of 4 has no feature any more.
    desk.layer(
        "USE", [box(0, 0, 6, 10), box(6, 0, 10, 10)], {"K": ["farm", "built"]}, covers=box(0, 0, 10, 10), label="2020"
    )
    after = [box(0, 1, 4, 10), box(4, 0, 10, 10)]
    desk.layer("USE", after, {"K": ["farm", "built"]}, covers=box(0, 0, 10, 10), label="2021")
    return "USE@2020", "USE@2021"


def cells(found):
    def name(keys):
        return None if keys is None else keys["K"]

    return {(row["unit"], name(row["from"]), name(row["to"])): row["area_m2"] for row in found["rows"]}


def test_the_matrix_by_hand_and_its_margins(desk, years):
    found = ask(desk, *years, by="K")
    assert cells(found) == pytest.approx(
        {
            (None, "farm", "farm"): 36.0,
            (None, "farm", "built"): 20.0,
            (None, "built", "built"): 40.0,
            (None, "farm", None): 4.0,
        }
    )
    classes = {None if row["keys"] is None else row["keys"]["K"]: row for row in found["classes"]}
    assert (classes["farm"]["before_m2"], classes["farm"]["after_m2"]) == pytest.approx((60.0, 36.0))
    assert (classes["built"]["gain_m2"], classes["built"]["loss_m2"]) == pytest.approx((20.0, 0.0))
    assert classes[None]["after_m2"] == pytest.approx(4.0)
    assert found["total"]["area_m2"] == pytest.approx(100.0) and found["total"]["changed_m2"] == pytest.approx(24.0)


def test_by_unit_both_years_are_the_margins(desk, years):
    desk.layer("UNITS", [box(0, 0, 5, 10), box(5, 0, 20, 10)], {"NAME": ["W", "E"]})
    found = ask(desk, *years, by="K", within="UNITS", unit="NAME")
    assert cells(found)[("W", "farm", "built")] == pytest.approx(10.0)
    for year, margin in zip(years, ("before_m2", "after_m2"), strict=True):
        asked = desk.run("statistics", desk.library, year, "--by=K", "--within=UNITS", "--unit=NAME").json
        direct = {(row["unit"], row["keys"]["K"]): row["area_m2"] for row in asked["rows"]}
        sums = {(row["unit"], row["keys"]["K"]): row[margin] for row in found["classes"] if row["keys"] is not None}
        assert {key: value for key, value in sums.items() if value} == pytest.approx(direct)
    assert {row["unit"]: row["outside_coverage_m2"] for row in found["units"]} == pytest.approx({"W": 0.0, "E": 100.0})


@pytest.mark.parametrize("shared", (0, 1))
def test_a_unit_without_compared_ground_is_listed_and_its_change_unknown(desk, years, tmp_path, shared):
    # W reaches 10 beyond the compared ground; FAR lies wholly beyond it and shares a strip of `shared` × 2 with W.
    grounds = [box(0, 0, 5, 12), box(5, 0, 10, 10), box(5 - shared, 10, 9, 20)]
    desk.layer("UNITS", grounds, {"NAME": ["W", "E", "FAR"]})
    found = ask(desk, *years, by="K", within="UNITS", unit="NAME", out=tmp_path / "t.gpkg")
    written = geopandas.read_file(tmp_path / "t.gpkg", layer="units").set_index("unit")
    assert written.loc["FAR"].geometry is None and written.loc["W"].geometry.area == pytest.approx(50.0)
    units = {row["unit"]: (row["compared_m2"], row["changed_m2"], row["outside_coverage_m2"]) for row in found["units"]}
    changed = {name: row[1] for name, row in units.items()}
    assert units["FAR"] == (0.0, None, pytest.approx(40.0 + 10 * shared))
    assert (changed["W"], changed["E"]) == pytest.approx((14.0, 10.0))
    assert found["total"]["area_m2"] == pytest.approx(100.0)
    assert found["total"]["outside_coverage_m2"] == pytest.approx(50.0 + 10 * shared - 2 * shared)


def test_where_a_version_overlaps_itself_the_first_row_wins_and_that_is_told(desk, years):
    desk.layer(
        "USE", [box(0, 0, 6, 10), box(4, 0, 10, 10)], {"K": ["farm", "built"]}, covers=box(0, 0, 10, 10), label="x"
    )
    found = ask(desk, "USE@2020", "USE@x", by="K")
    assert cells(found) == pytest.approx({(None, "farm", "farm"): 60.0, (None, "built", "built"): 40.0})
    assert [problem["code"] for problem in found["problems"]] == ["compare.overlap"]


def test_a_unit_that_cannot_be_laid_over_the_compared_ground_is_refused_by_its_name(desk, years, broken_overlay):
    desk.layer("UNITS", [box(0, 0, 5, 10), box(5, 0, 20, 10)], {"NAME": ["W", "E"]})
    broken_overlay("onemap.rules.judge.overlay.overlay.intersections")
    (problem,) = ask(desk, *years, code=3, by="K", within="UNITS", unit="NAME")["problems"]
    assert problem["code"] == "compare.arithmetic" and (problem["layer"], problem["feature"]) == ("UNITS", "E")


def test_what_a_feature_has_lost_is_not_told_too_small(desk, years, broken_overlay):
    shapes = [box(0, 0, 6, 10), box(4, 0, 10, 10)]
    desk.layer("USE", shapes, {"K": ["farm", "built"]}, covers=box(0, 0, 10, 10), label="x")
    broken_overlay("onemap.rules.answers.statistics.transition_cells.differences")
    (problem,) = ask(desk, "USE@2020", "USE@x", code=3, by="K")["problems"]
    assert problem["code"] == "compare.arithmetic" and problem["feature"].endswith("2")


def test_lines_have_no_transition_and_two_places_no_common_ground(desk, years):
    desk.layer("FAR", [box(500, 0, 505, 10)], {"NAME": ["far"]})
    found = ask(desk, *years, code=3, by="K", within="FAR")
    assert [problem["code"] for problem in found["problems"]] == ["statistics.no_common_ground"]
    assert ask(desk, *years, code=3, by="NOPE")["problems"][0]["code"] == "statistics.field"

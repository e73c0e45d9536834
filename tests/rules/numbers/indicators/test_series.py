"""A series over years: breaks by other borders or another edition of classes, and the decade of two libraries."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

from onemap.rules.numbers.indicators.headroom import is_same
from onemap.tests.rules.numbers.indicators.small_packs import ask, pack_of

WEST, EAST = box(0, 0, 100, 100), box(100, 0, 200, 100)
FIELD = {
    "field": "kind = \"area\"\nlayer = \"DLTB\"\nwhere = \"DLBM IN ('0101', '0102', '0103')\"",
    "g": 'kind = "ground"',
}
SHARE = 'formula = "field / g"\nunit = "%"'


def survey(desk, year, codes):
    """The land as a survey of that year has it: four patches, two in each unit."""
    shapes = [box(x, 0, x + 50, 100) for x in (0, 50, 100, 150)]
    columns = {"BSM": [f"{n:018d}" for n in range(1, 5)], "DLBM": codes}
    source = desk.write(f"survey{year}", shapes, columns, "EPSG:4547")
    desk.run("add", desk.library, source, "--as=DLTB", "--covers=extent", f"--valid-from={year}-12-31").done()


def series(desk, *years, terms=None, item=SHARE):
    found = ask(desk, pack_of(desk, terms or FIELD, item), *(f"--as-of={year}-12-31" for year in years))
    return found, {
        unit: [
            (row["as_of"][:4], row["value"] and round(row["value"], 3), row["break"] or row["reason"])
            for row in found["indicators"]
            if row["unit"] == unit
        ]
        for unit in ("W", "E", "N")
    }


@pytest.mark.slow
def test_codes_of_another_edition_break_a_series_and_unknown_ones_are_no_zero(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, valid_from="2000-01-01")
    survey(desk, 2009, ["011", "012", "071", "113"])  # GB/T 21010-2007, three digits
    survey(desk, 2017, ["0101", "0501", "0502", "0810"])  # GB/T 21010-2017
    survey(desk, 2019, ["0101", "05H1", "08H1", "0810"])  # the third survey
    survey(desk, 2020, ["0101", "0102", "08H1", "0810"])
    found, rows = series(desk, 2009, 2017, 2019, 2020)
    assert rows["W"] == [
        ("2009", None, "class_edition"),
        ("2017", 50.0, "no_target"),
        ("2019", 50.0, "classes"),
        ("2020", 100.0, "no_target"),
    ]
    classes = [row["inputs"][0].get("classes") for row in found["indicators"] if row["unit"] == "W"]
    assert classes == [None, "current-uses", "survey-classes", "survey-classes"]
    assert desk.run("verify", desk.library, "--run", found["run"]["id"]).json == {"ok": True, "problems": []}


def test_what_has_changed_between_surveys_of_two_editions_carries_the_break_in_itself(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, valid_from="2000-01-01")
    survey(desk, 2017, ["0101", "0501", "0502", "0810"])
    survey(desk, 2019, ["05H1", "05H1", "08H1", "0810"])
    new = {"new": 'kind = "transition"\nlayer = "DLTB"\nwhere = "DLBM = \'05H1\'"\nwas = "DLBM = \'0101\'"'}
    _, rows = series(desk, 2019, terms=new, item='formula = "new"\nunit = "ha"')
    (row,) = rows["W"]
    assert row[1] == pytest.approx(0.5, rel=1e-2) and row[2] == "classes"


def test_moved_borders_break_a_series_and_new_versions_of_the_same_borders_do_not(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, valid_from="2019-01-01")
    survey(desk, 2019, ["0101", "0301", "0101", "0301"])
    survey(desk, 2020, ["0101", "0101", "0101", "0301"])
    survey(desk, 2021, ["0101", "0101", "0101", "0101"])
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, label="2020", valid_from="2020-06-01")
    parts = [WEST, box(100, 0, 150, 100), box(150, 0, 200, 100)]
    desk.layer("UNITS", parts, {"NAME": ["W", "E", "N"]}, label="2021", valid_from="2021-06-01")
    found, rows = series(desk, 2019, 2020, 2021)
    assert rows["W"] == [("2019", 50.0, "no_target"), ("2020", 100.0, "no_target"), ("2021", 100.0, "no_target")]
    assert rows["E"] == [("2019", 50.0, "no_target"), ("2020", 50.0, "no_target"), ("2021", 100.0, "units")]
    assert rows["N"] == [("2021", 100.0, "units")], "it was none before"
    assert len({row["unit_version"] for row in found["indicators"]}) == 3


def made_survey(seed, edge_m):
    """A square of 400 m in cells, each of a class by chance."""
    random = np.random.default_rng(seed)
    edges = np.arange(0, 400 + edge_m, edge_m)
    shapes = [box(x, y, x + edge_m, y + edge_m) for x in edges[:-1] for y in edges[:-1]]
    codes = random.choice(["0101", "0103", "0301", "0601", "0702", "1104A"], len(shapes))
    keys = [f"{n:018d}" for n in range(1, len(shapes) + 1)]
    return gpd.GeoDataFrame({"BSM": keys, "DLBM": codes}, geometry=shapes, crs="EPSG:4547")


@pytest.mark.slow
def test_a_decade_between_two_surveys_is_what_geopandas_makes_of_it(desk):
    units = gpd.GeoDataFrame(
        {"NAME": ["W", "E"]}, geometry=[box(0, 0, 170, 400), box(170, 0, 400, 400)], crs="EPSG:4547"
    )
    desk.layer("UNITS", units.geometry, {"NAME": ["W", "E"]}, valid_from="2000-01-01")
    surveys = {"2010-12-31": made_survey(1, 50), "2020-12-31": made_survey(2, 40)}
    for day, frame in surveys.items():
        source = desk.folder / f"{day}.gpkg"
        frame.to_file(source)
        desk.run("add", desk.library, source, "--as=DLTB", "--covers=extent", f"--valid-from={day}").done()
    both = gpd.overlay(*(frame[["DLBM", "geometry"]] for frame in surveys.values()))
    pieces = gpd.overlay(both, units)
    expected = pieces.geometry.area.groupby([pieces["NAME"], pieces["DLBM_1"], pieces["DLBM_2"]]).sum().to_dict()
    names = [f"DLTB@{day}" for day in surveys]
    asked = ("--by=DLBM", "--within=UNITS", "--unit=NAME")
    matrix = desk.run("transitions", desk.library, *names, *asked).json
    found = {(row["unit"], row["from"]["DLBM"], row["to"]["DLBM"]): row["area_m2"] for row in matrix["rows"]}
    assert found == pytest.approx(expected)
    for name, place in zip(names, (1, 2), strict=True):
        year = desk.run("statistics", desk.library, name, *asked).json
        margins = {}
        for key, area in found.items():
            margins[key[0], key[place]] = margins.get((key[0], key[place]), 0.0) + area
        assert {(row["unit"], row["keys"]["DLBM"]): row["area_m2"] for row in year["rows"]} == pytest.approx(margins)
    _, rows = series(desk, 2010, 2020)
    for unit, ground in (("W", 170 * 400), ("E", 230 * 400)):
        shares = [
            100
            * sum(area for key, area in expected.items() if key[0] == unit and key[place] in ("0101", "0103"))
            / ground
            for place in (1, 2)
        ]
        assert [row[1] for row in rows[unit]] == pytest.approx(shares, rel=1e-3)


TERMS = {
    "field": "kind = \"area\"\nlayer = \"DLTB\"\nwhere = \"DLBM IN ('0101', '0102', '0103')\"",
    "g": 'kind = "ground"',
}


@pytest.fixture
def units(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, valid_from="2000-01-01")
    return desk


def trends(desk, *asked):
    """By unit, for each day: value, trend, why there is none, and the value before with its day."""
    found = ask(desk, pack_of(desk, TERMS, SHARE), *asked)
    trends_of = {}
    for row in found["indicators"]:
        before = None if row["before"] is None else (round(row["before"], 3), row["before_as_of"])
        value = None if row["value"] is None else round(row["value"], 3)
        trends_of.setdefault(row["unit"], []).append((row["as_of"], value, row["trend"], row["trend_reason"], before))
    return found, trends_of


@pytest.mark.slow
def test_a_value_is_held_against_its_own_state_before(units):
    survey(units, 2018, ["0101", "0101", "0101", "0301"])
    survey(units, 2019, ["0101", "0301", "0101", "0301"])
    survey(units, 2020, ["0101", "0101", "0301", "0301"])
    found, trends_of = trends(units, "--as-of=2021-06-01", "--states=2")
    assert trends_of == {
        "W": [
            ("2019-12-30", 100.0, None, "one_state", None),
            ("2020-12-30", 50.0, "fall", None, (100.0, "2019-12-30")),
            ("2021-06-01", 100.0, "rise", None, (50.0, "2020-12-30")),
        ],
        "E": [
            ("2019-12-30", 50.0, None, "one_state", None),
            ("2020-12-30", 50.0, "same", None, (50.0, "2019-12-30")),
            ("2021-06-01", 0.0, "fall", None, (50.0, "2020-12-30")),
        ],
    }
    assert units.run("verify", units.library, "--run", found["run"]["id"]).json == {"ok": True, "problems": []}
    _, trends_of = trends(units, "--as-of=2021-06-01", "--as-of=2022-06-01", "--states=1")
    assert [one[2:] for one in trends_of["W"][1:]] == [("rise", None, (50.0, "2020-12-30"))] * 2, (
        "nothing measured anew"
    )


def test_of_one_state_nobody_knows_a_trend(units):
    survey(units, 2020, ["0101", "0101", "0301", "0301"])
    _, trends_of = trends(units, "--as-of=2021-06-01", "--states=3")
    assert trends_of["W"] == [("2021-06-01", 100.0, None, "one_state", None)]
    asked = trends(units, "--as-of=2021-06-01")[0]
    assert [row["trend_reason"] for row in asked["indicators"]] == ["one_state"] * 2


def test_no_trend_goes_across_another_edition_of_classes_or_other_borders(units):
    survey(units, 2017, ["0101", "0501", "0502", "0810"])  # GB/T 21010-2017
    survey(units, 2019, ["0101", "05H1", "08H1", "0810"])  # the third survey
    _, trends_of = trends(units, "--as-of=2020-06-01", "--states=1")
    assert trends_of["W"][-1] == ("2020-06-01", 50.0, None, "classes", None)
    parts = [box(0, 0, 120, 100), box(120, 0, 200, 100)]
    units.layer("UNITS", parts, {"NAME": ["W", "E"]}, label="2021", valid_from="2021-12-31")
    survey(units, 2021, ["0101", "0101", "08H1", "0810"])
    _, trends_of = trends(units, "--as-of=2022-06-01", "--states=1")
    assert trends_of["W"][-1][2:4] == (None, "units") and trends_of["W"][-1][1] == pytest.approx(100 / 1.2, abs=0.01)


def test_before_there_were_divisions_the_ground_of_todays_is_measured(desk):
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]}, valid_from="2020-12-31")
    survey(desk, 2019, ["0101", "0301", "0101", "0301"])
    survey(desk, 2020, ["0101", "0101", "0301", "0301"])
    found, trends_of = trends(desk, "--as-of=2021-06-01", "--states=1")
    assert trends_of["W"][-1] == ("2021-06-01", 100.0, "rise", None, (50.0, "2020-12-30"))
    assert trends_of["E"][-1] == ("2021-06-01", 0.0, "fall", None, (50.0, "2020-12-30"))
    assert len({row["unit_version"] for row in found["indicators"]}) == 1
    assert desk.run("verify", desk.library, "--run", found["run"]["id"]).json == {"ok": True, "problems": []}


def test_what_is_measured_twice_is_unchanged():
    assert is_same(100.0, 100.00001) and is_same(0.0, 0.0)
    assert not is_same(100.0, 100.001) and not is_same(0.0, 1e-12)


@pytest.mark.parametrize(
    ("language", "rises", "unknown"),
    [("en", "↗ rises from 50.0 (2020-12-30)", "? unknown: the data have only one state"),
     ("zh", "↗ 上升 此前 50.0（2020-12-30）", "? 无法判断：数据只有一个时点")],
)  # fmt: skip
def test_pages_and_words_say_it_in_both_languages(units, language, rises, unknown):
    survey(units, 2019, ["0101", "0301", "0101", "0301"])
    survey(units, 2020, ["0101", "0101", "0301", "0301"])
    page = units.folder / f"page-{language}.html"
    asked = ["indicators", units.library, "--pack", pack_of(units, TERMS, SHARE), "--unit=UNITS", "--unit-field=NAME"]
    answer = units.run(*asked, "--as-of=2021-06-01", "--states=1", "--page", page, lang=language)
    assert answer.code == 0 and rises in page.read_text(encoding="utf-8")
    run = answer.json["run"]["id"]
    steps = units.run("explain", units.library, run, "W", answer.json["indicators"][0]["id"], lang=language).json
    texts = [step["value"] for step in steps["steps"] if step["key"] == "trend"]
    assert texts == [unknown, rises]

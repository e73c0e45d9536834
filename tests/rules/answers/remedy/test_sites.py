"""Site search: places pass the check, have the area and width, and lie apart; the answer says if there are none."""

import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import box

from onemap.rules.answers.remedy.sites import places, widths_m
from onemap.tests.conftest import write_layer

GROUND = box(0, 0, 1500, 1200)
WINDOW = box(700, 500, 800, 560)


def search_sites(desk, *rules, within=GROUND, **options):
    """Search, and check every site that was written again."""
    out = desk.folder / "sites.gpkg"
    file = write_layer(desk.folder / "within.gpkg", [within])
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    pack = desk.pack(*rules)
    answer = desk.run(
        "sites", desk.library, "--within", file, "--pack", pack, "--out", out, "--overwrite", *given
    ).done()
    found = gpd.read_file(out, layer="sites")
    assert len(found) == len(answer.json["sites"])
    if len(found):
        again = desk.check(dict(zip(found["site"], found.geometry, strict=True)), *rules)
        assert set(again.verdicts().values()) <= {"clear", "notice"}
        assert found.geometry.within(within.buffer(1e-6)).all()
        common = [a.intersection(b).area for i, a in enumerate(found.geometry) for b in found.geometry[:i]]
        assert max(common, default=0) == 0
    return found


def test_the_one_window_that_is_free_is_found_across_the_edge_of_a_cell(desk):
    window = shapely.transform(WINDOW, lambda xy: xy + (260, 480))  # lies on x = 1000 and y = 1000
    desk.layer("ZONE", [GROUND - window])
    found = search_sites(desk, {}, area=5000, width=50)
    assert len(found) == 1
    site = found.iloc[0]
    assert site["area_m2"] == pytest.approx(5000) and 50 <= site["width_m"] <= 60
    assert site.geometry.within(window.buffer(1e-6)) and site["nearest_rule"] == "r"
    assert site["nearest_title"] in ("title", "题")
    assert site["clearance_m"] == pytest.approx(site.geometry.distance(GROUND - window), abs=1e-6)


def test_what_fits_nowhere_is_not_found(desk):
    desk.layer("ZONE", [GROUND - WINDOW])
    assert len(search_sites(desk, {}, area=5000, width=62)) == 0
    assert len(search_sites(desk, {}, area=6001, width=10)) == 0


def test_sites_are_ranked_by_how_far_they_lie_from_what_is_not_free(desk):
    desk.layer("ZONE", [box(0, 0, 100, 1200), box(700, 0, 720, 1200)])
    found = search_sites(desk, {}, area=10_000, count=5)
    assert len(found) == 5 and found["rank"].tolist() == [1, 2, 3, 4, 5]
    assert found["clearance_m"].is_monotonic_decreasing
    assert found["width_m"].to_numpy() == pytest.approx([100] * 5)
    assert found.iloc[0]["nearest_m"] >= found.iloc[0]["clearance_m"] - 1e-6


def test_what_may_stay_is_no_obstacle_and_is_said(desk):
    desk.layer("ZONE", [GROUND])
    rule = {"verdict": "consult"}
    assert len(search_sites(desk, rule, area=10_000)) == 0
    desk.pack(rule)
    file = desk.folder / "within.gpkg"
    options = ("--area=10000", "--keep-verdict=consult", "--pack", desk.folder / "test.toml")
    answer = desk.run("sites", desk.library, "--within", file, *options)
    assert {site["verdict"] for site in answer.json["sites"]} == {"consult"}


def test_ground_for_which_no_layer_speaks_is_no_site(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=box(0, 0, 400, 1200))
    found = search_sites(desk, {}, area=10_000)
    assert len(found) and found.total_bounds[2] <= 400 + 1e-6


def test_what_nobody_knows_is_told_with_the_sites_and_where_there_is_none(desk):
    file = write_layer(desk.folder / "within.gpkg", [box(0, 0, 300, 300)])
    codes = []
    for missing in ("unknown", "checklist"):
        pack = desk.pack({"layer": "STBHHX", "missing": missing})
        answer = desk.run("sites", desk.library, "--within", file, "--pack", pack, "--area=8000", "--count=1")
        codes.append((len(answer.json["sites"]), [problem["code"] for problem in answer.json["problems"]]))
    assert codes == [(0, ["sites.unknown"]), (1, ["sites.unasked"])]
    desk.layer("ZONE", [box(0, 0, 300, 100)], accuracy=40)
    answer = desk.run("sites", desk.library, "--within", file, "--pack", desk.pack({}), "--area=36000", "--count=1")
    (problem,) = answer.json["problems"]
    assert (problem["code"], problem["feature"]) == ("rule.within_accuracy", answer.json["sites"][0]["site"])


def test_only_unbuilt_ground_is_searched_where_that_is_asked(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=GROUND)
    file, pack = write_layer(desk.folder / "ground.gpkg", [GROUND]), desk.pack({})
    asked = ("sites", desk.library, "--within", file, "--pack", pack, "--area", "10000", "--unbuilt", "--count", "30")
    assert desk.run(*asked).codes == ["sites.no_survey"]
    shapes = [box(0, 0, 700, 1200), box(700, 0, 900, 1200), box(900, 0, 1100, 1200), box(1100, 0, 1300, 1200)]
    columns = {"BSM": list("abcd"), "DLBM": ["0702", "0101", "1109", None]}  # housing, paddy, a dam, unknown
    survey = desk.write("survey", shapes, columns, "EPSG:4547")
    covers = desk.write("covers", [box(0, 0, 1400, 1200)], {"n": [1]}, "EPSG:4547")
    desk.run("add", desk.library, survey, "--as", "DLTB", "--covers", covers, "--keep-bad").done()
    out = desk.folder / "unbuilt.gpkg"
    desk.run(*asked, "--out", out).done()
    found = gpd.read_file(out, layer="sites")
    # West of 700 is housing, from 900 the dam and what has no class, from 1300 no patch, from 1400 nobody knows.
    assert len(found) > 1 and found.geometry.within(box(700, 0, 900, 1200)).all()


def test_rules_on_the_project_ask_what_it_says_of_itself(desk):
    desk.layer("ZONE", [GROUND])
    file = write_layer(desk.folder / "within.gpkg", [GROUND])
    desk.pack({"when": "USE = 'A'"})
    count = {}
    for use in ("A", "B"):
        options = ("--area=10000", f"--project=USE={use}", "--pack", desk.folder / "test.toml")
        count[use] = len(desk.run("sites", desk.library, "--within", file, *options).json["sites"])
    assert count["A"] == 0 and count["B"] == 10


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--area=100", "--width=11"), "sites.width"),
        (("--area=100", "--width=1e308"), "sites.width"),
        (("--area=0",), "usage.value"),
        (("--area=100",), "sites.no_district"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(desk, options, code):
    assert desk.run("sites", desk.library, *options).codes == [code]


def test_where_no_ground_is_free_nothing_is_found_however_threads_take_turns():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as on a machine of one core, the search then waits for a thread of its own
    try:
        for _ in range(100):
            assert len(places(np.empty(0, dtype=object), 6000.0, 40.0, 30).grounds) == 0
    finally:
        sys.setswitchinterval(interval)


def test_the_farthest_are_found_however_few_are_measured_at_first(monkeypatch):
    dice = np.random.default_rng(8)
    holes = shapely.buffer(shapely.points(dice.uniform(0, 1200, (50, 2))), dice.uniform(5, 60, 50), quad_segs=3)
    free = shapely.get_parts(shapely.difference(box(0, 0, 1200, 1200), shapely.union_all(holes)))
    every = places(free, 6000.0, 40.0, 10**6)
    assert every.clearance_m == pytest.approx(
        shapely.distance(shapely.union_all(shapely.boundary(free)), every.grounds)
    )
    assert (np.diff(every.clearance_m) <= 1e-6).all() and len(every.grounds) > 20
    monkeypatch.setattr("onemap.rules.answers.remedy.sites._MEASURED_FIRST", 2)
    few = places(free, 6000.0, 40.0, 7)
    assert shapely.to_wkb(few.grounds).tolist() == shapely.to_wkb(every.grounds[:7]).tolist()
    assert few.clearance_m.tolist() == every.clearance_m[:7].tolist()


def test_rectangles_lie_inside_and_apart_whatever_the_ground():
    dice = np.random.default_rng(3)
    free = shapely.polygons(
        [
            [(x, y), (x + 300, y + 40), (x + 260, y + 330), (x - 30, y + 280)]
            for x, y in dice.uniform(0, 5000, (6, 2)) * 3
        ]
    )
    free = shapely.get_parts(shapely.union_all(free))
    found = places(free, 6000.0, 40.0, 30)
    assert len(found.grounds) > 6
    assert shapely.area(found.grounds) == pytest.approx([6000] * len(found.grounds))
    assert (shapely.area(shapely.difference(found.grounds, shapely.union_all(free))) < 1e-6).all()
    assert shapely.area(shapely.union_all(found.grounds)) == pytest.approx(6000 * len(found.grounds))
    assert widths_m(10_000, 0) == [100] and widths_m(10_000, 25) == pytest.approx([100, 50, 25])

"""Areas alone are computed as sums, which cannot fail: a broken overlay loses no decision and no number."""

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from onemap.layers.library.versions import StoredFeatures
from onemap.rules.answers.compare.decisions import FACTS, Decision, standing_decisions
from onemap.rules.answers.compare.earlier_comparison import EarlierComparison, changes
from onemap.rules.answers.compare.spot_numbers import _former_numbers
from onemap.rules.answers.compare.spots import Spots
from onemap.rules.answers.compare.townships import main_townships, township_statistics
from onemap.rules.judge.inputs.layer_sources import LayerSource
from onemap.rules.judge.overlay import area_check
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND

THREADS = Threads()
SPOT = box(100, 100, 300, 300)
KIND = ("03", "construction", "other", "07", "01")


def shapes(*polygons):
    return np.array(polygons, dtype=object)


def columns(**others):
    return pd.DataFrame([[*KIND]], columns=list(FACTS), dtype=object).assign(area_m2=shapely.area(SPOT), **others)


def test_a_decision_is_not_lost(break_overlays):
    break_overlays()
    given = Decision(1, KIND, "keep-a", "why", "who", "2026-01-01T00:00:00+00:00", box(100, 100, 300, 310))
    found = standing_decisions([given], Spots(shapes(SPOT), columns(), 1e6), (0.0, 0.0), THREADS)
    assert found["decision"].tolist() == ["keep-a"]
    assert found["decision_match"].tolist() == [pytest.approx(40_000 / 42_000, abs=1e-6)]


def test_a_spot_that_has_a_number_gets_no_other(break_overlays):
    break_overlays()
    fields = pd.DataFrame({"BDGH": ["A×B"], "CYLX": ["03"], "TGDM": ["07"], "CGDM": ["01"]}, dtype=object)
    had = StoredFeatures(np.array([1]), shapes(SPOT), fields.assign(CYTBBH="130102202600001"))
    assert _former_numbers(had, fields, shapes(box(100, 100, 300, 310)), THREADS) == {0: "130102202600001"}


def test_a_spot_that_changed_is_not_told_as_gone_and_new(break_overlays):
    break_overlays()
    earlier = EarlierComparison({}, columns(spot="S1"), shapes(SPOT))
    lists = changes(earlier, columns(), ["S2"], shapes(box(100, 100, 300, 310)), THREADS).lists
    assert [len(lists[name]) for name in ("new", "gone", "changed")] == [0, 0, 1]


def test_a_spot_is_counted_in_its_townships(break_overlays):
    break_overlays()
    fields = pd.DataFrame({"XZQDM": ["1301", "1302"], "XZQMC": ["E", "W"]}, dtype=object)
    stored = StoredFeatures(np.array([1, 2]), shapes(box(150, 0, 900, 900), box(0, 0, 150, 900)), fields)
    source = LayerSource(stored=stored, names=np.array(["1", "2"], dtype=object))
    assert main_townships(shapes(SPOT, box(2000, 0, 2001, 1)), source, THREADS).tolist() == ["1301", None]
    found = township_statistics(Spots(shapes(SPOT), columns(), 1e6), source, THREADS, "en").columns
    assert found["township"].tolist() == ["E", "W"] and found["area_m2"].tolist() == pytest.approx([30_000, 10_000])


def test_the_range_of_an_area_includes_it(break_overlays):
    break_overlays()
    zones = area_check.Zones(lambda: subdivide_polygons(shapes(box(0, 0, 5, 10))), shapes(box(0, 0, 10, 10)))
    (low,), (high,) = area_check.area_ranges(zones, np.array([0]), 1.0, THREADS)
    assert (low, high) == (pytest.approx(24.0), pytest.approx(60.0))
    whole = area_check.Zones(zones.pieces, zones.base, inverted=True)
    (low,), (high,) = area_check.area_ranges(whole, np.array([0]), 1.0, THREADS)
    assert (low, high) == (pytest.approx(40.0), pytest.approx(76.0))
    (low,), _ = area_check.area_ranges(zones, np.array([0]), 2.6, THREADS)
    assert low == 0.0 and area_check.within_error(np.array([low])).all()


def test_townships_that_cannot_be_told_apart_are_refused_by_name(table, broken_overlay):
    table.plan("A", [(SPOT, "07")])
    table.plan("B", [(GROUND, "E")])
    fields = {"BSM": ["1", "2"], "XZQDM": ["130102001", "130102002"], "XZQMC": ["东街", "西街"]}
    source = write_layer(table.folder / "xzq.gpkg", [box(100, -100, 2000, 2000), box(-100, -100, 150, 400)], fields)
    assert table.run("add", table.library, source, "--as", "XZQ", "--covers", "extent").code == 0
    broken_overlay("onemap.rules.answers.compare.self_overlap.differences")
    answer = table.run("compare", table.library, "A", "B", "--matrix", table.matrix())
    (problem,) = answer.json["problems"]
    assert answer.code == 3 and problem["code"] == "compare.arithmetic"
    assert problem["layer"].startswith("XZQ") and problem["feature"] == "2"


def test_two_coverages_that_cannot_be_laid_over_each_other_are_refused_by_name(table, break_overlays):
    table.plan("A", [(SPOT, "07")])
    table.plan("B", [(GROUND, "E")], covers=box(0, 0, 500, 500))
    break_overlays()
    answer = table.run("compare", table.library, "A", "B", "--matrix", table.matrix())
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"], problem["layer"]) == (3, "compare.arithmetic", "A, B")

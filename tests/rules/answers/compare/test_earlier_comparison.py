"""Against an earlier comparison only changes are computed; the answer is the whole one, and names the changes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Polygon, box

from onemap.rules.answers.compare.earlier_comparison import Changes, EarlierComparison
from onemap.rules.answers.compare.matrix import parse_matrix
from onemap.rules.answers.compare.spots import Limits
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.answers.compare.conftest import MATRIX, plain
from onemap.tests.rules.run_damage import change_library


def parcels(seed: int = 5) -> list:
    """Forty yards with streets between them, so that a change stays where it is."""
    dice = np.random.default_rng(seed)
    codes = ["0701", "0702", "01", "03", None]
    yards = []
    for row in range(5):
        for column in range(8):
            west, south = 120 * column, 190 * row
            cut = south + dice.uniform(30, 120)
            yards += [
                (box(west, south, west + 100, cut), codes[dice.integers(5)]),
                (
                    Polygon([(west, cut), (west + 100, cut), (west + 90, south + 150), (west, south + 160)]),
                    codes[dice.integers(5)],
                ),
            ]
    return yards


def other(seed: int = 6) -> list:
    dice = np.random.default_rng(seed)
    return [
        (shapely.affinity.translate(shape, *dice.uniform(-3, 3, 2)), ["R2", "M", "E", None][dice.integers(4)])
        for shape, _ in parcels()
    ]


def same_rows(one, two):
    for name in ("spots", "matrix", "clusters"):
        first, second = (plain(shapely_free(found, name)) for found in (one, two))
        assert first.equals(second), name


def shapely_free(found, name):
    frame = gpd.read_file(found.out, layer=name)
    if "geometry" in frame:
        frame["body"] = [None if shape is None else shape.wkb for shape in frame.geometry]
        frame = frame.drop(columns="geometry")
    return frame


def changed_plan(rows, how):
    rows = list(rows)
    if how == "moved":
        rows[17] = (shapely.affinity.translate(rows[17][0], 4, 7), rows[17][1])
    elif how == "gone":
        del rows[30:33]
    elif how == "overlapping":
        rows.append((box(60, 60, 400, 300), "0702"))
    elif how == "first":
        rows.insert(0, (box(60, 60, 400, 300), "0702"))
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("how", ["same", "moved", "gone", "overlapping", "first"])
def test_it_equals_a_whole_comparison_to_the_last_bit_and_computes_less(table, how, tmp_path):
    table.plan("A", parcels(), label="old")
    table.plan("B", other())
    first = table.compare()
    table.plan("A", changed_plan(parcels(), how), label="new")
    run = first.answer["run"]["id"]
    part = table.compare(against=run)
    kept = tmp_path / "part.gpkg"
    part.out.rename(kept)
    part.out = kept
    whole = table.compare()
    same_rows(part, whole)
    computed, every = part.answer["run"]["computed"], whole.answer["run"]["computed"]
    assert every == whole.answer["spots"]
    # A row put first gives every other another key: all are other features then.
    assert computed == 0 if how == "same" else computed == every if how == "first" else computed < every
    assert part.answer["area_m2"] == whole.answer["area_m2"]
    assert part.answer["run"]["overlap"] == whole.answer["run"]["overlap"]


def test_what_only_borders_a_feature_that_went_is_computed_again(table):
    """Squares that slanting polygons cut: the corners of a piece are computed, and lie beside the edge by rounding."""
    dice = np.random.default_rng(4)
    squares, cuts = [], []
    for west, south in ((160 * column, 160 * row) for row in range(6) for column in range(6)):
        squares.append((box(west, south, west + 100.1, south + 100.3), "07"))
        (a, c), (dx, dy) = dice.uniform(20, 80, 2), dice.uniform(1, 4, 2)
        ends = [(west - 4 * dx, south + c * (1 + 4 * dx / a)), (west + a * (1 + 4 * dy / c), south - 4 * dy)]
        cuts.append((shapely.Polygon([*ends, (west + 130, south + 130)]), "E"))
    table.plan("A", squares)
    table.plan("B", cuts, label="old")
    run = table.compare().answer["run"]["id"]
    table.plan("B", [(box(990, 990, 999, 999), "E")], label="new")
    found = table.compare(against=run)
    whole = sum(shape.area for shape, _ in squares)
    assert found.spots.area_m2.sum() == pytest.approx(whole + 81, abs=1e-3)
    assert len(found.spots) == 37 and found.spots.union_all().area == pytest.approx(whole + 81, abs=1e-3)


@pytest.mark.slow
def test_what_is_new_gone_and_changed_is_told(table):
    ground = box(0, 0, 1000, 1000)
    table.plan("B", [(ground, "E")])
    stays, goes, grows = box(0, 0, 100, 100), box(200, 0, 300, 100), box(400, 0, 500, 100)
    table.plan("A", [(stays, "07"), (goes, "07"), (grows, "07")], label="old")
    run = table.compare().answer["run"]["id"]
    table.plan("A", [(stays, "07"), (box(400, 0, 500, 120), "07"), (box(700, 0, 800, 50), "07")], label="new")
    again = table.compare(against=run)
    changed = again.answer["changed"]
    assert [round(spot["area_m2"]) for spot in changed["new"]] == [5000]
    assert [round(spot["area_m2"]) for spot in changed["gone"]] == [10_000]
    assert [(round(c["from"]["area_m2"]), round(c["to"]["area_m2"])) for c in changed["changed"]] == [(10_000, 12_000)]
    assert {spot["type"] for spot in (*changed["new"], *changed["gone"])} == {"03"}
    rows = gpd.read_file(again.out, layer="changes").set_index("change")
    assert sorted(rows.index) == ["changed", "gone", "new"] and set(rows["type"]) == {"03"}
    assert rows.loc["gone"].geometry.equals(goes) and rows.loc["changed"].geometry.equals(box(400, 0, 500, 120))
    assert rows.loc["changed", ["area_m2", "before_m2"]].tolist() == pytest.approx([12_000, 10_000])
    assert rows["before"].isna().to_dict()["new"] and rows["spot"].isna().to_dict()["gone"]
    assert rows.loc["changed", "before"] == changed["changed"][0]["from"]["spot"]
    assert table.run("verify", table.library, "--run", again.answer["run"]["id"]).json["ok"]


def test_nothing_changed_is_told_as_nothing(table):
    table.plan("A", [(box(0, 0, 100, 100), "07")])
    table.plan("B", [(box(0, 0, 500, 500), "E")])
    run = table.compare().answer["run"]["id"]
    again = table.compare(against=run)
    assert again.answer["changed"] == {"new": [], "gone": [], "changed": []}
    assert again.answer["run"]["computed"] == 0


def test_a_comparison_that_has_lost_its_last_spots_is_not_read_as_if_it_were_whole(table, tmp_path):
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(200, 0, 300, 100), "07")])
    table.plan("B", [(box(0, 0, 500, 500), "E")])
    found = table.compare()
    run, cluster = found.answer["run"]["id"], gpd.read_file(found.out, layer="clusters")["cluster"][0]
    assert change_library(table.library, "DELETE FROM onemap_run_blocks WHERE name = 'matrix'") == 1
    decided = ("decide", table.library, cluster, "technical", "--reason", "同图", "--by", "王工")
    assert table.run(*decided).codes == ["run.damaged", "decide.unknown"]
    table.compare()  # which is whole, and has the same cluster
    assert table.run(*decided).json["run"] != run
    assert change_library(table.library, "DELETE FROM onemap_run_blocks WHERE name = 'spots'") == 2
    out = ("--out", tmp_path / "again.gpkg")
    for verb in (
        ("compare", table.library, "A", "B", "--matrix", table.matrix(), "--against", run, *out),
        ("runs", table.library, run, *out),
        ("spots", table.library, run),
        ("atlas", table.library, run, tmp_path / "atlas.pdf"),
        ("comparison", table.library, run, tmp_path / "page.html"),
    ):
        answer = table.run(*verb)
        assert (answer.code, answer.codes, [*tmp_path.glob("*.pdf")]) == (3, ["run.damaged"], []), verb


@pytest.mark.parametrize("what", ["matrix", "limits", "coverage"])
def test_another_question_is_computed_as_a_whole(table, what):
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(300, 0, 400, 100), "01")], label="old")
    table.plan("B", [(box(0, 0, 500, 500), "E")])
    run = table.compare().answer["run"]["id"]
    options = {"min_area": 500} if what == "limits" else {}
    if what == "coverage":
        table.plan("A", [(box(0, 0, 100, 100), "07")], label="new", covers=box(0, 0, 900, 900))
    matrix = MATRIX + "# a word\n" if what == "matrix" else MATRIX
    found = table.compare(against=run, matrix=matrix, **options)
    assert found.answer["run"]["computed"] == found.answer["spots"]


def test_what_is_gone_from_ground_that_is_no_longer_compared_is_told_as_that(table):
    far = box(140_000, 140_000, 141_000, 141_000)
    ground, less = box(0, 0, 141_000, 141_000), box(130_000, 130_000, 141_000, 141_000)
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(140_000, 140_000, 140_100, 140_100), "07")], covers=ground)
    table.plan("B", [(box(0, 0, 500, 500), "E"), (far, "E")], label="old", covers=ground)
    run = table.compare().answer["run"]["id"]
    smaller = box(140_000, 140_000, 140_100, 140_080)
    table.plan("B", [(smaller, "E")], label="new", covers=less)
    again = table.compare(against=run)
    codes = {problem["code"]: problem["message"] for problem in again.answer["problems"]}
    assert "compare.asked_otherwise" not in codes
    assert "1 lies on ground (10,000.0 m²) that is no longer compared" in codes["compare.gone_uncovered"]
    changed = again.answer["changed"]
    assert [len(changed[name]) for name in ("new", "gone", "changed")] == [0, 1, 1]
    # The ground is counted from another origin than that of the earlier comparison, and written where it lies.
    rows = gpd.read_file(again.out, layer="changes").set_index("change")
    assert rows.loc["gone"].geometry.equals(box(0, 0, 100, 100)) and rows.loc["changed"].geometry.equals(smaller)


def test_of_ground_that_cannot_be_overlaid_the_whole_is_said_to_be_no_longer_compared():
    # A bow tie of 20 m and 40 m across the edge at 100: its halves of 200 m² and 800 m² run in opposite senses.
    gone = [Polygon([(90, 10), (150, 50), (150, 10), (90, 30)]), box(300, 0, 310, 10), box(0, 0, 10, 10)]
    matrix = parse_matrix(MATRIX, "m")
    asked = {"min_width_m": 2.0, "min_area_m2": 200.0}
    earlier = EarlierComparison(
        {"id": "run", "matrix": {"hash": matrix.hash}, "parameters": asked}, pd.DataFrame(), np.array(gone)
    )
    changes = Changes({}, pd.DataFrame({"change": ["gone"] * 3}), np.array(gone))
    (remark,) = changes.remarks(earlier, box(0, 0, 100, 100), matrix, Limits(), Threads())
    assert (remark.code, remark.facts["count"], remark.facts["area"]) == ("compare.gone_uncovered", 2, "700.0")


@pytest.mark.parametrize("options", [{"matrix": MATRIX + "# a word\n"}, {"min_area": 500}])
def test_an_earlier_comparison_that_asked_otherwise_is_told_as_that(table, options):
    table.plan("A", [(box(0, 0, 20, 20), "07")])
    table.plan("B", [(box(0, 0, 500, 500), "E")])
    run = table.compare().answer["run"]["id"]
    codes = [problem["code"] for problem in table.compare(against=run, **options).answer["problems"]]
    assert codes == ["compare.asked_otherwise"]
    assert table.compare(against=run).answer["problems"] == []


def test_a_run_of_other_plans_or_of_a_check_is_refused(table):
    table.plan("A", [(box(0, 0, 100, 100), "07")])
    table.plan("B", [(box(0, 0, 500, 500), "E")])
    table.plan("C", [(box(0, 0, 500, 500), "E")])
    run = table.compare().answer["run"]["id"]
    answer = table.run("compare", table.library, "A", "C", "--matrix", table.matrix(), "--against", run)
    assert answer.codes == ["compare.other_pair"]
    assert table.run("compare", table.library, "A", "B", "--against", "no").codes == ["run.unknown"]

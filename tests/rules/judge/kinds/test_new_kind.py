"""A kind of rule is one module: a new one that counts points works wherever rules are shown."""

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, box

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.library.library import open_library
from onemap.layers.messages import LANGUAGES
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.ground import Ground, Judgement, Measures, Pairs, no_ground
from onemap.rules.judge.kinds.kind import AMOUNT, AT_LEAST, AT_MOST, WHOLE, Key, Kind, KindReason
from onemap.rules.judge.runs.run_store import stored_packs
from onemap.rules.review.cases.drafting import DraftedFinding, drafted_text
from onemap.rules.verbs.commands.pack_reference import pack_reference
from onemap.tests.rules.judge.kinds.kind_gaps import gaps_of


def _judge(ground: Ground) -> Judgement:
    parcels, points = ground.parcels, ground.features.geometries
    feature, parcel = ground.tree.query(points, predicate="within")
    number = np.bincount(parcel, minlength=len(parcels))
    outside, _ = ground.outside_coverage()
    known = np.ones(len(parcel), dtype=bool)
    pairs = Pairs(parcel, feature, FlatGround.of(points[feature]), np.zeros(len(parcel)), ~known, known)
    measures = Measures(number > 0, number >= ground.options.get("least_points", 0), value=number.astype(float))
    judgement = Judgement(no_ground(len(parcels)), outside, np.full(len(parcels), np.nan), pairs, measures=measures)
    judgement.because("unseen", ~shapely.is_missing(outside))
    return judgement


COUNT = Kind(
    name="count",
    title={"zh": "数点", "en": "count points"},
    conflict={"zh": "地块内的点", "en": "The points inside the parcel."},
    geometries=("point",),
    judge=_judge,
    keys={
        "least_points": Key(
            AMOUNT,
            {"zh": "少于此数不计入", "en": "Fewer do not count."},
            title={"zh": "最少点数", "en": "least number"},
            unit="points",
            limit=AT_LEAST,
        )
    },
    measures={"value": {"zh": "点数", "en": "the number of points"}},
    reasons={
        "too_few": KindReason({"zh": "点太少", "en": "too few points"}, {"zh": "少于下限", "en": "Below the limit."}),
        "unseen": KindReason({"zh": "没有清点", "en": "nobody counted"}, {"zh": "在外", "en": "Outside the count."}),
    },
    not_counted="too_few",
    value_places=0,
    drafted={"zh": "{title}（{verdict}）：{value}个点。", "en": "{title} ({verdict}): {value} points."},
    explained=lambda finding, language, figures: (
        () if finding["value"] is None else (f"{finding['value']:.0f} points",)
    ),
    problems=lambda item: [] if item.get("least_points") != 13 else [("least_points", "not 13")],
)


def _judge_few(ground: Ground) -> Judgement:
    judgement = _judge(ground)
    number = judgement.measures.value
    return replace(judgement, measures=Measures(number > ground.options["most_points"], value=number))


FEW = replace(
    COUNT,
    name="few",
    judge=_judge_few,
    keys={
        "most_points": Key(
            WHOLE,
            {"zh": "多于此数即冲突", "en": "More are in conflict."},
            title={"zh": "最多点数", "en": "most"},
            unit="points",
            required=True,
            limit=AT_MOST,
        )
    },
    problems=lambda _: [],
    allowed=lambda options: options["most_points"],
)
POINTS = [Point(1, 1), Point(2, 2), Point(3, 3), Point(4, 4), Point(21, 1), Point(22, 2)]
PARCELS = {"many": box(0, 0, 10, 10), "few": box(20, 0, 30, 10), "none": box(40, 0, 50, 10), "edge": box(60, 0, 80, 10)}
RULE = {"kind": "count", "least_points": 3}


@pytest.fixture
def counting(desk, monkeypatch):
    """A desk whose rules know the new kind, with a layer of points that covers the ground as far as x = 70."""
    monkeypatch.setitem(KINDS, COUNT.name, COUNT)
    desk.layer("ZONE", POINTS, covers=box(-100, -100, 70, 100), geometry="point")
    return desk


def test_it_is_judged_counted_and_shown(counting):
    found = counting.check(PARCELS, RULE)
    many, few = found.finding("many"), found.finding("few")
    assert (many.value, many.counted, many.reason, many.features) == (4.0, True, None, 4)
    assert (few.value, few.counted, few.reason) == (2.0, False, "too_few")
    assert many.area_m2 != many.area_m2 and many.length_m != many.length_m
    assert found.unknowns() == {"edge": (100.0, "unseen")}
    assert found.verdicts() == {"many": "prohibited", "few": "clear", "none": "clear", "edge": "unknown"}
    assert len(found.table("overlaps_point")) == 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_explain_has_its_words_its_measure_its_limit_and_its_reason(counting, language):
    run = counting.check(PARCELS, RULE).answer.json["run"]["id"]

    def steps(parcel):
        answer = counting.run("explain", counting.library, run, parcel, "r", lang=language)
        return {step["key"]: step["value"] for step in answer.json["steps"]}

    assert COUNT.title[language] in steps("many")["rule"]
    assert COUNT.keys["least_points"].title[language] in steps("many")["options"]
    assert steps("many")["conflict"] == "4 points" and "≥ 3.0 points" in steps("many")["thresholds"]
    assert COUNT.reasons["too_few"].word[language] in steps("few")["conflict"]
    assert COUNT.reasons["unseen"].word[language] in steps("edge")["unknown"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_for_the_plugin_have_its_reasons(counting, language):
    reasons = counting.run("words", lang=language).json["reasons"]
    assert (reasons["too_few"], reasons["sliver"] != "") == (COUNT.reasons["too_few"].word[language], True)


@pytest.mark.parametrize("out", ["out.gpkg", "out", "out.xlsx"])
def test_every_output_has_its_number(counting, tmp_path, out):
    pack = counting.pack(RULE)
    place = tmp_path / out
    answer = counting.run("check", counting.library, counting.parcels(PARCELS), "--pack", pack, "--out", place).done()
    if out.endswith(".xlsx"):
        sheet = next(
            frame
            for name, frame in pd.read_excel(place, sheet_name=None, engine="openpyxl").items()
            if "Value" in frame
        )
        assert sheet["Value"].tolist()[:2] == [4, 2]
    elif out.endswith(".gpkg"):
        assert answer.json["verdicts"]["prohibited"] == 1
    else:
        assert pd.read_parquet(place / "findings.parquet")["value"].tolist()[:2] == [4.0, 2.0]


def test_a_case_drafts_and_prints_it(counting, tmp_path):
    parcels = counting.parcels({"many": PARCELS["many"]})
    opened = counting.run(
        "review", "open", counting.library, parcels, "--project", "p", "--by", "lead", "--pack", counting.pack(RULE)
    ).done()
    draft = next(one for one in opened.json["opinions"] if one["department"] == "land")
    assert draft["text"] == "title (prohibited): 4 points."
    page = tmp_path / "report.html"
    counting.run("review", "export", counting.library, opened.json["case"], page, "--document", "report").done()
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page.read_text(encoding="utf-8"))
    assert "4" in cells and "4.00" not in cells


def test_both_languages_draft_it_in_its_own_sentence(counting):
    run = counting.check(PARCELS, RULE).answer.json["run"]["id"]
    with open_library(str(counting.library)) as library:
        rule = stored_packs(library, run)[0].rules[0]
    measured = dict.fromkeys(("area_ellipsoidal_m2", "length_m", "features", "distance_m", "share", "reason"))
    row = {**measured, "parcel": "many", "verdict": "prohibited", "value": 4.0, "title": "t", "layer": "ZONE"}
    assert drafted_text([DraftedFinding(rule, row, "prohibited", None)], [], "en") == "title (prohibited): 4 points."
    assert drafted_text([DraftedFinding(rule, row, "prohibited", None)], [], "zh") == "题（禁止）：4个点。"


def test_a_kind_that_admits_at_most_so_many_says_so_and_leaves_as_many(counting, monkeypatch, tmp_path):
    monkeypatch.setitem(KINDS, FEW.name, FEW)
    rule, out = {"kind": "few", "most_points": 3}, tmp_path / "remedy.gpkg"
    found = counting.check(PARCELS, rule)
    assert found.verdicts() == {"many": "prohibited", "few": "clear", "none": "clear", "edge": "unknown"}
    explained = counting.run("explain", counting.library, found.answer.json["run"]["id"], "many", "r").json["steps"]
    assert "≤ 3 points" in next(step["value"] for step in explained if step["key"] == "thresholds")
    many = counting.parcels({"many": PARCELS["many"]})
    counting.run("remedy", counting.library, many, "--pack", counting.pack(rule), "--out", out).done()
    remainder = gpd.read_file(out, layer="remainder").geometry.iloc[0]
    assert sum(remainder.contains(point) for point in POINTS) == 3
    assert counting.check({"many": remainder}, rule).verdicts() == {"many": "clear"}


@pytest.mark.parametrize(("changes", "code"), [({}, "rule.key_missing"), ({"most_points": 1.5}, "rule.type")])
@pytest.mark.parametrize(("language", "word"), [("zh", "整数"), ("en", "whole number")])
def test_a_number_that_is_wanting_or_not_whole_is_refused(counting, monkeypatch, changes, code, language, word):
    monkeypatch.setitem(KINDS, FEW.name, FEW)
    pack = counting.pack({"kind": "few", **changes})
    answer = counting.run("check", counting.library, counting.parcels(PARCELS), "--pack", pack, lang=language)
    assert (answer.code, answer.codes) == (3, [code])
    assert (word in answer.json["problems"][0]["message"]) == bool(changes)


def test_what_would_pass_keeps_clear_of_its_points(counting):
    pack = counting.pack(RULE)
    counting.run("remedy", counting.library, counting.parcels(PARCELS), "--pack", pack).done()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"least_points": "3"}, "rule.type"),
        ({"least_points": -1}, "rule.negative"),
        ({"least_points": 13}, "rule.option"),
        ({"most_points": 5}, "rule.key"),
        ({"min_area_m2": 5.0}, "rule.geometry"),
    ],
)
def test_a_pack_that_is_wrong_about_it_is_refused(counting, changes, code):
    pack = counting.pack({**RULE, **changes})
    answer = counting.run("check", counting.library, counting.parcels(PARCELS), "--pack", pack)
    assert (answer.code, answer.codes) == (3, [code])


def test_a_layer_of_another_geometry_is_refused(counting):
    counting.layer("FIELD", [box(0, 0, 1, 1)])
    answer = counting.run(
        "check", counting.library, counting.parcels(PARCELS), "--pack", counting.pack({**RULE, "layer": "FIELD"})
    )
    assert (answer.code, answer.codes) == (3, ["rule.geometry"])


def test_the_reference_would_have_it_and_misses_it_until_it_is_made_anew(counting):
    assert "### count" in pack_reference("en") and "没有清点" in pack_reference("zh")
    gaps = gaps_of(COUNT)
    assert any("docs/packs.en.md" in gap for gap in gaps) and any("docs/packs.zh.md" in gap for gap in gaps)
    assert any("docs/glossary.md" in gap for gap in gaps)
    assert [gap for gap in gaps if "docs/" not in gap] == ["rules/judge/kinds/count.py: there is no such module"]

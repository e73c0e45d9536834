"""The content of a statement: numbers worked out by hand, sums, and the published schema."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onemap.layers.library.library import open_library
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.printed_content import printed_texts
from onemap.rules.review.statement.rule_tables import three_lines
from onemap.rules.review.statement.run_evidence import evidence_of
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.statement.bureau import MARKUP, PACK, Bureau, at
from onemap.tests.rules.run_damage import change_library
from onemap.tests.rules.small_pack import matrix_text, rule_of

KINDS = {"report": {}, "statement": {}, "opinion": {"department": "land"}, "reply": {"department": "water"}}


@pytest.fixture(scope="module")
def one(bureau: Bureau) -> dict[str, Any]:
    return bureau.content(bureau.one)


@pytest.fixture(scope="module")
def fifty(bureau: Bureau) -> dict[str, Any]:
    return bureau.content(bureau.fifty)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_document_s_content_fits_the_published_schema(bureau: Bureau, kind: str, language: str):
    schema = json.loads((RESOURCES / "schemas" / "statement.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    content = bureau.content(bureau.one, language, document=kind, **KINDS[kind])
    jsonschema.validate(content, schema)
    assert (content["document"]["kind"], content["language"]) == (kind, language)


def test_the_schema_would_find_a_number_that_became_text(one: dict[str, Any]):
    schema = json.loads((RESOURCES / "schemas" / "statement.schema.json").read_text("utf-8"))
    wrong = {**one, "totals": {**one["totals"], "hectares": "1.0000"}}
    assert not jsonschema.Draft202012Validator(schema).is_valid(wrong)


def test_land_is_the_survey_s_own_area_less_its_ridges(one: dict[str, Any]):
    # Patch A, 5000 m² by the survey, lies in the parcel wholly: 4500 m² arable, a tenth ridges. Of patch B, 10 000 m²
    # by the survey, the parcel takes half.
    assert {(row["ownership"], row["class"]): row["hectares"] for row in one["land"]["classes"]} == {
        ("collective", "0102"): 0.45,
        ("collective", "1203"): 0.05,
        ("state", "0701"): 0.5,
    }
    total = one["land"]["total"]
    assert [total[name] for name in ("total", "farm", "arable", "other_farm", "built")] == [1.0, 0.5, 0.45, 0.05, 0.5]


def test_the_urban_boundary_s_sides_sum_to_the_site(one: dict[str, Any]):
    sides = {row["item"]: row["hectares"] for row in one["three_lines"] if row["layer"] == "CZKFBJ"}
    assert sides == {"inside": 0.7, "outside": 0.3}
    assert len([row for row in one["three_lines"] if row["layer"] == "CZKFBJ"]) == len(sides)
    assert one["totals"]["hectares"] == 1.0


def bound_row(rule: str, state: str, area_m2: float) -> dict[str, Any]:
    measured = {"hectares": area_m2 / 10_000, "area_ellipsoidal_m2": area_m2, "share": area_m2 / 10_000}
    named = {
        "rule": rule,
        "title": rule,
        "layer": "CZKFBJ",
        "layer_title": "",
        "version": "1",
        "department": "planning",
    }
    judged = {"verdict": "clear" if state == "clear" else "restricted", "counted": state != "clear", "reason_text": ""}
    return {
        **named,
        **judged,
        **measured,
        "kind": "within",
        "basis": "",
        "figure": None,
        "shown_on": [],
        "state": state,
    }


def test_rules_on_one_boundary_share_its_sides(bureau: Bureau):
    # Of one hectare in two parcels of half a hectare, one rule finds 3000 m² of the first outside, another 1000 m² of
    # the second; a third finds nothing. Inside lie 10 000 - 4000 m², once.
    with open_library(str(bureau.library)) as library:
        run = read_case(library, bureau.one).current.run
        evidence = evidence_of(library, run, "zh")
    parcels = [{"parcel": name, "area_ellipsoidal_m2": 5000.0} for name in "ab"]
    found = [("first", "a", 3000.0), ("second", "b", 1000.0)]
    findings = [
        {"rule": rule, "parcel": parcel, "verdict": "restricted", "area_ellipsoidal_m2": area_m2}
        for rule, parcel, area_m2 in found
    ]
    rows = [bound_row("none", "clear", 0.0), *(bound_row(rule, "conflict", area_m2) for rule, _, area_m2 in found)]
    table = three_lines(replace(evidence, parcels=parcels, findings=findings), rows, 10_000.0)
    assert [(row["item"], row["item_title"], row["hectares"]) for row in table] == [
        ("inside", "边界内", 0.6),
        ("outside", "边界外（first）", 0.3),
        ("outside", "边界外（second）", 0.1),
    ]


def test_farmland_stands_with_area_share_and_law(one: dict[str, Any]):
    row = next(row for row in one["controls"] if row["rule"] == "farmland.permanent")
    assert (row["hectares"], round(row["share"], 4), row["verdict"], row["distance_m"]) == (0.2, 0.2, "prohibited", 0)
    assert "第三十五条" in row["basis"]
    assert one["figures"][row["figure"] - 1]["rule"] == "farmland.permanent"


def test_ground_without_data_is_unknown_and_never_clear(one: dict[str, Any]):
    hazards = [row for row in one["plans"]["department_plans"] if row["rule"] == "hazard.prone"]
    assert [(row["state"], row["hectares"]) for row in hazards] == [("unknown", 0.5)]
    assessments = {row["id"]: row["state"] for row in one["assessments"]}
    assert assessments["geological_hazard"] == "to_decide"
    # The pack has no classes of projects, so that nobody knows whether a school is among them.
    assert {assessments[name] for name in ("soil_pollution", "reclamation", "navigation")} == {"to_decide"}
    assert "clear" not in {row["verdict"] for row in hazards}


def test_a_rule_whose_layer_was_never_loaded_is_printed_as_not_checked(one: dict[str, Any]):
    assert "flood.storage" in {row["rule"] for row in one["checklist"]}
    assert all(row["rule"] != "flood.storage" for row in one["plans"]["department_plans"])
    titles = {row["id"]: row["title"] for row in one["checklist"]}
    assert titles["flood.storage"] == "是否位于蓄滞洪区", "a question: nobody has found anything"
    assert titles["traffic.impact"] == "交通影响评价和出入口设置"


@pytest.mark.parametrize("table", ["rows", "classes", "parcels"])
def test_parts_of_the_land_sum_to_the_ten_thousandth(fifty: dict[str, Any], table: str):
    land = fifty["land"]
    column = "hectares" if table == "classes" else "total"
    assert sum(round(row[column] * 10_000) for row in land[table]) == round(land["total"]["total"] * 10_000)
    for row in [*land["rows"], *land["parcels"], land["total"]]:
        parts = sum(round(row[name] * 10_000) for name in ("farm", "built", "unused", "unknown"))
        assert parts == round(row["total"] * 10_000)


def test_parcels_sum_to_the_site(fifty: dict[str, Any]):
    assert sum(round(row["hectares"] * 10_000) for row in fifty["parcels"]) == round(
        fifty["totals"]["hectares"] * 10_000
    )


def test_a_case_of_one_department_says_nothing_of_others(bureau: Bureau):
    content = bureau.content(bureau.one, department="planning")
    assert {row["department"] for row in content["controls"]} == {"planning"}
    assert [row["department"] for row in content["opinions"]] == ["planning"]
    assert content["document"]["unit"] == "自然资源和规划局"


def test_a_statement_is_a_draft_until_it_is_consolidated(bureau: Bureau, issued_bureau: Bureau):
    before = bureau.content(bureau.one, document="statement")
    after = issued_bureau.content(issued_bureau.one)
    assert (before["document"]["mark"], before["document"]["number"]) == ("演练 · 征求意见稿", None)
    assert (after["document"]["mark"], after["document"]["number"]) == ("演练", "演练石自然资预审〔2026〕1号")
    assert (before["conclusion"]["decided"], after["conclusion"]["decided"]) == (None, "disagree")


def test_a_report_of_an_issued_case_does_not_call_itself_the_statement(issued_bureau: Bureau):
    statement, report = (issued_bureau.content(issued_bureau.one, document=name) for name in ("statement", "report"))
    assert statement["declaration"].startswith("本意见书")
    assert report["declaration"] == "本审查结果仅供项目前期参考，不作为审批依据。"


def test_an_issued_statement_says_who_was_not_asked_and_who_signed(issued_bureau: Bureau):
    content = issued_bureau.content(issued_bureau.one, document="statement")
    states = {row["department"]: row["state_title"] for row in content["opinions"]}
    asked = {row["department"] for row in content["opinions"] if row["routed"]}
    assert "land" in asked and "forestry" not in asked
    assert states == {name: "已签署" if name in asked else "未征求意见" for name in states}
    first = {row["department"]: row["opinion_text"] for row in content["departments"]}
    assert {name for name, text in first.items() if text == "未征求意见"} == first.keys() - asked
    # The machine's draft is nobody's opinion: only who was asked has a conclusion.
    assert {row["department"] for row in content["opinions"] if row["conclusion_title"]} == asked
    alone = issued_bureau.content(issued_bureau.one, document="opinion", department="forestry")
    assert alone["document"]["mark"] == "演练 · 未征求意见"


def test_an_issued_statement_prints_the_chain_at_its_issue_whatever_comes_later(issued_bureau: Bureau):
    before = issued_bureau.content(issued_bureau.one)["audit"]
    issued_bureau.step("circulate", issued_bureau.fifty)
    assert issued_bureau.content(issued_bureau.one)["audit"] == before
    assert len(before["hash"]) == 64


def test_names_stay_as_they_are(one: dict[str, Any]):
    assert one["project"]["name"] == MARKUP


@pytest.mark.parametrize(
    ("target", "options", "code"),
    [
        ("a.odt", [], "statement.suffix"),
        ("a.json", ["--document", "opinion"], "statement.department"),
        ("a.json", ["--department", "navy"], "review.department"),
        ("nowhere/a.json", [], "out.folder"),
        ("a.docx", ["--templates", "nowhere"], "statement.templates_folder"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(
    bureau: Bureau, tmp_path: Path, target: str, options: list[str], code: str
):
    answer = command("review", "export", bureau.library, bureau.one, tmp_path / target, *options)
    assert (answer.code, answer.codes) == (3, [code])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(bureau: Bureau, tmp_path: Path):
    target = tmp_path / "mine.json"
    target.write_text("mine")
    answer = command("review", "export", bureau.library, bureau.one, target)
    assert (answer.code, answer.codes, target.read_text()) == (3, ["out.exists"], "mine")


def test_differences_between_plans_are_those_on_the_site_at_the_case_s_last_step(
    bureau: Bureau, tmp_path: Path, in_zone
):
    compared = bureau.copied(tmp_path)
    matrix = tmp_path / "matrix.toml"
    matrix.write_text(matrix_text(("DLBM", ["07"], ["01", "11"]), ("GZQLXDM", ["030"], ["031"])), encoding="utf-8")
    # On the hectare the survey's patch A is farm land; 20 m by 50 m of it are construction in the other plan.
    run = done("compare", compared.library, "DLTB", "JSYDGZQ", "--matrix", matrix).json["run"]
    before = compared.content(bureau.one)
    assert (before["differences"], before["comparisons"]) == ([], [])  # compared after the case's last step
    assert printed_texts(before)["sentences"]["differences"] == words("zh")["note_not_compared"]
    compared.step("circulate", bureau.one)
    content = compared.content(bureau.one)
    (row,) = content["differences"]
    assert (row["type"], row["pair"], row["hectares"]) == ("04", "DLTB×JSYDGZQ", 0.1)
    assert row["use_b"] == "030" and row["use_b_title"] == "限制建设区"
    started = datetime.fromisoformat(run["started"])
    # In the morning of Greenwich it is yesterday twelve hours to the west, in the afternoon tomorrow to the east.
    hours = -12 if started.hour < 12 else 12
    in_zone(f"FAR{-hours:+d}")
    (pair,) = compared.content(bureau.one)["comparisons"]
    assert pair["on"] == (started + timedelta(hours=hours)).date().isoformat() != run["started"][:10]
    content["comparisons"] = [pair]
    sentence = printed_texts(content)["sentences"]["differences"]
    assert sentence == f"已比对地类图斑与建设用地管制区（{pair['on']}）：用地范围内有冲突的差异图斑1个。"
    change_library(compared.library, "UPDATE onemap_audit SET detail = detail || ' ' WHERE subject = ?", run["id"])
    damaged = compared.content(bureau.one)  # as one that has lost rows; `verify` names it
    assert (damaged["comparisons"], damaged["damaged_comparisons"]) == ([], [pair])
    sentence = printed_texts(damaged)["sentences"]["differences"]
    assert sentence == f"比对结果已损坏、未采用：地类图斑与建设用地管制区（{pair['on']}）。"
    clear = printed_texts({**content, "differences": []})["sentences"]["differences"]
    assert clear == f"已比对地类图斑与建设用地管制区（{pair['on']}）：用地范围内没有冲突的差异图斑。"
    decided = {
        "decided": "agree",
        "decided_title": "符合",
        "proposed": None,
        "machine_title": "符合",
        "reason": "已协调",
    }
    bare = {**content, "project": {"known": [{"key": "name", "value": "某站"}]}, "conclusion": decided}
    sentences = printed_texts({**bare, "document": {**content["document"], "kind": "statement"}})["sentences"]
    assert sentences["project"].startswith("某站：项目用地总面积")
    assert sentences["conclusion"][-1].endswith("已协调。")


def test_a_changed_parcel_and_a_changed_verdict_leave_the_earlier_words_readable(bureau: Bureau, tmp_path: Path):
    revised = bureau.copied(tmp_path)
    revised.step("circulate", bureau.one)
    parcel = write_layer(tmp_path / "smaller.gpkg", [at(10, 0, 100, 100)], {"DKBH": ["DK1"]})
    revised.step("revise", bureau.one, str(parcel), on="2026-11-18")
    revised.step(
        "override",
        bureau.one,
        "DK1",
        "farmland.permanent",
        "--verdict",
        "notice",
        "--reason",
        "已批准",
        on="2026-11-18",
    )
    content = revised.content(bureau.one)
    assert content["case"]["round"] == 2
    assert {row["round"] for row in content["earlier_opinions"]} == {1}
    assert content["totals"]["hectares"] == 0.9
    row = next(row for row in content["controls"] if row["rule"] == "farmland.permanent")
    assert (row["hectares"], row["verdict"], row["machine_verdict"]) == (0.1, "notice", "prohibited")
    assert [(row["before"], row["verdict"], row["reason"]) for row in content["overrides"]] == [
        ("prohibited", "notice", "已批准")
    ]
    assert content["conclusion"]["machine"] == "open"  # nobody knows of the hazards yet


def test_once_persons_have_judged_all_no_table_has_the_machine_s_verdict_as_the_one_that_holds(bureau, tmp_path):
    judged, reason = bureau.copied(tmp_path), ("--reason", "现场核实")
    parcel = judged.content(bureau.one)["parcels"][0]
    # Farmland, limited zone and ground beyond the boundary; of hazards nobody knows the northern half.
    assert [parcel[name] for name in ("verdict", "findings", "unknown_rules")] == ["prohibited", 3, 1]
    for rule, before in (
        ("farmland.permanent", "prohibited"),
        ("boundary.urban", "restricted"),
        ("control.limited", "restricted"),
        ("hazard.prone", "unknown"),
    ):
        verdict = "consult" if rule == "boundary.urban" else "clear"
        given = ("DK1", rule, "--before", before, "--verdict", verdict, *reason)
        judged.step("override", bureau.one, *given, on="2026-11-18")
    content = judged.content(bureau.one)
    parcel = content["parcels"][0]
    assert (parcel["verdict"], parcel["known_verdict"]) == ("consult", "consult")
    assert (parcel["findings"], parcel["unknown_rules"]) == (1, 0)
    assert content["open"]["unknown_rules"] == 0
    assert not any("无法判定" in note for note in content["notes"])
    # The page of the water department, whose rules nobody judged, stays as it was.
    assert judged.content(bureau.one, department="water")["parcels"][0]["verdict"] == "prohibited"


HAZARDOUS = "DZZHYFQ", "位于高易发区", "high", "地质灾害防治条例 第二十四条"
NEAR = "DZZHYFQ", "位于易发区附近", "edge", "地质灾害防治条例 第二十四条"
WET = "DZZHYFQ", "位于易发区（水务）", "water", "地质灾害防治条例 第二十四条"
HAZARDS = (
    PACK
    + rule_of("hazard.high land notice", *HAZARDOUS, where="BH = '9'")
    + rule_of("hazard.edge land notice", *NEAR, kind="setback", distance_m=10)
    + rule_of("hazard.water water notice", *WET)
)


def test_rules_that_leave_the_same_ground_of_a_layer_open_are_one_row(bureau: Bureau, tmp_path: Path):
    # Nobody has looked at the northern half; within 10 m of it nobody knows what the setback says either.
    other, pack = bureau.copied(tmp_path), tmp_path / "hazards.toml"
    pack.write_text(HAZARDS, encoding="utf-8")
    given = ("--project", "x", "--pack", pack, "--by", "李", "--on", "2026-11-16", "--as-of", "2026-11-16")
    case = done("review", "open", other.library, bureau.folder / "one.gpkg", *given).json["case"]
    content = other.content(case)
    open_rows = [row for row in content["controls"] if row["layer"] == "DZZHYFQ"]
    assert {tuple(row["rules"]): (row["title"], row["hectares"]) for row in open_rows} == {
        ("hazard.prone", "hazard.high"): ("位于地质灾害易发区、位于高易发区", 0.5),
        ("hazard.edge",): ("位于易发区附近", 0.6),
        ("hazard.water",): ("位于易发区（水务）", 0.5),
    }
    both = next(row for row in open_rows if len(row["rules"]) == 2)
    assert both["basis"] == "地质灾害防治条例 第二十一条；地质灾害防治条例 第二十四条"
    assert [row["number"] for row in content["controls"]] == list(range(1, len(content["controls"]) + 1))
    assert ["hazard.prone", "hazard.high"] in [row["rules"] for row in content["plans"]["department_plans"]]
    assert ["hazard.prone", "hazard.high"] in [row["rules"] for row in content["parcel_findings"]]
    land = next(row for row in content["departments"] if row["department"] == "land")
    assert land["unknown_rules"] == 3, "rules are counted, not rows"
    opinion = other.content(case, department="land")
    assert [row["rules"] for row in opinion["controls"] if row["layer"] == "DZZHYFQ"] == [
        ["hazard.edge"],
        ["hazard.prone", "hazard.high"],
    ]
    text = next(row["text"] for row in content["opinions"] if row["department"] == "land")
    assert text.count("位于高易发区") == 1 and "位于地质灾害易发区、位于高易发区" in text


def test_ground_below_the_least_area_stands_in_a_row_of_its_own(bureau: Bureau, tmp_path: Path):
    other, pack = bureau.copied(tmp_path), tmp_path / "least.toml"
    pack.write_text(PACK.replace('layer = "YJJBNTTB"', 'layer = "YJJBNTTB"\nmin_area_m2 = 500'), encoding="utf-8")
    # Farmland reaches 20 m into the site: 20 × 50 m of the first parcel, and 5 × 40 m of the second.
    parcels = [at(0, 0, 100, 50), at(15, 60, 100, 100)]
    source = write_layer(tmp_path / "two.gpkg", parcels, {"DKBH": ["DK1", "DK2"]})
    given = ("--project", "x", "--pack", pack, "--by", "李", "--on", "2026-11-16", "--as-of", "2026-11-16")
    content = other.content(done("review", "open", other.library, source, *given).json["case"])
    rows = [row for row in content["controls"] if row["rule"] == "farmland.permanent"]
    assert [(row["hectares"], row["parcels"], row["counted"], row["result"]) for row in rows] == [
        (0.1, 1, True, "■ 禁止"),
        (0.02, 1, False, "不计入（小于面积阈值）"),
    ]
    assert "0.1000公顷" in next(row["text"] for row in content["opinions"] if row["department"] == "land")


def test_a_verdict_that_a_person_set_for_one_parcel_stands_in_a_row_of_its_own(bureau: Bureau, tmp_path: Path):
    other = bureau.copied(tmp_path)
    source = write_layer(tmp_path / "two.gpkg", [at(0, 0, 100, 40), at(0, 60, 100, 100)], {"DKBH": ["DK1", "DK2"]})
    given = ("--project", "x", "--by", "李", "--on", "2026-11-16", "--as-of", "2026-11-16")
    case = done("review", "open", other.library, source, *given).json["case"]
    other.step("override", case, "DK2", "farmland.permanent", "--verdict", "notice", "--reason", "已批准")
    content = other.content(case)
    rows = [row for row in content["controls"] if row["rule"] == "farmland.permanent"]
    assert [(row["hectares"], row["parcels"], row["verdict"]) for row in rows] == [
        (0.08, 1, "prohibited"),
        (0.08, 1, "notice"),
    ]
    assert content["land"]["total"]["total"] == content["totals"]["hectares"] == 0.8

"""Drafts follow from findings, people sign them, nobody signs their own, and both verdicts of an override stay."""

import json
from dataclasses import replace

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.event_store import read_events
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import ASKED, RULES, ground, opinion, write
from onemap.tests.rules.small_pack import rule_of


def test_ten_drafts_in_the_contract_s_order_and_only_those_concerned_are_asked(town):
    case = town.show(town.open(), "2026-03-02")
    departments = "reform planning land environment construction transport municipal forestry agriculture water"
    assert [one["department"] for one in case["opinions"]] == departments.split()
    assert [one["department"] for one in case["opinions"] if one["routed"]] == list(ASKED)
    assert {one["state"] for one in case["opinions"]} == {"drafted"}
    assert {one["drafted_by"] for one in case["opinions"]} == {"onemap"}
    assert {one["why"] for one in case["opinions"] if not one["routed"]} == {"nothing"}


@pytest.mark.parametrize(
    ("verdict", "conclusion"),
    [("prohibited", "disagree"), ("restricted", "conditional"), ("consult", "conditional"), ("notice", "agree")],
)
def test_a_draft_concludes_what_the_verdict_says(town, verdict, conclusion):
    town.pack(RULES.replace('verdict = "prohibited"', f'verdict = "{verdict}"'))
    case = town.show(town.open(), "2026-03-02")
    assert opinion(case, "land")["conclusion"] == conclusion
    assert opinion(case, "land")["text"] == "Takes 0.5000 ha of farmland; move the site."
    assert opinion(case, "land")["basis"] == "土地管理法 第三十五条"


def test_what_the_bureau_s_own_data_cannot_judge_stays_open_and_says_why(town):
    case = town.show(town.open(parcels=town.parcels(DK9=ground(8900, 0, 9100, 100))), "2026-03-02")
    land = opinion(case, "land")
    assert (land["conclusion"], land["routed"]) == ("open", True)
    assert "1.0000 ha cannot be judged" in land["text"]
    assert "Takes farmland" in land["text"]


def test_without_findings_and_items_a_department_is_not_involved_and_need_not_sign(town):
    case = town.open(parcels=town.parcels(DK2=ground(1000, 1000, 1100, 1100)))
    town.done("circulate", case, on="2026-03-02")
    town.sign_all(case, "reform", on="2026-03-03")
    after = town.done("consolidate", case, on="2026-03-03")
    assert (after["conclusion"], opinion(after, "land")["conclusion"]) == ("agree", "not_involved")


def test_a_rule_that_wants_others_consulted_asks_them_too(town):
    town.pack(RULES.replace('layer = "FARM"', 'layer = "FARM"\nconsult = ["forestry"]'))
    case = town.show(town.open(), "2026-03-02")
    assert opinion(case, "forestry")["routed"]
    assert opinion(case, "forestry")["conclusion"] == "disagree"


def test_a_rule_without_its_layer_becomes_an_item_that_no_machine_checked(town):
    missing = '[[rule]]\nid = "gone"\nkind = "avoid"\nlayer = "STBHHX"\ndepartment = "environment"\n'
    missing += 'verdict = "prohibited"\nmissing = "checklist"\ntitle = { zh = "红线", en = "Red line" }\n'
    missing += 'basis = [{ law = "法" }]\n\n'
    town.pack(RULES.replace("[[checklist]]", missing + "[[checklist]]"))
    case = town.show(town.open(), "2026-03-02")
    item = next(item for item in case["checklist"] if item["department"] == "environment")
    assert (item["rule"], item["layer"], item["reason"]) == ("gone", "STBHHX", "layer_missing")
    assert [opinion(case, "environment")[key] for key in ("why", "conclusion")] == ["checklist", "open"]
    assert item["title"] == "To be checked: Red line"
    assert "Red line" not in opinion(case, "environment")["text"]


def test_rules_that_were_left_out_on_purpose_are_asked_of_people(town):
    case = town.show(town.open("--only", "RIVER"), "2026-03-02")
    assert opinion(case, "land")["why"] == "checklist"
    assert [item["reason"] for item in case["checklist"] if item["rule"] == "farm"] == ["only"]


def test_a_machine_s_draft_may_be_signed_as_it_is(town, walk):
    after = town.sign_all(walk("circulating"), "land", on="2026-03-03", by="head")
    assert [opinion(after, "land")[key] for key in ("state", "signed_by", "drafted_by", "signed_on")] == [
        *("signed", "head", "onemap", "2026-03-03")
    ]


def test_nobody_signs_what_he_wrote(town, walk):
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "同意", on="2026-03-03", by="Wang")
    for name in (" wang ", "Ｗａｎｇ", "W\u0430ng", "WA NG", "W\u0251ng"):
        assert town.step("sign", case, "land", on="2026-03-03", by=name).codes == ["review.self_sign"]
    assert opinion(town.sign_all(case, "land", on="2026-03-03", by="Li"), "land")["state"] == "signed"


def test_whoever_wrote_it_may_sign_where_the_pack_allows(town, walk):
    town.pack(self_sign=True)
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "同意", on="2026-03-03", by="Wang")
    assert opinion(town.sign_all(case, "land", on="2026-03-03", by="Wang"), "land")["state"] == "signed"


def test_nobody_acts_in_the_machine_s_name(town, walk):
    case = walk("circulating")
    for name in ("onemap", "OneMap ", "One Map", "\u041enemap", "ｏｎｅｍａｐ", "", "\u2800", "a\nb", "Li\u202e"):
        assert town.step("sign", case, "land", on="2026-03-03", by=name).codes == ["review.by"]


def test_disagreeing_needs_a_legal_basis(town, walk):
    case = walk("circulating")
    words = ("--conclusion", "disagree", "--text", "不同意")
    assert town.step("opine", case, "water", *words, on="2026-03-03").codes == ["review.basis"]
    after = town.done("opine", case, "water", *words, "--basis", "防洪法第二十七条", on="2026-03-03")
    assert opinion(after, "water")["basis"] == "防洪法第二十七条"


def test_an_opinion_has_both_conclusion_and_text(town, walk):
    case = walk("circulating")
    assert town.step("opine", case, "land", on="2026-03-03").codes == ["review.words_missing"] * 2
    none = ("--conclusion", "agree", "--text", "好", "--answer", "x=1", "--answer", "y=2")
    assert town.step("opine", case, "land", *none, on="2026-03-03").codes == ["review.answer"] * 2
    assert town.step("opine", case, "land", "--text", "好", on="2026-03-03").codes == ["review.words_missing"]
    assert town.step("opine", case, "land", "--conclusion", "agree", on="2026-03-03").codes == ["review.words_missing"]
    assert town.step("opine", case, "land", "--conclusion", "yes", "--text", "好", on="2026-03-03").code == 2
    long = ("--conclusion", "agree", "--text", "字" * 20_001)
    assert town.step("opine", case, "land", *long, on="2026-03-03").codes == ["review.text"]


def test_a_returned_opinion_is_written_anew_before_it_is_signed(town, walk):
    case = walk("circulating")
    town.sign_all(case, "land", on="2026-03-03")
    after = town.done("return", case, "land", "--reason", "依据不全", on="2026-03-03", by="lead")
    assert [opinion(after, "land")[key] for key in ("state", "signed_by", "due")] == ["returned", None, "2026-03-09"]
    assert town.step("sign", case, "land", on="2026-03-03").codes == ["review.returned"]
    assert town.step("return", case, "land", on="2026-03-03").codes == ["review.returned"]
    words = ("--conclusion", "agree", "--text", "同意")
    assert opinion(town.done("opine", case, "land", *words, on="2026-03-03"), "land")["state"] == "drafted"


def test_unknown_departments_and_cases_are_refused(town, walk):
    case = walk("circulating")
    answer = town.step("sign", case, "magic", on="2026-03-03")
    assert (answer.code, answer.codes) == (3, ["review.department"])
    assert "forestry" in answer.json["problems"][0]["mend"]
    assert town.step("sign", "20260302-ffffffff", "land", on="2026-03-03").codes == ["review.case"]
    assert town.step("show", "'; DROP TABLE onemap_cases; --").code in (2, 3)


def test_answers_to_checklist_items_are_kept_with_who_gave_them(town, walk):
    case = walk("circulating")
    words = ("--conclusion", "agree", "--text", "同意")
    after = town.done("opine", case, "reform", *words, "--answer", "industry=鼓励类", on="2026-03-03", by="Fa")
    assert [after["checklist"][0][key] for key in ("answer", "answered_by", "answered_on")] == [
        *("鼓励类", "Fa", "2026-03-03")
    ]
    assert town.step("opine", case, "reform", *words, "--answer", "other=x", on="2026-03-03").codes == ["review.answer"]
    assert town.step("opine", case, "reform", *words, "--answer", "industry", on="2026-03-03").codes == [
        "review.answer"
    ]


@pytest.mark.parametrize("answer", ["industry", "industry= ", "=鼓励类"])
def test_an_answer_that_is_none_is_refused_with_the_items_of_the_department(town, walk, answer):
    words = ("--conclusion", "agree", "--text", "同意", "--answer", answer)
    refused = town.step("opine", walk("circulating"), "reform", *words, on="2026-03-03")
    assert refused.codes == ["review.answer"]
    assert "Development and reform" in refused.json["problems"][0]["message"]
    assert "industry" in refused.json["problems"][0]["mend"]


def test_an_override_keeps_both_verdicts_and_changes_the_machine_s_draft(town, walk):
    case = walk("circulating")
    more = ("--verdict", "restricted", "--reason", "已列入国家重点项目")
    after = town.done("override", case, "DK1", "farm", *more, on="2026-03-03", by="Wang")
    override, entry = after["overrides"][0], after["entries"][-1]
    assert [override[key] for key in ("before", "verdict", "by")] == ["prohibited", "restricted", "Wang"]
    assert override["rule_title"] == entry["detail"]["rule_title"] != override["rule"] == "farm"
    land = opinion(after, "land")
    assert (land["conclusion"], land["due"]) == ("conditional", "2026-03-09")
    assert "by machine" in land["text"]
    assert "已列入国家重点项目" in land["text"]
    for form in ("json", "html"):
        done("review", "sheet", town.library, case, town.folder / f"sheet.{form}")
    sheet = json.loads((town.folder / "sheet.json").read_text(encoding="utf-8"))["sheets"][0]
    farm = next(row for row in sheet["findings"] if row["rule"] == "farm")
    assert [(one["verdict"], one["machine_verdict"]) for one in (sheet, farm)] == [("restricted", "prohibited")] * 2
    page = (town.folder / "sheet.html").read_text(encoding="utf-8")
    assert page.count("▲ restricted (judged otherwise by a person; by machine: ■ prohibited)") == 2


def test_an_override_to_clear_still_asks_the_department(town, walk):
    case = walk("circulating")
    after = town.done("override", case, "DK1", "farm", "--verdict", "clear", "--reason", "x", on="2026-03-03")
    assert [opinion(after, "land")[key] for key in ("conclusion", "routed")] == ["not_involved", True]
    assert town.step("consolidate", case, on="2026-03-03").codes == ["review.unsigned"]


def test_an_override_of_a_hit_leaves_what_could_not_be_judged_unknown_until_that_is_judged_too(town):
    """Farmland is known as far as 80 m east; the parcel has 20 × 100 m of it, and 20 × 100 m of which nothing is known.

    Prohibited and unknown: disagree; without the hit the bureau's data are missing: open; without both: nothing.
    """
    known = write(town.folder / "known.gpkg", [ground(-9000, -9000, 80, 9000)], {"n": [1]})
    town.layer("FARM", ground(50, 0, 70, 100), covers=known, label="part", valid_from="2026-01-01")
    case = town.open(parcels=town.parcels(DK1=ground(40, 0, 100, 100)))
    assert opinion(town.show(case, "2026-03-02"), "land")["conclusion"] == "disagree"
    more = ("--verdict", "clear", "--reason", "已调出")
    after = town.done("override", case, "DK1", "farm", *more, on="2026-03-02", by="A")
    assert opinion(after, "land")["conclusion"] == "open"
    assert (after["verdicts"]["unknown"], after["verdicts"]["clear"]) == (1, 0)
    assert opinion(after, "land")["text"].count("by A") == 1
    after = town.done("override", case, "DK1", "farm", *more, on="2026-03-02", by="A")
    assert [one["before"] for one in after["overrides"]] == ["prohibited", "unknown"]
    assert opinion(after, "land")["conclusion"] == "not_involved"
    assert after["verdicts"]["clear"] == 1
    assert town.step("override", case, "DK1", "farm", *more, on="2026-03-02").codes == ["review.same_verdict"]
    other = town.open(parcels=town.parcels(DK1=ground(40, 0, 100, 100)))
    meant = (*more, "--before", "unknown")
    after = town.done("override", other, "DK1", "farm", *meant, on="2026-03-02", by="A")
    assert [one["before"] for one in after["overrides"]] == ["unknown"]  # the hit stands
    assert opinion(after, "land")["conclusion"] == "disagree"
    meant = (*more, "--before", "consult")
    assert town.step("override", other, "DK1", "farm", *meant, on="2026-03-02").codes == ["review.finding"]


def test_an_override_that_an_earlier_program_wrote_is_of_all_that_its_rule_has_found(town):
    known = write(town.folder / "known.gpkg", [ground(-9000, -9000, 80, 9000)], {"n": [1]})
    town.layer("FARM", ground(50, 0, 70, 100), covers=known, label="part", valid_from="2026-01-01")
    case = town.open(parcels=town.parcels(DK1=ground(40, 0, 100, 100)))
    town.done("override", case, "DK1", "farm", "--verdict", "clear", "--reason", "已调出", on="2026-03-02", by="A")
    with open_library(str(town.library)) as library:
        *before, last = read_events(library, case)
        facts = {name: value for name, value in last.facts().items() if name != "before"}
        earlier = replace(last, body=json.dumps(facts))
        replay = Replay.of([*before, earlier], library.id, LibraryEvidence(library))
    assert replay.current_case.opinion("land").conclusion == "not_involved"


def test_an_override_leaves_what_a_person_wrote(town, walk):
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "自拟", on="2026-03-03")
    after = town.done("override", case, "DK1", "farm", "--verdict", "notice", "--reason", "x", on="2026-03-03")
    assert opinion(after, "land")["text"] == "自拟"


def test_an_override_needs_a_finding_a_reason_another_verdict_and_an_unsigned_opinion(town, walk):
    case = walk("circulating")
    options = ("--verdict", "notice", "--reason")
    assert town.step("override", case, "DK7", "farm", *options, "x", on="2026-03-03").codes == ["review.finding"]
    assert town.step("override", case, "DK1", "hill", *options, "x", on="2026-03-03").codes == ["review.finding"]
    assert town.step("override", case, "DK1", "farm", *options, " ", on="2026-03-03").codes == ["review.reason"]
    same = ("--verdict", "prohibited", "--reason", "x")
    assert town.step("override", case, "DK1", "farm", *same, on="2026-03-03").codes == ["review.same_verdict"]
    town.sign_all(case, "land", on="2026-03-03")
    assert town.step("override", case, "DK1", "farm", *options, "x", on="2026-03-03").codes == ["review.spoken"]


def test_markup_in_a_name_stays_text(town):
    name = '<b>城北</b> & "小学" {area_ha} %s =1+1'
    case = town.open(project=name)
    assert town.show(case, "2026-03-02")["project"] == name


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "字" * 201])
def test_a_project_has_a_name_of_one_line(town, name):
    answer = command("review", "open", town.library, town.parcels(), "--project", name)
    assert answer.code in (2, 3)
    assert answer.codes[0] in ("review.project", "usage.required")


def test_a_draft_of_several_parcels_names_those_that_it_speaks_of(town):
    plots = {f"P{n}": ground(60 + n, 0, 61 + n, 50) for n in range(12)}
    many = opinion(town.show(town.open(parcels=town.parcels(**plots)), "2026-03-02"), "land")
    assert "(parcels: P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 and others, 12 in all)" in many["text"]
    two = town.parcels(A=ground(60, 0, 70, 50), B=ground(1000, 0, 1010, 50))
    assert opinion(town.show(town.open(parcels=two), "2026-03-02"), "land")["text"].endswith("(parcels: A)")


def test_an_object_near_two_parcels_is_told_to_count_for_each(town):
    draft = {"zh": "附近河流数量：{features}。", "en": "Rivers nearby: {features}."}
    words = ("RIVER", "临近河道", "Near a river", "防洪法 第二十七条")
    town.pack(rule_of("near water notice", *words, kind="near", distance_m=50, draft=draft))
    beside = {"A": ground(40, 0, 50, 50), "B": ground(40, 50, 50, 100)}
    for count, of_parcels in ((1, ""), (2, " (each parcel counted by itself)")):
        place = town.parcels(**dict([*beside.items()][:count]))
        text = opinion(town.show(town.open(parcels=place), "2026-03-02"), "water")["text"]
        assert text.startswith(f"Rivers nearby: {count}{of_parcels}.")


def test_a_layer_that_nobody_could_check_is_no_all_clear(town):
    missing = '[[rule]]\nid = "gone"\nkind = "avoid"\nlayer = "STBHHX"\ndepartment = "environment"\n'
    missing += 'verdict = "prohibited"\nmissing = "checklist"\ntitle = { zh = "红线" }\nbasis = [{ law = "法" }]\n'
    town.pack(RULES + missing)
    case = town.show(town.open(), "2026-03-02")
    assert "does not mean that there is no conflict" in opinion(case, "environment")["text"]
    assert "does not mean that there is no conflict" not in opinion(case, "reform")["text"]


STRAY = ("\udcff", "\x00", "a\x07")


@pytest.mark.parametrize("stray", STRAY)
def test_stray_bytes_and_control_characters_are_refused_wherever_somebody_writes(town, walk, stray):
    case = walk("circulating")
    on = ("--on", "2026-03-03")
    steps = {
        "review.text": ("opine", "land", "--conclusion", "agree", "--text", f"x{stray}", *on),
        "review.text ": ("sign", "land", "--reason", f"x{stray}", *on),
        "review.by": ("sign", "land", "--by", f"x{stray}", *on),
        "review.finding": ("override", f"DK{stray}", "farm", "--verdict", "notice", "--reason", "x", *on),
    }
    # Half a character is refused as an option's value, before anybody asks what it is for.
    possible = {"usage.value"} if stray == "\udcff" else set()
    for code, (verb, *words) in steps.items():
        assert set(command("review", verb, town.library, case, *words).codes) <= {code.strip(), *possible}
    assert set(command("history", town.library, f"x{stray}").codes) <= {"history.unknown", *possible}
    assert town.step("show", f"{case}{stray}").code in (2, 3)
    assert town.show(case, "2026-03-03")["revision"] == 2

"""Opinions are joined to one conclusion, a statement gets its number, and later checks use what is approved."""

import json
import sqlite3

import geopandas as gpd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.review import approvals
from onemap.rules.review.cases.routing import overall
from onemap.rules.review.statement.outline import places, printed_outline
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import RULES, ground, opinion, write

NO_SENDER = "The statement has no head and no sender, because the library has no profile of the bureau."


@pytest.mark.parametrize(
    ("opinions", "conclusion"),
    [
        ([], "agree"),
        (["not_involved", "not_involved"], "agree"),
        (["agree", "not_involved"], "agree"),
        (["agree", "conditional"], "conditional"),
        (["conditional", "supplement", "agree"], "supplement"),
        (["supplement", "disagree", "agree"], "disagree"),
    ],
)
def test_the_gravest_opinion_decides(opinions, conclusion):
    assert overall(opinions) == conclusion


def case_with_opinions(town, walk, **words):
    """A circulating case in which the three departments have signed these opinions."""
    case = walk("circulating")
    for department, conclusion in words.items():
        more = ["--conclusion", conclusion, "--text", "意见", "--basis", "某法第一条"]
        more += ["--answer", "industry=鼓励类"] if department == "reform" else []
        town.done("opine", case, department, *more, on="2026-03-03")
        town.sign_all(case, department, on="2026-03-03")
    return case


@pytest.mark.parametrize(
    ("land", "water", "conclusion"),
    [
        ("agree", "agree", "agree"),
        ("conditional", "agree", "conditional"),
        ("supplement", "conditional", "supplement"),
        ("supplement", "disagree", "disagree"),
    ],
)
def test_consolidating_joins_what_was_signed(town, walk, land, water, conclusion):
    case = case_with_opinions(town, walk, land=land, water=water, reform="not_involved")
    after = town.done("consolidate", case, on="2026-03-04")
    assert (after["state"], after["proposed"], after["conclusion"]) == ("consolidated", conclusion, conclusion)


def test_while_nobody_has_signed_nothing_is_proposed(town, walk):
    """Drafts that disagree are nobody's word, and no agreement either."""
    opened = town.show(town.open(), "2026-03-02")
    assert [opinion(opened, name)["conclusion"] for name in ("land", "water")] == ["disagree", "conditional"]
    assert (opened["verdicts"]["prohibited"], opened["proposal"]) == (1, None)
    case = walk("circulating")
    assert town.show(case, "2026-03-02")["proposal"] is None
    assert town.sign_all(case, "water", on="2026-03-03")["proposal"] == opinion(opened, "water")["conclusion"]
    assert town.sign_all(case, "land", on="2026-03-03")["proposal"] == "disagree"


def test_where_nobody_is_asked_the_case_may_be_agreed_to(town):
    pack = town.pack(RULES.partition("[[checklist]]")[0])
    opened = town.show(town.open("--pack", pack, parcels=town.parcels(DK9=ground(900, 900, 950, 950))), "2026-03-02")
    assert not any(one["routed"] for one in opened["opinions"]) and opened["proposal"] == "agree"


def test_all_that_is_missing_is_told_at_once(town, walk):
    case = walk("circulating")
    town.sign_all(case, "water", on="2026-03-03")
    town.layer("FARM", ground(500, 500, 600, 600), valid_from="2026-03-03", label="new")
    answer = town.step("consolidate", case, on="2026-03-04")
    assert answer.codes == ["review.unsigned", "review.stale"]
    assert "Development and reform (reform), Land" in answer.json["problems"][0]["message"]


def test_what_a_person_of_a_department_wrote_unasked_is_signed_or_stops_the_case(town, walk):
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")
    words = ("--conclusion", "disagree", "--text", "有古树", "--basis", "森林法")
    town.done("opine", case, "forestry", *words, on="2026-03-03")
    assert town.step("consolidate", case, on="2026-03-04").codes == ["review.unsigned"]
    town.sign_all(case, "forestry", on="2026-03-04")
    assert town.done("consolidate", case, on="2026-03-04")["conclusion"] == "disagree"


def test_a_person_may_decide_otherwise_with_a_reason(town, walk):
    case = case_with_opinions(town, walk, land="disagree", water="agree", reform="agree")
    assert town.step("consolidate", case, "--conclusion", "agree", on="2026-03-04").codes == ["review.reason"]
    more = ("--conclusion", "conditional", "--reason", "市政府专题会议纪要")
    after = town.done("consolidate", case, *more, on="2026-03-04", by="mayor")
    assert [after[key] for key in ("proposed", "conclusion", "conclusion_reason", "decided_by")] == [
        *("disagree", "conditional", "市政府专题会议纪要", "mayor")
    ]
    one_name, no_sender = after["warnings"]
    assert one_name.startswith("head alone signed") and no_sender == NO_SENDER


def test_agreeing_against_a_prohibition_is_allowed_and_said_aloud(town, walk):
    case = case_with_opinions(town, walk, land="agree", water="agree", reform="agree")
    warning = town.done("consolidate", case, on="2026-03-04")["warnings"][0]
    assert warning.startswith("Land ")  # by its name, not by its code


@pytest.mark.slow
def test_statements_are_numbered_through_each_year_on_their_own(town, walk):
    numbers = []
    for on in ("2026-03-05", "2026-03-06", "2026-12-30"):
        case = walk("consolidated")
        numbers.append(town.done("issue", case, on=on)["document"])
    assert numbers == ["演练城预审〔2026〕1号", "演练城预审〔2026〕2号", "演练城预审〔2026〕3号"]
    last = town.open(parcels=town.parcels("clear", Z=ground(2000, 2000, 2100, 2100)), on="2025-06-02")
    town.done("circulate", last, on="2025-06-02")
    town.sign_all(last, "reform", on="2025-06-03")
    town.done("consolidate", last, on="2025-06-03")
    assert town.done("issue", last, on="2025-06-03")["document"] == "演练城预审〔2025〕1号"


def issue_case(town, name, parcels, on, conclusion="agree"):
    """A case that was issued."""
    case = town.open("--data", town.folder / "data.toml", parcels=town.parcels(name, **parcels), on=on, project=name)
    town.done("circulate", case, on=on)
    for department in ("reform", "land", "water"):
        words = ("--conclusion", conclusion, "--text", "意见", "--basis", "法")
        town.done("opine", case, department, *words, on=on)
        town.sign_all(case, department, on=on)
    town.done("consolidate", case, on=on)
    town.done("issue", case, on=on)
    return case


@pytest.mark.slow
def test_what_is_approved_enters_a_layer_that_later_checks_look_at(town):
    (town.folder / "data.toml").write_text('"项目代码" = "2026-130102-47-01-012345"\n"行政区代码" = "130102"\n')
    first = issue_case(town, "一中", {"A": ground(2000, 0, 2100, 100), "B": ground(2200, 0, 2300, 100)}, "2026-03-02")
    second = issue_case(town, "二中", {"C": ground(3000, 0, 3100, 100)}, "2026-03-03", "conditional")
    issue_case(town, "三中", {"D": ground(4000, 0, 4100, 100)}, "2026-03-04", "disagree")
    layers = done("layers", town.library).json["layers"]
    versions = next(layer for layer in layers if layer["code"] == "XS_XMKJFW")["versions"]
    assert [(one["label"], one["count"]) for one in versions] == [
        ("2026-03-02演练城预审〔2026〕1号", 2),
        ("2026-03-03演练城预审〔2026〕2号", 3),
    ]
    rule = '[[rule]]\nid = "taken"\nkind = "avoid"\nlayer = "XS_XMKJFW"\ndepartment = "planning"\n'
    rule += 'verdict = "restricted"\ntitle = { zh = "已批" }\nbasis = [{ law = "法" }]\n'
    pack = town.pack(RULES + rule)
    new = town.parcels("new", N=ground(2050, 0, 2250, 100), M=ground(5000, 0, 5100, 100))
    out = town.folder / "out.gpkg"
    answer = done("check", town.library, new, "--pack", pack, "--as-of", "2026-03-04", "--out", out)
    assert answer.json["verdicts"]["restricted"] == 1
    assert answer.json["verdicts"]["clear"] == 1
    rows = gpd.read_file(out, layer="overlaps")
    assert list(rows["feature"]) == ["2026-130102-47-01-012345-A", "2026-130102-47-01-012345-B"]
    assert first in rows["attributes"][0]
    assert second not in rows["attributes"][0]
    assert done("verify", town.library).json["problems"] == []


@pytest.mark.slow
def test_approvals_that_a_bureau_loaded_itself_stay_in_the_layer(town):
    source = write(town.folder / "old.gpkg", [ground(7000, 0, 7100, 100)], {"XMDM": ["OLD"], "BZ": ["旧批文"]})
    done("add", town.library, source, "--as", "XS_XMKJFW", "--label", "old", "--covers", "district")
    (town.folder / "data.toml").write_text("")
    issue_case(town, "一中", {"A": ground(2000, 0, 2100, 100)}, "2026-03-02")
    issue_case(town, "二中", {"B": ground(2500, 0, 2600, 100)}, "2026-03-03")
    layers = done("layers", town.library).json["layers"]
    versions = next(layer for layer in layers if layer["code"] == "XS_XMKJFW")["versions"]
    assert [one["count"] for one in versions] == [1, 2, 3]
    assert done("verify", town.library).json["ok"]


@pytest.mark.slow
def test_cases_become_the_project_library_s_layer_when_it_is_published(town, walk):
    cases = {state: walk(state) for state in ("draft", "circulating", "issued", "withdrawn")}
    published = done("review", "publish", town.library, "--on", "2026-03-10").json["layers"]
    assert published == {"XS_XMKJFW": None, "YSYJ": None, "XMK": "2026-03-10演练城预审〔2026〕1号"}
    with sqlite3.connect(town.library) as library:
        rows = dict(library.execute("SELECT AJBH, JD FROM XMK__1"))
    library.close()
    assert rows == {cases["draft"]: "储备", cases["circulating"]: "策划", cases["issued"]: "在办"}
    assert set(done("review", "publish", town.library, "--on", "2026-03-10").json["layers"].values()) == {None}
    town.done("withdraw", cases["draft"], on="2026-03-11")
    again = done("review", "publish", town.library, "--on", "2026-03-11").json["layers"]
    assert [again[code] is None for code in ("XS_XMKJFW", "YSYJ", "XMK")] == [True, True, False]
    assert done("verify", town.library).json["problems"] == []


def test_each_issued_case_is_a_site_of_an_earlier_opinion_whatever_was_decided(town):
    (town.folder / "data.toml").write_text("")
    issue_case(town, "一中", {"A": ground(2000, 0, 2100, 100)}, "2026-03-02", "disagree")
    with sqlite3.connect(town.library) as library:
        assert list(library.execute("SELECT XMMC, YJJL, YJRQ FROM YSYJ__1")) == [("一中", "不同意", "2026-03-02")]
        assert list(library.execute("SELECT count(*) FROM onemap_versions WHERE code = 'XS_XMKJFW'")) == [(0,)]
    library.close()


def test_cases_are_listed_by_stage_with_what_presses(town, walk):
    cases = {state: walk(state) for state in ("draft", "circulating", "issued", "withdrawn")}
    listed = done("review", "list", town.library, "--on", "2026-03-10").json["cases"]
    assert {one["case"]: one["state"] for one in listed} == {case: state for state, case in cases.items()}
    out = next(one for one in listed if one["state"] == "circulating")
    assert (out["due"], out["overdue"]) == ("2026-03-09", ["reform", "land", "water"])
    only = done("review", "list", town.library, "--state", "draft").json["cases"]
    assert [one["case"] for one in only] == [cases["draft"]]
    assert command("review", "list", town.library, "--state", "open").code == 2


def test_a_library_without_cases_lists_none(town):
    assert done("review", "list", town.library).json["cases"] == []


def test_the_chain_names_every_step_and_verify_finds_the_library_whole(town, walk):
    case = walk("issued")
    rows = done("history", town.library, case).json["rows"]
    assert [row["action"] for row in rows] == [
        *("check", "review.open", "review.circulate", "review.sign", "review.sign", "review.sign"),
        *("review.consolidate", "review.issue"),
    ]
    assert rows[-1]["detail"]["document"] == "演练城预审〔2026〕1号"
    assert done("verify", town.library).json["ok"]
    assert opinion(town.show(case, "2026-03-05"), "land")["state"] == "signed"


def test_every_field_that_a_case_writes_into_the_library_has_a_title():
    entries = shipped_catalogue()
    for layer in approvals._LAYERS.values():
        assert [name for name in layer.fields if entries[layer.code].field_named(name) is None] == [], layer.code


def test_one_name_under_several_opinions_is_told_with_how_many_are_as_the_machine_drafted_them(town, walk):
    case = walk("circulating")
    town.done("opine", case, "water", "--conclusion", "agree", "--text", "意见", on="2026-03-02", by="Li")
    signed = town.sign_all(case, "land", on="2026-03-03", by="Wang")
    assert not any("alone signed" in warning for warning in signed["warnings"])
    for department, by in (("reform", "Wang"), ("water", "Ｗang ")):  # read alike, whatever the width
        signed = town.sign_all(case, department, on="2026-03-03", by=by)
    (sentence,) = [warning for warning in signed["warnings"] if "alone signed" in warning]
    assert sentence.startswith("Wang alone signed the opinions of 3 departments within ")
    assert sentence.endswith(" as the machine drafted them: 2.")
    target = town.folder / "statement.json"
    done("review", "export", town.library, case, target, "--document", "statement")
    content = json.loads(target.read_text(encoding="utf-8"))
    (hand,) = content["same_hands"]
    assert (hand["by"], hand["opinions"], hand["unchanged"]) == ("Wang", 3, 2)
    first = next(page for page in printed_outline(content, places("pdf", "statement"))[1] if page["name"])
    lines = [line for part in first["parts"] for line in getattr(part, "lines", ())]
    assert hand["text"] in lines


def test_a_statement_without_a_profile_says_at_issue_that_it_has_no_head_and_no_sender(town, walk, capsys):
    case = walk("consolidated")
    assert NO_SENDER in town.show(case, "2026-03-05")["warnings"]
    library, who = town.as_person("clerk")
    assert main(["review", "issue", str(library), case, *who, "--on", "2026-03-05", "--lang", "en"]) == 0
    assert NO_SENDER in capsys.readouterr().out
    town.library.with_suffix(".profile.toml").write_text('authority = "云州市自然资源局"\n', encoding="utf-8")
    assert NO_SENDER not in town.show(case, "2026-03-05")["warnings"]

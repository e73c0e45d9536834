"""Unreviewed matters are not agreed: open items, open drafts, and an area that is not the declared one."""

import json
from datetime import date

import pyogrio
import pytest
import shapely

from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import RULES, ground, opinion, write
from onemap.tests.rules.small_pack import rule_text

USE = rule_text(
    id="use",
    kind="use",
    layer="PLAN",
    department="planning",
    permits={"07": ["07"]},
    parcel_field="YDXZ",
    plan_field="USE",
    title={"zh": "用途", "en": "Use"},
)


def unchecked(department, **keys):
    """A rule on a layer that is not there, which is asked of people instead."""
    title = {"zh": "红线", "en": "Red line"}
    rule = {"id": "gone", "layer": "STBHHX", "missing": "checklist", "title": title}
    return rule_text(**{**rule, "department": department, **keys})


def export_case(town, case, *options):
    target = town.folder / "case.json"
    done("review", "export", town.library, case, target, "--overwrite", *options)
    return json.loads(target.read_text(encoding="utf-8"))


def test_nobody_signs_over_items_without_an_answer_unless_he_says_why(town, walk):
    case = walk("circulating")
    answer = town.step("sign", case, "reform", on="2026-03-03", by="head")
    assert (answer.code, answer.codes) == (3, ["review.unanswered"])
    assert (
        answer.json["problems"][0]["message"]
        == "Checklist items of Development and reform (reform) without an answer: 1 (industry)."
    )
    assert town.step("sign", case, "reform", "--unanswered", " ", on="2026-03-03").codes == ["review.unanswered"]
    after = town.done("sign", case, "reform", "--unanswered", "待省厅批复", on="2026-03-03", by="head")
    assert opinion(after, "reform")["unanswered"] == "待省厅批复"
    assert after["entries"][-1]["detail"]["unanswered_items"] == ["industry"]
    assert after["warnings"] == ["Development and reform: checklist items without an answer: 1 (待省厅批复)."]
    returned = town.done("return", case, "reform", "--reason", "x", on="2026-03-03", by="lead")
    assert opinion(returned, "reform")["unanswered"] is None


def test_whoever_answers_his_items_signs_without_a_reason(town, walk):
    case = walk("circulating")
    words = ("--conclusion", "agree", "--text", "同意", "--answer", "industry=鼓励类")
    town.done("opine", case, "reform", *words, on="2026-03-03")
    after = town.done("sign", case, "reform", "--unanswered", "not needed", on="2026-03-03", by="head")
    assert (opinion(after, "reform")["unanswered"], after["warnings"]) == (None, [])


def test_consolidating_warns_by_department_and_paper_prints_open_items(town, walk):
    case = walk("consolidated")
    assert (
        "Development and reform: checklist items without an answer: 1 (另行核实)."
        in town.show(case, "2026-03-04")["warnings"]
    )
    content = export_case(town, case)
    item = next(row for row in content["checklist"] if row["id"] == "industry")
    assert (item["answer"], item["answer_text"]) == (None, "Open")
    reform = next(row for row in content["opinions"] if row["department"] == "reform")
    assert (reform["open_items"], reform["unanswered"]) == (["Industrial policy"], "另行核实")
    assert not any("Industrial policy" in row["text"] for row in (*content["opinions"], *content["conditions"]))
    page = town.folder / "case.html"
    done("review", "export", town.library, case, page)
    assert "Open checklist items (1): Industrial policy (reason: 另行核实)" in page.read_text(encoding="utf-8")


def test_what_no_machine_checked_is_no_condition_of_a_department(town, walk):
    town.pack(RULES + unchecked("water"))
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")
    water = opinion(town.show(case, "2026-03-03"), "water")
    assert (water["state"], water["conclusion"]) == ("signed", "conditional")
    content = export_case(town, case)
    assert [row["department"] for row in content["conditions"]] == ["water"]
    assert "Red line" not in content["conditions"][0]["text"]
    assert next(row for row in content["opinions"] if row["department"] == "water")["open_items"] == [
        "To be checked: Red line"
    ]


def test_a_draft_of_nothing_found_and_not_all_checked_is_open_until_a_person_chooses(town, walk):
    town.pack(RULES + unchecked("environment"))
    case = walk("circulating")
    draft = opinion(town.show(case, "2026-03-02"), "environment")
    assert (draft["conclusion"], draft["steps"]["sign"] is None) == ("open", False)
    answer = town.step("sign", case, "environment", "--unanswered", "x", on="2026-03-03", by="head")
    assert (answer.code, answer.codes) == (3, ["review.open"])
    assert answer.json["problems"][0]["message"] in draft["steps"]["sign"]
    words = ("--conclusion", "not_involved", "--text", "已查红线图，不涉及。", "--answer", "gone=不涉及")
    assert town.step("opine", case, "environment", "--conclusion", "open", "--text", "x", on="2026-03-03").code == 2
    town.done("opine", case, "environment", *words, on="2026-03-03")
    assert opinion(town.sign_all(case, "environment", on="2026-03-03"), "environment")["conclusion"] == "not_involved"


@pytest.mark.parametrize(("verdict", "conclusion"), [("notice", "open"), ("consult", "conditional")])
def test_a_notice_beside_rules_that_nobody_checked_is_no_consent(town, verdict, conclusion):
    rules = RULES.replace('verdict = "consult"', f'verdict = "{verdict}"')
    town.pack(rules + unchecked("water"))
    assert opinion(town.show(town.open(), "2026-03-02"), "water")["conclusion"] == conclusion


def test_the_applicant_is_asked_for_his_own_facts_only(town):
    source = write(town.folder / "plan.gpkg", [ground(-100, -100, 900, 900)], {"KEY": ["a"], "USE": ["07"]})
    define = "name=X,department=planning,library=department,kind=vector,geometry=polygon,key=KEY"
    done("add", town.library, source, "--as", "PLAN", "--define", define, "--covers", "extent")
    town.pack(RULES + USE)
    shape = ground(500, 500, 600, 600)
    for name, uses, conclusion in (("a", {"YDXZ": [None]}, "supplement"), ("b", {}, "supplement"), ("c", None, "open")):
        columns = {"DKBH": ["DK1"], **({"YDXZ": ["07"]} if uses is None else uses)}
        place = ground(880, 500, 980, 600) if uses is None else shape  # its end lies outside the plan's coverage
        case = town.open(parcels=write(town.folder / f"{name}.gpkg", [place], columns))
        draft = opinion(town.show(case, "2026-03-02"), "planning")
        assert draft["conclusion"] == conclusion, name
        assert ("please supply it" in draft["text"]) == (conclusion == "supplement")


def test_an_open_draft_stops_no_clock(town):
    town.pack(RULES + unchecked("environment"))
    case = town.open()
    after = town.done("circulate", case, on="2026-03-02")
    environment = opinion(after, "environment")
    assert (environment["due"], environment["stopped_on"]) == ("2026-03-09", None)


@pytest.mark.parametrize(
    ("declared", "limit", "is_remarked"),
    [
        *(("1.0", "", False), ("1.009", "", False), ("0.9", "", True), ("1.02", "", True)),
        ("1.02", "area_share = 0.05", False),
    ],
)
def test_a_declared_area_that_is_not_the_parcels_is_remarked(town, declared, limit, is_remarked):
    (town.folder / "data.toml").write_text(f"area_ha = {declared}\n", encoding="utf-8")
    pack = town.pack()
    pack.write_text(pack.read_text(encoding="utf-8").replace("[review]", f"[review]\n{limit}"), encoding="utf-8")
    opening = ("open", town.library, town.parcels(), "--project", "p", "--pack", pack, "--by", "a")
    answer = command("review", *opening, "--data", town.folder / "data.toml")
    assert ("review.area" in answer.codes) == is_remarked
    assert any("declared area" in line for line in answer.json["warnings"]) == is_remarked
    notes = export_case(town, answer.json["case"])["notes"]
    assert any(f"The declared area is {float(declared):.4f} ha" in note for note in notes) == is_remarked


AFTER = """
[[checklist]]
id = "{item}"
department = "land"
after = "{rule}"
title = {{ zh = "项", en = "Item" }}
"""


def test_an_item_after_a_rule_is_asked_where_that_rule_found_something_or_was_not_checked(town):
    dated = unchecked("land", id="lapsed", basis=[{"law": "法", "to": date(2020, 1, 1)}])
    quiet = unchecked("land", id="quiet", layer="FAR")
    town.layer("FAR", ground(5000, 5000, 5010, 5010))
    asked = ("farm", "river", "gone", "lapsed", "quiet")
    items = "".join(AFTER.format(item=f"after.{rule}", rule=rule) for rule in asked)
    town.pack(RULES + unchecked("land") + dated + quiet + items)
    shown = town.show(town.open(), "2026-03-02")["checklist"]
    of_land = [item["item"] for item in shown if item["department"] == "land"]
    assert {"after.farm", "after.river", "after.gone", "gone"} <= set(of_land)
    assert not {"after.lapsed", "lapsed", "after.quiet"} & set(of_land)  # no law in force; nothing found


def test_one_layer_that_nobody_has_is_one_question_to_each_department_that_its_rules_ask(town):
    """What is under a rule of another department is no question of that one's."""
    under = unchecked("forestry", id="under", under="gone", consult=["land"])
    town.pack(RULES + unchecked("land") + under)
    shown = town.show(town.open(), "2026-03-02")
    asked = [(item["department"], item["item"]) for item in shown["checklist"] if item["item"] in ("gone", "under")]
    assert asked == [("land", "gone"), ("forestry", "under")]
    assert opinion(shown, "forestry")["conclusion"] == "open"


def test_an_item_after_a_rule_that_is_not_there_is_refused(town):
    pack = town.pack(RULES + AFTER.format(item="x", rule="nowhere"))
    answer = command("review", "open", town.library, town.parcels(), "--project", "x", "--pack", pack)
    assert (answer.code, answer.codes) == (3, ["rule.unknown"])


def test_what_a_coordinate_text_declares_of_its_parcels_is_held_against_them_too(town):
    text = town.folder / "site.txt"
    done("redline", town.parcels(), text)
    written = text.read_text(encoding="gb18030")
    assert "1.0000" in written
    pack = ("--pack", town.pack(), "--project", "p", "--by", "a")
    assert "review.area" not in command("review", "open", town.library, text, *pack).codes
    text.write_text(written.replace("1.0000", "1.3000"), encoding="gb18030")
    answer = command("review", "open", town.library, text, *pack)
    assert "review.area" in answer.codes
    assert any("1.3000 ha" in note for note in export_case(town, answer.json["case"])["notes"])


def test_ground_that_a_layer_leaves_open_is_one_line_with_the_rules_that_wait_for_it(town):
    town.layer("PART", ground(0, 0, 50, 100), covers="extent")
    forest = {"layer": "PART", "department": "forestry"}
    titles = {name: {"zh": f"占用{name}级林地", "en": f"Takes forest {name}"} for name in ("k0", "k1")}
    rules = [rule_text(id=name, where=f"KEY = '{name}'", title=titles[name], **forest) for name in titles]
    town.pack(RULES + "".join(rules))
    forestry = opinion(town.show(town.open(), "2026-03-02"), "forestry")
    lines = forestry["text"].splitlines()
    (open_line,) = [line for line in lines if "cannot be judged" in line]
    assert "0.5000 ha" in open_line and "Takes forest k0, Takes forest k1" in open_line
    assert forestry["conclusion"] == "disagree"  # what was found there stands in a line of its own
    assert len(lines) == 2


def test_counts_are_counted(town):
    define = "name=X,department=forestry,library=department,kind=vector,geometry=point,key=KEY"
    points = [shapely.Point(*shape.centroid.coords[0]) for shape in (ground(10, 10, 12, 12), ground(20, 20, 22, 22))]
    points += [shapely.Point(*ground(210, 10, 212, 12).centroid.coords[0])]
    source = write(town.folder / "trees.gpkg", points, {"KEY": ["a", "b", "c"]})
    done("add", town.library, source, "--as", "TREES", "--define", define, "--covers", "district")
    trees = {"id": "trees", "kind": "cross", "layer": "TREES", "department": "forestry"}
    rule = rule_text(**trees, draft={"zh": "{value}株", "en": "Trees: {value}"})
    town.pack(RULES + rule)
    case = town.open(parcels=town.parcels(A=ground(0, 0, 100, 100), B=ground(200, 0, 300, 100)))
    assert opinion(town.show(case, "2026-03-02"), "forestry")["text"].startswith("Trees: 3 ")


@pytest.mark.slow
def test_a_case_says_by_how_many_rules_its_parcels_were_judged(town, terminal):
    pack = town.pack(RULES + unchecked("environment"))
    checked = done("check", town.library, town.parcels(), "--pack", pack, "--as-of", "2026-03-02", "--unrecorded").json
    assert [(rule["department"], rule["rule"]) for rule in checked["unasked"]] == [("environment", "gone")]
    case = town.open()
    shown = town.show(case, "2026-03-02")
    assert (shown["rules"], shown["unasked"]) == (checked["rules"], checked["unasked"])
    target = town.folder / "round.gpkg"
    done("review", "show", town.library, case, "--on", "2026-03-02", "--out", target)
    assert pyogrio.read_dataframe(target, layer="unasked_rules")["rule"].tolist() == ["gone"]
    text = terminal("review", "show", town.library, case, "--on", "2026-03-02", "--lang", "zh").stdout.decode()
    assert f"规则共 {shown['rules']} 条，未检测 1 条" in text and "生态环境局：1 条（图层未入库 1）" in text

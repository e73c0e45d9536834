"""Classes of projects, milder twins, dependent rules, layers by choice, and the law of the day: judged by hand."""

import json

import geopandas as gpd
import pandas
import pytest
from shapely import box

from onemap.tests.rules.run_damage import change_library

SQUARE = box(0, 0, 10, 10)
ROAD = '[class.road]\ntitle = { zh = "道路", en = "Roads" }\nkinds = ["highway"]\nuse = ["1202", "S1"]\n'
MINING = (
    '[class.mining]\ntitle = { zh = "采矿", en = "Mining" }\nkinds = ["quarry"]\nuse = ["1002"]\nsurvey = ["0602"]\n'
)
PARCELS = {"highway": SQUARE, "by_word": SQUARE, "urban": SQUARE, "mine": SQUARE, "house": SQUARE, "silent": SQUARE}
FACTS = {
    "YDXZ": ["1202", None, "S12", "1002", "0701", None],
    "XMLX": [None, "县级公路改建", None, None, "住宅", None],
}


@pytest.fixture
def town(desk):
    desk.layer("ZONE", [SQUARE])
    return desk


def check_projects(desk, *rules, classes=ROAD + MINING, **options):
    """The tables of a check of all projects by rules that may name classes."""
    desk.pack(*rules, classes=classes)
    return desk.check(PARCELS, columns=FACTS, **options)


def test_unless_spares_the_class_by_code_and_by_word_and_no_silent_project(town):
    found = check_projects(town, {"unless": ["road"]})
    assert sorted(found.hits()) == ["house", "mine", "silent"]
    assert (found.finding("house").reason, found.finding("silent").reason) == (None, "no_fact")
    assert found.verdicts()["highway"] == "clear"


def test_of_excused_projects_the_accuracy_of_the_layer_says_nothing(desk):
    desk.layer("ZONE", [box(15, 0, 20, 10)], accuracy=10)
    remark = check_projects(desk, {"unless": ["road"]}).answer.json["problems"][-1]
    assert "(±10 m): 3, such as mine by the rule r" in remark["message"]


def test_ground_of_an_excused_project_is_measured_and_decides_nothing(town):
    """Half of the parcel lies on the zone, a quarter is not covered: both are shown with the reason, and stay clear."""
    town.layer("ZONE", [box(0, 0, 5, 10)], label="half", covers=box(0, 0, 7.5, 10))
    found = check_projects(town, {"unless": ["road"], "verdict": "restricted"})
    hit, unknown = (found.finding("highway", unknown=is_unknown) for is_unknown in (False, True))
    assert (hit.verdict, hit.area_m2, hit.share, hit.counted, hit.reason) == ("clear", 50.0, 0.5, False, "excused")
    assert json.loads(hit.excused_by) == {"class": "road", "by": "code", "value": "1202"}
    assert (unknown.verdict, unknown.area_m2, unknown.counted) == ("unknown", 25.0, False)
    assert unknown.reason == "outside_coverage,excused"
    by_kind = json.loads(found.finding("by_word").excused_by)
    assert by_kind == {"class": "road", "by": "kind", "value": "highway"}
    rows = found.table("parcels").set_index("parcel")
    assert (rows.verdict["highway"], rows.findings["highway"], rows.verdict["house"]) == ("clear", 0, "restricted")
    pieces = found.table("overlaps").set_index("parcel")
    assert (pieces.counted["highway"], pieces.reason["highway"]) == (False, "excused")
    run = found.answer.json["run"]["id"]
    steps = town.run("explain", town.library, run, "highway", "r").json["steps"]
    assert any("1202" in step["value"] for step in steps if step["key"] == "excused")
    assert town.run("runs", town.library, run, "--out", town.folder / "run.xlsx").code == 0
    sheet = pandas.read_excel(town.folder / "run.xlsx", sheet_name="Findings", dtype=object, engine="openpyxl")
    assert set(sheet["Excused by"].dropna()) == {
        *(f"the project is of the class “Roads”, by its use code {code}" for code in ("1202", "S12")),
        "the project is of the class “Roads”, by its kind “Highways”",
    }
    assert town.run("verify", town.library, "--run", run).json["ok"]


def test_a_text_excuses_nothing_beside_a_code_and_a_contradiction_excuses_nobody(town):
    """By hand: a house named after a road, a road's code under a house, two things of which one is a road."""
    squares = dict.fromkeys(("house", "unlike", "both", "roads", "stated", "unheard"), SQUARE)
    texts = ["公路住宅", "住宅", "公路和住宅", "国道及省道改建工程", None, "时空体验装置"]
    town.pack({"unless": ["road"]}, classes=ROAD)
    found = town.check(squares, columns={"YDXZ": ["0701", "1202", None, None, "1202", None], "XMLX": texts})
    assert sorted(found.hits()) == ["both", "house", "unheard", "unlike"]
    problems = {problem["code"]: problem for problem in found.answer.json["problems"]}
    assert set(problems) == {"project.kind_conflict", "project.kind_unknown"}
    assert (problems["project.kind_conflict"]["feature"], problems["project.kind_unknown"]["feature"]) == (
        "unlike",
        "unheard",
    )


def test_a_use_that_is_no_code_is_told_and_excuses_nobody(town):
    uses = {
        "road": "1202",
        "both": "1202/0101",
        "name": "公路用地",
        "again": "公路用地",
        "part": "1202/公路",
        "none": None,
    }
    town.pack({"unless": ["road"]}, classes=ROAD)
    found = town.check(dict.fromkeys(uses, SQUARE), columns={"YDXZ": list(uses.values())})
    assert sorted(found.hits()) == ["again", "both", "name", "none", "part"]
    named, partly, silent = found.answer.json["problems"]
    assert (silent["code"], silent["feature"]) == ("project.unstated", "none")
    assert {problem["code"] for problem in (named, partly)} == {"project.use_unknown"}
    assert (named["feature"], named["field"], partly["feature"]) == ("name", "YDXZ", "part")
    assert "“公路用地” of 2 parcels" in named["message"] and "1202 " in named["mend"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["用地性质", "项目类型"], {"YDXZ": "用地性质", "XMLX": "项目类型"}),
        (["用地性", "项目类"], {"YDXZ": "用地性", "XMLX": "项目类"}),  # as a shapefile cuts them
        (["YDXZ", "用地性质", "项目类型"], {"XMLX": "项目类型"}),
        (["ydxz", "XMLX", "用地性质", "项目类型"], {}),
        (["ＹＤＸＺ", "plots_XMLX"], {"YDXZ": "ＹＤＸＺ", "XMLX": "plots_XMLX"}),  # not their names to a rule
        (["DKYT", "用途"], {"YDXZ": "DKYT"}),  # a red-line TXT's 地块用途; a field that says nothing is not told
        (["用地", "面积", "DLBM"], {}),
    ],
)
def test_a_field_that_may_say_what_a_project_is_under_another_name_is_told_and_not_read(town, columns, expected):
    texts = {"用途": " ", "XMLX": "公路", "项目类": "公路", "项目类型": "公路"}
    values = {name: [texts.get(name, "1202")] for name in columns}
    town.pack({"unless": ["road"]}, classes=ROAD)
    found = town.check({"A": SQUARE}, columns=values)
    remarks = found.answer.json["problems"]
    problems = {one["field"]: one["message"] for one in remarks if one["code"] == "project.field_unread"}
    assert set(problems) == set(expected)
    is_silent = not {"YDXZ", "ydxz", "XMLX"} & set(columns)
    assert ("project.unstated" in [one["code"] for one in remarks]) == is_silent
    assert all(f"no field {field}; {column} may hold it" in problems[field] for field, column in expected.items())
    assert bool(found.hits()) == (not {"YDXZ", "ydxz"} & set(columns)), "what is not read excuses nobody"


def test_only_reaches_the_class_and_a_silent_project_where_the_rule_says_so(town):
    assert list(check_projects(town, {"only": ["mining"]}).hits()) == ["mine"]
    found = check_projects(town, {"only": ["mining", "road"], "silent": True})
    assert sorted(found.hits()) == ["by_word", "highway", "mine", "silent", "urban"]
    assert found.finding("silent").reason == "no_fact"


def test_a_milder_rule_judges_those_alone_whom_the_severe_one_spares(town):
    severe = {"id": "ban", "unless": ["road"], "milder": "permit", "when": "YDXZ <> 'S12'"}
    found = check_projects(town, severe, {"id": "permit", "verdict": "restricted"})
    assert sorted(found.hits("ban")) == ["house", "mine", "silent"]
    assert sorted(found.hits("permit")) == ["by_word", "highway"]  # the rule that it stands for never asked `urban`
    assert found.verdicts()["highway"] == "restricted"


def test_twins_of_twins_pass_a_project_on(town):
    rules = (
        {"id": "ban", "unless": ["road", "mining"], "milder": "permit"},
        {"id": "permit", "verdict": "restricted", "unless": ["mining"], "milder": "tell"},
        {"id": "tell", "verdict": "notice"},
    )
    found = check_projects(town, *rules)
    assert (sorted(found.hits("permit")), list(found.hits("tell"))) == (["by_word", "highway", "urban"], ["mine"])


@pytest.mark.parametrize("when", ["YDXZ LIKE '10%'", "YDXZ NOT LIKE '10%'", "YDXZ IN ('1001', '1002')"])
@pytest.mark.parametrize("spelled", ["YDXZ", "ydxz"])
def test_a_condition_that_says_otherwise_of_two_uses_of_a_parcel_is_unknown(desk, when, spelled):
    desk.layer("ZONE", [SQUARE])
    uses = ["1001", "0701", "0701/1001", "1001 0701", "1001/1002", "0701、0801", "0701或1001"]
    found = desk.check(dict.fromkeys(uses, SQUARE), {"when": when}, columns={spelled: uses})
    true, false = ["1001", "1001/1002"], ["0701", "0701、0801", "0701或1001"]
    unsure = [use for use in found.hits() if found.finding(use).reason == "no_fact"]
    assert sorted(unsure) == ["0701/1001", "1001 0701"]
    assert sorted(set(found.hits()) - set(unsure)) == (false if "NOT" in when else true)
    assert desk.check({"A": SQUARE}, {"when": "YDXZ = '0701/1001'"}, columns={"YDXZ": ["0701/1001"]}).hits()


def test_a_code_is_of_the_system_that_the_parcel_names(desk):
    """0602 is a mine in the survey and nothing in the classes of 2023; 1002 the other way round."""
    desk.layer("ZONE", [SQUARE])
    desk.pack({"only": ["mining"]}, classes=MINING)
    columns = {"YDXZ": ["0602", "0602", "1002", "1002"], "code_system": ["survey", None, "survey", "land-sea-2023"]}
    found = desk.check({"mine": SQUARE, "grass": SQUARE, "wood": SQUARE, "quarry": SQUARE}, columns=columns)
    assert list(found.hits()) == ["mine", "quarry"]


def test_full_width_and_small_letters_are_the_same_codes(desk):
    desk.layer("ZONE", [SQUARE])
    desk.pack({"unless": ["road"]}, classes=ROAD)
    found = desk.check({"A": SQUARE, "B": SQUARE, "C": SQUARE}, columns={"YDXZ": ["１２０２", "s12", "ｓ２\u200b"]})
    assert list(found.hits()) == ["C"]


def test_a_class_of_an_earlier_pack_may_be_named_and_one_that_none_has_is_refused(desk):
    """The ordinance has its own idea of mining, which goes before the common one."""
    desk.layer("ZONE", [SQUARE])
    common, local = {"id": "common", "verdict": "notice", "unless": ["mining"]}, {"id": "local"}
    first = desk.pack(common, id="first", classes=ROAD + MINING)
    own = desk.pack({**local, "unless": ["road", "mining"]}, id="second", classes=MINING.replace("1002", "0701"))
    parcels, out = desk.parcels(PARCELS, FACTS), desk.folder / "both.gpkg"
    answer = desk.run("check", desk.library, parcels, "--pack", first, "--pack", own, "--out", out).done()
    findings = gpd.read_file(out, layer="findings")
    assert set(findings[(findings["rule"] == "local") & findings["counted"]]["parcel"]) == {"mine", "silent"}
    assert desk.run("verify", desk.library, "--run", answer.json["run"]["id"]).json["ok"]
    alone = desk.run("check", desk.library, parcels, "--pack", own)
    assert (alone.code, alone.codes) == (3, ["rule.class"])


def test_a_code_of_a_system_that_nobody_knows_says_nothing(desk):
    desk.layer("ZONE", [SQUARE])
    desk.pack({"unless": ["mining"]}, classes=MINING)
    found = desk.check({"A": SQUARE}, columns={"YDXZ": ["1002"], "code_system": ["ours"]})
    assert found.finding("A").reason == "no_fact"


def test_a_hit_is_not_reported_where_the_rule_above_it_counts(desk):
    """A crossing lies within the zone, the zone within the surroundings; a zone below its least area says nothing."""
    desk.layer("ZONE", [box(0, 0, 4, 10), box(100, 0, 101, 10)], covers=box(-9, -9, 109, 99))
    desk.layer("WIDE", [box(-5, -5, 15, 15), box(95, -5, 115, 15)], covers=box(-99, -99, 105, 99))
    rules = (
        {"id": "wide", "layer": "WIDE", "verdict": "notice", "under": "zone"},
        {"id": "zone", "min_area_m2": 20.0},
    )
    found = desk.check({"A": SQUARE, "B": box(100, 0, 110, 10)}, *rules)
    assert (found.hits("wide"), found.hits("zone")) == ({"B": 100.0}, {"A": 40.0, "B": 10.0})
    assert found.verdicts() == {"A": "prohibited", "B": "notice"}
    assert list(found.table("overlaps").groupby("rule").parcel.unique()["wide"]) == ["B"]


def test_what_could_not_be_judged_stays_where_the_rule_above_counts(desk):
    desk.layer("ZONE", [box(0, 0, 4, 10)])
    desk.layer("WIDE", [box(50, 50, 60, 60)], covers=box(0, 0, 5, 99))
    found = desk.check(
        {"A": SQUARE}, {"id": "zone", "verdict": "notice"}, {"id": "wide", "layer": "WIDE", "under": "zone"}
    )
    assert (found.unknowns("wide"), found.verdicts()) == ({"A": (50.0, "outside_coverage")}, {"A": "unknown"})


@pytest.mark.parametrize("kind", ["avoid", "within", "setback", "use"])
def test_a_share_below_the_least_is_shown_and_decides_nothing(desk, kind):
    zone = box(0, 0, 9.5, 10) if kind == "within" else box(0, 0, 0.5, 10)
    options = {"setback": {"distance_m": 0}, "use": {"parcel_field": "U", "plan_field": "T", "permits": {"07": ["x"]}}}
    desk.layer(
        "ZONE", [zone, box(0.5, 0, 10, 10)] if kind == "use" else [zone], {"T": ["y", "x"][: 1 + (kind == "use")]}
    )
    rules = [
        {"id": n, "kind": kind, "min_share": share, **options.get(kind, {})} for n, share in (("a", 0.05), ("b", 0.051))
    ]
    found = desk.check({"A": SQUARE}, *rules, columns={"U": ["07"]})
    assert (found.finding("A", "a").counted, found.finding("A", "a").reason) == (True, None)
    assert (found.finding("A", "b").counted, found.finding("A", "b").reason) == (False, "below_area")


def test_the_first_layer_in_force_is_taken_and_the_finding_says_which(desk):
    desk.layer("OLD", [box(0, 0, 2, 10)], valid_from="2020-01-01")
    desk.layer("NEW", [box(0, 0, 3, 10)], valid_from="2025-01-01")
    rule = {"layer": ["NEW", "OLD"]}
    now, then = (desk.check({"A": SQUARE}, rule, as_of=day).finding("A") for day in ("2026-01-01", "2024-01-01"))
    assert (now.layer, now.area_m2, then.layer, then.area_m2) == ("NEW", 30.0, "OLD", 20.0)
    before = desk.check({"A": SQUARE}, rule, as_of="2019-01-01").finding("A", unknown=True)
    assert (before.layer, before.reason) == ("NEW", "not_in_force")


def test_the_law_of_the_day_decides(desk):
    desk.layer("ZONE", [SQUARE])
    pack = desk.pack({})
    text = pack.read_text(encoding="utf-8")
    begin = text.index("basis = ")
    old = '{ law = "旧法", article = "第六十五条", to = 2026-08-14 }'
    new = '{ law = "法典", article = "第三百一十九条", from = 2026-08-15 }'
    pack.write_text(text[:begin] + f"basis = [{old}, {new}]\n" + text.split("\n", text[:begin].count("\n") + 1)[-1])
    days = ("2026-08-14", "2026-08-15")
    assert [desk.check({"A": SQUARE}, as_of=day).finding("A").basis for day in days] == [
        "旧法 第六十五条",
        "法典 第三百一十九条",
    ]
    pack.write_text(pack.read_text(encoding="utf-8").replace(f"{old}, ", ""))
    found = desk.check({"A": SQUARE}, as_of="2026-08-14")
    assert (found.hits(), found.verdicts()) == ({}, {"A": "clear"})
    skipped = [(item["rule"], item["reason"]) for item in found.answer.json["run"]["skipped"]]
    assert skipped == [("r", "law_not_in_force")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "code", "field"),
    [
        ({"unless": ["rail"]}, "rule.class", "unless"),
        ({"silent": True}, "rule.option", "silent"),
        ({"milder": "r"}, "rule.option", "milder"),
        ({"unless": ["road"], "milder": "gone"}, "rule.unknown", "milder"),
        ({"under": "gone"}, "rule.unknown", "under"),
        ({"under": "r"}, "rule.unknown", "under"),
        ({"min_share": 1.5}, "rule.option", "min_share"),
        ({"layer": ["ZONE", "GONE"]}, "rule.layer", "layer"),
        ({"layer": []}, "rule.option", "layer"),
        ({"harmless": {"T": "x"}}, "rule.option", "harmless"),
        ({"basis": [{"law": "法", "from": "gestern"}]}, "rule.option", "basis.from"),
        ({"basis": [{"law": "法", "paragraph": "1"}]}, "rule.key", "basis.paragraph"),
    ],
)
def test_a_wrong_key_is_named_with_its_rule(town, rule, code, field):
    path = town.pack(rule, classes=ROAD)
    parcels = town.parcels({"A": SQUARE})
    answer = town.run("check", town.library, parcels, "--pack", path)
    assert answer.code == 3
    assert [(p["code"], p["feature"], p["field"]) for p in answer.json["problems"]] == [(code, "r", field)]
    assert all(p["message"] and p["mend"] for p in answer.json["problems"])


def test_words_of_a_class_and_kinds_that_no_register_has_are_refused_with_the_way_to_mend_them(town):
    head = '\n[class.road]\ntitle = { zh = "路", en = "Road" }\n'
    own = '[kind.cableway]\ntitle = { zh = "索道", en = "Cableways" }\nwords = ["飞天魔毯"]\n'
    twice = '[kind.track]\ntitle = { zh = "路", en = "Tracks" }\nwords = ["公路"]\n'
    texts = {
        'words = { XMLX = ["公路"] }': ["pack.class_words"],
        'kinds = ["higway"]': ["pack.class_kind"],
        f'kinds = ["cableway"]\n{own}': [],
        f'kinds = ["highway"]\n{twice}': ["pack.kind"],
    }
    for text, codes in texts.items():
        path = town.pack({"unless": ["road"]}, classes=head + text)
        parcels = town.parcels({"A": SQUARE}, {"XMLX": ["云顶飞天魔毯工程"]})
        answer = town.run("check", town.library, parcels, "--pack", path)
        assert (answer.code, answer.codes) == (3 if codes else 0, codes)
        assert answer.code or answer.json["verdict"] == "clear"


WRONG_CLASSES = (
    "use = []",
    'kinds = ["highway"]\nuse = ["1", 2]',
    'use = ["12"]',
    'kinds = ["highway"]\nuser = 1',
    'kinds = "highway"',
)


@pytest.mark.parametrize("text", WRONG_CLASSES)
def test_a_wrong_class_is_named(town, text):
    path = town.pack({}, classes='[class.road]\ntitle = { zh = "路", en = "Road" }\n' + text)
    answer = town.run("check", town.library, town.parcels({"A": SQUARE}), "--pack", path)
    assert (answer.code, answer.codes) == (3, ["pack.class"])


def test_a_rule_may_lie_under_several(desk):
    """A meets both, B the first, C the second, D none of those under which `wide` lies."""
    squares = {name: box(100 * n, 0, 100 * n + 10, 10) for n, name in enumerate("ABCD")}
    desk.layer("WIDE", list(squares.values()))
    desk.layer("ONE", [squares["A"], squares["B"]])
    desk.layer("TWO", [squares["A"], squares["C"]])
    rules = ({"id": "one", "layer": "ONE"}, {"id": "two", "layer": "TWO"})
    found = desk.check(squares, *rules, {"id": "wide", "layer": "WIDE", "under": ["one", "two"]})
    assert list(found.hits("wide")) == ["D"]


def test_rows_under_others_are_the_same_against_an_earlier_run(desk):
    """The rule above begins, and ceases, to count where only its own layer has changed."""
    parcels = {"A": SQUARE, "B": box(100, 0, 110, 10)}
    desk.layer("WIDE", [box(-5, -5, 115, 15)])
    desk.layer("ZONE", [box(0, 0, 4, 10)])
    rules = ({"id": "zone"}, {"id": "wide", "layer": "WIDE", "verdict": "notice", "under": "zone"})
    first = desk.check(parcels, *rules).answer.json["run"]["id"]
    desk.layer("ZONE", [box(100, 0, 104, 10)], label="later")
    fresh = desk.check(parcels, *rules)
    expected = [(row.parcel, row.rule, row.area_m2) for row in fresh.table("findings").itertuples()]
    again = desk.check(parcels, *rules, against=first)
    assert [(row.parcel, row.rule, row.area_m2) for row in again.table("findings").itertuples()] == expected
    assert expected == [("A", "wide", 100.0), ("B", "zone", 40.0)]


def test_a_pack_that_rests_on_a_repealed_law_is_refused_unless_it_says_until_when(town):
    law = "中华人民共和国水污染防治法"
    parcels = town.parcels({"A": SQUARE})
    undated = {"basis": [{"law": law, "article": "第六十五条"}]}
    answer = town.run("check", town.library, parcels, "--pack", town.pack(undated))
    assert (answer.code, answer.codes) == (3, ["rule.repealed"])
    assert "2026-08-14" in answer.json["problems"][0]["message"] and "法典" in answer.json["problems"][0]["mend"]
    dated = {"basis": [{"law": law, "article": "第六十五条", "to": "2026-08-14"}]}
    for basis in (dated, {}):
        assert town.check({"A": SQUARE}, {**undated, **basis}, as_of="2026-08-14").hits() == {"A": 100.0}
    still = {"basis": [{"law": law, "from": "2018-01-01"}]}
    assert town.run("check", town.library, parcels, "--pack", town.pack(still)).codes == ["rule.repealed"]


def test_a_pack_of_the_library_whose_law_was_repealed_since_judges_with_a_remark(town):
    """It was put in force while the law held, which the file tells in its place."""
    law = {"basis": [{"law": "中华人民共和国水污染防治法"}]}
    content = town.pack(law).read_text(encoding="utf-8")
    change_library(town.library, "UPDATE onemap_packs SET id = 'test', content = ?", content)
    asked = "check", town.library, town.parcels({"A": SQUARE}), "--as-of"
    found = [town.run(*asked, day).json["problems"] for day in ("2026-08-14", "2026-08-15")]
    assert [[one["code"] for one in problems] for problems in found] == [[], ["rule.repealed"]]


def test_laws_cited_for_a_day_before_their_first_are_told_in_one_remark(town):
    later = {"law": "中华人民共和国生态环境法典"}
    rules = [{"id": name, "basis": [later, {"law": "规划"}]} for name in ("one", "two")]
    dated = {"id": "three", "basis": [{**later, "from": "2026-08-15"}, {"law": "规划"}]}
    asked = "check", town.library, town.parcels({"A": SQUARE}), "--pack", town.pack(*rules, dated), "--as-of"
    (found,), none = (town.run(*asked, day).json["problems"] for day in ("2026-08-14", "2026-08-15"))
    assert (found["code"], none) == ("rule.later_laws", [])
    assert found["message"].startswith("2 rules cite")
    assert found["message"].endswith("中华人民共和国生态环境法典 2026-08-15.")

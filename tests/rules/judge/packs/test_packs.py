"""Packs: mistakes are named with pack, rule and key; a city's own rule replaces another."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.errors import OneMapError
from onemap.rules.judge.packs.pack import DEFAULT_PACK, joined_rules, pack_text, parse_pack, parse_packs
from onemap.tests.conftest import write_layer
from onemap.tests.rules.conftest import Outcome
from onemap.tests.rules.run_damage import change_library
from onemap.tests.rules.small_pack import pack_text as pack_of

SQUARE = box(0, 0, 10, 10)
GOOD = {
    "id": '"r"',
    "kind": '"avoid"',
    "layer": '"STBHHX"',
    "department": '"land"',
    "verdict": '"notice"',
    "title": '{ en = "t" }',
    "basis": '[{ law = "l" }]',
}


def pack(**changes):
    keys = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return '[pack]\nid = "p"\nversion = "1"\n[[rule]]\n' + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"verdit": '"x"'}, "rule.key", "verdit"),
        ({"kind": '"avoids"'}, "rule.kind", "kind"),
        ({"department": '"lands"'}, "rule.value", "department"),
        ({"verdict": '"clear"'}, "rule.value", "verdict"),
        ({"verdict": None}, "rule.key_missing", "verdict"),
        ({"basis": "[]"}, "rule.basis", "basis"),
        ({"basis": '[{ article = "1" }]'}, "rule.basis", "basis"),
        ({"basis": '[{ law = "l", article = 35 }]'}, "rule.basis", "basis"),
        ({"basis": '[{ law = ["l"] }]'}, "rule.basis", "basis"),
        ({"basis": '[{ law = "l", artcle = "1" }]'}, "rule.key", "basis.artcle"),
        ({"unless": '[["road"]]'}, "rule.class", "unless"),
        ({"title": "{ en = 5 }"}, "rule.option", "title"),
        ({"title": "{}"}, "rule.option", "title"),
        ({"where": '"A <"'}, "rule.condition", "where"),
        ({"where": f'"{"NOT (" * 3000}A = 1{")" * 3000}"'}, "rule.condition", "where"),
        ({"where": f'"{" AND ".join(["A = 1"] * 30_000)}"'}, "rule.condition", "where"),
        ({"when": "\"f(A) = 'x'\""}, "rule.condition", "when"),
        ({"min_area_m2": '"1"'}, "rule.type", "min_area_m2"),
        ({"min_area_m2": "-1"}, "rule.negative", "min_area_m2"),
        ({"min_area_m2": "nan"}, "rule.type", "min_area_m2"),
        ({"min_width_m": "inf"}, "rule.type", "min_width_m"),
        ({"min_width_m": f"1{'0' * 400}"}, "rule.type", "min_width_m"),
        ({"layer": '["STBHHX", "LDYZT"]', "by_layer": '{ GL = { where = "A = 1" } }'}, "rule.value", "by_layer"),
        ({"by_layer": '{ STBHHX = { department = "water" } }'}, "rule.option", "by_layer.STBHHX"),
        ({"by_layer": '{ STBHHX = { where = "A <" } }'}, "rule.condition", "where"),
        (
            {"kind": '"use"', "parcel_field": '"A"', "plan_field": '"B"', "permits": '"no-such-table"'},
            "rule.option",
            "permits",
        ),
        ({"distance_m": "5"}, "rule.key", "distance_m"),
        ({"succeeds": "[7]"}, "rule.option", "succeeds"),
        ({"kind": '"setback"'}, "rule.option", "distance_m"),
        ({"kind": '"setback"', "distance_m": "-5"}, "rule.option", "distance_m"),
        ({"kind": '"setback"', "distance_m": '{ field = "A" }'}, "rule.option", "distance_m.values"),
        (
            {"kind": '"setback"', "distance_m": '{ field = "A", values = { x = "5" } }'},
            "rule.option",
            "distance_m.values",
        ),
        (
            {"kind": '"setback"', "distance_m": '{ field = "A", values = { "Ⅰ" = 5, "I" = 6 } }'},
            "rule.option",
            "distance_m.values",
        ),
        ({"kind": '"setback"', "distance_m": "{ field = [], values = { x = 5 } }"}, "rule.option", "distance_m"),
        ({"kind": '"setback"', "distance_m": f"1{'0' * 400}"}, "rule.option", "distance_m"),
        ({"layer": '"GL"'}, "rule.geometry", "layer"),
        ({"consult": '["police"]'}, "rule.value", "consult"),
        ({"missing": '"skip"'}, "rule.value", "missing"),
        ({"net": '{ part = "A" }'}, "rule.option", "net"),
        ({"kind": '"setback"', "distance_m": "5", "instead": '"GL"'}, "rule.geometry", "instead"),
    ],
)
def test_a_wrong_key_is_named_with_its_pack_and_rule(tmp_path, onemap, changes, code, key):
    path = tmp_path / "typo.toml"
    path.write_text(pack(**changes), encoding="utf-8")
    answer = onemap("new", tmp_path / "l.gpkg", "--crs", "EPSG:4547", "--pack", path)
    assert answer.code == 3
    problem = answer.json["problems"][0]
    assert (problem["code"], problem["file"], problem["feature"], problem["field"]) == (code, "typo.toml", "r", key)
    assert "typo.toml" in problem["message"] and problem["mend"]
    assert not (tmp_path / "l.gpkg").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not toml", "pack.syntax"),
        ('[pack]\nid = "p"\n', "pack.key_missing"),
        ('[pack]\nid = "p"\nversion = "1"\n[rules]\n', "pack.key"),
        ('[pack]\nid = "p"\nversion = "1"\nvers = "1"\n', "pack.key"),
        ('[pack]\nid = "p"\nversion = "1"\ntitle = "text"\n', "pack.key"),
        ('checklist = 3\n[pack]\nid = "p"\nversion = "1"\n', "pack.tables"),
        ('rule = [1]\n[pack]\nid = "p"\nversion = "1"\n', "pack.tables"),
        (
            '[pack]\nid = "p"\nversion = "1"\n[[checklist]]\nid = "a"\ndepartment = "land"\ntitle = "t"\n',
            "pack.checklist",
        ),
        (
            '[pack]\nid = "p"\nversion = "1"\n[[checklist]]\nid = "a"\ndepartment = "land"\n'
            'title = { en = "t" }\nwhen = "x"\n',
            "pack.key",
        ),
        (pack() + pack().partition("\n\n")[0].partition('"1"\n')[2], "rule.twice"),
        (pack(id="[1]"), "rule.type"),
        (pack(id="{ a = 1 }"), "rule.type"),
        (pack() + '[[checklist]]\nid = ["a"]\ndepartment = "land"\ntitle = { en = "t" }\n', "pack.checklist"),
        (pack() + '[[checklist]]\nid = "a"\ndepartment = "land"\ntitle = {}\n', "pack.checklist"),
        (
            pack() + '[[checklist]]\nid = "a"\ndepartment = "land"\ntitle = { en = "t" }\nafter = ["r"]\n',
            "rule.unknown",
        ),
    ],
)
def test_a_pack_that_is_not_one_is_refused(tmp_path, onemap, text, code):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    answer = onemap("new", tmp_path / "l.gpkg", "--crs", "EPSG:4547", "--pack", path)
    assert (answer.code, answer.codes[0]) == (3, code)


def test_conditions_days_turned_round_and_blank_laws_are_refused_of_a_new_pack_and_told_of_a_kept_one(desk):
    desk.layer("ZONE", [SQUARE], {"T": ["x"]})
    days = [{"law": "l", "article": "1", "from": date(2026, 12, 31), "to": date(2026, 1, 1)}]
    own = desk.pack(
        {"where": "T = 'x' AND T = 'y'"},
        {"id": "s", "when": "A <> 1 OR A <> 2"},
        {"id": "t", "basis": days},
        {"id": "u", "basis": [{"law": " "}]},
    )
    parcels = desk.parcels({"A": SQUARE})
    answer = desk.run("check", desk.library, parcels, "--pack", own)
    assert (answer.code, answer.codes) == (3, ["rule.never", "rule.always", "rule.days", "rule.basis"])
    assert desk.run("pack", "enact", desk.library, own, "--by", "li", "--reason", "r").codes == answer.codes
    text = own.read_text(encoding="utf-8")  # as an earlier version of the program took it
    change_library(desk.library, "UPDATE onemap_packs SET id = 'test', content = ?", text)
    remarks = [one["code"] for one in desk.run("check", desk.library, parcels).json["problems"]]
    assert remarks == answer.codes


def test_every_problem_is_listed_not_only_the_first(tmp_path, onemap):
    path = tmp_path / "bad.toml"
    path.write_text(pack(verdit='"x"', department='"nobody"', where='"A <"'), encoding="utf-8")
    answer = onemap("new", tmp_path / "l.gpkg", "--crs", "EPSG:4547", "--pack", path)
    assert sorted(answer.codes) == ["rule.condition", "rule.key", "rule.value"]


def test_the_shipped_pack_is_understood_and_every_rule_can_be_judged():
    text, source = pack_text(DEFAULT_PACK)
    made = parse_pack(text, source, shipped_catalogue())
    assert made.id == DEFAULT_PACK and len(made.rules) >= 15
    assert len(joined_rules([made])) == len(made.rules)


def test_packs_are_read_again_where_a_layer_that_they_name_has_changed_and_only_there():
    text, catalogue = pack_text(DEFAULT_PACK), shipped_catalogue()
    (first,) = parse_packs([text], catalogue)
    named = first.rules[0].layer
    own = replace(catalogue[named], code="OWN")
    (again,) = parse_packs([text], {**catalogue, "OWN": own})
    assert again is first
    another = "point" if catalogue[named].geometry == "polygon" else "polygon"
    for changed in ({**catalogue, named: replace(catalogue[named], geometry=another)}, {"OWN": own}):
        with pytest.raises(OneMapError) as refused:
            parse_packs([text], changed)
        assert {problem.code for problem in refused.value.problems} <= {"rule.geometry", "rule.layer"}
    assert parse_packs([text], catalogue)[0].rules == first.rules


def test_two_items_of_a_checklist_that_would_be_one_are_refused(desk, tmp_path):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    parcels = desk.parcels({"A": SQUARE})
    asked = '[[checklist]]\nid = "{}"\ndepartment = "{}"\ntitle = {{ en = "t" }}\n'

    def answer(*packs):
        paths = []
        for number, items in enumerate(packs):
            path = desk.pack({"id": f"r{number}"}, id=f"p{number}")
            path.write_text(path.read_text("utf-8") + "".join(asked.format(*item) for item in items), "utf-8")
            paths += ["--pack", path]
        return desk.run("check", desk.library, parcels, *paths)

    assert answer([("a", "land"), ("a", "water")], [("b", "land")]).code == 0, "each department is asked for itself"
    for packs in ([[("a", "land"), ("a", "land")]], [[("a", "land")], [("a", "land")]], [[("r0", "water")]]):
        refused = answer(*packs)
        assert (refused.code, refused.codes) == (3, ["checklist.twice"]), packs
        (problem,) = refused.json["problems"]
        assert (problem["file"], problem["field"]) == (f"p{len(packs) - 1}", "id")


def test_what_is_wrong_with_an_item_of_a_checklist_is_named_by_its_key(desk):
    path = desk.pack({})
    path.write_text(path.read_text("utf-8") + '[[checklist]]\nid = "a"\ndepartment = "lnd"\n', "utf-8")
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    refused = desk.run("check", desk.library, desk.parcels({"A": SQUARE}), "--pack", path)
    assert [(one["feature"], one["field"]) for one in refused.json["problems"]] == [
        ("a", "checklist.department"),
        ("a", "checklist.title"),
    ]


def test_a_rule_in_two_packs_is_an_error_unless_it_replaces(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    first = desk.pack({"verdict": "notice"}, id="first")
    again = desk.pack({"verdict": "restricted"}, id="again")
    own = desk.pack({"verdict": "restricted", "replaces": "r"}, id="own")
    parcels = desk.parcels({"A": SQUARE})
    answer = desk.run("check", desk.library, parcels, "--pack", first, "--pack", again)
    assert (answer.code, answer.codes) == (3, ["rule.in_two_packs"])
    answer = desk.run("check", desk.library, parcels, "--pack", first, "--pack", own)
    assert answer.code == 0 and answer.json["verdicts"]["restricted"] == 1
    assert [pack["id"] for pack in answer.json["run"]["packs"]] == ["first", "own"]


def join_packs(*packs, strictly=True):
    """The rules of packs p1, p2 … given together, or what is wrong with them: code and rule."""
    texts = [(pack_of(*rules, id=f"p{n}"), f"p{n}.toml") for n, rules in enumerate(packs, start=1)]
    try:
        return joined_rules(parse_packs(texts, shipped_catalogue(), are_kept=True), strictly=strictly)
    except OneMapError as error:
        return [(one.code, one.facts["rule"]) for one in error.problems]


@pytest.mark.parametrize(
    ("packs", "expected"),
    [
        # Of a rule that two of one pack replace the first would stand, or the program would stop.
        ([[{}], [{"id": "a", "replaces": "r"}, {"id": "b", "replaces": "r"}]], [("rule.replaced_twice", "b")]),
        ([[{}], [{"id": "r", "replaces": "r"}, {"id": "b", "replaces": "r"}]], [("rule.replaced_twice", "b")]),
        # The name of a replaced rule is its own still: on a day without the ordinance's law it stands again.
        ([[{}], [{"id": "a", "replaces": "r"}], [{}]], [("rule.in_two_packs", "r")]),
        ([[{"id": "a", "under": "b"}, {"id": "b", "under": "a"}]], [("rule.circle", "a")]),
        (
            [[{"id": "a", "under": "b"}, {"id": "b"}], [{"id": "c", "replaces": "b", "under": "a"}]],
            [("rule.circle", "a")],
        ),
    ],
)
def test_rules_that_take_each_others_place_are_refused(packs, expected):
    assert join_packs(*packs) == expected


@pytest.mark.parametrize(
    "packs",
    [
        [[{"id": "a", "under": "b"}, {"id": "b", "under": "a"}]],
        [[{"id": "a"}], [{"id": "b", "replaces": "a"}], [{"id": "a"}]],
    ],
)
def test_what_a_library_kept_with_packs_that_are_refused_now_stays_readable(packs):
    assert sorted(rule.id for rule in join_packs(*packs, strictly=False)) == ["a", "b"]


def test_what_holds_for_one_layer_alone_gives_way_where_another_of_them_judges():
    own = {"STBHHX": {"where": "B = 2", "min_area_m2": 500}, "GYL": {"min_share": 0.1}}
    (rule,) = join_packs([{"layer": ["STBHHX", "GYL", "LDYZT"], "by_layer": own, "where": "A = 1", "min_width_m": 2}])
    assert (rule.layer, rule.where, rule.options) == ("STBHHX", "B = 2", {"min_area_m2": 500, "min_width_m": 2})
    for code, options in (("GYL", {"min_share": 0.1}), ("LDYZT", {}), ("STBHHX", {"min_area_m2": 500})):
        other = rule.for_layer(code)
        assert other.where == ("B = 2" if code == "STBHHX" else "A = 1")
        assert other.options == {"min_width_m": 2, **options}
        assert other.for_layer("STBHHX").hash == rule.hash


def test_rules_that_are_milder_in_a_circle_are_refused_and_stay_readable():
    road = '[class.road]\ntitle = { en = "roads" }\nuse = ["1207"]\nkinds = ["street"]\n'
    rules = [pack(id=f'"{name}"', unless='["road"]', milder=f'"{other}"') for name, other in ("ab", "ba")]
    text = road + rules[0] + "[[rule]]" + rules[1].partition("[[rule]]")[2]
    packs = [parse_pack(text, "p.toml", shipped_catalogue())]
    with pytest.raises(OneMapError) as refused:
        joined_rules(packs, strictly=True)
    assert [(one.code, one.facts["others"]) for one in refused.value.problems] == [("rule.circle", "a → b → a")]
    assert [rule.id for rule in joined_rules(packs)] == ["a", "b"]


def test_a_rule_is_not_hidden_by_one_with_a_milder_verdict(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    found = desk.check(
        {"A": SQUARE}, {"id": "a", "verdict": "restricted", "under": "b"}, {"id": "b", "verdict": "notice"}
    )
    assert found.verdicts() == {"A": "restricted"} and found.hits("a") == {"A": 50}


@pytest.mark.parametrize("ordinance", ["r", "own"])
def test_where_no_law_of_an_ordinance_is_in_force_the_rule_that_it_replaces_stands(desk, ordinance):
    """A third pack replaces the ordinance for a month of its year; what is under the first is under whichever holds."""
    desk.layer("ZONE", [SQUARE])
    first = desk.pack({}, {"id": "under", "verdict": "notice", "under": "r"}, id="first")
    days = {"from": date(2026, 1, 1), "to": date(2026, 12, 31)}, {"from": date(2026, 6, 1), "to": date(2026, 6, 30)}
    year, month = ([{"law": "条例", "article": "一", **one}] for one in days)
    own = desk.pack({"id": ordinance, "verdict": "restricted", "replaces": "r", "basis": year}, id="year")
    last = desk.pack({"id": "last", "verdict": "notice", "replaces": ordinance, "basis": month}, id="month")
    expected = {
        "2025-12-31": {"r": "prohibited"},
        "2026-01-01": {ordinance: "restricted"},
        "2026-06-30": {"last": "notice"},
        "2026-07-01": {ordinance: "restricted"},
        "2027-01-01": {"r": "prohibited"},
    }
    for day, found in expected.items():
        packs = [part for one in (first, own, last) for part in ("--pack", one)]
        asked = "check", desk.library, desk.parcels({"A": SQUARE}), *packs, "--as-of", day
        answer = desk.run(*asked, "--out", desk.folder / "out.gpkg", "--overwrite")
        rows = Outcome(answer, desk.folder / "out.gpkg").table("findings")
        assert dict(zip(rows["rule"], rows["verdict"], strict=True)) == found
        skipped = {one["rule"]: one["reason"] for one in answer.json["run"]["skipped"]}
        assert skipped == ({} if "last" in found else {"last": "law_not_in_force"})
        again = desk.run("verify", desk.library, "--run", answer.json["run"]["id"])
        assert again.json["ok"], again.json


def test_a_retired_name_is_never_given_again_and_leads_to_what_judges_its_matter(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    parcels = desk.parcels({"A": SQUARE})
    first = desk.check({"A": SQUARE}, {"id": "old"}).answer.json["run"]["id"]
    again = desk.pack({"id": "new", "succeeds": ["old", "older"]}, {"id": "old"}, id="again")
    answer = desk.run("check", desk.library, parcels, "--pack", again)
    assert (answer.code, answer.codes) == (3, ["rule.retired"])
    second = desk.check({"A": SQUARE}, {"id": "new", "succeeds": ["old", "older"]}).answer.json["run"]["id"]

    def steps_of(run, rule):
        steps = desk.run("explain", desk.library, run, "A", rule).json["steps"]
        return {step["key"]: step["value"] for step in steps}

    assert steps_of(first, "old")["rule"].startswith("old · ") and "succeeds" not in steps_of(first, "old")
    assert steps_of(second, "old")["succeeds"] == "old" and "succeeds" not in steps_of(second, "new")
    assert steps_of(second, "old")["rule"] == steps_of(second, "new")["rule"]
    rows = {row["rule"]: row["succeeds"] for row in desk.run("laws").json["rules"]}
    assert "plan.residential" in rows["plan.use"] and rows["plan.use"] != [] == rows["redline.road"]


def test_a_citys_pack_that_names_a_retired_rule_is_led_to_the_new_one(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    parcels = desk.parcels({"A": SQUARE})
    common = desk.pack({"id": "new", "succeeds": ["old"]}, id="common")
    own = desk.pack({"id": "own", "replaces": "old"}, id="own")
    answer = desk.run("check", desk.library, parcels, "--pack", common, "--pack", own)
    assert (answer.code, answer.codes) == (3, ["rule.replaces_retired"])
    assert "new" in answer.json["problems"][0]["mend"]
    own = desk.pack({"id": "own", "replaces": "new"}, {"id": "more", "under": "old"}, id="own")
    answer = desk.run("check", desk.library, parcels, "--pack", common, "--pack", own).done()
    run = answer.json["run"]["id"]
    steps = desk.run("explain", desk.library, run, "A", "more").json["steps"]
    assert [step["value"] for step in steps if step["key"] == "under"] == ["own"]


def test_an_earlier_run_that_is_asked_for_a_rule_of_today_names_what_it_was_then(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    found = desk.check({"A": SQUARE}, {"id": "plan.housing"}, {"id": "plan.residential"}, {"id": "r"})
    answer = desk.run("explain", desk.library, found.answer.json["run"]["id"], "A", "plan.use")
    assert answer.codes == ["run.rule"]
    message = answer.json["problems"][0]["message"]
    assert "plan.residential" in message and "plan.housing" not in message


def test_a_field_that_the_version_lacks_is_an_error_of_the_rule(desk):
    desk.layer("ZONE", [SQUARE])
    pack = desk.pack({"where": "TBLX = 'x'"})
    answer = desk.run("check", desk.library, desk.parcels({"A": SQUARE}), "--pack", pack)
    assert (answer.code, answer.codes) == (3, ["rule.field"])
    problem = answer.json["problems"][0]
    assert (problem["feature"], problem["field"]) == ("r", "TBLX")


def test_only_runs_the_rules_of_those_layers_and_lists_the_others(desk):
    desk.layer("ZONE", [SQUARE])
    desk.layer("OTHER", [SQUARE])
    rules = ({"id": "a"}, {"id": "b", "layer": "OTHER", "verdict": "notice"})
    found = desk.check({"A": SQUARE}, *rules, only="OTHER")
    assert found.verdicts() == {"A": "notice"}
    assert found.answer.json["run"]["skipped"] == [{"rule": "a", "layer": "ZONE", "reason": "only"}]
    answer = desk.run(
        "check", desk.library, desk.parcels({"A": SQUARE}), "--pack", desk.folder / "test.toml", "--only=NO"
    )
    assert answer.code == 2


def test_a_library_keeps_the_text_of_a_citys_own_pack(tmp_path, onemap):
    path = tmp_path / "own.toml"
    path.write_text(pack(), encoding="utf-8")
    library = tmp_path / "l.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547", "--pack", path).code == 0
    hash_ = hashlib.sha256(path.read_bytes()).hexdigest()
    path.unlink()
    assert onemap("layers", library).json["packs"] == [{"id": "p", "version": "1", "hash": hash_, "title": {}}]


def test_packs_without_a_rule_judge_nothing_and_clear_nobody(onemap, tmp_path):
    empty, library, parcels = tmp_path / "empty.toml", tmp_path / "city.gpkg", tmp_path / "parcels.gpkg"
    empty.write_text('[pack]\nid = "empty"\nversion = "1"\n', encoding="utf-8")
    onemap("new", library, "--crs", "EPSG:4547")
    write_layer(parcels, [box(540_000, 4_000_000, 540_050, 4_000_050)], {"DKBH": ["a"]}, crs="EPSG:4547")
    answer = onemap("check", library, parcels, "--pack", empty, "--out", tmp_path / "out.gpkg")
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"]) == (3, "pack.no_rules") and "empty" in problem["message"]
    assert not (tmp_path / "out.gpkg").exists()

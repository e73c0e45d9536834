"""`onemap prove`: a pack tested by the cases beside it, also with single errors in its rules."""

import json
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from onemap.tests.rules.small_pack import SETBACK, pack_text

ROAD = {
    **SETBACK,
    "missing": "checklist",
    "where": "GLDJ IN ('国道', '省道')",
    "min_area_m2": 1.0,
    "draft": {"zh": "有{area_m2}平方米在建筑控制区内。", "en": "{area_m2} m² lie in the control zone."},
}
CASES = """
[cases]
day = 2026-11-21

[[case]]
id = "hit"
article = "公路法 第五十六条"
features = [{ layer = "GL", lies = "19 m from", GLDJ = "国道" }]
verdict = "restricted"
decides = ["road"]
words = ["100平方米", "100 m² lie"]

[[case]]
id = "limit"
features = [{ layer = "GL", lies = "相距20米", GLDJ = "国道" }]
verdict = "clear"
decides = []

[[case]]
id = "data"
beyond = ["GL"]
verdict = "unknown"
"""


@pytest.fixture
def pack(tmp_path):
    def write(cases: str = CASES, **keys):
        path = tmp_path / "own.toml"
        path.write_text(pack_text({**ROAD, **keys}, id="own"), encoding="utf-8")
        path.with_name("own.cases.toml").write_text(cases, encoding="utf-8")
        return path

    return write


def test_a_pack_whose_cases_pass_is_proved(onemap, pack):
    answer = onemap("prove", pack())
    assert answer.code == 0, answer.json
    wanted = {"cases": 3, "passed": 3, "failed": [], "rules": {"road": {"hit": 1, "miss": 1, "unknown": 1}}}
    assert {name: answer.json[name] for name in wanted} == wanted
    assert answer.json["uncovered"] == [] and "mutants" not in answer.json


def test_a_distance_that_was_changed_is_seen_by_the_case_at_the_limit(onemap, pack):
    answer = onemap("prove", pack(distance_m=25))
    assert answer.code == 4
    (failed,) = [one for one in answer.json["failed"] if one["case"] == "limit"]
    assert failed == {"case": "limit", "expected": "clear (–)", "verdict": "restricted", "rule": "road"}


def test_words_that_a_draft_has_lost_are_seen(onemap, pack):
    answer = onemap("prove", pack(draft={"zh": "请退让。", "en": "Move back."}))
    assert [(one["case"], "words" in one["expected"]) for one in answer.json["failed"]] == [("hit", True)]


def test_a_rule_without_a_miss_is_uncovered_and_a_range_covers_nothing(onemap, pack):
    cases = CASES.replace('verdict = "clear"\ndecides = []', 'at_least = "clear"\nat_most = "notice"')
    answer = onemap("prove", pack(cases))
    assert (answer.code, answer.json["passed"], answer.json["uncovered"]) == (4, 3, ["road"])
    assert answer.json["rules"]["road"] == {"hit": 1, "miss": 0, "unknown": 1}


def test_what_a_kind_cannot_have_is_not_applicable(onemap, tmp_path):
    path = tmp_path / "p.toml"
    land = {"id": "land", "kind": "composition", "layer": "DLTB", "department": "land", "by": ["DLBM"]}
    path.write_text(pack_text(ROAD, land, id="p"), encoding="utf-8")
    path.with_name("p.cases.toml").write_text(CASES, encoding="utf-8")
    answer = onemap("prove", path)
    assert answer.json["rules"]["land"] == {"hit": None, "miss": None, "unknown": None}
    assert answer.code == 0


def test_an_error_that_no_case_notices_is_named_as_a_sentence(onemap, pack):
    answer = onemap("prove", pack(), "--mutants", lang="en")
    mutants = answer.json["mutants"]
    assert mutants["made"] == mutants["killed"] + len(mutants["survived"]) + len(mutants["equal"])
    changes = {one["change"] for one in mutants["survived"]}
    # No case has a provincial road, or so small a conflict; each does have a national road at its limit.
    assert "The condition does not name “省道”." in changes
    assert "The least area is 2 m² instead of 1 m²." in changes
    assert "The condition does not name “国道”." not in changes
    assert not any(change.startswith("The distance") for change in changes)
    assert answer.code == 4


def test_drafted_cases_prove_the_rule_that_they_were_drafted_for(onemap, terminal, pack):
    path = pack()
    drafted = onemap("prove", path, "--new", "road")
    assert drafted.code == 0 and drafted.json["cases"] == drafted.json["text"].count("[[case]]") >= 6
    text = terminal("prove", path, "--new", "road", "--lang", "zh").stdout.decode("utf-8")
    assert len(tomllib.loads(text)["case"]) == drafted.json["cases"]
    path.with_name("own.cases.toml").write_text("[cases]\nday = 2026-11-21\n" + drafted.json["text"], encoding="utf-8")
    answer = onemap("prove", path, "--mutants")
    assert answer.code == 0, (answer.json["failed"], answer.json["mutants"]["survived"])
    assert answer.json["mutants"]["killed"] == answer.json["mutants"]["made"] > 10


PLOTS = {"kind": "height", "layer": "KGDK", "parcel_field": "JZGD", "limit": {"field": "JZXG"}}


@pytest.mark.parametrize(
    "keys",
    [PLOTS, {"distance_m": 0, "min_area_m2": 1}, {"distance_m": {"field": "GLMC", "values": {"a": 20}}}],
)
def test_cases_are_drafted_where_the_rule_itself_names_no_value_that_meets_it(onemap, tmp_path, keys):
    path = tmp_path / "own.toml"
    own = {name: value for name, value in ROAD.items() if name in ("id", "department", "verdict", "basis")}
    path.write_text(pack_text({"kind": "setback", "layer": "GL", **own, **keys}, id="own"), encoding="utf-8")
    drafted = onemap("prove", path, "--new", "road")
    assert drafted.code == 0 and {"road/hit", "road/unknown"} <= {
        case["id"] for case in tomllib.loads(drafted.json["text"])["case"]
    }


@pytest.mark.parametrize(
    "keys",
    [
        {"distance_m": 0, "half_width_m": 5.0, "min_area_m2": 1},
        {"distance_m": 0, "half_width_m": 5.0, "layer": "KGDK"},  # polygons are grown by it as lines are
        {"distance_m": 0, "half_width_field": "LMKD"},
        {"distance_m": {"field": "GLMC", "values": {"a": 20, "b": 10}}, "half_width_field": "LMKD"},
        {"distance_m": {"field": "GLMC", "values": {"a": 20, "b": 0}}},
    ],
)
def test_cases_drafted_for_a_distance_of_0_m_are_as_the_check_says(onemap, tmp_path, keys):
    path = tmp_path / "own.toml"
    own = {name: value for name, value in ROAD.items() if name in ("id", "department", "verdict", "basis")}
    path.write_text(pack_text({"kind": "setback", "layer": "GL", **own, **keys}, id="own"), encoding="utf-8")
    drafted = onemap("prove", path, "--new", "road")
    path.with_name("own.cases.toml").write_text("[cases]\nday = 2026-11-21\n" + drafted.json["text"], encoding="utf-8")
    answer = onemap("prove", path)
    assert answer.code == 0, answer.json["failed"]


def test_each_code_that_a_rule_permits_is_tried(onemap, tmp_path):
    path = tmp_path / "own.toml"
    permits = {"07": ["07", "0701", "R"], "0702": ["R2"]}
    fields = {"parcel_field": "YDXZ", "plan_field": "YDXZDM", "permits": permits}
    use = {"id": "use", "kind": "use", "layer": "KGDK", "department": "planning", **fields}
    path.write_text(pack_text(use, id="own"), encoding="utf-8")
    drafted = onemap("prove", path, "--new", "use")
    path.with_name("own.cases.toml").write_text("[cases]\nday = 2026-11-21\n" + drafted.json["text"], encoding="utf-8")
    mutants = onemap("prove", path, "--mutants").json["mutants"]
    assert {one["change"] for one in mutants["survived"]} >= {
        "“R” is not permitted for “07”.",
        "“R2” is not permitted for “0702”.",
        "“07” is permitted for “0702”, too.",
    }
    assert [one["change"] for one in mutants["equal"]] == ["“0701” is not permitted for “07”."]


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "word"),
    [
        ('layer = "GL", lies = "19 m from"', 'layer = "GLL", lies = "19 m from"', "cases.layer", 8, "GLL"),
        ("第五十六条", "第五十七条", "cases.article", 7, "第五十七条"),
        ('"19 m from"', '"19 m beside"', "cases.shape", 8, "19 m beside"),
        ('lies = "相距20米"', "box = [0, 0, 0, 5]", "cases.shape", 15, "[west, south, east, north]"),
        ('lies = "相距20米"', 'lies = "5 % inside"', "cases.shape", 15, "5 % inside"),
        ('decides = ["road"]', 'decides = ["raod"]', "cases.rule", 10, "raod"),
        ('GLDJ = "国道" }]\nverdict = "clear"', 'GLDK = "国道" }]\nverdict = "clear"', "cases.field", 15, "GLDK"),
        ('verdict = "unknown"', 'verdict = "unclear"', "cases.verdict", 22, "unclear"),
        ('beyond = ["GL"]', 'beyond = ["GL"]\nproject = { YDXX = "0701" }', "cases.fact", 22, "YDXX"),
        ('id = "data"', 'id = "hit"', "cases.twice", 20, "hit"),
        ('id = "data"', 'idd = "data"', "cases.key", 20, "idd"),
    ],
)
def test_a_wrong_case_is_refused_with_its_line(onemap, pack, before, after, code, line, word):
    cases = CASES.replace(before, after)
    assert cases != CASES
    answer = onemap("prove", pack(cases))
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"], problem["file"]) == (3, code, "own.cases.toml")
    assert f"Line {line}:" in problem["message"] and word in problem["message"] and problem["mend"]
    assert f"第 {line} 行" in onemap("prove", pack(cases), lang="zh").json["problems"][0]["message"]


def test_a_pack_without_cases_is_told_how_to_begin(onemap, pack):
    path = pack()
    path.with_name("own.cases.toml").unlink()
    assert onemap("prove", path).codes == ["cases.missing"]
    assert onemap("prove", path, "--new", "raod").codes == ["cases.no_rule"]


def test_the_report_has_every_rule_case_and_error(onemap, pack, tmp_path):
    targets = [tmp_path / f"r.{suffix}" for suffix in ("xlsx", "html", "json")]
    named = [word for target in targets for word in ("--report", target)]
    assert onemap("prove", pack(), "--mutants", *named).json["report"] == [str(target) for target in targets]
    sheets = pd.read_excel(targets[0], sheet_name=None, engine="openpyxl")
    assert [len(sheet) for sheet in sheets.values()][:2] == [1, 3]
    assert "no case" in targets[1].read_text("utf-8")
    assert json.loads(targets[2].read_text("utf-8"))["coverage"][0]["limit"] == 2
    assert onemap("prove", pack(), "--report", tmp_path / "r.txt").codes == ["statement.suffix"]


def test_a_case_is_read_by_people_as_the_decision_shows_it(onemap, tmp_path):
    page = (Path(__file__).parents[4] / "docs/decisions/48-cases-beside-a-pack.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "p.toml"
    basis = [{"law": "中华人民共和国土地管理法", "article": "第三十五条"}]
    rule = {"id": "farmland.permanent", "layer": "YJJBNTTB", "basis": basis}
    path.write_text(pack_text(rule, id="p"), encoding="utf-8")
    path.with_name("p.cases.toml").write_text(example, encoding="utf-8")
    assert onemap("prove", path).json["failed"] == []


def test_a_new_file_of_cases_begins_with_what_lies_around_those_of_the_pack_below(onemap, tmp_path):
    path = tmp_path / "more.toml"
    path.write_text(pack_text({**ROAD, "id": "more", "layer": "GL"}, id="more"), encoding="utf-8")
    first = onemap("prove", "city-preliminary", path, "--new", "more").json["text"]
    assert first.startswith("[cases]\nday = ") and first.count("[[around]]") == 2
    path.with_name("more.cases.toml").write_text(first, encoding="utf-8")
    assert onemap("prove", "city-preliminary", path, "--new", "more").json["text"].startswith("[[case]]")
    assert onemap("prove", "city-preliminary", path).json["uncovered"] == []

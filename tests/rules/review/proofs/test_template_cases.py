"""Templates of deliveries are proved by the valid delivery and the seeded faults beside them."""

import pytest

from onemap.rules.answers.deliveries.template_titles import template_files
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.rules.command import command

TEMPLATE = """
[template]
id = "own"
title = { zh = "自定", en = "Own" }

[[layer]]
code = "KGDK"
required = ["DKBH"]
unique = ["DKBH"]

[[check]]
kind = "overlap"
layer = "KGDK"
"""
CASES = """
[[layer]]
code = "KGDK"
features = [
  { box = [0, 0, 100, 100], DKBH = "A-01" },
  { box = [100, 0, 200, 100], DKBH = "A-02" },
]

[[case]]
id = "overlap"
change = [{ layer = "KGDK", row = 1, box = [0, 0, 110, 100] }]
finds = ["topology.overlap KGDK"]

[[case]]
id = "fields"
change = [{ layer = "KGDK", without = "DKBH" }]
finds = ["proof.field_missing KGDK"]

[[case]]
id = "values"
change = [{ layer = "KGDK", row = 2, DKBH = "A-01" }]
finds = ["proof.value_repeated KGDK"]

[[case]]
id = "geometry"
change = [{ layer = "KGDK", crossed = 1 }]
finds = ["geometry.invalid KGDK"]
"""


@pytest.fixture
def own(tmp_path):
    def write(cases: str = CASES, template: str = TEMPLATE):
        path = tmp_path / "own.toml"
        path.write_text(template, encoding="utf-8")
        path.with_name("own.cases.toml").write_text(cases, encoding="utf-8")
        return path

    return write


def test_each_fault_is_told_by_its_code_and_what_has_no_case_is_named(own):
    answer = command("prove", own())
    assert (answer.json["failed"], answer.json["cases"]) == ([], 5)
    assert answer.json["rules"]["overlap KGDK"] == {"hit": 1, "miss": 1, "unknown": None}
    assert (answer.code, answer.json["uncovered"]) == (4, ["files", "layers"])


def test_a_check_that_was_taken_out_is_seen(own):
    answer = command("prove", own(template=TEMPLATE.partition("[[check]]")[0]))
    (failed,) = answer.json["failed"]
    expected = {"case": "overlap", "expected": "topology.overlap KGDK", "verdict": "nothing", "rule": ""}
    assert (answer.code, failed) == (4, expected)


@pytest.mark.parametrize(("language", "nothing"), [("en", "nothing"), ("zh", "没有发现")])
def test_a_case_that_fails_is_told_in_words(own, capsys, language, nothing):
    place = own(template=TEMPLATE.partition("[[check]]")[0])
    assert main(["prove", str(place), "--lang", language]) == 4
    output = capsys.readouterr().out
    assert "overlap" in output and "topology.overlap KGDK" in output and nothing in output


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "word"),
    [
        ('finds = ["topology.overlap', 'finds = ["topology.overlaps', "cases.code", 12, "topology.overlaps"),
        ('finds = ["topology.overlap KGDK"]', "finds = []", "cases.finds", 9, "overlap"),
        ('layer = "KGDK", row = 1', 'layer = "KGDKK", row = 1', "cases.layer", 11, "KGDKK"),
        ("row = 1", "row = 3", "cases.step", 11, "KGDK"),
        ("box = [0, 0, 110, 100]", "box = [0, 0, 110]", "cases.shape", 11, "4"),
        ('row = 2, DKBH = "A-01"', 'row = 2, DKBM = "A-01"', "cases.field", 21, "DKBM"),
        ('id = "fields"', 'id = "overlap"', "cases.twice", 15, "overlap"),
        ("finds = [", "find = [", "cases.key", 12, "find"),
    ],
)
def test_a_wrong_case_is_refused_with_its_line(own, before, after, code, line, word):
    cases = CASES.replace(before, after, 1)
    assert cases != CASES
    answer = command("prove", own(cases))
    problem = answer.json["problems"][0]
    assert (answer.code, problem["code"], problem["file"]) == (3, code, "own.cases.toml")
    assert f"Line {line}:" in problem["message"] and word in problem["message"] and problem["mend"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.stem, marks=[] if path.stem == "yearly-change" else pytest.mark.nightly)
        for path in template_files()
    ],
)
def test_each_check_of_a_shipped_template_finds_the_fault_put_before_it(name):
    answer = command("prove", name)
    assert (answer.code, answer.json["failed"], answer.json["uncovered"]) == (0, [], [])

"""Why a text is no TOML, in either language."""

import tomllib

import pytest

from onemap.layers.catalogue.toml_reason import toml_reason
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import wording
from onemap.rules.compare.matrix import parse_matrix


@pytest.mark.parametrize("text", ["a = ", "a = 1\nb = [1,", "a = 1\na = 2", "a = 'x\ny'", "[t]\n[t]", "甲 = 1"])
def test_english_stays_as_the_parser_has_it_and_chinese_frames_it(text):
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    problem = Problem("pack.syntax", {"file": "a.toml", "reason": toml_reason(raised.value)})
    reason = str(raised.value)
    assert reason in wording(problem, "en")[0]
    chinese = wording(problem, "zh")[0]
    assert f"“{reason.rpartition(' (at ')[0]}”" in chinese
    assert reason.rpartition(" (at ")[2] not in chinese


def test_an_error_of_another_kind_keeps_its_words():
    assert toml_reason(ValueError("no place")) == "no place"


def test_a_refused_matrix_tells_line_and_column_in_chinese():
    with pytest.raises(OneMapError) as raised:
        parse_matrix("title = 'x'\nb = = 1\n", "m.toml")
    (problem,) = raised.value.problems
    assert "第 2 行第 5 列" in wording(problem, "zh")[0]

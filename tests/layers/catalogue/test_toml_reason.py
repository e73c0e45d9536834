"""Why a text is not TOML, in either language."""

import tomllib

import pytest

from onemap.layers.catalogue.toml_text import toml_reason
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import wording
from onemap.rules.answers.compare.matrix import parse_matrix


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = ", "到文件末尾：等号后面不是值"),
        ("a = 1,200", "第 1 行第 6 列：值后面有多余内容"),
        ("a = 2026-13-01", "第 1 行第 9 列：值后面有多余内容"),
        ("a 1", "第 1 行第 3 列：名称后面缺少半角等号“=”"),
        ("甲 = 1", "第 1 行第 1 列：此处应为“名称 = 值”"),
        ("a = “x”", "第 1 行第 5 列：等号后面不是值；文字须加半角引号"),
        ('a = "x', "引号没有成对"),
        ("a = 'x\ny'", "引号内有不能直接写的字符"),
        ("b = [1", "到文件末尾：括号没有成对"),
        ("[a", "括号没有成对"),
        ("a = 1\na = 2", "同一名称写了两次"),
        ("[t]\n[t]", "第 2 行第 3 列：同一名称写了两次"),
    ],
)
def test_place_and_reason_are_said_in_the_reader_s_language(text, sentence):
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    problem = Problem("pack.syntax", {"file": "a.toml", "reason": toml_reason(raised.value)})
    reason = str(raised.value)
    assert reason.partition(" (at ")[2] in wording(problem, "en")[0]
    chinese = wording(problem, "zh")[0]
    assert sentence in chinese
    assert reason.rpartition(" (at ")[0] not in chinese


def test_what_a_parser_says_that_nobody_foresaw_is_quoted():
    problem = Problem("pack.syntax", {"file": "a.toml", "reason": toml_reason(ValueError("New (at line 1, column 2)"))})
    assert "第 1 行第 2 列：解析程序提示“New”" in wording(problem, "zh")[0]


def test_an_error_of_another_kind_keeps_its_words():
    assert toml_reason(ValueError("no place")) == "no place"


def test_a_refused_matrix_tells_line_and_column_in_chinese():
    with pytest.raises(OneMapError) as raised:
        parse_matrix("title = 'x'\nb = = 1\n", "m.toml")
    (problem,) = raised.value.problems
    assert "第 2 行第 5 列" in wording(problem, "zh")[0]

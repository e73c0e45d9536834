"""TOML as people write it, with Chinese keys without quotes; errors name their place."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.delivery.plan_file import read_plan

PLAIN = """
项目代码 = "x"        # 说明 = 不是键
总投资（万元） = 12   # full-width brackets
总投资(万元) = 13
[地块]
YDXZ = "0701"
说明 = \"\"\"
项目 = 1
\"\"\"
甲.乙 = { 丙 = 1, "丁" = '戊 = 己' }
"""
QUOTED = """
"项目代码" = "x"
"总投资（万元）" = 12
"总投资(万元)" = 13
["地块"]
YDXZ = "0701"
"说明" = \"\"\"
项目 = 1
\"\"\"
"甲"."乙" = { "丙" = 1, "丁" = '戊 = 己' }
"""


def test_chinese_keys_need_no_quotes_and_texts_and_comments_stay_as_they_are():
    assert toml_content(PLAIN) == tomllib.loads(QUOTED)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a = 1\n建设单位 = "x" 1\n', "line 2, column 12"),
        ("建设单位 = 某公司\n", "line 1, column 8"),
        ('甲 = 1\n乙 = "未完\n', "line 2, column 8"),
        ("a = 1\nb = \n", "line 2, column 5"),
        ("甲 = 1\n甲 = 2\n", "line 2, column 6"),
    ],
)
def test_an_error_names_the_place_in_the_text_as_it_was_written(text, place):
    with pytest.raises(ValueError, match=place):
        toml_content(text)


@given(st.text(alphabet="ab甲乙 =.[]{}\"'#\n1,（", max_size=40))
def test_whatever_toml_reads_is_read_as_toml_reads_it(text):
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        try:
            toml_content(text)
        except ValueError:
            return
        assert not text.isascii() or "{" in text  # TOML 1.1 lets an inline table have lines
        return
    assert toml_content(text) == plain


def test_a_plan_of_a_delivery_is_read_in_the_same_way(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("甲 = 1\n", encoding="utf-8")
    with pytest.raises(Exception, match="ingest.plan") as refused:
        read_plan(plan)
    assert refused.value.problems[0].facts["reason"] == "[[layer]]"  # it was read; it only is no plan

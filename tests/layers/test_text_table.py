"""Columns on a terminal, where a Chinese character takes two; lines that no terminal breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onemap.layers.text_table import shortened_text, table_lines, text_width, wrapped_lines

TEXTS = st.text(st.sampled_from("ab c图层，。（）“”-/Ａ"), max_size=60)


def test_columns_stand_in_line_beside_chinese_and_numbers_stand_right():
    rows = [["图层", "要素数"], ["行政区", "4"], ["DLTB", "2,701"]]
    assert table_lines(rows, {1}) == ["  图层    要素数", "  行政区       4", "  DLTB     2,701"]


def test_a_column_without_text_is_left_out_and_no_line_ends_in_spaces():
    assert table_lines([["a", "", "x"], ["bb", "", ""]], indent="") == ["a   x", "bb"]
    assert table_lines([]) == []


@given(TEXTS, st.integers(0, 40))
def test_a_shortened_text_fits_and_says_that_it_goes_on(text, width):
    short = shortened_text(text, width)
    assert text_width(short) <= width
    assert short == text or text.startswith(short.removesuffix("…"))


@given(TEXTS, st.integers(4, 40))
def test_wrapped_lines_lose_no_letter_and_are_as_wide_as_a_word_makes_them(text, width):
    lines = wrapped_lines(text, width)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    for line in lines:
        assert text_width(line) <= width or " " not in line.strip()


@pytest.mark.parametrize(
    ("text", "lines"),
    [("地块文件，可以是多个文件", ["地块文件，", "可以是多个", "文件"]), ("one two three", ["one two", "three"])],
)
def test_chinese_is_broken_between_characters_and_never_before_a_comma(text, lines):
    assert wrapped_lines(text, 10) == lines

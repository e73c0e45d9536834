"""Titles in lines: of similar length, no single character, no broken word."""

import pytest

from onemap.rules.display.letterhead.title_lines import MOST_EMS, title_lines


@pytest.mark.parametrize("length", range(1, 90))
def test_lines_of_chinese_are_even_and_lose_nothing(length: int):
    title = "建" * length
    lines = title_lines(title)
    assert "".join(lines) == title
    assert max(map(len, lines)) - min(map(len, lines)) <= 1
    assert max(map(len, lines)) <= MOST_EMS
    assert len(lines) == -(-length // int(MOST_EMS))


def test_a_break_between_the_project_and_the_kind_is_liked_best():
    project = "云州市云栖路第三小学及配套公园建设项目"
    assert title_lines(f"{project}用地并联预审会审意见书", (project,)) == [project, "用地并联预审会审意见书"]


@pytest.mark.parametrize("title", ["Consolidated statement: Primary School No. 3 of Yunqi Road", "A" * 60 + " plan"])
def test_words_are_not_torn(title: str):
    assert " ".join(title_lines(title)) == title


def test_no_line_begins_with_a_stop_or_ends_with_an_opening():
    lines = title_lines("关于“云州市第三小学（北校区）”、“第四小学（南校区）”项目用地的预审意见（第二轮）征求意见稿")
    assert not any(line[0] in "”）、" or line[-1] in "“（" for line in lines)


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("关于清源市槐荫片区商业设施新建工程用地的预审意见", ["关于清源市槐荫片区商业设施", "新建工程用地的预审意见"]),
        ("关于清源市东湖片区综合开发项目用地的预审意见", ["关于清源市东湖片区综合", "开发项目用地的预审意见"]),
        (
            "清源市老旧小区配套改造（一期、二期及三期）综合整治提升工程项目用地并联预审会审意见书",
            ["清源市老旧小区配套改造", "（一期、二期及三期）综合整治提升", "工程项目用地并联预审会审意见书"],
        ),
    ],
)
def test_a_line_ends_with_a_whole_word_and_a_short_bracket_is_whole(title: str, lines: list[str]):
    assert title_lines(title) == lines

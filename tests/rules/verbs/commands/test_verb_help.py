"""The help of the command line: every verb in its group, lines that fit a terminal, suggestions for wrong words."""

import pytest

from onemap.layers.text_table import text_width
from onemap.rules.contract.verb_help import GROUPS
from onemap.rules.verbs.commands.command_line import main
from onemap.rules.verbs.commands.verbs import DOORS, VERBS


def output(capsys, *words, lang="en"):
    """The command line's output for people on stdout and on stderr."""
    try:
        main([*words, "--lang", lang])
    except SystemExit as end:
        assert end.code == 0
    found = capsys.readouterr()
    return found.out, found.err


def test_every_verb_stands_in_one_group_of_the_help():
    named = [name for names in GROUPS.values() for name in names.split()]
    assert sorted(named) == sorted({name.partition(" ")[0] for name in VERBS} | set(DOORS))


@pytest.mark.parametrize("columns", [90, 60, 200])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_line_of_the_help_is_wider_than_the_terminal(capsys, monkeypatch, lang, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in ([], ["check"], ["remedy"], ["review", "export"]):
        out, _ = output(capsys, *words, "--help", lang=lang)
        below_usage = out.partition("\n\n")[2].splitlines()
        assert [line for line in below_usage if text_width(line) > columns and " " in line.strip()] == [], words
        assert out.startswith({"zh": "用法：onemap", "en": "usage: onemap"}[lang]) and "usage: usage" not in out


def test_the_help_names_what_an_option_may_be(capsys):
    out, _ = output(capsys, "check", "--help")
    assert "one of: prohibited, restricted, unknown, consult, notice or clear" in " ".join(out.split())


def test_without_a_verb_all_of_them_are_shown(capsys):
    _, error = output(capsys, lang="zh")
    assert "检测地块" in error and error.rstrip().endswith("没有给出动作。用 onemap --help 查看用法。")


@pytest.mark.parametrize(
    ("lang", "words", "says"),
    [
        (
            "en",
            ["chek"],
            "The command is wrong: there is no verb “chek” (perhaps check or recheck). See onemap --help.",
        ),
        (
            "zh",
            ["review", "opne"],
            "命令有误：没有“opne”这个动作（也许是 opine 或 open）。用 onemap review --help 查看用法。",
        ),
        (
            "zh",
            ["check", "a", "b", "--onyl"],
            "命令有误：无法识别 --onyl（也许是 --only）。用 onemap check --help 查看用法。",
        ),
        ("zh", ["check"], "命令有误：缺少 LIBRARY、PARCELS。用 onemap check --help 查看用法。"),
        ("en", ["fly"], "The command is wrong: there is no verb “fly”. See onemap --help."),
    ],
)
def test_wrong_words_are_told_with_what_was_meant(capsys, lang, words, says):
    assert output(capsys, *words, lang=lang)[1].strip() == says


def test_the_json_object_has_the_text_for_people_where_it_is_wanted(onemap):
    answer = onemap("words", "--summary").json
    assert "prohibited  prohibited" in answer["summary"]
    assert "summary" not in onemap("words").json

"""Sentences with numbers: singular and plural in English, and the names of facts in a reference."""

import re
import string
import tomllib

import pytest

from onemap.layers.errors import PLACES, OneMapError, Problem, joined_sentences
from onemap.layers.messages import (
    LANGUAGES,
    in_words,
    phrase,
    plain_sentence,
    problem_record,
    sentences,
    wording,
)
from onemap.layers.shipped_files import RESOURCES


def texts(node, path=""):
    """Every sentence under its key."""
    for name, value in node.items():
        if isinstance(value, dict):
            yield from texts(value, f"{path}{name}.")
        elif isinstance(value, str):
            yield f"{path}{name}", value


@pytest.mark.parametrize(
    "key, facts, one, more",
    [
        ("said.sheet", {"parcels": 1, "file": "x"}, "1 sheet: x", "2 sheets: x"),
        ("map.points_elsewhere", {"count": 1}, "1 boundary point; its", "2 boundary points; their"),
        ("said.find", {"count": 1, "text": "q"}, "1 place for", "2 places for"),
    ],
)
def test_one_and_more_are_said_as_english_says_them(key, facts, one, more):
    assert phrase(key, "en", **facts).startswith(one)
    assert phrase(key, "en", **{**facts, next(iter(facts)): 2}).startswith(more)


def test_a_problem_says_one_and_more_too():
    messages = [wording(Problem("inspect.empty", {"count": count, "rows": "3"}), "en")[0] for count in (1, 21)]
    assert messages == ["1 feature has an empty geometry (row 3).", "21 features have an empty geometry (rows 3)."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mend_whose_list_is_empty_says_what_there_is_instead(language):
    found = 0
    for subject, entries in sentences(language).items():
        for name, entry in entries.items():
            if not (isinstance(entry, dict) and "none" in entry):
                continue
            code, found = f"{subject}.{name}", found + 1
            named = set(re.findall(r"\{(\w+)", entry["mend"]))
            lists = named & {"known", "nearest", "allowed", "expected", "names", "form"}
            assert lists, code
            for empty in ([], None, ["–"]):
                _, mend = wording(Problem(code, {**dict.fromkeys(named, "x"), **dict.fromkeys(lists, empty)}), language)
                assert mend == entry["none"].replace("{value}", "x") and "–" not in mend, code
            _, mend = wording(Problem(code, dict.fromkeys(named, ["A", "B"])), language)
            assert ("A、B" if language == "zh" else "A, B") in mend, code
    assert found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_whose_list_is_empty_leaves_it_out(language):
    found = 0
    for subject, entries in sentences(language).items():
        for name, entry in entries.items():
            if not (isinstance(entry, dict) and "bare" in entry):
                continue
            code, found = f"{subject}.{name}", found + 1
            named = set(re.findall(r"\{(\w+)", entry["message"]))
            (listed,) = named & {"known", "names", "yours"}
            assert named - {listed} == set(re.findall(r"\{(\w+)", entry["bare"])), code
            for empty in ([], None):
                message, _ = wording(Problem(code, {**dict.fromkeys(named, "x"), listed: empty}), language)
                assert message == re.sub(r"\{\w+\}", "x", entry["bare"]) and "–" not in message, code
            message, _ = wording(Problem(code, dict.fromkeys(named, ["A", "B"])), language)
            assert ("A、B" if language == "zh" else "A, B") in message, code
    assert found


def test_a_rule_without_any_similar_name_is_told_so(onemap):
    answers = [onemap("prove", "city-preliminary", "--new", "qqqqqqqq", lang=language) for language in LANGUAGES]
    mends = [answer.json["problems"][0]["mend"] for answer in answers]
    assert mends == ["请写规则编号；没有相近的编号。", "Name a rule by its id; no id is similar."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_can_be_written_and_a_reference_shows_none(language):
    for key, text in texts(sentences(language)):
        if not re.search(r"\{\w+:[^{}]*[|#]", text):
            continue
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
        for number in (1, 2):
            subject, _, name = key.partition(".")
            if not name.endswith(("message", "mend")):
                assert "|" not in phrase(f"{subject}.{name}", language, **dict.fromkeys(names, number)), key
        assert not re.search(r"[|#]", plain_sentence(text)), key
        assert set(names) <= set(re.findall(r"\{(\w+)", plain_sentence(text))), key


STOPS = {"zh": ("。", "！", "？", "：", "…"), "en": (".", "!", "?", ":", "…")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", ["“Invalid value”", "line 1", "（见第一行）", "No such file.", "缺字段。"])
def test_every_refusal_ends_before_its_mend_whatever_its_reason_is(language, reason):
    found = []
    for subject, problems in sentences(language).items():
        for name, entry in problems.items() if isinstance(problems, dict) else ():
            if not isinstance(entry, dict) or not entry.get("mend"):
                continue
            fields = {field for _, field, _, _ in string.Formatter().parse(entry["message"]) if field}
            problem = Problem(f"{subject}.{name}", dict.fromkeys(fields - set(PLACES), reason))
            record = problem_record(problem, language)
            message, text = record["message"], str(in_words(problem, language))
            is_ended = (
                message.endswith(STOPS[language] + ((reason,) if reason.endswith((".", "。")) else ()))
                and re.search("[.。]{2}$", message) is None
            )
            if not is_ended or not text.startswith(joined_sentences(message, record["mend"])):
                found.append(f"{problem.code}: {text}")
    assert found == []


# What has straight quotes: text to be typed so, in TOML, Python, JSON or a shell; and the sign that no name may have.
TYPED = {
    "data.use.mend",
    "define.file.mend",
    "delivery.plan_head",
    "help.check.parcels",
    "out.name.mend",
    "pack.origin.mend",
    "pack.set_value.mend",
    "python.no_map.mend",
    "readings.table.mend",
    "rule.in_two_packs.mend",
    "rule.replaces_retired.mend",
    "usage.request.mend",
}


def test_what_is_quoted_in_english_stands_in_curly_quotes():
    with (RESOURCES / "templates" / "words.toml").open("rb") as file:
        english = {f"words.{name}": entry["en"] for name, entry in tomllib.load(file).items() if "en" in entry}
    found = dict(texts(sentences("en"))) | {key: text for key, text in english.items() if isinstance(text, str)}
    assert {key for key, text in found.items() if '"' in text} == TYPED
    assert {key: text for key, text in found.items() if text.count("“") != text.count("”")} == {}


def test_a_refusal_may_tell_of_any_fact():
    problem = Problem("suggest.beside_layer", {"code": "GHDK", "label": "2024"})
    assert OneMapError.of([problem]).problems == (problem,)

"""Sentences with numbers: one and more are said as English says them, and a reference shows the facts by name."""

import re
import string

import pytest

from onemap.layers.errors import Problem
from onemap.layers.messages import LANGUAGES, phrase, plain_sentence, sentences, wording


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
    assert messages == ["1 feature has an empty geometry (rows 3).", "21 features have an empty geometry (rows 3)."]


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


@pytest.mark.parametrize(("lang", "stop"), [("zh", "。"), ("en", ".")])
def test_a_sentence_that_ends_with_a_reason_ends_before_its_mend(lang, stop):
    message, mend = wording(Problem("matrix.syntax", {"file": "m.toml", "reason": "“Invalid value”"}), lang)
    assert message.endswith(f"“Invalid value”{stop}") and mend
    message, _mend = wording(Problem("matrix.syntax", {"file": "m.toml", "reason": f"x{stop}"}), lang)
    assert message.endswith("x" + stop) and not message.endswith(stop * 2)

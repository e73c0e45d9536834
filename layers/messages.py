"""The words of errors, reasons, verdicts and progress, each sentence once per language."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from onemap.layers.each_text import each_text
from onemap.layers.errors import GROUND, Problem
from onemap.layers.records import Record
from onemap.layers.secret_words import without_secrets, without_typed
from onemap.layers.shipped_files import shipped_table
from onemap.layers.visible_text import visible_text

LANGUAGES = ("zh", "en")
_NOTHING = "–"  # a fact that is empty
# Of an error: its mend, and its message, where a fact that the usual one names is missing or an empty list.
_INSTEAD = {"mend": "none", "message": "bare"}
_MENDED_BY = (GROUND, "option", "target")  # facts with which some messages have another mend, under the same name
_FACT = re.compile(r"\{(\w+)")
_NAMED = 3  # of several names that are listed in short
_FORMS = re.compile(r"\{(\w+):[^{}|]*(?:\{\w+\}[^{}|]*)*\|((?:[^{}]|\{\w+\})*)\}")
_TWO_STOPS = re.compile("(?<![.。])[.。]{2}$")
_ENDS = (".", "!", "?", ":", "。", "！", "？", "：", "…")


def sentences(language: str) -> Record:
    """All sentences of one language, nested by subject and problem."""
    return shipped_table(f"messages/{language}.toml")


class _Fact:
    """A fact in a sentence; `{count:# sheet|# sheets}` gives "1 sheet" or "2 sheets", with the number for `#`."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __format__(self, form: str) -> str:
        one, has_forms, more = form.partition("|")
        if not has_forms:
            return format(self._value, form)
        number = str(self._value)
        return (one if number == "1" else more).replace("#", number, 1)

    def __str__(self) -> str:
        return str(self._value)


class _Facts(dict[str, Any]):
    """Facts for a sentence; an unknown one reads as a dash."""

    def __getitem__(self, name: str) -> _Fact:
        return _Fact(self.get(name, _NOTHING))


def plain_sentence(text: str) -> str:
    """A sentence with the names of its facts, in the plural where it has two forms: as a reference shows it."""
    return _FORMS.sub(lambda match: match[2].replace("#", f"{{{match[1]}}}", 1), text)


def _fact_text(value: Any, language: str) -> Any:
    if isinstance(value, Problem):
        return _fill_facts(value, language)[0]
    if isinstance(value, dict) and language in value:
        return value[language]  # a name that each language has for itself
    if isinstance(value, (list, tuple)):
        return list_text([str(_fact_text(item, language)) for item in value], language) or _NOTHING
    if isinstance(value, str):
        return without_secrets(value)  # whatever was typed may be repeated
    return _NOTHING if value is None else value


def titles_of(names: Sequence[str], subject: str, language: str) -> list[str]:
    """The titles of names under a subject of the messages; a name without a title is returned unchanged."""
    titles = sentences(language)[subject]
    return [str(titles.get(name, name)) for name in names]


def list_text(texts: Iterable[str], language: str) -> str:
    """Texts as a list: A, B; 甲、乙."""
    return ("、" if language == "zh" else ", ").join(texts)


def pair_text(name: str, value: object, language: str) -> str:
    """A name and its value in one line: A: 1; 甲：1."""
    return phrase("sheet.pair", language, name=name, value=value)


def first_names(names: Sequence[str]) -> list[str]:
    """The names, as a fact of a problem; if there are many, the first ones and the number of all."""
    return [*names] if len(names) <= _NAMED else [*names[: _NAMED - 1], f"… ({len(names)})"]


def names_in_short(names: Sequence[str]) -> str:
    """Names of files as one text of any language, separated by commas; many as in `first_names`."""
    return ", ".join(first_names(names))


def either_of(texts: Sequence[str], language: str) -> str:
    """Texts as alternatives: A, B or C; 甲、乙或丙; A、B 或 C."""
    is_latin = "".join(texts[-2:]).isascii()
    comma, last_of = ("、", " 或 " if is_latin else "或") if language == "zh" else (", ", " or ")
    return last_of.join(filter(None, (comma.join(texts[:-1]), *texts[-1:])))


def perhaps(names: Sequence[str], language: str) -> str:
    """The names that may have been meant, as the end of a complaint; empty if there are none."""
    return phrase("complaint.meant", language, names=either_of(names, language)) if names else ""


def wording(problem: Problem, language: str) -> tuple[str, str]:
    """The message of a problem and its mend in one language, each a whole sentence."""
    message, mend = (visible_text(without_typed(text)) for text in _fill_facts(problem, language))
    return (_with_full_stop(message, language) if mend else message), mend


def _fill_facts(problem: Problem, language: str) -> tuple[str, str]:
    """Message and mend with their facts; a fact that is a problem is replaced by that problem's message."""
    subject, _, name = problem.code.partition(".")
    entry = sentences(language).get(subject, {}).get(name) or {"message": problem.code}
    facts = _Facts({key: _fact_text(value, language) for key, value in problem.facts.items()})
    message, mend = (_fitting_text(entry, part, facts) for part in ("message", "mend"))
    mend = next((str(entry[fact]) for fact in _MENDED_BY if fact in facts and fact in entry), mend)
    return message.format_map(facts), mend.format_map(facts)


def _fitting_text(entry: Record, part: str, facts: _Facts) -> str:
    """The message or the mend of an error, before its facts are filled in; the other one if a fact of it is missing."""
    text, instead = str(entry.get(part, "")), _INSTEAD[part]
    is_empty = instead in entry and any(facts.get(fact, _NOTHING) == _NOTHING for fact in _FACT.findall(text))
    return str(entry[instead]) if is_empty else text


def _with_full_stop(sentence: str, language: str) -> str:
    """A sentence with exactly one full stop; the reason at its end may bring a full stop or not."""
    stop = "。" if language == "zh" else "."
    return _TWO_STOPS.sub(stop, sentence) if sentence.endswith(_ENDS) else f"{sentence}{stop}"


def sender_mend(code: str, mend: str, language: str) -> str:
    """The mend of a problem for the sender of the data, without options of the program.

    code, mend: of the problem.
    """
    subject, _, name = code.partition(".")
    entry = sentences(language).get(subject, {}).get(name, {})
    if "sender" in entry:
        return str(entry["sender"])
    parts = re.findall(r"[^.。]+(?:[.。](?!\s|$)[^.。]*)*[.。]?\s*", mend)
    return "".join(sentence for sentence in parts if "--" not in sentence and "onemap " not in sentence).strip()


def in_words(problem: Problem, language: str) -> Problem:
    """The same problem with its sentences, and without passwords in the names of files and addresses."""
    message, mend = wording(problem, language)
    places = {name: without_secrets(value) for name, value in problem.place.items() if value is not None}
    facts = each_text(problem.facts, without_typed)
    return replace(problem, facts={**facts, **places}, message=message, mend=mend)


def phrase(key: str, language: str, **facts: Any) -> str:
    """A short text that is not a refusal: a verdict's name, a step of progress, a heading."""
    subject, _, name = key.partition(".")
    return str(sentences(language)[subject][name]).format_map(_Facts(facts))


def is_title(value: Any) -> bool:
    """Whether a value is a title: a text for each of its languages, at least one."""
    return isinstance(value, dict) and bool(value) and all(isinstance(text, str) for text in value.values())


def in_each_language(key: str) -> dict[str, str]:
    """A short text in every language, as a fact of a problem."""
    return {language: phrase(key, language) for language in LANGUAGES}


class ProblemRecord(TypedDict):
    """A problem as the contract's JSON object.

    row: 1-based; area_changed_m2: the area that a repair has changed, in m²; level: that of a remark on incoming data.
    """

    file: str | None
    layer: str | None
    feature: str | None
    field: str | None
    code: str
    message: str
    mend: str
    row: NotRequired[int]
    area_changed_m2: NotRequired[float]
    level: NotRequired[str]


def problem_record(problem: Problem, language: str) -> ProblemRecord:
    """A problem as the contract's JSON object."""
    message, mend = wording(problem, language)
    file, layer, feature, field = (value and without_secrets(value) for value in problem.place.values())
    record = ProblemRecord(
        file=file, layer=layer, feature=feature, field=field, code=problem.code, message=message, mend=mend
    )
    if "row" in problem.facts:
        record["row"] = problem.facts["row"]
    if "area_changed_m2" in problem.facts:
        record["area_changed_m2"] = problem.facts["area_changed_m2"]
    return record

"""The places where a kind of rule is missing, by name."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from onemap.layers.catalogue.schema import GEOMETRIES
from onemap.layers.messages import LANGUAGES, sentences
from onemap.rules.judge.findings.run_tables import FINDING_COLUMNS
from onemap.rules.judge.kinds.kind import AT_LEAST, AT_MOST, TYPE_WORDS, Kind
from onemap.rules.judge.kinds.reasons import unknown_reasons

ROOT = Path(__file__).resolve().parents[4]


def gaps_of(kind: Kind) -> list[str]:
    """Everything that a kind lacks: its module, words in a language, columns, reasons, its part of the reference."""
    return [*_module(kind), *_words(kind), *_columns(kind), *_reasons(kind), *_reference(kind)]


def _module(kind: Kind) -> Iterator[str]:
    if not (ROOT / "rules" / "judge" / "kinds" / f"{kind.name}.py").is_file():
        yield f"rules/judge/kinds/{kind.name}.py: there is no such module"
    for geometry in kind.geometries:
        if geometry not in GEOMETRIES:
            yield f"geometries: {geometry} is none"
    if not kind.geometries:
        yield "geometries: there are none"


def _words(kind: Kind) -> Iterator[str]:
    words: dict[str, Mapping[str, str]] = {"title": kind.title, "conflict": kind.conflict}
    words |= {f"measures.{name}": text for name, text in kind.measures.items()}
    for name, key in kind.keys.items():
        words |= {f"keys.{name}.title": key.title, f"keys.{name}.meaning": key.meaning}
    for name, reason in kind.reasons.items():
        words |= {f"reasons.{name}.word": reason.word, f"reasons.{name}.meaning": reason.meaning}
    for place, text in words.items():
        for language in LANGUAGES:
            if not text.get(language, "").strip():
                yield f"{place}: no words in {language}"
    if kind.drafted and set(kind.drafted) != set(LANGUAGES):
        yield "drafted: not in every language"


def _columns(kind: Kind) -> Iterator[str]:
    for name in kind.measures:
        if name not in FINDING_COLUMNS:
            yield f"measures.{name}: findings have no such column"
    if kind.finds != bool(kind.measures):
        yield "measures: a kind that finds something says what, another does not"
    for name, key in kind.keys.items():
        if key.type not in TYPE_WORDS:
            yield f"keys.{name}.type: {key.type} is none"
        if key.limit not in ("", AT_LEAST, AT_MOST):
            yield f"keys.{name}.limit: {key.limit} is none"
        if key.limit and not key.unit:
            yield f"keys.{name}.unit: a limit is shown with its unit"


def _reasons(kind: Kind) -> Iterator[str]:
    common = sentences(LANGUAGES[0])["reason"]
    for name in kind.reasons:
        if name in common:
            yield f"reasons.{name}: it is a reason of every kind already"
    if kind.not_counted not in {*kind.reasons, *common}:
        yield f"not_counted: {kind.not_counted} is no reason"
    if len(set(unknown_reasons(kind.name))) != len(unknown_reasons(kind.name)):
        yield "reasons: one of them stands twice"


def _reference(kind: Kind) -> Iterator[str]:
    for language in LANGUAGES:
        page = f"docs/packs.{language}.md"
        text = (ROOT / page).read_text(encoding="utf-8")
        wanted = [f"### {kind.name}", *(f"`{name}`" for name in (*kind.keys, *kind.measures, *kind.reasons))]
        for words in wanted:
            if words not in text:
                yield f"{page}: {words} is missing; python3 build.py reference makes it anew"
    if f"`{kind.name}`" not in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"):
        yield f"docs/glossary.md: `{kind.name}` is missing among the kinds of rule"

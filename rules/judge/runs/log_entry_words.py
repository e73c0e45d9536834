"""The library's log in words: what was done, to what, with which details; without hashes and keys."""

from collections.abc import Callable, Mapping
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import list_text, pair_text, phrase, sentences, titles_of

_REVIEW = "review."


def log_words(
    row: Mapping[str, Any], detail: Any, catalogue: Mapping[str, LayerEntry], language: str
) -> dict[str, str | None]:
    """An entry of the log in words: `step`, `what`, `details`. detail: as JSON; a text where it is damaged."""
    facts: Mapping[str, Any] = detail if isinstance(detail, dict) else {}
    return {
        "step": _step(row["action"], language),
        "what": _what(row["subject"], facts, catalogue, language),
        "details": _details(facts, language) if isinstance(detail, dict) else str(detail),
    }


def _step(action: str, language: str) -> str:
    texts = sentences(language)
    if action.startswith(_REVIEW):
        return str(texts["review_done"].get(action.removeprefix(_REVIEW), action))
    return str(texts["log_action"].get(action.replace(".", "_"), action))


def _what(subject: str, facts: Mapping[str, Any], catalogue: Mapping[str, LayerEntry], language: str) -> str:
    """A version by its layer's title and its label, a layer by its title, a case with the department that acted."""
    code, mark, _ = subject.partition("__")
    entry = catalogue.get(code if mark else subject)
    if entry is not None:
        return " ".join(filter(None, (entry.title_in(language), facts.get("label"))))
    case, _, department = subject.partition(" ")
    titles = named_groups()["departments"].get(department)
    return f"{case} {titles[language]}" if titles else subject


def _details(facts: Mapping[str, Any], language: str) -> str | None:
    """The facts that have a name for people, in the order of these names."""
    texts = sentences(language)
    words: Mapping[str, Callable[[Any], Any]] = {
        "features": lambda value: value.get("count") if isinstance(value, dict) else value,
        "conclusion": lambda value: texts["conclusion"].get(value, value),
        "verdict": lambda value: texts["verdict"].get(value, value),
        "decision": lambda value: texts["decision"].get(value, value),
        "state": lambda value: {**texts["review_state"], **texts["warning_state"]}.get(value, value),
        "kind": lambda value: texts["run_kind"].get(value, value),
        "sure": lambda value: list_text(titles_of(value or (), "doubt_kind", language), language),
        "due": lambda value: max(value.values(), default=None) if isinstance(value, dict) else value,
    }
    pairs = ((name, words.get(name, lambda value: value)(facts.get(name))) for name in texts["log_detail"])
    parts = [
        pair_text(texts["log_detail"][name], value, language)
        for name, value in pairs
        if isinstance(value, (str, int, float)) and value != ""
    ]
    return phrase("said.semicolon", language).join(parts) or None

"""Codes of the review as people read them in a refusal, in both languages."""

from collections.abc import Iterable, Sequence

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.review.case import ChecklistItem

Named = dict[str, str]


def department_name(code: str) -> Named:
    """A department's name with its code, which is what a command wants."""
    title = named_groups()["departments"].get(code)
    if title is None:
        return dict.fromkeys(LANGUAGES, code)
    return {"zh": f"{title['zh']}（{code}）", "en": f"{title['en']} ({code})"}


def department_names(codes: Iterable[str]) -> list[Named]:
    """The names of several departments."""
    return [department_name(code) for code in codes]


def case_state_name(state: str) -> Named:
    """The name of a case's state."""
    return {language: phrase(f"review_state.{state}", language) for language in LANGUAGES}


def opinion_name(state: str, conclusion: str | None) -> Named:
    """State and, if it is known, conclusion of an opinion."""
    keys = [f"opinion_state.{state}", *([f"conclusion.{conclusion}"] if conclusion else [])]
    return {
        language: phrase("said.comma", language).join(phrase(key, language) for key in keys) for language in LANGUAGES
    }


def item_title(item: ChecklistItem, language: str) -> str:
    """What an item of the checklist asks, in a language; of a rule that was not run it is a question, no finding."""
    title = item.title.get(language) or next(iter(item.title.values()), item.item)
    return phrase("review_said.whether", language, title=title) if item.rule else title


def titles_asked_once(titles: Sequence[str], language: str) -> list[str]:
    """Titles of which the first that asks, as `item_title` does, does so for all that follow it."""
    asking = phrase("review_said.whether", language, title="")
    first = next((at for at, title in enumerate(titles) if title.startswith(asking)), len(titles))
    return [title if at <= first else title.removeprefix(asking) for at, title in enumerate(titles)]

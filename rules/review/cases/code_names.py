"""Codes of the review as people read them in a refusal, in both languages."""

from collections.abc import Iterable, Mapping, Sequence

from onemap.layers.catalogue.bureau_profile import Names
from onemap.layers.library import own_files
from onemap.layers.library.library import Library
from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.review.cases.case import ChecklistItem

Named = dict[str, str]


def department_name(library: Library, code: str) -> Named:
    """The bureau's name of a department, with its code, which commands take."""
    return name_with_code(own_files.department_names(library), code)


def name_with_code(names: Mapping[str, Names], code: str) -> Named:
    """The name of a department with its code. names: of departments, by code."""
    title = names.get(code)
    if title is None:
        return {"zh": code, "en": code}
    with_code = title["en"] if title["en"].casefold() == code else f"{title['en']} ({code})"
    return {"zh": f"{title['zh']}（{code}）", "en": with_code}


def department_names(library: Library, codes: Iterable[str]) -> list[Named]:
    """The names of several departments."""
    names = own_files.department_names(library)
    return [name_with_code(names, code) for code in codes]


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
    """The title of a checklist item in a language; for a rule that was not run it is worded as a question."""
    title = item.title.get(language) or next(iter(item.title.values()), item.item)
    return phrase("review_said.whether", language, title=title) if item.rule else title


def titles_asked_once(titles: Sequence[str], language: str) -> list[str]:
    """Titles whose first question, worded as by `item_title`, lends its asking words to all that follow."""
    asking = phrase("review_said.whether", language, title="")
    first = next((at for at, title in enumerate(titles) if title.startswith(asking)), len(titles))
    return [title if at <= first else title.removeprefix(asking) for at, title in enumerate(titles)]

"""The work of the verb `profile`."""

from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.bureau_profile import FONT_ROLES, HEADS, PROFILE_KEYS, Profile, checked_profile
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.library.own_files import own_file_name, own_file_text, own_text_hash
from onemap.layers.messages import problem_record, sentences
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.letterhead.sender_fields import sender_fields

_SAMPLE_KIND = {"lead": "statement"}  # what the lead bureau speaks in; a department, in an opinion


def profile(values: Values, context: VerbContext) -> Result:
    """The profile of a library, or one in a file, which is only checked, with the letterheads that it gives.

    Faults in the library's own profile are reported with it, so that it can be corrected.
    Raises OneMapError profile.syntax, keep.text, source.missing, and profile.… for every problem of a file.
    """
    with open_library(values["library"]) as library:
        file, own_text = own_file_name(library, "profile"), library.own_file("profile")
    text = own_text or ""
    if values.get("file"):
        path = Path(values["file"])
        file, text = path.name, own_file_text(path)
    language, problems = context.language, []
    try:
        profile_here = checked_profile(text, file)
    except OneMapError as error:
        if values.get("file") or any(problem.code == "profile.syntax" for problem in error.problems):
            raise
        profile_here, problems = Profile(), [problem_record(problem, language) for problem in error.problems]
    return {
        "ok": True,
        "file": file,
        "kept": own_text is not None,
        "hash": own_text_hash(own_text),
        "values": toml_content(text),
        **_form(language),
        "heads": _heads(profile_here, language),
        "problems": problems,
    }


def _form(language: str) -> dict[str, Any]:
    """The form of a profile: of the lead bureau, of a department, and of fonts, each with its title and kind."""
    titles, hints = sentences(language)["profile_field"], sentences(language)["profile_hint"]
    fields = {
        of: [{"name": name, "title": titles[name], "kind": kind, "hint": hints.get(name, "")} for name, kind in keys]
        for of, keys in PROFILE_KEYS.items()
    }
    departments = named_groups()["departments"]
    return {
        "fields": fields,
        "departments": [{"code": code, "title": title[language]} for code, title in departments.items()],
        "fonts": [{"name": role, "title": titles[f"font_{role}"]} for role in FONT_ROLES],
        "forms": [{"value": head, "title": titles[f"head_{head}"]} for head in HEADS],
    }


def _heads(profile: Any, language: str) -> dict[str, Any]:
    """The head and the foot of a document of the lead bureau, and of each department described."""
    year = date.today().year
    senders = {"lead": None, **dict.fromkeys(profile.departments)}
    return {
        name: sender_fields(
            profile, _SAMPLE_KIND.get(name, "opinion"), None if name == "lead" else name, None, year, language
        )
        for name in senders
    }

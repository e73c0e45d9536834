"""The use for which a parcel on a sheet was judged: the code that it states, its meaning and its title."""

from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.catalogue.code_systems import SYSTEM_FIELD, TABLES, USE_FIELD, known_uses, system_of
from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.messages import phrase
from onemap.rules.judge.inputs.parcels import STATED_KIND, Parcels
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.projects import Projects

_FIELDS = (USE_FIELD, SYSTEM_FIELD, STATED_KIND, KIND_FIELD)


def add_uses(sheets: Sequence[dict[str, Any]], parcels: Parcels, packs: Sequence[Pack], language: str) -> None:
    """Say on the sheets of parcels (n,), in their order, for which use they were judged.

    use: the code as it is stated, None for none; use_titles: what it means, by each system of the packs that knows it;
    project: what the project is called, None where nothing says it.
    """
    projects = Projects(parcels.attributes)
    columns = [[texts[at] for at in place] for place, texts in map(projects.texts, _FIELDS)]
    usual = dict.fromkeys(pack.system for pack in packs)
    for sheet, (code, stated_system, stated_kind, text) in zip(sheets, zip(*columns, strict=True), strict=True):
        titles = [title for system in usual for title in _titles(code, stated_system, system, language)] if code else []
        sheet |= {"use": code, "use_titles": list(dict.fromkeys(titles)), "project": stated_kind or text}


def use_text(sheet: Mapping[str, Any], language: str) -> str:
    """The use as a reader finds it; where none is stated, that the strictest was taken."""
    code, project = sheet["use"], sheet["project"]
    parts = []
    if code and sheet["use_titles"]:
        parts.append(f"{code} {phrase('said.comma', language).join(sheet['use_titles'])}")
    elif code:
        parts.append(phrase("query_sheet.use_unknown", language, code=code))
    if project:
        parts.append(phrase("query_sheet.use_project", language, project=project))
    return phrase("said.semicolon", language).join(parts) or phrase("query_sheet.use_none", language)


def _titles(value: str, stated_system: str | None, usual: str, language: str) -> list[str]:
    """What the codes of a value mean; the code itself where its table has no title."""
    use_titles = []
    for code in filter(None, known_uses(value, stated_system, usual)):
        system = system_of(code, stated_system, usual)
        titles = class_titles(TABLES[system], code) if system else None
        use_titles.append(titles[language] if titles else code)
    return use_titles

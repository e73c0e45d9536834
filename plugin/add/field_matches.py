"""Which field of a source is which of the schema's: as the names say, and as it was chosen the last time."""

from __future__ import annotations

import json
from collections.abc import Iterable

from onemap.plugin.library.layer_list import CatalogueLayer, SchemaField
from onemap.plugin.profile import settings


def match_fields(schema: Iterable[SchemaField], sources: list[str], remembered: dict[str, str]) -> dict[str, str]:
    """Field of the schema → field of the source, as the core would find it, but what was chosen before comes first.

    By exact name, then ignoring case, then by alias; where two would do, none is taken: a person chooses.
    """
    matches = {target: source for target, source in remembered.items() if source in sources}
    schema = list(schema)
    names = {field.name.lower() for field in schema}
    for field in schema:
        if field.name in matches:
            continue
        found = _candidates(field, [source for source in sources if source not in matches.values()], names)
        if len(found) == 1:
            matches[field.name] = found[0]
    return matches


def wishes_of(matches: dict[str, str]) -> dict[str, str]:
    """Those that the core must be told: the others have the schema's own names."""
    return {target: source for target, source in matches.items() if source and target != source}


def remembered_matches(layer: CatalogueLayer) -> dict[str, str]:
    """What was chosen for this layer of this department the last time."""
    return _all().get(_name(layer), {})


def remember_matches(layer: CatalogueLayer, matches: dict[str, str]) -> None:
    """Keep what was chosen."""
    kept = _all()
    wishes = wishes_of(matches)
    if wishes:
        kept[_name(layer)] = wishes
    else:
        kept.pop(_name(layer), None)
    settings.put("field_matches", json.dumps(kept, ensure_ascii=False))


def _candidates(field: SchemaField, free: list[str], names: set[str]) -> list[str]:
    if field.name in free:
        return [field.name]
    alike = [source for source in free if source.lower() == field.name.lower()]
    aliases = {alias.lower() for alias in field.aliases}
    return alike or [source for source in free if source.lower() in aliases and source.lower() not in names]


def _all() -> dict[str, dict[str, str]]:
    try:
        kept = json.loads(settings.get("field_matches") or "{}")
    except ValueError:  # written by another hand
        return {}
    return kept if isinstance(kept, dict) else {}


def _name(layer: CatalogueLayer) -> str:
    return f"{layer.department}/{layer.code}"

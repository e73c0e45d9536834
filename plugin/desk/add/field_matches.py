"""The match of a source's fields with the schema's: by name, and as chosen the last time."""

from __future__ import annotations

import json
from collections.abc import Iterable

from onemap.plugin.desk.library.layer_list import CatalogueLayer, SchemaField
from onemap.plugin.profile import settings


def match_fields(schema: Iterable[SchemaField], sources: list[str], earlier_matches: dict[str, str]) -> dict[str, str]:
    """Field of the schema → field of the source, as the core would match them; earlier choices come first.

    A field matches by its exact name, then ignoring case, then by alias. If two sources would match, none is taken, and
    a person chooses.
    """
    matches = {target: source for target, source in earlier_matches.items() if source in sources}
    schema = list(schema)
    names = {field.name.lower() for field in schema}
    for field in schema:
        if field.name in matches:
            continue
        candidates = _candidates(field, [source for source in sources if source not in matches.values()], names)
        if len(candidates) == 1:
            matches[field.name] = candidates[0]
    return matches


def explicit_matches(matches: dict[str, str]) -> dict[str, str]:
    """The matches to pass to the core: those whose source field has another name than the schema's field."""
    return {target: source for target, source in matches.items() if source and target != source}


def matches_of_layer(layer: CatalogueLayer) -> dict[str, str]:
    """The matches that were chosen for this layer of this department the last time."""
    return _stored_matches().get(_setting_key(layer), {})


def store_matches(layer: CatalogueLayer, matches: dict[str, str]) -> None:
    """Store the chosen matches."""
    all_matches = _stored_matches()
    explicit = explicit_matches(matches)
    if explicit:
        all_matches[_setting_key(layer)] = explicit
    else:
        all_matches.pop(_setting_key(layer), None)
    settings.put("field_matches", json.dumps(all_matches, ensure_ascii=False))


def _candidates(field: SchemaField, free: list[str], names: set[str]) -> list[str]:
    if field.name in free:
        return [field.name]
    alike = [source for source in free if source.lower() == field.name.lower()]
    aliases = {alias.lower() for alias in field.aliases}
    return alike or [source for source in free if source.lower() in aliases and source.lower() not in names]


def _stored_matches() -> dict[str, dict[str, str]]:
    try:
        matches = json.loads(settings.get("field_matches") or "{}")
    except ValueError:  # written by another hand
        return {}
    return matches if isinstance(matches, dict) else {}


def _setting_key(layer: CatalogueLayer) -> str:
    return f"{layer.department}/{layer.code}"

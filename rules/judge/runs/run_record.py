"""Reading the record of a stored run: a missing entry, or one of another type, means that the run is damaged."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import finite_number
from onemap.layers.library.library import Library
from onemap.layers.messages import sentences

_TABLES = ("parameters", "matrix", "rules", "software")
_LISTS = ("packs", "layers", "skipped", "warped")  # of tables


class RecordPart(dict[str, Any]):
    """A table of a record. A missing key raises OneMapError run.damaged."""

    damage: OneMapError

    def __missing__(self, name: str) -> Any:
        raise self.damage


def known_moment(record: Mapping[str, Any]) -> datetime:
    """The moment up to which recorded things count for a run: its start, or an earlier one that was asked for.

    A version that the run used counts even if the clock that recorded it was ahead.
    """
    return _asked_until(record, (record["started"], *_moments_of_versions(record)))


def started_moment(record: Mapping[str, Any]) -> datetime:
    """The moment up to which recorded things count for a run beside the versions that it used, which are named."""
    return _asked_until(record, (record["started"],))


def _asked_until(record: Mapping[str, Any], moments: Iterable[str]) -> datetime:
    """The last of some moments, or an earlier one that was asked for."""
    last, asked_moment = max(map(datetime.fromisoformat, moments)), record["parameters"]["known_at"]
    return min(datetime.fromisoformat(asked_moment), last) if asked_moment else last


def _moments_of_versions(record: Mapping[str, Any]) -> list[str]:
    """When the versions that a run used were recorded; older runs do not say."""
    return [layer["recorded_at"] for layer in record.get("layers", ()) if layer.get("recorded_at")]


def read_record(library: Library, identifier: str, text: Any) -> RecordPart:
    """The record of a stored run. Raises OneMapError run.damaged."""
    damage = OneMapError("run.damaged", file=library.label, run=identifier, layer="onemap_runs")
    part = type("RecordPart", (RecordPart,), {"damage": damage})
    try:
        record = json.loads(text, object_hook=part, parse_float=finite_number, parse_constant=finite_number)
        if not isinstance(record, RecordPart) or record.get("id", identifier) != identifier or not _is_sorted(record):
            raise damage
        _check_moments(record)
    except (ValueError, TypeError, RecursionError):
        raise damage from None
    return record


def _is_sorted(record: Mapping[str, Any]) -> bool:
    """Whether the entries of a record have the types that they must have."""
    if any(not isinstance(record[name], dict) for name in _TABLES if name in record):
        return False
    if "kind" in record and record["kind"] not in list(sentences("en")["run_kind"]):
        return False
    if not isinstance(record.get("parameters", {}).get("parcels", ""), str):
        return False
    lists = [record[name] for name in _LISTS if name in record]
    if not all(map(_is_tables, lists)):
        return False
    return all(_is_tables(pack["tables"]) for pack in record.get("packs", ()) if "tables" in pack)


def _is_tables(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _check_moments(record: Mapping[str, Any]) -> None:
    """Raises ValueError or TypeError for an invalid date or moment."""
    parameters = record.get("parameters", {})
    if "as_of" in parameters:
        date.fromisoformat(parameters["as_of"])
    for text in (record.get("started"), parameters.get("known_at"), *_moments_of_versions(record)):
        if text is not None:
            datetime.fromisoformat(text)

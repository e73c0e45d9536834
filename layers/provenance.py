"""The origin of a file after W3C's PROV: what made it, when, from which versions, by which packs; as PROV-JSON.

A GeoPackage holds it as metadata of the whole file, a GeoParquet file, a GeoJSON and a page under `PROVENANCE_KEY`, a
PDF as an attached file, a Word file as a part of its own.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from onemap.layers.software import onemap_version

STANDARD, MIME_TYPE, PROVENANCE_KEY = "http://www.w3.org/ns/prov", "application/json", "prov"
NO_RECORD: Mapping[str, Any] = MappingProxyType({})
_PREFIXES = {"onemap": "urn:onemap:", "sha256": "urn:hash:sha256:"}
_FILE, _SOFTWARE, _PERSON = "onemap:file", "onemap:software", "onemap:person"
_FACTS = ("valid_from", "valid_to", "recorded_at", "version")  # of a version of a layer or a pack, if they are known


def provenance(record: Mapping[str, Any], *, is_timed: bool = True) -> str:
    """The origin of a file as PROV-JSON, with only those facts that the record has.

    is_timed: take this moment if the record has none; not for a document, whose file depends on its content alone.

    record: of a run or a package: id, kind, started (a moment as ISO text), who, software, parameters of a check,
    layers (code, label, hash, and perhaps source with source_hash) and packs (id, version, hash).
    """
    run = f"onemap:run/{record.get('id') or 'unrecorded'}"
    parameters = record.get("parameters") or {}
    layers = {f"onemap:layer/{one['code']}/{one['hash']}": one for one in record.get("layers") or () if one.get("hash")}
    packs = {f"onemap:pack/{one['id']}": one for one in record.get("packs") or ()}
    parcel_files = {}
    if parameters.get("parcels_hash"):
        parcel_files[f"sha256:{parameters['parcels_hash']}"] = {"prov:label": parameters.get("parcels")}
    sources = {f"sha256:{one['source_hash']}": one["source"] for one in layers.values() if one.get("source_hash")}
    start = record.get("started") or (datetime.now(UTC).isoformat(timespec="microseconds") if is_timed else None)
    kind = record.get("kind") or ("check" if "id" in record else None)
    activity = {"prov:type": kind and f"onemap:{kind}", "prov:startTime": start}
    agents: dict[str, dict[str, Any]] = {
        _SOFTWARE: {"prov:type": "prov:SoftwareAgent", "prov:label": f"One Map {onemap_version()}"}
        | {f"onemap:{name}": text for name, text in (record.get("software") or {}).items()}
    }
    if record.get("who"):
        agents[_PERSON] = {"prov:type": "prov:Person", "prov:label": record["who"]}
    entities = {
        _FILE: {"prov:label": parameters.get("library") or record.get("library_name")},
        **{name: _entity(f"{one['code']}@{one['label']}", one) for name, one in layers.items()},
        **{name: {"prov:type": "prov:Plan", **_entity(one["id"], one)} for name, one in packs.items()},
        **parcel_files,
        **{name: {"prov:label": label} for name, label in sources.items()},
    }
    relations = {
        "wasGeneratedBy": [{"prov:entity": _FILE, "prov:activity": run}],
        "used": [{"prov:activity": run, "prov:entity": name} for name in (*layers, *packs, *parcel_files)],
        "wasAssociatedWith": [{"prov:activity": run, "prov:agent": name} for name in agents],
        "wasDerivedFrom": [
            {"prov:generatedEntity": name, "prov:usedEntity": f"sha256:{one['source_hash']}"}
            for name, one in layers.items()
            if one.get("source_hash")
        ],
    }
    content: dict[str, Any] = {"prefix": _PREFIXES, "entity": entities, "activity": {run: activity}, "agent": agents}
    for name, rows in relations.items():
        content[name] = {f"_:{name}{at}": one for at, one in enumerate(rows, 1)}
    return json.dumps(_without_nothing(content), ensure_ascii=False)


def provenance_words(record: Mapping[str, Any]) -> str:
    """The origin in few words, for the properties of a document: kind, versions and packs."""
    layers = [f"{one['code']}@{one['label']}" for one in record.get("layers") or () if one.get("hash")]
    packs = [f"{one['id']} {one['version']}" for one in record.get("packs") or ()]
    return ", ".join([record.get("kind") or ("check" if "id" in record else "tables"), *layers, *packs])


def plain_packs(packs: Iterable[Any]) -> list[dict[str, str]]:
    """Packs of rules or indicators as `provenance` takes them."""
    return [{name: getattr(pack, name) for name in ("id", "version", "hash")} for pack in packs]


def _entity(label: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a version of a layer or a pack."""
    return {
        "prov:label": label,
        "onemap:sha256": facts["hash"],
        **{f"onemap:{name}": facts.get(name) for name in _FACTS},
    }


def _without_nothing(content: Any) -> Any:
    if not isinstance(content, Mapping):
        return content
    return {name: _without_nothing(value) for name, value in content.items() if value is not None}

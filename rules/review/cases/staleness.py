"""Inputs superseded since a run: layer versions that are no longer in force, packs whose content changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry, layer_title
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.same_content import rows_hash
from onemap.layers.library.versions import Version, coverage_of, in_force, versions
from onemap.layers.reason import Reason
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.kinds.permitted_uses import permit_tables, shipped_table
from onemap.rules.judge.packs.pack import pack_text


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run, as plain values. layers: label and hash of the version by its layer, None where none was.

    packs: id, hash and tables of uses; sources: where the case's packs came from, as `pack_sources` tells.
    """

    layers: Mapping[str, Sequence[str | None]]
    packs: Sequence[Mapping[str, Any]]
    sources: Sequence[Mapping[str, str | None]]


def inputs_of(run: CheckRecord, sources: Sequence[Mapping[str, str | None]]) -> RunInputs:
    """The inputs of a run. run: its record."""
    used: dict[str, tuple[str | None, str | None]]
    used = {layer["code"]: (layer["label"], layer["hash"]) for layer in run["layers"]}
    for rule in run["skipped"]:
        if rule["reason"] == Reason.LAYER_MISSING:
            used.setdefault(rule["layer"], (None, None))
    kept = ("id", "hash", "tables")
    packs = [{name: value for name, value in pack.items() if name in kept} for pack in run["packs"]]
    return RunInputs(used, packs, sources)


def superseded_inputs(
    library: Library, run: CheckRecord, packs: Sequence[Mapping[str, str | None]], day: date
) -> set[str]:
    """The codes of layers and ids of packs of a run that are not those that hold on a day.

    run: its record; packs: where the case's packs came from, as `pack_sources` tells. A run of a later day than `day`
    is compared with its own.
    """
    day = max(day, date.fromisoformat(run["parameters"]["as_of"]))
    return superseded(library, inputs_of(run, packs), day)


def superseded(library: Library, inputs: RunInputs, day: date) -> set[str]:
    """The codes of layers and ids of packs among some inputs that are not those that hold on a day."""
    of_layer: dict[str, list[Version]] = {}
    for version in versions(library):
        of_layer.setdefault(version.code, []).append(version)
    found = set()
    for code, (label, hash_) in inputs.layers.items():
        of_this = of_layer.get(code, [])
        holds = in_force(of_this, day)
        judged = next((version for version in of_this if version.label == label and version.hash == hash_), None)
        if holds is not None and (
            holds.hash == hash_ if judged is None else _says_the_same(library, holds, judged, of_this)
        ):
            continue
        if holds is not None or label is not None:
            found.add(code)
    known = {pack["id"]: pack["hash"] for pack in inputs.packs}
    found |= {pack["id"] for pack in inputs.packs if any(map(_is_mended, pack.get("tables", ())))}
    found |= _other_packs(library, inputs.sources)
    now = _hashes_now(library, inputs.sources)
    return found | {id_ for id_, hash_ in now.items() if known.get(id_, hash_) != hash_}


def _says_the_same(library: Library, holds: Version, judged: Version, of_layer: Sequence[Version]) -> bool:
    """Whether a version has the rows of another, in whatever order and form, for the same ground, and as exactly."""
    if holds.table == judged.table:
        return True
    if rows_hash(library, holds, of_layer) != rows_hash(library, judged, of_layer):
        return False
    facts = [(version.coverage_kind, version.accuracy_m) for version in (holds, judged)]
    return facts[0] == facts[1] and coverage_of(library, holds).equals(coverage_of(library, judged))


def input_title(name: str, run: CheckRecord, catalogue: Mapping[str, LayerEntry], language: str) -> str:
    """The name of a layer or a pack behind an opinion, by its code or id; a pack with its edition.

    run: the record of the round's, which keeps what its packs were called.
    """
    pack = next((pack for pack in run["packs"] if pack["id"] == name), None)
    if pack is None:
        return layer_title(name, catalogue, language)
    return f"{pack.get('title', {}).get(language) or name} {pack['version']}"


def _is_mended(table: Mapping[str, str]) -> bool:
    """Whether a table of uses, as a run keeps it, says something else today."""
    return table["name"] in permit_tables() and shipped_table(table["name"]).hash != table["hash"]


def pack_sources(ids: Sequence[str], named: Sequence[str]) -> list[dict[str, str | None]]:
    """Where a case's packs came from: id, and the name or the file that was given, None for the library's own."""
    if not named:
        return [{"id": id_, "name": None} for id_ in ids]
    places = [str(Path(name).absolute()) if Path(name).is_file() else name for name in named]
    return [{"id": id_, "name": place} for id_, place in zip(ids, places, strict=True)]


def _other_packs(library: Library, packs: Sequence[Mapping[str, str | None]]) -> set[str]:
    """The packs of a case that is judged by the library's own, and that are in force no more.

    Where another one has come beside them, whatever rests on any of them was judged by less than is in force.
    """
    if any(pack["name"] is not None for pack in packs):
        return set()
    ids, own = {str(pack["id"]) for pack in packs}, {name for name, _ in library.packs()}
    return ids if own - ids else ids - own


def _hashes_now(library: Library, packs: Sequence[Mapping[str, str | None]]) -> dict[str, str]:
    """The present hashes of a case's packs; a file that is gone can no longer supersede anything."""
    own = dict(library.packs())
    hashes = {}
    for pack in packs:
        id_, name = str(pack["id"]), pack["name"]
        text = own.get(id_) if name is None else None
        try:
            hashes[id_] = sha256(text if text else pack_text(name or id_)[0])
        except OneMapError:
            continue
    return hashes

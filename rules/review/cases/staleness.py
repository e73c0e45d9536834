"""Inputs superseded since a run: layer versions no longer in force, packs whose content changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry, layer_title
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.same_content import rows_hash
from onemap.layers.library.versions import Version, coverage_of, coverage_wkb, in_force, read_version, versions
from onemap.layers.reason import Reason
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.permitted_uses import permit_tables, shipped_table
from onemap.rules.judge.overlay.overlay import MARGIN_M
from onemap.rules.judge.packs.pack import pack_text
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.judge.runs.stored_rows import GIVEN
from onemap.rules.judge.runs.unwritten_sites import APPROVALS, OPINIONS, PROJECTS
from onemap.rules.review.cases.round_facts import layers_used
from onemap.rules.review.cases.routing import dated_law, watched_layers

WRITTEN = (APPROVALS, OPINIONS, PROJECTS)


@dataclass(frozen=True)
class RunInputs:
    """The inputs of a run, as plain values. layers: label and hash of each layer's version, None where there was none.

    packs: id, hash and tables of uses; sources: where the case's packs came from, as in `pack_sources`; laws: for each
    rule whose laws have days, whether one was in force (or, if the rule found something, whether each was), and their
    first and last days; reach_m: how far from parcels a layer that the review itself writes matters, where known.
    """

    layers: Mapping[str, Sequence[str | None]]
    packs: Sequence[Mapping[str, Any]]
    sources: Sequence[Mapping[str, str | None]]
    laws: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    reach_m: Mapping[str, float] = field(default_factory=dict)


def inputs_of(
    run: CheckRecord,
    sources: Sequence[Mapping[str, str | None]],
    rules: Collection[Rule] = (),
    found_rules: Collection[str] = (),
) -> RunInputs:
    """The inputs of a run.

    run: its record; rules: of its packs; found_rules: the ids of rules with a counted finding.
    """
    version_by_layer: dict[str, tuple[str | None, str | None]]
    version_by_layer = {layer["code"]: (layer["label"], layer["hash"]) for layer in run["layers"]}
    for rule in run["skipped"]:
        if rule["reason"] == Reason.LAYER_MISSING:
            version_by_layer.setdefault(rule["layer"], (None, None))
    pack_keys, as_of = ("id", "hash", "tables"), date.fromisoformat(run["parameters"]["as_of"])
    packs = [{name: value for name, value in pack.items() if name in pack_keys} for pack in run["packs"]]
    reason_by_rule = {rule["rule"]: rule["reason"] for rule in run["skipped"]}
    asked_rules = [rule for rule in rules if reason_by_rule.get(rule.id) in (None, Reason.LAYER_MISSING)]
    used_codes = layers_used(run)
    for code in (code for one in asked_rules for code in watched_layers(one, used_codes)):
        version_by_layer.setdefault(code, (None, None))
    laws = {
        rule.id: [_laws_held(spans, as_of, is_each=rule.id in found_rules), spans]
        for rule in rules
        if reason_by_rule.get(rule.id) != Reason.ONLY and (spans := dated_law(rule, is_cited=rule.id in found_rules))
    }
    reach = {
        code: _reach_m(code, asked_rules, is_new=version_by_layer[code][0] is None)
        for code in WRITTEN
        if code in version_by_layer
    }
    return RunInputs(
        version_by_layer, packs, sources, laws, {code: metres for code, metres in reach.items() if metres is not None}
    )


def _reach_m(code: str, rules: Iterable[Rule], *, is_new: bool) -> float | None:
    """How far from parcels a layer matters to rules, in metres; None if that cannot be told.

    is_new: no version of the layer was in force. Then only a rule that uses this layer alone, and forbids it nearby, is
    sure to find nothing where the layer has nothing.
    """
    looking = [rule.for_layer(code) if code in rule.layers_named else rule for rule in rules]
    looking = [rule for rule in looking if code in rule.layers]
    keeping = [rule for rule in looking if KINDS[rule.kind].keeps_off and rule.layer == code]
    alone = [rule for rule in keeping if len(rule.layers_named) < 2]
    if is_new and len(alone) < len(looking):
        return None
    distance_m = max((KINDS[rule.kind].reach_m(rule.options) + 2 * MARGIN_M for rule in looking), default=2 * MARGIN_M)
    return distance_m if isfinite(distance_m) else None


def day_to_compare(as_of: date, day: date) -> date:
    """The day whose versions a run is compared with: a run made for a later day keeps that day."""
    return max(as_of, day)


def superseded_inputs(
    library: Library,
    run: CheckRecord,
    packs: Sequence[Mapping[str, str | None]],
    day: date,
    rules: Collection[Rule] = (),
    found_rules: Collection[str] = (),
) -> set[str]:
    """The codes of a run's layers and the ids of its packs and rules that are no longer in force on a day.

    run: its record; packs: where the case's packs came from, as in `pack_sources`; rules, found_rules: as in
    `inputs_of`. A change by the review itself that lies away from the run's parcels supersedes nothing.
    """
    day = day_to_compare(date.fromisoformat(run["parameters"]["as_of"]), day)
    inputs = inputs_of(run, packs, rules, found_rules)
    changed_inputs = inputs_not_in_force(library, inputs, day)
    pairs = superseded_pairs(inputs, changed_inputs, day, versions(library))
    return changed_inputs - unchanged_layers(near_answers(library, run["id"], pairs, {}))


def inputs_not_in_force(library: Library, inputs: RunInputs, day: date) -> set[str]:
    """The codes of layers and the ids of packs and rules among some inputs that are not in force on a day."""
    of_layer: dict[str, list[Version]] = {}
    for version in versions(library):
        of_layer.setdefault(version.code, []).append(version)
    changed_inputs = set()
    for code, (label, hash_) in inputs.layers.items():
        of_this = of_layer.get(code, [])
        holds = in_force(of_this, day)
        judged_version = _judged_version(of_this, label, hash_)
        if holds is None:
            changed_inputs |= {code} if label is not None else set()
        elif not (
            holds.hash == hash_ if judged_version is None else _says_the_same(library, holds, judged_version, of_this)
        ):
            changed_inputs.add(code)
    changed_inputs |= {
        rule
        for rule, (laws_then, spans) in inputs.laws.items()
        if _laws_held(spans, day, is_each=isinstance(laws_then, list)) != laws_then
    }
    hash_by_pack = {pack["id"]: pack["hash"] for pack in inputs.packs}
    changed_inputs |= {pack["id"] for pack in inputs.packs if any(map(_is_mended, pack.get("tables", ())))}
    changed_inputs |= _other_packs(library, inputs.sources)
    now = _hashes_now(library, inputs.sources)
    return changed_inputs | {id_ for id_, hash_ in now.items() if hash_by_pack.get(id_, hash_) != hash_}


def _judged_version(of_layer: Sequence[Version], label: str | None, hash_: str | None) -> Version | None:
    """The version of a layer by which a run judged, if it is still there."""
    return next((version for version in of_layer if (version.label, version.hash) == (label, hash_)), None)


def _laws_held(spans: Sequence[Sequence[str | None]], day: date, *, is_each: bool) -> list[bool] | bool:
    """Whether one of some laws is in force on a day, or whether each of them is."""
    on = day.isoformat()
    is_in_force = [(first is None or first <= on) and (last is None or on <= last) for first, last in spans]
    return is_in_force if is_each else any(is_in_force)


@dataclass(frozen=True)
class VersionPair:
    """The version of a layer by which a run judged, None if none was in force, and the one that is in force now.

    reach_m: how far from parcels the layer matters.
    """

    judged: Version | None
    holds: Version
    reach_m: float

    @cached_property
    def hash(self) -> str:
        """The hash of the library's records of both versions."""
        return sha256(repr(self))


@dataclass(frozen=True)
class NearAnswer:
    """Whether the versions of a pair, named by its hash, are alike near a run's parcels."""

    pair: str
    is_alike: bool


def superseded_pairs(
    inputs: RunInputs, changed_inputs: Collection[str], day: date, all_versions: Sequence[Version]
) -> dict[str, VersionPair]:
    """The two versions of each superseded layer that the review itself writes, if the ground near parcels can decide.

    Each issued case adds a row there, which is no reason to ask all other cases again. all_versions: versions of all
    layers.
    """
    pair_by_layer = {}
    for code in (code for code in WRITTEN if code in changed_inputs and code in inputs.reach_m):
        label, hash_ = inputs.layers[code]
        of_layer = [version for version in all_versions if version.code == code]
        judged_version = _judged_version(of_layer, label, hash_)
        holds = in_force(of_layer, day)
        if holds is not None and (judged_version or label is None):
            pair_by_layer[code] = VersionPair(judged_version, holds, inputs.reach_m[code])
    return pair_by_layer


def near_answers(
    library: Library, run: str, pairs: Mapping[str, VersionPair], earlier_answers: Mapping[str, NearAnswer]
) -> dict[str, NearAnswer]:
    """For each layer, whether the versions of its pair are alike near a run's parcels; none if a parcel has no ground.

    earlier_answers: earlier answers, which hold for the same pairs.
    """
    answer_by_layer = {
        code: earlier_answers[code]
        for code, pair in pairs.items()
        if code in earlier_answers and earlier_answers[code].pair == pair.hash
    }
    bounds = _bounds_of_parcels(library, run) if len(answer_by_layer) < len(pairs) else None
    if bounds is not None:
        west, south, east, north = bounds
        for code, pair in ((code, pair) for code, pair in pairs.items() if code not in answer_by_layer):
            reach = pair.reach_m
            near = shapely.box(west - reach, south - reach, east + reach, north + reach)
            answer_by_layer[code] = NearAnswer(pair.hash, _is_alike_near(library, pair.judged, pair.holds, near))
    return answer_by_layer


def unchanged_layers(answers: Mapping[str, NearAnswer]) -> set[str]:
    """The layers whose versions are alike near a run's parcels."""
    return {code for code, answer in answers.items() if answer.is_alike}


def _bounds_of_parcels(library: Library, run: str) -> np.ndarray | None:
    """West, south, east, north of a run's parcels (4,); None if a parcel has no ground."""
    shapes = shapely.from_wkb([row.wkb for row in stored_rows(library, run, GIVEN)])
    if len(shapes) == 0 or np.isnan(shapely.bounds(shapes)).any():
        return None
    return shapely.total_bounds(shapes)


def _is_alike_near(library: Library, judged_version: Version | None, holds: Version, near: shapely.Polygon) -> bool:
    """Whether two versions have the same rows, coverage and accuracy near a place.

    judged_version: None for no version.
    """
    now = _rows_near(library, holds, near)
    if judged_version is None:
        return not now
    facts = [(version.coverage_kind, version.accuracy_m) for version in (judged_version, holds)]
    if facts[0] != facts[1]:
        return False
    if coverage_wkb(library, judged_version) != coverage_wkb(library, holds):
        grounds = [shapely.intersection(coverage_of(library, version), near) for version in (judged_version, holds)]
        if not grounds[0].equals(grounds[1]):
            return False
    return now == _rows_near(library, judged_version, near)


def _rows_near(library: Library, version: Version, near: shapely.Polygon) -> list[tuple[bytes, str]]:
    """The rows of a version whose boxes meet some ground, in a fixed order; fields without a value are left out."""
    features = read_version(library, version, near.bounds)
    if len(features.fids) == 0:  # as near most cases of a list, which is asked often
        return []
    names, values = list(features.attributes), features.attributes.to_numpy()
    rows = [dict(zip(names, row, strict=True)) for row in values]
    texts = [repr(sorted((name, value) for name, value in row.items() if value is not None)) for row in rows]
    return sorted(zip(map(bytes, shapely.to_wkb(shapely.normalize(features.geometries))), texts, strict=True))


def _says_the_same(library: Library, holds: Version, judged_version: Version, of_layer: Sequence[Version]) -> bool:
    """Whether two versions have the same rows in any order and form, the same coverage and the same accuracy."""
    if holds.table == judged_version.table:
        return True
    if rows_hash(library, holds, of_layer) != rows_hash(library, judged_version, of_layer):
        return False
    facts = [(version.coverage_kind, version.accuracy_m) for version in (holds, judged_version)]
    return facts[0] == facts[1] and coverage_of(library, holds).equals(coverage_of(library, judged_version))


def input_title(
    name: str, run: CheckRecord, catalogue: Mapping[str, LayerEntry], language: str, rules: Mapping[str, Rule]
) -> str:
    """The name of a layer, pack or rule behind an opinion, by its code or id; for a pack with its edition.

    run: the record of the round's run, which keeps the packs' titles; rules: of these packs, by id.
    """
    if name in rules and name not in catalogue:
        return rules[name].title.get(language) or name
    pack = next((pack for pack in run["packs"] if pack["id"] == name), None)
    if pack is None:
        return layer_title(name, catalogue, language)
    return f"{pack.get('title', {}).get(language) or name} {pack['version']}"


def _is_mended(table: Mapping[str, str]) -> bool:
    """Whether the shipped table of uses now differs from the one that a run used."""
    return table["name"] in permit_tables() and shipped_table(table["name"]).hash != table["hash"]


def pack_sources(ids: Sequence[str], pack_names: Sequence[str]) -> list[dict[str, str | None]]:
    """Where a case's packs came from: id, and the name or the file that was given, None for the library's own."""
    if not pack_names:
        return [{"id": id_, "name": None} for id_ in ids]
    places = [str(Path(name).absolute()) if Path(name).is_file() else name for name in pack_names]
    return [{"id": id_, "name": place} for id_, place in zip(ids, places, strict=True)]


def _other_packs(library: Library, packs: Sequence[Mapping[str, str | None]]) -> set[str]:
    """The packs of a case judged by the library's own packs that are no longer in force.

    If the library has an additional pack now, all of them count, since each opinion was judged by less than is in
    force.
    """
    if any(pack["name"] is not None for pack in packs):
        return set()
    ids, own = {str(pack["id"]) for pack in packs}, {name for name, _ in library.packs()}
    return ids if own - ids else ids - own


def _hashes_now(library: Library, packs: Sequence[Mapping[str, str | None]]) -> dict[str, str]:
    """The present hashes of a case's packs; a file that is gone is left out and supersedes nothing."""
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

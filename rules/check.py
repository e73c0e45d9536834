"""The conflict check: parcels × rules × layer versions → the tables of a run. The only loop over rules."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library import Library, now, system_user
from onemap.layers.messages import phrase, problem_record
from onemap.layers.parts import moved
from onemap.layers.versions import Version, field_names, versions
from onemap.rules.conditions import Truth, evaluate
from onemap.rules.findings import Judged
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.ground import Features, Ground, Judgement, no_ground, no_pairs
from onemap.rules.layer_sources import LayerSource, WarmLayers, near_origin, source_of
from onemap.rules.overlay import Crew
from onemap.rules.packs import VERDICTS, Pack, Rule, joined_rules, pack_text, parse_pack
from onemap.rules.parcels import Parcels, read_parcels
from onemap.rules.run_record import CheckWishes, layer_record, parameters, run_table
from onemap.rules.run_tables import Table, run_tables
from onemap.rules.software import software_versions

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Run:
    """One check: its record, its tables, and what must be told about its input."""

    record: dict[str, Any]
    tables: dict[str, Table]
    problems: list[dict[str, Any]]
    verdicts: dict[str, int]

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return next((verdict for verdict in VERDICTS if self.verdicts[verdict]), "clear")


def packs_of(library: Library, named: Sequence[str]) -> list[Pack]:
    """The packs that are named, else the library's.

    Raises OneMapError pack.…, rule.….
    """
    catalogue = library.catalogue()
    if named:
        texts = [pack_text(name) for name in named]
    else:
        texts = [(text, name) if text else pack_text(name) for name, text in library.packs()]
    return [parse_pack(text, source, catalogue) for text, source in texts]


def required_fields(library: Library, code: str) -> list[str]:
    """The fields of a layer that the rules of the library's packs use."""
    rules = joined_rules(packs_of(library, ()))
    return list(dict.fromkeys(name for rule in rules if rule.layer == code for name in rule.layer_fields))


def _chosen_rules(rules: list[Rule], only: Sequence[str]) -> tuple[list[Rule], list[dict[str, str]]]:
    """The rules to run and those skipped because of --only. Raises UsageError only.unknown."""
    layers = {rule.layer for rule in rules}
    for code in only:
        if code not in layers:
            raise UsageError("only.unknown", field="--only", layer=code, known=sorted(layers))
    if not only:
        return rules, []
    skipped = [{"rule": r.id, "layer": r.layer, "reason": "only"} for r in rules if r.layer not in only]
    return [rule for rule in rules if rule.layer in only], skipped


def _blank(rule: Rule, rows: np.ndarray, geometries: np.ndarray, reason: str, label: str | None) -> Judged:
    """A rule that could not be judged at all: the whole ground is unknown."""
    count = len(rows)
    judgement = Judgement(no_ground(count), geometries[rows], np.full(count, np.nan), no_pairs())
    judgement.because(reason, np.ones(count, dtype=bool))
    return Judged(rule, rows, judgement, label, np.empty(0, dtype=object), pd.DataFrame())


def _check_fields(rule: Rule, library: Library, source: LayerSource) -> None:
    """A field that the version does not have is an error of the rule, not an empty answer."""
    if source.version is None or source.stored is None:
        return
    present = {name.lower() for name in field_names(library, source.version)}
    for name in rule.layer_fields:
        if name.lower() not in present:
            raise OneMapError(
                "rule.field",
                file=rule.pack,
                feature=rule.id,
                rule=rule.id,
                field=name,
                layer=source.version.table,
            )


def _judged(
    rule: Rule,
    parcels: Parcels,
    tree: shapely.STRtree,
    source: LayerSource,
    instead: LayerSource | None,
    crew: Crew,
    crs: pyproj.CRS,
    origin: tuple[float, float],
) -> Judged:
    rows = np.arange(len(parcels.ids))
    if rule.when is not None:
        rows = np.flatnonzero(_applies(rule.when, parcels.attributes))
    geometries = parcels.geometries[rows]
    label = source.version.label if source.version else None
    if source.stored is None or source.coverage is None:
        return _blank(rule, rows, parcels.geometries, source.reason or "unreadable", label)
    attributes, chosen = source.stored.attributes, np.arange(len(source.stored.fids))
    uncertain = np.zeros(len(chosen), dtype=bool)
    if rule.where is not None:
        truth = evaluate(rule.where, attributes)
        chosen = np.flatnonzero(truth.true | truth.unknown)
        uncertain = truth.unknown[chosen]
    selected = attributes.iloc[chosen].reset_index(drop=True)
    ground = Ground(
        parcels=geometries,
        tree=tree if len(rows) == len(parcels.ids) else shapely.STRtree(geometries),
        features=Features(source.stored.geometries[chosen], selected, uncertain),
        coverage=source.coverage,
        options=rule.options,
        crew=crew,
        parcel_attributes=parcels.attributes.iloc[rows].reset_index(drop=True),
        rasters=source.rasters,
        crs=crs,
        origin=origin,
        instead_zones=instead.stored.geometries if instead and instead.stored else None,
        instead_coverage=instead.coverage if instead else None,
    )
    try:
        judgement = KINDS[rule.kind].judge(ground)
    except OneMapError as error:
        if error.code != "version.unreadable":
            raise
        return _blank(rule, rows, parcels.geometries, "unreadable", label)
    assumed = source.version is not None and source.version.coverage_kind == "extent"
    accuracy = source.version.accuracy_m if source.version else None
    return Judged(rule, rows, judgement, label, source.names[chosen], selected, assumed, accuracy, crew)


def _applies(when: str, attributes: pd.DataFrame) -> np.ndarray:
    """The parcels to which a rule applies: where its `when` is true, or cannot be told."""
    try:
        truth = evaluate(when, attributes)
    except KeyError:  # the parcels do not say: unknown for all
        truth = Truth(np.zeros(len(attributes), dtype=bool), np.ones(len(attributes), dtype=bool))
    return truth.true | truth.unknown


def check(library: Library, wishes: CheckWishes, language: str, report: Report, warm: WarmLayers | None = None) -> Run:
    """Judge every parcel by every rule; nothing is written.

    report(fraction, step) may raise Cancelled. Raises OneMapError for every refusal.
    """
    began, started = time.perf_counter(), now()
    report(0.0, phrase("progress.packs", language))
    packs = packs_of(library, wishes.packs)
    rules, skipped = _chosen_rules(joined_rules(packs), wishes.only)
    report(0.02, phrase("progress.parcels", language))
    parcels = read_parcels(
        wishes.parcels, wishes.layer, wishes.id_field, wishes.encoding, wishes.normalising, library.crs
    )
    as_of = wishes.as_of or date.today()
    known = versions(library, wishes.known_at)
    ever_loaded = {version.code for version in known}
    for rule in rules:
        if rule.missing == "checklist" and rule.layer not in ever_loaded:
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": "layer_missing"})
    rules = [rule for rule in rules if not (rule.missing == "checklist" and rule.layer not in ever_loaded)]
    west, south, _, _ = shapely.total_bounds(parcels.geometries)
    origin = (float(west // 1000 * 1000), float(south // 1000 * 1000))
    judged, used = _judge_all(
        library, rules, parcels, known, as_of, wishes.workers, language, report, warm, origin, skipped
    )
    report(0.9, phrase("progress.tables", language))
    tables = run_tables(list(parcels.ids), parcels.geometries, judged, library.crs, origin, language)
    problems = [problem_record(problem, language) for problem in parcels.problems]
    verdicts = _counts(tables["parcels"].columns)
    record = {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started": started,
        "seconds": round(time.perf_counter() - began, 3),
        "software": software_versions(),
        "packs": [pack.record() for pack in packs],
        "layers": [layer_record(code, used[code]) for code in sorted(used)],
        "parameters": parameters(library, wishes, parcels, as_of, language),
        "skipped": skipped,
        "who": system_user(),
    }
    tables["run"] = run_table(record)
    return Run(record, tables, problems, verdicts)


def _judge_all(
    library: Library,
    rules: list[Rule],
    parcels: Parcels,
    known: list[Version],
    as_of: date,
    workers: int,
    language: str,
    report: Report,
    warm: WarmLayers | None,
    origin: tuple[float, float],
    skipped: list[dict[str, str]],
) -> tuple[list[Judged], dict[str, LayerSource]]:
    """Each rule's judgement in the rules' order; a layer is read once, as near as its farthest rule looks.

    A rule that finds nothing of its own (`composition`) and whose layer is wanting is added to `skipped`.
    """
    west, south, east, north = shapely.total_bounds(parcels.geometries)
    parcels = replace(parcels, geometries=moved(parcels.geometries, (-origin[0], -origin[1])))
    tree = shapely.STRtree(parcels.geometries)
    used: dict[str, LayerSource] = {}
    reach: dict[str, float] = {}
    for rule in rules:
        for code in filter(None, (rule.layer, rule.options.get("instead"))):
            reach[code] = max(reach.get(code, 0.0), KINDS[rule.kind].reach_m(rule.options))
    judged: list[Judged] = []
    for done, rule in enumerate(rules):
        fraction, step = 0.1 + 0.8 * done / len(rules), rule.title.get(language, rule.id)
        report(fraction, step)
        crew = Crew(workers, lambda at=fraction, what=step: report(at, what))  # type: ignore[misc]
        for code in filter(None, (rule.layer, rule.options.get("instead"))):
            if code not in used:
                far = reach[code]
                box = (west - far, south - far, east + far, north + far) if far < float("inf") else None
                used[code] = near_origin(source_of(library, code, known, as_of, box, warm), origin)
        if used[rule.layer].reason and not getattr(KINDS[rule.kind], "FINDS", True):
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": str(used[rule.layer].reason)})
            continue
        _check_fields(rule, library, used[rule.layer])
        instead = used.get(rule.options.get("instead", ""))
        judged.append(_judged(rule, parcels, tree, used[rule.layer], instead, crew, library.crs, origin))
    return judged, used


def _counts(columns: pd.DataFrame) -> dict[str, int]:
    found = columns["verdict"].value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

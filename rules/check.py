"""The conflict check: parcels × rules × layer versions → the tables of a run. The only loop over rules."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import shapely

from onemap.layers.errors import UsageError
from onemap.layers.library import Library, now, system_user
from onemap.layers.messages import phrase, problem_record
from onemap.layers.parts import moved
from onemap.layers.versions import versions
from onemap.rules.findings import Judged
from onemap.rules.judging import Bench, judged_rule
from onemap.rules.kinds import KINDS
from onemap.rules.layer_sources import LayerSource, Sources, WarmLayers
from onemap.rules.overlay import Crew
from onemap.rules.packs import joined_rules
from onemap.rules.question import Question
from onemap.rules.rule import VERDICTS, Rule
from onemap.rules.run_tables import Table, run_table, run_tables
from onemap.rules.software import software_versions

_CELL_M, _DISTANCE_M = 100_000, 40_000
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Run:
    """One check: what was asked, its record, its tables, and what must be told about its input."""

    question: Question
    record: dict[str, Any]
    tables: dict[str, Table]
    problems: list[dict[str, Any]]
    verdicts: dict[str, int]

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return next((verdict for verdict in VERDICTS if self.verdicts[verdict]), "clear")


def _chosen_rules(question: Question, ever_loaded: set[str]) -> tuple[list[Rule], list[dict[str, str]]]:
    """The rules to run, and those that are not, with the reason. Raises UsageError only.unknown."""
    rules = joined_rules(question.packs)
    layers = {rule.layer for rule in rules}
    for code in question.only:
        if code not in layers:
            raise UsageError("only.unknown", field="--only", layer=code, known=sorted(layers))
    chosen, skipped = [], []
    for rule in rules:
        if question.only and rule.layer not in question.only:
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": "only"})
        elif rule.missing == "checklist" and rule.layer not in ever_loaded:
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": "layer_missing"})
        else:
            chosen.append(rule)
    return chosen, skipped


def _reaches(rules: Sequence[Rule]) -> dict[str, float]:
    """How far from the parcels each layer matters, by the rule that looks farthest."""
    reach: dict[str, float] = {}
    for rule in rules:
        for code in layers_of(rule):
            reach[code] = max(reach.get(code, 0.0), KINDS[rule.kind].reach_m(rule.options))
    return reach


def local_origin(west: float, south: float) -> tuple[float, float]:
    """The point from which a run counts coordinates: whole kilometres, the same for all parcels of a city.

    Near enough to give back the digits that a zone's prefix costs, and far enough that no coordinate comes near
    zero, where floating point is so fine that overlays lose polygons.
    """
    return float(west // _CELL_M * _CELL_M - _DISTANCE_M), float(south // _CELL_M * _CELL_M - _DISTANCE_M)


def layers_of(rule: Rule) -> list[str]:
    """The layers that a rule looks at: its own, and the one that may stand instead."""
    return [code for code in (rule.layer, rule.options.get("instead")) if code]


def check(library: Library, question: Question, workers: int, report: Report, warm: WarmLayers | None = None) -> Run:
    """Judge every parcel by every rule; nothing is written.

    report(fraction, step) may raise Cancelled. Raises OneMapError for every refusal.
    """
    began, started, language = time.perf_counter(), now(), question.language
    report = _forward(report)
    known = versions(library, question.known_at)
    ever_loaded = {version.code for version in known} | set(question.replaced)
    rules, skipped = _chosen_rules(question, ever_loaded)
    parcels = question.parcels
    west, south, east, north = shapely.total_bounds(parcels.geometries)
    origin = local_origin(west, south)
    local = moved(parcels.geometries, (-origin[0], -origin[1]))
    bench = Bench(local, parcels.attributes, library.crs, origin)
    required = {rule.layer: rule.layer_fields for rule in rules}
    sources = Sources(library, known, question.as_of, question.replaced, required, origin, warm)
    reach = _reaches(rules)
    judged: list[Judged] = []
    used: dict[str, LayerSource] = {}
    for done, rule in enumerate(rules):
        fraction, step = 0.1 + 0.8 * done / len(rules), rule.title.get(language, rule.id)
        report(fraction, step)
        for code in layers_of(rule):
            if code not in used:
                far = reach[code]
                box = (west - far, south - far, east + far, north + far) if far < float("inf") else None
                used[code] = sources.read(code, box)
        source, instead = used[rule.layer], used.get(rule.options.get("instead", ""))
        if source.reason and not getattr(KINDS[rule.kind], "FINDS", True):
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": source.reason})
            continue
        judged.append(judged_rule(rule, bench, source, instead, Crew(workers, _teller(report, fraction, step))))
    report(0.9, phrase("progress.tables", language))
    tables = run_tables(list(parcels.ids), parcels.geometries, judged, library.crs, origin, language)
    record = {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started": started,
        "seconds": round(time.perf_counter() - began, 3),
        "software": software_versions(),
        "packs": [pack.record() for pack in question.packs],
        "layers": [used[code].record(code) for code in sorted(used)],
        "parameters": question.parameters(library),
        "rules": {rule.id: rule.hash for rule in rules},
        "warped": [
            {"rule": item.rule.id, "layer": item.rule.layer, "cell_m": item.judgement.warped_to_m}
            for item in judged
            if item.judgement.warped_to_m
        ],
        "skipped": skipped,
        "who": system_user(),
    }
    tables["run"] = run_table(record)
    problems = [problem_record(problem, language) for problem in parcels.problems]
    return Run(question, record, tables, problems, verdict_counts(tables["parcels"].columns))


def _forward(report: Report) -> Report:
    """The same report, which never goes back: a second look at a rule comes after all rules."""
    reached = [0.0]

    def told(fraction: float, step: str) -> None:
        reached[0] = max(reached[0], fraction)
        report(reached[0], step)

    return told


def _teller(report: Report, fraction: float, step: str) -> Callable[[], None]:
    """What the threads of one rule call between chunks: it tells where the run is, and notices a cancel."""
    return lambda: report(fraction, step)


def verdict_counts(columns: pd.DataFrame) -> dict[str, int]:
    """How many parcels have each of the six verdicts."""
    found = columns["verdict"].value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

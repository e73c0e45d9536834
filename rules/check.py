"""The conflict check: parcels × rules × layer versions → the tables of a run. The only loop over rules."""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import shapely

from onemap.layers.errors import UsageError
from onemap.layers.library import Library, now, system_user
from onemap.layers.messages import phrase, problem_record
from onemap.layers.parts import moved
from onemap.layers.versions import versions
from onemap.rules.crew import Crew
from onemap.rules.findings import Judged
from onemap.rules.judging import Bench, judged_rule
from onemap.rules.kinds import KINDS
from onemap.rules.layer_sources import LayerSource, Sources
from onemap.rules.packs import joined_rules
from onemap.rules.question import Question
from onemap.rules.reuse import earlier_run
from onemap.rules.rule import Rule
from onemap.rules.run import Run, verdict_counts
from onemap.rules.run_tables import parcel_table, row_tables, run_table
from onemap.rules.software import software_versions

_CELL_M, _DISTANCE_M = 100_000, 40_000
Report = Callable[[float, str], None]


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


def check(
    library: Library,
    question: Question,
    workers: int,
    report: Report,
    against: str | None = None,
) -> Run:
    """Judge every parcel by every rule; nothing is written.

    against: a stored run, of which the rows stand wherever parcel, rule and layers nearby are what they were; only
    the others are computed, and the answer is the same as without it. report(fraction, step) may raise Cancelled.
    Raises OneMapError for every refusal.
    """
    began, started, language = time.perf_counter(), now(), question.language
    report = forward(report)
    known = versions(library, question.known_at)
    ever_loaded = {version.code for version in known} | set(question.replaced)
    rules, skipped = _chosen_rules(question, ever_loaded)
    parcels = question.parcels
    west, south, east, north = shapely.total_bounds(parcels.geometries)
    origin = local_origin(west, south)
    local = moved(parcels.geometries, (-origin[0], -origin[1]))
    bench = Bench(local, parcels.attributes, library.crs, origin)
    required = {rule.layer: rule.layer_fields for rule in rules}
    sources = Sources(library, known, question.as_of, question.replaced, required, origin)
    reach = _reaches(rules)
    earlier = earlier_run(library, against, question, origin) if against else None
    computed = 0
    judged: list[Judged] = []
    used: dict[str, LayerSource] = {}
    boxes: dict[str, tuple[float, float, float, float] | None] = {}
    for done, rule in enumerate(rules):
        fraction, step = 0.1 + 0.8 * done / len(rules), rule.title.get(language, rule.id)
        report(fraction, step)
        for code in layers_of(rule):
            if code not in used:
                far = reach[code]
                boxes[code] = (west - far, south - far, east + far, north + far) if far < float("inf") else None
                used[code] = sources.read(code, boxes[code])
        source, instead = used[rule.layer], used.get(rule.options.get("instead", ""))
        if source.reason and not getattr(KINDS[rule.kind], "FINDS", True):
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": source.reason})
            continue
        wanted = None
        if earlier:
            layers = {code: used[code] for code in layers_of(rule)}
            wanted = earlier.rows_to_compute(rule, layers, sources, local, boxes)
        computed += len(local) if wanted is None else int(wanted.sum())
        crew = Crew(workers, _teller(report, fraction, step))
        judged.append(judged_rule(rule, bench, source, instead, crew, wanted))
    report(0.9, phrase("progress.tables", language))
    area_m2 = shapely.area(local)
    tables = row_tables(list(parcels.ids), area_m2, judged, library.crs, origin, language)
    if earlier:
        tables = earlier.joined(tables, parcels.ids, rules)
    whole = parcel_table(list(parcels.ids), parcels.geometries, area_m2, tables["findings"], library.crs)
    tables = {"parcels": whole, **tables}
    record = {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started": started,
        "seconds": round(time.perf_counter() - began, 3),
        "software": software_versions(),
        "packs": [pack.record() for pack in question.packs],
        "layers": [used[code].record(code) for code in sorted(used)],
        "parameters": question.parameters(library),
        "origin": list(origin),
        "rules": {rule.id: rule.hash for rule in rules},
        "computed": computed,
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


def forward(report: Report) -> Report:
    """The same report, which never goes back: a second look at a rule comes after all rules."""
    reached = [0.0]

    def told(fraction: float, step: str) -> None:
        reached[0] = max(reached[0], fraction)
        report(reached[0], step)

    return told


def _teller(report: Report, fraction: float, step: str) -> Callable[[], None]:
    """What the threads of one rule call between chunks: it tells where the run is, and notices a cancel."""
    return lambda: report(fraction, step)

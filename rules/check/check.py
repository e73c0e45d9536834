"""The conflict check: parcels × rules × layer versions → the tables of a run. The only loop over rules."""

import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyproj

from onemap.layers.geometry.parts import unwrapped
from onemap.layers.geometry.shape_column import vertices_of
from onemap.layers.geometry.wkb_rings import geometries_from
from onemap.layers.library.library import Library, now
from onemap.layers.messages import phrase, problem_record
from onemap.layers.progress import Progress
from onemap.layers.software import software_versions
from onemap.rules.check.judge_rule import Bench, judged_rule
from onemap.rules.findings.rule_rows import BackgroundRows, background_rows, without_rows_under
from onemap.rules.findings.run_rows import RunRows
from onemap.rules.findings.run_tables import run_table
from onemap.rules.findings.table import Table
from onemap.rules.incremental.comparison_with_run import Comparison, Earlier, earlier_run
from onemap.rules.incremental.merged_run import StandingRows, merged_tables, standing_rows
from onemap.rules.inputs.layer_sources import LayerSource, Sources
from onemap.rules.inputs.parcel_rows import ParcelRows
from onemap.rules.inputs.parcels import Parcels
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.few_parcels import FEW_PARCELS, shared_grounds
from onemap.rules.kinds.ground import SharedGround
from onemap.rules.overlay.threads import Threads
from onemap.rules.overlay.unchanging_sets import freeze_set
from onemap.rules.packs.pack import Pack
from onemap.rules.question.check_plan import CheckPlan, check_plan_of
from onemap.rules.question.question import Question
from onemap.rules.runs.run import Run, RunInParts, verdict_counts

_LAYERS, _RULES, _ROWS = 0.09, 0.65, 0.7  # of the work: layers are read, all rules have judged, all have their rows
BEGUN, JUDGED = 0.05, 0.9  # of a whole check: its parcels are read; nothing of it is written yet
LAYERS_READ = BEGUN + _LAYERS * (JUDGED - BEGUN)
_FEATURES_A_LAYER = 500  # that cost as much to read as what each layer costs besides
_VERTICES_A_PARCEL, _VERTICES_A_CHUNK = 1.6, 7000.0  # measured: what a parcel costs a rule, and what a chunk does
_MOST_SCATTERED, _SCATTERED_SHARE = 5_000, 0.1  # parcels, and their share of the ground around all of them
_CELL_M, _DISTANCE_M = 100_000, 40_000


class TooManyRows(Exception):
    """A check in memory has found more rows than are to be held at once. rows: about how many a parcel has."""

    def __init__(self, rows: float) -> None:
        super().__init__(rows)
        self.rows = rows


@dataclass(frozen=True)
class Answer:
    """What the rules of a check say of some parcels: every table of a run but `run`.

    layers: what was read of each layer, by code; computed: how many times a parcel was judged by a rule; skipped: the
    rules that could not be asked, and why; warped: the rules whose raster was, and its cell.
    """

    tables: dict[str, Table]
    layers: dict[str, dict[str, Any]]
    computed: int
    skipped: list[dict[str, str]]
    warped: list[dict[str, Any]]


def check(
    library: Library,
    question: Question,
    threads: Threads,
    against: str | None = None,
    check_plan: CheckPlan | None = None,
) -> Run:
    """Judge every parcel by every rule, all of them in memory; nothing is written.

    against: a stored run, of which the rows stand wherever parcel, rule and layers nearby are what they were; only
    the others are computed, and the answer is the same as without it. check_plan: where it is known, as of a check that
    is part of something larger; else it is made for these parcels.
    Raises OneMapError for every refusal.
    """
    began, started = time.perf_counter(), now()
    check_plan = check_plan or check_plan_of(library, question, local_origin(*question.parcels.extent[:2]))
    earlier = earlier_run(library, against, question, check_plan.origin) if against else None
    if earlier is None:
        return check_in_parts(library, question, threads, check_plan).whole()
    asked = check_plan, check_plan.sources(library), question.parcels, threads.part(BEGUN, JUDGED)
    answer = judged_beside(*asked, earlier)
    record = _record(library, question, check_plan, answer, started, began)
    verdicts = verdict_counts(answer.tables["parcels"].values("verdict"))
    return Run(question, record, _problems(question), verdicts, {**answer.tables, "run": run_table(record)})


def check_in_parts(
    library: Library,
    question: Question,
    threads: Threads,
    check_plan: CheckPlan | None = None,
    most_rows: int | None = None,
) -> RunInParts:
    """Judge every parcel by every rule; the tables, which are those of `check`, are made while they are written.

    most_rows: to be held at once. Raises OneMapError for every refusal, TooManyRows.
    """
    began, started = time.perf_counter(), now()
    check_plan = check_plan or check_plan_of(library, question, local_origin(*question.parcels.extent[:2]))
    judging = threads.part(BEGUN, JUDGED)
    answer, rows = _judgement(check_plan, check_plan.sources(library), question.parcels, judging, None, most_rows)
    record = _record(library, question, check_plan, answer, started, began)
    tables = judging.part(_ROWS, 1.0, phrase("progress.tables", question.language))
    return RunInParts(question, record, _problems(question), {}, rows, tables, began)


def _record(
    library: Library, question: Question, check_plan: CheckPlan, answer: Answer, started: str, began: float
) -> dict[str, Any]:
    parameters, seconds = question.parameters(library), time.perf_counter() - began
    return record_of(check_plan, question.packs, parameters, [answer], started, seconds, library.person())


def _problems(question: Question) -> list[dict[str, Any]]:
    return [problem_record(problem, question.language) for problem in question.parcels.problems]


def judged_beside(
    check_plan: CheckPlan, sources: Sources, parcels: Parcels, threads: Threads, earlier: Earlier
) -> Answer:
    """Judge some parcels as far as an earlier run's rows do not stand; those of the others are merged into the tables.

    Raises OneMapError rule.field, run.damaged.
    """
    lost: frozenset[str] = frozenset()
    while True:
        standing = standing_rows(Comparison(earlier, check_plan, sources, lost))
        answer = judged_parcels(check_plan, sources, parcels.at(standing.rows_to_judge), threads, standing)
        found = standing.unreadable(answer.layers) - lost
        if not found:
            tables = merged_tables(standing, answer.tables, answer.layers)
            # Rasters near parcels whose rows stand were warped as well.
            return replace(answer, tables=tables, warped=[*answer.warped, *standing.warped(answer.warped)])
        lost |= found


def judged_parcels(
    check_plan: CheckPlan,
    sources: Sources,
    parcels: Parcels,
    threads: Threads,
    standing: StandingRows | None = None,
) -> Answer:
    """Judge some parcels by every rule of a check; of each layer only what is near them is read from its sources.

    standing: by which rules they need not be judged. The rows are the same to the last digit whichever parcels are
    judged together. Raises OneMapError rule.field.
    """
    answer, rows = _judgement(check_plan, sources, parcels, threads, standing, None)
    last = threads.part(_ROWS, 1.0, phrase("progress.tables", check_plan.language))
    return replace(answer, tables=rows.tables(last, standing.verdicts if standing else None))


def _judgement(
    check_plan: CheckPlan,
    sources: Sources,
    parcels: Parcels,
    threads: Threads,
    standing: StandingRows | None,
    most_rows: int | None,
) -> tuple[Answer, RunRows]:
    """What the rules say of some parcels, still without tables, and the rows of which these are made."""
    parcel_rows = parcel_rows_of(check_plan, sources.library.crs, parcels)
    with background_rows(parcel_rows, check_plan.language, threads.workers) as rows:
        return _judge(check_plan, sources, parcels, parcel_rows, rows, threads, standing, most_rows or sys.maxsize)


def parcel_rows_of(check_plan: CheckPlan, crs: pyproj.CRS, parcels: Parcels) -> ParcelRows:
    """Some parcels as a check judges them, and as the tables show them."""
    local, _ = geometries_from(parcels.bodies, check_plan.origin)
    local = unwrapped(local)
    return ParcelRows(parcels.ids, parcels.geometries, lambda: parcels.multis, local, check_plan.origin, crs)


def _judge(
    check_plan: CheckPlan,
    sources: Sources,
    parcels: Parcels,
    parcel_rows: ParcelRows,
    rows: BackgroundRows,
    threads: Threads,
    standing: StandingRows | None,
    most_rows: int,
) -> tuple[Answer, RunRows]:
    local = parcel_rows.local
    bench = Bench(freeze_set(local), parcels.attributes, sources.library.crs, check_plan.origin)
    computed, skipped, warped, pieces = 0, [], [], 0
    still = threads.part(_LAYERS, _LAYERS)  # what it does beside the rules moves no bar
    layers = _read_layers(check_plan, sources, parcels, threads.progress.part(0.0, _LAYERS))
    costs = [sum(_cost(len(local), layers[code]) for code in rule.layers) for rule in check_plan.rules]
    judging = threads.progress.part(_LAYERS, _RULES).parts(costs)
    shared = {} if standing else _shared_grounds(check_plan, layers, bench, still)
    for rule, cost, share in zip(check_plan.rules, costs, judging, strict=True):
        part = share.part(0.0, 1.0, rule.title.get(check_plan.language, rule.id))
        part.at(0.0)
        source, others = layers[rule.layer], {key: layers[code] for key, code in rule.other_layers.items()}
        if source.reason and not rule.finds:
            skipped.append({"rule": rule.id, "layer": rule.layer, "reason": source.reason})
            continue
        wanted = standing.wanted(rule.id) if standing else None
        computed += len(local) if wanted is None else int(wanted.sum())
        own = Threads(threads.workers, part, max(cost, 1) / _VERTICES_A_CHUNK)
        judged = judged_rule(rule, bench, source, others, own, wanted, shared.get(rule.layer))
        if judged.judgement.warped_to_m:
            warped.append({"rule": rule.id, "layer": rule.layer, "cell_m": judged.judgement.warped_to_m})
        pieces += len(judged.judgement.pairs.parcel)
        if pieces > most_rows:
            raise TooManyRows(pieces / len(local) * len(costs) / (1 + check_plan.rules.index(rule)))
        rows.add(replace(judged, threads=still))
    made = without_rows_under(rows.finished(threads.progress.part(_RULES, _ROWS)))
    answer = Answer({}, {code: layers[code].record(code) for code in layers}, computed, skipped, warped)
    return answer, RunRows(parcel_rows, made, check_plan.language)


def _read_layers(
    check_plan: CheckPlan, sources: Sources, parcels: Parcels, progress: Progress
) -> dict[str, LayerSource]:
    """Every layer that a rule looks at, by its code: what of it is near enough to the parcels to matter."""
    west, south, east, north = parcels.extent
    reach, codes = check_plan.reaches(), check_plan.codes
    sizes = [sources.features(code) + _FEATURES_A_LAYER for code in codes]
    layers: dict[str, LayerSource] = {}
    scattered = {far: scattered_boxes(parcels.boxes, far) for far in set(reach.values()) if far < float("inf")}
    for code, part in zip(codes, progress.parts(sizes), strict=True):
        part.at(0.0, phrase("progress.layers", check_plan.language, layer=code))
        far = reach[code]
        is_near = far < float("inf")
        box = (west - far, south - far, east + far, north + far) if is_near else None
        layers[code] = sources.read(code, box, scattered.get(far))
    return layers


def _shared_grounds(
    check_plan: CheckPlan, layers: Mapping[str, LayerSource], bench: Bench, threads: Threads
) -> dict[str, SharedGround]:
    """What few parcels share with the features of layers that rules lay over them whole; nothing of many parcels."""
    if len(bench.geometries) > FEW_PARCELS:
        return {}
    codes = [rule.layer for rule in check_plan.rules if KINDS[rule.kind].overlays_whole_features]
    return shared_grounds(bench.geometries, bench.tree, {code: layers[code] for code in codes}, threads)


def record_of(
    check_plan: CheckPlan,
    packs: Sequence[Pack],
    parameters: Mapping[str, Any],
    answers: Iterable[Answer],
    started: str,
    seconds: float,
    who: str,
) -> dict[str, Any]:
    """The record of a run whose parcels were judged together, or in several answers."""
    layers: dict[str, Mapping[str, Any]] = {}
    skipped, warped, computed = list(check_plan.skipped), [], 0
    for answer in answers:
        layers |= answer.layers
        computed += answer.computed
        skipped += [item for item in answer.skipped if item not in skipped]
        warped += [item for item in answer.warped if item not in warped]
    order = {rule.id: place for place, rule in enumerate(check_plan.rules)}
    return {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started": started,
        "seconds": round(seconds, 3),
        "software": software_versions(),
        "packs": [pack.record() for pack in packs],
        "layers": [layers[code] for code in sorted(layers)],
        "parameters": dict(parameters),
        "origin": list(check_plan.origin),
        "rules": {rule.id: rule.hash for rule in check_plan.rules},
        "chosen_layers": {rule.id: rule.layer for rule in check_plan.rules if len(rule.layers_named) > 1},
        "computed": computed,
        "warped": sorted(warped, key=lambda item: order[item["rule"]]),
        "skipped": skipped,
        "who": who,
    }


def local_origin(west: float, south: float) -> tuple[float, float]:
    """The point from which a run counts coordinates: whole kilometres, the same for all parcels of a city.

    Near enough to give back the digits that a zone's prefix costs, and far enough that no coordinate comes near
    zero, where floating point is so fine that overlays lose polygons.
    """
    return float(west // _CELL_M * _CELL_M - _DISTANCE_M), float(south // _CELL_M * _CELL_M - _DISTANCE_M)


def scattered_boxes(boxes: np.ndarray, far_m: float) -> np.ndarray | None:
    """The boxes of parcels (n, 4), grown; None of many, or of such as lie close enough to be taken as one."""
    if len(boxes) > _MOST_SCATTERED:
        return None
    grown = boxes + np.array([-far_m, -far_m, far_m, far_m])
    ground = np.prod(grown[:, 2:] - grown[:, :2], axis=1).sum()
    whole = np.prod(grown[:, 2:].max(axis=0) - grown[:, :2].min(axis=0))
    return grown if ground < _SCATTERED_SHARE * whole else None


def _cost(parcels: int, source: LayerSource) -> float:
    """What judging by a layer takes, in vertices: those that were read of it, and what each parcel costs besides."""
    read = vertices_of(source.stored.shapes) if source.stored is not None else 0
    return _VERTICES_A_PARCEL * parcels + read

"""Some parcels judged by all rules: the only loop over rules, whichever parcels are judged together."""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import pyproj
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.parts import unwrap_parts
from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, all_of
from onemap.layers.geometry.wkb_rings import geometries_from
from onemap.rules.judge.check.judge_rule import Bench, judged_rule
from onemap.rules.judge.check.layers_of_check import LayersOfCheck
from onemap.rules.judge.findings.background_rows import BackgroundRows
from onemap.rules.judge.findings.findings import RuleJudgement
from onemap.rules.judge.inputs.check_record import WarpedRaster
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.few_parcels import FEW_PARCELS, shared_grounds
from onemap.rules.judge.kinds.ground import SharedGround
from onemap.rules.judge.overlay.candidate_pairs import index_of
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import freeze_set
from onemap.rules.judge.overlay.unproved_unions import UNPROVED
from onemap.rules.judge.question.check_plan import CheckPlan

_VERTICES_A_CHUNK = 7000.0  # measured: what a chunk costs a rule

Wanted = Callable[[str], np.ndarray | None]  # by a rule's id only these parcels (n,); None for all


class TooManyRows(Exception):
    """A check in memory has found more rows than may be held at once. rows: an estimate of the rows per parcel."""

    def __init__(self, rows: float) -> None:
        super().__init__(rows)
        self.rows = rows


@dataclass(frozen=True)
class PartJudgement:
    """The judgement of some parcels by all rules of a check; its rows are made by a thread.

    computed: how many pairs of parcel and rule were judged; warped: rules whose raster was warped, with its cell size;
    row_count: an estimate of the rows.
    """

    rows: BackgroundRows
    computed: int
    warped: list[WarpedRaster]
    row_count: int


def parcel_rows_of(check_plan: CheckPlan, crs: pyproj.CRS, parcels: Parcels) -> ParcelRows:
    """Some parcels as the tables of a run show them."""
    origin, shapes = check_plan.origin, parcels.shapes
    if isinstance(shapes, ShapeColumn) and any(origin):
        local: AnyShapes = shapes.counted_from(origin)
    else:
        local = freeze_set(unwrap_parts(geometries_from(parcels.bodies, origin)))
    return ParcelRows(parcels.ids, parcels.boxes, lambda: parcels.multis, local, origin, crs)


def judge_part(
    layers: LayersOfCheck,
    parcels: Parcels,
    threads: Threads,
    row_thread: Executor | None,
    wanted_parcels: Wanted | None = None,
    most_rows: int | None = None,
) -> PartJudgement:
    """Judge some parcels by every rule of a check.

    threads: for the rules; row_thread: makes rows meanwhile, None to make them at once; most_rows: how many may be held
    at once. Raises OneMapError rule.field, TooManyRows.
    """
    check_plan, still = layers.check_plan, threads.part(0.0, 0.0)  # what it does beside the rules moves no bar
    parcel_rows = parcel_rows_of(check_plan, layers.crs, parcels)
    local, rows = parcel_rows.local, BackgroundRows(parcel_rows, check_plan.language, row_thread)
    bench = Bench(local, parcels.attributes, layers.crs, check_plan.origin)
    shared_grounds = _shared_grounds(layers, bench, still) if wanted_parcels is None else {}
    rules = [rule for rule in check_plan.rules if not layers.is_skipped(rule)]
    costs = [layers.cost(rule, len(local)) for rule in rules]
    computed_count, warped, pieces, count = 0, list[WarpedRaster](), 0, len(local)
    for number, (rule, cost, share) in enumerate(zip(rules, costs, threads.progress.parts(costs), strict=True)):
        part = share.part(0.0, 1.0, rule.title.get(check_plan.language, rule.id))
        part.at(0.0)
        is_chosen = None if wanted_parcels is None else wanted_parcels(rule.id)
        computed_count += len(local) if is_chosen is None else int(is_chosen.sum())
        own = Threads(threads.workers, part, max(cost, 1) / _VERTICES_A_CHUNK)
        rule_judgement = judged_rule(rule, bench, layers, own, is_chosen, shared_grounds.get(rule.layer))
        if rule_judgement.judgement.warped_to_m:
            warped.append(WarpedRaster(rule=rule.id, layer=rule.layer, cell_m=rule_judgement.judgement.warped_to_m))
        pieces += len(rule_judgement.judgement.pairs.parcel)
        if pieces > (most_rows or sys.maxsize):
            raise TooManyRows(pieces / len(local) * len(costs) / (1 + number))
        rows.add(replace(rule_judgement, threads=still))
        count += _row_count(rule_judgement)
    return PartJudgement(rows, computed_count, warped, count)


def _row_count(rule_judgement: RuleJudgement) -> int:
    """An estimate of the rows that a rule's judgement will have."""
    judgement = rule_judgement.judgement
    hits, unknown = judgement.hit_ground.dimension >= 0, ~shapely.is_missing(judgement.unknown)
    return len(judgement.pairs.parcel) + int(hits.sum()) + int(unknown.sum())


def _shared_grounds(layers: LayersOfCheck, bench: Bench, threads: Threads) -> Mapping[str, SharedGround]:
    """The ground that a few parcels share with features of layers that rules overlay; empty for many parcels."""
    if len(bench.shapes) > FEW_PARCELS:
        return {}
    parcels = all_of(bench.shapes)
    rules = [rule for rule in layers.check_plan.rules if KINDS[rule.kind].overlays_whole_features]
    try:
        return shared_grounds(parcels, index_of(parcels), {rule.layer: layers.of(rule) for rule in rules}, threads)
    except OneMapError as error:
        if error.code != UNPROVED:
            raise
        return {}  # each rule finds which parcel it is

"""Obstacles in a run: the ground of every counted finding that is too severe to keep."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.parts import shift_geometries, shift_polygons, unwrap_parts
from onemap.layers.geometry.shape_column import shapes_from
from onemap.layers.geometry.wkb_rings import geometries_from
from onemap.rules.answers.remedy.cuts import ObstacleRows, Obstacles
from onemap.rules.contract.verdict import RANK
from onemap.rules.judge.findings.run_tables import ranks_of
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run import Run

CLEAR_OF_LINES_M = 0.01  # how far a remainder keeps from what has no width of its own
_PIECES = ("overlaps", "overlaps_line", "overlaps_point")


def obstacles_of(
    run: Run, rules: Sequence[Rule], keep_verdict: str, origin: tuple[float, float], rows: np.ndarray
) -> Obstacles:
    """The obstacles of a run's parcels, by parcel, then the most severe verdict first, then in the packs' order.

    keep_verdict: findings no more severe than this are kept; rows: the row number to use for each of the run's parcels.
    Grounds are counted from `origin`.
    """
    table, parcels = run.tables["findings"], run.question.parcels
    order = {rule.id: position for position, rule in enumerate(rules)}
    rank = ranks_of(table.values("verdict"))
    row_numbers = np.flatnonzero(np.asarray(table.arrays["counted"], dtype=bool) & (rank < RANK[keep_verdict]))
    parcel = pd.Index(parcels.ids, dtype=object).get_indexer(
        pd.Index(table.values("parcel")[row_numbers], dtype=object)
    )
    rule = np.array([order[name] for name in table.values("rule")[row_numbers]], dtype=np.int64)
    by = np.lexsort((rule, rank[row_numbers], rows[parcel]))
    row_numbers, parcel, rule = row_numbers[by], parcel[by], rule[by]
    bodies, lacking = table.wkb.take(pa.array(row_numbers)), np.isnan(table.boxes[row_numbers, 0])
    if lacking.any():
        grounds = _grounds_without_area(run, parcel[lacking], [rules[of] for of in rule[lacking]], origin)
        bodies_of_grounds = shapely.to_wkb(shift_polygons(grounds, origin), byte_order=1)
        bodies = pc.replace_with_mask(bodies, pa.array(lacking), pa.array(bodies_of_grounds, bodies.type))
    ground, _ = shapes_from([bodies], origin)
    against = ObstacleRows(rows[parcel], rule, rank[row_numbers])
    return Obstacles(against, unwrap_parts(ground) if isinstance(ground, np.ndarray) else ground)


def _grounds_without_area(
    run: Run, parcel: np.ndarray, rules: Sequence[Rule], origin: tuple[float, float]
) -> np.ndarray:
    """The ground (k,) to keep clear of objects that cross parcels or lie near them, as far as each rule looks.

    parcel (k,): rows in the run. If nothing shows where the objects lie, it is the whole parcel.
    """
    parcels = run.question.parcels
    pairs = list(zip(parcels.ids[parcel], (rule.id for rule in rules), strict=True))
    shapes: dict[tuple[str, str], list[shapely.Geometry]] = {pair: [] for pair in pairs}
    for name in _PIECES:
        table = run.tables[name]
        parcels_and_rules = list(zip(table.values("parcel"), table.values("rule"), strict=True))
        rows = [row for row, pair in enumerate(parcels_and_rules) if pair in shapes]
        for row, shape in zip(rows, geometries_from(table.wkb.take(pa.array(rows, pa.int64())), origin), strict=True):
            shapes[parcels_and_rules[row]].append(shape)
    grounds = []
    wholes = shift_geometries(parcels.shapes[parcel], (-origin[0], -origin[1]))
    for whole, rule, pair in zip(wholes, rules, pairs, strict=True):
        if shapes[pair]:
            pieces = _without_allowed(np.array(shapes[pair], dtype=object), whole, rule)
            grounds.append(_ground_around(pieces, rule))
        else:
            grounds.append(shapely.buffer(whole, CLEAR_OF_LINES_M))
    return np.array(grounds, dtype=object)


def _ground_around(pieces: np.ndarray, rule: Rule) -> shapely.Geometry:
    """The ground to keep clear for a sufficient distance from some pieces (k,)."""
    near_objects, far_m = KINDS[rule.kind].obstacle(pieces, rule.options)
    return shapely.union_all(shapely.buffer(near_objects, far_m + CLEAR_OF_LINES_M, quad_segs=64))


def _without_allowed(pieces: np.ndarray, parcel: shapely.Geometry, rule: Rule) -> np.ndarray:
    """The pieces (k,) without the number that the rule's kind admits: those that take most of the parcel."""
    allowed = KINDS[rule.kind].allowed(rule.options)
    if allowed == 0:
        return pieces
    grounds = [_ground_around(pieces[row : row + 1], rule) for row in range(len(pieces))]
    taken_m2 = shapely.area(shapely.intersection(np.array(grounds, dtype=object), parcel))
    return pieces[np.sort(np.argsort(-taken_m2, kind="stable")[allowed:])]


def verdicts_left(run: Run, keep_verdict: str) -> np.ndarray:
    """Which parcels (n,) of a run have a verdict more severe than may be kept."""
    left: np.ndarray = ranks_of(run.tables["parcels"].values("verdict")) < RANK[keep_verdict]
    return left

"""The rows of each rule and their ground as tables show it, worked out while the next rules judge."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import is_

import numpy as np
import shapely

from onemap.rules.findings import Block, Judged, looked_ahead, rows_of
from onemap.rules.together import FEW_PARCELS
from onemap.rules.whole_parcels import Placed, WholeParcels

KINDS_BY_DIMENSION = ("point", "line", "polygon")


@dataclass(frozen=True)
class RuleRows:
    """What a rule says, and its findings and overlaps in blocks of plain columns, each of which has rows.

    Besides their columns blocks have `_multi` and `_wkb`, their geometries as they are written; overlaps `_dimension`.
    """

    judged: Judged
    findings: list[Block]
    overlaps: list[Block]


def rule_rows(judged: Judged, order: int, parcels: WholeParcels, language: str) -> RuleRows:
    """The rows of one rule; order: its place among the rules."""
    findings, overlaps = rows_of(judged, order, parcels.area_m2, language)
    shown = []
    for block in findings:
        ground = parcels.placed(block["_geometry"], block["_parcel"])
        # Where a rule measures no area, there is none on the ellipsoid either: 0 would say that it was measured.
        block["area_ellipsoidal_m2"] = np.where(np.isnan(block["area_m2"]), np.nan, ground.area_ellipsoidal_m2)
        block["_multi"], block["_wkb"] = ground.written("polygon")
        shown.append(ground)
    for block in overlaps:
        _write_overlaps(block, findings, shown, parcels)
    for block in (*findings, *overlaps):
        del block["_geometry"]
    return RuleRows(judged, findings, overlaps)


def _write_overlaps(block: Block, findings: Sequence[Block], shown: Sequence[Placed], parcels: WholeParcels) -> None:
    """Add to overlaps their geometries as they are written: where one is a finding's whole ground, it is that one's."""
    geometry, parcel = block["_geometry"], block["_parcel"]
    dimension = np.full(len(parcel), -1)
    multis, bodies = (np.full(len(parcel), None, dtype=object) for _ in range(2))
    is_left = np.ones(len(parcel), dtype=bool)
    for finding, ground in zip(findings, shown, strict=True):
        row_of = np.full(len(parcels.names), -1)
        row_of[finding["_parcel"]] = np.arange(len(finding["_parcel"]))
        rows = np.flatnonzero(is_left & (row_of[parcel] >= 0))
        there = row_of[parcel[rows]]
        same = np.fromiter(map(is_, geometry[rows].tolist(), finding["_geometry"][there].tolist()), bool, len(rows))
        rows, there = rows[same], there[same]
        dimension[rows] = shapely.get_dimensions(ground.geometries[there])
        multis[rows], bodies[rows] = finding["_multi"][there], finding["_wkb"][there]
        is_left[rows] = False
    left = np.flatnonzero(is_left)
    own = parcels.placed(geometry[left], parcel[left])
    dimension[left] = shapely.get_dimensions(own.geometries)
    for wanted, kind in enumerate(KINDS_BY_DIMENSION):
        rows = np.flatnonzero(dimension[left] == wanted)
        if len(rows):
            multis[left[rows]], bodies[left[rows]] = own.at(rows).written(kind)
    block["_dimension"], block["_multi"], block["_wkb"] = dimension, multis, bodies


class RowsBeside:
    """The rows of rules, one after the other, made by a thread of its own where there is one."""

    def __init__(self, parcels: WholeParcels, language: str, beside: Executor | None) -> None:
        self._parcels = parcels
        self._language = language
        self._beside = beside
        self._rows: list[Callable[[], RuleRows]] = []

    def add(self, judged: Judged) -> None:
        """Begin with the rows of the next rule."""
        work = partial(rule_rows, judged, len(self._rows), self._parcels, self._language)
        if self._beside is None:
            self._rows.append(partial(_itself, work()))
        else:
            looked_ahead(judged)
            rows: Future[RuleRows] = self._beside.submit(work)
            self._rows.append(rows.result)

    def finished(self, told: Callable[[float], None]) -> list[RuleRows]:
        """The rows of all rules in their order. told: how much is done, 0 to 1."""
        found = []
        for order, rows in enumerate(self._rows):
            told(order / len(self._rows))
            found.append(rows())
        return found


def _itself(rows: RuleRows) -> RuleRows:
    return rows


@contextlib.contextmanager
def rows_beside(parcels: WholeParcels, language: str, workers: int) -> Iterator[RowsBeside]:
    """Where the rows of rules are made, and what rows say of whole parcels, which waits for no rule.

    What goes wrong with whole parcels goes wrong again, and is told, where it is asked for.
    """
    if workers == 1 or len(parcels.local) <= FEW_PARCELS:
        yield RowsBeside(parcels, language, None)
        return
    beside = ThreadPoolExecutor(1)
    for name in ("wkb", "area_ellipsoidal_m2", "multis"):
        beside.submit(getattr, parcels, name)
    try:
        yield RowsBeside(parcels, language, beside)
    finally:  # whoever has cancelled does not wait for it
        beside.shutdown(wait=False, cancel_futures=True)

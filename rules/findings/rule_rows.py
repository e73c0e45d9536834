"""The rows of each rule and their ground as tables show it, worked out while the next rules judge."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.progress import Progress
from onemap.rules.findings.findings import Block, RuleJudgement, block_rows, read_ahead, rows_of
from onemap.rules.inputs.parcel_rows import GroundsInLibrary, ParcelRows
from onemap.rules.kinds.few_parcels import FEW_PARCELS
from onemap.rules.overlay.threads import Threads

_AT_ONCE = 20_000  # grounds in one call, which hears of no cancellation meanwhile
_MEASURED = 0.25  # of the work on a rule, when its columns are known
_LOOK_S = 0.05


@dataclass(frozen=True)
class RuleRows:
    """What a rule says, and its findings and overlaps in blocks of plain columns, each of which has rows.

    Besides their columns blocks have `_wkb`, their geometries as they are written, and the `_box` of each; overlaps
    `_dimension`.
    """

    judged: RuleJudgement
    findings: list[Block]
    overlaps: list[Block]


def rule_rows(judged: RuleJudgement, order: int, parcels: ParcelRows, language: str, threads: Threads) -> RuleRows:
    """The rows of one rule; order: its place among the rules."""
    findings, overlaps = rows_of(judged, order, parcels.area_m2, language)
    threads.progress.at(_MEASURED)
    costs = [len(block["_parcel"]) for block in (*findings, *overlaps)]
    parts = (replace(threads, progress=part) for part in threads.progress.part(_MEASURED, 1.0).parts(costs))
    for block in findings:
        _write_findings(block, parcels, next(parts))
    for block in overlaps:
        _write_overlaps(block, judged.judgement.pairs.ground, parcels, next(parts))
    return RuleRows(judged, findings, overlaps)


def without_rows_under(rules: Sequence[RuleRows]) -> list[RuleRows]:
    """The rows of all rules, but the hits of a rule where one that it stands under counts for the same parcel.

    Ground that a rule could not judge stays: what another rule has found does not make it known.
    """
    counting = {item.judged.rule.id: _counting_parcels(item) for item in rules}
    left = []
    for item in rules:
        above = [counting[other] for other in item.judged.rule.under if other in counting]
        left.append(_rows_but_under(item, np.concatenate(above) if above else None))
    return left


def _counting_parcels(rows: RuleRows) -> np.ndarray:
    """The parcels for which a hit of a rule counts."""
    hits = [block for block in rows.findings if len(block["_unknown"]) and not block["_unknown"][0]]
    return np.concatenate([np.empty(0, dtype=np.int64), *(block["_parcel"][block["counted"]] for block in hits)])


def _rows_but_under(rows: RuleRows, parcels: np.ndarray | None) -> RuleRows:
    if parcels is None or len(parcels) == 0:
        return rows
    blocks_left = [
        [
            block_rows(block, np.flatnonzero((block["_unknown"] == 1) | ~np.isin(block["_parcel"], parcels)))
            for block in part
        ]
        for part in (rows.findings, rows.overlaps)
    ]
    findings, overlaps = ([block for block in part if len(block["_parcel"])] for part in blocks_left)
    return RuleRows(rows.judged, findings, overlaps)


def _write_findings(block: Block, parcels: ParcelRows, threads: Threads) -> None:
    """Add to findings their geometries as they are written, and their areas on the ellipsoid."""
    ellipsoidal_m2 = np.zeros(len(block["_parcel"]))

    def measure(rows: slice, own: GroundsInLibrary) -> None:
        ellipsoidal_m2[rows] = own.area_ellipsoidal_m2

    _write(block, FlatGround.of(block.pop("_geometry")), parcels, threads, measure)
    # Where a rule measures no area, there is none on the ellipsoid either: 0 would say that it was measured.
    block["area_ellipsoidal_m2"] = np.where(np.isnan(block["area_m2"]), np.nan, ellipsoidal_m2)


def _write_overlaps(block: Block, ground: FlatGround, parcels: ParcelRows, threads: Threads) -> None:
    """Add to overlaps their geometries as they are written; ground: theirs, counted from the origin."""
    dimension = np.full(len(ground), -1)

    def look(rows: slice, own: GroundsInLibrary) -> None:
        dimension[rows] = own.ground.dimension

    _write(block, ground, parcels, threads, look)
    block["_dimension"] = dimension


def _write(
    block: Block,
    ground: FlatGround,
    parcels: ParcelRows,
    threads: Threads,
    look: Callable[[slice, GroundsInLibrary], None],
) -> None:
    """Add to rows their ground as it is written, and where it lies; `look` sees it in the library's plane."""
    parcel, boxes = block["_parcel"], np.empty((len(ground), 4))

    def write(rows: slice) -> pa.Array:
        own = parcels.grounds_in_library(ground.at(np.arange(rows.start, rows.stop)), parcel[rows])
        look(rows, own)
        boxes[rows] = own.ground.boxes
        return own.wkb()

    block["_wkb"] = pa.concat_arrays(threads.each(write, list(blocks(len(ground), _AT_ONCE))))
    block["_box"] = boxes


class BackgroundRows:
    """The rows of rules, one after the other, made by a thread of its own where there is one."""

    def __init__(self, parcels: ParcelRows, language: str, workers: int, beside: Executor | None) -> None:
        self._workers = workers
        self._parcels = parcels
        self._language = language
        self._beside = beside
        self._rows: list[Future[RuleRows]] = []
        self._work: list[float] = []  # of each rule, in rows that it has about
        self._done: list[float] = []  # of each rule, 0 to 1

    def add(self, judged: RuleJudgement) -> None:
        """Begin with the rows of the next rule."""
        order = len(self._rows)
        self._work.append(1.0 + len(judged.judgement.pairs.parcel))
        self._done.append(0.0)
        work = partial(rule_rows, judged, order, self._parcels, self._language)
        if self._beside is None:
            self._rows.append(_at_once(lambda: work(Threads(self._workers))))
        else:
            read_ahead(judged)
            progress = Progress(lambda share, _step: self._done.__setitem__(order, share))
            self._rows.append(self._beside.submit(work, Threads(self._workers, progress)))

    def finished(self, progress: Progress) -> list[RuleRows]:
        """The rows of all rules in their order. progress: of what is left to do."""
        left = self._remaining_rows()
        for rows in self._rows:
            while not rows.done():
                progress.at(1 - self._remaining_rows() / left)
                wait([rows], timeout=_LOOK_S)
        return [rows.result() for rows in self._rows]

    def _remaining_rows(self) -> float:
        """What is still to be done, in rows."""
        parts = zip(self._rows, self._work, self._done, strict=True)
        return sum(0.0 if rows.done() else work * (1 - done) for rows, work, done in parts)


def _at_once(work: Callable[[], RuleRows]) -> "Future[RuleRows]":
    made: Future[RuleRows] = Future()
    made.set_result(work())
    return made


@contextlib.contextmanager
def background_rows(parcels: ParcelRows, language: str, workers: int) -> Iterator[BackgroundRows]:
    """Where the rows of rules are made, and what rows say of whole parcels, which waits for no rule.

    What goes wrong with whole parcels goes wrong again, and is told, where it is asked for.
    """
    if workers == 1 or len(parcels.local) <= FEW_PARCELS:
        yield BackgroundRows(parcels, language, workers, None)
        return
    beside = ThreadPoolExecutor(1)
    for name in ("wkb", "area_ellipsoidal_m2"):
        beside.submit(getattr, parcels, name)
    try:
        yield BackgroundRows(parcels, language, workers, beside)
    finally:  # whoever has cancelled does not wait for it
        beside.shutdown(wait=False, cancel_futures=True)

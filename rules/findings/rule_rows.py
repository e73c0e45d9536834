"""The rows of each rule and their ground as tables show it, worked out while the next rules judge."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa

from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.progress import Progress
from onemap.rules.findings.findings import Block, RuleJudgement, block_rows, read_ahead, rows_of
from onemap.rules.inputs.parcel_rows import GroundsInLibrary, ParcelRows
from onemap.rules.kinds.few_parcels import FEW_PARCELS
from onemap.rules.overlay.threads import Threads

_AT_ONCE = 20_000  # grounds in one call, which hears of no cancellation meanwhile
_MEASURED = 0.25  # of the work on a rule, when its columns are known
_LOOK_S = 0.05
_TOGETHER = 1000  # rows: for fewer, the calls take longer than the work


@dataclass(frozen=True)
class RuleRows:
    """What a rule says, and its findings and overlaps in blocks of plain columns, each of which has rows.

    Besides their columns blocks have `_wkb`, their geometries as they are written, and the `_box` of each; overlaps
    `_dimension`.
    """

    judged: RuleJudgement
    findings: list[Block]
    overlaps: list[Block]


def rule_rows(
    rules: Sequence[RuleJudgement], first: int, parcels: ParcelRows, language: str, threads: Threads
) -> list[RuleRows]:
    """The rows of rules that follow each other, their ground written at one go; first: the first one's place of all."""
    rows = [rows_of(judged, order, parcels.area_m2, language) for order, judged in enumerate(rules, first)]
    threads.progress.at(_MEASURED)
    findings = [block for own, _ in rows for block in own]
    overlaps = [block for _, own in rows for block in own]
    ground = [judged.judgement.pairs.ground for judged, (_, own) in zip(rules, rows, strict=True) if own]
    costs = [sum(len(block["_parcel"]) for block in some) for some in (findings, overlaps)]
    parts = [replace(threads, progress=part) for part in threads.progress.part(_MEASURED, 1.0).parts(costs)]
    _write_findings(findings, parcels, parts[0])
    _write_overlaps(overlaps, ground, parcels, parts[1])
    return [RuleRows(judged, *own) for judged, own in zip(rules, rows, strict=True)]


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


def _write_findings(findings: list[Block], parcels: ParcelRows, threads: Threads) -> None:
    """Add to findings their geometries as they are written, and their areas on the ellipsoid."""
    ground = [FlatGround.of(block.pop("_geometry")) for block in findings]
    # Where a rule measures no area, there is none on the ellipsoid either: 0 would say that it was measured.
    measured = {"area_ellipsoidal_m2": lambda own: own.area_ellipsoidal_m2}
    _write(findings, ground, parcels, threads, measured)
    for block in findings:
        block["area_ellipsoidal_m2"] = np.where(np.isnan(block["area_m2"]), np.nan, block["area_ellipsoidal_m2"])


def _write_overlaps(overlaps: list[Block], ground: list[FlatGround], parcels: ParcelRows, threads: Threads) -> None:
    """Add to overlaps their geometries as they are written; ground: of each block, counted from the origin."""
    _write(overlaps, ground, parcels, threads, {"_dimension": lambda own: own.ground.dimension})


def _write(
    several: list[Block],
    grounds: list[FlatGround],
    parcels: ParcelRows,
    threads: Threads,
    measures: Mapping[str, Callable[[GroundsInLibrary], np.ndarray]],
) -> None:
    """Add to blocks of rows their ground as it is written, where it lies, and what is measured of it there."""
    if not several:
        return
    ground, parcel = joined_ground(grounds), np.concatenate([block["_parcel"] for block in several])

    def write(rows: slice) -> tuple[pa.Array, dict[str, np.ndarray]]:
        own = parcels.grounds_in_library(ground.at(np.arange(rows.start, rows.stop)), parcel[rows])
        found = {name: measure(own) for name, measure in measures.items()}
        return own.wkb(), {"_box": own.ground.boxes, **found}

    parts = threads.each(write, list(blocks(len(ground), _AT_ONCE)))
    wkb = pa.concat_arrays([part for part, _ in parts])
    columns = {name: np.concatenate([found[name] for _, found in parts]) for name in parts[0][1]}
    start = 0
    for block in several:
        rows = slice(start, start + len(block["_parcel"]))
        block["_wkb"] = wkb[rows]
        block |= {name: values[rows] for name, values in columns.items()}
        start = rows.stop


class BackgroundRows:
    """The rows of rules, one after the other, made by a thread of its own where there is one; those of few together."""

    def __init__(self, parcels: ParcelRows, language: str, workers: int, beside: Executor | None) -> None:
        self._workers = workers
        self._parcels = parcels
        self._language = language
        self._beside = beside
        self._waiting: list[RuleJudgement] = []
        self._begun = 0  # rules
        self._rows: list[Future[list[RuleRows]]] = []
        self._work: list[float] = []  # of each piece of work, in rows that it has about
        self._done: list[float] = []  # of each piece of work, 0 to 1

    def add(self, judged: RuleJudgement) -> None:
        """The next rule, whose rows are begun with as soon as there are enough of them."""
        if self._beside is not None:
            read_ahead(judged)
        self._waiting.append(judged)
        if sum(map(_work_on, self._waiting)) >= _TOGETHER:
            self._begin()

    def _begin(self) -> None:
        rules, first, order = self._waiting, self._begun, len(self._rows)
        self._waiting, self._begun = [], first + len(rules)
        self._work.append(sum(map(_work_on, rules)))
        self._done.append(0.0)
        work = partial(rule_rows, rules, first, self._parcels, self._language)
        if self._beside is None:
            self._rows.append(_at_once(lambda: work(Threads(self._workers))))
        else:
            progress = Progress(lambda share, _step: self._done.__setitem__(order, share))
            self._rows.append(self._beside.submit(work, Threads(self._workers, progress)))

    def finished(self, progress: Progress) -> list[RuleRows]:
        """The rows of all rules in their order. progress: of what is left to do."""
        if self._waiting:
            self._begin()
        left = self._remaining_rows()
        for rows in self._rows:
            while not rows.done():
                progress.at(1 - self._remaining_rows() / left)
                wait([rows], timeout=_LOOK_S)
        return [item for rows in self._rows for item in rows.result()]

    def _remaining_rows(self) -> float:
        """What is still to be done, in rows."""
        parts = zip(self._rows, self._work, self._done, strict=True)
        return sum(0.0 if rows.done() else work * (1 - done) for rows, work, done in parts)


def _work_on(judged: RuleJudgement) -> float:
    """How many rows a rule has about."""
    return 1.0 + len(judged.judgement.pairs.parcel)


def _at_once(work: Callable[[], list[RuleRows]]) -> "Future[list[RuleRows]]":
    made: Future[list[RuleRows]] = Future()
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

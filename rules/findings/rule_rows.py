"""The rows of each rule as plain columns, worked out while the next rules judge; their ground is written later."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from onemap.layers.progress import Progress
from onemap.rules.findings.findings import Block, RuleJudgement, block_rows, read_ahead, rows_of
from onemap.rules.inputs.parcel_rows import ParcelRows
from onemap.rules.kinds.few_parcels import FEW_PARCELS

_LOOK_S = 0.05


@dataclass(frozen=True)
class RuleRows:
    """What a rule says, and its findings and overlaps in blocks of columns, each of which has rows: see `Block`."""

    judged: RuleJudgement
    findings: list[Block]
    overlaps: list[Block]


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
    hits = [block for block in rows.findings if not block["_unknown"]]
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


class BackgroundRows:
    """The rows of rules, one after the other, made by a thread of its own where there is one."""

    def __init__(self, parcels: ParcelRows, language: str, beside: Executor | None) -> None:
        self._parcels = parcels
        self._language = language
        self._beside = beside
        self._rows: list[Future[RuleRows]] = []
        self._work: list[float] = []  # of each rule, in rows that it has about

    def add(self, judged: RuleJudgement) -> None:
        """The next rule, whose rows are begun with."""
        order = len(self._rows)

        def work() -> RuleRows:
            return RuleRows(judged, *rows_of(judged, order, self._parcels.area_m2, self._language))

        self._work.append(1.0 + len(judged.judgement.pairs.parcel))
        if self._beside is None:
            self._rows.append(_at_once(work))
        else:
            read_ahead(judged)
            self._rows.append(self._beside.submit(work))

    def finished(self, progress: Progress) -> list[RuleRows]:
        """The rows of all rules in their order. progress: of what is left to do."""
        left = self._remaining_rows() or 1.0
        for rows in self._rows:
            while not rows.done():
                progress.at(1 - self._remaining_rows() / left)
                wait([rows], timeout=_LOOK_S)
        return [rows.result() for rows in self._rows]

    def _remaining_rows(self) -> float:
        """What is still to be done, in rows."""
        return sum(work for rows, work in zip(self._rows, self._work, strict=True) if not rows.done())


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
        yield BackgroundRows(parcels, language, None)
        return
    beside = ThreadPoolExecutor(1)
    for name in ("wkb", "area_ellipsoidal_m2"):
        beside.submit(getattr, parcels, name)
    try:
        yield BackgroundRows(parcels, language, beside)
    finally:  # whoever has cancelled does not wait for it
        beside.shutdown(wait=False, cancel_futures=True)

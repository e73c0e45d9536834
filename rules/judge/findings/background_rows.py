"""The rows of rules, made by a second thread while the next rules judge, and the tables made of them."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

from onemap.layers.in_threads import result_of
from onemap.layers.progress import Progress
from onemap.rules.judge.findings.findings import RuleJudgement, read_ahead, rows_of
from onemap.rules.judge.findings.rule_rows import RuleRows, without_rows_under
from onemap.rules.judge.findings.run_tables import RunRows
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.kinds.few_parcels import FEW_PARCELS
from onemap.rules.judge.overlay.threads import Threads

Result = TypeVar("Result")


class BackgroundRows:
    """The rows of one rule after the other for some parcels, made by a second thread where there is one."""

    def __init__(self, parcels: ParcelRows, language: str, row_thread: Executor | None) -> None:
        """Start with the rows about whole parcels, which need no rule. `wait_for_rows` raises what goes wrong."""
        self._parcels = parcels
        self._language = language
        self._row_thread = row_thread
        self._rows: list[Future[RuleRows]] = []
        self._work: list[float] = []  # of each rule, in rows that it has about
        if row_thread is not None:
            for name in ("wkb", "area_ellipsoidal_m2"):
                row_thread.submit(getattr, parcels, name)

    def add(self, rule_judgement: RuleJudgement) -> None:
        """Take the judgement of the next rule, and start making its rows."""
        order = len(self._rows)

        def work() -> RuleRows:
            return RuleRows(rule_judgement, *rows_of(rule_judgement, order, self._parcels.area_m2, self._language))

        self._work.append(1.0 + len(rule_judgement.judgement.pairs.parcel))
        if self._row_thread is not None:
            read_ahead(rule_judgement)
        self._rows.append(self._begin(work))

    def wait_for_rows(self, progress: Progress) -> RunRows:
        """The rows of all rules in their order. progress: of the remaining work."""
        left = self._remaining_rows() or 1.0
        for rows in self._rows:
            result_of(rows, lambda: progress.at(1 - self._remaining_rows() / left))
        return self._all()

    def tables(self, threads: Threads) -> "Future[dict[str, Table]]":
        """Start making the tables of all rules."""
        return self._begin(lambda: self._all().tables(threads))

    def _all(self) -> RunRows:
        rows_of_rules = without_rows_under([rows.result() for rows in self._rows])
        return RunRows(self._parcels, rows_of_rules, self._language)

    def _remaining_rows(self) -> float:
        """The remaining work, in rows."""
        return sum(work for rows, work in zip(self._rows, self._work, strict=True) if not rows.done())

    def _begin(self, work: Callable[[], Result]) -> "Future[Result]":
        if self._row_thread is not None:
            return self._row_thread.submit(work)
        future: Future[Result] = Future()
        future.set_result(work())
        return future


@contextlib.contextmanager
def background_thread(workers: int, parcels: int) -> Iterator[Executor | None]:
    """A second thread that makes rows, one piece of work after the other; None where none is needed."""
    if workers == 1 or parcels <= FEW_PARCELS:
        yield None
        return
    thread = ThreadPoolExecutor(1)
    try:
        yield thread
    except BaseException:  # whoever has cancelled does not wait for it
        thread.shutdown(wait=False, cancel_futures=True)
        raise
    thread.shutdown(wait=False)  # what waits there is done

"""A check of any size: in memory where it fits into one block, else in blocks on disk."""

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from onemap.layers.errors import UsageError
from onemap.layers.in_threads import one_thread_more
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.rules.judge.check.check import BEGUN, check, check_in_parts
from onemap.rules.judge.check.layers_of_check import ROWS_A_FEATURE
from onemap.rules.judge.check.part_judgement import TooManyRows
from onemap.rules.judge.check.run_in_parts import RunInParts
from onemap.rules.judge.distributed.parcel_reader import ParcelReader
from onemap.rules.judge.distributed.parcels_of_any_size import handed_on, in_blocks_or_whole
from onemap.rules.judge.distributed.partition import crowded_block, most_parcels, most_rows
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import check_plan_of
from onemap.rules.judge.question.question import CheckOptions, Question
from onemap.rules.judge.runs.run import Run

if TYPE_CHECKING:
    from onemap.rules.judge.distributed.run_in_blocks import RunInBlocks
    from onemap.rules.judge.distributed.work import Engine


@dataclass(frozen=True)
class Execution:
    """How a check is carried out, which does not change its answer.

    location: of the library; workers: threads, or processes of a local cluster; scheduler: "local" or the address of a
    Dask scheduler; shared: a folder from which workers read layers instead of the library; in_parts: tables may be
    written before all are complete.
    """

    location: str
    workers: int | None = None
    scheduler: str | None = None
    shared: str | None = None
    in_parts: bool = False

    def refuse_clashes(self, against: str | None) -> None:
        """Refuse options that exclude each other. against: the earlier run, if any.

        Raises UsageError usage.alone, usage.apart.
        """
        if self.shared and not self.scheduler:
            raise UsageError("usage.alone", field="--shared", other="--scheduler")
        if self.shared and against:
            raise UsageError("usage.apart", field="--shared", other="--against")


@contextlib.contextmanager
def run_of_any_size(
    library: Library,
    options: CheckOptions,
    language: str,
    execution: Execution,
    progress: Progress,
    against: str | None,
) -> "Iterator[Run | RunInParts | RunInBlocks]":
    """The run of a question; temporary files are removed when the `with` block ends.

    Raises OneMapError for every refusal.
    """
    execution.refuse_clashes(against)
    workers = execution.workers or os.cpu_count() or 1
    reading = progress.part(0.0, BEGUN, phrase("progress.parcels", language))
    reading.at(0.0)
    with contextlib.ExitStack() as stack:
        cluster = _cluster(library, execution, workers, stack)

        def in_blocks(question: Question, reader: ParcelReader, rows: float | None = None) -> "RunInBlocks":
            # With all that keeps blocks on disk, which a check in memory need not load.
            from onemap.rules.judge.distributed.run_in_blocks import AskedWork, run_in_blocks
            from onemap.rules.judge.distributed.work import LocalEngine

            engine = cluster() if cluster else LocalEngine(library, workers)
            size = crowded_block(_rows_of(library, question, reader.count) if rows is None else rows)
            asked_work = AskedWork(options.id_field, options.as_of, size, against)
            run = run_in_blocks(library, question, reader, asked_work, engine, progress, in_parts=execution.in_parts)
            return stack.enter_context(run)

        in_memory = partial(_in_memory, library, execution, Threads(workers, progress), against, stack)

        def whole(question: Question) -> "Run | RunInParts | RunInBlocks":
            count = len(question.parcels.ids)
            most = most_rows(count)
            # What one block holds is tried, and not guessed at.
            rows = 0.0 if count <= most_parcels() else _rows_of(library, question, count)
            if rows * count <= (most or math.inf):
                try:
                    return in_memory(question, most)
                except TooManyRows as error:  # what was found is let go of when this is left
                    rows = error.rows
            run = handed_on(question, partial(in_blocks, rows=rows))
            return in_memory(question, None) if run is None else run

        how = {"always": execution.scheduler is not None, "in_parts": execution.in_parts and not against}
        outcome = in_blocks_or_whole(library, options, language, workers, reading, in_blocks, **how)
        yield whole(outcome) if isinstance(outcome, Question) else outcome


def _cluster(
    library: Library, execution: Execution, workers: int, stack: contextlib.ExitStack
) -> "Callable[[], Engine] | None":
    """The cluster that judges blocks while the context is open, or None; raises as `cluster_engine`.

    Local processes start while the parcels are read.
    """
    if not execution.scheduler:
        return None
    from onemap.rules.judge.distributed.cluster import LOCAL, cluster_engine  # an extra that most have no need of

    cluster = cluster_engine(library, execution.location, execution.scheduler, workers, execution.shared)
    if execution.scheduler != LOCAL:
        engine = stack.enter_context(cluster)
        return lambda: engine
    own = stack.enter_context(contextlib.ExitStack())
    return stack.enter_context(one_thread_more()).submit(own.enter_context, cluster).result


def _in_memory(
    library: Library,
    execution: Execution,
    threads: Threads,
    against: str | None,
    stack: contextlib.ExitStack,
    question: Question,
    most: int | None,
) -> Run | RunInParts:
    """The run of parcels that fit into memory; it judges while it is open.

    most: rows that may be held at once. Raises TooManyRows.
    """
    if against or not execution.in_parts:
        return check(library, question, threads, against, most_rows=most)
    run = check_in_parts(library, question, threads, most)
    stack.callback(run.close)
    return run


def _rows_of(library: Library, question: Question, parcels: int) -> float:
    """An estimate, from the sizes of the layers, of the overlaps of each of so many parcels."""
    check_plan = check_plan_of(library, question, (0.0, 0.0))
    sources = check_plan.sources(library)
    return ROWS_A_FEATURE * sum(sources.features(rule.layer) for rule in check_plan.rules) / max(parcels, 1)

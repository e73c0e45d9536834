"""A check, in memory where it fits into one block, else in blocks on disk: whoever asks need not know."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import shapely

from onemap.layers.kept_values import NotPlain
from onemap.layers.library import Library
from onemap.rules.blocks.partition import block_count, most_parcels
from onemap.rules.blocks.running import RunInBlocks, run_in_blocks
from onemap.rules.blocks.work import Engine, Threads
from onemap.rules.check import Report, check
from onemap.rules.question import Question
from onemap.rules.run import Run


@dataclass(frozen=True)
class How:
    """How a check is to be done, which changes nothing of its answer.

    location: of the library; as_of: the day, if one was asked for; workers: threads, or processes of a local cluster;
    scheduler: "local" or the address of a Dask scheduler.
    """

    location: str
    as_of: date | None = None
    workers: int | None = None
    scheduler: str | None = None


@contextlib.contextmanager
def checked(
    library: Library, question: Question, how: How, report: Report, against: str | None
) -> Iterator[Run | RunInBlocks]:
    """The run of a question, as long as the block lasts: what was written of it goes then.

    Raises OneMapError for every refusal.
    """
    most, workers = most_parcels(), how.workers or os.cpu_count() or 1
    with contextlib.ExitStack() as held:
        run: Run | RunInBlocks | None = None
        engine: Engine = Threads(library, workers)
        if how.scheduler:
            from onemap.rules.blocks.cluster import cluster_engine  # an extra that most have no need of

            engine = held.enter_context(cluster_engine(library, how.location, how.scheduler, workers))
        if how.scheduler or block_count(shapely.get_num_coordinates(question.parcels.geometries), most) > 1:
            with contextlib.suppress(NotPlain):  # attributes that no file can hold: then memory must do
                run = held.enter_context(run_in_blocks(library, question, how.as_of, engine, report, against, most))
        yield run or check(library, question, workers, report, against)

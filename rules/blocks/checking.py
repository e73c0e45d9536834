"""A check, in memory where it fits into one block, else in blocks on disk: whoever asks need not know."""

import contextlib
from collections.abc import Iterator
from datetime import date

import shapely

from onemap.layers.kept_values import NotPlain
from onemap.layers.library import Library
from onemap.rules.blocks.partition import block_count, most_parcels
from onemap.rules.blocks.running import RunInBlocks, run_in_blocks
from onemap.rules.check import Report, check
from onemap.rules.question import Question
from onemap.rules.run import Run


@contextlib.contextmanager
def checked(
    library: Library, question: Question, as_of: date | None, workers: int, report: Report, against: str | None
) -> Iterator[Run | RunInBlocks]:
    """The run of a question, as long as the block lasts: what was written of it goes then.

    as_of: the day, if one was asked for. Raises OneMapError for every refusal.
    """
    most = most_parcels()
    with contextlib.ExitStack() as held:
        run: Run | RunInBlocks | None = None
        if block_count(shapely.get_num_coordinates(question.parcels.geometries), most) > 1:
            with contextlib.suppress(NotPlain):  # attributes that no file can hold: then memory must do
                run = held.enter_context(run_in_blocks(library, question, as_of, workers, report, against, most))
        yield run or check(library, question, workers, report, against)

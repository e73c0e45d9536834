"""The blocks that are still to be judged, and who judges them: threads of this process, or another engine."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from onemap.layers.geometry.row_blocks import give_back_memory
from onemap.layers.in_threads import one_ahead, one_thread_more
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.rules.contract.verdict import verdict_counts
from onemap.rules.judge.check.check import Answer, judge_against_run, judge_in_advance, judged_parcels
from onemap.rules.judge.check.layers_of_check import LayersOfCheck, SmallLayers, small_layers
from onemap.rules.judge.distributed.journal import BlockJournal, FinishedBlock, keep_block
from onemap.rules.judge.distributed.parcel_files import KeptParcels, ParcelBlock
from onemap.rules.judge.distributed.row_files import BY_RULE
from onemap.rules.judge.findings.background_rows import background_thread, result_of
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.incremental.comparison_with_run import earlier_run
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import CheckPlan
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Chunk, RowsOutdated

_READ = 0.1  # of a block: layers near it are read


class NumberedBlock(NamedTuple):
    """A block that is finished, by its number; chunk: its rows and parcels, where they are held and a chunk of all."""

    number: int
    finished: FinishedBlock
    chunk: Chunk | None = None


@dataclass
class Work:
    """The blocks of a question, whose parcels lie on disk and are not among it."""

    question: Question
    check_plan: CheckPlan
    parcel_files: KeptParcels
    journal: BlockJournal
    against: str | None

    def finish_blocks(self, engine: "Engine", progress: Progress) -> None:
        """Judge all blocks that are not finished; progress: by parcels and rules."""
        while True:
            with contextlib.suppress(RowsOutdated):
                for _ in self.reach_blocks(engine, progress):
                    pass
                return

    def reach_blocks(self, engine: "Engine", progress: Progress) -> Generator[NumberedBlock]:
        """The blocks that are not finished, each once it is judged; progress: by parcels and rules.

        Raises RowsOutdated if blocks that were finished must be judged again.
        """
        self._give_up_unreadable()
        while waiting := [at for at in range(self.parcel_files.blocks) if at not in self.journal.finished_blocks]:
            with closing(engine.judge_blocks(self, waiting, progress)) as reached:
                for one in reached:
                    self.journal.note(one.number, one.finished)
                    if one.finished.unreadable - self.check_plan.unreadable:
                        break
                    yield one
                else:
                    return
            if self._give_up_unreadable():
                raise RowsOutdated
            yield one

    def share_done(self, more: int = 0) -> float:
        """The share of all parcels that are judged; more: parcels judged in a block that is not finished yet."""
        return (more + self._parcels_done()) / self.parcel_files.count

    def step(self, key: str) -> str:
        """The words of a step that names how many of all parcels are in finished blocks. key: of the sentence."""
        counts = {"done": f"{self._parcels_done():,}", "count": f"{self.parcel_files.count:,}"}
        return phrase(key, self.question.language, **counts)

    def _parcels_done(self) -> int:
        return sum(item.parcels for item in self.journal.finished_blocks.values())

    def _give_up_unreadable(self) -> bool:
        """A layer that is damaged somewhere is unreadable for the whole run, as it is when all of it is read at once.

        Whether blocks had been able to read one; then all must be judged again.
        """
        blocks = self.journal.finished_blocks.values()
        unreadable_codes = {code for item in blocks for code in item.unreadable} - self.check_plan.unreadable
        self.check_plan = replace(self.check_plan, unreadable=self.check_plan.unreadable | unreadable_codes)
        if all(unreadable_codes <= item.unreadable for item in blocks):
            return False
        self.journal.begin_again()
        return True


class Engine(Protocol):
    """An engine that judges blocks."""

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Judge these blocks and keep each in the journal; each is given when it is finished, in any order.

        progress: of the whole work, in which some blocks may be finished.
        """


@dataclass(frozen=True)
class LocalEngine:
    """One block after the other, by threads of this process that share each.

    While one is judged, the next is read, the tables of the one before are made, and those before that are kept.
    """

    library: Library
    workers: int

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Judge these blocks in their order."""
        sources, files = work.check_plan.sources(self.library), work.parcel_files
        small = small_layers(work.check_plan, sources, files.bounds)
        begin, count = work.share_done(), max(files.sizes[number] for number in numbers)
        keeping: Future[NumberedBlock] | None = None
        with contextlib.ExitStack() as stack:
            row_thread = stack.enter_context(background_thread(self.workers, count))
            keeper = stack.enter_context(one_thread_more())
            blocks = stack.enter_context(closing(one_ahead(map(files.block, numbers))))
            for block in blocks:
                end = begin + files.sizes[block.number] / files.count
                # The rules of block after block would flicker by.
                step = work.step("progress.judging") if files.blocks > 1 else None
                threads = Threads(self.workers, progress.part(begin, end, step))
                answer = _block_begun(sources, small, work, block, threads, row_thread)
                before, begin = keeping, end
                keeping = keeper.submit(self._keep, work, block, answer)
                give_back_memory()
                if before is not None:
                    yield result_of(before, progress.check)
            if keeping is not None:
                yield result_of(keeping, progress.check)

    def _keep(self, work: Work, block: ParcelBlock, answer: Callable[[], Answer]) -> NumberedBlock:
        """Put a block into the journal, once its tables are made."""
        block_answer = answer()
        block_facts, is_range = (
            (block, *with_verdict_counts(block_answer), work.check_plan),
            work.parcel_files.are_in_order,
        )
        finished = keep_block(work.journal.place, *block_facts, is_range=is_range)
        if not is_range:
            return NumberedBlock(block.number, finished)
        # Rows that stand by rule first are merged in the end.
        none = {name: Table(block_answer.tables[name].columns.iloc[:0]) for name in BY_RULE & set(block_answer.tables)}
        packed_rows = partial(finished.rows.stored_rows, finished.rows.packed_batches)
        return NumberedBlock(block.number, finished, Chunk(block_answer.tables | none, block.parcels, packed_rows))


def _block_begun(
    sources: Sources, small: SmallLayers, work: Work, block: ParcelBlock, threads: Threads, row_thread: Executor | None
) -> Callable[[], Answer]:
    """Judge one block's parcels; the answer, whose tables are made beside. Raises OneMapError rule.field and others."""
    if work.against:
        answer = judged_block(sources, work.check_plan, work.question, block, work.against, threads)
        return lambda: answer
    layers = LayersOfCheck(work.check_plan, sources, block.parcels, threads.progress.part(0.0, _READ), small)
    return judge_in_advance(layers, block.parcels, threads.part(_READ, 1.0), row_thread)


def with_verdict_counts(answer: Answer) -> tuple[Answer, dict[str, int]]:
    """An answer of a check, and how many of its parcels have each verdict."""
    return answer, verdict_counts(answer.tables["parcels"].values("verdict"))


def judged_block(
    sources: Sources,
    check_plan: CheckPlan,
    question: Question,
    block: ParcelBlock,
    against: str | None,
    threads: Threads,
) -> Answer:
    """The judgement of the rules on one block's parcels. Raises OneMapError rule.field and the like."""
    plan_and_parcels = (check_plan, sources, block.parcels, threads)
    earlier = None
    if against:
        earlier = earlier_run(sources.library, against, replace(question, parcels=block.parcels), check_plan.origin)
    return judge_against_run(*plan_and_parcels, earlier) if earlier else judged_parcels(*plan_and_parcels)

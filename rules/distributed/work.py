"""The blocks that are still to be judged, and who judges them: threads of this process, or another engine."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from onemap.layers.files.journal_folder import disk_errors_as_refusals
from onemap.layers.library.library import Library
from onemap.layers.progress import Progress
from onemap.rules.check.check import Answer, judged_beside, judged_parcels
from onemap.rules.distributed.journal import BlockJournal, FinishedBlock, keep_block
from onemap.rules.distributed.parcel_files import Block, KeptParcels
from onemap.rules.incremental.comparison_with_run import earlier_run
from onemap.rules.inputs.layer_sources import Sources
from onemap.rules.overlay.threads import Threads
from onemap.rules.question.check_plan import CheckPlan
from onemap.rules.question.question import Question
from onemap.rules.runs.run import verdict_counts

NumberedBlock = tuple[int, FinishedBlock]


@dataclass
class Work:
    """The blocks of a question, whose parcels lie on disk and are not among it."""

    question: Question
    check_plan: CheckPlan
    parcel_files: KeptParcels
    journal: BlockJournal
    against: str | None

    def finish_blocks(self, engine: "Engine", progress: Progress) -> None:
        """Have all blocks judged that are not finished; progress: by parcels and rules."""
        self._give_up_unreadable()
        while waiting := [at for at in range(self.parcel_files.blocks) if at not in self.journal.finished_blocks]:
            with closing(engine.judge_blocks(self, waiting, progress)) as reached:
                for number, finished in reached:
                    self.journal.note(number, finished)
                    if self._give_up_unreadable():
                        break

    def share_done(self, more: int = 0) -> float:
        """The share of all parcels that finished blocks have; more: parcels of a block that is none yet."""
        return (more + sum(item.parcels for item in self.journal.finished_blocks.values())) / self.parcel_files.count

    def _give_up_unreadable(self) -> bool:
        """A layer that is damaged somewhere is unreadable for the whole run, as it is when all of it is read at once.

        Whether there is a new one; then blocks that could read it must be judged again.
        """
        blocks = self.journal.finished_blocks.values()
        found = {code for item in blocks for code in item.unreadable} - self.check_plan.unreadable
        if not found:
            return False
        self.check_plan = replace(self.check_plan, unreadable=self.check_plan.unreadable | found)
        if any(not found <= item.unreadable for item in blocks):
            self.journal.begin_again()
        return True


class Engine(Protocol):
    """Who judges blocks."""

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Judge these blocks and keep each in the journal; each is given when it is finished, in any order.

        progress: of the whole work, in which some blocks may be finished.
        """


@dataclass(frozen=True)
class LocalEngine:
    """One block after the other, by threads of this process that share each."""

    library: Library
    workers: int

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Judge these blocks in their order."""
        sources = work.check_plan.sources(self.library)
        for number in numbers:
            block = work.parcel_files.block(number)
            part = progress.part(work.share_done(), work.share_done(len(block.positions)))
            threads = Threads(self.workers, part)
            answer = judged_block(sources, work.check_plan, work.question, block, work.against, threads)
            with disk_errors_as_refusals(work.journal.folder):
                kept = block, *with_verdict_counts(answer), work.check_plan, self.library.crs
                yield number, keep_block(work.journal.finished_folder, *kept)


def with_verdict_counts(answer: Answer) -> tuple[Answer, dict[str, int]]:
    """An answer of a check, and how many of its parcels have each verdict."""
    return answer, verdict_counts(answer.tables["parcels"].values("verdict"))


def judged_block(
    sources: Sources,
    check_plan: CheckPlan,
    question: Question,
    block: Block,
    against: str | None,
    threads: Threads,
) -> Answer:
    """What the rules say of one block's parcels. Raises OneMapError rule.field and the like."""
    plan_and_parcels = (check_plan, sources, block.parcels, threads)
    earlier = None
    if against:
        earlier = earlier_run(sources.library, against, replace(question, parcels=block.parcels), check_plan.origin)
    return judged_beside(*plan_and_parcels, earlier) if earlier else judged_parcels(*plan_and_parcels)

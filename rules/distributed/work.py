"""The blocks that are still to be judged, and who judges them: threads of this process, or another engine."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from onemap.layers.files.journal_folder import disk_errors_as_refusals
from onemap.layers.library.library import Library
from onemap.rules.check.check import Answer, Report, judged_beside, judged_parcels
from onemap.rules.distributed.journal import BlockJournal, Finished, keep_block
from onemap.rules.distributed.parcel_files import Block, KeptParcels
from onemap.rules.incremental.comparison_with_run import earlier_run
from onemap.rules.inputs.layer_sources import Sources
from onemap.rules.question.check_plan import Agenda
from onemap.rules.question.question import Question

Reached = tuple[int, Finished]


@dataclass
class Work:
    """The blocks of a question, whose parcels lie on disk and are not among it."""

    question: Question
    agenda: Agenda
    kept: KeptParcels
    journal: BlockJournal
    against: str | None

    def done(self, engine: "Engine", report: Report) -> None:
        """Have all blocks judged that are not finished; report: 0 to 1, by parcels and rules."""
        self._give_up_unreadable()
        while waiting := [at for at in range(self.kept.blocks) if at not in self.journal.finished]:
            with closing(engine.judged(self, waiting, self._told(report))) as reached:
                for number, finished in reached:
                    self.journal.note(number, finished)
                    if self._give_up_unreadable():
                        break

    def _told(self, report: Report) -> Report:
        """Tells how much is done when so many parcels of unfinished blocks are, all rules counted."""

        def told(parcels: float, step: str) -> None:
            before = sum(item.parcels for item in self.journal.finished.values())
            report((before + parcels) / self.kept.count, step)

        return told

    def _give_up_unreadable(self) -> bool:
        """A layer that is damaged somewhere is unreadable for the whole run, as it is when all of it is read at once.

        Whether there is a new one; then blocks that could read it must be judged again.
        """
        blocks = self.journal.finished.values()
        found = {code for item in blocks for code in item.unreadable} - self.agenda.unreadable
        if not found:
            return False
        self.agenda = replace(self.agenda, unreadable=self.agenda.unreadable | found)
        if any(not found <= item.unreadable for item in blocks):
            self.journal.begin_again()
        return True


class Engine(Protocol):
    """Who judges blocks."""

    def judged(self, work: Work, numbers: Sequence[int], report: Report) -> Generator[Reached]:
        """Judge these blocks and keep each in the journal; each is given when it is finished, in any order.

        report(parcels, step): how many parcels of unfinished blocks are judged; it may raise Cancelled.
        """


@dataclass(frozen=True)
class Threads:
    """One block after the other, by threads of this process that share each."""

    library: Library
    workers: int

    def judged(self, work: Work, numbers: Sequence[int], report: Report) -> Generator[Reached]:
        """Judge these blocks in their order."""
        sources = work.agenda.sources(self.library)
        for number in numbers:
            block = work.kept.block(number)
            told = _in_parcels(report, len(block.positions))
            answer = judged_block(sources, work.agenda, work.question, block, work.against, self.workers, told)
            with disk_errors_as_refusals(work.journal.folder):
                yield number, keep_block(work.journal.done, block, answer, work.agenda, self.library.crs)


def _in_parcels(report: Report, parcels: int) -> Report:
    return lambda fraction, step: report(fraction * parcels, step)


def judged_block(
    sources: Sources,
    agenda: Agenda,
    question: Question,
    block: Block,
    against: str | None,
    workers: int,
    report: Report,
) -> Answer:
    """What the rules say of one block's parcels. Raises OneMapError rule.field and the like."""
    asked = (agenda, sources, block.parcels, workers, report)
    earlier = None
    if against:
        earlier = earlier_run(sources.library, against, replace(question, parcels=block.parcels), agenda.origin)
    return judged_beside(*asked, earlier) if earlier else judged_parcels(*asked)

"""A check in blocks: parcels kept on disk, block after block judged and kept, all of it merged in chunks."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import Problem
from onemap.layers.journal_folder import journal_folder, work_place
from onemap.layers.library import Library, now
from onemap.layers.messages import phrase, problem_record
from onemap.rules.agenda import Agenda, agenda_of
from onemap.rules.blocks.journal import BlockJournal, disk_errors_as_refusals, keep_block
from onemap.rules.blocks.kept_parcels import Block, KeptParcels, are_kept, keep_parcels
from onemap.rules.blocks.merging import chunks
from onemap.rules.blocks.question_key import question_key
from onemap.rules.check import Answer, Report, forward, judged_parcels, local_origin, record_of, share
from onemap.rules.packs import Pack
from onemap.rules.parcels import Parcels
from onemap.rules.question import Question
from onemap.rules.reuse import earlier_run
from onemap.rules.rule import VERDICTS
from onemap.rules.run import Chunk, most_severe
from onemap.rules.run_tables import run_table

_KEPT, _JUDGED = 0.1, 0.85  # of the work, until parcels are on disk, and until all blocks are judged


@dataclass(frozen=True)
class RunInBlocks:
    """A run whose rows lie on disk: its record, its verdicts, what must be told of its input.

    resumed: how many of its blocks an earlier attempt had finished.
    """

    record: dict[str, Any]
    packs: tuple[Pack, ...]
    verdicts: dict[str, int]
    parcels: int
    blocks: int
    resumed: int
    problems: list[dict[str, Any]]
    _kept: KeptParcels
    _journal: BlockJournal

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, of which only some are held; the last chunk has the table `run`."""
        yield from chunks(self._kept, self._journal.done, self._journal.finished)
        yield Chunk({"run": run_table(self.record)})


@contextlib.contextmanager
def run_in_blocks(
    library: Library,
    question: Question,
    as_of: date | None,
    workers: int,
    report: Report,
    against: str | None,
    most_parcels: int,
) -> Iterator[RunInBlocks]:
    """Judge every parcel by every rule, block after block; what is finished stays until the block here ends.

    as_of: the day, if one was asked for; most_parcels: of a block; the others as in `check`, and the rows are the same
    as its to the last digit. Raises OneMapError for every refusal, NotPlain.
    """
    began, report = time.perf_counter(), forward(report)
    origin = local_origin(*_corner(question.parcels))
    agenda = agenda_of(library, question, origin)
    key = question_key(library, question, agenda, against, as_of, most_parcels)
    about = {"started": now(), "as_of": question.as_of.isoformat(), "parcels": question.parcels.source}
    parameters = question.parameters(library)
    with journal_folder(work_place(library.path, library.id), "check", key) as place:
        journal = BlockJournal(place.folder, about)
        day = date.fromisoformat(journal.about["as_of"])
        question, agenda = replace(question, as_of=day), replace(agenda, as_of=day)
        if not are_kept(journal.parcels):
            step = phrase("progress.parcels", question.language)
            told = share(report, 0.05, _KEPT)
            with disk_errors_as_refusals(journal.folder):
                keep_parcels(journal.parcels, iter([question.parcels]), most_parcels, lambda done: told(done, step))
        problems = [problem_record(problem, question.language) for problem in question.parcels.problems]
        question = replace(question, parcels=_none_of(question.parcels))
        kept = KeptParcels(journal.parcels, question.parcels)
        resumed = len(journal.finished)
        if resumed:
            problems.append(_told_resumed(journal, kept, question.language))
            report(_KEPT, problems[-1]["message"])
        Work(library, question, agenda, kept, journal, workers, against).done(share(report, _KEPT, _JUDGED))
        finished = [journal.finished[number] for number in range(kept.blocks)]
        record = record_of(
            agenda,
            question.packs,
            {**parameters, "as_of": day.isoformat()},
            [Answer({}, item.layers, item.computed, item.skipped, item.warped) for item in finished],
            journal.about["started"],
            time.perf_counter() - began,
        )
        verdicts = {verdict: sum(item.verdicts[verdict] for item in finished) for verdict in VERDICTS}
        yield RunInBlocks(record, question.packs, verdicts, kept.count, kept.blocks, resumed, problems, kept, journal)


def _told_resumed(journal: BlockJournal, kept: KeptParcels, language: str) -> dict[str, Any]:
    facts = {"file": journal.about["parcels"], "done": len(journal.finished), "of": kept.blocks}
    return problem_record(Problem("journal.resumed", facts), language)


def _corner(parcels: Parcels) -> tuple[float, float]:
    west, south, _, _ = shapely.total_bounds(parcels.geometries)
    return west, south


def _none_of(parcels: Parcels) -> Parcels:
    """What all parcels have in common, without them."""
    nothing = np.empty(0, dtype=object)
    return replace(parcels, ids=nothing, geometries=nothing, attributes=pd.DataFrame(), problems=())


@dataclass
class Work:
    """The blocks that are still to be judged, one after the other, by threads that share each."""

    library: Library
    question: Question
    agenda: Agenda
    kept: KeptParcels
    journal: BlockJournal
    workers: int
    against: str | None

    def done(self, report: Report) -> None:
        """Judge all blocks that are not finished; report: 0 to 1, by parcels and rules."""
        self._give_up_unreadable()
        sources = self.agenda.sources(self.library)
        while waiting := [at for at in range(self.kept.blocks) if at not in self.journal.finished]:
            block = self.kept.block(waiting[0])
            answer = self._judged(block, sources, self._told(report, len(block.positions)))
            with disk_errors_as_refusals(self.journal.folder):
                finished = keep_block(self.journal.done, block, answer, self.agenda, self.library.crs)
            self.journal.note(block.number, finished)
            if self._give_up_unreadable():
                sources = self.agenda.sources(self.library)

    def _judged(self, block: Block, sources: Any, report: Report) -> Answer:
        earlier = None
        if self.against:
            asked = replace(self.question, parcels=block.parcels)
            earlier = earlier_run(self.library, self.against, asked, self.agenda.origin)
        return judged_parcels(self.agenda, sources, block.parcels, self.workers, report, earlier)

    def _told(self, report: Report, parcels: int) -> Report:
        before, total = sum(item.parcels for item in self.journal.finished.values()), self.kept.count
        return lambda fraction, step: report((before + fraction * parcels) / total, step)

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

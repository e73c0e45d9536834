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
from onemap.rules.agenda import agenda_of
from onemap.rules.blocks.journal import BlockJournal, disk_errors_as_refusals
from onemap.rules.blocks.kept_parcels import KeptParcels, are_kept, keep_parcels
from onemap.rules.blocks.merging import chunks
from onemap.rules.blocks.question_key import question_key
from onemap.rules.blocks.work import Engine, Work
from onemap.rules.check import Answer, Report, forward, local_origin, record_of, share
from onemap.rules.packs import Pack
from onemap.rules.parcels import Parcels
from onemap.rules.question import Question
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
    _report: Report

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, of which only some are held; the last chunk has the table `run`."""
        step = phrase("progress.tables", self.record["parameters"]["lang"])
        done = 0
        for chunk in chunks(self._kept, self._journal.done, self._journal.finished):
            done += len(chunk.parcels.ids) if chunk.parcels else 0
            yield chunk
            self._report(_JUDGED + (1 - _JUDGED) * done / self._kept.count, step)
        yield Chunk({"run": run_table(self.record)})


@contextlib.contextmanager
def run_in_blocks(
    library: Library,
    question: Question,
    as_of: date | None,
    engine: Engine,
    report: Report,
    against: str | None,
    most_parcels: int,
) -> Iterator[RunInBlocks]:
    """Judge every parcel by every rule, block after block; what is finished stays until the block here ends.

    as_of: the day, if one was asked for; engine: who judges; most_parcels: of a block; the others as in `check`, and
    the rows are the same as its to the last digit. Raises OneMapError for every refusal, NotPlain.
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
        work = Work(question, agenda, kept, journal, against)
        work.done(engine, share(report, _KEPT, _JUDGED))
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
        yield RunInBlocks(
            record, question.packs, verdicts, kept.count, kept.blocks, resumed, problems, kept, journal, report
        )


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

"""A remedy in blocks of parcels: each block is cut and kept on disk, and all are merged in chunks."""

import contextlib
import os
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onemap.layers.library.library import Library
from onemap.layers.messages import ProblemRecord, phrase
from onemap.layers.progress import Progress
from onemap.layers.sources.reading import source_name
from onemap.rules.answers.remedy.remedy import (
    KIND,
    WRITING,
    FoundParts,
    Remedy,
    ground_sums,
    of_parcels,
    parcels_remedied,
    remedy,
    remedy_record,
)
from onemap.rules.answers.remedy.remedy_options import RemedyOptions
from onemap.rules.judge.check.check import Answer
from onemap.rules.judge.distributed.journal import keep_block
from onemap.rules.judge.distributed.parcel_reader import ParcelReader
from onemap.rules.judge.distributed.parcels_of_any_size import in_blocks_or_whole
from onemap.rules.judge.distributed.partition import most_parcels
from onemap.rules.judge.distributed.run_in_blocks import KEPT, READ, AskedWork, BegunWork, work_begun
from onemap.rules.judge.distributed.work import NumberedBlock, Work
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.question.question import CheckOptions, Question, question_of
from onemap.rules.judge.runs.run import Chunk

_TRIED = "tried"  # what is counted of a block beside its parcels


@dataclass(frozen=True)
class RemedyInBlocks:
    """A remedy whose rows are on disk: its record, its packs, the remarks on its input."""

    record: dict[str, Any]
    packs: tuple[Pack, ...]
    problems: list[ProblemRecord]
    _begun: BegunWork

    def chunks(self) -> Iterator[Chunk]:
        """All rows, a few in memory at a time; the last chunk has the table `run`."""
        yield from self._begun.chunks(iter(()))
        yield Chunk({"run": run_table(self.record)})


@dataclass(frozen=True)
class _RemedyEngine:
    """Cuts one block after the other, each by several threads of this process."""

    library: Library
    options: RemedyOptions
    workers: int

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Cut these blocks in their order."""
        for number in numbers:
            block = work.parcel_files.block(number)
            part = progress.part(work.share_done(), work.share_done(len(block.positions)))
            question = replace(work.question, parcels=block.parcels)
            threads = Threads(self.workers, part)
            parts_found = parcels_remedied(self.library, question, self.options, work.check_plan, threads)
            counts = {**parts_found.counts, _TRIED: parts_found.tried}
            finished = keep_block(work.journal.place, block, answer_of(parts_found), counts, work.check_plan)
            yield NumberedBlock(number, finished)


def answer_of(parts_found: FoundParts) -> Answer:
    """The result of a remedy in the form of a check's answer: its tables, and the layers of its first check."""
    first = parts_found.first.record
    layers = {layer["code"]: layer for layer in first["layers"]}
    return Answer(parts_found.tables, layers, first["computed"], first["skipped"], first["warped"])


@contextlib.contextmanager
def remedy_of_any_size(
    library: Library,
    options: RemedyOptions,
    asked_of: CheckOptions,
    names: Sequence[str],
    language: str,
    workers: int | None,
    progress: Progress,
) -> Iterator[Remedy | RemedyInBlocks]:
    """The remedy of a question, in memory or in blocks of parcels; valid inside the `with` block.

    names: only these parcels, if any, which are always few. Raises OneMapError for every refusal.
    """
    began = time.perf_counter()
    threads = Threads(workers or os.cpu_count() or 1, progress)
    reading = progress.part(0.0, READ, phrase("progress.parcels", language))
    reading.at(0.0)
    with contextlib.ExitStack() as stack:

        def in_blocks(question: Question, reader: ParcelReader) -> BegunWork:
            asked_work = AskedWork(
                asked_of.id_field, asked_of.as_of, most_parcels(), verb=KIND, options=options.record()
            )
            begun_work = stack.enter_context(work_begun(library, question, reader, asked_work, progress))
            engine = _RemedyEngine(library, options, threads.workers)
            begun_work.work.finish_blocks(engine, progress.part(KEPT, WRITING))
            return begun_work

        outcome: BegunWork | Question
        if names:
            question = question_of(library, asked_of, language, threads.workers, reading)
            outcome = of_parcels(question, names, source_name(asked_of.parcels))
        else:
            outcome = in_blocks_or_whole(library, asked_of, language, threads.workers, reading, in_blocks)
        if isinstance(outcome, BegunWork):
            record = _record(library, outcome, options, time.perf_counter() - began)
            yield RemedyInBlocks(record, outcome.work.question.packs, outcome.problems, outcome)
        else:
            yield remedy(library, outcome, options, threads)


def _record(library: Library, begun_work: BegunWork, options: RemedyOptions, seconds: float) -> dict[str, Any]:
    """The record of a remedy in blocks, with the sums over all rows."""
    counts = begun_work.counts()
    tried_count = counts.pop(_TRIED)
    cut = (block.rows.values("cuts", "area_m2") for block in begun_work.finished_blocks)
    dropped_areas = (block.rows.values("remainder", "dropped_m2") for block in begun_work.finished_blocks)
    sums = ground_sums(cut, dropped_areas)
    return remedy_record(begun_work.record(library, seconds), options, tried_count, {**counts, **sums}, seconds)

"""A check in blocks: parcels kept on disk, block after block judged and kept, all of it merged in chunks."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.files.journal_folder import disk_errors_as_refusals, journal_folder, work_place
from onemap.layers.frames.frames import BadFeatures
from onemap.layers.library.library import Library, now
from onemap.layers.messages import phrase, problem_record
from onemap.layers.progress import Progress
from onemap.rules.check.check import JUDGED, Answer, local_origin, record_of
from onemap.rules.distributed import parcel_files
from onemap.rules.distributed.journal import BlockJournal, FinishedBlock
from onemap.rules.distributed.journal_key import question_key
from onemap.rules.distributed.merging import chunks
from onemap.rules.distributed.parcel_files import KeptParcels, all_are_kept, are_kept, keep_parcels
from onemap.rules.distributed.parcel_reader import ParcelReader
from onemap.rules.distributed.work import Engine, Work
from onemap.rules.findings.run_tables import run_table
from onemap.rules.inputs.parcels import Parcels
from onemap.rules.packs.pack import Pack
from onemap.rules.packs.rule import VERDICTS
from onemap.rules.question.check_plan import check_plan_of
from onemap.rules.question.question import Question
from onemap.rules.runs.run import Chunk, most_severe

READ, KEPT = 0.05, 0.1  # of the work, until parcels are read, and on disk


@dataclass(frozen=True)
class RunInBlocks:
    """A run whose rows lie on disk: its record, its verdicts, what must be told of its input.

    resumed: how many of its blocks an earlier attempt had finished; bad: by file the parcels that could not be used.
    """

    record: dict[str, Any]
    packs: tuple[Pack, ...]
    verdicts: dict[str, int]
    parcels: int
    blocks: int
    resumed: int
    problems: list[dict[str, Any]]
    bad: tuple[tuple[str, BadFeatures], ...]
    _kept: KeptParcels
    _journal: BlockJournal

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, of which only some are held; the last chunk has the table `run`."""
        yield from chunks(self._kept, self._journal.finished_folder, self._journal.finished_blocks)
        yield Chunk({"run": run_table(self.record)})


@contextlib.contextmanager
def run_in_blocks(
    library: Library,
    question: Question,
    reader: ParcelReader,
    given_id_field: str | None,
    as_of: date | None,
    engine: Engine,
    progress: Progress,
    against: str | None,
    most_parcels: int,
    in_range: int | None = None,
) -> Iterator[RunInBlocks]:
    """Judge every parcel by every rule, block after block; what is finished stays until the block here ends.

    question: without parcels, which `reader` has; given_id_field, as_of: None where none was given; engine: who judges;
    most_parcels, in_range: see `AskedWork`; the others as in `check`, and the rows are its to the last digit.
    Raises OneMapError for every refusal, UnsupportedValue.
    """
    began = time.perf_counter()
    asked = AskedWork("check", given_id_field, as_of, most_parcels, in_range, against)
    with work_begun(library, question, reader, asked, progress) as begun:
        begun.work.finish_blocks(engine, progress.part(KEPT, JUDGED))
        work, parcels = begun.work, begun.work.parcel_files
        counts = begun.counts()
        verdicts = {verdict: counts[verdict] for verdict in VERDICTS}
        sizes = parcels.count, parcels.blocks, begun.resumed
        record = begun.record(library, time.perf_counter() - began)
        bad = work.question.parcels.bad
        yield RunInBlocks(record, question.packs, verdicts, *sizes, begun.problems, bad, parcels, work.journal)


@dataclass(frozen=True)
class AskedWork:
    """What is asked of parcels in blocks besides the question itself: the verb, and how the parcels were named.

    id_field, as_of: None where none was given; most_parcels: of a block; in_range: that are merged at
    a time, None for the usual number; against: an earlier run; options: of the verb.
    """

    verb: str
    id_field: str | None
    as_of: date | None
    most_parcels: int
    in_range: int | None = None
    against: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BegunWork:
    """Work in blocks whose parcels lie on disk: what must be told of them, how many blocks were finished before."""

    work: Work
    problems: list[dict[str, Any]]
    resumed: int

    @property
    def finished_blocks(self) -> list[FinishedBlock]:
        """All blocks, once all are finished."""
        return [self.work.journal.finished_blocks[number] for number in range(self.work.parcel_files.blocks)]

    def counts(self) -> Counter[str]:
        """Of how many parcels what was found."""
        total: Counter[str] = Counter()
        for item in self.finished_blocks:
            total.update(item.counts)
        return total

    def record(self, library: Library, seconds: float) -> dict[str, Any]:
        """The record of the check of all parcels."""
        work = self.work
        return record_of(
            work.check_plan,
            work.question.packs,
            {**work.question.parameters(library), "parcels_ground": work.parcel_files.ground_hash},
            [Answer({}, item.layers, item.computed, item.skipped, item.warped) for item in self.finished_blocks],
            work.journal.about["started"],
            seconds,
            library.person(),
        )

    def chunks(self) -> Iterator[Chunk]:
        """All rows, of which only some are held."""
        journal = self.work.journal
        yield from chunks(self.work.parcel_files, journal.finished_folder, journal.finished_blocks)


@contextlib.contextmanager
def work_begun(
    library: Library, question: Question, reader: ParcelReader, asked: AskedWork, progress: Progress
) -> Iterator[BegunWork]:
    """The parcels in blocks on disk, and what was done of them before, as long as the block here lasts.

    question: without parcels, which `reader` has; progress: of the whole. Raises OneMapError for every refusal,
    UnsupportedValue.
    """
    check_plan = check_plan_of(library, question, (0.0, 0.0))
    given = asked.id_field, check_plan, asked.against, asked.as_of, asked.most_parcels, asked.options
    key = question_key(library, question, *given)
    about = {"started": now(), "as_of": question.as_of.isoformat(), "parcels": question.parcels.source}
    with journal_folder(work_place(library.path, library.id), asked.verb, key) as place:
        journal = BlockJournal(place, about)
        if not are_kept(journal.parcels):
            keeping = progress.part(READ, KEPT, phrase("progress.parcels", question.language))
            _keep(journal, reader, asked, question.language, keeping)
        parcels = KeptParcels(journal.parcels, question.parcels)
        problems: list[dict[str, Any]] = parcels.notes["problems"]
        day = date.fromisoformat(journal.about["as_of"])
        question = replace(question, as_of=day, parcels=replace(question.parcels, id_field=parcels.notes["id_field"]))
        check_plan = replace(check_plan, as_of=day, origin=local_origin(*parcels.bounds[:2]))
        if resumed := len(journal.finished_blocks):
            problems.append(_resumed_problem(journal, parcels, question.language))
            progress.at(KEPT, problems[-1]["message"])
        yield BegunWork(Work(question, check_plan, parcels, journal, asked.against), problems, resumed)


def _resumed_problem(journal: BlockJournal, parcels: KeptParcels, language: str) -> dict[str, Any]:
    facts = {"file": journal.about["parcels"], "done": len(journal.finished_blocks), "of": parcels.blocks}
    return problem_record(Problem("journal.resumed", facts), language)


def _keep(journal: BlockJournal, reader: ParcelReader, asked: AskedWork, language: str, progress: Progress) -> None:
    """Put the parcels on disk, with what must be told of them."""

    def write(parts: Iterator[Parcels]) -> None:
        with disk_errors_as_refusals(journal.folder):
            in_range = asked.in_range or parcel_files.RANGE
            keep_parcels(journal.parcels, parts, asked.most_parcels, in_range, progress)

    reader.hand_to(write)
    records = [problem_record(problem, language) for problem in reader.problems]
    with disk_errors_as_refusals(journal.folder):
        all_are_kept(journal.parcels, {"id_field": reader.id_field, "problems": records})

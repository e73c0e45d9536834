"""A check in blocks: parcels are stored on disk, judged block after block, and the rows merged in chunks."""

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.files.journal_folder import disk_errors_as_refusals, journal_folder, work_place
from onemap.layers.frames.frames import BadFeatures
from onemap.layers.library.library import Library
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.layers.progress import Progress
from onemap.rules.contract.verdict import VERDICTS, most_severe
from onemap.rules.judge.check.check import JUDGED, Answer, origin_of, record_of
from onemap.rules.judge.check.clear_within_accuracy import accuracy_problems_of
from onemap.rules.judge.distributed.journal import BlockJournal, FinishedBlock, question_key
from onemap.rules.judge.distributed.merging import chunks
from onemap.rules.judge.distributed.parcel_files import KeptParcels, all_are_kept, are_kept, keep_parcels
from onemap.rules.judge.distributed.parcel_reader import ParcelReader
from onemap.rules.judge.distributed.work import Engine, NumberedBlock, Work
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.pack_slips import slips_of
from onemap.rules.judge.question.check_plan import check_plan_of
from onemap.rules.judge.question.kind_remarks import KindRemarks
from onemap.rules.judge.question.layer_remarks import problems_near, trial_problems_of, value_problems_of
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Chunk, RowsOutdated
from onemap.rules.judge.runs.unwritten_sites import lacking_ground

READ, KEPT = 0.05, 0.1  # of the work, until parcels are read, and on disk


class RunInBlocks:
    """A run whose rows are on disk: its record, its verdicts, and the remarks on its input.

    Some blocks, the first among them, are finished; the others are judged while chunks are taken. is_ahead: there are
    others; then verdicts and the counts in the record are complete with the last chunk. resumed: how many blocks an
    earlier attempt had finished; bad: by file the parcels that could not be used; began: when the check started.
    """

    def __init__(
        self,
        library: Library,
        begun_work: "BegunWork",
        engine: Engine,
        progress: Progress,
        began: float,
        *,
        is_ahead: bool,
    ) -> None:
        """Judge the first block. Raises OneMapError for every refusal."""
        question, files = begun_work.work.question, begun_work.work.parcel_files
        self.packs: tuple[Pack, ...] = question.packs
        self.bad: tuple[tuple[str, BadFeatures], ...] = question.parcels.bad
        self.parcels, self.blocks, self.resumed = files.count, files.blocks, begun_work.resumed
        self.problems, self.is_ahead = begun_work.problems, is_ahead
        self._library, self._begun_work, self._began = library, begun_work, began
        self._engine, self._progress = engine, progress
        self._begin()
        self.record, self.verdicts = self._record(), self._verdicts()

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, of which only some are held; the last chunk has the table `run`.

        Raises RowsOutdated where rows handed out are no longer valid: then all may be taken again, with a record that
        says why.
        """
        try:
            yield from self._begun_work.chunks(itertools.chain(self._first, self._reached))
        except RowsOutdated:
            self._begin()
            raise
        finally:
            if self.is_ahead:
                self.record.update({**self._record(), "id": self.record["id"]})
                self.verdicts.update(self._verdicts())
        yield Chunk({"run": run_table(self.record)})

    def close(self) -> None:
        """Stop judging."""
        self._reached.close()

    def _begin(self) -> None:
        while True:
            self._reached = self._begun_work.work.reach_blocks(self._engine, self._progress)
            with contextlib.suppress(RowsOutdated):  # of which none was given
                self._first = [*itertools.islice(self._reached, 1)]
                return

    def _record(self) -> CheckRecord:
        return self._begun_work.record(self._library, time.perf_counter() - self._began)

    def _verdicts(self) -> dict[str, int]:
        counts = self._begun_work.counts()
        return {verdict.value: counts[verdict] for verdict in VERDICTS}


@contextlib.contextmanager
def run_in_blocks(
    library: Library,
    question: Question,
    reader: ParcelReader,
    asked_work: "AskedWork",
    engine: Engine,
    progress: Progress,
    *,
    in_parts: bool = False,
) -> Iterator[RunInBlocks]:
    """Judge every parcel by every rule, block after block; what is finished stays until the block here ends.

    question: without parcels, which `reader` has; engine: who judges; in_parts: rows may be taken before all are there,
    and are where blocks follow each other as parcels do. The rows are those of `check` to the last digit.
    Raises OneMapError for every refusal, UnsupportedValue.
    """
    began = time.perf_counter()
    with work_begun(library, question, reader, asked_work, progress) as begun_work:
        work, judging = begun_work.work, progress.part(KEPT, JUDGED)
        is_ahead = in_parts and work.parcel_files.are_in_order
        if not is_ahead:
            work.finish_blocks(engine, judging)
        with contextlib.closing(RunInBlocks(library, begun_work, engine, judging, began, is_ahead=is_ahead)) as run:
            yield run


@dataclass(frozen=True)
class AskedWork:
    """The work on parcels in blocks besides the question itself: the verb, and how the parcels were named.

    id_field, as_of: None where none was given; most_parcels: of a block; against: an earlier run; options: of the verb.
    """

    id_field: str | None
    as_of: date | None
    most_parcels: int
    against: str | None = None
    verb: str = "check"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BegunWork:
    """Work in blocks whose parcels lie on disk: the remarks on them, how many blocks were finished before."""

    work: Work
    problems: list[ProblemRecord]
    resumed: int

    @property
    def finished_blocks(self) -> list[FinishedBlock]:
        """The blocks that are, in their order."""
        return [block for _, block in sorted(self.work.journal.finished_blocks.items())]

    def counts(self) -> Counter[str]:
        """The numbers of parcels by result."""
        total: Counter[str] = Counter()
        for item in self.finished_blocks:
            total.update(item.counts)
        return total

    def record(self, library: Library, seconds: float) -> CheckRecord:
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

    def chunks(self, reached: Iterator[NumberedBlock]) -> Iterator[Chunk]:
        """All rows, of which only some are held; reached: the blocks that are not finished, once they are."""
        yield from chunks(self.work.parcel_files, self.work.journal.finished_blocks, reached)


@contextlib.contextmanager
def work_begun(
    library: Library, question: Question, reader: ParcelReader, asked_work: AskedWork, progress: Progress
) -> Iterator[BegunWork]:
    """The parcels in blocks on disk, and what was done of them before, as long as the block here lasts.

    question: without parcels, which `reader` has; progress: of the whole. Raises OneMapError for every refusal,
    UnsupportedValue.
    """
    check_plan = check_plan_of(library, question, (0.0, 0.0))
    key_facts = (
        asked_work.id_field,
        check_plan,
        asked_work.against,
        asked_work.as_of,
        asked_work.most_parcels,
        asked_work.options,
    )
    key = question_key(library, question, *key_facts)
    about = {
        "started": library.connection.moment(),
        "as_of": question.as_of.isoformat(),
        "parcels": question.parcels.source,
    }
    with journal_folder(work_place(library.path, library.id), asked_work.verb, key) as place:
        journal = BlockJournal(place, about)
        if not are_kept(journal.parcels):
            keeping = progress.part(READ, KEPT, phrase("progress.parcels", question.language))
            _keep(journal, reader, asked_work, question, keeping)
        parcels = KeptParcels(journal.parcels, question.parcels)
        day = date.fromisoformat(journal.about["as_of"])
        question = replace(question, as_of=day, parcels=replace(question.parcels, id_field=parcels.notes["id_field"]))
        question = question.with_used_land(problem["code"] for problem in parcels.notes["problems"])
        check_plan = replace(check_plan, as_of=day, origin=origin_of(library, parcels.bounds))
        used_versions = check_plan.versions_used
        lacking = problems_near(lacking_ground(library, used_versions), used_versions, parcels.bounds)
        of_layers = *trial_problems_of(library, check_plan), *lacking
        of_packs = *slips_of(question.packs, day), *value_problems_of(library, check_plan)
        of_accuracy = accuracy_problems_of(library, check_plan, map(parcels.range, range(parcels.ranges)))
        problems: list[ProblemRecord] = [
            *parcels.notes["problems"],
            *(problem_record(one, question.language) for one in (*of_layers, *of_packs, *of_accuracy)),
        ]
        if resumed := len(journal.finished_blocks):
            problems.append(_resumed_problem(journal, parcels, question.language))
            progress.at(KEPT, problems[-1]["message"])
        yield BegunWork(Work(question, check_plan, parcels, journal, asked_work.against), problems, resumed)


def _resumed_problem(journal: BlockJournal, parcels: KeptParcels, language: str) -> ProblemRecord:
    facts = {"file": journal.about["parcels"], "done": len(journal.finished_blocks), "of": parcels.blocks}
    return problem_record(Problem("journal.resumed", facts), language)


def _keep(
    journal: BlockJournal, reader: ParcelReader, asked_work: AskedWork, question: Question, progress: Progress
) -> None:
    """Put the parcels on disk, with the remarks on them."""
    remarks = KindRemarks(question.packs, question.language)

    def look_at(parts: Iterator[Parcels]) -> Iterator[Parcels]:
        for part in parts:
            remarks.see(part)
            yield part

    def write(parts: Iterator[Parcels]) -> None:
        with disk_errors_as_refusals(journal.folder):
            keep_parcels(journal.parcels, look_at(parts), asked_work.most_parcels, progress)

    reader.hand_to(write)
    records = [problem_record(problem, question.language) for problem in (*reader.problems, *remarks.problems())]
    with disk_errors_as_refusals(journal.folder):
        all_are_kept(journal.parcels, {"id_field": reader.id_field, "problems": records})

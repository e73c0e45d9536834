"""`onemap ingest`: a department's whole delivery becomes versions, all of it or layer by layer."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.delivery.delivery_plan import (
    FROM_FILE,
    LEFT_OUT,
    MATCHED,
    NOTE,
    OTHER_MATTER,
    SEVERAL,
    UNREADABLE,
    PlanRow,
    delivery_plan,
    lacking_parts,
    with_reason,
)
from onemap.layers.delivery.known_transform import planned_change
from onemap.layers.delivery.plan_file import read_plan, write_plan
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions, LayerFile
from onemap.layers.ingest.datum_change import DatumChange
from onemap.layers.ingest.inspection import RASTERS
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.ingest.prepared_version import PreparedVersion, write_versions
from onemap.layers.library.library import Library
from onemap.layers.library.versions import versions
from onemap.layers.messages import LANGUAGES, either_of, phrase, problem_record
from onemap.layers.progress import SILENT, Progress
from onemap.layers.records import Record
from onemap.layers.sources import formats
from onemap.layers.sources.archive import unpack_archive
from onemap.layers.value_groups import groups_of

_LOOKED_AT = 0.2  # of the work, when the plan is made
ADDED, REFUSED, PLANNED, UNCHANGED = "added", "refused", "planned", "unchanged"


@dataclass(frozen=True)
class IngestOptions:
    """How a delivery is added. plan: a TOML file that is written if it does not exist, and carried out if it does.

    each: add layer by layer, so that a refused layer keeps no other out; sure: every layer is what the plan says,
    however little it looks like it; department: whose layers are examined; covers: the coverage of layers for which the
    plan has none and the library has no version with their label; change: of datum, for the layers that need one;
    files: only these files and folders are examined, empty for all; copy: copy rasters beside the library, since they
    came in an archive; provers: they prove polygons valid while they are read; proof: of the delivery against a
    template, which the log keeps with each version; codes_of_many: the layers of which it holds several files.
    """

    plan: Path | None = None
    each: bool = False
    sure: bool = False
    department: str | None = None
    covers: str | None = None
    change: DatumChange | None = None
    files: tuple[Path, ...] = ()
    copy: bool = False
    provers: Provers = NOBODY
    proof: Mapping[str, Any] | None = None
    codes_of_many: frozenset[str] = frozenset()


class DeliveryRefused(OneMapError):
    """Nothing of a delivery was added. result: its record as `ingest` gives it, with the refusals by layer."""

    result: Record

    @classmethod
    def with_result(cls, problems: Sequence[Problem], result: Record) -> "DeliveryRefused":
        """Return the refusal for all these problems."""
        error = cls.of(problems)
        error.result = result
        return error


def ingest(intake: Intake, folder: Path, options: IngestOptions, progress: Progress = SILENT) -> Record:
    """Plan a delivery, or carry its plan out; return the contract's record of it.

    folder: of files, or an archive of them. Raises OneMapError library.owner_adds, source.missing, ingest.…, and,
    unless layer by layer, DeliveryRefused with all refusals: then nothing was added.
    """
    library, language = intake.library, intake.language
    library.check_owner()
    with _unpacked_folder(folder) as place:
        chosen_paths = [_file_inside(path, place) for path in options.files]
        if options.plan is not None and options.plan.exists():
            rows = [row for row in read_plan(options.plan) if _is_chosen(place / row.source, chosen_paths)]
            if not options.each:
                _check_sources(rows, place)
            rows = [_read_again(row, place, library, language) for row in rows]
        else:
            looking = progress.part(0.0, _LOOKED_AT, phrase("progress.matching", language))
            near = [at.parent for at in (library.path, options.plan) if at is not None] + [Path.cwd()]
            arguments = (options.department, language, looking, options.change, near, chosen_paths)
            rows = delivery_plan(library, place, *arguments, name=folder.name)
            if options.plan is not None:
                write_plan(options.plan, rows, language)
                planned_rows = [replace(row, status=PLANNED) if row.status == MATCHED else row for row in rows]
                return _PlannedDelivery(intake, place, rows, [], options).result(planned_rows, [], {})
        version_rows = _planned_versions(rows)
        codes = Counter(rows[numbers[0]].code for numbers in version_rows)
        of_many = frozenset(code for code, count in codes.items() if code and count > 1)
        options = replace(options, copy=place != folder, codes_of_many=of_many)
        delivery = _PlannedDelivery(intake, place, rows, version_rows, options)
        work = progress.part(_LOOKED_AT, 1.0)
        return delivery.add_each(work) if options.each else delivery.add_all(work)


@contextlib.contextmanager
def _unpacked_folder(folder: Path) -> Iterator[Path]:
    """Give the folder of a delivery, unpacked if it came as one file."""
    if folder.is_dir() and folder.suffix.lower() not in formats.FOLDERS:
        yield folder
    elif folder.is_file() and folder.suffix.lower() in formats.ARCHIVES:
        with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
            unpack_archive(folder, Path(room).resolve())
            yield Path(room).resolve()
    elif folder.exists():
        raise OneMapError("ingest.no_folder", file=folder.name)
    else:
        raise OneMapError("source.missing", file=str(folder))


def _file_inside(path: Path, folder: Path) -> Path:
    """Return the place of a file or folder in the delivery. Raises OneMapError source.missing, ingest.outside."""
    if not path.exists():
        raise OneMapError("source.missing", file=str(path), field="--file")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OneMapError("ingest.outside", file=str(path), field="--file", folder=folder.name)
    return folder / path.resolve().relative_to(folder.resolve())


def _is_chosen(path: Path, chosen_paths: Sequence[Path]) -> bool:
    return not chosen_paths or any(path.is_relative_to(one) for one in chosen_paths)


def _check_sources(rows: Sequence[PlanRow], folder: Path) -> None:
    """Check that every file of a plan lies in the delivery. Raises OneMapError ingest.plan_source."""
    missing = [row.source for row in rows if not _source_path(folder, row).exists()]
    if missing:
        raise OneMapError.of([_missing_source(source) for source in missing])


def _read_again(row: PlanRow, folder: Path, library: Library, language: str) -> PlanRow:
    """Try again to read a file that could not be read when the plan was made, and update its reason."""
    if row.status != UNREADABLE:
        return row
    try:
        is_there = _source_path(folder, row).exists()
    except OneMapError as error:
        return replace(row, problems=error.problems)
    if not is_there:
        return replace(row, problems=(_missing_source(row.source),))
    return with_reason(row, folder, [*library.catalogue().values()], language)


def _missing_source(source: str) -> Problem:
    return Problem("ingest.plan_source", {"file": source, "field": "--plan"})


def _source_path(folder: Path, row: PlanRow) -> Path:
    path = (folder / row.source).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise OneMapError.of([_missing_source(row.source)])
    return path


def rows_of_version(plan: Sequence[Record], record: Record) -> list[Record]:
    """The rows of a plan's record whose files make one version. record: of that version, by `add`."""
    return [row for row in plan if (row["code"], row["version"]) == (record["code"], record["version"])]


def row_of_problem(rows: Sequence[Record], problem: Mapping[str, Any]) -> Record:
    """Return the version's row that a problem is about, by its file; the first row if it is about all files."""
    name = f"/{problem.get('file')}"
    return next((row for row in rows if f"/{row['source']}".endswith(name)), rows[0])


def _planned_versions(rows: Sequence[PlanRow]) -> list[list[int]]:
    """Return the versions of a plan: for each the numbers of the rows whose files make it."""
    matched = ((number, row) for number, row in enumerate(rows) if row.status == MATCHED)
    row_groups = groups_of(((row.code, row.label, row.valid_from, row.valid_to), number) for number, row in matched)
    return list(row_groups.values())


def _said_of_all(rows: Sequence[PlanRow], name: str) -> Any:
    """Return an option that the files of one version share. Raises OneMapError ingest.files_differ."""
    options = {getattr(row, name): row.source for row in rows if getattr(row, name) is not None}
    if len(options) > 1:
        (_, file), (_, other), *_ = options.items()
        raise OneMapError("ingest.files_differ", file=file, other=other, layer=rows[0].code, field=name)
    return next(iter(options), None)


def _code_and_titles(code: str, catalogue: Mapping[str, LayerEntry]) -> dict[str, str]:
    titles = catalogue[code].title if code in catalogue else {}
    return {language: f"{code} {titles.get(language, '')}".strip() for language in LANGUAGES}


def _placing_problems(row: PlanRow, catalogue: Mapping[str, LayerEntry]) -> list[Problem]:
    """Return the problems of a layer whose place in the library is unknown."""
    if row.status in (LEFT_OUT, MATCHED, NOTE):
        return []
    if row.problems:
        return [Problem(problem.code, {**problem.facts, "file": row.source}) for problem in row.problems]
    place = ProblemPlace(file=row.source, layer=row.layer)
    if row.suggested:
        titles_by_code = [_code_and_titles(code, catalogue) for code in row.suggested]
        codes = {
            language: either_of([titles[language] for titles in titles_by_code], language) for language in LANGUAGES
        }
        facts = {**place, "codes": codes}
        doubts = {OTHER_MATTER: Problem("ingest.other_matter", facts), SEVERAL: Problem("ingest.several", facts)}
        return [doubts.get(row.why, Problem("ingest.unsure", facts))]
    return [Problem("ingest.unmatched", place)]


@dataclass(frozen=True)
class _PlannedDelivery:
    """A delivery whose plan is carried out. planned: for each version the numbers of the rows whose files make it."""

    intake: Intake
    folder: Path
    rows: Sequence[PlanRow]
    planned: Sequence[Sequence[int]]
    options: IngestOptions

    def add_all(self, progress: Progress) -> dict[str, Any]:
        """Add every layer in one transaction; unreadable files without a code in the plan prevent nothing.

        Raises DeliveryRefused with the problems of all layers.
        """
        problems, new_versions, plan_rows = self._placing_problems(), list[PreparedVersion](), list(self.rows)
        with contextlib.ExitStack() as stack:
            for numbers, part in zip(self.planned, progress.parts([1] * len(self.planned)), strict=True):
                try:
                    version = stack.enter_context(self.intake.prepare(*self._given_to_add(numbers, part)))
                    _refuse_doubtful_successor(version, new_versions)
                    new_versions.append(version)
                except OneMapError as error:
                    self._place_problems(error.problems, numbers, problems)
            if not new_versions and not any(problems.values()):
                raise OneMapError("ingest.nothing", file=self.folder.name)
            if not new_versions or any(
                problems[at] for at, row in enumerate(plan_rows) if row.code or row.why != FROM_FILE
            ):
                for at, row in enumerate(plan_rows):
                    if problems[at] and row.code:
                        plan_rows[at] = replace(row, status=REFUSED, problems=tuple(problems[at]))
                all_problems = [problem for number in problems for problem in problems[number]]
                raise DeliveryRefused.with_result(all_problems, self.result(plan_rows, [], problems))
            records = write_versions(self.intake.library, new_versions)
        for numbers, record in zip(self.planned, records, strict=True):
            _show_version(plan_rows, numbers, record)
        return self.result(plan_rows, records, problems)

    def add_each(self, progress: Progress) -> dict[str, Any]:
        """Add layer by layer: refused layers are listed with their reasons, and the rest is added."""
        problems, records, plan_rows = self._placing_problems(), list[Record](), list(self.rows)
        for numbers, part in zip(self.planned, progress.parts([1] * len(self.planned)), strict=True):
            try:
                self._refuse_half([self.rows[at] for at in numbers])
                records.append(self.intake.add(*self._given_to_add(numbers, part)))
                _show_version(plan_rows, numbers, records[-1])
            except OneMapError as error:
                self._place_problems(error.problems, numbers, problems)
        for at, row in enumerate(plan_rows):
            if row.status not in (ADDED, UNCHANGED, LEFT_OUT, NOTE, UNREADABLE):
                plan_rows[at] = replace(row, status=REFUSED, problems=tuple(problems[at]))
        return self.result(plan_rows, records, problems)

    def _placing_problems(self) -> dict[int, list[Problem]]:
        """Return by row what prevents adding it already now."""
        catalogue = self.intake.library.catalogue()
        return {number: _placing_problems(row, catalogue) for number, row in enumerate(self.rows)}

    def _given_to_add(self, numbers: Sequence[int], progress: Progress) -> tuple[str, AddOptions, Progress]:
        """Return the arguments of `Intake.add` for the rows of one version; its step is the layer's title."""
        first = self.rows[numbers[0]]
        entry = self.intake.library.catalogue().get(first.code or "")
        part = progress.part(0.0, 1.0, entry.title.get(self.intake.language) if entry is not None else first.code)
        return str(_source_path(self.folder, first)), self._add_options(numbers), part

    def _add_options(self, numbers: Sequence[int]) -> AddOptions:
        """Return the options of `add` for the rows of one version.

        Raises OneMapError ingest.files_differ, ingest.transform…, and what a change of datum raises.
        """
        options, rows = self.options, [self.rows[at] for at in numbers]
        first, *others = rows
        covers, accept, keep_bad = (_said_of_all(rows, name) for name in ("covers", "accept", "keep_bad"))
        is_known = any((one.code, one.label) == (first.code, first.label) for one in versions(self.intake.library))
        days = [None if day is None else date.fromisoformat(day) for day in (first.valid_from, first.valid_to)]
        return AddOptions(
            code=first.code or "",
            layer=first.layer,
            encoding=first.encoding,
            label=first.label,
            valid_from=days[0],
            valid_to=days[1],
            covers=covers or (None if is_known else options.covers),
            accept=(accept,) if accept else (),
            keep_bad=bool(keep_bad),
            sure=options.sure or any(row.sure for row in rows),
            measured=True,
            proof=options.proof,
            is_delivered=True,
            is_one_of_many=first.code in options.codes_of_many,
            copy=options.copy and Path(first.source).suffix.lower() in RASTERS,
            normalising=self._source_options(first),
            provers=options.provers,
            further=tuple(
                LayerFile(str(_source_path(self.folder, row)), row.layer, row.encoding, self._source_options(row))
                for row in others
            ),
        )

    def _source_options(self, row: PlanRow) -> SourceOptions:
        """Return how a row's file is brought into the library. Raises as `planned_change`."""
        place = ProblemPlace(file=row.source, layer=row.code)
        change = planned_change(row.transform, row.transform_hash, self.options.change, self.folder, **place)
        return SourceOptions(crs=row.crs, transform=change, fields=row.fields, repair=row.repair)

    def _place_problems(
        self, version_problems: Sequence[Problem], numbers: Sequence[int], problems: Mapping[int, list[Problem]]
    ) -> None:
        """Assign the problems of a version to its files' rows; problems of all files to the first.

        numbers: of the version's rows; problems: by row, to which they are added.
        """
        records = [{"source": self.rows[at].source, "number": at} for at in numbers]
        for problem in version_problems:
            problems[row_of_problem(records, problem.facts)["number"]].append(problem)

    def _refuse_half(self, version: Sequence[PlanRow]) -> None:
        """Refuse a version with an unreadable part, since it would cover that part's ground.

        Raises OneMapError ingest.half.
        """
        entry = self.intake.library.catalogue().get(version[0].code or "")
        lacking = [] if entry is None else lacking_parts(version, self.rows, entry)
        if lacking:
            facts = {"file": version[0].source, "layer": version[0].code, "names": [row.source for row in lacking]}
            raise OneMapError("ingest.half", **facts)

    def result(
        self, rows: Sequence[PlanRow], records: Sequence[Record], problems: Mapping[int, Sequence[Problem]]
    ) -> dict[str, Any]:
        """Return the contract's record.

        records: of `add`, for the layers that were added or were already there; problems: by row, the reasons for a
        refusal.
        """
        language, plan = self.intake.language, self.options.plan
        of_state = {state: [one for one in records if _state(one) == state] for state in (ADDED, UNCHANGED)}
        refusals = [
            _refusal_record(self.rows[at], row_problems, language)
            for at, row_problems in problems.items()
            if row_problems
        ]
        result = {"plan": [row.record(language) for row in rows], **of_state, "refused": refusals}
        return result | ({"plan_file": str(plan)} if plan else {})


def _refuse_doubtful_successor(version: PreparedVersion, earlier: Sequence[PreparedVersion]) -> None:
    """Refuse a version that does not look like the version of its layer added before it in the same delivery.

    Files of one layer with different labels would follow one another, and only the last would be in force.
    Raises OneMapError layer.doubtful.
    """
    before = [one for one in earlier if one.arrival.entry.code == version.arrival.entry.code]
    doubt = version.doubt_after(before[-1]) if before and version.same is None else None
    if doubt is not None and not version.arrival.options.sure:
        raise OneMapError.of([doubt.problem])


def _show_version(rows: list[PlanRow], numbers: Sequence[int], record: Mapping[str, Any]) -> None:
    """Mark the rows of a version as being in the library, and as which version. record: of `add`."""
    for at in numbers:
        rows[at] = replace(rows[at], status=_state(record), version=record["version"])


def _state(record: Mapping[str, Any]) -> str:
    """Return the state of a layer from the record of `add`."""
    return UNCHANGED if record["unchanged"] else ADDED


def _refusal_record(row: PlanRow, problems: Sequence[Problem], language: str) -> dict[str, Any]:
    records = [problem_record(problem, language) for problem in problems]
    return {"source": row.source, "layer": row.layer, "code": row.code, "problems": records}

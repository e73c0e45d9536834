"""`onemap ingest`: a department's whole delivery becomes versions, all of it or layer by layer."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    UNREADABLE,
    PlanRow,
    delivery_plan,
    with_reason,
)
from onemap.layers.delivery.known_transform import planned_change
from onemap.layers.delivery.plan_file import read_plan, write_plan
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.ingest.adding import add, preparing
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.ingest.datum_change import DatumChange
from onemap.layers.ingest.inspection import RASTERS
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.ingest.prepared_version import write_versions
from onemap.layers.library.library import Library
from onemap.layers.library.versions import versions
from onemap.layers.messages import LANGUAGES, either_of, phrase, problem_record
from onemap.layers.progress import SILENT, Progress
from onemap.layers.records import Record
from onemap.layers.sources import formats
from onemap.layers.sources.archive import unpack_archive

_LOOKED_AT = 0.2  # of the work, when the plan is made
ADDED, REFUSED, PLANNED, UNCHANGED = "added", "refused", "planned", "unchanged"


@dataclass(frozen=True)
class IngestOptions:
    """How a delivery is taken in. plan: a TOML file that is written where there is none, and carried out where it is.

    each: layer by layer, so that what is refused keeps nothing else out; sure: every layer is what the plan says,
    however little it looks like it; department: whose layers are looked at;
    covers: of what the plan says nothing of, and of whose label the library has no version; change: of datum, for the
    layers that need one; files: files and folders of the delivery that alone are looked at, empty for all; copy:
    rasters are copied beside the library, for they came in an archive; provers: they prove polygons valid while they
    are read; proof: of the delivery against a template, which the log keeps with each version; codes_of_many: of
    layers of which it holds several files.
    """

    required_fields: Callable[[str], Sequence[str]]
    who: str
    language: str
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
    """A delivery of which nothing went in. result: its record as `ingest` gives it, with what was refused by layer."""

    result: Record

    @classmethod
    def with_result(cls, problems: Sequence[Problem], result: Record) -> "DeliveryRefused":
        """The refusal for all these problems."""
        error = cls(problems[0].code, **problems[0].facts)
        error.problems, error.result = tuple(problems), result
        return error


def ingest(library: Library, folder: Path, options: IngestOptions, progress: Progress = SILENT) -> Record:
    """Plan a delivery, or carry its plan out; returns the contract's record of it.

    folder: of files, or an archive of them. Raises OneMapError library.owner_adds, source.missing, ingest.…, and,
    unless layer by layer, DeliveryRefused with everything for which any of it is refused: then nothing was added.
    """
    if not library.roles.is_owner:
        raise OneMapError("library.owner_adds", file=library.label)
    with _unpacked_folder(folder) as place:
        chosen = [_file_inside(path, place) for path in options.files]
        if options.plan is not None and options.plan.exists():
            rows = [row for row in read_plan(options.plan) if _is_chosen(place / row.source, chosen)]
            if not options.each:
                _check_sources(rows, place)
            rows = [_read_again(row, place, library, options.language) for row in rows]
        else:
            looking = progress.part(0.0, _LOOKED_AT, phrase("progress.matching", options.language))
            near = [at.parent for at in (library.path, options.plan) if at is not None] + [Path.cwd()]
            arguments = (options.department, options.language, looking, options.change, near, chosen)
            rows = delivery_plan(library, place, *arguments, name=folder.name)
            if options.plan is not None:
                write_plan(options.plan, rows, options.language)
                return _result([replace(row, status=_planned_status(row)) for row in rows], [], [], options)
        work = progress.part(_LOOKED_AT, 1.0)
        counts = Counter(row.code for row in rows if row.status == MATCHED and row.code)
        codes_of_many = frozenset(code for code, count in counts.items() if count > 1)
        options = replace(options, copy=place != folder, codes_of_many=codes_of_many)
        carry_out = _add_each if options.each else _add_all
        return carry_out(library, place, rows, options, work)


def _planned_status(row: PlanRow) -> str:
    return PLANNED if row.status == MATCHED else row.status


@contextlib.contextmanager
def _unpacked_folder(folder: Path) -> Iterator[Path]:
    """The folder of a delivery, unpacked if it came as one file."""
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
    """A file or folder as it lies in the delivery. Raises OneMapError source.missing, ingest.outside."""
    if not path.exists():
        raise OneMapError("source.missing", file=str(path), field="--file")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OneMapError("ingest.outside", file=str(path), field="--file", folder=folder.name)
    return folder / path.resolve().relative_to(folder.resolve())


def _is_chosen(path: Path, chosen: Sequence[Path]) -> bool:
    return not chosen or any(path.is_relative_to(one) for one in chosen)


def _check_sources(rows: Sequence[PlanRow], folder: Path) -> None:
    """Every file of a plan lies in the delivery. Raises OneMapError ingest.plan_source."""
    missing = [row.source for row in rows if not _source_path(folder, row).exists()]
    if missing:
        raise OneMapError.of([_missing_source(source) for source in missing])


def _read_again(row: PlanRow, folder: Path, library: Library, language: str) -> PlanRow:
    """Report again, with its reason, a file that could not be read when the plan was made."""
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


def _add_options(library: Library, row: PlanRow, options: IngestOptions, folder: Path) -> AddOptions:
    """The options of `add` for a row. Raises OneMapError ingest.transform…, and what its change of datum raises."""
    place = ProblemPlace(file=row.source, layer=row.code)
    change = planned_change(row.transform, row.transform_hash, options.change, folder, **place)
    is_known = any((one.code, one.label) == (row.code, row.label) for one in versions(library))
    days = [None if day is None else date.fromisoformat(day) for day in (row.valid_from, row.valid_to)]
    return AddOptions(
        code=row.code or "",
        layer=row.layer,
        encoding=row.encoding,
        label=row.label,
        valid_from=days[0],
        valid_to=days[1],
        covers=row.covers or (None if is_known else options.covers),
        keep_bad=row.keep_bad,
        sure=row.sure or options.sure,
        measured=True,
        proof=options.proof,
        is_delivered=True,
        is_one_of_many=row.code in options.codes_of_many,
        copy=options.copy and Path(row.source).suffix.lower() in RASTERS,
        normalising=SourceOptions(crs=row.crs, transform=change, fields=row.fields, repair=row.repair),
        provers=options.provers,
    )


def _code_and_titles(code: str, catalogue: Mapping[str, LayerEntry]) -> dict[str, str]:
    titles = catalogue[code].title if code in catalogue else {}
    return {language: f"{code} {titles.get(language, '')}".strip() for language in LANGUAGES}


def _placing_problems(row: PlanRow, catalogue: Mapping[str, LayerEntry]) -> list[Problem]:
    """The problems of a layer whose place in the library is not known."""
    if row.status in (LEFT_OUT, MATCHED, NOTE):
        return []
    if row.problems:
        return [Problem(problem.code, {**problem.facts, "file": row.source}) for problem in row.problems]
    place = ProblemPlace(file=row.source, layer=row.layer)
    if row.suggested:
        named = [_code_and_titles(code, catalogue) for code in row.suggested]
        codes = {language: either_of([titles[language] for titles in named], language) for language in LANGUAGES}
        code = "ingest.other_matter" if row.why == OTHER_MATTER else "ingest.unsure"
        return [Problem(code, {**place, "codes": codes})]
    return [Problem("ingest.unmatched", place)]


def _add_all(
    library: Library, folder: Path, rows: Sequence[PlanRow], options: IngestOptions, progress: Progress
) -> dict[str, Any]:
    """Every layer in one transaction; what a plan gives no code, since it cannot be read, keeps none of them out.

    Raises DeliveryRefused with all that stands against any of them.
    """
    catalogue = library.catalogue()
    problems = {number: _placing_problems(row, catalogue) for number, row in enumerate(rows)}
    placed = [(number, row) for number, row in enumerate(rows) if row.status == MATCHED]
    with contextlib.ExitStack() as held:
        prepared = []
        for (number, row), part in zip(placed, progress.parts([1] * len(placed)), strict=True):
            layer_part = _part_of(row, catalogue, options.language, part)
            arguments = (options.required_fields, options.who, options.language, layer_part)
            try:
                source, wanted = str(_source_path(folder, row)), _add_options(library, row, options, folder)
                prepared.append(held.enter_context(preparing(library, source, wanted, *arguments)))
            except OneMapError as error:
                problems[number] = list(error.problems)
        if not prepared and not any(problems.values()):
            raise OneMapError("ingest.nothing", file=folder.name)
        if not prepared or any(problems[at] for at, row in enumerate(rows) if row.code or row.why != FROM_FILE):
            found = [problem for number in problems for problem in problems[number]]
            raise DeliveryRefused.with_result(found, _refused_result(rows, problems, options))
        records = write_versions(library, prepared)
    done = {number: _state(record) for (number, _), record in zip(placed, records, strict=True)}
    shown = [replace(row, status=done.get(at, row.status)) for at, row in enumerate(rows)]
    refused = [_refusal_record(row, problems[at], options.language) for at, row in enumerate(rows) if problems[at]]
    return _result(shown, records, refused, options)


def _state(record: Mapping[str, Any]) -> str:
    """The state of a layer, by the record of `add`."""
    return UNCHANGED if record["unchanged"] else ADDED


def _part_of(row: PlanRow, catalogue: Mapping[str, LayerEntry], language: str, part: Progress) -> Progress:
    """The progress of one layer of a delivery, whose step is its title: the steps within are those of every layer."""
    entry = catalogue.get(row.code or "")
    return part.part(0.0, 1.0, entry.title.get(language) if entry is not None else row.code)


def _refused_result(
    rows: Sequence[PlanRow], problems: Mapping[int, Sequence[Problem]], options: IngestOptions
) -> dict[str, Any]:
    """The record of a delivery of which nothing went in: what stood against which layer."""
    shown = [
        replace(row, status=REFUSED, problems=tuple(problems[at])) if problems[at] and row.code else row
        for at, row in enumerate(rows)
    ]
    refused = [_refusal_record(row, problems[at], options.language) for at, row in enumerate(rows) if problems[at]]
    return _result(shown, [], refused, options)


def _refusal_record(row: PlanRow, problems: Sequence[Problem], language: str) -> dict[str, Any]:
    records = [problem_record(problem, language) for problem in problems]
    return {"source": row.source, "layer": row.layer, "code": row.code, "problems": records}


def _add_each(
    library: Library, folder: Path, rows: Sequence[PlanRow], options: IngestOptions, progress: Progress
) -> dict[str, Any]:
    """Layer by layer: what is refused is listed with its reasons, and the rest goes in."""
    shown, records, refused = [], [], []
    catalogue = library.catalogue()
    for row, part in zip(rows, progress.parts([1] * len(rows)), strict=True):
        problems = _placing_problems(row, catalogue)
        if row.status == MATCHED:
            try:
                source = str(_source_path(folder, row))
                layer_part = _part_of(row, catalogue, options.language, part)
                arguments = (options.required_fields, options.who, options.language, layer_part)
                wanted = _add_options(library, row, options, folder)
                records.append(add(library, source, wanted, *arguments))
                shown.append(replace(row, status=_state(records[-1])))
                continue
            except OneMapError as error:
                problems = list(error.problems)
        is_planned = row.status not in (LEFT_OUT, NOTE, UNREADABLE)
        shown.append(replace(row, status=REFUSED, problems=tuple(problems)) if is_planned else row)
        if problems:
            refused.append(_refusal_record(row, problems, options.language))
    return _result(shown, records, refused, options)


def _result(
    rows: Sequence[PlanRow],
    records: Sequence[dict[str, Any]],
    refused: Sequence[dict[str, Any]],
    options: IngestOptions,
) -> dict[str, Any]:
    """The contract's record. records: of the layers that went in, or that the library has already, by `add`."""
    of_state = {state: [one for one in records if _state(one) == state] for state in (ADDED, UNCHANGED)}
    result = {"plan": [row.record(options.language) for row in rows], **of_state, "refused": list(refused)}
    return result | ({"plan_file": str(options.plan)} if options.plan else {})

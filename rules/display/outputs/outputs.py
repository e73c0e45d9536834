"""The files of a check for people and programs: a GeoPackage, a folder of GeoParquet, sheets, or pages."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyproj

from onemap.layers.errors import OneMapError, Problem, require_value, sqlite_reason
from onemap.layers.files.atomic_output import atomic_output, check_places
from onemap.layers.in_threads import result_of
from onemap.layers.messages import LANGUAGES, ProblemRecord, in_each_language, problem_record
from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import NO_RECORD
from onemap.rules.contract.output_forms import CHECK_FORMS, PAGE_FORM, PARCEL_FORMS, TABLE_FORMS
from onemap.rules.judge.findings.table import Table

if TYPE_CHECKING:
    from onemap.rules.display.outputs.sheet_charts import SheetFigure
    from onemap.rules.display.outputs.sheet_titles import KnownTitles
    from onemap.rules.display.outputs.to_geopackage import GeoPackageOutput
    from onemap.rules.display.outputs.to_pages import PageOutput
    from onemap.rules.display.outputs.to_parquet import ParquetOutput

_ROWS_WRITTEN = 0.85  # of what `finish` waits for, when all rows are in the file


class Output(Protocol):
    """Tables being written to files; a run's tables come in parts, each for the next parcels."""

    def append(self, tables: Mapping[str, Table]) -> None:
        """Write the next rows of tables; a table is made when it comes first, even without rows."""

    def finish(self) -> None:
        """Write the remaining content after the last rows."""

    def close(self) -> None:
        """Close the files, whole or not."""


class Target(Output, Protocol):
    """An output that was asked for by its name."""

    def end(self) -> None:
        """Announce that no more rows come: the rest may be written in the background until `finish` is called."""

    def finish(self, progress: Progress = SILENT) -> None:
        """Write the remaining content after the last rows. progress: of this work."""

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """Remarks on content that the form could not hold, complete after `finish`."""


def check_targets(
    outs: Sequence[str], overwrite: bool, inputs: Iterable[str] = (), forms: Sequence[str] = TABLE_FORMS
) -> None:
    """Refuse targets before hours of work: all must differ, and none may be an input.

    forms: their possible endings.
    Raises OneMapError out.exists, out.folder, out.format, out.input, out.foreign, out.library, out.twice.
    """
    for target in map(Path, outs):
        if target.suffix.lower() not in forms:
            known_forms = [form or in_each_language("out_form.folder") for form in forms]
            raise OneMapError("out.format", file=target.name, field="--out", known=known_forms)
    check_places(map(Path, outs), overwrite, "--out", inputs)


@contextlib.contextmanager
def tables_written(
    tables: Mapping[str, Table],
    crs: pyproj.CRS,
    out: str,
    overwrite: bool,
    language: str | None = None,
    figures: "Sequence[SheetFigure]" = (),
    titles: "KnownTitles | None" = None,
    record: Mapping[str, Any] = NO_RECORD,
) -> Iterator[Target]:
    """Write all tables as a GeoPackage, an .xlsx without geometry, or (Geo)Parquet files in a folder; or parcels alone.

    language: of names and words in a sheet, None for codes; figures: native charts of an .xlsx; titles: those of ids
    that no table has; record: of what makes the tables, if none is that of a run.

    The files are written under other names and moved into place if the block ends without an error: record inside it
    what must be recorded with them. Raises OneMapError out.exists, out.folder, out.format, out.failed,
    out.too_many_rows.
    """
    with output_opened(crs, out, overwrite, language, figures, titles, record) as output:
        output.append(tables)
        output.finish()
        yield output


@contextlib.contextmanager
def output_opened(
    crs: pyproj.CRS,
    out: str,
    overwrite: bool,
    language: str | None = None,
    figures: "Sequence[SheetFigure]" = (),
    titles: "KnownTitles | None" = None,
    record: Mapping[str, Any] = NO_RECORD,
) -> Iterator[Target]:
    """An output like that of `tables_written`, for tables that come in parts.

    `append` each, then `finish`, then record, then leave the block. Raises OneMapError as `tables_written`.
    """
    target = Path(out).absolute()
    check_targets([out], overwrite, forms=CHECK_FORMS)
    with atomic_output(target, overwrite, "--out") as new_file:
        with _refusals(out):
            output = _output_to(new_file, crs, out, language, figures, titles, record)
        with contextlib.closing(output):
            yield output


def remark_records(targets: Iterable[Target], language: str) -> list[ProblemRecord]:
    """Remarks on content that the forms of some targets could not hold, as the contract's JSON objects."""
    return [problem_record(problem, language) for target in targets for problem in target.remarks]


class _LabelledOutput:
    """An output whose refusals name the target."""

    def __init__(self, output: Output, label: str) -> None:
        self._output = output
        self._label = label

    def append(self, tables: Mapping[str, Table]) -> None:
        """Write the next rows of some tables."""
        with _refusals(self._label):
            self._output.append(tables)

    def end(self) -> None:
        """Do nothing: no thread writes."""

    def finish(self, progress: Progress = SILENT) -> None:
        """Write the remaining content."""
        progress.at(0.0)
        with _refusals(self._label):
            self._output.finish()

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """Remarks on content that the form could not hold; most forms hold all."""
        remarks: tuple[Problem, ...] = getattr(self._output, "remarks", ())
        return remarks

    def close(self) -> None:
        """Close the files."""
        self._output.close()


class _PagesOutput(_LabelledOutput):
    """Pages, which are set when all rows are there."""

    def __init__(self, output: "PageOutput", label: str) -> None:
        super().__init__(output, label)
        self._pages = output

    def finish(self, progress: Progress = SILENT) -> None:
        """Set the pages."""
        self._pages.finish(progress)


class _BackgroundOutput(_LabelledOutput):
    """An output that writes in a thread of its own, one part behind, while the record is written."""

    def __init__(self, output: "GeoPackageOutput | ParquetOutput", label: str) -> None:
        super().__init__(output, label)
        self._writing = output
        self._writer, self._packer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._last: Future[None] | None = None
        self._finishing: Future[None] | None = None
        self._rows = 0  # that were given

    def append(self, tables: Mapping[str, Table]) -> None:
        """Write the next rows of tables as soon as those before are written. Raises errors in writing those."""
        if self._last is not None:
            result_of(self._last, SILENT.check)
        self._writing.begin(tables)
        self._rows += sum(table.count for table in tables.values())
        self._last = self._writer.submit(super().append, tables)

    def end(self) -> None:
        """Begin to write the remaining content; some of it is prepared while the last rows are written."""
        ready, last, finish = self._packer.submit(self._writing.make_ready), self._last, super().finish

        def work() -> None:
            if last is not None:
                last.result()
            ready.result()
            finish()

        self._finishing = self._writer.submit(work)

    def finish(self, progress: Progress = SILENT) -> None:
        """Write the remaining content. Raises errors in writing it, or the last rows."""
        rows_before = self._writing.rows
        left = max(self._rows - rows_before, 1)
        if self._finishing is None:
            self.end()
        finishing = require_value(self._finishing, "what was begun just now")
        result_of(finishing, lambda: progress.at(_ROWS_WRITTEN * (self._writing.rows - rows_before) / left))

    def close(self) -> None:
        """Close the files, once nobody writes any more."""
        self._writing.stop()
        for thread in (self._packer, self._writer):
            thread.shutdown(cancel_futures=True)
        super().close()


@contextlib.contextmanager
def _refusals(label: str) -> Iterator[None]:
    """Turn SQLite's errors in writing into refusals."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OneMapError("out.failed", file=label, field="--out", reason=sqlite_reason(error)) from error


def _output_to(
    path: Path,
    crs: pyproj.CRS,
    label: str,
    language: str | None,
    figures: "Sequence[SheetFigure]",
    titles: "KnownTitles | None",
    record: Mapping[str, Any],
) -> _LabelledOutput:
    """The output for a target's form; the library it needs is loaded only then."""
    if path.suffix.lower() == ".gpkg":
        from onemap.rules.display.outputs.to_geopackage import GeoPackageOutput

        return _BackgroundOutput(GeoPackageOutput(path, crs, language, record), label)
    if path.suffix.lower() == ".xlsx":
        from onemap.rules.display.outputs.to_sheets import SheetOutput

        return _LabelledOutput(SheetOutput(path, path.name, language, figures, titles, record), label)
    if path.suffix.lower() == PAGE_FORM:
        from onemap.rules.display.outputs.to_pages import PageOutput

        return _PagesOutput(PageOutput(path, path.name, language or LANGUAGES[0], titles), label)
    if path.suffix.lower() in PARCEL_FORMS:
        from onemap.rules.display.outputs.to_parcel_files import ParcelFileOutput

        return _LabelledOutput(ParcelFileOutput(path, path.name, crs, language), label)
    from onemap.rules.display.outputs.to_parquet import ParquetOutput

    return _BackgroundOutput(ParquetOutput(path, crs, record), label)

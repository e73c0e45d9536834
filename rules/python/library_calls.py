"""The calls that every method of a library makes: a folder for frames, refusals in words, answers as JSON.

A check that is not stored in a library is explained from the tables of its result.
"""

import contextlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyproj

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.library.library import Library, open_library
from onemap.layers.stores.geoparquet import KEY
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.findings.table import records_of
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.runs.explain import ExplainedRun
from onemap.rules.python.frame_files import FrameFiles, frame_files
from onemap.rules.python.verb_call import ProgressWish, Words, answer_of, refusals_in_words


class TablePlace(Protocol):
    """Tables by their names."""

    @property
    def names(self) -> list[str]:
        """The names of all tables."""

    def read(self, name: str) -> Any:
        """One of them, as a frame."""


class TableFolder:
    """A folder to which a verb writes its tables by `--out`; it is removed with the result that reads them."""

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="onemap-result-")
        self.path = Path(folder) / "tables"
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def names(self) -> list[str]:
        """The names of all tables: those of a run in their usual order, others alphabetically."""
        order = {name: at for at, name in enumerate(("parcels", *ROW_TABLES, "run", "unasked_rules"))}
        return sorted((path.stem for path in self.path.glob("*.parquet")), key=lambda name: (order.get(name, 99), name))

    def read(self, name: str) -> Any:
        """A GeoDataFrame, or a DataFrame if the table has no geometry."""
        path = self.path / f"{name}.parquet"
        has_geometry = KEY.encode() in pq.read_metadata(path).metadata
        return gpd.read_parquet(path) if has_geometry else pd.read_parquet(path)


class LibraryCalls:
    """One library, opened for each call and closed again after it."""

    def __init__(self, location: str, language: str, progress: ProgressWish) -> None:
        self.location = location
        self.language = language
        self._progress = progress
        self._session: dict[Any, Any] = {}
        self._is_closed = False
        with open_library(location) as library:
            self.name: str = library.name
            self.crs: pyproj.CRS = library.crs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<onemap library {self.name!r} {self.crs.to_string()}>"

    def close(self) -> None:
        """Close the library; earlier results stay valid."""
        self._is_closed = True

    def ask(self, verb: str, *, progress: ProgressWish = None, **values: Any) -> dict[str, Any]:
        """Run any verb on this library, with options by name (underscores for dashes), and return its JSON."""
        with self._call() as files:
            file_values = {name: files.place(v, name) if _is_frame(v) else v for name, v in values.items()}
            if "data" in file_values:
                file_values["data"] = files.facts(file_values["data"])
            return self._answer(verb, file_values, progress)

    @contextlib.contextmanager
    def _call(self) -> Iterator[FrameFiles]:
        with refusals_in_words(self.language), frame_files() as files:
            self._refuse_closed()
            yield files

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise UsageError("python.closed", file=self.name)

    def _answer(self, verb: str, values: Mapping[str, Any], progress: ProgressWish = None) -> dict[str, Any]:
        verb_values = {"library": self.location, **values}
        wish = self._progress if progress is None else progress
        return answer_of(verb, verb_values, self.language, wish, self._session)

    def _answer_with_tables(
        self, verb: str, values: Mapping[str, Any], progress: ProgressWish
    ) -> tuple[dict[str, Any], TableFolder]:
        """A verb's answer, and the tables that it wrote."""
        tables = TableFolder()
        return self._answer(verb, {**values, "out": [str(tables.path)]}, progress), tables


def _is_frame(value: object) -> bool:
    return isinstance(value, (gpd.GeoDataFrame, gpd.GeoSeries))


def as_list(words: Words | None) -> list[str] | None:
    """One word or several, as a list."""
    if words is None:
        return None
    return [str(words)] if isinstance(words, (str, PathLike)) else [str(word) for word in words]


def unrecorded_run(
    library: Library, record: Mapping[str, Any], tables: TablePlace, packs: Sequence[str]
) -> ExplainedRun:
    """A run from its record, its tables and the named packs. Raises OneMapError run.incomplete, pack.…."""
    run_packs = packs_of(library, packs, record["parameters"].get("code_system"))
    if [pack.hash for pack in run_packs] != [pack["hash"] for pack in record["packs"]]:  # one was changed since
        raise OneMapError("run.incomplete", file=library.label, run=record["id"])

    def rows(name: str, **conditions: str) -> list[dict[str, Any]]:
        if name not in tables.names:
            return []
        frame = tables.read(name)
        for column, value in conditions.items():
            frame = frame[frame[column] == value]
        return records_of(pd.DataFrame(frame.drop(columns="geometry", errors="ignore")))

    return ExplainedRun(cast(CheckRecord, record), run_packs, rows)

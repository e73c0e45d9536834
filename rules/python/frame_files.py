"""Frames for a verb to read: written as GeoPackages, so that they are read, placed and refused like files."""

import contextlib
import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd
import pyogrio

from onemap.layers.catalogue.toml_text import toml_string
from onemap.layers.errors import OneMapError, UsageError
from onemap.rules.judge.question.given_facts import TABLES
from onemap.rules.python.verb_call import Place, with_frame_names

Source: TypeAlias = Place | gpd.GeoDataFrame | gpd.GeoSeries
_WANTED = "geopandas.GeoDataFrame, geopandas.GeoSeries, str, pathlib.Path"
_ALWAYS = "2000-01-01T00:00:00.000Z"  # so that the same frame is the same file, with the same hash
_ROWS = "row_of_frame"  # what GDAL calls the numbers of rows, so that a column `fid` is one like any other
_AS_THEY_ARE = ("string", "empty", "bytes")
_NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float")
_DAYS = ("date", "datetime", "datetime64")


class FrameFiles:
    """A folder for the frames of one call; each becomes a file with the name of its parameter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: dict[str, str] = {}  # of the frames, by those of their files

    def place(self, source: Source | None, name: str) -> str | None:
        """The path or address by which a verb reads a source; None stays None.

        name: of the parameter; refusals and the record of a run use it for a frame.
        Raises UsageError python.kind, OneMapError python.geometry, python.column, source.empty.
        """
        if source is None or isinstance(source, (str, PathLike)):
            return None if source is None else str(source)
        if isinstance(source, gpd.GeoSeries):
            source = source.rename("geometry").to_frame().set_geometry("geometry")
        if not isinstance(source, gpd.GeoDataFrame):
            raise UsageError("python.kind", field=name, given=_kind_of(source), wanted=_WANTED)
        path = self._folder / f"{name}.gpkg"
        self.names[path.name] = name
        _write(_plain_frame(source, name), path)
        return str(path)

    def facts(self, facts: Place | Mapping[str, Any] | None, *, of_parcels: bool = False) -> str | None:
        """The path by which a verb reads facts, from a file or from a dictionary, which is written as TOML.

        of_parcels: whether they are facts of the parcels alone. Raises OneMapError python.column.
        """
        if not isinstance(facts, Mapping):
            return None if facts is None else str(facts)
        is_whole = not of_parcels or any(isinstance(facts.get(name), Mapping) for name in TABLES)
        path = self._folder / "data.toml"
        self.names[path.name] = path.stem
        path.write_text(_toml_lines(facts if is_whole else {TABLES[0]: facts}, "\n"), encoding="utf-8")
        return str(path)

    def places(self, sources: Source | Sequence[Source], name: str) -> list[str]:
        """The paths or addresses of one source, or of several, whose files are numbered.

        Raises as `place`, and UsageError python.kind if there is none.
        """
        each = list(sources) if isinstance(sources, (list, tuple)) else [sources]
        names = [name] if len(each) == 1 else [f"{name}{number}" for number in range(1, len(each) + 1)]
        paths = [place for one, its in zip(each, names, strict=True) if (place := self.place(one, its)) is not None]
        if len(paths) < max(len(each), 1):
            raise UsageError("python.kind", field=name, given="None" if each else "[]", wanted=_WANTED)
        return paths


@contextlib.contextmanager
def frame_files() -> Iterator[FrameFiles]:
    """A folder for the frames of one call, removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="onemap-frames-") as folder:
        files = FrameFiles(Path(folder))
        try:
            yield files
        except OneMapError as error:
            error.put_into_words(lambda problem: with_frame_names(problem, files.names))
            raise


def _toml_lines(content: Mapping[str, Any], between: str) -> str:
    """A dictionary's values as TOML, None left out. Raises OneMapError python.column."""
    lines = (
        f"{_toml_value(key, key)} = {_toml_value(key, value)}" for key, value in content.items() if value is not None
    )
    return between.join(lines)


def _toml_value(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{_toml_lines(value, ', ')}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml_value(name, item) for item in value)}]"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if not isinstance(value, (str, bool, int, float)):
        raise OneMapError("python.column", file="data", field=name, kind=_kind_of(value))
    return toml_string(value) if isinstance(value, str) else json.dumps(value)  # numbers are written alike


def _kind_of(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _plain_frame(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """The frame with columns that a file can hold. Raises OneMapError python.geometry, python.column, source.empty."""
    if frame._geometry_column_name is None or frame._geometry_column_name not in frame.columns:
        raise OneMapError("python.geometry", field=name)
    if len(frame) == 0:
        raise OneMapError("source.empty", file=name, layer=None)
    geometry = frame.geometry.name
    names = list(map(str, frame.columns))
    for column in frame.columns:
        if names.count(str(column)) > 1:
            raise OneMapError("python.column", file=name, field=str(column), kind="2 ×")
    plain = {str(column): _plain_column(frame[column], name) for column in frame.columns if column != geometry}
    columns = {key: values.reset_index(drop=True) for key, values in plain.items()}
    columns[str(geometry)] = gpd.GeoSeries(frame.geometry.to_numpy(), crs=frame.crs)
    return gpd.GeoDataFrame(columns, geometry=str(geometry), crs=frame.crs)


def _plain_column(values: pd.Series, name: str) -> pd.Series:
    """A column as text, numbers, truth or time. Raises OneMapError python.column."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in _AS_THEY_ARE or kind in _DAYS:
        return values
    if kind == "decimal":
        return pd.to_numeric(values)
    if kind in _NUMBERS:
        return values.convert_dtypes() if values.dtype == object else values
    raise OneMapError("python.column", file=name, field=str(values.name), kind=kind)


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _ALWAYS})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # without a CRS: that is refused, in words, when it is read
            pyogrio.write_dataframe(frame, path, layer=path.stem, driver="GPKG", layer_options={"FID": _ROWS})
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, TypeError) as error:
        raise OneMapError("python.column", file=path.stem, field=None, kind=str(error)[:200]) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})

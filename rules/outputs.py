"""What a check writes for people and programs: a GeoPackage, a folder of GeoParquet, or sheets."""

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from onemap.layers.beside import check_place, written_beside
from onemap.layers.errors import OneMapError
from onemap.rules.run_tables import Table

_MOST_SHEET_ROWS = 1_048_575
_MOST_CELL_CHARACTERS = 32_767


def check_target(out: str, overwrite: bool, inputs: Iterable[str] = ()) -> None:
    """Refuse a target before hours of work; none of the inputs may be overwritten.

    Raises OneMapError out.exists, out.folder, out.format, out.input, out.foreign.
    """
    target = Path(out)
    if target.suffix.lower() not in (".gpkg", ".xlsx", ""):
        raise OneMapError("out.format", file=target.name, field="--out")
    check_place(target, overwrite, "--out", inputs)


@contextlib.contextmanager
def tables_written(tables: dict[str, Table], crs: pyproj.CRS, out: str, overwrite: bool) -> Iterator[None]:
    """All tables as a GeoPackage, an .xlsx without geometry, or a folder of (Geo)Parquet files.

    They are written beside, and take their place when the block ends without an error: what must be recorded together
    with them is recorded inside. Raises OneMapError out.exists, out.folder, out.format, out.failed, out.too_many_rows.
    """
    check_target(out, overwrite)
    target = Path(out).absolute()
    with written_beside(target, overwrite, "--out") as beside:
        with _gdal_errors_as_refusals(target):
            if target.suffix.lower() == ".gpkg":
                _write_geopackage(tables, crs, beside)
            elif target.suffix.lower() == ".xlsx":
                _write_sheets(tables, beside, target)
            else:
                _write_parquet(tables, crs, beside)
        yield


@contextlib.contextmanager
def _gdal_errors_as_refusals(target: Path) -> Iterator[None]:
    """What GDAL cannot write becomes a refusal; it tells no error number of the disk."""
    try:
        yield
    except (DataSourceError, DataLayerError, FeatureError) as error:
        raise OneMapError("out.failed", file=target.name, field="--out", reason=str(error)[:200]) from error


def _frame(table: Table, crs: pyproj.CRS) -> pd.DataFrame:
    if table.geometries is None:
        return table.columns
    return gpd.GeoDataFrame(table.columns, geometry=gpd.GeoSeries(table.geometries, crs=crs))


def _write_geopackage(tables: dict[str, Table], crs: pyproj.CRS, path: Path) -> None:
    for name, table in tables.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty layer, or one without geometry, is meant
            pyogrio.write_dataframe(
                _frame(table, crs),
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type=table.geometry_type if table.geometries is not None else None,
                dataset_options={"VERSION": "1.3"} if not path.exists() else None,
                promote_to_multi=table.geometries is not None,
            )


def _write_parquet(tables: dict[str, Table], crs: pyproj.CRS, folder: Path) -> None:
    folder.mkdir()
    for name, table in tables.items():
        _frame(table, crs).to_parquet(folder / f"{name}.parquet", index=False)


def _write_sheets(tables: dict[str, Table], path: Path, target: Path) -> None:
    for name, table in tables.items():
        if len(table.columns) > _MOST_SHEET_ROWS:
            raise OneMapError("out.too_many_rows", file=target.name, layer=name, rows=len(table.columns))
    sheets = io.BytesIO()  # on a full disk a half-written one would complain once more when it is forgotten
    with pd.ExcelWriter(sheets, engine="openpyxl") as writer:
        for name, table in tables.items():
            columns = table.columns.copy()
            texts = [at for at, column in enumerate(columns) if columns[column].dtype == object]
            for at in texts:
                columns.isetitem(at, [_cell(value) for value in columns.iloc[:, at]])
            columns.to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 1))
            sheet = writer.sheets[name]
            for at in texts:
                # A text that begins with = is an attribute, and must never become a formula.
                for row in (row for row, value in enumerate(columns.iloc[:, at]) if str(value).startswith("=")):
                    sheet.cell(row + 2, at + 1).data_type = "s"
    path.write_bytes(sheets.getvalue())


def _cell(value: object) -> object:
    """Text that a sheet can hold: without control characters, and no longer than a cell."""
    return ILLEGAL_CHARACTERS_RE.sub("", value)[:_MOST_CELL_CHARACTERS] if isinstance(value, str) else value

"""Runs kept: in the library, so that they can be explained and repeated, and as files for people and programs."""

import contextlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import shapely
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from pyogrio.errors import DataSourceError

from onemap.layers.errors import OneMapError
from onemap.layers.library import Library, log
from onemap.rules.check import Run
from onemap.rules.run_tables import Table

_KEPT = ("parcels", "findings", "overlaps")
_MOST_SHEET_ROWS = 1_048_575
_MOST_CELL_CHARACTERS = 32_767


def record_run(library: Library, run: Run) -> None:
    """Keep a run and its rows in the library, in one transaction.

    Raises OneMapError library.read_only, library.busy, library.full.
    """
    with library.writing() as connection:
        record = json.dumps(run.record, ensure_ascii=False)
        connection.execute(
            "INSERT INTO onemap_runs VALUES (?,?,?,?)",
            (run.record["id"], run.record["started"], run.record["who"], record),
        )
        for name in _KEPT:
            table = run.tables[name]
            text = table.columns.to_json(orient="records", lines=True, force_ascii=False, double_precision=15)
            rows = text.splitlines() if len(table.columns) else []
            geometries = shapely.to_wkb(table.geometries)
            connection.executemany(
                "INSERT INTO onemap_run_rows VALUES (?,?,?,?,?)",
                (
                    (run.record["id"], name, at, row, geom)
                    for at, (row, geom) in enumerate(zip(rows, geometries, strict=True))
                ),
            )
        detail = {"verdicts": run.verdicts, "parameters": run.record["parameters"]}
        log(connection, run.record["who"], "check", run.record["id"], detail)


@contextlib.contextmanager
def _written_beside(target: Path, overwrite: bool) -> Iterator[Path]:
    """A place to write that takes the target's name when all of it is there.

    Raises OneMapError out.exists, out.folder, out.failed.
    """
    if target.exists() and not overwrite:
        raise OneMapError("out.exists", file=target.name, field="--out")
    if not target.parent.is_dir():
        raise OneMapError("out.folder", file=str(target.parent), field="--out")
    part = target.with_name(target.name + ".part")
    try:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
        part.mkdir()
        yield part / target.name
        if target.is_dir():
            shutil.rmtree(target)
        os.replace(part / target.name, target)
    except (OSError, DataSourceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OneMapError("out.failed", file=target.name, field="--out", reason=reason) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_target(out: str, overwrite: bool) -> None:
    """Refuse a target before hours of work. Raises OneMapError out.exists, out.folder, out.format."""
    target = Path(out)
    if target.suffix.lower() not in (".gpkg", ".xlsx", ""):
        raise OneMapError("out.format", file=target.name, field="--out")
    if target.exists() and not overwrite:
        raise OneMapError("out.exists", file=target.name, field="--out")
    if not target.absolute().parent.is_dir():
        raise OneMapError("out.folder", file=str(target.parent), field="--out")


def write_tables(tables: dict[str, Table], crs: pyproj.CRS, out: str, overwrite: bool) -> None:
    """All tables as a GeoPackage, an .xlsx without geometry, or a folder of (Geo)Parquet files.

    Raises OneMapError out.exists, out.folder, out.format, out.failed, out.too_many_rows.
    """
    check_target(out, overwrite)
    target = Path(out).absolute()
    with _written_beside(target, overwrite) as beside:
        if target.suffix.lower() == ".gpkg":
            _write_geopackage(tables, crs, beside)
        elif target.suffix.lower() == ".xlsx":
            _write_sheets(tables, beside, target)
        else:
            _write_parquet(tables, crs, beside)


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
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
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


def _cell(value: object) -> object:
    """Text that a sheet can hold: without control characters, and no longer than a cell."""
    return ILLEGAL_CHARACTERS_RE.sub("", value)[:_MOST_CELL_CHARACTERS] if isinstance(value, str) else value

"""Frames of dask-geopandas in and out, for those who have them: each partition is judged as a block.

    frame = dask_geopandas.read_parquet("parcels/")
    findings = check_frame(frame, "city.gpkg", id_field="DKBH", table="findings")
    findings.to_parquet("findings/")

Nothing is recorded in the library; for a run that can be repeated there is `check`. Workers need One Map installed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.systems import suggestion, transformation
from onemap.layers.errors import OneMapError, ProblemPlace
from onemap.layers.frames.fields import text_values
from onemap.layers.gdal_limits import limit_gdal_of_another
from onemap.layers.geometry.validity import sorted_geometries
from onemap.layers.library.library import Library, open_library
from onemap.rules.judge.check.check import judged_parcels, origin_of
from onemap.rules.judge.check.part_judgement import parcel_rows_of
from onemap.rules.judge.findings.run_tables import ROW_TABLES, RunRows
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcels import Parcels, dissolve_parts, no_parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import CheckPlan, check_plan_of
from onemap.rules.judge.question.question import CheckOptions, question_about

PARCELS = "parcels"
_TEXT = "string[pyarrow]"


def check_frame(
    frame: Any,
    library: str,
    *,
    id_field: str,
    table: str = PARCELS,
    packs: Sequence[str] = (),
    only: Sequence[str] = (),
    as_of: date | None = None,
    language: str = "en",
) -> Any:
    """Judge the parcels of a frame of dask-geopandas, partition by partition, when it is computed; a frame again.

    frame: with a CRS that leads to the library's without a choice of transformation; id_field: its column of ids, each
    once in all partitions; table: which of a run's tables, `parcels` or one of ROW_TABLES; packs: the library's if none
    is named. Rows are those of `check`, in the order of the partitions.
    Raises OneMapError for every refusal; those of single parcels when the frame is computed.
    """
    if table not in (PARCELS, *ROW_TABLES):
        raise OneMapError("usage.choice", field="table", value=table, allowed=[PARCELS, *ROW_TABLES])
    options = CheckOptions(PARCELS, packs=tuple(packs), only=tuple(only), as_of=as_of)
    with open_library(library, read_only=True) as library_here:
        refuse_unplaced(frame, library_here.crs)
        # In the library's plane before anything is measured: blocks share one origin.
        placed_frame = frame.to_crs(library_here.crs)
        bounds = np.asarray(placed_frame.total_bounds.compute(), dtype=float)
        question = question_about(library_here, options, language, no_parcels(PARCELS, ""))
        check_plan = check_plan_of(library_here, question, origin_of(library_here, bounds))
        nobody = parcel_rows_of(check_plan, library_here.crs, question.parcels)
        tables = RunRows(nobody, [], language).tables(Threads())
        nothing = _frame_of(tables[table], library_here)
    return placed_frame.map_partitions(_judge_partition, library, check_plan, id_field, table, nothing, meta=nothing)


def refuse_unplaced(frame: Any, target: pyproj.CRS) -> None:
    """Raise OneMapError crs.missing, crs.no_transformation where a frame does not lead to the target for certain."""
    if frame.crs is None:
        raise OneMapError("crs.missing", file=PARCELS, layer=None, suggestion=suggestion(None))
    transformation(pyproj.CRS(frame.crs), target, file=PARCELS, layer=None)


def _judge_partition(part: Any, library: str, check_plan: CheckPlan, id_field: str, table: str, nothing: Any) -> Any:
    """One partition's rows of one table."""
    if len(part) == 0:
        return nothing
    limit_gdal_of_another()
    with open_library(library, read_only=True) as library_here:
        parcels = _parcels(part, id_field)
        answer = judged_parcels(check_plan, check_plan.sources(library_here), parcels, Threads())
        return _frame_of(answer.tables[table], library_here)


def _parcels(part: Any, id_field: str) -> Parcels:
    """The parcels of a partition. Raises OneMapError field.missing, parcel.id, geometry.…."""
    place = ProblemPlace(file=PARCELS, layer=None)
    if id_field not in part.columns:
        names = list(map(str, part.columns))
        raise OneMapError("field.missing", field=id_field, option="--id", names=names, **place)
    ids = np.array(text_values(part[id_field].tolist()), dtype=object)
    if None in set(ids):
        raise OneMapError("parcel.id", feature=None, field=id_field, **place)
    sound = sorted_geometries(part.geometry.to_numpy(), "polygon", ids, False, place).require_sound(place)
    attributes = pd.DataFrame(part.drop(columns=part.geometry.name)).reset_index(drop=True).astype(object)
    attributes = attributes.where(attributes.notna(), None)
    return Parcels.as_read(ids, dissolve_parts(sound.geometries), attributes, id_field, PARCELS, "", ())


def _frame_of(table: Table, library: Library) -> Any:
    # Text as such, so that a partition without any is of the same type, and all can be written as one table.
    texts = {name: _TEXT for name in table.columns.columns if table.columns[name].dtype == object}
    columns = table.columns.astype(texts)
    if table.geometries is None:
        return columns
    shapes = gpd.GeoSeries(shapely.from_wkb(shapely.to_wkb(table.geometries)), crs=library.crs)
    return gpd.GeoDataFrame(columns, geometry=shapes)

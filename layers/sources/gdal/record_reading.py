"""Find the records of a file that break a bulk read: it is read record by record, and each broken one is named.

fiona does that if it is installed; else pyogrio, which is asked again for each record without geometry.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.stores.sql_text import compose_sql, sql_literal

BULK_ERRORS = (DataSourceError, DataLayerError, FeatureError, GeometryError)


@dataclass
class RecordSurvey:
    """A survey of records: how many there are, the errors by 0-based row, and shapes that bulk reading lacks."""

    count: int = 0
    broken: dict[int, str] = field(default_factory=dict)
    shapes: dict[int, shapely.Geometry] = field(default_factory=dict)

    def runs(self) -> Iterator[tuple[int, int, bool]]:
        """Yield the first row and the number of rows of each run, and whether its records are broken."""
        begin = 0
        for row in sorted(self.broken):
            if row > begin:
                yield begin, row - begin, False
            yield row, 1, True
            begin = row + 1
        if begin < self.count:
            yield begin, self.count - begin, False


def survey_records(content: Path, layer: str | int, driver: str, rows: frozenset[int] = frozenset()) -> RecordSurvey:
    """Survey a layer's records. rows: whose geometries are also wanted. Raises BULK_ERRORS if it cannot be opened."""
    with _gdal_words() as gdal_texts:
        try:
            import fiona  # its GDAL is loaded only where a file needs it
        except ImportError:
            return _survey_by_number(content, layer)
        try:
            # Nothing of the text is wanted here, and every byte is a sign in this encoding.
            reading = {"layer": layer, "driver": driver, "allow_unsupported_drivers": True, "encoding": "iso8859-1"}
            source = fiona.open(str(content.absolute()), **reading, **open_options(content))
        except SystemError:  # GDAL quotes bytes of the file that are no UTF-8, and fiona breaks over them
            return _survey_by_number(content, layer)
        except (fiona.errors.FionaError, ValueError, OSError) as error:
            raise DataSourceError(str(error)) from error
        with source:
            try:
                records = iter(source)
            except Exception as error:  # GDAL's own classes have no common one in fiona's interface
                raise DataSourceError(str(error)) from error
            return _survey_by_record(records, gdal_texts, rows)


def _survey_by_record(records: Iterator[Any], gdal_texts: list[str], rows: frozenset[int]) -> RecordSurvey:
    """Survey records one by one. gdal_texts: GDAL's messages meanwhile."""
    survey = RecordSurvey()
    while True:
        gdal_texts.clear()
        try:
            record = next(records)
        except StopIteration:
            return survey
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - of whatever kind, it is this record's
            survey.broken[survey.count] = str(error)[:200] or type(error).__name__
        else:
            if record.geometry is None and gdal_texts:
                survey.broken[survey.count] = gdal_texts[0][:200].rstrip(".")
            elif survey.count in rows and record.geometry is not None:
                survey.shapes[survey.count] = shapely.geometry.shape(record.geometry)
        survey.count += 1


@contextlib.contextmanager
def _gdal_words() -> Iterator[list[str]]:
    """Collect GDAL's messages through fiona while a record is read."""
    gdal_texts: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            gdal_texts.append(record.getMessage())

    logger, ear = logging.getLogger("fiona"), _Ear(logging.ERROR)
    propagates, hooks = logger.propagate, (sys.excepthook, sys.unraisablehook)
    # Words that are no UTF-8 break fiona's log, which prints that by these two; it is no news to the user.
    sys.excepthook, sys.unraisablehook = lambda *_: None, lambda _: None
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield gdal_texts
    finally:
        sys.excepthook, sys.unraisablehook = hooks
        logger.removeHandler(ear)
        logger.propagate = propagates


def _survey_by_number(content: Path, layer: str | int) -> RecordSurvey:
    """Survey records with pyogrio, which reads a broken one as one without geometry: each of these is read alone."""
    name, options = gdal_name(content), open_options(content)
    info = pyogrio.read_info(name, layer=layer, force_feature_count=True, **options)
    survey = RecordSurvey(int(info["features"]))
    # What goes wrong is reported at the end of a layer, so the end is not reached.
    _, fids, wkb, _ = pyogrio.raw.read(
        name, layer=layer, columns=[], return_fids=True, max_features=survey.count, encoding="iso8859-1", **options
    )
    survey.count = min(survey.count, len(fids))
    column = info["fid_column"] or "fid"
    for row in np.flatnonzero([body is None for body in wkb]).tolist():
        try:
            where = compose_sql("{column} = {fid}", column=column, fid=sql_literal(int(fids[row])))
            pyogrio.raw.read(name, layer=layer, columns=[], where=str(where), **options)
        except BULK_ERRORS as error:
            survey.broken[row] = str(error)[:200].rstrip(".")
    return survey


def read_runs(
    content: Path, layer: str | int, encoding: str, options: dict[str, str], survey: RecordSurvey
) -> tuple[dict[str, object], np.ndarray | None, list[np.ndarray]]:
    """Read metadata, geometries (n,) and columns: runs of whole records in bulk, broken ones without geometry."""
    shapes: list[np.ndarray] = []
    blocks: list[list[np.ndarray]] = []
    layer_meta: dict[str, object] = {}
    for first, count, is_broken in survey.runs():
        part = {"skip_features": first, "max_features": count, "read_geometry": not is_broken, **options}
        meta, _, wkb, columns = pyogrio.raw.read(gdal_name(content), layer=layer, encoding=encoding, **part)
        layer_meta = layer_meta or meta
        layer_meta = meta if not is_broken else layer_meta
        blocks.append(list(columns))
        empty = np.full(count, None, dtype=object)
        shapes.append(empty if wkb is None else geometries_of_wkb(wkb, on_invalid="ignore"))
    joined_columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    return layer_meta, np.concatenate(shapes) if shapes else None, joined_columns

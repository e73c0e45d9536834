"""The parcels of a check alone, in forms that hold one table: GeoJSON, FlatGeobuf, CSV, and DXF for CAD."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.crs.systems import transformation
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import LANGUAGES, list_text, phrase
from onemap.layers.provenance import NO_RECORD, PROVENANCE_KEY, provenance, provenance_words
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.display.maps.symbols import verdict_symbol
from onemap.rules.display.outputs.csv_rows import csv_bytes
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.judge.findings.run_tables import RUN_TABLE, record_in
from onemap.rules.judge.findings.table import Table, plain_values

_PARCELS = "parcels"
_WGS_84 = pyproj.CRS.from_epsg(4326)
_DIGITS = 9  # of a degree, behind the point: a tenth of a millimetre
_TEXT_SHARE, _TEXT_M = 0.05, (0.5, 25.0)  # how high a parcel's name is: of the side of a square of its area, in metres


class ParcelFileOutput:
    """`Output` to a file of parcels; what other tables have is left out, and reported. label: how messages name it."""

    def __init__(self, path: Path, label: str, crs: pyproj.CRS, language: str | None = None) -> None:
        """language: of the layers of a drawing. Raises OneMapError crs.no_transformation where WGS 84 is asked for."""
        self._path, self._label, self._crs, self._language = path, label, crs, language
        is_geojson = path.suffix.lower() == ".geojson"
        self._change = transformation(crs, _WGS_84, file=label) if is_geojson else None
        self._frames: list[pd.DataFrame] = []
        self._bodies: list[pa.Array] = []
        self._others: dict[str, int] = {}
        self._record: Mapping[str, Any] = NO_RECORD

    def append(self, tables: Mapping[str, Table]) -> None:
        """Keep the next rows of the parcels, and count the rows of other tables."""
        if RUN_TABLE in tables:
            self._record = record_in(tables[RUN_TABLE])
        for name, table in tables.items():
            if name == _PARCELS:
                self._frames.append(table.columns)
                self._bodies.append(table.wkb)
            else:
                self._others[name] = self._others.get(name, 0) + table.count

    def finish(self) -> None:
        """Write the file. Raises OneMapError out.failed."""
        frames_with_rows = [frame for frame in self._frames if len(frame)] or self._frames[:1]
        columns = pd.concat(frames_with_rows, ignore_index=True)
        grounds = shapely.from_wkb(pa.concat_arrays(self._bodies).to_numpy(zero_copy_only=False))
        writers: dict[str, Callable[[pd.DataFrame, np.ndarray], None]] = {
            ".geojson": self._write_geojson,
            ".fgb": self._write_flatgeobuf,
            ".csv": self._write_csv,
            ".dxf": self._write_drawing,
        }
        writers[self._path.suffix.lower()](columns, grounds)

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """Remarks on content that the file leaves out."""
        suffix = self._path.suffix.lower()
        omitted_names = {one: self._left_out(suffix, one) for one in LANGUAGES}
        return (Problem("out.parcels_only", {"file": self._label, "left_out": omitted_names}),)

    def close(self) -> None:
        """Forget what was kept."""
        self._frames.clear()
        self._bodies.clear()

    def _left_out(self, suffix: str, language: str) -> str:
        words = SheetWords(language)
        parts = [words.name(name) for name, count in self._others.items() if count]
        if suffix == ".csv":
            parts.append(phrase("out_parcels.ground", language))
        if suffix == ".dxf":
            parts.append(phrase("out_parcels.columns", language))
        return list_text(parts, language) or phrase("out_parcels.nothing", language)

    def _write_geojson(self, columns: pd.DataFrame, grounds: np.ndarray) -> None:
        """Write GeoJSON in WGS 84, as RFC 7946 demands."""
        if (change := self._change) is not None:
            grounds = shapely.transform(grounds, lambda points: np.column_stack(change(*points.T)))
        origin = json.dumps(
            {PROVENANCE_KEY: json.loads(provenance(self._record))}, ensure_ascii=False
        )  # one more member
        options = {"RFC7946": "YES", "COORDINATE_PRECISION": _DIGITS, "NATIVE_DATA": origin}
        options["NATIVE_MEDIA_TYPE"] = "application/vnd.geo+json"
        self._write_vector(columns, grounds, _WGS_84, "GeoJSON", options)

    def _write_flatgeobuf(self, columns: pd.DataFrame, grounds: np.ndarray) -> None:
        # An index of its own would put the parcels into its order.
        self._write_vector(
            columns, grounds, self._crs, "FlatGeobuf", {"SPATIAL_INDEX": "NO", "DESCRIPTION": provenance(self._record)}
        )

    def _write_vector(
        self, columns: pd.DataFrame, grounds: np.ndarray, crs: pyproj.CRS, driver: str, options: Mapping[str, Any]
    ) -> None:
        import geopandas as gpd  # here: few ask for such a file
        import pyogrio

        frame = gpd.GeoDataFrame(columns.convert_dtypes(), geometry=gpd.GeoSeries(grounds, crs=crs))
        try:
            pyogrio.write_dataframe(frame, self._path, layer=_PARCELS, driver=driver, **options)
        except (pyogrio.errors.DataSourceError, ValueError, RuntimeError) as error:
            raise OneMapError("out.failed", file=self._label, field="--out", reason=str(error)[:200]) from error

    def _write_csv(self, columns: pd.DataFrame, grounds: np.ndarray) -> None:
        values = [plain_values(columns[name]) for name in columns]
        self._path.write_bytes(csv_bytes(list(map(str, columns)), zip(*values, strict=True)))

    def _write_drawing(self, columns: pd.DataFrame, grounds: np.ndarray) -> None:
        """Outlines of parcels, in metres of the library's plane, on a layer for each verdict; names on another."""
        import ezdxf  # takes its time, and few ask for a drawing
        from ezdxf import colors, units
        from ezdxf.enums import TextEntityAlignment

        language = self._language
        drawing = ezdxf.new("R2010")
        drawing.units = units.M
        drawing.header.custom_vars.append(PROVENANCE_KEY, provenance_words(self._record))
        names = {one: phrase(f"verdict.{one}", language) if language else one for one in VERDICTS}
        for verdict, name in names.items():
            red, green, blue = bytes.fromhex((verdict_symbol(verdict, language or "en").stroke or "#000000")[1:])
            drawing.layers.add(name, true_color=colors.rgb2int((red, green, blue)))
        of_names = drawing.layers.add(phrase("out_parcels.names", language) if language else "names").dxf.name
        space = drawing.modelspace()
        inside = shapely.get_coordinates(shapely.point_on_surface(grounds))
        heights_m = np.clip(np.sqrt(shapely.area(grounds)) * _TEXT_SHARE, *_TEXT_M)
        parcels, verdicts = columns["parcel"].tolist(), columns["verdict"].tolist()
        for ground, parcel, verdict, at, height_m in zip(grounds, parcels, verdicts, inside, heights_m, strict=True):
            for ring in shapely.get_rings(shapely.get_parts(ground)):
                points = shapely.get_coordinates(ring)[:-1].tolist()
                space.add_lwpolyline(points, close=True, dxfattribs={"layer": names[verdict]})
            text = space.add_text(" ".join(str(parcel).split()), height=float(height_m), dxfattribs={"layer": of_names})
            text.set_placement(at, align=TextEntityAlignment.MIDDLE_CENTER)
        drawing.saveas(self._path)

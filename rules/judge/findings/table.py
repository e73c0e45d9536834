"""One table of a run: columns of plain values, the geometry of each row, and the extent of them all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pandas.api.extensions import ExtensionArray

from onemap.layers.geometry.boxes import Bounds, box_around
from onemap.layers.geometry.wkb_boxes import shapes_of_wkb, wkb_boxes, wkb_types
from onemap.layers.records import Record
from onemap.rules.judge.findings.findings import FindingColumns

Row = dict[str, Any]  # of a table or an answer, by column
_TEXT_COLUMNS = {
    "parcel",
    "rule",
    "pack",
    "department",
    "layer",
    "version",
    "verdict",
    "reason",
    "title",
    "basis",
    "feature",
    "attributes",
    "known_verdict",
    "keys",
    *("ownership", "class", "class_name", "group", "replaced", "layer_title", "excused_by"),
    *("alternative", "departments", "verdict_before", "verdict_after"),
}
_NOTHING = np.empty(0, dtype=object)
_NAMES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}


@dataclass(frozen=True)
class Extent:
    """The box of geometries (west, south, east, north), None without any ground, and their types by name."""

    box: Bounds | None
    kinds: frozenset[str]


def extent_of(geometries: np.ndarray) -> Extent:
    """The extent of geometries (n,), of which some may be missing or empty."""
    there = geometries[~shapely.is_missing(geometries)]
    return extent_from(shapely.bounds(geometries), np.unique(shapely.get_type_id(there)).tolist())


def extent_from(boxes: np.ndarray, types: Iterable[int]) -> Extent:
    """The extent of geometries by their boxes (n, 4) and their types, as shapely numbers them."""
    kinds = frozenset(_NAMES[shapely.GeometryType(kind).name] for kind in types)
    return Extent(box_around(boxes), kinds)


def joined_extent(parts: Iterable[Extent]) -> Extent:
    """The extent of all parts together."""
    some = list(parts)
    boxes = np.array([part.box for part in some if part.box is not None]).reshape(-1, 4)
    return Extent(box_around(boxes), frozenset(kind for part in some for kind in part.kinds))


def open_ground(finding: Mapping[str, Any]) -> tuple[str, str, float]:
    """A key for the ground that a finding leaves unknown; findings of a layer with the same key are one row of a list.

    The dock, which reads the findings from their table, makes the same key: `in_rows` of its results.
    """
    return finding["parcel"], finding["reason"], round(finding.get("area_m2") or 0.0, 3)


@dataclass(frozen=True)
class Table:
    """One table of a run: its columns, its geometries (n,) or None, and their GeoPackage type."""

    columns: pd.DataFrame
    geometries: np.ndarray | None = None
    geometry_type: str = "MultiPolygon"

    @cached_property
    def wkb(self) -> pa.Array:
        """The geometries as WKB (n,), made once for all who write them; only of a table that has some."""
        return pa.array(shapely.to_wkb(self.geometries, byte_order=1), pa.large_binary())

    @cached_property
    def arrays(self) -> Mapping[str, Any]:
        """The columns (n,) by name, of numpy or pandas."""
        return {str(name): self.columns[name] for name in self.columns.columns}

    @property
    def count(self) -> int:
        """How many rows it has."""
        return len(self.columns)

    @property
    def has_geometries(self) -> bool:
        """Whether its rows have geometries."""
        return self.geometries is not None

    def values(self, name: str) -> np.ndarray:
        """A column as plain values (n,)."""
        values: np.ndarray = self.columns[name].to_numpy(dtype=object)
        return values

    def plain(self, name: str) -> list[Any]:
        """A column as plain values, with None for null."""
        return plain_values(self.columns[name])

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of its geometries (n, 4); only of a table that has some."""
        boxes: np.ndarray = shapely.bounds(self.geometries).reshape(-1, 4)
        return boxes

    @cached_property
    def extent(self) -> Extent:
        """Where its geometries lie, and of which types they are; only of a table that has some."""
        return extent_of(_NOTHING if self.geometries is None else self.geometries)


class WrittenTable(Table):
    """A table in the form in which it is written: arrays by column, and the geometries as WKB (n,), or None.

    The frame and the geometries are made when somebody asks for them: for a few rows a frame takes most of the time.
    """

    def __init__(
        self,
        arrays: Mapping[str, Any],
        wkb: pa.Array | None = None,
        boxes: np.ndarray | None = None,
        geometry_type: str = "MultiPolygon",
    ) -> None:
        """arrays: see `typed_arrays`; boxes: of the geometries, None of a table without."""
        self.__dict__.update(arrays=arrays, wkb=wkb, boxes=boxes, geometry_type=geometry_type)

    @cached_property
    def arrays(self) -> Mapping[str, Any]:
        """The columns (n,) by name, with the types of any run's tables."""
        raise NotImplementedError

    @cached_property
    def columns(self) -> pd.DataFrame:
        """The columns as a frame of n rows."""
        return _frame_of(self.arrays)

    @property
    def count(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.arrays.values())))

    def values(self, name: str) -> np.ndarray:
        """A column as plain values (n,)."""
        return np.asarray(self.arrays[name], dtype=object)

    def plain(self, name: str) -> list[Any]:
        """A column as plain values, None for missing values; text columns already have this form."""
        values = self.arrays[name]
        texts: list[Any] = values.tolist() if values.dtype == object else plain_values(values)
        return texts

    @cached_property
    def geometries(self) -> np.ndarray | None:
        """The geometries (n,), None of a table that has none."""
        return shapes_of_wkb(self.wkb) if self.has_geometries else None

    @property
    def has_geometries(self) -> bool:
        """Whether it is a table of ground."""
        return self.wkb is not None

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of its geometries (n, 4), none of which is made for it."""
        return wkb_boxes(self.wkb)

    @cached_property
    def extent(self) -> Extent:
        """Where its geometries lie, and of which types they are."""
        return extent_from(self.boxes, wkb_types(self.wkb)) if self.has_geometries else extent_of(_NOTHING)


def plain_values(values: Any) -> list[Any]:
    """A column (n,), of numpy or pandas, as plain values, None for missing values."""
    if values.dtype.kind in "biu" and isinstance(values.dtype, np.dtype):  # in these none is missing
        whole: list[Any] = values.tolist()
        return whole
    missing = np.flatnonzero(pd.isna(values))
    if len(missing) == len(values):
        return [None] * len(values)
    plain: list[Any] = values.astype(object).tolist()
    for row in missing.tolist():
        plain[row] = None
    return plain


def records_of(columns: pd.DataFrame) -> list[Record]:
    """The rows of a table as JSON objects."""
    plain = {name: plain_values(columns[name]) for name in columns.columns}
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def whole_columns(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The columns of a table whose rows came in parts; a part without rows does not decide their types."""
    parts_with_rows = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(parts_with_rows, ignore_index=True)


TypedColumns = dict[str, np.ndarray | ExtensionArray]  # of a table, by name; whole numbers may be missing


def typed_columns(columns: pd.DataFrame | FindingColumns, names: Sequence[str] | None = None) -> pd.DataFrame:
    """`typed_arrays` as a frame."""
    return _frame_of(typed_arrays(columns, names))


def typed_arrays(columns: pd.DataFrame | FindingColumns, names: Sequence[str] | None = None) -> TypedColumns:
    """Text as objects, flags as booleans, numbers as they are, so that an empty table has the same types.

    names: the columns in the wanted order; one that is missing has no value in any row.
    """
    count = len(next(iter(columns.values()))) if isinstance(columns, dict) else len(columns)
    nothing = np.full(count, None, dtype=object)
    arrays: TypedColumns = {}
    for name in names or list(map(str, columns)):
        values = np.asarray(columns[name]) if name in columns else nothing
        array: np.ndarray | ExtensionArray
        if name in _TEXT_COLUMNS:
            array = _texts(values)
        elif name in ("counted", "estimated", "assumed", "within_error", "check_differs", "passes"):
            array = values.astype(bool)
        elif name == "parts":
            array = values.astype(np.int64)
        elif name in ("features", "findings", "unknown_rules"):
            array = pd.array(values, dtype="Int64")
        else:
            array = values.astype(float)
        arrays[name] = array
    return arrays


def _frame_of(arrays: Mapping[str, Any]) -> pd.DataFrame:
    index = pd.RangeIndex(len(next(iter(arrays.values()))))
    series = {name: pd.Series(values, index=index, dtype=values.dtype) for name, values in arrays.items()}
    return pd.DataFrame(series, index=index, copy=False)  # all columns are its own already


def _texts(values: np.ndarray) -> np.ndarray:
    """Text, with None where there is none."""
    plain = values.astype(object)
    plain[pd.isna(plain)] = None
    return plain

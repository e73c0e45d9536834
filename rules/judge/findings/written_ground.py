"""The ground of rows for tables: in the library's plane, as WKB, with its measures."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.findings.findings import FindingColumns
from onemap.rules.judge.inputs.parcel_rows import GroundsInLibrary, ParcelRows
from onemap.rules.judge.overlay.threads import Threads

_AT_ONCE = 20_000  # grounds in one call, which hears of no cancellation meanwhile


def write_findings(findings: FindingColumns, parcels: ParcelRows, threads: Threads) -> None:
    """Put in place of findings' ground `_wkb`, `_box`, and their areas on the ellipsoid."""
    write_grounds(findings, parcels, threads, {"area_ellipsoidal_m2": lambda own: own.area_ellipsoidal_m2})
    # Where a rule measures no area, there is none on the ellipsoid either: 0 would say that it was measured.
    findings["area_ellipsoidal_m2"] = np.where(np.isnan(findings["area_m2"]), np.nan, findings["area_ellipsoidal_m2"])


def write_overlaps(overlaps: FindingColumns, parcels: ParcelRows, threads: Threads) -> None:
    """Put in place of overlaps' ground `_wkb`, `_box` and `_dimension`."""
    write_grounds(overlaps, parcels, threads, {"_dimension": lambda own: own.dimension})


def write_grounds(
    rows: FindingColumns,
    parcels: ParcelRows,
    threads: Threads,
    measures: Mapping[str, Callable[[GroundsInLibrary], np.ndarray]] = MappingProxyType({}),
) -> None:
    """Put in place of ground `_wkb` and `_box`, and what is measured of it there by name."""
    ground: FlatGround = rows.pop("_ground")
    parcel = rows["_parcel"]

    def write(some: slice) -> dict[str, Any]:
        own = parcels.grounds_in_library(ground.at(np.arange(some.start, some.stop)), parcel[some])
        found = {name: measure(own) for name, measure in measures.items()}
        return {"_wkb": own.wkb(), "_box": own.boxes, **found}

    parts = threads.each(write, list(blocks(len(ground), _AT_ONCE)) or [slice(0, 0)])
    rows |= {name: one_after_the_other([part[name] for part in parts]) for name in parts[0]}


def one_after_the_other(columns: list[Any]) -> Any:
    """Columns of blocks as one: arrays of numpy or of Arrow."""
    if len(columns) == 1:
        return columns[0]
    return pa.concat_arrays(columns) if isinstance(columns[0], pa.Array) else np.concatenate(columns)

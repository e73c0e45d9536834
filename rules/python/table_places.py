"""Where the tables of a result lie: in a folder of GeoParquet files, or still to be computed."""

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from onemap.layers.stores.geoparquet import KEY
from onemap.rules.judge.findings.run_tables import ROW_TABLES


class TablePlace(Protocol):
    """Tables by their names."""

    @property
    def names(self) -> list[str]:
        """The names of all tables."""

    def read(self, name: str) -> Any:
        """One of them, as a frame."""


class TableFolder:
    """A folder that a verb writes its tables into with `--out`; it goes with the result that reads from it."""

    def __init__(self) -> None:
        held = tempfile.mkdtemp(prefix="onemap-result-")
        self.path = Path(held) / "tables"
        weakref.finalize(self, shutil.rmtree, held, ignore_errors=True)

    @property
    def names(self) -> list[str]:
        """The names of all tables: those of a run in their order, others by the alphabet."""
        order = {name: at for at, name in enumerate(("parcels", *ROW_TABLES, "run", "unasked_rules"))}
        return sorted((path.stem for path in self.path.glob("*.parquet")), key=lambda name: (order.get(name, 99), name))

    def read(self, name: str) -> Any:
        """A GeoDataFrame, or a DataFrame of a table without geometry."""
        path = self.path / f"{name}.parquet"
        has_geometry = KEY.encode() in pq.read_metadata(path).metadata
        return gpd.read_parquet(path) if has_geometry else pd.read_parquet(path)

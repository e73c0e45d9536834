"""Features as the log knows them: which rows an action has put into a table, and the hash of what they hold.

A checksum of every row lies beside them in the library, so that `verify` names the rows that are another's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.library.library import TABLES
from onemap.layers.library.versions import content_hash, digest_geometries, row_hashes
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import insert_logged
from onemap.layers.stores.store import StoreConnection

FEATURES = "features"  # under which the log keeps them


@dataclass(frozen=True)
class LoggedFeatures:
    """Rows of a table of features: from which fid on, how many, their hash; raster: they say where rasters lie."""

    table: str
    first: int
    count: int
    hash: str
    raster: bool = False

    def detail(self) -> dict[str, Any]:
        """The rows as an entry of the log keeps them."""
        return {FEATURES: asdict(self)}

    @property
    def name(self) -> str:
        """The name under which the checksums of the rows are kept."""
        return self.table if self.first == 1 else f"{self.table} {self.first}"


def features_of_detail(detail: Mapping[str, Any]) -> Iterator[LoggedFeatures]:
    """The part of a log entry about features, if it has one in the required form."""
    values, kinds = detail.get(FEATURES), {"table": str, "first": int, "count": int, "hash": str, "raster": bool}
    if isinstance(values, dict) and {name: type(value) for name, value in values.items()} == kinds:
        yield LoggedFeatures(**values)


class NoDigest:
    """A digest that computes nothing, for rows whose hash is not needed."""

    def update(self, content: bytes | memoryview, /) -> None:
        """Take nothing into a hash."""


def checksums(geometries: np.ndarray, attributes: pd.DataFrame) -> np.ndarray:
    """The checksum of each row (n,)."""
    columns = [attributes[name].tolist() for name in attributes.columns]
    return row_hashes(digest_geometries(NoDigest(), geometries), columns)


def log_features(
    connection: StoreConnection, table: str, first: int, geometries: np.ndarray, attributes: pd.DataFrame
) -> Record:
    """Keep the checksums of rows that were put into a table, and say what the log is to keep of them.

    geometries (n,), attributes (n rows): as they are stored.
    """
    written = LoggedFeatures(table, first, len(geometries), content_hash(geometries, attributes))
    kept = checksums(geometries, attributes).tobytes()
    insert_logged(connection, TABLES["onemap_row_hashes"], [(written.name, kept)])
    return written.detail()

"""The spatial index of a table of features in a file: what lies near a box, and whether every feature is in it."""

from collections.abc import Sequence

from onemap.layers.stores.sql_text import Sql, compose_sql
from onemap.layers.stores.store import DamagedTable, Executor

INDEX_PARTS = ("node", "parent", "rowid")  # in which SQLite keeps a spatial index


def index_tables(table: str) -> list[str]:
    """The virtual table of a table's spatial index, and those in which SQLite keeps it."""
    index = f"rtree_{table}_geom"
    return [index, *(f"{index}_{part}" for part in INDEX_PARTS)]


def near(table: str) -> Sql:
    """Behind SELECT id: the features whose boxes meet a box, which `corners` gives as parameters."""
    return compose_sql(
        "FROM {index} WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?", index=f"rtree_{table}_geom"
    )


def corners(box: Sequence[float]) -> tuple[float, ...]:
    """West, south, east, north in the order of `near`."""
    return box[0], box[2], box[1], box[3]


def check_index(connection: Executor, table: str, count: int) -> None:
    """Raises DamagedTable where the index lost entries: it would hide features, and hidden is not clear."""
    indexed = compose_sql("SELECT count(*) FROM {entries}", entries=f"rtree_{table}_geom_rowid")
    if connection.execute(indexed).fetchone()[0] != count:
        raise DamagedTable("the spatial index does not hold every feature")

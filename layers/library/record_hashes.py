"""What is said of a library and of each version, as hashes that the log keeps: no date and no coverage changes unseen.

The rows of versions have a hash of their own (`versions.content_hash`).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.stores.store import StoreConnection

KEY = "record"  # under which the log keeps such a hash
_VERSION = (
    "code, number, table_name, label, valid_from, valid_to, recorded_at, recorded_by, count, hash, source, source_hash,"
    " coverage_kind, coverage_m2, coverage, accuracy_m, report"
)
_LAYER = "code, title, department, library, kind, geometry, key"


def library_hash(connection: StoreConnection) -> str:
    """Of a library's id and plane, the packs by which it is checked, and its district."""
    return _hash(
        [
            *connection.execute("SELECT key, value FROM onemap_library WHERE key IN ('id', 'srs_id') ORDER BY key"),
            *connection.execute("SELECT position, id, content FROM onemap_packs ORDER BY position"),
            *connection.execute("SELECT fid, geom FROM onemap_district ORDER BY fid"),
        ]
    )


def version_hash(connection: StoreConnection, table: str) -> str:
    """Of all that is said of a version: label, times, coverage, source, and the hash of its rows."""
    return _hash(connection.execute(f"SELECT {_VERSION} FROM onemap_versions WHERE table_name = ?", (table,)))


def layer_hash(connection: StoreConnection, code: str) -> str:
    """Of a layer that `--define` has added to the library's catalogue."""
    return _hash(connection.execute(f"SELECT {_LAYER} FROM onemap_catalogue WHERE code = ?", (code,)))


def _hash(rows: Any) -> str:
    return hashlib.sha256(json.dumps([_plain(row) for row in rows], ensure_ascii=False).encode()).hexdigest()


def _plain(row: Sequence[Any]) -> list[Any]:
    return [hashlib.sha256(value).hexdigest() if isinstance(value, (bytes, memoryview)) else value for value in row]


@dataclass(frozen=True)
class LogEntry:
    """An entry of the log that may keep such a hash: of what, in which table, and where problems say it lies.

    hash: None of entries of before they were kept, and where the entry is damaged, which the chain tells.
    """

    action: str
    subject: str
    hash: str | None
    place: dict[str, Any]


def log_entries(connection: StoreConnection, label: str, tables: Mapping[str, str]) -> Iterator[LogEntry]:
    """The entries of some actions, in their order.

    label: what problems call the library.
    tables: by action, the table in which it left something.
    """
    sql = "SELECT at, who, action, subject, detail FROM onemap_audit ORDER BY number"
    for at, who, action, subject, text in connection.execute(sql).fetchall():
        if action in tables:
            place = {"file": label, "layer": tables[action], "feature": subject, "at": at, "who": who}
            yield LogEntry(action, subject, _kept_hash(text), place)


def _kept_hash(text: str) -> str | None:
    try:
        detail = json.loads(text)
    except ValueError:
        return None
    return detail.get(KEY) if isinstance(detail, dict) else None

"""Whether a library still is what was put into it: the chain of its log, and every row of every version."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library import record_hashes
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.versions import (
    StoredFeatures,
    Version,
    content_hash,
    digest_geometries,
    row_hashes,
    stored_features,
    versions,
)
from onemap.layers.progress import Progress
from onemap.layers.rasters.rasters import checked_raster, reference_of
from onemap.layers.stores.store import DamagedTable, chained_hash

_MOST_ROWS = 20  # that a problem names
_LEAST_SIGNS = 8  # of a hash, so that no other row's is taken for it
_A_TABLE = 500  # what a table takes besides its rows, in rows
_READ = 0.5  # of the work on a table, when it is read


class _NullDigest:
    """A digest that nobody asks for."""

    def update(self, content: bytes, /) -> None:
        """Take in nothing."""


def chain_problems(library: Library) -> list[Problem]:
    """Rows of the audit log that do not follow from the row before, or whose content is not what was hashed."""
    found, before, last = [], "", 0
    sql = "SELECT number, at, who, action, subject, detail, content_hash, previous_hash, hash FROM onemap_audit"
    for number, at, who, action, subject, detail, content, previous, chained in library.connection.execute(
        f"{sql} ORDER BY number"
    ):
        place = {"file": library.label, "layer": "onemap_audit", "feature": str(number), "at": at}
        if content != sha256(detail) or not _is_json(detail):
            found.append(Problem("verify.content", place))
        is_next = number == last + 1
        if not is_next or previous != before or chained != chained_hash(before, at, who, action, subject, content):
            found.append(Problem("verify.chain", place))
        before, last = chained, number
    return found


def head_problems(library: Library, printed: str) -> list[Problem]:
    """Whether the chain's head that a document prints is the hash of a row of this log; at least eight signs of it.

    Raises OneMapError verify.head_short.
    """
    wanted = "".join(printed.lower().split())
    if len(wanted) < _LEAST_SIGNS:
        raise OneMapError("verify.head_short", field="--head", least=_LEAST_SIGNS)
    hashes = [row[0] for row in library.connection.execute("SELECT hash FROM onemap_audit")]
    if any(known.startswith(wanted) for known in hashes):
        return []
    return [Problem("verify.head", {"file": library.label, "layer": "onemap_audit", "field": "--head", "head": wanted})]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def record_problems(library: Library) -> list[Problem]:
    """What is said of the library, of a version or of a layer, and is not what was logged; and versions that are gone.

    Entries of before such hashes were kept say nothing.
    """
    connection, found = library.connection, []
    here = {row[0] for row in connection.execute("SELECT table_name FROM onemap_versions")}
    hashes: dict[str, Callable[[str], str]] = {
        "new": lambda _: record_hashes.library_hash(connection),
        "define": lambda code: record_hashes.layer_hash(connection, code),
        "add": lambda table: record_hashes.version_hash(connection, table),
    }
    tables = {"new": "onemap_library", "define": "onemap_catalogue", "add": "onemap_versions"}
    for entry in record_hashes.log_entries(connection, library.label, tables):
        if entry.action == "add" and entry.subject not in here:
            found.append(Problem("verify.record_gone", entry.place))
        elif entry.hash is not None and entry.hash != hashes[entry.action](entry.subject):
            found.append(Problem("verify.record_changed", entry.place))
    return found


def version_problems(library: Library, progress: Progress) -> list[Problem]:
    """Versions whose rows are not those that were added, or whose raster is gone or another; and what was set aside.

    A problem names the rows and since when the version stood there whole.
    """
    listed = versions(library)
    logged = {(subject, detail.get("hash")) for subject, detail in _log_entries(library, "add")}
    kept = _row_hashes(library)
    rasters = {code for code, entry in library.catalogue().items() if entry.geometry == "raster"}
    aside = _log_entries(library, "set_aside")
    of_aside = [detail.get("count") for _, detail in aside]
    counts = [version.count for version in listed] + [count if isinstance(count, int) else 0 for count in of_aside]
    parts = progress.parts([_A_TABLE + count for count in counts])
    found = []
    for version, part in zip(listed, parts, strict=False):
        place = {"file": library.label, "layer": version.table, "since": version.recorded_at}
        if (version.table, version.hash) not in logged:
            found.append(Problem("verify.unlogged", place))
        found += _version(library, version, place, kept.get(version.table), version.code in rasters, part)
    return found + _set_aside(library, aside, parts[len(listed) :])


def _log_entries(library: Library, action: str) -> list[tuple[str, dict[str, Any]]]:
    """What the log says of an action: its subjects and details, which may be damaged."""
    sql = "SELECT subject, detail FROM onemap_audit WHERE action = ? ORDER BY number"
    rows = library.connection.execute(sql, (action,))
    return [(subject, json.loads(detail)) for subject, detail in rows if _is_json(detail)]


def _row_hashes(library: Library) -> dict[str, np.ndarray]:
    if not library.has_table("onemap_row_hashes"):
        return {}
    rows = library.connection.execute("SELECT table_name, hashes FROM onemap_row_hashes")
    # What is no row of such hashes names no rows; the version's own hash tells whether they are what was added.
    return {table: np.frombuffer(hashes, dtype="<u4") for table, hashes in rows if len(hashes) % 4 == 0}


def _version(
    library: Library,
    version: Version,
    place: dict[str, Any],
    kept: np.ndarray | None,
    is_raster: bool,
    progress: Progress,
) -> list[Problem]:
    progress.at(0.0)
    try:
        # Without asking how many there are: a row that is gone is to be named too.
        stored = stored_features(library, version.table, None, None)
    except DamagedTable:
        return [_version_problem(place, "verify.table")]
    if (
        len(stored.fids) != version.count
        or content_hash(stored.geometries, stored.attributes, progress.part(_READ, 1.0)) != version.hash
    ):
        return [_locate_rows(stored, version, place, kept)]
    try:
        # An index that lost entries shows wherever one asks by it.
        first = shapely.total_bounds(stored.geometries[:1])
        stored_features(library, version.table, first if np.isfinite(first).all() else None, version.count)
        for row in range(len(stored.fids)) if is_raster else ():
            checked_raster(reference_of(stored.attributes.iloc[row], library.path)).close()
    except DamagedTable:
        return [_version_problem(place, "verify.index")]
    except OneMapError as error:
        return [
            _version_problem(place, "verify.raster", raster=problem.facts.get("file")) for problem in error.problems
        ]
    return []


def _locate_rows(stored: StoredFeatures, version: Version, place: dict[str, Any], kept: np.ndarray | None) -> Problem:
    """The rows of a version that were changed, are gone, or are too many."""
    if kept is None or len(kept) != version.count:
        return _version_problem(place, "verify.record")
    columns = [stored.attributes[name].tolist() for name in stored.attributes.columns]
    found = row_hashes(digest_geometries(_NullDigest(), stored.geometries), columns)
    inside = (stored.fids >= 1) & (stored.fids <= version.count)
    same = np.zeros(len(found), dtype=bool)
    same[inside] = found[inside] == kept[stored.fids[inside] - 1]
    gone = sorted(set(range(1, version.count + 1)) - set(stored.fids.tolist()))
    if same.all() and not gone:
        return _version_problem(place, "verify.record")  # the record was changed, or a field was renamed
    rows = {"changed": stored.fids[~same & inside].tolist(), "gone": gone, "more": stored.fids[~inside].tolist()}
    damaged = sorted({fid for fids in rows.values() for fid in fids})
    listed = {name: _fid_list(fids) for name, fids in rows.items()}
    return _version_problem({**place, "feature": _fid_list(damaged)}, "verify.rows", count=len(damaged), **listed)


def _version_problem(place: dict[str, Any], how: str, **facts: Any) -> Problem:
    return Problem("verify.version", {**place, "how": Problem(how, facts)})


def _fid_list(fids: Sequence[int]) -> str:
    shown = ", ".join(map(str, fids[:_MOST_ROWS]))
    return f"{shown} …" if len(fids) > _MOST_ROWS else shown or "–"


def _set_aside(
    library: Library, logged: Sequence[tuple[str, dict[str, Any]]], parts: Sequence[Progress]
) -> list[Problem]:
    """The tables of bad features that are not what was set aside."""
    found = []
    for (table, detail), part in zip(logged, parts, strict=True):
        part.at(0.0)
        place = {"file": library.label, "layer": table}
        try:
            stored = stored_features(library, table, None, None)
        except DamagedTable:
            found.append(Problem("verify.set_aside", place))
            continue
        if content_hash(stored.geometries, stored.attributes, part.part(_READ, 1.0)) != detail.get("hash"):
            found.append(Problem("verify.set_aside", place))
    return found

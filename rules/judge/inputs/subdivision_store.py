"""The pieces of a version's large polygons, stored beside the version: a side table that can be lost and made again.

A parcel then reads the pieces near it, and nobody cuts the whole again. The pieces are bound to the version's hash, to
the way of cutting and to the point from which coordinates are counted, so that they are never used for anything else;
the log has their hashes as of every other row.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.boxes import Bounds, meet_box
from onemap.layers.library.library import Library, log, system_user
from onemap.layers.library.versions import StoredFeatures, Version
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.sql_text import Sql, compose_sql, question_marks
from onemap.layers.stores.store import StoreConnection
from onemap.rules.judge.overlay.subdivision import RECIPE, Pieces, subdivide_polygons

TABLES = (
    """CREATE TABLE IF NOT EXISTS onemap_pieces (cut TEXT NOT NULL, fid INTEGER NOT NULL, part INTEGER NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY (cut, fid, part))""",
)
WORTH_VERTICES = 2048  # smaller polygons are cut as fast as their pieces are read
_PIECES_AT_ONCE = 32  # in one row: about a hundred kilobytes
_ASKED_AT_ONCE = 500  # fids in one statement
_HEAD = 0  # the part that says where the pieces of the others lie
CUTS = "cuts"  # among what is kept of an open library: name of the cut → fid → pieces that are not written yet

Cuts = dict[int, tuple[bytes, np.ndarray]]  # fid → marks of the whole polygon, all of its pieces


@dataclass(frozen=True)
class StoredCut:
    """The large ones among n features, cut: is_cut (n,), and their pieces, each with its feature's row.

    Pieces away from the ground that was asked for may be missing.
    """

    is_cut: np.ndarray
    pieces: Pieces


def cut_name(version: Version, origin: tuple[float, float]) -> str:
    """The name under which the pieces of a version are stored; it includes everything that they depend on."""
    return json.dumps([version.table, version.hash, RECIPE, *origin])


def cut_near(
    library: Library, version: Version, origin: tuple[float, float], features: StoredFeatures, box: Bounds | None
) -> StoredCut:
    """The pieces of the large ones among some features of a version, at least those that meet `box`.

    features: coordinates counted from `origin`, as in `box`. Missing pieces are cut, and stored with the next
    transaction.
    """
    is_cut = shapely.get_num_coordinates(features.geometries) > WORTH_VERTICES
    rows = np.flatnonzero(is_cut)
    if len(rows) == 0:
        return StoredCut(is_cut, Pieces(np.empty(0, dtype=object), np.empty(0, dtype=np.int64)))
    name = cut_name(version, origin)
    fids = features.fids[rows].tolist()
    marks = dict(zip(fids, _marks(features.geometries[rows]), strict=True))
    fresh = _fresh(library).get(name, {})
    pieces_by_fid = {fid: fresh[fid][1] for fid, mark in marks.items() if fid in fresh and fresh[fid][0] == mark}
    pieces_by_fid |= _read(library, name, {fid: marks[fid] for fid in fids if fid not in pieces_by_fid}, box)
    missing = [row for row, fid in zip(rows.tolist(), fids, strict=True) if fid not in pieces_by_fid]
    if missing:
        cut = subdivide_polygons(features.geometries[missing])
        of_each = np.split(cut.geometries, np.searchsorted(cut.owner, np.arange(1, len(missing))))
        new_pieces = dict(zip(features.fids[missing].tolist(), of_each, strict=True))
        _keep(library, name, {fid: (marks[fid], pieces) for fid, pieces in new_pieces.items()})
        pieces_by_fid |= new_pieces
    pieces = [pieces_by_fid[fid] for fid in fids]
    owner = np.repeat(rows, [len(some) for some in pieces])
    return StoredCut(is_cut, Pieces(np.concatenate(pieces), owner))


def _marks(polygons: np.ndarray) -> list[bytes]:
    """A mark for each polygon: one that was changed behind its version's hash has another mark."""
    sizes = shapely.get_num_coordinates(polygons), shapely.area(polygons), shapely.length(polygons)
    return [row.tobytes() for row in np.column_stack([*sizes, shapely.bounds(polygons)]).astype("<f8")]


def _fresh(library: Library) -> dict[str, Cuts]:
    fresh: dict[str, Cuts] = library.kept.setdefault(CUTS, {})
    return fresh


def _keep(library: Library, name: str, cut: Cuts) -> None:
    """Keep a cut while the library is open, and store it with the next transaction."""
    _fresh(library).setdefault(name, {}).update(cut)
    if library.roles.is_owner:  # only its owner writes on a server
        library.write_later(lambda connection: _write(connection, name, cut))


def _write(connection: StoreConnection, name: str, cut: Cuts) -> None:
    for table in TABLES:  # a table that somebody has dropped is no loss
        connection.execute(table)
    anew = Sql("ON CONFLICT (cut, fid, part) DO UPDATE SET content = excluded.content")  # it was damaged
    insert_logged(connection, plain_tables(TABLES)["onemap_pieces"], _rows(name, cut), anew)
    log(connection, system_user(), "cut", json.loads(name)[0], {"features": len(cut)})


def _rows(name: str, cut: Cuts) -> Iterator[tuple[str, int, int, bytes]]:
    """The stored rows of each feature: its head, then its pieces in blocks."""
    for fid, (marks, pieces) in cut.items():
        yield name, fid, _HEAD, _with_checksum(marks + shapely.bounds(pieces).tobytes())
        for start in range(0, len(pieces), _PIECES_AT_ONCE):
            yield name, fid, _HEAD + 1 + start // _PIECES_AT_ONCE, _pack_pieces(pieces[start : start + _PIECES_AT_ONCE])


def _read(library: Library, name: str, marks: Mapping[int, bytes], box: Bounds | None) -> dict[int, np.ndarray]:
    """The stored pieces of features (fid → mark) that meet a box, without damaged ones and those of other polygons."""
    if not marks or not library.has_table("onemap_pieces"):
        return {}
    pieces_by_fid = {}
    for fid, content in list(_heads(library, name, list(marks))):
        head = _checked_body(content)
        if head is None or not head.startswith(marks[fid]):
            continue
        near = np.flatnonzero(_meets(np.frombuffer(head, offset=len(marks[fid])).reshape(-1, 4), box))
        parts, block = np.unique(near // _PIECES_AT_ONCE, return_inverse=True)
        blocks = dict(_blocks(library, name, fid, parts.tolist()))
        if len(blocks) == len(parts):
            pieces = [blocks[part][near[block == at] % _PIECES_AT_ONCE] for at, part in enumerate(parts.tolist())]
            pieces_by_fid[fid] = np.concatenate([np.empty(0, dtype=object), *pieces])
    return pieces_by_fid


def _heads(library: Library, name: str, fids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The heads of some features."""
    for start in range(0, len(fids), _ASKED_AT_ONCE):
        some = list(fids[start : start + _ASKED_AT_ONCE])
        sql = compose_sql(
            "SELECT fid, content FROM onemap_pieces WHERE cut = ? AND part = ? AND fid IN ({marks})",
            marks=question_marks(len(some)),
        )
        yield from library.connection.execute(sql, (name, _HEAD, *some))


def _blocks(library: Library, name: str, fid: int, parts: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
    """The pieces of a feature, by block; damaged blocks are left out."""
    for start in range(0, len(parts), _ASKED_AT_ONCE):
        some = [_HEAD + 1 + part for part in parts[start : start + _ASKED_AT_ONCE]]
        sql = compose_sql(
            "SELECT part, content FROM onemap_pieces WHERE cut = ? AND fid = ? AND part IN ({marks})",
            marks=question_marks(len(some)),
        )
        for part, content in library.connection.execute(sql, (name, fid, *some)):
            pieces = _unpack_pieces(content)
            if pieces is not None:
                yield part - _HEAD - 1, pieces


def _meets(bounds: np.ndarray, box: Bounds | None) -> np.ndarray:
    """Which boxes (n, 4) meet `box`; all of them without one."""
    return np.ones(len(bounds), dtype=bool) if box is None else meet_box(bounds, box)


def _with_checksum(content: bytes) -> bytes:
    """The content with a checksum, so that damage is not taken for ground."""
    return zlib.crc32(content).to_bytes(4, "little") + content


def _checked_body(content: bytes) -> bytes | None:
    """The content without its checksum; None if it is damaged."""
    body = bytes(content[4:])
    return body if zlib.crc32(body).to_bytes(4, "little") == bytes(content[:4]) else None


def _pack_pieces(pieces: np.ndarray) -> bytes:
    """Some pieces in one content: how many, how long each is, and their WKB."""
    bodies = shapely.to_wkb(pieces, byte_order=1).tolist()
    sizes = np.array([len(bodies), *map(len, bodies)], dtype="<u4")
    return _with_checksum(sizes.tobytes() + b"".join(bodies))


def _unpack_pieces(content: bytes) -> np.ndarray | None:
    body = _checked_body(content)
    if body is None:
        return None
    count = int(np.frombuffer(body, dtype="<u4", count=1)[0])
    ends = np.cumsum(np.frombuffer(body, dtype="<u4", count=count, offset=4)) + 4 * (count + 1)
    starts = [4 * (count + 1), *ends[:-1].tolist()]
    bodies = [body[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]
    return shapely.from_wkb(np.array(bodies, dtype=object))

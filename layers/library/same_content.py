"""Whether a version already holds the content that arrives, whatever the order of rows and the start of rings."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.convex_clip import area_in_convex_m2
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.library.library import Library
from onemap.layers.library.value_texts import Column, row_texts
from onemap.layers.library.version_writing import VersionFacts, field_types, stored_column
from onemap.layers.library.versions import (
    Version,
    bad_table,
    coverage_of,
    in_force,
    read_version,
    source_report,
    versions,
)
from onemap.layers.rasters.raster_reference import OF_THE_FILES, is_as_added, reference_of
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable

ROWS_OF = "rows_of"  # in a version's report: the table of the one that has the same rows
_AS_GOOD_AS_NONE_M2 = 0.01  # of ground that was cut out: what rounding leaves of it
_ROWS_AT_ONCE = 50_000  # of a version; of all rows only their hashes are held


@dataclass(frozen=True)
class Likeness:
    """The version with the same rows and facts (`same`), and the one with the same rows at least (`of_rows`)."""

    same: Version | None = None
    of_rows: Version | None = None


def likeness(
    library: Library,
    entry: LayerEntry,
    frame: FrameBlocks,
    facts: VersionFacts,
    aside: np.ndarray,
    is_delivered: bool = False,
    of_any: bool = False,
) -> Likeness:
    """Return the versions that already hold a frame and its facts, or only its rows.

    It compares the version with the given label and the one in force on the frame's first day, else today; without a
    label also the one that was added last, which may have no date. aside: the ground of each feature that is set aside
    (k,), None if unknown; a version is the same only if as many features were set aside and it leaves out that ground,
    so that it stays unknown. is_delivered: the frame lies in a folder that may come every night and does not bring back
    a retired version. of_any: compare every version, the latest first.
    """
    of_layer = [version for version in versions(library) if version.code == entry.code]
    label, live = facts.given_label, [version for version in of_layer if version.retired is None]
    there: list[Version | None] = [version for version in live if version.label == label]
    there += [in_force(live, facts.valid_from or library.today()), *(live[-1:] if label is None else ())]
    there += reversed(live) if of_any else ()
    if is_delivered:
        there += [version for version in of_layer if version.retired is not None and label in (None, version.label)]
    candidates = dict.fromkeys(version for version in there if version is not None)
    holding = (version for version in candidates if _holds(library, version, entry, frame))
    of_rows: Version | None = None
    for version in holding:
        of_rows = of_rows or version
        if _says_the_same(library, version, facts) and _leaves_out(library, version, aside):
            return Likeness(version, of_rows)
    return Likeness(None, of_rows)


def rows_hash(library: Library, version: Version, layer_versions: Iterable[Version]) -> str:
    """Return the hash of the earliest version that has the same rows, in any order and form; else the version's own.

    layer_versions: the versions of its layer.
    """
    of_table = {one.table: one for one in layer_versions}
    for _ in of_table:  # as far back as there are versions
        earlier = of_table.get(source_report(library, version).get(ROWS_OF, ""))
        if earlier is None:
            break
        version = earlier
    return version.hash


def _says_the_same(library: Library, version: Version, facts: VersionFacts) -> bool:
    """Whether a version has the same days, accuracy and ground as the facts, as far as the facts state them."""
    if facts.valid_from is not None and facts.valid_from.isoformat() != version.valid_from:
        return False
    if facts.valid_to is not None and facts.valid_to.isoformat() != version.valid_to:
        return False
    if facts.accuracy_m is not None and facts.accuracy_m != version.accuracy_m:
        return False
    if not facts.is_ground_given:
        return True
    is_same_kind = version.coverage_kind == facts.coverage_kind
    return is_same_kind and bool(shapely.equals(coverage_of(library, version), facts.coverage))


def _leaves_out(library: Library, version: Version, aside: np.ndarray) -> bool:
    """Whether the version had as many features set aside, and its coverage leaves out the ground of all these (k,)."""
    table = bad_table(version.table)
    count = 0
    if library.connection.has_table(table):
        (count,) = library.connection.execute(compose_sql("SELECT count(*) FROM {table}", table=table)).fetchone()
    if count != len(aside):
        return False
    coverage = coverage_of(library, version)
    return all(area_in_convex_m2(coverage, ground) <= _AS_GOOD_AS_NONE_M2 for ground in aside if ground is not None)


def _holds(library: Library, version: Version, entry: LayerEntry, frame: FrameBlocks) -> bool:
    """Whether a version has the rows of a frame, each equally often; False if the version cannot be read."""
    types = library.connection.field_types(version.table)
    if version.count != frame.count or types != field_types(frame):
        return False
    if entry.geometry == "raster":
        return _is_same_raster(library, version, frame)
    try:
        extent = library.connection.extent(version.table)
        if entry.geometry != "table" and not np.array_equal(extent or [np.nan] * 4, frame.bounds(), equal_nan=True):
            return False
        return np.array_equal(
            _in_order(_stored_hashes(library, version, entry, types)), _in_order(_hashes_of(frame, entry, types))
        )
    except DamagedTable:
        return False


def _in_order(hashes: Iterator[np.ndarray]) -> np.ndarray:
    """Return the hashes of rows from all blocks as one sorted array (n, 2)."""
    all_hashes = np.concatenate([np.empty((0, 2), dtype=np.uint64), *hashes])
    return all_hashes[np.lexsort(all_hashes.T)]


def _stored_hashes(
    library: Library, version: Version, entry: LayerEntry, types: Mapping[str, str]
) -> Iterator[np.ndarray]:
    """Yield the hashes of the rows of a version, block by block. Raises DamagedTable."""
    for rows in blocks(version.count, _ROWS_AT_ONCE):
        block_rows = library.connection.read_block(version.table, list(types), rows.start + 1, rows.stop)
        shapes = None if entry.geometry == "table" else block_rows.geometries
        yield _row_hashes(shapes, list(block_rows.values.values()))


def _hashes_of(frame: FrameBlocks, entry: LayerEntry, types: Mapping[str, str]) -> Iterator[np.ndarray]:
    """Yield the hashes of a frame's rows as the library would store them, with the fields in the library's order."""
    for places in frame.blocks():
        shapes = None
        if entry.geometry != "table":
            shapes = shapely.from_wkb(frame.bodies(places).multi(entry.geometry).column.to_numpy(zero_copy_only=False))
        yield _row_hashes(shapes, [stored_column(frame, name, kind, places) for name, kind in types.items()])


def _row_hashes(shapes: np.ndarray | None, columns: Sequence[Column]) -> np.ndarray:
    """Return the first half of the SHA-256 of each row (n, 2): of its normalized geometry's WKB and its values."""
    count = len(shapes) if shapes is not None else len(columns[0])
    texts = row_texts(columns) if columns else [b""] * count
    bodies = [b""] * count if shapes is None else shapely.to_wkb(shapely.normalize(shapes), byte_order=1)
    hashes = [
        hashlib.sha256(b"\0".join((text, body or b""))).digest()[:16] for text, body in zip(texts, bodies, strict=True)
    ]
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, 2)


def _is_same_raster(library: Library, version: Version, frame: FrameBlocks) -> bool:
    """Whether a version's raster is the one that arrives, and still lies where it was put."""
    row = read_version(library, version, None).attributes.iloc[0]
    # The hash of the files beside it is compared also where an older program kept none.
    of_cells = sorted({*row.index, "beside_sha256"} - OF_THE_FILES)
    came = frame.attributes(np.array([0]), of_cells).iloc[0]
    pairs = [(row.get(name), came[name]) for name in of_cells]
    is_same = all(stored_hash == new or (stored_hash is None and new is None) for stored_hash, new in pairs)
    return is_same and is_as_added(reference_of(row, library.path))

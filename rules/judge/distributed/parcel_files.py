"""The parcels of a large run on disk, in ranges as they were given, which are its blocks or are made into blocks."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.frames.fields import object_array
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, PlainFacts, ShapeColumn
from onemap.layers.in_threads import in_order
from onemap.layers.progress import Progress
from onemap.layers.stores.arrow_values import arrow_batch, data_of, plain_column
from onemap.rules.judge.distributed.partition import are_compact, blocks_of, range_ends
from onemap.rules.judge.inputs.parcels import Parcels, consecutive_parcels, parcels_of_wkb

_FACTS, _ALL = "facts.json", "all.json"
_OWN = ("position", "id", "ground", "shape")  # columns before the attributes, which may have the same names
_POSITION, _ID, _GROUND, _SHAPE = range(len(_OWN))
_KNOWN = ("west", "south", "east", "north", "vertices", "parts", "area_m2")


@dataclass(frozen=True)
class ParcelBlock:
    """Some parcels of a run that lie near each other: their positions among all (n,), ascending, and the parcels.

    starts (k,): the first position of each range in which rows are merged.
    """

    number: int
    positions: np.ndarray
    parcels: Parcels
    starts: Sequence[int]

    @property
    def ranges(self) -> np.ndarray:
        """The range in which each position (n,) lies."""
        return np.searchsorted(np.asarray(self.starts), self.positions, side="right") - 1


def _batch(parcels: Parcels, positions: np.ndarray) -> pa.RecordBatch:
    """Parcels as a batch for `_parcels` to read. Raises NotPlain."""
    own = pa.array(positions), pa.array(parcels.ids, pa.string()), parcels.bodies, _shape_facts(parcels.shapes)
    return arrow_batch(dict(zip(_OWN, own, strict=True)), parcels.attributes)


def _shape_facts(shapes: AnyShapes) -> pa.Array:
    """The facts of shapes (n,) of plain form, so that they need not be computed again; nothing for other shapes."""
    if not isinstance(shapes, ShapeColumn):
        return pa.nulls(len(shapes))
    facts = *shapes.boxes.T, shapes.facts.vertices, shapes.facts.parts, shapes.all_areas_m2
    return pa.StructArray.from_arrays([pa.array(values) for values in facts], names=_KNOWN)


def _shape_column(bodies: pa.Array, facts: list[pa.Array]) -> ShapeColumn | None:
    """Shapes as WKB (n,) of which everything is known, one part after the other; None where it is not."""
    if any(pa.types.is_null(part.type) for part in facts):
        return None
    *boxes, vertices, parts, areas_m2 = (column.to_numpy() for column in pa.concat_arrays(facts).flatten())
    return ShapeColumn(bodies, (0.0, 0.0), PlainFacts(np.column_stack(boxes), vertices, parts), areas_m2)


def _parcels(tables: list[pa.Table], like: Parcels) -> tuple[np.ndarray, Parcels]:
    """The positions and the parcels in tables, ordered by position; other values are those of `like`."""
    positions = np.concatenate([table.column(_POSITION).to_numpy() for table in tables])
    ids = [name for table in tables for name in table.column(_ID).to_pylist()]
    bodies = pa.concat_arrays([table.column(_GROUND).combine_chunks() for table in tables])
    attributes = {}
    for at, name in enumerate(tables[0].schema.names[len(_OWN) :], start=len(_OWN)):
        # Each table in its own types: what is empty in one may be of any type in another.
        values = [value for table in tables for value in plain_column(table.schema.field(at), table.column(at))]
        attributes[name] = pd.Series(values, dtype=object)
    frame = pd.DataFrame(attributes, index=range(len(positions)))
    names, shapes = object_array(ids), None
    if len(bodies) >= WORTH_ROWS:
        shapes = _shape_column(bodies, [table.column(_SHAPE).combine_chunks() for table in tables])
    if len(tables) > 1:
        order = np.argsort(positions, kind="stable")
        positions, names, bodies = positions[order], names[order], bodies.take(pa.array(order))
        frame, shapes = frame.iloc[order].reset_index(drop=True), None if shapes is None else shapes.at(order)
    if shapes is None:
        return positions, parcels_of_wkb(like, names, bodies, frame)
    return positions, replace(like, ids=names, shapes=shapes, attributes=frame)


class KeptParcels:
    """Parcels in a folder, complete."""

    def __init__(self, folder: Path, like: Parcels) -> None:
        """like: the values that all parcels share."""
        facts = json.loads((folder / _ALL).read_text(encoding="utf-8"))
        self.count: int = facts["parcels"]
        self.ground_hash: str = facts["ground"]
        self.bounds: tuple[float, float, float, float] = tuple(facts["bounds"])
        self.sizes: list[int] = facts["blocks"]
        self.notes: dict[str, Any] = facts["notes"]
        self.starts: list[int] = facts["starts"]
        self._blocks_of_range: list[list[int]] | None = facts["blocks_of_range"]
        self._folder, self._like = folder, like

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.sizes)

    @property
    def ranges(self) -> int:
        """How many ranges there are in which rows are merged."""
        return len(self.starts)

    @property
    def are_in_order(self) -> bool:
        """Whether each range is a block."""
        return self._blocks_of_range is None

    def blocks_of_range(self, number: int) -> list[int]:
        """The blocks that have parcels of a range."""
        return [number] if self._blocks_of_range is None else self._blocks_of_range[number]

    def range_size(self, number: int) -> int:
        """How many parcels a range has."""
        return [*self.starts[1:], self.count][number] - self.starts[number]

    def block_path(self, number: int) -> Path:
        """The file of the parcels of one block."""
        return _path(self._folder, number) if self.are_in_order else _block_path(self._folder, number)

    def block(self, number: int) -> ParcelBlock:
        """The parcels of one block."""
        return read_block(self.block_path(number), number, self._like, self.starts)

    def range(self, number: int) -> Parcels:
        """The parcels of one range, in the order in which they were given."""
        return _parcels(_streams(_path(self._folder, number)), self._like)[1]


def read_block(path: Path, number: int, like: Parcels, starts: Sequence[int]) -> ParcelBlock:
    """The parcels of one block, from its file."""
    return ParcelBlock(number, *_parcels(_streams(path), like), starts)


def _streams(path: Path) -> list[pa.Table]:
    """The tables of a file of streams."""
    tables = []
    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():
            tables.append(pa.ipc.open_stream(file).read_all())
    return tables


def keep_parcels(folder: Path, parts: Iterator[Parcels], most_parcels: int, progress: Progress) -> None:
    """Write parcels, given part after part, into a folder; `all_are_kept` then marks them as complete.

    They are cut into ranges as they come. Where the ranges lie apart from each other they become the blocks; otherwise
    parcels are written once more, in blocks of neighbours. most_parcels: of a block and of a range; progress: of the
    work after all have come. Raises NotPlain if an attribute could not be read back unchanged; OSError.
    """
    digest, starts = hashlib.sha256(), [0]
    ranges = _KeptRanges()

    def keep(part: Parcels) -> int:
        begin = starts[-1]
        starts.append(begin + len(part.ids))
        path = _path(folder, len(starts) - 2)
        with pa.OSFile(str(path), "wb") as file:
            _write_stream(file, _batch(part, np.arange(begin, starts[-1])))
        digest.update(data_of(part.bodies))
        return ranges.add(part)

    with closing(in_order(keep, _in_ranges(parts, most_parcels), workers=1)) as kept_counts:
        count = sum(kept_counts)
    facts: dict[str, Any] = {
        "parcels": count,
        "ground": digest.hexdigest(),
        "bounds": ranges.bounds,
        "starts": starts[:-1],
        "blocks": np.diff(starts).tolist(),
        "blocks_of_range": None,
    }
    if not are_compact(np.array(ranges.boxes)):
        block = blocks_of(np.concatenate(ranges.centres), np.concatenate(ranges.vertices), most_parcels)
        parts_of_blocks = _write_blocks(folder, starts, block, progress)
        facts |= {"blocks": np.bincount(block).tolist(), "blocks_of_range": parts_of_blocks}
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


@dataclass
class _KeptRanges:
    """The facts of stored ranges, by range: boxes (4,), of its parcels centres (n, 2), vertices (n,)."""

    boxes: list[np.ndarray] = field(default_factory=list)
    centres: list[np.ndarray] = field(default_factory=list)
    vertices: list[np.ndarray] = field(default_factory=list)

    def add(self, part: Parcels) -> int:
        """Add the next range, and return its number of parcels."""
        self.boxes.append(np.array(part.extent))
        self.centres.append((part.boxes[:, :2] + part.boxes[:, 2:]) / 2)
        self.vertices.append(part.vertices)
        return len(part.ids)

    @property
    def bounds(self) -> list[float]:
        """West, south, east, north of all of them."""
        boxes = np.array(self.boxes)
        return [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]


def all_are_kept(folder: Path, notes: dict[str, Any]) -> None:
    """Mark all parcels as written, with the facts about them."""
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    (folder / _FACTS).write_text(json.dumps({**facts, "notes": notes}, ensure_ascii=False), encoding="utf-8")
    (folder / _FACTS).replace(folder / _ALL)


def are_kept(folder: Path) -> bool:
    """Whether all parcels are written."""
    return (folder / _ALL).exists()


def _write_blocks(folder: Path, starts: Sequence[int], block: np.ndarray, progress: Progress) -> list[list[int]]:
    """Write each block's parcels as a file of streams, one for each range; return the blocks of each range."""
    for number in range(int(block.max()) + 1):
        _block_path(folder, number).unlink(missing_ok=True)
    blocks_of_range = []
    for at, (start, end) in enumerate(itertools.pairwise(starts)):
        progress.at(start / starts[-1])
        (table,) = _streams(_path(folder, at))
        here = block[start:end]
        order = np.argsort(here, kind="stable")
        numbers, first = np.unique(here[order], return_index=True)
        for number, rows in zip(numbers.tolist(), np.split(order, first[1:]), strict=True):
            with _block_path(folder, number).open("ab") as target:
                _write_stream(target, table.take(rows))
        blocks_of_range.append(numbers.tolist())
    return blocks_of_range


def _write_stream(file: Any, rows: pa.RecordBatch | pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(file, rows.schema, options=options) as writer:
        writer.write(rows)


def _in_ranges(parts: Iterator[Parcels], most_parcels: int) -> Iterator[Parcels]:
    """The same parcels in ranges of a block's size."""
    waiting: Parcels | None = None
    for part in parts:
        whole, start = part if waiting is None else consecutive_parcels([waiting, part]), 0
        for end in range_ends(whole.vertices, most_parcels):
            yield whole.between(slice(start, end))
            start = end
        # What is known of the rest stays known when others come after it.
        waiting = whole.between(slice(start, len(whole.ids)), worth_rows=0) if start < len(whole.ids) else None
    if waiting is not None:
        yield waiting


def _path(folder: Path, number: int) -> Path:
    """The file of the parcels of a range, as they were given."""
    return folder / f"{number:06d}.arrow"


def _block_path(folder: Path, number: int) -> Path:
    """The file of the parcels of a block that is not a range."""
    return folder / f"block-{number:06d}.arrow"

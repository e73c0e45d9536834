"""The parcels of a large run on disk: in the order in which they were given, and once more block by block."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.progress import Progress
from onemap.layers.stores.arrow_values import arrow_batch, plain_column
from onemap.rules.distributed.partition import blocks_of, centres_of
from onemap.rules.inputs.parcels import Parcels, parcels_of_wkb

RANGE = 50_000  # parcels that are merged at a time, if their rows are not very many
_POSITION, _ID, _GROUND = "position", "id", "ground"
_GIVEN, _FACTS, _ALL = "given.arrow", "facts.json", "all.json"
_OWN = 3  # columns before the attributes


@dataclass(frozen=True)
class Block:
    """Some parcels of a run that lie near each other: their positions among all (n,), ascending, and the parcels.

    in_range: how many parcels are merged at a time.
    """

    number: int
    positions: np.ndarray
    parcels: Parcels
    in_range: int

    @property
    def ranges(self) -> np.ndarray:
        """The range in which each position (n,) lies."""
        return self.positions // self.in_range


def _batch(parcels: Parcels, positions: np.ndarray) -> pa.RecordBatch:
    """Parcels as a batch that `_parcels` reads. Raises NotPlain."""
    ids, ground = pa.array(parcels.ids, pa.string()), parcels.bodies
    return arrow_batch({_POSITION: pa.array(positions), _ID: ids, _GROUND: ground}, parcels.attributes)


def _parcels(tables: list[pa.Table], like: Parcels) -> tuple[np.ndarray, Parcels]:
    """The positions and the parcels of tables, in the order of the positions; what all have in common is `like`'s."""
    ids = [table.column(_ID).to_pylist() for table in tables]
    ground = pa.concat_arrays([chunk for table in tables for chunk in table.column(_GROUND).chunks])
    positions = np.concatenate([table.column(_POSITION).to_numpy() for table in tables])
    order = np.argsort(positions, kind="stable")
    names = tables[0].schema.names[_OWN:]
    attributes = {}
    for at, name in enumerate(names, start=_OWN):
        values = [value for table in tables for value in plain_column(table.schema.field(at), table.column(at))]
        attributes[name] = pd.Series(values, dtype=object)
    frame = pd.DataFrame(attributes, index=range(len(order))).iloc[order].reset_index(drop=True)
    names_of = np.array([name for part in ids for name in part], dtype=object)[order]
    return positions[order], parcels_of_wkb(like, names_of, ground.take(pa.array(order)), frame)


class KeptParcels:
    """Parcels in a folder, once all of them are there."""

    def __init__(self, folder: Path, like: Parcels) -> None:
        """What all parcels have in common, source and id field, is `like`'s."""
        facts = json.loads((folder / _ALL).read_text(encoding="utf-8"))
        self.count: int = facts["parcels"]
        self.ground_hash: str = facts["ground"]
        self.bounds: tuple[float, float, float, float] = tuple(facts["bounds"])
        self.sizes: list[int] = facts["blocks"]
        self.notes: dict[str, Any] = facts["notes"]
        self.in_range: int = facts["in_range"]
        self._offsets: list[int] = facts["offsets"]
        self._folder, self._like = folder, like

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.sizes)

    @property
    def ranges(self) -> int:
        """How many ranges of `in_range` parcels there are, the last one shorter."""
        return -(-self.count // self.in_range)

    def block(self, number: int) -> Block:
        """The parcels of one block."""
        return read_block(self._folder / block_name(number), number, self._like, self.in_range)

    def range(self, number: int) -> Parcels:
        """The parcels of one range, in the order in which they were given."""
        with pa.OSFile(str(self._folder / _GIVEN)) as file:
            file.seek(self._offsets[number])
            return _parcels([pa.ipc.open_stream(file).read_all()], self._like)[1]


def read_block(path: Path, number: int, like: Parcels, in_range: int) -> Block:
    """The parcels of one block from its file, wherever that lies."""
    tables = []
    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():
            tables.append(pa.ipc.open_stream(file).read_all())
    return Block(number, *_parcels(tables, like), in_range)


def keep_parcels(folder: Path, parts: Iterator[Parcels], most_parcels: int, in_range: int, progress: Progress) -> None:
    """Write parcels, given one part after the other, into a folder; `all_are_kept` then says that they are there.

    most_parcels: of a block; in_range: that are merged at a time; progress: of the writing in blocks.
    Raises NotPlain if an attribute would not come back as it was; OSError.
    """
    digest, count = hashlib.sha256(), 0
    centres, vertices, bounds, offsets = [], [], [], []
    with pa.OSFile(str(folder / _GIVEN), "wb") as file:
        for part in _in_ranges(parts, in_range):
            offsets.append(file.tell())
            _write_stream(file, _batch(part, np.arange(count, count + len(part.ids))))
            digest.update(part.ground_bytes)
            count += len(part.ids)
            centres.append(centres_of(part.boxes))
            vertices.append(part.vertices)
            bounds.append(np.r_[part.boxes[:, :2].min(axis=0), part.boxes[:, 2:].max(axis=0)])
    block = blocks_of(np.concatenate(centres), np.concatenate(vertices), most_parcels)
    _write_blocks(folder, offsets, block, in_range, progress)
    corners = np.array(bounds)
    facts: dict[str, Any] = {
        "parcels": count,
        "ground": digest.hexdigest(),
        "bounds": [*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist()],
        "blocks": np.bincount(block).tolist(),
        "in_range": in_range,
        "offsets": offsets,
    }
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


def all_are_kept(folder: Path, notes: dict[str, Any]) -> None:
    """Say that all parcels are there, and note what is known of them."""
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    (folder / _FACTS).write_text(json.dumps({**facts, "notes": notes}, ensure_ascii=False), encoding="utf-8")
    (folder / _FACTS).replace(folder / _ALL)


def are_kept(folder: Path) -> bool:
    """Whether all parcels are there."""
    return (folder / _ALL).exists()


def _write_blocks(folder: Path, offsets: list[int], block: np.ndarray, in_range: int, progress: Progress) -> None:
    """Each block's parcels as a file of streams, one for each range that has some of them."""
    for number in range(int(block.max()) + 1):
        (folder / block_name(number)).unlink(missing_ok=True)
    with pa.OSFile(str(folder / _GIVEN)) as file:
        for at, offset in enumerate(offsets):
            progress.at(at / len(offsets))
            file.seek(offset)
            table = pa.ipc.open_stream(file).read_all()
            here = block[at * in_range : at * in_range + len(table)]
            order = np.argsort(here, kind="stable")
            numbers, first = np.unique(here[order], return_index=True)
            for number, rows in zip(numbers.tolist(), np.split(order, first[1:]), strict=True):
                with (folder / block_name(number)).open("ab") as target:
                    _write_stream(target, table.take(rows))


def _write_stream(file: Any, rows: pa.RecordBatch | pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(file, rows.schema, options=options) as writer:
        writer.write(rows)


def _in_ranges(parts: Iterator[Parcels], in_range: int) -> Iterator[Parcels]:
    """The same parcels, so many of them at a time."""
    waiting: list[Parcels] = []
    held = 0
    for part in parts:
        waiting.append(part)
        held += len(part.ids)
        while held >= in_range:
            whole = _concatenate(waiting)
            for start in range(0, held - in_range + 1, in_range):
                yield whole.between(slice(start, start + in_range))
            waiting = [whole.between(slice(held - held % in_range, held))]
            held %= in_range
    if held:
        yield _concatenate(waiting)


def _concatenate(parts: list[Parcels]) -> Parcels:
    parts = [part for part in parts if len(part.ids)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    ids, attributes = np.concatenate([part.ids for part in parts]), [part.attributes for part in parts]
    ground = pa.concat_arrays([part.bodies for part in parts])
    return parcels_of_wkb(parts[0], ids, ground, pd.concat(attributes, ignore_index=True))


def block_name(number: int) -> str:
    """The name of the file of a block's parcels."""
    return f"{number:06d}.arrow"

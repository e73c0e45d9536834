"""The tables of all blocks as chunks in the order of the contract, of which only one is held at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from onemap.rules.blocks.journal import Finished, block_name
from onemap.rules.blocks.kept_parcels import KeptParcels
from onemap.rules.blocks.kept_tables import BY_RULE, joined, read_group, read_none
from onemap.rules.run import Chunk
from onemap.rules.run_tables import Table


def chunks(kept: KeptParcels, done: Path, finished: Mapping[int, Finished]) -> Iterator[Chunk]:
    """All rows of all blocks: parcels as given, then rules, hit before unknown, features.

    Tables whose rows stand by rule first come in chunks of their own, after all the others; the first chunk names all.
    """
    some, *_ = sorted(finished)
    names = list(finished[some].tables)
    empty = {name: read_none(done / block_name(some) / f"{name}.parquet") for name in names}
    for number in range(kept.ranges):
        parts = {name: _part(done, finished, name, None, number) for name in names if name not in BY_RULE}
        tables = {name: table or empty[name] for name, table in parts.items()}
        yield Chunk({**(empty if number == 0 else {}), **tables}, kept.range(number))
    for name in names:
        if name in BY_RULE:
            yield from _by_rule(kept, done, finished, name)


def _by_rule(kept: KeptParcels, done: Path, finished: Mapping[int, Finished], name: str) -> Iterator[Chunk]:
    rules = sorted({rule for block in finished.values() for rule, _ in block.tables[name].groups if rule is not None})
    for rule in rules:
        for number in range(kept.ranges):
            table = _part(done, finished, name, rule, number)
            if table is not None:
                yield Chunk({name: table})


def _part(done: Path, finished: Mapping[int, Finished], name: str, rule: int | None, number: int) -> Table | None:
    """The rows of one table in one range of positions, from all blocks that have some."""
    parts: list[tuple[np.ndarray, Table]] = []
    for block in sorted(finished):
        table = finished[block].tables[name]
        for group, of in enumerate(table.groups):
            if tuple(of) == (rule, number):
                parts.append(read_group(done / block_name(block) / f"{name}.parquet", group))
    return joined(parts) if parts else None

"""The tables of all blocks as chunks in the order of the contract, of which two are held at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from onemap.layers.in_threads import one_ahead
from onemap.rules.distributed.journal import FinishedBlock, block_name
from onemap.rules.distributed.parcel_files import KeptParcels
from onemap.rules.distributed.table_files import BY_RULE, concatenate_rows, read_group, read_none
from onemap.rules.findings.table import Table
from onemap.rules.runs.run import Chunk

Place = tuple[str, int | None, int]  # a table, a rule where rows stand by rule first, a range of positions


def chunks(parcels: KeptParcels, finished_folder: Path, finished: Mapping[int, FinishedBlock]) -> Iterator[Chunk]:
    """All rows of all blocks: parcels as given, then rules, hit before unknown, features.

    Tables whose rows stand by rule first come in chunks of their own, after all the others; the first chunk names all.
    While one chunk is used, the next is put together in a thread.
    """
    return one_ahead(_merged_chunks(parcels, finished_folder, finished))


def _merged_chunks(
    parcels: KeptParcels, finished_folder: Path, finished: Mapping[int, FinishedBlock]
) -> Iterator[Chunk]:
    some, *_ = sorted(finished)
    names = list(finished[some].tables)
    empty = {name: read_none(finished_folder / block_name(some) / f"{name}.parquet") for name in names}
    places = _places(finished)
    for number in range(parcels.ranges):
        parts = {
            name: _part(finished_folder, name, finished, places.get((name, None, number)))
            for name in names
            if name not in BY_RULE
        }
        tables = {name: table or empty[name] for name, table in parts.items()}
        yield Chunk({**(empty if number == 0 else {}), **tables}, parcels.range(number))
    for name in names:
        if name in BY_RULE:
            for place in sorted(place for place in places if place[0] == name):
                table = _part(finished_folder, name, finished, places[place])
                if table is not None:
                    yield Chunk({name: table})


def _places(finished: Mapping[int, FinishedBlock]) -> dict[Place, list[tuple[int, int]]]:
    """Where the rows of each table, rule and range stand: block and row group, by block."""
    places: dict[Place, list[tuple[int, int]]] = {}
    for block in sorted(finished):
        for name, table in finished[block].tables.items():
            for group, (rule, number) in enumerate(table.groups):
                places.setdefault((name, rule, number), []).append((block, group))
    return places


def _part(
    finished_folder: Path, name: str, finished: Mapping[int, FinishedBlock], groups: list[tuple[int, int]] | None
) -> Table | None:
    """The rows of one table in one range of positions, from all blocks that have some."""
    if not groups:
        return None
    return concatenate_rows(
        [
            read_group(finished_folder / block_name(block) / f"{name}.parquet", finished[block].tables[name], group)
            for block, group in groups
        ]
    )

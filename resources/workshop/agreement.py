"""Compare the tables of two checks of the same parcels.

Called as: python agreement.py FILE.gpkg FOLDER TABLE…

Run by `build.py demo` with the core's Python: it compares the tables of the command line with those of QGIS's sinks,
each of which is FOLDER/TABLE.gpkg. Every column that both have is compared, row by row, and the geometry.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas
import pandas
import pyogrio
import shapely

MAY_DIFFER = {"fid", "run"}


def differences(one: pandas.DataFrame, other: pandas.DataFrame) -> list[str]:
    """The differences between two tables, in words; empty if they are equal."""
    if len(one) != len(other):
        return [f"{len(one)} rows here, {len(other)} there"]
    missing = [name for name in one.columns if name not in other.columns and name not in MAY_DIFFER]
    words = [f"the column {name} is missing there" for name in missing]
    for name in one.columns:
        if name in other.columns and name not in MAY_DIFFER:
            unlike = _unlike(one[name], other[name])
            if unlike:
                words.append(f"{name} differs in {unlike} rows")
    return words


def _unlike(one: pandas.Series, other: pandas.Series) -> int:
    if one.name == "geometry":
        here, there = (shapely.normalize(side.to_numpy()) for side in (one, other))
        # QGIS writes an empty geometry where a row has none.
        none_here, none_there = (shapely.is_missing(side) | shapely.is_empty(side) for side in (here, there))
        empty = none_here & none_there
        return int((~(empty | shapely.equals_exact(here, there, tolerance=1e-9))).sum())
    both_null = one.isna() & other.isna()
    return int((~(both_null | (one.astype(object) == other.astype(object)))).sum())


def _read(path: Path, table: str | None) -> pandas.DataFrame:
    frame = pyogrio.read_dataframe(path, layer=table)
    return frame if isinstance(frame, geopandas.GeoDataFrame) else pandas.DataFrame(frame)


def main(words: list[str]) -> int:
    """Compare every named table, print the results, and return 1 if any table differs."""
    outside, inside, tables = Path(words[0]), Path(words[1]), words[2:]
    wrong = 0
    for table in tables:
        here, there = _read(outside, table), _read(inside / f"{table}.gpkg", None)
        unlike = differences(here, there)
        wrong += bool(unlike)
        sys.stdout.write(f"   {table}: {'; '.join(unlike) if unlike else f'{len(here):,} rows, all equal'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

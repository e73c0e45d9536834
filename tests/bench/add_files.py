"""A layer taken in from a file: `onemap add` with all its checks, and what a user's own script would do instead.

Called as: python -m onemap.tests.bench.add_files WAY FOLDER REPEATS; WAY: ours, or ogr2ogr, which writes a GeoPackage
with its index, after which DuckDB asks each polygon whether it is valid.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from onemap.tests.bench.timing import Work, answer_for

POLYGONS = {"XS": 1_000, "S": 10_000, "M": 100_000, "L": 1_000_000}
LAYER = "many"


def source_of(folder: Path) -> Path:
    """The coverage of as many polygons as the workload's size asks for; made once."""
    source = folder / f"{LAYER}.gpkg"
    if not source.exists():
        from onemap.tests.bench.bench_million import coverage, written

        written(coverage(POLYGONS[folder.name]), source)
    return source


def prepared(way: str, folder: Path) -> Work:
    """The work of a way; its totals: how many polygons there are, all of them valid."""
    source, out = source_of(folder), folder / f"added_{way}.gpkg"
    return _with_ours(source, out) if way == "ours" else _with_ogr2ogr(source, out)


def _with_ours(source: Path, out: Path) -> Work:
    from onemap.tests.bench.desk_files import PROGRAM

    def work() -> Sequence[float]:
        out.unlink(missing_ok=True)
        shutil.rmtree(out.with_name(f"{out.name}.work.part"), ignore_errors=True)
        subprocess.run([PROGRAM, "new", out, "--crs", "EPSG:4547", "--json"], check=True, capture_output=True)
        words = ["add", out, source, "--as", "DLTB", "--covers", "extent", "--progress", "none", "--json"]
        done = subprocess.run([PROGRAM, *words], check=True, capture_output=True)
        return [json.loads(done.stdout)["features"]]

    return _watched(work)


def _with_ogr2ogr(source: Path, out: Path) -> Work:
    from onemap.tests.bench.peer_sql import connected_duckdb

    connection = connected_duckdb()

    def work() -> Sequence[float]:
        out.unlink(missing_ok=True)
        subprocess.run(["ogr2ogr", "-f", "GPKG", out, source], check=True)
        asked = f"SELECT count(*) FILTER (ST_IsValid(geom)) FROM ST_Read('{source}')"
        return [connection.execute(asked).fetchone()[0]]

    return _watched(work)


def _watched(work: Work) -> Work:
    """The same work, most of it done by other processes; their memory is the largest one's."""
    import os
    import resource

    busy: list[float] = []

    def watched() -> Sequence[float]:
        before = sum(os.times()[:4])
        answer = work()
        busy.append(sum(os.times()[:4]) - before)
        return answer

    def most_mb() -> float:
        peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
        return max(peaks) / 1024

    watched.peak_mb = most_mb  # type: ignore[attr-defined]
    watched.processors = lambda: busy  # type: ignore[attr-defined]
    return watched


if __name__ == "__main__":
    sys.exit(answer_for(prepared))

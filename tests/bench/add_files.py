"""Adding a layer from a file: `onemap add` with all its checks, and a user's own script instead of it.

Called as: python -m onemap.tests.bench.add_files WAY FOLDER REPEATS; WAY: ours, or ogr2ogr, which writes a GeoPackage
with its index; DuckDB then checks whether each polygon is valid.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from onemap.tests.bench.timing import Work, answer_for, peak_mb

POLYGONS = {"XS": 1_000, "S": 10_000, "M": 100_000, "L": 1_000_000}
LAYER = "many"
EDGE_M = 30.0
MOST_MB = 1024.0  # of memory, for ours


def coverage(count: int) -> np.ndarray:
    """About this many polygons of 12 points that fill a square without gap or overlap, with random corners."""
    chance = np.random.default_rng(1)
    side = round(count**0.5)
    column, row = np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij")
    corners = np.stack([column, row], axis=-1) * EDGE_M + chance.uniform(-8, 8, (*column.shape, 2))

    def between(begin: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
        return [begin + (end - begin) * share + chance.uniform(-1, 1, begin.shape) for share in (1 / 3, 2 / 3)]

    across, up = between(corners[:-1], corners[1:]), between(corners[:, :-1], corners[:, 1:])
    ring = [corners[:-1, :-1], *(one[:, :-1] for one in across), corners[1:, :-1], *(one[1:] for one in up)]
    ring += [corners[1:, 1:], *(one[:, 1:] for one in across[::-1]), corners[:-1, 1:], *(one[:-1] for one in up[::-1])]
    points = np.stack([*ring, ring[0]], axis=2).reshape(side * side, -1, 2)
    return shapely.polygons(points + [480_000, 4_180_000])


def write_polygons(polygons: np.ndarray, path: Path) -> None:
    """The polygons as a GeoPackage with keys, classes and areas."""
    number = np.arange(len(polygons))
    classes = np.array(["0101", "0102", "0103", "0201", "0301", "0702", "1003"], dtype=object)[number % 7]
    keys = np.array([f"1301{row:014d}" for row in number], dtype=object)
    options = {"geometry_type": "Polygon", "crs": "EPSG:4547", "driver": "GPKG", "SPATIAL_INDEX": "NO"}
    columns = [keys, classes, np.round(shapely.area(polygons), 2)]
    pyogrio.raw.write(path, shapely.to_wkb(polygons), columns, ["BSM", "DLBM", "TBMJ"], **options)


def source_of(folder: Path) -> Path:
    """The coverage of as many polygons as the workload's size asks for; made once."""
    source = folder / f"{LAYER}.gpkg"
    if not source.exists():
        # In a program of its own: what it holds would count as ours.
        work = f"write_polygons(coverage({POLYGONS[folder.name]}), Path({str(source)!r}))"
        code = f"from {__package__}.add_files import *; {work}"
        subprocess.run([sys.executable, "-c", code], check=True)
    return source


def prepare_work(way: str, folder: Path) -> Work:
    """The work of a way; its totals: the number of polygons, all of them valid."""
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

    watched_work = _watched_work(work)

    def within_bounds() -> Sequence[float]:
        answer = watched_work()
        most_mb = watched_work.peak_mb()  # type: ignore[attr-defined]
        if most_mb > MOST_MB:
            raise ValueError(f"{most_mb:.0f} MB of memory, more than {MOST_MB:.0f}")
        return answer

    within_bounds.peak_mb, within_bounds.processors = watched_work.peak_mb, watched_work.processors  # type: ignore[attr-defined]
    return within_bounds


def _with_ogr2ogr(source: Path, out: Path) -> Work:
    from onemap.tests.bench.peer_sql import connected_duckdb

    connection = connected_duckdb()

    def work() -> Sequence[float]:
        out.unlink(missing_ok=True)
        subprocess.run(["ogr2ogr", "-f", "GPKG", out, source], check=True)
        asked = f"SELECT count(*) FILTER (ST_IsValid(geom)) FROM ST_Read('{source}')"
        return [connection.execute(asked).fetchone()[0]]

    return _watched_work(work)


def _watched_work(work: Work) -> Work:
    """The same work, mostly done by other processes; the memory is that of the largest process."""
    import resource

    busy: list[float] = []

    def watched_work() -> Sequence[float]:
        before = sum(os.times()[:4])
        answer = work()
        busy.append(sum(os.times()[:4]) - before)
        return answer

    def most_mb() -> float:
        # ru_maxrss of a program holds what the program that started it had; so its own is asked of the system.
        return max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, peak_mb() or 0.0)

    watched_work.peak_mb = most_mb  # type: ignore[attr-defined]
    watched_work.processors = lambda: busy  # type: ignore[attr-defined]
    return watched_work


if __name__ == "__main__":
    sys.exit(answer_for(prepare_work))

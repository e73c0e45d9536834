"""A million polygons of a coverage, added with all checks: how long it takes, and how much memory.

Fails above one gigabyte.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyogrio
import shapely

ROOT = Path(__file__).resolve().parents[2]
MOST_GIGABYTES = 1.0
EDGE_M = 30.0


def coverage(count: int) -> np.ndarray:
    """About so many polygons of 12 points that fill a square without gap or overlap, all corners drawn by chance."""
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


def written(polygons: np.ndarray, path: Path) -> None:
    """The polygons as a GeoPackage with keys, classes and areas."""
    number = np.arange(len(polygons))
    classes = np.array(["0101", "0102", "0103", "0201", "0301", "0702", "1003"], dtype=object)[number % 7]
    keys = np.array([f"1301{row:014d}" for row in number], dtype=object)
    options = {"geometry_type": "Polygon", "crs": "EPSG:4547", "driver": "GPKG", "SPATIAL_INDEX": "NO"}
    columns = [keys, classes, np.round(shapely.area(polygons), 2)]
    pyogrio.raw.write(path, shapely.to_wkb(polygons), columns, ["BSM", "DLBM", "TBMJ"], **options)


def main() -> int:
    """Make the file, add it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polygons", type=int, default=1_000_000)
    wishes = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onemap-million-"))
    try:
        polygons = coverage(wishes.polygons)
        written(polygons, folder / "many.gpkg")
        count = len(polygons)
        del polygons
        core = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]
        subprocess.run([*core, "new", folder / "city.gpkg", "--crs", "EPSG:4547"], check=True)  # noqa: S603
        began = time.monotonic()
        add = ["add", folder / "city.gpkg", folder / "many.gpkg", "--as", "DLTB", "--covers", "extent", "--lang", "en"]
        done = subprocess.run([*core, *add, "--progress", "none"], capture_output=True, encoding="utf-8")  # noqa: S603
        seconds = time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(done.stdout.strip().splitlines()[0] if done.stdout else done.stderr[-2000:])
    print(f"{count} polygons in {seconds:.0f} s")
    return done.returncode or _told_memory()


def _told_memory() -> int:
    try:
        import resource
    except ImportError:
        print("this system does not tell how much memory was used")
        return 0
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    gigabytes = peak / (2**30 if sys.platform == "darwin" else 2**20)
    print(f"{gigabytes:.2f} GB of memory at most")
    return int(gigabytes > MOST_GIGABYTES)


if __name__ == "__main__":
    sys.exit(main())

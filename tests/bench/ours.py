"""One Map's side of the benchmark: the functions of rules/ and layers/ behind each job, on two threads."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import rasterio
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.kinds.raster_grids import GridPart, cell_sums, grid_parts, in_cells, slope_degrees
from onemap.rules.judge.overlay.candidate_pairs import CandidatePairs, boxes_meet, candidate_pairs, sums_of
from onemap.rules.judge.overlay.overlay import Overlaps, build_overlaps, overlaps, union_by
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.bench.timing import Work, answer_for
from onemap.tests.bench.workload import CRS

THREADS = Threads(2)
WRITTEN_AT_ONCE = 20_000  # grounds, as the check has it
STEEP_DEGREES = 25.0
BUFFER_SEGMENTS = 8  # of a quarter, as the peers have it by default; the check itself takes 64


def column(folder: Path, layer: str, name: str) -> np.ndarray:
    """One column of a layer of the workload."""
    values: np.ndarray = gpd.read_parquet(folder / f"{layer}.parquet", columns=[name, "geometry"])[name].to_numpy()
    return values


def shapes(folder: Path, layer: str) -> np.ndarray:
    """The geometries of a layer of the workload."""
    frame = gpd.read_parquet(folder / f"{layer}.parquet", columns=["geometry"])
    return np.asarray(frame.geometry.to_numpy(), dtype=object)


def _areas(parcels: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Ground that the parcels share with each of the features, by sums alone: (m,)."""
    pairs = candidate_pairs(parcels, shapely.STRtree(parcels), features, THREADS)
    return np.bincount(pairs.feature, pairs.area_m2, len(features))


def _areas_of_written(found: Overlaps) -> np.ndarray:
    """The areas of ground (k,) that is made to the end: as WKB in Arrow, which files take, and peers hold theirs in."""

    def write(rows: slice) -> int:
        bodies = found.ground.at(np.arange(rows.start, rows.stop)).wkb()
        return len(bodies) - bodies.null_count

    assert sum(THREADS.each(write, list(blocks(len(found.parcel), WRITTEN_AT_ONCE)))) == len(found.parcel)
    return found.ground.area_m2


def controls_areas(folder: Path) -> Work:
    """(i) by sums: the controls are cut small, and no geometry is made."""
    parcels, controls = shapes(folder, "parcels"), shapes(folder, "controls")
    return lambda: _areas(parcels, controls)


def controls_ground(folder: Path) -> Work:
    """(i) with the ground itself, as the check has it, each piece held against its sum."""
    parcels, controls = shapes(folder, "parcels"), shapes(folder, "controls")

    def work() -> np.ndarray:
        found = overlaps(parcels, shapely.STRtree(parcels), controls, THREADS)
        return np.bincount(found.feature, _areas_of_written(found), len(controls))

    return work


def land_areas(folder: Path) -> Work:
    """(ii) by sums."""
    parcels, land = shapes(folder, "parcels"), shapes(folder, "landuse")
    return lambda: [_areas(parcels, land).sum()]


def land_ground(folder: Path) -> Work:
    """(ii) with the ground itself."""
    parcels, land = shapes(folder, "parcels"), shapes(folder, "landuse")

    def work() -> list[float]:
        found = overlaps(parcels, shapely.STRtree(parcels), land, THREADS)
        return [_areas_of_written(found).sum()]

    return work


def _differing(folder: Path) -> tuple[np.ndarray, np.ndarray, Callable[[], CandidatePairs]]:
    """Both plans, and how it is found which of their polygons with unlike codes meet, and in how much."""
    one, other = shapes(folder, "plan1"), shapes(folder, "plan2")
    code1, code2 = column(folder, "plan1", "code1"), column(folder, "plan2", "code2")

    def pairs() -> CandidatePairs:
        left, right = boxes_meet(shapely.STRtree(other), one, THREADS)
        kept = code1[left] != code2[right]
        return sums_of(one, left[kept], other, right[kept], THREADS)

    return one, other, pairs


def spots_areas(folder: Path) -> Work:
    """(iii) by sums."""
    _, _, pairs = _differing(folder)
    return lambda: [pairs().area_m2.sum()]


def spots_ground(folder: Path) -> Work:
    """(iii) with the spots themselves, made only where the sums find ground."""
    one, other, pairs = _differing(folder)

    def work() -> list[float]:
        spots = build_overlaps(one, other, pairs(), THREADS)
        assert not len(spots.failed)
        return [_areas_of_written(spots).sum()]

    return work


def _buffers(folder: Path) -> tuple[np.ndarray, Callable[[], np.ndarray], np.ndarray]:
    lines, distance = shapes(folder, "lines"), column(folder, "lines", "dist")
    names, owner = np.unique(column(folder, "lines", "cls").astype(str), return_inverse=True)
    return owner, lambda: shapely.buffer(lines, distance, quad_segs=BUFFER_SEGMENTS), names


def buffers_areas(folder: Path) -> Work:
    """(iv) by sums: the buffers of a class are joined, then cut small."""
    parcels = shapes(folder, "parcels")
    owner, buffers, names = _buffers(folder)
    return lambda: _areas(parcels, union_by(owner, buffers(), len(names), THREADS))


def buffers_ground(folder: Path) -> Work:
    """(iv) with the ground itself, as a setback rule has it: by feature, then joined by parcel and class."""
    parcels = shapes(folder, "parcels")
    owner, buffers, names = _buffers(folder)

    def work() -> np.ndarray:
        grown = buffers()
        found = overlaps(parcels, shapely.STRtree(parcels), grown, THREADS)
        group = found.parcel * len(names) + owner[found.feature]
        distinct, place = np.unique(group, return_inverse=True)
        ground = union_by(place, found.geometry, len(distinct), THREADS)
        return np.bincount(distinct % len(names), np.nan_to_num(shapely.area(ground)), len(names))

    return work


def steep_shares(folder: Path) -> Work:
    """(v) the sum of the parcels' shares of slope over STEEP_DEGREES."""
    parcels = shapes(folder, "parcels")
    grid = rasterio.open(folder / "heights.tif")
    heights, transform = grid.read(1), grid.transform

    def work() -> list[float]:
        cells = in_cells(parcels, grid)

        def share(part: GridPart) -> float:
            window = part.window
            here = heights[window.toslices()]
            slope = slope_degrees(here, np.ones(here.shape, dtype=bool), transform.a, -transform.e)
            corner = int(window.row_off), int(window.col_off)
            steep, known = cell_sums(part.polygons, slope > STEEP_DEGREES, ~np.isnan(slope), corner=corner)
            return float((steep / known).sum())

        return [sum(THREADS.each(share, list(grid_parts(cells, grid, 1))))]

    return work


def ellipsoid_areas(folder: Path) -> Work:
    """(vii) areas on the ellipsoid by the land survey's formula."""
    parcels, crs = shapes(folder, "parcels"), pyproj.CRS(CRS)
    return lambda: [ellipsoidal_areas_m2(parcels, crs).sum()]


JOBS: dict[str, Callable[[Path], Work]] = {
    "i-areas": controls_areas,
    "i-ground": controls_ground,
    "ii-areas": land_areas,
    "ii-ground": land_ground,
    "iii-areas": spots_areas,
    "iii-ground": spots_ground,
    "iv-areas": buffers_areas,
    "iv-ground": buffers_ground,
    "v": steep_shares,
    "vii": ellipsoid_areas,
}


if __name__ == "__main__":
    answer_for(lambda job, folder: JOBS[job](folder))

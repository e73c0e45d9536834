"""Site search: places in a district where a parcel of an area and a least width passes the check, the freest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.geometry.parts import multi, polygon_parts, shift_geometries, shift_polygons
from onemap.layers.library.library import Library, sha256
from onemap.layers.messages import phrase
from onemap.rules.check.check import check, local_origin
from onemap.rules.findings.table import Table
from onemap.rules.inputs.parcels import Parcels
from onemap.rules.overlay.threads import Threads
from onemap.rules.overlay.uninterruptible import run_cancellable
from onemap.rules.packs.pack import Pack, rules_of_run
from onemap.rules.question.question import Question
from onemap.rules.remedy.cuts import Parts, cut_off
from onemap.rules.remedy.obstacles import Obstacle, obstacles_of, verdicts_left
from onemap.rules.remedy.site_shapes import places
from onemap.rules.runs.run import Run

CELL_M = 1000.0  # the ground is searched in squares, so that none of the overlays is of a whole district
# Of the work: when the ground is checked, what stands against it cut off, what is free known, and searched.
_CHECKED, _CUT, _FREE, _FOUND = 0.07, 0.09, 0.1, 0.98
_UNITED_S = 6e-6  # measured, a vertex of what is left
SPARE = 3  # how many more places are tried than are asked for, since some fail the check
COLUMNS = ["site", "rank", "verdict", "area_m2", "width_m", "clearance_m", "nearest_rule", "nearest_m", "nearest_title"]


@dataclass(frozen=True)
class SiteOptions:
    """What is looked for: area, least width, how many, what may stay, and what the project says of itself."""

    area_m2: float
    width_m: float
    count: int
    keep_verdict: str
    attributes: Mapping[str, str]


def sites(
    library: Library,
    ground: np.ndarray,
    packs: Sequence[Pack],
    as_of: date,
    known_at: datetime | None,
    options: SiteOptions,
    language: str,
    threads: Threads,
) -> Table:
    """The table of sites, each of which passed the check as it is written. An empty one is no proof that there is none.

    ground: (n,) polygons in the library's plane, in which is searched. Raises OneMapError for every refusal.
    """
    west, south, _, _ = shapely.total_bounds(ground)
    origin = local_origin(west, south)
    cells = _cells(shift_geometries(ground, (-origin[0], -origin[1])))
    blank = Question(_parcels(cells, origin, options.attributes), tuple(packs), (), as_of, known_at, language)
    first = check(library, blank, threads.part(0.0, _CHECKED))
    rules = [rule for rule in rules_of_run(packs, first.record) if rule.id in first.record["rules"]]
    cutting = threads.part(_CHECKED, _CUT, phrase("progress.cutting", language))
    obstacles = obstacles_of(first, rules, options.keep_verdict, origin, np.arange(len(cells)))
    parts = Parts.whole(cells)
    cut_off(parts, obstacles, 0.0, cutting)
    left = parts.rest[~shapely.is_missing(parts.rest)]
    # Cells share their edges to the last digit, so that their free grounds grow together again.
    united_s = _UNITED_S * (1 + int(shapely.get_num_coordinates(left).sum()))
    whole = run_cancellable(lambda: shapely.union_all(left), threads.progress.part(_CUT, _FREE), united_s)
    free = shapely.get_parts(polygon_parts(np.array([whole], dtype=object)))
    free = free[shapely.area(free) >= options.area_m2] if len(left) else np.empty(0, dtype=object)
    searching = threads.progress.part(_FREE, _FOUND, phrase("progress.free", language))
    found = places(free, options.area_m2, options.width_m, SPARE * options.count, searching)
    if len(found.grounds) == 0:
        return _table(first, np.empty(0, dtype=object), np.empty(0), [], {}, origin)
    asked = replace(blank, parcels=_parcels(found.grounds, origin, options.attributes))
    run = check(library, asked, threads.part(_FOUND, 1.0))
    passing = np.flatnonzero(~verdicts_left(run.tables["parcels"].columns, options.keep_verdict))[: options.count]
    titles = {rule.id: rule.title.get(language, rule.id) for rule in rules}
    return _table(run, found.grounds, found.clearance_m, obstacles, titles, origin, passing)


def _cells(ground: np.ndarray) -> np.ndarray:
    """The ground in squares: (k,) polygons."""
    whole = shapely.union_all(ground)
    west, south, east, north = shapely.bounds(whole)
    x = np.arange(np.floor(west / CELL_M), np.ceil(east / CELL_M)) * CELL_M
    y = np.arange(np.floor(south / CELL_M), np.ceil(north / CELL_M)) * CELL_M
    corner_x, corner_y = (values.ravel() for values in np.meshgrid(x, y))
    boxes = shapely.box(corner_x, corner_y, corner_x + CELL_M, corner_y + CELL_M)
    shapely.prepare(whole)
    boxes = boxes[shapely.intersects(whole, boxes)]
    parts = polygon_parts(shapely.intersection(boxes, whole))
    kept: np.ndarray = parts[~shapely.is_missing(parts) & (np.nan_to_num(shapely.area(parts)) > 0)]
    return kept


def _parcels(grounds: np.ndarray, origin: tuple[float, float], attributes: Mapping[str, str]) -> Parcels:
    written = shift_polygons(grounds, origin)
    count = len(written)
    return Parcels(
        ids=np.array([str(number) for number in range(1, count + 1)], dtype=object),
        geometries=written,
        attributes=pd.DataFrame({name: [value] * count for name, value in attributes.items()}, index=range(count)),
        id_field=None,
        source="sites",
        source_hash=sha256(b"".join(shapely.to_wkb(written, byte_order=1))),
        problems=(),
    )


def _table(
    run: Run,
    grounds: np.ndarray,
    clearance_m: np.ndarray,
    obstacles: Sequence[Obstacle],
    titles: Mapping[str, str],
    origin: tuple[float, float],
    passing: np.ndarray | None = None,
) -> Table:
    """The sites that passed, with the rule whose ground is nearest, how far that is, and its title."""
    chosen = passing if passing is not None else np.empty(0, dtype=np.int64)
    shapes = grounds[chosen]
    nearest = np.full(len(shapes), None, dtype=object)
    distance = np.full(len(shapes), np.nan)
    if len(obstacles) and len(shapes):
        barriers = np.empty(len(obstacles), dtype=object)
        barriers[:] = [obstacle.ground for obstacle in obstacles]
        (at, which), far = shapely.STRtree(barriers).query_nearest(shapes, return_distance=True, all_matches=False)
        nearest[at] = [obstacles[int(number)].rule for number in which]
        distance[at] = far
    verdicts = run.tables["parcels"].columns["verdict"].to_numpy(dtype=object)
    rows: dict[str, Any] = {
        "site": [f"P{number}" for number in range(1, len(shapes) + 1)],
        "rank": np.arange(1, len(shapes) + 1),
        "verdict": verdicts[chosen] if len(chosen) else np.empty(0, dtype=object),
        "area_m2": shapely.area(shapes),
        "width_m": _widths(shapes),
        "clearance_m": clearance_m[chosen] if len(chosen) else np.empty(0),
        "nearest_rule": nearest,
        "nearest_m": distance,
        "nearest_title": np.array([titles.get(rule) for rule in nearest], dtype=object),
    }
    return Table(pd.DataFrame(rows, columns=COLUMNS), multi(shift_polygons(shapes, origin), "polygon"))


def _widths(shapes: np.ndarray) -> np.ndarray:
    """The shorter side of rectangles (k,) in m."""
    if len(shapes) == 0:
        return np.empty(0)
    corners = shapely.get_coordinates(shapes).reshape(len(shapes), -1, 2)
    sides = np.hypot(*np.moveaxis(np.diff(corners[:, :3], axis=1), 2, 0))
    least: np.ndarray = sides.min(axis=1)
    return least

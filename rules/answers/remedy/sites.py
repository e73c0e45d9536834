"""Search a district for places where a parcel of an area and a least width passes the check, the freest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.parts import multi, polygon_part, polygon_parts, shift_geometries, shift_polygons
from onemap.layers.geometry.shape_column import all_of, areas_of
from onemap.layers.library.library import Library, sha256
from onemap.layers.messages import ProblemRecord, first_names, phrase, problem_record
from onemap.layers.progress import SILENT, Progress
from onemap.rules.answers.remedy.cuts import Obstacles, Parts, cut_off
from onemap.rules.answers.remedy.obstacles import obstacles_of, verdicts_left
from onemap.rules.answers.remedy.unbuilt_ground import RULE as UNBUILT
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.judge.check.check import check, local_origin, origin_of, remarks_of
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.uninterruptible import run_cancellable
from onemap.rules.judge.packs.pack import Pack, rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import check_plan_of
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.unasked_rules import judging_rules, unasked_rules

CELL_M = 1000.0  # the ground is searched in squares, so that none of the overlays is of a whole district
# Of the work: when the ground is checked, what stands against it cut off, what is free known, and searched.
_CHECKED, _CUT, _FREE, _FOUND = 0.07, 0.09, 0.1, 0.98
_UNITED_S = 6e-6  # measured, a vertex of what is left
_LISTED = "P"  # before the number of a site that is listed
_LEAST_UNKNOWN = 0.01  # of the ground that is searched; less is not told
SPARE = 3  # how many more places are tried than are asked for, since some fail the check
COLUMNS = ["site", "rank", "verdict", "area_m2", "width_m", "clearance_m", "nearest_rule", "nearest_m", "nearest_title"]
DIRECTIONS_DEG = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0)
FORMS = 3  # from a square to the least width
_MOST_CENTRES = 20_000  # of one form; the grid is widened until it has no more
_AT_ONCE, _MEASURED_AT_ONCE = 500, 25  # rectangles in free ground of ten thousands of vertices: tried, and measured
_MEASURED_FIRST = 1000  # rectangles
_SURE_M = 1e-5  # more than floating point and the rounding of clearances take
# Measured, of each form: to shrink its ground, to measure its centres, to try one direction; and of all, the measuring.
_SHRINKING, _CENTRES, _TRIED, _FARTHEST = 1.0, 1.0, 0.01, 0.2
_SHRINKING_S = 8e-5  # a vertex
Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class SiteOptions:
    """The wanted site: area, least width, number of sites, verdict that may be kept, and the facts of the project."""

    area_m2: float
    width_m: float
    count: int
    keep_verdict: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class FoundSites:
    """The table of sites, the versions that were asked, and the remarks.

    problems: what a check of the sites remarks, and what is not known of the ground.
    """

    table: Table
    layers: Sequence[Mapping[str, Any]]
    problems: list[ProblemRecord]


def sites(
    library: Library,
    ground: np.ndarray,
    packs: Sequence[Pack],
    as_of: date,
    known_at: datetime | None,
    options: SiteOptions,
    language: str,
    threads: Threads,
) -> FoundSites:
    """The sites, each of which passed the check as it is written. Finding none does not prove that there is none.

    ground: (n,) polygons in the library's plane to search. Raises OneMapError for every refusal.
    """
    west, south, _, _ = shapely.total_bounds(ground)
    origin = local_origin(west, south)
    cells = _cells(shift_geometries(ground, (-origin[0], -origin[1])))
    blank = Question(_parcels(cells, origin, options.attributes), tuple(packs), (), as_of, known_at, language)
    first = _check(library, blank, threads.part(0.0, _CHECKED))
    rules = [rule for rule in rules_of_run(packs, first.record) if rule.id in first.record["rules"]]
    if any(rule.id == UNBUILT for pack in packs for rule in pack.rules) and UNBUILT not in first.record["rules"]:
        raise OneMapError("sites.no_survey", file=library.label, field="--unbuilt")
    cutting = threads.part(_CHECKED, _CUT, phrase("progress.cutting", language))
    obstacles = obstacles_of(first, rules, options.keep_verdict, origin, np.arange(len(cells)))
    parts = Parts.whole(cells)
    cut_off(parts, obstacles, 0.0, cutting)
    left = parts.rest.at(parts.is_left).geometries
    # Cells share their edges to the last digit, so that their free grounds grow together again.
    united_s = _UNITED_S * (1 + int(shapely.get_num_coordinates(left).sum()))
    whole = run_cancellable(lambda: shapely.union_all(left), threads.progress.part(_CUT, _FREE), united_s)
    free = shapely.get_parts(polygon_part(whole))
    free = free[shapely.area(free) >= options.area_m2] if len(left) else np.empty(0, dtype=object)
    searching = threads.progress.part(_FREE, _FOUND, phrase("progress.free", language))
    candidates = places(free, options.area_m2, options.width_m, SPARE * options.count, searching)
    good_places, verdicts, remarks = candidates, np.empty(0, dtype=object), list[ProblemRecord]()
    if len(candidates.grounds):
        site_question = replace(blank, parcels=_parcels(candidates.grounds, origin, options.attributes))
        run = _check(library, site_question, threads.part(_FOUND, 1.0, phrase("progress.found", language)))
        passing = np.flatnonzero(~verdicts_left(run, options.keep_verdict))[: options.count]
        verdicts = run.tables["parcels"].values("verdict")[passing]
        good_places = Places(candidates.grounds[passing], candidates.clearance_m[passing])
    if len(good_places.grounds):
        listed_question = replace(blank, parcels=_parcels(good_places.grounds, origin, options.attributes, _LISTED))
        extents = shapely.bounds(listed_question.parcels.shapes).tolist()
        remarks = remarks_of(library, listed_question, check_plan_of(library, listed_question, origin), *extents)
    doubts = _unasked_rules(library, packs, first, language)
    if len(good_places.grounds) < options.count:
        doubts += _unknown_ground(obstacles, rules, float(shapely.area(cells).sum()), language)
    table = _table(good_places, verdicts, obstacles, rules, language, origin)
    return FoundSites(table, first.record["layers"], [*remarks, *(problem_record(doubt, language) for doubt in doubts)])


def _check(library: Library, question: Question, threads: Threads) -> Run:
    """A check whose remarks nobody asks for: they are those on the sites that are found."""
    plan = check_plan_of(library, question, origin_of(library, question.parcels.extent))
    return check(library, question, threads, check_plan=plan)


def _unasked_rules(library: Library, packs: Sequence[Pack], first: Run, language: str) -> list[Problem]:
    """The remark on rules that were not asked, if there are any: sites are free of what the others know."""
    unasked_list = unasked_rules(library, packs, first.record, language)
    layers = first_names([*dict.fromkeys(rule["layer_title"] for rule in unasked_list)])
    facts = {"count": len(unasked_list), "rules": len(judging_rules(packs, first.record)), "layers": layers}
    return [Problem("sites.unasked", facts)] if unasked_list else []


def _unknown_ground(obstacles: Obstacles, rules: Sequence[Rule], whole_m2: float, language: str) -> list[Problem]:
    """The remark on ground that was cut since it could not be judged, by the rule with most of it; few have none."""
    unknown = obstacles.against.rank == RANK[Verdict.UNKNOWN]
    area_m2 = np.bincount(obstacles.against.rule[unknown], areas_of(obstacles.ground)[unknown], len(rules) + 1)
    share = float(area_m2.max()) / whole_m2
    if share < _LEAST_UNKNOWN:
        return []
    title = rules[int(area_m2.argmax())].title
    facts = {"share": f"{100 * share:.0f}", "count": int((area_m2 > 0).sum())}
    return [Problem("sites.unknown", {**facts, "title": title.get(language, "")})]


def _cells(ground: np.ndarray) -> np.ndarray:
    """The ground divided into squares: (k,) polygons."""
    whole = shapely.union_all(ground)
    west, south, east, north = shapely.bounds(whole)
    x = np.arange(np.floor(west / CELL_M), np.ceil(east / CELL_M)) * CELL_M
    y = np.arange(np.floor(south / CELL_M), np.ceil(north / CELL_M)) * CELL_M
    corner_x, corner_y = (values.ravel() for values in np.meshgrid(x, y))
    boxes = shapely.box(corner_x, corner_y, corner_x + CELL_M, corner_y + CELL_M)
    shapely.prepare(whole)
    boxes = boxes[shapely.intersects(whole, boxes)]
    parts = polygon_parts(shapely.intersection(boxes, whole))
    cells: np.ndarray = parts[~shapely.is_missing(parts) & (np.nan_to_num(shapely.area(parts)) > 0)]
    return cells


def _parcels(
    grounds: np.ndarray, origin: tuple[float, float], attributes: Mapping[str, str], before: str = ""
) -> Parcels:
    """Grounds as parcels, named by their numbers from 1 on. before: in front of each number."""
    library_shapes = shift_polygons(grounds, origin)
    count = len(library_shapes)
    return Parcels(
        ids=np.array([f"{before}{number}" for number in range(1, count + 1)], dtype=object),
        shapes=library_shapes,
        attributes=pd.DataFrame({name: [value] * count for name, value in attributes.items()}, index=range(count)),
        id_field=None,
        source="sites",
        source_hash=sha256(b"".join(shapely.to_wkb(library_shapes, byte_order=1))),
        problems=(),
    )


def _table(
    sites_found: "Places",
    verdicts: np.ndarray,
    obstacles: Obstacles,
    rules: Sequence[Rule],
    language: str,
    origin: tuple[float, float],
) -> Table:
    """The sites that passed (k,), with the rule whose ground is nearest, its distance, and its title.

    verdicts (k,): of the check; rules: in the order of work.
    """
    shapes = sites_found.grounds
    nearest: list[Rule | None] = [None] * len(shapes)
    distance = np.full(len(shapes), np.nan)
    if len(obstacles) and len(shapes):
        tree = shapely.STRtree(all_of(obstacles.ground))
        (at, which), far = tree.query_nearest(shapes, return_distance=True, all_matches=False)
        distance[at] = far
        for site, rule in zip(at, obstacles.against.rule[which], strict=True):
            nearest[site] = rules[rule]
    rows: dict[str, Any] = {
        "site": [f"{_LISTED}{number}" for number in range(1, len(shapes) + 1)],
        "rank": np.arange(1, len(shapes) + 1),
        "verdict": verdicts,
        "area_m2": shapely.area(shapes),
        "width_m": _widths(shapes),
        "clearance_m": sites_found.clearance_m,
        "nearest_rule": np.array([rule and rule.id for rule in nearest], dtype=object),
        "nearest_m": distance,
        "nearest_title": np.array([rule and rule.title.get(language, rule.id) for rule in nearest], dtype=object),
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


@dataclass(frozen=True)
class Places:
    """Rectangles (k,) inside the free ground, with the distance of each from its edge in m, the farthest first."""

    grounds: np.ndarray
    clearance_m: np.ndarray


def widths_m(area_m2: float, least_m: float) -> list[float]:
    """The widths to try: from the square's side down to the least width."""
    side = float(np.sqrt(area_m2))
    if least_m <= 0 or least_m >= side:
        return [side]
    return [float(width) for width in np.geomspace(side, least_m, FORMS)]


def places(
    free: np.ndarray,
    area_m2: float,
    least_width_m: float,
    count: int,
    progress: Progress = SILENT,
) -> Places:
    """At most `count` rectangles of an area and a least width inside free ground; finding none proves nothing.

    free: (n,) polygons that share no ground. If the least width exceeds the square's side, nothing is found.
    """
    if least_width_m > np.sqrt(area_m2) * (1 + 1e-9):
        return Places(np.empty(0, dtype=object), np.empty(0))
    shapely.prepare(free)
    edges = shapely.boundary(free)
    shapely.prepare(edges)
    fits_by_block: list[tuple[np.ndarray, ...]] = []
    forms = [(width, area_m2 / width) for width in widths_m(area_m2, least_width_m)]
    turns = [DIRECTIONS_DEG if length > width * (1 + 1e-6) else DIRECTIONS_DEG[:3] for width, length in forms]
    costs = [cost for angles in turns for cost in (_SHRINKING, _CENTRES, *[_TRIED] * len(angles))]
    parts = iter(progress.parts([*costs, _FARTHEST]))
    shrinking_s = _SHRINKING_S * int(shapely.get_num_coordinates(free).sum())
    for (width, length), angles in zip(forms, turns, strict=True):
        # A centre nearer to the edge than half the width can hold no such rectangle.
        by = -width / 2 * (1 - 1e-6)
        inner = run_cancellable(lambda by=by: shapely.buffer(free, by), next(parts), shrinking_s)  # type: ignore[misc]
        ground = np.flatnonzero(~shapely.is_empty(inner))
        centres, owner = _grid(inner[ground], width / 2)
        mine = ground[owner]
        # A rectangle lies no farther from the edge than the circle in its middle.
        most_m = (
            _pair_by_pair(shapely.distance, edges[mine], shapely.points(centres), _AT_ONCE, next(parts)) - width / 2
        )
        for angle in angles:
            shapes = _rectangles(centres, width, length, np.radians(angle))
            fits = _pair_by_pair(shapely.covers, free[mine], shapes, _AT_ONCE, next(parts))
            fits_by_block.append((shapes[fits], mine[fits], most_m[fits]))
    shapes, mine, most_m = (np.concatenate(column) for column in zip(*fits_by_block, strict=True))
    return _farthest(shapes, edges[mine], most_m, count, next(parts))


def _pair_by_pair(
    operation: Operation, one: np.ndarray, other: np.ndarray, at_once: int, progress: Progress
) -> np.ndarray:
    """Apply operation(one, other) pair by pair, few pairs at a time so that a cancel takes effect soon.

    It uses one thread: prepared geometries cannot be used by several at once.
    """
    if len(one) == 0:
        return operation(one, other)
    parts = []
    for start in range(0, len(one), at_once):
        progress.at(start / len(one))
        parts.append(operation(one[start : start + at_once], other[start : start + at_once]))
    return np.concatenate(parts)


def _grid(inner: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (k, 2) of a grid inside polygons, at least one in each, and the polygon (k,) of each."""
    if len(inner) == 0:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    west, south, east, north = shapely.total_bounds(inner)
    step = max(step, float(np.sqrt((east - west) * (north - south) / _MOST_CENTRES)))
    x, y = np.meshgrid(np.arange(west, east + step, step), np.arange(south, north + step, step))
    points = np.column_stack([x.ravel(), y.ravel()])
    polygon, point = shapely.STRtree(shapely.points(points)).query(inner, predicate="intersects")
    own = shapely.get_coordinates(shapely.point_on_surface(inner))
    middle = shapely.get_coordinates(shapely.centroid(inner))
    every = np.arange(len(inner))
    return np.concatenate([points[point], own, middle]), np.concatenate([polygon, every, every])


def _rectangles(centres: np.ndarray, width: float, length: float, angle: float) -> np.ndarray:
    corners = np.array([(-length, -width), (length, -width), (length, width), (-length, width)]) / 2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    rings = centres[:, None, :] + (corners @ turn)[None, :, :]
    rectangles: np.ndarray = shapely.polygons(rings) if len(centres) else np.empty(0, dtype=object)
    return rectangles


def _farthest(shapes: np.ndarray, edges: np.ndarray, most_m: np.ndarray, count: int, progress: Progress) -> Places:
    """The result of `_places_apart` for all shapes, measuring only as many as can be among the first.

    edges: of the ground around each shape (n,); most_m (n,): an upper bound of each shape's distance from its edge.
    """
    order, clearance_m = np.argsort(-most_m, kind="stable"), np.full(len(shapes), np.nan)
    measured_count, left = 0, 1.0
    while True:
        more = order[measured_count : max(2 * measured_count, _MEASURED_FIRST)]
        own, left = progress.part(1 - left, 1 - left / 2), left / 2
        clearance_m[more] = _pair_by_pair(shapely.distance, edges[more], shapes[more], _MEASURED_AT_ONCE, own)
        measured_count += len(more)
        known_rows = np.sort(order[:measured_count])
        farthest = _places_apart(shapes[known_rows], clearance_m[known_rows], count)
        if measured_count == len(shapes):
            return farthest
        if len(farthest.grounds) == count and farthest.clearance_m[-1] > most_m[order[measured_count]] + _SURE_M:
            return farthest


def _places_apart(shapes: np.ndarray, clearance_m: np.ndarray, count: int) -> Places:
    """The places that overlap none that is farther from the edge."""
    order = np.argsort(-np.round(clearance_m, 6), kind="stable")
    tree = shapely.STRtree(shapes)
    is_taken = np.zeros(len(shapes), dtype=bool)
    chosen_rows: list[int] = []
    for at in order:
        if is_taken[at]:
            continue
        chosen_rows.append(int(at))
        if len(chosen_rows) == count:
            break
        is_taken[tree.query(shapes[at], predicate="intersects")] = True
    return Places(shapes[chosen_rows], clearance_m[chosen_rows])

"""Sound geometry: of the layer's kind, present, finite and valid; made valid if the user asks for it."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.boxes import FARTHEST
from onemap.layers.geometry.invalid_reasons import invalid_reasons
from onemap.layers.geometry.parts import open_collections, polygon_parts, without_empty_rings
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.row_by_row import apply_by_row
from onemap.layers.geometry.shape_column import AnyShapes, all_of, vertices_of_each
from onemap.layers.progress import SILENT, Progress

MOST_VERTICES = 2_000_000  # of a feature, which takes half a gigabyte: 16 times the largest polygon of real plans
RECORD = "source.record"  # a feature without geometry because its record is broken
CODES = (  # of what may be unsound, in the order in which it is reported
    RECORD,
    "geometry.null",
    "geometry.empty",
    "geometry.type",
    "geometry.not_finite",
    "geometry.beyond",
    "geometry.invalid",
    "geometry.collapsed",
)
_AT_SIGHT = CODES[1:6]  # what is seen without a proof
_DIMENSIONS = {"polygon": 2, "line": 1, "point": 0}
_TYPE_NAMES = {
    0: "Point",
    1: "LineString",
    2: "LinearRing",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}
_KINDS = ("point", "line", "line", "polygon", "point", "line", "polygon", "mixed")  # by the same numbers
_MAX_LISTED = 1000  # a report of a million rows helps nobody; the rest is counted
_POLYGONS = (3, 6)
_PROVED_AT_ONCE = 5_000  # by one thread; between two such parts someone may say that he has had enough


@dataclass(frozen=True)
class SortedGeometries:
    """Shapes after sorting: which may be kept, what was mended, and what is wrong with the others.

    shapes: (n,) mended where `--repair` could, else unchanged; rows and problems: the unsound ones, in the order of the
    report; changed_m2: the sum of |area change| of the mended ones.
    """

    shapes: AnyShapes
    rows: tuple[int, ...]
    problems: tuple[Problem, ...]
    repairs: tuple[Problem, ...]
    changed_m2: float

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (n,)."""
        return all_of(self.shapes)

    def require_sound(self, place: ProblemPlace) -> "SortedGeometries":
        """Return the geometries if all are sound. Raises OneMapError geometry.…, with each feature named."""
        if self.problems:
            raise OneMapError.of(first_problems(self.problems, place))
        return self

    def with_records(self, broken_records: Mapping[int, str]) -> "SortedGeometries":
        """Give the reason for features without a geometry because of broken records (0-based row → reason)."""
        if not broken_records:
            return self
        problems = [
            Problem(RECORD, {**problem.facts, "reason": broken_records[row]})
            if row in broken_records and problem.code == "geometry.null"
            else problem
            for row, problem in zip(self.rows, self.problems, strict=True)
        ]
        order = sorted(range(len(problems)), key=lambda at: problems[at].code != RECORD)
        rows, sorted_problems = tuple(self.rows[at] for at in order), tuple(problems[at] for at in order)
        return replace(self, rows=rows, problems=sorted_problems)


def type_names(geometries: np.ndarray) -> np.ndarray:
    """The name of each geometry's type (n,), "" for None."""
    return np.array([_TYPE_NAMES.get(int(kind), "") for kind in shapely.get_type_id(geometries)], dtype=object)


def kind_of(geometries: Iterable[shapely.Geometry]) -> Problem:
    """Return the kind of geometries in everyday words: points, lines, polygons, or mixed."""
    kinds = {_KINDS[shapely.get_type_id(geometry)] for geometry in geometries}
    return Problem(f"kind.{kinds.pop() if len(kinds) == 1 else 'mixed'}")


def are_finite(geometries: np.ndarray) -> np.ndarray:
    """Whether every coordinate of each geometry is a number (n,); a box alone would not show a missing one."""
    finite = np.ones(len(geometries), dtype=bool)
    # The length of a polygon's rings is made of all coordinates; where it is a number, they are.
    with np.errstate(all="ignore"):  # too large a sum is no number either, and is then looked at one by one
        is_known = np.isin(shapely.get_type_id(geometries), _POLYGONS) & np.isfinite(shapely.length(geometries))
    rows = np.flatnonzero(~is_known)
    for block in blocks(len(rows)):
        coordinates, owner = shapely.get_coordinates(geometries[rows[block]], return_index=True)
        finite[rows[block.start + owner[~np.isfinite(coordinates).all(axis=1)]]] = False
    return finite


def are_beyond(geometries: np.ndarray) -> np.ndarray:
    """Whether any coordinate of each geometry is farther away than any coordinate system reaches (n,)."""
    far: np.ndarray = (np.abs(shapely.bounds(geometries)).reshape(-1, 4) > FARTHEST).any(axis=1)
    return far


def refuse_beyond(geometries: np.ndarray, names: Sequence[Any] | np.ndarray, place: ProblemPlace) -> None:
    """Refuse coordinates beyond any system. Raises OneMapError geometry.beyond, with each feature named."""
    rows = np.flatnonzero(are_beyond(geometries)).tolist()
    problems = [Problem("geometry.beyond", {**place, "feature": names[row], "row": row + 1}) for row in rows]
    if problems:
        raise OneMapError.of(first_problems(problems, place))


def check_vertices(shapes: AnyShapes, place: ProblemPlace, first: int = 0) -> None:
    """Refuse shapes with more than MOST_VERTICES; first: the 0-based row of the first shape.

    Raises OneMapError geometry.vertices.
    """
    counts = vertices_of_each(shapes)
    rows = np.flatnonzero(counts > MOST_VERTICES).tolist()
    if rows:
        raise OneMapError.of(
            first_problems(
                [vertices_problem(first + row, int(counts[row]), place) for row in rows],
                place,
            )
        )


def vertices_problem(row: int, vertices: int, place: ProblemPlace) -> Problem:
    """Return the problem that a feature has more than MOST_VERTICES. row: from 0."""
    facts = {"feature": str(row + 1), "row": row + 1, "vertices": vertices, "most": MOST_VERTICES}
    return Problem("geometry.vertices", {**place, **facts})


def sorted_geometries(
    shapes: AnyShapes,
    geometry: str,
    names: np.ndarray,
    repair: bool,
    place: ProblemPlace,
    workers: int = 1,
    progress: Progress = SILENT,
    valid: np.ndarray | None = None,
) -> SortedGeometries:
    """Separate sound geometries from unsound ones, and mend invalid polygons if asked to; nothing is refused.

    names: (n,) of the features; workers: threads; valid: (n,) which polygons are valid, if that was proved
    (`RawFrame.valid`) for polygons with non-empty rings and points within FARTHEST: then geometries are made only of
    the invalid ones.
    """
    flaws = [np.zeros(len(shapes), dtype=bool)]
    are_plain = valid is not None and geometry == "polygon"
    if not are_plain:
        shapes = open_collections(all_of(shapes))
        shapes = without_empty_rings(shapes) if geometry == "polygon" else shapes
        flaws = _flaws_at_sight(shapes, geometry)
    good = ~np.any(flaws, axis=0)
    invalid = np.zeros(len(shapes), dtype=bool)
    if geometry == "polygon":
        invalid[good] = ~(_are_valid(shapes[good], workers, progress) if valid is None else valid)
        progress.at(1.0)
    repairs: tuple[Problem, ...] = ()
    changed_m2 = 0.0
    is_lost = np.zeros(len(shapes), dtype=bool)
    if repair and invalid.any():
        shapes, is_lost, repairs, changed_m2 = _repair_geometries(all_of(shapes), invalid, names, place)
    at_sight = zip(_AT_SIGHT, flaws, strict=False)
    flaw_rows = (*at_sight, ("geometry.invalid", invalid & (not repair)), ("geometry.collapsed", is_lost))
    unsound = [(code, row) for code, rows in flaw_rows for row in np.flatnonzero(rows).tolist()]
    problems = tuple(
        Problem(code, {**place, "feature": str(names[row]), "row": row + 1, **_facts(code, shapes[row], geometry)})
        for code, row in unsound
    )
    return SortedGeometries(shapes, tuple(row for _, row in unsound), problems, repairs, changed_m2)


def _flaws_at_sight(geometries: np.ndarray, geometry: str) -> list[np.ndarray]:
    """Which geometries (n,) have each flaw of _AT_SIGHT; each geometry has at most one."""
    missing = shapely.is_missing(geometries)
    empty = shapely.is_empty(geometries) & ~missing
    wrong = ~missing & ~empty & (_dimension(geometries) != _DIMENSIONS[geometry])
    endless = ~missing & ~empty & ~wrong & ~are_finite(geometries)
    is_beyond = ~missing & ~empty & ~wrong & ~endless & are_beyond(geometries)
    return [missing, empty, wrong, endless, is_beyond]


def _are_valid(polygons: np.ndarray, workers: int, progress: Progress) -> np.ndarray:
    """Which polygons (n,) are valid; GEOS releases the interpreter's lock, so threads share the work."""
    valid = np.zeros(len(polygons), dtype=bool)
    parts = list(blocks(len(polygons), _PROVED_AT_ONCE))
    if len(parts) == 1:  # which needs no threads
        valid[:] = shapely.is_valid(polygons)
        return valid
    with ThreadPoolExecutor(workers) as pool:
        try:
            proved = pool.map(lambda part: shapely.is_valid(polygons[part]), parts)
            for part_count, (part, part_valid) in enumerate(zip(parts, proved, strict=True), start=1):
                valid[part] = part_valid
                progress.at(part_count / len(parts))
        finally:
            pool.shutdown(cancel_futures=True)
    return valid


def _facts(code: str, geometry: shapely.Geometry | None, expected: str) -> dict[str, Any]:
    if code == "geometry.type":
        return {"found": kind_of([geometry]), "expected": Problem(f"kind.{expected}")}
    if code == "geometry.invalid":
        return {"reason": invalid_reasons(np.array([geometry], dtype=object))[0]}
    return {}


def _repair_geometries(
    geometries: np.ndarray, invalid: np.ndarray, names: np.ndarray, place: ProblemPlace
) -> tuple[np.ndarray, np.ndarray, tuple[Problem, ...], float]:
    """Return the geometries made valid, which have nothing left (n,), the repairs, and the sum of |area change|."""
    rows = np.flatnonzero(invalid)
    before = shapely.area(geometries[rows])
    reasons = invalid_reasons(geometries[rows])
    mended = polygon_parts(apply_by_row(_valid_grounds, geometries[rows]))
    is_mended = ~shapely.is_missing(mended)
    is_lost = np.zeros(len(geometries), dtype=bool)
    is_lost[rows[~is_mended]] = True
    changed_m2 = shapely.area(mended) - before
    problems = tuple(
        Problem(
            "geometry.repaired",
            {
                **place,
                "feature": str(names[row]),
                "row": row + 1,
                "reason": reason,
                "area_changed_m2": float(change),
                "change": f"{change:+.3f}",
            },
        )
        for row, reason, change, is_kept in zip(rows.tolist(), reasons, changed_m2, is_mended, strict=True)
        if is_kept
    )
    result = geometries.copy()
    result[rows[is_mended]] = mended[is_mended]
    return result, is_lost, problems, float(np.abs(changed_m2[is_mended]).sum())


def _valid_grounds(geometries: np.ndarray) -> np.ndarray:
    """Return geometries (n,) made valid, each with the ground that two of its parts have in common.

    GEOS takes what lies in two rings for a hole. That a part inside another is one may be meant, since some programs
    write holes so; ground in which two parts overlap belongs to both.
    """
    grounds: np.ndarray = shapely.make_valid(geometries)
    for row in np.flatnonzero(shapely.get_num_geometries(geometries) > 1).tolist():
        parts = shapely.make_valid(shapely.get_parts(geometries[row]))
        one, other = shapely.STRtree(parts).query(parts, predicate="overlaps")
        if len(one):
            grounds[row] = shapely.union_all([grounds[row], *shapely.intersection(parts[one], parts[other])])
    return grounds


def _dimension(geometries: np.ndarray) -> np.ndarray:
    """Return 0 to 2 for points, lines, polygons and their multis; -1 for collections, which mix them."""
    dimension = shapely.get_dimensions(geometries)
    return np.where(shapely.get_type_id(geometries) == 7, -1, dimension)


def first_problems(problems: Sequence[Problem], place: ProblemPlace) -> list[Problem]:
    """Return the first thousand problems, and one that counts the rest."""
    if len(problems) <= _MAX_LISTED:
        return list(problems)
    more = Problem("problems.more", {**place, "count": len(problems) - _MAX_LISTED})
    return [*problems[:_MAX_LISTED], more]

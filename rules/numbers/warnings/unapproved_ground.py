"""Candidates 疑似: ground built on between two surveys that no approval in the library covers.

A candidate is a question to be answered on the ground, not an offence. Each names its nearest approval, since a border
may have shifted, and the layers of approvals that the library lacks, since these might answer it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import ProblemPlace
from onemap.layers.frames.days import day_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import (
    Version,
    coverage_of,
    in_force,
    layer_in_force,
    previous_version,
    read_version,
    versions,
)
from onemap.rules.answers.statistics.class_keys import class_keys
from onemap.rules.judge.findings.thresholds import narrower
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import grounds_inside, grounds_outside, union_of_all

SURVEY, SEEN_FROM_ABOVE = "DLTB", "YGYSXZJSYDTB"
APPROVALS = ("ZZ_NYDZYFW", "GDDK", "GHDK", "GHXK", "LSYD", "SSNYD", "PZWJSTD")
# In this order: the first that a candidate touches names it.
LINES = (("YJJBNTTB", "on_protected_farmland"), ("STBHHX", "in_red_line"))
BOUNDARY, OUTSIDE = "CZKFBJ", "outside_boundary"
LEAST_M2, LEAST_WIDTH_M = 200.0, 5.0
ENDS = "YXQZ"  # the field of the day on which a permit ends
_TEMPORARY = "LSYD"  # land for some years; other permits hold what was built while they were in force
_AREA_STEP_M2 = 0.01  # to which areas are given
_RESERVOIR_2007 = "113"  # built land in the second survey only; houses where one was are new


@dataclass(frozen=True)
class Candidates:
    """Grounds (n,) in the library's plane, a record of each, and missing layers of approvals.

    unsure (n,): candidates on ground that a layer of approvals does not cover, or whose older class is unknown.
    over_lines: all newly built ground beyond a line, approved or not, with the line, and whether it may have been built
    on before; no_lines: missing layers of lines; silent: layers that do not cover all the ground, for candidates and
    for lines; has_no_class: whether a survey has ground of no known class that may be, or have been, built on.
    """

    grounds: np.ndarray
    records: list[dict[str, Any]]
    missing: list[str]
    unsure: list[bool]
    over_lines: list[tuple[str, shapely.Geometry, bool]] = field(default_factory=list)
    no_lines: list[str] = field(default_factory=list)
    silent: tuple[list[str], list[str]] = ([], [])
    has_no_class: bool = False


def unapproved_ground(library: Library, as_of: date, threads: Threads) -> Candidates | None:
    """The candidates of a day; None if the library has neither two surveys to compare nor spots seen from above.

    Raises OneMapError version.unreadable, statistics.field, overlay.union, compare.arithmetic.
    """
    all_versions = versions(library)
    new = _new_ground(library, all_versions, as_of, threads)
    if new is None:
        return None
    approvals = {code: layer_in_force(all_versions, code, as_of) for code in APPROVALS}
    present = [version for version in approvals.values() if version is not None]
    shapes, names, covers = _approved_features(library, present, new.looked_on)
    threads.progress.check()
    rests = grounds_outside(np.array([new.built, new.unclear]), union_of_all(shapes[covers], threads), SURVEY, threads)
    parts = [_wide_parts(rest) for rest in rests.tolist()]
    grounds, unsure = np.concatenate(parts), np.repeat([False, True], [len(part) for part in parts])
    of_candidates, of_lines = ([SURVEY], [SURVEY]) if new.is_elsewhere else ([], [])
    for approval in present:
        is_silent_of = _is_beyond(library, approval, grounds, threads)
        of_candidates += [approval.code] if is_silent_of.any() else []
        unsure |= is_silent_of
    lines = [
        (version, word) for code, word in LINES if (version := layer_in_force(all_versions, code, as_of)) is not None
    ]
    boundary = layer_in_force(all_versions, BOUNDARY, as_of)
    classes = _classes(library, grounds, lines, boundary, threads)
    records = [
        {"class": word, "area_m2": float(shapely.area(ground)), **_nearest(ground, shapes, names)}
        for ground, word in zip(grounds, classes, strict=True)
    ]
    over = [(*one, False) for one in _over_lines(library, new.built, lines, boundary, threads)]
    over += [(*one, True) for one in _over_lines(library, new.unclear, lines, boundary, threads)]
    there = [version for version, _ in lines] + ([boundary] if boundary is not None else [])
    all_new = np.concatenate([_wide_parts(ground) for ground in (new.built, new.unclear)])
    of_lines += [version.code for version in there if _is_beyond(library, version, all_new, threads).any()]
    codes = {version.code for version in there}
    return Candidates(
        grounds=grounds,
        records=records,
        missing=[code for code, version in approvals.items() if version is None],
        unsure=unsure.tolist(),
        over_lines=over,
        no_lines=[code for code in (*(code for code, _ in LINES), BOUNDARY) if code not in codes],
        silent=(of_candidates, of_lines),
        has_no_class=new.has_no_class,
    )


@dataclass(frozen=True)
class _NewGround:
    """Ground newly built on, and ground built on now whose earlier state is unknown.

    is_elsewhere: the newer survey has built ground outside the older one's coverage; has_no_class: either survey has
    ground that may be built on, of no class that the program knows; looked_on: the day of the last observation, "" if
    unknown.
    """

    built: shapely.Geometry | None
    unclear: shapely.Geometry | None
    looked_on: str
    is_elsewhere: bool = False
    has_no_class: bool = False


def _new_ground(library: Library, all_versions: Sequence[Version], as_of: date, threads: Threads) -> _NewGround | None:
    """Ground that surveys, or spots seen from above, call built on a day, without ground built in the older survey."""
    surveys = [version for version in all_versions if version.code == SURVEY]
    newer, spots = in_force(surveys, as_of), layer_in_force(all_versions, SEEN_FROM_ABOVE, as_of)
    older = None if newer is None else previous_version(surveys, newer)
    spot_ground = None if spots is None else _ground(library, spots, threads)
    if newer is None or older is None:
        return None if spots is None else _NewGround(spot_ground, None, spots.valid_from or "")
    now, (before, before_unclear) = (_survey_ground(library, version, threads) for version in (newer, older))
    speaks = coverage_of(library, older)
    built_ground, open_now = grounds_inside(now, speaks, newer.code, threads).tolist()
    (elsewhere,) = grounds_outside(now[:1], speaks, newer.code, threads)
    ground_now = union_of_all(np.array([built_ground, spot_ground]), threads)
    new, open_now = grounds_outside(np.array([ground_now, open_now]), before, newer.code, threads).tolist()
    (unclear,) = grounds_inside(np.array([new]), before_unclear, newer.code, threads)
    (new,) = grounds_outside(np.array([new]), before_unclear, newer.code, threads)
    used_versions = [newer, older, *([] if spots is None else [spots])]
    has_no_class = any(len(_wide_parts(ground)) > 0 for ground in (unclear, open_now))
    looked_on = max(version.valid_from or "" for version in used_versions)
    return _NewGround(new, unclear, looked_on, len(_wide_parts(elsewhere)) > 0, has_no_class)


def _is_beyond(library: Library, version: Version, grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """Which grounds (n,) have a part outside a version's coverage that is large and wide enough to matter."""
    rest = grounds_outside(grounds, coverage_of(library, version), SURVEY, threads)
    return np.array([len(_wide_parts(ground)) > 0 for ground in rest.tolist()], dtype=bool)


def _beyond_boundary(library: Library, boundary: Version, grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """The part of grounds (n,) outside the growth boundary, within its layer's coverage; None if there is none."""
    spoken_of = grounds_inside(grounds, coverage_of(library, boundary), SURVEY, threads)
    return grounds_outside(spoken_of, _ground(library, boundary, threads), SURVEY, threads)


def _over_lines(
    library: Library,
    new: shapely.Geometry | None,
    lines: Sequence[tuple[Version, str]],
    boundary: Version | None,
    threads: Threads,
) -> list[tuple[str, shapely.Geometry]]:
    """The parts of newly built ground on protected ground or outside the growth boundary, each with its line."""
    words_and_parts, whole = [], np.array([new], dtype=object)
    for version, word in lines:
        (common,) = grounds_inside(whole, _ground(library, version, threads), SURVEY, threads)
        words_and_parts += [(word, part) for part in _wide_parts(common)]
    if boundary is not None:
        (outside,) = _beyond_boundary(library, boundary, whole, threads)
        words_and_parts += [(OUTSIDE, part) for part in _wide_parts(outside)]
    return words_and_parts


def _survey_ground(library: Library, version: Version, threads: Threads) -> np.ndarray:
    """The built ground of a survey, and that of unknown class (2,), by the groups of its classes in any edition."""
    features = read_version(library, version, None)
    entry = library.catalogue()[version.code]
    place: ProblemPlace = {**entry.place_in(library.label), "field": "DLBM"}
    keys = class_keys(("DLBM/group", "DLBM/class"), features.attributes, entry, place)
    is_built = np.array([group == "built" and code != _RESERVOIR_2007 for group, code in keys.classes], dtype=bool)
    is_unclear = np.array([group is None for group, _ in keys.classes], dtype=bool)
    rows = (is_class[keys.of_feature] for is_class in (is_built, is_unclear))
    return np.array([union_of_all(features.geometries[some], threads) for some in rows])


def _ground(library: Library, version: Version, threads: Threads) -> shapely.Geometry:
    return union_of_all(read_version(library, version, None).geometries, threads)


def _approved_features(
    library: Library, present: Sequence[Version], looked_on: str
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Every approval's shape, its name (layer and key), and whether it covers the ground below it.

    Temporary land covers nothing if it had ended when the ground was observed (looked_on: ISO day).
    """
    shapes, names, covers = [np.empty(0, dtype=object)], [], [np.empty(0, dtype=bool)]
    for version in present:
        features, key = read_version(library, version, None), library.catalogue()[version.code].key
        has_key = key is not None and key in features.attributes.columns
        values = features.attributes[key].tolist() if has_key else features.fids.tolist()
        shapes.append(features.geometries)
        names += [f"{version.code} {value}" for value in values]
        is_over = np.zeros(len(values), dtype=bool)
        if version.code == _TEMPORARY and ENDS in features.attributes.columns:
            ends = [day_of(value) for value in features.attributes[ENDS].tolist()]
            is_over = np.array([end is not None and end.isoformat() < looked_on for end in ends], dtype=bool)
        covers.append(~is_over)
    return np.concatenate(shapes), names, np.concatenate(covers)


def _wide_parts(ground: shapely.Geometry | None) -> np.ndarray:
    """Single polygons that are large and wide enough to matter."""
    parts = shapely.get_parts(np.array([] if ground is None else [ground], dtype=object))
    large = parts[shapely.area(parts) >= LEAST_M2 - _AREA_STEP_M2 / 2]
    wide: np.ndarray = large[~narrower(large, LEAST_WIDTH_M)]
    return wide


def _classes(
    library: Library,
    grounds: np.ndarray,
    lines: Sequence[tuple[Version, str]],
    boundary: Version | None,
    threads: Threads,
) -> list[str]:
    """The class of each candidate: the gravest line that it crosses, else whether it is outside the growth boundary."""
    words = np.full(len(grounds), "other", dtype=object)
    if boundary is not None:
        outside = _beyond_boundary(library, boundary, grounds, threads)
        words[shapely.area(outside) >= LEAST_M2] = OUTSIDE
    for version, word in reversed(lines):
        inside = grounds_inside(grounds, _ground(library, version, threads), SURVEY, threads)
        words[shapely.area(inside) > 1.0] = word
    return list(words)


def _nearest(ground: shapely.Geometry, shapes: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """The nearest approval and its distance, since a border may have shifted."""
    if len(shapes) == 0:
        return {"nearest": None, "distance_m": None}
    distances = shapely.distance(shapes, ground)
    at = int(np.argmin(distances))
    return {"nearest": names[at], "distance_m": float(distances[at])}

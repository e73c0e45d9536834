"""Candidates 疑似: ground that was built on between two surveys, and that no approval in the library covers.

A candidate is a question to be answered on the ground, never an offence. Of each the nearest approval is named, since
a border may have shifted; and which layers of approvals the library does not have, since these might answer it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import ProblemPlace
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, in_force, layer_in_force, read_version, versions
from onemap.rules.answers.statistics.class_keys import class_keys
from onemap.rules.answers.statistics.statistics import record_of
from onemap.rules.judge.findings.thresholds import vanishing
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import beyond, common_with, union_of_all

SURVEY, SEEN_FROM_ABOVE = "DLTB", "YGYSXZJSYDTB"
APPROVALS = ("ZZ_NYDZYFW", "GDDK", "GHDK", "GHXK", "LSYD", "SSNYD", "PZWJSTD")
# In this order: the first that a candidate touches names it.
LINES = (("YJJBNTTB", "on_protected_farmland"), ("STBHHX", "in_red_line"))
BOUNDARY, OUTSIDE = "CZKFBJ", "outside_boundary"
LEAST_M2, LEAST_WIDTH_M = 200.0, 5.0


@dataclass(frozen=True)
class Candidates:
    """Grounds (n,) in the library's plane, a record of each, the layers asked, and approvals that are not there.

    unsure (n,): candidates on ground of which a layer of approvals does not speak. over_lines: all ground newly built
    on that lies beyond a line, approved or not, and which; no_lines: layers of lines that are not there. silent: layers
    that do not speak of ground that is asked for, for candidates and for lines.
    """

    grounds: np.ndarray
    records: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    missing: list[str]
    unsure: list[bool]
    over_lines: list[tuple[str, shapely.Geometry]] = field(default_factory=list)
    no_lines: list[str] = field(default_factory=list)
    silent: tuple[list[str], list[str]] = ([], [])


def unapproved_ground(library: Library, as_of: date, threads: Threads) -> Candidates | None:
    """The candidates of a day; None where the library has no two surveys to compare, and no spots seen from above.

    Raises OneMapError version.unreadable, statistics.field, overlay.union, compare.arithmetic.
    """
    known = versions(library)
    surveys = [version for version in known if version.code == SURVEY]
    newer, spots = in_force(surveys, as_of), layer_in_force(known, SEEN_FROM_ABOVE, as_of)
    older = _before(surveys, newer)
    if (newer is None or older is None) and spots is None:
        return None
    new, asked, is_silent = shapely.MultiPolygon(), [], False
    if newer is not None and older is not None:
        new, is_silent = _newly_built(library, older, newer, threads)
        asked += [newer, older]
    of_candidates, of_lines = ([SURVEY], [SURVEY]) if is_silent else ([], [])
    if spots is not None:
        new = union_of_all(np.array([new, _ground(library, spots, threads)]), threads)
        asked.append(spots)
    approvals = {code: layer_in_force(known, code, as_of) for code in APPROVALS}
    present = [version for version in approvals.values() if version is not None]
    shapes, names = _approved_features(library, present)
    threads.progress.check()
    (rest,) = beyond(np.array([new]), union_of_all(shapes, threads), SURVEY, threads)
    grounds = _wide_parts(rest)
    unsure = np.zeros(len(grounds), dtype=bool)
    for approval in present:
        is_silent_of = _is_beyond(library, approval, grounds, threads)
        of_candidates += [approval.code] if is_silent_of.any() else []
        unsure |= is_silent_of
    lines = [(version, word) for code, word in LINES if (version := layer_in_force(known, code, as_of)) is not None]
    boundary = layer_in_force(known, BOUNDARY, as_of)
    asked += [*present, *(version for version, _ in lines), *([boundary] if boundary else [])]
    classes = _classes(library, grounds, lines, boundary, threads)
    records = [
        {"class": word, "area_m2": float(shapely.area(ground)), **_nearest(ground, shapes, names)}
        for ground, word in zip(grounds, classes, strict=True)
    ]
    missing = [code for code, version in approvals.items() if version is None]
    over = _over_lines(library, new, lines, boundary, threads)
    there = [version for version, _ in lines] + ([boundary] if boundary is not None else [])
    all_new = _wide_parts(new)
    of_lines += [version.code for version in there if _is_beyond(library, version, all_new, threads).any()]
    codes = {version.code for version in there}
    no_lines = [code for code in (*(code for code, _ in LINES), BOUNDARY) if code not in codes]
    silent = of_candidates, of_lines
    versions_asked = [record_of(version) for version in asked]
    return Candidates(grounds, records, versions_asked, missing, unsure.tolist(), over, no_lines, silent)


def _is_beyond(library: Library, version: Version, grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """Which grounds (n,) have a part outside a version's coverage that is large and wide enough to be looked at."""
    rest = beyond(grounds, coverage_of(library, version), SURVEY, threads)
    return np.array([len(_wide_parts(ground)) > 0 for ground in rest.tolist()], dtype=bool)


def _beyond_boundary(library: Library, boundary: Version, grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """The part of grounds (n,), or None, outside the growth boundary where its layer speaks."""
    spoken_of = common_with(grounds, coverage_of(library, boundary), SURVEY, threads)
    return beyond(spoken_of, _ground(library, boundary, threads), SURVEY, threads)


def _newly_built(
    library: Library, older: Version, newer: Version, threads: Threads
) -> tuple[shapely.Geometry | None, bool]:
    """Ground that only the newer survey calls built, where the older one speaks; and whether any is elsewhere."""
    built, known_before = np.array([_built_ground(library, newer, threads)]), coverage_of(library, older)
    spoken_of = common_with(built, known_before, newer.code, threads)
    (new,) = beyond(spoken_of, _built_ground(library, older, threads), newer.code, threads)
    (elsewhere,) = beyond(built, known_before, newer.code, threads)
    return new, len(_wide_parts(elsewhere)) > 0


def _over_lines(
    library: Library,
    new: shapely.Geometry | None,
    lines: Sequence[tuple[Version, str]],
    boundary: Version | None,
    threads: Threads,
) -> list[tuple[str, shapely.Geometry]]:
    """The parts of newly built ground on protected ground, and outside the growth boundary, each with its line."""
    found, whole = [], np.array([new], dtype=object)
    for version, word in lines:
        (common,) = common_with(whole, _ground(library, version, threads), SURVEY, threads)
        found += [(word, part) for part in _wide_parts(common)]
    if boundary is not None:
        (outside,) = _beyond_boundary(library, boundary, whole, threads)
        found += [(OUTSIDE, part) for part in _wide_parts(outside)]
    return found


def _before(surveys: Sequence[Version], newer: Version | None) -> Version | None:
    if newer is None:
        return None
    earlier = [version for version in surveys if (version.valid_from or "") < (newer.valid_from or "")]
    return max(earlier, key=lambda version: (version.valid_from or "", version.number), default=None)


def _built_ground(library: Library, version: Version, threads: Threads) -> shapely.Geometry:
    """The ground that a survey calls built, by the groups of its classes."""
    stored = read_version(library, version, None)
    entry = library.catalogue()[version.code]
    place: ProblemPlace = {**entry.place_in(library.label), "field": "DLBM"}
    keys = class_keys(("DLBM/group",), stored.attributes, entry, place)
    rows = [keys.classes[at] == ("built",) for at in keys.of_feature.tolist()]
    return union_of_all(stored.geometries[np.array(rows, dtype=bool)], threads)


def _ground(library: Library, version: Version, threads: Threads) -> shapely.Geometry:
    return union_of_all(read_version(library, version, None).geometries, threads)


def _approved_features(library: Library, present: Sequence[Version]) -> tuple[np.ndarray, list[str]]:
    """Every approval's shape, and how it is named: layer and key."""
    shapes, names = [np.empty(0, dtype=object)], []
    for version in present:
        stored, key = read_version(library, version, None), library.catalogue()[version.code].key
        has_key = key is not None and key in stored.attributes.columns
        values = stored.attributes[key].tolist() if has_key else stored.fids.tolist()
        shapes.append(stored.geometries)
        names += [f"{version.code} {value}" for value in values]
    return np.concatenate(shapes), names


def _wide_parts(ground: shapely.Geometry | None) -> np.ndarray:
    """Single polygons that are large and wide enough to be looked at."""
    parts = shapely.get_parts(np.array([] if ground is None else [ground], dtype=object))
    large = parts[shapely.area(parts) >= LEAST_M2]
    found: np.ndarray = large[~vanishing(large, LEAST_WIDTH_M)]
    return found


def _classes(
    library: Library,
    grounds: np.ndarray,
    lines: Sequence[tuple[Version, str]],
    boundary: Version | None,
    threads: Threads,
) -> list[str]:
    """The class of each candidate: the gravest line first, else whether it is outside the growth boundary."""
    words = np.full(len(grounds), "other", dtype=object)
    if boundary is not None:
        outside = _beyond_boundary(library, boundary, grounds, threads)
        words[shapely.area(outside) >= LEAST_M2] = OUTSIDE
    for version, word in reversed(lines):
        inside = common_with(grounds, _ground(library, version, threads), SURVEY, threads)
        words[shapely.area(inside) > 1.0] = word
    return list(words)


def _nearest(ground: shapely.Geometry, shapes: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """The nearest approval: a border may have shifted."""
    if len(shapes) == 0:
        return {"nearest": None, "distance_m": None}
    distances = shapely.distance(shapes, ground)
    at = int(np.argmin(distances))
    return {"nearest": names[at], "distance_m": float(distances[at])}

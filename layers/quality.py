"""The quality of a whole layer: every check of `add` on a clean frame, each problem with its level and its place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue import LayerEntry
from onemap.layers.check_levels import check_of, level_of
from onemap.layers.errors import Problem
from onemap.layers.flaws import Flaws
from onemap.layers.frames import CleanFrame
from onemap.layers.quality_position import outside_flaws, shift_flaws
from onemap.layers.quality_topology import Least, duplicate_flaws, fit_of, gap_flaws, overlap_flaws, union_of
from onemap.layers.quality_values import area_flaws, key_flaws, missing_flaws, value_flaws

MOST_KEPT = 10_000  # of one kind; the rest is counted


@dataclass(frozen=True)
class Found:
    """One problem as the report keeps it: its level, and where it lies (None: nowhere, or everywhere)."""

    problem: Problem
    level: str
    geometry: shapely.Geometry | None = None


@dataclass(frozen=True)
class Quality:
    """What the checks found.

    found: the problems, at most MOST_KEPT of a kind; more: how many were not kept, by code; refused: by place in the
    frame, what is wrong with features that cannot be taken; codes: which code table each field's codes are from.
    """

    found: tuple[Found, ...] = ()
    more: dict[str, int] = field(default_factory=dict)
    refused: dict[int, list[Problem]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)


def looked_at(
    frame: CleanFrame,
    entry: LayerEntry,
    crs: pyproj.CRS,
    district: shapely.Geometry | None,
    ground: shapely.Geometry | None,
    required: Sequence[str],
    place: dict[str, Any],
    told: Callable[[float], None],
) -> Quality:
    """All checks of one layer whose level is not off.

    crs: of frame, district and ground; ground: what the layer speaks for, None if that is only its own box;
    required: the fields that rules use. told: how much is done, 0 to 1; it may raise Cancelled.
    """
    if len(frame.geometries) == 0:
        return Quality()
    flaws = outside_flaws(frame.geometries, district, check_of(entry, "position.outside")["far_m"])
    codes: dict[str, str] = {}
    # Where the frame lies in another country, nothing else that could be said of it would help.
    if not any(item.code == "position.outside" for item in flaws) and entry.geometry != "raster":
        told(0.1)
        flaws += _of_values(frame, entry, crs, required, codes)
        told(0.4)
        flaws += _of_shapes(frame, entry, crs, district, ground, told)
    told(1.0)
    return _quality(frame, entry, flaws, place, codes)


def _of_values(
    frame: CleanFrame, entry: LayerEntry, crs: pyproj.CRS, required: Sequence[str], codes: dict[str, str]
) -> list[Flaws]:
    flaws = key_flaws(frame.attributes, entry, frame.source_rows())
    flaws += missing_flaws(frame.attributes, entry, required)
    found, tables = value_flaws(frame.attributes, entry)
    codes.update(tables)
    limits = check_of(entry, "area.declared")
    areas = area_flaws(frame.geometries, frame.attributes, entry, crs, limits["share"], limits["least_m2"])
    return flaws + found + areas


def _of_shapes(
    frame: CleanFrame,
    entry: LayerEntry,
    crs: pyproj.CRS,
    district: shapely.Geometry | None,
    ground: shapely.Geometry | None,
    told: Callable[[float], None],
) -> list[Flaws]:
    flaws = []
    outline = frame.geometries
    if level_of(entry, "topology.duplicate") != "off":
        flaws += duplicate_flaws(frame.geometries, frame.names)
    if entry.geometry == "polygon":
        wants = {code: level_of(entry, code) != "off" for code in ("topology.overlap", "topology.gap")}
        if any(wants.values()):
            fit = fit_of(frame.geometries)
            told(0.6)
            if wants["topology.overlap"]:
                flaws += overlap_flaws(fit, frame.names, _least(entry, "topology.overlap"))
            if wants["topology.gap"]:
                union = union_of(fit)
                outline = np.array([union], dtype=object)
                told(0.8)
                flaws += gap_flaws(union, ground, _least(entry, "topology.gap"))
    told(0.9)
    if district is not None and entry.geometry != "point" and level_of(entry, "position.shift") != "off":
        limits = check_of(entry, "position.shift")
        flaws += shift_flaws(outline, district, crs, limits["least_m"], limits["within_m"])
    return flaws


def _least(entry: LayerEntry, code: str) -> Least:
    limits = check_of(entry, code)
    return Least(limits["least_m2"], limits["least_width_m"])


def _quality(
    frame: CleanFrame, entry: LayerEntry, flaws: Sequence[Flaws], place: dict[str, Any], codes: dict[str, str]
) -> Quality:
    found: list[Found] = []
    more: dict[str, int] = {}
    refused: dict[int, list[Problem]] = {}
    kept: dict[str, int] = {}
    rows = frame.source_rows()
    for item in flaws:
        level = level_of(entry, item.code)
        if level == "off":
            continue
        room = MOST_KEPT - kept.get(item.code, 0)
        count = len(item.rows)
        kept[item.code] = kept.get(item.code, 0) + min(count, room)
        if count > room:
            more[item.code] = more.get(item.code, 0) + count - room
        # A feature that cannot be taken must be known, however many there are.
        for at in range(count if level == "refuse" else min(count, room)):
            row = int(item.rows[at])
            of_feature = {} if row < 0 else {"feature": frame.names[row], "row": int(rows[row]) + 1}
            problem = Problem(item.code, {**place, **of_feature, **item.facts[at], "level": level})
            if level == "refuse" and row >= 0:
                refused.setdefault(row, []).append(problem)
            if at < room:
                found.append(Found(problem, level, _place_of(item, at, frame)))
    return Quality(tuple(found), more, refused, codes)


def _place_of(item: Flaws, at: int, frame: CleanFrame) -> shapely.Geometry | None:
    if item.geometries is not None:
        return item.geometries[at]
    row = int(item.rows[at])
    return None if row < 0 else frame.geometries[row]

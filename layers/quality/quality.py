"""The quality of a whole layer: every check of `add` on a clean frame, each problem with its level and place."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.check_levels import check_of, level_of
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.in_threads import in_order
from onemap.layers.progress import Progress
from onemap.layers.quality.declared_areas import area_flaws
from onemap.layers.quality.displacement import KnownLines, displacement, displacement_flaws
from onemap.layers.quality.duplicates import duplicate_flaws, key_flaws
from onemap.layers.quality.feature_problems import MOST_KEPT, Flaws
from onemap.layers.quality.neighbours import Items
from onemap.layers.quality.persons import person_flaws
from onemap.layers.quality.position import MOST_M, outside_flaws, shift_flaws
from onemap.layers.quality.table_rows import row_flaws, scale_flaws, share_flaws
from onemap.layers.quality.topology import (
    BlockColumns,
    SizeLimits,
    check_block,
    check_blocks_met,
    gap_flaws,
    overlap_flaws,
    union_of,
)
from onemap.layers.quality.values import chosen_tables, height_flaws, value_flaws


@dataclass(frozen=True)
class GradedProblem:
    """One problem as the report keeps it: its level, and where it lies (None: nowhere, or everywhere)."""

    problem: Problem
    level: str
    geometry: shapely.Geometry | None = None


@dataclass(frozen=True)
class Quality:
    """The result of the checks of a layer.

    found: the problems, at most MOST_KEPT of a kind; more: how many were not kept, by code; refused: the problems of
    features that cannot be taken, by place in the frame; codes: the code table of each field; fits_known: the layer
    lies where the library has the same things.
    """

    found: tuple[GradedProblem, ...] = ()
    more: dict[str, int] = field(default_factory=dict)
    refused: dict[int, list[Problem]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    fits_known: bool = False


@dataclass(frozen=True)
class LayerPlace:
    """Where a layer should lie, in the library's plane.

    district: the library's own, if it has one; covered: the layer's coverage, None if that is only its own box; known:
    what the library holds of the same things.
    """

    crs: pyproj.CRS
    district: shapely.Geometry | None
    covered: shapely.Geometry | None
    known: tuple[KnownLines, ...] = ()


def check_quality(
    frame: FrameBlocks,
    entry: LayerEntry,
    ground: LayerPlace,
    required: Sequence[str],
    place: ProblemPlace,
    progress: Progress,
    journal: Journal | None,
) -> Quality:
    """Run all checks of one layer that are not switched off.

    required: the fields that rules use.
    journal: keeps what a long check has done so far; None to keep nothing.
    """
    if frame.count == 0:
        return Quality()

    def most(code: str) -> int | None:
        # A feature that cannot be taken must be known, however many there are.
        return None if level_of(entry, code) == "refuse" else MOST_KEPT

    if entry.geometry == "table":
        return _quality(frame, entry, *_of_table(frame, entry, required, most, progress), place)
    far_m = check_of(entry, "position.outside")["far_m"]
    rows = 0.15 if looks_at_shapes(entry, ground.district) else 0.95
    flaws = outside_flaws(frame, ground.district, far_m, most("position.partly"), progress.part(0.0, 0.25 * rows))
    codes: dict[str, str] = {}
    fits_known = False
    # Where the frame lies in another country, nothing else that could be said of it would help.
    if not any(item.code == "position.outside" for item in flaws) and entry.geometry != "raster":
        flaws += key_flaws(frame, entry, most, progress.part(0.25 * rows, 0.4 * rows))
        tables = chosen_tables(frame, entry, progress.part(0.4 * rows, 0.5 * rows))
        codes = {name: f"{table.name} {table.version}" for name, table in tables.items()}
        flaws += value_flaws(frame, entry, required, tables, most, progress.part(0.5 * rows, 0.7 * rows))
        flaws += height_flaws(frame, entry, progress.part(0.7 * rows, 0.75 * rows))
        area_limits = check_of(entry, "area.declared")
        flaws += area_flaws(frame, entry, ground.crs, area_limits, most, progress.part(0.75 * rows, rows))
        progress.at(rows)
        of_shapes = _of_shapes(frame, entry, ground, most, progress.part(rows, 1.0), journal)
        flaws += of_shapes
        if not any(item.code == "position.shift" for item in of_shapes):
            shift_flaws, fits_known = _beside_known(frame, entry, ground)
            flaws += shift_flaws
    progress.at(1.0)
    return replace(_quality(frame, entry, flaws, codes, place), fits_known=fits_known)


def _of_table(
    frame: FrameBlocks,
    entry: LayerEntry,
    required: Sequence[str],
    most: Callable[[str], int | None],
    progress: Progress,
) -> tuple[list[Flaws], dict[str, str]]:
    """Return the problems of rows without geometry, and the code table of each field."""
    flaws = person_flaws(frame, entry) + key_flaws(frame, entry, most, progress.part(0.0, 0.2))
    flaws += row_flaws(frame, entry) + share_flaws(frame, entry) + scale_flaws(frame, entry)
    tables = chosen_tables(frame, entry, progress.part(0.2, 0.4))
    flaws += value_flaws(frame, entry, required, tables, most, progress.part(0.4, 1.0))
    progress.at(1.0)
    return flaws, {name: f"{table.name} {table.version}" for name, table in tables.items()}


def _beside_known(frame: FrameBlocks, entry: LayerEntry, ground: LayerPlace) -> tuple[list[Flaws], bool]:
    """Return that the layer is shifted against the library's data about the same things; and whether it fits."""
    if not ground.known or level_of(entry, "position.shift") == "off" or entry.geometry not in ("polygon", "line"):
        return [], False
    limits = check_of(entry, "position.shift")
    shift, fits = displacement(frame, ground.known, limits["least_m"])
    if shift is not None:
        return displacement_flaws(shift, ground.crs), False
    west, south, east, north = frame.bounds()
    far = (west - MOST_M, south - MOST_M, east + MOST_M, north + MOST_M)
    # Two surveys of one border agree to some ten metres only: such are compared with each other as against a district.
    for known_lines in () if fits or ground.district is not None else ground.known:
        shapes = known_lines.near(far) if known_lines.are_borders else np.empty(0, dtype=object)
        if len(shapes):
            outlines = [frame.geometries(block) for block in frame.blocks()]
            about = (ground.crs, limits["least_m"], limits["within_m"])
            return shift_flaws(outlines, shapely.union_all(shapes), *about), False
    return [], fits


def looks_at_shapes(entry: LayerEntry, district: shapely.Geometry | None) -> bool:
    """Whether a layer's shapes are compared with each other or with the district, which takes most of the time."""
    return _looks_at_neighbours(entry) or _looks_for_a_shift(entry, district)


def _looks_at_neighbours(entry: LayerEntry) -> bool:
    codes = ("topology.overlap", "topology.gap")
    return entry.geometry == "polygon" and any(level_of(entry, code) != "off" for code in codes)


def _looks_for_a_shift(entry: LayerEntry, district: shapely.Geometry | None) -> bool:
    has_outlines = entry.geometry in ("polygon", "line")
    return has_outlines and district is not None and level_of(entry, "position.shift") != "off"


def _of_shapes(
    frame: FrameBlocks,
    entry: LayerEntry,
    ground: LayerPlace,
    most: Callable[[str], int | None],
    progress: Progress,
    journal: Journal | None,
) -> list[Flaws]:
    flaws = []
    asks_for_a_shift = _looks_for_a_shift(entry, ground.district)
    upto = (0.7 if _looks_at_neighbours(entry) else 0.05) if asks_for_a_shift else 1.0
    of_neighbours = progress.part(0.0, upto)
    outlines: Iterator[np.ndarray] = (frame.geometries(block) for block in frame.blocks())
    if level_of(entry, "topology.duplicate") != "off":
        flaws += duplicate_flaws(frame, most("topology.duplicate"), of_neighbours.part(0.0, 0.05))
    if _looks_at_neighbours(entry):
        overlaps, gaps = (level_of(entry, code) != "off" for code in ("topology.overlap", "topology.gap"))
        items = Items(frame)
        of_blocks = of_neighbours.part(0.05, 0.85)
        look = partial(_block_from_journal, journal, frame, items, overlaps=overlaps, union=gaps)
        block_findings = []
        with contextlib.closing(in_order(look, range(len(items.blocks)))) as looked_at:
            for block in looked_at:
                block_findings.append(block)
                of_blocks.at(len(block_findings) / len(items.blocks))
        if overlaps:
            check_blocks_met(frame, items, block_findings, union=gaps)
        of_neighbours.at(0.85)
        if overlaps:
            flaws += overlap_flaws(frame, block_findings, _least(entry, "topology.overlap"), most("topology.overlap"))
        if gaps:
            union = union_of(frame, items, block_findings, of_neighbours.part(0.85, 0.95))
            outlines = iter([np.array([union], dtype=object)])
            flaws += gap_flaws(union, ground.covered, _least(entry, "topology.gap"))
    progress.at(upto)
    if ground.district is not None and asks_for_a_shift:
        limits = check_of(entry, "position.shift")
        flaws += shift_flaws(
            outlines,
            ground.district,
            ground.crs,
            limits["least_m"],
            limits["within_m"],
            progress.part(upto, 1.0),
        )
    return flaws


def _block_from_journal(
    journal: Journal | None, frame: FrameBlocks, items: Items, number: int, *, overlaps: bool, union: bool
) -> BlockColumns:
    """Return the findings of a block, from the journal if it was checked before."""
    name = f"tile-{number:06d}.npz"
    if journal is not None and journal.has(name):
        with np.load(journal.path(name), allow_pickle=False) as parts:
            return dict(parts)
    block = check_block(frame, items, number, overlaps=overlaps, union=union)
    if journal is not None:

        def write(path: Any) -> None:
            with path.open("wb") as file:
                np.savez(file, **block)  # type: ignore[arg-type]

        journal.keep(name, write)
    return block


def _least(entry: LayerEntry, code: str) -> SizeLimits:
    limits = check_of(entry, code)
    return SizeLimits(limits["least_m2"], limits["least_width_m"])


def _quality(
    frame: FrameBlocks, entry: LayerEntry, flaws: Sequence[Flaws], codes: dict[str, str], place: ProblemPlace
) -> Quality:
    graded: list[GradedProblem] = []
    more: dict[str, int] = {}
    refusals: dict[int, list[Problem]] = {}
    counts: dict[str, int] = {}
    for item in flaws:
        level = level_of(entry, item.code)
        if level == "off":
            continue
        room = MOST_KEPT - counts.get(item.code, 0)
        count = len(item.rows) + item.more
        counts[item.code] = counts.get(item.code, 0) + min(count, room)
        if count > room:
            more[item.code] = more.get(item.code, 0) + count - room
        # A feature that cannot be taken must be known, however many there are.
        rows = item.rows if level == "refuse" else item.rows[:room]
        of_features = _of_features(frame, rows)
        places = _places(frame, item, min(len(rows), room))
        for at, row in enumerate(rows.tolist()):
            problem = Problem(item.code, {**place, **of_features.get(row, {}), **item.facts[at], "level": level})
            if level == "refuse" and row >= 0:
                refusals.setdefault(row, []).append(problem)
            if at < room:
                graded.append(GradedProblem(problem, level, places[at]))
    return Quality(tuple(graded), more, refusals, codes)


def _of_features(frame: FrameBlocks, rows: np.ndarray) -> dict[int, dict[str, Any]]:
    """Return by place how problems name their features; with the file, if there are several."""
    places = np.unique(rows[rows >= 0])
    names = frame.names(places)
    origins = zip(places.tolist(), frame.source_rows(places).tolist(), frame.file_places(places), strict=True)
    return {place: {"feature": names[place], "row": row + 1, **file} for place, row, file in origins}


def _places(frame: FrameBlocks, item: Flaws, count: int) -> np.ndarray:
    """Return the geometries of the first `count` problems."""
    if item.geometries is not None:
        return item.geometries[:count]
    rows = item.rows[:count]
    result = np.full(count, None, dtype=object)
    places, at = np.unique(rows, return_inverse=True)
    if (places >= 0).any():
        geometries = np.full(len(places), None, dtype=object)
        geometries[places >= 0] = frame.geometries(places[places >= 0])
        result = geometries[at]
    return result

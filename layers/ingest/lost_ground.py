"""What a layer's version in force shows and the next one lacks: a part of a layer, sent as the whole, frees ground."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.boxes import box_around, boxes_that_meet
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, in_force, versions
from onemap.layers.stores.store import DamagedTable

_LEAST_SHARE = 0.01  # of the version's ground or features: less is everyday change


@dataclass(frozen=True)
class NextVersion:
    """A frame that is to follow a layer's version in force. from_day: its first day, None if open.

    ground: where the frame says that there is nothing besides it; place: as problems name the file.
    """

    entry: LayerEntry
    frame: FrameBlocks
    from_day: date | None
    ground: shapely.Geometry
    place: ProblemPlace


def lost_ground(library: Library, coming: NextVersion) -> tuple[Problem, shapely.Geometry] | None:
    """The ground (m² in the plane, polygons) or the features of the version in force that the next one lacks.

    With the box around the features in whose place nothing lies, or around the version. None for less than a hundredth,
    for tables and rasters, and where no version is in force or it cannot be read.
    """
    if coming.entry.geometry not in ("polygon", "line", "point"):
        return None
    day = coming.from_day or library.today()
    before = in_force([one for one in versions(library) if one.code == coming.entry.code], day)
    if before is None:
        return None
    try:
        boxes, areas_m2 = _boxes_and_areas(library, before)
    except DamagedTable:
        return None
    west, south, east, north = boxes.T
    counts = shapely.contains_xy(coming.ground, (west + east) / 2, (south + north) / 2)
    is_lost = counts & _stand_alone(boxes, coming.frame.boxes)
    facts = {
        **coming.place,
        "layer": before.code,
        "label": before.label,
        "count": int(is_lost.sum()),
        "last": len(boxes),
    }
    box = shapely.box(*(box_around(boxes[is_lost]) or box_around(boxes) or (0, 0, 0, 0)))
    if coming.entry.geometry != "polygon":
        share = is_lost.sum() / max(counts.sum(), 1)
        return (Problem("lost.features", facts), box) if share >= _LEAST_SHARE else None
    ground_m2 = float(areas_m2[counts].sum())
    least_m2 = max(ground_m2 - float(np.nansum(coming.frame.sizes[:, 0])), float(areas_m2[is_lost].sum()))
    if least_m2 <= _LEAST_SHARE * ground_m2:
        return None
    amounts = {"ground": hectares_text(least_m2), "share": f"{100 * least_m2 / ground_m2:.0f}"}
    return Problem("lost.ground", {**facts, **amounts}), box


def _boxes_and_areas(library: Library, version: Version) -> tuple[np.ndarray, np.ndarray]:
    """The boxes (n, 4) of a version's features and their areas in the plane (n,). Raises DamagedTable."""
    boxes, areas_m2 = [np.empty((0, 4))], [np.empty(0)]
    for block in blocks(version.count):
        found = library.connection.read_block(version.table, (), block.start + 1, block.stop).geometries
        boxes.append(shapely.bounds(found))
        areas_m2.append(shapely.area(found))
    return np.concatenate(boxes), np.concatenate(areas_m2)


def _stand_alone(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes (n, 4) meet none of others (m, 4): (n,). Most begin where one of the others does."""
    begins, others_begin = (corners[:, 0] + 1j * corners[:, 1] for corners in (boxes, others))
    alone = ~np.isin(begins, others_begin) & np.isfinite(begins)
    rows = np.flatnonzero(alone)
    alone[rows[boxes_that_meet(boxes[rows], others)]] = False
    return alone

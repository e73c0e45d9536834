"""What a new version of a layer lacks: ground that the version in force shows, and zones that features need."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import shapely

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import feature_names
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.boxes import Bounds, box_around, lie_alone
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, layer_in_force, read_version, versions
from onemap.layers.quality.displacement import KnownLines
from onemap.layers.stores.store import DamagedTable

_LEAST_SHARE = 0.01  # of the version's ground or features: less is everyday change
_FIRST_LOOK, _AT_ONCE = 50_000, 100  # features of a large version that are looked at first, read so many at once
_MOST_BOXES = 10_000  # that are shown one by one
_ABOUT_POINTS_M = 1.0
_BESIDE_M = 100.0  # a zone may begin at the edge of a road's land, beside its centreline
_MOST_NAMES = 5
# Layers that draw the same lines: divisions and their borders; centrelines of roads.
_DIVISIONS = "XZQ"
_ALIKE = (("XZQ", "XZQJX"), ("CJDCQ", "CJDCQJX"), ("GL", "CSDL"))


@dataclass(frozen=True)
class NextVersion:
    """A frame that is to follow a layer's version in force. from_day: its first day, None if open.

    ground: where the frame says that there is nothing else; place: as problems name the file.
    """

    entry: LayerEntry
    frame: FrameBlocks
    from_day: date | None
    ground: shapely.Geometry
    place: ProblemPlace


@dataclass(frozen=True)
class _Loss:
    """What the next version lacks of some features. size: of all features, lost: of the lost ones, in m² or features.

    alone: the boxes (k, 4) of features that nothing replaces; around: the box around them all.
    """

    size: float
    lost: float
    alone: np.ndarray
    around: tuple[float, float, float, float]


def lost_ground(library: Library, coming: NextVersion) -> tuple[Problem, shapely.Geometry] | None:
    """Return the ground (m² in the plane, polygons) or the features of the version in force that the next one lacks.

    With it come the boxes of the features that nothing replaces, or one box if they are very many. None if less than a
    hundredth is lost, for tables and rasters, and if no version is in force or it cannot be read.
    """
    if coming.entry.geometry not in ("polygon", "line", "point"):
        return None
    day = coming.from_day or library.today()
    before = layer_in_force(versions(library), coming.entry.code, day)
    if before is None:
        return None
    try:
        if before.count > _FIRST_LOOK:
            some = [*blocks(before.count, _AT_ONCE)][:: before.count // _FIRST_LOOK]
            loss = _loss(library, before, coming, some)
            if loss.lost <= _LEAST_SHARE / 2 * loss.size:
                return None
        loss = _loss(library, before, coming, blocks(before.count))
    except DamagedTable:
        return None
    if loss.lost <= _LEAST_SHARE * loss.size:
        return None
    facts = {"layer": before.code, "label": before.label, "count": len(loss.alone), "last": before.count}
    amounts = {"ground": hectares_text(loss.lost), "share": f"{100 * loss.lost / loss.size:.0f}"}
    is_ground = coming.entry.geometry == "polygon"
    problem = Problem(
        "lost.ground" if is_ground else "lost.features", {**coming.place, **facts, **(amounts if is_ground else {})}
    )
    boxes = loss.alone if 0 < len(loss.alone) <= _MOST_BOXES else [box_around(loss.alone) or loss.around]
    west, south, east, north = np.transpose(boxes)
    about_m = 0.0 if is_ground else _ABOUT_POINTS_M
    lost_boxes = shapely.box(west - about_m, south - about_m, east + about_m, north + about_m)
    return problem, shapely.union_all(lost_boxes)


def _loss(library: Library, before: Version, coming: NextVersion, rows: Iterable[slice]) -> _Loss:
    """Return what the next version lacks of some features of the one before. Raises DamagedTable."""
    blocks = [(np.empty((0, 4)), np.empty(0))]
    for block in rows:
        shapes = library.connection.read_block(before.table, (), block.start + 1, block.stop).geometries
        blocks.append((shapely.bounds(shapes), shapely.area(shapes)))
    boxes, areas_m2 = (np.concatenate(part) for part in zip(*blocks, strict=True))
    west, south, east, north = boxes.T
    counts = shapely.contains_xy(coming.ground, (west + east) / 2, (south + north) / 2)
    is_lost = counts & lie_alone(boxes, coming.frame.boxes)
    alone, outer_box = boxes[is_lost], box_around(boxes) or (0.0, 0.0, 0.0, 0.0)
    if coming.entry.geometry != "polygon":
        return _Loss(float(counts.sum()), float(is_lost.sum()), alone, outer_box)
    ground_m2, now_m2 = float(areas_m2[counts].sum()), float(np.nansum(coming.frame.sizes[:, 0]))
    less_m2 = ground_m2 - now_m2 * len(boxes) / max(before.count, 1)
    return _Loss(ground_m2, max(less_m2, float(areas_m2[is_lost].sum())), alone, outer_box)


@dataclass(frozen=True)
class _FeaturesAndZones:
    """Features with their names (m,), the zones (k,) that belong to them, and the zones' coverage."""

    names: np.ndarray
    features: np.ndarray
    zones: np.ndarray
    ground: shapely.Geometry


def missing_zones(library: Library, coming: NextVersion) -> Iterator[tuple[Problem, shapely.Geometry]]:
    """Yield the remarks on features without a zone near them inside the coverage of the zones, with geometries.

    It is done for zones that are added, and for features whose layer already has zones. A version that cannot be read
    gives no remark.
    """
    entry = coming.entry
    zone_layers = [one.code for one in library.catalogue().values() if one.zones_of == entry.code]
    for code in zone_layers if entry.zones_of is None else [entry.zones_of]:
        other = layer_in_force(versions(library), code, coming.from_day or library.today())
        if other is None:
            continue
        try:
            pair = _features_and_zones(library, coming, other)
        except OneMapError:
            continue
        shapely.prepare(pair.ground)
        are_asked = shapely.intersects(pair.ground, pair.features)
        with_zone, _ = shapely.STRtree(pair.zones).query(pair.features, predicate="dwithin", distance=_BESIDE_M)
        rows = np.setdiff1d(np.flatnonzero(are_asked), with_zone)
        if len(rows):
            names = [*pair.names[rows[:_MOST_NAMES]], *["…"] * (len(rows) > _MOST_NAMES)]
            layers = (entry.code, code) if entry.zones_of is None else (code, entry.code)
            facts = {"features": layers[0], "zones": layers[1], "count": len(rows), "of": int(are_asked.sum())}
            problem = Problem("zones.missing", {**coming.place, "layer": entry.code, **facts, "names": names})
            yield problem, shapely.union_all(pair.features[rows])


def _features_and_zones(library: Library, coming: NextVersion, other: Version) -> _FeaturesAndZones:
    """Pair what arrives with the other layer's version in force. Raises OneMapError version.unreadable."""
    stored_rows, every = read_version(library, other, None), np.arange(coming.frame.count)
    shapes = coming.frame.geometries(every)
    if coming.entry.zones_of is None:
        own_names = np.array([*coming.frame.names(every).values()], dtype=object)
        return _FeaturesAndZones(own_names, shapes, stored_rows.geometries, coverage_of(library, other))
    names = feature_names(stored_rows.attributes, library.catalogue()[other.code].key, len(stored_rows.fids))
    return _FeaturesAndZones(names, stored_rows.geometries, shapes, coming.ground)


def known_lines(library: Library, entry: LayerEntry) -> tuple[KnownLines, ...]:
    """Return the layer's own last version, then the last ones of layers that draw the same lines."""
    alike = {code for group in _ALIKE if entry.code in group for code in group}
    count = [version for version in versions(library) if version.retired is None]
    last = {version.code: version for version in count if version.code in alike | {entry.code}}
    order = sorted(last.values(), key=lambda version: version.code != entry.code)
    return tuple(
        KnownLines(one.code, one.label, partial(_features_near, library, one), one.code == _DIVISIONS) for one in order
    )


def _features_near(library: Library, version: Version, box: Bounds) -> np.ndarray:
    """Return the features (n,) of a version whose boxes meet a box; empty if the version cannot be read."""
    try:
        geometries = read_version(library, version, box).geometries
    except OneMapError:
        return np.empty(0, dtype=object)
    return geometries

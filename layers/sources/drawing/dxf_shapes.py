"""Entities of a drawing as geometries: arcs and splines stroked by sagitta, blocks resolved in place."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from onemap.layers.geometry.ring_nesting import polygon_of_rings
from onemap.layers.sources.gdal.curves import SAGITTA_M, is_measurable, stroked_points

if TYPE_CHECKING:
    from ezdxf.document import Drawing

_DEEPEST = 16  # blocks in blocks
_MOST_ENTITIES = 5_000_000  # a few blocks, each holding the one before many times, make more than any drawing
_SAME_POINT = 1e-6
_CONTROL_POINT = 16  # a vertex of a fitted polyline's frame
_MESH_FLAGS = 16 | 64
_CLOSED_LINES = {"LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "SPLINE"}
_KILOMETRES = {7: 1000.0, 3: 1609.344}  # units longer than a metre, in which a sagitta would be coarser


@dataclass(frozen=True)
class DrawingEntity:
    """One entity: its layer, its geometry or the reason for none, how many arcs it had, and its attributes."""

    layer: str
    handle: str
    entity: str
    shape: shapely.Geometry | str
    block: str | None = None
    text: str | None = None
    arcs: int = 0
    heights: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether it is a label."""
        return self.entity in ("TEXT", "MTEXT")


class Walk:
    """A walk through a drawing: `drawn` has the entities, `aside` counts those without geometry by layer and type."""

    def __init__(self, document: "Drawing") -> None:
        self.drawn: list[DrawingEntity] = []
        self.aside: dict[tuple[str, str], int] = {}
        self.sagitta = SAGITTA_M / _KILOMETRES.get(document.units, 1.0)
        self._entity_count = 0

    def space(self, entities: Iterable[Any]) -> None:
        """Add all entities of a space. Raises ValueError if there are more than any drawing has."""
        for entity in entities:
            self._entity(entity, entity.dxf.layer, entity.dxf.handle or "", None, {}, 0)

    def _entity(
        self, entity: Any, layer: str, handle: str, block: str | None, attributes: dict[str, str], depth: int
    ) -> None:
        self._entity_count += 1
        if self._entity_count > _MOST_ENTITIES:
            raise ValueError(f"> {_MOST_ENTITIES} entities")
        kind = entity.dxftype()
        drawing_entity = partial(DrawingEntity, layer, handle, kind, block=block, attributes=attributes)
        if kind == "INSERT":
            self._insert(entity, layer, handle, attributes, depth)
            return
        if kind in ("TEXT", "MTEXT"):
            self.drawn.append(drawing_entity(_text_place(entity, kind), text=entity.plain_text()))
            return
        if kind in ("HATCH", "MPOLYGON") and not _fills_drawn_line(entity):
            shape, arcs = _hatched_ground(entity, self.sagitta)
            self.drawn.append(drawing_entity(shape, arcs=arcs))
            return
        try:
            points = _points(entity, kind, self.sagitta)
        except ValueError as error:
            self.drawn.append(drawing_entity(str(error)))
            return
        if points is None and kind == "REGION":  # ground, as a body that CAD programs alone unfold
            self.drawn.append(drawing_entity("a region without its outline"))
            return
        if points is None:
            self.aside[layer, kind] = self.aside.get((layer, kind), 0) + 1
            return
        coordinates, arcs, is_closed = points
        shape = _shape(coordinates[:, :2], is_closed, kind)
        heights = bool(coordinates.shape[1] > 2 and np.any(coordinates[:, 2]))
        self.drawn.append(drawing_entity(shape, arcs=arcs, heights=heights))

    def _insert(self, insert: Any, layer: str, handle: str, above: dict[str, str], depth: int) -> None:
        """Add a block at its place; its contents on layer 0 belong to the layer of the insert."""
        if depth >= _DEEPEST:
            raise ValueError("blocks nested too deep")
        if insert.block() is None:
            self.aside[layer, "XREF"] = self.aside.get((layer, "XREF"), 0) + 1
            return
        attributes = {**above, **{str(tag.dxf.tag): str(tag.dxf.text) for tag in insert.attribs}}
        if insert.mcount > _MOST_ENTITIES:
            raise ValueError(f"{insert.mcount} times the block {insert.dxf.name}")
        for one in insert.multi_insert() if insert.mcount > 1 else [insert]:
            for part in one.virtual_entities():
                own = layer if part.dxf.layer == "0" else part.dxf.layer
                self._entity(part, own, handle, insert.dxf.name, attributes, depth + 1)


_Points = tuple[np.ndarray, int, bool | None]


def _points(entity: Any, kind: str, sagitta: float) -> _Points | None:
    """Return coordinates (k, 2 or 3), the number of stroked arcs, and whether the line is closed (None: a point).

    None if the entity is no geometry: a fill of drawn lines, a dimension, an image, a mesh. Raises ValueError if a
    curve is immeasurably large.
    """
    if kind == "POINT":
        return np.array([entity.dxf.location.xyz]), 0, None
    if kind == "LINE":
        return np.array([entity.dxf.start.xyz, entity.dxf.end.xyz]), 0, False
    if kind in ("CIRCLE", "ARC", "ELLIPSE", "SPLINE"):
        reach = _reach(entity, kind)
        if not is_measurable(reach, math.radians(_degrees(entity, kind)), sagitta):
            raise ValueError(f"a curve that reaches as far as {reach:.6g}")
    if kind in ("CIRCLE", "ARC"):
        return _array(entity.flattening(_finer(sagitta, abs(entity.dxf.radius)))), 1, kind == "CIRCLE"
    if kind in ("ELLIPSE", "SPLINE"):
        return _array(entity.flattening(sagitta)), 1, kind == "SPLINE" and bool(entity.closed)
    if kind in ("SOLID", "TRACE", "3DFACE"):
        return _array(entity.wcs_vertices()), 0, True
    if kind == "LWPOLYLINE":
        flat = np.array(entity.get_points("xyb"), dtype=float).reshape(-1, 3)
        return *_in_world(entity, *_stroke_bulges(flat, bool(entity.closed), sagitta)), bool(entity.closed)
    if kind == "POLYLINE" and not entity.dxf.flags & _MESH_FLAGS:
        vertices = [vertex for vertex in entity.vertices if not vertex.dxf.flags & _CONTROL_POINT]
        points = np.array([vertex.dxf.location.xyz for vertex in vertices], dtype=float).reshape(-1, 3)
        if entity.is_3d_polyline:
            return points, 0, bool(entity.is_closed)
        flat = np.column_stack([points[:, :2], [vertex.dxf.get("bulge", 0.0) for vertex in vertices]])
        return *_in_world(entity, *_stroke_bulges(flat, bool(entity.is_closed), sagitta)), bool(entity.is_closed)
    return None


def _text_place(entity: Any, kind: str) -> shapely.Point:
    """Return the place of a text: its alignment point, in the drawing's plane."""
    if kind == "MTEXT":
        return shapely.Point(entity.dxf.insert.xyz[:2])
    _, place, _ = entity.get_placement()
    return shapely.Point(entity.ocs().to_wcs(place or entity.dxf.insert).xyz[:2])


def _fills_drawn_line(hatch: Any) -> bool:
    """Whether a hatch only fills closed lines that are drawn themselves, so that their ground exists already."""
    paths = hatch.paths.paths
    handles = [handle for path in paths for handle in path.source_boundary_objects]
    if not hatch.dxf.get("associative", 0) or hatch.doc is None or len(handles) != len(paths):
        return False
    lines = [hatch.doc.entitydb.get(handle) for handle in handles]
    return all(line is not None and line.is_alive and line.dxftype() in _CLOSED_LINES for line in lines)


def _hatched_ground(hatch: Any, sagitta: float) -> tuple[shapely.Geometry | str, int]:
    """Return a hatch's ground with inner boundaries as holes, or the reason for none; and the boundaries with arcs."""
    from ezdxf.path import from_hatch

    rings, arcs = [], 0
    for path in from_hatch(hatch):
        points = _array(path.flattening(sagitta))[:, :2]
        arcs += path.has_curves
        if not np.isfinite(points).all():
            return "a coordinate is not a finite number", 0
        if len(np.unique(points, axis=0)) >= 3:
            rings.append(points)
    return (polygon_of_rings(rings), arcs) if rings else ("a hatch without a boundary", 0)


def _reach(entity: Any, kind: str) -> float:
    """Return the greatest radius of a curve, or the extent of a spline's points."""
    if kind in ("CIRCLE", "ARC"):
        return abs(float(entity.dxf.radius))
    if kind == "ELLIPSE":
        return float(entity.dxf.major_axis.magnitude) * max(1.0, abs(float(entity.dxf.ratio)))
    points = np.array([*entity.control_points, *entity.fit_points], dtype=float).reshape(-1, 3)
    return float(np.ptp(points, axis=0).max()) if len(points) else 0.0


def _degrees(entity: Any, kind: str) -> float:
    return float((entity.dxf.end_angle - entity.dxf.start_angle) % 360.0) if kind == "ARC" else 360.0


def _array(vertices: Iterable[Any]) -> np.ndarray:
    return np.array([vertex.xyz for vertex in vertices], dtype=float).reshape(-1, 3)


def _finer(sagitta: float, radius: float) -> float:
    """Reduce the sagitta for small radii, so that a circle smaller than the sagitta stays a circle."""
    return min(sagitta, radius / 8) or sagitta


def _stroke_bulges(points: np.ndarray, is_closed: bool, sagitta: float) -> tuple[np.ndarray, int]:
    """Return points (k, 3) of x, y and bulge as (m, 2) with arcs stroked, and the number of arcs."""
    bulges = points[:, 2] if is_closed else points[:-1, 2]
    if not bulges.any():
        return points[:, :2], 0
    ends = np.roll(points[:, :2], -1, axis=0)
    pieces = [points[:1, :2]]
    for start, end, bulge in zip(points[: len(bulges), :2], ends, bulges, strict=False):
        if bulge == 0 or (start == end).all():
            pieces.append(end[None])
            continue
        # The bulge is the tangent of a quarter of the arc's angle: its middle stands off the chord by bulge × half.
        across = np.array([end[1] - start[1], start[0] - end[0]]) / 2
        middle = (start + end) / 2 + bulge * across
        pieces.append(stroked_points(np.array([start, middle, end]), sagitta)[1:])
    return np.concatenate(pieces), int(np.count_nonzero(bulges))


def _in_world(entity: Any, points: np.ndarray, arcs: int) -> tuple[np.ndarray, int]:
    """Transform points from the entity's plane to the drawing's; mirrored blocks have a plane seen from below."""
    if tuple(entity.dxf.extrusion) == (0.0, 0.0, 1.0):
        return points, arcs
    system = entity.ocs()
    height = entity.dxf.get("elevation", 0.0)
    height = height if isinstance(height, (int, float)) else height.z
    return _array(system.to_wcs((x, y, height)) for x, y in points), arcs


def _shape(points: np.ndarray, is_closed: bool | None, kind: str) -> shapely.Geometry | str:
    """Return a point, a line, or the polygon inside a closed line; the reason if none can be made."""
    if not np.isfinite(points).all():
        return "a coordinate is not a finite number"
    if is_closed is None:
        return shapely.Point(points[0])
    if len(points) < 2:
        return f"a line of {len(points)} point"
    meets = len(points) > 3 and math.dist(points[0], points[-1]) <= _SAME_POINT
    if not (is_closed or meets):
        return shapely.LineString(points)
    ring = points[:-1] if meets else points
    if len(np.unique(ring, axis=0)) < 3:
        return f"a ring of {len(points)} points"
    if kind in ("SOLID", "TRACE", "3DFACE"):
        ring = ring[np.sort(np.unique(ring, axis=0, return_index=True)[1])]  # a triangle gives its last corner twice
    return shapely.Polygon(ring)

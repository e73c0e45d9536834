"""Ground to paper: a frame at a round scale, geometries clipped, thinned and written as SVG path data in mm."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.row_blocks import blocks

_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_BEYOND_MM = 2.0  # drawn beyond the frame, so that no outline runs along it
_SMALLEST_SCALE = 100
_AT_ONCE = 20_000  # features, so that nobody waits long who wants it stopped


@dataclass(frozen=True)
class View:
    """A piece of ground on paper: (left, top, width, height) in mm, its centre in metres, and the scale's number."""

    left: float
    top: float
    width: float
    height: float
    centre: tuple[float, float]
    scale: int

    @property
    def mm_per_m(self) -> float:
        """Millimetres of paper per metre of ground."""
        return 1000 / self.scale

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the ground in the frame."""
        half_width, half_height = self.width / 2 / self.mm_per_m, self.height / 2 / self.mm_per_m
        east, north = self.centre
        return east - half_width, north - half_height, east + half_width, north + half_height

    def on_paper(self, coordinates: np.ndarray) -> np.ndarray:
        """Ground (n, 2) in metres as paper (n, 2) in mm, downwards."""
        west, _, _, north = self.bounds
        return np.column_stack(
            [
                self.left + (coordinates[:, 0] - west) * self.mm_per_m,
                self.top + (north - coordinates[:, 1]) * self.mm_per_m,
            ]
        )

    def shapes_on_paper(self, geometries: np.ndarray) -> np.ndarray:
        """Geometries (n,) in mm of the paper."""
        return shapely.transform(geometries, self.on_paper)


def round_scale(bounds: tuple[float, float, float, float], width_mm: float, height_mm: float) -> int:
    """The N of the largest round scale 1:N at which the ground fits the paper."""
    least_scale = max((bounds[2] - bounds[0]) / width_mm, (bounds[3] - bounds[1]) / height_mm) * 1000
    power = 10 ** math.floor(math.log10(max(least_scale, _SMALLEST_SCALE)))
    return next(
        round(step * size) for size in (power, power * 10) for step in _ROUND if step * size >= least_scale * (1 - 1e-9)
    )


def within_frame(geometries: np.ndarray, view: View, tolerance_mm: float, least_mm: float) -> np.ndarray:
    """Geometries (n,) on paper, clipped at the frame and thinned; None where nothing is left to see.

    tolerance_mm: no line moves by more; least_mm: shapes smaller than this in both directions are left out.
    """
    return thin_shapes(clip_to_frame(geometries, view), tolerance_mm, least_mm)


def clip_to_frame(geometries: np.ndarray, view: View) -> np.ndarray:
    """Geometries (n,) on paper, clipped at the frame."""
    margin_m = _BEYOND_MM / view.mm_per_m
    west, south, east, north = view.bounds
    box = west - margin_m, south - margin_m, east + margin_m, north + margin_m
    result = np.empty(len(geometries), dtype=object)
    for block in blocks(len(geometries), _AT_ONCE):
        result[block] = view.shapes_on_paper(_clip_to_box(shapely.make_valid(geometries[block]), box))
    return result


def thin_shapes(shapes: np.ndarray, tolerance_mm: float, least_mm: float) -> np.ndarray:
    """Shapes (n,) on paper with fewer points, as `within_frame` has them; None where nothing is left to see."""
    result = np.empty(len(shapes), dtype=object)
    for block in blocks(len(shapes), _AT_ONCE):
        own = shapes[block]
        thin = shapely.simplify(own, tolerance_mm, preserve_topology=False) if tolerance_mm > 0 else own.copy()
        box = shapely.bounds(thin)
        small = (box[:, 2] - box[:, 0] < least_mm) & (box[:, 3] - box[:, 1] < least_mm)
        is_invisible = shapely.is_missing(thin) | shapely.is_empty(thin) | (small & (shapely.get_dimensions(own) > 0))
        thin[is_invisible] = None
        result[block] = thin
    return result


def _clip_to_box(geometries: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """The part of each geometry in a box."""
    try:
        return np.asarray(shapely.clip_by_rect(geometries, *box), dtype=object)
    except shapely.GEOSException:  # some valid polygons leave the fast way with a ring of three points
        return np.asarray(shapely.intersection(geometries, shapely.box(*box)), dtype=object)


def path_data(geometries: np.ndarray) -> str:
    """Lines and rings of geometries (n,) in mm as the data of one SVG path, to a hundredth of a millimetre."""
    parts = shapely.get_parts(geometries)
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    # Shells turn one way and holes the other, so that ground under two features is filled and not left out.
    polygons = shapely.orient_polygons(parts[shapely.get_type_id(parts) == 3])
    lines = parts[(shapely.get_type_id(parts) == 1) | (shapely.get_type_id(parts) == 2)]
    return "".join(
        [_line_data(ring, is_closed=True) for ring in shapely.get_rings(polygons)]
        + [_line_data(line, is_closed=False) for line in lines]
    )


def _line_data(line: shapely.Geometry, *, is_closed: bool) -> str:
    steps = np.round(shapely.get_coordinates(line) * 100).astype(np.int64)
    if is_closed:
        steps = steps[:-1]
    moves = np.diff(steps, axis=0)
    moves = moves[(moves != 0).any(axis=1)]
    text = f"M{_number(steps[0, 0])} {_number(steps[0, 1])}"
    if len(moves):
        text += "l" + " ".join(f"{_number(x)} {_number(y)}" for x, y in moves.tolist())
    return text + ("z" if is_closed else "")


def _number(hundredths: int) -> str:
    return f"{hundredths / 100:g}"


def points_of(geometries: np.ndarray) -> np.ndarray:
    """The points among geometries (n,), as coordinates (m, 2)."""
    parts = shapely.get_parts(shapely.get_parts(geometries))
    return shapely.get_coordinates(parts[shapely.get_type_id(parts) == 0])

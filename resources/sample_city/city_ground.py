"""The ground that the sample city stands on: where it lies, and the curves that make it look grown.

Everything is drawn in local metres, x to the east and y to the north of `ORIGIN`, inside a frame of
`WIDTH_M` by `HEIGHT_M`; `to_ground` moves finished geometry to EPSG:4547 and rounds it to a millimetre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

CRS = "EPSG:4547"  # CGCS2000, 3-degree Gauss-Krüger, central meridian 114° E, no zone prefix
ORIGIN = (538000.0, 4209500.0)  # easting, northing of the local frame's south-west corner
WIDTH_M, HEIGHT_M = 6000.0, 5000.0
GRID_M = 0.001  # surveyed coordinates carry millimetres

Array = NDArray[np.float64]
Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class Warp:
    """A gentle bending of a straight drawing: turned, moved, and swayed by long waves.

    The waves are long against their height, so lengths change by a few per cent and no two points meet.
    """

    centre: tuple[float, float]
    angle: float
    waves: tuple[tuple[float, float, float, float], ...] = ()  # height m, length m, direction, phase

    def __call__(self, a: Array, b: Array) -> tuple[Array, Array]:
        """Local x, y of the drawing's a, b; all in metres."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        x = self.centre[0] + a * cos - b * sin
        y = self.centre[1] + a * sin + b * cos
        for height, length, direction, phase in self.waves:
            # Each wave pushes across the way it runs, as a river or an old path does.
            along = 2 * np.pi * (a * np.cos(direction) + b * np.sin(direction)) / length + phase
            x = x - height * np.sin(direction) * np.sin(along)
            y = y + height * np.cos(direction) * np.sin(along)
        return x, y

    def line(self, a: Array, b: Array) -> shapely.LineString:
        """The bent line through the drawing's points a, b."""
        return shapely.linestrings(*self(np.asarray(a, float), np.asarray(b, float)))

    def box(self, a0: float, b0: float, a1: float, b1: float, step_m: float = 20.0) -> shapely.Polygon:
        """The bent rectangle from (a0, b0) to (a1, b1), its sides cut into pieces of about `step_m`."""
        a = np.linspace(a0, a1, max(2, int((a1 - a0) / step_m) + 1))
        b = np.linspace(b0, b1, max(2, int((b1 - b0) / step_m) + 1))
        ring_a = np.concatenate([a, np.full(len(b), a1), a[::-1], np.full(len(b), a0)])
        ring_b = np.concatenate([np.full(len(a), b0), b, np.full(len(a), b1), b[::-1]])
        x, y = self(ring_a, ring_b)
        return shapely.make_valid(shapely.polygons(np.column_stack([x, y])))


def smooth_line(points: list[tuple[float, float]], step_m: float = 15.0) -> shapely.LineString:
    """The Catmull-Rom curve through `points`, with a vertex about every `step_m`."""
    knots = np.asarray(points, float)
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    pieces = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, max(1, round(np.hypot(*(p2 - p1)) / step_m)), endpoint=False)[:, None]
        bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
        pieces.append(0.5 * (2 * p1 + (p2 - p0) * t + bend * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3))
    return shapely.linestrings(np.vstack([*pieces, knots[-1:]]))


def swayed(line: shapely.LineString, rng: np.random.Generator, height_m: float, length_m: float) -> shapely.LineString:
    """`line` swung from side to side by `height_m` over about `length_m`, as a river meanders."""
    stations = np.arange(0, line.length, 12.0)
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, stations))
    ahead = np.gradient(here, axis=0)
    normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    phase = rng.uniform(0, 2 * np.pi)
    swing = np.sin(2 * np.pi * stations / length_m + phase + 0.8 * np.sin(stations / (1.7 * length_m)))
    swing *= height_m * (0.7 + 0.3 * np.sin(stations / (2.3 * length_m) + phase))
    return shapely.linestrings(here + normal * swing[:, None])


def ribbon(line: shapely.LineString, half_width_m: Array | float) -> shapely.Polygon:
    """The strip that lies `half_width_m` to both sides of `line`, one width per vertex or one for all."""
    here = shapely.get_coordinates(line)
    ahead = np.gradient(here, axis=0)
    side = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    side *= np.broadcast_to(half_width_m, len(here))[:, None]
    return shapely.buffer(shapely.polygons(np.vstack([here + side, (here - side)[::-1]])), 0)


def wavy_loop(
    rng: np.random.Generator, centre: tuple[float, float], radii: tuple[float, float], roughness: float = 0.1
) -> shapely.Polygon:
    """A rounded patch about `centre`, its radii swaying by the share `roughness`."""
    turn = np.linspace(0, 2 * np.pi, max(24, int(sum(radii) / 8)), endpoint=False)
    radius = np.ones_like(turn)
    for lobes in (2, 3, 5, 7):
        radius += roughness / np.sqrt(lobes) * np.sin(lobes * turn + rng.uniform(0, 2 * np.pi))
    x = centre[0] + radii[0] * radius * np.cos(turn)
    y = centre[1] + radii[1] * radius * np.sin(turn)
    return shapely.polygons(np.column_stack([x, y]))


def district(rng: np.random.Generator) -> shapely.Polygon:
    """The district's outline: it follows ridges in the west and ditches elsewhere, and is nowhere straight."""
    corners = [(-40, 560), (420, 180), (1180, 60), (1900, 150), (2750, -40), (3600, 90), (4500, -60), (5300, 110)]
    corners += [(5960, 40), (6090, 900), (5990, 1750), (6120, 2600), (6060, 3500), (6150, 4200), (5820, 4870)]
    corners += [(4950, 5010), (4150, 4870), (3300, 5030), (2450, 4930), (1750, 5090), (900, 4960), (150, 5060)]
    corners += [(-90, 4300), (60, 3500), (-80, 2750), (40, 2000), (-110, 1250)]
    ring = smooth_line([*corners, corners[0]], step_m=55.0)
    xy = shapely.get_coordinates(ring)[:-1]
    # A border is surveyed from stone to stone: short straight legs, each a little aside of the last.
    return shapely.polygons(np.round(xy + rng.uniform(-9.0, 9.0, xy.shape), 3))


def grid_of(rng: np.random.Generator, start: float, stop: float, spacing: tuple[float, float]) -> Array:
    """Places from `start` to `stop`, as far apart as chance says within `spacing`."""
    steps = rng.uniform(*spacing, int((stop - start) / spacing[0]) + 2)
    places = start + np.concatenate([[0], np.cumsum(steps)])
    places = places[places < stop - spacing[0] / 2]
    return np.append(places, stop)


def parts(geometries: Geometries | shapely.Geometry, least_m2: float = 1.0) -> Geometries:
    """The single polygons of `geometries` that are at least `least_m2` large."""
    single = shapely.get_parts(geometries)
    single = shapely.get_parts(single)  # a collection may hold multipolygons
    single = single[shapely.get_type_id(single) == shapely.GeometryType.POLYGON]
    return single[shapely.area(single) >= least_m2]


def to_ground(geometries: Geometries) -> Geometries:
    """`geometries` moved from local metres to EPSG:4547, each coordinate rounded to a millimetre."""
    return shapely.transform(np.asarray(geometries, object), lambda xy: np.round(xy + np.asarray(ORIGIN), 3))

"""Polygons drawn by Hypothesis: boxes with common edges, stars, holes, parts; and other drawings of the same ground."""

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely import ops

_GRID = 8.0  # corners lie on eighths of a metre, which a shift to a city's coordinates keeps
# Away from zero, where doubles are so fine that GEOS loses polygons: see the test about ground near zero.
PLACE = 2400


@st.composite
def _boxes(draw: st.DrawFn) -> shapely.Geometry:
    """A box on a grid of ten metres, so that many edges lie on one another; a court in some."""
    west, south = (PLACE + 10 * draw(st.integers(0, 15)) for _ in range(2))
    width, height = (10 * draw(st.integers(1, 10)) for _ in range(2))
    box = shapely.box(west, south, west + width, south + height)
    if min(width, height) >= 40 and draw(st.booleans()):
        box -= shapely.box(west + 10, south + 10, west + width - 10, south + height - 20)
    return box


@st.composite
def _stars(draw: st.DrawFn) -> shapely.Geometry:
    """A ring around a centre, from fat to needle-like."""
    corners = draw(st.integers(3, 10))
    turn = 2 * np.pi / corners * (np.arange(corners) + [draw(st.floats(0, 0.9)) for _ in range(corners)])
    reach = np.array([draw(st.integers(4, 80)) for _ in range(corners)])
    centre = PLACE + np.array([draw(st.integers(0, 200)), draw(st.integers(0, 200))])
    ring = centre + reach[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return shapely.Polygon(np.round(ring * _GRID) / _GRID)


def _is_ground(geometry: shapely.Geometry) -> bool:
    return bool(geometry.is_valid and geometry.area > 1.0)


polygons = (_boxes() | _stars()).filter(_is_ground)
# Parts that overlap are united, so that some have holes and corners off the grid.
grounds = st.lists(polygons, min_size=1, max_size=3).map(shapely.union_all).filter(_is_ground)
seeds = st.integers(0, 2**32 - 1)


def parts_of(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """The single polygons of a geometry, without parts that have no area."""
    return [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]


def redrawn(geometry: shapely.Geometry, seed: int) -> shapely.Geometry:
    """The same ground: rings begin elsewhere, run the other way, repeat corners; holes and parts in another order."""
    dice = np.random.default_rng(seed)

    def ring(line: shapely.Geometry) -> np.ndarray:
        corners = np.roll(shapely.get_coordinates(line)[:-1], dice.integers(100), axis=0)
        corners = np.repeat(corners, dice.integers(1, 4, len(corners)), axis=0)
        return corners[:: dice.choice([-1, 1])]

    def polygon(part: shapely.Geometry) -> shapely.Geometry:
        holes = [ring(hole) for hole in part.interiors]
        return shapely.Polygon(ring(part.exterior), [holes[n] for n in dice.permutation(len(holes))])

    parts = [polygon(part) for part in parts_of(geometry)]
    parts = [parts[n] for n in dice.permutation(len(parts))]
    return shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]


def cut(geometry: shapely.Geometry, seed: int) -> list[shapely.Geometry]:
    """The single polygons of a geometry, cut along one line through its middle."""
    dice = np.random.default_rng(seed)
    west, south, east, north = geometry.bounds
    through = np.array([(west + east) / 2, (south + north) / 2]) + dice.uniform(-5, 5, 2)
    angle = dice.choice([0.0, np.pi / 2, dice.uniform(0, np.pi)])
    reach = 1000 * np.array([np.cos(angle), np.sin(angle)])
    line = shapely.LineString([through - reach, through + reach])
    return [piece for part in parts_of(geometry) for piece in parts_of(ops.split(part, line)) if piece.is_valid]

"""The boundary points of a parcel, numbered as its coordinate TXT numbers them, for maps and tables alike."""

from dataclasses import dataclass

import shapely


@dataclass(frozen=True)
class BoundaryPoint:
    """One boundary point: its label J1, J2, …, its 1-based ring, north and east in metres of the library's plane."""

    label: str
    ring: int
    north_m: float
    east_m: float


def boundary_points(geometry: shapely.Geometry) -> list[BoundaryPoint]:
    """The points of a parcel's rings in their order; the numbers run on from ring to ring, none is listed twice.

    geometry: a polygon or multipolygon, its outer rings each followed by its holes.
    """
    points: list[BoundaryPoint] = []
    for ring, line in enumerate(shapely.get_rings(shapely.get_parts(geometry)), start=1):
        for east, north in shapely.get_coordinates(line)[:-1]:
            points.append(BoundaryPoint(f"J{len(points) + 1}", ring, float(north), float(east)))
    return points

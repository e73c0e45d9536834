"""Building sites outside the town: on fields, in the hills, by the river, and strips along roads to be widened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.resources.sample_city import planted
from onemap.resources.sample_city.city_ground import Geometries
from onemap.resources.sample_city.countryside import Country
from onemap.resources.sample_city.streets import Streets

SHARE, MOST = 0.055, 180  # of all parcels; a larger town does not eat up the country
FROM_BORDER_M = 160.0
ON_FIELDS, IN_HILLS, BY_RIVER = 0.56, 0.2, 0.24


@dataclass(frozen=True)
class Sites:
    """Building sites in local metres, and the use that each asks for; they meet neither streets nor each other."""

    ground: Geometries
    use: np.ndarray


def sites(rng: np.random.Generator, district: shapely.Polygon, land: Country, network: Streets, count: int) -> Sites:
    """Up to `SHARE` of `count` sites; fewer where chance puts one upon another."""
    site_count = min(MOST, int(count * SHARE))
    strips = _strips(network, district, site_count // 40)
    villages = np.asarray([ground for *_, ground in land.villages], object)
    taken_ground = shapely.union_all(
        [
            *shapely.buffer(strips, 2.0),
            *shapely.buffer(villages, 6.0),
            *network.road_ground,
            *network.railway_ground,
            shapely.buffer(network.town, 6.0),
            land.river,
            shapely.buffer(planted.local(planted.CLEAN_GROUND), 40.0),
        ]
    )
    inner = shapely.buffer(district, -FROM_BORDER_M)
    fields = _whole_fields(land)
    fields = fields[shapely.contains(inner, fields) & ~shapely.intersects(taken_ground, fields)]
    fields = rng.permutation(fields)[: int(site_count * ON_FIELDS)]
    hills = _rectangles(rng, _points_in(rng, shapely.intersection(land.hills, inner), int(site_count * IN_HILLS)))
    along = shapely.line_interpolate_point(
        land.river_line, rng.uniform(0.06, 0.94, int(site_count * BY_RIVER)), normalized=True
    )
    aside = shapely.get_coordinates(along) + rng.uniform(-170, 170, (len(along), 2))
    river = _rectangles(rng, aside)
    site_ground = np.concatenate([fields, hills, river])
    site_ground = site_ground[~shapely.intersects(taken_ground, site_ground) & shapely.contains(inner, site_ground)]
    site_ground = site_ground[_keep_distance(site_ground)]
    ground = np.concatenate([strips, site_ground])
    use = rng.choice(np.asarray(["100102", "110101", "1303", "1401", "0804"], object), len(ground))
    use[: len(strips)] = "1202"
    return Sites(shapely.transform(ground, lambda xy: np.round(xy, 3)), use)


def _whole_fields(land: Country) -> np.ndarray:
    """Fields of a size that one project takes; the field maker goes on below the hills, which do not count."""
    area_m2 = shapely.area(land.fields)
    return land.fields[(area_m2 > 3000) & (area_m2 < 22000) & ~shapely.intersects(land.hills, land.fields)]


def _points_in(rng: np.random.Generator, ground: shapely.Polygon, count: int) -> np.ndarray:
    """`count` points of `ground`, or a few less, as (n, 2) coordinates."""
    west, south, east, north = shapely.bounds(ground)
    xy = np.column_stack([rng.uniform(west, east, 4 * count), rng.uniform(south, north, 4 * count)])
    return xy[shapely.contains_xy(ground, xy)][:count]


def _rectangles(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Sites with one skewed corner about `centres`, turned as chance has it."""
    half = rng.uniform((18, 14), (75, 48), (len(centres), 2))
    corners = np.array([(-1, -1), (1, -1), (1, 0.55), (0.6, 1), (-1, 1)])[None] * half[:, None, :]
    corners[:, 0] += rng.uniform(-0.25, 0.25, (len(centres), 2)) * half
    turn = rng.uniform(0, np.pi, len(centres))[:, None]
    x = corners[..., 0] * np.cos(turn) - corners[..., 1] * np.sin(turn)
    y = corners[..., 0] * np.sin(turn) + corners[..., 1] * np.cos(turn)
    return shapely.polygons(np.stack([x, y], -1) + centres[:, None, :])


def _strips(network: Streets, district: shapely.Polygon, count: int) -> np.ndarray:
    """Strips of six metres along one side of township roads, where these are to be widened."""
    inner = shapely.buffer(district, -FROM_BORDER_M)
    roads = [(line, width) for _, _, grade, width, line in network.roads if grade == "乡道"][:count]
    strips = []
    for line, width in roads:
        whole = max(shapely.get_parts(shapely.intersection(line, inner)), key=shapely.length)
        stations = np.arange(0.35 * whole.length, min(0.7 * whole.length, 0.35 * whole.length + 520), 12.0)
        piece = shapely.linestrings(shapely.get_coordinates(shapely.line_interpolate_point(whole, stations)))
        near = shapely.offset_curve(piece, width / 2 + 0.5)
        far = shapely.offset_curve(piece, width / 2 + 6.5)
        ring = np.vstack([shapely.get_coordinates(near), shapely.get_coordinates(far)[::-1]])
        strips.append(shapely.polygons(ring))
    return np.asarray(strips, object)


def _keep_distance(ground: np.ndarray) -> np.ndarray:
    """Which of `ground` to keep so that none comes within 3 m of an earlier one."""
    one, other = shapely.STRtree(ground).query(ground, predicate="dwithin", distance=3.0)
    return np.setdiff1d(np.arange(len(ground)), one[one > other])

"""The country about the town: the river, the hills, the villages, and the mosaic of fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.resources.sample_city.city_ground import (
    GRID_M,
    HEIGHT_M,
    WIDTH_M,
    Warp,
    grid_of,
    parts,
    ribbon,
    smooth_line,
    swayed,
    wavy_loop,
)
from onemap.resources.sample_city.streets import CityBlock

RIVER = [(1500, 5200), (1790, 4600), (1430, 3980), (1640, 3350), (1400, 2700), (1700, 2050), (2080, 1420)]
RIVER += [(2500, 1080), (3050, 830), (3650, 960), (4200, 640), (4850, 760), (5450, 400), (6200, 480)]
VILLAGES = {
    # name → where, how it is turned, its rows and columns of blocks
    "西岭村": ((930, 1440), 0.25, 2, 3),
    "南渡村": ((2210, 540), -0.2, 2, 3),
    "河湾村": ((3880, 500), -0.15, 2, 3),
    "北坡村": ((2180, 4760), 0.15, 1, 3),
    "东营村": ((5440, 1320), -0.55, 3, 3),
    "石桥村": ((5420, 4125), 0.03, 2, 3),
    "柳庄村": ((1020, 3050), -0.15, 2, 2),
}
FIELD_TRACK_M = 4.0
SCRAP_M2 = 60.0  # a survey joins smaller pieces to their neighbours
CUT_M = 620.0  # nets of tracks and streets are cut about so often


@dataclass(frozen=True)
class Country:
    """The land outside the town, in local metres."""

    river: shapely.Polygon
    river_line: shapely.LineString
    hills: shapely.Polygon
    stands: np.ndarray  # stands of forest, polygons that fill the hills
    fields: np.ndarray  # fields, before roads, river and town are taken out
    ponds: np.ndarray
    villages: tuple[tuple[str, tuple[CityBlock, ...], shapely.Polygon], ...]  # name, blocks, ground


def country(rng: np.random.Generator) -> Country:
    """River, hills, villages and fields."""
    line = swayed(smooth_line(RIVER), rng, 45.0, 640.0)
    stations = np.linspace(0, 1, len(shapely.get_coordinates(line)))
    wide = 19 + 10 * stations + 5 * np.sin(40 * stations + rng.uniform(0, 6)) + 3 * np.sin(97 * stations)
    ridge = smooth_line(
        [
            (930, 5300),
            (1080, 4500),
            (760, 3800),
            (900, 3200),
            (640, 2500),
            (760, 1900),
            (560, 1250),
            (250, 760),
            (-250, 620),
        ]
    )
    ridge = swayed(ridge, rng, 28.0, 410.0)
    hills = shapely.polygons([(-500, 600), *shapely.get_coordinates(ridge)[::-1], (-500, 5300)])
    hills = shapely.buffer(shapely.buffer(hills, -20), 20)
    return Country(
        ribbon(line, wide),
        line,
        hills,
        _stands(rng, hills),
        _fields(rng),
        np.asarray([wavy_loop(rng, (x, y), (rx, ry), 0.12) for x, y, rx, ry in _pond_places(rng)], object),
        tuple((name, *_village(rng, *place)) for name, place in VILLAGES.items()),
    )


def _pond_places(rng: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """Where the fish ponds lie: a cluster by the lower river, and single ones."""
    cluster = [
        (2960 + 95 * i + rng.uniform(-8, 8), 420 - 85 * j + rng.uniform(-8, 8)) for i in range(4) for j in range(3)
    ]
    single = [(1250, 2480), (5580, 1720), (2900, 4330), (4350, 1250), (4280, 4350)]
    return [(x, y, 40.0, 34.0) for x, y in cluster] + [(x, y, 45.0, 30.0) for x, y in single]


def _village(
    rng: np.random.Generator, place: tuple[float, float], angle: float, rows: int, columns: int
) -> tuple[tuple[CityBlock, ...], shapely.Polygon]:
    """A village: small blocks on lanes, a few of them missing, and the ground it stands on."""
    phases = rng.uniform(0, 2 * np.pi, 2)
    warp = Warp(place, angle, ((9.0, 330.0, 0.3, phases[0]), (7.0, 260.0, 1.9, phases[1])))
    across, along = grid_of(rng, 0, 72.0 * columns, (62, 82)), grid_of(rng, 0, 105.0 * rows, (90, 120))
    across, along = across - across[-1] / 2, along - along[-1] / 2
    blocks = [
        CityBlock(warp, a0 + 2.5, b0 + 2.5, a1 - 2.5, b1 - 2.5, "village")
        for a0, a1 in zip(across, across[1:], strict=False)
        for b0, b1 in zip(along, along[1:], strict=False)
        if rng.random() < 0.95
    ]
    return tuple(blocks), warp.box(across[0] - 8, along[0] - 8, across[-1] + 8, along[-1] + 8)


def _stands(rng: np.random.Generator, hills: shapely.Polygon) -> np.ndarray:
    """The hills divided into stands of forest, whose borders follow gullies rather than lines."""
    phases = rng.uniform(0, 2 * np.pi, 3)
    waves = ((42.0, 420.0, 0.9, phases[0]), (30.0, 300.0, 2.4, phases[1]), (12.0, 130.0, 0.2, phases[2]))
    warp = Warp((0.0, 0.0), 0.18, waves)
    cells = []
    b_lines = grid_of(rng, 300, 6200, (200, 330))
    for b0, b1 in zip(b_lines, b_lines[1:], strict=False):
        a_lines = grid_of(rng, -1500, 2000, (220, 420))
        cells += [warp.box(a0, b0, a1, b1) for a0, a1 in zip(a_lines, a_lines[1:], strict=False)]
    return parts(shapely.intersection(np.asarray(cells, object), hills), 500.0)


def _fields(rng: np.random.Generator) -> np.ndarray:
    """Fields over the whole frame: pieces between tracks, each ploughed in strips or left whole."""
    phases = rng.uniform(0, 2 * np.pi, 3)
    waves = ((90.0, 2900.0, 0.4, phases[0]), (60.0, 2100.0, 2.0, phases[1]), (14.0, 700.0, 1.2, phases[2]))
    warp = Warp((WIDTH_M / 2, HEIGHT_M / 2), -0.2, waves)
    fields = []
    b_lines = grid_of(rng, -3600, 3600, (170, 290))
    for b0, b1 in zip(b_lines, b_lines[1:], strict=False):
        a_lines = grid_of(rng, -4200, 4200, (210, 460))
        for a0, a1 in zip(a_lines, a_lines[1:], strict=False):
            low, high = (a0 + FIELD_TRACK_M / 2, a1 - FIELD_TRACK_M / 2)
            near, far = (b0 + FIELD_TRACK_M / 2, b1 - FIELD_TRACK_M / 2)
            strips = int(rng.choice((1, 2, 3, 4, 5), p=(0.12, 0.25, 0.3, 0.2, 0.13)))
            edges = low + (high - low) * np.append(0, np.cumsum(shares := rng.uniform(0.6, 1.4, strips)) / shares.sum())
            fields += [warp.box(e0, near, e1, far, 40.0) for e0, e1 in zip(edges, edges[1:], strict=False)]
    all_fields = np.asarray(fields, object)
    frame = shapely.box(-300, -300, WIDTH_M + 300, HEIGHT_M + 300)
    return all_fields[shapely.intersects(all_fields, frame)]


@dataclass(frozen=True)
class Cover:
    """Ground divided without gap or overlap, in local metres."""

    faces: np.ndarray  # single polygons; neighbours share every vertex
    kind: np.ndarray  # the name of the mask that each face belongs to
    shape: np.ndarray  # which shape of that mask (-1 for the rest)
    unit: np.ndarray  # which unit each face lies in


def cover(
    ground: shapely.Polygon, units: np.ndarray, masks: list[tuple[str, np.ndarray]], rest: str, net: str = ""
) -> Cover:
    """`ground` divided by `masks`, an earlier before a later one, and cut at the borders of `units`.

    What lies under no mask is called `rest`. The rest, and the mask `net`, are nets of tracks or streets: they
    are cut in pieces, as surveyors do. All borders are noded once, on a grid of a millimetre.
    """
    kinds = np.concatenate([np.full(len(shapes), kind, dtype=object) for kind, shapes in masks])
    places = np.concatenate([np.arange(len(shapes)) for _, shapes in masks])
    shapes = np.concatenate([shapes for _, shapes in masks])
    border = shapely.boundary(np.concatenate([shapes, units, [ground]]))
    lines = shapely.union_all(np.concatenate([border, _cuts(shapely.bounds(ground))]), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(faces)
    shapely.prepare(ground)
    keep = shapely.contains(ground, inside)
    faces, inside = faces[keep], inside[keep]
    owner = _first_of(shapes, inside)
    unit = _first_of(units, inside)
    is_sliver = unit == len(units)  # a sliver between two units, since corners lie on the grid
    unit[is_sliver] = shapely.STRtree(units).nearest(inside[is_sliver])
    # Faces of one owner are put together again; a field that a road cuts in two stays two fields.
    key = owner * (len(units) + 1) + unit
    loose = np.isin(np.append(kinds, rest)[owner], [rest, net])
    key = np.where(loose, key.max() + 1 + np.arange(len(key)), key)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
    groups = np.split(faces[order], starts[1:])
    whole = np.asarray([shapely.coverage_union_all(group) for group in groups], object)
    single, group = shapely.get_parts(whole, return_index=True)
    first = order[starts][group]
    kind, place = np.append(kinds, rest)[owner], np.append(places, -1)[owner]
    return _scraps_joined(Cover(single, kind[first], place[first], unit[first]))


def _scraps_joined(ground: Cover) -> Cover:
    """`ground` with each face too small for a survey joined to the neighbour it shares the longest border with."""
    faces = ground.faces
    small = np.flatnonzero(shapely.area(faces) < SCRAP_M2)
    scrap, other = shapely.STRtree(faces).query(faces[small], predicate="touches")
    scrap = small[scrap]
    wall = shapely.length(shapely.intersection(faces[scrap], faces[other]))
    usable = (wall > 0) & ~np.isin(other, small)
    scrap, other, wall = scrap[usable], other[usable], wall[usable]
    order = np.lexsort((-wall, scrap))
    scrap, first = np.unique(scrap[order], return_index=True)
    host = np.arange(len(faces))
    host[scrap] = other[order][first]
    changed_faces = np.unique(host[scrap])
    faces = faces.copy()
    faces[changed_faces] = [shapely.coverage_union_all(faces[host == index]) for index in changed_faces]
    keep = host == np.arange(len(faces))
    return Cover(faces[keep], ground.kind[keep], ground.shape[keep], ground.unit[keep])


def _cuts(bounds: np.ndarray) -> np.ndarray:
    """Lines across the ground that cut its nets into pieces; they slant, so that they run along no street."""
    west, south, east, north = bounds
    places = np.arange(west - north + south, east, CUT_M)
    rising = np.stack([places, np.full_like(places, south), places + north - south, np.full_like(places, north)], -1)
    places = np.arange(west, east + north - south, CUT_M)
    falling = np.stack([places, np.full_like(places, south), places - north + south, np.full_like(places, north)], -1)
    return shapely.linestrings(np.concatenate([rising, falling]).reshape(-1, 2, 2))


def _first_of(shapes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """For each point the index of the first of `shapes` that it lies in; their number where in none."""
    point, shape = shapely.STRtree(shapes).query(points, predicate="within")
    owner = np.full(len(points), len(shapes))
    np.minimum.at(owner, point, shape)
    return owner


def villages_beside(land: Country, roads: np.ndarray) -> tuple[CityBlock, ...]:
    """The blocks of all villages, without those that a road runs through."""
    blocks = [block for _, village, _ in land.villages for block in village]
    outlines = np.asarray([block.outline for block in blocks], object)
    free = ~shapely.intersects(outlines, shapely.union_all(shapely.buffer(roads, 2.0)))
    return tuple(block for block, is_free in zip(blocks, free, strict=True) if is_free)

"""The workload of the benchmark: an invented city in EPSG:4547, the same to the last digit for one size and seed.

Layers: parcels (n), landuse (2 n, a coverage), plan1 and plan2 (n each, the second edited and moved), controls (3 large
polygons with fractal edges and holes), lines (of 8 classes), and a grid of heights.
"""

import math
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

CRS = "EPSG:4547"
WEST, SOUTH = 480_000.0, 2_490_000.0
PARCELS = {"XS": 1_000, "S": 10_000, "M": 100_000, "L": 1_000_000}
SHORE_VERTICES = {"XS": 2_000, "S": 8_000, "M": 20_000, "L": 30_000}
MEAN_PARCEL_M2 = 1200.0
MOST_BENDS = 14  # on one side of a parcel
GRID_M = 1e-3
BUFFERS_M = {
    "motorway": 30.0,
    "trunk": 20.0,
    "secondary": 15.0,
    "local": 8.0,
    "river1": 50.0,
    "river2": 25.0,
    "power500": 30.0,
    "power220": 20.0,
}
LAND_CLASSES = np.array(["0101", "0301", "0701", "0702", "1003", "1101"])
SEED = 7
Layers = dict[str, gpd.GeoDataFrame]


def _chance(seed: int, name: str) -> np.random.Generator:
    """Each layer has a source of numbers of its own, so that one can be made without the others."""
    number = sum(ord(letter) * 131**place % 2147483647 for place, letter in enumerate(name))
    return np.random.default_rng([seed, number])


def _on_grid(coordinates: np.ndarray) -> np.ndarray:
    return np.round(coordinates / GRID_M) * GRID_M


def _bends(
    starts: np.ndarray, ends: np.ndarray, straight: np.ndarray, most: int, chance: np.random.Generator
) -> np.ndarray:
    """Points between both ends of each side (m, MOST_BENDS, 2), NaN where a side has fewer."""
    count = len(starts)
    bends = chance.integers(0, most + 1, count)
    bends[chance.random(count) < 0.05] = MOST_BENDS  # sides like a river's
    points = np.full((count, MOST_BENDS, 2), np.nan)
    for number in np.unique(bends[bends > 0]):
        rows = np.flatnonzero(bends == number)
        start, end = starts[rows], ends[rows]
        along = (np.arange(1, number + 1) / (number + 1))[None, :, None]
        way = end - start
        length = np.hypot(way[:, 0], way[:, 1])
        across = np.stack([-way[:, 1], way[:, 0]], 1) / np.maximum(length, 1e-9)[:, None]
        reach = np.where(straight[rows], 0, 0.03 / math.sqrt(number)) * length
        aside = chance.normal(0, 1, (len(rows), number)) * reach[:, None]
        on_side = start[:, None, :] * (1 - along) + end[:, None, :] * along
        points[rows, :number] = on_side + across[:, None, :] * aside[:, :, None]
    return _on_grid(points)


def _coverage(columns: int, rows: int, size: tuple[float, float], name: str, jitter: float, most: int) -> np.ndarray:
    """Polygons (columns × rows) without gaps or overlaps: a shaken lattice whose neighbours share bent sides."""
    chance = _chance(SEED, name)
    step_x, step_y = size[0] / columns, size[1] / rows
    column, row = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    shaken_x = chance.uniform(-jitter, jitter, column.shape) * step_x
    shaken_y = chance.uniform(-jitter, jitter, column.shape) * step_y
    shaken_x[:, [0, -1]] = 0
    shaken_y[[0, -1], :] = 0
    corners = np.stack([WEST + column * step_x + shaken_x, SOUTH + row * step_y + shaken_y], -1)
    corners = _on_grid(corners)
    level, upright = np.zeros((rows + 1, columns), dtype=bool), np.zeros((rows, columns + 1), dtype=bool)
    level[[0, -1]], upright[:, [0, -1]] = True, True

    def pairs(points: np.ndarray) -> np.ndarray:
        return points.reshape(-1, 2)

    lying = _bends(pairs(corners[:, :-1]), pairs(corners[:, 1:]), level.ravel(), most, chance)
    standing = _bends(pairs(corners[:-1]), pairs(corners[1:]), upright.ravel(), most, chance)
    at_lying = np.arange((rows + 1) * columns).reshape(rows + 1, columns)
    at_standing = np.arange(rows * (columns + 1)).reshape(rows, columns + 1)
    south_west, south_east = pairs(corners[:-1, :-1]), pairs(corners[:-1, 1:])
    north_east, north_west = pairs(corners[1:, 1:]), pairs(corners[1:, :-1])
    rings = np.concatenate(
        [
            south_west[:, None],
            lying[at_lying[:-1].ravel()],
            south_east[:, None],
            standing[at_standing[:, 1:].ravel()],
            north_east[:, None],
            lying[at_lying[1:].ravel()][:, ::-1],
            north_west[:, None],
            standing[at_standing[:, :-1].ravel()][:, ::-1],
            south_west[:, None],
        ],
        1,
    )
    present = ~np.isnan(rings[:, :, 0])
    owner = np.repeat(np.arange(len(rings)), present.sum(1))
    polygons = shapely.polygons(shapely.linearrings(rings[present], indices=owner))
    crossed = ~shapely.is_valid(polygons)
    polygons[crossed] = shapely.buffer(polygons[crossed], 0)
    return polygons


def _shore(x: float, y: float, radius: float, vertices: int, chance: np.random.Generator) -> np.ndarray:
    """A closed line like a coast around a point: halfway points moved ever less, in polar form, so it never crosses."""
    heights = chance.normal(0, 1, 8) * 0.33 * 0.5
    while len(heights) < vertices:
        moved = chance.normal(0, 1, len(heights)) * 0.33 * 0.5 * (len(heights) / 8) ** -0.55
        between = (heights + np.roll(heights, -1)) / 2 + moved
        heights = np.stack([heights, between], 1).ravel()
    if len(heights) > vertices * 1.5:
        heights = heights[:vertices]
    turn = np.linspace(0, 2 * np.pi, len(heights), endpoint=False)
    reach = radius * np.exp(np.clip(heights, -1.2, 1.0))
    return np.round(np.stack([x + reach * np.cos(turn), y + reach * np.sin(turn)], 1), 3)


def _control(name: str, size: tuple[float, float], bodies: int, vertices: int, holes: int) -> shapely.Geometry:
    chance, (width, height) = _chance(SEED, name), size
    parts = []
    for _ in range(bodies):
        x = WEST + chance.uniform(0.1, 0.9) * width
        y = SOUTH + chance.uniform(0.1, 0.9) * height
        radius = min(width, height) * chance.uniform(0.10, 0.24) / math.sqrt(bodies / 3)
        body = shapely.make_valid(shapely.Polygon(_shore(x, y, radius, vertices, chance)))
        lakes = []
        for _ in range(holes):
            turn = chance.uniform(0, 2 * np.pi)
            away = radius * math.sqrt(chance.uniform(0.0, 0.5))
            lake = radius * chance.uniform(0.008, 0.04)
            shore = _shore(x + away * math.cos(turn), y + away * math.sin(turn), lake, 256, chance)
            lakes.append(shapely.make_valid(shapely.Polygon(shore)))
        parts.append(body - shapely.union_all(lakes))
    polygons = shapely.get_parts(shapely.union_all(parts))
    kept = (shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON) & (shapely.area(polygons) > 10)
    return shapely.multipolygons(polygons[kept])


def _parcels(plan: np.ndarray, columns: int, chance: np.random.Generator) -> np.ndarray:
    """Parcels from a coverage: roads between blocks, some with a hole, some of two parts."""
    parcels = plan.copy()
    place = np.arange(len(plan))
    at_road = (place % columns % 12 == 0) | (place // columns % 10 == 0)
    parcels[at_road] = shapely.buffer(plan[at_road], -4.0, join_style="mitre", quad_segs=1)
    holed = chance.random(len(parcels)) < 0.02
    middles = shapely.buffer(
        shapely.point_on_surface(parcels[holed]), np.sqrt(shapely.area(parcels[holed])) * 0.12, quad_segs=4
    )
    parcels[holed] = shapely.difference(parcels[holed], middles)
    parcels = parcels[~shapely.is_empty(parcels)]
    firsts = chance.choice(len(parcels) - 40, int(len(parcels) * 0.01), replace=False)
    kept, used = np.ones(len(parcels), dtype=bool), set()
    for first in firsts.tolist():
        second = first + 17
        if first in used or second in used:
            continue
        used |= {first, second}
        both = shapely.multipolygons(shapely.get_parts(parcels[[first, second]]))
        if both.is_valid:
            parcels[first], kept[second] = both, False
    parcels = parcels[kept]
    return parcels[shapely.area(parcels) > 1]


def _edited(plan: np.ndarray) -> np.ndarray:
    """The coverage with 3 % of its vertices moved by 0.02 to 0.6 m, a vertex of several polygons in all of them."""
    coordinates = shapely.get_coordinates(plan)
    key = np.round(coordinates * 1000).astype(np.int64)
    mixed = (key[:, 0] * 1000003 ^ key[:, 1] * 998244353) & 0x7FFFFFFF
    turn, far = (mixed % 6283) / 1000.0, 0.02 + (mixed % 577) / 577 * 0.58
    by = np.stack([np.cos(turn) * far, np.sin(turn) * far], 1)
    edited = shapely.set_coordinates(plan.copy(), coordinates + np.where((mixed % 1000 < 30)[:, None], by, 0))
    crossed = ~shapely.is_valid(edited)
    edited[crossed] = plan[crossed]
    return edited


def _lines(size: tuple[float, float], per_class: int) -> Iterator[tuple[str, shapely.Geometry]]:
    chance = _chance(SEED, "lines")
    for name in BUFFERS_M:
        for _ in range(per_class):
            turn = chance.uniform(0, 2) * np.pi
            x, y = WEST + chance.uniform(0, size[0]), SOUTH + chance.uniform(0, size[1])
            length = chance.uniform(0.3, 1.0) * max(size)
            count = max(8, int(length / 25))
            along = np.linspace(-0.5, 0.5, count) * length
            aside = np.cumsum(chance.normal(0, 1, count)) * (1.5 if name.startswith("power") else 6.0)
            east = x + along * math.cos(turn) - aside * math.sin(turn)
            north = y + along * math.sin(turn) + aside * math.cos(turn)
            points = np.round(np.stack([east, north], 1), 3)
            for start in range(0, count - 1, 40):
                yield name, shapely.LineString(points[start : start + 41])


def layers_of(size: str) -> tuple[Layers, tuple[float, float]]:
    """All vector layers of one size (a key of PARCELS), and the city's width and height in metres."""
    columns = round(math.sqrt(PARCELS[size]))
    rows = PARCELS[size] // columns
    city = math.sqrt(MEAN_PARCEL_M2) * 1.05 * columns, math.sqrt(MEAN_PARCEL_M2) / 1.05 * rows
    plan = _coverage(columns, rows, city, "parcels", 0.28, 6)
    chance = _chance(SEED, "edit")
    parcels = _parcels(plan, columns, chance)
    land = _coverage(int(columns * math.sqrt(2)), int(rows * math.sqrt(2)), city, "landuse", 0.3, 7)
    code1 = _chance(SEED, "c1").integers(0, 12, len(plan))
    changed = chance.random(len(plan)) < 0.03
    code2 = code1.copy()
    code2[changed] = (code2[changed] + 1 + chance.integers(0, 10, changed.sum())) % 12
    vertices = SHORE_VERTICES[size]
    controls = [
        _control("redline", city, 3, vertices, 40),
        _control("farmland", city, 12, max(vertices // 6, 500), 25),
        _control("ugb", city, 1, vertices * 2, 60),
    ]
    classes, lines = zip(*_lines(city, max(3, int(math.sqrt(PARCELS[size]) / 12))), strict=True)
    number = np.arange(len(plan))
    made = {
        "parcels": ({"pid": np.arange(len(parcels))}, parcels),
        "landuse": (
            {
                "lid": np.arange(len(land)),
                "dlbm": LAND_CLASSES[_chance(SEED, "dl").integers(0, len(LAND_CLASSES), len(land))],
            },
            land,
        ),
        "plan1": ({"id1": number, "code1": code1}, plan),
        "plan2": ({"id2": number, "code2": code2}, _edited(plan)),
        "controls": ({"cid": np.arange(3), "name": ["redline", "farmland", "boundary"]}, controls),
        "lines": ({"cls": list(classes), "dist": [BUFFERS_M[name] for name in classes]}, list(lines)),
    }
    return {name: gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS) for name, (columns, shapes) in made.items()}, city


def heights_m(cells: int) -> np.ndarray:
    """A hilly terrain (cells, cells) of seven octaves, 32-bit."""
    chance, heights = _chance(SEED, "dem"), np.zeros((cells, cells))
    for octave in range(7):
        knots = 2**octave + 3
        values = chance.normal(0, 1, (knots, knots))
        at = np.linspace(0, knots - 1, cells)
        low = np.minimum(at.astype(int), knots - 2)
        part = at - low
        lines = values[low] * (1 - part)[:, None] + values[low + 1] * part[:, None]
        heights += (lines[:, low] * (1 - part) + lines[:, low + 1] * part) * 260 / 1.75**octave
    return heights.astype("float32")

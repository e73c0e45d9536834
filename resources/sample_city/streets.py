"""The town's streets: arterials and lanes, the blocks between them, the classified roads and the railway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from onemap.resources.sample_city.city_ground import GRID_M, Array, Warp, grid_of, smooth_line, wavy_loop

CENTRE = (3220.0, 2880.0)
NATIONAL_ROAD_B, PROVINCIAL_ROAD_A, COUNTY_ROAD_B = -650.0, 430.0, 260.0  # wished places in the drawing
ARTERIAL_HALF_M, STREET_HALF_M, LANE_HALF_M, RAILWAY_HALF_M = 17.0, 7.5, 4.0, 9.0

USES: dict[str, tuple[str, float]] = {
    # what a block is for → its class of use (用地用海), and how wide its parcels are against the town's mean
    "old": ("070102", 0.55),
    "homes": ("070102", 1.0),
    "estate": ("070102", 2.2),
    "shops": ("0901", 0.75),
    "offices": ("0902", 1.3),
    "school": ("0804", 3.5),
    "hospital": ("0806", 3.0),
    "town hall": ("0801", 2.0),
    "park": ("1401", 50.0),
    "works": ("100102", 2.6),
    "stores": ("110101", 2.8),
    "services": ("1302", 3.0),
    "village": ("070301", 0.5),
}


@dataclass(frozen=True)
class CityBlock:
    """Ground between streets, a rectangle of a bent drawing; `use` is a key of `USES`."""

    warp: Warp
    a0: float
    b0: float
    a1: float
    b1: float
    use: str

    @property
    def outline(self) -> shapely.Polygon:
        """The block's ground in local metres."""
        return self.warp.box(self.a0, self.b0, self.a1, self.b1)


@dataclass(frozen=True)
class Streets:
    """Everything that the street network gives to the other makers; geometry in local metres."""

    warp: Warp
    blocks: tuple[CityBlock, ...]
    cells: np.ndarray  # the ground of the built-up town with its streets, one polygon per cell of the net
    arterials: np.ndarray  # centre lines inside the town
    roads: tuple[tuple[str, str, str | None, float, shapely.LineString], ...]  # key, name, class, width, line
    railways: tuple[tuple[str, str, str, str, shapely.LineString], ...]  # key, name, kind, place, line

    @cached_property
    def town(self) -> shapely.Geometry:
        """The built-up ground, streets and blocks; cracks between its cells' bent sides are closed."""
        wide = shapely.buffer(shapely.union_all(self.cells, grid_size=GRID_M), 0.6, join_style="mitre")
        return shapely.set_precision(shapely.buffer(wide, -0.6, join_style="mitre"), GRID_M)

    @property
    def road_ground(self) -> np.ndarray:
        """The ground of each classified road."""
        return np.asarray([shapely.buffer(line, width / 2, quad_segs=4) for *_, width, line in self.roads], object)

    @property
    def railway_ground(self) -> np.ndarray:
        """The ground of each railway."""
        lines = np.asarray([line for *_, line in self.railways], object)
        return shapely.buffer(lines, RAILWAY_HALF_M, cap_style="flat", quad_segs=4)


def town_warp(rng: np.random.Generator) -> Warp:
    """The bending that turns a chequered drawing into this town's curved streets."""
    phases = rng.uniform(0, 2 * np.pi, 4)
    waves = (
        (75.0, 2700.0, 0.15, phases[0]),
        (60.0, 2300.0, 1.75, phases[1]),
        (22.0, 950.0, 0.55, phases[2]),
        (14.0, 620.0, 2.2, phases[3]),
    )
    return Warp(CENTRE, -0.12, waves)


def streets(rng: np.random.Generator, obstacles: np.ndarray) -> Streets:
    """The street network of the town and the roads and railways that pass it; nothing is built on `obstacles`."""
    warp = town_warp(rng)
    a_lines = _with_place(grid_of(rng, -1400, 1330, (330, 470)), PROVINCIAL_ROAD_A)
    b_lines = _with_place(_with_place(grid_of(rng, -1600, 1500, (330, 470)), NATIONAL_ROAD_B), COUNTY_ROAD_B)
    outline = wavy_loop(rng, (CENTRE[0] - 10, CENTRE[1] - 60), (1230, 1400), 0.07)
    blocks, cells = _blocks(rng, warp, a_lines, b_lines, outline)
    railways = _railways()
    rails = np.asarray([line for *_, line in railways], object)
    shut = np.concatenate([obstacles, shapely.buffer(rails, 22.0)])
    free = ~shapely.intersects(shapely.union_all(shut), cells)
    blocks, cells = [block for block, is_free in zip(blocks, free, strict=True) if is_free], cells[free]
    town = shapely.union_all(shapely.buffer(cells, 1.0))
    along = np.arange(-1650.0, 1651.0, 25.0)
    lines = [warp.line(np.full_like(along, a), along) for a in a_lines]
    lines += [warp.line(along, np.full_like(along, b)) for b in b_lines]
    inside = shapely.get_parts(shapely.intersection(np.asarray(lines, object), town))
    arterials = inside[shapely.length(inside) > 150]
    return Streets(warp, tuple(blocks), cells, arterials, _roads(warp, town), railways)


def _with_place(lines: Array, place: float) -> Array:
    """`lines` with the one nearest to `place` moved there."""
    new_lines = lines.copy()
    new_lines[np.argmin(np.abs(new_lines - place))] = place
    return new_lines


def _blocks(
    rng: np.random.Generator, warp: Warp, a_lines: Array, b_lines: Array, outline: shapely.Polygon
) -> tuple[list[CityBlock], np.ndarray]:
    """The built-up blocks, and the ground of each with the halves of the streets about it."""
    blocks, cells = [], []
    for a0, a1 in zip(a_lines, a_lines[1:], strict=False):
        for b0, b1 in zip(b_lines, b_lines[1:], strict=False):
            reach = np.hypot((a0 + a1) / 2, (b0 + b1) / 2)
            inner = LANE_HALF_M if reach < 420 else STREET_HALF_M
            for ground, sides in _divide_cell(rng, a0, b0, a1, b1, reach):
                if not outline.contains(shapely.Point(*_middle(warp, ground))):
                    continue
                widths = [ARTERIAL_HALF_M if side else inner for side in sides]
                depth = min(ground[2] - ground[0], ground[3] - ground[1])
                use = _use(rng, *_middle(warp, ground), reach, depth)
                low = (ground[0] + widths[0], ground[1] + widths[1])
                high = (ground[2] - widths[2], ground[3] - widths[3])
                blocks.append(CityBlock(warp, *low, *high, use))
                cells.append(warp.box(*ground))
    return blocks, np.asarray(cells, object)


def _middle(warp: Warp, ground: tuple[float, float, float, float]) -> tuple[float, float]:
    """Local x, y of the middle of a rectangle of the drawing."""
    x, y = warp(np.array((ground[0] + ground[2]) / 2), np.array((ground[1] + ground[3]) / 2))
    return float(x), float(y)


def _divide_cell(rng: np.random.Generator, a0: float, b0: float, a1: float, b1: float, reach: float) -> list:
    """One cell of the arterials cut into blocks: ((a0, b0, a1, b1), which sides lie on an arterial).

    It is first cut into strips, and each strip by itself: streets meet in T junctions as often as in crosses.
    """
    choices = [(3, (3, 5))] if reach < 420 else [(2, (2, 4)), (3, (1, 3)), (2, (1, 3)), (3, (2, 3))]
    if reach > 950:
        choices = [(2, (2, 3)), (3, (1, 2)), (2, (1, 3)), (2, (1, 2))]
    strips, (least, most) = choices[rng.integers(len(choices))]
    is_turned = rng.random() < 0.5
    low, high, start, stop = (b0, b1, a0, a1) if is_turned else (a0, a1, b0, b1)
    blocks = []
    edges = _cuts(rng, low, high, strips)
    for first, last in zip(edges, edges[1:], strict=False):
        stops = _cuts(rng, start, stop, int(rng.integers(least, most + 1)))
        for begin, end in zip(stops, stops[1:], strict=False):
            ground = (begin, first, end, last) if is_turned else (first, begin, last, end)
            sides = (ground[0] == a0, ground[1] == b0, ground[2] == a1, ground[3] == b1)
            blocks.append((ground, sides))
    return blocks


def _cuts(rng: np.random.Generator, start: float, stop: float, pieces: int) -> Array:
    """Ends and inner cuts of a stretch in `pieces` of unlike length."""
    shares = np.cumsum(rng.uniform(0.75, 1.25, pieces))
    return np.concatenate([[start], start + (stop - start) * shares / shares[-1]])


def _use(rng: np.random.Generator, x: float, y: float, reach: float, depth: float) -> str:
    """What a block at local x, y is for: works by the railway, shops in the middle, homes elsewhere."""
    if x > 3880 and y > 2050:
        shares = {"works": 0.55, "stores": 0.25, "homes": 0.12, "services": 0.04, "park": 0.04}
    elif reach < 420:
        shares = {"old": 0.5, "shops": 0.28, "town hall": 0.08, "park": 0.06, "offices": 0.08}
    elif depth > 140:  # too deep for single houses along the street
        shares = {"estate": 0.62, "school": 0.16, "park": 0.12, "hospital": 0.1}
    else:
        shares = {"homes": 0.46, "estate": 0.18, "shops": 0.13, "school": 0.07, "hospital": 0.02, "offices": 0.07}
        shares |= {"park": 0.05, "services": 0.02}
    return str(rng.choice(list(shares), p=list(shares.values())))


def _roads(warp: Warp, town: shapely.Geometry) -> tuple:
    """The classified roads: (key, name, class, width of the road's ground in metres, centre line)."""
    far = np.arange(-3600.0, 3601.0, 25.0)
    national = warp.line(far, np.full_like(far, NATIONAL_ROAD_B))
    provincial = warp.line(np.full_like(far, PROVINCIAL_ROAD_A), far)
    west = np.arange(-3600.0, -1150.0, 25.0)
    county = warp.line(west, np.full_like(west, COUNTY_ROAD_B))
    express = smooth_line([(-150, 4330), (1400, 4600), (2900, 4490), (4400, 4640), (6150, 4430)])
    country = {
        "Y901": ("南渡村路", [(2380, 1450), (2300, 1180), (2560, 830), (2400, 480), (2440, -60)]),
        "Y902": ("东营村路", [(4050, 1640), (4650, 1500), (5050, 1330), (5330, 1160), (5580, 960), (6160, 850)]),
        "Y903": ("北坡村路", [(2850, 4000), (2620, 4420), (2330, 4760), (2380, 5100)]),
        "Y904": (
            "西岭村路",
            [(-160, 2250), (480, 2120), (950, 2150), (1120, 1620), (1190, 1150), (1060, 500), (1250, -60)],
        ),
        "Y905": ("石桥村路", [(4350, 3820), (4800, 3920), (5200, 3975), (5650, 3990), (6200, 4060)]),
        "Y906": ("河湾村路", [(3390, 520), (3700, 400), (4000, 330), (4500, 250), (4900, 330)]),
        "Y907": ("柳庄村路", [(1280, 3350), (1150, 3060), (1010, 2620), (950, 2150)]),
    }
    roads = [
        ("G9988", "清云高速", "高速公路", 42.0, express),
        ("G999", "云河线", "国道", 28.0, national),
        ("S999", "清源线", "省道", 22.0, provincial),
        ("X977", "西岭线", "县道", 14.0, county),
    ]
    roads += [(key, name, "乡道", 8.0, smooth_line(points)) for key, (name, points) in country.items()]
    return tuple((*road[:4], _part_outside(road[4], town) if road[3] < 20 else road[4]) for road in roads)


def _part_outside(line: shapely.LineString, town: shapely.Geometry) -> shapely.LineString:
    """The longest part of `line` outside the town, where it becomes an ordinary street."""
    pieces = shapely.get_parts(shapely.difference(line, town))
    return pieces[np.argmax(shapely.length(pieces))]


def _railways() -> tuple:
    """The railways: (key, name, kind, what they pass through, centre line of the outer track)."""
    main = [(4750, 5100), (4600, 4250), (4560, 3400), (4600, 2600), (4510, 1800), (4680, 900), (4980, -80)]
    line = shapely.get_coordinates(smooth_line(main))
    urban = np.flatnonzero((line[:, 1] < 4050) & (line[:, 1] > 1500))
    first, last = urban[0], urban[-1]
    north, middle, south = line[: first + 1], line[first : last + 1], line[last:]
    branch = smooth_line([(4566, 3200), (4500, 3420), (4430, 3560), (4380, 3750), (4270, 3930)])
    return (
        ("T01-1", "清云高速铁路", "高铁", "其他地区", shapely.linestrings(north)),
        ("T01-2", "清云高速铁路", "高铁", "城市市区", shapely.linestrings(middle)),
        ("T01-3", "清云高速铁路", "高铁", "其他地区", shapely.linestrings(south)),
        ("T02", "清源货运支线", "其他", "城市市区", branch),
    )

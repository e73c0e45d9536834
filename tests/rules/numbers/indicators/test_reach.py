"""Reach on streets: by hand on straight streets, and against a plain Dijkstra on places a metre apart."""

import heapq
import itertools
import math

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from onemap.rules.numbers.indicators.street_network import StreetNetwork
from onemap.tests.rules.numbers.indicators.small_packs import ask, pack_of, values

HALF_DISC = 64 * 50**2 * math.sin(2 * math.pi / 64) / 4  # of 64 corners, as the ground is drawn
HOMES = 'kind = "area"\nlayer = "HOMES"'
WALK = 'kind = "reach"\nlayer = "HOMES"\nto = "PLACE"\n'
SHARE = 'formula = "near / homes"\nunit = "%"'


@pytest.fixture
def homes(desk):
    """Two units of 400 m × 400 m side by side, all homes; a place in the middle of the western edge."""
    units = [box(0, 0, 400, 400), box(1000, 0, 1400, 400)]
    desk.layer("UNITS", units, {"NAME": ["W", "E"]})
    desk.layer("HOMES", units, {"HS": [160, 80]})
    desk.layer("PLACE", [Point(0, 200)], geometry="point")


def near(desk, walk, *arguments, items=(SHARE,)):
    return ask(desk, pack_of(desk, {"homes": HOMES, "near": f"{WALK}{walk}"}, *items), *arguments)


def inputs(found, unit, term="near"):
    (row,) = [row for row in found["indicators"] if row["unit"] == unit and row["id"] == "i0"]
    (one,) = [one for one in row["inputs"] if one["term"] == term]
    return row, one


def test_reach_over_a_street_by_hand(desk, homes):
    streets = [LineString([(0, 200), (400, 200)]), LineString([(100, 200.05), (100, 400)])]
    streets += [LineString([(200, 203), (200, 400)]), LineString([(380, 10), (390, 10)])]
    desk.layer("STREETS", streets, {"K": ["a", "a", "a", "a"]}, geometry="line")
    found = near(desk, 'distance_m = 300\nstreets = "STREETS"')
    # 250 m of the street and 150 m of the side street have 50 m left: strips of 100 m, ends round, the corner once.
    reached = 250 * 100 + HALF_DISC + 100 * 100 + HALF_DISC
    row, term = inputs(found, "W")
    assert row["value"] == pytest.approx(100 * reached / 160_000, rel=1e-3)
    assert (row["way"], term["way"], term["way_reason"]) == ("network", "network", None)
    assert (term["street_parts"], term["loose_ends"]) == (3, 1), "3 m off the street is not joined, and told"
    assert term["streets_m"] == pytest.approx(400 + 199.95 + 197 + 10)
    assert [one["code"] for one in term["versions"]] == ["HOMES", "PLACE", "STREETS"]
    away = shapely.difference(box(0, 0, 400, 400), shapely.buffer(shapely.union_all(streets), 50))
    assert term["off_street_m2"] == pytest.approx(away.area, rel=1e-2)  # on the ellipsoid, far off the meridian
    row, term = inputs(found, "E")
    assert (row["value"], row["way"], term["way_reason"]) == (0.0, "straight", "no_streets")
    run = found["run"]["id"]
    assert desk.run("verify", desk.library, "--run", run).json == {"ok": True, "problems": []}
    steps = [step for step in desk.run("explain", desk.library, run, "W", "i0").json["steps"] if step["key"] == "way"]
    assert steps[0]["value"].startswith("along streets · 807 m of streets in 3 parts")


@pytest.mark.parametrize(("minutes", "metres"), [(5, 300), (10, 600), (15, 900)])
def test_minutes_at_a_speed_are_a_distance(desk, minutes, metres):
    desk.layer("UNITS", [box(0, 0, 1000, 100)], {"NAME": ["W"]})
    desk.layer("HOMES", [box(0, 0, 1000, 100)])
    desk.layer("PLACE", [box(-10, 40, 0, 60)])
    desk.layer("STREETS", [LineString([(0, 50), (1000, 50)])], geometry="line")
    found = near(desk, f'minutes = {minutes}\nspeed_kmh = 3.6\nstreets = "STREETS"\nsnap_m = 50')
    assert values(found)["W"] == pytest.approx(100 * ((metres - 50) * 100 + HALF_DISC) / 100_000, rel=1e-3)


def test_without_a_network_the_way_is_straight_and_says_why(desk, homes):
    later = [LineString([(0, 200), (400, 200)]), LineString([(0, 300), (400, 300)])]
    disc = 64 * 100**2 * math.sin(2 * math.pi / 64) / 4
    for walk, reason in (("", None), ('\nstreets = "CSDL"', "layer_missing")):
        row, term = inputs(near(desk, f"distance_m = 100{walk}"), "W")
        assert row["value"] == pytest.approx(100 * disc / 160_000, rel=1e-3)
        assert (row["way"], term["way"], term["way_reason"]) == ("straight", "straight", reason)
    desk.layer("STREETS", later, {"K": ["a", "b"]}, geometry="line")
    row, term = inputs(near(desk, 'distance_m = 100\nstreets = "STREETS"'), "W")
    assert (row["way"], term["way_reason"], term["street_parts"]) == ("straight", "streets_unjoined", 2)
    row, term = inputs(near(desk, 'distance_m = 100\nstreets = { layer = "STREETS", where = "K = \'a\'" }'), "W")
    assert (row["way"], term["street_parts"]) == ("network", 1)
    desk.run(
        "indicators", desk.library, "--unit=UNITS", "--unit-field=NAME", f"--pack={desk.folder / 'town.toml'}"
    ).done()


def test_households_in_reach_are_added_up_by_their_share_of_ground(desk, homes):
    desk.layer("STREETS", [LineString([(0, 200), (400, 200)])], geometry="line")
    keys = 'distance_m = 300\nstreets = "STREETS"\nfield = "HS"\nunit = "count"'
    found = near(desk, keys, items=('formula = "near"\nunit = "count"',))
    assert values(found)["W"] == pytest.approx(160 * (250 * 100 + HALF_DISC) / 160_000, rel=1e-3)


@pytest.mark.parametrize(
    ("kinds", "streets", "known"),
    [
        (["a", None], ["a", "a"], 2 / 3),  # 100 m of half a circle, and of a quarter of one that may be reached
        ([None, "b"], ["a", "a"], 0.0),  # a small part of the unit, and all that may be reached
        (["a", "b"], ["a", None], (100 * 100 + HALF_DISC) / (300 * 100 + HALF_DISC)),  # the way may go on
        (["a", "b"], ["a", "b"], 1.0),
    ],
)
def test_what_may_be_reached_weighs_as_the_ground_that_it_may_add(desk, homes, kinds, streets, known):
    desk.layer("SCHOOL", [Point(0, 200), Point(400, 0)], {"K": kinds}, geometry="point")
    desk.layer(
        "STREETS",
        [LineString([(0, 200), (100, 200)]), LineString([(100, 200), (400, 200)])],
        {"K": streets},
        geometry="line",
    )
    walk = 'kind = "reach"\nlayer = "HOMES"\nto = { layer = "SCHOOL", where = "K = \'a\'" }\ndistance_m = '
    walk += "100" if None in kinds else '350\nstreets = { layer = "STREETS", where = "K = \'a\'" }'
    found = ask(desk, pack_of(desk, {"homes": HOMES, "near": walk}, SHARE))
    assert values(found, field="share_known")["W"] == pytest.approx(known, abs=1e-3)
    assert values(found, field="reason")["W"] == ("no_target" if known == 1.0 else "no_value")


@pytest.mark.parametrize(
    ("keys", "code", "field"),
    [
        ("", "indicator.option", "to"),
        ("minutes = 5", "indicator.option", "minutes"),
        ("minutes = 5\nspeed_kmh = 0", "indicator.option", "minutes"),
        ("distance_m = 300\nminutes = 5\nspeed_kmh = 4", "indicator.option", "distance_m"),
        ('distance_m = 80\nstreets = "STREETS"', "indicator.option", "distance_m"),
        ('distance_m = 300\nstreets = "HOMES"', "indicator.layer", "streets"),
        ('distance_m = 300\nstreets = "STREETS"\nsnap_m = 151', "indicator.option", "snap_m"),
        ('distance_m = 300\njoin_m = "near"', "indicator.type", "join_m"),
    ],
)
def test_a_wrong_walk_is_refused_with_line_and_key(desk, homes, keys, code, field):
    desk.layer("STREETS", [LineString([(0, 200), (400, 200)])], geometry="line")
    pack = pack_of(desk, {"near": f"{WALK}{keys}"}, 'formula = "near"')
    (problem,) = ask(desk, pack, code=3)["problems"]
    assert (problem["code"], problem["field"]) == (code, field) and "of town.toml" in problem["message"]


def plain_costs(lines, places, distance_m, snap_m):
    """Every metre of every street (points) and how far it is from the nearest place, by Dijkstra with a heap."""
    neighbours, points = {}, {}
    for line in lines:
        steps = np.linspace(0, line.length, round(line.length) + 1)
        row = [tuple(np.round(line.interpolate(step).coords[0], 6)) for step in steps]
        for one, other in itertools.pairwise(row):
            length = math.dist(one, other)
            neighbours.setdefault(one, []).append((other, length))
            neighbours.setdefault(other, []).append((one, length))
        points |= dict.fromkeys(row)
    heap = [(place.distance(Point(point)), point) for point in points for place in places]
    heap = [(cost, point) for cost, point in heap if cost <= snap_m]
    heapq.heapify(heap)
    costs = {}
    while heap:
        cost, point = heapq.heappop(heap)
        if point in costs or cost > distance_m:
            continue
        costs[point] = cost
        for other, length in neighbours[point]:
            if other not in costs:
                heapq.heappush(heap, (cost + length, other))
    return np.array(list(costs)), np.array(list(costs.values()))


@pytest.mark.slow
def test_the_ground_is_what_a_plain_dijkstra_reaches():
    random = np.random.default_rng(5)
    side, distance_m, snap_m = 80.0, 400.0, 30.0
    lines = []  # a grid of streets, of which a third is missing
    for x, y in itertools.product(range(10), range(10)):
        for across, up in ((1, 0), (0, 1)):
            if random.random() < 0.66:
                lines.append(LineString([(x * side, y * side), ((x + across) * side, (y + up) * side)]))
    lines.append(LineString([(40, 0), (40, 40), (80, 80)]))  # ends in the middle of a street, and at a crossing
    places = [Point(163, 171), box(560, 560, 640, 610), LineString([(10, 700), (90, 705)])]
    found = StreetNetwork(np.array(lines, dtype=object), 0.01).ground_within_walk(
        np.array(places, dtype=object), distance_m, snap_m
    )
    points, costs = plain_costs(lines, places, distance_m, snap_m)
    grid = np.array([(x + 2.7, y + 2.3) for x in range(-40, 840, 8) for y in range(-40, 840, 8)])
    inside = shapely.contains_xy(found, grid)
    expected = np.zeros(len(grid), dtype=bool)
    for at, point in enumerate(grid):
        gaps = np.hypot(*(points - point).T)
        expected[at] = (gaps + costs <= distance_m)[gaps <= snap_m].any()
        expected[at] |= any(place.distance(Point(point)) <= snap_m for place in places)
    assert 2_000 < expected.sum() < 9_000
    assert (inside != expected).mean() < 0.002, "but for points where the walk just ends"

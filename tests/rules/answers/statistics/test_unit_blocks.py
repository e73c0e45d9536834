"""statistics of a large layer, block by block of its units, equal those at once, to the last digit."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from onemap.rules.answers.statistics.counted_once import CountedOnce
from onemap.rules.answers.statistics.unit_blocks import unit_blocks
from onemap.rules.answers.statistics.unit_pieces import pieces_with_shares, unit_pieces
from onemap.rules.answers.statistics.units import AreaUnits
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

SIDE_M, ACROSS = 100.0, 6


def ask(desk, *options):
    return desk.run("statistics", desk.library, "PATCH", "--within=UNITS", "--unit=NAME", *options).done().json


@pytest.fixture
def country(desk, copied):
    """What `draw_country` draws."""
    copied(draw_country, desk.folder)


@pytest.fixture
def overlapping(country):
    """The ground of the units that overlap."""
    return shapely.union_all(units_grown_by(20))


def units_grown_by(metres):
    """Thirty-six units in a square; grown by a fifth of their side each shares ground with eight others."""
    corners = [(x * SIDE_M, y * SIDE_M) for y in range(ACROSS) for x in range(ACROSS)]
    return [box(x - metres, y - metres, x + SIDE_M + metres, y + SIDE_M + metres) for x, y in corners]


def draw_country(folder):
    """Units, apart and overlapping, and what is measured in them, in a library of a folder."""
    desk = Desk(folder, command)
    done("new", desk.library, "--crs", "EPSG:4547")
    for code, metres in (("UNITS", 0), ("OVER", 20)):
        desk.layer(code, units_grown_by(metres), {"NAME": [f"u{number:02d}" for number in range(ACROSS**2)]})
    draw_patches(desk)
    draw_ways(desk)


def draw_patches(desk):
    """Patches thrown at random over the units and beyond, some on others."""
    chance = np.random.default_rng(3)
    corners = chance.uniform(-0.5, ACROSS, (300, 2)) * SIDE_M
    shapes = [box(x, y, x + width, y + height) for (x, y), (width, height) in zip(corners, sizes(chance), strict=True)]
    classes = chance.choice(np.array(["a", "b", "c", None], dtype=object), len(shapes), p=[0.4, 0.3, 0.2, 0.1])
    numbers = [None if number < 5 else round(number, 2) for number in chance.uniform(0, 99, len(shapes)).tolist()]
    desk.layer("PATCH", shapes, {"K": classes.tolist(), "N": numbers})


def sizes(chance):
    return chance.uniform(5.0, 180.0, (300, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [("--by=K", "--sum=N"), ("--where=K = 'a'",), ()], ids=["classes", "where", "whole"]
)
def test_blocks_say_what_all_units_at_once_say(desk, country, monkeypatch, options):
    at_once = ask(desk, *options)
    monkeypatch.setenv("ONEMAP_BLOCK", "3")  # thirty features: ten blocks
    in_blocks = ask(desk, *options)
    assert in_blocks["rows"] == at_once["rows"] and in_blocks["units"] == at_once["units"]
    assert in_blocks["total"].keys() == at_once["total"].keys()
    for key, value in at_once["total"].items():
        assert in_blocks["total"][key] == (pytest.approx(value, rel=1e-12, abs=1e-6) if value else value), key
    assert in_blocks["total"]["features"] < sum(row["features"] for row in in_blocks["rows"]), "some lie in two units"
    for key in ("layer", "within", "problems"):
        assert in_blocks[key] == at_once[key], key


def test_blocks_are_of_neighbours_and_hold_every_unit_once(monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "10")
    grounds = np.array([box(x, y, x + 1, y + 1) for y in range(8) for x in range(8)], dtype=object)
    units = AreaUnits(np.arange(64).astype(object), grounds, {})
    blocks = unit_blocks(units, 1600)  # sixteen blocks of a hundred features
    assert sorted(np.concatenate(blocks).tolist()) == list(range(64)) and len(blocks) == 16
    for rows in blocks:
        x, y = rows % 8, rows // 8
        assert np.ptp(x) <= 3 and np.ptp(y) <= 3
    assert [len(unit_blocks(units, features)) for features in (0, 100, 101, 10**9)] == [1, 1, 2, 64]


def shapes_of(desk, layer):
    """The shapes and numbers that the test has drawn as a layer."""
    frame = gpd.read_file(desk.folder / f"{layer}_source.gpkg")
    return frame.geometry.to_numpy(), frame.N.to_numpy(dtype=float)


def both_ways(desk, monkeypatch, verb, *arguments):
    """The answers at once and in blocks of thirty features."""
    answers = []
    for block in (None, "3"):
        if block:
            monkeypatch.setenv("ONEMAP_BLOCK", block)
        answer = desk.run(verb, desk.library, *arguments).done()
        answers.append(answer.json)
    return answers


def same_total(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        if isinstance(value, dict):
            same_total(value, other[key])
        else:
            is_number = isinstance(value, float) and value
            assert other[key] == (pytest.approx(value, rel=1e-12, abs=1e-6) if is_number else value), key


def draw_ways(desk):
    """Lines and points, some on borders of units and on each other, some outside all units."""
    chance = np.random.default_rng(5)
    starts = chance.uniform(-0.5, ACROSS, (250, 2)) * SIDE_M
    lines = [LineString([a, a + d]) for a, d in zip(starts, chance.uniform(-150, 150, (250, 2)), strict=True)]
    lines += [LineString([(100 * n, -30), (100 * n, 420)]) for n in range(1, 6)] * 2  # each drawn twice, along borders
    points = [Point(place) for place in chance.uniform(-0.5, ACROSS, (250, 2)) * SIDE_M]
    points += [Point(100 * x, 100 * y) for x in range(1, 6) for y in range(1, 6)]  # where four units meet
    for code, kind, shapes in (("WAYS", "line", lines), ("PLACES", "point", points)):
        numbers = chance.uniform(0, 99, len(shapes)).round(2)
        values = [None if number < 5 else number for number in numbers.tolist()]
        desk.layer(code, shapes, {"K": chance.choice(["a", "b"], len(shapes)).tolist(), "N": values}, geometry=kind)


@pytest.mark.slow
@pytest.mark.parametrize("units", ["UNITS", "OVER"])
@pytest.mark.parametrize("layer", ["PATCH", "WAYS", "PLACES"])
def test_lines_points_and_units_that_overlap_are_the_same_in_blocks(desk, country, monkeypatch, layer, units):
    asked = layer, f"--within={units}", "--unit=NAME", "--by=K", "--sum=N"
    at_once, in_blocks = both_ways(desk, monkeypatch, "statistics", *asked)
    assert in_blocks["rows"] == at_once["rows"] and in_blocks["units"] == at_once["units"]
    assert in_blocks["problems"] == at_once["problems"]
    same_total(at_once["total"], in_blocks["total"])


def test_of_a_line_on_a_border_the_total_has_what_the_units_have():
    """Of 100 m on a border the upper unit got the first 50, the lower one the last 70, rounded to the side."""
    grounds = np.array([box(0, 0, 100, 10), box(0, -10, 100, 0)], dtype=object)
    line = np.array([LineString([(0, 0), (100, 0)])], dtype=object)
    got = np.array([LineString([(0, 0), (50, 0)]), LineString([(30, -1e-10), (100, 0)])], dtype=object)
    pieces = pieces_with_shares(np.arange(2), np.zeros(2, dtype=np.int64), got, line, "line")
    once = CountedOnce(grounds, grounds, 0.0).in_first_unit(pieces, np.arange(2), "line", line, Threads(1))
    assert once.unit.tolist() == [0, 1] and once.share == pytest.approx([0.5, 0.5], abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("units", ["UNITS", "OVER"])
def test_the_total_counts_once_what_lies_on_borders_and_in_two_units(desk, overlapping, units):
    """Against shapely alone: what lies in the ground of all units, whatever units there are."""
    whole = overlapping if units == "OVER" else box(0, 0, ACROSS * SIDE_M, ACROSS * SIDE_M)
    found = {}
    for layer in ("PATCH", "WAYS", "PLACES"):
        answer = desk.run("statistics", desk.library, layer, f"--within={units}", "--unit=NAME", "--sum=N")
        found[layer] = answer.json["total"]
    length = shapely.length(shapely.union_all(shapely.intersection(shapes_of(desk, "WAYS")[0], whole)))
    assert found["WAYS"]["length_m"] == pytest.approx(length, rel=1e-9)
    points, numbers = shapes_of(desk, "PLACES")
    held = shapely.covers(whole, points)
    assert found["PLACES"]["features"] == held.sum()
    numbers = numbers[held]
    assert found["PLACES"]["sums"]["N"] == pytest.approx(np.nansum(numbers), rel=1e-9)
    assert found["PLACES"]["without_value"]["N"] == np.isnan(numbers).sum()
    patches, numbers = shapes_of(desk, "PATCH")
    assert found["PATCH"]["area_m2"] == pytest.approx(shapely.union_all(patches).intersection(whole).area, rel=1e-9)
    shares = shapely.area(shapely.intersection(patches, whole)) / shapely.area(patches)
    assert found["PATCH"]["sums"]["N"] == pytest.approx(np.nansum(numbers * shares), rel=1e-9)
    assert found["PATCH"]["units_m2"] == pytest.approx(whole.area)


@pytest.mark.slow
@pytest.mark.parametrize("units", ["UNITS", "OVER"])
def test_transitions_are_the_same_in_blocks_and_their_total_counts_every_place_once(
    desk, overlapping, monkeypatch, units
):
    patches, chance = shapes_of(desk, "PATCH")[0], np.random.default_rng(8)
    for label, some in (("2020", patches[:80]), ("2021", patches[20:90])):
        desk.layer("USE", some, {"K": chance.choice(["a", "b"], len(some)).tolist()}, label=label)
    asked = "USE@2020", "USE@2021", "--by=K", f"--within={units}", "--unit=NAME"
    at_once, in_blocks = both_ways(desk, monkeypatch, "transitions", *asked)
    assert in_blocks["problems"] == at_once["problems"]
    for part in ("rows", "classes", "units"):
        for one, other in zip(at_once[part], in_blocks[part], strict=True):
            same_total(one, other)
    same_total(at_once["total"], in_blocks["total"])
    whole = desk.write("whole", [overlapping], {"NAME": ["all"]}, "EPSG:4547")
    alone = desk.run("transitions", desk.library, *asked[:3], f"--within={whole}").json
    if units == "OVER":
        assert "statistics.units_overlap" in [problem["code"] for problem in at_once["problems"]]
        for name in ("area_m2", "changed_m2", "unchanged_m2"):
            assert at_once["total"][name] == pytest.approx(alone["total"][name], rel=1e-9), name
    for row in at_once["units"]:  # each unit's margins are both years
        of_unit = [one for one in at_once["classes"] if one["unit"] == row["unit"]]
        for margin in ("before_m2", "after_m2"):
            assert sum(one[margin] for one in of_unit) == pytest.approx(row["compared_m2"], abs=1e-6)


@pytest.mark.slow
def test_many_lines_in_few_units_are_cut_by_several_threads(desk):
    """What is prepared for one thread crashes under two: of each unit all is cut by one."""
    chance = np.random.default_rng(2)
    ring = shapely.segmentize(shapely.Point(0, 0).buffer(400, quad_segs=64), 3.0)
    grounds = np.array([ring, shapely.transform(ring, lambda xy: xy + 300)], dtype=object)
    starts = chance.uniform(-600, 900, (12_000, 2))
    lines = shapely.linestrings(np.stack([starts, starts + chance.uniform(-90, 90, starts.shape)], axis=1))
    names = np.arange(len(lines)).astype(str).astype(object)
    alone, shared = (unit_pieces(grounds, lines, "line", names, "WAYS", Threads(count)) for count in (1, 4))
    assert (alone.unit == shared.unit).all() and (alone.feature == shared.feature).all()
    expected = shapely.length(shapely.intersection(grounds[:, None], lines[None, :])).sum(axis=1)
    assert np.bincount(shared.unit, shapely.length(shared.geometry)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_on_a_server_blocks_say_the_same(desk, monkeypatch, postgis):
    """Polygons, lines, and what became what, with units that share ground."""
    desk.layer("UNITS", [box(0, 0, 60, 40), box(40, 0, 100, 40), box(90, 0, 130, 40)], {"NAME": ["W", "M", "E"]})
    patches = [box(x, y, x + 12, y + 12) for x in range(0, 120, 10) for y in range(0, 40, 10)]
    for label, one in (("2020", "a"), ("2021", "b")):
        desk.layer("USE", patches, {"K": ["c", one] * (len(patches) // 2), "N": [1.5] * len(patches)}, label=label)
    desk.layer("WAYS", [LineString([(0, y), (130, y)]) for y in range(0, 40, 4)], geometry="line")
    there = f"{postgis.database().url}&schema=city"
    assert desk.run("copy", desk.library, there).code == 0
    units = "--within=UNITS", "--unit=NAME"
    asked = [
        ("statistics", "USE", "--by=K", "--sum=N", *units),
        ("statistics", "WAYS", *units),
        ("transitions", "USE@2020", "USE@2021", "--by=K", *units),
    ]
    here = [desk.run(verb, desk.library, *rest).json for verb, *rest in asked]
    monkeypatch.setenv("ONEMAP_BLOCK", "2")
    for (verb, *rest), expected in zip(asked, here, strict=True):
        found = desk.run(verb, there, *rest).done()
        for one, other in zip(expected["rows"], found.json["rows"], strict=True):
            same_total(one, other)
        same_total(expected["total"], found.json["total"])
    assert here[1]["total"]["length_m"] == pytest.approx(1300.0)
    assert here[2]["total"]["area_m2"] == pytest.approx(130 * 40)

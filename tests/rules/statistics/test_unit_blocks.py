"""statistics of a large layer, block by block of its units: what is said of all units at once, to the last digit."""

import numpy as np
import pytest
from shapely import box

from onemap.rules.statistics.unit_blocks import unit_blocks
from onemap.rules.statistics.units import AreaUnits

SIDE_M, ACROSS = 100.0, 6


def ask(desk, *options):
    answer = desk.run("statistics", desk.library, "PATCH", "--within=UNITS", "--unit=NAME", *options)
    assert answer.code == 0, answer.json
    return answer.json


@pytest.fixture
def country(desk):
    """Thirty-six units in a square; patches thrown at random over them and beyond, some on others."""
    chance = np.random.default_rng(3)
    places = [(x, y) for y in range(ACROSS) for x in range(ACROSS)]
    units = [box(x * SIDE_M, y * SIDE_M, (x + 1) * SIDE_M, (y + 1) * SIDE_M) for x, y in places]
    desk.layer("UNITS", units, {"NAME": [f"u{number:02d}" for number in range(len(units))]})
    corners = chance.uniform(-0.5, ACROSS, (300, 2)) * SIDE_M
    shapes = [box(x, y, x + width, y + height) for (x, y), (width, height) in zip(corners, sizes(chance), strict=True)]
    classes = chance.choice(np.array(["a", "b", "c", None], dtype=object), len(shapes), p=[0.4, 0.3, 0.2, 0.1])
    numbers = [None if number < 5 else round(number, 2) for number in chance.uniform(0, 99, len(shapes)).tolist()]
    desk.layer("PATCH", shapes, {"K": classes.tolist(), "N": numbers})


def sizes(chance):
    return chance.uniform(5.0, 180.0, (300, 2))


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


def test_units_that_share_ground_are_measured_at_once(desk, monkeypatch):
    """What lies in two units counts once in the total; no block could know it."""
    desk.layer("UNITS", [box(0, 0, 60, 10), box(40, 0, 100, 10)], {"NAME": ["W", "E"]})
    desk.layer("PATCH", [box(x, 0, x + 5, 10) for x in range(0, 100, 5)], {"K": ["a"] * 20})
    monkeypatch.setenv("ONEMAP_BLOCK", "1")
    total = ask(desk)["total"]
    assert total["features"] == 20 and total["area_m2"] == pytest.approx(1000.0)

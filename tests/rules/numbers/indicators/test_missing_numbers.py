"""What is missing weighs as much as the ground or the length that lacks it: worked by hand on squares."""

import pytest
from shapely import LineString, box

from onemap.tests.rules.numbers.indicators.small_packs import ask, pack_of, values

TOWN = box(0, 0, 200, 100)
NET = 'kind = "sum"\nlayer = "FIELD"\nfield = "NET"'


@pytest.fixture
def town(desk):
    desk.layer("UNITS", [TOWN], {"NAME": ["T"]})


def strips(count, x=0.0):
    """Fields of 1 m², one above the other from y = 0 on."""
    return [box(x, at * 0.5, x + 2, at * 0.5 + 0.5) for at in range(count)]


@pytest.mark.parametrize(
    ("lacks", "known", "reason"),
    [
        ("large", 150 / 5150, "no_value"),  # the field of 50 × 100 m is most of the ground that is added up
        ("small", 5149 / 5150, "no_target"),
    ],
)
def test_a_sum_lacks_as_much_as_the_ground_of_the_fields_without_a_number(desk, town, lacks, known, reason):
    shapes = [box(100, 0, 150, 100), *strips(150)]
    nets = [None, *[1.0] * 150] if lacks == "large" else [5000.0, None, *[1.0] * 149]
    desk.layer("FIELD", shapes, {"NET": nets})
    found = ask(desk, pack_of(desk, {"net": NET}, 'formula = "net"', head="least_known = 0.99\n"))
    assert values(found, field="share_known")["T"] == pytest.approx(known, rel=1e-6)
    assert values(found, field="reason")["T"] == reason
    assert (values(found)["T"] is None) == (lacks == "large")


def test_a_length_lacks_as_much_as_the_road_of_unknown_grade_is_long(desk, town):
    """150 roads of 1 m are motorways, and of one of 180 m nobody knows: 150 of 330 m are sure."""
    lines = [LineString([(0, 20 + at * 0.5), (1, 20 + at * 0.5)]) for at in range(150)]
    lines += [LineString([(10, 10), (190, 10)])]
    desk.layer("ROAD", lines, {"G": [*["m"] * 150, None]}, geometry="line")
    terms = {"road": 'kind = "length"\nlayer = "ROAD"\nwhere = "G = \'m\'"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "road"\nunit = "m"', head="least_known = 0.99\n"))
    assert values(found, field="share_known")["T"] == pytest.approx(150 / 330)
    assert (values(found)["T"], values(found, field="reason")["T"]) == (None, "no_value")
    assert values(found, field="known_value")["T"] == pytest.approx(150.0)


def test_a_count_lacks_as_many_as_the_things_of_unknown_kind_however_small(desk, town):
    """A hall of 5000 m² is tall; of nine towers of 1 m² nobody knows: one of ten is sure."""
    desk.layer("HOUSE", [box(100, 0, 150, 100), *strips(9)], {"H": [120.0, *[None] * 9]})
    terms = {"tall": 'kind = "count"\nlayer = "HOUSE"\nwhere = "H > 100"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "tall"\nunit = "count"', head="least_known = 0.99\n"))
    assert values(found, field="share_known")["T"] == pytest.approx(0.1)
    assert values(found, field="reason")["T"] == "no_value"


def test_a_thing_counts_in_the_same_unit_whoever_else_is_asked_for(desk):
    """10 of 110 m lie in A, the rest in B, of both the city has all; a second thing lies in A alone."""
    shapes = [box(0, 0, 100, 100), box(100, 0, 300, 100), box(0, 0, 300, 100)]
    desk.layer("UNITS", shapes, {"NAME": ["A", "B", "C"]})
    desk.layer("HOUSE", [box(90, 0, 200, 10), box(10, 50, 20, 60)])
    pack = pack_of(desk, {"houses": 'kind = "count"\nlayer = "HOUSE"'}, 'formula = "houses"\nunit = "count"')
    assert values(ask(desk, pack, "--units-where=NAME <> 'C'")) == {"A": 1.0, "B": 1.0}
    assert values(ask(desk, pack, "--units-where=NAME = 'A'")) == {"A": 1.0}
    assert values(ask(desk, pack, "--units-where=NAME = 'B'")) == {"B": 1.0}
    assert values(ask(desk, pack, "--units-where=NAME = 'C'")) == {"C": 2.0}  # what lies in it is no other one's

"""Missing numbers, repeated ones and those of another year do not count: worked out by hand on squares."""

import sqlite3
from contextlib import closing

import pandas as pd
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


RESIDENTS = 'kind = "table"\nlayer = "RKTJ"\nfield = "CZRK"\nunit = "person"'
PRODUCT = 'kind = "table"\nlayer = "TJSJ"\nfield = "Z"\nunit = "yuan"'


def add_table(desk, code, rows):
    path = desk.folder / f"{code}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    desk.run("add", desk.library, path, "--as", code, "--valid-from", "2024-12-31", "--covers", "extent").done()


def test_rows_of_one_unit_that_a_library_holds_twice_are_not_added_up(desk):
    """130102 has 1000 people, written twice by an older program; 130104 has 500."""
    codes = ["130102", "130104"]
    desk.layer("UNITS", [box(0, 0, 10, 10), box(10, 0, 20, 10)], {"NAME": codes})
    add_table(desk, "RKTJ", {"XZQDM": [*codes, "130105"], "ND": [2024] * 3, "CZRK": [1000, 500, 1000]})
    with closing(sqlite3.connect(desk.library)) as connection, connection:
        connection.execute("UPDATE RKTJ__1 SET XZQDM = '130102000000' WHERE XZQDM = '130105'")
    found = ask(desk, pack_of(desk, {"people": RESIDENTS}, 'formula = "people"\nunit = "person"'))
    assert values(found) == {"130102": None, "130104": 500.0}
    assert values(found, field="reason")["130102"] == "rows_repeated"
    asked = ("--sum=CZRK", "--within=UNITS", "--unit=NAME")
    sums = desk.run("statistics", desk.library, "RKTJ", *asked).json
    assert {row["unit"]: row["sums"]["CZRK"] for row in sums["rows"]} == values(found)
    assert (sums["total"]["sums"]["CZRK"], sums["total"]["without_value"]["CZRK"]) == (500.0, 2)
    (problem,) = [one for one in sums["problems"] if one["code"] == "statistics.repeated"]
    assert "130102, 130102000000" in problem["message"]


def test_numbers_of_different_years_are_not_divided_by_each_other(desk):
    desk.layer("UNITS", [TOWN], {"NAME": ["130102"]})
    add_table(desk, "RKTJ", {"XZQDM": ["130102"], "ND": [2024], "CZRK": [1000]})
    add_table(desk, "TJSJ", {"XZQDM": ["130102"] * 2, "ND": [2022, 2024], "ZBDM": ["old", "new"], "Z": [100.0, 50.0]})
    terms = {"people": RESIDENTS}
    terms |= {name: f"{PRODUCT}\nwhere = \"ZBDM = '{name}'\"" for name in ("old", "new")}
    items = [f'formula = "{name} / people"\nunit = "yuan/person"' for name in ("old", "new")]
    found = ask(desk, pack_of(desk, terms, *items))
    assert (values(found, "i0"), values(found, "i0", "reason")) == ({"130102": None}, {"130102": "years_differ"})
    assert values(found, "i1") == {"130102": pytest.approx(0.05)}


@pytest.mark.parametrize(
    ("cut", "kinds", "value", "known"),
    [
        # The zone of unknown kind x 40..60 has a tenth of the unit, and a third of the field x 0..60.
        ("inside", ["a", None], 4000.0, 2 / 3),
        ("outside", ["a", None], 2000.0, 0.0),  # all that is left may be in the zone
        ("inside", [None, "b"], 0.0, 0.0),  # x 0..40 may be all there is
        ("inside", ["a", "b"], 4000.0, 1.0),
    ],
)
def test_what_is_not_known_of_another_layer_weighs_as_what_it_may_hold(desk, town, cut, kinds, value, known):
    desk.layer("FIELD", [box(0, 0, 60, 100)], {"NET": [6000.0]})
    desk.layer("ZONE", [box(0, 0, 40, 100), box(40, 0, 60, 100)], {"K": kinds})
    net = f'{NET}\n{cut} = [{{ layer = "ZONE", where = "K = \'a\'" }}]'
    found = ask(desk, pack_of(desk, {"net": net}, 'formula = "net"', head="least_known = 0.5\n"))
    assert values(found, field="known_value")["T"] == pytest.approx(value)
    assert values(found, field="share_known")["T"] == pytest.approx(known, abs=1e-6)
    assert values(found, field="reason")["T"] == ("no_target" if known > 0.5 else "no_value")


def test_a_feature_of_unknown_kind_in_a_zone_of_unknown_kind_may_count(desk):
    """Of 4000 m² it is known that they count, and 2000 m², drawn twice, may: a thousandth of the unit."""
    desk.layer("UNITS", [box(0, 0, 2000, 1000)], {"NAME": ["T"]})
    desk.layer(
        "FIELD",
        [box(0, 0, 40, 100), *[box(60, 0, 80, 100)] * 2],
        {"NET": [4000.0, 2000.0, 2000.0], "G": ["g", None, None]},
    )
    desk.layer("ZONE", [box(0, 0, 40, 100), box(60, 0, 80, 100)], {"K": ["a", None]})
    net = f'{NET}\nwhere = "G = \'g\'"\ninside = [{{ layer = "ZONE", where = "K = \'a\'" }}]'
    found = ask(desk, pack_of(desk, {"net": net}, 'formula = "net"', head="least_known = 0.99\n"))
    assert values(found, field="share_known")["T"] == pytest.approx(4 / 6, abs=1e-6)
    assert values(found, field="reason")["T"] == "no_value"


def test_areas_that_features_state_and_their_ground_are_told_apart(desk):
    """Of a hectare the west states half; in the east a field of half a hectare lies there twice, as stated."""
    shapes = [box(0, 0, 100, 100), box(100, 0, 150, 100), box(100, 0, 150, 100), box(150, 0, 200, 100)]
    stated, net = [5_000.0, 5_000.0, 5_000.0, None], [4_000.0, 4_500.0, 4_500.0, 5_000.0]
    columns = {"BSM": list("1234"), "DLBM": ["0101"] * 4, "TBMJ": stated, "TBDLMJ": net}
    source = desk.write("survey", shapes, columns, "EPSG:4547")
    desk.run("add", desk.library, source, "--as=DLTB", "--covers=extent", "--valid-from=2020-12-31").done()
    desk.layer("UNITS", [box(0, 0, 100, 100), box(100, 0, 200, 100)], {"NAME": ["W", "E"]})
    terms = {"net": 'kind = "net"\nlayer = "DLTB"', "drawn": 'kind = "area"\nlayer = "DLTB"'}
    found = ask(desk, pack_of(desk, terms, 'formula = "net"', 'formula = "drawn"'))
    assert values(found) == pytest.approx({"W": 4_000, "E": 14_000})
    inputs = {row["unit"]: row["inputs"][0] for row in found["indicators"] if row["id"] == "i0"}
    assert {unit: one["declared_m2"] for unit, one in inputs.items()} == {"W": 5_000.0, "E": 10_000.0}
    assert {unit: one["drawn_m2"] for unit, one in inputs.items()} == pytest.approx({"W": 1e4, "E": 5e3}, rel=1e-2)
    (remark,) = [one for one in found["problems"] if one["code"] == "indicators.declared"]
    assert remark["layer"] == "DLTB__1" and remark["message"].startswith("In E the areas stated")

"""Sensors: means by hand, silent ones unknown, alarms of k in n with hysteresis, refusals in words."""

import json
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import openpyxl
import pytest
from shapely.geometry import Point

from onemap.tests.rules.command import done

DAY = datetime(2024, 5, 1, tzinfo=UTC) - timedelta(hours=8)  # the first of May begins in Beijing
HEAD = "JDBH,ZBDM,DW,SJ,Z,ZL,CCZQ"


def moment(hours: float) -> str:
    return (DAY + timedelta(hours=hours)).isoformat()


def row(node, hours, value, prop="PM10", unit="ug/m3", flag="", period=3600) -> str:
    return f"{node},{prop},{unit},{moment(hours)},{value},{flag},{period}"


def made_city(folder):
    """A library with three nodes."""
    library, nodes = folder / "city.gpkg", folder / "nodes.gpkg"
    places = {"JDBH": ["A", "B", "C"], "geometry": [Point(500000, 3000000), Point(500100, 3000000), Point(0, 0)]}
    places["geometry"][2] = Point(500200, 3000100)
    gpd.GeoDataFrame(places, crs="EPSG:4547").to_file(nodes)
    done("new", library, "--crs", "EPSG:4547")
    done("add", library, nodes, "--as", "WLWJD", "--covers", "extent")


@pytest.fixture
def city(onemap, tmp_path, copied):
    """Add rows of readings to a library with three nodes; returns what asks it."""
    copied(made_city, tmp_path)
    library = tmp_path / "city.gpkg"

    def ask(rows, *arguments, limits=None):
        table = tmp_path / f"readings{len(list(tmp_path.iterdir()))}.csv"
        table.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
        onemap("add", library, table, "--as", "JCSJ").done()
        if limits:
            path = tmp_path / "limits.toml"
            path.write_text(limits, encoding="utf-8")
            arguments = (*arguments, "--limits", path)
        return onemap("readings", library, *arguments)

    return ask


def test_a_day_has_a_mean_with_twenty_valid_hours_and_none_with_nineteen(city):
    full = [row("A", hour, hour) for hour in range(20)]
    short = [row("B", hour, 5) for hour in range(19)]
    bad = [row("C", hour, 7, flag="D" if hour > 18 else "N") for hour in range(24)]
    answer = city([*full, *short, *bad], "--at", moment(24)).done()
    means = {mean["node"]: mean for mean in answer.json["means"]}
    assert means["A"]["mean"] == pytest.approx(sum(range(20)) / 20) and means["A"]["share"] == pytest.approx(20 / 24)
    assert (means["B"]["mean"], means["B"]["valid"]) == (None, 19)
    assert (means["C"]["mean"], means["C"]["valid"], means["C"]["readings"]) == (None, 19, 24)
    assert {mean["start"] for mean in means.values()} == {"2024-05-01T00:00:00+08:00"}
    flagged = next(problem for problem in answer.json["problems"] if problem["code"] == "readings.flag")
    assert "5" in flagged["message"] and "C" in flagged["message"]


def test_an_hour_has_a_mean_with_three_quarters_of_its_readings(city):
    ten = [row("A", minute / 60, minute, period=600) for minute in (0, 10, 20, 30, 40)]
    few = [row("B", minute / 60, minute, period=600) for minute in (0, 10, 20, 30)]
    answer = city([*ten, *few], "--by", "hour", "--at", moment(1))
    means = {mean["node"]: mean for mean in answer.json["means"]}
    assert (means["A"]["mean"], means["A"]["expected"]) == (20.0, 6)
    assert (means["B"]["mean"], means["B"]["valid"]) == (None, 4)


LIMITS = """
[[limit]]
property = "PM10"
unit = "mg/m3"
over = "reading"
warn = 0.05
alarm = 0.15
clear = 0.04
of = [2, 3]
range = [0, 1]
stuck = 4
"""


@pytest.mark.parametrize(
    ("values", "status", "beyond", "left_out"),
    [
        ([10, 20, 30], "normal", 0, None),
        ([60, 20, 30], "normal", 1, None),
        ([60, 70, 30], "warn", 2, None),
        ([160, 170, 60], "alarm", 3, None),
        ([160, 170, 45, 46, 47], "alarm", 0, None),  # it ends not before 40
        ([160, 170, 39, 38, 37], "normal", 0, None),
        ([60, 70, 45, 30, 20], "normal", 0, None),
        ([160, 170, 60, 61, 62], "warn", 3, "clear = 0.04"),  # it ends below its own limit, 150
        ([160, 170, 45, 46, 47], "normal", 0, "clear = 0.04"),
    ],
)
def test_so_many_of_so_many_make_an_alarm_and_it_ends_below_its_clear_mark(city, values, status, beyond, left_out):
    rows = [row("A", hour, value) for hour, value in enumerate(values)]
    answer = city(rows, "--at", moment(len(values)), limits=LIMITS.replace(left_out or "", "")).done()
    (node,) = answer.json["nodes"]
    assert (node["status"], node["beyond"], node["unit"]) == (status, beyond, "mg/m3")
    assert node["value"] == pytest.approx(values[-1] / 1000)
    assert "readings.units_joined" in answer.codes
    silent = next(one for one in answer.json["problems"] if one["code"] == "readings.no_readings")
    assert silent["layer"] == "WLWJD" and "WLWJD" not in silent["message"]  # people read the layer's title


def test_silence_is_unknown_and_says_why(city):
    rows = [row("A", hour, 10 + hour) for hour in range(5)]
    rows += [row("B", hour, 10, flag="invalid") for hour in range(5)]
    rows += [row("C", hour, 20) for hour in range(5)]  # stuck
    rows += [row("X", hour, 10 + hour) for hour in range(2)]
    late = city(rows, "--at", moment(8), limits=LIMITS)
    found = {node["node"]: (node["status"], node["reason"]) for node in late.json["nodes"]}
    assert found == {
        "A": ("unknown", "silent"),
        "B": ("unknown", "no_valid"),
        "C": ("unknown", "no_valid"),
        "X": ("unknown", "silent"),
    }
    assert {"readings.flag", "readings.stuck", "readings.no_place"} <= set(late.codes)


@pytest.mark.parametrize(("bad_hours", "known"), [(3, ("normal", None)), (4, ("unknown", "few"))])
def test_a_mean_of_long_ago_says_nothing_of_now(city, bad_hours, known):
    good = [row("A", quarter / 4, 10 + quarter, period=900) for quarter in range(16)]
    bad = [
        row("A", 4 + quarter / 4, 30 + quarter, flag="D" if quarter % 4 < 3 else "", period=900)
        for quarter in range(4 * bad_hours)
    ]
    limits = LIMITS.replace('"reading"', '"hour"').replace("[2, 3]", "[1, 1]")
    answer = city([*good, *bad], "--at", moment(4 + bad_hours), limits=limits)
    (node,) = answer.json["nodes"]
    assert (node["status"], node["reason"]) == known and node["age_s"] == 900


def test_without_a_limit_nothing_is_normal(city):
    answer = city([row("A", hour, 10) for hour in range(3)], "--at", moment(3))
    assert [(node["status"], node["reason"]) for node in answer.json["nodes"]] == [("unknown", "no_limit")]


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        (["A,PM10,ug/m3,2024-05-01T08:00:00,1,,3600"], "readings.zone", "2024-05-01T08:00:00"),
        (["A,PM10,ug/m3,yesterday+08:00,1,,3600"], "readings.time", "yesterday"),
        ([row("A", 0, 1), row("A", 1, 1, unit="dB")], "readings.unit", "dB"),
        ([row("A", 0, 1), "A,PM10,ug/m3,2024-04-30T16:00:00Z,2,,3600"], "readings.repeated", "A"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(city, rows, code, words):
    answer = city(rows)
    assert (answer.code, answer.codes) == (3, [code])
    assert words in answer.json["problems"][0]["message"] and answer.json["problems"][0]["mend"]


def test_a_zone_that_is_given_holds_for_bare_times(city):
    answer = city(["A,PM10,ug/m3,2024-05-01T08:00:00,1,,3600"], "--zone", "+08:00", "--at", moment(9))
    assert answer.json["nodes"][0]["time"] == "2024-05-01T08:00:00+08:00" and answer.json["nodes"][0]["age_s"] == 3600


@pytest.mark.parametrize(
    ("change", "field"),
    [("warn = 0.05", "warn = 'x'"), ("of = [2, 3]", "of = [4, 3]"), ("clear = 0.04", "clear = 0.4"), ("unit", "unti")]
    + [("range = [0, 1]", "range = [1, 0]"), ("stuck = 4", "stuck = 1")],
)
def test_a_file_of_limits_is_refused_with_its_key(city, change, field):
    answer = city([row("A", 0, 1)], limits=LIMITS.replace(change, field, 1))
    assert (answer.code, answer.codes) == (3, ["readings.limits"])
    assert field.split(" ")[0].replace("clear", "alarm") in answer.json["problems"][0]["message"]


def test_a_file_of_limits_that_is_no_toml_says_where(city):
    answer = city([row("A", 0, 1)], limits="[[limit]]\nproperty = x\n")
    assert (answer.code, answer.codes) == (3, ["readings.syntax"])
    assert "line 2" in answer.json["problems"][0]["message"]


def test_tables_are_written_with_the_places_of_the_nodes(city, tmp_path):
    out = tmp_path / "out.gpkg"
    rows = [row("A", hour, 10) for hour in range(3)] + [row("X", hour, 10) for hour in range(3)]
    answer = city(rows, "--at", moment(3), "--out", out, limits=LIMITS).done()
    status = gpd.read_file(out, layer="status").set_index("node")
    assert status.geometry["A"].equals(Point(500000, 3000000)) and status.geometry["X"].is_empty
    assert list(gpd.read_file(out, layer="means")["readings"]) == [3, 3]
    sheet = tmp_path / "out.xlsx"
    city(rows, "--at", moment(3), "--out", sheet, limits=LIMITS)
    heads = {table.title: [cell.value for cell in table[1]] for table in openpyxl.load_workbook(sheet)}
    assert heads["Means"][:5] == ["Node", "Property", "Unit of measure", "Begins at", "Mean"]
    assert "Age of the reading (s)" in heads["Status"]
    assert json.dumps(answer.json)


def test_each_sensor_stands_in_one_point_as_its_table_says(city, tmp_path):
    out = tmp_path / "status.gpkg"
    city([row("A", 1, 5), row("B", 1, 6)], "--at", moment(2), "--out", out).done()
    assert [shape.geom_type for shape in gpd.read_file(out, layer="status").geometry] == ["Point", "Point"]


@pytest.mark.parametrize("at", ["2024-03-01T07:00+08:00", "2024-02-29T23:00+00:00"])
def test_a_moment_is_of_the_local_day_in_whatever_zone_it_is_written(city, onemap, tmp_path, at):
    library = tmp_path / "city.gpkg"
    for day in ("2024-02-29", "2024-03-01"):
        table = tmp_path / f"{day}.csv"
        table.write_text(f"{HEAD}\nA,PM10,ug/m3,{day}T06:00+08:00,1,,3600", encoding="utf-8")
        done("add", library, table, "--as", "JCSJ", "--valid-from", day)
    assert onemap("readings", library, "--at", at).json["layers"][0]["label"] == "2024-03-01"

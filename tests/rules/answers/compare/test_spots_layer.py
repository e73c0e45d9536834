"""Difference spots stored as a layer: fields, lasting numbers, the other plans' classes, and the way to the run."""

import contextlib
import sqlite3

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, Table
from onemap.tests.rules.command import command, done
from onemap.tests.rules.small_pack import matrix_text

SITE, WORKS = box(100, 100, 300, 300), box(600, 600, 700, 700)
FIELDS = ["CYTBBH", "CYLX", "CYLXMC", "TGDM", "TGMC", "CGDM", "CGMC", "CTMJ", "DKMJ", "XZQDM", "CLYJ", "CLZT", "BZ"]


def plan(table, code, shapes, field, **options):
    """A plan of the catalogue's own land or urban plan."""
    keys = {"TDGHDL": "BSM", "KGDK": "DKBH"}
    columns = {keys[code]: [f"{code}{n}" for n in range(len(shapes))], field: [use for _, use in shapes]}
    source = write_layer(table.folder / f"{code}.gpkg", [shape for shape, _ in shapes], columns)
    covers = write_layer(table.folder / "covers.gpkg", [GROUND])
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    table.run("add", table.library, source, "--as", code, "--covers", covers, *given).done()


def made_city(folder):
    """Two real plans: the land plan has a village where the urban plan has fields, and fields where it has works."""
    table, rest = Table(folder, command), GROUND - SITE - WORKS
    done("new", table.library, "--crs", "EPSG:4547")
    plan(table, "TDGHDL", [(SITE, "2120"), (WORKS, "1110"), (rest, "1110")], "GHDLDM", label="2020版")
    plan(table, "KGDK", [(SITE, "1301"), (WORKS, "0701"), (rest, "1301")], "YDXZDM", label="2024版")


@pytest.fixture
def city(table, copied):
    copied(made_city, table.folder)
    return table


@pytest.fixture
def townships(city):
    columns = {"BSM": ["1", "2"], "XZQDM": ["130102001", "130104002"], "XZQMC": ["东街", "西街"]}
    shapes = [box(0, 0, 250, 1000), box(250, 0, 1000, 1000)]
    source = write_layer(city.folder / "xzq.gpkg", shapes, columns)
    assert city.run("add", city.library, source, "--as", "XZQ", "--covers", "extent").code == 0
    return city


MATRIX = matrix_text((["GHDLDM", "YDXZDM"], ["2", "07"], ["11", "13"]))


def compare_plans(table, a="TDGHDL", b="KGDK", **options):
    return table.compare(a, b, matrix=MATRIX, as_of="2026-03-05", **options).answer["run"]["id"]


def keep_spots(table, run, *options, code=0):
    answer = table.run("spots", table.library, run, *options)
    assert answer.code == code, answer.json
    return answer.json


def layer(table, version):
    """A version's rows as another program reads them."""
    frame = gpd.read_file(table.library, layer=version)
    return frame.set_index("CYTBBH", drop=False)


def test_the_spots_become_a_version_with_the_fields_of_the_standard_practice(townships):
    run = compare_plans(townships)
    answer = keep_spots(townships, run)
    assert (answer["code"], answer["features"], answer["spots"], answer["run"]) == ("CYTB", 2, 2, run)
    assert [p for p in answer["problems"] if p["level"] == "refuse"] == []
    frame = layer(townships, answer["table"])
    assert list(frame.columns[: len(FIELDS)]) == FIELDS
    # The village has more ground in the first division; numbers go by division and year.
    village, works = frame.loc["130102202600001"], frame.loc["130104202600001"]
    assert (village["CYLX"], village["CYLXMC"]) == ("03", "土规建设用地、城规非建设用地")
    assert (works["CYLX"], works["CYLXMC"]) == ("04", "土规非建设用地、城规建设用地")
    assert (village["TGDM"], village["CGDM"], works["CGDM"]) == ("2120", "1301", "0701")
    assert (village["TGMC"], works["CGMC"]) == ("农村居民点用地", "城镇住宅用地")
    # On the ellipsoid, with two decimals: so far from the meridian the plane is larger.
    assert village["CTMJ"] == village["DKMJ"] == round(village["CTMJ"], 2)
    assert village["CTMJ"] == pytest.approx(40_000, rel=0.01)
    assert (village["XZQDM"], village["CLZT"], village["CLYJ"]) == ("130102", "待处理", None)
    assert (village["BDBH"], village["BDGH"]) == (run, "TDGHDL@2020版×KGDK@2024版")
    assert village.geometry.equals(SITE)
    listed = townships.run("layers", townships.library).json["layers"]
    (entry,) = [one for one in listed if one["code"] == "CYTB"]
    assert entry["library"] == "integrated" and entry["versions"][0]["coverage_m2"] == pytest.approx(GROUND.area)
    assert townships.run("verify", townships.library).json["ok"]


def test_what_was_decided_is_written_as_handling_and_state(townships, in_zone):
    in_zone("Asia/Shanghai")
    run = compare_plans(townships)
    spots = townships.compare("TDGHDL", "KGDK", matrix=MATRIX, as_of="2026-03-05").spots
    village = spots[spots["type"] == "03"].iloc[0]["spot"]
    given = ("--reason", "村庄已搬迁", "--by", "王工")
    assert townships.run("decide", townships.library, village, "keep-b", *given).code == 0
    with contextlib.closing(sqlite3.connect(townships.library)) as opened, opened:
        opened.execute("UPDATE onemap_decisions SET at = '2026-11-30T23:40:00.000000Z'")  # 07:40 in China
    answer = keep_spots(townships, run, "--decided")
    (row,) = layer(townships, answer["table"]).to_dict("records")
    assert (row["CLYJ"], row["CLZT"]) == ("保留（按城规）：村庄已搬迁", "已定")
    assert row["BZ"] == "王工于 2026-12-01 确定"
    assert row["TBBS"] == village


def test_with_the_plans_exchanged_the_fields_say_the_same(townships):
    run = compare_plans(townships, "KGDK", "TDGHDL")
    spots = townships.compare("KGDK", "TDGHDL", matrix=MATRIX, as_of="2026-03-05").spots
    works = spots[spots["type"] == "03"].iloc[0]["spot"]
    townships.run("decide", townships.library, works, "change-b", "--reason", "补指标", "--by", "王工")
    frame = layer(townships, keep_spots(townships, run)["table"])
    row = frame.loc["130104202600001"]
    assert (row["CYLX"], row["TGDM"], row["CGDM"], row["CLYJ"]) == ("04", "1110", "0701", "调整土规：补指标")


@pytest.mark.slow
def test_a_spot_keeps_its_number_and_a_new_one_gets_the_next(townships):
    first = layer(townships, keep_spots(townships, compare_plans(townships))["table"])
    rest = GROUND - SITE - WORKS - box(800, 100, 900, 200)
    shapes = [(SITE, "1301"), (WORKS.buffer(3, join_style="mitre"), "0701"), (box(800, 100, 900, 200), "0701")]
    plan(townships, "KGDK", [*shapes, (rest - WORKS.buffer(3, join_style="mitre"), "1301")], "YDXZDM", label="2025版")
    answer = keep_spots(townships, compare_plans(townships))
    again = layer(townships, answer["table"])
    assert answer["kept_numbers"] == 2 and set(first.index) < set(again.index)
    assert set(again.index) - set(first.index) == {"130104202600002"}
    assert again.loc["130104202600001", "CTMJ"] > first.loc["130104202600001", "CTMJ"]
    # What is gone leaves its number unused.
    third = keep_spots(townships, compare_plans(townships, b="KGDK@2024版"), "--label", "third")
    fourth = keep_spots(townships, compare_plans(townships), "--label", "fourth")
    assert third["kept_numbers"] == 2 and fourth["kept_numbers"] == 2
    assert "130104202600003" in layer(townships, fourth["table"]).index


@pytest.mark.slow
def test_spots_of_other_plans_go_on_in_the_new_version(townships):
    keep_spots(townships, compare_plans(townships))
    townships.plan("A", [(box(0, 500, 400, 600), "07")])
    townships.plan("B", [(GROUND, "E")])
    answer = keep_spots(townships, townships.compare("A", "B", as_of="2026-03-05").answer["run"]["id"])
    frame = layer(townships, answer["table"])
    assert (answer["spots"], answer["carried"], len(frame)) == (1, 2, 3)
    assert set(frame["BDGH"].str.partition("@")[0]) == {"TDGHDL", "A"}
    again = keep_spots(townships, compare_plans(townships))
    assert (again["spots"], again["carried"], again["kept_numbers"]) == (2, 1, 2)


def test_what_a_bureau_loaded_itself_is_not_carried_over_and_that_is_told(townships):
    columns = {"CYTBBH": ["130102202600007"], "CYLX": ["03"]}
    source = write_layer(townships.folder / "cytb.gpkg", [box(0, 0, 10, 10)], columns)
    assert townships.run("add", townships.library, source, "--as", "CYTB", "--covers", "extent").code == 0
    answer = keep_spots(townships, compare_plans(townships))
    assert "spots.not_carried" in [problem["code"] for problem in answer["problems"]]
    # Nor is a number of theirs given again.
    assert "130102202600008" in layer(townships, answer["table"]).index


def test_without_townships_the_region_is_said_or_refused(city):
    run = compare_plans(city)
    assert [p["code"] for p in keep_spots(city, run, code=3)["problems"]] == ["spots.region"]
    assert keep_spots(city, run, "--region", "1301", code=2)["problems"][0]["code"] == "usage.value"
    frame = layer(city, keep_spots(city, run, "--region", "130100")["table"])
    assert sorted(frame.index) == ["130100202600001", "130100202600002"]


def test_types_may_be_chosen_and_none_is_refused(townships):
    run = compare_plans(townships)
    answer = keep_spots(townships, run, "--type", "04,01")
    frame = layer(townships, answer["table"])
    assert sorted(frame["CYLX"]) == ["01", "04"] and pd.isna(frame.set_index("CYLX").loc["01", "CTMJ"])
    assert [p["code"] for p in keep_spots(townships, run, "--type", "05", code=3)["problems"]] == ["spots.none"]
    assert keep_spots(townships, "no-such-run", code=3)["problems"][0]["code"] == "run.unknown"


def test_a_run_is_stored_again_once_something_is_decided_and_two_versions_of_a_day_have_two_labels(townships):
    run = compare_plans(townships)
    first, again = (keep_spots(townships, run) for _ in range(2))
    assert [(one["unchanged"], one["version"]) for one in (first, again)] == [
        (False, "2026-03-05"),
        (True, "2026-03-05"),
    ]
    assert "CYTB：与版本 2026-03-05（2 个要素）相同，无变化" in result_text("spots", again, "zh")
    given = ("--reason", "r", "--by", "王工")
    townships.run(
        "decide", townships.library, layer(townships, first["table"])["TBBS"].iloc[0], "discuss", *given
    ).done()
    report = townships.folder / "report.xlsx"
    second = keep_spots(townships, run, "--report", report)
    assert (first["version"], second["version"]) == ("2026-03-05", "2026-03-05-2") and report.is_file()
    rows = townships.run("history", townships.library, "CYTB").json["rows"]
    assert [row["action"] for row in rows].count("add") == 2
    assert any(run in str(row["detail"]) for row in rows)

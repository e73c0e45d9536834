"""The shipped pack of indicators is proved by its cases, and a city's own pack by those beside it."""

import sqlite3
import tomllib
from contextlib import closing

import geopandas as gpd
import pytest
import shapely

from onemap.layers.shipped_files import RESOURCES
from onemap.tests.rules.command import command, done

FOLDER = RESOURCES / "indicators"
CASES = tomllib.loads((FOLDER / "city-checkup.cases.toml").read_text("utf-8"))["case"]
PACK = tomllib.loads((FOLDER / "city-checkup.toml").read_text("utf-8"))
OWN = """
[pack]
id = "own"
version = "1"
title = { zh = "自定", en = "Own" }
issuer = "hand"
edition = "1"

[[term]]
id = "railway"
kind = "length"
layer = "TL"

[[term]]
id = "product"
kind = "table"
layer = "TJSJ"
field = "Z"
unit = "yuan"
unit_field = "DW"
where = "ZBDM = 'GDP'"

[[indicator]]
id = "railway.share"
title = { zh = "铁路", en = "Railway" }
formula = "railway / railway"
unit = "%"
nature = "binding"
bound = "floor"
zero = "not_applicable"
source = "hand"

[[indicator]]
id = "product"
title = { zh = "产值", en = "Product" }
formula = "product"
unit = "yuan"
nature = "expected"
bound = "none"
source = "hand"
"""
OWN_CASES = """
[cases]
day = 2025-06-01
year = 2024

[[case]]
indicator = "railway.share"
value = 100.0
arithmetic = "1000 / 1000."
TL = [{ lies = "inside" }]

[[case]]
indicator = "railway.share"
reason = "not_applicable"
status = "none"
why = "The pack says that without a railway there is nothing to tell."

[[case]]
indicator = "product"
value = 7.5
arithmetic = "As the row says."
TJSJ = [{ ND = 2024, ZBDM = "GDP", Z = 7.5, DW = "元" }]

[[case]]
indicator = "product"
reason = "unit"
why = "The row tells the product in hectares."
TJSJ = [{ ND = 2024, ZBDM = "GDP", Z = 7.5, DW = "公顷" }]

[[case]]
id = "empty"
indicator = ["railway.share", "product"]
library = "empty"
reason = "layer_missing"
why = "There is no layer."

[[case]]
id = "beyond"
indicator = "railway.share"
library = "beyond"
reason = "outside_coverage"
why = "The layer does not speak of this place, and no case draws it."
beyond = ["TL"]
"""
# Reasons of which the shipped pack can have no case; they stand here.
ELSEWHERE = {"unreadable", "arithmetic", "unit", "not_applicable"}


@pytest.fixture
def own(tmp_path):
    def write(cases: str = OWN_CASES, pack: str = OWN):
        path = tmp_path / "own.toml"
        path.write_text(pack, encoding="utf-8")
        path.with_name("own.cases.toml").write_text(cases, encoding="utf-8")
        return path

    return write


@pytest.mark.slow
def test_all_cases_of_the_shipped_pack_pass_and_no_indicator_is_without_its_own():
    answer = command("prove", "city-checkup")
    assert (answer.code, answer.json["failed"], answer.json["uncovered"]) == (0, [], [])
    assert answer.json["cases"] == len(CASES) and {*answer.json["rules"]} == {one["id"] for one in PACK["indicator"]}


def test_every_indicator_has_a_case_an_arithmetic_and_a_source():
    worked = [case["indicator"] for case in CASES if "reason" not in case]
    assert sorted(worked) == sorted(item["id"] for item in PACK["indicator"]) and len(set(worked)) == len(worked)
    assert all(case["arithmetic"].strip() for case in CASES if "reason" not in case)
    assert all(case["why"].strip() for case in CASES if "reason" in case)
    assert [item["id"] for item in PACK["indicator"] if not item["source"].strip()] == []


def test_every_reason_has_a_case():
    words = tomllib.loads((RESOURCES / "messages" / "en.toml").read_text("utf-8"))
    known = {"layer_missing", "not_in_force", "unreadable", "outside_coverage", "no_value", "arithmetic"}
    assert known <= set(words["reason"])
    of_values = {"no_target", "not_applicable", "denominator_zero", "no_field", "no_earlier", "no_row", "no_year"}
    of_values |= {"unit", "target_unit", "target_year", "targets_differ", "class_edition"}
    assert of_values <= set(words["indicator_reason"])
    assert {case["reason"] for case in CASES if "reason" in case} == (known | of_values) - ELSEWHERE


def test_a_pack_of_a_citys_own_is_proved_by_the_cases_beside_it(own):
    answer = command("prove", own()).done()
    assert answer.json["rules"]["product"] == {"hit": 1, "miss": None, "unknown": 2}


def test_a_formula_that_was_changed_is_seen(own):
    answer = command("prove", own(pack=OWN.replace('formula = "product"', 'formula = "2 * product"')))
    (failed,) = answer.json["failed"]
    assert answer.code == 4 and answer.json["uncovered"] == ["product"]
    words = "{} · no status · no target"
    assert failed == {"case": "product", "expected": words.format(7.5), "verdict": words.format(15), "rule": "product"}


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "word"),
    [
        ('"product"\nvalue', '"produkt"\nvalue', "cases.indicator", 19, "produkt"),
        ("TL = [{", "TLL = [{", "cases.layer", 10, "TLL"),
        ("ND = 2024, ZBDM", "NDD = 2024, ZBDM", "cases.field", 22, "NDD"),
        ('lies = "inside"', 'lies = "beside"', "cases.shape", 10, "beside"),
        ("value = 100.0\n", "", "cases.worked", 6, "railway.share"),
        ('status = "none"', 'status = "nine"', "cases.key", 15, "status"),
        ('id = "empty"', 'id = "product"', "cases.twice", 31, "product"),
        ('beyond = ["TL"]', 'beyond = ["TJSJ"]', "cases.layer", 43, "TJSJ"),
    ],
)
def test_a_wrong_case_is_refused_with_its_line(own, before, after, code, line, word):
    cases = OWN_CASES.replace(before, after, 1)
    assert cases != OWN_CASES
    answer = command("prove", own(cases))
    problem = answer.json["problems"][0]
    assert (answer.code, problem["code"], problem["file"]) == (3, code, "own.cases.toml")
    assert f"Line {line}:" in problem["message"] and word in problem["message"] and problem["mend"]


def test_single_errors_and_drafts_are_for_rule_packs(own):
    for option in (["--mutants"], ["--new", "product"]):
        assert command("prove", own(), *option).codes == ["cases.rules_only"]


@pytest.mark.slow
def test_a_layer_whose_geometries_were_cut_short_is_unreadable(tmp_path):
    ground = shapely.box(500_000, 4_200_000, 501_000, 4_201_000)
    rules, library = tmp_path / "none.toml", tmp_path / "town.gpkg"
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    for name, fields in (("district", {}), ("XZQ", {"XZQDM": ["139901001"]}), ("LDYZT", {"BH": ["1"], "BHDJ": ["I"]})):
        gpd.GeoDataFrame({"BSM": ["1"], **fields}, geometry=[ground], crs="EPSG:4547").to_file(
            tmp_path / f"{name}.gpkg"
        )
    done("new", library, "--crs=EPSG:4547", "--district", tmp_path / "district.gpkg", "--pack", rules)
    for name in ("XZQ", "LDYZT"):
        done("add", library, tmp_path / f"{name}.gpkg", "--as", name, "--covers=district", "--valid-from=2024-12-31")
    with closing(sqlite3.connect(library)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute('UPDATE "LDYZT__1" SET geom = substr(geom, 1, 45)')
        connection.commit()
    found = command("indicators", library, "--unit=XZQ", "--as-of=2025-06-01", "--unrecorded", "--only=forest.one_map")
    (row,) = found.json["indicators"]
    assert (row["value"], row["reason"]) == (None, "unreadable")

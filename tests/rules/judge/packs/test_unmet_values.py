"""An unforeseen class is never silently clear, neither in a pack's conditions nor in the data."""

import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.judge.kinds.foreseen_values import values_in_no_table
from onemap.tests.conftest import write_layer
from onemap.tests.rules.small_pack import pack_text

PACK = pack_text(
    {"id": "first", "layer": "YYSSYBHQ", "department": "environment", "where": "BHJB = '一级'"},
    id="p",
)


@pytest.fixture
def zones():
    """The values that the catalogue gives the field."""
    return shipped_catalogue()["YYSSYBHQ"].field_named("BHJB").values


def make_library(tmp_path, onemap, more):
    pack = tmp_path / "p.toml"
    pack.write_text(PACK + more, encoding="utf-8")
    return onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547", "--pack", pack)


def test_a_value_that_no_rule_meets_is_reported(tmp_path, onemap, zones):
    (problem,) = make_library(tmp_path, onemap, "").json["problems"]
    assert (problem["code"], problem["layer"], problem["field"]) == ("pack.unmet", "YYSSYBHQ", "BHJB")
    assert all(value in problem["message"] for value in zones if value != "一级")


def test_a_pack_that_is_put_in_force_tells_the_values_that_no_rule_meets(tmp_path, onemap):
    own = tmp_path / "own.toml"
    rule = {"id": "own", "replaces": "first", "layer": "YYSSYBHQ", "where": "BHJB = '二级'"}
    own.write_text(pack_text(rule, id="own"), encoding="utf-8")
    make_library(tmp_path, onemap, "")
    answer = onemap("pack", "enact", tmp_path / "city.gpkg", own, "--by", "li", "--reason", "r")
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"]) == (0, "pack.unmet") and "一级" in problem["message"]


def test_a_value_that_is_called_harmless_is_not(tmp_path, onemap, zones):
    rest = [value for value in zones if value != "一级"]
    answer = make_library(tmp_path, onemap, f"harmless = {{ BHJB = {rest} }}".replace("'", '"'))
    assert (answer.code, answer.json["problems"]) == (0, [])


def test_the_shipped_pack_leaves_no_value_out(tmp_path, onemap):
    assert onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547").json["problems"] == []


def test_a_value_of_the_data_in_no_table_is_unknown_unless_a_rule_names_it(tmp_path, onemap):
    library = tmp_path / "city.gpkg"
    make_library(tmp_path, onemap, "")
    squares = [box(540_000 + 100 * n, 4_000_000, 540_050 + 100 * n, 4_000_050) for n in range(4)]
    columns = {"BH": ["a", "b", "c", "d"], "BHJB": ["一级", "二级", "特级", None], "SYDMC": ["x"] * 4}
    source = write_layer(tmp_path / "zones.gpkg", squares, columns)
    onemap("add", library, source, "--as", "YYSSYBHQ", "--covers", "extent").done()
    parcels = write_layer(tmp_path / "parcels.gpkg", squares, {"DKBH": ["a", "b", "c", "d"]})
    answer = onemap("check", library, parcels, "--out", tmp_path / "out.gpkg")
    assert {name: n for name, n in answer.json["verdicts"].items() if n} == {"prohibited": 1, "unknown": 2, "clear": 1}


def test_a_value_that_no_table_and_no_version_has_is_told_and_one_that_a_version_has_is_not(tmp_path, onemap):
    library, squares = tmp_path / "city.gpkg", [box(540_000, 4_000_000, 540_050, 4_000_050)]
    make_library(tmp_path, onemap, "")
    source = write_layer(tmp_path / "zones.gpkg", squares, {"BH": ["a"], "BHJB": ["特级"], "SYDMC": ["x"]})
    assert onemap("add", library, source, "--as", "YYSSYBHQ", "--covers", "extent").code == 0
    parcels = write_layer(tmp_path / "parcels.gpkg", squares, {"DKBH": ["a"]})

    def remarks_on(value):
        pack = tmp_path / "typed.toml"
        text = (tmp_path / "p.toml").read_text(encoding="utf-8")
        pack.write_text(text.replace("一级", value).replace('"p"', '"typed"'), encoding="utf-8")
        out = tmp_path / "out.gpkg"
        answer = onemap("check", library, parcels, "--pack", pack, "--out", out, "--overwrite")
        return [one for one in answer.json["problems"] if one["code"] == "pack.value"]

    (problem,) = remarks_on("壹级")
    assert (problem["layer"], problem["field"]) == ("YYSSYBHQ", "BHJB")
    assert "壹级" in problem["message"]
    assert remarks_on("特级") == remarks_on("一级") == []


def test_a_distance_for_a_class_that_no_table_and_no_version_has_is_told(tmp_path, onemap):
    library, pack, place = tmp_path / "city.gpkg", tmp_path / "p.toml", tmp_path / "parcels.gpkg"
    parcels = write_layer(place, [box(540_000, 4_000_000, 540_050, 4_000_050)], {"DKBH": ["a"]})
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    for values, expected in (({"国到": 20, "省道": 15, "国 道": 20}, ["国到"]), ({"省道": 15}, [])):
        rule = {"kind": "setback", "layer": "GL", "distance_m": {"field": "GLDJ", "values": values, "default": 1}}
        pack.write_text(pack_text(rule), encoding="utf-8")
        problems = onemap("check", library, parcels, "--pack", pack).json["problems"]
        messages = [one["message"] for one in problems if one["code"] == "pack.distance_class"]
        assert len(messages) == len(expected) and all(map(str.__contains__, messages, expected))


@pytest.mark.parametrize(
    ("where", "absent"),
    [
        ("DLBM LIKE 'O1%' OR DLBM = '0l01'", {"O1%", "0l01"}),
        ("DLBM = 9999", {"9999"}),
        ("DLBM LIKE '01%'", set()),
        ("DLBM IN ('011', 'x')", set()),
        ("DLBM = 101", set()),
        ("DLBM = DATE('2020-01-01') OR DLBM = DLMC", set()),
    ],
)
def test_a_code_that_no_table_of_the_field_has_is_found(where, absent):
    assert set(values_in_no_table(where, "DLBM", shipped_catalogue()["DLTB"])) == absent

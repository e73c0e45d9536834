"""A version in force that lacks ground: a check near it gets a remark."""

import json

import pytest
import shapely
from shapely import LineString, affinity, box

from onemap.rules.answers.identify.identify_rows import identify_view
from onemap.rules.display.rows.answer_rows import view_text
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.judge.distributed.test_run_in_blocks import both_ways

NEAR, FAR_OFF = box(310, 0, 390, 90), box(5_000, 5_000, 5_100, 5_100)


def squares(columns):
    return [box(100 * n, 0, 100 * n + 100, 100) for n in columns]


@pytest.fixture
def town(desk):
    """A zone of ten squares, of which the version of 2022 lacks four."""
    desk.layer("ZONE", squares(range(10)), valid_from="2020-01-01")
    kept = [*range(2), *range(6, 10)]
    desk.layer("ZONE", squares(kept), valid_from="2022-01-01")
    return desk


def remarks(found):
    return [(one["code"], one["layer"], one["message"]) for one in found.answer.json["problems"]]


def test_a_check_near_ground_that_the_version_in_force_lacks_says_so(town):
    found = town.check({"A": NEAR}, {})
    assert found.verdicts() == {"A": "clear"}
    ((code, layer, words),) = remarks(found)
    assert (code, layer) == ("version.lacks_ground", "ZONE")
    assert words == (
        "Version 2022-01-01 of ZONE was added with a remark that bears on the parcels or on ground near them: About "
        "4.0000 ha (40 %) of what version 2020-01-01 shows lie in no feature of ZONE_source.gpkg; in the place of 2 of "
        "its 10 features there is nothing."
    )


def test_far_from_it_before_it_and_of_other_layers_nothing_is_said(town):
    assert remarks(town.check({"A": FAR_OFF}, {})) == []
    assert remarks(town.check({"A": NEAR}, {}, as_of="2021-06-01")) == []
    town.layer("OTHER", squares(range(10)))
    assert remarks(town.check({"A": NEAR}, {"layer": "OTHER"})) == []


def test_a_feature_that_was_set_aside_without_a_position_is_told_wherever_one_asks(desk):
    """Nobody knows where it lies, so no ground is left out of the coverage for it."""
    path = desk.write("ZONE", [*squares(range(2)), None], {"KEY": ["1", "2", "3"]}, "EPSG:4547")
    desk.layer("ZONE", squares([0]), valid_from="2020-01-01")
    ground = desk.write("ground", [box(-9_000, -9_000, 9_000, 9_000)], {"n": [1]}, "EPSG:4547")
    given = ("--valid-from", "2022-01-01", "--covers", ground)
    assert desk.run("add", desk.library, path, "--as", "ZONE", "--keep-bad", *given).code == 0
    found = desk.check({"A": FAR_OFF}, {})
    assert found.verdicts() == {"A": "clear"}
    assert [words for _, _, words in remarks(found) if "1 feature that was set aside has no known position" in words]
    assert remarks(desk.check({"A": FAR_OFF}, {}, as_of="2021-06-01")) == []
    point = ("identify", desk.library, 5_050, 5_050, "--only", "ZONE")
    ((layer,), (before,)) = (desk.run(*point, *day).json["layers"] for day in ((), ("--as-of", "2021-06-01")))
    assert layer["covered"] and layer["features"] == [] and before["remarks"] == []
    assert layer["remarks"] == [words for code, _, words in remarks(found) if code == "version.lacks_ground"]
    text = view_text(identify_view(desk.run(*point).json, "en"), "en")
    assert all(words in text for words in layer["remarks"])


def test_parcels_in_blocks_and_against_a_run_are_told_as_others_are(town):
    town.layer("OTHER", squares([4]), accuracy=15)
    parcels = {f"{n}": affinity.translate(NEAR, 0, 3 * n) for n in range(9)}
    later = {"id": "later", "layer": "OTHER", "when": "DKBH >= '5'"}
    first = town.check(parcels, {}, later, {"id": "other", "layer": "OTHER"}).answer.json
    for against in (None, first["run"]["id"]):
        whole, run, _ = both_ways(town, most_parcels=4, against=against)
        assert [problem["code"] for problem in run.problems] == ["version.lacks_ground", "rule.within_accuracy"]
        assert run.problems == whole.problems == first["problems"]
    assert "(±15 m): 9, such as 0 by the rule other" in run.problems[1]["message"]


def test_lines_without_their_zone_are_told_beside_whom_they_would_have_kept_off(desk):
    run = desk.run
    roads = [LineString([(0, y), (5_000, y)]) for y in (0, 2_000)]
    path = desk.write("roads", roads, {"GLBH": ["G1", "X2"], "GLDJ": ["国道", "县道"]}, "EPSG:4547")
    ground = desk.write("ground", [box(-9_000, -9_000, 9_000, 9_000)], {"n": [1]}, "EPSG:4547")
    assert run("add", desk.library, path, "--as", "GL", "--covers", ground).code == 0
    zones = desk.write("zones", [box(0, -30, 5_000, 30)], {"BH": ["1"]}, "EPSG:4547")
    assert run("add", desk.library, zones, "--as", "GLJZKZQ", "--covers", ground).code == 0
    rule = {"kind": "setback", "layer": "GL", "distance_m": 10, "instead": "GLJZKZQ"}
    beside = desk.check({"A": box(100, 2_005, 200, 2_100)}, rule)
    assert beside.verdicts() == {"A": "clear"} and "X2" in remarks(beside)[0][2]
    assert remarks(desk.check({"A": box(100, 900, 200, 1_000)}, rule)) == []


def test_a_statement_of_a_case_near_it_says_so(tmp_path):
    district = write_layer(tmp_path / "district.gpkg", [box(499_000, 4_199_000, 502_000, 4_202_000)])
    library = tmp_path / "library.gpkg"
    done("new", library, "--crs", "EPSG:4547", "--district", district)
    whole = [box(500_000 + 100 * n, 4_200_000, 500_100 + 100 * n, 4_200_100) for n in range(10)]
    for day, shapes in (("2020-01-01", whole), ("2022-01-01", whole[:6])):
        path, given = write_layer(tmp_path / "farmland.gpkg", shapes), ("--covers", "district", "--accuracy", 250)
        done("add", library, path, "--as", "YJJBNTTB", "--valid-from", day, *given)
    parcels = write_layer(tmp_path / "parcels.gpkg", [box(500_810, 4_200_010, 500_890, 4_200_090)], {"DKBH": ["A"]})
    case = done("review", "open", library, parcels, "--project", "试验", "--id", "DKBH").json["case"]
    done("review", "export", library, case, tmp_path / "content.json", "--document", "report")
    notes = json.loads((tmp_path / "content.json").read_text("utf-8"))["notes"]
    assert len([one for one in notes if "(±250 m): 1, such as A by the rule farmland.permanent" in one]) == 1
    target = tmp_path / "content.zh.json"
    done("review", "export", library, case, target, "--document", "report", lang="zh")
    (accuracy,) = [one for one in json.loads(target.read_text("utf-8"))["notes"] if "farmland.permanent" in one]
    assert "永久基本农田" in accuracy and "Permanent" not in accuracy  # the case was opened in English
    (note,) = [one for one in notes if "YJJBNTTB" in one]
    assert note.startswith("Version 2022-01-01 of YJJBNTTB was added with a remark that bears on the parcels")
    sheet = done("review", "sheet", library, case, tmp_path / "sheet.html").json
    assert "version.lacks_ground" in [one["code"] for one in sheet["problems"]]
    assert note in (tmp_path / "sheet.html").read_text("utf-8")


def test_the_sheet_of_a_parcel_near_it_says_so_of_layers_that_no_rule_asks_too(town):
    town.layer("OTHER", squares(range(2)))
    parcels, pack = town.parcels({"A": NEAR, "B": FAR_OFF}), town.pack({"layer": "OTHER"})
    done("sheet", town.library, parcels, town.folder / "sheets.json", "--pack", pack)
    near, far = json.loads((town.folder / "sheets.json").read_text("utf-8"))["sheets"]
    assert [(one["layer"], one["version"]) for one in near["remarks"]] == [("ZONE", "2022-01-01")] and far[
        "remarks"
    ] == []
    done("sheet", town.library, parcels, town.folder / "sheets.html", "--pack", pack)
    assert (town.folder / "sheets.html").read_text("utf-8").count(near["remarks"][0]["message"]) == 1


def test_a_site_that_is_found_where_a_version_lacks_ground_says_so(town):
    pack = town.pack({})
    for west, codes in ((200, ["version.lacks_ground"]), (5_000, [])):
        within = write_layer(town.folder / "within.gpkg", [box(west, 0, west + 400, 100)])
        answer = town.run("sites", town.library, "--within", within, "--pack", pack, "--area", 5000)
        assert answer.json["sites"] and [one["code"] for one in answer.json["problems"]] == codes


SQUARE = [box(0, 0, 100, 100)]


@pytest.mark.parametrize(
    ("rule", "near", "far"),
    [
        ({}, box(105, 0, 190, 90), box(111, 0, 190, 90)),
        ({}, box(100, 0, 190, 90), box(105, 300, 190, 390)),
        ({"kind": "setback", "distance_m": 30}, box(135, 0, 190, 90), box(141, 0, 190, 90)),
        ({"kind": "near", "distance_m": 30}, box(135, 0, 190, 90), box(141, 0, 190, 90)),
        ({"kind": "cross"}, box(5, 5, 95, 95), box(11, 11, 89, 89)),
        ({"kind": "within"}, box(5, 5, 95, 95), box(11, 11, 89, 89)),
    ],
)
def test_parcels_that_are_clear_within_the_accuracy_of_a_layer_are_told(desk, rule, near, far):
    desk.layer("ZONE", SQUARE, accuracy=10)
    found = desk.check({"FAR": far, "NEAR": near, "TOO": near}, rule)
    assert set(found.verdicts().values()) == {"clear"}
    ((code, layer, words),) = remarks(found)
    assert (code, layer) == ("rule.within_accuracy", "ZONE") and "(±10 m): 2, such as NEAR by the rule r" in words
    assert remarks(desk.check({"FAR": far}, rule)) == []
    desk.layer("ZONE", SQUARE, valid_from="2026-01-02")
    assert remarks(desk.check({"NEAR": near}, rule)) == []


def test_official_zones_have_an_accuracy_of_their_own(desk):
    desk.layer("ZONE", SQUARE, accuracy=10)
    desk.layer("OFFICIAL", [box(0, 0, 120, 100)], covers=box(-200, -200, 400, 120), accuracy=5)
    rule = {"kind": "setback", "distance_m": 30, "instead": "OFFICIAL"}
    parcels = {"FAR": box(127, 0, 190, 90), "NEAR": box(123, 0, 190, 90), "OUT": box(0, 135, 90, 190)}
    found = desk.check(parcels, rule)
    assert set(found.verdicts().values()) == {"clear"}
    assert {layer: words.split("such as ")[1].split()[0] for _, layer, words in remarks(found)} == {
        "ZONE": "OUT",
        "OFFICIAL": "NEAR",
    }
    assert remarks(desk.check({"FAR": parcels["FAR"]}, rule)) == []


@pytest.mark.parametrize(
    ("rule", "west", "covers"),
    [
        ({"where": "KEY = 'f9'"}, 105, FAR_OFF),
        ({"when": "USE = '07'"}, 105, FAR_OFF),
        ({}, 95, FAR_OFF),
        ({}, 105, SQUARE[0]),
    ],
    ids=["where", "when", "hit", "unknown"],
)
def test_of_who_is_not_asked_in_conflict_or_unknown_the_accuracy_says_nothing(desk, rule, west, covers):
    desk.layer("ZONE", SQUARE, accuracy=10, covers=shapely.union_all([*SQUARE, covers]).envelope)
    assert remarks(desk.check({"A": box(west, 0, 190, 90)}, rule, columns={"USE": ["01"]})) == []

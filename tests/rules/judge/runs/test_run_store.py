"""Stored runs: explained, repeated row by row, compared with a trial; damage is located."""

import shutil

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon, box

from onemap.layers.stores.file_connection import FileConnection
from onemap.rules.judge.inputs.parcels import dissolve_parts
from onemap.rules.judge.kinds.finding_figures import PLAIN
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk, Outcome
from onemap.tests.rules.run_damage import change_library, change_value

SQUARE = box(0, 0, 10, 10)


def made_city(folder):
    desk = Desk(folder, command)
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(0, 0, 4, 10), box(3, 0, 6, 10)], {"TBLX": ["实划", None]}, accuracy=0.5)
    desk.layer("ROAD", [LineString([(-50, 20), (50, 20)])], {"GLDJ": ["国道"]}, geometry="line")
    rules = (
        {"id": "zone", "where": "TBLX = '实划'", "min_area_m2": 1.0},
        {"id": "road", "kind": "setback", "layer": "ROAD", "verdict": "restricted", "distance_m": 15},
        {"id": "cross", "kind": "cross", "layer": "ROAD", "verdict": "notice"},
        {"id": "classes", "kind": "composition", "by": ["TBLX"], "verdict": "notice"},
    )
    parcels = {"A": SQUARE, "B": box(100, 100, 110, 110), "C": box(20, 15, 30, 25)}
    return desk.check(parcels, *rules, columns={"YDXZ": ["0701", None, "10"]}).answer


@pytest.fixture
def city(tmp_path, onemap, copied):
    answer = copied(made_city, tmp_path)
    return Desk(tmp_path, onemap), Outcome(answer, tmp_path / "out.gpkg")


def test_explain_tells_versions_filter_features_thresholds_verdict_and_basis(city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    answer = desk.run("explain", desk.library, run, "A", "zone").done()
    steps, plain = {}, {}
    for step in answer.json["steps"]:
        steps.setdefault(step["key"], []).append(step["value"])
        plain.setdefault(step["key"], []).append(step["said"])
    assert plain["conflict"] == ["40 m² · 40.0%"]  # as documents have it
    assert plain["thresholds"][0] == "≥ 1.0 m² · 40 m² in the plane · counts"
    assert steps["where"] == ["TBLX = '实划'"] and "v1" in steps["version"][0]
    assert [value.split(" · ")[:2] for value in steps["feature"]] == [["f1", "40.000 m²"], ["f2", "30.000 m²"]]
    assert steps["conflict"] == ["40.000 m² · 40.0000 %"] and "≥ 1.0 m²" in steps["thresholds"][0]
    assert steps["basis"] == ["法 第一条"] and steps["verdict"] == ["prohibited"]
    clear = desk.run("explain", desk.library, run, "B", "zone").json["steps"]
    assert clear[-1]["value"] == "clear"


def test_an_explanation_gives_a_reviewer_the_areas_of_lists_and_documents(desk):
    desk.layer("ZONE", [box(0, 0, 1000, 1000)], {"TBLX": ["实划"]})
    rule = {"id": "zone", "kind": "avoid", "layer": "ZONE", "verdict": "prohibited"}
    found = desk.check({"A": box(0, 0, 2000, 1000)}, rule)
    areas = {table: found.table(table).iloc[0] for table in ("parcels", "findings")}
    steps = {
        step["key"]: step
        for step in desk.run("explain", desk.library, found.answer.json["run"]["id"], "A", "zone").json["steps"]
    }
    for key, table in (("parcel", "parcels"), ("conflict", "findings")):
        plane, printed = areas[table]["area_m2"], areas[table]["area_ellipsoidal_m2"]
        assert abs(plane - printed) > 1.0  # they can be told apart
        assert f"{plane:,.3f} m²" in steps[key]["value"] and f"{printed:,.0f} m²" in steps[key]["said"]
    assert f"{areas['findings']['area_m2']:,.0f} m² in the plane" in steps["thresholds"]["said"]


@pytest.mark.parametrize(
    ("language", "kind", "options", "distance"),
    [
        ("zh", "避让（avoid）", "最小面积（min_area_m2） = 1", "距离 0.000 m"),
        ("en", "keep off (avoid)", "least area (min_area_m2) = 1", "0.000 m away"),
    ],
)
def test_explain_has_words_beside_the_codes_and_says_what_a_length_is(city, language, kind, options, distance):
    desk, found = city
    answer = desk.run("explain", desk.library, found.answer.json["run"]["id"], "A", "zone", lang=language)
    steps = {step["key"]: step["value"] for step in answer.json["steps"]}
    assert steps["rule"].split(" · ")[2] == kind and options in steps["options"].split(" · ")
    assert distance in steps["feature"].split(" · ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("no", "A", "zone"), "run.unknown"), (("", "Z", "zone"), "run.parcel"), (("", "A", "no"), "run.rule")],
)
def test_what_a_run_does_not_have_is_refused(city, arguments, code):
    desk, found = city
    run = arguments[0] or found.answer.json["run"]["id"]
    answer = desk.run("explain", desk.library, run, *arguments[1:])
    assert (answer.code, answer.codes) == (3, [code])


def test_a_run_computed_again_is_equal_in_every_row_even_after_newer_versions(city):
    desk, found = city
    desk.layer("ZONE", [SQUARE], {"TBLX": ["实划"]}, label="newer")
    answer = desk.run("verify", desk.library, "--run", found.answer.json["run"]["id"])
    assert (answer.code, answer.json) == (0, {"ok": True, "problems": []})


def test_a_run_whose_clock_was_behind_that_of_a_version_it_used_is_proved_by_that_version(city, monkeypatch):
    desk, _ = city
    with monkeypatch.context() as ahead:
        ahead.setattr(FileConnection, "moment", lambda _: "2099-01-01T00:00:00.000000Z")
        desk.layer("ZONE", [SQUARE], {"TBLX": ["实划"]}, label="ahead")
    run = desk.check({"A": SQUARE}).answer.json["run"]
    assert "ahead" in {layer["label"] for layer in run["layers"]}
    assert desk.run("verify", desk.library, "--run", run["id"]).json == {"ok": True, "problems": []}
    desk.layer("ZONE", [SQUARE], {"TBLX": ["储备"]}, label="later")
    assert desk.run("verify", desk.library, "--run", run["id"]).json == {"ok": True, "problems": []}


def test_a_run_is_proved_without_a_version_that_a_clock_ahead_had_retired_before_it(city, monkeypatch):
    desk, _ = city
    desk.layer("ZONE", [SQUARE], {"TBLX": ["储备"]}, label="mistaken")
    with monkeypatch.context() as ahead:
        ahead.setattr(FileConnection, "moment", lambda _: "2099-01-01T00:00:00.000000Z")
        assert desk.run("retire", desk.library, "ZONE", "mistaken", "--reason", "r", "--by", "n").code == 0
    run = desk.check({"A": SQUARE}).answer.json["run"]
    assert "mistaken" not in {layer["label"] for layer in run["layers"]}
    assert desk.run("retire", desk.library, "ROAD", "v1", "--reason", "r", "--by", "n").code == 0
    assert desk.run("verify", desk.library, "--run", run["id"]).json == {"ok": True, "problems": []}


def test_a_row_that_was_changed_is_found_by_repeating_the_run(city):
    desk, found = city
    change_value(desk.library, "parcels", "verdict", "prohibited", "clear")
    answer = desk.run("verify", desk.library, "--run", found.answer.json["run"]["id"])
    assert answer.code == 5 and not answer.json["ok"]
    kept, problem = answer.json["problems"]
    run = found.answer.json["run"]["id"]
    place = ("verify.record_changed", "onemap_run_blocks", f"{run}/parcels/0")
    assert (kept["code"], kept["layer"], kept["feature"]) == place
    assert (problem["code"], problem["layer"], problem["feature"]) == ("verify.row", "parcels", "1")


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        ("UPDATE onemap_audit SET who = 'nobody' WHERE number = 2", {"verify.chain"}),
        ("UPDATE onemap_audit SET detail = '{}' WHERE number = 2", {"verify.content"}),
        ("DELETE FROM onemap_audit WHERE number = 2", {"verify.chain"}),
        ("UPDATE \"ZONE__1\" SET TBLX = '储备' WHERE fid = 1", {"verify.features"}),
        ('DELETE FROM "ROAD__1"', {"verify.features"}),
    ],
)
def test_damage_is_located(city, damage, codes):
    desk, _ = city
    change_library(desk.library, damage)
    answer = desk.run("verify", desk.library)
    assert answer.code == 5 and codes <= set(answer.codes)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("DELETE FROM onemap_runs WHERE id = ?", "verify.record_gone"),
        ("UPDATE onemap_runs SET record = record || ' ' WHERE id = ?", "verify.record_changed"),
        ("DELETE FROM onemap_audit WHERE subject = ?", "verify.record_unlogged"),
    ],
)
def test_a_run_that_is_gone_changed_or_not_logged_is_found(city, damage, code):
    desk, found = city
    assert desk.run("verify", desk.library).code == 0
    change_library(desk.library, damage, found.answer.json["run"]["id"])
    answer = desk.run("verify", desk.library)
    assert answer.code == 5 and code in answer.codes


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE onemap_runs SET record = 'no JSON'",
        "UPDATE onemap_runs SET record = '{}'",
        "UPDATE onemap_run_blocks SET content = x'00' WHERE name = 'findings'",
    ],
)
def test_a_run_that_cannot_be_repeated_because_it_is_damaged_is_damage(city, damage):
    desk, found = city
    change_library(desk.library, damage)
    assert desk.run("verify", desk.library, "--run", found.answer.json["run"]["id"]).code == 5


def test_a_trial_layer_shows_which_parcels_change_and_why_and_leaves_no_run(city):
    desk, found = city
    run = found.answer.json["run"]["id"]
    trial = desk.write("trial", [box(100, 100, 105, 110)], {"KEY": ["t"], "TBLX": ["实划"]}, "EPSG:4547")
    parcels, pack = desk.folder / "parcels.gpkg", desk.folder / "test.toml"
    options = ("--pack", pack, "--replace", f"ZONE={trial}", "--against", run)
    answer = desk.run("check", desk.library, parcels, *options).done()
    assert answer.json["changed"] == [
        {"parcel": "A", "from": "prohibited", "to": "restricted", "rules": ["zone"]},
        {"parcel": "B", "from": "clear", "to": "prohibited", "rules": ["zone"]},
    ]
    assert answer.json["run"]["recorded"] is False
    assert desk.run("explain", desk.library, answer.json["run"]["id"], "A", "zone").codes == ["run.unknown"]


def test_an_unrecorded_check_says_the_same_and_leaves_no_run(city):
    desk, found = city
    parcels, pack = desk.folder / "parcels.gpkg", desk.folder / "test.toml"
    before = desk.run("history", desk.library).json
    answer = desk.run("check", desk.library, parcels, "--pack", pack, "--unrecorded")
    assert answer.json["verdicts"] == found.answer.json["verdicts"]
    assert answer.json["run"]["recorded"] is False
    assert desk.run("history", desk.library).json == before


def test_a_changed_pack_is_compared_with_a_stored_run(city):
    desk, found = city
    milder = desk.pack({"id": "zone", "verdict": "notice", "where": "TBLX = '实划'"}, id="milder")
    parcels = desk.folder / "parcels.gpkg"
    answer = desk.run("check", desk.library, parcels, "--pack", milder, "--against", found.answer.json["run"]["id"])
    changes = {item["parcel"]: (item["from"], item["to"], item["rules"]) for item in answer.json["changed"]}
    assert changes["A"] == ("prohibited", "unknown", ["zone", "road"])  # where the class is null


def test_findings_carry_their_range_within_the_boundary_error(city):
    _, found = city
    row = found.finding("A", "zone")
    # The certain zone is x 0…4; its boundary moves by 0.5 m: 0.5…3.5 by 0.5…9.5 and 0…4.5 by 0…10.
    assert row.area_low_m2 == pytest.approx(3.0 * 9.0) and row.area_high_m2 == pytest.approx(45.0)
    assert not row.within_error


def test_a_conflict_thinner_than_the_error_says_so_and_keeps_its_verdict(desk):
    desk.layer("ZONE", [box(-90, -90, 0.4, 90)], accuracy=0.5)
    found = desk.check({"A": SQUARE}, {})
    row = found.finding("A")
    assert (row.area_m2, row.area_low_m2, row.within_error) == (pytest.approx(4.0), 0.0, True)
    assert found.verdicts() == {"A": "prohibited"}


def test_tiny_areas_are_measured_by_a_second_method_that_agrees(desk):
    shapes = [Polygon([(0, 0), (3, 0), (0, 2)]), Polygon([(9, 9), (12, 9), (12, 12)]), box(-20, -20, -10, -10)]
    desk.layer("ZONE", shapes)
    row = desk.check({"A": SQUARE}, {}).finding("A")
    assert row.area_m2 == pytest.approx(3.5) and row.area_check_m2 == pytest.approx(3.5, abs=1e-9)
    assert not row.check_differs


def test_words_are_there_in_both_languages(desk):
    chinese, english = (desk.run("words", lang=language).json for language in ("zh", "en"))
    assert chinese["verdicts"]["prohibited"] == "禁止" and english["departments"]["land"]
    assert {name: set(items) for name, items in chinese.items() if isinstance(items, dict)} == {
        name: set(items) for name, items in english.items() if isinstance(items, dict)
    }


def test_a_copy_of_a_library_verifies_and_repeats_as_well(city, tmp_path):
    desk, found = city
    copy = tmp_path / "copy.gpkg"
    shutil.copy(desk.library, copy)
    assert desk.run("verify", copy, "--run", found.answer.json["run"]["id"]).json["ok"]


@pytest.mark.parametrize("block", ["1", "2", "100"])
def test_a_run_is_repeated_some_parcels_at_a_time_and_every_difference_is_told_alike(city, monkeypatch, block):
    desk, found = city
    run = found.answer.json["run"]["id"]
    monkeypatch.setenv("ONEMAP_BLOCK", block)
    assert desk.run("verify", desk.library, "--run", run).json == {"ok": True, "problems": []}
    for table, column in (("parcels", "verdict"), ("findings", "verdict"), ("overlaps", "rule")):
        change_value(desk.library, table, column, found.table(table)[column].iloc[-1], "other")
    outcome = desk.run("verify", desk.library, "--run", run)
    monkeypatch.delenv("ONEMAP_BLOCK")
    assert outcome.code == 5 and outcome.json == desk.run("verify", desk.library, "--run", run).json
    layers = {problem["layer"] for problem in outcome.json["problems"] if problem["code"] == "verify.row"}
    assert layers == {"parcels", "findings", "overlaps"}


def test_what_is_printed_beside_an_area_on_the_ellipsoid_can_be_held_against_it(desk):
    # Far from the central meridian a square metre in the plane is less on the ground.
    desk.layer("ZONE", [box(640_000, 4_199_000, 640_030, 4_202_000)], accuracy=0.5, covers="extent")
    found = desk.check({"A": box(640_000, 4_200_000, 641_000, 4_201_000)}, {"min_area_m2": 29_000.0})
    row, run = found.finding("A"), found.answer.json["run"]["id"]
    scale = row.area_ellipsoidal_m2 / row.area_m2
    assert row.area_m2 == pytest.approx(30_000.0) and 1e-4 < 1 - scale < 1e-3
    answer = desk.run("explain", desk.library, run, "A", "r", lang="en").json["steps"]
    steps = {step["key"]: (step["value"], step["said"]) for step in answer}
    printed = f"{30_000 * scale:,.0f} m²"
    assert steps["conflict"] == ("30,000.000 m² · 3.0000 %", f"{printed} · 3.0%")
    assert steps["feature"] == ("f1 · 30,000.000 m² · 0.000 m away", f"f1 · {printed}")
    assert steps["check"][0].startswith("30,000.000 m²") and steps["check"][1].startswith(f"{printed} · ")
    # By hand: from 29 to 30.5 m wide; the ends of the zone are far away.
    assert steps["range"][0] == "29,000.000 m² … 30,500.000 m²"
    assert steps["range"][1] == f"{29_000 * scale:,.0f} m² … {30_500 * scale:,.0f} m²"


@pytest.mark.parametrize(
    ("value", "area", "length", "share"),
    [
        (None, "", "", ""),
        (0.0, "0.0 m²", "0.0 m", "0.0%"),
        (0.0004, "< 0.1 m²", "< 0.1 m", "< 0.1%"),
        (0.123456, "0.1 m²", "0.1 m", "12.3%"),
        (9.94, "9.9 m²", "9.9 m", "994.0%"),
        (12345.678, "12,346 m²", "12,345.7 m", "1234567.8%"),
    ],
)
def test_figures_are_written_from_numbers(value, area, length, share):
    assert (PLAIN.area(value), PLAIN.length(value), PLAIN.share(value)) == (area, length, share)


def test_a_limit_in_per_cent_is_told_as_it_is(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    found = desk.check({"A": box(0, 0, 10, 10)}, {"title": {"zh": "占 12.34 %", "en": "12.34 % of 1.250 m"}})
    answer = desk.run("explain", desk.library, found.answer.json["run"]["id"], "A", "r", lang="en").json["steps"]
    assert next(step["said"] for step in answer if step["key"] == "rule") == "12.34 % of 1.250 m"


def test_a_part_that_a_union_loses_stays_a_part_of_its_parcel(monkeypatch):
    parts = MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    beside = MultiPolygon([box(0, 0, 10, 10), box(10, 0, 20, 10)])
    grounds = np.array([parts, box(0, 0, 1, 1), beside], dtype=object)
    assert [ground.geom_type for ground in dissolve_parts(grounds)] == ["MultiPolygon", "Polygon", "Polygon"]
    monkeypatch.setattr(shapely, "union_all", lambda shapes, axis: np.full(len(shapes), parts.geoms[0]))
    assert dissolve_parts(grounds).tolist() == grounds.tolist()

"""Decisions: stored with reason and name, found again on the same ground of newer versions, and nowhere else."""

import contextlib
import sqlite3
import struct

import geopandas as gpd
import pytest
import shapely
from shapely import box

from onemap.tests.rules.answers.compare.conftest import GROUND

SITE = box(100, 100, 300, 300)


def two_plans(table, site=SITE, **options):
    table.plan("A", [(site, "0702"), (GROUND - site, "01")], **options)


@pytest.fixture
def city(table):
    two_plans(table)
    table.plan("B", [(GROUND, "E")])
    return table


def conflict(found):
    rows = found.spots[found.spots["conflict"]]
    assert len(rows) == 1
    return rows.iloc[0]


def decide(table, target, decision="change-a", **options):
    given = [f"--{name}={value}" for name, value in {"reason": "无建设用地指标", "by": "王工", **options}.items()]
    return table.run("decide", table.library, target, decision, *given)


def test_a_decision_is_shown_by_the_next_comparison_with_who_when_and_why(city):
    spot = conflict(city.compare())
    assert spot["decision"] is None
    answer = decide(city, spot["spot"])
    assert answer.code == 0 and answer.json["ok"] and answer.json["spots"] == [spot["spot"]]
    again = conflict(city.compare())
    assert again["spot"] == spot["spot"]
    assert [again[f"decision{end}"] for end in ("", "_reason", "_by")] == ["change-a", "无建设用地指标", "王工"]
    assert again["decision_at"] and again["decision_match"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("site", "stands"),
    [
        (box(100, 100, 300, 310), True),  # 40 000 of 42 000 m² are common
        (box(100, 100, 300, 520), False),  # a spot twice as large is another one
        (box(100, 100, 300, 195), False),
        (box(600, 600, 800, 800), False),
    ],
)
def test_it_survives_a_newer_version_on_the_same_ground_only(city, site, stands):
    decide(city, conflict(city.compare())["spot"])
    two_plans(city, site, label="newer")
    spot = conflict(city.compare())
    assert (spot["decision"] == "change-a") == stands
    if stands:
        assert spot["decision_match"] == pytest.approx(40_000 / 42_000, abs=1e-6)


def test_it_does_not_stand_for_another_class_on_the_same_ground(city):
    decide(city, conflict(city.compare())["spot"])
    city.plan("A", [(SITE, "0799"), (GROUND - SITE, "01")], label="newer")
    assert conflict(city.compare())["decision"] is None


def test_of_two_decisions_the_later_one_stands_and_tells_what_it_replaced(city):
    spot = conflict(city.compare())["spot"]
    assert decide(city, spot).json["replaced"] == []
    (replaced,) = decide(city, spot, "keep-b", reason="协调后").json["replaced"]
    facts = [replaced[name] for name in ("spot", "decision", "reason", "by")]
    assert facts == [spot, "change-a", "无建设用地指标", "王工"]
    assert conflict(city.compare())["decision"] == "keep-b"


def test_a_decision_upon_another_than_was_seen_is_refused(city):
    spot = conflict(city.compare())["spot"]
    assert decide(city, spot, expect="undecided").code == 0
    late = decide(city, spot, "keep-b", by="李工", expect="undecided,discuss")
    assert (late.code, late.codes) == (3, ["decide.conflict"])
    assert all(word in late.json["problems"][0]["message"] for word in ("change-a", "王工", "无建设用地指标"))
    assert conflict(city.compare())["decision"] == "change-a"
    assert decide(city, spot, "undecided", expect="change-a").code == 0
    assert decide(city, spot, "keep-b", expect="change-a").codes == ["decide.conflict"]
    assert (wrong := decide(city, spot, "keep-b", expect="nothing")).code == 2, wrong.codes


def test_of_several_decisions_the_last_one_stands_and_the_log_keeps_all(city, onemap):
    spot = conflict(city.compare())["spot"]
    decide(city, spot)
    decide(city, spot, "undecided", reason="按错了")
    found = conflict(city.compare())
    assert found["decision"] is None and found["decision_reason"] is None
    decide(city, spot, "keep-b", reason="协调后")
    assert conflict(city.compare())["decision"] == "keep-b"
    assert city.run("verify", city.library).json["ok"]


def test_it_is_found_with_the_plans_exchanged_and_says_the_same(city):
    decide(city, conflict(city.compare())["spot"], "change-a")
    text = city.matrix().read_text(encoding="utf-8").replace("[a]", "[x]").replace("[b]", "[a]").replace("[x]", "[b]")
    text = text[: text.index("[[unlike]]")]
    spot = conflict(city.compare("B", "A", matrix=text))
    assert (spot["type"], spot["decision"]) == ("04", "change-b")


def test_one_decision_is_given_to_a_cluster(table):
    works = [box(100 + 200 * n, 100, 180 + 200 * n, 180) for n in range(4)]
    rest = GROUND
    for shape in works:
        rest -= shape
    table.plan("A", [*((shape, "07") for shape in works), (rest, "01")])
    table.plan("B", [*((shape, "M1") for shape in works), (rest, "E")])
    found = table.compare()
    (cluster,) = gpd.read_file(found.out, layer="clusters").to_dict("records")
    assert (cluster["cause"], cluster["decided"]) == ("classification", 0)
    answer = decide(table, cluster["cluster"], "technical")
    assert len(answer.json["spots"]) == 4 and answer.json["area_m2"] == pytest.approx(4 * 6400)
    (again,) = gpd.read_file(table.compare().out, layer="clusters").to_dict("records")
    assert (again["decided"], again["decision"]) == (4, "technical")


def test_what_cannot_be_decided_is_refused(city):
    found = city.compare()
    agreed = found.spots[found.spots["type"] == "01"].iloc[0]["spot"]
    spot = conflict(found)["spot"]
    assert decide(city, "S000000000000").codes == ["decide.unknown"]
    assert decide(city, "K000000000000").codes == ["decide.unknown"]
    assert decide(city, agreed).codes == ["decide.no_difference"]
    assert decide(city, spot, reason="  ").codes == ["decide.reason"]
    wrong = decide(city, spot, "forget")
    assert (wrong.code, wrong.codes) == (2, ["usage.choice"])
    assert city.run("decide", city.library, spot, "discuss").code == 2


def test_decisions_stand_in_the_audit_log(city):
    decide(city, conflict(city.compare())["spot"])
    assert city.run("verify", city.library).json["ok"]


# What PostgreSQL takes for a geometry as well as polygons.
NO_GROUND = {
    "not a number": shapely.to_wkb(SITE).replace(struct.pack("<d", 300.0), struct.pack("<d", float("nan"))),
    "without end": shapely.to_wkb(SITE).replace(struct.pack("<d", 300.0), struct.pack("<d", float("inf"))),
    "crossing itself": shapely.to_wkb(shapely.Polygon([(100, 100), (300, 300), (300, 100), (100, 300)])),
    "empty": shapely.to_wkb(shapely.Polygon()),
    "a line": shapely.to_wkb(shapely.LineString([(100, 100), (300, 300)])),
    "a curve": bytes.fromhex("010a000000") + (0).to_bytes(4, "little"),
    "junk": b"x",
}


def test_a_decision_without_ground_holds_for_no_spot_and_is_named(city):
    decide(city, conflict(city.compare())["spot"])
    with contextlib.closing(sqlite3.connect(city.library)) as library, library:
        row = library.execute("SELECT * FROM onemap_decisions").fetchone()
        for number, ground in enumerate(NO_GROUND.values(), start=2):
            marks = ", ".join("?" * len(row))
            library.execute(f"INSERT INTO onemap_decisions VALUES ({marks})", (number, *row[1:-1], ground))
    spot = conflict(city.compare())
    assert (spot["decision"], spot["decision_match"]) == ("change-a", 1.0)
    problems = city.run("verify", city.library).json["problems"]
    named = {problem["feature"] for problem in problems if problem["code"] == "verify.decision"}
    assert named == {str(number) for number in range(2, 2 + len(NO_GROUND))}

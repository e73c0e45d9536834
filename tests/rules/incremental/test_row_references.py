"""A run that refers to an earlier run's rows reads like one that holds all of its own, however many came between."""

import sqlite3

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity, box

from onemap.layers.library.library import open_library
from onemap.rules.runs import arrow_blocks
from onemap.rules.runs.arrow_blocks import Rows
from onemap.rules.runs.row_references import Standing
from onemap.rules.runs.run_store import KEPT, stored_rows, stored_values
from onemap.rules.runs.stored_rows import GIVEN, standing_of

ORDERS = st.lists(st.booleans(), max_size=30).flatmap(
    lambda own: st.tuples(st.just(own), st.lists(st.integers(1, 4), min_size=len(own), max_size=len(own)))
)


def rows_of(positions):
    return Rows(pa.table({"n": pa.array(positions, pa.int64())}), None)


@given(ORDERS)
def test_rows_of_two_runs_come_in_their_order_whatever_blocks_they_lie_in(drawn):
    own, steps = drawn
    earlier = np.cumsum(steps) - 1
    order = np.where(np.array(own, dtype=bool), -1, earlier)
    standing = Standing.read(Standing.of("r", order, {"a": None}).content)
    assert (standing.run, standing.labels, standing.rows) == ("r", {"a": None}, len(order))
    assert standing.order().tolist() == order.tolist()

    def blocks(count, mark):
        for first in range(0, count, 3):
            at = np.arange(first, min(first + 3, count))
            yield at, rows_of(mark * (1 + at))

    merged = list(standing.merged(blocks(sum(steps) + 2, 1), blocks(sum(own), -1)))
    places = [place for at, _ in merged for place in at.tolist()]
    found = [row.values["n"] for _, rows in merged for row in rows]
    own_now = iter(range(-1, -len(order) - 1, -1))
    assert places == list(range(len(order)))
    assert found == [next(own_now) if at < 0 else at + 1 for at in order.tolist()]


class Desk:
    """Parcels in a row over a zone and a plan, checked against earlier runs."""

    def __init__(self, desk):
        self.desk = desk
        self.parcels = {f"p{n:02}": box(30 * n, 0, 30 * n + 20, 10) for n in range(23)}
        self.zones = [box(0, 0, 400, 5), box(395, 3, 500, 20)]
        self.plan = [box(90 * n, -5, 90 * n + 90, 30) for n in range(8)]
        self.uses = ["a", "b", None, "a", "b", "a", None, "b"]
        self.add_plan("1")
        desk.layer("ZONE", self.zones, label="1")

    def add_plan(self, label):
        self.desk.layer("PLAN", self.plan, {"DLBM": self.uses}, label=label)

    def run(self, *against):
        rules = (
            {"id": "zone"},
            {"id": "plan", "layer": "PLAN", "where": "DLBM = 'a'", "verdict": "restricted"},
            {"id": "survey", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
        )
        columns = {"n": list(range(len(self.parcels))), "w": [key if key > "p05" else None for key in self.parcels]}
        found = self.desk.check(self.parcels, *rules, columns=columns, **({"against": against[0]} if against else {}))
        return found.answer.json["run"]

    def kept(self, run, copy=None):
        with open_library(str(copy or self.desk.library)) as library:
            return {
                name: [(row.content, row.wkb) for row in stored_rows(library, run, name)] for name in (*KEPT, GIVEN)
            }

    def sources(self, run):
        with open_library(str(self.desk.library)) as library:
            found = {name: standing_of(library, run, name) for name in (*KEPT, GIVEN)}
        return {name: (item.run, int(item.own.sum())) for name, item in found.items() if item}


@pytest.fixture
def row(desk, monkeypatch):
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 4)
    return Desk(desk)


def test_runs_that_follow_each_other_hold_only_what_changed_and_read_like_whole_ones(row, tmp_path):
    first = row.run()["id"]
    row.parcels["p03"] = affinity.translate(row.parcels["p03"], 2, 1)
    second = row.run(first)
    row.parcels["new"] = box(700, 0, 720, 9)
    del row.parcels["p21"]
    row.plan[2] = affinity.scale(row.plan[2], 0.9, 1)
    row.add_plan("2")
    third = row.run(second["id"])
    whole = row.run()
    assert (second["computed"], whole["computed"]) == (3, 3 * 23) and 6 < third["computed"] < 20
    assert row.kept(third["id"]) == row.kept(whole["id"])
    assert row.desk.run("verify", row.desk.library, "--run", third["id"]).json["problems"] == []
    assert row.sources(second["id"])[GIVEN] == (first, 1)
    referring = row.sources(third["id"])
    # The third has from the first what the second had from there: nobody goes through several runs.
    assert {run for run, _ in referring.values()} == {first} and referring[GIVEN] == (first, 3)
    copy = tmp_path / "copy.gpkg"
    assert row.desk.run("copy", row.desk.library, copy).code == 0
    assert row.kept(third["id"], copy) == row.kept(third["id"])
    for parcel in ("p00", "p03", "p08", "new"):
        told = [row.desk.run("explain", copy, run["id"], parcel, "plan").json["steps"][1:] for run in (third, whole)]
        assert told[0] == told[1]


def test_rows_of_one_parcel_and_single_columns_are_those_of_the_whole_table(row):
    first = row.run()["id"]
    row.parcels["p10"] = affinity.translate(row.parcels["p10"], 0, 2)
    run = row.run(first)["id"]
    with open_library(str(row.desk.library)) as library:
        every = stored_rows(library, run, "findings")
        for parcel in ("p02", "p10"):
            mine = [item.content for item in every if item.values["parcel"] == parcel]
            assert [item.content for item in stored_rows(library, run, "findings", parcel=parcel)] == mine != []
        names = ("parcel", "verdict")
        assert list(stored_values(library, run, "findings", names)) == [
            tuple(item.values[name] for name in names) for item in every
        ]


def test_parcels_in_another_order_are_kept_whole(row):
    first = row.run()["id"]
    row.parcels = dict(reversed(row.parcels.items()))
    again, whole = row.run(first), row.run()
    assert row.sources(again["id"]) == {} and row.kept(again["id"]) == row.kept(whole["id"])


def test_a_reference_or_the_rows_it_names_that_are_damaged_are_refused(row):
    first = row.run()["id"]
    row.parcels["p03"] = affinity.translate(row.parcels["p03"], 2, 1)
    run = row.run(first)["id"]
    for which, place in ((first, "first >= 0"), (run, "first = -1")):
        with sqlite3.connect(row.desk.library) as connection:
            sql = f"UPDATE onemap_run_blocks SET content = substr(content, 1, 9) WHERE name = 'findings' AND {place}"
            connection.execute(f"{sql} AND run = ?", (which,))
        connection.close()
        answer = row.desk.run("explain", row.desk.library, run, "p05", "plan")
        assert (answer.code, answer.codes) == (3, ["run.damaged"])

"""Large plans are compared block by block on disk: the spots equal those in memory, and a killed run resumes."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from onemap.layers.errors import Cancelled
from onemap.layers.files.journal_folder import Journal
from onemap.layers.progress import Progress
from onemap.rules.answers.compare.matrix import parse_matrix
from onemap.rules.answers.compare.pieces import overlaid
from onemap.rules.answers.compare.spots import Limits, spots_of
from onemap.rules.contract.declaration import VerbContext, checked_values
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.conftest import ROOT, wait_for
from onemap.tests.rules.answers.compare.conftest import MATRIX
from onemap.tests.rules.answers.compare.test_identities import MAPS, plan
from onemap.tests.rules.command import command

THREADS = Threads()
SIDE = 24  # squares along each side of the plans
CODES = {"A": ["07", "03", "01", "19"], "B": ["R", "M", "E"]}


def pieces_and_spots(plans, matrix, near=None, journal=None):
    """The pieces' rows and the spots, all that a comparison finds of two plans."""
    ground = overlaid(*plans, THREADS, near, journal)
    spots = spots_of(ground, plans, matrix, Limits(2.0, 50.0), THREADS, (38_500_000.0, 4_200_000.0), journal)
    bodies = shapely.to_wkb(ground.geometries(np.arange(len(ground.a))))
    return [ground.a, ground.b, ground.area_m2, bodies, shapely.to_wkb(spots.geometries)], spots.columns


def are_the_same(one, other):
    for first, second in zip(one[0], other[0], strict=True):
        assert_array_equal(first, second)
    assert_frame_equal(one[1], other[1], check_exact=True)


def squares(seed):
    """Squares with uses by chance, the second plan's moved by a third: some of a kind touch over many blocks."""
    dice = np.random.default_rng(seed)
    x, y = np.divmod(np.arange(SIDE**2), SIDE)
    west, south = 30.0 * x + 10 * seed, 30.0 * y + 10 * seed
    side = "AB"[seed]
    return list(zip(shapely.box(west, south, west + 30, south + 30), dice.choice(CODES[side], SIDE**2), strict=True))


@pytest.fixture
def two_plans(table):
    ground = shapely.box(0, 0, 30 * SIDE + 10, 30 * SIDE + 10)
    for seed, code in enumerate("AB"):
        table.plan(code, squares(seed), covers=ground)
    return table


@pytest.mark.slow
def test_blocks_say_of_real_parcels_of_two_years_what_memory_says(shared_data, tmp_path, monkeypatch):
    file, matrix, plans, corner = (
        shared_data / "cambridge" / "transplant_epsg4547.gpkg",
        parse_matrix(MAPS, "m"),
        [],
        None,
    )
    for year, side in ((2013, matrix.a), (2014, matrix.b)):
        frame = pyogrio.read_dataframe(file, layer=f"parcels_{year}")
        corner = frame.total_bounds[:2] - 40_000 if corner is None else corner
        local = shapely.transform(shapely.make_valid(frame.geometry.to_numpy()), lambda xy, by=corner: xy - by)
        west, south, east, north = shapely.total_bounds(local)
        middle = shapely.box(*(np.array([west + east, south + north] * 2) / 2 + [-450, -450, 450, 450]))
        rows = np.flatnonzero(np.isin(shapely.get_type_id(local), (3, 6)) & shapely.intersects(local, middle))
        plans.append(
            plan(str(year), list(zip(local[rows], frame["MAP"].iloc[rows], strict=True)), side, matrix, middle)
        )
    assert min(len(one.polygons) for one in plans) > 500
    whole = pieces_and_spots(plans, matrix)
    assert len(whole[1]) > 300
    monkeypatch.setenv("ONEMAP_BLOCK", "60")
    are_the_same(pieces_and_spots(plans, matrix), whole)
    folder = tmp_path / "work"
    folder.mkdir()
    are_the_same(pieces_and_spots(plans, matrix, journal=Journal(folder)), whole)
    assert len(list(folder.glob("common-*"))) > 8 and len(list(folder.glob("spots-*"))) > 2
    # What is there already is taken as it is.
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    are_the_same(pieces_and_spots(plans, matrix, journal=Journal(folder)), whole)
    assert kept == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    near = shapely.from_wkb(whole[0][-1])[::7]
    monkeypatch.delenv("ONEMAP_BLOCK")
    some = pieces_and_spots(plans, matrix, near)
    monkeypatch.setenv("ONEMAP_BLOCK", "60")
    are_the_same(pieces_and_spots(plans, matrix, near), some)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [2, pytest.param(60, marks=pytest.mark.nightly)])
def test_killed_at_any_moment_the_same_command_goes_on_and_gives_the_same_rows(two_plans, blocks, monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "20")
    given = ["compare", two_plans.library, "A", "B", "--matrix", two_plans.matrix(MATRIX)]
    work = two_plans.folder / "library.gpkg.work.part"
    program = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py", *given, "--json", "--progress", "none"]
    child = subprocess.Popen(list(map(str, program)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(child, lambda: len(finished_blocks(work)) >= blocks)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    before = len(finished_blocks(work))
    answer = command(*given).json
    (resumption,) = (problem for problem in answer["problems"] if problem["code"] == "journal.resumed")
    assert f": {before} of its " in resumption["message"]
    assert not work.exists()
    monkeypatch.delenv("ONEMAP_BLOCK")
    again = command(*given).json
    assert again["problems"] == []
    for name in ("spots", "area_m2", "matrix"):
        assert again[name] == answer[name]
    assert command("verify", two_plans.library, "--run", answer["run"]["id"]).json["problems"] == []


def finished_blocks(work):
    """The blocks that are finished."""
    return [path for path in work.glob("compare-*/*-*") if path.name.rpartition("-")[2].isdecimal()]


@pytest.mark.slow
def test_against_an_earlier_comparison_blocks_say_what_memory_says(two_plans, monkeypatch):
    first = two_plans.compare().answer["run"]["id"]
    changed = squares(1)
    changed[100] = (changed[100][0], "E" if changed[100][1] != "E" else "R")
    two_plans.plan("B", changed, covers=shapely.box(0, 0, 30 * SIDE + 10, 30 * SIDE + 10), label="v2")
    whole = two_plans.compare(against=first).answer
    monkeypatch.setenv("ONEMAP_BLOCK", "20")
    found = two_plans.compare(against=first).answer
    assert found["changed"] == whole["changed"] and found["changed"]["new"]
    assert found["run"]["computed"] == whole["run"]["computed"] < whole["spots"]
    assert pd.DataFrame(found["matrix"]).equals(pd.DataFrame(whole["matrix"]))


@pytest.mark.slow
def test_what_a_cancelled_comparison_left_is_not_taken_for_other_limits(two_plans, monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "20")
    first = two_plans.compare().answer["run"]["id"]
    changed = squares(1)
    changed[100] = (changed[100][0], "E" if changed[100][1] != "E" else "R")
    two_plans.plan("B", changed, covers=shapely.box(0, 0, 30 * SIDE + 10, 30 * SIDE + 10), label="v2")
    work = two_plans.folder / "library.gpkg.work.part"

    def report(fraction, step):
        if len(finished_blocks(work)) > 3:
            raise Cancelled

    given = {"library": str(two_plans.library), "a": "A", "b": "B", "against": first}
    given["matrix"] = str(two_plans.matrix(MATRIX))
    with pytest.raises(Cancelled):
        VERBS["compare"].run(checked_values(VERBS["compare"], given), VerbContext("en", Progress(report)))
    assert len(finished_blocks(work)) > 3
    found = two_plans.compare(against=first, min_area="901").answer
    assert [problem["code"] for problem in found["problems"]] == ["compare.asked_otherwise"]
    monkeypatch.delenv("ONEMAP_BLOCK")
    assert command("verify", two_plans.library, "--run", found["run"]["id"]).json["problems"] == []

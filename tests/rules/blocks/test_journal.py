"""A check that was killed goes on where it was; one that is done, refused or another leaves and takes nothing."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from shapely import box

from onemap.tests.conftest import ROOT
from onemap.tests.rules.test_incremental import RULES, Town


@pytest.fixture
def town(desk):
    made = Town(desk, 5)
    desk.pack(*RULES)
    desk.parcels(made.parcels, {"USE": made.wanted})
    return made


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "7")


def started(desk, *more):
    """`check` as a program of its own."""
    command = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py", "check", desk.library]
    given = [desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--json", "--lang", "en"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(list(map(str, [*command, *given, *more])), **pipes)


def work(desk):
    return desk.folder / "library.gpkg.work.part"


def finished(desk):
    return [path for path in work(desk).glob("check-*/done/*") if path.suffix != ".part"]


def killed_after(desk, blocks, *more):
    """The program, ended by the system as soon as so many blocks are finished."""
    child = started(desk, *more)
    while len(finished(desk)) < blocks:
        assert child.poll() is None, child.communicate()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    return len(finished(desk))


def answer_of(child):
    out, error = child.communicate(timeout=120)
    return json.loads(out), error.decode()


def rows_differ(desk, run):
    return desk.run("verify", desk.library, "--run", run).json["problems"]


@pytest.mark.parametrize("blocks", [1, 5, 8])
def test_killed_at_any_moment_the_same_command_goes_on_and_gives_the_same_rows(town, blocks):
    before = killed_after(town.desk, blocks)
    said, error = answer_of(started(town.desk))
    (told,) = (problem for problem in said["problems"] if problem["code"] == "journal.resumed")
    assert f"{before} of its 9 blocks" in told["message"]
    assert rows_differ(town.desk, said["run"]["id"]) == []
    assert not work(town.desk).exists()


def test_a_run_that_is_done_leaves_nothing(town):
    said, _ = answer_of(started(town.desk))
    assert said["parcels"] == 60 and not work(town.desk).exists()


def test_a_refused_run_leaves_nothing(town):
    town.desk.pack(*RULES, {"id": "odd", "layer": "PLAN", "where": "NOWHERE = 1"})
    said, _ = answer_of(started(town.desk))
    assert [problem["code"] for problem in said["problems"]] == ["rule.field"]
    assert not work(town.desk).exists()


def test_another_question_takes_nothing_from_a_journal_that_is_not_its_own(town):
    killed_after(town.desk, 3)
    town.parcels["P0"] = box(0, 0, 31, 30)
    town.desk.parcels(town.parcels, {"USE": town.wanted})
    said, _ = answer_of(started(town.desk))
    assert not any(problem["code"] == "journal.resumed" for problem in said["problems"])
    assert rows_differ(town.desk, said["run"]["id"]) == [] and len(finished(town.desk)) >= 3


def test_a_new_version_of_a_layer_is_another_question(town):
    killed_after(town.desk, 3)
    town.uses = list(np.roll(town.uses, 1))
    town.add_plan("b")
    said, _ = answer_of(started(town.desk))
    assert not any(problem["code"] == "journal.resumed" for problem in said["problems"])
    assert rows_differ(town.desk, said["run"]["id"]) == []


def test_a_block_that_was_torn_is_judged_again(town):
    killed_after(town.desk, 4)
    (first, *_) = sorted(finished(town.desk))
    torn = first / "findings.parquet"
    torn.write_bytes(torn.read_bytes()[:-9])
    said, _ = answer_of(started(town.desk))
    assert rows_differ(town.desk, said["run"]["id"]) == []

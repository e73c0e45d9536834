"""A killed check resumes where it was; a finished, refused or different one leaves and takes nothing."""

import os
import signal

import numpy as np
import pytest
from shapely import box

from onemap.layers.errors import Cancelled
from onemap.layers.files import journal_folder
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import VerbContext, checked_values
from onemap.rules.judge.distributed import journal
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.conftest import wait_for
from onemap.tests.rules.changing_town import RULES
from onemap.tests.rules.command import command
from onemap.tests.rules.judge.distributed.conftest import (
    arguments,
    finished_blocks,
    put_in_a_row,
    rows_differ,
    start_program,
    work,
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "7")


def killed_after(desk, blocks):
    """The program, killed once this many blocks are finished; return how many are finished at the end."""
    child = start_program(desk)
    wait_for(child, lambda: len(finished_blocks(desk)) >= blocks)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    return len(finished_blocks(desk))


def run_check(desk, report):
    """`check` in this process, with a report of its own."""
    _, library, parcels, _, pack = arguments(desk)
    given = {"library": str(library), "parcels": str(parcels), "pack": [str(pack)]}
    return VERBS["check"].run(checked_values(VERBS["check"], given), VerbContext("en", Progress(report)))


def cancelled_after(desk, blocks):
    """Cancel `check` once this many blocks are finished; return how many are finished at the end."""

    def report(fraction, step):
        if len(finished_blocks(desk)) >= blocks:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_check(desk, report)
    return len(finished_blocks(desk))  # what is being written is written to its end


@pytest.mark.slow
@pytest.mark.parametrize("is_row", [False, True], ids=["scattered", "in a row"])
@pytest.mark.parametrize("blocks", [1, pytest.param(5, marks=pytest.mark.nightly), 8])
def test_killed_at_any_moment_the_same_command_goes_on_and_gives_the_same_rows(town, blocks, is_row):
    if is_row:  # then rows are written while others are judged
        put_in_a_row(town)
    before = killed_after(town.desk, blocks)
    outcome = command(*arguments(town.desk)).json
    (resumption,) = (problem for problem in outcome["problems"] if problem["code"] == "journal.resumed")
    assert f"{before} of its 9 blocks" in resumption["message"]
    assert rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_row", [False, True], ids=["scattered", "in a row"])
def test_a_cancelled_check_goes_on_where_it_was_and_says_so(town, is_row):
    if is_row:
        put_in_a_row(town)
    before = cancelled_after(town.desk, 3)
    assert 3 <= before < 9
    steps = []
    run_check(town.desk, lambda fraction, step: steps.append((fraction, step)))
    assert any(f"{before} of its 9 blocks" in step for _, step in steps)
    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions) and fractions[-1] == 1


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_same_command_goes_on_once_there_is_room(town, monkeypatch):
    write = journal.write_rows

    def full(*given, **how):
        write(*given, **how)
        if len(finished_blocks(town.desk)) == 2:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "write_rows", full)
        answer = command(*arguments(town.desk))
    assert answer.code == 3 and answer.codes == ["journal.failed"]
    assert "the disk is full" in answer.json["problems"][0]["message"]
    assert len(list(work(town.desk).glob("check-*/done/*"))) == 2
    outcome = command(*arguments(town.desk)).json
    assert rows_differ(town.desk, outcome["run"]["id"]) == []


def test_a_refused_run_leaves_nothing(town):
    town.desk.pack(*RULES, {"id": "odd", "layer": "PLAN", "where": "NOWHERE = 1"})
    outcome = command(*arguments(town.desk)).json
    assert [problem["code"] for problem in outcome["problems"]] == ["rule.field"]
    assert not work(town.desk).exists()


@pytest.mark.slow
def test_other_parcels_and_a_new_version_of_a_layer_are_other_questions_and_take_nothing(town):
    cancelled_after(town.desk, 3)
    file = town.desk.folder / "parcels.gpkg"
    first = file.read_bytes()

    def takes_nothing():
        outcome = command(*arguments(town.desk)).json
        assert not any(problem["code"] == "journal.resumed" for problem in outcome["problems"])
        assert rows_differ(town.desk, outcome["run"]["id"]) == [] and len(finished_blocks(town.desk)) >= 3

    town.parcels["P0"] = box(0, 0, 31, 30)
    town.desk.parcels(town.parcels, {"USE": town.wanted})
    takes_nothing()
    file.write_bytes(first)  # written anew it would have another hash, and be another question for that alone
    town.uses = list(np.roll(town.uses, 1))
    town.add_plan("b")
    takes_nothing()


@pytest.mark.slow
def test_one_that_was_killed_while_it_removed_its_folder_leaves_no_half_of_a_journal(town, monkeypatch):
    def killed(folder, **how):
        next((folder / "parcels").glob("*.arrow")).unlink()

    with monkeypatch.context() as patched:
        patched.setattr(journal_folder.shutil, "rmtree", killed)
        command(*arguments(town.desk))
    assert work(town.desk).exists()
    outcome = command(*arguments(town.desk)).json
    assert outcome["problems"] == [] and rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_row", [False, True], ids=["scattered", "in a row"])
def test_a_block_that_was_torn_is_judged_again(town, is_row):
    if is_row:
        put_in_a_row(town)
    cancelled_after(town.desk, 4)
    (torn, *_) = sorted(finished_blocks(town.desk))
    torn.write_bytes(torn.read_bytes()[:-9])
    outcome = command(*arguments(town.desk)).json
    assert rows_differ(town.desk, outcome["run"]["id"]) == []

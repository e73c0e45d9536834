"""Blocks on a cluster give equal rows, read only, and a worker that dies costs only its own block."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter

import pytest
from shapely import affinity

from onemap.rules.judge.distributed import cluster, cluster_task
from onemap.rules.judge.inputs import subdivision_store
from onemap.tests.conftest import ROOT, wait_for
from onemap.tests.rules.changing_town import RULES
from onemap.tests.rules.command import command, done
from onemap.tests.rules.judge.distributed.conftest import (
    answer_of,
    arguments,
    finished_blocks,
    rows_differ,
    start_program,
    work,
)

distributed = pytest.importorskip("distributed")
psutil = pytest.importorskip("psutil")
# Two workers that are threads here.
OPTIONS = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
OPTIONS |= {"processes": False, "protocol": "tcp://"}


@pytest.fixture(autouse=True)
def three_blocks(monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "20")


@pytest.fixture(scope="module")
def address():
    """A scheduler with two workers that are threads here."""
    with distributed.LocalCluster(**OPTIONS) as workers:
        yield workers.scheduler_address


def workers_of(child):
    """The processes that judge blocks for a program."""
    family = psutil.Process(child.pid).children(recursive=True)
    return [one for one in family if "spawn_main" in " ".join(one.cmdline())]


@pytest.mark.slow
def test_processes_here_say_what_one_process_says_though_one_of_them_is_killed(town, monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "7")  # so that there is work left for who is killed
    child = start_program(town.desk, "--scheduler", "local", "--workers", "2")
    wait_for(child, lambda: len(finished_blocks(town.desk)) > 0)
    os.kill(workers_of(child)[-1].pid, signal.SIGKILL)
    outcome, error = answer_of(child)
    assert error == "" and outcome["parcels"] == 60
    assert rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists()


@pytest.mark.slow
def test_workers_of_a_scheduler_give_the_same_rows_without_shared_storage(town, address, monkeypatch):
    monkeypatch.setattr(cluster.Cluster, "_see", lambda self, folder: False)
    outcome = command(*arguments(town.desk, "--scheduler", address)).json
    assert outcome["parcels"] == 60 and rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists()


@pytest.mark.slow
def test_workers_with_a_shared_folder_need_neither_the_library_nor_the_journal(town, address, monkeypatch, tmp_path):
    def gone(*given, **more):
        raise AssertionError("a worker opened the library")

    monkeypatch.setattr(cluster_task, "open_library", gone)
    monkeypatch.setattr(cluster.Cluster, "_see", lambda self, file: file.name != "lock")
    folder = tmp_path / "shared"
    for _ in range(2):
        outcome = command(*arguments(town.desk, "--scheduler", address, "--shared", folder)).json
        assert outcome["parcels"] == 60 and rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists() and not list(folder.glob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_worker_cuts_a_large_polygon_once_for_all_its_blocks(town, address, monkeypatch, tmp_path, is_shared):
    """Of the folder that workers share, or of the library, which they see; the rows are the same."""
    monkeypatch.setenv("ONEMAP_BLOCK", "7")
    cut, keep = Counter(), subdivision_store._keep

    def keep_and_note(library, name, made):
        cut.update((name, fid) for fid in made)
        keep(library, name, made)

    monkeypatch.setattr(subdivision_store, "WORTH_VERTICES", 3)
    monkeypatch.setattr(subdivision_store, "_keep", keep_and_note)
    more = ["--shared", tmp_path / "shared"] if is_shared else []
    outcome = command(*arguments(town.desk, "--scheduler", address, *more)).json
    assert cut and max(cut.values()) <= 2  # workers; there are nine blocks
    assert outcome["parcels"] == 60 and rows_differ(town.desk, outcome["run"]["id"]) == []
    assert not work(town.desk).exists()


def test_a_folder_that_workers_do_not_see_is_refused(town, address, monkeypatch, tmp_path):
    monkeypatch.setattr(cluster.Cluster, "_see", lambda self, file: file.name == "lock")
    answer = command(*arguments(town.desk, "--scheduler", address, "--shared", tmp_path / "shared"))
    assert answer.code == 3 and answer.codes == ["cluster.not_shared"]


@pytest.mark.slow
def test_a_shared_folder_that_is_lost_is_told_and_the_same_command_goes_on(town, address, monkeypatch, tmp_path):
    folder = tmp_path / "shared"
    open_shared = cluster_task.open_shared

    def lost(facts):
        for path in folder.glob("*.parquet"):
            path.unlink()
        return open_shared(facts)

    monkeypatch.setattr(cluster_task, "open_shared", lost)
    answer = command(*arguments(town.desk, "--scheduler", address, "--shared", folder))
    assert answer.code == 3 and answer.codes == ["cluster.shared"] and work(town.desk).exists()
    monkeypatch.setattr(cluster_task, "open_shared", open_shared)
    shutil.rmtree(folder)
    outcome = command(*arguments(town.desk, "--scheduler", address, "--shared", folder)).json
    assert rows_differ(town.desk, outcome["run"]["id"]) == []


@pytest.mark.slow
def test_a_shared_folder_without_a_cluster_or_beside_an_earlier_run_is_wrong_usage(town, address, tmp_path):
    alone = command(*arguments(town.desk, "--shared", tmp_path))
    assert alone.code == 2 and alone.codes == ["usage.alone"]
    first = command(*arguments(town.desk)).json["run"]["id"]
    apart = command(*arguments(town.desk, "--scheduler", address, "--shared", tmp_path, "--against", first))
    assert apart.code == 2 and apart.codes == ["usage.apart"]


@pytest.mark.slow
def test_a_run_against_an_earlier_one_is_the_same_on_a_cluster(town, address):
    first = command(*arguments(town.desk)).json["run"]["id"]
    town.parcels["P3"] = affinity.translate(town.parcels["P3"], 5, 5)
    town.desk.parcels(town.parcels, {"USE": town.wanted})
    outcome = command(*arguments(town.desk, "--scheduler", address, "--against", first)).json
    assert outcome["run"]["computed"] == len(RULES)
    assert rows_differ(town.desk, outcome["run"]["id"]) == []


def test_what_a_worker_refuses_is_refused_here_and_nothing_is_left(town, address):
    town.desk.pack(*RULES, {"id": "odd", "layer": "PLAN", "where": "NOWHERE = 1"})
    answer = command(*arguments(town.desk, "--scheduler", address))
    assert answer.code == 3 and answer.codes == ["rule.field"]
    assert not work(town.desk).exists()


def test_workers_with_other_software_are_refused(town, address, monkeypatch):
    monkeypatch.setattr(cluster, "software_versions", lambda: {**real(), "geos": "3.9.0"})
    answer = command(*arguments(town.desk, "--scheduler", address))
    assert answer.codes == ["cluster.software"] and "3.9.0" in answer.json["problems"][0]["message"]


real = cluster.software_versions


def test_a_scheduler_that_is_not_there_is_named_with_the_mend(town, monkeypatch):
    monkeypatch.setattr(cluster, "_REACH_S", 0.2)
    answer = command(*arguments(town.desk, "--scheduler", "tcp://127.0.0.1:9"))
    (problem,) = answer.json["problems"]
    assert answer.code == 3 and problem["code"] == "cluster.unreachable" and "tcp://127.0.0.1:9" in problem["message"]


def test_without_the_extra_the_option_names_it(town, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    answer = command(*arguments(town.desk, "--scheduler", "local"))
    assert answer.code == 3 and answer.codes == ["cluster.not_installed"]
    assert "requirements/cluster.txt" in answer.json["problems"][0]["mend"]


def test_an_address_that_is_none_is_wrong_usage(town):
    assert command(*arguments(town.desk, "--scheduler", "somewhere")).code == 2


@pytest.mark.slow
def test_nothing_of_dask_is_loaded_without_the_option(town):
    words = [str(word) for word in arguments(town.desk)]
    program = (
        "import sys; from onemap.rules.verbs.commands.command_line import main; "
        f"assert main({words!r}) == 0; assert not {{'dask', 'distributed'}} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=environment, capture_output=True)


@pytest.mark.slow
def test_a_library_on_a_server_is_checked_in_blocks_and_on_a_cluster_with_the_same_rows(
    town, address, postgis, monkeypatch
):
    caches = town.desk.folder / "caches"
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    monkeypatch.setenv("LOCALAPPDATA", str(caches))
    server = f"{postgis.database().url}&schema=town"
    done("copy", town.desk.library, server)
    _, _, *words = arguments(town.desk)
    for more in ((), ("--scheduler", address)):
        outcome = done("check", server, *words, *more).json
        assert done("verify", server, "--run", outcome["run"]["id"]).json["problems"] == []
    assert not [path for path in caches.rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("code", ["cluster.unreachable", "cluster.no_workers"])
def test_a_scheduler_or_workers_that_go_away_are_told_and_the_same_command_goes_on(town, address, monkeypatch, code):
    monkeypatch.setenv("ONEMAP_BLOCK", "7")  # so that there is work left
    keep = cluster.Cluster._keep_block
    with monkeypatch.context() as going, distributed.LocalCluster(**OPTIONS) as others:

        def keep_last(self, *block):
            kept = keep(self, *block)
            if code == "cluster.unreachable":
                others.close()
            else:
                others.scale(0)
            return kept

        going.setattr(cluster, "_ALONE_S", 1.0)
        going.setattr(cluster.Cluster, "_keep_block", keep_last)
        answer = command(*arguments(town.desk, "--scheduler", others.scheduler_address))
    assert (answer.code, answer.codes) == (3, [code])
    assert finished_blocks(town.desk)
    outcome = command(*arguments(town.desk, "--scheduler", address)).json
    assert outcome["parcels"] == 60 and not work(town.desk).exists()

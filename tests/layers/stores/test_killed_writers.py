"""A core or a server killed in mid-step leaves the library as before the step, or as after it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.tests.conftest import ROOT, wait_for
from onemap.tests.layers.conftest import DEFINE
from onemap.tests.postgis_server import (
    Absent,
    Database,
    as_owner,
    end_server,
    owner_of_server,
    programs_of_postgresql,
    running,
    start_server,
)
from onemap.tests.rules.command import done

CORE = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]
ADD = ("--as", "T", "--define", DEFINE.format("polygon"), "--covers", "extent")


def test_an_add_that_is_cancelled_in_mid_copy_leaves_no_trace(server_shelf, squares):
    def cancel(fraction: float, step: str) -> None:
        if fraction > 0.6:
            raise Cancelled

    wishes = AddOptions(code="T", define=DEFINE.format("polygon"), covers="extent")
    with pytest.raises(Cancelled), open_library(server_shelf.url) as library:
        Intake(library, lambda code: (), "me", "en").add(str(squares), wishes, Progress(cancel))
    assert server_shelf.rows("SELECT action FROM onemap_audit") == [("new",)]
    assert server_shelf.rows("SELECT to_regclass('city.\"T__1\"')") == [(None,)]


@pytest.mark.slow
def test_a_core_that_is_killed_while_it_writes_leaves_no_trace(server_shelf, squares):
    with psycopg.connect(server_shelf.database.url) as holder:
        # Whoever reads the log so holds the add back at its very end, where it is killed.
        holder.execute("LOCK TABLE city.onemap_audit IN EXCLUSIVE MODE")
        core = subprocess.Popen([*CORE, "add", server_shelf.url, str(squares), *ADD], stdout=subprocess.DEVNULL)
        waiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'onemap' AND wait_event_type = 'Lock'"
        wait_for(core, lambda: len(server_shelf.rows(waiting)) > 0)
        ((waiter,),) = server_shelf.rows(waiting)
        os.kill(core.pid, signal.SIGKILL)
        core.wait(60)
        server_shelf.rows(f"SELECT pg_terminate_backend({waiter}, 10000)")
    assert server_shelf.rows("SELECT action FROM onemap_audit") == [("new",)]
    assert server_shelf.rows("SELECT to_regclass('city.\"T__1\"')") == [(None,)]
    assert server_shelf.add(squares).json["table"] == "T__1"


@pytest.fixture
def own_server():
    """A server of this test's own, and a way to kill it and start it again."""
    try:
        programs, owner = programs_of_postgresql(), owner_of_server()
        as_owner(owner)
    except Absent as reason:
        pytest.skip(str(reason))
    folder = Path(tempfile.mkdtemp(prefix="onemap-pg-", dir="/tmp"))  # a socket's path must be short
    if os.geteuid() == 0:
        os.chown(folder, *owner)
    processes = [start_server(folder, owner, programs)]

    def again() -> None:
        end_server(processes[-1])
        processes.append(running(folder, owner, programs))

    database = Database("postgres", folder, programs)
    database.run("CREATE EXTENSION postgis")
    yield database, again
    end_server(processes[-1])
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_server_that_is_killed_in_mid_step_comes_back_with_the_state_before(own_server, squares):
    database, again = own_server
    url = f"{database.url}&schema=city"
    done("new", url, "--crs", "EPSG:4547")
    done("add", url, squares, *ADD)
    before = done("layers", url).json

    def write_until_killed(restart: Callable[[], None]) -> None:
        with open_library(url) as library, library.writing() as connection:
            connection.execute("DELETE FROM onemap_versions")
            connection.append_log("", "me", "lose", "T", "{}", "")
            restart()
            connection.execute("DELETE FROM onemap_runs")

    with pytest.raises(OneMapError) as refused:
        write_until_killed(again)
    assert refused.value.code == "library.connection_lost"
    assert done("layers", url).json == before
    assert done("verify", url).json["ok"]
    assert (
        done("add", url, squares, "--as", "T", "--covers", "extent", "--valid-from", "2024-01-01").json["table"]
        == "T__2"
    )

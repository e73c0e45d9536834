"""A PostGIS server for the plugin's tests, with libraries of the town made by an account with a password."""

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from onemap.plugin.connection.core_session import core_python
from onemap.tests.plugin.other_desk import core, in_core
from onemap.tests.plugin.small_town import CRS, wait_for

KEEPER = Path(__file__).with_name("server_keeper.py")
PASSWORD = "Geheim-4711-密"  # of an account that lives as long as the test


@dataclass(frozen=True)
class TownServer:
    """The server's address, and the core at another desk on it."""

    address: str
    folder: str

    def core(self, *words):
        """Run a verb as the account that owns the libraries."""
        core(*words, PGUSER="guarded", PGPASSWORD=PASSWORD)

    def library(self, schema, town):
        """Make the town's library in a schema of its own."""
        location = f"{self.address}&schema={schema}"
        files = ["--district", town / "district.gpkg", "--pack", town / "pack.toml"]
        self.core("new", location, "--crs", CRS, "--name", "Town", *files)
        return SimpleNamespace(address=self.address, location=location, folder=self.folder, core=self.core)


@contextlib.contextmanager
def town_server():
    """Run the server within the block; skip if it is not available."""
    if core_python() is None:
        pytest.skip("the core's Python is not set up")
    process = in_core(KEEPER, PASSWORD)
    try:
        facts = json.loads(process.stdout.readline() or '{"absent": "the core has not the tests\' own packages"}')
        if "absent" in facts:
            pytest.skip(facts["absent"])
        yield TownServer(f"postgresql:///{facts['database']}?host={facts['folder']}", facts["folder"])
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


@contextlib.contextmanager
def locked(server, table):
    """Hold a table by another session within the block, as whoever changes it in an open transaction."""
    command = ["psql", "-X", "-q", "-A", "-t", f"{server.address}&user=guarded"]
    login = {**os.environ, "PGPASSWORD": PASSWORD}
    session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=login, encoding="utf-8")
    session.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
    session.stdin.flush()
    assert session.stdout.readline().strip() == "held"
    yield
    session.communicate()  # ends it, and its transaction


def end_server_of(folder):
    """End a server at once, as a machine that fails; returns the command that had begun it."""
    number = int((Path(folder) / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    command = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8").split("\0")[:-1]
    os.kill(number, signal.SIGQUIT)
    wait_for(lambda: subprocess.run(ready_command(folder, command), check=False).returncode != 0)
    return command


@contextlib.contextmanager
def restart_server(folder, command):
    """Run the same server again within the block, as the user who owns its data."""
    owner = os.stat(Path(folder) / "data")
    rights = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **rights)
    try:
        wait_for(lambda: subprocess.run(ready_command(folder, command), check=False).returncode == 0)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=60)


def ready_command(folder, command):
    """Asks whether a server answers."""
    return [str(Path(command[0]).with_name("pg_isready")), "-q", "-h", str(folder)]

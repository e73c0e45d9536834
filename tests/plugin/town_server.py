"""A PostGIS server for the plugin's tests, and libraries of the town on it, made by an account that has a password."""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

import onemap
from onemap.plugin.connection.core_session import core_python
from onemap.plugin.profile.paths import FOLDER
from onemap.tests.plugin.small_town import CRS

KEEPER = Path(__file__).with_name("server_keeper.py")
PASSWORD = "Geheim-4711-密"  # of an account that lives as long as the test


@dataclass(frozen=True)
class TownServer:
    """Where the server is, and what the core does on it at another desk."""

    address: str
    folder: str

    def core(self, *words):
        """Run a verb as the account that owns the libraries."""
        login = {**os.environ, "PGUSER": "guarded", "PGPASSWORD": PASSWORD}
        command = [str(core_python().path), "-I", str(FOLDER / "__main__.py"), *map(str, words)]
        subprocess.run(command, env=login, check=True, stdout=subprocess.DEVNULL)

    def library(self, schema, town):
        """Make the town's library in a schema of its own."""
        location = f"{self.address}&schema={schema}"
        files = ["--district", town / "district.gpkg", "--pack", town / "pack.toml"]
        self.core("new", location, "--crs", CRS, "--name", "Town", *files)
        return SimpleNamespace(address=self.address, location=location, folder=self.folder, core=self.core)


@contextlib.contextmanager
def town_server():
    """The server for as long as it is wanted; skips where it cannot be had."""
    python = core_python()
    if python is None:
        pytest.skip("the core's Python is not set up")
    environment = {**os.environ, "PYTHONPATH": str(Path(onemap.__path__[0]).absolute().parent)}
    command = [str(python.path), "-P", "-X", "utf8", str(KEEPER), PASSWORD]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    )
    try:
        facts = json.loads(process.stdout.readline() or '{"absent": "the core has not the tests\' own packages"}')
        if "absent" in facts:
            pytest.skip(facts["absent"])
        yield TownServer(f"postgresql:///{facts['database']}?host={facts['folder']}", facts["folder"])
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()

"""A PostGIS server for the plugin's tests, with libraries of the town made by an account with a password."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from onemap.plugin.connection.core_session import core_python
from onemap.tests.plugin.other_desk import core, in_core
from onemap.tests.plugin.small_town import CRS

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

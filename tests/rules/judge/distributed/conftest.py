"""A town to check in blocks, and `check` as a separate program."""

import json
import subprocess
import sys

import pytest

from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command


@pytest.fixture
def town(made_town, tmp_path):
    """A copy of the town, which a test may change: 60 parcels, a pack of every kind of rule."""
    return made_town.copied(tmp_path / "town", command)


def put_in_a_row(town):
    """Sort the town's parcels from west to east, so that consecutive parcels are neighbours."""
    uses = dict(zip(town.parcels, town.wanted, strict=True))
    town.parcels = dict(sorted(town.parcels.items(), key=lambda item: item[1].bounds))
    town.wanted = [uses[name] for name in town.parcels]
    town.desk.parcels(town.parcels, {"USE": town.wanted})


def arguments(desk, *more):
    """The arguments of `check` for the desk's parcels and the desk's pack."""
    return ["check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", *more]


def start_program(desk, *more):
    """Start this check as a separate program."""
    program = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py"]
    given = [*program, *arguments(desk, *more), "--json", "--lang", "en", "--progress", "none"]
    return subprocess.Popen(list(map(str, given)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def answer_of(child):
    """The answer of a program, once it has ended, and its words on stderr."""
    out, error = child.communicate(timeout=120)
    return json.loads(out), error.decode()


def work(desk):
    """The folder of unfinished work of the desk's library."""
    return desk.folder / "library.gpkg.work.part"


def finished_blocks(desk):
    """The blocks that are finished."""
    return [path for path in work(desk).glob("check-*/done/*") if path.suffix != ".part"]


def rows_differ(desk, run):
    """The differences between a run's rows and those of the same run computed again at once."""
    return command("verify", desk.library, "--run", run).json["problems"]

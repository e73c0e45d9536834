"""A town to check in blocks, and `check` as a program of its own."""

import json
import subprocess
import sys

import pytest

from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command


def in_process(*arguments, lang="en"):
    """One verb in this process; the language is the tests' own."""
    return command(*arguments)


@pytest.fixture
def town(made_town, tmp_path):
    """A copy of the town, which a test may change: 60 parcels, a pack of every kind of rule."""
    return made_town.copied(tmp_path / "town", in_process)


def put_in_a_row(town):
    """The town's parcels from west to east, so that those that follow each other are neighbours."""
    uses = dict(zip(town.parcels, town.wanted, strict=True))
    town.parcels = dict(sorted(town.parcels.items(), key=lambda item: item[1].bounds))
    town.wanted = [uses[name] for name in town.parcels]
    town.desk.parcels(town.parcels, {"USE": town.wanted})


def arguments(desk, *more):
    """`check` of the desk's parcels by the desk's pack."""
    return ["check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", *more]


def start_program(desk, *more):
    """The same as a program of its own."""
    program = [sys.executable, "-I", "-X", "utf8", ROOT / "__main__.py"]
    given = [*program, *arguments(desk, *more), "--json", "--lang", "en", "--progress", "none"]
    return subprocess.Popen(list(map(str, given)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def answer_of(child):
    """What a program said once it has ended, and its words on stderr."""
    out, error = child.communicate(timeout=120)
    return json.loads(out), error.decode()


def work(desk):
    """Where the folders of unfinished work lie."""
    return desk.folder / "library.gpkg.work.part"


def finished_blocks(desk):
    """The blocks that are finished."""
    return [path for path in work(desk).glob("check-*/done/*") if path.suffix != ".part"]


def rows_differ(desk, run):
    """How a run's rows differ from those of a run at once, computed again."""
    return command("verify", desk.library, "--run", run).json["problems"]

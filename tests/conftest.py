"""Fixtures of all core tests: the command line, files made on the spot, and the shared real data."""

import contextlib
import gc
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.layers.gdal_limits import limit_gdal
from onemap.resources.sample_city.working_weeks import write_working_weeks
from onemap.tests.machines import windows_like
from onemap.tests.postgis_server import postgis  # noqa: F401 - a fixture for every test

ROOT = Path(__file__).resolve().parent.parent
limit_gdal()  # as the program does, before GDAL is loaded
gc.disable()  # what is collected stays to the end: to look for circles in it took a third of the collecting
SHARED_DATA = ROOT.parent / "shared" / "data"
SAMPLE_PARCELS = 600


def pytest_collection_finish():
    """Collect garbage again from here on, and only among the objects that tests make."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def years_to_come(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Use a calendar that also has the years unknown to the package, for cases whose day is today."""
    with pytest.MonkeyPatch.context() as patch:
        file = write_working_weeks(tmp_path_factory.mktemp("calendar") / "weeks.calendar.toml")
        patch.setenv("ONEMAP_CALENDAR", str(file))
        yield


@pytest.fixture(autouse=True)
def machine_of_the_folder(request: pytest.FixtureRequest) -> None:
    """Treat files as Windows does in the tests of some folders."""
    if windows_like.runs_here(request.node):
        windows_like.treat_files_as_windows(request.getfixturevalue("monkeypatch"))


@dataclass(frozen=True)
class Answer:
    """The answer of a command: its exit code, its JSON object, and its words on stderr."""

    code: int
    json: dict[str, Any]
    stderr: str

    @property
    def codes(self) -> list[str]:
        return [problem["code"] for problem in self.json["problems"]]

    def done(self) -> "Answer":
        """This answer, of a command that must succeed."""
        assert self.code == 0, self.json
        return self


@pytest.fixture
def onemap(terminal: Callable[..., subprocess.CompletedProcess[bytes]]) -> Callable[..., Answer]:
    """Run one verb in this process as `onemap VERB … --json` would, and read its answer."""

    def run(*arguments: object, lang: str = "en") -> Answer:
        done = terminal(*arguments, "--json", "--lang", lang)
        assert done.stdout.count(b"\n") == 1, done.stdout
        return Answer(done.returncode, json.loads(done.stdout.decode("utf-8")), done.stderr.decode("utf-8"))

    return run


@pytest.fixture
def in_zone() -> Iterator[Callable[[str], None]]:
    """Return a function that puts this machine into a time zone until the test ends."""
    if not hasattr(time, "tzset"):
        pytest.skip("Windows keeps its own zone")
    with pytest.MonkeyPatch.context() as environment:

        def move(zone: str) -> None:
            environment.setenv("TZ", zone)
            time.tzset()

        yield move
    time.tzset()


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[Path], Any], Path], Any]:
    """Return a function that fills a folder with what `make` makes: `make` runs once, and each test gets a copy.

    The function returns the result of `make`, which no test may change.
    """
    made: dict[Callable[[Path], Any], tuple[Path, Any]] = {}

    def fill(make: Callable[[Path], Any], folder: Path) -> Any:
        if make not in made:
            place = tmp_path_factory.mktemp("made")
            made[make] = place, make(place)
        place, returned = made[make]
        shutil.copytree(place, folder, dirs_exist_ok=True)
        return returned

    return fill


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], Any]], Path]:
    """Return a function that gives the folder of a name, filled once for all processes; no test may change it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def folder_of(name: str, make: Callable[[Path], Any]) -> Path:
        folder, begun = shared / name, shared / f"{name}.part"
        while not folder.exists():
            try:
                begun.mkdir()
            except FileExistsError:  # another process makes it
                time.sleep(0.1)
                continue
            try:
                make(begun)
                begun.rename(folder)
            except BaseException:
                shutil.rmtree(begun)
                raise
        return folder

    return folder_of


@pytest.fixture(scope="session")
def sample_city(made_once: Callable[[str, Callable[[Path], Any]], Path]) -> Path:
    """The folder of the sample city's files, with enough parcels for every kind; planted parcels are always there."""
    from onemap.resources.sample_city import make

    return made_once("sample-city", lambda folder: make(folder, parcels=SAMPLE_PARCELS))


@pytest.fixture(scope="session")
def sample_library(
    sample_city: Path,
    made_once: Callable[[str, Callable[[Path], Any]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A copy of the library that the demo makes of the sample city, with every layer that layers.json names."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(ROOT / "resources"))
            from workshop import demo, pythons

            patch.setattr(pythons, "CORE", Path(sys.prefix))
            files = demo.Files(folder)
            files.clear()
            files.city = sample_city
            assert {answer["repaired"] for answer in demo.make_library(files)} == {0}

    return Path(shutil.copy(made_once("sample-library", make) / "city.gpkg", tmp_path_factory.mktemp("library")))


@pytest.fixture
def core() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the core as a separate program, as the plugin does."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": ""}
        return subprocess.run(command, capture_output=True, env=environment, timeout=120, **options)

    return run


@pytest.fixture
def terminal(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the core as `core` does, but in this process, because starting a program takes longer than a test."""
    from onemap.rules.verbs.commands.command_line import main

    def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        capfdbinary.readouterr()
        words = [*map(str, arguments)]
        return subprocess.CompletedProcess(words, main(words), *capfdbinary.readouterr())

    return run


def wait_for(child: subprocess.Popen[Any], claim: Callable[[], bool]) -> None:
    """Wait until a running program has made a claim true, without using the processor meanwhile."""
    while not claim():
        assert child.poll() is None, child.communicate()
        time.sleep(0.005)


@contextlib.contextmanager
def other_writer(library: Path) -> Iterator[None]:
    """Hold another program's write lock on a library within the block, so that no verb that writes can finish."""
    with contextlib.closing(sqlite3.connect(library, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def drop_triggers(connection: sqlite3.Connection) -> None:
    """Drop the triggers of a GeoPackage: they speak of geometries, of which SQLite alone knows nothing."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')


def write_layer(
    path: Path,
    geometries: Sequence[shapely.Geometry | None],
    columns: Mapping[str, Sequence[Any]] | None = None,
    crs: str | None = "EPSG:4547",
    **options: Any,
) -> Path:
    """Write a vector file with one row per geometry; the driver follows from the suffix."""
    frame = gpd.GeoDataFrame(dict(columns or {"BSM": [str(n) for n in range(1, len(geometries) + 1)]}))
    frame = frame.set_geometry(gpd.GeoSeries(list(geometries), crs=crs))
    frame.to_file(path, **options)
    return path


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, onemap: Any, tmp_path: Path) -> str:
    """The location of a new library without files of the city's own: once in a file, once on a server."""
    if request.param == "file":
        location = str(tmp_path / "city.gpkg")
    else:
        location = f"{request.getfixturevalue('postgis').database().url}&schema=city"
    assert onemap("new", location, "--crs", "EPSG:4547").code == 0
    return location


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that nobody in this project wrote."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared real data does not lie beside the project")
    return SHARED_DATA

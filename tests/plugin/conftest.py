"""QGIS without a window, its own profile, and a small library whose answers a reader can work out."""

import contextlib
import dataclasses
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# In memory where pytest's own folders are: settings are written and waited for before and after each test.
PROFILE = tempfile.mkdtemp(prefix="onemap-profile-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
os.environ["QGIS_CUSTOM_CONFIG_PATH"] = PROFILE
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# English is what tests look for, whatever the machine speaks; one that is about Chinese says so.
for variable in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
    os.environ.pop(variable, None)
os.environ["LANG"] = "C.UTF-8"

import pytest  # noqa: E402

qgis_core = pytest.importorskip("qgis.core", reason="QGIS's Python bindings are not here")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas  # noqa: E402

APPLICATION = QgsApplication([], True)
APPLICATION.setQuitOnLastWindowClosed(False)
APPLICATION.initQgis()
# Where QGIS keeps its own plugins, Processing among them.
sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))

from onemap.plugin.connection.core_session import core_python, needed_core  # noqa: E402
from onemap.tests.plugin.small_town import CRS, PACK, ROOT, X, Y, box, write_layer  # noqa: E402
from onemap.tests.plugin.warm_python import warm_python  # noqa: E402
from onemap.tests.plugin.windows import own_dock, windows_end  # noqa: E402


def pytest_sessionfinish(session, exitstatus):
    """Remember the exit status for `pytest_unconfigure`."""
    session.config.ended_with = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """End the process here: Python would delete QGIS's objects in no order, and sometimes crash.

    A desktop of its own tests how QGIS itself ends with the plugin.
    """
    shutil.rmtree(PROFILE, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(getattr(config, "ended_with", 3))


@pytest.fixture(scope="session", autouse=True)
def application():
    """QGIS without a window, with Processing."""
    from processing.core.Processing import Processing

    Processing.initialize()
    yield APPLICATION
    QgsProject.instance().clear()


@pytest.fixture(scope="session", autouse=True)
def years_to_come(application, tmp_path_factory):
    """Use a calendar that also has the years unknown to the core's package, for cases whose day is today."""
    python = core_python()
    with pytest.MonkeyPatch.context() as patch:
        if python is not None:
            file = tmp_path_factory.mktemp("calendar") / "weeks.calendar.toml"
            script = ROOT / "resources" / "sample_city" / "working_weeks.py"
            subprocess.run([python.path, "-P", script, file], check=True)
            patch.setenv("ONEMAP_CALENDAR", str(file))
        yield


@pytest.fixture(scope="session", autouse=True)
def warm_programs():
    """Let the programs that Processing starts, one a verb, begin where the core's libraries are loaded already."""
    with contextlib.ExitStack() as kept, pytest.MonkeyPatch.context() as patch:
        warm = functools.cache(lambda path: kept.enter_context(warm_python(path)))

        def warm_core():
            found = needed_core()
            return dataclasses.replace(found, path=warm(found.path))

        patch.setattr("onemap.plugin.connection.verb_runs.needed_core", warm_core)
        yield


@pytest.fixture
def cold_programs(warm_programs, monkeypatch):
    """Let the programs that Processing starts begin as they do for users, by the interpreter itself."""
    monkeypatch.setattr("onemap.plugin.connection.verb_runs.needed_core", needed_core)


@pytest.fixture(autouse=True)
def fresh_start():
    """Clear settings and layers of earlier tests, before and after each test."""
    clear_desk()
    yield
    clear_desk()


def clear_desk():
    """Clear settings and project; an empty project is left alone, because clearing it takes longer than many tests."""
    QgsSettings().remove("onemap")
    project = QgsProject.instance()
    if project.isDirty() or project.fileName() or project.layerTreeRoot().children() or project.mapLayers():
        project.clear()


@pytest.fixture(scope="module", autouse=True)
def no_window_outlives_its_module(application):
    """Delete the windows that a module made for all its tests before the next module."""
    with windows_end():
        yield


@pytest.fixture(autouse=True)
def no_window_outlives_its_test(fresh_start):
    """Delete the windows that a test made before the next test."""
    with windows_end():
        yield


@pytest.fixture(scope="session")
def provider(application):
    """The Processing provider, registered as QGIS registers it."""
    from onemap.plugin.qgis.algorithms.provider import OneMapProvider

    made = OneMapProvider()
    assert QgsApplication.processingRegistry().addProvider(made)
    return made


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """Files of a small town: a district of 1,000 m square, farmland in the west half of parcel A, and no red line.

    Parcels, each 100 m square: A half on farmland, B off it, C outside the district.
    """
    folder = tmp_path_factory.mktemp("town")
    write_layer(folder / "district.gpkg", ["name"], [(box(0, 0, 1000, 1000), "district")])
    write_layer(folder / "farmland.gpkg", ["BSM"], [(box(0, 0, 150, 300), "F1")])
    write_layer(
        folder / "parcels.gpkg",
        ["DKBH", "note"],
        [
            (box(100, 100, 100, 100), "A", "甲"),
            (box(400, 100, 100, 100), "B", "乙"),
            (box(2000, 100, 100, 100), "C", "丙"),
        ],
    )
    (folder / "pack.toml").write_text(PACK, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def library(town, provider):
    """The town's library, made through Processing by `new` and `add`."""
    return _library_of(town, "library")


@pytest.fixture(scope="session")
def rehearsal_library(town, provider):
    """The town's library, made for rehearsals of the review."""
    return _library_of(town, "rehearsal", REHEARSAL=True)


def _library_of(town, name, **more):
    import processing

    path = str(town / f"{name}.gpkg")
    values = {"LIBRARY": path, "CRS": CRS, "NAME": "Town", "DISTRICT": str(town / "district.gpkg")}
    processing.run("onemap:new", {**values, "PACK": str(town / "pack.toml"), **more})
    processing.run(
        "onemap:add",
        {
            "LIBRARY": path,
            "SOURCE": str(town / "farmland.gpkg"),
            "AS": "YJJBNTTB",
            "VALID_FROM": "2025-01-01",
            "COVERS": "district",
        },
    )
    return path


@pytest.fixture(scope="session")
def empty_library(town, provider, tmp_path_factory):
    """A library of the town without layers, to be copied."""
    import processing

    path = str(tmp_path_factory.mktemp("empty") / "library.gpkg")
    processing.run("onemap:new", {"LIBRARY": path, "CRS": CRS, "DISTRICT": str(town / "district.gpkg")})
    return path


@pytest.fixture(scope="session")
def shared_core(application):
    """One core for all tests that do not end it, because starting one takes longer than most tests."""
    from onemap.plugin.connection.core_session import Core

    core = Core()
    yield core
    core.stop()


@pytest.fixture(scope="session")
def drive_desktop(application):
    """Return a function that lets a driver click in QGIS's own window, on an invisible screen; or skip the test."""
    from onemap.tests.plugin import desktop

    if missing := desktop.missing_parts():
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    return desktop.drive


@pytest.fixture(scope="session")
def postgres(application):
    """One PostGIS server for all tests that need one."""
    from onemap.tests.plugin.town_server import town_server

    with town_server() as made:
        yield made


@pytest.fixture(scope="session")
def entry(application):
    """Return a function that stores a name and a password in QGIS's authentication store and returns the entry's id."""
    from qgis.core import QgsAuthMethodConfig

    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("of the test", True)

    def store(user, password):
        config = QgsAuthMethodConfig("Basic")
        config.setName(f"login of {user}")
        config.setConfig("username", user)
        config.setConfig("password", password)
        assert manager.storeAuthenticationConfig(config)[0]
        return config.id()

    return store


@pytest.fixture
def own_library(empty_library, shared_core, tmp_path):
    """An opened copy of the town's empty library."""
    from onemap.plugin.desk.library.open_library import OpenLibrary
    from onemap.tests.plugin.small_town import wait_for

    path = tmp_path / "library.gpkg"
    shutil.copyfile(empty_library, path)
    library = OpenLibrary(shared_core)
    library.open(str(path))
    wait_for(lambda: library.layers)
    return library


@pytest.fixture
def parcels(town):
    """The town's parcels as a layer of the project."""
    layer = QgsVectorLayer(str(town / "parcels.gpkg"), "parcels", "ogr")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def canvas():
    """A map of the test's world."""
    made = QgsMapCanvas()
    made.resize(600, 400)
    system = QgsCoordinateReferenceSystem(CRS)
    QgsProject.instance().setCrs(system)
    made.setDestinationCrs(system)
    made.setExtent(QgsRectangle(X, Y, X + 3000, Y + 2000))
    yield made
    # No picture may be on its way when the project lets go of its layers.
    made.freeze()
    made.stopRendering()


@pytest.fixture
def usual_font(application):
    """A font as on a usual screen: 9 points at 96 dpi. A larger one may make the dock wider."""
    before, usual = APPLICATION.font(), APPLICATION.font()
    usual.setPixelSize(12)
    APPLICATION.setFont(usual)
    yield
    APPLICATION.setFont(before)


@pytest.fixture
def core_of_dock(request, shared_core):
    """The core of the dock: the shared one, or a new one for a test marked `ends_its_core`."""
    from onemap.plugin.connection.core_session import Core

    if not hasattr(request, "param"):
        yield shared_core
        return
    made = Core()
    yield made
    made.stop()


@pytest.fixture
def dock(canvas, core_of_dock):
    """The dock."""
    with own_dock(canvas, core_of_dock) as made:
        yield made

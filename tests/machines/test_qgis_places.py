"""The places of QGIS on Windows and macOS: folders laid out as the installers lay them out."""

from pathlib import Path

import pytest

from onemap.plugin.connection import core_python
from onemap.resources.workshop.qgis_places import PYTHONS_OF_APP, folders_in_command, mac_places, windows_places


def lay_files(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def windows_qgis(root: Path, *packages: str) -> Path:
    """A QGIS of Windows: OSGeo4W's folders, which qgis.org's installer lays too."""
    lay_files(root, "bin/o4w_env.bat")
    for package in packages:
        starters = (f"python-{package}.bat", f"{package}-bin.exe", f"{package}.bat", f"qgis_process-{package}.bat")
        lay_files(root, *(f"bin/{name}" for name in starters), f"apps/{package}/python/qgis/__init__.py")
    return root


def test_qgis_of_the_installer_of_qgis_org_the_newest_first(tmp_path):
    old, new = (windows_qgis(tmp_path / "Program Files" / f"QGIS 3.40.{n}", "qgis-ltr") for n in (9, 11))
    four = windows_qgis(tmp_path / "Program Files" / "QGIS 4.2.0", "qgis")
    (tmp_path / "Program Files" / "QGIS notes").mkdir()
    found = windows_places({"PROGRAMFILES": str(tmp_path / "Program Files")}, [])
    assert [place.root for place in found] == [four, new, old]
    assert found[0].python == four / "bin" / "python-qgis.bat"
    assert found[1].programs == {
        "qgis": new / "bin" / "qgis-ltr-bin.exe",
        "qgis_process": new / "bin" / "qgis_process-qgis-ltr.bat",
    }


@pytest.mark.parametrize("place", ["OSGeo4W", "OSGeo4W64"])
def test_osgeo4w_on_the_system_s_drive_may_hold_two(tmp_path, place):
    root = windows_qgis(tmp_path / place, "qgis", "qgis-ltr")
    found = windows_places({"SYSTEMDRIVE": str(tmp_path)}, [])
    assert [place.python for place in found] == [root / "bin" / f"python-{one}.bat" for one in ("qgis", "qgis-ltr")]


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("LOCALAPPDATA", "Programs/OSGeo4W"),
        ("LOCALAPPDATA", "Programs/QGIS 3.44.2"),
        ("USERPROFILE", "OSGeo4W"),
        ("PROGRAMW6432", "QGIS 3.40.5"),
    ],
)
def test_qgis_for_one_person_or_under_another_variable(tmp_path, variable, place):
    root = windows_qgis(tmp_path / place, "qgis-ltr")
    assert [one.root for one in windows_places({variable: str(tmp_path)}, [])] == [root]


def test_what_a_variable_names_comes_before_what_is_found(tmp_path):
    usual = windows_qgis(tmp_path / "pf" / "QGIS 3.44.2", "qgis")
    named = windows_qgis(tmp_path / "tools" / "gis", "qgis-ltr")
    known = windows_qgis(tmp_path / "registry", "qgis-ltr")
    environment = {"PROGRAMFILES": str(tmp_path / "pf"), "QGIS_PREFIX_PATH": str(named / "apps" / "qgis-ltr")}
    assert [place.root for place in windows_places(environment, [str(known), str(named)])] == [named, known, usual]
    assert windows_places({"OSGEO4W_ROOT": str(named)}, [])[0].root == named


def test_a_folder_that_only_looks_like_qgis_is_passed_over(tmp_path):
    lay_files(tmp_path / "QGIS 3.40", "bin/python-qgis.bat")
    lay_files(tmp_path / "QGIS 3.42", "bin/o4w_env.bat")
    assert windows_places({"PROGRAMFILES": str(tmp_path)}, [str(tmp_path / "gone")]) == []


@pytest.mark.parametrize(
    ("command", "folders"),
    [
        (r'"C:\OSGeo4W\bin\qgis-ltr.bat" "%1"', [r"C:\OSGeo4W"]),
        (r'"C:\Program Files\QGIS 3.40.9\bin\qgis-ltr-bin.exe" "%1"', [r"C:\Program Files\QGIS 3.40.9"]),
        (r'"C:\Windows\notepad.exe" "%1"', []),
        ("", []),
    ],
)
def test_the_registry_s_command_names_the_folder(command, folders):
    assert folders_in_command(command) == folders


@pytest.mark.parametrize(
    ("app", "python", "starters"),
    [
        ("QGIS.app", "MacOS/bin/python3", {"qgis": "MacOS/QGIS", "qgis_process": "MacOS/bin/qgis_process"}),
        ("QGIS-LTR.app", "MacOS/bin/python3", {"qgis": "MacOS/QGIS", "qgis_process": "MacOS/bin/qgis_process"}),
        (
            "QGIS-LTR.app",
            "MacOS/bin/python",
            {"qgis": "MacOS/QGIS", "qgis_process": "MacOS/bin/qgis_process.app/Contents/MacOS/qgis_process"},
        ),
        (
            "QGIS-final-4_2_1.app",
            "MacOS/python",
            {"qgis": "MacOS/QGIS-final-4_2_1", "qgis_process": "MacOS/qgis_process"},
        ),
    ],
)
def test_qgis_of_macos(tmp_path, app, python, starters):
    contents = lay_files(tmp_path / app / "Contents", python, *starters.values())
    (found,) = mac_places([tmp_path / "empty", tmp_path])
    assert (found.root, found.python) == (tmp_path / app, contents / python)
    assert found.programs == {name: contents / place for name, place in starters.items()}


def test_of_several_on_macos_the_named_one_then_the_newest(tmp_path):
    for name in ("QGIS.app", "QGIS-final-4_0_3.app", "QGIS-final-4_2_1.app"):
        lay_files(tmp_path / name / "Contents" / "MacOS", "python")
    lay_files(tmp_path / "QGIS4.app", "Contents/Info.plist")  # without a Python
    named = tmp_path / "QGIS.app" / "Contents" / "MacOS"
    assert [place.root.name for place in mac_places([tmp_path])] == [
        "QGIS-final-4_2_1.app",
        "QGIS-final-4_0_3.app",
        "QGIS.app",
    ]
    assert mac_places([tmp_path], str(named))[0].root.name == "QGIS.app"


def test_the_plugin_looks_for_the_same_pythons_in_an_application():
    assert core_python.PYTHONS_OF_APP == PYTHONS_OF_APP

"""Where QGIS is installed on Windows and macOS, and where its Python and programs are."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHONS_OF_APP = ("MacOS/bin/python3", "MacOS/bin/python", "MacOS/python")  # as core_python.py has them
PROGRAMS_OF_APP = {
    "qgis": ("MacOS/QGIS", "MacOS/{app}", "MacOS/qgis"),
    "qgis_process": (
        "MacOS/bin/qgis_process",
        "MacOS/qgis_process",
        "MacOS/bin/qgis_process.app/Contents/MacOS/qgis_process",
        "MacOS/qgis_process.app/Contents/MacOS/qgis_process",
    ),
}
_UNINSTALL = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_OPENS_PROJECTS = r"Software\Classes\QGIS Project\Shell\open\command"


@dataclass(frozen=True)
class QgisPlace:
    """An installed QGIS, complete or not.

    root: the installation's folder on Windows, the application on macOS.
    python: the program that starts its Python with its libraries; on Windows a .bat that sets them up first.
    programs: qgis and qgis_process, by name, as far as they exist.
    """

    root: Path
    python: Path
    programs: Mapping[str, Path]


def mac_places(folders: list[Path], prefix: str = "") -> list[QgisPlace]:
    """Each QGIS on macOS: first the one that QGIS_PREFIX_PATH names, then those in the folders, newest first.

    folders: where applications are; prefix: QGIS_PREFIX_PATH, a folder inside an application, or empty.
    """
    named_apps = [folder for folder in (Path(prefix), *Path(prefix).parents) if prefix and folder.suffix == ".app"]
    apps_by_folder = [sorted(folder.glob("QGIS*.app"), key=_numbers, reverse=True) for folder in folders]
    apps = [*named_apps, *(app for folder in apps_by_folder for app in folder)]
    places = []
    for app in dict.fromkeys(apps):
        contents = app / "Contents"
        python = next((contents / place for place in PYTHONS_OF_APP if (contents / place).exists()), None)
        if python is not None:
            programs = {
                name: [contents / place.format(app=app.stem) for place in kinds]
                for name, kinds in PROGRAMS_OF_APP.items()
            }
            places.append(QgisPlace(app, python, _present_programs(programs)))
    return places


def windows_places(environment: Mapping[str, str], registry_names: list[str]) -> list[QgisPlace]:
    """Each QGIS on Windows, from the installer of qgis.org or OSGeo4W, for all users or one; the likeliest first.

    environment: variables, by the names in capitals that Windows gives them; registry_names: folders of the registry.
    """
    return [place for root in _windows_roots(environment, registry_names) for place in _qgis_of_root(root)]


def registry_folders() -> list[str]:
    """The folders of each QGIS in the Windows registry: from the uninstaller, and from the command for projects."""
    try:
        winreg: Any = importlib.import_module("winreg")
    except ImportError:
        return []
    folders = []
    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        with contextlib.suppress(OSError), winreg.OpenKey(hive, _OPENS_PROJECTS) as key:
            folders += folders_in_command(str(winreg.QueryValue(key, None)))
        with contextlib.suppress(OSError), winreg.OpenKey(hive, _UNINSTALL) as programs:
            for number in range(winreg.QueryInfoKey(programs)[0]):
                with contextlib.suppress(OSError), winreg.OpenKey(programs, winreg.EnumKey(programs, number)) as key:
                    if str(winreg.QueryValueEx(key, "DisplayName")[0]).startswith(("QGIS", "OSGeo4W")):
                        folders.append(str(winreg.QueryValueEx(key, "InstallLocation")[0]))
    return [folder for folder in dict.fromkeys(folders) if folder]


def folders_in_command(command: str) -> list[str]:
    r"""The installation's folder in what opens a project: "C:\OSGeo4W\bin\qgis-ltr.bat" "%1" gives C:\OSGeo4W."""
    match = re.match(r'"?(.+?)[\\/]bin[\\/][^\\/]+?\.(?:bat|exe)', command, re.IGNORECASE)
    return [match.group(1)] if match else []


def _windows_roots(environment: Mapping[str, str], registry_names: list[str]) -> Iterator[Path]:
    prefix = environment.get("QGIS_PREFIX_PATH", "")
    places = [Path(prefix).parent.parent] if prefix else []  # …/apps/qgis-ltr
    places += [Path(environment["OSGEO4W_ROOT"])] if environment.get("OSGEO4W_ROOT") else []
    places += map(Path, registry_names)
    local = environment.get("LOCALAPPDATA")
    programs = [environment.get(name) for name in ("PROGRAMFILES", "PROGRAMW6432", "PROGRAMFILES(X86)")]
    for folder in [*programs, os.path.join(local, "Programs") if local else None]:
        if folder:
            places += sorted(Path(folder).glob("QGIS*"), key=_numbers, reverse=True)
            places += sorted(Path(folder).glob("OSGeo4W*"), reverse=True)
    drive, person = environment.get("SYSTEMDRIVE", "C:"), environment.get("USERPROFILE")
    for folder in [f"{drive}{os.sep}", *([person] if person else [])]:
        places += [Path(folder) / name for name in ("OSGeo4W", "OSGeo4W64")]
    yield from dict.fromkeys(places)


def _qgis_of_root(root: Path) -> Iterator[QgisPlace]:
    """Each QGIS of one installation: OSGeo4W may have the long-term release and the latest one."""
    folder = root / "bin"
    if not (folder / "o4w_env.bat").exists():
        return
    for python in sorted(folder.glob("python-qgis*.bat"), key=lambda path: path.stem):
        package = python.stem[len("python-") :]  # qgis, qgis-ltr, qgis-dev
        # The .exe stays until its window closes, which the .bat does not.
        starters = {
            "qgis": [folder / f"{package}-bin.exe", folder / f"{package}.bat"],
            "qgis_process": [folder / f"qgis_process-{package}.bat", folder / f"{package}_process.bat"],
        }
        yield QgisPlace(root, python, _present_programs(starters))


def _present_programs(programs: Mapping[str, list[Path]]) -> dict[str, Path]:
    present = {name: next((path for path in paths if path.exists()), None) for name, paths in programs.items()}
    return {name: path for name, path in present.items() if path is not None}


def _numbers(path: Path) -> tuple:
    """The version in a name, so that QGIS 3.40.10 comes after 3.40.9; a name without one comes last."""
    return tuple(map(int, re.findall(r"\d+", path.name))), path.name

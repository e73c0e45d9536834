"""Find QGIS for the workshop, or install it if allowed, and start its programs."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from pathlib import Path

from workshop import debian, pythons, qgis_places
from workshop.machine import IS_WINDOWS, WorkshopError, answer, run, say, warn
from workshop.machine import program as program_in

ASK_VERSION = "from qgis.core import Qgis; print(Qgis.QGIS_VERSION_INT)"
OLDEST = debian.OLDEST_QGIS[0] * 10000 + debian.OLDEST_QGIS[1] * 100
PROFILE = pythons.FACE / "profile"
SETTINGS = PROFILE / "profiles" / "default" / "QGIS"


def environment() -> Path | None:
    """The plugin's environment with QGIS's Python, which is made first if needed; None if there is no QGIS.

    On Windows it has only the plugin's place and a profile: QGIS's Python is used as it is.
    """
    python = find_python()
    if python is None:
        step = debian.install_qgis()
        python = find_python()
        if python is None:
            warn(f"No QGIS from 3.40 here: {step or other_step()}. What needs no QGIS goes on.")
            return None
    return pythons.plugin_room() if IS_WINDOWS else pythons.face(python)


def python_of(face: Path) -> Path:
    """The Python that imports QGIS and, except on Windows, has the tools of the plugin's environment."""
    own_python = find_python() if IS_WINDOWS else None
    return own_python or program_in(face, "python")


def find_python() -> Path | None:
    """The Python of QGIS 3.40 or later, found by importing it; None if there is none."""
    return next((python for python in _candidates() if _version(python) >= OLDEST), None)


def _version(python: Path) -> int:
    """The version of a Python's QGIS, such as 34006; 0 for none."""
    output = answer([python, "-c", ASK_VERSION], env=program_environment()) if python.exists() else None
    last = (output or "").strip().rpartition("\n")[2].strip()  # a .bat that sets up the libraries may speak first
    return int(last) if last.isdigit() else 0


def settings_file() -> Path:
    """The file in which this QGIS stores the settings of the profile; QGIS 4 has another than QGIS 3."""
    python = find_python()
    return SETTINGS / f"QGIS{_version(python) // 10000 if python else 3}.ini"


def other_step() -> str:
    """The step to take on machines without apt."""
    again = "then run the same command again"
    if sys.platform == "darwin":
        return (
            "install QGIS for macOS from qgis.org into /Applications (elsewhere: name its folder Contents/MacOS as "
            f"QGIS_PREFIX_PATH), {again}"
        )
    if IS_WINDOWS:
        return (
            "install QGIS from qgis.org (in an unusual place: name its folder apps\\qgis or apps\\qgis-ltr as "
            f"QGIS_PREFIX_PATH), {again}"
        )
    return f"install QGIS and its Python bindings with this system's package manager, {again}"


def program_environment(show: bool = False) -> dict:
    """The environment for a program of QGIS: the private profile, our plugin, and no other Python in the way."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    env["QGIS_PLUGINPATH"] = str(pythons.PLUGINS)
    env["QGIS_CUSTOM_CONFIG_PATH"] = str(PROFILE)
    if not IS_WINDOWS:
        if "XDG_RUNTIME_DIR" not in env and pythons.FACE.is_dir():
            # Without one Qt warns each time it starts; as the standard says, for this user alone.
            runtime = pythons.FACE / "runtime"
            runtime.mkdir(mode=0o700, exist_ok=True)
            env["XDG_RUNTIME_DIR"] = str(runtime)
        # QGIS's embedded Python takes its home from the first python3 on PATH: it must be the system's.
        env["PATH"] = os.pathsep.join(["/usr/bin", env.get("PATH", "")])
    if not show and not IS_WINDOWS and sys.platform != "darwin":  # there a screen is, and QGIS may bring no other
        env["QT_QPA_PLATFORM"] = "offscreen"
    return env


def program(name: str) -> Path:
    """The path of one of QGIS's own programs: qgis, qgis_process."""
    python = find_python()
    for place in installed_places():
        if place.python == python and name in place.programs:
            return place.programs[name]
    own_program = python.parent / name if python else None
    if own_program and own_program.exists():
        return own_program
    path = shutil.which(name)
    if path is None:
        raise WorkshopError(f"QGIS is here, but its program {name} is not. Install QGIS whole, then run again.")
    return Path(path)


def enable_plugin() -> None:
    """Enable the plugin in the private profile, as a person does in the plugin manager."""
    settings = settings_file()
    if settings.exists() and "onemap=true" in settings.read_text(encoding="utf-8"):
        return
    say("Enabling the plugin in a QGIS profile of its own")
    PROFILE.mkdir(exist_ok=True)
    if run([program("qgis_process"), "plugins", "enable", "onemap"], env=program_environment()):
        raise WorkshopError("QGIS did not enable the plugin; its words are above.")


@functools.cache
def installed_places() -> tuple:
    """Each QGIS on Windows or macOS in its usual places, or where the system says; none elsewhere."""
    prefix = os.environ.get("QGIS_PREFIX_PATH", "")
    if sys.platform == "darwin":
        return tuple(qgis_places.mac_places([Path("/Applications"), Path.home() / "Applications"], prefix))
    return tuple(qgis_places.windows_places(os.environ, qgis_places.registry_folders())) if IS_WINDOWS else ()


def _candidates() -> list:
    here = [place.python for place in installed_places()]
    return here if IS_WINDOWS or sys.platform == "darwin" else [Path("/usr/bin/python3")]

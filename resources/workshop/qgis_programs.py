"""QGIS for the workshop: found, or installed where that is allowed; and how its programs are started."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from workshop import debian, pythons
from workshop.machine import IS_WINDOWS, WorkshopError, answer, run, say, warn

ASK_VERSION = "from qgis.core import Qgis; print(Qgis.QGIS_VERSION_INT)"
OLDEST = debian.OLDEST_QGIS[0] * 10000 + debian.OLDEST_QGIS[1] * 100
PROFILE = pythons.FACE / "profile"
SETTINGS = PROFILE / "profiles" / "default" / "QGIS"


def environment() -> Path | None:
    """The plugin's environment with QGIS behind it, made first if need be; None where there is no QGIS."""
    python = find_python()
    if python is None:
        step = debian.install_qgis()
        python = find_python()
        if python is None:
            warn(f"No QGIS from 3.40 here: {step or other_step()}. What needs no QGIS goes on.")
            return None
    return pythons.face(python)


def find_python() -> Path | None:
    """The Python that QGIS 3.40 or later runs on, asked by importing it; None if there is none."""
    return next((python for python in _candidates() if _version(python) >= OLDEST), None)


def _version(python: Path) -> int:
    """The version of the QGIS behind a Python, such as 34006; 0 for none."""
    said = answer([python, "-c", ASK_VERSION], env=program_environment()) if python.exists() else None
    return int(said) if said and said.strip().isdigit() else 0


def settings_file() -> Path:
    """Where the QGIS that is here keeps the settings of the profile: QGIS 4 has a file of its own."""
    python = find_python()
    return SETTINGS / f"QGIS{_version(python) // 10000 if python else 3}.ini"


def other_step() -> str:
    """The step to take where apt is not the way."""
    again = "then run the same command again"
    if sys.platform == "darwin":
        return f"install QGIS for macOS from qgis.org into /Applications, {again}"
    if IS_WINDOWS:
        return "install QGIS from qgis.org to use the plugin; its own tests run on Linux and macOS only"
    return f"install QGIS and its Python bindings with this system's package manager, {again}"


def program_environment(show: bool = False) -> dict:
    """For a program of QGIS: the private profile, our plugin, and no other Python in the way."""
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
    if not show:
        env["QT_QPA_PLATFORM"] = "offscreen"
    return env


def program(name: str) -> Path:
    """The path of one of QGIS's own programs: qgis, qgis_process."""
    python = find_python()
    beside = python.parent / name if python else None
    if beside and beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        raise WorkshopError(f"QGIS is here, but its program {name} is not. Install QGIS whole, then run again.")
    return Path(found)


def enable_plugin() -> None:
    """Enable the plugin in the private profile, as a person does in the plugin manager."""
    settings = settings_file()
    if settings.exists() and "onemap=true" in settings.read_text(encoding="utf-8"):
        return
    say("Enabling the plugin in a QGIS profile of its own")
    PROFILE.mkdir(exist_ok=True)
    if run([program("qgis_process"), "plugins", "enable", "onemap"], env=program_environment()):
        raise WorkshopError("QGIS did not enable the plugin; its words are above.")


def _candidates() -> list:
    if sys.platform == "darwin":
        apps = sorted(Path("/Applications").glob("QGIS*.app"), reverse=True)
        # In QGIS 3 the first, in QGIS 4 the second, which brings the bundle's own library with it.
        return [app / "Contents" / "MacOS" / place for app in apps for place in ("bin/python3", "python")]
    if IS_WINDOWS:
        return []
    return [Path("/usr/bin/python3")]

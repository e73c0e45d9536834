"""QGIS for the workshop: found, or installed where that is allowed; and how its programs are started."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Optional

from workshop import debian, pythons
from workshop.machine import IS_WINDOWS, answer, say, warn

ASK_VERSION = "from qgis.core import Qgis; print(Qgis.QGIS_VERSION_INT)"


def environment() -> Optional[Path]:
    """The plugin's environment with QGIS behind it, made first if need be; None, with the reason said, without QGIS."""
    python = find_python()
    if python is None:
        step = debian.install_qgis()
        python = find_python()
        if python is None:
            warn(f"No QGIS from 3.40 here: {step or other_step()}. What needs no QGIS goes on.")
            return None
    return pythons.face(python)


def find_python() -> Optional[Path]:
    """The Python that QGIS 3.40 or later runs on, asked by importing it; None if there is none."""
    for python in _candidates():
        said = answer([python, "-c", ASK_VERSION], env=program_environment()) if python.exists() else None
        if said and said.strip().isdigit() and int(said) >= debian.OLDEST_QGIS[0] * 10000 + debian.OLDEST_QGIS[1] * 100:
            return python
    return None


def other_step() -> str:
    """The step to take where apt is not the way."""
    if sys.platform == "darwin":
        return "install QGIS for macOS from qgis.org into /Applications, then run the same command again"
    if IS_WINDOWS:
        return "install QGIS with the installer from qgis.org; the plugin's own tests run on Linux and macOS only"
    return "install QGIS with this system's package manager, with its Python bindings, then run the same command again"


def program_environment(show: bool = False) -> dict:
    """The environment for a program of QGIS: the private profile, our plugin, and no other Python in the way."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    env["QGIS_PLUGINPATH"] = str(pythons.PLUGINS)
    env["QGIS_CUSTOM_CONFIG_PATH"] = str(pythons.FACE / "profile")
    if not IS_WINDOWS:
        # QGIS's embedded Python takes its home from the first python3 on PATH: it must be the system's.
        env["PATH"] = os.pathsep.join(["/usr/bin", env.get("PATH", "")])
    if not show:
        env["QT_QPA_PLATFORM"] = "offscreen"
    return env


def _candidates() -> list:
    if sys.platform == "darwin":
        apps = sorted(Path("/Applications").glob("QGIS*.app"), reverse=True)
        return [app / "Contents" / "MacOS" / "bin" / "python3" for app in apps]
    if IS_WINDOWS:
        return []
    return [Path("/usr/bin/python3")]

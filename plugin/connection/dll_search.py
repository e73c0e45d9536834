"""Let a Python made from QGIS's own find its libraries on Windows. Standard library only, no QGIS.

The installer of QGIS puts the DLLs of sqlite3, ssl and bz2 into its folder `bin`, and its Python finds them through a
start-up file of its own, which an environment made from that Python does not read.
"""

from __future__ import annotations

from pathlib import Path

SITE_FOLDER = Path("Lib") / "site-packages"
# Run at each start of the environment's Python. It asks for QGIS's place each time: an update moves that.
START_UP = '''\
"""Written by One Map: QGIS's Python finds its DLLs in QGIS's folder bin."""

import os
import sys

_base = sys.base_prefix
_folders = [_base, os.path.join(_base, "DLLs")]
if os.path.basename(os.path.dirname(_base)).lower() == "apps":  # …/apps/Python312 beside …/bin
    _folders.append(os.path.join(os.path.dirname(os.path.dirname(_base)), "bin"))
for _folder in _folders:
    if os.path.isdir(_folder):
        os.add_dll_directory(_folder)
'''


def write_start_up(environment: Path) -> None:
    """Write an environment's start-up file on Windows before anything is installed into it, because pip needs ssl."""
    folder = environment / SITE_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(START_UP, encoding="utf-8")

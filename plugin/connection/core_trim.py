"""Unused parts of the core's environment: the libraries' own tests, and headers. Standard library only.

They are listed by name for each library, because a folder `tests` may be in use elsewhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path

UNUSED = (
    "pandas/tests",
    "pyarrow/tests",
    "pyarrow/include",
    "shapely/tests",
    "geopandas/tests",
    "pyogrio/tests",
    "numba/tests",
    "numpy/_core/tests",
    "numpy/f2py/tests",
    "numpy/lib/tests",
    "numpy/linalg/tests",
    "numpy/ma/tests",
    "numpy/polynomial/tests",
    "numpy/random/tests",
    "numpy/typing/tests",
    "numba/cuda/tests",
)


def site_folders(environment: Path) -> list[Path]:
    """The folders of an environment's libraries, on any system."""
    return [*environment.glob("lib/python3.*/site-packages"), *environment.glob("Lib/site-packages")]


def trim(environment: Path) -> None:
    """Delete the unused parts. A part that cannot be deleted stays, and does no harm."""
    for folder in site_folders(environment):
        for name in UNUSED:
            for part in folder.glob(name):
                shutil.rmtree(part, ignore_errors=True)

"""Unused parts of the core's environment: the libraries' own tests, and headers. Standard library only.

By name, library by library: a folder `tests` may belong to what is used elsewhere.
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
    """Where an environment keeps its libraries, on any system."""
    return [*environment.glob("lib/python3.*/site-packages"), *environment.glob("Lib/site-packages")]


def trim(environment: Path) -> None:
    """Delete what is never used. What cannot be deleted stays: it does no harm."""
    for folder in site_folders(environment):
        for name in UNUSED:
            for found in folder.glob(name):
                shutil.rmtree(found, ignore_errors=True)

"""The kernel's functions, compiled by numba where there is much to do, else as plain Python: the digits are the same.

numba takes half a second to import, so that few pairs are quicker without. What it compiles is kept: in the core's own
environment if one may write there, else in the user's cache folder, and else for this process alone.
"""

import hashlib
import importlib
import importlib.util
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from onemap.layers.files.user_cache import user_cache
from onemap.rules.overlay import kernel_ground, kernel_sums

SWITCH = "ONEMAP_COMPILED"  # environment: 0 never, 1 always; else as the work is large
MUCH = 400_000  # edges, or pairs of them, that plain Python looks at in the time that the compiler needs to start
_KERNEL = (kernel_sums, kernel_ground)
_ASKED = 3  # of their functions, each with its own index of what is kept: sums, ground, and the proof of rings
_LOCK = threading.Lock()


def is_worth_compiling(steps: float) -> bool:
    """Whether work of so many steps goes through compiled loops: where numba is at hand, and loaded or worth it."""
    wish = os.environ.get(SWITCH, "")
    return wish != "0" and (wish == "1" or "numba" in sys.modules or steps > MUCH) and is_compiler_there()


@cache
def is_compiler_there() -> bool:
    """Whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def is_kept() -> bool:
    """Whether an earlier process has kept what it compiled, and nobody wishes for plain loops."""
    if os.environ.get(SWITCH) == "0" or not is_compiler_there():
        return False
    from importlib.metadata import version

    folder = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder(version("numba"))
    return folder != "" and len(list(Path(folder).rglob("*.nbi"))) >= _ASKED


def load_compiler() -> None:
    """From now on all work goes through compiled loops, also little."""
    with _LOCK:
        _numba()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the kernel, compiled; it leaves the interpreter's lock to others while it runs."""
    with _LOCK:
        return _compiled(function)


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    numba = _numba()
    # The kernel makes nothing in memory, so nothing needs counting who holds it.
    made: Callable[..., Any] = numba.njit(function, nogil=True, _nrt=False, cache=numba.config.CACHE_DIR != "")
    return made


@cache
def _numba() -> Any:
    """numba, which knows all functions of the kernel and where to keep what it makes of them."""
    import numba
    from numba.extending import register_jitable

    # What a user says in NUMBA_CACHE_DIR stands.
    settings: Any = numba.config
    settings.CACHE_DIR = settings.CACHE_DIR or _cache_folder(numba.__version__)
    _pass_over_linear_algebra()
    for module in _KERNEL:
        for function in vars(module).values():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                # A call would hand over some hundred numbers that describe the arrays, and cost more than its work.
                register_jitable(forceinline=True)(function)
    return numba


def _pass_over_linear_algebra() -> None:
    """Let numba not look for linear algebra: it would import a good part of scipy, and the kernel asks for none."""
    with suppress(ImportError, AttributeError):
        from numba.np import linalg

        looks_for_it = linalg.ensure_blas
        linalg.ensure_blas = _say_there_is_none
        try:
            importlib.import_module("numba.np.arraymath")
        finally:
            linalg.ensure_blas = looks_for_it


def _say_there_is_none() -> None:
    raise ImportError


def _cache_folder(version: str) -> str:
    """A folder that one may write to, for this kernel and this version of the compiler; empty if there is none."""
    sources = [Path(__file__), *(Path(str(module.__file__)) for module in _KERNEL)]
    made_of = b"".join([*(path.read_bytes() for path in sources), f"{version} {sys.version}".encode()])
    name = f"onemap-kernel-{hashlib.sha256(made_of).hexdigest()[:16]}"
    for place in (Path(sys.prefix) / "share", user_cache()):
        with suppress(OSError):
            (place / name).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place / name):
                return str(place / name)
    return ""

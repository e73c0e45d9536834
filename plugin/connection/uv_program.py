"""The program uv, which makes a Python of the core's own where none here will do. Standard library only, no QGIS."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from onemap.plugin.connection.package_lock import HashRefusals, check_wheel
from onemap.plugin.connection.programs import ProgramError, run_program

NAME = "uv.exe" if os.name == "nt" else "uv"


def find_uv(wheels: str, pips: Iterator[list[str]], folder: Path, lock: Path) -> str | None:
    """Where uv is: unpacked from the folder of wheels, on PATH, or fetched by a pip; None where it cannot be had.

    That of the folder comes first: it is of the version that knows the Python which lies there.

    wheels: a folder of wheels; empty for none, and then the network is asked.
    pips: commands that may run a pip, the best first.
    folder: where it is unpacked; made if need be.
    lock: the one version that is taken from a folder or fetched, and its hashes. That on PATH is the user's own.
    Raises AlteredPackageError.
    """
    found = (_unpacked_program(Path(wheels), folder, lock) if wheels else None) or shutil.which("uv")
    if found is not None or wheels:
        return found
    for pip in pips:
        words = ["download", "--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary", ":all:"]
        refusals = HashRefusals()
        try:
            run_program([*pip, *words, "-d", str(folder), "--require-hashes", "-r", str(lock)], refusals.follow)
        except ProgramError:
            refusals.raise_found()
            continue
        return _unpacked_program(folder, folder, lock)
    return None


def _unpacked_program(wheels: Path, folder: Path, lock: Path) -> str | None:
    """A wheel of uv holds one program, which needs nothing beside it."""
    for wheel in sorted(wheels.glob("uv-*.whl"), reverse=True):
        check_wheel(wheel, lock)
        with zipfile.ZipFile(wheel) as packed:
            entry = next((name for name in packed.namelist() if name.endswith(f".data/scripts/{NAME}")), None)
            if entry is None:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / NAME
            target.write_bytes(packed.read(entry))
            target.chmod(0o700)
            return str(target)
    return None

"""The program uv, which makes the core a Python if this computer has none that fits. Standard library only, no QGIS."""

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
    """The path of uv: unpacked from the folder of wheels, on PATH, or fetched by a pip; None if there is none.

    The uv in the folder comes first, because its version knows the Python in the same folder.

    wheels: a folder of wheels; if it is empty, the network is asked.
    pips: commands that may run a pip, the best first.
    folder: where uv is unpacked; made if need be.
    lock: the one version, with hashes, that is taken from a folder or fetched. The uv on PATH is the user's own.
    Raises AlteredPackageError.
    """
    program = (_unpacked_program(Path(wheels), folder, lock) if wheels else None) or shutil.which("uv")
    if program is not None or wheels:
        return program
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
    """Unpack uv from its wheel, which contains one program that needs no other file; None without a wheel."""
    for wheel in sorted(wheels.glob("uv-*.whl"), reverse=True):
        check_wheel(wheel, lock)
        with zipfile.ZipFile(wheel) as archive:
            entry = next((name for name in archive.namelist() if name.endswith(f".data/scripts/{NAME}")), None)
            if entry is None:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / NAME
            target.write_bytes(archive.read(entry))
            target.chmod(0o700)
            return str(target)
    return None

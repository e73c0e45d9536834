"""Finished files get their names once their bytes are on the disk, so that a power failure leaves no empty file."""

import contextlib
import os
from pathlib import Path


def bring_to_disk(path: Path) -> None:
    """Wait until a file, or each one in a folder, is on the disk. Raises OSError."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb+") as open_file:
                os.fsync(open_file.fileno())


def bring_names_to_disk(folder: Path) -> None:
    """Wait until the names of a folder's files are on the disk, where the system lets a folder be opened for that."""
    with contextlib.suppress(OSError):  # Windows, and some file systems of networks
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def name_durably(part: Path, target: Path) -> None:
    """Give a finished file its name in the same folder; what had it is replaced. Raises OSError."""
    bring_to_disk(part)
    os.replace(part, target)
    bring_names_to_disk(target.parent)

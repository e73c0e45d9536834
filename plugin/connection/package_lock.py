"""The packages that set-up may install: versions and hashes in lists beside core.txt. Standard library only."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_HEAD_OF_PIP = "DO NOT MATCH THE HASHES"
_NAMED_BY_PIP = re.compile(r"\s+(\S+) from \S")
_NAMED_BY_UV = re.compile(r"Hash mismatch for `([^`]+)`")


class AlteredPackageError(Exception):
    """A file does not have the known hash; the text is the name of the file or of its package."""


def lock_beside(requirements: Path, name: str) -> Path:
    """The list of versions and hashes for core, fast, pip or uv, in the folder of the list of packages."""
    return requirements.with_name(f"{name}.lock.txt")


def count_packages(lock: Path) -> int:
    """How many packages a list may install."""
    return len(re.findall(r"^[\w.-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))


def check_wheel(wheel: Path, lock: Path) -> None:
    """Compare a wheel that will be run directly with the hashes in a list. Raises AlteredPackageError."""
    listed_hashes = _HASH.findall(lock.read_text(encoding="utf-8"))
    if hashlib.sha256(wheel.read_bytes()).hexdigest() not in listed_hashes:
        raise AlteredPackageError(wheel.name)


class HashRefusals:
    """Finds packages that pip or uv refuse by their hash, in what they print."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._is_listed = False

    def follow(self, line: str) -> None:
        """Read one line. pip names such packages after a heading, uv names one in a sentence."""
        self.names += _NAMED_BY_UV.findall(line)
        match = _NAMED_BY_PIP.match(line)
        if self._is_listed and match:
            self.names.append(match.group(1))
        self._is_listed = self._is_listed or _HEAD_OF_PIP in line

    def raise_found(self) -> None:
        """Raise AlteredPackageError if a package was refused."""
        if self.names:
            raise AlteredPackageError(", ".join(dict.fromkeys(self.names)))

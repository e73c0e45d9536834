"""The plugin as a zip: one folder `onemap/` with what a user needs; equal files give equal bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from workshop import scans, translations
from workshop.machine import ROOT, say

FILES = [
    "metadata.txt",
    "py.typed",
    "__init__.py",
    "__main__.py",
    "pyproject.toml",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
]
FOLDERS = ["layers", "rules", "plugin", "resources", "docs"]
LEFT_OUT = {"__pycache__", "workshop"}
LEFT_OUT_ENDINGS = {".pyc", ".part", ".ts"}


def package() -> int:
    """Write dist/onemap-VERSION.zip, scan it as plugins.qgis.org does, and name it."""
    translations.translate()
    target = write_zip()
    scans.scan(target)
    say(f"Made {target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.1f} MB")
    return 0


def write_zip() -> Path:
    """Write the zip in dist/; equal files give equal bytes."""
    target = ROOT / "dist" / f"onemap-{version()}.zip"
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix(".zip.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(contents()):
            # A fixed date and fixed rights: the zip of the same files is the same on every machine and day.
            entry = zipfile.ZipInfo(f"onemap/{path.relative_to(ROOT).as_posix()}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            bundle.writestr(entry, path.read_bytes())
    part.replace(target)
    return target


def version() -> str:
    """The version in pyproject.toml, its only place."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^version = "([^"]+)"', text, re.MULTILINE).group(1)


def contents() -> Iterator[Path]:
    """The files of the checkout that a user needs."""
    for name in FILES:
        yield ROOT / name
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            parts = path.relative_to(ROOT).parts
            hidden = any(part in LEFT_OUT or part.startswith(".") for part in parts)
            if path.is_file() and not hidden and path.suffix not in LEFT_OUT_ENDINGS:
                yield path

"""The translations of the plugin's interface: compile resources/translations/*.ts to the .qm files that Qt reads."""

from __future__ import annotations

import shutil
from pathlib import Path

from workshop.machine import ROOT, WorkshopError, has, run_or_explain, say, warn

FOLDER = ROOT / "resources" / "translations"
NAMES = ["lrelease-qt5", "lrelease-qt6", "lrelease6", "lrelease"]
HOMES = ["/usr/lib/qt5/bin/lrelease", "/usr/lib/qt6/bin/lrelease"]


def translate() -> int:
    """Compile the translations; an error names a missing tool."""
    if not compile_all():
        raise WorkshopError(
            "cannot compile the translations: Qt's lrelease was not found. Install Qt's tools "
            "(Debian and Ubuntu: apt-get install qttools5-dev-tools), then run the same command again."
        )
    return 0


def compile_all() -> bool:
    """Compile every translation that is newer than its compiled form; False if Qt's tool is missing."""
    stale = [source for source in sorted(FOLDER.glob("*.ts")) if _is_stale(source)]
    if not stale:
        return True
    tool = _tool()
    if tool is None:
        warn("Qt's lrelease was not found, so the plugin speaks English only.")
        return False
    for source in stale:
        say(f"Compiling the translation {source.name}")
        mend = "Mend the file that lrelease names, then run the same command again."
        run_or_explain([tool, source, "-qm", source.with_suffix(".qm")], f"compile {source.name}", mend)
    return True


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".qm")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _tool() -> str | None:
    for home in HOMES:
        if Path(home).exists():
            return home
    return next((shutil.which(name) for name in NAMES if has(name)), None)

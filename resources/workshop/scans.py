"""The scans of a zip that plugins.qgis.org makes before it accepts it: bandit and detect-secrets; any finding fails."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from workshop import pythons
from workshop.machine import WorkshopError, program, say


def scan(bundle: Path) -> None:
    """Scan the unpacked content of a zip. Raises WorkshopError with every finding and its place."""
    say("Scanning the zip with bandit and detect-secrets")
    with tempfile.TemporaryDirectory() as room:
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(room)
        findings = [*_unsafe_code(room), *_secrets(room)]
    if findings:
        lines = "\n".join(f"  {line}" for line in findings)
        raise WorkshopError(
            f"the scanners of plugins.qgis.org would refuse {bundle.name}:\n{lines}\nMend each; where it is harmless, "
            "mark its line with the reason: `# reason  # nosec B…`, or `# pragma: allowlist secret`."
        )


def _scanner(name: str) -> Path:
    """The program beside this Python, else in the core's environment, which is made if needed."""
    own_program = Path(sys.executable).with_name(name)
    return own_program if own_program.exists() else program(pythons.core(), name)


def _unsafe_code(room: str) -> list:
    return [
        f"{Path(one['filename']).as_posix()}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
        for one in _answer("bandit", ["-r", "-q", "-f", "json", "."], room)["results"]
    ]


def _secrets(room: str) -> list:
    results = _answer("detect-secrets", ["scan", "--all-files", "--no-verify", "."], room)["results"]
    return [f"{name}:{one['line_number']}: {one['type']}" for name, ones in sorted(results.items()) for one in ones]


def _answer(name: str, words: list, room: str) -> dict:
    process = subprocess.run(
        [str(_scanner(name)), *words],
        cwd=room,  # outside the folder that it is started in, detect-secrets finds nothing and says so to nobody
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        return json.loads(process.stdout)
    except ValueError:
        raise WorkshopError(f"{name} gave no answer: {process.stderr.strip()[-300:]}") from None

"""One verb of the core, run to its end, as QGIS runs GDAL's programs: for Processing."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import QgsBlockingProcess, QgsFeedback
from qgis.PyQt.QtCore import QByteArray

from onemap.plugin import settings
from onemap.plugin.connection import LAST_WORDS_KEPT, core_missing, core_python, death_message
from onemap.plugin.places import FOLDER
from onemap.plugin.refusals import CANCELLED_CODE, Refusal, refusal_from_answer
from onemap.plugin.translation import tr

POSITIONALS = {
    "new": ("library",),
    "inspect": ("source",),
    "add": ("library", "source"),
    "check": ("library", "parcels"),
    "redline": ("source", "target"),
    "compare": ("library", "a", "b"),
    "remedy": ("library", "parcels"),
}


def command_line(verb: str, options: dict[str, Any]) -> list[str]:
    """The words after the interpreter: options as of the command line, None and False left out, lists repeated."""
    words = ["-I", "-X", "utf8", str(FOLDER / "__main__.py"), verb]
    words += [str(options[name]) for name in POSITIONALS[verb]]
    for name, value in options.items():
        if name in POSITIONALS[verb] or value in (None, False, ""):
            continue
        option = "--" + name.replace("_", "-")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            words += [option] if one is True else [f"{option}={one}"]
    return words + ["--json", "--progress=json", f"--lang={settings.language()}"]


def run_verb(verb: str, options: dict[str, Any], feedback: QgsFeedback) -> tuple[dict[str, Any], int]:
    """Run one verb; returns its JSON and its exit code.

    Only exit codes 0 and 4 (a threshold of the caller's was reached) come back; all else raises Refusal.
    """
    python = core_python()
    if python is None:
        raise core_missing()
    process = QgsBlockingProcess(str(python.path), command_line(verb, options))
    said = bytearray()
    follower = ProgressLines(feedback)

    def keep(chunk: QByteArray) -> None:
        said.extend(chunk.data())

    def follow(chunk: QByteArray) -> None:
        follower.feed(chunk.data())

    # QGIS calls both without asking whether they are set, and keeps no reference: so both, and by name.
    process.setStdOutHandler(keep)
    process.setStdErrHandler(follow)
    exit_code = process.run(feedback)
    if feedback.isCanceled():
        raise Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE)
    try:
        answer = json.loads(said.decode("utf-8"))
    except ValueError as error:
        raise Refusal(death_message(exit_code, follower.rest)) from error
    if exit_code not in (0, 4):
        raise refusal_from_answer(answer, exit_code)
    return answer, exit_code


class ProgressLines:
    """Reads what the core writes to stderr: progress as JSON, one object a line; all else is for people."""

    def __init__(self, feedback: QgsFeedback) -> None:
        self._feedback = feedback
        self._buffer = b""
        self.rest = ""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            self._take(line.decode("utf-8", "replace").strip())

    def _take(self, line: str) -> None:
        try:
            told = json.loads(line)
            self._feedback.setProgress(100 * float(told["progress"]))
            step = told.get("step", "")
        except (ValueError, KeyError, TypeError):
            if line:
                self.rest = (self.rest + "\n" + line)[-LAST_WORDS_KEPT:].strip()
                self._feedback.pushWarning(line)
            return
        if step:
            self._feedback.setProgressText(step)

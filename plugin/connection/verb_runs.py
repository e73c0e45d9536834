"""Run one verb of the core to its end, as QGIS runs GDAL's programs: for Processing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from qgis.core import QgsBlockingProcess, QgsProcessingFeedback
from qgis.PyQt.QtCore import QByteArray, QProcess, QProcessEnvironment

from onemap.plugin.connection.core_session import (
    KILL_AFTER_MS,
    MAX_OUTPUT_LENGTH,
    death_message,
    is_given,
    needed_core,
)
from onemap.plugin.connection.programs import clean_environment
from onemap.plugin.connection.refusals import Refusal, cancel_refusal, refusal_from_answer
from onemap.plugin.connection.server_location import has_login, is_server
from onemap.plugin.connection.server_logins import entry_of, login_environment
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER
from onemap.plugin.words.core_words import are_known, learn
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import verb_parameters

DONE_CODES = (0, 4)
POLL_MS = 100  # how long a cancel may go unseen


def command_line(verb: str, options: dict[str, Any]) -> list[str]:
    """The command after the interpreter: options without a value are left out, lists are repeated."""
    words = ["-I", "-X", "utf8", str(FOLDER / "__main__.py"), *verb.split()]
    positionals = {parameter.name: parameter.required for parameter in verb_parameters(verb) if parameter.positional}
    for name, is_required in positionals.items():
        if is_required or is_given(options.get(name)):
            words.append(str(options[name]))
    for name, value in options.items():
        if name in positionals or not is_given(value):
            continue
        option = "--" + name.replace("_", "-")
        for option_value in value if isinstance(value, (list, tuple)) else [value]:
            words += [option] if option_value is True else [f"{option}={option_value}"]
    return words + ["--json", "--progress=json", f"--lang={settings.language()}"]


def run_verb(
    verb: str, options: dict[str, Any], feedback: QgsProcessingFeedback | None = None
) -> tuple[dict[str, Any], int]:
    """Run one verb; return its JSON and its exit code. feedback: None where nobody follows the run or cancels it.

    Only exit codes 0 and 4 (the caller's threshold was reached) return, also where a cancel came too late to stop
    anything; all others raise Refusal.
    """
    feedback = feedback or QgsProcessingFeedback(False)
    if feedback.isCanceled():
        raise cancel_refusal()
    program = str(needed_core().path)
    login = _login(str(options.get("library") or ""))
    words = command_line(verb, options)
    output = bytearray()
    follower = ProgressLines(feedback)

    def keep(chunk: QByteArray) -> None:
        output.extend(chunk.data())

    def follow(chunk: QByteArray) -> None:
        follower.feed(chunk.data())

    if login:
        exit_code = _run_logged_in(program, words, login, keep, follow, feedback)
    else:
        process = QgsBlockingProcess(program, words)
        # QGIS calls both without asking whether they are set, and keeps no reference: so both, and by name.
        process.setStdOutHandler(keep)
        process.setStdErrHandler(follow)
        exit_code = process.run(feedback)
    if feedback.isCanceled() and exit_code not in DONE_CODES:
        raise cancel_refusal()
    try:
        answer = json.loads(output.decode("utf-8"))
    except ValueError as error:
        raise Refusal(death_message(exit_code, follower.rest)) from error
    if exit_code not in DONE_CODES:
        raise refusal_from_answer(answer, exit_code)
    return answer, exit_code


def learn_words() -> None:
    """Ask the core for its words, unless the dock has done so. Raises Refusal."""
    if not are_known():
        learn(run_verb("words", {})[0])


def _login(library: str) -> dict[str, str]:
    """The environment variables for a library. Raises Refusal if the location contains a login itself."""
    if is_server(library) and has_login(library):
        raise Refusal(
            tr("Take user and password out of the library's address: open it in the One Map panel, with an entry.")
        )
    return login_environment(entry_of(library))


def _run_logged_in(
    program: str,
    words: list[str],
    login: dict[str, str],
    keep: Callable[[QByteArray], None],
    follow: Callable[[QByteArray], None],
    feedback: QgsProcessingFeedback,
) -> int:
    """Run a program like QgsBlockingProcess, but with an environment of its own; return the exit code."""
    environment = QProcessEnvironment()
    for name, value in {**clean_environment(), **login}.items():
        environment.insert(name, value)
    process = QProcess()
    process.setProcessEnvironment(environment)
    process.start(program, words)
    process.closeWriteChannel()
    while process.state() != QProcess.ProcessState.NotRunning:
        process.waitForFinished(POLL_MS)
        keep(process.readAllStandardOutput())
        follow(process.readAllStandardError())
        if feedback.isCanceled() and process.state() != QProcess.ProcessState.NotRunning:
            process.terminate()
            if not process.waitForFinished(KILL_AFTER_MS):
                process.kill()
    keep(process.readAllStandardOutput())
    follow(process.readAllStandardError())
    return int(process.exitCode()) if process.exitStatus() == QProcess.ExitStatus.NormalExit else -1


class ProgressLines:
    """Reads the core's stderr: progress is JSON, one object a line; everything else is for people."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._buffer = b""
        self._step = ""
        self.rest = ""

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes."""
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            self._take_line(line.decode("utf-8", "replace").strip())

    def _take_line(self, line: str) -> None:
        try:
            record = json.loads(line)
            self._feedback.setProgress(100 * float(record["progress"]))
            step = record.get("step", "")
        except (ValueError, KeyError, TypeError):
            if line:
                self.rest = (self.rest + "\n" + line)[-MAX_OUTPUT_LENGTH:].strip()
                self._feedback.pushWarning(line)
            return
        if step and step != self._step:  # each is a line of QGIS's log
            self._step = step
            self._feedback.setProgressText(step)

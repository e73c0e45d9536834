"""The dock's session with the core: it starts the core, sends requests, shows and cancels work, and survives a crash.

The dock has one `onemap serve` and speaks JSON-RPC with it. Processing runs one verb to its end (verb_runs.py).
Expressions, which must wait for an answer, have another `serve` (expression_client.py). Nothing else in the plugin
starts the core.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsMessageLog, QgsProxyProgressTask
from qgis.PyQt.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, pyqtSignal

from onemap.plugin.connection.core_folders import newest_core, note_use
from onemap.plugin.connection.core_python import CorePython, find_core
from onemap.plugin.connection.programs import clean_environment
from onemap.plugin.connection.refusals import Refusal, cancel_refusal, refusal_from_error
from onemap.plugin.connection.server_logins import login_environment
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER, RESOURCES, profile_folder
from onemap.plugin.words.translation import tr
from onemap.plugin.words.visible_marks import with_own_marks, with_visible_marks

KILL_AFTER_MS = 3000  # a cancel that is not answered by then ends the core; it has lost nothing
STOP_LIMIT_MS = 1500
MAX_OUTPUT_LENGTH = 4000
REQUIREMENTS = RESOURCES / "requirements" / "core.txt"


def core_python() -> CorePython | None:
    """The interpreter that starts the core now; None if it must be set up first."""
    python = find_core(settings.get("core_python"), first_core(), FOLDER, REQUIREMENTS)
    if python is not None and python.origin == "profile":
        note_use(newest_core(first_core()))
    return python


def first_core() -> Path:
    """The folder of the first core in the profile; later ones have a number after that name."""
    return profile_folder() / "core"


def missing_python_message() -> str:
    """The message if the settings name a Python that does not exist; otherwise empty."""
    path = settings.get("core_python")
    if not path or shutil.which(path) is not None:
        return ""
    text = tr("The settings name {python} as the core's Python. It is not there, so it is passed over.")
    return text.format(python=path)


def serve_command(python: CorePython) -> list[str]:
    """The command that starts `onemap serve`."""
    return [str(python.path), "-I", "-X", "utf8", str(FOLDER / "__main__.py"), "serve"]


def is_given(value: Any) -> bool:
    """Whether an option has a value: None, False and an empty text mean no value; 0 is one."""
    return value is not None and value is not False and value != ""


def needed_core() -> CorePython:
    """The interpreter that starts the core now. Raises Refusal if it must be set up first."""
    python = core_python()
    if python is None:
        raise core_missing()
    return python


def core_missing() -> Refusal:
    """The refusal for a core that is not set up."""
    message = tr("One Map's core is not set up: the Python environment in which it works is missing.")
    mend = tr("Open the One Map panel and press “Set up the core”.")
    return Refusal(message, [{"code": "core.missing", "message": message, "mend": mend}])


class Request(QObject):
    """One request to the core. It emits either `answered` or `refused`, then `ended`."""

    progressed = pyqtSignal(float, str)  # 0 to 1, and what is being done
    answered = pyqtSignal(dict)
    refused = pyqtSignal(object)  # Refusal
    ended = pyqtSignal()

    def __init__(self, core: Core, number: int, verb: str, params: dict[str, Any], title: str) -> None:
        super().__init__(core)
        self._core, self.number, self.verb, self.params = core, number, verb, params
        self.is_cancelled = False  # by the user, who is waiting for its end
        self.is_stopped = False  # or nobody waits for it any more
        self._task: QgsProxyProgressTask | None = None
        if title:
            self._task = QgsProxyProgressTask(title, True)
            self._task.canceled.connect(self.cancel)
            # One that is cancelled before it began is deleted by QGIS at once.
            self._task.taskTerminated.connect(self._clear_task)
            QgsApplication.taskManager().addTask(self._task)

    @property
    def is_shown(self) -> bool:
        """Whether QGIS's task bar shows the request."""
        return self._task is not None

    def cancel(self) -> None:
        """Ask the core to stop, and end the core if it does not."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._core.cancel(self)

    def let_go(self) -> None:
        """Ask the core to stop work that nobody waits for; work in QGIS's task bar goes on."""
        if not self.is_shown:
            self._core.ask_to_stop(self)

    def end_core(self) -> None:
        """End the core, which has had its time to answer the cancellation."""
        self._core.kill_for(self)

    def _clear_task(self) -> None:
        self._task = None

    def show_progress(self, fraction: float, step: str) -> None:
        """Report the finished share of the work by a signal and in QGIS's task bar."""
        if self._task is not None:
            self._task.setProxyProgress(100 * fraction)
        self.progressed.emit(fraction, step)

    def end(self, answer: dict | None, refusal: Refusal | None) -> None:
        """Emit the answer, or the refusal."""
        if self._task is not None:
            self._task.finalize(refusal is None)
            self._task = None
        if refusal is None:
            self.answered.emit(answer)
        else:
            self.refused.emit(refusal)
        self.ended.emit()
        self.deleteLater()


class Core(QObject):
    """`onemap serve`, started at the first request, and again at the next one after it has died."""

    died = pyqtSignal(str)  # what to say to the user
    stopping = pyqtSignal()  # release the core's files and the login

    def __init__(self) -> None:
        super().__init__()
        self._process: QProcess | None = None
        self._open_requests: dict[int, Request] = {}
        self._refusals_at_start: dict[int, Refusal] = {}  # of requests for which no core could be started
        self._number = 0
        self._killed_for = 0  # the request that did not stop, and for which the core was last killed
        self._last_output = ""
        self._has_spoken = False  # since it was started
        self._entry = ""  # of QGIS's authentication store

    @property
    def is_working(self) -> bool:
        """Whether a request is running that QGIS's task bar shows."""
        return any(request.is_shown for request in self._open_requests.values())

    @property
    def process_id(self) -> int:
        """The core's process id; 0 for none."""
        return int(self._process.processId()) if self._process is not None else 0

    def ask(self, verb: str, params: dict[str, Any], title: str = "") -> Request:
        """Send a request for a verb; with a title, QGIS's task bar shows the work. Never raises, never waits."""
        self._number += 1
        options = {name: value for name, value in params.items() if is_given(value)}
        options.setdefault("lang", settings.language())
        request = Request(self, self._number, verb, options, title)
        self._open_requests[request.number] = request
        self._send_request(request)
        return request

    def _send_request(self, request: Request) -> None:
        """Send a request to the core, starting the core if need be."""
        try:
            self._start()
        except Refusal as refusal:
            self._refusals_at_start[request.number] = refusal
            QTimer.singleShot(0, self._refuse_unstarted)  # later, so that the caller can connect first
            return
        self._send({"jsonrpc": "2.0", "id": request.number, "method": request.verb, "params": request.params})

    def cancel(self, request: Request) -> None:
        """Ask the core to stop one request, and end the core if it does not answer."""
        if request.number in self._open_requests:
            self.ask_to_stop(request)
            QTimer.singleShot(KILL_AFTER_MS, request.end_core)

    def ask_to_stop(self, request: Request) -> None:
        """Ask the core to stop one request, which may wait behind another."""
        request.is_stopped = True
        self._send({"jsonrpc": "2.0", "method": "cancel", "params": {"id": request.number}})

    def kill_for(self, request: Request) -> None:
        """Kill the core if a request is still open; if the core ended before, its requests ended with it."""
        if request.number in self._open_requests and self._process is not None:
            self._killed_for = request.number
            self._process.kill()

    def log_in_with(self, entry: str) -> None:
        """Set the entry of QGIS's authentication store for logging in to servers; the core reads it at its next start.

        A running core is ended, because it keeps its name and password for life.
        """
        if entry != self._entry or entry:  # what the entry holds may have changed too
            self.stop()
        self._entry = entry

    def stop(self) -> None:
        """End the core by closing its stdin; open requests are refused as cancelled."""
        self.stopping.emit()
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()
        if not process.waitForFinished(STOP_LIMIT_MS):
            process.kill()
            process.waitForFinished(STOP_LIMIT_MS)
        process.deleteLater()
        self._refuse_all(cancel_refusal())

    def _start(self) -> None:
        """Start the core unless it runs. Raises Refusal if there is no core, or its login cannot be read."""
        if self._process is not None:
            return
        command = serve_command(needed_core())
        environment = QProcessEnvironment()
        # A password goes by the environment: a command line, a request or a log could be read by others.
        for name, value in {**clean_environment(), **login_environment(self._entry)}.items():
            environment.insert(name, value)
        self._last_output, self._has_spoken = "", False
        self._process = QProcess(self)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read_answers)
        self._process.readyReadStandardError.connect(self._read_output)
        self._process.finished.connect(self._process_ended)
        self._process.errorOccurred.connect(self._process_failed)
        self._process.start(command[0], command[1:])

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.write(with_own_marks(json.dumps(message, ensure_ascii=False)).encode("utf-8") + b"\n")

    def _read_answers(self) -> None:
        while self._process is not None and self._process.canReadLine():
            line = with_visible_marks(bytes(self._process.readLine()).decode("utf-8", "replace"))
            try:
                message = json.loads(line)
            except ValueError:
                self._keep_output(line)
                continue
            self._has_spoken = True
            if message.get("method") == "progress":
                params = message.get("params", {})
                request = self._open_requests.get(params.get("id"))
                if request is not None:
                    request.show_progress(float(params.get("progress", 0)), str(params.get("step", "")))
            elif "error" in message:
                request = self._open_requests.get(message.get("id"))
                verb = request.verb if request is not None else ""
                self._end(message.get("id"), None, refusal_from_error(message["error"], verb))
            elif "result" in message:
                self._end(message.get("id"), message["result"], None)

    def _read_output(self) -> None:
        if self._process is not None:
            self._keep_output(bytes(self._process.readAllStandardError()).decode("utf-8", "replace"))

    def _keep_output(self, words: str) -> None:
        self._last_output = (self._last_output + words)[-MAX_OUTPUT_LENGTH:]
        QgsMessageLog.logMessage(words.strip(), "One Map", notifyUser=False)

    def _end(self, number: int | None, answer: dict | None, refusal: Refusal | None) -> None:
        request = self._open_requests.pop(number, None)
        if request is not None:
            request.end(answer, refusal)

    def _refuse_unstarted(self) -> None:
        refusals, self._refusals_at_start = self._refusals_at_start, {}
        for number, refusal in refusals.items():
            self._end(number, None, refusal)

    def _process_failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # no finished() will come
            self._process_ended(-1)

    def _process_ended(self, exit_code: int, *_status: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._last_output += bytes(process.readAllStandardError()).decode("utf-8", "replace")
        process.deleteLater()
        refusal = Refusal(death_message(exit_code, self._last_output.strip()))
        if self._killed_for in self._open_requests:
            self._ask_again(refusal)
            return
        is_cancelled = any(request.is_cancelled for request in self._open_requests.values())
        self._refuse_all(refusal)
        if not is_cancelled:
            self.died.emit(refusal.message)

    def _ask_again(self, refusal: Refusal) -> None:
        """Send waiting requests to a new core after the core was killed for a request that did not stop.

        The core works in the order of the numbers, so only the first request that nobody stopped may have begun.
        """
        first_open = min(self._open_requests) if self._has_spoken else 0
        waiting = []
        for number, request in list(self._open_requests.items()):
            if request.is_stopped:
                self._end(number, None, cancel_refusal())
            elif number == first_open:
                self._end(number, None, refusal)
            else:
                waiting.append(request)
        for request in waiting:
            if request.number in self._open_requests:  # who heard of the end of the others may have stopped the core
                self._send_request(request)

    def _refuse_all(self, refusal: Refusal) -> None:
        for number, request in list(self._open_requests.items()):
            self._end(number, None, cancel_refusal() if request.is_cancelled else refusal)


def death_message(exit_code: int, last_words: str) -> str:
    """The message for a core that ended without an answer."""
    text = tr("One Map's core ended unexpectedly (code {code}). Nothing in the library is lost; try again.")
    text = text.format(code=exit_code)
    last_line = last_words.splitlines()[-1] if last_words else ""
    return f"{text} {last_line}".strip()

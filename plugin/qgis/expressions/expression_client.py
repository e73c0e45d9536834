"""The core for expressions, which wait for their answer: a `serve` of its own, asked from the drawing thread.

The dock's core answers by Qt's signals, in the main thread only, but expressions are evaluated in many threads.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess  # our own programs only  # nosec B404
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Any

from onemap.plugin.connection.core_session import (
    KILL_AFTER_MS,
    STOP_LIMIT_MS,
    death_message,
    is_given,
    needed_core,
    serve_command,
)
from onemap.plugin.connection.programs import LAST_LINES, NO_WINDOW, READER_LIMIT_S, clean_environment
from onemap.plugin.connection.refusals import Refusal, cancel_refusal, refusal_from_error
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import tr

LIMIT_S = 60.0  # a question takes a second or two; what takes longer must not hold QGIS for ever
POLL_S = 0.1  # how long a cancel may go unseen


class CoreDied(Exception):
    """The core ended before it answered."""


class CoreTimeout(Refusal):
    """The core did not answer in time."""


class BlockingCore:
    """`onemap serve`, started at the first request, and again if it has died.

    Only one thread may ask at a time, which the caller ensures. `stop` and `close` may come from any thread at any
    time.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._lines: queue.Queue = queue.Queue()
        self._last_output: deque = deque(maxlen=LAST_LINES)
        self._readers: list[threading.Thread] = []
        self._login: dict[str, str] = {}
        self.questions = 0  # the number of requests so far
        self._guard = threading.Lock()  # one starts or ends the process at a time
        self.is_closed = False  # whether it will answer no more

    @property
    def process_id(self) -> int:
        """The core's process id; 0 for none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def ask(
        self, verb: str, params: dict[str, Any], login: dict[str, str], is_cancelled: Callable[[], bool]
    ) -> dict[str, Any]:
        """Ask the core for a verb and wait for its answer.

        login: further variables for its environment.

        Raises Refusal if the core refuses, is missing, died, took too long, or was cancelled.
        """
        options = {name: value for name, value in params.items() if is_given(value)}
        options.setdefault("lang", settings.language())
        while True:
            process, is_new = self._start(login)
            try:
                return self._ask_once(process, verb, options, is_cancelled)
            except CoreDied as died:
                _wait_for_end(process)  # one that has closed its stdout, and still is, would be asked for ever
                if self._process is not process:  # ended by ourselves
                    raise cancel_refusal() from died
                if is_new:  # one that had died since the last question is started again, once
                    raise Refusal(death_message(process.returncode, "\n".join(self._last_output))) from died

    def stop(self) -> None:
        """End the core; a waiting request is refused as cancelled. The next request starts another core."""
        with self._guard:
            self._end()

    def close(self) -> None:
        """End the core for good."""
        self.is_closed = True
        self.stop()

    def _start(self, login: dict[str, str]) -> tuple[subprocess.Popen, bool]:
        """The process, and whether it was started just now."""
        process = self._process
        if process is not None and process.poll() is None and login == self._login and not self.is_closed:
            return process, False
        command = serve_command(needed_core())
        with self._guard:
            if self.is_closed:
                raise cancel_refusal()
            self._end()
            try:
                process = subprocess.Popen(  # a list of words, no shell  # nosec B603
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={**clean_environment(), **login},
                    creationflags=NO_WINDOW,
                )
            except OSError as error:
                raise Refusal(death_message(-1, str(error))) from error
            self._process, self._login = process, login
            self._lines, self._last_output = queue.Queue(), deque(maxlen=LAST_LINES)
            self._readers = [
                threading.Thread(target=_queue_lines, args=(process.stdout, self._lines), daemon=True),
                threading.Thread(target=_collect_output, args=(process.stderr, self._last_output), daemon=True),
            ]
            for reader in self._readers:
                reader.start()
        return process, True

    def _ask_once(
        self, process: subprocess.Popen, verb: str, params: dict[str, Any], is_cancelled: Callable[[], bool]
    ) -> dict[str, Any]:
        lines = self._lines
        self.questions += 1
        number = self.questions
        _send(process, {"jsonrpc": "2.0", "id": number, "method": verb, "params": params})
        ends_at = time.monotonic() + LIMIT_S
        refusal: Refusal | None = None  # set once the caller waits no more
        while True:
            try:
                line = lines.get(timeout=POLL_S)
            except queue.Empty:
                line = b""
            if line is None:
                if refusal is not None:
                    raise refusal
                raise CoreDied
            message = _message_in(line)
            if message.get("id") == number and refusal is None and "result" in message:
                return message["result"]
            if message.get("id") == number and ("result" in message or "error" in message):
                raise refusal or refusal_from_error(message["error"])
            now = time.monotonic()
            if refusal is None and (is_cancelled() or now > ends_at):
                refusal = cancel_refusal() if now <= ends_at else _timeout_refusal()
                ends_at = now + KILL_AFTER_MS / 1000
                with contextlib.suppress(CoreDied):
                    _send(process, {"jsonrpc": "2.0", "method": "cancel", "params": {"id": number}})
            elif refusal is not None and now > ends_at:
                process.kill()  # it has lost nothing
                process.wait()
                raise refusal

    def _end(self) -> None:
        """Close the core's stdin, which makes it stop; kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError, ValueError):
            process.stdin.close()
        _wait_for_end(process)
        for reader, stream in zip(self._readers, (process.stdout, process.stderr)):
            reader.join(READER_LIMIT_S)
            if not reader.is_alive():
                stream.close()
        self._readers = []


def _wait_for_end(process: subprocess.Popen) -> None:
    """Wait until an ending core has ended; kill it if it takes too long."""
    try:
        process.wait(STOP_LIMIT_MS / 1000)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _queue_lines(stream: IO[bytes], lines: queue.Queue) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _collect_output(stream: IO[bytes], words: deque) -> None:
    for line in stream:
        words.append(line.decode("utf-8", "replace").rstrip())


def _send(process: subprocess.Popen, message: dict[str, Any]) -> None:
    """Send one message to the core. Raises CoreDied if the core has ended."""
    try:
        process.stdin.write(json.dumps(message, ensure_ascii=False).encode("utf-8") + b"\n")
        process.stdin.flush()
    except (OSError, ValueError) as error:
        raise CoreDied from error


def _message_in(line: bytes) -> dict[str, Any]:
    """The message in a line; empty if the line is not a message."""
    try:
        message = json.loads(line.decode("utf-8", "replace")) if line else {}
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _timeout_refusal() -> CoreTimeout:
    text = tr("The core did not answer within {seconds} s and was stopped. Try again, or check in the One Map panel.")
    return CoreTimeout(text.format(seconds=round(LIMIT_S)))

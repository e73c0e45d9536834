"""A core that answers other systems: a child process that runs `onemap serve`."""

import contextlib
import json
import queue
import subprocess  # nosec B404
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from onemap.layers.bounded_process import python_process
from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import read_json
from onemap.layers.messages import ProblemRecord, problem_record

_LAST_WORDS_S = 1.5  # a core that is told to end does so within a second
MOST_BYTES = 8 << 30  # of address space, of which a check of some hundred parcels uses a tenth
_MAIN = Path(__file__).resolve().parents[3] / "__main__.py"
_SERVING = """
import os, runpy, sys
if {gives_way} and hasattr(os, "nice"):
    os.nice(10)
sys.argv = [{main!r}, "serve", "--lang", {language!r}]
runpy.run_path({main!r}, run_name="__main__")
"""
ReportProgress = Callable[[float, str], None]


@dataclass(frozen=True)
class VerbAnswer:
    """The outcome of a verb. result: the command line's JSON, None after a refusal; problems: its reasons, in words."""

    result: dict[str, Any] | None
    problems: list[ProblemRecord] = field(default_factory=list)
    exit_code: int = 0


def refusal_of(error: OneMapError, language: str) -> VerbAnswer:
    """An error as the answer of a verb that refuses."""
    return VerbAnswer(None, [problem_record(problem, language) for problem in error.problems], error.exit_code)


class ServeChild:
    """A core in a child process. Any thread may ask it and cancel; it answers one request after the other.

    gives_way: run with low priority, if the system has priorities.
    """

    def __init__(self, language: str, most: int = MOST_BYTES, *, gives_way: bool = False) -> None:
        self.language = language
        self._numbers = count(1)
        self._waiting: dict[int, queue.Queue[dict[str, Any] | None]] = {}
        self._turn = threading.Lock()
        self._has_ended = threading.Event()
        self._stack = contextlib.ExitStack()
        text = _SERVING.format(main=str(_MAIN), language=language, gives_way=gives_way)
        self._program = self._stack.enter_context(python_process(text, most))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._has_ended.is_set() and self._program.poll() is None

    def ask(
        self,
        verb: str,
        values: Mapping[str, Any],
        report: ReportProgress,
        on_begin: Callable[[int], None] | None = None,
    ) -> VerbAnswer:
        """Ask for a verb and wait for its answer. report: called with progress; on_begin: with the number to cancel.

        If the core ends before it has answered, the answer is the refusal web.core_ended.
        """
        number, answers = next(self._numbers), queue.Queue[dict[str, Any] | None]()
        self._waiting[number] = answers
        try:
            self._send({"id": number, "method": verb, "params": dict(values)})
            if self._has_ended.is_set():  # what was sent went nowhere, and nobody is listening for an answer
                answers.put(None)
            if on_begin:
                on_begin(number)
            while (line := answers.get()) is not None:
                if line.get("method") == "progress":
                    report(float(line["params"]["progress"]), str(line["params"]["step"]))
                elif "error" in line:
                    data = line["error"]["data"]
                    return VerbAnswer(None, list(data["problems"]), int(data["exit_code"]))
                else:
                    return VerbAnswer(line["result"])
        except OSError:  # its stdin is gone with it
            pass
        finally:
            self._waiting.pop(number, None)
        return refusal_of(OneMapError("web.core_ended"), str(values.get("lang", self.language)))

    def get_ready(self, *, gives_way: bool = False) -> None:
        """Load what a person at a desk needs, which takes about a second of processor time.

        gives_way: run with low priority from now on, because a program may wait longer than a person.
        """
        self.ask("get ready", {"gives_way": gives_way}, lambda fraction, step: None)

    def cancel(self, number: int) -> None:
        """Cancel the request with a number, if it is not answered yet."""
        with contextlib.suppress(OSError, ValueError):
            self._send({"method": "cancel", "params": {"id": number}})

    def ask_to_end(self) -> None:
        """Tell the core to end, and do not wait for it."""
        self._program.terminate()

    def end(self) -> None:
        """End the core; the library's transaction undoes unfinished work.

        It has a moment to close the library, so that this is one file again.
        """
        with self._stack, contextlib.suppress(subprocess.TimeoutExpired):
            self.ask_to_end()
            self._program.wait(_LAST_WORDS_S)

    def _send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False).encode("utf-8")
        with self._turn:
            if self._program.stdin is None or self._program.stdin.closed:
                raise BrokenPipeError
            self._program.stdin.write(line + b"\n")
            self._program.stdin.flush()

    def _listen(self) -> None:
        stdout = self._program.stdout
        with contextlib.suppress(OSError, ValueError):
            for line in stdout or ():
                message = read_json(line.decode("utf-8"))
                number = message.get("id") or message.get("params", {}).get("id")
                if (answers := self._waiting.get(number)) is not None:
                    answers.put(message)
        self._has_ended.set()
        for answers in list(self._waiting.values()):
            answers.put(None)

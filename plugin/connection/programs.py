"""Run other programs to their end: output line by line, without a window on Windows, stopped with the caller."""

from __future__ import annotations

import os
import queue
import subprocess  # our own programs only  # nosec B404
import threading
from collections.abc import Callable
from typing import IO

# A Python started from QGIS must find its own library, not QGIS's.
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
LAST_LINES = 12
POLL_S = 0.2  # how long a cancel may go unseen while a program is silent
ASK_LIMIT_S = 20.0
READER_LIMIT_S = 2.0
Progress = Callable[[float, str], None]  # the share that is done, 0 to 1, and the step; it may raise to cancel


class ProgramError(Exception):
    """A program did not start, or failed; the text is its last output."""


def clean_environment() -> dict[str, str]:
    """The environment without the variables of QGIS's own Python, PROJ and GDAL."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_INHERITED and not name.startswith(("PROJ_", "GDAL_"))
    }


def ask_program(command: list[str]) -> str:
    """The output of a program that answers at once."""
    try:
        result = subprocess.run(  # a list of words, no shell  # nosec B603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=clean_environment(),
            creationflags=NO_WINDOW,
            timeout=ASK_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError(str(error)) from error
    if result.returncode != 0:
        raise ProgramError((result.stderr or result.stdout).strip())
    return result.stdout


def run_program(command: list[str], on_line: Callable[[str], None], variables: dict[str, str] | None = None) -> None:
    """Run a program to its end and pass on each line that it prints.

    on_line: called with each line, and with an empty line while the program is silent, so that it can see a cancel. An
    exception from it ends the program.
    variables: of the environment, for this program alone.
    """
    try:
        process = subprocess.Popen(  # a list of words, no shell  # nosec B603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**clean_environment(), **(variables or {})},
            creationflags=NO_WINDOW,
        )
    except OSError as error:
        raise ProgramError(str(error)) from error
    lines: queue.Queue = queue.Queue()
    reader = threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True)
    reader.start()
    last_lines: list[str] = []
    try:
        while True:
            try:
                line = lines.get(timeout=POLL_S)
            except queue.Empty:
                line = ""
            if line is None:
                break
            if line:
                last_lines = [*last_lines, line][-LAST_LINES:]
            on_line(line)
        if process.wait() != 0:
            raise ProgramError("\n".join(last_lines) or f"{command[0]}: {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join(READER_LIMIT_S)
        if not reader.is_alive():  # a grandchild may still hold the other end
            process.stdout.close()


def _read_lines(stream: IO[str], lines: queue.Queue) -> None:
    for line in stream:
        lines.put(line.rstrip())
    lines.put(None)

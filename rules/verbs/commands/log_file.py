"""`--log FILE`: append what the program says to a file, each line with its time."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TextIO

from onemap.layers.errors import OneMapError
from onemap.layers.secret_words import shown_word, without_typed
from onemap.layers.visible_text import terminal_text

LOG_OPTION = "--log"


class _LogFile:
    """This process's log file. Several processes may share one file: each line is whole, with its process."""

    def __init__(self) -> None:
        self._file: TextIO | None = None
        self._step = ""

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[None]:
        """Write all lines within the block to a file. Raises OneMapError log.file."""
        try:
            self._file = open(path, "a", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115
        except OSError as error:
            reason = error.strerror or str(error)
            raise OneMapError("log.file", file=path, field=LOG_OPTION, reason=reason) from error
        self._step = ""
        try:
            yield
        finally:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()

    @property
    def is_open(self) -> bool:
        """Whether there is a file to write to."""
        return self._file is not None

    def note(self, text: str) -> None:
        """Write lines to the log, if there is a file. A full disk loses them, but stops no work."""
        if self._file is None:
            return
        head = f"{datetime.now().astimezone().isoformat(timespec='seconds')} [{os.getpid()}] "
        with contextlib.suppress(OSError):
            lines = terminal_text(without_typed(text)).splitlines()
            self._file.write("".join(f"{head}{line}\n" for line in lines if line.strip()))

    def note_step(self, step: str) -> None:
        """Log a step of progress once, when it begins."""
        if step and step != self._step:
            self._step = step
            self.note(step)


LOG = _LogFile()


def log_path(arguments: Sequence[str]) -> str | None:
    """The log file named in unparsed arguments, so that wrong arguments are logged too."""
    for at, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name == LOG_OPTION:
            return value if equals else next(iter(arguments[at + 1 : at + 2]), None)
    return None


def check_log(path: str, arguments: Sequence[str]) -> None:
    """Refuse a log file that a command reads or writes. Raises OneMapError out.input."""
    for before, word in zip(["", *arguments], arguments, strict=False):
        if before == LOG_OPTION or word.startswith(f"{LOG_OPTION}="):
            continue
        with contextlib.suppress(OSError, ValueError):  # what is no file
            if os.path.samefile(path, word.rpartition("=")[2]):
                raise OneMapError("out.input", file=os.path.basename(path), field=LOG_OPTION)


def command_words(arguments: Sequence[str]) -> str:
    """A command as it was typed, without passwords."""
    return " ".join(["onemap", *(shown_word(word) for word in arguments)])

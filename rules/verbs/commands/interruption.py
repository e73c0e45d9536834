"""Work that does not ask soon enough whether it should stop is stopped from outside, as a signal stops a program."""

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator

from onemap.layers.errors import Cancelled


class Interruption:
    """The work of one thread that another thread may interrupt: Cancelled is raised at its current place in Python."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._work: object = None

    @contextlib.contextmanager
    def work(self, name: object) -> Iterator[None]:
        """Work within the block can be cancelled by its name; a cancellation that comes too late is forgotten."""
        with self._lock:
            self._thread, self._work = threading.get_ident(), name
        try:
            yield
        finally:
            while not self._end_watch():
                continue

    def _end_watch(self) -> bool:
        """End the watch, so that nobody can cancel any more; False if someone did just now."""
        try:
            with self._lock:
                self._thread = None
            _raise_in(threading.get_ident(), None)
        except Cancelled:
            return False
        return True

    def stop(self, name: object) -> bool:
        """Break off the work of that name, if it is being done; not while it loads a module, which must come whole.

        False if it was not broken off.
        """
        with self._lock:
            if self._thread is None or self._work != name or _is_importing(self._thread):
                return False
            _raise_in(self._thread, Cancelled)
            return True


def _is_importing(thread: int) -> bool:
    """Whether a thread is loading a module: one in C that was broken off could not be loaded again."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, error: type[Exception] | None) -> None:
    """Raise an error in a thread as soon as it runs Python; None takes back one that was not raised yet."""
    wanted = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)

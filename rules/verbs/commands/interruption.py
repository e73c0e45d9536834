"""Interrupt work that does not ask soon enough whether it should stop, as a signal stops a program."""

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator

from onemap.layers.errors import Cancelled


class Interruption:
    """One thread's work, which another thread may interrupt: Cancelled is raised wherever its Python code is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._work: object = None

    @contextlib.contextmanager
    def work(self, name: object) -> Iterator[None]:
        """Allow the work in the block to be cancelled by its name; a cancellation that comes too late is dropped."""
        with self._lock:
            self._thread, self._work = threading.get_ident(), name
        try:
            yield
        finally:
            while not self._end_watch():
                continue

    def forgo(self) -> None:
        """Let the running work go to its end. Raises Cancelled if it was cancelled just now."""
        with self._lock:
            self._thread = None
        _raise_in(threading.get_ident(), None)

    def _end_watch(self) -> bool:
        """End the time in which work can be cancelled; False if it was cancelled just now."""
        try:
            self.forgo()
        except Cancelled:
            return False
        return True

    def stop(self, name: object) -> bool:
        """Interrupt the work with that name if it is running, but not while it loads a module.

        Return False if it was not interrupted.
        """
        with self._lock:
            if self._thread is None or self._work != name or _is_importing(self._thread):
                return False
            _raise_in(self._thread, Cancelled)
            return True


def _is_importing(thread: int) -> bool:
    """Whether a thread is loading a module: an interrupted module in C could not be loaded again."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, error: type[Exception] | None) -> None:
    """Raise an error in a thread as soon as it runs Python; None withdraws an error that was not raised yet."""
    error_object = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error_object)

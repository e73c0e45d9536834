"""The signals that ask a program to stop, Ctrl+C and those of the system, and their handling."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from onemap.layers.errors import Cancelled

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own
_SOON_S = 0.02  # until a request that was lost comes again
Handler = Callable[[int, Any], Any] | signal.Handlers


@contextlib.contextmanager
def handling_signals(handler: Handler, on_loss: Callable[[], None] | None = None) -> Iterator[None]:
    """Handle the signals within the block; only the main thread can.

    on_loss: called if Cancelled, raised by the handler, had no effect, such as in the callback of a weak reference
    while a module is loaded; the handler is then called once more.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for one in [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]:
            before[one] = signal.signal(one, handler)
    try:
        with _said_again(on_loss) if before and on_loss else contextlib.nullcontext():
            yield
    finally:
        for one, former in before.items():
            signal.signal(one, former)


@contextlib.contextmanager
def _said_again(on_loss: Callable[[], None]) -> Iterator[None]:
    former, waiting = sys.unraisablehook, []

    def take(unraisable: Any) -> None:
        if unraisable.exc_type is not Cancelled:
            former(unraisable)
            return
        on_loss()
        timer = threading.Timer(_SOON_S, _ask)
        timer.daemon = True
        waiting.append(timer)
        timer.start()

    sys.unraisablehook = take
    try:
        yield
    finally:
        sys.unraisablehook = former
        for timer in waiting:
            timer.cancel()


def _ask() -> None:
    """Send the main thread a request to stop, so that it also stops waiting."""
    first = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and first is not None:
        signal.pthread_kill(first, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)

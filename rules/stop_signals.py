"""The signals by which a program is asked to stop: Ctrl+C, and what a system sends; and who hears them."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own
Handler = Callable[[int, Any], Any] | signal.Handlers


@contextlib.contextmanager
def heard_by(handler: Handler) -> Iterator[None]:
    """Have a handler hear them for as long as the block lasts; nobody does in a thread that is not the first."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for one in [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]:
            before[one] = signal.signal(one, handler)
    try:
        yield
    finally:
        for one, former in before.items():
            signal.signal(one, former)

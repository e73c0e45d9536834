"""Calculations in one long call that nothing can break off: whoever waits for one can stop waiting."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_LOOK_S = 0.05
Result = TypeVar("Result")


def waited_for(work: Callable[[], Result], told: Callable[[float], None] = lambda seconds: None) -> Result:
    """What work() gives, or the error that it raises; it must hold no lock of the interpreter while it calculates.

    It is done by a thread of its own. Where nobody waits any more, it is left to itself and its result forgotten.
    told: again and again, how many seconds the processors have worked since; it may raise Cancelled.
    """
    found: list[Result] = []
    errors: list[Exception] = []

    def done() -> None:
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=done, daemon=True)
    began = time.process_time()
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
        told(time.process_time() - began)
    if errors:
        raise errors[0]
    return found[0]

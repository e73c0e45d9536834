"""Calculations in one long call that nothing can break off: whoever waits for one can stop waiting."""

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from onemap.layers.progress import Told

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


def expected(told: Told, seconds: float) -> Callable[[float], None]:
    """Tells of work that says nothing of itself by the seconds it has taken, where about so many are expected.

    Most is told in the time that is expected, and all of it never.
    """
    return lambda taken: told(1 - math.exp(-2 * taken / seconds))

"""Calculations in one long call that cannot be interrupted: the caller can stop waiting for them."""

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from onemap.layers.progress import SILENT, Progress

_LOOK_S = 0.05
Result = TypeVar("Result")


def run_cancellable(work: Callable[[], Result], progress: Progress = SILENT, expected_s: float | None = None) -> Result:
    """Return the result of work(), or raise its error; work must release the interpreter's lock while it calculates.

    A thread of its own does it. If the caller is cancelled, the thread is left to finish and its result is dropped.

    progress: of this work. expected_s: an estimate of its seconds, which drives the progress; None if not known.
    """
    results: list[Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    began = time.process_time()
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_S)
        if expected_s is None:
            progress.check()
        else:
            progress.at(expected_share(time.process_time() - began, expected_s))
    if errors:
        raise errors[0]
    return results[0]


def expected_share(taken_s: float, expected_s: float) -> float:
    """The share of work done after `taken_s`, for work that reports nothing: never all of it."""
    return 1 - math.exp(-2 * taken_s / expected_s) if expected_s > 0 else 0.0

"""Who waits for a long calculation can stop waiting; who does not gets its result, or its error."""

import threading

import pytest

from onemap.layers.errors import Cancelled
from onemap.rules.commands.interruption import Interruption
from onemap.rules.overlay.uninterruptible import waited_for


def test_a_result_and_an_error_come_as_they_are():
    assert waited_for(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        waited_for(lambda: 1 / 0)


def test_who_is_told_to_stop_does_not_wait_for_the_end():
    interruption, begun, may_end = Interruption(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()

    def stop() -> None:
        begun.wait()
        interruption.stop("a")

    threading.Thread(target=stop).start()
    with pytest.raises(Cancelled), interruption.work("a"):
        waited_for(work)
    may_end.set()  # not before: whoever had waited for the end would wait still


def test_who_waits_hears_how_long_the_processors_work_and_may_stop_there():
    may_end = threading.Event()
    told: list[float] = []

    def hear(seconds: float) -> None:
        told.append(seconds)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        waited_for(may_end.wait, hear)
    may_end.set()
    assert told == sorted(told)
    assert told[0] >= 0

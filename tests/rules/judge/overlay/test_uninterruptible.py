"""A caller that waits for a long calculation can stop waiting, or gets its result or its error."""

import threading

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.progress import Progress
from onemap.rules.judge.overlay.uninterruptible import expected_share, run_cancellable
from onemap.rules.verbs.commands.interruption import Interruption


def test_a_result_and_an_error_come_as_they_are():
    assert run_cancellable(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        run_cancellable(lambda: 1 / 0)


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
        run_cancellable(work)
    may_end.set()  # not before: whoever had waited for the end would wait still


@pytest.mark.parametrize("expected_s", [None, 1.0])
def test_who_waits_is_told_again_and_again_and_may_stop_there(expected_s):
    may_end = threading.Event()
    reports: list[float] = []

    def report(share: float, step: str) -> None:
        reports.append(share)
        if len(reports) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_cancellable(may_end.wait, Progress(report), expected_s)
    may_end.set()
    assert len(reports) == 3
    assert reports == sorted(reports)
    assert 0 <= reports[0] <= reports[-1] < 1


def test_most_of_what_is_expected_is_done_in_its_time_and_never_all():
    shares = [expected_share(taken_s, 10.0) for taken_s in (0.0, 1.0, 10.0, 100.0)]
    assert shares[0] == 0 and shares == sorted(shares)
    assert 0.8 < shares[2] < 0.9 and shares[3] < 1

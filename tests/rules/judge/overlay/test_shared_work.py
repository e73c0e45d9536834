"""Threads that share work: results are in order, progress moves, and all of them stop."""

import threading

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.progress import Progress
from onemap.rules.judge.overlay.threads import Threads


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_the_order_of_the_parts(workers):
    assert Threads(workers).each(lambda part: part * part, range(100)) == [part * part for part in range(100)]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(("parts", "most"), [(None, 0.5), (10.0, 0.87)])
def test_the_bar_moves_with_every_part_and_leaves_room_for_more(workers, parts, most):
    shares: list[float] = []
    threads = Threads(workers, Progress(lambda share, step: shares.append(share)).part(0.0, 1.0), parts)
    threads.each(lambda part: part, range(10))
    assert shares == sorted(shares)
    assert len(set(shares)) == 11
    assert shares[-1] == pytest.approx(most, abs=0.01)
    threads.each(lambda part: part, range(10))
    assert most < shares[-1] < 1


@pytest.mark.parametrize("workers", [1, 4])
def test_what_is_stopped_begins_no_other_part(workers):
    begun: list[int] = []
    is_enough = threading.Event()

    def report(share: float, step: str) -> None:
        if is_enough.is_set():
            raise Cancelled

    def work(part: int) -> None:
        begun.append(part)
        if part == 5:
            is_enough.set()

    with pytest.raises(Cancelled):
        Threads(workers, Progress(report)).each(work, range(1000))
    assert len(begun) < 20


@pytest.mark.parametrize("workers", [2, 4])
def test_work_within_work_waits_for_nobody(workers):
    threads = Threads(workers)

    def work(depth: int) -> int:
        return 1 + sum(threads.each(work, [depth - 1] * 6)) if depth else 1

    assert sum(threads.each(work, [3] * 20)) == 20 * (1 + 6 + 36 + 216)


def test_what_goes_wrong_in_any_thread_is_raised_once_none_is_at_work():
    at_work, met = set[int](), threading.Barrier(3)

    def work(part: int) -> None:
        at_work.add(part)
        try:
            if part < 3:
                met.wait(10)
            if part == 1:
                raise ValueError(part)
        finally:
            at_work.remove(part)

    with pytest.raises(ValueError, match="1"):
        Threads(3).each(work, range(1000))
    assert not at_work


def test_items_in_turn_have_a_part_of_the_work_each():
    shares: list[float] = []
    threads = Threads(2, Progress(lambda share, step: shares.append(share)).part(0.0, 0.5))
    for item, own in threads.in_turn("abcd"):
        assert own.workers == 2
        own.progress.at(1.0)
        assert item in "abcd"
    assert shares == pytest.approx([0.0, 0.125, 0.125, 0.25, 0.25, 0.375, 0.375, 0.5])

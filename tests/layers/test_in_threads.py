"""Work in threads: results in order, few begun ahead, and nothing running at the end."""

import itertools
import threading

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.in_threads import in_order, one_ahead, one_thread_more, result_of


def test_results_come_in_the_order_of_the_parts_from_several_threads():
    both = threading.Barrier(2, timeout=20)
    seen = set()

    def work(part):
        if part < 2:
            both.wait()  # no thread alone would get past
        seen.add(threading.get_ident())
        return part * part

    assert list(in_order(work, range(20), workers=2)) == [part * part for part in range(20)]
    assert len(seen) == 2


def test_no_more_is_begun_than_the_workers_and_one():
    asked = []

    def parts():
        for part in range(10):
            asked.append(part)
            yield part

    results = in_order(lambda part: part, parts(), workers=2)
    assert next(results) == 0
    assert asked == [0, 1, 2]
    results.close()
    assert asked == [0, 1, 2]


def test_what_work_or_its_parts_raise_reaches_whoever_takes_and_no_thread_is_left():
    before = set(threading.enumerate())  # some may end meanwhile that others have begun

    def failing_numbers():
        yield 1
        raise OSError("gone")

    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda part: 1 // part, [1, 0, 1, 1], workers=2))
    with pytest.raises(OSError, match="gone"):
        list(in_order(lambda part: part, failing_numbers(), workers=2))
    assert set(threading.enumerate()) <= before


def test_the_next_part_is_made_in_a_thread_while_one_is_used():
    made = []
    second = threading.Event()

    def parts():
        for part in range(4):
            made.append((part, threading.get_ident()))
            if part == 1:
                second.set()
            yield part

    ahead = one_ahead(parts())
    assert next(ahead) == 0
    assert second.wait(20)  # made without being asked for
    assert list(ahead) == [1, 2, 3]
    assert [part for part, _ in made] == [0, 1, 2, 3]
    assert threading.get_ident() not in {thread for _, thread in made}


def test_who_stops_taking_leaves_no_thread_and_what_a_part_raises_reaches_who_takes():
    before = set(threading.enumerate())  # some may end meanwhile that others have begun

    def parts():
        yield 1
        raise ValueError("the second")

    ahead = one_ahead(parts())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="the second"):
        next(ahead)
    endless = one_ahead(itertools.count())
    assert next(endless) == 0
    endless.close()
    assert set(threading.enumerate()) <= before


def test_who_waits_for_a_result_looks_meanwhile_and_gets_it_or_what_went_wrong():
    may_end, looks = threading.Event(), []

    def look():
        looks.append(None)
        if len(looks) == 3:
            may_end.set()

    with one_thread_more() as thread:
        assert result_of(thread.submit(lambda: may_end.wait() and "made"), look) == "made"
        assert len(looks) >= 3
        with pytest.raises(ZeroDivisionError):
            result_of(thread.submit(lambda: 1 // 0), look)


def test_who_wants_a_result_no_more_does_not_wait_for_it():
    may_end, looks = threading.Event(), []

    def look():
        looks.append(None)
        if len(looks) == 2:
            raise Cancelled

    with one_thread_more() as thread:
        made = thread.submit(may_end.wait)
        with pytest.raises(Cancelled):
            result_of(made, look)
        assert not made.done()
        may_end.set()

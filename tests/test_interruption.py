"""Work that never asks whether to stop is interrupted nevertheless, and nothing else is."""

import sys
import threading

import pytest

from onemap.layers.errors import Cancelled
from onemap.rules.verbs.commands.interruption import Interruption
from onemap.tests.conftest import wait_for
from onemap.tests.test_serve import Served, one_core, served_core

__all__ = ["one_core", "served_core"]  # fixtures


def outcome_of_work(interruption: Interruption, name: str, stopping: str) -> tuple[str, int]:
    """What becomes of work under a name, that runs until another thread has stopped some work, and how far it came."""
    reached, stopped = 0, threading.Event()

    def stop() -> None:
        interruption.stop(stopping)
        stopped.set()

    try:
        with interruption.work(name):
            threading.Thread(target=stop).start()
            while not stopped.is_set():
                reached += 1
            stopped.wait()
            for _ in range(1000):
                reached += 1
    except Cancelled:
        return "broken off", reached
    return "done", reached


def test_work_that_never_asks_is_broken_off_by_its_name():
    assert outcome_of_work(Interruption(), "a", "a")[0] == "broken off"


def test_other_work_goes_on():
    assert outcome_of_work(Interruption(), "a", "b")[0] == "done"


def test_a_stop_that_comes_too_late_touches_nothing():
    interruption = Interruption()
    with interruption.work("a"):
        pass
    assert not interruption.stop("a")
    assert sum(range(100_000)) == 4_999_950_000


def test_a_module_that_is_being_loaded_comes_whole(tmp_path, monkeypatch):
    interruption = Interruption()
    (tmp_path / "loaded_slowly.py").write_text(
        "import sys, threading\n"
        "one = threading.Thread(target=sys.held.stop, args=('a',))\n"
        "one.start()\n"
        "one.join()\n"
        "whole = sum(range(1000))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "held", interruption, raising=False)
    with interruption.work("a"):
        import loaded_slowly  # type: ignore[import-not-found]
    assert loaded_slowly.whole == 499_500


def test_work_that_was_let_go_to_its_end_is_not_broken_off():
    interruption, done = Interruption(), []
    with interruption.work("a"):
        interruption.forgo()
        done.append(interruption.stop("a"))
    assert done == [False]


@pytest.mark.slow
def test_a_verb_that_tells_no_progress_is_cancelled_and_the_next_request_answered(served_core: Served, tmp_path):
    served_core.ask("sample", 1, folder=str(tmp_path / "city"))
    served_core.ask("words", 2)
    wait_for(served_core.program, lambda: list(tmp_path.glob("city.*.part/new/*")))
    served_core.send(b'{"jsonrpc": "2.0", "method": "cancel", "params": {"id": 1}}')
    cancelled, after = served_core.answer(), served_core.answer()
    assert cancelled["error"]["data"] == {"problems": [], "exit_code": 130}
    assert (after["id"], after["result"]["ok"]) == (2, True)
    assert not list(tmp_path.glob("city*"))


def test_what_was_answered_cannot_be_broken_off_any_more():
    interruption = Interruption()
    for _ in range(50):
        with pytest.raises(Cancelled), interruption.work("a"):
            interruption.stop("a")
            for _ in range(1000):
                threading.get_ident()
        interruption.stop("a")

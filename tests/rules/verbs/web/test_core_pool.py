"""The pool of cores: a slow question is stopped, a core that ends loses one question, the next is answered."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.serve_child import ServeChild
from onemap.rules.verbs.web.session_table import Session, SessionTable
from onemap.tests.conftest import other_writer, write_layer
from onemap.tests.rules.verbs.web.asked_town import ground

pytestmark = pytest.mark.slow  # each starts cores of its own

NOTHING_TOLD = (lambda fraction, step: None), (lambda stop: None)


def test_what_takes_too_long_is_broken_off_and_the_next_question_is_answered(asked_library: Path, tmp_path: Path):
    parcels = write_layer(tmp_path / "p.gpkg", [ground(0, 0, 9, 9)], {"DKBH": ["P"]})
    asked = {"library": str(asked_library), "parcels": [str(parcels)], "only": ["ZONE"]}
    pool = CorePool(1, "en", seconds=60.0)
    try:
        assert pool.ask("layers", {"library": str(asked_library)}, *NOTHING_TOLD).result is not None
        pool.seconds = 2.0
        with other_writer(asked_library):
            late = pool.ask("check", asked, *NOTHING_TOLD)
        assert late.result is None and late.problems[0]["code"] == "web.too_long"
        pool.seconds = 60.0
        assert pool.ask("layers", {"library": str(asked_library)}, *NOTHING_TOLD).result is not None
    finally:
        pool.end()


@pytest.mark.skipif(os.name == "nt", reason="a signal that kills is a Unix's")
def test_a_core_that_is_killed_ends_one_question(asked_library: Path):
    pool = CorePool(1, "en", seconds=60.0)
    try:
        begun = threading.Event()

        def kill(_: Any) -> None:
            child = next(iter(pool._all))
            os.kill(child._program.pid, signal.SIGKILL)
            begun.set()

        ended = pool.ask("layers", {"library": str(asked_library)}, NOTHING_TOLD[0], kill)
        assert begun.is_set() and (ended.result is not None or ended.problems[0]["code"] == "web.core_ended")
        assert pool.ask("layers", {"library": str(asked_library)}, *NOTHING_TOLD).result is not None
    finally:
        pool.end()


def test_a_question_that_is_stopped_after_its_answer_costs_nobody_a_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onemap.rules.verbs.web.core_pool._GRACE_S", 0.0)
    core, stops = ServeChild("en"), []
    try:
        pool = CorePool.of_child(core, 60.0)
        pool.ask("get ready", {"gives_way": False}, NOTHING_TOLD[0], stops.append)
        stops[0]()
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
        assert core.is_alive
    finally:
        core.end()


def test_the_core_of_a_session_that_nobody_uses_ends_with_it(monkeypatch: pytest.MonkeyPatch):
    now = 1000.0
    monkeypatch.setattr("onemap.rules.verbs.web.session_table.time.monotonic", lambda: now)
    ended: list[tuple[str, float]] = []
    table = SessionTable(5, 1800.0, 43_200.0, lambda session: ended.append((session.name, now - 1000)))
    cores = {name: ServeChild("en") for name in ("idle", "busy")}
    tokens = {name: table.add(Session(name, "en", CorePool.of_child(core, 5.0))) for name, core in cores.items()}
    for _ in range(26):
        now += 1700
        table.get(tokens["busy"])
        table.end_idle()
    # Half an hour unused; the other was used all day, and ended all the same. Both are told, however they ended.
    assert ended == [("idle", 3400.0), ("busy", 44_200.0)]
    assert table.get(tokens["idle"]) is None and table.get(tokens["busy"]) is None
    assert not any(core.is_alive for core in cores.values())


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_question_after_the_end_is_refused_and_starts_no_core(asked_library: Path, asked_before: bool):
    pool, asked = CorePool(2, "en", seconds=60.0), {"library": str(asked_library), "lang": "zh"}
    if asked_before:
        assert pool.ask("layers", asked, *NOTHING_TOLD).result is not None
    pool.end()
    for _ in range(3):
        answer = pool.ask("layers", asked, *NOTHING_TOLD)
        assert answer.result is None and answer.problems[0]["code"] == "web.core_ended"
    assert not any(core.is_alive for core in pool._all)


@pytest.mark.skipif(os.name == "nt", reason="there a job holds it, which only Windows makes")
def test_a_core_has_no_more_memory_than_it_is_given(asked_library: Path):
    pool = CorePool(1, "en", seconds=2.0, most=200 << 20)  # less than its libraries take
    try:
        answer = pool.ask("layers", {"library": str(asked_library)}, *NOTHING_TOLD)
        assert answer.result is None and answer.problems
    finally:
        pool.end()

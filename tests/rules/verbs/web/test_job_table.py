"""Jobs of accounts: as many start at once as there are processors, and none waits long for others."""

import asyncio
import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from onemap.rules.verbs.commands.verbs import VERBS
from onemap.rules.verbs.web import job_table
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.job_table import DISMISSED, RUNNING, SUCCESSFUL, JobTable
from onemap.rules.verbs.web.ogc_processes import job_end
from onemap.rules.verbs.web.serve_child import ServeChild
from onemap.rules.verbs.web.session_table import Session
from onemap.rules.verbs.web.verb_question import Asker
from onemap.tests.rules.verbs.web.asked_town import geojson, ground

PARCELS = {"parcels": geojson({"P": ground(0, 0, 9, 9)})}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a program is halted by a Unix's signal")
@pytest.mark.parametrize(("patience_s", "is_begun_beside"), [(0.2, True), (60.0, False)])
def test_a_question_waits_for_a_turn_but_not_long(
    asked_library: Path, monkeypatch: pytest.MonkeyPatch, patience_s: float, is_begun_beside: bool
):
    monkeypatch.setattr(job_table, "_PATIENCE_S", patience_s)
    cores = [ServeChild("en") for _ in range(2)]
    first, second = (Session(f"clerk {n}", "en", CorePool.of_child(core, 60.0)) for n, core in enumerate(cores))
    jobs = JobTable(CorePool(0, "en", 60.0), Asker(str(asked_library), "en", False), at_once=2, without_waiting=1)
    try:
        cores[0].get_ready()
        os.kill(cores[0]._program.pid, signal.SIGSTOP)
        halted, ends = jobs.begin(VERBS["check"], PARCELS, {}, first)
        while halted.state != RUNNING:
            time.sleep(0.01)
        other, other_ends = jobs.begin(VERBS["check"], PARCELS, {}, second)
        if is_begun_beside:
            other_ends.result(60)
            assert (other.state, halted.state) == (SUCCESSFUL, RUNNING)
        else:
            time.sleep(1.0)
            assert other.started is None
        os.kill(cores[0]._program.pid, signal.SIGCONT)
        for one, job in ((ends, halted), (other_ends, other)):
            one.result(60)
            assert job.state == SUCCESSFUL
    finally:
        jobs.end()
        for core in cores:
            core.end()


def test_ended_jobs_hold_no_question_and_one_account_s_do_not_push_out_another_s(monkeypatch: pytest.MonkeyPatch):
    now = 1000.0
    monkeypatch.setattr(job_table, "_MOST_KEPT", 3)
    monkeypatch.setattr("onemap.rules.verbs.web.job_table.time.monotonic", lambda: now)
    nobody = CorePool(0, "en", 60.0)
    jobs = JobTable(nobody, Asker("", "en", False), at_once=1, without_waiting=1)
    ended = []
    try:
        for owner in ("li", "wang", "wang", "wang", "wang"):
            job, done = jobs.begin(VERBS["check"], {"none": 1}, {}, Session(owner, "en", nobody))  # refused by itself
            done.result(60)
            ended.append(job)
        assert [job.owner for job in jobs.all()] == ["wang", "wang", "li"]
        assert not any(job.given or job.folder.exists() != (job in jobs.all()) for job in ended)
        now += 3601
        assert jobs.get(ended[-1].id, "wang") is None and not any(job.folder.exists() for job in ended)
    finally:
        jobs.end()


def test_a_job_that_is_dismissed_while_it_waits_leaves_no_folder():
    jobs = JobTable(CorePool(0, "en", 60.0), Asker("", "en", False), at_once=1, without_waiting=0)
    try:
        job, done = jobs.begin(VERBS["check"], PARCELS, {}, Session("li", "en", CorePool(0, "en", 60.0)))
        jobs.dismiss(job)
        assert not done.done()
        jobs._turns.release()
        done.result(60)
        assert job.state == DISMISSED and not job.folder.exists()
    finally:
        jobs.end()


def test_a_job_whose_asker_has_gone_is_not_taken_out_of_the_queue():
    async def ask_and_leave(done: "Future[None]") -> None:
        waiting = asyncio.create_task(job_end(done))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    done: Future[None] = Future()
    asyncio.run(ask_and_leave(done))
    assert not done.cancelled() and done.set_running_or_notify_cancel()

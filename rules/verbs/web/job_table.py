"""Jobs of other systems: accepted, running, finished or dismissed; their results are kept for a while."""

import shutil
import tempfile
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.contract.declaration import Verb
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.serve_child import VerbAnswer
from onemap.rules.verbs.web.session_table import Session
from onemap.rules.verbs.web.verb_question import TABLES, Asker, answer_or_refusal, ask_core

ACCEPTED, RUNNING, SUCCESSFUL, FAILED, DISMISSED = "accepted", "running", "successful", "failed", "dismissed"
STATES = (ACCEPTED, RUNNING, SUCCESSFUL, FAILED, DISMISSED)
_KEPT_S = 3600.0  # after its end
_MOST_KEPT, _MOST_WAITING, MOST_OF_ACCOUNT = 200, 32, 8
_PATIENCE_S = 3.0  # of a question behind others; then it is begun beside them


@dataclass
class Job:
    """One execution. given: the inputs; wish: the requested form of the result; folder: the folder of its files.

    language: of its answer; owner: the account that asked, empty for a library in a file; pool: the cores that answer,
    None for the table's.
    """

    verb: Verb
    given: Mapping[str, Any]
    wish: Mapping[str, Any]
    folder: Path
    language: str
    owner: str = ""
    pool: CorePool | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = ACCEPTED
    created: str = field(default_factory=lambda: _now())
    started: str | None = None
    finished: str | None = None
    updated: str = field(default_factory=lambda: _now())
    progress: float = 0.0
    step: str = ""
    answer: VerbAnswer | None = None
    ended_at: float | None = None
    stop: Callable[[], None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.state in (SUCCESSFUL, FAILED, DISMISSED)

    def files(self) -> dict[str, Path]:
        """The files of a job that can be downloaded, by name: the tables of its answer, and its sheet."""
        paths = (
            [*self.folder.glob("sheet.*"), *(self.folder / TABLES).glob("*.parquet")]
            if self.state == SUCCESSFUL
            else []
        )
        return {path.name: path for path in sorted(paths)}


class JobTable:
    """All jobs of one server.

    at_once: the number of jobs that may run together; without_waiting: how many start at once. Another job waits until
    one of these ends, some seconds at most, because all take longer if more run than there are processors.
    """

    def __init__(self, pool: CorePool, asker: Asker, at_once: int, without_waiting: int) -> None:
        self._pool, self._asker = pool, asker
        self._turns = threading.Semaphore(without_waiting)
        self._room = Path(tempfile.mkdtemp(prefix="onemap-jobs-"))
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Lock()
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="job")

    def begin(
        self, verb: Verb, question: Mapping[str, Any], wish: Mapping[str, Any], session: Session
    ) -> tuple[Job, Future[None]]:
        """Accept a job. Raises OneMapError web.busy if too many jobs of its owner wait."""
        with self._turn:
            self._forget()
            waiting = sum(not job.is_over and job.owner == session.owner for job in self._jobs.values())
            if waiting >= (MOST_OF_ACCOUNT if session.is_account else _MOST_WAITING):
                raise OneMapError("web.busy")
            folder = Path(tempfile.mkdtemp(dir=self._room))
            job = Job(verb, question, wish, folder, session.language, session.owner, session.core)
            self._jobs[job.id] = job
        return job, self._workers.submit(self._run, job)

    def all(self, owner: str | None = None) -> list[Job]:
        """All jobs, or those of one owner, the newest first."""
        with self._turn:
            self._forget()
            return [job for job in reversed(self._jobs.values()) if owner is None or job.owner == owner]

    def get(self, number: str, owner: str) -> Job | None:
        """An owner's job by its id; None if there is none."""
        with self._turn:
            self._forget()
            job = self._jobs.get(number)
        return job if job is not None and job.owner == owner else None

    def dismiss(self, job: Job) -> None:
        """Interrupt a running job, or delete the result of a finished one."""
        with self._turn:
            was_over, job.state = job.is_over, DISMISSED
            job.updated, job.ended_at, stop = _now(), time.monotonic(), job.stop
            job.finished = job.finished or job.updated
        if stop:
            stop()
        if was_over:
            shutil.rmtree(job.folder, ignore_errors=True)

    def end(self) -> None:
        """Forget all jobs, and their files."""
        for job in self.all():
            if not job.is_over:
                self.dismiss(job)
        self._workers.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self._room, ignore_errors=True)

    def _run(self, job: Job) -> None:
        has_turn = self._turns.acquire(timeout=_PATIENCE_S)
        try:
            self._answer(job)
        finally:
            job.given = {}  # it may be large, and jobs are kept for an hour
            if has_turn:
                self._turns.release()

    def _answer(self, job: Job) -> None:
        with self._turn:
            if job.state == DISMISSED:  # while it waited
                shutil.rmtree(job.folder, ignore_errors=True)
                return
            job.state, job.started = RUNNING, _now()

        def report(fraction: float, step: str) -> None:
            job.progress, job.step, job.updated = fraction, step, _now()

        def begun(stop: Callable[[], None]) -> None:
            with self._turn:
                job.stop, is_late = stop, job.state == DISMISSED
            if is_late:
                stop()

        def to_core(name: str, values: Mapping[str, Any]) -> VerbAnswer:
            return (job.pool or self._pool).ask(name, values, report, begun)

        asker = replace(self._asker, language=job.language)
        answer = answer_or_refusal(lambda: ask_core(job.verb, job.given, asker, job.folder, to_core), job.language)
        with self._turn:
            job.stop = None
            job.answer, job.ended_at, job.updated = answer, time.monotonic(), _now()
            job.finished = job.updated
            if job.state == DISMISSED:
                shutil.rmtree(job.folder, ignore_errors=True)
            else:
                job.state = FAILED if answer.result is None else SUCCESSFUL
                job.progress = 1.0 if answer.result is not None else job.progress

    def _forget(self) -> None:
        """Remove jobs that finished long ago; beyond the limit, the oldest of whoever has the most."""
        now, of_owner = time.monotonic(), defaultdict[str, deque[Job]](deque)
        for job in [job for job in self._jobs.values() if job.is_over]:
            if now - (job.ended_at or 0.0) > _KEPT_S:
                self._remove(job)
            else:
                of_owner[job.owner].append(job)
        for _ in range(sum(map(len, of_owner.values())) - _MOST_KEPT):
            self._remove(max(of_owner.values(), key=len).popleft())

    def _remove(self, job: Job) -> None:
        shutil.rmtree(job.folder, ignore_errors=True)
        self._jobs.pop(job.id, None)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

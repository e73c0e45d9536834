"""One block on a worker of a cluster: it opens the library itself and reads only the features near the block."""

import contextlib
import pickle  # between our own processes  # nosec B403
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.journal_folder import Journal
from onemap.layers.library.library import Library, open_library
from onemap.layers.library.versions import COUNTED
from onemap.layers.software import software_versions
from onemap.layers.stores.shared_store import open_shared
from onemap.rules.judge.distributed.journal import FinishedBlock, block_name, keep_block
from onemap.rules.judge.distributed.parcel_files import read_block
from onemap.rules.judge.distributed.work import judged_block, with_verdict_counts
from onemap.rules.judge.inputs.subdivision_store import CUTS
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import CheckPlan
from onemap.rules.judge.question.question import Question


@dataclass(frozen=True)
class Task:
    """A block to be judged, as plain values that another machine can use.

    parcels: the path of the block's file, or its content where the worker does not see it
    journal: where finished blocks are stored, None if they are sent back
    question: without parcels
    work: the same for all blocks of a run
    starts: the first position of each range in which rows are merged; is_range: the block is one of the ranges
    shared: the file through which layers are read from a folder instead of the library
    """

    location: str
    shared: Path | None
    work: str
    question: Question
    check_plan: CheckPlan
    against: str | None
    number: int
    starts: Sequence[int]
    is_range: bool
    parcels: Path | bytes
    journal: Journal | None
    software: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a block: finished, with its content where the worker cannot store it; or refused."""

    finished: FinishedBlock | None = None
    content: bytes | None = None
    problems: tuple[Problem, ...] = ()


def outcome_of(body: bytes) -> bytes:
    """Judge the block of a pickled Task, and return the pickled Outcome; a refusal in it is raised by the client."""
    task: Task = pickle.loads(body)  # by the client, over a connection that runs its code anyway  # nosec B301
    try:
        here = software_versions()
        if here != task.software:
            apart = [f"{name} {here[name]} ≠ {other}" for name, other in task.software.items() if here[name] != other]
            raise OneMapError("cluster.software", field="--scheduler", reason=", ".join(apart))
        outcome = _outcome(task)
    except OneMapError as error:
        outcome = Outcome(problems=error.problems)
    return pickle.dumps(outcome)


class _ThreadCache(threading.local):
    """What a thread has made of a library for one block of a run and needs for the next one.

    Such as large polygons cut small; a library that is read from a folder stays open.
    """

    work = ""
    library: Library | None = None
    made: dict[Any, Any]


_CACHE = _ThreadCache()


@contextlib.contextmanager
def _library(task: Task) -> Iterator[Library]:
    """The library of a task, or what a folder shows of it. Raises OneMapError library.…, cluster.shared."""
    if _CACHE.work != task.work:
        _CACHE.work, _CACHE.library, _CACHE.made = task.work, None, {}
    if task.shared is None:
        with open_library(task.location, read_only=True) as library:
            library.kept.update(_CACHE.made)
            yield library
            # Whatever else was kept may hold this connection, which is closed for the next block.
            _CACHE.made = {name: library.kept[name] for name in (COUNTED, CUTS) if name in library.kept}
        return
    try:
        if _CACHE.library is None:
            _CACHE.library = Library(open_shared(task.shared))
        yield _CACHE.library
    except OSError as error:
        facts = {"folder": str(task.shared.parent), "reason": error.strerror or str(error)}
        raise OneMapError("cluster.shared", field="--shared", **facts) from error


def _outcome(task: Task) -> Outcome:
    own_folder = tempfile.TemporaryDirectory(prefix="onemap-block-")
    with own_folder as own, _library(task) as library:
        path = task.parcels
        if isinstance(path, bytes):
            content, path = path, Path(own) / "parcels.arrow"
            path.write_bytes(content)
        block = read_block(path, task.number, task.question.parcels, task.starts)
        sources = task.check_plan.sources(library)
        answer = judged_block(sources, task.check_plan, task.question, block, task.against, Threads())
        block_facts = block, *with_verdict_counts(answer), task.check_plan
        place = task.journal or Journal(Path(own))
        place.path(block_name(task.number)).parent.mkdir(exist_ok=True)
        finished = keep_block(place, *block_facts, is_range=task.is_range)
        return Outcome(finished, None if task.journal else finished.rows.path.read_bytes())


def by_value(package: str) -> Callable[[bytes], bytes]:
    """`outcome_of` as a function that a scheduler can pass on without knowing this package.

    package: this package's folder, which a worker loads if it sees it; any other worker needs One Map in its own
    Python. Without a body the worker only loads what its first block needs.
    """

    def on_worker(body: bytes, package: str = package) -> bytes:
        import importlib
        import importlib.util
        import os
        import sys

        init = os.path.join(package, "__init__.py")
        if "onemap" not in sys.modules and os.path.exists(init):
            spec: Any = importlib.util.spec_from_file_location("onemap", init, submodule_search_locations=[package])
            sys.modules["onemap"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules["onemap"])
        importlib.import_module("onemap.layers.gdal_limits").limit_gdal_of_another()  # before any GDAL is loaded
        task_module = importlib.import_module("onemap.rules.judge.distributed.cluster_task")
        result: bytes = task_module.outcome_of(body) if body else b""
        return result

    on_worker.__module__ = "__main__"  # of which the scheduler has another, so that the function itself is sent
    return on_worker

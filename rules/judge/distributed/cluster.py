"""Blocks on Dask distributed: each worker judges whole blocks, and one that dies costs only its block."""

import contextlib
import logging
import os
import pickle  # between our own processes  # nosec B403
import signal
import time
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.shared_layers import share_versions
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.layers.server_address import without_password
from onemap.layers.software import software_versions
from onemap.layers.stores.arrow_values import UnsupportedValue
from onemap.rules.judge.distributed.cluster_task import Outcome, Task, by_value
from onemap.rules.judge.distributed.journal import place_block
from onemap.rules.judge.distributed.work import NumberedBlock, Work

if TYPE_CHECKING:
    from distributed import Client, Future

_WAIT_S = 0.2  # until the next look at a request to stop
_CLOSE_S = 5  # it takes a moment, as a rule
_REACH_S = 10  # until a scheduler must have answered
_ALONE_S = 60.0  # without any worker, until the work is given up; some are started anew meanwhile
_WAITING = 2  # blocks that each thread of a worker has before it, so that it never stands idle
LOCAL = "local"
# A profile of the workers is nothing that anybody would look at, and takes its time a hundred times a second.
_SETTINGS = {"distributed.logging.distributed": "critical", "distributed.worker.profile.enabled": False}
PACKAGE = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def cluster_engine(
    library: Library, location: str, scheduler: str, workers: int, shared_folder: str | None
) -> "Iterator[Cluster]":
    """An engine that works on a cluster. scheduler: "local" for `workers` processes here, or a scheduler's address.

    shared_folder: a folder that all workers see, from which they read layers instead of the library. Raises OneMapError
    cluster.not_installed, cluster.unreachable, cluster.no_workers.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise OneMapError("cluster.not_installed", field="--scheduler", reason=str(error)) from error
    place = str(library.path) if library.path else without_password(location)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.enter_context(dask.config.set(_SETTINGS))
        address: Any = scheduler
        if scheduler == LOCAL:
            address = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,  # a block has bounds of its own
                silence_logs=logging.CRITICAL,
            )
            stack.callback(_end_processes, address)
        try:
            client = distributed.Client(address, timeout=_REACH_S)
        except (OSError, TimeoutError, TypeError, ValueError) as error:  # also of no way there that Dask knows
            raise _refusal("cluster.unreachable", scheduler) from error
        stack.callback(_close, client)
        if not client.scheduler_info()["workers"]:
            raise _refusal("cluster.no_workers", scheduler)
        _load_ahead(client)
        yield Cluster(client, place, scheduler, library, Path(shared_folder).absolute() if shared_folder else None)


def _load_ahead(client: "Client") -> None:
    """Let each worker load the program while parcels are read; a failure shows at its first block."""
    from distributed import fire_and_forget

    for worker in client.nthreads():
        fire_and_forget(client.submit(by_value(str(PACKAGE)), b"", workers=[worker], pure=False))


def _close(connection: Any) -> None:
    """Close a client or a cluster; one that does not answer in time ends with this process."""
    with contextlib.suppress(TimeoutError):
        connection.close(timeout=_CLOSE_S)


def _end_processes(cluster: Any) -> None:
    """End the processes of a local cluster, also in the middle of a block.

    Asked to close, they would finish the block first; a cancelled check must be over within a second.
    """
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid:
            with contextlib.suppress(OSError):
                os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    _close(cluster)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's messages about connections, on which a user of `check` cannot act."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def _refusal(code: str, scheduler: str) -> OneMapError:
    return OneMapError(code, field="--scheduler", address=scheduler)


@dataclass(frozen=True)
class Cluster:
    """Workers that each open the library at `place` themselves. scheduler: its address as the user named it.

    shared: the folder from which they read layers instead.
    """

    client: "Client"
    place: str
    scheduler: str
    library: Library
    shared: Path | None = None

    def judge_blocks(self, work: Work, numbers: Sequence[int], progress: Progress) -> Generator[NumberedBlock]:
        """Give the blocks to the free workers; as many are queued as all workers can hold.

        Raises OneMapError cluster.unreachable, cluster.no_workers once the scheduler, or every worker, is gone.
        """
        from distributed import wait

        waiting, function = list(reversed(numbers)), by_value(str(PACKAGE))
        running: dict[Future, int] = {}
        like, worked = self._task(work, progress), time.monotonic()
        try:
            while waiting or running:
                threads = self._threads()
                worked = time.monotonic() if threads else worked
                if time.monotonic() - worked > _ALONE_S:
                    raise _refusal("cluster.no_workers", self.scheduler)
                while waiting and len(running) < _WAITING * max(1, threads):
                    number = waiting.pop()
                    body = pickle.dumps(self._of_block(like, work, number))
                    with self._reaching_scheduler():
                        running[self.client.submit(function, body, pure=False)] = number
                progress.at(work.share_done(), work.step("progress.cluster"))
                with self._reaching_scheduler(), contextlib.suppress(TimeoutError):
                    wait(list(running), timeout=_WAIT_S, return_when="FIRST_COMPLETED")
                for future in [future for future in running if future.done()]:
                    number = running.pop(future)
                    yield NumberedBlock(number, self._keep_block(work, number, future))
        finally:
            with contextlib.suppress(OSError, RuntimeError):  # of a scheduler that is gone
                self.client.cancel(list(running), force=True)

    def _threads(self) -> int:
        """How many threads all workers have. Raises OneMapError cluster.unreachable."""
        with self._reaching_scheduler():
            return sum(self.client.nthreads().values())

    @contextlib.contextmanager
    def _reaching_scheduler(self) -> Iterator[None]:
        """Refuse where the scheduler no longer answers. Raises OneMapError cluster.unreachable."""
        try:
            yield
        except (OSError, RuntimeError) as error:  # Dask's own are of these
            raise _refusal("cluster.unreachable", self.scheduler) from error

    def _task(self, work: Work, progress: Progress) -> Task:
        """The input that the tasks of all blocks share."""
        return Task(
            location=self.place,
            shared=self._share_layers(work, progress) if self.shared else None,
            work=uuid.uuid4().hex,
            question=work.question,
            check_plan=work.check_plan,
            against=work.against,
            number=-1,
            starts=work.parcel_files.starts,
            is_range=work.parcel_files.are_in_order,
            parcels=work.journal.parcels,
            journal=work.journal.place if self._see(work.journal.folder / "lock") else None,
            software=software_versions(),
        )

    def _of_block(self, like: Task, work: Work, number: int) -> Task:
        path = work.parcel_files.block_path(number)
        return replace(like, number=number, parcels=path if like.journal else path.read_bytes())

    def _share_layers(self, work: Work, progress: Progress) -> Path:
        """The file through which workers read a run's layers from the folder. Raises OneMapError cluster.shared."""
        check_plan, folder = work.check_plan, self.shared or Path()
        used_versions = [check_plan.in_force(code) for code in sorted(check_plan.codes)]
        step = phrase("progress.shared", work.question.language)
        progress.at(work.share_done(), step)
        try:
            facts = share_versions(self.library, [one for one in used_versions if one], folder, progress)
        except (OSError, UnsupportedValue) as error:
            raise OneMapError("cluster.shared", field="--shared", folder=str(folder), reason=str(error)) from error
        if not self._see(facts):
            raise OneMapError("cluster.not_shared", field="--shared", folder=str(folder))
        return facts

    def _see(self, file: Path) -> bool:
        """Whether every worker sees a file, as it does on this machine and on shared storage."""

        def sees(path: str = str(file)) -> bool:
            import os

            return os.path.exists(path)

        sees.__module__ = "__main__"
        with self._reaching_scheduler():
            return all(self.client.run(sees).values())

    def _keep_block(self, work: Work, number: int, future: "Future") -> Any:
        """A finished block, stored in the journal. Raises what the worker refused, and OneMapError cluster.…."""
        try:
            # Of a worker that has gone meanwhile nobody would ever bring it.
            outcome: Outcome = pickle.loads(future.result(timeout=_ALONE_S))  # from our own function  # nosec B301
        except ImportError as error:
            raise _refusal("cluster.no_onemap", self.scheduler) from error
        except Exception as error:
            if future.cancelled():  # as all are when the scheduler goes
                raise _refusal("cluster.unreachable", self.scheduler) from error
            if isinstance(error, TimeoutError) and not self._threads():
                raise _refusal("cluster.no_workers", self.scheduler) from error
            if type(error).__module__.startswith("distributed") or isinstance(error, TimeoutError):
                raise OneMapError("cluster.block_lost", field="--scheduler", block=number, reason=str(error)) from error
            raise
        if outcome.finished is None:
            raise OneMapError.of(outcome.problems)
        if outcome.content is None:
            return outcome.finished
        return place_block(work.journal.place, number, outcome.content)

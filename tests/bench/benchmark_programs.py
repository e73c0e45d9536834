"""Our programs and the peers', each in a fresh process: their arguments, how they ended, and their cost."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from onemap.layers.software import software_versions
from onemap.tests.bench import desk_files
from onemap.tests.bench.timing import peak_mb
from onemap.tests.postgis_server import Absent, private_server

ROOT = Path(__file__).resolve().parents[2]
SERVER_SETTINGS = {"shared_buffers": "1GB", "work_mem": "64MB", "maintenance_work_mem": "256MB"}
OURS = "One Map"
WHOLE = "the whole again"  # One Map without an earlier run


FILES = {"file": "controls.gpkg", "land": "landuse.gpkg"}  # what parcels are laid over, by job


@dataclass(frozen=True)
class Pythons:
    """The Pythons of the peers; None for a missing one."""

    peers: Path | None
    qgis: Path | None


@dataclass(frozen=True)
class Row:
    """What one program took for one job; `why` says what went wrong, and then there are no figures.

    first_s: the first call in a fresh process; then_s: the calls after it (for files: whole programs, all of them);
    processors_s: what the later ones took of all processors together (for files, or if there are none: all of them),
    empty where that is not known; software: versions and settings by name; command: what was run, from the project's
    folder.
    """

    who: str
    totals: list[float] = field(default_factory=list)
    first_s: float | None = None
    then_s: list[float] = field(default_factory=list)
    processors_s: list[float] = field(default_factory=list)
    load_s: float | None = None
    peak_mb: float | None = None
    why: str = ""
    software: dict[str, str] = field(default_factory=dict)
    command: str = ""


class Failed(Exception):
    """A program that did not answer, and why."""


def _environment(**more: str) -> dict[str, str]:
    """The package must be found by every Python, which keeps what it compiles as a user's does; QGIS has no screen."""
    wanted = {"PYTHONPATH": str(ROOT / ".venv" / "room"), "QT_QPA_PLATFORM": "offscreen", **more}
    return {name: value for name, value in {**os.environ, **wanted}.items() if name != "PYTHONDONTWRITEBYTECODE"}


def ran(command: list[object], limit_s: float, environment: dict[str, str]) -> tuple[str, float, float]:
    """The output of a program, its seconds, and its peak memory in MB.

    Raises Failed if it fails or takes longer than `limit_s`; its children end with it.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
        try:
            usage = _peak_memory(child, limit_s)
        finally:
            # Also where we are stopped: what runs on would spoil the figures of whatever comes next.
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        seconds = time.perf_counter() - began
        if usage is None:
            raise Failed(f"more than {limit_s:.0f} s")
        out.seek(0)
        errors.seek(0)
        if child.returncode:
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(lines[-1][:160] if lines else f"exit code {child.returncode}")
        return out.read().decode(errors="replace"), seconds, usage


def _peak_memory(child: subprocess.Popen, limit_s: float) -> float | None:
    """The most memory of a child in MB once it has ended, but for its last moments; None if it was ended."""
    until, peak = time.monotonic() + limit_s, 0.0
    while time.monotonic() < until:
        peak = max(peak, peak_mb(str(child.pid)) or 0.0)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=0.03)
            return peak
    return None


def computed_row(
    who: str, python: Path, module: str, name: str, folder: Path, repeats: int, limit_s: float, **more: str
) -> Row:
    """One job, compute alone, by the program of `module`."""
    command = [python, "-m", f"onemap.tests.bench.{module}", name, folder, repeats]
    try:
        printed, _, _ = ran(command, limit_s, _environment(**more))
        answer = json.loads(printed.strip().splitlines()[-1])
    except (Failed, OSError) as error:
        return Row(who, why=str(error))
    first, *then = answer["seconds"]
    busy = answer["processors"][1:] or answer["processors"]
    row = Row(who, answer["totals"], first, then, busy, answer["load_s"], answer["peak_mb"])
    return replace(row, software=answer["software"], command=command_text(command))


def from_files(who: str, python: Path | None, engine: str, job: str, folder: Path, repeats: int, limit_s: float) -> Row:
    """File to file by a whole program: ours where `python` is None."""
    seconds, processors, peak, out = [], [], 0.0, Path(tempfile.mkdtemp()) / "out.gpkg"
    try:
        for _ in range(1 + repeats):
            out.unlink(missing_ok=True)
            files = [folder / "parcels.gpkg", folder / FILES[job], out]
            theirs = [python, "-m", "onemap.tests.bench.peer_files", engine, *files]
            command = desk_files.command(folder, out, job) if python is None else theirs
            busy = children_s()
            printed, took, memory = ran(command, limit_s, _environment())
            seconds.append(took)
            processors.append(children_s() - busy)
            peak = max(peak, memory)
        row = Row(who, desk_files.totals(out), seconds[0], seconds[1:], processors, None, peak)
        software = software_versions() if python is None else json.loads(printed.strip().splitlines()[-1])
        return replace(row, software=software, command=command_text(command))
    except (Failed, OSError) as error:
        return Row(who, why=str(error))
    finally:
        shutil.rmtree(out.parent)


def command_text(command: Sequence[object]) -> str:
    """A command as a page may show it: files of the project from its folder on, others by their name alone."""
    words = []
    for word in map(str, command):
        path = Path(word)
        inside = path.is_absolute() and path.is_relative_to(ROOT)
        words.append(path.relative_to(ROOT).as_posix() if inside else path.name if path.is_absolute() else word)
    return shlex.join(words)


def children_s() -> float:
    """The processor seconds of ended child programs."""
    times = os.times()
    return times.children_user + times.children_system


def by_us(job: str, folder: Path, repeats: int, limit_s: float) -> Row:
    """One Map's row of a job of ours.JOBS."""
    _, _, how = job.partition("-")
    return computed_row(f"{OURS}, {how}" if how else OURS, Path(sys.executable), "ours", job, folder, repeats, limit_s)


def by_peer(peer: str, job: str, folder: Path, pythons: Pythons, repeats: int, limit_s: float) -> Row:
    """A peer's row of a job, or why there is none."""
    if peer.startswith("qgis"):
        if pythons.qgis is None:
            return Row(peer, why="QGIS is not here")
        return computed_row(peer, pythons.qgis, "peer_qgis", f"{peer}:{job}", folder, repeats, limit_s)
    if pythons.peers is None:
        return Row(peer, why="the peers' Python is not here")
    if job in FILES:
        return from_files(peer, pythons.peers, peer, job, folder, repeats, limit_s)
    if job == "add":
        return computed_row(peer, pythons.peers, "add_files", peer, folder, repeats, limit_s)
    if not peer.startswith("postgis"):
        module = "peer_sql" if peer.startswith(("duckdb", "sedonadb")) else "peer_frames"
        return computed_row(peer, pythons.peers, module, f"{peer}:{job}", folder, repeats, limit_s)
    try:
        with _database() as named:
            return computed_row(peer, pythons.peers, "peer_sql", f"{peer}:{job}", folder, repeats, limit_s, **named)
    except Absent as error:
        return Row(peer, why=str(error))


@contextlib.contextmanager
def _database() -> Iterator[dict[str, str]]:
    """A database of a server of its own, as libpq's environment names it. Raises Absent."""
    with private_server(SERVER_SETTINGS) as server:
        database = server.database()
        yield {"PGHOST": str(database.folder), "PGDATABASE": database.name, "PGUSER": "onemap"}

"""Parcels of a whole province against thirty layers: killed once, resumed, and measured.

`--parcels 10000000` is the required size; `--workers 1,2` runs it on Dask instead, with these numbers of processes.
Fails above six gigabytes, and if the second run does not resume where the first was killed.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from onemap.tests.bench import province_files
from onemap.tests.bench.province_files import PROGRAM
from onemap.tests.bench.timing import peak_mb

ROOT = Path(__file__).resolve().parents[2]
MOST_GIGABYTES = 6.0
BLOCK = 25_000  # parcels, as always; said, so that few of them do not stay in memory
TARGET_GIGABYTES, TARGET_TIMES = 2.5, 1.7  # of ten million parcels; of two workers against one


class Watch:
    """The most memory of a program, and the most room of its folder of unfinished work, in MB.

    processors: how long it has worked itself, without its children, in seconds; to a fifth of one at its end.
    """

    def __init__(self, program: subprocess.Popen, work: Path) -> None:
        self.memory = self.disk = self.processors = 0.0
        self._program, self._work = program, work
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while self._program.poll() is None:
            self.memory = max(self.memory, peak_mb(str(self._program.pid)) or 0.0)
            self.disk = max(self.disk, size_mb(self._work))
            self.processors = max(self.processors, processor_seconds(self._program.pid))
            threading.Event().wait(0.2)


def processor_seconds(process: int) -> float:
    """The processor time of a process, without its children; 0 if the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_mb(path: Path) -> float:
    """The size of a file, or of all files of a folder."""
    total = 0
    for folder, _, names in os.walk(path) if path.is_dir() else [(path.parent, [], [path.name])]:
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # the run removes and renames what is looked at
                total += (Path(folder) / name).stat().st_size
    return total / 2**20


def start_check(words: list, folder: Path, name: str) -> subprocess.Popen:
    """`onemap check` in a session of its own, its answer and progress in files."""
    out, progress = (folder / f"{name}.json").open("wb"), (folder / f"{name}.progress").open("wb")
    given = {"env": {**os.environ, "ONEMAP_BLOCK": str(BLOCK)}, "start_new_session": True}
    return subprocess.Popen([str(word) for word in words], stdout=out, stderr=progress, **given)


def done_blocks(work: Path) -> int:
    """The number of finished blocks."""
    return sum(path.suffix != ".part" for path in work.glob("check-*/done/*"))


def main() -> int:
    """Make the files, run, kill, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kill-at", type=float, default=0.5, help="share of the blocks after which it is killed")
    parser.add_argument("--workers", default="", help="numbers by comma: processes on Dask, in place of threads")
    parser.add_argument("--folder", type=Path, help="where the files are made, and stay")
    wishes = parser.parse_args()
    folder = wishes.folder or ROOT / "build" / "bench" / f"province-{wishes.parcels}"
    began = time.monotonic()
    parcels, library, pack = province_files.make_province(folder, wishes.parcels)
    print(f"files made in {time.monotonic() - began:.0f} s: parcels {size_mb(parcels):.0f} MB", flush=True)
    words = [PROGRAM, "check", library, parcels, "--pack", pack, "--json", "--lang", "en", "--progress", "json"]
    if wishes.workers:
        return on_dask(words, folder, library, [int(number) for number in wishes.workers.split(",")])
    out, work = folder / "out", library.with_name(library.name + ".work.part")
    shutil.rmtree(out, ignore_errors=True)
    words += ["--workers", wishes.threads, "--out", out]
    before = size_mb(library)
    blocks = max(2, wishes.parcels // BLOCK)
    first_s, first, _ = ran(words, folder, work, "first", max(1, round(blocks * wishes.kill_at)))
    kept = done_blocks(work)
    print(f"killed after {first_s:.0f} s with {kept} blocks finished; {first.memory:.0f} MB of memory", flush=True)
    second_s, second, answer = ran(words, folder, work, "second", None)
    resumed = [problem["message"] for problem in answer["problems"] if problem["code"] == "journal.resumed"]
    print(f"then {second_s:.0f} s to the end; {second.memory:.0f} MB of memory; {' '.join(resumed)}")
    print(f"verdicts {answer['verdicts']}")
    print(
        f"disk: unfinished work {max(first.disk, second.disk):.0f} MB at most, results {size_mb(out):.0f} MB, "
        f"the library grew by {size_mb(library) - before:.0f} MB"
    )
    busy = os.times()
    print(f"{busy.children_user + busy.children_system:.0f} s of processors, without what was killed")
    gigabytes = max(first.memory, second.memory) / 1024
    print(f"{wishes.parcels} parcels × 30 layers in {first_s + second_s:.0f} s, {gigabytes:.2f} GB of memory at most")
    print(f"target under {TARGET_GIGABYTES} GB: {'met' if gigabytes < TARGET_GIGABYTES else 'missed'}")
    return int(gigabytes > MOST_GIGABYTES or not resumed or answer["parcels"] != wishes.parcels)


def ran(words: list, folder: Path, work: Path, name: str, kill_at: int | None) -> tuple[float, Watch, dict]:
    """Seconds, observations, and the answer of a run, which is killed once this many blocks are finished."""
    began = time.monotonic()
    program = start_check(words, folder, name)
    watch = Watch(program, work)
    try:
        while program.poll() is None:
            if kill_at is not None and done_blocks(work) >= kill_at:
                os.killpg(program.pid, signal.SIGKILL)
            threading.Event().wait(0.3)
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
    seconds = time.monotonic() - began
    if kill_at is not None:
        return seconds, watch, {}
    if program.returncode:
        sys.exit((folder / f"{name}.json").read_text() or f"exit code {program.returncode}")
    return seconds, watch, json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def on_dask(words: list, folder: Path, library: Path, workers: list[int]) -> int:
    """The same check on Dask with several numbers of workers; fails where verdicts differ."""
    work, seconds, verdicts = library.with_name(library.name + ".work.part"), [], []
    for number in workers:
        more = ["--scheduler", "local", "--workers", number]
        before = os.times()
        took, watch, answer = ran([*words, *more], folder, work, f"dask{number}", None)
        seconds.append(took)
        verdicts.append(answer["verdicts"])
        after = os.times()
        busy = after.children_user + after.children_system - before.children_user - before.children_system
        apart = f"{watch.processors:.1f} s of processors, the workers {busy - watch.processors:.1f}"
        print(f"{number} workers: {took:.1f} s; the client {apart}, {watch.memory:.0f} MB", flush=True)
    times = seconds[0] / seconds[-1]
    print(f"{times:.2f} × as fast with {workers[-1]} workers as with {workers[0]}")
    end = "met" if times >= TARGET_TIMES else "missed"
    print(f"target {TARGET_TIMES} × with two: {end}; bound by the client and by what runs before the workers")
    return int(any(verdict != verdicts[0] for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())

"""Cancel long work at moments spread over its length: how soon the core answers, and whether anything is left behind.

Every verb runs over `serve`, cancelled as the dock does it, and as a program, stopped by SIGINT or SIGTERM in turn.
Printed are the seconds until the core answers, those of processor time, and the machine's load; of progress, how long
the bar stood still, and how far it was from the share of the time that had passed. Fails if something is left behind,
if another message comes, or if the library is not as before; never for lack of speed.
"""

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from onemap.tests.bench import workload_files
from onemap.tests.bench.cancel import cancel_files
from onemap.tests.bench.cancel.cancel_core import ProcessEnd, Session, signalled_after
from onemap.tests.bench.cancel.cancel_files import LongWork

ROOT = Path(__file__).resolve().parents[2]
_START_S = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)  # while the program starts
_HEAD = (
    f"{'':28} {'whole s':>8} {'serve s':>8} {'of CPU':>7} {'signal s':>8} {'of CPU':>7} {'load':>5} {'still s':>8} far"
)


class Desk:
    """A copy of the library to work on, and a folder for what is written."""

    def __init__(self, folder: Path) -> None:
        self.library, self.out = folder / "cancel.gpkg", folder / "cancel_out"
        self._kept = folder / "cancel_kept.gpkg"
        self.problems: list[str] = []
        shutil.copyfile(self.library, self._kept)
        self._digest = _digest(self.library)

    def clear(self) -> None:
        """Restore the library as it was made, and remove all output."""
        if _digest(self.library) != self._digest:
            for path in self.library.parent.glob(f"{self.library.name}-*"):
                path.unlink()
            shutil.copyfile(self._kept, self.library)
        self.sweep()

    def sweep(self) -> None:
        """Remove all output, and what is stored to resume work."""
        shutil.rmtree(self.library.with_name(f"{self.library.name}.work.part"), ignore_errors=True)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def look(self, name: str, library_too: bool) -> None:
        """Note what a cancelled piece of work has left behind."""
        left = sorted(path.name for path in self.out.iterdir())
        if left:
            self.problems.append(f"{name}: left {', '.join(left)}")
        if library_too and _digest(self.library) != self._digest:
            self.problems.append(f"{name}: the library is not as before")

    def close(self) -> None:
        """Away with copy and folder."""
        self.clear()
        self._kept.unlink()
        self.out.rmdir()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moments(seconds: float, count: int) -> list[float]:
    return [seconds * (number + 0.5) / count for number in range(count)]


def _served_endings(
    asked: LongWork, desk: Desk, count: int, stacks: Path | None
) -> tuple[list[ProcessEnd], float, str]:
    """The ends over `serve`, the seconds of the whole work, and its progress."""
    desk.clear()
    session = Session(asked, stacks)
    seconds, progress = session.whole()
    still, where = progress.longest_silence(seconds)
    progress_text = f"{still:8.1f} {progress.farthest(seconds):4.0%} {len(set(progress.shares)):4d} × {where}"
    if progress.goes_back():
        desk.problems.append(f"{asked.name}: progress went back")
    session.close()
    desk.clear()
    session, ended = Session(asked, stacks), []
    for moment in _moments(seconds, count):
        ended.append(session.cancelled_after(moment))
        if ended[-1].done:  # what it has done is no longer as before
            session.close()
            desk.clear()
            session = Session(asked, stacks)
        else:
            desk.look(f"{asked.name}, cancelled at {moment:.1f} s", library_too=False)
            desk.sweep()
    session.close()
    if not ended[-1].done:
        desk.look(f"{asked.name}, cancelled", library_too=not any(one.done for one in ended))
    return ended, seconds, progress_text


def _signalled_endings(asked: LongWork, desk: Desk, moments: Sequence[float], stacks: Path | None) -> list[ProcessEnd]:
    """The ends of the program after signals."""
    desk.clear()
    found = []
    for number, moment in enumerate(moments):
        sign = (signal.SIGINT, signal.SIGTERM)[number % 2]
        found.append(signalled_after(asked, moment, sign, stacks))
        if not found[-1].done:
            desk.look(f"{asked.name}, {sign.name} at {moment:.1f} s", library_too=True)
        desk.clear()
    return found


def _longest(found: Sequence[ProcessEnd]) -> str:
    seconds = max((one.seconds for one in found), default=0.0)
    return f"{seconds:8.2f} {max((one.processors for one in found), default=0.0):7.2f}"


def main() -> int:
    """Cancel everything, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("XS", "S", "M"), default="M")
    parser.add_argument("--moments", type=int, default=8, help="at which each piece of work is cancelled")
    parser.add_argument("--only", default="", help="names of work, or beginnings of names, with commas between")
    parser.add_argument("--how", choices=("serve", "signal", "both"), default="both")
    parser.add_argument("--stacks", type=Path, help="a file for where the core was when it was late to answer")
    wishes = parser.parse_args()
    # What is made once is the benchmark's; what is cancelled works on a copy of it, so that two may run at once.
    workload_folder = workload_files.workload_folder(wishes.size, ROOT / "build" / "bench")
    cancel_files.make(workload_folder)
    folder = Path(tempfile.mkdtemp(prefix="onemap-cancel-"))
    try:
        for name in cancel_files.NEEDED:
            shutil.copyfile(workload_folder / name, folder / name)
        problems = _all_of(folder, wishes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(problems) or "Nothing was left, and every library is as before.")
    return int(bool(problems))


def _all_of(folder: Path, wishes: argparse.Namespace) -> list[str]:
    desk = Desk(folder)
    print(_HEAD)
    for asked in cancel_files.long_verbs(folder, desk.out):
        if wishes.only and not any(asked.name.startswith(name.strip()) for name in wishes.only.split(",")):
            continue
        served: list[ProcessEnd] = []
        signalled: list[ProcessEnd] = []
        seconds, progress_text = 4.0, ""
        if wishes.how != "signal":
            served, seconds, progress_text = _served_endings(asked, desk, wishes.moments, wishes.stacks)
        if wishes.how != "serve":
            signalled = _signalled_endings(asked, desk, _moments(seconds + 0.5, wishes.moments), wishes.stacks)
        desk.problems += [f"{asked.name}: {one.wrong}" for one in (*served, *signalled) if one.wrong]
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        print(
            f"{asked.name:28} {seconds:8.1f} {_longest(served)} {_longest(signalled)} {load:5.1f} {progress_text}",
            flush=True,
        )
    if not wishes.only:
        first = next(cancel_files.long_verbs(folder, desk.out))
        signalled = _signalled_endings(first, desk, _START_S, wishes.stacks)
        desk.problems += [f"at the start: {one.wrong}" for one in signalled if one.wrong]
        print(f"{'at the start':28} {'':8} {'':8} {'':7} {_longest(signalled)}")
    problems = desk.problems
    return problems


if __name__ == "__main__":
    sys.exit(main())

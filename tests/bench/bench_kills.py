"""Kill writers at random moments: after each kill the library is as before the step, or as after it.

Each writer is a separate process on a copy of one library. Half of the kills come at any moment of its usual time, the
others when it has just begun to write. `bench_kills.py --kills N --seed S`; a failure is printed with its number, and
its library is kept.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.verbs.work.library_work import verify
from onemap.tests.attacks.full_library import add_layer, compare_plans, make_full_library, review_step, square
from onemap.tests.conftest import ROOT, write_layer

KILLS = 300
CORE = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]
FIRST, LAST = 0.3, 1.05  # of a writer's usual time
WRITING_S = 0.05  # after the first byte of the journal, at most
LIBRARY = "city.gpkg"


@dataclass(frozen=True)
class Writer:
    """A verb with its arguments behind the library; files are named from the folder."""

    name: str
    arguments: tuple[str, ...]


def make_writers(folder: Path) -> list[Writer]:
    """A library with cases in every state, the files that the writers take, and the writers."""
    library = make_full_library(folder)
    east = [square(200 * at, 1000) for at in range(300)]
    write_layer(folder / "more.gpkg", [*east, None], {"KEY": [f"m{at}" for at in range(301)]})
    add_layer(folder, "A", [square(0, 0), square(100, 20)], USE=["07", "01"])
    run = compare_plans(folder)
    with open_library(str(library)) as opened:
        spot = stored_rows(opened, run, "spots")[0].values["spot"]
    draft, out, signed = (_case(folder, name) for name in ("起草", "在途", "汇总"))
    for case in (out, signed):
        review_step("circulate", library, case)
    words = ("--conclusion", "agree", "--text", "同意")
    review_step("opine", library, signed, "reform", *words, "--answer", "industry=鼓励类")
    review_step("opine", library, signed, "land", "--conclusion", "conditional", "--text", "避让", "--basis", "法")
    for department in ("reform", "land", "water", "transport"):
        review_step("sign", library, signed, department, by="head")
    review_step("consolidate", library, signed, by="chief")
    by = ("--by", "clerk")
    limits = ("--matrix", "tried.toml", "--min-width", "0", "--min-area", "0")
    writers = {
        "add": ("more.gpkg", "--as", "FARM", "--keep-bad"),
        "check": ("parcels.gpkg", "--id", "DKBH"),
        "compare": ("A", "B", *limits),
        "remedy": ("parcels.gpkg", "--id", "DKBH"),
        "decide": (spot, "discuss", "--reason", "再议"),
        "spots": (run, "--region", "130100"),
        "service": ("影像", "--type", "xyz", "--url", "https://a.example/{z}/{x}/{y}.png", "--department", "land"),
        "keep": ("city.catalogue.toml",),
        "copy": ("copied.gpkg",),
        "review open": ("parcels.gpkg", "--project", "新", "--id", "DKBH", *by),
        "review circulate": (draft, *by),
        "review opine": (out, "land", *words, "--basis", "法", *by),
        "review override": (out, "DK1", "river", "--verdict", "notice", "--reason", "已批", *by),
        "review remedy": (out, *by),
        "review revise": (out, "parcels.gpkg", "--id", "DKBH", *by),
        "review issue": (signed, "--by", "director"),
        "review withdraw": (draft, "--reason", "撤回", *by),
    }
    return [Writer(name, arguments) for name, arguments in writers.items()]


def _case(folder: Path, project: str) -> str:
    opened = review_step("open", folder / LIBRARY, folder / "parcels.gpkg", "--project", project, "--id", "DKBH")
    return str(opened["case"])


def start_writer(writer: Writer, folder: Path) -> "subprocess.Popen[bytes]":
    """The writer at work in a folder."""
    words = [*CORE, *writer.name.split(), LIBRARY, *writer.arguments, "--json", "--progress", "none"]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def state(library: Path) -> tuple[int, list[Any]]:
    """The number of entries in the log, and verify's answer."""
    with open_library(str(library)) as opened:
        entries = opened.chain_head()[0]
    return entries, verify({"library": str(library)}, VerbContext("en", Progress()))["problems"]


def fresh(base: Path, folder: Path) -> Path:
    """A copy of all that a writer may touch."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    return folder


def usual(writer: Writer, base: Path, folder: Path) -> tuple[float, int]:
    """The seconds that a writer takes if nobody kills it, and the number of entries in the log afterwards."""
    began = time.monotonic()
    process = start_writer(writer, fresh(base, folder))
    output, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"{writer.name} was refused: {output.decode()[:2000]}")
    seconds = time.monotonic() - began
    entries, problems = state(folder / LIBRARY)
    if problems:
        raise SystemExit(f"{writer.name} leaves damage: {problems[:3]}")
    return seconds, entries


def kill_writer(writer: Writer, folder: Path, seconds: float, chance: random.Random) -> None:
    """Start a writer and kill it: by the clock, or soon after it has begun to write."""
    process = start_writer(writer, folder)
    if chance.random() < 0.5:
        time.sleep(chance.uniform(FIRST, LAST) * seconds)
    else:

        def has_begun() -> bool:
            journals = [folder / f"{LIBRARY}-wal", *folder.glob("copied.gpkg.????????.part/*-wal")]
            return any(path.exists() and path.stat().st_size for path in journals)

        while process.poll() is None and not has_begun():
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, WRITING_S))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def main() -> int:
    """Kill, check, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=16)
    wishes = parser.parse_args()
    chance, place = random.Random(wishes.seed), Path(tempfile.mkdtemp(prefix="onemap-kills-"))
    base, work = place / "base", place / "work"
    base.mkdir()
    writers = make_writers(base)
    before, problems = state(base / LIBRARY)
    if problems:
        raise SystemExit(f"the library is not whole: {problems[:3]}")
    known = {writer.name: usual(writer, base, work) for writer in writers}
    ends: collections.Counter[str] = collections.Counter()
    for number in range(wishes.kills):
        writer = writers[number % len(writers)]
        seconds, after = known[writer.name]
        kill_writer(writer, fresh(base, work), seconds, chance)
        entries, problems = state(work / LIBRARY)
        # Each transaction logs at its end: between the state before and that after there is none.
        is_whole = not problems and entries in (before, after)
        ends["before" if entries == before else "after"] += 1
        if not is_whole:
            kept = place / f"kill-{number}"
            shutil.copytree(work, kept)
            print(f"{number} {writer.name}: {entries} entries, {problems[:3]}; kept in {kept}")
            ends["damaged"] += 1
    if ends["damaged"]:
        return 1
    shutil.rmtree(place, ignore_errors=True)
    print(f"{wishes.kills} kills of {len(writers)} writers: {ends['before']} as before, {ends['after']} as after")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

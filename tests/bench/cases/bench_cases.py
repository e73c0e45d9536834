"""How long `review list` of thousands of cases takes: the first time, again, and with one case shown.

The same run also measures reading the same events by plain SQL and JSON, because a ratio says more than seconds on a
busy machine. Seconds are processor time of this process, with wall time in brackets.
"""

import argparse
import contextlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onemap.layers.library.library import open_library
from onemap.rules.review.case_json import case_as_json, case_list
from onemap.rules.review.cases.case_file import case_ids, read_case
from onemap.tests.bench.cases.case_files import make_cases

ROOT = Path(__file__).resolve().parents[3]
SHOWN = 12  # cases


def main() -> None:
    """Make the library, read it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench" / "cases", help="where the files stay")
    wishes = parser.parse_args()
    library = make_cases(wishes.folder, wishes.cases)
    plain = _print("plain SQL and JSON of all events", lambda: _read_plainly(library))
    with tempfile.TemporaryDirectory() as desk:
        os.environ |= dict.fromkeys(("XDG_CACHE_HOME", "LOCALAPPDATA"), desk)
        for name in ("review list, the first time", "review list again", "review list again"):
            _print(name, lambda: _list(library, wishes.cases), plain)
    _show(library)


def _print(name: str, work: Callable[[], Any], plain: float | None = None) -> float:
    began, busy = time.perf_counter(), time.process_time()
    work()
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    ratio = "" if plain is None else f", {processor / plain:.2f} × plain"
    print(f"{name}: {processor:.2f} s ({seconds:.2f} s){ratio}", flush=True)
    return processor


def _read_plainly(library: Path) -> None:
    with contextlib.closing(sqlite3.connect(library)) as connection:
        for seen, body, words in connection.execute("SELECT seen, body, words FROM onemap_events"):
            json.loads(seen), json.loads(body), json.loads(words or "{}")


def _list(library: Path, count: int) -> None:
    with open_library(str(library)) as opened:
        rows, problems = case_list(opened, None, None)
    if (len(rows), problems) != (count, []):
        raise SystemExit(f"{len(rows)} cases of {count}, {len(problems)} problems")


def _show(library: Path) -> None:
    """Show some cases, each from a newly opened library; the longest time counts."""
    with open_library(str(library)) as opened:
        ids = case_ids(opened)
    longest = 0.0
    for case_id in ids[:: max(1, len(ids) // SHOWN)]:
        began = time.process_time()
        with open_library(str(library)) as opened:
            case_as_json(opened, read_case(opened, case_id), "zh")
        longest = max(longest, time.process_time() - began)
        print(f"review show: {time.process_time() - began:.3f} s", flush=True)
    print(f"review show, the longest of {SHOWN}: {longest:.3f} s")


if __name__ == "__main__":
    main()

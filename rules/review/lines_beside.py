"""Parallel processes that make the lines of many cases and write them to the desk's file.

Without them the first reading of a library of thousands of cases would wait for one processor. Nothing depends on them:
a line that they did not make, or made from other rows, does not fit its mark and is made again.
"""

import json
import os
import subprocess  # a Python of our own  # nosec B404
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from onemap.layers.bounded_process import python_process, with_package

WORTH_CASES = 800  # for a process to be begun
_START_CASES = 250  # so many lines take as long as a process takes to start
_MOST_PROCESSES = 4
_LOOK_S = 0.1
_MAKING = with_package("from onemap.rules.review.case_lines import make_given_lines; make_given_lines()")


@contextmanager
def lines_made_beside(
    library: Path | None, case_ids: Sequence[str]
) -> Iterator[Mapping[str, "subprocess.Popen[bytes]"]]:
    """Start processes that make the lines of these cases except the first share; by the first case of each share.

    None are started on a server (library: None), or for too few cases or processors. They end with the block.
    """
    most = min(os.cpu_count() or 1, _MOST_PROCESSES, len(case_ids) // WORTH_CASES)
    count = 0 if library is None else max(0, most - 1)
    left = case_ids[(len(case_ids) + _START_CASES * count) // (count + 1) :]
    child_by_case: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as stack:
        with suppress(OSError):  # without a process, or one that ended, all lines are made here
            for place in range(count):
                share = left[len(left) * place // count : len(left) * (place + 1) // count]
                child = stack.enter_context(python_process(_MAKING, None))
                child_by_case[share[0]] = child
                if child.stdin is not None:
                    child.stdin.write(json.dumps([str(library), share]).encode())
                    child.stdin.close()
        yield child_by_case


def wait_for(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process has ended, in short intervals so that a cancel takes effect."""
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)


def given_share() -> tuple[str, list[str]]:
    """The library and the cases whose lines this process shall make, read from its input."""
    library, case_ids = json.load(sys.stdin.buffer)
    return library, case_ids

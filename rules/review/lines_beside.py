"""Processes beside this one that make the lines of many cases, which are then found in the desk's file.

Whoever reads a library of thousands of cases for the first time waits for one processor otherwise. Nothing rests on
these processes: a line that they have not made, or made of other rows, does not fit its mark and is made anew.
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
    """The processes that make the lines of these cases but for the first share, each by the first case of its share.

    None on a server (library: no file), and for so few cases or processors that it is not worth it. They end with the
    block.
    """
    most = min(os.cpu_count() or 1, _MOST_PROCESSES, len(case_ids) // WORTH_CASES)
    count = 0 if library is None else max(0, most - 1)
    left = case_ids[(len(case_ids) + _START_CASES * count) // (count + 1) :]
    begun: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as held:
        with suppress(OSError):  # without a process, or one that ended, all lines are made here
            for place in range(count):
                share = left[len(left) * place // count : len(left) * (place + 1) // count]
                child = held.enter_context(python_process(_MAKING, None))
                begun[share[0]] = child
                if child.stdin is not None:
                    child.stdin.write(json.dumps([str(library), share]).encode())
                    child.stdin.close()
        yield begun


def wait_for(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process has ended, so that a cancel is heard meanwhile."""
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)


def given_share() -> tuple[str, list[str]]:
    """The library, and the cases of which such a process makes the lines."""
    library, case_ids = json.load(sys.stdin.buffer)
    return library, case_ids

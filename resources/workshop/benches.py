"""`bench`: every program tests/bench/bench_NAME.py, or only those that are named."""

from __future__ import annotations

from workshop import pythons
from workshop.checks import Report
from workshop.machine import ROOT, WorkshopError, program

FOLDER = ROOT / "tests" / "bench"


def found() -> dict:
    """Name to path of every benchmark there is."""
    return {path.stem[len("bench_") :]: path for path in sorted(FOLDER.glob("bench_*.py"))}


def bench(names: list) -> int:
    """Run them one after the other, each in the open, and sum up how they ended."""
    benches = found()
    unknown = [name for name in names if name not in benches]
    if unknown:
        raise WorkshopError(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(benches)}.")
    python = program(pythons.core(), "python")
    report = Report()
    for name in names or benches:
        report.step(f"bench {name}", [python, "-P", benches[name]])
    return report.close()

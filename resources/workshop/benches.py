"""`bench`: run all programs bench_NAME.py below tests/bench/, or the named ones; options are for `peers`."""

from __future__ import annotations

import itertools

from workshop import debian, pythons, qgis_programs
from workshop.checks import Report
from workshop.machine import ROOT, WorkshopError, program

FOLDER = ROOT / "tests" / "bench"
PEERS = "peers"


def benchmark_paths() -> dict:
    """The path of each benchmark, by name."""
    return {path.stem[len("bench_") :]: path for path in sorted(FOLDER.rglob("bench_*.py"))}


def bench(words: list) -> int:
    """Run benchmarks one after the other with their output shown, and sum up how they ended."""
    benches = benchmark_paths()
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
    options = words[len(names) :]
    for unknown in (word for word in names if word not in benches):
        raise WorkshopError(f"there is no benchmark {unknown}; there are: {', '.join(benches)}.")
    if options:
        names = names or [PEERS]
    python = program(pythons.core(), "python")
    pythons.compile_loops()  # a checkout may have other ones since: else the first figures were those of compiling
    report = Report()
    for name in names or benches:
        arguments = [*_peers(), *options] if name == PEERS else options
        report.step(f"bench {name}", [python, "-P", benches[name], *arguments])
    return report.close()


def _peers() -> list:
    """The folders of the peers' Pythons, which are installed first if needed."""
    debian.install_test_server()
    arguments = ["--python", program(pythons.peers(), "python")]
    qgis = qgis_programs.find_python()
    return [*arguments, "--qgis", qgis] if qgis else arguments

"""One Map and its peers do the same work in turn, each in fresh processes; the numbers go to docs/benchmarks.md.

It fails if totals differ, and never because of time.
"""

import argparse
import datetime
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from onemap.tests.bench import benchmark_page
from onemap.tests.bench.add_files import source_of
from onemap.tests.bench.benchmark_programs import (
    FILES,
    OURS,
    ROOT,
    WHOLE,
    Pythons,
    Row,
    by_peer,
    by_us,
    computed_row,
    from_files,
)
from onemap.tests.bench.workload import PARCELS
from onemap.tests.bench.workload_files import workload_folder

FOLDER = ROOT / "build" / "bench"  # outside git
SMALL = ("XS", "S")
AGREE = 1e-9
# Peers that cannot agree to AGREE, and why.
LESS_EXACT = {
    "exactextract": (1e-6, "keeps shares of cells in 32 bits"),
    "sedonadb-zonal": (1e-4, "counts whole cells"),
    "geod": (1e-8, "takes edges as geodesics, the land survey's rule as straight in latitude and longitude"),
}


@dataclass(frozen=True)
class Job:
    """A piece of work: how One Map does it, which peers do it at any size, and which only at the small ones."""

    ours: tuple[str, ...]
    peers: tuple[str, ...]
    peers_if_small: tuple[str, ...] = field(default=())


JOBS = {
    "i": Job(
        ("i-areas", "i-ground"),
        ("postgis-subdivided", "sedonadb-cut", "duckdb-cut", "geopandas-cut"),
        ("shapely", "geopandas", "qgis", "duckdb"),
    ),
    "ii": Job(
        ("ii-areas", "ii-ground"),
        ("sedonadb", "duckdb", "postgis", "shapely", "gometry", "dask-geopandas", "geopandas", "qgis"),
    ),
    "iii": Job(
        ("iii-areas", "iii-ground"), ("sedonadb", "duckdb", "postgis", "shapely", "gometry", "geopandas", "qgis")
    ),
    "iv": Job(("iv-areas", "iv-ground"), ("postgis-subdivided",), ("shapely", "geopandas", "duckdb")),
    "v": Job(("v",), ("exactextract", "sedonadb-zonal")),
    "vii": Job(("vii",), ("geod",)),
    "file": Job((), ("shapely", "geopandas", "duckdb", "sedonadb")),
    "land": Job((), ("shapely", "geopandas", "duckdb", "sedonadb")),
    "add": Job((), ("ogr2ogr",)),
    "desk": Job((), ("qgis-clip", "qgis-intersection")),
    "again": Job((), ()),
    "plan": Job((), ()),
}


def rows_of(name: str, size: str, wanted: Sequence[str], pythons: Pythons, repeats: int, limit_s: float) -> list[Row]:
    """One job: ours and every peer that is wanted (all if none is named), one after the other."""
    job, folder = JOBS[name], workload_folder(size, FOLDER)
    rows: list[Row] = []

    def keep(row: Row) -> None:
        rows.append(row)
        print(f"  {row.who:22} {row.why or benchmark_page.row_line(row)}", flush=True)

    for way in job.ours:
        keep(by_us(way, folder, repeats, limit_s))
    if name in FILES:
        keep(from_files(f"{OURS}, check", None, "", name, folder, repeats, limit_s))
    if name == "add":
        source_of(folder)  # made before: the memory of its maker, a child of ours, would count as ours
        keep(computed_row(OURS, Path(sys.executable), "add_files", "ours", folder, repeats, limit_s))
    if name == "desk":
        keep(computed_row(OURS, Path(sys.executable), "desk_serve", name, folder, 4 * repeats, limit_s))
    if name == "again":
        for way, who in (("against", f"{OURS}, against"), ("whole", WHOLE)):
            keep(computed_row(who, Path(sys.executable), "desk_again", way, folder, repeats, limit_s))
    if name == "plan":
        for way, who in (("against", f"{OURS}, against"), ("session", f"{OURS}, session"), ("whole", WHOLE)):
            keep(computed_row(who, Path(sys.executable), "desk_again", f"plan-{way}", folder, repeats, limit_s))
    for peer in (*job.peers, *(job.peers_if_small if size in SMALL else ())):
        if not wanted or peer in wanted:
            keep(by_peer(peer, name, folder, pythons, repeats, limit_s))
    return rows


def disagreements(rows: Sequence[Row]) -> list[str]:
    """In words, whose totals differ from the first row's; a row of ours without figures is one too."""
    first = rows[0]
    wrong = [f"{row.who}: {row.why}" for row in rows if row.why and row.who.startswith(OURS)]
    for row in rows[1:]:
        if row.why or first.why:
            continue
        allowed = LESS_EXACT.get(row.who, (AGREE, ""))[0]
        same = len(row.totals) == len(first.totals) and all(
            abs(one - other) <= allowed * abs(one) for one, other in zip(first.totals, row.totals, strict=True)
        )
        if not same:
            wrong.append(f"{row.who}: {row.totals} where {first.who} has {first.totals}")
    return wrong


def machine() -> dict:
    """The facts besides the code on which the numbers depend."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else "unknown",
        "processors": os.cpu_count(),
        "used": 2,
        "load_before": round(os.getloadavg()[0], 1),
        "day": datetime.date.today().isoformat(),
        "commit": _commit(),
    }


def _commit() -> str:
    """The commit that is measured, with a + where files were changed since; empty outside git."""
    words = ["git", "describe", "--always", "--abbrev=8", "--dirty=+", "--exclude=*"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def main() -> int:
    """Run what is asked for, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(PARCELS), default="M")
    parser.add_argument("--jobs", default=",".join(JOBS), help=f"by comma, of {','.join(JOBS)}")
    parser.add_argument("--peers", default="", help="by comma; all by default")
    parser.add_argument("--repeats", type=int, default=3, help="calls after the first")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one program")
    parser.add_argument("--python", type=Path, default=peers_python(), help="the Python of the peers")
    parser.add_argument("--qgis", type=Path, help="QGIS's own Python")
    parser.add_argument("--dry", action="store_true", help="print only, and leave docs/benchmarks.md as it is")
    wishes = parser.parse_args()
    names = wishes.jobs.split(",")
    unknown = set(names) - set(JOBS)
    if unknown:
        parser.error(f"there is no job {', '.join(sorted(unknown))}; there are: {', '.join(JOBS)}")
    if hasattr(os, "sched_setaffinity"):
        # Everybody, the server too, has the same two processors.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    # As ^C does, so that what was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pythons, wrong = Pythons(wishes.python, wishes.qgis), []
    for name in names:
        print(f"{name}, size {wishes.size}", flush=True)
        about = machine()
        wanted = [peer for peer in wishes.peers.split(",") if peer]
        rows = rows_of(name, wishes.size, wanted, pythons, wishes.repeats, wishes.limit)
        found = disagreements(rows)
        wrong += [f"{name}, size {wishes.size}: {words}" for words in found]
        if not found and not wishes.dry:
            benchmark_page.keep(wishes.size, name, {"machine": about, "rows": [asdict(row) for row in rows]})
    print(*benchmark_page.summary(), sep="\n", flush=True)
    for words in wrong:
        print(f"DIFFERENT: {words}", file=sys.stderr, flush=True)
    return 1 if wrong else 0


def peers_python() -> Path | None:
    """The Python that `build.py bench` made for the peers, if it has."""
    path = ROOT / ".venv-bench" / "bin" / "python"
    return path if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())

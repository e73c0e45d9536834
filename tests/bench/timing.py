"""Time a piece of work in its own process; standard library only, because every peer's Python runs it."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

Work = Callable[[], Sequence[float]]
_ENOUGH_S = 120.0  # after which no further repetition is begun
_NAMED = ("geopandas", "shapely", "pyogrio", "pyarrow", "dask_geopandas", "exactextract", "rasterio", "pyproj", "numba")
_NAMED += ("duckdb", "sedonadb", "gometry")


def timed_work(work: Work, repeats: int) -> dict:
    """Seconds of the first call and of up to `repeats` more, by the clock and of processors, and the last's totals.

    Raises ValueError where two calls differ.
    """
    seconds, processors, totals = [], [], None
    for _ in range(1 + repeats):
        began, busy = time.perf_counter(), time.process_time()
        answer = [float(total) for total in work()]
        seconds.append(time.perf_counter() - began)
        processors.append(time.process_time() - busy)
        if totals is not None and not _same(answer, totals):
            raise ValueError(f"two calls differ: {totals} and {answer}")
        totals = answer
        if sum(seconds) > _ENOUGH_S:
            break
    return {"seconds": seconds, "processors": processors, "totals": totals}


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= 1e-9 * abs(a) for a, b in zip(one, other, strict=True))


def peak_mb(process: str = "self") -> float | None:
    """The peak memory of a process (a number, or this one) in MB; None if the system does not tell.

    It is not that of getrusage, which begins with the parent's memory when it started the process.
    """
    path = Path("/proc") / process / "status"
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def software_here() -> dict[str, str]:
    """Version by name: Python, the peers' libraries that this process has loaded, GEOS, QGIS."""
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    found |= {name.replace("_", "-"): version(name.replace("_", "-")) for name in _NAMED if name in sys.modules}
    if "shapely" in sys.modules:
        found["GEOS"] = sys.modules["shapely"].geos_version_string
    if "qgis.core" in sys.modules:
        found["QGIS"] = sys.modules["qgis.core"].Qgis.version()
    return found


def answer_for(prepare_work: Callable[[str, Path], Work]) -> None:
    """The program of a peer: MODULE JOB FOLDER REPEATS prints one JSON object as its last line.

    prepare_work(job, folder) loads what the work needs, timed apart. The work may bear an attribute `peak_mb`,
    a function, where it is other processes that hold the memory and work, and `processors`, one that says how many
    seconds of processors each call took of them; and `software`, the versions and settings of other programs, by name.
    """
    job, folder, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    began = time.perf_counter()
    work = prepare_work(job, folder)
    loaded = time.perf_counter() - began
    answer = timed_work(work, repeats)
    answer["load_s"] = loaded
    answer["peak_mb"] = getattr(work, "peak_mb", peak_mb)()
    answer["software"] = {**software_here(), **getattr(work, "software", {})}
    if hasattr(work, "peak_mb"):
        answer["processors"] = getattr(work, "processors", list)()
    sys.stdout.write(f"\n{json.dumps(answer)}\n")
    sys.stdout.flush()

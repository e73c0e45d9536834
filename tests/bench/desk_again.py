"""Repeat a whole check, or compute only the changes since an earlier run: moved parcels, or an edited plan.

Called as: python -m onemap.tests.bench.desk_again JOB FOLDER REPEATS. JOB: `whole` or `against`, with one parcel of a
hundred moved a little; `plan-whole`, `plan-against`, or `plan-session`, which asks a warm session, with a plan edited
in one township. All others are whole programs.
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from onemap.tests.bench import desk_files
from onemap.tests.bench.benchmark_programs import children_s, ran
from onemap.tests.bench.desk_serve import Session, kept_totals
from onemap.tests.bench.timing import Work, answer_for, peak_mb

CHANGED_SHARE = 0.01
MOVED_M = (0.5, 0.25)
EDITED, EDITED_M = 300, -2.0  # features of the plan nearest to one place, and by how much each grows
_PLAN = "name=plan,department=land,library=department,kind=vector,geometry=polygon,key=id1"
_LIMIT_S = 600.0


def changed_parcels(folder: Path) -> Path:
    """The workload's parcels with one of a hundred moved, as a file; made once."""
    path = folder / "parcels_changed.gpkg"
    if not path.exists():
        frame = gpd.read_file(folder / "parcels.gpkg")
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object).copy()
        rows = np.random.default_rng(5).choice(len(shapes), max(1, int(len(shapes) * CHANGED_SHARE)), replace=False)
        shapes[rows] = shapely.transform(shapes[rows], lambda xy: xy + MOVED_M)
        frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs)).to_file(path, layer="parcels", VERSION="1.3")
    return path


def edited_plan(folder: Path) -> Path:
    """The workload's first plan with the features around one place drawn smaller, as a file; made once."""
    path = folder / "plan_edited.gpkg"
    if not path.exists():
        frame = gpd.read_parquet(folder / "plan1.parquet")
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object).copy()
        off = shapely.get_coordinates(shapely.centroid(shapes)) - shapely.total_bounds(shapes).reshape(2, 2).mean(
            axis=0
        )
        rows = np.argsort(np.hypot(*off.T), kind="stable")[:EDITED]
        smaller = shapely.buffer(shapes[rows], EDITED_M)
        shapes[rows] = np.where(shapely.is_empty(smaller), shapes[rows], smaller)
        frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs)).to_file(path, layer="plan", VERSION="1.3")
    return path


def _with_plan(folder: Path, library: Path, pack: Path) -> Path:
    """Add the first plan to a library as a layer; returns the pack with a rule about it."""
    _add_plan(folder, library, folder / "plan1.gpkg", "first")
    rule = desk_files.RULE.format(name="plan", number="", verdict="consult").replace('"CONTROL"', '"PLAN"')
    path = folder / "pack_plan.toml"
    path.write_text(f'{pack.read_text(encoding="utf-8")}{rule}where = "code1 = 11"\n', encoding="utf-8")
    return path


def _add_plan(folder: Path, library: Path, source: Path, label: str) -> None:
    words = ["add", library, source, "--as", "PLAN", "--label", label, "--covers", folder / "covers.gpkg"]
    ran([desk_files.PROGRAM, *words, "--define", _PLAN, "--json"], _LIMIT_S, dict(os.environ))


def prepare_work(job: str, folder: Path) -> Work:
    """The work of a job; the earlier run is made first, in its own library."""
    made, pack = desk_files.library_of(folder)
    library = folder / f"again_{job}.gpkg"
    shutil.copy(made, library)
    of_plan, peaks = job.startswith("plan-"), [0.0]
    packs = _with_plan(folder, library, pack) if of_plan else pack
    options = ["--id", "pid", "--pack", packs, "--workers", "2", "--progress", "none", "--json"]

    def run_check(parcels: Path, *more: str) -> str:
        command = [desk_files.PROGRAM, "check", library, parcels, *options, *more]
        printed, _, peak = ran(command, _LIMIT_S, dict(os.environ))
        peaks[0] = max(peaks[0], peak)
        identifier: str = json.loads(printed)["run"]["id"]
        return identifier

    parcels = folder / "parcels.gpkg" if of_plan else changed_parcels(folder)
    first = None if job.endswith("whole") else run_check(folder / "parcels.gpkg")
    if of_plan:
        _add_plan(folder, library, edited_plan(folder), "edited")
    if job.endswith("session"):
        params = {"library": str(library), "parcels": str(parcels), "id": "pid", "pack": [str(packs)], "workers": 2}
        return _in_session({**params, "against": first})

    def work() -> Sequence[float]:
        return kept_totals(library, run_check(parcels, *(("--against", first) if first else ())))

    return _watched_work(work, lambda: peaks[0], children_s)


def _in_session(params: dict[str, Any]) -> Work:
    """The same question repeated in one session; the first call includes its start."""
    session = Session(params)

    def busy_s() -> float:
        if session.process_id is None:
            return 0.0
        times = Path(f"/proc/{session.process_id}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

    return _watched_work(session.totals, lambda: peak_mb(str(session.process_id)), busy_s)


def _watched_work(work: Work, memory: Callable[[], float | None], busy_s: Callable[[], float]) -> Work:
    """The same work, done by other processes. busy_s: the seconds of processors that those have had in all."""
    busy: list[float] = []

    def run_watched() -> Sequence[float]:
        before = busy_s()
        answer = work()
        busy.append(busy_s() - before)
        return answer

    run_watched.peak_mb = memory  # type: ignore[attr-defined]
    run_watched.processors = lambda: busy  # type: ignore[attr-defined]
    return run_watched


if __name__ == "__main__":
    answer_for(prepare_work)

"""A thousand parcels of a hundred changed a little: the whole check again, or only what changed, each a whole program.

Called as: python -m onemap.tests.bench.desk_again whole|against FOLDER REPEATS.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from onemap.tests.bench import desk_files
from onemap.tests.bench.desk_serve import kept_totals
from onemap.tests.bench.programs import ran
from onemap.tests.bench.timing import Work, answer_for

CHANGED_SHARE = 0.01
MOVED_M = (0.5, 0.25)
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


def prepared(job: str, folder: Path) -> Work:
    """The work of `whole` or `against`; the earlier run is made before, in a library of its own."""
    made, pack = desk_files.library_of(folder)
    library = folder / f"again_{job}.gpkg"
    shutil.copy(made, library)
    options = ["--id", "pid", "--pack", pack, "--workers", "2", "--progress", "none", "--json"]
    peaks = [0.0]

    def checked(parcels: Path, *more: str) -> str:
        command = [desk_files.PROGRAM, "check", library, parcels, *options, *more]
        printed, _, peak = ran(command, _LIMIT_S, dict(os.environ))
        peaks[0] = max(peaks[0], peak)
        identifier: str = json.loads(printed)["run"]["id"]
        return identifier

    changed = changed_parcels(folder)
    more = ("--against", checked(folder / "parcels.gpkg")) if job == "against" else ()

    def work() -> Sequence[float]:
        return kept_totals(library, checked(changed, *more))

    work.peak_mb = lambda: peaks[0]  # type: ignore[attr-defined]  # it is another process
    return work


if __name__ == "__main__":
    answer_for(prepared)

"""How long a bureau waits in a day and a night: each task as one command from start to end.

    python3 build.py bench bureau

The tasks: the demo once all is installed; forty thousand parcels of the sample city by all rules of the shipped pack;
two hundred files, four days of each layer of the sample city, into a new library; a list of five thousand cases.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from onemap.layers.catalogue.catalogue import shipped_catalogue

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "demo"
PROGRAM = Path(sys.executable).with_name("onemap")
DISTRICTS = "XZQ__1"  # the first version of the administrative districts
PARCELS, FILES, DAYS = (200, 200), 200, 4


def main() -> int:
    """Do each piece of work, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("demo", "parcels", "files", "cases"), action="append")
    wishes = parser.parse_args()
    works = {"demo": make_demo, "parcels": check_parcels, "files": ingest_files, "cases": list_cases}
    with tempfile.TemporaryDirectory() as room:
        for name in wishes.only or works:
            works[name](Path(room))
    return 0


def make_demo(_: Path) -> None:
    """The demo with everything that it writes; environments are there already."""
    _timed("demo", [sys.executable, ROOT / "build.py", "demo"], env={**os.environ, "CI": "true"})


def check_parcels(room: Path) -> None:
    """A check of 40,000 parcels, edge to edge over the sample city's ground, by the shipped pack."""
    library = _city(room)
    west, south, east, north = pyogrio.read_info(library, layer=DISTRICTS, force_total_bounds=True)["total_bounds"]
    x, y = np.linspace(west, east, PARCELS[0] + 1), np.linspace(south, north, PARCELS[1] + 1)
    boxes = shapely.box(*(side.ravel() for side in (*np.meshgrid(x[:-1], y[:-1]), *np.meshgrid(x[1:], y[1:]))))
    parcels = room / "parcels.gpkg"
    ids = [f"P{number:05}" for number in range(len(boxes))]
    gpd.GeoDataFrame({"DKBH": ids}, geometry=boxes, crs=_system(library)).to_file(parcels)
    words = ["check", library, parcels, "--id", "DKBH", "--out", room / "checked.gpkg", "--json", "--progress", "none"]
    found = json.loads(_timed(f"check of {len(boxes):,} parcels, with all tables", [PROGRAM, *words], may_end_with=4))
    packs = ", ".join(f"{pack['id']} {pack['version']}" for pack in found["run"]["packs"])
    print(f"  {packs}; verdicts: {found['verdicts']}", flush=True)


def ingest_files(room: Path) -> None:
    """Two hundred files of as many versions, by a plan, into a library of the sample city's district."""
    city, folder, plan, library = _city(room), room / "files", room / "plan.toml", room / "new.gpkg"
    is_raster = {f"{code}__1" for code, entry in shipped_catalogue().items() if entry.geometry == "raster"}
    names = [name for name, kind in pyogrio.list_layers(city) if kind and name.endswith("__1")]
    tables = [name for name in names if name not in is_raster][: FILES // DAYS]
    texts = []
    for day in range(DAYS):
        (folder / str(day)).mkdir(parents=True)
        for table in tables:
            frame, code = pyogrio.read_dataframe(city, layer=table), table.removesuffix("__1")
            frame.iloc[day if len(frame) > DAYS else 0 :].to_file(folder / str(day) / f"{code}.gpkg")
            facts = {"source": f"{day}/{code}.gpkg", "code": code, "label": f"day {day}"}
            facts["valid_from"] = f"2026-01-0{day + 1}"
            texts.append("[[layer]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in facts.items()))
    plan.write_text("\n".join(texts), encoding="utf-8")
    district = room / "district.gpkg"
    pyogrio.read_dataframe(city, layer=DISTRICTS).dissolve().to_file(district)
    made = [PROGRAM, "new", library, "--crs", _system(city), "--district", district]
    subprocess.run(list(map(str, made)), check=True, stdout=subprocess.DEVNULL)
    words = ["ingest", library, folder, "--plan", plan, "--each", "--covers", "district", "--json"]
    found = json.loads(_timed(f"{len(texts)} files taken in", [PROGRAM, *words], may_end_with=4))
    print(f"  { ({name: len(value) for name, value in found.items() if isinstance(value, list)}) }", flush=True)


def list_cases(room: Path) -> None:
    """`review list` of 5,000 cases, by the benchmark that has this alone."""
    words = [sys.executable, "-P", "-m", "onemap.tests.bench.cases.bench_cases", "--folder", room / "cases"]
    print(_timed("five thousand cases made, listed and shown", words), flush=True)


def _city(room: Path) -> Path:
    """A copy of the sample city, with the files beside it. Raises FileNotFoundError without the demo."""
    for path in DEMO.glob("city.*"):
        shutil.copy(path, room / path.name)
    return room / "city.gpkg"


def _system(library: Path) -> str:
    return str(pyogrio.read_info(library, layer=DISTRICTS)["crs"])


def _timed(name: str, words: list[Any], may_end_with: int = 0, **more: Any) -> str:
    """The output of a command; wall and processor seconds are printed. Raises CalledProcessError."""
    began, busy = time.perf_counter(), _processors_s()
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, text=True, check=False, **more)
    print(f"{name}: {time.perf_counter() - began:.1f} s, {_processors_s() - busy:.1f} s of processors", flush=True)
    if done.returncode not in (0, may_end_with):
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout)
    return done.stdout


def _processors_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())

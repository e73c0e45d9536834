"""`onemap validate` on a county with any number of patches, with every check of a layer and between layers.

Measures the program as a whole: wall time, processor time, and peak memory. On request also how soon a cancelled proof
ends, and how long PostGIS takes for its part of the checks.
"""

import argparse
import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.tests.bench.cancel.cancel_core import signalled_after
from onemap.tests.bench.cancel.cancel_files import LongWork
from onemap.tests.bench.delivery.delivery_peer import print_postgis
from onemap.tests.bench.province_files import PROGRAM
from onemap.tests.bench.workload import CRS, LAND_CLASSES, _chance, _coverage

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = Path(__file__).with_name("delivery.toml")
PATCH_M2, TOWNS, FARMLAND = 4_000.0, 16, 0.1
_CLASS_NAMES = {"0101": "水田", "0301": "乔木林地", "0701": "城镇住宅用地", "0702": "农村宅基地"}
_CLASS_NAMES |= {"1003": "公路用地", "1101": "河流水面"}


def main() -> None:
    """Make the delivery, prove it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patches", type=int, default=500_000)
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "bench" / "delivery", help="where the files stay"
    )
    parser.add_argument("--faults", type=int, default=0, help="so many patches are moved by 30 cm")
    parser.add_argument("--cancel", type=int, default=0, help="so many proofs are cancelled, spread over the length")
    parser.add_argument("--peer", action="store_true", help="ask PostGIS, too")
    wishes = parser.parse_args()
    path = wishes.folder / f"county{wishes.patches}-{wishes.faults}.gpkg"
    if not path.exists():
        wishes.folder.mkdir(parents=True, exist_ok=True)
        make_county(path, wishes.patches, wishes.faults)
    taken_s = print_figures(path)
    for number in range(wishes.cancel):
        print_cancel(path, taken_s * (number + 0.5) / wishes.cancel)
    if wishes.peer:
        print_postgis(path)


def make_county(path: Path, count: int, faults: int) -> None:
    """Patches without gap or overlap, towns that they fill, farmland that is a tenth of them, roads, and a table."""
    columns = round(count**0.5)
    side = PATCH_M2**0.5 * columns
    patches = _coverage(columns, columns, (side, side), "landuse", 0.3, 7)
    chance = _chance(7, "delivery")
    town = np.arange(len(patches)) % columns * TOWNS // columns
    towns = np.array([f"130921{number + 100:03}" for number in range(TOWNS)], dtype=object)
    codes = chance.choice(LAND_CLASSES, len(patches))
    area_m2 = np.round(ellipsoidal_areas_m2(patches, pyproj.CRS(CRS)), 2)
    numbers = np.array([f"130921200{number:09}" for number in range(len(patches))], dtype=object)
    short = np.array([f"{number:08}" for number in range(len(patches))], dtype=object)
    ground = [shapely.coverage_union_all(patches[town == number]) for number in range(TOWNS)]
    moved = chance.choice(len(patches), faults, replace=False)
    patches[moved] = shapely.transform(patches[moved], lambda points: points + 0.3)
    names = np.array([_CLASS_NAMES[code] for code in codes], dtype=object)
    land = {"BSM": numbers, "TBBH": short, "DLBM": codes, "DLMC": names, "XZQDM": towns[town], "TBMJ": area_m2}
    land |= {"KCMJ": np.zeros(len(patches)), "TBDLMJ": area_m2}
    farm = np.sort(chance.choice(len(patches), int(len(patches) * FARMLAND), replace=False))
    field = {"BSM": numbers[farm], "XZQDM": towns[town[farm]], "YJJBNTMJ": area_m2[farm]}
    sums = pd.Series(area_m2[farm]).groupby(towns[town[farm]]).sum() / 10_000
    table = pd.DataFrame({"XZQDM": sums.index, "ZBMC": "永久基本农田保护面积", "DW": "公顷", "GHMBN": sums.round(4)})
    beside = path.with_name("beside.gpkg")
    _write(beside, "XZQ", {"XZQDM": towns, "XZQMC": towns}, ground)
    _write(beside, "DLTB", land, patches)
    _write(beside, "YJJBNT", field, patches[farm])
    pyogrio.write_dataframe(table, beside, layer="GHZBB", driver="GPKG")
    beside.rename(path)


def _write(path: Path, code: str, columns: dict[str, np.ndarray], shapes: object) -> None:
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=CRS)
    frame.to_file(path, layer=code, driver="GPKG", engine="pyogrio", promote_to_multi=True)


def print_cancel(path: Path, after_s: float) -> None:
    """Interrupt a proof after this many seconds; print how soon it ended, any fault, and what it left behind."""
    with tempfile.TemporaryDirectory() as folder:
        params = {"source": str(path), "template": str(TEMPLATE), "report": [str(Path(folder) / "report.json")]}
        ended = signalled_after(LongWork("validate", "validate", params), after_s, signal.SIGINT, None)
        left = ", ".join(one.name for one in Path(folder).iterdir()) or "nothing"
    state = "it was done" if ended.done else f"ended in {ended.seconds:.2f} s"
    print(f"cancelled at {after_s:.0f} s: {state}, wrong: {ended.wrong or 'nothing'}, left: {left}")


def print_figures(path: Path) -> float:
    """Prove it as a program, print what it took; seconds by the clock."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [PROGRAM, "validate", path, "--template", TEMPLATE, "--report", report, "--json"]
        began = time.perf_counter()
        timed = ["/usr/bin/time", "-f", "%U %S %M", "-o", Path(folder) / "time", *command]
        ended = subprocess.run(timed, stdout=subprocess.DEVNULL, check=False)
        taken = time.perf_counter() - began
        user, system, most = (Path(folder) / "time").read_text().split()[-3:]
        record = json.loads(report.read_text(encoding="utf-8"))
    print(f"{path.name}: exit {ended.returncode}, {taken:.0f} s by the clock, {float(user) + float(system):.0f} s of ")
    print(f"processors, {int(most) / 1024:.0f} MB; {len(record['problems'])} problems, grade {record['grade']}")
    for one in record["checked"]:
        print(f"  {one['check']:32} {one['objects']:>9,} {one['problems']:>7,}")
    return taken


if __name__ == "__main__":
    main()

"""How the cost of a check grows with the number of parcels, of layers, and of a control's vertices.

Each number is the processor time of `onemap check` as a program, start included, and its peak memory; the least of
several runs. `--parcels 10000,100000,1000000` are the sizes; layers and vertices are measured at the second one.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from onemap.tests.bench import province_files
from onemap.tests.bench.province_files import CONTROLS, LINES, PATCHES, PROGRAM, RULE, side_m
from onemap.tests.bench.workload import CRS, SOUTH, WEST, _control

ROOT = Path(__file__).resolve().parents[2]
VERTICES = (16_384, 65_536, 262_144)  # of one body of a control, which has three; what a shore is doubled to


@dataclass(frozen=True)
class Place:
    """Parcels, a library and a pack."""

    parcels: Path
    library: Path
    pack: Path


def main() -> None:
    """Make the files, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", default="10000,100000", help="sizes by comma")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench" / "growth", help="where the files stay")
    wishes = parser.parse_args()
    sizes = [int(number) for number in wishes.parcels.split(",")]
    places = {size: Place(*province_files.make_province(wishes.folder / str(size), size)) for size in sizes}
    controls = [f"CONTROL{number}" for number in range(CONTROLS)]
    for size, place in places.items():
        print_figures(f"{size} parcels × {CONTROLS} controls", place, controls, wishes.repeats)
    place = places[sizes[min(1, len(sizes) - 1)]]
    every = [*(f"PATCH{number}" for number in range(PATCHES)), *(f"LINE{number}" for number in range(LINES))]
    for number in (5, 10, 20, 27):
        print_figures(f"{place.parcels.parent.name} parcels × {number} layers", place, every[:number], wishes.repeats)
    ground = with_controls(wishes.folder / "controls", place)
    for vertices in VERTICES:
        name = f"{place.parcels.parent.name} parcels × a control of 3 × {vertices} vertices"
        print_figures(name, ground, [f"SHORE{vertices}"], wishes.repeats)


def with_controls(folder: Path, like: Place) -> Place:
    """The same parcels, and a library of controls that differ in their vertices alone."""
    library, pack = folder / "library.gpkg", folder / "pack.toml"
    if pack.exists():
        return Place(like.parcels, library, pack)
    folder.mkdir(parents=True, exist_ok=True)
    library.unlink(missing_ok=True)
    side = side_m(int(like.parcels.parent.name))
    _run("new", library, "--crs", CRS)
    covers = folder / "covers.gpkg"
    ground = shapely.box(WEST, SOUTH, WEST + side, SOUTH + side).buffer(5000)
    gpd.GeoDataFrame({"n": [1]}, geometry=[ground], crs=CRS).to_file(covers)
    text = '[pack]\nid = "shores"\nversion = "1"\ntitle = { zh = "岸", en = "shores" }\n'
    for vertices in VERTICES:
        code, source = f"SHORE{vertices}", folder / "shore.gpkg"
        shape = _control("growth", (side, side), 3, vertices, 20)
        gpd.GeoDataFrame({"KEY": ["1"]}, geometry=[shape], crs=CRS).to_file(source)
        define = f"name={code},department=land,library=department,kind=vector,geometry=polygon,key=KEY"
        _run("add", library, source, "--as", code, "--covers", covers, "--define", define)
        text += RULE.format(code=code, kind="avoid", verdict="prohibited", more="")
    pack.write_text(text, encoding="utf-8")
    return Place(like.parcels, library, pack)


def print_figures(name: str, place: Place, codes: Sequence[str], repeats: int) -> None:
    """Print the processor time and the memory of one check: the least of several, after one that is not counted."""
    figures = list(_figures(place, codes, 1 + repeats))[1:]
    seconds, megabytes = min(one for one, _ in figures), max(other for _, other in figures)
    print(f"{name}: {seconds:.1f} s of processors, {megabytes:.0f} MB", flush=True)


def _figures(place: Place, codes: Sequence[str], times: int) -> Iterator[tuple[float, float]]:
    """Processor seconds and megabytes of repeated runs; the first run also stores the subdivided controls."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(times):
            words = ["check", place.library, place.parcels, "--pack", place.pack, "--only", ",".join(codes), "--json"]
            words += ["--workers", 2, "--overwrite", "--out", Path(folder) / "out", "--progress", "none"]
            child = subprocess.Popen([str(word) for word in (PROGRAM, *words)], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status:
                raise SystemExit(f"{codes}: {status}")
            yield usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in (PROGRAM, *words, "--json")], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

"""A province of any size for the benchmark: parcels written in strips, thirty layers in a library, a pack."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from onemap.tests.bench.workload import CRS, SOUTH, WEST, _control

EDGE_M = 34.0  # of a parcel
STRIP = 100_000  # parcels that are made at a time
PATCHES, LINES, CONTROLS = 24, 3, 3  # layers of each kind
PROGRAM = Path(sys.executable).with_name("onemap")
VERDICTS = ("prohibited", "restricted", "consult", "notice")
RULE = """
[[rule]]
id = "{code}"
kind = "{kind}"
layer = "{code}"
department = "land"
verdict = "{verdict}"
title = {{ zh = "{code}", en = "{code}" }}
basis = [{{ law = "试验", article = "第一条" }}]
{more}
"""


def side_m(count: int) -> float:
    """The width of the province that this many parcels fill by half."""
    return EDGE_M * (2 * count) ** 0.5


def strips(count: int) -> Iterator[np.ndarray]:
    """This many parcels of 12 points, in strips from south to north, on every second square of a grid."""
    columns = int(side_m(count) / EDGE_M)
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for start in range(0, count, STRIP):
        chance = np.random.default_rng([7, start])
        number = 2 * np.arange(start, min(start + STRIP, count)) + chance.integers(0, 2, min(STRIP, count - start))
        centre = np.column_stack([number % columns, number // columns]) * EDGE_M + EDGE_M / 2
        reach = chance.uniform(0.25, 0.48, (len(number), 12)) * EDGE_M
        ring = centre[:, None] + np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=2)
        yield shapely.polygons(np.round(np.concatenate([ring, ring[:, :1]], axis=1) + [WEST, SOUTH], 3))


def write_parcels(path: Path, count: int) -> None:
    """The parcels as a GeoPackage with ids and a use, of which only a strip is ever held."""
    done = 0
    for polygons in strips(count):
        number = np.arange(done, done + len(polygons))
        ids = np.array([f"{row:010d}" for row in number.tolist()], dtype=object)
        uses = np.array(["0701", "1001", "0601", None], dtype=object)[number % 4]
        options = {"geometry_type": "Polygon", "crs": CRS, "driver": "GPKG", "layer": "parcels"}
        more = {"append": True} if done else {"SPATIAL_INDEX": "NO", "dataset_options": {"VERSION": "1.3"}}
        pyogrio.raw.write(path, shapely.to_wkb(polygons), [ids, uses], ["DKBH", "USE"], **options, **more)
        done += len(polygons)


def layers(count: int) -> Iterator[tuple[str, str, list[shapely.Geometry]]]:
    """Code, geometry and features of each layer: patches, lines, and controls with fractal shores."""
    side = side_m(count)
    features = max(200, count // 500)
    for number in range(PATCHES):
        chance = np.random.default_rng([11, number])
        west, south = chance.uniform(0, side, (2, features))
        width = chance.lognormal(0, 0.6, (2, features)) * side / features**0.5 * 0.25
        turn = chance.uniform(0, np.pi / 2, features)
        squares = shapely.box(-width[0] / 2, -width[1] / 2, width[0] / 2, width[1] / 2)
        coordinates, owner = shapely.get_coordinates(squares, return_index=True)
        x = coordinates[:, 0] * np.cos(turn)[owner] - coordinates[:, 1] * np.sin(turn)[owner] + west[owner] + WEST
        y = coordinates[:, 0] * np.sin(turn)[owner] + coordinates[:, 1] * np.cos(turn)[owner] + south[owner] + SOUTH
        yield f"PATCH{number}", "polygon", list(shapely.set_coordinates(squares, np.column_stack([x, y])))
    for number in range(LINES):
        chance = np.random.default_rng([13, number])
        ends = chance.uniform(0, side, (max(20, features // 10), 1, 2)) + [WEST, SOUTH]
        steps = chance.normal(0, side / 400, (len(ends), 30, 2)).cumsum(axis=1)
        yield f"LINE{number}", "line", list(shapely.linestrings(np.round(ends + steps, 3)))
    for number in range(CONTROLS):
        yield f"CONTROL{number}", "polygon", [_control(f"province{number}", (side, side), 3, 60_000, 20)]


def make_province(folder: Path, count: int) -> tuple[Path, Path, Path]:
    """Parcels, library and pack, made if they are not there."""
    parcels, library, pack = (folder / name for name in ("parcels.gpkg", "library.gpkg", "pack.toml"))
    if pack.exists():
        return parcels, library, pack
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.gpkg"):
        path.unlink()
    write_parcels(parcels, count)
    _run("new", library, "--crs", CRS)
    covers = folder / "covers.gpkg"
    ground = shapely.box(WEST, SOUTH, WEST + side_m(count), SOUTH + side_m(count)).buffer(5000)
    gpd.GeoDataFrame({"n": [1]}, geometry=[ground], crs=CRS).to_file(covers)
    text = '[pack]\nid = "province"\nversion = "1"\ntitle = { zh = "省", en = "province" }\n'
    for at, (code, geometry, features) in enumerate(layers(count)):
        source = folder / f"{code}.gpkg"
        frame = gpd.GeoDataFrame({"KEY": [str(row) for row in range(len(features))]}, geometry=features, crs=CRS)
        frame.to_file(source)
        define = f"name={code},department=land,library=department,kind=vector,geometry={geometry},key=KEY"
        _run("add", library, source, "--as", code, "--covers", covers, "--define", define)
        source.unlink()
        kind, more = ("setback", "distance_m = 20") if geometry == "line" else ("avoid", "min_width_m = 0.1")
        text += RULE.format(code=code, kind=kind, verdict=VERDICTS[at % len(VERDICTS)], more=more)
    pack.write_text(text, encoding="utf-8")
    return parcels, library, pack


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in (PROGRAM, *words, "--json")], check=True, stdout=subprocess.DEVNULL)

"""A check from file to file, as a user of One Map does it: a library, a pack of rules, `onemap check`."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

from onemap.tests.bench.peer_files import VERDICTS
from onemap.tests.bench.workload import CRS

PROGRAM = Path(sys.executable).with_name("onemap")
RULE = """
[[rule]]
id = "control.{name}"
kind = "avoid"
layer = "CONTROL{number}"
department = "land"
verdict = "{verdict}"
title = {{ zh = "{name}", en = "{name}" }}
basis = [{{ law = "试验", article = "第{number}条" }}]
"""
NAMES = ("redline", "farmland", "boundary")
PACK = '[pack]\nid = "bench"\nversion = "1"\ntitle = { zh = "试验", en = "benchmark" }\n'


def library_of(folder: Path) -> tuple[Path, Path]:
    """The library with the workload's controls as layers, and the pack; made once in the workload's folder."""
    library, pack = folder / "library.gpkg", folder / "pack.toml"
    if pack.exists():
        return library, pack
    library.unlink(missing_ok=True)
    _run("new", library, "--crs", CRS)
    controls, parcels = (gpd.read_parquet(folder / f"{name}.parquet") for name in ("controls", "parcels"))
    whole = shapely.union_all([shapely.box(*frame.total_bounds) for frame in (controls, parcels)])
    covers = folder / "covers.gpkg"
    gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.box(*whole.bounds).buffer(1000)], crs=CRS).to_file(covers)
    text = PACK
    for number, name in enumerate(NAMES):
        source = folder / f"{name}.gpkg"
        controls[controls["cid"] == number].astype({"cid": str}).to_file(source)
        define = f"name={name},department=land,library=department,kind=vector,geometry=polygon,key=cid"
        _run("add", library, source, "--as", f"CONTROL{number}", "--covers", covers, "--define", define)
        text += RULE.format(name=name, number=number, verdict=VERDICTS[number])
    pack.write_text(text, encoding="utf-8")
    return library, pack


def land_library_of(folder: Path) -> tuple[Path, Path]:
    """The library with the workload's land use, and the pack of one rule that shows all of it; made once."""
    library, pack = folder / "land.gpkg", folder / "land.toml"
    if not pack.exists():
        library_of(folder)
        library.unlink(missing_ok=True)
        _run("new", library, "--crs", CRS)
        define = "name=land,department=land,library=department,kind=vector,geometry=polygon,key=lid"
        covers = folder / "covers.gpkg"
        _run("add", library, folder / "landuse.gpkg", "--as", "CONTROL0", "--covers", covers, "--define", define)
        pack.write_text(PACK + RULE.format(name="land", number=0, verdict="notice"), encoding="utf-8")
    return library, pack


def command(folder: Path, out: Path, job: str) -> list[object]:
    """The user's command; with two threads, as the peers have."""
    library, pack = library_of(folder) if job == "file" else land_library_of(folder)
    given = ["--pack", pack, "--out", out, "--overwrite", "--workers", "2", "--progress", "none", "--json"]
    return [PROGRAM, "check", library, folder / "parcels.gpkg", "--id", "pid", *given]


def totals(out: Path) -> list[float]:
    """Ground in conflict by control, or with all land use, from the overlaps that One Map or a peer wrote."""
    table = pyogrio.read_dataframe(out, layer="overlaps")
    if "lid" in table or ("rule" in table and (table["rule"] == "control.land").any()):
        return [float(shapely.area(table.geometry.to_numpy()).sum())]
    by = table["cid"] if "cid" in table else table["rule"].map({f"control.{name}": at for at, name in enumerate(NAMES)})
    return [float(shapely.area(table.geometry[by == number].to_numpy()).sum()) for number in range(len(NAMES))]


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in (PROGRAM, *words, "--json")], check=True, stdout=subprocess.DEVNULL)

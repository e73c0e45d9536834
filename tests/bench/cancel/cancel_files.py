"""A library on which every long verb works for seconds, and a request for each; made once per workload's folder."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from onemap.tests.bench.desk_files import NAMES, RULE
from onemap.tests.bench.peer_files import VERDICTS
from onemap.tests.bench.workload import CRS
from onemap.tests.rules.small_pack import matrix_text

PROGRAM = (sys.executable, "-I", "-X", "utf8", Path(__file__).resolve().parents[3] / "__main__.py")
PLANS = {"PLAN1": ("plan1", "id1", "code1"), "PLAN2": ("plan2", "id2", "code2"), "LAND": ("landuse", "lid", "dlbm")}
BUILT, OPEN = [f"{n:02d}" for n in range(6)], [f"{n:02d}" for n in range(6, 12)]
MATRIX = (
    matrix_text(("code1", BUILT, OPEN), ("code2", BUILT, OPEN), for_a=["PLAN1"], for_b=["PLAN2"])
    + '[[unlike]]\na = ["00", "01"]\nb = ["02", "03"]\n'
)
LAND_RULE = RULE.replace("control.{name}", "land").replace("CONTROL{number}", "LAND").replace("{name}", "landuse")
FEW = 40  # of so many parcels one is asked for its remedy
IN_A_CASE = 300  # parcels
NEEDED = ("cancel.gpkg", "cancel.json", "cancel.toml", "cancel_matrix.toml", "cancel_few.gpkg", "cancel_case.gpkg")
NEEDED += ("parcels.gpkg", "landuse.gpkg")


@dataclass(frozen=True)
class LongWork:
    """One long piece of work: its name, verb and parameters; settings of its environment."""

    name: str
    verb: str
    params: dict[str, Any]
    settings: dict[str, str] = field(default_factory=dict)


def long_verbs(folder: Path, out: Path) -> Iterator[LongWork]:
    """Every long verb on the library of a workload's folder; output goes to the folder `out`."""
    made: dict[str, str] = json.loads((folder / "cancel.json").read_text())
    library, parcels, few = str(folder / "cancel.gpkg"), str(folder / "parcels.gpkg"), str(folder / "cancel_few.gpkg")
    check = {"library": library, "parcels": parcels, "id": "pid", "pack": [str(folder / "cancel.toml")]}
    matrix = str(folder / "cancel_matrix.toml")
    yield LongWork("check", "check", check)
    yield LongWork("check --out", "check", {**check, "out": [str(out / "check.gpkg")]})
    yield LongWork("check --out folder", "check", {**check, "out": [str(out / "check")]})
    yield LongWork("check in blocks", "check", {**check, "out": [str(out / "check.gpkg")]}, {"ONEMAP_BLOCK": "10000"})
    plans = {"library": library, "matrix": matrix, "a": "PLAN1", "b": "PLAN2"}
    yield LongWork("compare", "compare", {**plans, "out": [str(out / "spots.gpkg")]})
    pairs = {"library": library, "matrix": [matrix], "only": "PLAN1", "out": [str(out / "pairs.xlsx")]}
    yield LongWork("contradictions", "contradictions", pairs)
    remedy = {**check, "parcels": few, "out": [str(out / "remedy.gpkg")]}
    yield LongWork("remedy", "remedy", remedy)
    yield LongWork("remedy moved and turned", "remedy", {**remedy, "move": "50", "turn": "30"})
    yield LongWork("sites", "sites", {"library": library, "area": "5000", "width": "40", "pack": check["pack"]})
    yield LongWork("spots", "spots", {"library": library, "run": made["compare"], "region": "430100"})
    atlas = {"library": library, "run": made["compare"], "target": str(out / "atlas.pdf"), "by": "spot"}
    yield LongWork("atlas", "atlas", atlas)
    add = {"library": library, "source": str(folder / "landuse.gpkg"), "as": "LAND", "covers": "extent", "label": "b"}
    yield LongWork("add", "add", add)
    yield LongWork("inspect", "inspect", {"source": str(folder / "landuse.gpkg")})
    case = {**check, "parcels": str(folder / "cancel_case.gpkg"), "project": "bench"}
    yield LongWork("review open", "review open", case)
    document = {"library": library, "case": made["case"]}
    for suffix in ("pdf", "docx"):
        yield LongWork(f"review export {suffix}", "review export", {**document, "target": str(out / f"case.{suffix}")})
    yield LongWork("review export html", "review export", {**document, "target": str(out / "case.html")})
    yield LongWork("review recheck", "review recheck", document)
    yield LongWork("review remedy", "review remedy", document)
    yield LongWork("verify", "verify", {"library": library})
    yield LongWork("verify --run", "verify", {"library": library, "run": made["check"]})
    yield LongWork("copy", "copy", {"library": library, "target": str(out / "copy.gpkg")})


def make(folder: Path) -> None:
    """Make the library with a check, a comparison and a case, if it is not in a workload's folder."""
    names, library = folder / "cancel.json", folder / "cancel.gpkg"
    if names.exists():
        return
    print(f"making the library for cancelling in {folder}", flush=True)
    library.unlink(missing_ok=True)
    pack, matrix = folder / "cancel.toml", folder / "cancel_matrix.toml"
    matrix.write_text(MATRIX, encoding="utf-8")
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    district = folder / "cancel_district.gpkg"
    city = shapely.box(*parcels.total_bounds)
    gpd.GeoDataFrame({"n": [1]}, geometry=[city.buffer(1000)], crs=CRS).to_file(district)
    _run("new", library, "--crs", CRS, "--district", district)
    text = '[pack]\nid = "bench"\nversion = "1"\ntitle = { zh = "试验", en = "benchmark" }\n'
    controls = gpd.read_parquet(folder / "controls.parquet")
    for number, name in enumerate(NAMES):
        _add(library, folder, f"CONTROL{number}", "cid", controls[controls["cid"] == number].astype({"cid": str}))
        text += RULE.format(name=name, number=number, verdict=VERDICTS[number])
    for code, (name, key, use) in PLANS.items():
        frame = gpd.read_parquet(folder / f"{name}.parquet")
        _add(library, folder, code, key, frame.assign(**{key: frame[key].astype(str), use: frame[use].map(_code)}))
    pack.write_text(text + LAND_RULE.format(number=9, verdict="notice"), encoding="utf-8")
    parcels[::FEW].to_file(folder / "cancel_few.gpkg", layer="parcels")
    parcels[:IN_A_CASE].to_file(folder / "cancel_case.gpkg", layer="parcels")
    check = ["check", library, folder / "parcels.gpkg", "--id", "pid", "--pack", pack]
    case = ["review", "open", library, folder / "cancel_case.gpkg", "--id", "pid", "--pack", pack, "--project", "bench"]
    made = {
        "check": _run(*check)["run"]["id"],
        "compare": _run("compare", library, "PLAN1", "PLAN2", "--matrix", matrix)["run"]["id"],
        "case": _run(*case)["case"],
    }
    names.write_text(json.dumps(made))


def _code(value: object) -> str:
    return f"{value:02d}" if isinstance(value, int) else str(value)


def _add(library: Path, folder: Path, code: str, key: str, frame: gpd.GeoDataFrame) -> None:
    source = folder / "cancel_source.gpkg"
    frame.to_file(source, layer=code)
    define = f"name={code},department=land,library=department,kind=vector,geometry=polygon,key={key}"
    _run("add", library, source, "--as", code, "--covers", "district", "--define", define)
    source.unlink()


def _run(*words: object) -> dict[str, Any]:
    done = subprocess.run([str(word) for word in (*PROGRAM, *words, "--json")], check=True, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer

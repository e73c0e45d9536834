"""A library with rows in every table: layers, a raster, runs of every kind, decisions, a service, two cases."""

from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from onemap.layers.library.library import open_library
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.review.public_comments import WrittenComment, write_comment
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import FARM, INDUSTRY, RIVER
from onemap.tests.rules.small_pack import matrix_text, pack_text, rule_of

_EAST, _NORTH = 500_000, 4_000_000
PACK = (
    pack_text(id="attacked", review={"days": 5, "overdue": "escalate", "self_sign": True, "prefix": "预审"})
    + FARM
    + RIVER
    + rule_of("inside water consult", "RIVER", "河道以外", "Outside the river", "防洪法 第二十七条", kind="within")
    + rule_of("road transport notice", "ROAD", "道路", "Road", "公路法 第四十四条", kind="cross")
    + INDUSTRY
)
MATRIX = matrix_text(("USE", ["07"], ["01"]), ("USE", ["R"], ["E"]))
ENTRY = """
[{}]
title = "试"
department = "land"
library = "department"
kind = "vector"
geometry = "{}"
key = "KEY"
"""
_OWN = ("FARM", "RIVER", "ROAD")
_SERVICE = ("--type", "wfs", "--url", "https://gis.example.gov.cn/wfs", "--layer", "ns:farm", "--department", "land")


def square(west: float, south: float, side: float = 100.0) -> shapely.Polygon:
    """A square in metres from the corner of the district."""
    return shapely.box(_EAST + west, _NORTH + south, _EAST + west + side, _NORTH + south + side)


def ring(west: float, south: float, corners: int) -> shapely.Polygon:
    """A polygon of many corners, which is cut small and kept so."""
    return shapely.Point(_EAST + west, _NORTH + south).buffer(60, quad_segs=corners // 4)


def _definition(geometry: str) -> str:
    return f"name=试,department=land,library=department,kind=vector,geometry={geometry},key=KEY"


def add_layer(
    folder: Path, code: str, shapes: list, geometry: str = "polygon", *options: object, **columns: object
) -> None:
    values = {"KEY": [f"k{n}" for n in range(len(shapes))], **columns}
    source = write_layer(folder / f"{code}.gpkg", shapes, values)
    defined = ("--covers", "district", *(() if code in _OWN else ("--define", _definition(geometry))))
    done("add", folder / "city.gpkg", source, "--as", code, *defined, *options)
    source.unlink()


def _raster(folder: Path) -> None:
    grid = folder / "dem.tif"
    options = {"driver": "GTiff", "height": 4, "width": 4, "count": 1, "dtype": "float32", "crs": "EPSG:4547"}
    with rasterio.open(grid, "w", transform=from_origin(_EAST, _NORTH + 400, 100, 100), **options) as written:
        written.write(np.ones((1, 4, 4), dtype="float32"))
    done("add", folder / "city.gpkg", grid, "--as", "DEM", "--covers", "extent")


def _layers(folder: Path) -> None:
    library = folder / "city.gpkg"
    whole = write_layer(folder / "district.gpkg", [square(-2000, -2000, 6000)])
    (folder / "attacked.toml").write_text(PACK, encoding="utf-8")
    entries = (ENTRY.format(code, "line" if code == "ROAD" else "polygon") for code in _OWN)
    library.with_suffix(".catalogue.toml").write_text("\n".join(entries), encoding="utf-8")
    done("new", library, "--crs", "EPSG:4547", "--district", whole, "--pack", folder / "attacked.toml")
    add_layer(folder, "FARM", [square(50, 0), square(900, 0), None], "polygon", "--keep-bad", MJ=[0.1, 2.5, None])
    add_layer(folder, "FARM", [square(50, 0), square(900, 10)], MJ=[0.1, 2.5])
    done("service", library, "农田服务", *_SERVICE)
    add_layer(folder, "RIVER", [ring(0, 0, 4000)], "polygon", "--service", "农田服务")
    line = shapely.LineString([(_EAST - 500, _NORTH + 50), (_EAST + 500, _NORTH + 50)])
    add_layer(folder, "ROAD", [line], "line")
    add_layer(folder, "A", [square(0, 0), square(100, 0)], USE=["07", "01"])
    add_layer(folder, "B", [square(0, 0), square(100, 0)], USE=["E", "R"])
    _raster(folder)
    done("keep", library, library.with_suffix(".catalogue.toml"))


def _runs(folder: Path) -> None:
    library, parcels = folder / "city.gpkg", folder / "parcels.gpkg"
    write_layer(parcels, [square(0, 0), square(300, 300, 50)], {"DKBH": ["DK1", "DK/2"]})
    done("check", library, parcels, "--id", "DKBH")
    done("remedy", library, parcels, "--id", "DKBH")
    run = compare_plans(folder)
    with open_library(str(library)) as opened:
        spots = [row.values["spot"] for row in stored_rows(opened, run, "spots")]
    for spot, decision in zip(spots, ("keep-a", "change-b"), strict=True):
        done("decide", library, spot, decision, "--reason", "定")


def compare_plans(folder: Path) -> str:
    """Compare A with B; return the run."""
    (folder / "tried.toml").write_text(MATRIX, encoding="utf-8")
    limits = ("--matrix", folder / "tried.toml", "--min-width", "0", "--min-area", "0")
    return str(done("compare", folder / "city.gpkg", "A", "B", *limits).json["run"]["id"])


def _cases(folder: Path) -> None:
    library, parcels = folder / "city.gpkg", folder / "parcels.gpkg"
    first = review_step(
        "open", library, parcels, "--project", "小学", "--attach", folder / "attacked.toml", "--id", "DKBH"
    )
    case = first["case"]
    review_step("circulate", library, case)
    review_step(
        "opine", library, case, "reform", "--conclusion", "agree", "--text", "同意", "--answer", "industry=鼓励类"
    )
    review_step("override", library, case, "DK1", "river", "--verdict", "notice", "--reason", "已批")
    review_step("remedy", library, case)
    review_step(
        "opine", library, case, "land", "--conclusion", "conditional", "--text", "避让", "--basis", "土地管理法"
    )
    for department in ("reform", "land", "water", "transport"):
        review_step("sign", library, case, department, by="head")
    review_step("consolidate", library, case, by="chief")
    review_step("notice", library, case, "--days", "10")
    with open_library(str(library)) as opened:
        for name in ("张三", "李四"):
            write_comment(opened, case, 1, WrittenComment("太吵", name, "城北"))
    review_step("respond", library, case, "1", "--text", "已采纳")
    review_step("close", library, case, "--reason", "提前")
    review_step("issue", library, case, by="director")
    other = review_step("open", library, parcels, "--project", "医院", "--id", "DKBH")["case"]
    review_step("revise", library, other, parcels, "--id", "DKBH")
    review_step("withdraw", library, other, "--reason", "撤回", by="chief")


def review_step(verb: str, *arguments: object, by: str = "lead") -> dict:
    """One step of a case that must be allowed."""
    return done("review", verb, *arguments, "--by", by).json


def make_full_library(folder: Path) -> Path:
    """The library's file, in a folder of its own, with a row in each of its tables."""
    _layers(folder)
    _runs(folder)
    _cases(folder)
    return folder / "city.gpkg"

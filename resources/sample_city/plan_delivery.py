"""The delivery of an invented city's plan, as a planner hands it over: folders, papers, maps, databases; no fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import docx
import geopandas
import numpy as np
import pandas
import pyogrio
import pyproj
import rasterio
import shapely

from onemap.layers.delivery.file_list import write_list
from onemap.layers.files.plain_pdf import plain_pdf
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.resources.sample_city.city_ground import CRS, HEIGHT_M, ORIGIN, WIDTH_M
from onemap.resources.sample_city.delivery import Report

CODE, NAME = "130900", "示例市"
HEAD = f"{CODE}{NAME}"
COUNTIES = (("130902", "西城区"), ("130903", "东城区"))
CELL_M = 500.0
_BESIDE_M = 0.1234  # the plan's coordinates are not rounded
RIDGES = 0.05  # of arable land
MAPS = (
    *(
        "国土空间总体格局规划图",
        "国土空间控制线规划图",
        "国土空间用地用海现状图",
        "国土空间规划分区图",
        "生态系统保护规划图",
    ),
    *(
        "农业空间规划图",
        "城镇体系规划图",
        "城镇空间结构规划图",
        "历史文化保护规划图",
        "综合交通规划图",
        "基础设施规划图",
    ),
    *(
        "国土空间生态修复规划图",
        "矿产资源规划图",
        "主体功能分区图",
        "行政区划图",
        "区位图",
        "自然保护地分布图",
        "湿地分布图",
    ),
    *("永久基本农田保护红线图", "生态保护红线图", "城镇开发边界图", "中心城区土地使用现状图", "中心城区土地使用规划图"),
    *(
        "中心城区规划分区图",
        "中心城区控制线规划图",
        "中心城区绿地系统规划图",
        "中心城区道路交通规划图",
        "中心城区公共服务规划图",
    ),
    *("中心城区市政设施规划图", "中心城区综合防灾规划图", "中心城区城市更新规划图", "中心城区地下空间规划图"),
    *("中心城区开发强度分区图", "洪涝风险控制线图"),
)
REPORTS = ("数据库建库报告", "数据库质检报告", "数据库质检记录")
_DOTS = 300  # an inch
_PICTURE = 64  # pixels each way: a map of the sample shows nothing
_METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">
  <gmd:fileIdentifier><gco:CharacterString>{code}</gco:CharacterString></gmd:fileIdentifier>
</gmd:MD_Metadata>
"""


@dataclass(frozen=True)
class _Cell:
    """One cell of the plan. county: its place among COUNTIES."""

    shape: shapely.Polygon
    row: int
    column: int

    @property
    def county(self) -> int:
        return int(self.column >= WIDTH_M / CELL_M / 2)

    @property
    def zone(self) -> str:
        if self.row < 3:
            return "生态保护区"
        if self.row < 6:
            return "农田保护区"
        return "城镇集中建设区" if self.column < 8 else "乡村发展区"

    @property
    def is_central(self) -> bool:
        """Whether it lies in the central city."""
        return 6 <= self.row < 9 and 2 <= self.column < 6


_USES = {
    "生态保护区": ("0301", "乔木林地"),
    "农田保护区": ("0103", "旱地"),
    "城镇集中建设区": ("0701", "城镇住宅用地"),
    "乡村发展区": ("0702", "农村宅基地"),
}
_PLANNED = (
    ("居住生活区", "0701", "城镇住宅用地"),
    ("商业商务区", "0901", "商业用地"),
    ("绿地休闲区", "1401", "公园绿地"),
)


def make_delivery(folder: Path, report: Report) -> dict[str, object]:
    """Write the delivery into a folder; its root by the template's name, and how many files it has."""
    root = folder / HEAD
    report(0.0, "ground", "")
    layers, targets = plan_layers()
    report(0.3, "layers", "")
    _write_papers(root, targets)
    vectors = root / "4矢量" / f"{HEAD}国土空间规划矢量数据.gdb"
    vectors.parent.mkdir(parents=True)
    for code, frame in layers.items():
        report(0.5, "files", code)
        frame.to_file(vectors, layer=code, driver="OpenFileGDB", engine="pyogrio", promote_to_multi=True)
    _write_tables(root / "3表格", targets)
    for code in (*layers, "GHZBB"):
        place = root / "6元数据" / f"{HEAD}{code}.xml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_METADATA.format(code=code), encoding="utf-8")
    write_list(root / "清单.xlsx", root, [path for path in sorted(root.rglob("*")) if path.is_file()])
    databases = list(root.rglob("*.gdb"))
    files = [path for path in root.rglob("*") if path.is_file() and path.parent not in databases]
    return {"name": NAME, "code": CODE, "root": HEAD, "files": len(files) + len(databases)}


def _cells() -> list[_Cell]:
    east, north = np.array(ORIGIN) + _BESIDE_M
    return [
        _Cell(
            shapely.box(
                east + column * CELL_M,
                north + row * CELL_M,
                east + (column + 1) * CELL_M,
                north + (row + 1) * CELL_M,
            ),
            row,
            column,
        )
        for row in range(int(HEIGHT_M / CELL_M))
        for column in range(int(WIDTH_M / CELL_M))
    ]


def _areas(shapes: list[shapely.Polygon]) -> np.ndarray:
    areas: np.ndarray = np.round(ellipsoidal_areas_m2(np.array(shapes, dtype=object), pyproj.CRS(CRS)), 2)
    return areas


def _frame(
    rows: list[dict[str, object]], shapes: list[shapely.Polygon], area: str, kind: int
) -> geopandas.GeoDataFrame:
    """Rows with their identifier, the code of their feature, and their area on the ellipsoid."""
    numbers = [f"{CODE}{kind:04d}{number:08d}" for number in range(1, len(rows) + 1)]
    frame = geopandas.GeoDataFrame(pandas.DataFrame(rows), geometry=shapes, crs=CRS)
    frame.insert(0, "YSDM", f"20900{kind:05d}")
    frame.insert(0, "BSM", numbers)
    frame[area] = _areas(shapes)
    return frame


def _county(cell: _Cell) -> dict[str, object]:
    code, name = COUNTIES[cell.county]
    return {"XZQDM": code, "XZQMC": name}


def plan_layers() -> tuple[dict[str, geopandas.GeoDataFrame], pandas.DataFrame]:
    """The layers of the plan by code, and its targets."""
    cells = _cells()
    layers = {"XZQ": _counties(cells), "DLTB": _patches(cells)}
    farmland = [cell for cell in cells if cell.zone == "农田保护区"]
    layers["YJJBNT"] = _farmland(farmland)
    natural = [cell for cell in cells if cell.zone == "生态保护区"]
    counties = [COUNTIES[cell.county] for cell in natural]
    rows = [{"XJXZQDM": code, "SJXZQMC1": NAME, "XJXZQMC": name, "HXMC": "北山"} for code, name in counties]
    layers["STBHHX"] = _frame(rows, [cell.shape for cell in natural], "MJ", 301)
    town = [cell for cell in cells if cell.zone == "城镇集中建设区"]
    rows = [_county(cell) | {"GHFQDM": "410", "GHFQMC": "城镇集中建设区"} for cell in town]
    layers["CZKFBJ"] = _frame(rows, [cell.shape for cell in town], "MJ", 302)
    rows = [_county(cell) | {"GHFQMC": cell.zone} for cell in cells]
    layers["GHFQ"] = _frame(rows, [cell.shape for cell in cells], "MJ", 610)
    layers |= _central(cells)
    return layers, _targets(layers)


def _counties(cells: list[_Cell]) -> geopandas.GeoDataFrame:
    shapes = [shapely.union_all([cell.shape for cell in cells if cell.county == at]) for at in (0, 1)]
    frame = _frame([{"XZQDM": code, "XZQMC": name} for code, name in COUNTIES], shapes, "JSMJ", 101)
    frame["DCMJ"] = frame["JSMJ"]
    frame["MSSM"] = "00"
    return frame


def _patches(cells: list[_Cell]) -> geopandas.GeoDataFrame:
    rows = []
    for number, cell in enumerate(cells, 1):
        code, name = _USES[cell.zone]
        unit, title = COUNTIES[cell.county]
        whole = f"{unit}001001".ljust(19, "0")
        rows.append(
            {
                "TBBH": f"{number:04d}",
                "DLBM": code,
                "DLMC": name,
                "QSXZ": "30",
                "QSDWDM": whole,
                "QSDWMC": title,
                "ZLDWDM": whole,
                "ZLDWMC": title,
                "MSSM": "00",
                "SJNF": np.int32(2023),
            }
        )
    frame = _frame(rows, [cell.shape for cell in cells], "TBMJ", 202)
    is_arable = frame["DLBM"] == "0103"
    frame["KCDLBM"] = np.where(is_arable, "1203", None)
    frame["KCXS"] = np.where(is_arable, RIDGES, np.nan)
    frame["KCMJ"] = np.where(is_arable, np.round(frame["TBMJ"] * RIDGES, 2), np.nan)
    frame["TBDLMJ"] = np.round(frame["TBMJ"] - frame["KCMJ"].fillna(0), 2)
    return frame


def _farmland(cells: list[_Cell]) -> geopandas.GeoDataFrame:
    rows = [
        _county(cell)
        | {"YJJBNTTBBH": f"{COUNTIES[cell.county][0]}{number:06d}", "DLBM": "0103", "DLMC": "旱地", "QSXZ": "30"}
        | {"KCDLBM": "1203", "KCXS": RIDGES, "SJNF": np.int32(2023), "BHKSSJ": "20221014"}
        for number, cell in enumerate(cells, 1)
    ]
    frame = _frame(rows, [cell.shape for cell in cells], "YJJBNTTBMJ", 303)
    frame["KCMJ"] = np.round(frame["YJJBNTTBMJ"] * RIDGES, 2)
    frame["YJJBNTMJ"] = np.round(frame["YJJBNTTBMJ"] - frame["KCMJ"], 2)
    return frame


def _central(cells: list[_Cell]) -> dict[str, geopandas.GeoDataFrame]:
    """The central city: its zones, its uses, and its lines, each a strip within one of its cells."""
    central = [cell for cell in cells if cell.is_central]
    shapes = [cell.shape for cell in central]
    cell_plans = [_PLANNED[at % len(_PLANNED)] for at in range(len(central))]
    zones = [_county(cell) | {"GHFQMC": zone} for cell, (zone, _, _) in zip(central, cell_plans, strict=True)]
    uses = [
        _county(cell) | {"YDYHFLDM": code, "YDYHFLMC": name}
        for cell, (_, code, name) in zip(central, cell_plans, strict=True)
    ]
    layers = {"ZXCQGHFQ": _frame(zones, shapes, "MJ", 620), "ZXCQGHYDYH": _frame(uses, shapes, "TBMJ", 621)}
    for at, code in enumerate(("ZXCQCSLX", "ZXCQCSLVX", "ZXCQCSZX", "ZXCQCSHX", "LSWHBHX", "HLFXKZX")):
        cell = central[at]
        west, south, *_ = cell.shape.bounds
        strip = shapely.box(west + 100, south + 100, west + 400, south + 160)
        layers[code] = _frame([_county(cell)], [strip], "MJ", 231 + at)
    return layers


def _targets(layers: dict[str, geopandas.GeoDataFrame]) -> pandas.DataFrame:
    """What the plan promises of each county, as its layers have it."""
    sums = (
        ("永久基本农田保护面积", "YJJBNT", "XZQDM", "YJJBNTMJ"),
        ("生态保护红线面积", "STBHHX", "XJXZQDM", "MJ"),
        ("城镇开发边界面积", "CZKFBJ", "XZQDM", "MJ"),
    )
    rows = []
    for title, code, unit, field in sums:
        by_unit = layers[code].groupby(unit)[field].sum()
        for county, name in COUNTIES:
            if county in by_unit:
                target = round(float(by_unit[county]) / 10_000, 4)
                target_facts = {"XZQDM": county, "XZQMC": name, "ZBMC": title, "ZBXZ": "约束性", "DW": "公顷"}
                rows.append({**target_facts, "JQND": 2020, "GHMBN": target, "MBND": 2035})
    return pandas.DataFrame(rows).astype({"JQND": "int32", "MBND": "int32"})


def _write_papers(root: Path, targets: pandas.DataFrame) -> None:
    texts, maps, reports = (root / name for name in ("1文本", "2图件", "5说明"))
    for folder in (texts, maps, reports):
        folder.mkdir(parents=True)
    for title in ("国土空间总体规划文本", "国土空间总体规划说明"):
        (texts / f"{HEAD}{title}.pdf").write_bytes(plain_pdf([f"{NAME}国土空间总体规划", *_sentences(targets)]))
    _write_text(texts / f"{HEAD}国土空间总体规划文本.docx", targets)
    picture = _jpeg(maps)
    for number, title in enumerate(MAPS, 1):
        (maps / f"{HEAD}{number:02}{title}.jpg").write_bytes(picture)
    for title in REPORTS:
        (reports / f"{HEAD}{title}.pdf").write_bytes(plain_pdf([f"{NAME}{title}"]))


def _sentences(targets: pandas.DataFrame) -> list[str]:
    """The targets of the plan, each in a sentence."""
    totals = targets.groupby("ZBMC", sort=False)["GHMBN"].sum()
    return [f"到2035年，全市{title}为{total:.4f}公顷。" for title, total in totals.items()]


def _write_text(path: Path, targets: pandas.DataFrame) -> None:
    """The text of the plan for Word, with its targets in sentences."""
    document = docx.Document()
    document.add_heading(f"{NAME}国土空间总体规划", 0)
    for sentence in _sentences(targets):
        document.add_paragraph(sentence)
    document.save(str(path))


def _jpeg(folder: Path) -> bytes:
    """A small grey picture of 300 dots an inch."""
    path = folder / "picture.jpg"
    grey = np.full((1, _PICTURE, _PICTURE), 200, dtype=np.uint8)
    size = {"width": _PICTURE, "height": _PICTURE, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="JPEG", transform=rasterio.Affine.scale(2.0), **size) as picture:
        picture.write(grey)
    body = bytearray(path.read_bytes())
    path.unlink()
    path.with_name(f"{path.name}.aux.xml").unlink(missing_ok=True)
    dots = _DOTS.to_bytes(2, "big")
    body[13:18] = bytes([1]) + dots + dots  # the density in the JFIF head
    return bytes(body)


def _write_tables(folder: Path, targets: pandas.DataFrame) -> None:
    folder.mkdir(parents=True)
    place = folder / f"{HEAD}国土空间规划表格.gdb"
    pyogrio.write_dataframe(targets, place, layer="GHZBB", driver="OpenFileGDB")
    targets.to_excel(folder / f"{HEAD}国土空间规划表格.xlsx", sheet_name="GHZBB", index=False)

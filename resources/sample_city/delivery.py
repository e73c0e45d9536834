"""How the departments send their layers: one file after another, each with the habits of its sender."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import geopandas
import numpy as np
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.ground import CRS

DBF_LANGUAGE_BYTE = 29
_TABLE = Path(__file__).with_name("deliveries.toml")


@dataclass(frozen=True)
class Delivery:
    """One layer as it is sent; deliveries.toml says what each field means."""

    table: str
    code: str
    file: str
    form: str
    layer: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    covers: str | None = None


@cache
def deliveries() -> tuple[Delivery, ...]:
    """All deliveries, in the order in which their layers are added."""
    content = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    found = []
    for given in content["delivery"]:
        fields = given.get("fields", {})
        fields = content["names"][fields] if isinstance(fields, str) else fields
        found.append(Delivery(**{**given, "fields": fields}))
    return tuple(found)


def deliver(folder: Path, tables: dict[str, geopandas.GeoDataFrame]) -> list[dict[str, object]]:
    """Writes every table of `tables` into `folder` as its department sends it; the list for layers.json."""
    listed: list[dict[str, object]] = []
    for delivery in deliveries():
        table = tables[delivery.table]
        renamed = {ours: theirs for ours, theirs in delivery.fields.items() if ours in table.columns}
        path = folder / delivery.file
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[delivery.form](path, table.rename(columns=renamed), delivery.layer)
        options = {
            "layer": delivery.layer,
            "fields": renamed,
            "label": delivery.label,
            "valid_from": delivery.valid_from,
            "valid_to": delivery.valid_to,
            "covers": delivery.covers,
        }
        given = {name: value for name, value in options.items() if value}
        listed.append({"file": delivery.file, "code": delivery.code, "options": given})
    return listed


def write_geopackage(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """One layer of a GeoPackage, made where it does not exist; of version 1.3, since QGIS 3.40 warns of newer ones."""
    made = {} if path.exists() else {"dataset_options": {"VERSION": "1.3"}}
    table.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", append=path.exists(), **made)


def write_geodatabase(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """One layer of a FileGDB, made where it does not exist; it keeps tenths of a millimetre."""
    table.to_file(path, layer=layer, driver="OpenFileGDB", engine="pyogrio")


def write_shapefile(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """A shapefile as old desktop programs write it: GBK text, no .cpg, language byte 0, an ESRI .prj."""
    table.to_file(path, driver="ESRI Shapefile", engine="pyogrio", encoding="GBK")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    with path.with_suffix(".dbf").open("r+b") as dbf:
        dbf.seek(DBF_LANGUAGE_BYTE)
        dbf.write(b"\x00")


def write_degrees(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """GeoJSON in degrees, as a web service gives it out; eleven digits keep a thousandth of a millimetre."""
    table.to_crs("EPSG:4490").to_file(path, driver="GeoJSON", engine="pyogrio", COORDINATE_PRECISION=11)


def write_web(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """GeoJSON as the web has it (RFC 7946): WGS 84 without saying so, eleven digits."""
    web = table.to_crs("EPSG:4490").set_crs("EPSG:4326", allow_override=True)
    web.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", COORDINATE_PRECISION=11)


_WRITERS = {
    "geopackage": write_geopackage,
    "geodatabase": write_geodatabase,
    "shapefile": write_shapefile,
    "degrees": write_degrees,
    "web": write_web,
}


def write_redline(path: Path, parcels: geopandas.GeoDataFrame) -> None:
    """The coordinate TXT that surveyors hand in: GB18030, CRLF, north before east, the zone before the easting."""
    lines = [
        "[属性描述]",
        "格式版本号=1.01",
        f"数据产生单位={names.CITY}自然资源和规划局",
        "数据产生日期=2026-03-02",
        "坐标系=2000国家大地坐标系",
        "几度分带=3",
        "投影类型=高斯克吕格",
        "计量单位=米",
        "带号=38",
        "精度=0.001",
        "转换参数=0,0,0,0,0,0,0",
        "[地块坐标]",
    ]
    for row in parcels.itertuples():
        points, number = [], 0
        rings = [ring for part in shapely.get_parts(row.geometry) for ring in (part.exterior, *part.interiors)]
        for circle, ring in enumerate(rings, 1):
            corners = shapely.get_coordinates(ring)
            marks = [f"J{number + 1 + index}" for index in range(len(corners) - 1)]
            points += [
                f"{mark},{circle},{north:.3f},{38_000_000 + east:.3f}"
                for mark, (east, north) in zip([*marks, marks[0]], corners, strict=True)
            ]
            number += len(marks)
        hectares = f"{row.geometry.area / 10_000:.4f}"
        lines.append(f"{len(points)},{hectares},{row.DKBH},{row.DKMC},面,J50G000000,{row.XMMC},{row.YDXZ},@")
        lines += points
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("gb18030"))


def write_area(path: Path, area: shapely.Geometry, layer: str) -> None:
    """One area as a GeoPackage layer: the district, or the ground that a survey covers."""
    frame = geopandas.GeoDataFrame({"MC": [names.CITY]}, geometry=np.asarray([area], object), crs=CRS)
    write_geopackage(path, frame, layer)


def write_json(path: Path, content: object) -> None:
    """`content` as readable JSON."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

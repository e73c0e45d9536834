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
from onemap.resources.sample_city.city_ground import CRS
from onemap.resources.sample_city.forms import WRITERS, write_geopackage
from onemap.resources.sample_city.pictures import Raster

_TABLE = Path(__file__).with_name("deliveries.toml")


@dataclass(frozen=True)
class Delivery:
    """One layer as it is sent; deliveries.toml says what each field means."""

    table: str
    code: str
    file: str
    form: str
    layer: str | None = None
    crs: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] | None = None
    label: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    covers: str = "district"


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


def deliver(folder: Path, tables: dict[str, geopandas.GeoDataFrame | Raster]) -> list[dict[str, object]]:
    """Writes every table of `tables` into `folder` as its department sends it; the list for layers.json."""
    listed: list[dict[str, object]] = []
    for delivery in deliveries():
        table = tables[delivery.table]
        columns = set(table.columns) if isinstance(table, geopandas.GeoDataFrame) else set()
        # A table of names serves several layers; a form that has headings of its own is read under other names.
        fields = {
            ours: theirs for ours, theirs in delivery.fields.items() if ours in columns or delivery.headings is not None
        }
        headings = fields if delivery.headings is None else delivery.headings
        if columns:
            table = table.rename(columns=dict(headings))
        path = folder / delivery.file
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[delivery.form](path, table, delivery.layer)
        options = {
            "layer": delivery.layer,
            "crs": delivery.crs,
            "fields": fields,
            "label": delivery.label,
            "valid_from": delivery.valid_from,
            "valid_to": delivery.valid_to,
            "covers": delivery.covers,
        }
        given = {name: value for name, value in options.items() if value}
        listed.append({"file": delivery.file, "code": delivery.code, "options": given})
    return listed


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

"""The layers of the city as its departments send them: one writer for each form, with the habits of its sender."""

from __future__ import annotations

import json
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from onemap.resources.sample_city import names
from onemap.resources.sample_city.city_ground import CRS, ORIGIN
from onemap.resources.sample_city.pictures import Raster

_TABLE = Path(__file__).with_name("deliveries.toml")
DBF_LANGUAGE_BYTE = 29
ZONE_M = 38_000_000  # the number of the zone, written before the easting
OVERVIEWS = (2, 4, 8)
ZIP_TIME = (2025, 6, 30, 12, 0, 0)  # one seed, one file: the clock must not show
SHEET_SYSTEM = "2000国家大地坐标系，3度带，中央子午线114°"
TEXT_HEIGHT_M = 12.0
Report = Callable[[float, str, str], None]  # share of the work that is done, what is made next, which file
FIRST_FILE = 0.75  # of all the work, when the first file is written


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
    all_deliveries = []
    for table in content["delivery"]:
        fields = table.get("fields", {})
        fields = content["names"][fields] if isinstance(fields, str) else fields
        all_deliveries.append(Delivery(**{**table, "fields": fields}))
    return tuple(all_deliveries)


def deliver(folder: Path, tables: dict[str, pandas.DataFrame | Raster], report: Report) -> list[dict[str, object]]:
    """Writes every table of `tables` into `folder` as its department sends it; the list for layers.json."""
    layer_list: list[dict[str, object]] = []
    for number, delivery in enumerate(deliveries()):
        report(FIRST_FILE + (1 - FIRST_FILE) * number / len(deliveries()), "files", Path(delivery.file).name)
        table = tables[delivery.table]
        columns = set(table.columns) if isinstance(table, pandas.DataFrame) else set()
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
        own_options = {name: value for name, value in options.items() if value}
        layer_list.append({"file": delivery.file, "code": delivery.code, "options": own_options})
    return layer_list


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


def write_geopackage(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """One layer of a GeoPackage, made where it does not exist; of version 1.3, since QGIS 3.40 warns of newer ones."""
    new_options = {} if path.exists() else {"dataset_options": {"VERSION": "1.3"}}
    table.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", append=path.exists(), **new_options)


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


def write_packed(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """A shapefile in a .zip, as it is mailed: this sender's program writes UTF-8, and a .cpg that says so."""
    with TemporaryDirectory() as folder:
        inner = Path(folder) / f"{path.stem}.shp"
        table.to_file(inner, driver="ESRI Shapefile", engine="pyogrio", encoding="UTF-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.writestr(zipfile.ZipInfo(part.name, ZIP_TIME), part.read_bytes(), zipfile.ZIP_DEFLATED)


def write_mapinfo(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """A MapInfo table in Chinese, as offices have kept it since the nineties."""
    bounds = ",".join(
        f"{number:.0f}" for number in (ORIGIN[0] - 5e4, ORIGIN[1] - 5e4, ORIGIN[0] + 5e4, ORIGIN[1] + 5e4)
    )
    table.to_file(path, driver="MapInfo File", engine="pyogrio", encoding="CP936", BOUNDS=bounds)


def write_marks(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """KML as a globe program writes it: placemarks in WGS 84, their data beside them."""
    web = table.to_crs("EPSG:4490").set_crs("EPSG:4326", allow_override=True)
    web.to_file(path, layer=layer, driver="KML", engine="pyogrio", dataset_options={"NameField": table.columns[1]})


def write_points(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """A CSV in GBK as an office program saves it: X is north, Y east with the number of the zone before it."""
    rows = pandas.DataFrame(table.drop(columns="geometry"))
    rows["X坐标"] = np.round(table.geometry.y, 3)
    rows["Y坐标"] = np.round(table.geometry.x + ZONE_M, 3)
    rows.to_csv(path, index=False, encoding="gbk", lineterminator="\r\n")


def write_table(path: Path, table: pandas.DataFrame, layer: str | None) -> None:
    """A CSV in GBK as an office program saves it; rows without ground."""
    table.to_csv(path, index=False, encoding="gbk", lineterminator="\r\n")


def write_sheet(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """An Excel sheet of boundary points: a title over the header, one parcel after another, X north and Y east."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = layer
    columns = [name for name in table.columns if name != "geometry"]
    sheet.append([f"{layer}（{SHEET_SYSTEM}）"])
    sheet.append([*columns, "点号", "圈号", "X(m)", "Y(m)"])
    for *values, ground in table[[*columns, "geometry"]].itertuples(index=False):
        number = 0
        rings = [ring for part in shapely.get_parts(ground) for ring in (part.exterior, *part.interiors)]
        for circle, ring in enumerate(rings, 1):
            for east, north in shapely.get_coordinates(ring)[:-1].tolist():
                number += 1
                sheet.append([*values, f"J{number}", circle, round(north, 3), round(east, 3)])
    book.save(path)


def write_drawing(path: Path, table: geopandas.GeoDataFrame, layer: str | None) -> None:
    """A CAD drawing: closed lines on one of its layers, the name of each as a text inside; no coordinate system."""
    import ezdxf
    from ezdxf.units import M

    drawing = ezdxf.new("R2000", units=M)
    drawing.encoding = "cp936"
    drawing.layers.add(layer)
    space = drawing.modelspace()
    names = table.columns[0]
    for text, ground in zip(table[names], table.geometry, strict=True):
        corners = shapely.get_coordinates(ground.exterior)[:-1]
        space.add_lwpolyline(corners.tolist(), close=True, dxfattribs={"layer": layer})
        inside = shapely.point_on_surface(ground)
        label = space.add_text(text, height=TEXT_HEIGHT_M, dxfattribs={"layer": layer})
        label.set_placement((inside.x, inside.y))
    drawing.saveas(path)


def write_raster(path: Path, raster: Raster, layer: str | None) -> None:
    """A GeoTIFF in tiles with overviews: a picture as JPEG inside, heights without loss."""
    import rasterio
    from rasterio.transform import from_origin

    bands, rows, columns = raster.bands.shape
    packing = (
        {"compress": "JPEG", "photometric": "YCBCR", "jpeg_quality": 80} if bands == 3 else {"compress": "DEFLATE"}
    )
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=bands,
        dtype=raster.bands.dtype,
        crs=CRS,
        transform=from_origin(*raster.corner, raster.cell_m, raster.cell_m),
        nodata=raster.nodata,
        tiled=True,
        **packing,
    ) as dataset:
        dataset.write(raster.bands)
        dataset.build_overviews(OVERVIEWS, rasterio.enums.Resampling.average)


WRITERS: dict[str, Callable[[Path, Any, str | None], None]] = {
    "geopackage": write_geopackage,
    "geodatabase": write_geodatabase,
    "shapefile": write_shapefile,
    "degrees": write_degrees,
    "web": write_web,
    "packed": write_packed,
    "mapinfo": write_mapinfo,
    "marks": write_marks,
    "points": write_points,
    "table": write_table,
    "sheet": write_sheet,
    "drawing": write_drawing,
    "raster": write_raster,
}

"""A library to be published: every kind of geometry and of look, two pictures, earlier versions."""

import array
import json
import os
import subprocess
from pathlib import Path

from osgeo import gdal, osr

from onemap.plugin.connection.core_session import core_python
from onemap.plugin.profile.paths import FOLDER
from onemap.tests.plugin.small_town import CRS, X, Y, box, line, write_layer

SIDE, CELL = 50, 20


class Session:
    """One core for many verbs, as the dock has it."""

    def __init__(self, **environment):
        words = [str(core_python().path), "-I", "-X", "utf8", str(FOLDER / "__main__.py"), "serve", "--lang=zh"]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
            encoding="utf-8",
        )
        self.asked = 0

    def __enter__(self):
        return self

    def __exit__(self, *_why):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def __call__(self, verb, **params):
        """The answer of a verb; paths may be given as such."""
        self.asked += 1
        given = {name: str(value) if isinstance(value, Path) else value for name, value in params.items()}
        request = {"jsonrpc": "2.0", "id": self.asked, "method": verb, "params": given}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = {}
        while answer.get("id") != self.asked or "method" in answer:
            answer = json.loads(self.process.stdout.readline())
        assert "result" in answer, answer
        return answer["result"]


NUMBERS = {gdal.GDT_Byte: "B", gdal.GDT_UInt16: "H", gdal.GDT_Float32: "f"}


def raster(path, bands, kind, paint, options=(), colours=(), nodata=None):
    """A raster over the town. paint: the number of a cell, by band, column and row; options: of GDAL's driver."""
    made = gdal.GetDriverByName("GTiff").Create(str(path), SIDE, SIDE, bands, kind, list(options))
    made.SetGeoTransform((X, CELL, 0, Y + SIDE * CELL, 0, -CELL))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4547)
    made.SetProjection(system.ExportToWkt())
    if colours:  # before any cell is written: newer GDALs take it at no other time
        table = gdal.ColorTable()
        for value, colour in enumerate(colours):
            table.SetColorEntry(value, colour)
        made.GetRasterBand(1).SetColorTable(table)
    for band in range(1, bands + 1):
        cells = array.array(NUMBERS[kind], [paint(band, at % SIDE, at // SIDE) for at in range(SIDE * SIDE)])
        made.GetRasterBand(band).WriteRaster(0, 0, SIDE, SIDE, cells.tobytes())
        if nodata is not None:
            made.GetRasterBand(band).SetNoDataValue(nodata)
    made.FlushCache()
    del made
    return str(path)


def pictures(folder):
    """Rasters of every kind that QGIS paints in its own way, by code."""

    def mixed(band, x, y):
        return (band * 37 + x * 11 + y * 5) % 251

    def with_alpha(band, x, y):
        return mixed(band, x, y) if band < 4 else 255 * (x < SIDE / 2)

    def holes(band, x, y):
        return -9999.0 if (x + y) % 3 == 0 else 0.1 * x * y

    table = [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (9, 9, 9, 0)]
    return {
        "RGBA": raster(folder / "rgba.tif", 4, gdal.GDT_Byte, with_alpha, ["ALPHA=YES"]),
        "PALETTE": raster(folder / "palette.tif", 1, gdal.GDT_Byte, lambda _, x, y: (x + y) % 4, colours=table),
        "MANY": raster(folder / "many.tif", 4, gdal.GDT_UInt16, lambda *at: 16 * mixed(*at)),
        "TWO": raster(folder / "two.tif", 2, gdal.GDT_Byte, mixed),
        "HOLES": raster(folder / "holes.tif", 1, gdal.GDT_Float32, holes, nodata=-9999),
    }


def make_files(folder):
    """The files of the town, by the code that each becomes."""
    folder.mkdir(exist_ok=True)
    land = [(box(0, 0, 500, 900), "1", "0101"), (box(500, 0, 500, 900), "2", "0702"), (box(0, 900, 90, 90), "3", "99")]
    roads = [(line((0, 450), (1000, 450)), "1", "国道"), (line((300, 0), (300, 1000)), "2", "村道")]
    return {
        "DLTB": write_layer(folder / "地类.gpkg", ["BSM", "DLBM"], land),
        "GL": write_layer(folder / "公路.gpkg", ["GLBH", "GLDJ"], roads),
        "XZHQ": write_layer(folder / "蓄洪.gpkg", ["BH"], [(box(600, 100, 200, 200), "1")]),
        "STBHHX": write_layer(folder / "红线.gpkg", ["BSM"], [(box(100, 500, 200, 200), "1")]),
        "GXDY": write_layer(folder / "更新.gpkg", ["BSM"], [(box(700, 700, 100, 100), "1")]),
        "DMDZ": write_layer(folder / "地名.gpkg", ["DMBH", "DMMC"], [(f"POINT({X + 400} {Y + 400})", "1", "新村")]),
        "DEM": raster(folder / "高程.tif", 1, gdal.GDT_Float32, lambda band, x, y: 100.0 + x + 0.5 * y),
        "DOM": raster(folder / "影像.tif", 3, gdal.GDT_Byte, lambda band, x, y: (40 * band + 3 * x) % 256),
    }


def fill(core, library, files, copy):
    """Add every file; an older red line too, farmland that ended long ago, and a layer that is withheld."""
    year = {"valid_from": "2025-01-01", "covers": "district"}
    defined = "name=更新,department=construction,library=department,kind=vector,geometry=polygon"
    more = {"GXDY": {"define": defined}, "XZHQ": {"covers": "extent"}, "DEM": {"copy": copy}}
    for code, source in files.items():
        core("add", library=library, source=source, **{"as": code, **year, **more.get(code, {})})
    line_of_2018 = {"as": "STBHHX", "valid_from": "2018-01-01", "label": "旧"}
    core("add", library=library, source=files["STBHHX"], **line_of_2018)
    core("add", library=library, source=files["XZHQ"], **{"as": "JSSSWG"}, fields="WGBH=BH", **year)
    over = {"as": "YJJBNTTB", "valid_from": "2010-01-01", "valid_to": "2019-12-31", "covers": "district"}
    core("add", library=library, source=files["STBHHX"], **over)


def made_town(folder, town):
    """The library in a file, with its pictures in its own folder: all that a server is handed."""
    library = Path(folder) / "一张图.gpkg"
    with Session() as core:
        core("new", library=library, crs=CRS, name="小城", district=town / "district.gpkg")
        fill(core, library, make_files(Path(folder) / "资料"), copy=True)
    return library

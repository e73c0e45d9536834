"""The formats by suffix: which adapter reads which, which none does, and what the sender can do then."""

from onemap.layers.errors import Problem
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS
from onemap.layers.sources.sheets import sheet_grid

KML, KMZ, DXF, VCT, TEXT = ".kml", ".kmz", ".dxf", ".vct", ".txt"
ARCHIVES = {".zip", ".7z"}
FOLDERS = {".gdb"}  # a format that is a folder
READABLE = {*GDAL_DRIVERS, *sheet_grid.SUFFIXES, KML, KMZ, DXF, VCT, TEXT}
KNOWN = [*GDAL_DRIVERS, KML, KMZ, DXF, *sheet_grid.SUFFIXES, TEXT, VCT, *sorted(ARCHIVES)]

NO_DRIVER = {
    ".dwg": Problem("suggest.dwg"),
    ".dgn": Problem("suggest.dwg"),
    ".mdb": Problem("suggest.mdb"),
    ".accdb": Problem("suggest.mdb"),
    ".rar": Problem("suggest.rar"),
}

"""The formats by suffix: which adapter reads each, which have none, and what the sender can do then."""

from onemap.layers.errors import Problem
from onemap.layers.rasters import raster_formats
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS
from onemap.layers.sources.open_formats import geoparquet_reading, json_lines, spatialite
from onemap.layers.sources.sheets import sheet_grid

KML, KMZ, DXF, VCT, TEXT = ".kml", ".kmz", ".dxf", ".vct", ".txt"
ARCHIVES = {".zip", ".7z"}
FOLDERS = {".gdb"}  # a format that is a folder
OPEN_FORMATS = [*sorted(geoparquet_reading.SUFFIXES), *sorted(json_lines.SUFFIXES), *sorted(spatialite.SUFFIXES)]
KNOWN = [*GDAL_DRIVERS, *OPEN_FORMATS, KML, KMZ, DXF, *sheet_grid.SUFFIXES, TEXT, VCT, *sorted(ARCHIVES)]
READABLE = {*KNOWN} - ARCHIVES

_VOLUMES = (".001", ".z01", ".r00")  # an archive in several pieces, by its first
NO_DRIVER = {
    ".dwg": Problem("suggest.dwg"),
    ".dgn": Problem("suggest.dwg"),
    ".mdb": Problem("suggest.mdb"),
    ".accdb": Problem("suggest.mdb"),
    **dict.fromkeys((".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", *_VOLUMES), Problem("suggest.rar")),
    **dict.fromkeys((".gpx", ".feather", ".arrow", ".e00", ".mbtiles"), Problem("suggest.other_form")),
    **dict.fromkeys((".wt", ".wl", ".wp"), Problem("suggest.mapgis")),
    **raster_formats.NO_DRIVER,
}

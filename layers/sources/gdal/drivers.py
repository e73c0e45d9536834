"""The formats that GDAL reads, by suffix."""

GDAL_DRIVERS = {
    ".shp": "ESRI Shapefile",
    ".dbf": "ESRI Shapefile",  # alone, it is a table without geometry
    ".gdb": "OpenFileGDB",
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".topojson": "TopoJSON",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".tab": "MapInfo TAB",
    ".mif": "MapInfo MIF",
    ".pbf": "OSM",
    ".osm": "OSM",
}
MAPINFO = {".tab", ".mif"}

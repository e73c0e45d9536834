"""Restrictions of GDAL in this program: it may not follow a file to other files, and not reach the network."""

import contextlib
import os
from collections.abc import Iterator

# Drivers whose files say where the data lies: in other files, behind an address, in a program's command line.
INDIRECT_DRIVERS = (
    *("OGR_VRT", "GDALG", "GTI", "TIL", "DERIVED", "STACIT", "STACTA", "MRF", "Zarr", "ERS", "RRASTER"),
    *("WFS", "OAPIF", "OGCAPI", "CSW", "WMS", "WMTS", "WCS", "HTTP", "NGW", "ESRIJSON", "ESRIC", "KMLSUPEROVERLAY"),
    *("EEDA", "EEDAI", "PLMOSAIC", "PLSCENES", "DAAS", "Carto", "AmigoCloud", "Elasticsearch", "ADBC", "SQLite"),
    *("GNMFile", "GNMDatabase", "GPSBabel"),
)
# What others may have set for their GDAL and PROJ is not for ours.
_FOREIGN = ("PROJ_", "GDAL_", "OGR_", "GML_", "CPL_", "VSI", "AWS_", "no_proxy", "NO_PROXY")
_SETTINGS = {
    "GDAL_SKIP": ",".join(INDIRECT_DRIVERS),
    # There is no such kind of proxy: every request of GDAL's ends before a name is looked up.
    "GDAL_HTTP_PROXY": "nowhere://none",
    "PROJ_NETWORK": "OFF",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "100",  # megabytes of a feature's text, as `json_stream` has it
    "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
}


def limit_gdal() -> None:
    """Set the limits for this process and those that it starts; call it before any GDAL is loaded."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    limit_gdal_of_another()


def limit_gdal_of_another() -> None:
    """Set the limits in a process that somebody else has started, such as a Dask worker; its other settings stay.

    Drivers that are loaded already stay, too; a source is opened only with the driver that its name and bytes agree on.
    """
    os.environ.update(_SETTINGS)


@contextlib.contextmanager
def limits_for_a_while() -> Iterator[None]:
    """Set the limits within the block, for a Python whose user reads other files before and after it."""
    before = {name: os.environ.get(name) for name in _SETTINGS}
    limit_gdal_of_another()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

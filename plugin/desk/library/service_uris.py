"""Provider and data source of a service for QGIS."""

from __future__ import annotations

from qgis.core import QgsDataSourceUri, QgsWkbTypes

from onemap.plugin.desk.library.service_list import Service

PROVIDERS = {
    "wms": "wms",
    "wmts": "wms",
    "xyz": "wms",
    "wfs": "WFS",
    "oapif": "OAPIF",
    "sensorthings": "sensorthings",
}
PAGE_SIZE = 1000  # features that a server is asked for at a time
AXES = {"ignore": "IgnoreAxisOrientation", "invert": "InvertAxisOrientation"}


def source_of(service: Service) -> tuple[str, str]:
    """Provider and data source of a service; keys stay in QGIS's authentication store, and only their id is used."""
    uri = QgsDataSourceUri()
    # QGIS asks a WMS for its capabilities by itself, and a WMTS not.
    uri.setParam("url", capabilities_address(service) if service.type == "wmts" else service.url)
    if service.authcfg:
        uri.setAuthConfigId(service.authcfg)
    if not service.has_features:
        _describe_picture(uri, service)
        return PROVIDERS[service.type], bytes(uri.encodedUri()).decode("ascii")
    if service.type == "sensorthings":
        uri.setParam("entity", service.layer)
        uri.setWkbType(QgsWkbTypes.parseType(service.options.get("geometry", "PointZ")))
        uri.setParam("pageSize", str(PAGE_SIZE))
    else:
        _describe_features(uri, service)
    return PROVIDERS[service.type], uri.uri(False)


def capabilities_address(service: Service) -> str:
    """The address at which a service describes what it offers."""
    base = service.url.rstrip("/")
    if service.type == "oapif":
        return f"{base}/collections"
    if service.type not in ("wms", "wmts", "wfs") or base.lower().endswith(".xml"):
        return service.url
    return f"{service.url}{'&' if '?' in service.url else '?'}SERVICE={service.type.upper()}&REQUEST=GetCapabilities"


def _describe_features(uri: QgsDataSourceUri, service: Service) -> None:
    uri.setParam("typename", service.layer)
    uri.setParam("pagingEnabled", "true")
    uri.setParam("restrictToRequestBBOX", "1")
    if "crs" in service.options:
        uri.setParam("srsname", service.options["crs"])
    if service.type == "oapif":
        uri.setParam("pageSize", str(PAGE_SIZE))
        return
    # Without a page size a WFS takes its server's own default, which only that knows to be right.
    uri.setParam("version", service.options.get("version", "auto"))
    if service.options.get("axis") in AXES:
        uri.setParam(AXES[service.options["axis"]], "1")


def _describe_picture(uri: QgsDataSourceUri, service: Service) -> None:
    if service.type == "xyz":
        uri.setParam("type", "xyz")
        return
    uri.setParam("layers", service.layer)
    uri.setParam("styles", service.options.get("style", ""))
    uri.setParam("format", service.options.get("format", "image/png"))
    uri.setParam("crs", service.options.get("crs", "EPSG:4326"))
    uri.setParam("contextualWMSLegend", "0")
    if "version" in service.options:
        uri.setParam("version", service.options["version"])
    if service.options.get("axis") in AXES:
        uri.setParam(AXES[service.options["axis"]], "1")
    if service.type == "wmts":
        uri.setParam("tileMatrixSet", service.options.get("matrix", ""))

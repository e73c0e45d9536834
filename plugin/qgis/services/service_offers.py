"""The layers that a service offers: the server's capabilities, requested in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree  # QGIS has no defusedxml; see _parsed_document  # nosec B405

from qgis.core import QgsBlockingNetworkRequest, QgsFeedback
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.desk.library.service_uris import capabilities_address
from onemap.plugin.words.translation import tr

PREFERRED_FORMATS = ("image/png", "image/jpeg", "image/jpg", "tiles")
PREFERRED_CRS = ("EPSG:4490", "EPSG:4326", "EPSG:3857", "OGC:CRS84")
ENTITIES = {
    "Locations": ("Location", "PointZ"),
    "FeaturesOfInterest": ("FeatureOfInterest", "PointZ"),
    "Datastreams": ("Datastream", "PolygonZ"),
    "MultiDatastreams": ("MultiDatastream", "PolygonZ"),
}
MAX_EXCERPT_LENGTH = 200


@dataclass(frozen=True)
class Offer:
    """One layer that a server offers.

    options: settings for QGIS's provider.
    """

    name: str
    title: str
    options: dict[str, str] = field(default_factory=dict)


def request_offers(service: Service, crs: str, feedback: QgsFeedback) -> list[Offer]:
    """Ask a server for its layers; called in a thread.

    crs: the preferred coordinate system.

    Raises Refusal if the server does not answer, or not like a server of that kind.
    """
    request = QNetworkRequest(QUrl(capabilities_address(service)))
    is_json = service.type in ("oapif", "sensorthings")
    request.setRawHeader(b"Accept", b"application/json" if is_json else b"text/xml, application/xml")
    network_request = QgsBlockingNetworkRequest()
    if service.authcfg:
        network_request.setAuthCfg(service.authcfg)
    error_code = network_request.get(request, True, feedback)
    if error_code != QgsBlockingNetworkRequest.ErrorCode.NoError:
        text = tr("The server does not answer: {reason}")
        raise Refusal(text.format(reason=_without_address(network_request.errorMessage())))
    return read_offers(service.type, bytes(network_request.reply().content()), crs)


def read_offers(kind: str, answer: bytes, crs: str) -> list[Offer]:
    """The layers in a server's answer. Raises Refusal if the answer is not of the expected kind."""
    readers: dict[str, Callable[[Any, str], list[Offer]]] = {
        "wms": _wms,
        "wmts": _wmts,
        "wfs": _wfs,
        "oapif": _oapif,
        "sensorthings": _sensorthings,
    }
    try:
        document = (
            json.loads(answer) if kind in ("oapif", "sensorthings") else _without_namespaces(_parsed_document(answer))
        )
        offers = readers[kind](document, crs)
    except (ElementTree.ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        beginning = answer[:MAX_EXCERPT_LENGTH].decode("utf-8", "replace").strip()
        text = tr("The server's answer is not that of such a service. It begins: {words}")
        raise Refusal(text.format(words=beginning)) from error
    if not offers:
        raise Refusal(tr("The server offers no layer."))
    return offers


def _without_address(text: str) -> str:
    """A network message without its addresses, which may contain a key."""
    return " ".join(word for word in text.split() if "://" not in word)


def _parsed_document(answer: bytes) -> ElementTree.Element:
    """Parse a document without entities, so that none can expand or name a file. Raises ValueError, ParseError."""
    if b"<!ENTITY" in answer.replace(b"\0", b""):  # in UTF-16, too
        raise ValueError("<!ENTITY")
    return ElementTree.fromstring(answer)  # without entities  # nosec B314


def _without_namespaces(root: ElementTree.Element) -> ElementTree.Element:
    """The document without namespaces, which differ between versions."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _best(offered: list[str], preferred: tuple[str, ...]) -> str:
    return next((candidate for candidate in preferred if candidate in offered), offered[0] if offered else "")


def _wms(root: ElementTree.Element, crs: str) -> list[Offer]:
    formats = [element.text or "" for element in root.findall("./Capability/Request/GetMap/Format")]
    image = _best(formats, PREFERRED_FORMATS)
    offers: list[Offer] = []

    def visit(layer: ElementTree.Element, parent_systems: list[str]) -> None:
        systems = parent_systems + [
            word for tag in ("CRS", "SRS") for element in layer.findall(tag) for word in element.text.split()
        ]
        name = layer.findtext("Name")
        if name:
            system = _best(systems, (crs, *PREFERRED_CRS))
            offers.append(_offer(name, layer.findtext("Title"), format=image, crs=system))
        for element in layer.findall("Layer"):
            visit(element, systems)

    for layer in root.findall("./Capability/Layer"):
        visit(layer, [])
    return offers


def _wmts(root: ElementTree.Element, crs: str) -> list[Offer]:
    contents = root.find("Contents")
    systems = {
        element.findtext("Identifier"): _system_of(element.findtext("SupportedCRS") or "")
        for element in contents.findall("TileMatrixSet")
    }
    offers = []
    for layer in contents.findall("Layer"):
        name = layer.findtext("Identifier")
        styles = sorted(layer.findall("Style"), key=lambda element: element.get("isDefault") != "true")
        image = _best([element.text or "" for element in layer.findall("Format")], PREFERRED_FORMATS)
        sets = [element.findtext("TileMatrixSet") for element in layer.findall("TileMatrixSetLink")]
        sets.sort(key=lambda element: systems.get(element) != crs)
        for matrix in sets:
            title = f"{layer.findtext('Title') or name} · {matrix}"
            style = styles[0].findtext("Identifier") if styles else ""
            offers.append(_offer(name, title, format=image, matrix=matrix, crs=systems.get(matrix, ""), style=style))
    return offers


def _wfs(root: ElementTree.Element, _crs: str) -> list[Offer]:
    offers = []
    for feature_type in root.findall("./FeatureTypeList/FeatureType"):
        # The server's own system is taken: whatever else it offers, it has computed.
        system = next(
            (feature_type.findtext(tag) for tag in ("DefaultCRS", "DefaultSRS", "SRS") if feature_type.findtext(tag)),
            "",
        )
        offers.append(_offer(feature_type.findtext("Name"), feature_type.findtext("Title"), crs=_system_of(system)))
    return offers


def _oapif(document: dict[str, Any], _crs: str) -> list[Offer]:
    return [
        _offer(collection["id"], collection.get("title"), crs=_system_of(str(collection.get("storageCrs") or "")))
        for collection in document["collections"]
        if collection.get("itemType", "feature") == "feature"
    ]


def _sensorthings(document: dict[str, Any], _crs: str) -> list[Offer]:
    offered = [str(entity["name"]) for entity in document["value"]]
    return [
        Offer(ENTITIES[name][0], ENTITIES[name][0], {"geometry": ENTITIES[name][1]})
        for name in ENTITIES
        if name in offered
    ]


def _system_of(text: str) -> str:
    """EPSG:4547 from `urn:ogc:def:crs:EPSG::4547`, `http://www.opengis.net/def/crs/EPSG/0/4547` and the like."""
    parts = [part for part in text.strip().replace("#", "/").replace(":", "/").split("/") if part]
    return f"EPSG:{parts[-1]}" if len(parts) > 1 and "epsg" in text.lower() and parts[-1].isdigit() else ""


def _offer(name: str, title: str | None, **options: str | None) -> Offer:
    """An offer with the options that are known; one without a title is called by its name."""
    return Offer(name, title or name, {option: value for option, value in options.items() if value})

"""A web server of map services for tests: QGIS's own server, and small ones that fail as real ones do.

/ows          WMS, WMTS, WFS 1.1 by QGIS Server           /wfs3          OGC API Features by QGIS Server
/keyed/ows    the same, for who gives the key as ?tk=      /sta/v1.1      SensorThings
/guarded/…    all of these for who gives name and password /xyz/Z/X/Y     tiles
/wfs2/MODE    WFS 2.0 with pages: whole, unknown (does not say how many), stops (breaks off in the last page),
              stops_unknown, lies (says one more than it gives), waits (holds the last page until /release)
"""

import base64
import json
import queue
import socket
import sys
import threading
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QBuffer
from qgis.PyQt.QtGui import QColor, QImage
from qgis.server import QgsBufferServerRequest, QgsBufferServerResponse, QgsServer, QgsServerRequest

KEY = "0123456789abcdef0123456789abcdef"
FEATURES = 25
PAGE = 10
STATIONS = 5
X, Y = 500_000, 4_200_000  # as small_town
WFS, GML, XLINK = "http://www.opengis.net/wfs/2.0", "http://www.opengis.net/gml/3.2", "http://www.w3.org/1999/xlink"
HEAD = (
    f'xmlns:wfs="{WFS}" xmlns:gml="{GML}" xmlns:xlink="{XLINK}" xmlns:ows="http://www.opengis.net/ows/1.1" '
    'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:ns="http://example.org/ns"'
)
GUARD = "Basic " + base64.b64encode(b"planner:secret").decode("ascii")
released = threading.Event()
work: queue.Queue = queue.Queue()


def capabilities(address: str) -> str:
    """The capabilities of a WFS 2.0 with paging."""
    dcp = f'<ows:DCP><ows:HTTP><ows:Get xlink:href="{address}"/></ows:HTTP></ows:DCP>'
    operations = "".join(
        f'<ows:Operation name="{name}">{dcp}</ows:Operation>'
        for name in ("GetCapabilities", "DescribeFeatureType", "GetFeature")
    )
    paging = (
        '<ows:Constraint name="ImplementsResultPaging"><ows:NoValues/>'
        "<ows:DefaultValue>TRUE</ows:DefaultValue></ows:Constraint>"
        f'<ows:Constraint name="CountDefault"><ows:NoValues/><ows:DefaultValue>{PAGE}</ows:DefaultValue>'
        "</ows:Constraint>"
    )
    kind = (
        "<wfs:FeatureType><wfs:Name>ns:land</wfs:Name><wfs:Title>Land</wfs:Title>"
        "<wfs:DefaultCRS>urn:ogc:def:crs:EPSG::4547</wfs:DefaultCRS><ows:WGS84BoundingBox>"
        "<ows:LowerCorner>113.9 37.9</ows:LowerCorner><ows:UpperCorner>114.1 38.0</ows:UpperCorner>"
        "</ows:WGS84BoundingBox></wfs:FeatureType>"
    )
    return (
        f'<wfs:WFS_Capabilities version="2.0.0" {HEAD}><ows:OperationsMetadata>{operations}{paging}'
        f"</ows:OperationsMetadata><wfs:FeatureTypeList>{kind}</wfs:FeatureTypeList></wfs:WFS_Capabilities>"
    )


SCHEMA = f"""<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:gml="{GML}" xmlns:ns="http://example.org/ns"
 targetNamespace="http://example.org/ns" elementFormDefault="qualified">
<xsd:element name="land" type="ns:landType" substitutionGroup="gml:AbstractFeature"/>
<xsd:complexType name="landType"><xsd:complexContent><xsd:extension base="gml:AbstractFeatureType"><xsd:sequence>
<xsd:element name="geometry" type="gml:SurfacePropertyType" minOccurs="0"/>
<xsd:element name="BSM" type="xsd:string" minOccurs="0"/>
</xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType></xsd:schema>"""


def member(number: int) -> str:
    """One polygon; the axes of EPSG:4547 are north, then east."""
    west, south = X + 20 * number, Y + 100
    corners = ((south, west), (south, west + 10), (south + 10, west + 10), (south + 10, west), (south, west))
    places = " ".join(f"{north} {east}" for north, east in corners)
    surface = (
        f'<gml:Polygon gml:id="p{number}" srsName="urn:ogc:def:crs:EPSG::4547"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{places}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    return (
        f'<wfs:member><ns:land gml:id="land.{number}"><ns:geometry>{surface}</ns:geometry>'
        f"<ns:BSM>F{number}</ns:BSM></ns:land></wfs:member>"
    )


def collection(mode: str, asked: dict) -> str:
    """One page of features, or how many there are."""
    matched = "unknown" if "unknown" in mode else str(FEATURES + (mode == "lies"))
    head = f'<wfs:FeatureCollection timeStamp="2026-11-20T00:00:00Z" {HEAD} numberMatched="{matched}"'
    if asked.get("resulttype") == "hits":
        return f'{head} numberReturned="0"/>'
    start, count = int(asked.get("startindex", 0)), int(asked.get("count", FEATURES))
    numbers = range(start, min(start + count, FEATURES))
    return f'{head} numberReturned="{len(numbers)}">' + "".join(map(member, numbers)) + "</wfs:FeatureCollection>"


def things(address: str, path: str, asked: dict) -> dict:
    """The root of a SensorThings service, or a page of its stations."""
    if not path:
        return {"value": [{"name": name, "url": f"{address}/{name}"} for name in ("Things", "Locations")]}
    start, count = int(asked.get("$skip", 0)), int(asked.get("$top", 2))
    rows = [
        {
            "@iot.selfLink": f"{address}/Locations({number})",
            "@iot.id": number,
            "name": f"Station {number}",
            "description": "water level",
            "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [114.0 + number / 1000, 37.94, 12.5]},
            "properties": {},
        }
        for number in range(start, min(start + count, STATIONS))
    ]
    page = {"value": rows, "@iot.count": STATIONS}
    if start + count < STATIONS:
        page["@iot.nextLink"] = f"{address}/Locations?$top={count}&$skip={start + count}"
    return page


def tile() -> bytes:
    """A picture of two colours."""
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(QColor("green"))
    for at in range(256):
        image.setPixelColor(at, at, QColor("red"))
    written = QBuffer()
    written.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(written, "PNG")
    return bytes(written.data())


class Door(BaseHTTPRequestHandler):
    """Receives requests; those for QGIS Server go to the main thread."""

    def do_GET(self) -> None:
        """Answer one request."""
        parts = urlsplit(self.path)
        asked = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
        home = f"http://127.0.0.1:{self.server.server_port}"
        path = parts.path
        if path.startswith("/guarded/"):
            if self.headers.get("Authorization") != GUARD:
                self.answer(401, "text/plain", b"who are you?")
                return
            path, home = path[len("/guarded") :], f"{home}/guarded"
        if path == "/release":
            released.set()
            self.answer(200, "text/plain", b"")
        elif path.startswith("/xyz/"):
            self.answer(200, "image/png", tile())
        elif path.startswith("/wfs2/"):
            self.features(home + path, path.rpartition("/")[2], asked)
        elif path.startswith("/sta/v1.1"):
            answer = things(f"{home}/sta/v1.1", path[len("/sta/v1.1") :].strip("/"), asked)
            self.answer(200, "application/json", json.dumps(answer).encode())
        elif path.startswith("/keyed/") and (asked.pop("tk", "") != KEY or self.headers.get("tk")):
            self.answer(403, "text/plain", b"no key, no map")
        else:
            self.qgis_server(home, path, asked)

    def features(self, address: str, mode: str, asked: dict) -> None:
        """WFS 2.0."""
        request = asked.get("request", "").lower()
        if request == "getcapabilities":
            body = capabilities(address)
        elif request == "describefeaturetype":
            body = SCHEMA
        else:
            body = collection(mode, asked)
        is_last = int(asked.get("startindex", 0)) + PAGE >= FEATURES and asked.get("resulttype") != "hits"
        if mode == "waits" and request == "getfeature" and is_last:
            released.wait()
        raw = body.encode("utf-8")
        if mode.startswith("stops") and request == "getfeature" and is_last:
            self.answer(200, "text/xml", raw, raw[: len(raw) // 2])
        else:
            self.answer(200, "text/xml", raw)

    def qgis_server(self, home: str, path: str, asked: dict) -> None:
        """Let QGIS Server answer."""
        reply: Future = Future()
        work.put((f"{home}{path}?{urlencode(asked)}", dict(self.headers), reply))
        status, headers, body = reply.result()
        self.answer(status, headers.get("Content-Type", "text/plain"), body)

    def answer(self, status: int, kind: str, body: bytes, sent: bytes | None = None) -> None:
        """Send an answer; `sent`: all that comes of it before the line breaks."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if sent is None else sent)
        if sent is not None:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_words: object) -> None:
        """Log nothing."""


def project(folder: Path) -> str:
    """A project that publishes the town's farmland and parcels in every way."""
    made = QgsProject()
    names = []
    for name in ("parcels", "farmland"):
        layer = QgsVectorLayer(str(folder / f"{name}.gpkg"), name, "ogr")
        assert layer.isValid(), name
        made.addMapLayer(layer)
        names.append(layer.id())
        made.writeEntry("WFSLayersPrecision", f"/{layer.id()}", 8)
        made.setCrs(layer.crs())
    made.writeEntry("WFSLayers", "/", names)
    made.writeEntry("WMTSLayers", "Layer", names)
    made.writeEntry("WMTSPngLayers", "Layer", names)
    made.writeEntry("WMTSGrids", "CRS", ["EPSG:4547"])
    made.writeEntry("WMTSGrids", "Config", ["EPSG:4547,4210000,490000,100000.0,,"])
    made.writeEntry("WMSCrsList", "/", ["EPSG:4547", "EPSG:4490"])
    made.writeEntry("WMSExtent", "", ["490000", "4190000", "520000", "4230000"])
    path = folder / "published.qgs"
    made.write(str(path))
    return str(path)


def main() -> None:
    """Serve until stdin is closed; print the port as the first line of stdout."""
    application = QgsApplication([], False)
    application.initQgis()
    path = project(Path(sys.argv[1]))
    server = QgsServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    threading.Thread(target=lambda: work.put(sys.stdin.read()), daemon=True).start()
    sys.stdout.write(f"{http.server_port}\n")
    sys.stdout.flush()
    published = QgsProject()
    published.read(path)
    while not isinstance(job := work.get(), str):
        url, headers, reply = job
        request = QgsBufferServerRequest(url, QgsServerRequest.GetMethod, headers)
        response = QgsBufferServerResponse()
        server.handleRequest(request, response, published)
        reply.set_result((response.statusCode(), response.headers(), bytes(response.body())))
    # A project that outlives its application brings the process down.
    del server, published
    application.exitQgis()


if __name__ == "__main__":
    main()

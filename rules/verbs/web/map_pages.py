"""The map of the site: its page, the layers in force, tiles from the core, and the parcels of a case with findings."""

import base64
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onemap.layers.messages import phrase
from onemap.rules.contract.verdict import RANK
from onemap.rules.display.documents.html_printer import PARTS
from onemap.rules.display.maps.symbols import verdict_symbol
from onemap.rules.verbs.web.media_types import MEDIA_TYPES
from onemap.rules.verbs.web.session_table import Session
from onemap.rules.verbs.web.site_guard import ASSETS

MAP_LIBRARY = "maplibre"  # the folder of MapLibre GL JS, as it was published, with its licence
_ASSETS = {
    "maplibre-gl-csp.js": MAP_LIBRARY,
    "maplibre-gl-csp-worker.js": MAP_LIBRARY,
    "maplibre-gl.css": MAP_LIBRARY,
    "licence.html": MAP_LIBRARY,
    "site-map.js": "",
    "site-here.js": "",
}
_TILE = "application/vnd.mapbox-vector-tile"
_GROUND = ("polygon", "line", "point")
_OPACITY, _OPACITY_NOT_COUNTED = 0.45, 0.1  # of a piece; what does not count is there, and decides nothing


class Desk(Protocol):
    """A session's desk: it asks the core, and makes pages."""

    def answer(self, session: Session, verb: str, **values: Any) -> dict[str, Any]:
        """The answer of a verb. Raises VerbRefusal."""

    def page_of(self, act: Any) -> Any:
        """The handler for a request, which waits for the core in a thread."""

    def print_page(self, template: str, session: Session, **facts: Any) -> Response:
        """A page from its template."""


class MapPages:
    """The pages and the data of the map."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """The routes of all pages and data of the map."""
        page_of = self._desk.page_of
        return [
            Route("/map", page_of(self._map)),
            Route("/map/layers.json", page_of(self._layers)),
            Route("/map/tiles/{zoom:int}/{column:int}/{row:int}.pbf", page_of(self._tile)),
            Route("/cases/{case}/map", page_of(self._map)),
            Route("/cases/{case}/map.geojson", page_of(self._parcels)),
            Route(ASSETS + "{name}", self._asset),
        ]

    def _map(self, request: Request, session: Session) -> Response:
        case, taker = request.path_params.get("case", ""), "/open"
        if case:
            case_record = self._desk.answer(session, "review show", case=case, by=session.person)
            taker = "" if case_record["steps"]["revise"] else f"/cases/{case}"
        # The day where none is asked for is the library's: this machine may stand in another time zone.
        day = _day(request, "day") or self._desk.answer(session, "layers")["as_of"]
        other = _day(request, "other")
        return self._desk.print_page("site-map.html", session, case=case, taker=taker, day=day, other=other)

    def _layers(self, request: Request, session: Session) -> Response:
        """The layers with geometry that are in force on a day, the uppermost first."""
        day = _day(request, "day")
        answer = self._desk.answer(session, "layers", looks=True, **({"as_of": day} if day else {}))
        layers = [
            {
                "code": layer["code"],
                "title": layer["title"][session.language],
                "version": version["label"],
                "geometry": layer["geometry"],
                "swatch": layer["swatch"],
                "place": layer["place"],
            }
            for layer in answer["layers"]
            if layer["geometry"] in _GROUND
            for version in layer["versions"]
            if version["in_force"] and not version["unreadable"]
        ]
        return JSONResponse({"bounds": answer["bounds"], "layers": sorted(layers, key=lambda one: one["place"])})

    def _tile(self, request: Request, session: Session) -> Response:
        day = _day(request, "day")
        place = {name: request.path_params[name] for name in ("zoom", "column", "row")}
        only = request.query_params.get("only", "")
        question = {"only": only.split(","), **place, **({"as_of": day} if day else {})}
        body = base64.b64decode(self._desk.answer(session, "tile", **question)["tile"])
        return Response(body, 200 if body else 204, media_type=_TILE)

    def _parcels(self, request: Request, session: Session) -> Response:
        """The parcels and pieces of findings of a case, in degrees, each with its verdict and its style."""
        ground = self._desk.answer(session, "review show", case=request.path_params["case"], ground=True)["ground"]
        # What is drawn later lies above: nothing may hide the most severe of what counts.
        pieces = sorted(ground["findings"], key=lambda one: (one["counted"], -RANK[one["verdict"]]))
        features = [
            _feature(one, kind, session.language)
            for kind, table in (("piece", pieces), ("parcel", ground["parcels"]))
            for one in table
        ]
        return JSONResponse({"type": "FeatureCollection", "features": features})

    async def _asset(self, request: Request) -> Response:
        """A script or a style sheet that comes with the program."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return Response(status_code=404)
        path = Path(str(PARTS / _ASSETS[name] / name))
        body = await run_in_threadpool(path.read_bytes)
        return Response(body, media_type=MEDIA_TYPES[path.suffix])


def _day(request: Request, name: str) -> str:
    """The day in a request's address; empty if it is not a day."""
    try:
        return date.fromisoformat(request.query_params.get(name, "")).isoformat()
    except ValueError:
        return ""


def _feature(one: Mapping[str, Any], kind: str, language: str) -> dict[str, Any]:
    """A parcel or a piece of a finding, with the style of its verdict."""
    symbol, counts = verdict_symbol(one["verdict"], language), bool(one.get("counted", True))
    properties = {
        "kind": kind,
        "parcel": one["parcel"],
        "verdict": one["verdict"],
        "counted": counts,
        "colour": symbol.stroke,
        "opacity": _OPACITY if counts else _OPACITY_NOT_COUNTED,
        "word": symbol.title if counts else phrase("map.not_counted", language, title=symbol.title),
        "title": one.get("title") or one.get("rule") or one["parcel"],
    }
    return {"type": "Feature", "properties": properties, "geometry": one["geometry"]}

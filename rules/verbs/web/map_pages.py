"""The map of the site: its page, the layers in force, tiles from the core, and the parcels of a case with findings."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onemap.rules.display.documents.html_printer import PARTS
from onemap.rules.display.maps.symbols import verdict_symbol
from onemap.rules.verbs.web.media_types import MEDIA_TYPES
from onemap.rules.verbs.web.session_table import Session
from onemap.rules.verbs.web.site_guard import ASSETS
from onemap.rules.verbs.web.verb_question import room_of_answer

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


class Desk(Protocol):
    """What asks the core for a session, and prints pages."""

    def answer(self, session: Session, verb: str, **values: Any) -> dict[str, Any]:
        """The answer of a verb. Raises VerbRefusal."""

    def page_of(self, act: Any) -> Any:
        """The answer to a request, which waits for the core in a thread."""

    def print_page(self, template: str, session: Session, **facts: Any) -> Response:
        """A page from its template."""


class MapPages:
    """The pages and the data of the map."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All its addresses."""
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
        case = request.path_params.get("case", "")
        if case:
            self._desk.answer(session, "review show", case=case)  # told where there is none
        days = {name: _day(request, name) for name in ("day", "other")}
        today = date.today().isoformat()
        return self._desk.print_page("site-map.html", session, case=case, today=today, **days)

    def _layers(self, request: Request, session: Session) -> Response:
        """The layers on the ground that are in force on a day, the uppermost first."""
        day = _day(request, "day")
        found = self._desk.answer(session, "layers", looks=True, **({"as_of": day} if day else {}))
        layers = [
            {
                "code": layer["code"],
                "title": layer["title"][session.language],
                "version": version["label"],
                "geometry": layer["geometry"],
                "swatch": layer["swatch"],
                "place": layer["place"],
            }
            for layer in found["layers"]
            if layer["geometry"] in _GROUND
            for version in layer["versions"]
            if version["in_force"] and not version["unreadable"]
        ]
        return JSONResponse({"bounds": found["bounds"], "layers": sorted(layers, key=lambda one: one["place"])})

    def _tile(self, request: Request, session: Session) -> Response:
        day = _day(request, "day")
        place = {name: request.path_params[name] for name in ("zoom", "column", "row")}
        only = request.query_params.get("only", "")
        given = {"only": only.split(","), **place, **({"as_of": day} if day else {})}
        body = base64.b64decode(self._desk.answer(session, "tile", **given)["tile"])
        return Response(body, 200 if body else 204, media_type=_TILE)

    def _parcels(self, request: Request, session: Session) -> Response:
        """Parcels and pieces of findings of a case, in degrees, each with its verdict and how that is drawn."""
        with room_of_answer() as folder:
            asked = {"case": request.path_params["case"], "out": str(folder / "tables")}
            self._desk.answer(session, "review show", **asked)
            features = [
                feature
                for kind, table in (("piece", "findings"), ("parcel", "parcels"))
                for feature in _features(folder / "tables" / f"{table}.parquet", kind, session.language)
            ]
        return JSONResponse({"type": "FeatureCollection", "features": features})

    async def _asset(self, request: Request) -> Response:
        """A script or a style that comes with the program."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return Response(status_code=404)
        path = Path(str(PARTS / _ASSETS[name] / name))
        body = await run_in_threadpool(path.read_bytes)
        return Response(body, media_type=MEDIA_TYPES[path.suffix])


def _day(request: Request, name: str) -> str:
    """A day of the address, empty where it is none."""
    try:
        return date.fromisoformat(request.query_params.get(name, "")).isoformat()
    except ValueError:
        return ""


def _features(path: Path, kind: str, language: str) -> Sequence[Mapping[str, Any]]:
    """The rows of a table with their geometry in degrees."""
    import numpy as np
    import pyproj
    import shapely
    from pyarrow import parquet

    from onemap.layers.crs.systems import transformation

    names = ["parcel", "verdict", "geometry"] + (["title", "rule"] if kind == "piece" else [])
    rows = parquet.read_table(path, columns=names).to_pylist()
    described = json.loads(parquet.read_metadata(path).metadata[b"geo"])["columns"]["geometry"]["crs"]
    change = transformation(pyproj.CRS.from_json_dict(described), pyproj.CRS.from_epsg(4326))
    shapes = shapely.from_wkb([row["geometry"] for row in rows])
    if change is not None:
        shapes = shapely.transform(shapes, lambda points: np.column_stack(change(points[:, 0], points[:, 1])))
    symbols = {verdict: verdict_symbol(verdict, language) for verdict in {row["verdict"] for row in rows}}
    return [
        {
            "type": "Feature",
            "properties": {
                "kind": kind,
                "parcel": row["parcel"],
                "verdict": row["verdict"],
                "colour": symbols[row["verdict"]].stroke,
                "word": symbols[row["verdict"]].title,
                "title": row.get("title") or row.get("rule") or row["parcel"],
            },
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for row, shape in zip(rows, shapes, strict=True)
        if shape is not None and not shapely.is_empty(shape)
    ]

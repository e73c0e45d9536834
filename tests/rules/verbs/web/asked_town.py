"""A small library for requests of other systems: answers worked out from boxes, and parcels as GeoJSON."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely

from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

X, Y = 500_000, 4_000_000


def ground(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A box by metres from the town's corner."""
    return shapely.box(X + west, Y + south, X + east, Y + north)


ZONES = {"f1": ground(0, 0, 100, 100), "f2": ground(200, 0, 300, 100)}
SPOT = ground(300, 300, 350, 350)
WEST = ground(-100, -100, 500, 1000)  # for which the layer SPOT speaks
TOWN = ground(-100, -100, 1000, 1000)
NEVER_LOADED = "STBHHX"
RULES = (
    {"id": "zone", "layer": "ZONE", "verdict": "prohibited"},
    {"id": "spot", "layer": "SPOT", "verdict": "consult", "title": {"zh": "点", "en": "Spot"}},
    {"id": "line", "layer": NEVER_LOADED, "verdict": "prohibited", "title": {"zh": "线", "en": "Line"}},
)


def make_library(folder: Path, *options: str) -> Path:
    """A library with two layers and a pack of three rules, one on a layer that it never held; options: of `new`."""
    desk = Desk(folder, command)
    pack = desk.pack(*RULES)
    done("new", desk.library, "--crs", "EPSG:4547", "--pack", pack, *options)
    desk.layer("ZONE", list(ZONES.values()), covers=TOWN, label="2024")
    desk.layer("SPOT", [SPOT], covers=WEST, label="2025")
    return desk.library


def geojson(parcels: Mapping[str, shapely.Geometry]) -> dict[str, Any]:
    """Parcels in the library's system, as a client sends them."""
    features = [
        {"type": "Feature", "properties": {"DKBH": name}, "geometry": json.loads(shapely.to_geojson(shape))}
        for name, shape in parcels.items()
    ]
    system = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    return {"type": "FeatureCollection", "crs": system, "features": features}


def stored_findings(library: Path, run: str, folder: Path) -> list[dict[str, Any]]:
    """The findings of a run as the library keeps them, read back by SQLite from what `runs --out` writes."""
    out = folder / f"{run}.gpkg"
    if not out.exists():
        done("runs", library, run, "--out", out)
    with closing(sqlite3.connect(out)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM findings")]

"""Public web maps with shifted coordinates: in GCJ-02 or BD-09, as Chinese law requires of maps on sale.

They show things some hundred metres from their true place, so a red line drawn on one encloses other ground than the
check judges. resources/services/shifted_maps.json lists them.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from qgis.core import QgsMapLayer
from qgis.gui import QgsMapCanvas

from onemap.plugin.profile.paths import RESOURCES

_ADDRESS = re.compile(r"https?://[^\s'\"]+", re.IGNORECASE)


def shifted_layers(canvas: QgsMapCanvas) -> list[str]:
    """The shifted layers on a map, each with the name of its coordinates."""
    datums = [(layer.name(), shifted_datum(layer)) for layer in canvas.layers()]
    return [f"{name} ({datum})" for name, datum in datums if datum]


def shifted_datum(layer: QgsMapLayer) -> str:
    """The name of the shifted coordinates in which a layer's server draws; empty if it is not known to shift."""
    return next(filter(None, map(_datum_of, _ADDRESS.findall(unquote(layer.source())))), "")


def _datum_of(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:  # such as a bracket that is not closed
        return ""
    for shifted_map in _shifted_maps():
        is_its_host = any(host == one or host.endswith(f".{one}") for one in shifted_map["hosts"])
        if is_its_host and not ("true_where" in shifted_map and re.search(shifted_map["true_where"], address)):
            return shifted_map["datum"]
    return ""


@functools.cache
def _shifted_maps() -> list[dict[str, Any]]:
    return json.loads((RESOURCES / "services" / "shifted_maps.json").read_text(encoding="utf-8"))["maps"]

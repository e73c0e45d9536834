"""How the catalogue's layers look, and which of them a map shows: the tables in resources/styles."""

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import RESOURCES

OTHER_COLOUR = "#6B6B6B"  # of a department without one of its own
FAINT = 0.25  # an opacity that hides little


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESOURCES / "styles" / "layers.json").read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=1)
def map_themes() -> dict[str, dict[str, Any]]:
    """Which layers each kind of map shows: resources/styles/maps.toml."""
    with (RESOURCES / "styles" / "maps.toml").open("rb") as file:
        return tomllib.load(file)


def style_of(entry: LayerEntry) -> dict[str, Any]:
    """A layer's style: stroke, fill, dash, hatch, classes; one without an entry has its department's colour."""
    colour = _table()["departments"].get(entry.department, OTHER_COLOUR)
    style = _table()["layers"].get(
        entry.code, {"fill": colour, "fill_opacity": 0.2, "stroke": colour, "stroke_mm": 0.4}
    )
    return {**_table()["layers"][style["like"]], **style} if "like" in style else dict(style)


def hides(style: Mapping[str, Any]) -> bool:
    """Whether polygons of a style cover what lies below, so that they have to be drawn first."""
    return "prefixes" in style or style.get("fill_opacity", 1.0 if "fill" in style else 0.0) > FAINT

"""The look of the catalogue's layers, and which layers a map shows: the tables in resources/styles."""

import json
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.map_order import stratum_of
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.styles import LabelStyle, LayerStyle, SheetTheme
from onemap.layers.shipped_files import RESOURCES, shipped_table

OTHER_COLOUR = "#6B6B6B"  # of a department without one of its own
FAINT = 0.25  # an opacity that hides little
HATCH_MM = 0.13  # how wide the lines of a hatch are where its style does not say: below what is said of a parcel


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESOURCES / "styles" / "layers.json").read_text(encoding="utf-8"))
    return content


def map_themes() -> dict[str, SheetTheme]:
    """Return which layers each kind of map shows: resources/styles/maps.toml."""
    return shipped_table("styles/maps.toml")


def style_of(entry: LayerEntry) -> LayerStyle:
    """Return a layer's style: stroke, fill, dash, hatch, classes; without an entry its department's colour."""
    styles: dict[str, LayerStyle] = _table()["layers"]
    own = styles.get(entry.code)
    if own is None:
        return _look_of_stratum(entry)
    return {**styles[own["like"]], **own} if "like" in own else own.copy()


@lru_cache(maxsize=1)
def difference_styles() -> dict[str, LayerStyle]:
    """Return the look of differences between two plans, by type: resources/styles/differences.json."""
    content: dict[str, LayerStyle] = json.loads((RESOURCES / "styles" / "differences.json").read_text(encoding="utf-8"))
    return content


def _look_of_stratum(entry: LayerEntry) -> LayerStyle:
    """Return the look of a layer without a style: its group's look in its department's colour."""
    colour = _table()["departments"].get(entry.department, OTHER_COLOUR)
    look = stratum_of(entry).get("look", {})
    style = LayerStyle(stroke=colour, stroke_mm=look.get("stroke_mm", 0.4))
    if look.get("fill_opacity"):
        style |= {"fill": colour, "fill_opacity": look["fill_opacity"]}
    if look.get("hatch_mm"):
        number = sum(map(ord, entry.code))  # the same at every start
        style["hatch"] = {"angle": look["angles"][number % len(look["angles"])], "distance_mm": look["hatch_mm"]}
    return style


def label_of(entry: LayerEntry) -> LabelStyle | None:
    """Return a layer's labels: its group's, changed by its own style; None if its features have none."""
    label = stratum_of(entry).get("label")
    return {**label, **style_of(entry).get("label", {})} if label else None

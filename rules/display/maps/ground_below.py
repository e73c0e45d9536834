"""The ground below the spots of a map: present use, faintly, waters and roads with their names."""

from onemap.layers.catalogue.style_table import map_themes
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.map_sheet import THINNED
from onemap.rules.display.maps.map_source import LayersOnMap

MOST_BYTES = 600_000  # of the ground; a map with its spots stays below 1 MB


def draw_ground(sheet: Sheet, source: LayersOnMap) -> list[str]:
    """Draw the ground of comparisons as finely as the sheet's size allows; return its layers' titles with versions.

    Of `base` only the first layer with features there is drawn. If all is too large at every detail, nothing is drawn.
    """
    layers = map_themes()["comparison"]
    fine = sheet.tolerance_mm, sheet.least_mm
    layer_titles: list[str] = []
    for tolerance_mm, least_mm in THINNED:
        sheet.tolerance_mm, sheet.least_mm = tolerance_mm, least_mm
        layer_titles = [
            *_first_of(sheet, source, layers["base"]),
            *_draw_layers(sheet, source, layers["faint"], faint=True),
            *_draw_layers(sheet, source, layers["layers"], faint=False),
        ]
        if sum(len(part.encode()) for part in sheet.body) <= MOST_BYTES:
            break
        for parts in (sheet.body, sheet.legend, sheet.labels, sheet.patterns):
            parts.clear()
        layer_titles = []
    sheet.tolerance_mm, sheet.least_mm = fine
    source.forget()
    return layer_titles


def _first_of(sheet: Sheet, source: LayersOnMap, codes: list[str]) -> list[str]:
    for code in codes:
        layer_titles = _draw_layers(sheet, source, [code], faint=True)
        if layer_titles:
            return layer_titles
    return []


def _draw_layers(sheet: Sheet, source: LayersOnMap, codes: list[str], *, faint: bool) -> list[str]:
    """Draw the layers that have features in view; return their titles with versions."""
    layer_titles = []
    for code in codes:
        near = source.near(code, sheet.view.bounds)
        if near is not None and sheet.features(near, faint=faint, coded=False):
            layer_titles.append(f"{near.entry.title_in(sheet.language)} {near.version.label}")
    return layer_titles

"""The problems of a delivery as one drawn map: where each lies, with its number in the report."""

from collections.abc import Sequence

import numpy as np
import shapely

from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.messages import phrase
from onemap.rules.answers.deliveries.check_kinds import SEVERITIES, SIGNS
from onemap.rules.answers.deliveries.delivery_proof import Proof
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.display.maps.fonts import FONTS
from onemap.rules.display.maps.furniture import grid_ticks, north_arrow, scale_bar
from onemap.rules.display.maps.labels import Label, labels_svg
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.legend_panel import laid_out
from onemap.rules.display.maps.svg_paths import View, round_scale
from onemap.rules.display.maps.svg_text import as_attribute, svg_text
from onemap.rules.display.maps.symbols import verdict_symbol

_WIDTH, _HEIGHT, _LEFT, _TOP = 156.0, 96.0, 4.0, 4.0  # of the sheet, and of its frame, in mm
_COLUMN_MM, _MOST_LEGEND_MM, _NUMBER_MM = 47.0, 30.0, 2.4
_LEAST_MM = 2.4  # what is smaller is shown as a circle, larger than a pencil's point
_AROUND, _LEAST_M = 1.15, 100.0  # how much more is shown, and what at least
_MOST_DRAWN = 2_000


def problem_map(proof: Proof, language: str) -> str | None:
    """The map as SVG text; None where no problem lies anywhere. The gravest lie on top, and keep their numbers."""
    placed = [
        (number, one, one.ground)
        for number, one in enumerate(proof.standing[:_MOST_DRAWN], start=1)
        if one.ground is not None and not one.ground.is_empty and np.isfinite(one.ground.bounds).all()
    ]
    if not placed:
        return None
    view = _view(np.array([ground for _, _, ground in placed], dtype=object))
    sheet = Sheet(view, language, "q")
    drawn = [(number, one, _visible(ground, view)) for number, one, ground in placed]
    for severity in reversed(SEVERITIES):
        own = [ground for _, one, ground in drawn if one.severity == severity]
        if own:
            title = phrase(f"proof_words.{severity}", language)
            sheet.outlines(np.array(own, dtype=object), verdict_symbol(SIGNS[severity], language), title)
    sheet.legend.reverse()
    return _whole(sheet, drawn, crs_title(proof.plane, language))


def _view(grounds: np.ndarray) -> View:
    west, south, east, north = shapely.total_bounds(grounds).tolist()
    half_width = max((east - west) * _AROUND, _LEAST_M) / 2
    half_height = max((north - south) * _AROUND, _LEAST_M) / 2
    x, y, width = (west + east) / 2, (south + north) / 2, _WIDTH - 2 * _LEFT
    scale = round_scale((x - half_width, y - half_height, x + half_width, y + half_height), width, _HEIGHT)
    return View(_LEFT, _TOP, width, _HEIGHT, (x, y), scale)


def _visible(ground: shapely.Geometry, view: View) -> shapely.Geometry:
    """Ground as an area that can be seen on paper."""
    west, south, east, north = ground.bounds
    if max(east - west, north - south) * view.mm_per_m < _LEAST_MM:
        return shapely.Point((west + east) / 2, (south + north) / 2).buffer(_LEAST_MM / 2 / view.mm_per_m)
    is_area = shapely.get_dimensions(ground) == 2
    return ground if is_area else ground.buffer(_LEAST_MM / 4 / view.mm_per_m)


def _whole(sheet: Sheet, drawn: Sequence[tuple[int, Finding, shapely.Geometry]], system: str) -> str:
    view, language = sheet.view, sheet.language
    right, bottom = view.left + view.width, view.top + view.height
    shapes = view.shapes_on_paper(np.array([ground for _, _, ground in drawn], dtype=object))
    labels = [
        Label(str(number), shape, _NUMBER_MM, inside=True, bold=True)
        for (number, _, _), shape in zip(drawn, shapes, strict=True)
    ]
    arrow = (right - 14.5, view.top, right, view.top + 14.5)
    numbers = labels_svg(labels, (view.left, view.top, right, bottom), np.empty(0, dtype=object), [arrow])
    panel = laid_out(sheet.legend, _WIDTH, _COLUMN_MM, _MOST_LEGEND_MM)
    height = bottom + 17.0 + panel.height
    frame = f'x="{view.left:.2f}" y="{view.top:.2f}" width="{view.width:.2f}" height="{view.height:.2f}"'
    says = phrase("proof_words.map", language, count=len(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:g}mm" height="{height:.2f}mm"'
        f' viewBox="0 0 {_WIDTH:g} {height:.2f}" role="img" aria-label={as_attribute(says)}'
        f" font-family={as_attribute(FONTS)}>"
        f'<rect width="{_WIDTH:g}" height="{height:.2f}" fill="#FFFFFF"/>'
        f'<defs><clipPath id="qframe"><rect {frame}/></clipPath>{sheet.definitions()}</defs>'
        f'<g clip-path="url(#qframe)">{"".join(sheet.body)}{numbers}{north_arrow(right - 7.4, view.top + 1.0)}</g>'
        f'<rect {frame} fill="none" stroke="#111111" stroke-width="0.35"/>{grid_ticks(view)}'
        f"{scale_bar(0.0, bottom + 7.0, view.scale, 50.0, language)}"
        f"{svg_text(system, 0.0, bottom + 11.5, 2.2, colour='#444444')}"
        f"{panel.svg(0.0, bottom + 14.0)}</svg>"
    )

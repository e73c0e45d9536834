"""Marks for things smaller than a pencil's point on a map: rings around them, and one detail at a larger scale."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from onemap.layers.geometry.boxes import Bounds
from onemap.layers.messages import phrase
from onemap.rules.display.maps.furniture import scale_number
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.map_source import Piece
from onemap.rules.display.maps.svg_paths import View, path_data, round_scale, within_frame
from onemap.rules.display.maps.svg_text import svg_text
from onemap.rules.display.maps.symbols import PARCEL, fill_attributes, outline_attributes, verdict_symbol

_PENCIL_MM, _HAIR_MM = 2.0, 0.7
_SIDE_MM = 38.0
_RING_MM = 2.6


def tiny_pieces(
    pieces: Sequence[Piece], parcels: Mapping[str, shapely.Geometry], view: View, theme: str
) -> list[tuple[float, float]]:
    """Places on paper (mm) that would be overlooked: conflicts, or parcels on a map of the surroundings."""
    grounds = [*parcels.values()] if theme == "location" else [piece.geometry for piece in pieces if piece.counted]
    shapes = view.shapes_on_paper(np.array(grounds, dtype=object))
    places = []
    for shape in shapes:
        if _size(shape) < _PENCIL_MM:
            left, top, right, bottom = shapely.bounds(shape).tolist()
            places.append(((left + right) / 2, (top + bottom) / 2))
        elif theme != "location" and _width(shape) < _HAIR_MM:
            middle = shapely.point_on_surface(shape)
            places.append((shapely.get_x(middle), shapely.get_y(middle)))
    return places


def rings_svg(places: Sequence[tuple[float, float]]) -> str:
    """A ring around each place."""
    return "".join(
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{_RING_MM}" fill="none" stroke="{PARCEL.stroke}" stroke-width="0.4"/>'
        for x, y in places
    )


def inset_svg(
    pieces: Sequence[Piece],
    tiny: Sequence[tuple[float, float]],
    sheet: Sheet,
    parcels: Mapping[str, shapely.Geometry],
    arrow: Bounds,
) -> tuple[str, Bounds | None]:
    """The smallest conflict at a scale at which it is visible, in the emptiest corner; nothing if all are visible."""
    if not tiny:
        return "", None
    counted_pieces = [piece for piece in pieces if piece.counted]
    smallest = min(counted_pieces, key=lambda piece: min(_size(piece.geometry), 4 * _width(piece.geometry)))
    view = sheet.view
    left, top = _corner(view, parcels, arrow)
    centre, half = _detail(smallest.geometry, _PENCIL_MM / view.mm_per_m)
    ground = (centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half)
    detail = View(
        left, top, _SIDE_MM, _SIDE_MM, centre, max(1, min(round_scale(ground, _SIDE_MM, _SIDE_MM), view.scale))
    )
    pieces_svg = "".join(_piece_svg(piece, detail, sheet) for piece in counted_pieces)
    outline = path_data(_shapes_in_view(np.array([*parcels.values()], dtype=object), detail))
    clip = f"{sheet.prefix}inset"
    frame = f'x="{left:.2f}" y="{top:.2f}" width="{_SIDE_MM}" height="{_SIDE_MM}"'
    text = phrase("map.inset", sheet.language, scale=scale_number(detail.scale))
    svg = (
        f'<clipPath id="{clip}"><rect {frame}/></clipPath><rect {frame} fill="#FFFFFF"/>'
        f'<g clip-path="url(#{clip})">{pieces_svg}<path d="{outline}" {outline_attributes(PARCEL)}/></g>'
        f'<rect {frame} fill="none" stroke="#111111" stroke-width="0.3"/>'
        + svg_text(text, left + 1.5, top + _SIDE_MM - 1.5, 2.3, halo=True, bold=True)
    )
    return svg, (left, top, left + _SIDE_MM, top + _SIDE_MM)


def _piece_svg(piece: Piece, view: View, sheet: Sheet) -> str:
    shapes = _shapes_in_view(np.array([piece.geometry], dtype=object), view)
    if len(shapes) == 0 or shapely.get_dimensions(piece.geometry) == 0:
        return ""
    symbol = verdict_symbol(piece.verdict, sheet.language)
    data = path_data(shapes)
    if shapely.get_dimensions(piece.geometry) == 1:
        return f'<path d="{data}" {outline_attributes(replace(symbol, stroke_mm=1.2))}/>'
    fills = "".join(f'<path d="{data}" {look}/>' for look in fill_attributes(symbol, sheet.pattern(symbol)))
    return f'{fills}<path d="{data}" {outline_attributes(symbol)}/>'


def _shapes_in_view(geometries: np.ndarray, view: View) -> np.ndarray:
    shapes = within_frame(geometries, view, 0.02, 0.0)
    return shapes[~shapely.is_missing(shapes)]


def _detail(geometry: shapely.Geometry, pencil_m: float) -> tuple[tuple[float, float], float]:
    """Centre and half the side of the ground that the detail shows: the whole piece, or a part of a long thin one."""
    if _size(geometry) < pencil_m:
        west, south, east, north = shapely.bounds(geometry).tolist()
        return ((west + east) / 2, (south + north) / 2), max(_size(geometry) * 1.4, 1.0) / 2
    middle = shapely.point_on_surface(geometry)
    return (float(shapely.get_x(middle)), float(shapely.get_y(middle))), max(_width(geometry) * 10, 1.0) / 2


def _width(geometry: shapely.Geometry) -> float:
    """The approximate width of a polygon; infinite for lines and points, which are drawn thick."""
    area, length = float(shapely.area(geometry)), float(shapely.length(geometry))
    return 2 * area / length if area > 0 and length > 0 else float("inf")


def _size(geometry: shapely.Geometry) -> float:
    west, south, east, north = shapely.bounds(geometry).tolist()
    return float(max(east - west, north - south))


def _corner(view: View, parcels: Mapping[str, shapely.Geometry], arrow: Bounds) -> tuple[float, float]:
    """The upper left point of the corner that hides the least of the parcels and not the arrow."""
    right, bottom = view.left + view.width - _SIDE_MM, view.top + view.height - _SIDE_MM
    ground = shapely.union_all(view.shapes_on_paper(np.array([*parcels.values()], dtype=object)))
    corners = [(view.left, bottom), (right, bottom), (view.left, view.top), (right, view.top)]
    free = [place for place in corners if not (place[0] + _SIDE_MM > arrow[0] and place[1] < arrow[3])] or corners[:1]
    hidden = [shapely.area(ground & shapely.box(x, y, x + _SIDE_MM, y + _SIDE_MM)) for x, y in free]
    return free[int(np.argmin(hidden))]

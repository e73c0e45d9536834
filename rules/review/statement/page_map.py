"""The map in a page that a reader can pan and zoom: layers as groups to switch, pieces that know their finding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from markupsafe import Markup

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.style_table import map_themes
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.display.documents.html_printer import render
from onemap.rules.display.maps.fonts import FONTS
from onemap.rules.display.maps.layers_on_sheet import LAYER_SHARE
from onemap.rules.display.maps.map_source import MapSource, NearFeatures, Piece
from onemap.rules.display.maps.sheets_needed import neighbouring_parcels
from onemap.rules.display.maps.svg_paths import View, clip_to_frame, path_data, points_of, thin_shapes, within_frame
from onemap.rules.display.maps.svg_text import as_attribute, as_text
from onemap.rules.display.maps.symbols import (
    PARCEL,
    Symbol,
    fill_attributes,
    pattern_of,
    symbols_of,
    verdict_symbol,
)
from onemap.rules.review.statement.document_words import words

MOST_BYTES = 1_500_000
_LEAST_BYTES = 6  # that a point of a path takes, but for a few
_THINNED = ((0.05, 0.2), (0.2, 1.0), (0.6, 3.0), (2.0, 8.0), (6.0, 25.0))  # lines moved by, left out below, in metres
_AROUND, _LEAST_M, _MOST_BEYOND_M = 4.0, 400.0, 2_400.0
_PX_PER_MM = 3.2
_ALONG_M, _MOST_BELOW = 0.05, 0.3  # so near a red line an outline is hidden; part of it that is
_OFF = ("plan",)  # at first; the present use is the base on which all else lies
_DIMENSIONS = ("point", "line", "polygon")


@dataclass
class _Group:
    """One layer on the map: its id, name and paths, its looks for the legend, and whether it is shown at first."""

    name: str
    title: str
    shown: bool
    paths: list[str] = field(default_factory=list)
    looks: dict[str, tuple[Symbol, str]] = field(default_factory=dict)


def page_map(source: MapSource, rules: set[str] | None = None, progress: Progress = SILENT) -> Markup:
    """The map with its tools and its legend. rules: only the conflicts of these; None: all conflicts."""
    page = _PageMap(source, rules, progress)
    *finer, coarsest = _THINNED
    for tolerance_m, least_m in finer:
        layers = [layer.thin(tolerance_m, least_m) for layer in page.layers]
        # What is too large by its points alone need not be written to be known so.
        if sum(layer.least_bytes for layer in layers) <= MOST_BYTES:
            map_html = page.html(layers)
            if len(map_html.encode()) <= MOST_BYTES:
                return map_html
    return page.html([layer.thin(*coarsest) for layer in page.layers])


@dataclass(frozen=True)
class _Part:
    """Features (n,) of a layer in one box of the map: their shapes, the lines to stroke, and their looks."""

    shapes: np.ndarray
    lines: np.ndarray
    looks: Sequence[Symbol]
    look_of: np.ndarray

    def thin(self, tolerance_m: float, least_m: float) -> "_Part":
        """The part with fewer points; a shape is None if nothing of it remains visible."""
        shapes, lines = (thin_shapes(some, tolerance_m, least_m) for some in (self.shapes, self.lines))
        return replace(self, shapes=shapes, lines=lines)

    @property
    def least_bytes(self) -> int:
        """The least number of bytes that its paths take: for polygons one path for each fill, and the lines."""
        fills = np.array([len(fill_attributes(look, "")) for look in self.looks], dtype=np.int64)
        points = np.where(shapely.get_dimensions(self.shapes) == 2, shapely.get_num_coordinates(self.shapes), 0)
        is_seen = ~shapely.is_missing(self.shapes)
        stroked = shapely.get_num_coordinates(self.lines[is_seen]).sum()
        return _LEAST_BYTES * int((points * fills[self.look_of]).sum() + stroked)


@dataclass(frozen=True)
class _Layer:
    """A layer on the map, whether it is shown at first, and its features in each box."""

    entry: LayerEntry
    shown: bool
    parts: Sequence[_Part]

    def thin(self, tolerance_m: float, least_m: float) -> "_Layer":
        """The layer with fewer points."""
        return replace(self, parts=[part.thin(tolerance_m, least_m) for part in self.parts])

    @property
    def least_bytes(self) -> int:
        """The least number of bytes that its paths take."""
        return sum(part.least_bytes for part in self.parts)


class _PageMap:
    """A page's map while it is drawn. Its unit is the metre, counted from the upper left corner of its ground.

    layers: clipped, with all their points.
    """

    def __init__(self, source: MapSource, rules: set[str] | None, progress: Progress) -> None:
        self.source, self.language, self.progress = source, source.language, progress
        self.pieces = [piece for piece in source.pieces if rules is None or piece.rule in rules]
        self.boxes = _joined_boxes(
            [_bounds_around_parcels(source, group) for group in neighbouring_parcels(source, list(source.parcels))]
        )
        west, south, east, north = _common_box(self.boxes)
        # A square, so that the map fills a window of any shape.
        self.whole = _square((west, south, east, north), max(east - west, north - south) / 2)
        if len(self.boxes) == 1:
            self.boxes = [self.whole]
        self.layers = self._layers()
        self.patterns: dict[Symbol, str] = {}
        self.labels: list[str] = []

    def html(self, layers: Sequence[_Layer]) -> Markup:
        """The HTML of tools, map and legend. layers: those to draw."""
        labels = words(self.language)
        self.patterns, self.labels = {}, []
        groups = self._groups(layers)
        west, south, east, north = self.whole
        size = f"0 0 {east - west:.2f} {north - south:.2f}"
        start = self._start()
        # Where the map begins, so that a place on it can be told in the library's coordinates.
        svg = (
            f'<svg id="map" viewBox="{size}" data-start="{start}" data-west="{west:.3f}" data-north="{north:.3f}"'
            f' tabindex="0" role="application" aria-label={as_attribute(labels["page_map_help"])}'
            f' font-family={as_attribute(FONTS)} preserveAspectRatio="xMidYMid meet">'
            f"<defs>{self._definitions()}</defs>"
            + f'<rect class="ground" width="{east - west:.2f}" height="{north - south:.2f}" fill="#FFFFFF"/>'
            + "".join(_group_svg(group) for group in groups)
            + f'<g id="labels">{"".join(self.labels)}</g></svg>'
        )
        return render("map.html", words=labels, drawn=Markup(svg), legend=self._legend(groups))  # escaped  # nosec B704

    def _definitions(self) -> str:
        """The patterns of the map, whose size a script keeps while zooming, and those of the legend."""
        return "".join(
            pattern_of(symbol, name) + pattern_of(symbol, f"{name}l").replace("<pattern ", '<pattern class="fixed" ')
            for symbol, name in self.patterns.items()
        )

    def _start(self) -> str:
        """The first view: the parcels with a margin."""
        west, south, east, north = shapely.total_bounds(
            np.array([*self.source.parcels.values()], dtype=object)
        ).tolist()
        margin = max(east - west, north - south, 40.0) * 0.35
        left, top = west - margin - self.whole[0], self.whole[3] - north - margin
        return f"{left:.2f} {top:.2f} {east - west + 2 * margin:.2f} {north - south + 2 * margin:.2f}"

    def _groups(self, layers: Sequence[_Layer]) -> list[_Group]:
        groups = [self._group(layer) for layer in layers]
        groups.sort(key=lambda group: not any(symbol.hides for symbol, _ in group.looks.values()))
        return [*groups, self._piece_group(), self._parcel_group()]

    def _layers(self) -> list[_Layer]:
        themes, layers, drawn_codes = map_themes(), [], set()
        for theme in ("present_use", "plan"):
            for code in themes[theme]["one_of"]:
                near = self._features(code, self.boxes)
                if near:
                    drawn_codes.add(code)
                    layers.append(self._layer(code, near, self.boxes, is_shown=theme not in _OFF))
                    break
        codes = [*themes["location"]["layers"], *themes["controls"].get("faint", ()), *themes["controls"]["layers"]]
        # What else a finding rests on is there to be switched on; at first it would hide too much.
        others = [layer for layer in self._layer_of_rule().values() if layer not in codes]
        for code in dict.fromkeys([*codes, *others]):
            boxes = [self.whole] if code in themes["location"]["layers"] else self.boxes
            near = self._features(code, boxes) if code not in drawn_codes else []
            if near:
                layers.append(self._layer(code, near, boxes, is_shown=code in codes))
        return layers

    def _layer_of_rule(self) -> dict[str, str]:
        """The layer of every rule that has a piece on the map."""
        struck = dict.fromkeys(piece.rule for piece in self.pieces)
        return {rule: self.source.rules[rule].layer for rule in struck if rule in self.source.rules}

    def _features(self, code: str, boxes: Sequence[Bounds]) -> list[NearFeatures | None]:
        near = [self.source.near(code, box) for box in boxes]
        return near if any(near) else []

    def _layer(
        self, code: str, near: Sequence[NearFeatures | None], boxes: Sequence[Bounds], *, is_shown: bool
    ) -> _Layer:
        entry, parts = self.source.catalogue[code], []
        for features, box in zip(near, boxes, strict=True):
            if features is None:
                continue
            looks, look_of = symbols_of(entry, features.attributes, self.language)
            self.progress.forward(LAYER_SHARE)
            view, geometries = self._view(box), shapely.make_valid(features.geometries)
            # Where a layer is cut off no outline may be drawn: it would look like a boundary.
            has_ring = shapely.get_dimensions(geometries) == 2
            lines = np.where(has_ring, shapely.boundary(geometries), geometries)
            parts.append(_Part(clip_to_frame(geometries, view), clip_to_frame(lines, view), looks, look_of))
        return _Layer(entry, is_shown, parts)

    def _group(self, layer: _Layer) -> _Group:
        group = _Group(layer.entry.code, layer.entry.title_in(self.language), layer.shown)
        for part in layer.parts:
            visible_rows = np.flatnonzero(~shapely.is_missing(part.shapes))
            for index in np.unique(part.look_of[visible_rows]).tolist():
                self.progress.forward(LAYER_SHARE)
                rows, look = visible_rows[part.look_of[visible_rows] == index], part.looks[index]
                group.paths.append(self._shapes_svg(part.shapes[rows], look, part.lines[rows]))
                kind = _DIMENSIONS[int(shapely.get_dimensions(part.shapes[rows]).max())]
                group.looks.setdefault(look.title, (look, kind))
        return group

    def _view(self, box: Bounds) -> View:
        """The view of a box of ground on the map, with one unit for a metre."""
        west, south, east, north = box
        centre = ((west + east) / 2, (south + north) / 2)
        return View(west - self.whole[0], self.whole[3] - north, east - west, north - south, centre, 1000)

    def _pattern(self, symbol: Symbol) -> str:
        if not (symbol.hatch or symbol.dots):
            return ""
        return self.patterns.setdefault(symbol, f"mp{len(self.patterns)}")

    def _shapes_svg(self, shapes: np.ndarray, symbol: Symbol, outlines: np.ndarray | None = None) -> str:
        """Shapes as SVG paths; outlines: what to stroke, if not the whole boundary."""
        dimension = int(shapely.get_dimensions(shapes).max())
        if dimension == 0:
            return "".join(
                f'<circle class="dot" cx="{x:.2f}" cy="{y:.2f}" r="2" fill="{symbol.stroke}"/>'
                for x, y in points_of(shapes)
            )
        fills = fill_attributes(symbol, self._pattern(symbol)) if dimension == 2 else ()
        data = path_data(shapes)
        # With several fills the path is written once for each; a reference would be lost in some viewers.
        line = data if outlines is None else path_data(outlines[~shapely.is_missing(outlines)])
        return "".join(f'<path d="{data}" {fill}/>' for fill in fills) + f'<path d="{line}" {_outline(symbol)}/>'

    def _piece_group(self) -> _Group:
        group = _Group("pieces", words(self.language)["page_pieces"], shown=True)
        layer_of = self._layer_of_rule()
        for verdict in VERDICTS:
            if any(piece.verdict == verdict for piece in self.pieces):
                symbol = verdict_symbol(verdict, self.language)
                group.looks[symbol.title] = (symbol, "polygon")
        for piece in sorted(self.pieces, key=lambda piece: (piece.counted, -float(shapely.area(piece.geometry)))):
            shapes = within_frame(np.array([piece.geometry], dtype=object), self._view(self.whole), 0.01, 0.0)
            if shapely.is_missing(shapes[0]):
                continue
            symbol = verdict_symbol(piece.verdict, self.language)
            kind = _DIMENSIONS[int(shapely.get_dimensions(shapes[0]))]
            if kind == "polygon" and self._is_below_red(piece, symbol):
                symbol = replace(symbol, stroke_mm=PARCEL.stroke_mm + 2 * symbol.stroke_mm)  # seen on either side
            # A piece that is all outline could be hit by its edge only.
            catcher = f'<path d="{path_data(shapes)}" class="catch" fill="#FFFFFF" fill-opacity="0"/>'
            group.paths.append(
                f'<g class="piece" data-parcel={as_attribute(piece.parcel)} data-rule={as_attribute(piece.rule)}'
                f" data-verdict={as_attribute(piece.verdict)} data-of={as_attribute(layer_of.get(piece.rule, ''))}>"
                f"<title>{as_text(self._piece_title(piece))}</title>"
                f"{catcher if kind == 'polygon' else ''}{self._shapes_svg(shapes, symbol)}</g>"
            )
        return group

    def _is_below_red(self, piece: Piece, symbol: Symbol) -> bool:
        """Whether a piece drawn only as an outline runs along its parcel's red line, which would hide it."""
        if symbol.fill or symbol.hatch or symbol.dots or piece.parcel not in self.source.parcels:
            return False
        edge = shapely.boundary(piece.geometry)
        red = shapely.buffer(shapely.boundary(self.source.parcels[piece.parcel]), _ALONG_M)
        return bool(shapely.length(shapely.intersection(edge, red)) > _MOST_BELOW * shapely.length(edge))

    def _piece_title(self, piece: Piece) -> str:
        title = self.source.rule_title(piece.rule)
        if not piece.counted:
            title = phrase("map.not_counted", self.language, title=title)
        return f"{piece.parcel} · {phrase(f'verdict.{piece.verdict}', self.language)} · {title}"

    def _parcel_group(self) -> _Group:
        group = _Group("parcels", phrase("map.parcels", self.language), shown=True)
        for name, ground in self.source.parcels.items():
            shapes = self._view(self.whole).shapes_on_paper(np.array([ground], dtype=object))
            group.paths.append(
                f'<g class="parcel" data-parcel={as_attribute(name)}><title>{as_text(name)}</title>'
                f"{self._shapes_svg(shapes, PARCEL)}</g>"
            )
            west, north, east, _ = shapely.bounds(shapes[0]).tolist()
            self.labels.append(
                f'<text x="{(west + east) / 2:.2f}" y="{north:.2f}" dy="-0.4em" text-anchor="middle" font-size="12"'
                f" data-parcel={as_attribute(name)}>{as_text(name)}</text>"
            )
        group.looks[group.title] = (PARCEL, "polygon")
        return group

    def _legend(self, groups: Sequence[_Group]) -> list[dict[str, Any]]:
        """Every layer with its looks; a layer with a single look of its own name shows it beside that name."""
        entries = []
        for group in reversed(groups):
            looks = [(self._swatch(*look), name.removeprefix(f"{group.title}: ")) for name, look in group.looks.items()]
            single = len(looks) == 1 and group.title in group.looks
            swatch, looks = (looks[0][0], []) if single else ("", looks)
            entries.append(
                {"name": group.name, "title": group.title, "shown": group.shown, "swatch": swatch, "looks": looks}
            )
        return entries

    def _swatch(self, symbol: Symbol, kind: str) -> Markup:
        """The swatch of a look in the legend, in mm like the patterns."""
        if kind == "point":
            body = f'<circle cx="3.75" cy="2.2" r="1" fill="{symbol.stroke}"/>'
        elif kind == "line":
            body = f'<path d="M.3 2.2H7.2" {_outline(symbol)}/>'
        else:
            box = "M.6 .6H6.9V3.8H.6z"
            pattern = f"{self._pattern(symbol)}l"
            fills = "".join(f'<path d="{box}" {look}/>' for look in fill_attributes(symbol, pattern))
            body = f'{fills}<path d="{box}" {_outline(symbol)}/>'
        return Markup(  # escaped before  # nosec B704
            f'<svg class="swatch" width="24" height="14" viewBox="0 0 7.5 4.4" aria-hidden="true">{body}</svg>'
        )


def _group_svg(group: _Group) -> str:
    hidden = "" if group.shown else ' class="off"'
    return f"<g data-layer={as_attribute(group.name)}{hidden}>{''.join(group.paths)}</g>"


def _outline(symbol: Symbol) -> str:
    """The attributes of an outline whose width does not grow with the map."""
    width = max(symbol.stroke_mm * _PX_PER_MM, 0.6)
    look = f'fill="none" stroke="{symbol.stroke}" stroke-width="{width:.3g}" vector-effect="non-scaling-stroke"'
    if symbol.dash:
        look += f' stroke-dasharray="{" ".join(f"{part * _PX_PER_MM:.3g}" for part in symbol.dash)}"'
    return look


def _bounds_around_parcels(source: MapSource, names: Iterable[str]) -> Bounds:
    grounds = np.array([source.parcels[name] for name in names], dtype=object)
    west, south, east, north = shapely.total_bounds(grounds).tolist()
    size = max(east - west, north - south)
    half = max(min(size * _AROUND, size + _MOST_BEYOND_M), _LEAST_M) / 2
    return _square((west, south, east, north), half)


def _joined_boxes(boxes: list[Bounds]) -> list[Bounds]:
    """Join boxes that meet, so that nothing is drawn twice."""
    result: list[Bounds] = []
    for box in boxes:
        joined_box = box
        while True:
            meeting = [other for other in result if _meet(other, joined_box)]
            if not meeting:
                break
            result = [other for other in result if other not in meeting]
            joined_box = _common_box([*meeting, joined_box])
        result.append(joined_box)
    return result


def _common_box(boxes: Sequence[Bounds]) -> Bounds:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _square(box: Bounds, half: float) -> Bounds:
    """The square around the middle of a box. half: of its side."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return (x - half, y - half, x + half, y + half)


def _meet(first: Bounds, second: Bounds) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]

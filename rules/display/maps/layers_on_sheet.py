"""The layers of a map on paper: features, pieces of conflict and parcels as paths, with the legend that they need."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely

from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.maps.labels import Label, line_name_shape
from onemap.rules.display.maps.legend_panel import LegendEntry
from onemap.rules.display.maps.map_source import NearFeatures, Piece
from onemap.rules.display.maps.svg_paths import View, path_data, points_of, within_frame
from onemap.rules.display.maps.svg_text import text_width
from onemap.rules.display.maps.symbols import (
    PARCEL,
    Symbol,
    fill_attributes,
    outline_attributes,
    pattern_of,
    symbols_of,
    verdict_symbol,
)

LAYER_SHARE = 0.08  # of what is left of a map, for each layer and class that is drawn; one too large is drawn again
_KINDS = ("point", "line", "polygon")
_NOT_NAMES = {"DLMC", "QSDWMC", "ZLDWMC", "XZQMC", "XJXZQMC", "GHMC"}  # a class, an owner, the district, the plan
_CODE_MM, _NAME_MM = 1.9, 2.4
_MOST_BELOW, _APART_MM = 0.3, 0.2  # part of an outline that lies below a red line; air between the two


@dataclass
class Sheet:
    """A map under construction. prefix: begins the ids of its patterns, unique in the document that holds the map.

    tolerance_mm, least_mm: how far lines may move, and the size below which nothing is drawn.
    """

    view: View
    language: str
    prefix: str
    tolerance_mm: float = 0.06
    least_mm: float = 0.25
    body: list[str] = field(default_factory=list)
    legend: list[LegendEntry] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    patterns: dict[Symbol, str] = field(default_factory=dict)
    progress: Progress = SILENT
    red_edge: shapely.Geometry | None = None  # on paper: what the parcels' outlines will cover

    def pattern(self, symbol: Symbol) -> str:
        """The id of a symbol's pattern, which is made at its first use; empty if it has none."""
        if not (symbol.hatch or symbol.dots):
            return ""
        return self.patterns.setdefault(symbol, f"{self.prefix}p{len(self.patterns)}")

    def definitions(self) -> str:
        """The patterns used."""
        return "".join(pattern_of(symbol, name) for symbol, name in self.patterns.items())

    def features(self, near: NearFeatures, *, faint: bool, coded: bool) -> bool:
        """Draw a layer's features; faint: as background; coded: with the code of its class. False: none was in view."""
        looks, look_of = symbols_of(near.entry, near.attributes, self.language, faint=faint)
        shapes = within_frame(near.geometries, self.view, self.tolerance_mm, self.least_mm)
        visible_rows = np.flatnonzero(~shapely.is_missing(shapes))
        if len(visible_rows) == 0:
            return False
        for index in np.unique(look_of[visible_rows]).tolist():
            self.progress.forward(LAYER_SHARE)
            rows = visible_rows[look_of[visible_rows] == index]
            kind = _KINDS[int(shapely.get_dimensions(shapes[rows]).max())]
            ground = self._beside_red(shapes[rows], looks[index], 1.0) if kind == "polygon" else shapes[rows]
            self._paint(ground, looks[index], kind)
        self._name(near, shapes, visible_rows, coded=coded, faint=faint)
        if coded and len(looks) == 1:
            self._name_codes(near, visible_rows)
        return True

    def _name_codes(self, near: NearFeatures, visible_rows: np.ndarray) -> None:
        """Explain in the legend the codes that mark the classes on the map."""
        item = near.entry.field_named(_code_field(near.entry) or "")
        if item is None or item.name not in near.attributes.columns:
            return
        values = near.attributes[item.name].iloc[visible_rows].dropna().astype(str)
        for code in sorted(set(values)):
            titles = class_titles(item.codes, code)
            if titles is not None:
                title = titles.get(self.language) or code
                self.legend.append(LegendEntry(Symbol(title), "code", title, code))

    def edge(self, ground: shapely.Geometry, symbol: Symbol, legend: str) -> None:
        """Draw the edge of some ground, if it is in view."""
        shapes = within_frame(np.array([shapely.boundary(ground)], dtype=object), self.view, self.tolerance_mm, 0.0)
        if not shapely.is_missing(shapes[0]):
            self._paint(shapes, symbol, "line", legend)

    def _paint(self, shapes: np.ndarray, symbol: Symbol, kind: str, legend: str | None = None) -> None:
        pattern = self.pattern(symbol)
        if kind == "point":
            self.body += [
                f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.9" fill="{symbol.stroke}" stroke="#FFFFFF"/>'
                for x, y in points_of(shapes)
            ]
        else:
            data = path_data(shapes)
            if kind == "polygon":
                self.body += [f'<path d="{data}" {look}/>' for look in fill_attributes(symbol, pattern)]
            self.body.append(f'<path d="{data}" {outline_attributes(symbol)}/>')
        text = symbol.title if legend is None else legend
        if text and not any(entry.text == text for entry in self.legend):
            self.legend.append(LegendEntry(symbol, kind, text, pattern))

    def _name(
        self, near: NearFeatures, shapes: np.ndarray, visible_rows: np.ndarray, *, coded: bool, faint: bool
    ) -> None:
        field_name = (_code_field(near.entry) if coded else None) or name_field(near.entry)
        if field_name is None or field_name not in near.attributes.columns or (faint and not coded):
            return
        values = near.attributes[field_name].tolist()
        size = _CODE_MM if coded else _NAME_MM
        by_size = sorted(
            visible_rows.tolist(), key=lambda row: -float(shapely.area(shapes[row]) or shapely.length(shapes[row]))
        )
        for row in by_size[:400]:
            if not values[row]:
                continue
            shape, text = shapes[row], str(values[row])
            if shapely.get_dimensions(shape) == 2:
                if coded and shapely.area(shape) < 2.5 * text_width(text, size) * size:
                    continue
                self.labels.append(Label(text, shape, size, inside=True, colour="#333333", repeated=coded))
            else:
                anchor = line_name_shape(shape) if shapely.get_dimensions(shape) == 1 else shape
                self.labels.append(Label(text, anchor, size, inside=False, colour="#333333"))

    def pieces(self, pieces: Iterable[Piece], titles: dict[str, str]) -> None:
        """Draw pieces of conflict in the look of their verdict, the severest last; titles: rule → its words."""
        groups: dict[tuple[str, str, str], list[shapely.Geometry]] = {}
        for piece in pieces:
            kind = _KINDS[int(shapely.get_dimensions(piece.geometry))]
            groups.setdefault((piece.verdict, piece.rule, kind), []).append(piece.geometry)
        for (verdict, rule, kind), geometries in groups.items():
            shapes = within_frame(np.array(geometries, dtype=object), self.view, 0.02, 0.0)
            symbol = verdict_symbol(verdict, self.language)
            legend = f"{symbol.title} {titles.get(rule, rule)}"
            shapes = shapes[~shapely.is_missing(shapes)]
            if len(shapes):
                if kind == "line":
                    symbol = Symbol(symbol.title, symbol.stroke, 1.2)
                ground = self._beside_red(shapes, symbol, -1.0) if kind == "polygon" else shapes
                self._paint(ground, symbol, kind, legend)

    def show_beside(self, parcels: np.ndarray) -> None:
        """Draw outlines that lie under the red lines of parcels (n,) beside them, because the red would hide them."""
        # One by one: of the lines of a thousand parcels at once GEOS finds the sides thirty times more slowly.
        edges = shapely.boundary(self.view.shapes_on_paper(parcels))
        self.red_edge = shapely.union_all(shapely.buffer(edges, PARCEL.stroke_mm / 2))

    def _beside_red(self, shapes: np.ndarray, symbol: Symbol, side: float) -> np.ndarray:
        """The shapes (n,), those under the red line made smaller (side -1) or larger (side 1) by both lines' widths."""
        if self.red_edge is None or symbol.fill or symbol.hatch or symbol.dots or not len(shapes):
            return shapes
        edges = shapely.boundary(shapes)
        is_below = shapely.length(shapely.intersection(edges, self.red_edge)) > _MOST_BELOW * shapely.length(edges)
        distance_mm = side * (PARCEL.stroke_mm / 2 + symbol.stroke_mm / 2 + _APART_MM)
        moved_shapes = shapely.buffer(shapes, distance_mm, join_style="mitre")
        return np.where(is_below & ~shapely.is_empty(moved_shapes), moved_shapes, shapes)

    def outlines(self, geometries: np.ndarray, symbol: Symbol, legend: str) -> None:
        """Draw outlines that are never left out, however small."""
        shapes = within_frame(geometries, self.view, 0.02, 0.0)
        shapes = shapes[~shapely.is_missing(shapes)]
        if len(shapes):
            self._paint(shapes, symbol, "polygon", legend)


def _code_field(entry: LayerEntry) -> str | None:
    if entry.class_field:
        return entry.class_field
    return next((item.name for item in entry.fields if item.name in ("DLBM", "YDXZDM", "YDYHFLDM", "GHDLBM")), None)


def name_field(entry: LayerEntry) -> str | None:
    """The field that holds a feature's own name."""
    if entry.code.startswith("XZQ"):
        return "XZQMC"
    for item in entry.fields:
        if dict(item.title).get("zh", "").endswith("名称") and not item.name_of and item.name not in _NOT_NAMES:
            return item.name
    return None

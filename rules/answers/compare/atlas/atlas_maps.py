"""The maps of an atlas as SVG: an overview with the sheets' numbers, and for each sheet both plans and its spots."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.style_table import difference_styles
from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, read_version
from onemap.layers.messages import phrase
from onemap.rules.answers.compare.atlas.atlas_source import AtlasSheet, AtlasSource
from onemap.rules.display.maps.furniture import grid_ticks, north_arrow, scale_bar, scale_number
from onemap.rules.display.maps.ground_below import draw_ground
from onemap.rules.display.maps.labels import Label, labels_svg
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.legend_panel import LegendEntry, LegendRow, Line, laid_out
from onemap.rules.display.maps.map_source import LayersOnMap
from onemap.rules.display.maps.svg_paths import View, round_scale
from onemap.rules.display.maps.svg_text import as_attribute, svg_text, wrap_text
from onemap.rules.display.maps.symbols import Symbol, styled_symbol

WIDTH_MM = 180.0
NAMED = 8  # spots of a sheet that have a number on the map and a row in the table
LINES_TO_SCALE = 20_000  # beyond 1:N a plan's lines would cover the map
_MARGIN, _COLUMN_MM, _FOOT_MM = 3.2, 45.0, 10.0
_AROUND, _BESIDE_M = 1.2, 60.0  # of the spots' own size, and at least so far on every side
_MARK_MM = 0.9  # what is smaller on paper is marked by a dot
_OTHERS_MM = 0.4  # spots of other sheets that are smaller on paper are left out
_PLANS = (Symbol("", "#8A2B00", 0.3), Symbol("", "#003F7D", 0.35, dash=(1.8, 1.0)))
_OTHERS = Symbol("", "#8A8A8A", 0.2, fill="#9A9A9A", fill_opacity=0.3)


class _PageGround(NamedTuple):
    """The ground drawn below the spots: its legend, and its layers with their versions."""

    legend: list[LegendEntry]
    used: list[str]


class AtlasMaps:
    """Draws the maps of one atlas. fonts: families in the order of preference."""

    def __init__(self, library: Library, source: AtlasSource, language: str, fonts: str) -> None:
        self.library, self.source, self.language, self.fonts = library, source, language, fonts
        self._layers = LayersOnMap(library, source.record)
        self._tree = shapely.STRtree(source.grounds)
        self._boxes = shapely.bounds(source.grounds).reshape(-1, 4)
        self._sizes_m = (self._boxes[:, 2:] - self._boxes[:, :2]).max(axis=1, initial=0.0)
        self._types = np.array([spot["type"] for spot in source.spots], dtype=object)

    def overview(self, height_mm: float) -> str:
        """Draw all spots of the atlas by type, with the numbers of sheets where there is room."""
        sheet = self._sheet(shapely.box(*shapely.total_bounds(self.source.grounds)), height_mm, "o")
        below = self._ground(sheet)
        self._spots(sheet, np.arange(len(self.source.spots)))
        largest = [(str(item.number), self.source.grounds[item.places[0]]) for item in self.source.sheets]
        for number, ground in largest:
            (shape,) = sheet.view.shapes_on_paper(np.array([shapely.box(*ground.bounds)], dtype=object))
            sheet.labels.append(Label(number, shape, 2.6, inside=False, repeated=True, bold=True))
        return self._whole_map(sheet, height_mm, below, [], np.empty(0, dtype=int))

    def sheet(self, item: AtlasSheet, height_mm: float) -> str:
        """Draw the map of one sheet; its legend notes what it does not show."""
        mine = np.array(item.places)
        sheet = self._sheet(shapely.box(*shapely.total_bounds(self.source.grounds[mine])), height_mm, f"s{item.number}")
        below = self._ground(sheet)
        near = self._tree.query(shapely.box(*sheet.view.bounds))
        others = np.setdiff1d(near, mine)
        others = others[self._sizes_m[others] * sheet.view.mm_per_m >= _OTHERS_MM]
        if len(others):
            sheet.outlines(self.source.grounds[others], _OTHERS, phrase("atlas.other_spots", self.language))
        notes = []
        for name, version, look in zip("ab", self.source.sides, _PLANS, strict=True):
            notes += self._plan(sheet, name, version, look)
        self._spots(sheet, mine)  # above the lines: a narrow one lies between two of them
        for number, place in enumerate(mine[:NAMED], start=1):
            (shape,) = sheet.view.shapes_on_paper(self.source.grounds[[place]])
            sheet.labels.append(Label(str(number), shape, 3.0, inside=False, needed=True, bold=True))
        return self._whole_map(sheet, height_mm, below, notes, mine[:NAMED])

    def _sheet(self, ground: shapely.Geometry, height_mm: float, prefix: str) -> Sheet:
        """An empty map that shows some ground at a round scale."""
        width = WIDTH_MM - 2 * _MARGIN - _COLUMN_MM - 3
        height = height_mm - _MARGIN - _FOOT_MM
        west, south, east, north = ground.bounds
        centre = ((west + east) / 2, (south + north) / 2)
        half_east = max((east - west) * _AROUND, east - west + 2 * _BESIDE_M) / 2
        half_north = max((north - south) * _AROUND, north - south + 2 * _BESIDE_M) / 2
        box = (centre[0] - half_east, centre[1] - half_north, centre[0] + half_east, centre[1] + half_north)
        view = View(_MARGIN, _MARGIN, width, height, centre, round_scale(box, width, height))
        return Sheet(view, self.language, prefix)

    def _ground(self, sheet: Sheet) -> _PageGround:
        """Draw the ground first, below the spots; its legend comes last."""
        used_entries = draw_ground(sheet, self._layers)
        legend, sheet.legend = sheet.legend, []
        return _PageGround(legend, used_entries)

    def _spots(self, sheet: Sheet, places: np.ndarray) -> None:
        """Draw spots by type; one too small to be seen becomes a dot in its type's colour."""
        grounds, types = self.source.grounds[places], self._types[places]
        box = self._boxes[places]
        size_mm = self._sizes_m[places] * sheet.view.mm_per_m
        for kind in sorted(set(types)):
            look, text = (
                styled_symbol(difference_styles()[kind]),
                f"{kind} {phrase(f'difference.{kind}', self.language)}",
            )
            of_kind = types == kind
            sheet.outlines(grounds[of_kind & (size_mm >= _MARK_MM)], look, text)
            tiny = of_kind & (size_mm < _MARK_MM)
            if tiny.any():
                centres = np.column_stack([box[tiny, 0] + box[tiny, 2], box[tiny, 1] + box[tiny, 3]]) / 2
                marks = np.unique(np.round(sheet.view.on_paper(centres) * 2) / 2, axis=0)
                sheet.body += [
                    f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{_MARK_MM / 2:g}" fill="{look.stroke}"/>'
                    for x, y in marks.tolist()
                ]
                label = phrase("atlas.marked", self.language, title=text)
                sheet.legend.append(LegendEntry(look, "point", label))

    def _plan(self, sheet: Sheet, name: str, version: Version | None, look: Symbol) -> list[str]:
        """Draw a plan's boundaries; return notes on why they are missing, if they are."""
        title = phrase(f"atlas.plan_{name}", self.language)
        if sheet.view.scale > LINES_TO_SCALE:
            return [phrase("atlas.no_lines", self.language, plan=title, scale=scale_number(LINES_TO_SCALE))]
        if version is None:
            return [phrase("atlas.no_version", self.language, plan=title)]
        try:
            features = read_version(self.library, version, sheet.view.bounds)
        except OneMapError as error:
            if error.code != "version.unreadable":
                raise
            return [phrase("atlas.no_version", self.language, plan=title)]
        if len(features.geometries):
            name = layer_title(version.code, self._layers.catalogue, self.language)
            sheet.outlines(
                features.geometries, look, f"{title}{'：' if self.language == 'zh' else ': '}{name} {version.label}"
            )
        return []

    def _whole_map(
        self, sheet: Sheet, height_mm: float, ground: _PageGround, notes: Sequence[str], kept_free: np.ndarray
    ) -> str:
        """The SVG of the whole map. kept_free: positions of spots that no number may cover."""
        view = sheet.view
        free = view.shapes_on_paper(self.source.grounds[kept_free])
        right, bottom = view.left + view.width, view.top + view.height
        edges = (view.left, view.top, right, bottom)
        arrow = (right - 14.5, view.top, right, view.top + 14.5)
        labels = labels_svg(sheet.labels, edges, free, [arrow])
        rows: list[LegendRow] = [
            Line(((0, phrase("map.legend", self.language)),), bold=True, heads=True),
            *sheet.legend,
        ]
        rows += [Line(((0, part),)) for note in notes for part in wrap_text(note, 2.4, _COLUMN_MM)]
        if ground.used:
            names = phrase("said.comma", self.language).join(ground.used)
            below = phrase("atlas.ground", self.language, layers=names)
            rows += [Line(((0, part),)) for part in wrap_text(below, 2.4, _COLUMN_MM)]
            rows += ground.legend
        panel = laid_out(rows, _COLUMN_MM, _COLUMN_MM, view.height)
        clip = f"{sheet.prefix}frame"
        frame = f'x="{view.left:.2f}" y="{view.top:.2f}" width="{view.width:.2f}" height="{view.height:.2f}"'
        lines = wrap_text(crs_title(self.library.crs, self.language), 1.9, _COLUMN_MM)
        place = (right + _MARGIN + 1.5, bottom + 9.0 - 2.5 * len(lines))
        crs = "".join(svg_text(line, place[0], place[1] + 2.5 * number, 1.9) for number, line in enumerate(lines))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM:g}mm" height="{height_mm:g}mm"'
            f' viewBox="0 0 {WIDTH_MM:g} {height_mm:g}" font-family={as_attribute(self.fonts)}>'
            f'<defs><clipPath id="{clip}"><rect {frame}/></clipPath>{sheet.definitions()}</defs>'
            f'<g clip-path="url(#{clip})">{"".join(sheet.body)}{labels}{north_arrow(right - 7.4, view.top + 1.0)}</g>'
            f'<rect {frame} fill="none" stroke="#111111" stroke-width="0.35"/>{grid_ticks(view)}'
            f"{scale_bar(view.left, bottom + 7.0, view.scale, 55.0, self.language)}{crs}"
            f"{panel.svg(right + _MARGIN + 1.5, view.top)}</svg>"
        )

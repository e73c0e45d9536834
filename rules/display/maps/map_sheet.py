"""A map of a statement as SVG: frame, features, conflicts, parcels, legend, north arrow, scale, grid, coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.catalogue.style_table import map_themes
from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.messages import list_text, phrase
from onemap.layers.progress import SILENT, Progress
from onemap.rules.contract.verdict import Verdict
from onemap.rules.display.maps.boundary_points import BoundaryPoint, boundary_points
from onemap.rules.display.maps.fonts import FONTS
from onemap.rules.display.maps.furniture import grid_ticks, north_arrow, scale_bar
from onemap.rules.display.maps.inset import inset_svg, rings_svg, tiny_pieces
from onemap.rules.display.maps.labels import Label, labels_svg
from onemap.rules.display.maps.layers_on_sheet import LAYER_SHARE, Sheet
from onemap.rules.display.maps.legend_panel import LegendRow, Line, Panel, laid_out
from onemap.rules.display.maps.map_source import MapSource, Piece
from onemap.rules.display.maps.sheets_needed import MapPage
from onemap.rules.display.maps.svg_paths import View, round_scale
from onemap.rules.display.maps.svg_text import as_attribute, svg_text, wrap_text
from onemap.rules.display.maps.symbols import PARCEL, Symbol

__all__ = ["DrawnMap", "MapPage", "MapSource", "Paper", "draw_map"]

MOST_BYTES = 900_000
_MARGIN = 3.2  # beside the frame, for the grid's numbers
_TITLE_MM, _SMALL_MM = 5.0, 2.0
_COLUMN_MM = 47.0
_LEAST_LETTERS_MM = 2.1  # of a legend beside a map
_MOST_POINTS = 40
_MOST_NAMED = 12  # parcels on the map of the surroundings; more are named together
THINNED = ((0.06, 0.25), (0.15, 0.5), (0.35, 1.0), (0.8, 2.0))  # lines moved by, things left out below, in mm
_DISTRICT = Symbol("", "#6B6B6B", 0.6, dash=(3.0, 0.9, 0.6, 0.9))


@dataclass(frozen=True)
class Paper:
    """The size of a whole map with title and legend, in mm; wider than high: the legend stands on the right."""

    width_mm: float = 156.0
    height_mm: float = 225.0

    @property
    def is_wide(self) -> bool:
        """Whether the legend stands beside the map."""
        return self.width_mm > self.height_mm


@dataclass(frozen=True)
class DrawnMap:
    """A map: its SVG text, its name, its sources, the N of its scale 1:N, its size in mm.

    is_legible: whether its legend has room on the paper in letters that can be read.
    """

    svg: str
    title: str
    caption: str
    scale: int
    page: MapPage
    paper: Paper
    is_legible: bool


def draw_map(
    source: MapSource,
    page: MapPage,
    paper: Paper | None = None,
    *,
    project: str = "",
    fonts: str = FONTS,
    prefix: str = "m",
    progress: Progress = SILENT,
) -> DrawnMap:
    """One map on one sheet, below 1 MB.

    project: its name, above the map; fonts: families in the order of preference; prefix: begins every id in the SVG,
    so that several maps may stand in one HTML page.
    """
    paper = paper or Paper()
    for tolerance_mm, least_mm in THINNED:
        drawing = _Drawing(source, page, paper, project, fonts, prefix, progress).draw_map(tolerance_mm, least_mm)
        if len(drawing.svg.encode()) <= MOST_BYTES:
            break
    return drawing


def _middle(box: Bounds) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


class _Drawing:
    """One map while it is drawn."""

    def __init__(
        self,
        source: MapSource,
        page: MapPage,
        paper: Paper,
        project: str,
        fonts: str,
        prefix: str,
        progress: Progress,
    ) -> None:
        self.source, self.page, self.paper, self.project = source, page, paper, project
        self.fonts, self.prefix, self.progress = fonts, prefix, progress
        self.language = source.language
        self.theme: Mapping = map_themes()[page.theme]
        names = page.parcels or tuple(source.parcels)
        self.parcels = {name: source.parcels[name] for name in names}
        self.pieces: list[Piece] = [
            piece
            for piece in source.pieces
            if (page.all_pieces or piece.rule == page.rule) and piece.parcel in self.parcels
        ]
        self.pieces.sort(key=lambda piece: piece.counted)
        self.used: dict[str, str] = {}  # layer → title and label

    def draw_map(self, tolerance_mm: float, least_mm: float) -> DrawnMap:
        """The map; if the legend needs more room than was reserved, it gets it in the next attempt."""
        reserved = 8.0
        for _ in range(4):
            head, top = self._head()
            view = self._view(top, reserved)
            sheet = Sheet(view, self.language, self.prefix, tolerance_mm, least_mm, progress=self.progress)
            self._fill(sheet)
            panel = self._panel(sheet)
            if self.paper.is_wide or panel.height <= reserved + 0.01:
                break
            reserved = panel.height
        return self._whole_map(sheet, panel, head)

    def title(self) -> str:
        """The title above the map."""
        all_conflicts = self.page.all_pieces and "title_all" in self.theme
        title = str(self.theme["title_all" if all_conflicts else "title"].get(self.language))
        if self.page.rule is None:
            return title
        return f"{title}{'：' if self.language == 'zh' else ': '}{self.source.rule_title(self.page.rule)}"

    def _description(self, scale: int) -> str:
        """The description of the map for who cannot see it: title, parcels, conflicts, layers, scale."""
        comma = phrase("said.comma", self.language)
        names = [*self.parcels]
        many = phrase("map.count", self.language, count=len(names))
        conflicts = dict.fromkeys(self.source.rule_title(piece.rule) for piece in self.pieces if piece.counted)
        facts = (
            ("map.of_parcels", [many] if len(names) > _MOST_NAMED else names),
            ("map.with_conflicts", [*conflicts]),
            ("map.with_layers", [*self.used.values()]),
            ("map.at_scale", [f"1:{scale:,}"]),
        )
        parts = [phrase(name, self.language, names=comma.join(texts)) for name, texts in facts if texts]
        return phrase("said.semicolon", self.language).join([self.title(), *parts])

    def _head(self) -> tuple[str, float]:
        """Title, project and parcels, and the height that they need."""
        middle, width = self.paper.width_mm / 2, self.paper.width_mm
        y, lines = 0.0, []
        for text, size, bold in ((self.title(), _TITLE_MM, True), (self._subtitle(), 2.8, False)):
            for line in wrap_text(text, size, width - 4) if text else ():
                y += size * 1.25
                lines.append(svg_text(line, middle, y, size, anchor="middle", bold=bold))
        return "".join(lines), y + 4.0

    def _subtitle(self) -> str:
        names = list(self.parcels)
        names_text = list_text(names[:6], self.language) + (f" … ({len(names)})" if len(names) > 6 else "")
        return " · ".join(filter(None, (self.project, names_text)))

    def _view(self, top: float, reserved: float) -> View:
        """The frame: as large as title, legend and notes leave it, at a round scale."""
        foot = 16.0 + (0 if self.paper.is_wide else reserved)
        width = self.paper.width_mm - 2 * _MARGIN - (_COLUMN_MM + 3 if self.paper.is_wide else 0)
        height = max(self.paper.height_mm - top - foot, self.paper.height_mm * 0.35)
        west, south, east, north = shapely.total_bounds(np.array([*self.parcels.values()], dtype=object)).tolist()
        centre = ((west + east) / 2, (south + north) / 2)
        if self.page.theme == "location" and (town := self._town((west, south, east, north))) is not None:
            return View(_MARGIN, top, width, height, _middle(town), round_scale(town, width, height))
        grown = float(self.theme["around"])
        half_width = max((east - west) * grown, float(self.theme["least_m"])) / 2
        half_height = max((north - south) * grown, float(self.theme["least_m"]) * min(1.0, height / width)) / 2
        ground = (centre[0] - half_width, centre[1] - half_height, centre[0] + half_width, centre[1] + half_height)
        return View(_MARGIN, top, width, height, centre, round_scale(ground, width, height))

    def _town(self, parcels: Bounds) -> Bounds | None:
        """The box of the district with the parcels, if the theme would show more than that; else None."""
        district = self.source.library.district()
        if district is None:
            return None
        west, south, east, north = shapely.total_bounds(np.array([district, shapely.box(*parcels)], dtype=object))
        reach = max(parcels[2] - parcels[0], parcels[3] - parcels[1]) * float(self.theme["around"])
        air = 0.04 * max(east - west, north - south)
        if max(east - west, north - south) > max(reach, float(self.theme["least_m"])) * 1.5:
            return None
        return west - air, south - air, east + air, north + air

    def _fill(self, sheet: Sheet) -> None:
        """Features from the lowest to the uppermost, then the conflict, then the parcels, then the names."""
        self.used.clear()
        sheet.show_beside(np.array([*self.parcels.values()], dtype=object))
        drawn_one = False
        for code in self.theme.get("base", ()):
            drawn_one = drawn_one or self._layer(sheet, code, faint=True)
        drawn_one = False
        for code in self.theme.get("one_of", ()):
            drawn_one = drawn_one or self._layer(sheet, code, coded=True)
        for code in self.theme.get("faint", ()):
            self._layer(sheet, code, faint=True)
        layers = list(self.theme["layers"])
        rule = self.source.rules.get(self.page.rule or "")
        if rule is not None:
            layers.append(rule.layer)
        for code in layers:
            self._layer(sheet, code)
        district = self.source.library.district() if self.page.theme == "location" and "XZQ" not in self.used else None
        if district is not None:
            sheet.outlines(np.array([district], dtype=object), _DISTRICT, phrase("map.district", self.language))
        if rule is not None and any(piece.verdict == Verdict.UNKNOWN for piece in self.pieces):
            ground = self.source.coverage(rule.layer)
            if ground is not None:
                sheet.edge(ground, _DISTRICT, phrase("map.coverage", self.language))
        counted_pieces = [piece for piece in self.pieces if piece.counted]
        title = {piece.rule: self.source.rule_title(piece.rule) for piece in self.pieces}
        rest = {rule: phrase("map.not_counted", self.language, title=words) for rule, words in title.items()}
        sheet.pieces([piece for piece in self.pieces if not piece.counted], rest)
        sheet.pieces(counted_pieces, title)
        grounds = np.array([*self.parcels.values()], dtype=object)
        sheet.outlines(grounds, PARCEL, phrase("map.parcels", self.language))

    def _layer(self, sheet: Sheet, code: str, *, faint: bool = False, coded: bool = False) -> bool:
        near = self.source.near(code, sheet.view.bounds)
        if near is None:
            return False
        self.progress.forward(LAYER_SHARE)
        if not sheet.features(near, faint=faint, coded=coded):
            return False
        self.used[code] = f"{near.entry.title_in(self.language)} {near.version.label}"
        return True

    def _panel(self, sheet: Sheet) -> Panel:
        rows: list[LegendRow] = [
            Line(((0, phrase("map.legend", self.language)),), bold=True, heads=True),
            *sheet.legend,
        ]
        if self.page.theme == "boundary":
            rows += self._coordinates()
        if self.paper.is_wide:
            return laid_out(rows, _COLUMN_MM, _COLUMN_MM, sheet.view.height)
        return laid_out(rows, self.paper.width_mm, _COLUMN_MM, self.paper.height_mm * 0.45)

    def _boundary_points(self) -> list[BoundaryPoint]:
        return [point for ground in self.parcels.values() for point in boundary_points(ground)]

    def _coordinates(self) -> list[LegendRow]:
        """The number of boundary points; their coordinates are in the annex."""
        text = phrase("map.points_elsewhere", self.language, count=len(self._boundary_points()))
        return [Line(((0, part),)) for part in wrap_text(text, 2.7, _COLUMN_MM)]

    def _labels(self, sheet: Sheet, taken_boxes: list[tuple[float, float, float, float]]) -> tuple[str, str]:
        """The names, and the marks of the boundary points."""
        view = sheet.view
        frame = (view.left, view.top, view.left + view.width, view.top + view.height)
        grounds = view.shapes_on_paper(np.array([*self.parcels.values()], dtype=object))
        red = PARCEL.stroke or ""
        names_and_grounds = zip(self.parcels, grounds, strict=True)
        if self.page.theme == "location" and len(grounds) > _MOST_NAMED:
            count_text = phrase("map.count", self.language, count=len(grounds))
            names_and_grounds = zip([count_text], [shapely.geometrycollections(grounds)], strict=True)
        labels = [
            Label(name, shape, 2.8, inside=False, needed=True, colour=red, bold=True)
            for name, shape in names_and_grounds
        ]
        kept_free = [*grounds]
        if self.page.theme == "conflict":
            kept_free = [*view.shapes_on_paper(np.array([piece.geometry for piece in self.pieces], dtype=object))]
        district = self.source.library.district() if self.page.theme == "location" else None
        if district is not None:
            kept_free.append(shapely.boundary(view.shapes_on_paper(np.array([district], dtype=object))[0]))
        marks = ""
        points = self._boundary_points() if self.page.theme == "boundary" else []
        for point in points if len(points) <= _MOST_POINTS else ():
            x, y = view.on_paper(np.array([[point.east_m, point.north_m]]))[0]
            marks += f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.7" fill="#FFFFFF" stroke="{red}" stroke-width="0.3"/>'
            labels.append(Label(point.label, shapely.Point(x, y).buffer(0.5), 2.0, inside=False, needed=True))
        # Places for what is drawn over the names.
        return labels_svg([*labels, *sheet.labels], frame, np.array(kept_free, dtype=object), taken_boxes), marks

    def _whole_map(self, sheet: Sheet, panel: Panel, head: str) -> DrawnMap:
        view, paper = sheet.view, self.paper
        right, bottom = view.left + view.width, view.top + view.height
        arrow = (right - 14.5, view.top, right, view.top + 14.5)
        taken_boxes = [arrow]
        tiny = tiny_pieces(self.pieces, self.parcels, view, self.page.theme)
        inset, box = inset_svg(self.pieces, tiny, sheet, self.parcels, arrow) if self.page.rule else ("", None)
        if box is not None:
            taken_boxes.append(box)
        names, marks = self._labels(sheet, taken_boxes)
        clip = f"{self.prefix}frame"
        frame = f'x="{view.left:.2f}" y="{view.top:.2f}" width="{view.width:.2f}" height="{view.height:.2f}"'
        foot = bottom + 3.4
        notes, caption = self._notes(foot + 5.0)
        panel_at = (right + _MARGIN + 1.5, view.top) if paper.is_wide else (0.0, foot + 13.0)
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{paper.width_mm:g}mm" height="{paper.height_mm:g}mm"'
            f' viewBox="0 0 {paper.width_mm:g} {paper.height_mm:g}" role="img"'
            f" aria-label={as_attribute(self._description(view.scale))} font-family={as_attribute(self.fonts)}>"
            f'<rect width="{paper.width_mm:g}" height="{paper.height_mm:g}" fill="#FFFFFF"/>'
            f'<defs><clipPath id="{clip}"><rect {frame}/></clipPath>{sheet.definitions()}</defs>{head}'
            f'<g clip-path="url(#{clip})">{"".join(sheet.body)}{rings_svg(tiny)}{marks}{names}'
            f"{north_arrow(right - 7.4, view.top + 1.0)}{inset}</g>"
            f'<rect {frame} fill="none" stroke="#111111" stroke-width="0.35"/>{grid_ticks(view)}'
            f"{scale_bar(0.0, foot + 3.2, view.scale, min(60.0, paper.width_mm / 3), self.language)}"
            f"{notes}{panel.svg(*panel_at)}</svg>"
        )
        is_legible = not paper.is_wide or (panel.height <= view.height and panel.size >= _LEAST_LETTERS_MM)
        return DrawnMap(svg, self.title(), caption, view.scale, self.page, paper, is_legible)

    def _notes(self, y: float) -> tuple[str, str]:
        """The data that the map shows, and their run; drawn below the map, and as text."""
        versions = list_text(self.used.values(), self.language)
        data = (
            phrase("map.data", self.language, versions=versions) if versions else phrase("map.no_data", self.language)
        )
        notes = [] if self.page.theme == "boundary" else [data]
        if self.source.unreadable:
            notes.append(phrase("map.unreadable", self.language, layers=sorted(self.source.unreadable)))
        record = self.source.record
        day, crs = record["parameters"]["as_of"], crs_title(self.source.library.crs, self.language)
        said_of_run = "map.run" if record["id"] else "map.day"
        notes.append(phrase(said_of_run, self.language, run=record["id"], as_of=day, crs=crs))
        size = _SMALL_MM
        lines = [line for text in notes for line in wrap_text(text, size, self.paper.width_mm)]
        while len(lines) * size * 1.3 > 8.0 and size > 1.2:
            size -= 0.1
            lines = [line for text in notes for line in wrap_text(text, size, self.paper.width_mm)]
        notes_svg = "".join(
            svg_text(line, 0.0, y + size * (1 + order * 1.3), size, colour="#444444")
            for order, line in enumerate(lines)
        )
        return notes_svg, " ".join(notes)

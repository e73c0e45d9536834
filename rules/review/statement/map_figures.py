"""The maps of a document: each is numbered once, and named in every table row that it shows."""

from collections.abc import Collection

from onemap.layers.catalogue.style_table import map_themes
from onemap.layers.progress import Progress
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.display.maps.map_sheet import DrawnMap, MapPage, MapSource, Paper, draw_map
from onemap.rules.display.maps.sheets_needed import conflict_pages, theme_pages
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.statement.run_evidence import Evidence

_HALF_PAGE = Paper(156.0, 98.0)  # two of them with their captions fill a page
_WHOLE_PAGE = Paper()


def figures(source: MapSource, evidence: Evidence, department: str | None, annexes: Collection[str]) -> list[Row]:
    """Number, theme, title, rule and parcels of every map, in the order of printing.

    annexes: `maps` adds maps by theme and one of all conflicts, `conflicts` one for each rule that found something.
    """
    pages = theme_pages(source, department) if "maps" in annexes else []
    pages += conflict_pages(source, department) if "conflicts" in annexes else []
    return [
        {
            "number": number,
            "theme": page.theme,
            "title": _title(page, evidence),
            "rule": page.rule,
            "parcels": list(page.parcels),
        }
        for number, page in enumerate(pages, start=1)
    ]


def _title(page: MapPage, evidence: Evidence) -> str:
    if page.rule:
        return evidence.rule_title(page.rule)
    return str(map_themes()[page.theme]["title_all" if page.all_pieces else "title"][evidence.language])


def page_of(figure: Row) -> MapPage:
    """The map that a figure of the content shows."""
    return MapPage(figure["theme"], figure["rule"], tuple(figure["parcels"]), all_pieces=_shows_all(figure))


def drawn_on_paper(source: MapSource, page: MapPage, project: str, fonts: str, prefix: str, step: Progress) -> DrawnMap:
    """Draw a map for a printed page: half a page, or a whole one if a town or a long legend needs it.

    project: its name, above the map; fonts: families in order of preference; prefix: begins every id in the SVG.
    """
    whole = page.theme == "location"
    drawing = draw_map(
        source, page, _WHOLE_PAGE if whole else _HALF_PAGE, project=project, fonts=fonts, prefix=prefix, progress=step
    )
    if drawing.is_legible:
        return drawing
    return draw_map(source, page, _WHOLE_PAGE, project=project, fonts=fonts, prefix=prefix, progress=step)


def _shows_all(figure: Row) -> bool:
    return bool(figure["theme"] == "conflict" and figure["rule"] is None)


def with_figures(rows: list[Row], figures: list[Row], evidence: Evidence) -> list[Row]:
    """Add to rows the numbers of the maps that show their rule (and their parcel, if any), and the first map's number.

    If the rule has no map of its own, these are the maps of all conflicts on which it has a piece.
    """
    grounds: dict[str, set[str]] = {}
    for finding in evidence.findings:
        if finding["counted"]:
            grounds.setdefault(finding["rule"], set()).add(finding["parcel"])

    def shows(figure: Row, row: Row) -> bool:
        if row["state"] == RowState.CLEAR or figure["rule"] not in (row["rule"], None):
            return False
        if figure["rule"] is None and not _shows_all(figure):
            return False
        parcels = {row["parcel"]} if "parcel" in row else grounds.get(row["rule"], set())
        if figure["rule"] is None:
            parcels &= grounds.get(row["rule"], set())
        return not figure["parcels"] or bool(parcels & set(figure["parcels"]))

    def numbers(row: Row) -> list[int]:
        row_figures = [figure for figure in figures if shows(figure, row)]
        of_rule = [figure for figure in row_figures if figure["rule"] is not None]
        return [int(figure["number"]) for figure in of_rule or row_figures]

    shown_on = [numbers(row) for row in rows]
    return [
        {**row, "figure": next(iter(maps), None), "shown_on": maps} for row, maps in zip(rows, shown_on, strict=True)
    ]

"""The maps of a document: numbered once, and named in every table's row that one of them shows."""

from typing import Any

from onemap.layers.catalogue.style_table import map_themes
from onemap.rules.maps.map_sheet import MapPage, MapSource, map_pages
from onemap.rules.statement.run_evidence import Evidence

Row = dict[str, Any]


def figures(source: MapSource, evidence: Evidence, department: str | None) -> list[Row]:
    """Number, theme, title, rule and parcels of every map, in the order in which they are printed."""
    return [
        {
            "number": number,
            "theme": page.theme,
            "title": _title(page, evidence),
            "rule": page.rule,
            "parcels": list(page.parcels),
        }
        for number, page in enumerate(map_pages(source, department), start=1)
    ]


def _title(page: MapPage, evidence: Evidence) -> str:
    return evidence.rule_title(page.rule) if page.rule else str(map_themes()[page.theme]["title"][evidence.language])


def page_of(figure: Row) -> MapPage:
    """The map that a figure of the content shows."""
    return MapPage(figure["theme"], figure["rule"], tuple(figure["parcels"]))


def with_figures(rows: list[Row], found: list[Row]) -> list[Row]:
    """The rows with the number of the first map that shows their rule, and their parcel if they have one."""

    def number(row: Row) -> int | None:
        for figure in found:
            shows_parcel = "parcel" not in row or not figure["parcels"] or row["parcel"] in figure["parcels"]
            if figure["rule"] == row["rule"] and shows_parcel and row["state"] != "clear":
                return int(figure["number"])
        return None

    return [{**row, "figure": number(row)} for row in rows]

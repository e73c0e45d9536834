"""All sheets of a check in one file: facts, maps and texts, some parcels at a time."""

from typing import Any

import numpy as np

from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.rules.maps.fonts import FONTS, chosen_fonts
from onemap.rules.maps.map_pictures import map_pictures
from onemap.rules.maps.map_source import Piece
from onemap.rules.maps.page_files import docx_file, html_file, json_file, pdf_file
from onemap.rules.packs.pack import rules_of_run
from onemap.rules.sheet.sheet_content import Sheet, add_land_classes, sheets_of, without_words
from onemap.rules.sheet.sheet_maps import CheckMapSource, parcel_map
from onemap.rules.sheet.sheet_pages import sheet_page

SUFFIXES = (".pdf", ".docx", ".html", ".json")
_DRAWN = 0.7  # of the work
_AT_ONCE, _PICTURE_PX = 25, 1100


def sheet_book(library: Library, run: Any, suffix: str, language: str, progress: Progress) -> tuple[bytes, int]:
    """The file of a check's sheets and how many pages it has; of a form without pages, how many sheets.

    run: of the check, in memory or in blocks.
    """
    source = CheckMapSource(library, run.record, run.packs, language)
    rules = rules_of_run(run.packs, run.record)
    families = f"{chosen_fonts().families['heading']}, {FONTS}" if suffix != ".json" else FONTS
    sheets: list[Sheet] = []
    maps = _Maps(source, suffix == ".docx", families)
    drawing = progress.part(0.0, _DRAWN, phrase("progress.maps", language, number=1, count=run.parcels))
    for chunk in run.chunks():
        # Of a run in blocks what stands by rule, and its record, come in chunks of their own, after all parcels.
        some = sheets_of(library, run.record, chunk.tables, rules, language, drawing)
        for made, grounds, pieces in some if "parcels" in chunk.tables else ():
            if suffix != ".json":
                maps.draw([sheet["parcel"] for sheet in made], grounds, pieces, run.parcels, drawing)
            sheets += made
        add_land_classes(sheets, chunk.tables)
    head = _head(library, run.record, language)
    if suffix == ".json":
        return json_file(head, [without_words(sheet) for sheet in sheets]), len(sheets)
    catalogue = library.catalogue()
    pages = [sheet_page(sheet, catalogue, language) for sheet in sheets]
    foot = phrase(
        "query_sheet.foot",
        language,
        **{**head, "library": library.printed_name},
        packs=_pack_titles(run.record, language),
    )
    printing = progress.part(_DRAWN, 1.0, phrase("progress.pages", language))
    printing.at(0.0)
    if suffix == ".pdf":
        return pdf_file(pages, maps.drawn, foot, language, printing)
    body = html_file(pages, maps.drawn, foot, language) if suffix == ".html" else docx_file(pages, maps.drawn, foot)
    return body, len(pages)


class _Maps:
    """The maps of the sheets in their order: as SVG, or as pictures for Word."""

    def __init__(self, source: CheckMapSource, as_pictures: bool, fonts: str) -> None:
        self.drawn: list[Any] = []
        self._source, self._as_pictures, self._fonts, self._theme = source, as_pictures, fonts, source.theme()

    def draw(self, names: list[str], grounds: np.ndarray, pieces: list[Piece], count: int, progress: Progress) -> None:
        """The next parcels (n,) of `count`."""
        self._source.show(np.array([*names, None], dtype=object)[:-1], grounds, pieces)
        for start in range(0, len(names), _AT_ONCE):
            some: list[str] = []
            for name in names[start : start + _AT_ONCE]:
                progress.at((len(self.drawn) + len(some)) / max(count, 1))
                prefix = f"s{len(self.drawn) + len(some) + 1}-"
                some.append(parcel_map(self._source, self._theme, name, self._fonts, prefix))
            self.drawn += map_pictures(some, _PICTURE_PX) if self._as_pictures else some


def _head(library: Library, record: Any, language: str) -> dict[str, Any]:
    return {
        "library": library.shown_name,
        "as_of": record["parameters"]["as_of"],
        "crs": crs_title(library.crs, language),
    }


def _pack_titles(record: Any, language: str) -> str:
    comma = phrase("said.comma", language)
    return comma.join(f"{pack['title'].get(language) or pack['id']} {pack['version']}" for pack in record["packs"])

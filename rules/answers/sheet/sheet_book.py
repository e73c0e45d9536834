"""All sheets of a check in one file: facts, maps and texts, some parcels at a time."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.frames.fields import object_array
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.layers.provenance import provenance
from onemap.rules.answers.sheet.sheet_content import Sheet, add_land_classes, sheets_of, without_words
from onemap.rules.answers.sheet.sheet_pages import sheet_page
from onemap.rules.answers.sheet.sheet_uses import add_uses
from onemap.rules.display.documents.blocks import Document
from onemap.rules.display.documents.document_files import document_body
from onemap.rules.display.documents.typst_printer import pdf_of
from onemap.rules.display.maps.fonts import FONTS, chosen_fonts
from onemap.rules.display.maps.map_sheet import MapPage, MapSource, Paper, draw_map
from onemap.rules.display.maps.map_source import LayersOnMap, Piece
from onemap.rules.display.maps.sheets_needed import theme_codes
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.pack import Pack, rules_of_run

SUFFIXES = (".pdf", ".docx", ".html", ".json")
_DRAWN = 0.7  # of the work
PAPER = Paper(170.0, 92.0)
_BASES = ("present_use", "plan", "boundary")  # the first of which the library has a layer


class CheckMapSource(MapSource):
    """A check's parcels as maps need them, though no library keeps the run."""

    def __init__(self, library: Library, record: CheckRecord, packs: tuple[Pack, ...], language: str) -> None:
        """Prepare the maps of a check; `show` names the parcels that are drawn next."""
        LayersOnMap.__init__(self, library, {**record, "id": None})  # nobody will find a run that is not kept
        self.language = language
        self.parcels = {}
        self.findings: list[dict[str, Any]] = []
        self.pieces = []
        self.rules = {rule.id: rule for rule in rules_of_run(packs, record)}
        self._overrides = {}

    def show(self, names: np.ndarray, geometries: np.ndarray, pieces: list[Piece]) -> None:
        """The parcels (n,) that are drawn next, and their conflicts; features near those before are forgotten."""
        self.pieces = pieces
        self.parcels = dict(zip(names.tolist(), geometries, strict=True))
        self.forget()

    def theme(self) -> str:
        """The base of the map: present use, else the plan, else the boundary alone."""
        return next((name for name in _BASES if any(map(self.version_of, theme_codes(name)))), _BASES[-1])


def parcel_map(source: CheckMapSource, theme: str, parcel: str, fonts: str, prefix: str) -> str:
    """One parcel on its base as SVG, with its conflicts."""
    return draw_map(source, MapPage(theme, parcels=(parcel,), all_pieces=True), PAPER, fonts=fonts, prefix=prefix).svg


def sheet_book(
    library: Library,
    run: Any,
    suffix: str,
    language: str,
    progress: Progress,
    overrides: Mapping[tuple[str, str, str], str] | None = None,
) -> tuple[bytes, int]:
    """The file of a check's sheets and how many pages it has; of a form without pages, how many sheets.

    run: of the check, in memory or in blocks; overrides: as of `sheets_of`.
    """
    source = CheckMapSource(library, run.record, run.packs, language)
    rules = rules_of_run(run.packs, run.record)
    families = f"{chosen_fonts().families['heading']}, {FONTS}" if suffix != ".json" else FONTS
    sheets: list[Sheet] = []
    maps = _Maps(source, families)
    drawing = progress.part(0.0, _DRAWN, phrase("progress.maps", language, number=1, count=run.parcels))
    for chunk in run.chunks():
        # Of a run in blocks what stands by rule, and its record, come in chunks of their own, after all parcels.
        begin = len(sheets)
        some = sheets_of(library, run.record, chunk.tables, rules, language, drawing, overrides or {})
        for new_sheets, grounds, pieces in some if "parcels" in chunk.tables else ():
            if suffix != ".json":
                maps.draw([sheet["parcel"] for sheet in new_sheets], grounds, pieces, run.parcels, drawing)
            sheets += new_sheets
        if chunk.parcels is not None and len(sheets) > begin:
            add_uses(sheets[begin:], chunk.parcels, run.packs, language)
        add_land_classes(sheets, chunk.tables)
    head = {
        "library": library.shown_name,
        "as_of": run.record["parameters"]["as_of"],
        "crs": crs_title(library.crs, language),
    }
    if suffix == ".json":
        return _json_body({**head, "sheets": [without_words(sheet) for sheet in sheets]}), len(sheets)
    catalogue = library.catalogue()
    pages = [sheet_page(sheet, catalogue, language, map_svg) for sheet, map_svg in zip(sheets, maps.drawn, strict=True)]
    foot = phrase(
        "query_sheet.foot",
        language,
        **{**head, "library": library.printed_name},
        packs=_pack_titles(run.record, language),
    )
    printing = progress.part(_DRAWN, 1.0, phrase("progress.pages", language))
    printing.at(0.0)
    document = Document(language, foot, tuple(pages), origin=provenance(run.record, is_timed=False))
    if suffix == ".pdf":
        return pdf_of(document, printing)
    return document_body(document, suffix, printing), len(pages)


def _json_body(facts: dict[str, Any]) -> bytes:
    """All facts, unrounded."""
    return f"{json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False)}\n".encode()


class _Maps:
    """The maps of the sheets in their order, as SVG."""

    def __init__(self, source: CheckMapSource, fonts: str) -> None:
        self.drawn: list[str] = []
        self._source, self._fonts, self._theme = source, fonts, source.theme()

    def draw(self, names: list[str], grounds: np.ndarray, pieces: list[Piece], count: int, progress: Progress) -> None:
        """The next parcels (n,) of `count`."""
        self._source.show(object_array(names), grounds, pieces)
        for name in names:
            progress.at(len(self.drawn) / max(count, 1))
            prefix = f"s{len(self.drawn) + 1}-"
            self.drawn.append(parcel_map(self._source, self._theme, name, self._fonts, prefix))


def _pack_titles(record: Any, language: str) -> str:
    comma = phrase("said.comma", language)
    return comma.join(f"{pack['title'].get(language) or pack['id']} {pack['version']}" for pack in record["packs"])

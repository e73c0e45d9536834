"""The atlas of a comparison: cover, overview and index, then one page for each cluster or spot, as PDF or for Word."""

from collections.abc import Collection
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import Progress
from onemap.layers.records import Record
from onemap.rules.answers.compare.atlas.atlas_content import AtlasWords
from onemap.rules.answers.compare.atlas.atlas_maps import NAMED, AtlasMaps
from onemap.rules.answers.compare.atlas.atlas_source import AtlasSource, atlas_source
from onemap.rules.display.documents.document_files import document_body
from onemap.rules.display.maps.fonts import FONTS, FontChoice, chosen_fonts

OVERVIEW_MM = 150.0
_FIELD = "TARGET"
_SUFFIXES = (".pdf", ".docx")
_TALLEST_MM, _ROW_MM = 200.0, 10.5  # of a sheet's map, and what a further row of its table takes from it
_READ, _DRAWN = 0.08, 0.42  # of the work, when the spots are read, and the maps drawn


def write_atlas(
    library: Library,
    run: str,
    target: str,
    by: str,
    types: Collection[str],
    most: int,
    language: str,
    overwrite: bool,
    progress: Progress,
) -> Record:
    """Write the atlas of a stored comparison; return what it shows and what was left out.

    by: `cluster` or `spot`; types: of the spots to show; most: the largest number of sheets. Raises OneMapError
    run.unknown, run.kind, out.…, statement.suffix, statement.font, statement.template.
    """
    place = Path(target)
    if place.suffix.lower() not in _SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field=_FIELD, known=list(_SUFFIXES))
    check_place(place, overwrite, _FIELD)
    progress.at(0.0, phrase("progress.reading", language))
    source = atlas_source(library, run, by, types, most)
    fonts = chosen_fonts()
    maps = _drawn_maps(library, source, fonts, language, progress)
    document = AtlasWords(library, source, language).document(by, list(types), maps)
    setting = progress.part(_DRAWN, 1.0, phrase("atlas.setting", language))
    body = document_body(document, place.suffix.lower(), setting)
    with atomic_output(place, overwrite, _FIELD) as new_file:
        new_file.write_bytes(body)
    (omitted_count, left_out_m2), (unclustered, unclustered_m2) = source.left_out, source.unclustered
    return {
        "out": target,
        "run": run,
        "by": by,
        "types": sorted(types),
        "sheets": len(source.sheets),
        "left_out": omitted_count,
        "left_out_m2": left_out_m2,
        "without_sheet": unclustered,
        "without_sheet_m2": unclustered_m2,
    }


def _drawn_maps(
    library: Library, source: AtlasSource, fonts: FontChoice, language: str, progress: Progress
) -> dict[int, str]:
    """Draw every map; SVG texts by sheet number, with the overview as 0."""
    maps = AtlasMaps(library, source, language, f"{fonts.families['heading']}, {FONTS}")
    svg_texts = {0: maps.overview(OVERVIEW_MM)} if source.spots else {}
    count = len(source.sheets)
    for map_count, sheet in enumerate(source.sheets):
        # Said before every page: whoever asked may stop it here.
        step = phrase("atlas.drawing", language, number=sheet.number, count=count)
        progress.at(_READ + (_DRAWN - _READ) * map_count / count, step)
        rows = min(len(sheet.places), NAMED)
        svg_texts[sheet.number] = maps.sheet(sheet, _TALLEST_MM - _ROW_MM * (rows - 1))
    return svg_texts

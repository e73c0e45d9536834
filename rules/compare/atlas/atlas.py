"""The atlas of a comparison: cover, overview and index, then one page for each cluster or spot, as PDF or for Word."""

import json
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from onemap.layers.each_text import each_text
from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.library.library import Library
from onemap.layers.messages import RESOURCES, phrase
from onemap.layers.progress import Progress
from onemap.layers.visible_text import visible_text
from onemap.rules.compare.atlas.atlas_content import atlas_content
from onemap.rules.compare.atlas.atlas_docx import atlas_docx
from onemap.rules.compare.atlas.atlas_maps import AtlasMaps
from onemap.rules.compare.atlas.atlas_source import AtlasSource, atlas_source
from onemap.rules.maps.fonts import FONTS, FontChoice, chosen_fonts
from onemap.rules.maps.pdf_packing import packed_pdf
from onemap.rules.maps.typst_pages import set_pages

TEMPLATE = "atlas.typ"
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
) -> dict[str, Any]:
    """Write the atlas of a stored comparison, and say what is on it and what was left out.

    by: `cluster` or `spot`; types: the spots shown; most: sheets at most. Raises OneMapError run.unknown, run.kind,
    out.…, statement.suffix, statement.font, statement.template.
    """
    place = Path(target)
    if place.suffix.lower() not in _SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field=_FIELD, known=list(_SUFFIXES))
    check_place(place, overwrite, _FIELD, (str(library.path),))
    progress.at(0.0, phrase("progress.reading", language))
    source = atlas_source(library, run, by, types, most)
    fonts = chosen_fonts()
    content = each_text(atlas_content(library, source, by, types, language), visible_text)
    maps = _drawn_maps(library, source, content, fonts, language, progress)
    setting = progress.part(_DRAWN, 1.0, phrase("atlas.setting", language))
    if place.suffix.lower() == ".docx":
        body = atlas_docx(content, maps, setting)
    else:
        body = _set(source, content, maps, fonts, setting)
    with atomic_output(place, overwrite, _FIELD) as beside:
        beside.write_bytes(body)
    (left_out, left_out_m2), (unclustered, unclustered_m2) = source.left_out, source.unclustered
    return {
        "out": target,
        "run": run,
        "by": by,
        "types": sorted(types),
        "sheets": len(source.sheets),
        "left_out": left_out,
        "left_out_m2": left_out_m2,
        "without_sheet": unclustered,
        "without_sheet_m2": unclustered_m2,
    }


def _drawn_maps(
    library: Library, source: AtlasSource, content: dict[str, Any], fonts: FontChoice, language: str, progress: Progress
) -> dict[str, str]:
    """The SVG text of every map: the overview as "0", those of the sheets by their numbers."""
    maps = AtlasMaps(library, source, language, f"{fonts.families['heading']}, {FONTS}")
    drawn = {"0": maps.overview(OVERVIEW_MM)} if source.spots else {}
    count = len(source.sheets)
    for done, sheet in enumerate(source.sheets):
        # Said before every page: whoever asked may stop it here.
        step = phrase("atlas.drawing", language, number=sheet.number, count=count)
        progress.at(_READ + (_DRAWN - _READ) * done / count, step)
        rows = len(content["sheets"][done]["rows"])
        drawn[str(sheet.number)] = maps.sheet(sheet, _TALLEST_MM - _ROW_MM * (rows - 1))
    return drawn


def _set(
    source: AtlasSource, content: dict[str, Any], maps: dict[str, str], fonts: FontChoice, setting: Progress
) -> bytes:
    """Let typst set the pages."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / TEMPLATE).write_bytes((RESOURCES / "templates" / TEMPLATE).read_bytes())
        for name, value in (("content", content), ("fonts", fonts.record())):
            (place / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        for number, svg in maps.items():
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        moment = int(datetime.fromisoformat(source.record["started"]).timestamp())
        (result,) = set_pages(place / TEMPLATE, TEMPLATE, setting, timestamp=moment)
    return packed_pdf(result)

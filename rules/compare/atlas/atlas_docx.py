"""The atlas of a comparison for Word: the same content as the PDF's, to be edited; maps are pictures."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt

from onemap.layers.progress import Progress
from onemap.rules.compare.atlas.atlas_content import NOT_KNOWN
from onemap.rules.maps.map_pictures import Picture, map_pictures
from onemap.rules.maps.word_pages import describe_pictures, new_word_page, page_number, word_table

_WIDTH_MM, _MAP_MM, _MAP_PX = 180.0, 150.0, 1240
_PICTURES = 0.7  # of the work, when the maps are pictures


def atlas_docx(content: Mapping[str, Any], maps: Mapping[str, str], progress: Progress) -> bytes:
    """The file. content: as `atlas_content` gives it; maps: SVG texts by number, "0" is the overview."""
    pictures = dict(zip(maps, map_pictures(list(maps.values()), _MAP_PX, progress.part(0.0, _PICTURES)), strict=True))
    document, words = new_word_page(_WIDTH_MM), content["words"]
    document.core_properties.title = content["title"]
    foot = document.sections[0].footer.paragraphs[0]
    foot.add_run(f"{content['running']} · ").font.size = Pt(7)
    page_number(foot, 7)
    document.add_paragraph(content["title"], style="Title")
    word_table(document, (), content["facts"], (45.0, _WIDTH_MM - 45.0), names=(0,))
    for warning in content["warnings"]:
        document.add_paragraph().add_run(warning).bold = True
    document.add_heading(words["matrix"], 1)
    _matrix(document, content["matrix"], words)
    document.add_paragraph(words["areas_note"])
    if "0" in pictures:
        # On a page with the index, which would stand alone on it where the cover holds the map.
        document.add_heading(words["overview"], 1).paragraph_format.page_break_before = True
        _picture(document, pictures["0"])
        document.add_paragraph(words["overview_note"])
    if content["sheets"]:
        document.add_heading(words["index"], 1)
        _index(document, content["sheets"], words)
    for number, sheet in enumerate(content["sheets"]):
        progress.at(_PICTURES + (1 - _PICTURES) * number / len(content["sheets"]))
        _sheet(document, sheet, words, pictures[sheet["number"]])
    describe_pictures(document, pictures.values())
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _matrix(document: Doc, matrix: Mapping[str, Any], words: Mapping[str, str]) -> None:
    heads = [words[name] for name in ("type", "plan_a", "plan_b", "spots", "area_ha", "share")]
    rows = [[row["type"], *row["uses"], row["spots"], row["hectares"], row["share"]] for row in matrix["rows"]]
    total = [words["total"], "", "", matrix["spots"], matrix["hectares"], matrix["share"]]
    if matrix["rounding"]:
        rows.append([words["rounding"], "", "", "", matrix["rounding"], ""])
    word_table(document, heads, [*rows, total], (56.0, 29.0, 29.0, 16.0, 28.0, 22.0), bold_last=True, numbers=(3, 4, 5))


def _index(document: Doc, sheets: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> None:
    """The sheets by number; their pages are not named, since whoever edits the file moves them."""
    heads = [words[name] for name in ("sheet", "name", "cause", "type", "spots", "area_ha", "decision")]
    names = ("number", "name", "cause", "types", "spots", "hectares", "decision")
    rows = [[sheet[name] for name in names] for sheet in sheets]
    widths: tuple[float, ...] = (15.0, 32.0, 35.0, 20.0, 16.0, 28.0, 34.0)
    if all(row[-1] == NOT_KNOWN for row in rows):  # nobody has decided: the cause has the room
        heads, rows, widths = heads[:-1], [row[:-1] for row in rows], (15.0, 32.0, 69.0, 20.0, 16.0, 28.0)
    word_table(document, heads, rows, widths, size_pt=8.0, numbers=(4, 5))


def _sheet(document: Doc, sheet: Mapping[str, Any], words: Mapping[str, str], picture: Picture) -> None:
    heading = document.add_heading(f"{words['sheet']} {sheet['number']}　{sheet['title']}", 1)
    heading.paragraph_format.page_break_before = True
    facts = (
        ("name", "name"),
        ("type", "types_named"),
        ("spots", "spots"),
        ("area_ha", "hectares"),
        ("decision", "decision"),
    )
    known = ((word, sheet[name]) for word, name in facts if sheet[name] != NOT_KNOWN)
    document.add_paragraph("　".join(f"{words[word]} {text}" for word, text in known))
    _picture(document, picture)
    names: tuple[str, ...] = ("number", "spot", "type", "plan_a", "plan_b", "area_ha", "width_m", "cause", "decision")
    rows = [
        [
            *(row["number"], row["spot"], row["type"], _lines(row["a"]), _lines(row["b"]), row["hectares"]),
            *(row["width"], _lines(row["cause"]), _lines(row["decision"])),
        ]
        for row in sheet["rows"]
    ]
    widths: tuple[float, ...] = (11.0, 23.0, 25.0, 23.0, 23.0, 17.0, 14.0, 24.0, 20.0)
    if all(row[-1] == NOT_KNOWN for row in rows):  # nobody has decided: the others have the room
        names, rows, widths = names[:-1], [row[:-1] for row in rows], (11.0, 25.0, 26.0, 26.0, 26.0, 18.0, 13.0, 35.0)
    word_table(document, [words[name] for name in names], rows, widths, size_pt=8.0, numbers=(5, 6))
    for line in filter(None, (sheet["more"], *sheet["reasons"])):
        document.add_paragraph(line)


def _lines(pair: Iterable[str]) -> str:
    return "\n".join(filter(None, pair))


def _picture(document: Doc, picture: Picture) -> None:
    document.add_picture(io.BytesIO(picture.png), width=Mm(_MAP_MM))
    document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER

"""A document of sections for Word, to be edited there: paper, fonts, tables that run over pages, maps as pictures."""

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.documents.blocks import (
    BELOW,
    BESIDE,
    LEAD,
    RIGHT,
    TITLE,
    WARNING,
    Block,
    Facts,
    Figures,
    Heading,
    Paragraphs,
    Section,
    TableRow,
    printable,
)
from onemap.rules.display.documents.blocks import Document as Content
from onemap.rules.display.documents.blocks import Table as TableBlock
from onemap.rules.display.maps.map_pictures import Picture, map_pictures

_EAST_ASIAN = {"Normal": "仿宋", "Heading 1": "黑体", "Heading 2": "黑体", "Title": "方正小标宋简体"}
_SIZES = {"Normal": 10.5, "Heading 1": 14.0, "Heading 2": 11.0, "Title": 18.0}
_SPACES = {"Normal": (0, 3), "Heading 1": (8, 4), "Heading 2": (4, 2), "Title": (0, 6)}  # above and below, in points
_LEADING = 1.2  # of the letters' size: lines as high whichever fonts a machine has
_SHADE, _LATIN, _SONG = "EBEBEB", "Times New Roman", "宋体"
GREY = RGBColor(0x46, 0x46, 0x46)
_FACTS_PT, _NOTE_PT, _FOOT_PT = 8.5, 8.0, 7.0
_FACTS_MM, _NAME_MM = (23.0, 42.0, 23.0), 45.0  # of two facts beside each other, but the last; of a name alone
_PICTURE_MM, _PICTURE_PX, _AT_ONCE = 152.0, 1240, 25
_PICTURES = 0.7  # of the work, when the maps are pictures
_BESIDE_TWIPS = 108  # between a table's edge and its text


def docx_of(content: Content, progress: Progress = SILENT) -> bytes:
    """The Word file of a document of sections; its maps and charts are pictures."""
    printed = printable(content)
    pictures = _pictures(printed, progress)
    document = new_word_page(printed.width_mm)
    foot = document.sections[0].footer.paragraphs[0]
    foot.add_run(f"{printed.foot} · ").font.size = Pt(_FOOT_PT)
    page_number(foot, _FOOT_PT)
    remaining = iter(pictures)
    for number, section in enumerate(printed.sections):
        progress.at(_PICTURES + (1 - _PICTURES) * number / len(printed.sections))
        _add_title(document, section, number)
        for block in section.blocks:
            _add_block(document, block, section.follows, printed.width_mm, remaining)
    describe_pictures(document, pictures)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _pictures(content: Content, progress: Progress) -> list[Picture]:
    """The drawings of a document as pictures, in their order."""
    blocks = (block for section in content.sections for block in section.blocks)
    drawings = [figure.svg for block in blocks if isinstance(block, Figures) for figure in block.figures]
    found: list[Picture] = []
    for start in range(0, len(drawings), _AT_ONCE):
        progress.at(_PICTURES * start / len(drawings))
        found += map_pictures(drawings[start : start + _AT_ONCE], _PICTURE_PX)
    return found


def _add_title(document: Doc, section: Section, number: int) -> None:
    text = "　".join(filter(None, (section.mark, section.title)))
    if section.level == TITLE and not section.follows:
        title = document.add_paragraph(text, style="Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        document.core_properties.title = document.core_properties.title or text
    else:
        title = document.add_heading(text, 1)
    title.paragraph_format.page_break_before = (number > 0 and not section.follows) or None


def _add_block(document: Doc, block: Block, follows: bool, width_mm: float, pictures: Iterator[Picture]) -> None:
    """One block. follows: its section stands in one piece below another; pictures: those still to be shown."""
    if isinstance(block, Heading):
        document.add_heading(block.heading, block.level)
    elif isinstance(block, Paragraphs):
        for line in block.lines:
            run = document.add_paragraph().add_run(line)
            run.font.size = None if block.look in (LEAD, WARNING) else Pt(_NOTE_PT)
            run.bold = block.look == WARNING or None
    elif isinstance(block, Facts):
        _add_facts(document, block, width_mm)
    elif isinstance(block, TableBlock):
        _add_table(document, block, follows)
    elif isinstance(block, Figures):
        for _ in block.figures:
            document.add_picture(io.BytesIO(next(pictures).png), width=Mm(_PICTURE_MM))
            document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
            document.paragraphs[-1].paragraph_format.keep_with_next = follows


def _add_facts(document: Doc, facts: Facts, width_mm: float) -> None:
    """Two facts in a row, of which the last may stand alone; one in a row; or all in one line."""
    pairs = list(facts.pairs)
    if facts.form == BESIDE:
        pairs += [("", "")] if len(pairs) % 2 else []
        rows = [[(text,) for text in (*first, *second)] for first, second in zip(pairs[::2], pairs[1::2], strict=True)]
        word_table(document, (), rows, (*_FACTS_MM, width_mm - sum(_FACTS_MM)), _FACTS_PT, names=(0, 2))
    elif facts.form == BELOW:
        rows = [[(text,) for text in pair] for pair in pairs]
        word_table(document, (), rows, (_NAME_MM, width_mm - _NAME_MM), _FACTS_PT, names=(0,))
    else:
        document.add_paragraph("　".join(f"{name} {text}" for name, text in pairs))


def _add_table(document: Doc, table: TableBlock, follows: bool) -> None:
    """A table without the columns of pages, which whoever edits the file moves; what they leave goes to the widest."""
    shown = [place for place, column in enumerate(table.columns) if not column.is_page]
    columns = [table.columns[place] for place in shown]
    widths = [column.mm for column in columns]
    widths[widths.index(max(widths))] += sum(column.mm for column in table.columns if column.is_page)
    last = [TableRow(tuple((text,) for text in row)) for row in (table.rounding, table.total) if row]
    rows = [[row.cells[place] for place in shown] for row in (*table.rows, *last)]
    numbers = [place for place, column in enumerate(columns) if column.align == RIGHT]
    heads, is_whole = [column.head for column in columns], follows or table.whole
    word_table(document, heads, rows, widths, table.size, len(last), numbers, is_whole=is_whole)


def new_word_page(width_mm: float) -> Doc:
    """An empty A4 document with the fonts of our papers, black on white. width_mm: of its text."""
    beside = (210 - width_mm) / 2
    document = a4_document(beside, beside, 13, 13, 7)
    for name, font in _EAST_ASIAN.items():
        style = document.styles[name]
        set_style(style, font, _SIZES[name])
        style.paragraph_format.space_before, style.paragraph_format.space_after = map(Pt, _SPACES[name])
    return document


def a4_document(left_mm: float, right_mm: float, top_mm: float, bottom_mm: float, foot_mm: float) -> Doc:
    """An empty A4 document with margins; foot_mm: how far its foot stands above the edge."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(left_mm), Mm(right_mm)
    section.top_margin, section.bottom_margin = Mm(top_mm), Mm(bottom_mm)
    section.footer_distance = Mm(foot_mm)
    _ask_for_chinese_glyphs(document)
    return document


def set_style(style: Any, east_asian: str, size_pt: float) -> None:
    """Set a style in a font, black and without a line around it."""
    set_font(style.element, east_asian, size_pt)
    style.font.color.rgb = RGBColor(0, 0, 0)
    for edges in style.element.findall(f".//{qn('w:pBdr')}"):
        edges.getparent().remove(edges)


def set_font(style: BaseOxmlElement, east_asian: str, size_pt: float) -> None:
    """Set a style, or a run, in a Chinese font and the Latin one that goes with it, in points."""
    properties = style.get_or_add_rPr()
    for name in ("w:rFonts", "w:sz", "w:szCs"):
        for old in properties.findall(qn(name)):
            properties.remove(old)
    fonts = OxmlElement("w:rFonts")
    for name, value in (("ascii", _LATIN), ("hAnsi", _LATIN), ("cs", _LATIN), ("eastAsia", east_asian)):
        fonts.set(qn(f"w:{name}"), value)
    properties.insert(0, fonts)
    for name in ("w:sz", "w:szCs"):
        size = OxmlElement(name)
        size.set(qn("w:val"), str(round(size_pt * 2)))
        properties.append(size)


def _ask_for_chinese_glyphs(document: Doc) -> None:
    """Say that Chinese text is that of the mainland: where a font is missing, its stand-in draws those glyphs."""
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def describe_pictures(document: Doc, pictures: Iterable[Picture]) -> None:
    """Say of every one of these pictures that stands in the document what it shows, for who cannot see it."""
    labels = {picture.png: picture.label for picture in pictures}
    for inline in document.element.body.iter(qn("wp:inline")):
        for image in inline.iter(qn("a:blip")):
            label = labels.get(document.part.related_parts[image.get(qn("r:embed"))].blob)
            if label:
                inline.docPr.set("descr", label)


def page_number(paragraph: Paragraph, size_pt: float, font: str = _SONG) -> None:
    """Add the number of the page, as a field, to the end of a paragraph."""
    for kind in ("begin", "", "end"):
        run = paragraph.add_run()
        set_font(run._element, font, size_pt)
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        mark.set(qn("w:fldCharType") if kind else qn("xml:space"), kind or "preserve")
        mark.text = None if kind else "PAGE"
        run._element.append(mark)


def word_table(
    document: Doc,
    heads: Sequence[str],
    rows: Sequence[Sequence[Sequence[str]]],
    widths_mm: Sequence[float],
    size_pt: float,
    bold: int = 0,
    numbers: Collection[int] = (),
    names: Collection[int] = (),
    is_whole: bool = False,
) -> None:
    """A table with lines; its head is repeated on every page, and no row is parted.

    heads: () for none; rows: of cells, each its lines; bold: how many of the last rows are; numbers: the columns of
    figures, which stand on the right; names: columns that are shaded as heads are; is_whole: no page ends inside the
    table, which fits on one.
    """
    lines = [[(head,) for head in heads], *rows] if heads else list(rows)
    made = document.add_table(rows=0, cols=len(widths_mm))
    made.style, made.autofit = "Table Grid", False
    _indent(made)
    for number, line in enumerate(lines):
        row = made.add_row()
        never_split(row, repeat=bool(heads and number == 0))
        is_bold = bool(heads and number == 0) or number >= len(lines) - bold
        for column, (cell, texts, width) in enumerate(zip(row.cells, line, widths_mm, strict=True)):
            cell.width = Mm(width)
            form = cell.paragraphs[0].paragraph_format
            form.keep_with_next = True if is_whole and number < len(lines) - 1 else None
            form.line_spacing, form.space_before, form.space_after = Pt(size_pt * _LEADING), Pt(0.5), Pt(0.5)
            for place, text in enumerate(texts):
                run = cell.paragraphs[0].add_run(f"\n{text}" if place else text)
                run.font.size, run.bold = Pt(size_pt), is_bold
                run.font.color.rgb = GREY if place else None
            if (heads and number == 0) or column in names:
                shade_cell(cell)
            if column in numbers:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    set_widths(made, widths_mm)
    gap = document.add_paragraph().paragraph_format  # else two tables would be one
    gap.line_spacing, gap.space_after = Pt(5), Pt(0)


def never_split(row: Any, *, repeat: bool) -> None:
    """Let no page end within a row; repeat: the row, a table's head, stands on every page."""
    properties = row._tr.get_or_add_trPr()
    for name in ("w:cantSplit", *(("w:tblHeader",) if repeat else ())):
        properties.append(OxmlElement(name))


def set_widths(made: Table, widths_mm: Sequence[float]) -> None:
    """Say how wide the columns of a table are."""
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)


def shade_cell(cell: _Cell) -> None:
    """Shade a cell as heads are."""
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _indent(made: Table) -> None:
    """Put a table's left edge where the text begins; Word lets it stand out by the room beside its text."""
    indent = OxmlElement("w:tblInd")
    indent.set(qn("w:w"), str(_BESIDE_TWIPS))
    indent.set(qn("w:type"), "dxa")
    properties = made._tbl.tblPr
    properties.insert_element_before(indent, "w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")

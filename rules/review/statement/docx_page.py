"""A Word page after GB/T 9704: margins, styles, page numbers; tables whose heads are repeated."""

import re
from collections.abc import Sequence

from docx.document import Document as Doc
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import _Footer
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from onemap.rules.display.documents.word_printer import (
    GREY,
    a4_document,
    never_split,
    page_number,
    set_font,
    set_style,
    set_widths,
    shade_cell,
)
from onemap.rules.review.statement.outline import WIDTH_MM, Node

BODY, TITLE, HEADING, SUBHEADING = "仿宋", "方正小标宋简体", "黑体", "楷体"
_SONG = "宋体"
_ALIGN = {"left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
RED = RGBColor(0xE6, 0x00, 0x12)
_TWIPS_A_MM = 1440 / 25.4
_LEADING = 1.25  # of the lines in tables, of the letters' size: the same whichever fonts a machine has


def new_page() -> Doc:
    """An empty document with the standard's page, styles and page numbers."""
    document = a4_document(28, 26, 37, 35, 25)
    section = document.sections[0]
    document.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    section.different_first_page_header_footer = True
    _first_foot(section.first_page_footer)
    normal = document.styles["Normal"]
    set_font(normal.element, BODY, 16)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = Pt(29)  # 22 lines in 225 mm
    for name, font, size in (("Heading 1", HEADING, 16), ("Heading 2", SUBHEADING, 14), ("Title", TITLE, 22)):
        style = document.styles[name]
        set_style(style, font, size)
        style.font.bold = False
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(6), Pt(3)
        style.paragraph_format.keep_with_next = True
    for spread in document.styles["Title"].element.findall(f".//{qn('w:rPr')}/{qn('w:spacing')}"):
        spread.getparent().remove(spread)  # else a full line of a title loses its last character to the next
    document.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title = document.styles["Title"].paragraph_format
    title.line_spacing, title.space_before, title.space_after = Pt(34), Pt(0), Pt(0)
    return document


def _first_foot(footer: _Footer) -> None:
    """A letter's first page has a red line at its foot, any other its number."""
    footer.paragraphs[0].text = "{%p if document.head == 'letter' %}"
    border(footer.add_paragraph(), "top", "thinThickSmallGap", 18, "E60012")
    footer.add_paragraph("{%p else %}")
    _page_number(footer.add_paragraph(), WD_ALIGN_PARAGRAPH.RIGHT)
    footer.add_paragraph("{%p endif %}")


def border(paragraph: Paragraph, side: str, kind: str, eighths: int, colour: str) -> None:
    """A line along one side of a paragraph. kind: a name of Word's; eighths: its width, in eighths of a point."""
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", kind), ("sz", str(eighths)), ("space", "4"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    edges = OxmlElement("w:pBdr")
    edges.append(edge)
    paragraph._p.get_or_add_pPr().insert_element_before(
        edges, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _page_number(paragraph: Paragraph, align: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, on the outer side."""
    paragraph.alignment = align
    set_font(paragraph.add_run("— ")._element, _SONG, 14)
    page_number(paragraph, 14, _SONG)
    set_font(paragraph.add_run(" —")._element, _SONG, 14)


def line(
    document: Doc, text: str, align: str = "left", size_pt: float = 16, font: str = BODY, indent: bool = True
) -> Paragraph:
    """A paragraph of body text, its first line indented by two characters."""
    paragraph = document.add_paragraph()
    paragraph.alignment = _ALIGN[align]
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size_pt)
    if size_pt < 16:
        paragraph.paragraph_format.line_spacing = Pt(size_pt * 1.6)
    set_font(paragraph.add_run(text)._element, font, size_pt)
    return paragraph


def to_right_edge(paragraph: Paragraph) -> None:
    """Let what stands behind a tab end at the right edge of the text."""
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)


def at_foot(paragraph: Paragraph) -> None:
    """Put a paragraph at the lower edge of the text of its page; several that follow each other lie there together."""
    frame = OxmlElement("w:framePr")
    settings = {"w": str(round(WIDTH_MM * _TWIPS_A_MM)), "wrap": "around", "xAlign": "left", "yAlign": "bottom"}
    for name, value in {**settings, "vAnchor": "margin", "hAnchor": "margin"}.items():
        frame.set(qn(f"w:{name}"), value)
    paragraph._p.get_or_add_pPr().insert_element_before(
        frame, "w:widowControl", "w:numPr", "w:pBdr", "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def tag(document: Doc, text: str) -> None:
    """A paragraph that only steers, such as {%p if … %}: it is not printed."""
    document.add_paragraph(text)


def table(document: Doc, part: Node) -> None:
    """A table of the outline, with one row of fields per item.

    part: columns with head, mm, texts and align; loops: the `for`s around the row, outermost first; none: what stands
    in an empty table; total: a last row's fields; rounding: those of what the rows lack of it, where `rounding_of` has
    something; size; splits: whether a row may go on on the next page.
    """
    columns, size_pt = part["columns"], part["size"]
    made = _grid(document, len(columns), part.get("tight", False))
    head = made.add_row()
    never_split(head, repeat=True)
    for cell, column in zip(head.cells, columns, strict=True):
        _fill(cell, (column["head"],), "center", size_pt, HEADING, is_shaded=True)
    for loop in part["loops"]:
        _steering(made, f"{{%tr {loop} %}}", size_pt)
    row = made.add_row()
    if not part.get("splits"):
        never_split(row, repeat=False)
    for cell, column in zip(row.cells, columns, strict=True):
        _fill(cell, column["texts"], column["align"], size_pt)
    for _ in part["loops"][1:]:
        _steering(made, "{%tr endfor %}", size_pt)
    _steering(made, "{%tr else %}", size_pt)
    empty = made.add_row()
    _fill(empty.cells[0].merge(empty.cells[-1]), (part["none"],), "center", size_pt)
    _steering(made, "{%tr endfor %}", size_pt)
    if part["rounding"]:
        _steering(made, f"{{%tr if {part['rounding_of']} %}}", size_pt)
        _last_row(made, part["rounding"], columns, size_pt)
        _steering(made, "{%tr endif %}", size_pt)
    if part["total"]:
        _last_row(made, part["total"], columns, size_pt)
    for table_row in made.rows:
        for cell, column in zip(table_row.cells, columns, strict=True):
            if cell._tc.grid_span == 1:
                cell.width = Mm(column["mm"])
    set_widths(made, [column["mm"] for column in columns])


def _last_row(made: Table, texts: Sequence[str], columns: Sequence[Node], size_pt: float) -> None:
    for cell, text, column in zip(made.add_row().cells, texts, columns, strict=True):
        _fill(cell, (text,), column["align"], size_pt, HEADING)


def _grid(document: Doc, columns: int, is_tight: bool = False) -> Table:
    """An empty table with lines, fixed widths, and a millimetre between text and line at the sides."""
    above = 12 if is_tight else 30
    made = document.add_table(rows=0, cols=columns)
    made.style = "Table Grid"
    made.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", above), ("left", 57), ("bottom", above), ("right", 57)):  # twentieths of a point
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(width))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties = made._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    properties.insert(properties.index(look), margins)
    return made


def form(document: Doc, lines: Sequence[Node], left_mm: float, size_pt: float) -> None:
    """A table of two columns: name and field, or room for a hand of so many mm."""
    made = _grid(document, 2)
    widths = (left_mm, WIDTH_MM - left_mm)
    for entry in lines:
        row = made.add_row()
        if "mm" in entry:
            row.height = Mm(entry["mm"])
        for cell, text, width in zip(row.cells, (entry["name"], entry["text"]), widths, strict=True):
            _fill(cell, (text,), "left", size_pt)
            cell.width = Mm(width)
    set_widths(made, widths)


def _steering(made: Table, text: str, size_pt: float) -> None:
    row = made.add_row()
    _fill(row.cells[0].merge(row.cells[-1]), (text,), "left", size_pt)


def _fill(
    cell: _Cell, lines: Sequence[str], align: str, size_pt: float, font: str = BODY, is_shaded: bool = False
) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for number, text in enumerate(lines):
        # A second line stands in grey, and only where it says something.
        asked = re.match(r"\{\{ (.+?) \}\}", text) if number else None
        for part in (f"{{%p if {asked[1]} %}}", text, "{%p endif %}") if asked else (text,):
            paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            paragraph.alignment = _ALIGN[align]
            paragraph.paragraph_format.line_spacing = Pt(size_pt * _LEADING)
            run = paragraph.add_run(part)
            set_font(run._element, font, size_pt)
            if number:
                run.font.color.rgb = GREY
    if is_shaded:
        shade_cell(cell)

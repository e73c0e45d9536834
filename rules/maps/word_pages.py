"""Pages for Word that are made without a template: paper, fonts, and tables that run over pages."""

from collections.abc import Collection, Sequence

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

_EAST_ASIAN = {"Normal": "仿宋", "Heading 1": "黑体", "Heading 2": "黑体", "Title": "方正小标宋简体"}
_SIZES = {"Normal": 10.5, "Heading 1": 14.0, "Heading 2": 12.0, "Title": 20.0}


def new_word_page() -> Doc:
    """An empty A4 document with the fonts of our papers, black on white."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin = section.bottom_margin = Mm(16)
    for name, font in _EAST_ASIAN.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Times New Roman", Pt(_SIZES[name]), RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), font)
        style.paragraph_format.space_after = Pt(4)
    return document


def word_table(
    document: Doc,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths_mm: Sequence[float],
    size_pt: float = 9.0,
    bold_last: bool = False,
    numbers: Collection[int] = (),
) -> None:
    """A table with lines; its head is repeated on every page, and no row is parted.

    heads: () for none; numbers: the columns of figures, which stand on the right.
    """
    lines = [heads, *rows] if heads else list(rows)
    made = document.add_table(rows=0, cols=len(widths_mm))
    made.style, made.autofit = "Table Grid", False
    for number, line in enumerate(lines):
        row = made.add_row()
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if heads and number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for column, (cell, text, width) in enumerate(zip(row.cells, line, widths_mm, strict=True)):
            cell.width = Mm(width)
            run = cell.paragraphs[0].add_run(text)
            run.font.size = Pt(size_pt)
            if column in numbers and not (heads and number == 0):
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run.bold = bool(heads and number == 0) or (bold_last and number == len(lines) - 1)
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)
    document.add_paragraph()

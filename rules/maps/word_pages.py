"""Pages for Word that are made without a template: paper, fonts, and tables that run over pages."""

from collections.abc import Collection, Iterable, Sequence

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from onemap.layers.visible_text import visible_text
from onemap.rules.maps.map_pictures import Picture

_EAST_ASIAN = {"Normal": "仿宋", "Heading 1": "黑体", "Heading 2": "黑体", "Title": "方正小标宋简体"}
_SIZES = {"Normal": 10.5, "Heading 1": 14.0, "Heading 2": 11.0, "Title": 18.0}
_SPACES = {"Normal": (0, 3), "Heading 1": (8, 4), "Heading 2": (4, 2), "Title": (0, 6)}  # above and below, in points
_LEADING = 1.2  # of the letters' size: lines as high whichever fonts a machine has
_SHADE = "EBEBEB"
_BESIDE_TWIPS = 108  # between a table's edge and its text


def new_word_page(width_mm: float) -> Doc:
    """An empty A4 document with the fonts of our papers, black on white. width_mm: of its text."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm((210 - width_mm) / 2)
    section.top_margin = section.bottom_margin = Mm(13)
    section.footer_distance = Mm(7)
    chinese_glyphs(document)
    for name, font in _EAST_ASIAN.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Times New Roman", Pt(_SIZES[name]), RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), font)
        style.paragraph_format.space_before, style.paragraph_format.space_after = map(Pt, _SPACES[name])
        for edges in style.element.findall(f".//{qn('w:pBdr')}"):
            edges.getparent().remove(edges)
    return document


def chinese_glyphs(document: Doc) -> None:
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


def page_number(paragraph: Paragraph, size_pt: float) -> None:
    """Add the number of the page, as a field, to the end of a paragraph."""
    for kind in ("begin", "", "end"):
        run = paragraph.add_run()
        run.font.size = Pt(size_pt)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = "PAGE"
        run._element.append(mark)


def word_table(
    document: Doc,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths_mm: Sequence[float],
    size_pt: float = 9.0,
    bold_last: bool = False,
    numbers: Collection[int] = (),
    names: Collection[int] = (),
    is_whole: bool = False,
) -> None:
    """A table with lines; its head is repeated on every page, and no row is parted.

    heads: () for none; numbers: the columns of figures, which stand on the right; names: columns that are shaded as
    heads are; is_whole: no page ends inside the table, which fits on one.
    """
    lines = [heads, *rows] if heads else list(rows)
    made = document.add_table(rows=0, cols=len(widths_mm))
    made.style, made.autofit = "Table Grid", False
    _indent(made)
    for number, line in enumerate(lines):
        row = made.add_row()
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if heads and number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for column, (cell, text, width) in enumerate(zip(row.cells, line, widths_mm, strict=True)):
            cell.width = Mm(width)
            form = cell.paragraphs[0].paragraph_format
            form.keep_with_next = True if is_whole and number < len(lines) - 1 else None
            form.line_spacing, form.space_before, form.space_after = Pt(size_pt * _LEADING), Pt(0.5), Pt(0.5)
            run = cell.paragraphs[0].add_run(visible_text(text))
            run.font.size = Pt(size_pt)
            if (heads and number == 0) or column in names:
                _shade(cell)
            if column in numbers:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run.bold = bool(heads and number == 0) or (bold_last and number == len(lines) - 1)
    for column, width in zip(made.columns, widths_mm, strict=True):
        column.width = Mm(width)
    gap = document.add_paragraph().paragraph_format  # else two tables would be one
    gap.line_spacing, gap.space_after = Pt(5), Pt(0)


def _shade(cell: _Cell) -> None:
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

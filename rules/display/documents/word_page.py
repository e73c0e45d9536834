"""The layout of any page for Word: paper, margins, fonts of styles and runs, lines along a paragraph, page number."""

from collections.abc import Iterable
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from onemap.layers.provenance import MIME_TYPE, PROVENANCE_KEY, STANDARD
from onemap.layers.software import onemap_version
from onemap.layers.xml_elements import Element, tostring
from onemap.rules.display.documents.blocks import CENTER, LEFT, RIGHT
from onemap.rules.display.maps.map_pictures import Picture

RED, MARK_FONT, MARK_PT = "E60012", "方正小标宋简体", 30  # of a bureau's name at the head
_LATIN, _SONG = "Times New Roman", "宋体"
_BEHIND_BORDER = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr")
ALIGN: dict[str, Any] = {LEFT: None, CENTER: WD_ALIGN_PARAGRAPH.CENTER, RIGHT: WD_ALIGN_PARAGRAPH.RIGHT}


def a4_document(left_mm: float, right_mm: float, top_mm: float, bottom_mm: float, foot_mm: float) -> Doc:
    """An empty A4 document with margins; foot_mm: how far its foot stands above the edge."""
    document = Document()
    document.core_properties.author, document.core_properties.comments = f"One Map {onemap_version()}", ""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(left_mm), Mm(right_mm)
    section.top_margin, section.bottom_margin = Mm(top_mm), Mm(bottom_mm)
    section.footer_distance = Mm(foot_mm)
    _ask_for_chinese_glyphs(document)
    return document


def add_origin(document: Doc, origin: str) -> None:
    """Add what made the document, as PROV-JSON, in a part of its own: the text of an element `prov`."""
    root = Element(PROVENANCE_KEY, {"standard": STANDARD, "type": MIME_TYPE})
    root.text = origin
    package = document.part.package
    name = package.next_partname("/customXml/item%d.xml")
    content = tostring(root, encoding="utf-8", xml_declaration=True)
    document.part.relate_to(Part(name, CONTENT_TYPE.XML, content, package), RELATIONSHIP_TYPE.CUSTOM_XML)


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
    """Mark Chinese text as mainland Chinese, so that a substitute font draws the right glyphs."""
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def describe_pictures(document: Doc, pictures: Iterable[Picture]) -> None:
    """Add a description to each of these pictures in the document, for people who cannot see it."""
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


def border(paragraph: Paragraph, side: str, kind: str, eighths: int, colour: str) -> None:
    """A line along one side of a paragraph. kind: a name of Word's; eighths: its width, in eighths of a point."""
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", kind), ("sz", str(eighths)), ("space", "4"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    edges = OxmlElement("w:pBdr")
    edges.append(edge)
    paragraph._p.get_or_add_pPr().insert_element_before(edges, *_BEHIND_BORDER)


def set_red_mark(paragraph: Paragraph, *, is_letter: bool) -> None:
    """The bureau's name at the head: red, and in a letter over a double line (GB/T 9704, 10.1)."""
    set_font(paragraph.runs[0]._element, MARK_FONT, MARK_PT)
    paragraph.runs[0].font.color.rgb = RGBColor.from_string(RED)
    paragraph.paragraph_format.line_spacing = Pt(46)
    if is_letter:
        border(paragraph, "bottom", "thickThinSmallGap", 18, RED)

"""A document of a case on paper for Word, after GB/T 9704: red head, annexes, space for the seal, imprint."""

from collections.abc import Iterable
from typing import Any

from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.image.image import Image
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from onemap.rules.display.documents.blocks import CENTER, LEFT, RIGHT, Block, Figure, Table
from onemap.rules.display.documents.word_page import (
    ALIGN,
    MARK_FONT,
    MARK_PT,
    RED,
    a4_document,
    border,
    page_number,
    set_font,
    set_red_mark,
    set_style,
)
from onemap.rules.display.documents.word_printer import WordPrinter
from onemap.rules.display.documents.word_tables import TableLook, WordTable
from onemap.rules.display.maps.map_pictures import Picture
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.outline import WIDTH_MM, Form, Node, Own

BODY, TITLE, HEADING, SUBHEADING, SONG = "仿宋", "方正小标宋简体", "黑体", "楷体", "宋体"
LETTER, DOCUMENT = "letter", "document"  # forms of the red head
_BODY_PT, _SMALL_PT, _LEADING_PT = 16, 10.5, 29  # 22 lines in 225 mm
_SIZES = {"small": _SMALL_PT, "notes": _SMALL_PT, "large": 14}  # of lines, by their look
_INDENTED = ("", "large")
_MAP_MM = 142.0  # with its caption it fills a page
_FIRST_MAP_MM = 168  # how high the first map may be, below the title of its annex
_LATIN_EM = 0.45  # how wide a Latin letter is of the text's
_WIDTH_PT = WIDTH_MM / 25.4 * 72
_HELD_NOTES = 2  # that stay on the page of the seal
_STYLES = ("Heading 1", "Heading 2", "Title", "Table Grid")
_DAY_EMS, _CENTRED = 8, 15  # how wide a day such as 2026年11月23日 is, and of how many characters a name over it
_ONE_LINE = 24  # characters of a name at most, two from the right
_BEHIND_FRAME = ("w:widowControl", "w:numPr", "w:pBdr", "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def new_paper() -> Doc:
    """An empty document with the standard's page and styles, and numbers on all pages but the first."""
    document = a4_document(28, 26, 37, 35, 25)
    section = document.sections[0]
    document.settings.odd_and_even_pages_header_footer = True
    add_page_number(section.footer.paragraphs[0])
    add_page_number(section.even_page_footer.paragraphs[0], LEFT)
    section.different_first_page_header_footer = True
    normal = document.styles["Normal"]
    set_font(normal.element, BODY, _BODY_PT)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = Pt(_LEADING_PT)
    for name, font, size in (("Heading 1", HEADING, 16), ("Heading 2", SUBHEADING, 14), ("Title", TITLE, 22)):
        style = document.styles[name]
        set_style(style, font, size)
        style.font.bold = False
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(6), Pt(3)
        style.paragraph_format.keep_with_next = True
    for spread in document.styles["Title"].element.findall(f".//{qn('w:rPr')}/{qn('w:spacing')}"):
        spread.getparent().remove(spread)  # else a full line of a title loses its last character to the next
    title = document.styles["Title"].paragraph_format
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.line_spacing, title.space_before, title.space_after = Pt(34), Pt(0), Pt(0)
    return document


def lend_styles(document: Doc) -> None:
    """Copy into a document the styles that its blocks need and it lacks."""
    own = {style.name for style in document.styles}
    if missing := [name for name in _STYLES if name not in own]:
        paper = new_paper()
        for name in missing:
            document.styles.element.append(paper.styles[name].element)


def add_page_number(paragraph: Paragraph, side: str = RIGHT) -> None:
    """Add the page number, — 1 —, on the outer side."""
    paragraph.alignment = ALIGN[side]
    set_font(paragraph.add_run("— ")._element, SONG, 14)
    page_number(paragraph, 14, SONG)
    set_font(paragraph.add_run(" —")._element, SONG, 14)


def add_red_foot(paragraph: Paragraph) -> None:
    """Add the red line at the foot of a letter's first page (10.1)."""
    paragraph.style = "Normal"
    border(paragraph, "top", "thinThickSmallGap", 18, RED)


def paper_document(texts: dict[str, Any], chapters: Iterable[Node], pictures: Iterable[Picture]) -> Doc:
    """Make a whole document. texts, chapters: from `printed_outline`; pictures: of its maps, in order."""
    document = new_paper()
    add_first_foot = add_red_foot if texts["document"]["head"] == LETTER else add_page_number
    add_first_foot(document.sections[0].first_page_footer.paragraphs[0])
    printer = PaperPrinter(document, texts, pictures)
    printer.add_letterhead()
    for chapter in chapters:
        printer.add_chapter(chapter)
    printer.add_imprint()
    return document


class PaperPrinter(WordPrinter):
    """Prints the parts of one document of a case. texts: its printed content, with its `attached` annexes."""

    tables = TableLook(leading=1.25, padding=(30, 57), tight=(12, 57), strong=HEADING, is_centred=True)
    gap_pt = 0.0

    def __init__(self, document: Doc, texts: dict[str, Any], pictures: Iterable[Picture] = ()) -> None:
        super().__init__(document, WIDTH_MM, pictures)
        self.fixed = words(texts["language"])
        self.is_latin = self.fixed["attached"].isascii()
        self.without_rows = self.fixed["note_none"]
        self.facts: dict[str, Any] = texts["document"]
        self.day: str = texts["sentences"]["date"]
        self.attached: list[Node] = texts["attached"]
        self.last_words: Paragraph | None = None  # the first line of those above the name and the day

    def line(
        self, text: str, side: str = LEFT, size_pt: float = _BODY_PT, font: str = "", *, indent: bool = True
    ) -> Paragraph:
        """Add a paragraph, its first line indented by two characters. font: used instead of the style's."""
        paragraph = self.document.add_paragraph()
        paragraph.alignment = ALIGN[side]
        if indent:
            paragraph.paragraph_format.first_line_indent = Pt(2 * size_pt)
        if size_pt < _BODY_PT:
            paragraph.paragraph_format.line_spacing = Pt(size_pt * 1.6)
        run = paragraph.add_run(text)
        if font:
            set_font(run._element, font, size_pt)
        elif size_pt != _BODY_PT:
            run.font.size = Pt(size_pt)
        return paragraph

    def add_letterhead(self) -> None:
        """Add the red mark and line if any, number and signatory, the draft's mark, the title, and the addressee."""
        facts = self.facts
        if facts["head"]:
            mark = self.line(facts["head_mark"], CENTER, MARK_PT, MARK_FONT, indent=False)
            set_red_mark(mark, is_letter=facts["head"] == LETTER)  # a document has its line below the number (7.2)
        if facts["mark"]:
            self.line(facts["mark"], font=HEADING, indent=False)
        self._add_number()
        for text in facts["title_lines"]:
            self.document.add_paragraph(text, style="Title")
        if facts["addressed"]:
            self.line(facts["addressed"], indent=False)

    def _add_number(self) -> None:
        """Add the number; in a document above a red line, with the signatory, each one character inside (7.2.6)."""
        number, signatory = self.facts["number"] or self.facts["number_form"] or "", self.facts["signatory"]
        is_document = self.facts["head"] == DOCUMENT
        if not (number or is_document):
            return
        text, side = number, RIGHT if self.facts["head"] == LETTER else CENTER
        if is_document and signatory:
            text, side = f"　{number}\t{self.fixed['head_signatory'].format(name=signatory)}　", LEFT
        paragraph = self.line(text, side, indent=False)
        paragraph.paragraph_format.space_before = Pt(6)
        if is_document:
            _to_right_edge(paragraph)
            border(paragraph, "bottom", "single", 8, RED)

    def add_chapter(self, chapter: Node) -> None:
        """Add a filled-in chapter: its heading, or the head of an annex, and its blocks."""
        if chapter["annex"]:
            self._add_annex_head(chapter)
        elif chapter["heading"]:
            heading = self.document.add_heading(chapter["heading"], 1)
            heading.paragraph_format.first_line_indent = None if self.is_latin else Pt(2 * _BODY_PT)
        for block in chapter["parts"]:
            self.add(block)

    def _add_annex_head(self, chapter: Node) -> None:
        """Add 附件 and its number on the first line of a new page, and the title on the third (7.3.4)."""
        mark = self.line(chapter["mark"], font=HEADING, indent=False)
        mark.paragraph_format.page_break_before = True  # a break of its own may fill a page
        mark.paragraph_format.keep_with_next = True
        title = self.document.add_heading(chapter["heading"], 1)
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(29), Pt(10)
        set_font(title.runs[0]._element, TITLE, 22)

    def add_imprint(self) -> None:
        """Add copies and printing office at the foot of the last page; a letter has no office and no lines (10.1)."""
        facts, is_letter = self.facts, self.facts["head"] == LETTER
        lines = [self.fixed["head_copies"].format(names=facts["copies"])] if facts["copies"] else []
        if facts["printed_by"] and not is_letter:
            lines.append(f"　{facts['printed_by']}\t{self.fixed['head_printed'].format(day=self.day)}　")
        for text in lines:
            paragraph = self.line(text, size_pt=14, indent=False)
            if self.last_words and not self.attached:  # behind the day, LibreOffice parts it from the name above it
                paragraph.paragraph_format.keep_with_next = True
                self.last_words._p.addprevious(paragraph._p)
            _to_foot(paragraph)
            _to_right_edge(paragraph)
            if not is_letter:
                border(paragraph, "top", "single", 6, "000000")

    def add_line(self, text: str, look: str) -> None:
        """Set a line of text."""
        self.line(text, size_pt=_SIZES.get(look, _BODY_PT), indent=look in _INDENTED)

    def add_caption(self, table: Table) -> None:
        """Set the caption of a table, and the unit of its figures."""
        if table.caption:
            caption = self.line(table.caption, CENTER, 11, HEADING, indent=False).paragraph_format
            caption.keep_with_next = True
            caption.space_before = caption.space_after = Pt(2 if table.tight else 6)
        if table.unit:
            self.line(table.unit, RIGHT, 9, indent=False).paragraph_format.keep_with_next = True

    def add_figure(self, figure: Figure, picture: Picture, *, is_whole: bool) -> None:
        """Set a map above its number and title."""
        width_mm = map_width_mm(picture, is_first=figure.number == "1")
        paragraph = self.add_picture(picture, width_mm, keep_with_next=True)
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE  # the text's is lower than any map
        text = f"{self.fixed['figure'].format(number=figure.number)}　{figure.title}"
        self.line(text, CENTER, _SMALL_PT, HEADING, indent=False).paragraph_format.space_before = Pt(6)

    def add_own(self, block: Block) -> None:
        """Set a form, or the end of the text with room for the seal."""
        if isinstance(block, Form):
            form = WordTable(self.document, self.tables, (block.mm, WIDTH_MM - block.mm), block.size)
            for line in block.lines:
                form.add(((line["name"],), (line["text"],)), splits=True, height_mm=line.get("mm", 0.0))
        elif isinstance(block, Own):
            self._add_seal(block)

    def _add_seal(self, block: Own) -> None:
        """Add the last words, space for the seal, name and date, four characters from the right, all on one page."""
        for place, text in enumerate(block.notes):
            stays = place >= len(block.notes) - _HELD_NOTES
            self.line(text, size_pt=_SMALL_PT, indent=False).paragraph_format.keep_with_next = stays
        for text in block.lines:
            line = self.line(text)
            line.paragraph_format.keep_with_next = True
            self.last_words = self.last_words or line
        self._add_attached()
        self.line("", indent=False).paragraph_format.keep_with_next = True
        unit = self.facts["unit"]
        if not self.is_latin and unit and not self.facts["seal"]:
            self._add_unsealed(unit)
        else:  # a name that is longer than the room beside the day stands on one line all the same
            is_centred = not self.is_latin and len(unit) <= _CENTRED
            for text in (unit, self.day):
                form = self._held_line(text, CENTER if is_centred else RIGHT)
                if is_centred:  # over the day (7.3.5.1)
                    form.left_indent = Pt(_WIDTH_PT - (_DAY_EMS + 2 * 4) * _BODY_PT)
                else:
                    form.right_indent = Pt(4 * _BODY_PT)
        if self.facts["contact"]:
            self.line(self.fixed["head_contact"].format(contact=self.facts["contact"]))

    def _add_unsealed(self, unit: str) -> None:
        """Without a seal, end the name two characters from the right; the day begins two right of the name's begin.

        If the day is longer than the name, it ends there instead (7.3.5.2). Leading blanks place the text, since Word
        cannot measure another line.
        """
        ems_of_day = (len(self.day) + 6) // 2  # three signs are whole characters, a digit is half of one
        # How many characters from the right edge each begins; None: it ends two before it.
        begins: tuple[int | None, int | None] = (4 + ems_of_day, None)
        if len(unit) > ems_of_day:
            begins = (None, None if len(unit) > _ONE_LINE else len(unit))
        whole = int(_WIDTH_PT / _BODY_PT)
        for text, back in zip((unit, self.day), begins, strict=True):
            if back is None:
                self._held_line(text, RIGHT).right_indent = Pt(2 * _BODY_PT)
            else:
                self._held_line("　" * (whole - back) + text, LEFT).left_indent = Pt(_WIDTH_PT - whole * _BODY_PT)

    def _held_line(self, text: str, side: str) -> Any:
        """Add a line that stays on the page of the next one; return its format."""
        form = self.line(text, side, indent=False).paragraph_format
        form.keep_with_next = True
        return form

    def _add_attached(self) -> None:
        """Add the list of annexes below the text; a name's further lines are aligned with its first (7.3.4)."""
        word = len(self.fixed["attached"]) * (_LATIN_EM if self.is_latin else 1)
        for place, annex in enumerate(self.attached):
            begins = "" if place else self.fixed["attached"]
            form = self._held_line(f"{begins}{annex['line']}", LEFT)
            form.left_indent = Pt((2 + word + 1) * _BODY_PT)
            form.first_line_indent = Pt(-(word + 1 if begins else 1) * _BODY_PT)
            form.space_before = Pt(14 if begins else 0)


def map_width_mm(picture: Picture, *, is_first: bool) -> float:
    """The width of a map's picture in the document."""
    image = Image.from_blob(picture.png)
    return min(_FIRST_MAP_MM * image.px_width / image.px_height, _MAP_MM) if is_first else _MAP_MM


def _to_right_edge(paragraph: Paragraph) -> None:
    """Align text after a tab with the right edge."""
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)


def _to_foot(paragraph: Paragraph) -> None:
    """Move a paragraph to the bottom of its page's text; consecutive ones lie there together."""
    frame = OxmlElement("w:framePr")
    settings = {"w": str(Mm(WIDTH_MM).twips), "wrap": "around", "xAlign": "left", "yAlign": "bottom"}
    for name, value in {**settings, "vAnchor": "margin", "hAnchor": "margin"}.items():
        frame.set(qn(f"w:{name}"), value)
    paragraph._p.get_or_add_pPr().insert_element_before(frame, *_BEHIND_FRAME)

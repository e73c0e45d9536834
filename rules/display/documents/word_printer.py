"""A document of blocks for Word, to be edited there: paper, fonts, tables that run over pages, maps as pictures."""

import io
from collections.abc import Iterable, Iterator, Sequence

from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.documents.blocks import (
    BELOW,
    BESIDE,
    LEAD,
    TITLE,
    WARNING,
    Block,
    Facts,
    Figure,
    Figures,
    Heading,
    Paragraphs,
    RedHead,
    Section,
    Table,
    printable,
)
from onemap.rules.display.documents.blocks import Document as Content
from onemap.rules.display.documents.word_page import (
    RED,
    a4_document,
    add_origin,
    border,
    describe_pictures,
    page_number,
    set_red_mark,
    set_style,
)
from onemap.rules.display.documents.word_tables import TableLook, WordTable
from onemap.rules.display.maps.map_pictures import Picture, map_pictures

_EAST_ASIAN = {"Normal": "仿宋", "Heading 1": "黑体", "Heading 2": "黑体", "Title": "方正小标宋简体"}
_SIZES = {"Normal": 10.5, "Heading 1": 14.0, "Heading 2": 11.0, "Title": 18.0}
_SPACES = {"Normal": (0, 3), "Heading 1": (8, 4), "Heading 2": (4, 2), "Title": (0, 6)}  # above and below, in points
_FACTS_PT, _NOTE_PT, _FOOT_PT = 8.5, 8.0, 7.0
_FACTS_MM, _NAME_MM = (23.0, 42.0, 23.0), 45.0  # of two facts beside each other, but the last; of a name alone
_PICTURE_MM, _PICTURE_PX, _AT_ONCE = 152.0, 1240, 25
_PICTURES = 0.7  # of the work, when the maps are pictures


def docx_of(content: Content, progress: Progress = SILENT) -> bytes:
    """The Word file of a document of sections; its maps and charts are pictures."""
    printable_document = printable(content)
    blocks = [
        block for section in printable_document.sections for block in section.blocks if isinstance(block, Figures)
    ]
    pictures = drawn_pictures(
        [figure.svg for block in blocks for figure in block.figures], progress.part(0.0, _PICTURES)
    )
    document = new_word_page(printable_document.width_mm)
    foot = document.sections[0].footer.paragraphs[0]
    foot.add_run(f"{printable_document.foot} · ").font.size = Pt(_FOOT_PT)
    page_number(foot, _FOOT_PT)
    printer = WordPrinter(document, printable_document.width_mm, pictures)
    if printable_document.head is not None:
        _add_head(document, printable_document.head)
    for number, section in enumerate(printable_document.sections):
        progress.at(_PICTURES + (1 - _PICTURES) * number / len(printable_document.sections))
        _add_title(document, section, number)
        for block in section.blocks:
            printer.add(block, is_whole=section.follows)
    return word_file(document, pictures, printable_document.origin)


def word_file(document: Doc, pictures: Iterable[Picture], origin: str = "") -> bytes:
    """The file of a document, whose pictures say what they show. origin: what made it, as PROV-JSON."""
    if origin:
        add_origin(document, origin)
    describe_pictures(document, pictures)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def drawn_pictures(drawings: Sequence[str], progress: Progress = SILENT) -> list[Picture]:
    """Maps and charts, given as SVG text, as pictures in the same order."""
    pictures: list[Picture] = []
    for start in range(0, len(drawings), _AT_ONCE):
        some = drawings[start : start + _AT_ONCE]
        part = progress.part(start / len(drawings), (start + len(some)) / len(drawings))
        pictures += map_pictures(some, _PICTURE_PX, part)
    progress.at(1.0)
    return pictures


def new_word_page(width_mm: float) -> Doc:
    """An empty A4 document with the fonts of our papers, black on white. width_mm: of its text."""
    margin_mm = (210 - width_mm) / 2
    document = a4_document(margin_mm, margin_mm, 13, 13, 7)
    for name, font in _EAST_ASIAN.items():
        style = document.styles[name]
        set_style(style, font, _SIZES[name])
        style.paragraph_format.space_before, style.paragraph_format.space_after = map(Pt, _SPACES[name])
    return document


def _add_head(document: Doc, head: RedHead) -> None:
    mark = document.add_paragraph()
    mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
    mark.add_run(head.mark)
    set_red_mark(mark, is_letter=head.is_letter)
    if head.number or not head.is_letter:
        number = document.add_paragraph(head.number)
        number.alignment = WD_ALIGN_PARAGRAPH.RIGHT if head.is_letter else WD_ALIGN_PARAGRAPH.CENTER
        if not head.is_letter:
            border(number, "bottom", "single", 8, RED)


def _add_title(document: Doc, section: Section, number: int) -> None:
    text = "　".join(filter(None, (section.mark, section.title)))
    if section.level == TITLE and not section.follows:
        title = document.add_paragraph(text, style="Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        document.core_properties.title = document.core_properties.title or text
    else:
        title = document.add_heading(text, 1)
    title.paragraph_format.page_break_before = (number > 0 and not section.follows) or None


class WordPrinter:
    """Sets blocks at the end of a document, `width_mm` wide. Kinds of paper override what they set differently.

    pictures: of all figures that will be set, in order; without_rows: the text in a table without rows; gap_pt: the
    height of the gap below a table.
    """

    tables = TableLook(leading=1.2, room_pt=0.5)
    gap_pt = 5.0
    without_rows = ""

    def __init__(self, document: Doc, width_mm: float, pictures: Iterable[Picture] = ()) -> None:
        self.document, self.width_mm = document, width_mm
        self._pictures: Iterator[Picture] = iter(pictures)

    def add(self, block: Block, *, is_whole: bool = False) -> None:
        """Set one block. is_whole: keep it together with the block above."""
        if isinstance(block, Heading):
            self.document.add_heading(block.heading, block.level)
        elif isinstance(block, Paragraphs):
            for line in block.lines:
                self.add_line(line, block.look)
        elif isinstance(block, Facts):
            self._add_facts(block)
        elif isinstance(block, Table):
            self._add_table(block, is_whole=is_whole or block.whole)
        elif isinstance(block, Figures):
            for figure in block.figures:
                self.add_figure(figure, next(self._pictures), is_whole=is_whole)
        else:
            self.add_own(block)

    def add_line(self, text: str, look: str) -> None:
        """Set a line of text."""
        run = self.document.add_paragraph().add_run(text)
        run.font.size = None if look in (LEAD, WARNING) else Pt(_NOTE_PT)
        run.bold = look == WARNING or None

    def add_own(self, block: Block) -> None:
        """Set a block that this kind of paper alone has."""
        raise TypeError(f"no printer for {type(block).__name__}")

    def add_caption(self, table: Table) -> None:
        """Set the caption above a table."""

    def add_figure(self, figure: Figure, picture: Picture, *, is_whole: bool) -> None:
        """Set a map or a chart."""
        self.add_picture(picture, _PICTURE_MM, keep_with_next=is_whole)

    def add_picture(self, picture: Picture, width_mm: float, *, keep_with_next: bool) -> Paragraph:
        """Set a picture in the middle."""
        paragraph = self.document.add_paragraph()
        paragraph.add_run().add_picture(io.BytesIO(picture.png), width=Mm(width_mm))
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = keep_with_next
        return paragraph

    def _add_facts(self, facts: Facts) -> None:
        """Set facts in the form that they ask for: two in a row, one in a row, or all in one line."""
        pairs = list(facts.pairs)
        if facts.form == BESIDE:
            rows = [[text for pair in pairs[at : at + 2] for text in pair] for at in range(0, len(pairs), 2)]
            self._add_names(rows, (*_FACTS_MM, self.width_mm - sum(_FACTS_MM)), (0, 2))
        elif facts.form == BELOW:
            self._add_names(pairs, (_NAME_MM, self.width_mm - _NAME_MM), (0,))
        else:
            self.document.add_paragraph("　".join(f"{name} {text}" for name, text in pairs))

    def _add_names(self, rows: Iterable[Sequence[str]], widths_mm: Sequence[float], names: Sequence[int]) -> None:
        table = WordTable(self.document, self.tables, widths_mm, _FACTS_PT, names=names)
        for row in rows:
            table.add([(text,) for text in row])
        self._add_gap()

    def _add_table(self, table: Table, *, is_whole: bool) -> None:
        """Set a table without columns of page numbers, which editing would make wrong; the widest gets their room."""
        places = [place for place, column in enumerate(table.columns) if not column.is_page]
        columns = [table.columns[place] for place in places]
        widths = [column.mm for column in columns]
        widths[widths.index(max(widths))] += sum(column.mm for column in table.columns if column.is_page)
        self.add_caption(table)
        aligns = [column.align for column in columns]
        word_table = WordTable(self.document, self.tables, widths, table.size, aligns=aligns, is_tight=table.tight)
        word_table.add([(column.head,) for column in columns], is_head=True)
        rows = [row for group in table.groups for row in group.rows] or table.rows
        for row in rows:
            word_table.add([row.cells[place] for place in places], splits=table.splits)
        if self.without_rows and not rows:
            word_table.add([(self.without_rows,)])
        for texts in filter(None, (table.rounding, table.total)):
            word_table.add([(texts[place],) for place in places], is_strong=True)
        if is_whole:
            word_table.hold()
        self._add_gap()

    def _add_gap(self) -> None:
        """Set a gap below a table, without which two tables would become one."""
        if self.gap_pt:
            gap = self.document.add_paragraph().paragraph_format
            gap.line_spacing, gap.space_after = Pt(self.gap_pt), Pt(0)

"""Tables for Word: lines, heads repeated on every page, widths in millimetres, and rows that no page splits."""

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from docx.document import Document as Doc
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.table import CT_Tc
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from onemap.layers.text_table import text_width
from onemap.rules.display.documents.blocks import CENTER, LEFT
from onemap.rules.display.documents.word_page import ALIGN, set_font

_SHADE, _GREY = "EBEBEB", RGBColor(0x46, 0x46, 0x46)
# How wide a cell may be, of a Chinese letter 2, of a Latin one 1: whose row stays on one page, and whose may not fit.
_HALF_A_PAGE, _A_PAGE = 800, 2000
_BESIDE_TWIPS = 108  # between a table's edge and its text
_BEHIND_INDENT = ("w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


@dataclass(frozen=True)
class TableLook:
    """How the tables of a document are set.

    leading: the height of a line, as a multiple of its letters' size; room_pt: above and below a text; padding, tight:
    the room above and beside a cell's text, in twentieths of a point, () for Word's own; strong: the font of heads and
    totals, "" for bold letters; is_centred: heads stand in the middle, and so do texts in their row.
    """

    leading: float
    room_pt: float = 0.0
    padding: tuple[int, ...] = ()
    tight: tuple[int, ...] = ()
    strong: str = ""
    is_centred: bool = False


class WordTable:
    """A table at the end of a document, built row by row. For speed, a cell is copied from an earlier one like it.

    aligns: of its columns; names: columns shaded like heads; is_tight: with little room in its cells.
    """

    def __init__(
        self,
        document: Doc,
        look: TableLook,
        widths_mm: Sequence[float],
        size_pt: float,
        *,
        aligns: Sequence[str] = (),
        names: Collection[int] = (),
        is_tight: bool = False,
    ) -> None:
        self._look, self._widths_mm, self._size_pt, self._names = look, widths_mm, size_pt, names
        self._aligns = aligns or (LEFT,) * len(widths_mm)
        self._table = document.add_table(rows=0, cols=len(widths_mm))
        self._table.style, self._table.autofit = "Table Grid", False
        padding = look.tight if is_tight else look.padding
        if padding:
            _set_padding(self._table, *padding)
        else:
            _indent(self._table)
        for column, width in zip(self._table.columns, widths_mm, strict=True):
            column.width = Mm(width)
        self._cells: dict[tuple[Any, ...], CT_Tc] = {}

    def add(
        self,
        cells: Sequence[Sequence[str]],
        *,
        is_head: bool = False,
        is_strong: bool = False,
        splits: bool = False,
        height_mm: float = 0.0,
    ) -> None:
        """Add a row. cells: the lines of each, the last as wide as the columns left; splits: a page may end inside."""
        row = _Row(self._table._tbl.add_tr(), self._table)
        if height_mm:
            row.height = Mm(height_mm)
        if not splits:
            _never_split(row, repeat=is_head)
        for column, lines in enumerate(cells):
            spans = len(self._widths_mm) - column if column == len(cells) - 1 else 1
            key = (column, spans, len(lines), is_head, is_strong)
            if key not in self._cells:
                self._cells[key] = self._new_cell(*key)
            row._tr.append(_filled_cell(self._cells[key], lines))

    def hold(self) -> None:
        """Keep rows that fit on one page together."""
        for row in self._table._tbl.tr_lst[:-1]:
            for paragraph in row.iter(qn("w:p")):
                Paragraph(paragraph, self._table).paragraph_format.keep_with_next = True

    def _new_cell(self, column: int, spans: int, lines: int, is_head: bool, is_strong: bool) -> CT_Tc:
        look, size_pt = self._look, self._size_pt
        cell = _Cell(CT_Tc.new(), self._table)
        cell.width = Mm(sum(self._widths_mm[column : column + spans]))
        cell._tc.get_or_add_tcPr().grid_span = spans
        if is_head or column in self._names:
            _shade(cell)
        if look.is_centred:
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph: Paragraph = cell.paragraphs[0]
        paragraph.alignment = ALIGN[CENTER if look.is_centred and (is_head or spans > 1) else self._aligns[column]]
        form = paragraph.paragraph_format
        form.line_spacing = Pt(size_pt * look.leading)
        form.space_before = form.space_after = Pt(look.room_pt) if look.room_pt else None
        for at in range(lines):
            run = paragraph.add_run()
            run.font.size = Pt(size_pt)
            if is_head or is_strong:
                if look.strong:
                    set_font(run._element, look.strong, size_pt)
                run.bold = None if look.strong else True
            run.font.color.rgb = _GREY if at else None
        return cell._tc


def _filled_cell(cell: CT_Tc, lines: Sequence[str]) -> CT_Tc:
    """A copy of a cell, filled with these lines."""
    new_cell = copy.deepcopy(cell)
    for at, (run, text) in enumerate(zip(new_cell.iter(qn("w:r")), lines, strict=True)):
        run.text = f"\n{text}" if at else text
    return new_cell


def _never_split(row: _Row, *, repeat: bool) -> None:
    """Keep a row on one page. repeat: the row is a table's head, repeated on every page."""
    properties = row._tr.get_or_add_trPr()
    properties.insert(0, OxmlElement("w:cantSplit"))
    if repeat:
        properties.append(OxmlElement("w:tblHeader"))


def hold_rows(body: Any) -> None:
    """Keep each row on one page, except those whose text is longer than half a page.

    A table with a row of more than a page does not repeat its head: LibreOffice leaves out what follows such a row.
    """
    for row in body.iter(qn("w:tr")):
        widest = max(map(_cell_width, row.iter(qn("w:tc"))), default=0)
        if widest > _A_PAGE:
            for head in list(row.getparent().iter(qn("w:tblHeader"))):
                head.getparent().remove(head)
        if widest > _HALF_A_PAGE:
            continue
        properties = row.get_or_add_trPr()
        if properties.find(qn("w:cantSplit")) is None:
            properties.insert(0, properties.makeelement(qn("w:cantSplit"), {}))


def _cell_width(cell: Any) -> int:
    return sum(text_width(text.text or "") for text in cell.iter(qn("w:t")))


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _set_padding(table: Table, above: int, side_twips: int) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", above), ("left", side_twips), ("bottom", above), ("right", side_twips)):
        margins.append(_measure(side, width))
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")


def _indent(table: Table) -> None:
    """Align a table's left edge with the text; Word lets it stick out by the room beside its text."""
    table._tbl.tblPr.insert_element_before(_measure("tblInd", _BESIDE_TWIPS), *_BEHIND_INDENT)


def _measure(name: str, twips: int) -> Any:
    element = OxmlElement(f"w:{name}")
    element.set(qn("w:w"), str(twips))
    element.set(qn("w:type"), "dxa")
    return element

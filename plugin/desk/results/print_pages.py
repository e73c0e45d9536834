"""A page of HTML printed on A4: no row of a table is parted, heads of tables are repeated, pages are numbered."""

from __future__ import annotations

from typing import NamedTuple

from qgis.PyQt.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from qgis.PyQt.QtGui import QFont, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument, QTextTable

from onemap.plugin.connection.file_writing import write_file

MARGIN_MM = 15.0
DOTS_A_METRE = 3780  # 96 dots an inch: the document is laid out alike whatever screen there is
DOTS_AN_INCH = 96.0
FOOT_PX, FOOT_LETTERS_PX = 24.0, 11  # the line of the page's number
BORDER_PX, PADDING_PX = 1.0, 3.0  # of a cell
CELL_EDGE_PX = BORDER_PX + PADDING_PX  # from a row's edge to its text


class Strip(NamedTuple):
    """A part of the document that stays on one page, from top to bottom in its pixels.

    head: top and bottom of the head that stands above it where it begins a page.
    """

    top: float
    bottom: float
    head: tuple[float, float] | None = None


class PagePart(NamedTuple):
    """A part of a printed document on one page, under the head of the table that goes on there."""

    top: float
    bottom: float
    head: tuple[float, float] | None


def print_page(page: str, path: str) -> None:
    """Print a page of HTML as a PDF on A4. Raises Refusal: it cannot be written, which Qt would not say."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    size, upright = QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait
    writer.setPageLayout(QPageLayout(size, upright, margins, QPageLayout.Unit.Millimeter))
    scale = writer.resolution() / DOTS_AN_INCH
    width, height = writer.width() / scale, writer.height() / scale
    screen = QImage(1, 1, QImage.Format.Format_RGB32)
    screen.setDotsPerMeterX(DOTS_A_METRE)
    screen.setDotsPerMeterY(DOTS_A_METRE)
    document = QTextDocument()
    document.setUseDesignMetrics(True)
    document.documentLayout().setPaintDevice(screen)
    document.setHtml(page)
    document.setTextWidth(width)
    parts = page_parts(_strips(document), height - FOOT_PX)
    foot_font = QFont(document.defaultFont())
    foot_font.setPixelSize(FOOT_LETTERS_PX)
    painter = QPainter(writer)
    painter.scale(scale, scale)
    for number, part in enumerate(parts, start=1):
        if number > 1:
            writer.newPage()
        _draw(painter, document, part, width)
        foot = QRectF(0.0, height - FOOT_PX, width, FOOT_PX)
        sides = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.setFont(foot_font)
        painter.drawText(foot, int(sides), f"{number} / {len(parts)}")
    painter.end()
    buffer.close()
    write_file(path, bytes(buffer.data()))


def page_parts(strips: list[Strip], height: float) -> list[PagePart]:
    """The strips by pages of so many pixels; what is higher than a page is cut where the page ends."""
    parts: list[PagePart] = []
    top, head = (strips[0].top if strips else 0.0), None
    bottom = top

    def room() -> float:
        return height - (head[1] - head[0] if head else 0.0)

    for strip in strips:
        if strip.bottom - top > room() and bottom > top:
            parts.append(PagePart(top, bottom, head))
            top, head = strip.top, strip.head
        while strip.bottom - top > room():
            parts.append(PagePart(top, top + room(), head))
            top += room()
            head = strip.head
        bottom = strip.bottom
    return [*parts, PagePart(top, bottom, head)]


def _strips(document: QTextDocument) -> list[Strip]:
    """Lines of text and rows of tables from top to bottom; a heading stays with the table below it."""
    layout, strips, heading = document.documentLayout(), [], None
    at = document.rootFrame().begin()
    while not at.atEnd():
        table, block = at.currentFrame(), at.currentBlock()
        if isinstance(table, QTextTable):
            rows = _rows(document, table)
            if heading is not None and rows:
                rows[0] = rows[0]._replace(top=heading)
            strips += rows
            heading = None
        elif block.isValid():
            box = layout.blockBoundingRect(block)
            if block.blockFormat().headingLevel():
                heading = box.top() if heading is None else heading
            else:
                strips.append(Strip(box.top() if heading is None else heading, box.bottom()))
                heading = None
        at += 1
    return strips


def _rows(document: QTextDocument, table: QTextTable) -> list[Strip]:
    """The rows of a table; its head and the first row below it are one."""
    layout = document.documentLayout()
    tops = [
        min(
            layout.blockBoundingRect(table.cellAt(row, column).firstCursorPosition().block()).top()
            for column in range(table.columns())
        )
        - CELL_EDGE_PX
        for row in range(table.rows())
    ]
    edges = [*tops, layout.frameBoundingRect(table).bottom()]
    heads = min(table.format().headerRowCount(), table.rows() - 1)
    head = (edges[0], edges[heads]) if heads else None
    first = Strip(edges[0], edges[heads + 1])
    return [first, *(Strip(edges[row], edges[row + 1], head) for row in range(heads + 1, table.rows()))]


def _draw(painter: QPainter, document: QTextDocument, part: PagePart, width: float) -> None:
    """Draw a page's part from the page's top, under its head."""
    below = 0.0
    for top, bottom in (*([part.head] if part.head else []), (part.top, part.bottom)):
        painter.save()
        painter.translate(0.0, below - top)
        # The line below a page's last row is that above the next one.
        document.drawContents(painter, QRectF(0.0, top, width, bottom - top + BORDER_PX))
        painter.restore()
        below += bottom - top

"""The user guide and the documents that it links to, shown inside QGIS without network or browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QTextBlock, QTextCursor, QTextDocument
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QDialog, QSizePolicy, QTextBrowser, QWidget

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.profile.paths import GUIDES
from onemap.plugin.profile.settings import language
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.words.translation import tr

SIZE_PX = (760, 640)
DEEPEST_LISTED = 3  # of the levels of headings
INDENT = "    "
MARGIN_PX = 24  # beside a picture: of the page, and its scroll bar


# Python forgets what a window owns whose own Python object is gone, as that of QGIS's main window is.
_guides: list[Guide] = []


@dataclass(frozen=True)
class Place:
    """A place in a document. heading: the number of its heading, from 0; None for a place reached by scrolling."""

    path: Path
    heading: int | None = 0
    scrolled_px: int = 0


def show_guide(topic: str = "", over: QWidget | None = None) -> Guide:
    """Show the guide at a topic; each window has its own guide, so that a modal dialog does not lock it.

    topic: as for `place_of`. over: a widget of the window that asks; None for the window that has the keyboard.
    """
    window = (over.window() if over is not None else None) or QApplication.activeWindow()
    if not isinstance(window, Guide):
        window = next((guide for guide in _guides if guide.parentWidget() is window), None) or _new_guide(window)
    window.go_to(place_of(topic))
    window.show()
    window.raise_()
    window.activateWindow()
    return window


def _new_guide(window: QWidget | None) -> Guide:
    guide = Guide(window)
    guide.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _guides.append(guide)
    guide.destroyed.connect(lambda _object: _guides.remove(guide))
    return guide


def close_guides() -> None:
    """Close every guide, before the plugin is unloaded."""
    for guide in list(_guides):
        guide.close()


def place_of(topic: str) -> Place:
    """The place of a topic in the user's language.

    topic: the anchor of a heading in the English guide, such as `query-sheets`, or in another of its pages, such as
    `identify#in-three-dimensions`; empty for the beginning. The headings of both languages are in the same order.
    """
    page, _, mark = topic.rpartition("#")
    english = GUIDES / (f"{page}.en.md" if page else "en.md")
    marks = [mark_of(heading) for _, heading in headings_of(english.read_text(encoding="utf-8"))]
    number = marks.index(mark) if mark in marks else 0
    return Place(GUIDES / (f"{page}.{language()}.md" if page else f"{language()}.md"), number)


def headings_of(text: str) -> list[tuple[int, str]]:
    """Level and text of each heading of a Markdown document; lines inside code blocks are not headings."""
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [(len(signs), words.strip()) for signs, words in re.findall(r"^(#+) (.*)$", without_code, re.MULTILINE)]


def mark_of(heading: str) -> str:
    """The anchor of a heading in links, behind `#`, as on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class Guide(QDialog):
    """The guide in the user's language."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, windowTitle=tr("One Map: user guide"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        resize_on_screen(self, *SIZE_PX)
        self._trail: list[Place] = []
        self._path = Path()
        self._document: QTextDocument | None = None
        # A page that was not shown yet has not its width, and so no heading its place.
        self._later = one_shot_timer(self, 0, self._scroll_to_heading)
        self.page = QTextBrowser(accessibleName=self.windowTitle(), openLinks=False, anchorClicked=self._follow)
        self.back_button = tool_button("back", tr("Back"), action=self._go_back, name=tr("Back"))
        self.back_button.setShortcut("Alt+Left")
        self.contents = QComboBox(accessibleName=tr("Contents"), toolTip=tr("Contents"))
        self.contents.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.contents.activated.connect(self._choose_heading)
        row = row_of(self.back_button, (self.contents, 1))
        column_of(row, self.page, inside=self)
        self._show(place_of(""))

    def go_to(self, place: Place) -> None:
        """Show a place; the button Back returns to the place before."""
        here = Place(self._path, None, self.page.verticalScrollBar().value())
        if self.isVisible():
            self._trail.append(here)
        self._show(place)

    def heading(self) -> str:
        """The heading that was gone to last."""
        return self.page.textCursor().block().text()

    def _show(self, place: Place) -> None:
        if place.path != self._path:
            self._load(place.path)
        self.back_button.setEnabled(bool(self._trail))
        self._later.stop()
        if place.heading is None:
            self._scroll_to(place.scrolled_px)
            return
        blocks = self._headings()
        if place.heading < len(blocks):
            block = blocks[place.heading]
            self.page.setTextCursor(QTextCursor(block))
            self.contents.setCurrentIndex(self.contents.findData(place.heading))
            self._later.start()

    def _scroll_to_heading(self) -> None:
        block = self.page.textCursor().block()
        top = self.page.document().documentLayout().blockBoundingRect(block).top()
        self._scroll_to(int(top) if block.blockNumber() else 0)

    def _scroll_to(self, value_px: int) -> None:
        self.page.document().documentLayout().documentSize()  # Qt lays a long text out piece by piece
        self.page.verticalScrollBar().setValue(value_px)

    def _load(self, path: Path) -> None:
        """Read a document, and show it when it is complete: Qt lays out a visible document again for every table."""
        text = path.read_text(encoding="utf-8")
        document = QTextDocument(self.page)
        document.setDefaultFont(self.page.font())
        document.setMarkdown(text)
        self.page.setSearchPaths([str(path.parent)])
        self.page.setDocument(document)
        if self._document is not None:
            self._document.deleteLater()
        self._path, self._document = path, document
        self._fit_pictures(path.parent)
        self.contents.clear()
        for number, block in enumerate(self._headings()):
            level = block.blockFormat().headingLevel()
            if level <= DEEPEST_LISTED:
                self.contents.addItem(INDENT * max(level - 2, 0) + block.text(), number)

    def _fit_pictures(self, folder: Path) -> None:
        """Make no picture wider than the page, so that a reader only scrolls down."""
        width_px = SIZE_PX[0] - 2 * MARGIN_PX
        block = self.page.document().begin()
        while block.isValid():
            fragments = block.begin()
            while not fragments.atEnd():
                fragment = fragments.fragment()
                picture = fragment.charFormat().toImageFormat() if fragment.charFormat().isImageFormat() else None
                fragments += 1
                if picture is not None and (folder / picture.name()).exists():
                    picture.setWidth(width_px)
                    cursor = QTextCursor(self.page.document())
                    cursor.setPosition(fragment.position())
                    cursor.movePosition(QTextCursor.MoveOperation.NextCharacter, QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(picture)
                    break  # the format has changed below the iterator; a line has one picture
            block = block.next()

    def _headings(self) -> list[QTextBlock]:
        blocks, block = [], self.page.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel():
                blocks.append(block)
            block = block.next()
        return blocks

    def _choose_heading(self, index: int) -> None:
        self.go_to(Place(self._path, self.contents.itemData(index)))

    def _follow(self, link: QUrl) -> None:
        """Open a linked Markdown document here; open any other link with the system's program for it."""
        if not link.isRelative():
            QDesktopServices.openUrl(link)
            return
        path = (self._path.parent / link.path()).resolve() if link.path() else self._path
        if path.suffix != ".md" or not path.is_file():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
            return
        marks = [mark_of(words) for _, words in headings_of(path.read_text(encoding="utf-8"))]
        mark = link.fragment(QUrl.ComponentFormattingOption.FullyDecoded)
        self.go_to(Place(path, marks.index(mark) if mark in marks else 0))

    def _go_back(self) -> None:
        if self._trail:
            self._show(self._trail.pop())

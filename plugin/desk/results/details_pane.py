"""The details of a row of the results: its measures and data, or the steps of its explanation."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QGuiApplication, QTextDocument
from qgis.PyQt.QtPrintSupport import QPrintDialog, QPrinter
from qgis.PyQt.QtWidgets import QFrame, QScrollArea

from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.words.contrast import link_colour
from onemap.plugin.words.number_format import local_times, with_area_in_unit
from onemap.plugin.words.translation import tr

LINES_AT_LEAST = 4
LINES_WANTED = 9


class DetailsPane(QScrollArea):
    """Text that scrolls where it does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self._label = wrapped_label()
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._label.setContentsMargins(2, 2, 2, 2)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._label.linkActivated.connect(self._follow)
        self._label.setAccessibleName(tr("Details"))
        self._title = ""
        self._steps: list[dict[str, Any]] = []
        self._is_technical = False
        self.setWidget(self._label)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(LINES_AT_LEAST * self.fontMetrics().lineSpacing())

    def text(self) -> str:
        """The text on display."""
        return self._label.text()

    def show_text(self, text: str) -> None:
        """Show plain text."""
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setText(text)
        self.verticalScrollBar().setValue(0)

    def show_steps(self, title: str, steps: list[dict[str, Any]]) -> None:
        """Show the rows of an explanation for a reviewer; codes and hashes on demand, under “technical”."""
        self._title, self._steps, self._is_technical = title, steps, False
        self._show_page()

    def refresh(self) -> None:
        """Show the steps again, with areas in the unit of the settings."""
        self._show_page()

    def _show_page(self) -> None:
        links = {
            "technical": tr("As a reviewer reads it") if self._is_technical else tr("Technical details"),
            "copy": tr("Copy"),
            "print": tr("Print…"),
        }
        look = f"style='color:{link_colour(self.palette())}'"
        line = " &nbsp; ".join(f"<a href='{name}' {look}>{escape(text)}</a>" for name, text in links.items())
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setText(steps_page(self._title, self._steps, self._is_technical) + f"<p>{line}</p>")
        self.verticalScrollBar().setValue(0)

    def _follow(self, link: str) -> None:
        """Do what a link below the steps says."""
        if link == "technical":
            self._is_technical = not self._is_technical
            self._show_page()
            return
        document = QTextDocument()
        document.setHtml(steps_page(self._title, self._steps, self._is_technical))
        if link == "copy":
            QGuiApplication.clipboard().setText(document.toPlainText())
        elif link == "print":
            printer = QPrinter(QPrinter.PrinterMode.HighResolution)
            if QPrintDialog(printer, self).exec():
                document.print(printer) if hasattr(document, "print") else document.print_(printer)

    def height_of_text(self) -> int:
        """The height of the whole text at this width."""
        return self._label.heightForWidth(self.viewport().width()) + 2 * self.frameWidth()

    def sizeHint(self) -> QSize:
        """High enough for a usual finding."""
        return QSize(super().sizeHint().width(), LINES_WANTED * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        """The least width: the text wraps."""
        return QSize(80, self.minimumHeight())


def steps_page(title: str, rows: list[dict[str, Any]], is_technical: bool) -> str:
    """The rows of an explanation as HTML. is_technical: include the lower rows, which have every code and hash."""
    parts = [f"<p style='margin:0 0 4px 0'><b>{escape(title)}</b></p>"]
    for row in rows:
        if row["rows"] and is_technical:
            parts.append(steps_page(row["name"], row["rows"], is_technical))
        elif not row["rows"]:
            label, text = row["name"], local_times(row["values"][0])
            value = escape(text if is_technical else with_area_in_unit(text)).replace("\n", "<br>")
            name = f"<b>{escape(label[:1].upper() + label[1:])}</b>"
            parts.append(f"<p style='margin:0 0 4px 0'>{name}&nbsp; {value}</p>")
    return "".join(parts)

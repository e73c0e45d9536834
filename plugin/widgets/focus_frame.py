"""A line around the list or text that has the focus, for themes of QGIS that do not show it."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPalette
from qgis.PyQt.QtWidgets import QAbstractScrollArea, QApplication, QWidget


class FocusFrame(QWidget):
    """Lies over its widget, and lets all events through.

    QGIS's own themes, which are style sheets, draw no focus in lists: a selected row looks the same with and without
    it. Without a style sheet, the style shows the focus.
    """

    def __init__(self, framed: QAbstractScrollArea) -> None:
        super().__init__(framed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        framed.installEventFilter(self)

    def eventFilter(self, framed: QObject, event: QEvent) -> bool:
        """Follow the focus and the size of the widget."""
        if event.type() == QEvent.Type.FocusIn and QApplication.instance().styleSheet():
            self.setGeometry(framed.rect())
            self.raise_()
            self.show()
        elif event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.Resize:
            self.setGeometry(framed.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setPen(QApplication.palette().color(QPalette.ColorRole.Text))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

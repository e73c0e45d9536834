"""A hand at QGIS's desktop for the scripts that QGIS runs: it waits, clicks, and looks for buttons."""

from qgis.PyQt.QtCore import QEventLoop, QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QToolBar
from qgis.utils import iface

LIMIT_MS = 120_000  # on a machine that has much else to do
LEFT = Qt.MouseButton.LeftButton


def wait_for(claim, limit_ms=LIMIT_MS):
    """Let QGIS work until a claim holds, even if only for a moment."""
    loop, held = QEventLoop(), [bool(claim())]
    timer, limit = QTimer(), QTimer()

    def look():
        if claim():
            held.append(True)
            loop.quit()

    timer.timeout.connect(look)
    limit.timeout.connect(loop.quit)
    timer.start(20)
    limit.start(limit_ms)
    if not held[0]:
        loop.exec()
    timer.stop()
    if not any(held):
        raise AssertionError("waited in vain")


def settle(milliseconds=400):
    """Let pending paint requests be done."""
    QTest.qWait(milliseconds)


def click(widget, place=None):
    """One click with the left button, in the middle or at a place."""
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, place or widget.rect().center())


def click_row(tree, index, at_start=False):
    """Click a row of a tree, or the box before its text."""
    tree.scrollTo(index)
    place = tree.visualRect(index)
    if at_start:
        indicator = tree.style().pixelMetric(tree.style().PixelMetric.PM_IndicatorWidth)
        click(tree.viewport(), QPoint(place.left() + indicator // 2 + 2, place.center().y()))
    else:
        click(tree.viewport(), place.center())


def toolbar_button(name):
    """The button of an action on any toolbar."""
    for bar in iface.mainWindow().findChildren(QToolBar):
        for action in bar.actions():
            if action.objectName() == name:
                return bar.widgetForAction(action)
    raise AssertionError(f"no button {name}")

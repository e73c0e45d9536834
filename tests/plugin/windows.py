"""Windows of a test: a dock, and the deletion of all windows that the test made."""

from contextlib import contextmanager

import pytest
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.connection.core_session import Core
from onemap.plugin.dock.dock import OneMapDock

# A test that ends the core of its dock, or forbids its start, and so does not share that of the others.
ends_its_core = pytest.mark.parametrize("core_of_dock", ["its own"], indirect=True)


@contextmanager
def own_dock(canvas, core=None):
    """A dock that is deleted at the end; without a core it has its own, which ends too."""
    dock = OneMapDock(core or Core(), canvas, lambda *_: None, lambda: None, lambda: None)
    try:
        yield dock
    finally:
        dock.close_down()
        if core is None:
            dock.core.stop()
        dock.deleteLater()
        QCoreApplication.sendPostedEvents(dock, QEvent.Type.DeferredDelete)


@contextmanager
def low_dock(canvas, core=None):
    """A dock as on a screen of 1280 x 720 in a usual font; at 150 % it has the same number of points."""
    with own_dock(canvas, core) as dock:
        dock.setFloating(True)
        dock.resize(320, 640)
        dock.show()
        yield dock


def windows_of_python():
    """The windows that Python may delete: they have no parent, and Qt does not own them."""
    return [window for window in QApplication.topLevelWidgets() if sip.ispyowned(window)]


@contextmanager
def windows_end():
    """Let Qt delete at the end all windows made in the block, even those that nobody refers to any more.

    Python's collector could delete these at any moment, even in a slot or a delegate that Qt calls while it goes from
    window to window with a new font or style. Qt would then go on to a deleted window, and crash.
    """
    before = set(map(sip.unwrapinstance, windows_of_python()))
    yield
    for window in windows_of_python():
        if sip.unwrapinstance(window) not in before:
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

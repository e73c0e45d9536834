"""No window of the plugin is left to Python's collector, which may run while Qt visits all windows."""

import gc

import pytest
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QObject
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.desk.add.source_choice import Delivery
from onemap.tests.plugin.small_town import lay_out, open_in, wait_for
from onemap.tests.plugin.windows import own_dock, windows_end, windows_of_python


class CollectorInBetween(QObject):
    """Runs the collector when the first widgets have the new font, as it may run in any slot."""

    def __init__(self, application):
        super().__init__(application)
        self.changes = 0
        application.installEventFilter(self)

    def eventFilter(self, _watched, event):
        self.changes += event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange)
        if self.changes == 5:
            gc.collect()
        return False


@pytest.fixture
def collector_waits():
    """The collector, which runs only when it is called."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_new_font_comes_to_all_windows_though_the_collector_runs_meanwhile(
    application, canvas, collector_waits, usual_font
):
    before = windows_of_python()
    with windows_end():
        for _dock in range(3):
            with own_dock(QgsMapCanvas()) as dropped:
                dropped.show()
                lay_out()
            del dropped
    # What would be there still has no name any more: the collector would delete it below.
    assert [window for window in windows_of_python() if window not in before] == []
    with own_dock(canvas) as dock:
        dock.show()
        lay_out()
        collector, font = CollectorInBetween(application), QApplication.font()
        font.setPixelSize(font.pixelSize() + 2)
        QApplication.setFont(font)
        application.removeEventFilter(collector)
        assert collector.changes > 5 and dock.font().pixelSize() == font.pixelSize()


@pytest.mark.slow
def test_qt_owns_every_window_that_the_dock_opens(canvas, library):
    before = windows_of_python()
    with own_dock(canvas) as dock:
        open_in(dock, library)
        dock.add_layer("")
        dock.add_delivery(Delivery())
        dock.publish()
        dock.register_service(None)
        dock.choose_server()
        dock.edit_profile(dock)
        dock.check_tab.facts.fill()
        wait_for(lambda: dock.check_tab.facts.dialog is not None)
        made = [type(window).__name__ for window in windows_of_python() if window not in before]
    assert made == ["OneMapDock"]

"""The first page while no library is open: how to get one."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import tr


class EmptyPage(QWidget):
    """A button for each way to a library; the header's menu has signals of the same names for the same requests."""

    open_requested = pyqtSignal()
    server_requested = pyqtSignal()
    new_requested = pyqtSignal()
    sample_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        explanation = wrapped_label(
            tr("Open the library that keeps your city's plans, make a new one, or try the sample city.")
        )
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        for name, text, requested in (
            ("library", tr("Open a library…"), self.open_requested),
            ("server", tr("Open a library on a server…"), self.server_requested),
            ("new", tr("New library…"), self.new_requested),
            ("sample", tr("Make the sample city…"), self.sample_requested),
        ):
            button = push_button(text, sign=name, action=lambda _checked, requested=requested: requested.emit())
            layout.addWidget(button)
        layout.addStretch()


class EmptyLibrary(QWidget):
    """The page of a library without data, with a button that adds the first; hidden while no such library is open."""

    def __init__(self, choose_folder: Callable[[], None]) -> None:
        super().__init__()
        text = FittedLabel()
        text.setText(tr("The library has no data yet. Drop a department's folder here, or choose one."))
        button = push_button(tr("Choose a folder…"), sign="ingest", action=choose_folder)
        column_of(text, button, inside=self, is_tight=True)
        self.hide()

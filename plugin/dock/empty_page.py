"""The first page while no library is open: how to get one."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

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
        text = tr("Open the library that keeps your city's plans, make a new one, or try the sample city.")
        buttons = (
            push_button(tr("Open a library…"), sign="library", action=self.open_requested),
            push_button(tr("Open a library on a server…"), sign="server", action=self.server_requested),
            push_button(tr("New library…"), sign="new", action=self.new_requested),
            push_button(tr("Make the sample city…"), sign="sample", action=self.sample_requested),
        )
        column_of(wrapped_label(text), *buttons, 0, inside=self)


class EmptyLibrary(QWidget):
    """The page of a library without data, with a button that adds the first; hidden while no such library is open."""

    def __init__(self, choose_folder: Callable[[], None]) -> None:
        super().__init__()
        text = FittedLabel()
        text.setText(tr("The library has no data yet. Drop a department's folder here, or choose one."))
        button = push_button(tr("Choose a folder…"), sign="ingest", action=choose_folder)
        column_of(text, button, inside=self, is_tight=True)
        self.hide()

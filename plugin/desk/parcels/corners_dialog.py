"""Corners of parcels that somebody types or pastes: the core reads them, and they lie on the map like what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer
from qgis.gui import QgsProjectionSelectionWidget
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QPlainTextEdit, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.connection.refusals import Refusal, problem_line
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import dock_controls
from onemap.plugin.words.translation import Count, tr

SIZE_PX = (460, 520)
LOOK_AFTER_MS = 400  # since the last key
FILE = "corners.txt"  # by this name the core takes any text for a list of corners
OF_SYSTEM = "crs."  # problems of the coordinate system, which is chosen here


class CornersDialog(WorkingDialog):
    """One corner a line; what the core reads of them is said before they are put on the map."""

    made = pyqtSignal(object)  # QgsVectorLayer: the parcels

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, parent)
        self.setWindowTitle(tr("Corners of parcels"))
        self.looking = Asking(library.core, self)  # about what is typed, which is of no library
        self.looking.refused.connect(lambda refusal: self.error.say("\n".join(map(_line, refusal.problems))))
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("Corners"))
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._take_text)
        self.error = FieldError(self.text)
        self.reading = wrapped_label()  # what the core reads
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setCrs(QgsCoordinateReferenceSystem(library.crs))
        self.crs.crsChanged.connect(lambda _crs: self._enable())
        self.notice = Notice(dock_controls())
        self.add_button = push_button(tr("Put on the map"), sign="corners", action=lambda _checked: self.add())
        self.add_button.setDefault(True)
        self._is_fine = False  # what is typed
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look)
        self._build()
        self._enable()

    def look(self) -> None:
        """Ask the core what the typed text says."""
        self._timer.stop()
        self.error.clear()
        self.reading.clear()
        self.looking.forget()
        if self.text.toPlainText().strip():
            self.looking.ask("inspect", {"source": self._typed_file()}, self._show)

    def add(self) -> None:
        """Have the core make the parcels, and put them on the map."""
        self.notice.hide()
        source = self._typed_file()
        params = {"source": source, "target": str(Path(source).with_suffix(".gpkg")), "crs": crs_text(self.crs.crs())}
        title = tr("Put on the map")
        self._ask_core("redline", params, self._take_parcels, title, title)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal."""
        self.notice.refuse(refusal)

    def close_down(self) -> None:
        """Stop following the core and close."""
        self._timer.stop()
        super().close_down()

    def _build(self) -> None:
        head = wrapped_label(
            tr(
                "One corner a line: north and east, longitude and latitude, or the other way round, with or without a "
                "label. An empty line begins the next parcel."
            )
        )
        close_button = push_button(tr("Close"), action=self.close)
        close_button.setAutoDefault(False)
        buttons = row_of((QWidget(), 1), self.add_button, close_button)
        form = QFormLayout()
        form.addRow(tr("Coordinate system"), NamedCrs(self.crs))
        below = (self.error, self.reading, form, self.notice, self.work, buttons)
        column_of(head, (self.text, 1), *below, inside=self)
        resize_on_screen(self, *SIZE_PX)
        name_accessibly(self)
        HelpKey(self)

    def _typed_file(self) -> str:
        return temporary_file(FILE, self.text.toPlainText())

    def _take_text(self) -> None:
        self._is_fine = False
        self._enable()
        self._timer.start()

    def _show(self, answer: dict[str, Any]) -> None:
        """Say what was read, and propose the system that the numbers name, if they do."""
        layer = answer["layers"][0]
        system = layer["crs"]
        if system["code"]:
            self.crs.setCrs(QgsCoordinateReferenceSystem(system["code"]))
        remarks = [problem for problem in layer["problems"] if not problem["code"].startswith(OF_SYSTEM)]
        count = tr("{count:# parcel|# parcels}").format(count=Count(layer["count"]))
        self.reading.setText("\n".join([count, *map(_line, remarks), system["why"]]))
        self._is_fine = True
        self._enable()

    def _take_parcels(self, answer: dict[str, Any]) -> None:
        self.made.emit(QgsVectorLayer(answer["target"], FILE, "ogr"))
        self.close()

    def _enable(self) -> None:
        self.add_button.setEnabled(self._is_fine and self.crs.crs().isValid() and not self.is_working)


def _line(problem: dict[str, Any]) -> str:
    """A problem without the name of the file that was made of what is typed."""
    return problem_line(problem, (FILE, Path(FILE).stem))

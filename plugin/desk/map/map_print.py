"""The button that prints the current map on the sheets of a published project, which are QGIS print templates."""

from __future__ import annotations

from qgis.core import QgsPrintLayout, QgsProject, QgsReadWriteContext
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QPushButton
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.sheet_drawing import SheetDrawing
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.questions import ask_text
from onemap.plugin.widgets.target_file import ask_document, open_file
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import tr

PAGES = ("A4", "A3")
FORMS = file_forms([".pdf", ".png"])


class MapPrint(QPushButton):
    """Asks for title and file, and writes the sheet."""

    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__(icon("print"), tr("Print the map"))
        self._library, self._canvas = library, canvas
        self.setToolTip(tr("The map as it lies here, with title, legend, scale, north and the date of the data"))
        self.pages = QMenu(self)
        for page in PAGES:
            self.pages.addAction(f"{page}…", lambda chosen_page=page: self._choose(chosen_page))
        self.setMenu(self.pages)

    def write(self, path: str, page: str, title: str) -> None:
        """Write the map on a page as PDF or PNG in the background, and open it."""
        self.setEnabled(False)
        self.message_sent.emit(tr("Printing the map…"))
        drawing = SheetDrawing(self.sheet(page, title), path)
        drawing.finished.connect(self._show_written)
        drawing.begin()

    def _show_written(self, path: str, why_not: str) -> None:
        self.setEnabled(True)
        if why_not:
            self.message_sent.emit(why_not)
            return
        open_file(path)
        self.message_sent.emit(tr("Written: {path}").format(path=path))

    def sheet(self, page: str, title: str) -> QgsPrintLayout:
        """The sheet with the current map; it is not stored in the project."""
        project, template = QgsProject.instance(), QDomDocument()
        template.setContent((RESOURCES / "layouts" / f"{page}.qpt").read_text(encoding="utf-8"))
        layout = QgsPrintLayout(project)
        layout.loadFromTemplate(template, QgsReadWriteContext())
        map_item, legend = layout.itemById("map"), layout.itemById("legend")
        map_item.setCrs(self._canvas.mapSettings().destinationCrs())
        map_item.zoomToExtent(self._canvas.extent())
        map_item.setMapRotation(self._canvas.rotation())
        layout.itemById("title").setText(title.replace("[%", "[ %"))
        legend.setTitle(tr("Legend"))
        foot = layout.itemById("foot")
        facts = (self._date_text(), self._library.name, map_item.crs().userFriendlyIdentifier())
        foot.setText("    ".join((foot.text(), *(fact.replace("[%", "[ %") for fact in facts))))
        return layout

    def _date_text(self) -> str:
        today = QDate.currentDate().toString(Qt.DateFormat.ISODate)
        text = tr("Data as of {day}, printed {today}")
        return text.format(day=self._library.day or today, today=today)

    def _choose(self, page: str) -> None:
        ask_text(self, self.text(), tr("Title of the map"), self._library.name, lambda title: self._ask(page, title))

    def _ask(self, page: str, title: str) -> None:
        ask_document(self, self.text(), f"{title} {page}", FORMS, lambda path: self.write(path, page, title))

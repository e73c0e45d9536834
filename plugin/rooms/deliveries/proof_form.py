"""The form of a proof: a folder, an archive or a database, and a template that is shipped or in a file."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QFormLayout, QLineEdit, QMenu, QToolButton, QWidget

from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

FOLDER = "deliveries"  # of the templates that are shipped, and what the core's words call them


class ProofForm(QWidget):
    """A line for the delivery, and a list of templates."""

    changed = pyqtSignal()  # another delivery, or another template

    def __init__(self) -> None:
        super().__init__()
        self._choice_told = ("", "")
        self.line = QLineEdit(placeholderText=tr("A folder, archive or database"), accessibleName=tr("Delivery"))
        self.line.editingFinished.connect(self._tell)
        self.line.setAcceptDrops(False)
        self.button = tool_button("ingest", tr("Choose a folder"), action=self._choose_folder)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self)
        menu.addAction(icon("ingest"), tr("Folder, or FileGDB…"), self._choose_folder)
        menu.addAction(icon("file"), tr("Archive or GeoPackage…"), self._choose_file)
        self.button.setMenu(menu)
        self.template = WrappedChoice(tr("Template"))
        self.template.activated.connect(lambda _index: self._tell())
        self.template_button = tool_button("file", tr("A template of your own (*.toml)"), action=self._choose_template)
        fill_form(
            QFormLayout(self),
            (tr("Delivery"), row_of((self.line, 1), self.button)),
            (tr("Template"), row_of((self.template, 1), self.template_button)),
            is_tight=True,
        )
        self.list_templates()

    @property
    def source(self) -> str:
        """Where the delivery lies; empty for none."""
        return self.line.text().strip().strip('"')

    def choose_source(self, path: str) -> None:
        """Choose a delivery."""
        if path:
            self.line.setText(path)
            self._tell()

    def list_templates(self) -> None:
        """List the shipped templates by their titles, once the core has sent these; the chosen template stays."""
        chosen_template = self.template.currentData()
        own = [self.template.itemData(row) for row in range(self.template.count())]
        self.template.clear()
        names = [path.stem for path in sorted((RESOURCES / FOLDER).glob("*.toml"))]
        for name in (one for one in names if "." not in one):  # NAME.cases.toml beside a template is none
            self.template.addItem(word(FOLDER, name), name)
        for path in own:
            if self.template.findData(path) < 0:
                self._add_own(path)
        self.template.setCurrentIndex(max(0, self.template.findData(chosen_template)))

    def choose_template(self, name: str) -> None:
        """Choose a template by its name, or by its file."""
        if self.template.findData(name) < 0:
            self._add_own(name)
        self.template.setCurrentIndex(self.template.findData(name))
        self._tell()

    def _add_own(self, path: str) -> None:
        self.template.addItem(Path(path).name, path)

    def _tell(self) -> None:
        """Tell that something else is chosen, if it is."""
        choice = (self.source, self.template.currentData())
        if choice != self._choice_told:
            self._choice_told = choice
            self.changed.emit()

    def _choose_folder(self) -> None:
        self.choose_source(QFileDialog.getExistingDirectory(self, tr("A folder that was delivered"), self.source))

    def _choose_file(self) -> None:
        filters = tr("Delivery (*.zip *.7z *.gpkg)")
        ask_file(self, tr("A file that was delivered"), self.choose_source, filters, self.source)

    def _choose_template(self) -> None:
        ask_file(self, tr("A template"), self.choose_template, "TOML (*.toml)")

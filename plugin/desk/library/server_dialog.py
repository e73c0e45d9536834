"""The dialog that opens a library on a PostGIS server: its location, and its login."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.gui import QgsAuthConfigSelect
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QDialog, QFormLayout, QLineEdit, QPushButton, QWidget

from onemap.plugin.connection.server_location import SCHEMA, has_login, is_server, location_of, parts_of
from onemap.plugin.connection.server_logins import METHOD, entry_of, keep_entry
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.widgets.buttons import close_button, show_text, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.words.translation import tr

SIZE_PX = (520, 280)
MIN_WIDTH_PX = 340


class ServerDialog(QDialog):
    """A library's address or service, its schema, and its login."""

    chosen = pyqtSignal(str)  # the location

    def __init__(self, location: str = "", parent: QWidget | None = None) -> None:
        """Show a location to change; an empty one for a new library."""
        super().__init__(parent, windowTitle=tr("Open a library on a server"))
        self.address, self.schema = QLineEdit(), QLineEdit()
        self.address.setPlaceholderText(tr("postgresql://host/database, or the name of a service"))
        self.schema.setPlaceholderText(tr("the library's schema in the database, such as city"))
        self.entry = QgsAuthConfigSelect(self, "postgres")
        self.hint = wrapped_label()
        self.open_button = QPushButton(icon("server"), tr("Open"), default=True)
        self._build()
        equip_window(self)
        if is_server(location):
            address, schema = parts_of(location)
            self.address.setText(address)
            self.schema.setText(schema)
            self.entry.setConfigId(entry_of(location))
        self.address.textChanged.connect(lambda _text: self._enable())
        self.schema.textChanged.connect(lambda _text: self._enable())
        self.entry.selectedConfigIdChanged.connect(lambda _entry: self._enable())
        self.open_button.clicked.connect(self._choose)
        self._enable()

    def _build(self) -> None:
        explanation = wrapped_label(
            tr(
                "Name and password are kept in QGIS's authentication store only: choose an entry, or add one with +. "
                "Without an entry the password file or the service file of PostgreSQL is used."
            )
        )
        rows = fill_form(
            QFormLayout(),
            (tr("Server"), self.address),
            (tr("Schema"), self.schema),
            (tr("Authentication"), self.entry),
            is_wide=True,
            is_wrapping=True,
        )
        buttons = row_of(0, self.open_button, close_button(self))
        column_of(explanation, rows, 1, self.hint, buttons, inside=self)
        self.setMinimumWidth(MIN_WIDTH_PX)
        resize_on_screen(self, *SIZE_PX)

    def _choose(self) -> None:
        location = location_of(self.address.text(), self.schema.text())
        keep_entry(location, self.entry.configId())
        self.close()
        self.chosen.emit(location)

    def _enable(self) -> None:
        show_text(self.hint, self._missing_input())
        self.open_button.setEnabled(not self.hint.text())

    def _missing_input(self) -> str:
        """The field that must be filled in or corrected; empty for none."""
        address, schema = self.address.text().strip(), self.schema.text().strip()
        if not address:
            return tr("Give the server's address, or the name of a service.")
        if has_login(address):
            return tr("Take user and password out of the address, and choose an authentication entry instead.")
        try:
            location_of(address, schema)
        except ValueError:
            return tr("Write the server as postgresql://host/database, or as the name of a service.")
        if not SCHEMA.fullmatch(schema):
            return tr("Give the schema: lower-case letters, digits and underscores, a letter first.")
        method = QgsApplication.authManager().configAuthMethodKey(self.entry.configId())
        if self.entry.configId() and method != METHOD:
            return tr("Choose an entry of the kind “Basic”: name and password.")
        return ""

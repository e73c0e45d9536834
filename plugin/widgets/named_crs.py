"""QGIS's choice of a coordinate system, with its name in the user's language if QGIS has only an English one."""

from __future__ import annotations

from qgis.gui import QgsProjectionSelectionWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel, QWidget

from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.core_words import crs_title


class NamedCrs(QWidget):
    """QGIS's choice of a coordinate system, and below it the name, if QGIS shows another one."""

    def __init__(self, unset: str = "") -> None:
        """Make the choice. unset: the text for no system; empty if a system must be chosen."""
        super().__init__()
        self.choice, self.name = QgsProjectionSelectionWidget(), QLabel(wordWrap=True)
        if unset:
            self.choice.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
            self.choice.setNotSetText(unset)
        # QGIS gives the focus on to its button: Tab would pass its list over.
        self.choice.setFocusProxy(None)
        self.choice.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column_of(self.choice, self.name, inside=self, is_tight=True)
        self.choice.crsChanged.connect(lambda _crs: self.show_name())
        self.show_name()

    def show_name(self) -> None:
        """Say what the chosen system is called."""
        crs = self.choice.crs()
        title = crs_title(crs)
        self.name.setText(title)
        self.name.setVisible(bool(title) and title != crs.userFriendlyIdentifier())

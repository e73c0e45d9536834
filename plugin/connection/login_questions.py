"""QGIS's own question for a login, waived for libraries on servers, whose logins are entries of its store.

QGIS takes any failure of a connection for a wrong login. While a server is away it asks once for each layer that it
draws, each time in a window that holds up all else, and what is typed there is right for none of them.
"""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QAbstractButton, QDialog, QLabel, QWidget

from onemap.plugin.connection.server_logins import kept_entries

DIALOG, CONNECTION, IGNORE = "QgsCredentialDialog", "labelRealm", "mIgnoreButton"  # as QGIS calls them


class LoginQuestions(QObject):
    """Answers QGIS's dialog where it is about a library's connection: it asks no more for some seconds."""

    waived = pyqtSignal()  # a library's server lets nobody in, or does not answer

    def __init__(self, window: QWidget) -> None:
        """Follow QGIS's dialog. window: QGIS's own, which has it from the start."""
        super().__init__(window)
        self._dialog: QDialog | None = window.findChild(QDialog, DIALOG)
        if self._dialog is not None:
            self._dialog.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Waive the question once its dialog has begun to wait."""
        if event.type() == QEvent.Type.Show and watched is self._dialog and self._is_of_library():
            QTimer.singleShot(0, self._waive)
        return super().eventFilter(watched, event)

    def _is_of_library(self) -> bool:
        connection, ignore = self._dialog.findChild(QLabel, CONNECTION), self._ignore_button()
        if connection is None or ignore is None or ignore.isHidden():  # it is hidden where the master password is asked
            return False
        return any(f"authcfg={entry}" in connection.text() for entry in kept_entries())

    def _waive(self) -> None:
        self._ignore_button().click()
        self.waived.emit()

    def _ignore_button(self) -> QAbstractButton | None:
        return self._dialog.findChild(QAbstractButton, IGNORE)

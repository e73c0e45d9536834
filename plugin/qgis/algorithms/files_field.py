"""A field for several files in Processing's dialogs: a text, with a button that chooses files.

QGIS's own field for several files does not show files that are set from outside, such as from the history.
"""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from onemap.plugin.qgis.algorithms.code_field import CodeField
from onemap.plugin.words.translation import tr


class FilesField(CodeField):
    """A line of paths, and a button that adds files to it."""

    def createWidget(self, of: str, separator: str, ending: str, beside: str) -> QWidget:
        """Make the line and the button. of: the filter of files, as Qt's file dialog takes it."""
        whole = super().createWidget(of, separator, ending, beside)
        self.button.setToolTip(tr("Choose files"))
        self.button.setAccessibleName(tr("Choose files"))
        return whole

    def choose(self) -> None:
        """Open a file dialog, and add the chosen files that are not in the line yet."""
        paths, _filter = QFileDialog.getOpenFileNames(
            self.widget, self.parameterDefinition().description(), "", self._of
        )
        named = [path.strip() for path in self.shown_text().split(self._separator) if path.strip()]
        self.setValue(list(dict.fromkeys([*named, *paths])))

"""A field for one of the core's words in Processing's dialogs: it lists titles, and its value is the word.

QGIS's own field for a list shows the words that a script writes, such as `keep-a`.
"""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.verb_runs import learn_words
from onemap.plugin.qgis.algorithms.choice_titles import titles_of
from onemap.plugin.qgis.algorithms.code_field import CodeField

MIN_TITLE_LENGTH = 12


class ChoiceField(CodeField):
    """A list of titles; an optional one begins with QGIS's own text for no choice."""

    def createWidget(self, of: str, separator: str, ending: str, beside: str) -> QWidget:
        """Make the list. of: the name of the choice in `choice_titles`."""
        self._others: dict[str, Any] = {}
        definition = self.parameterDefinition()
        self.box = TitleList(of)
        self.box.setAccessibleName(definition.description())
        if definition.flags() & Qgis.ProcessingParameterFlag.Optional:
            self.box.addItem(QCoreApplication.translate("QgsProcessingEnumWidgetWrapper", "[Not selected]"), None)
        for code in definition.options():
            self.box.addItem(code, code)
        self.box.show_titles()
        self.setValue(None)
        self.box.currentIndexChanged.connect(lambda _index: self.widgetValueHasChanged.emit(self))
        return self.box

    def setValue(self, value: Any) -> None:
        """Select a word, shown by its title; an unknown word selects nothing."""
        self.box.setCurrentIndex(self.box.findData(value or None))
        if value:
            self.box.learn_titles()

    def value(self) -> str | None:
        """The chosen word; None for none."""
        return self.box.currentData()


class TitleList(QComboBox):
    """A list of words by their titles, which it asks the core for when it is first opened."""

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(MIN_TITLE_LENGTH)

    def showPopup(self) -> None:
        """Open the list, by its titles."""
        self.learn_titles()
        super().showPopup()

    def learn_titles(self) -> None:
        """Ask the core for its words if it has not sent them; without a core, the words are shown themselves."""
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            learn_words()
        except Refusal:
            return
        finally:
            QApplication.restoreOverrideCursor()
        self.show_titles()

    def show_titles(self) -> None:
        """Write the titles that are known."""
        titles = titles_of(self._of)
        for index in range(self.count()):
            code = self.itemData(index)
            if code in titles:
                self.setItemText(index, titles[code])

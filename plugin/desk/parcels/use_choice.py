"""The choice of a proposed use from the classes of one system of codes, searched by code or word."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QFocusEvent
from qgis.PyQt.QtWidgets import QComboBox, QSizePolicy

from onemap.plugin.widgets.form_fields import search_by_part, shrink
from onemap.plugin.words.core_words import all_words
from onemap.plugin.words.translation import tr

USE_FIELD = "YDXZ"  # of a parcel and of a project: the proposed use, as the rules ask for it
SYSTEM_FIELD = "code_system"  # of a parcel: by which codes it names its use
USUAL_SYSTEM = "land-sea-2023"  # the national classes of today


class UseChoice(QComboBox):
    """A list that is searched by typing; it may stay empty."""

    chosen = pyqtSignal(str)  # the code; empty for none

    def __init__(self) -> None:
        super().__init__()
        self.system = USUAL_SYSTEM
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        shrink(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Proposed use"))
        self.setToolTip(tr("The proposed use, for rules that ask for it: type a part of its code or name"))
        self.lineEdit().setPlaceholderText(tr("not stated"))
        self.lineEdit().setClearButtonEnabled(True)
        search_by_part(self)
        self.activated.connect(lambda _index: self.chosen.emit(self.code))
        self.lineEdit().editingFinished.connect(self._tidy)
        self.refresh()

    @property
    def code(self) -> str:
        """The code of the chosen class; empty for none."""
        index = self.findText(self.currentText())
        return str(self.itemData(index) or "") if index > 0 else ""

    def refresh(self) -> None:
        """List the classes that the core names, once it has named them."""
        uses = all_words("project_uses").get(self.system, {})
        if self.count() == len(uses) + 1:
            return
        code = self.code
        self.clear()
        self.addItem("", "")
        for class_code, title in uses.items():
            self.addItem(f"{class_code} {title}", class_code)
        self.choose(code)

    def set_system(self, system: str) -> None:
        """List the classes of another system, and choose none."""
        if system != self.system:
            self.system = system
            self.clear()
            self.refresh()
            self.choose("")

    def choose(self, code: str) -> None:
        """Choose a class by its code; an empty one for none."""
        self.setCurrentIndex(max(0, self.findData(code)))

    def showPopup(self) -> None:
        """Show the list, with classes that may have arrived since."""
        self.refresh()
        super().showPopup()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Know the classes before somebody types, too."""
        self.refresh()
        super().focusInEvent(event)

    def _tidy(self) -> None:
        """Replace typed text by a class: by its code, or by a word that only one class contains; other text by none."""
        text = self.currentText().strip()
        index = max(self.findText(text), self.findData(text)) if text else 0
        if index < 0:
            rows = [row for row in range(self.count()) if text.lower() in self.itemText(row).lower()]
            index = rows[0] if len(rows) == 1 else 0
        self.setCurrentIndex(index)
        self.chosen.emit(self.code)

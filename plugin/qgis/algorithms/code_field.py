"""Fields for codes and for files in Processing's dialogs: a text, with a button that lists the codes, or the files.

QGIS makes it from the name of its class in a parameter's metadata. In a model QGIS's own field is used, because the
value may be computed there.
"""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import Qgis, QgsProcessingParameterDefinition
from qgis.gui import QgsGui
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QWidget,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.profile import settings
from onemap.plugin.qgis.algorithms.code_lists import Code, CodeQuestion, codes_for
from onemap.plugin.widgets.buttons import show_text, wrapped_label
from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.search_line import SearchLine
from onemap.plugin.words.translation import tr

MODELER = "ModelerParametersDialog"
LIBRARY = "LIBRARY"
SIZE = (420, 460)
ROLE_CODE = Qt.ItemDataRole.UserRole


class CodeField(WidgetWrapper):
    """A line of text and a button."""

    def __new__(cls, definition: QgsProcessingParameterDefinition, dialog: QWidget, *place: int, **more: str) -> Any:
        """Make the field; in a model's dialog QGIS's own."""
        if type(dialog).__name__ != MODELER:
            return super().__new__(cls)
        registry = QgsGui.processingGuiRegistry()
        usual = registry.createModelerParameterWidget(dialog.model, dialog.childId, definition, dialog.context)
        usual.setDialog(dialog)
        return usual

    def createWidget(self, of: str, separator: str, ending: str, beside: str) -> QWidget:
        """Make the line and the button."""
        self._of, self._separator, self._ending, self._other_parameter = of, separator, ending, beside
        self._others: dict[str, Any] = {}
        self.line = QLineEdit(accessibleName=self.parameterDefinition().description())
        self.button = QToolButton(text="…", toolTip=tr("Choose from a list"), accessibleName=tr("Choose from a list"))
        self.button.clicked.connect(self.choose)
        self.line.textChanged.connect(lambda _text: self.widgetValueHasChanged.emit(self))
        whole = QWidget()
        row_of((self.line, 1), self.button, inside=whole, is_tight=True)
        return whole

    def createLabel(self) -> QLabel | None:
        """The title, wrapped as in QGIS, with QGIS's own translation of “optional”."""
        label = super().createLabel()
        if label is not None:
            label.setWordWrap(True)
        if label is not None and self.parameterDefinition().flags() & Qgis.ProcessingParameterFlag.Optional:
            text = QCoreApplication.translate("QObject", "%1 [optional]")
            label.setText(text.replace("%1", self.parameterDefinition().description()))
        return label

    def postInitialize(self, wrappers: list[Any]) -> None:
        """Remember the dialog's other fields, one of which is the library."""
        self._others = {wrapper.parameterDefinition().name(): wrapper for wrapper in wrappers}

    def setValue(self, value: Any) -> None:
        """Show a value; several values are joined by the parameter's separator."""
        if isinstance(value, (list, tuple)):
            value = (self._separator or ",").join(map(str, value))
        self.line.setText("" if value is None else str(value))

    def value(self) -> str | None:
        """The text; None for none."""
        return self.line.text().strip() or None

    def choose(self) -> None:
        """Show the list, and take what is chosen there."""
        dialog = self.code_dialog()
        if dialog.exec():
            self.setValue(dialog.text())

    def shown_text(self) -> str:
        """The text in the field."""
        return self.line.text()

    def code_dialog(self) -> CodeDialog:
        """The dialog with the list, not yet shown."""
        question = CodeQuestion(
            self._text_of(LIBRARY) or settings.get("library"), self._text_of(self._other_parameter.upper())
        )
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            codes, problem = codes_for(self._of, question), ""
        except Refusal as refusal:
            codes, problem = [], str(refusal)
        finally:
            QApplication.restoreOverrideCursor()
        if not codes and not problem:
            problem = tr("There is none in this library.") if question.library else tr("Choose the library first.")
        title = self.parameterDefinition().description()
        return CodeDialog(title, codes, problem, self.shown_text(), (self._separator, self._ending), self.widget)

    def _text_of(self, name: str) -> str:
        """The text of another field; empty if its value is no text, such as one that a model computes."""
        other = self._others.get(name)
        value = other.parameterValue() if other is not None else None
        return value if isinstance(value, str) else ""


class FilesField(CodeField):
    """A line of paths, and a button that adds files to it.

    QGIS's own field for several files does not show files that are set from outside, such as from the history.
    """

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
        paths_before = [path.strip() for path in self.shown_text().split(self._separator) if path.strip()]
        self.setValue(list(dict.fromkeys([*paths_before, *paths])))


class CodeDialog(QDialog):
    """A list of codes with their titles, and a line that filters it; codes can be ticked if several are allowed."""

    def __init__(
        self, title: str, codes: list[Code], problem: str, text: str, marks: tuple[str, str], parent: QWidget
    ) -> None:
        super().__init__(parent, windowTitle=title)
        resize_on_screen(self, *SIZE)
        self._separator, self._ending = marks
        self._text = text
        self._is_of_several = bool(self._separator)
        self.filter = SearchLine(tr("Search"))
        self.filter.setAccessibleName(tr("Search"))
        self.filter.textChanged.connect(self._filter)
        self.list = QListWidget(accessibleName=title)
        self._fill(codes)
        self.hint = wrapped_label()
        show_text(self.hint, problem)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        speak_buttons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        if not self._is_of_several:
            self.list.itemDoubleClicked.connect(lambda _item: self.accept())
        column_of(self.filter, self.hint, self.list, self.buttons, inside=self)

    def text(self) -> str:
        """The chosen codes as text; codes that were there before and are not in the list stay."""
        if not self._is_of_several:
            item = self.list.currentItem()
            return item.data(ROLE_CODE) + self._ending if item is not None and item.isSelected() else self._text
        items = [self.list.item(row) for row in range(self.list.count())]
        ticked = [item.data(ROLE_CODE) for item in items if item.checkState() == Qt.CheckState.Checked]
        listed_codes = {item.data(ROLE_CODE) for item in items}
        before = {self._code_in(part): part for part in self._parts()}
        foreign_parts = [part for code, part in before.items() if code not in listed_codes]
        return self._separator.join([*(before.get(code, code + self._ending) for code in ticked), *foreign_parts])

    def _parts(self) -> list[str]:
        parts = self._text.split(self._separator) if self._is_of_several else [self._text]
        return [part.strip() for part in parts if part.strip()]

    def _code_in(self, part: str) -> str:
        return part.split(self._ending)[0].strip() if self._ending else part

    def _fill(self, codes: list[Code]) -> None:
        present = {self._code_in(part) for part in self._parts()}
        for code in codes:
            item = QListWidgetItem(f"{code.code}  {code.title}".strip(), self.list)
            item.setData(ROLE_CODE, code.code)
            if self._is_of_several:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if code.code in present else Qt.CheckState.Unchecked)
            elif code.code in present:
                self.list.setCurrentItem(item)

    def _filter(self, text: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(text.strip().lower() not in item.text().lower())

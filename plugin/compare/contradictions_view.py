"""The contradictions between all plans: every pair is compared; a cell opens the comparison of its two plans."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.compare.compare_form import CompareForm
from onemap.plugin.compare.contradictions_table import Contradiction, ContradictionsModel, contradictions_in
from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.library.verb_view import VerbView
from onemap.plugin.profile import settings
from onemap.plugin.profile.suggested_file import suggested_file
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.number_format import large_unit
from onemap.plugin.words.translation import Count, sentences, tr

XLSX = {".xlsx": "Excel (*.xlsx)"}
COLUMN_PX, HEAD_LINES, AROUND_PX = 62, 4, 12
MAX_NAMES_SHARE = 0.34  # of the table's width


class ContradictionsView(VerbView):
    """The answer stays until the next, or until the library or the day changes."""

    pair_chosen = pyqtSignal(object)  # Contradiction
    back_requested = pyqtSignal()
    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, form: CompareForm, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self._form = form
        self._folder = ""
        self._pairs: list[Contradiction] = []  # on display
        self.model = ContradictionsModel(self)
        self._build()
        settings.changes.area_unit.connect(self._follow_unit)
        library.loading.connect(self._enable)
        self._enable()

    def _build(self) -> None:
        self.summary = QLabel(self._invitation())
        self.summary.setWordWrap(True)
        self.table = QTableView()
        self.table.setAccessibleName(tr("Who contradicts whom"))
        self.table.setModel(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setToolTip(tr("Areas in conflict; a click opens the comparison of the two plans"))
        self.table.clicked.connect(self._open)
        self.table.activated.connect(self._open)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.button = QPushButton(icon("contradictions"), tr("Compare all plans"))
        self.button.setToolTip(tr("Compares every pair of plans in force for which there is a matrix"))
        self.button.clicked.connect(lambda: self.ask())
        self.save_button = QPushButton(icon("export"), tr("Save as Excel…"))
        self.save_button.clicked.connect(self._choose_target)
        self.back_button = QPushButton(icon("back"), tr("Back to two plans"))
        self.back_button.clicked.connect(lambda: self.back_requested.emit())
        buttons = QGridLayout()
        for row, button in enumerate((self.button, self.save_button, self.back_button)):
            buttons.addWidget(button, row, 0)  # beside one another they are wider than the narrowest dock
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.work)
        layout.addLayout(buttons)

    def ask(self) -> None:
        """Ask the core to compare every pair."""
        if self.is_working or not self._library.path:
            return
        folder = Path(QgsProcessingUtils.generateTempFilename("contradictions"))
        folder.mkdir(parents=True, exist_ok=True)
        params = {
            "library": self._library.path,
            "as_of": self._library.day,
            "matrix": self._form.files,
            "out": str(folder / "contradictions.xlsx"),
            **self._form.limits(),
        }
        self._ask_core(
            "contradictions",
            params,
            lambda answer: self._show(str(folder), answer),
            tr("Who contradicts whom"),
            str(folder),
        )

    def clear(self) -> None:
        """Clear the table."""
        self.model.show_pairs([], [])
        self.summary.setText(self._invitation())
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""
        self._enable()

    def close_down(self) -> None:
        """Cancel, and remove the temporary files."""
        self.cancel()
        self.clear()

    def save(self, path: str) -> None:
        """Copy the core's own table to a path."""
        try:
            copy_file(Path(self._folder) / "contradictions.xlsx", path)
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        self.message_sent.emit(tr("Written: {path}").format(path=path))

    def _choose_target(self) -> None:
        title = tr("Save as Excel")
        path = ask_target(self, title, suggested_file(tr("Plans against each other"), ".xlsx"), XLSX)
        if path:
            self.save(path)

    def _show(self, folder: str, answer: dict[str, Any]) -> None:
        self._folder = folder
        self._pairs = contradictions_in(answer)
        self.model.show_pairs(self._pairs, self._library.layers)
        self._fit()
        self.summary.setText(self._summary_text(self._pairs))
        self._enable()
        self.results_shown.emit()

    def _follow_unit(self) -> None:
        """Show the same areas in the unit of the settings."""
        if self._folder:
            self.model.layoutChanged.emit()
            self.summary.setText(self._summary_text(self._pairs))

    def _invitation(self) -> str:
        return tr("Every plan against every other for which there is a matrix: the areas in conflict.")

    def _summary_text(self, pairs: list[Contradiction]) -> str:
        if not pairs:
            return tr("The library has no two plans for which there is a matrix.")
        conflicting = [pair for pair in pairs if pair.hectares]
        failed = [pair for pair in pairs if pair.hectares is None]
        text = tr("{count:# pair|# pairs} compared, {against} with contradictions (in\u00a0{unit}).").format(
            unit=large_unit(), count=Count(len(pairs) - len(failed)), against=Count(len(conflicting))
        )
        if not failed:
            return text
        return sentences(text, tr("{count} could not be compared: see –.").format(count=f"{len(failed):,}"))

    def resizeEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Limit the width of the names."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Make columns as wide as the longest word above them, the rest of a name wraps; else make them a list."""
        widths = [self._column_width(title) for title in self.model.plans_across]
        names_width = round(MAX_NAMES_SHARE * self.width())
        is_list = sum(widths) + names_width + AROUND_PX > self.width()
        if is_list != self.model.is_list:
            self.model.set_list(is_list)
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        down.setVisible(not is_list)
        fixed, by_text = QHeaderView.ResizeMode.Fixed, QHeaderView.ResizeMode.ResizeToContents
        down.setDefaultSectionSize(2 * self.fontMetrics().lineSpacing() + AROUND_PX)
        down.setSectionResizeMode(by_text if is_list else fixed)
        down.setMaximumWidth(names_width)
        across.setFixedHeight((1 if is_list else HEAD_LINES) * self.fontMetrics().lineSpacing() + AROUND_PX)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        if is_list and self.model.rowCount():
            across.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            across.setSectionResizeMode(1, by_text)  # no wider, or names wrap without need
        elif not is_list:
            for column, width in enumerate(widths):
                self.table.setColumnWidth(column, width)

    def _column_width(self, title: str) -> int:
        words = [word for word in title.split() if word.isascii()]
        return max(COLUMN_PX, max(map(self.fontMetrics().horizontalAdvance, words), default=0) + AROUND_PX)

    def _open(self, index: QModelIndex) -> None:
        pairs = [pair for pair in self.model.cell_at(index).pairs if pair.run]
        if len(pairs) == 1:
            self.pair_chosen.emit(pairs[0])
        elif pairs:
            menu = self.menu_of(pairs)
            menu.exec(self.table.viewport().mapToGlobal(self.table.visualRect(index).bottomLeft()))

    def menu_of(self, pairs: list[Contradiction]) -> QMenu:
        """A menu of the matrices, where two plans were compared by several."""
        menu = QMenu(self)
        for pair in pairs:
            menu.addAction(as_written(pair.title), lambda chosen=pair: self.pair_chosen.emit(chosen))
        return menu

    def _enable(self) -> None:
        self.button.setEnabled(not self.is_working and bool(self._library.path))
        self.save_button.setEnabled(bool(self._folder))

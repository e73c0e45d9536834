"""The land-use balance of a ground, summed by the core: the area of each class, by unit, as a table with bars."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QModelIndex, QRectF, pyqtSignal
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import QFormLayout, QLabel, QPushButton, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.answers.answer_tree import NAME, ROLE_ROW, AnswerTree, remarks_in
from onemap.plugin.desk.library.changed_versions import ChangedVersions
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.statistics.counted_ground import CountedGround
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.target_file import ask_document
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import list_of_some, tr

AREA, SHARE = 1, 2  # what else a row tells stands in its tip
GROUP = "/group"
TABLE = "totals.xlsx"
STRATA = ("current_use", "plans")  # the layers whose classes are uses of land
MIN_ROWS = 9
OPACITY = 0.35  # of a bar


class StatisticsView(VerbView):
    """One balance at a time."""

    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__(library)
        self._table: Path | None = None  # the balance on display, as the core has written it
        self.layer = WrappedChoice(tr("Land use to add up"))
        self.ground = CountedGround(library, canvas)
        self.count_button = QPushButton(icon("statistics"), tr("Add up"))
        self.save_button = QPushButton(icon("export"), tr("Save as Excel…"))
        self.lacking = QLabel(wordWrap=True)  # in place of the form, where there is nothing to add up
        self.changed_versions = ChangedVersions(library)
        self.note = wrapped_label()
        self.tree = self._make_tree()
        self._form = QWidget()
        self._build()
        self.count_button.clicked.connect(lambda: self.count())
        self.save_button.clicked.connect(lambda: self._choose_target())
        library.listed.connect(self._list_layers)
        self._list_layers()

    def _make_tree(self) -> AnswerTree:
        tree = AnswerTree(tr("Land-use totals"))
        tree.setSelectionMode(AnswerTree.SelectionMode.ExtendedSelection)
        tree.setItemDelegateForColumn(SHARE, ShareBar(tree))
        tree.setMinimumHeight(MIN_ROWS * (self.fontMetrics().lineSpacing() + 4))
        return tree

    def _build(self) -> None:
        form = fill_form(QFormLayout(), (tr("Land use"), self.layer), (tr("Ground"), self.ground), is_tight=True)
        buttons = row_of(self.count_button, self.save_button)
        column_of(form, buttons, inside=self._form, is_tight=True)
        above = (self.lacking, self._form, self.work, self.changed_versions)
        rest = 0  # the room that is left while there is no table
        column_of(*above, (self.tree, 1), self.note, rest, inside=self, is_tight=True)
        self._show_result(False)

    def count(self) -> None:
        """Ask the core for the balance of the chosen ground."""
        layer: CatalogueLayer | None = self.layer.currentData()
        if layer is None or self.is_working or not self._library.path:
            return
        folder = temporary_folder("statistics")
        try:
            ground = self.ground.params(str(folder))
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        params = {
            "library": self._library.path,
            "code": layer.code,
            "by": f"{layer.class_field}{GROUP},{layer.class_field}",
            "as_of": self._library.day,
            "out": str(folder / TABLE),
            "view": True,
            **ground,
        }
        name, title = self.ground.name, layer.title
        self._ask_core(
            "statistics",
            params,
            lambda answer: self._show(folder / TABLE, answer, name, title),
            self.count_button.text(),
            str(folder),
        )

    def save(self, path: str) -> None:
        """Save the balance on display as a table. An existing file is replaced, because the user has confirmed it."""
        with refusals_told(self.refused.emit):
            copy_file(self._table, path)
            self.message_sent.emit(tr("Written: {path}").format(path=path))

    def clear(self) -> None:
        """Forget the balance."""
        if self._table is not None:
            shutil.rmtree(self._table.parent, ignore_errors=True)
            self._table = None
        self.changed_versions.forget()
        self.tree.clear()
        self._show_result(False)

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        self.cancel()
        self.ground.close_down()

    def _choose_target(self) -> None:
        ask_document(self, self.save_button.text(), self.layer.currentText(), file_forms([".xlsx"]), self.save)

    def _show(self, table_file: Path, answer: dict[str, Any], ground: str, layer: str) -> None:
        self._table = table_file
        within = answer.get("within") or {}
        self.changed_versions.compare_with(one for one in (answer["layer"], within) if one.get("table"))
        self.tree.show_table(answer["view"][0], columns=SHARE + 1)
        lines = [
            f"{layer} {answer['layer']['label']} · {ground}",
            tr("Areas are on the ellipsoid"),
            *remarks_in(answer),
            *(str(problem["message"]) for problem in answer.get("problems") or ()),
        ]
        self.note.setText("\n".join(lines))
        self._show_result(True)
        self.results_shown.emit()

    def _show_result(self, is_shown: bool) -> None:
        for widget in (self.tree, self.note):
            widget.setVisible(is_shown)
        self._enable()

    def _list_layers(self) -> None:
        chosen_text = self.layer.currentText()
        self.layer.clear()
        of_use = [
            layer
            for layer in self._library.layers
            if layer.geometry == "polygon" and layer.class_field and layer.stratum in STRATA
        ]
        of_use.sort(key=lambda layer: (STRATA.index(layer.stratum), layer.map_place))
        for layer in of_use:
            if layer.in_force is not None:
                self.layer.addItem(layer.title, layer)
        self.layer.setCurrentIndex(max(0, self.layer.findText(chosen_text)))
        text = tr("There is nothing to add up: no layer of land use is in force on this day. Add one of {layers}.")
        self.lacking.setText(text.format(layers=list_of_some([layer.title for layer in of_use])))
        self._enable()

    def _enable(self) -> None:
        has_layer = self.layer.count() > 0
        self.lacking.setVisible(not has_layer)
        self._form.setVisible(has_layer)
        self.count_button.setEnabled(not self.is_working and has_layer)
        self.save_button.setEnabled(not self.is_working and self._table is not None)


class ShareBar(QStyledItemDelegate):
    """Paints a row's share, from 0 to 1 in the delegate's column, as a bar below its text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the bar, then the item as it is."""
        row = index.siblingAtColumn(NAME).data(ROLE_ROW)
        share = row["values"][index.column() - 1]["value"]
        if share:
            area = QRectF(option.rect).adjusted(1, 2, -1, -2)
            area.setWidth(area.width() * min(1.0, max(0.0, share)))
            painter.save()
            painter.setOpacity(OPACITY)
            painter.fillRect(area, option.palette.brush(QPalette.ColorRole.Highlight))
            painter.restore()
        super().paint(painter, option, index)

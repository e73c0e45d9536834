"""Warnings: the core's list by kind, each with its ground on the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtWidgets import QHeaderView, QTreeWidgetItem

from onemap.plugin.desk.answers.answer_tree import VALUE, AnswerTree
from onemap.plugin.desk.answers.name_delegate import wrap_names
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.numbers.table_request import TableView, ValueTree
from onemap.plugin.rooms.numbers.warning_steps import WarningSteps
from onemap.plugin.widgets.buttons import push_button, tool_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.translation import Count, tr

INDENTATION_PX, BESIDE_VALUE_PX = 8, 8
USUAL_VALUE = "9,999.99 ha"
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]


class WarningView(TableView):
    """One list at a time. show_place: zooms to a geometry in its coordinate system, and flashes it."""

    def __init__(self, library: OpenLibrary, show_place: ShowPlace) -> None:
        super().__init__(library)
        self._show_place = show_place
        self._grounds: dict[str, QgsGeometry] = {}
        self._heads: list[dict[str, Any]] = []  # the rows on display, by kind
        self._kept_warnings: dict[str, dict[str, Any]] = {}  # what the library has opened, by id
        self._new = 0  # how many of those on display it has not
        self._unit_layer = ""
        self.packs: list[str] = []  # files of indicators in place of those that are shipped
        self._system = QgsCoordinateReferenceSystem()
        self.tree = self._make_tree()
        self.note = wrapped_label()
        self.steps = WarningSteps(library)
        self.keep_button = push_button(
            tr("Open the alerts"),
            sign="keep",
            hint=tr("Keep the list in the library: what is new is opened, and waits to be notified"),
            action=lambda: self.look(self._unit_layer, is_kept=True),
        )
        hint = tr("Open the list as a page, with a chart of how many there are of each kind")
        self.page_button = tool_button("document", hint, lambda: self.open_page(), tr("Page of the alerts"))
        row = row_of((self.keep_button, 1), self.page_button)
        column_of(self.work, (self.tree, 1), self.steps, self.note, row, inside=self, is_tight=True)
        self._show_result(False)
        self.steps.refused.connect(self.refused)
        self.steps.stepped.connect(self._show_step)
        self.tree.currentItemChanged.connect(lambda item, _before: self._offer_steps(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))

    def _make_tree(self) -> AnswerTree:
        tree = ValueTree(tr("Alerts"), (tr("Alerts"), tr("Value")))
        tree.setIndentation(INDENTATION_PX)
        wrap_names(tree, column=VALUE)
        widest = self.fontMetrics().horizontalAdvance(USUAL_VALUE)  # a longer one wraps: names need the room
        tree.header().setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Interactive)
        tree.header().resizeSection(VALUE, widest + BESIDE_VALUE_PX)
        return tree

    def look(self, unit_layer: str, is_kept: bool = False) -> None:
        """Ask the core for the warnings, and for the states of those opened in the library.

        unit_layer: the code of the layer of units; empty for the whole district. is_kept: open new warnings.
        """
        params = {"unit": unit_layer, "keep": is_kept, "as_of": self._library.day, "pack": self.packs, "view": True}
        self.ask_tables("warnings", tr("Alerts"), params, lambda tables, answer: self._show(tables, answer, unit_layer))

    def open_page(self) -> None:
        """Ask the core to write the page of the list, and open it."""
        if self.is_working:
            return
        self.write_page("warnings", {"unit": self._unit_layer, "pack": self.packs})

    def clear(self) -> None:
        """Forget the list."""
        self._grounds, self._kept_warnings, self._new = {}, {}, 0
        self.tree.clear()
        self._show_result(False)

    def _show(self, tables: Path, answer: dict[str, Any], unit_layer: str) -> None:
        """List the warnings, then ask for the steps taken, and for opened warnings that are found no more."""
        self._read_grounds(tables)
        self._unit_layer = unit_layer
        params = {"library": self._library.path, "view": True}
        self.asking.ask("warning list", params, lambda kept_answer: self._list(answer["view"], kept_answer))

    def _list(self, heads: list[dict[str, Any]], kept_answer: dict[str, Any]) -> None:
        """Fill the tree with today's warnings and their steps, then with open warnings that are found no more."""
        self._kept_warnings = {warning["id"]: warning for warning in kept_answer["warnings"]}
        today = {row["about"]["warning"]: row for head in heads for row in head["rows"] if row["about"]}
        by_kind = {head["about"]["kind"]: head for head in heads}
        for head in kept_answer["view"]:
            kind_row = by_kind.setdefault(head["about"]["kind"], {**head, "rows": []})
            for row in head["rows"]:
                if row["about"]["warning"] in today:
                    today[row["about"]["warning"]]["rows"] = row["rows"]
                elif row["about"]["is_open"]:
                    kind_row["rows"].append(row)
            kind_row["values"] = [str(sum(bool(row["about"]) for row in kind_row["rows"]))]
        self._heads = [head for head in by_kind.values() if head["rows"]]
        self.tree.show_rows(self._heads)
        count = sum(bool(row["about"]) for head in self._heads for row in head["rows"])
        text = tr("{count:# alert|# alerts}, {ground} with a place: double click or Enter goes there.")
        matters = text.format(count=Count(count), ground=Count(len(self._grounds)))
        lines = [matters if count else tr("No alerts.")]
        self._new = sum(bool(row["about"]["is_new"]) for row in today.values())
        if self._new:
            text = tr("{count:# is new: open it to follow it up|# are new: open them to follow them up}.")
            lines.append(text.format(count=Count(self._new)))
        self.note.setText("\n".join(lines))
        self._show_result(True)
        self.results_shown.emit()

    def _read_grounds(self, path: Path) -> None:
        layer = QgsVectorLayer(f"{path}|layername=warnings", "", "ogr")
        self._system = layer.crs()
        self._grounds = {feature["id"]: feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()}

    def _warning(self, item: QTreeWidgetItem | None) -> str:
        """The id of the warning in a row, or above a row of a step; empty for another row."""
        return str((self.tree.about(item) or {}).get("warning", ""))

    def _go_to(self, item: QTreeWidgetItem) -> None:
        ground = self._grounds.get(self._warning(item))
        if ground is not None:
            self._show_place(ground, self._system)

    def _offer_steps(self, item: QTreeWidgetItem | None) -> None:
        self.steps.show_steps(self._kept_warnings.get(self._warning(item), {}))

    def _show_step(self, answer: dict[str, Any]) -> None:
        """Show the state of a warning after its step; its row stays in place."""
        (stepped,) = (row for head in answer["view"] for row in head["rows"])
        warning = stepped["about"]["warning"]
        chosen_warning = self._warning(self.tree.currentItem())
        for head in self._heads:
            head["rows"] = [
                {**stepped, "is_open": True} if row["about"] and row["about"]["warning"] == warning else row
                for row in head["rows"]
            ]
        self._kept_warnings[warning] = answer["warning"]
        self.tree.show_rows(self._heads)
        self.tree.choose({"warning": chosen_warning})

    def _show_result(self, is_shown: bool) -> None:
        for widget in (self.tree, self.note, self.keep_button, self.page_button):
            widget.setVisible(is_shown)
        self.take_room(is_shown)
        self.steps.show_steps({})
        self._enable()

    def _enable(self) -> None:
        self.keep_button.setEnabled(bool(self._new) and not self.is_working)
        self.page_button.setEnabled(not self.is_working)

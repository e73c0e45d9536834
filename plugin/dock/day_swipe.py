"""Two days side by side: the map as of the library's day left of the pointer, and as of another day right of it."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsMapLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.layer_list import CatalogueLayer, layers_in
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_day import following_layers
from onemap.plugin.desk.map.map_layers import PROPERTY_CODE, PROPERTY_TABLE, open_version
from onemap.plugin.desk.map.tool_turn import take_map
from onemap.plugin.rooms.compare.compare_swipe import PlanSide, SwipeTool
from onemap.plugin.widgets.buttons import push_button, show_text
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.form_fields import date_box, day_text
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.translation import list_of_some, tr


class DaySwipe(QWidget):
    """A date box for another day, and the button that shows that day beside the library's day."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library, self._canvas = library, canvas
        self.asking = Asking(library.core, self, library.scope)
        self.asking.refused.connect(self._refuse)
        self.tool: SwipeTool | None = None
        self.date = date_box()
        self._proposed_day = QDate.currentDate().addYears(-1)
        self.date.setDate(self._proposed_day)
        self.date.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.date.setToolTip(tr("Another day"))
        self.button = push_button(
            tr("Swipe two days"),
            hint=tr(
                "Left of the pointer the map as of the library's day, right of it as of this one; ← and → move it too"
            ),
            checkable=True,
            toggled=self._toggle,
        )
        self.absence = FittedLabel()  # what has no data on the other day, as long as the two lie side by side
        self.absence.hide()
        row = row_of((self.date, 1), self.button)
        column_of(row, self.absence, inside=self, is_tight=True)
        library.loading.connect(lambda: self.button.setChecked(False))
        library.listed.connect(lambda: self.setVisible(any(entry.versions for entry in library.layers)))
        library.listed.connect(self._propose_day)
        canvas.layersChanged.connect(self._propose_day)
        self.hide()

    def end(self) -> None:
        """Restore the map."""
        if self.tool is not None:
            self.tool.end()

    def _propose_day(self) -> None:
        """Propose the last day on which the map was different, unless a person has chosen a day."""
        codes = {layer.customProperty(PROPERTY_CODE) for layer in self._canvas.layers()}
        day = day_before_change(entry for entry in self._library.layers if entry.code in codes)
        if day is not None and self.date.date() == self._proposed_day:
            self._proposed_day = day
            self.date.setDate(day)

    def _toggle(self, is_on: bool) -> None:
        if not is_on:
            self.asking.forget()
            self.end()
            return
        day = day_text(self.date)
        params = {"library": self._library.path, "as_of": day, "looks": True}
        self.asking.ask("layers", params, lambda answer: self._show(day, layers_in(answer)))

    def _refuse(self, refusal: Refusal) -> None:
        self.button.setChecked(False)
        self.refused.emit(refusal)

    def _show(self, day: str, entries: list[CatalogueLayer]) -> None:
        here = self._canvas.layers()
        there, absent_titles = self._layers_of(here, {entry.code: entry for entry in entries})
        if [layer.id() for layer in there] == [layer.id() for layer in here]:
            self.button.setChecked(False)
            self.message_sent.emit(tr("Between these two days nothing on the map changed."))
            return
        today = self._library.day or QDate.currentDate().toString(Qt.DateFormat.ISODate)
        others = [layer for layer in here if not layer.customProperty(PROPERTY_CODE)]
        is_blank = bool(absent_titles) and len(there) == len(others)
        title = tr("{day} · no data").format(day=day) if is_blank else day
        self.tool = SwipeTool(self._canvas, PlanSide(today, here), PlanSide(title, there))
        self._say_absent(day, absent_titles, is_blank)
        self.tool.ended.connect(self._end_swipe)
        take_map(self._canvas, self.tool)
        self._canvas.setFocus()

    def _say_absent(self, day: str, absent_titles: list[str], is_blank: bool) -> None:
        """Name the layers that the map of the other day lacks; a blank map would not explain itself."""
        text = tr("Not in force on {day}, and not on its side of the map: {layers}.")
        if is_blank:
            text = tr("No layer of the library on the map was in force on {day}: {layers}.")
        show_text(self.absence, text.format(day=day, layers=list_of_some(absent_titles)) if absent_titles else "")

    def _layers_of(
        self, here: list[QgsMapLayer], entries: dict[str, CatalogueLayer]
    ) -> tuple[list[QgsMapLayer], list[str]]:
        """Return the map's layers as of the other day, and the titles of those that had no version in force then.

        Layers that follow the day are shown in the version of that day; all other layers stay as they are.
        """
        following = {layer.id() for layer in following_layers(self._library)}
        there: list[QgsMapLayer] = []
        absent_titles: list[str] = []
        for layer in here:
            entry = entries.get(str(layer.customProperty(PROPERTY_CODE))) if layer.id() in following else None
            if entry is None:
                there.append(layer)
            elif entry.in_force is None:
                absent_titles.append(entry.title)
            else:
                is_same = entry.in_force.table == layer.customProperty(PROPERTY_TABLE)
                version_layer = layer if is_same else open_version(self._library, entry, entry.in_force)
                there += [version_layer] if version_layer.isValid() else []
        return there, absent_titles

    def _end_swipe(self) -> None:
        self.tool = None
        self.absence.hide()
        self.button.setChecked(False)


def day_before_change(entries: Iterable[CatalogueLayer]) -> QDate | None:
    """Return the day before the latest start of a version in force; a version that replaced another is preferred."""
    changes = []
    for entry in entries:
        first = entry.in_force.day if entry.in_force is not None else ""
        if first:
            is_next = any("" < version.day < first for version in entry.versions)
            changes.append((is_next, QDate.fromString(first, Qt.DateFormat.ISODate).addDays(-1)))
    return max(changes)[1] if changes else None

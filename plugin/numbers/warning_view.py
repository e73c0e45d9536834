"""What somebody has to look at: the core's warnings in a list by kind, each with its ground on the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingUtils, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.answers.name_delegate import wrap_names
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.numbers.row_sizes import row_size
from onemap.plugin.numbers.table_request import TableView
from onemap.plugin.numbers.unit_values import LOOK_OF, STATUSES, measured_text, reasons_text
from onemap.plugin.numbers.value_tree import NAME, VALUE, ValueTree
from onemap.plugin.numbers.warning_steps import WarningSteps, state_text, steps_text
from onemap.plugin.profile import settings
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import length_text
from onemap.plugin.words.translation import Count, name_list, tr, with_label
from onemap.plugin.words.verdicts import sign_icon

ROLE_ID = Qt.ItemDataRole.UserRole
INDENTATION_PX, BESIDE_VALUE_PX = 8, 8
USUAL_VALUE = "/ 9,999.99 ha"
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]


class WarningView(TableView):
    """One list at a time. show_place: zooms to a geometry in its coordinate system, and flashes it."""

    working = pyqtSignal(bool)

    def __init__(self, library: OpenLibrary, show_place: ShowPlace, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self._show_place = show_place
        self._grounds: dict[str, QgsGeometry] = {}
        self._rows: dict[str, dict[str, Any]] = {}  # on display, by id
        self._today: set[str] = set()  # of them those that are found today
        self._unit_layer = ""
        self.packs: list[str] = []  # files of indicators in place of those that come along
        self._system = QgsCoordinateReferenceSystem()
        self.tree = self._make_tree()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.steps = WarningSteps(library)
        self.keep_button = QPushButton(icon("keep"), tr("Open them"))
        self.keep_button.setToolTip(tr("Keep the list in the library: what is new is opened, and waits to be notified"))
        self.page_button = QToolButton()
        self.page_button.setIcon(icon("document"))
        self.page_button.setAccessibleName(tr("Page of what to look at"))
        self.page_button.setToolTip(tr("Open the list as a page, with a chart of how many there are of each kind"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.work)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.steps)
        layout.addWidget(self.note)
        row = QHBoxLayout()
        row.addWidget(self.keep_button, 1)
        row.addWidget(self.page_button)
        layout.addLayout(row)
        self._show_result(False)
        self.keep_button.clicked.connect(lambda: self.look(self._unit_layer, is_kept=True))
        self.page_button.clicked.connect(lambda: self.open_page())
        self.steps.refused.connect(self.refused)
        self.steps.stepped.connect(self._show_step)
        self.tree.currentItemChanged.connect(lambda item, _before: self._offer_steps(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        settings.changes.area_unit.connect(self._follow_unit)

    def _make_tree(self) -> QTreeWidget:
        tree = ValueTree(tr("What to look at"), (tr("What to look at"), tr("Value")))
        tree.setIndentation(INDENTATION_PX)
        wrap_names(tree, column=VALUE)
        widest = self.fontMetrics().horizontalAdvance(USUAL_VALUE)  # a longer one wraps: names need the room
        tree.header().setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Interactive)
        tree.header().resizeSection(VALUE, widest + BESIDE_VALUE_PX)
        return tree

    def look(self, unit_layer: str, is_kept: bool = False) -> None:
        """Ask the core for the warnings, and how those stand that the library has opened.

        unit_layer: the code of the layer of units; empty for the whole district. is_kept: open those that are new.
        """
        params = {"unit": unit_layer, "keep": is_kept, "as_of": self._library.day, "pack": self.packs}
        self.ask_tables(
            "warnings", tr("What to look at"), params, lambda tables, answer: self._show(tables, answer, unit_layer)
        )

    def open_page(self) -> None:
        """Let the core write the page of the list, and open it."""
        if self.is_working:
            return
        folder = Path(QgsProcessingUtils.generateTempFilename("warnings"))
        folder.mkdir(parents=True, exist_ok=True)
        page = str(folder / "page.html")
        params = {"library": self._library.path, "unit": self._unit_layer, "as_of": self._library.day}
        params |= {"pack": self.packs, "page": page}
        self.asking.ask(
            "warnings", params, lambda _answer: QDesktopServices.openUrl(QUrl.fromLocalFile(page)), tr("Page")
        )

    def clear(self) -> None:
        """Forget the list."""
        self._grounds, self._rows = {}, {}
        self.tree.clear()
        self._show_result(False)

    def close_down(self) -> None:
        """Cancel."""
        self.cancel()

    def _show(self, tables: Path, answer: dict[str, Any], unit_layer: str) -> None:
        """List the warnings, then ask for the steps that were taken; those no list finds any more come along."""
        self._read_grounds(tables)
        self._unit_layer = unit_layer
        rows = {row["id"]: row for row in answer["warnings"]}

        def show(more: dict[str, Any]) -> None:
            self._list([*more["warnings"], *rows.values()], set(rows), answer["unlooked"])

        self.asking.ask("warning list", {"library": self._library.path}, show)

    def _list(self, found: list[dict[str, Any]], today: set[str], unlooked: list[dict[str, Any]]) -> None:
        """Fill the tree. found: what was opened, then what is there today, whose numbers are the newer ones."""
        self.tree.clear()
        self._today = today
        merged: dict[str, dict[str, Any]] = {}
        for row in found:
            merged[row["id"]] = {**merged.get(row["id"], {}), **row}
        self._rows = {id_: row for id_, row in merged.items() if id_ in today or row.get("state") != "closed"}
        rows = list(self._rows.values())
        kinds = dict.fromkeys(row["kind"] for row in (*rows, *unlooked))
        for kind in kinds:
            of_kind = [row for row in rows if row["kind"] == kind]
            head = QTreeWidgetItem(self.tree, [word("warning_kinds", kind), str(len(of_kind))])
            head.setTextAlignment(VALUE, RIGHT)
            head.setToolTip(NAME, head.text(NAME))
            for row in sorted(of_kind, key=lambda row: STATUSES.index(row["status"])):
                self._add(head, row)
            for one in unlooked:
                if one["kind"] == kind:
                    self._add_unlooked(head, one)
            head.setExpanded(True)
        text = tr("{count:# matter|# matters}, {ground} with a place: double click or Enter goes there.")
        new = [row["id"] for row in rows if not row.get("state")]
        matters = text.format(count=Count(len(rows)), ground=Count(len(self._grounds)))
        lines = [matters if rows else tr("Nothing to look at.")]
        if new:
            text = tr("{count:# is new: open it to follow it up|# are new: open them to follow them up}.")
            lines.append(text.format(count=Count(len(new))))
        self.note.setText("\n".join(lines))
        self._show_result(True)
        self.results_shown.emit()

    def _add(self, parent: QTreeWidgetItem, row: dict[str, Any]) -> None:
        item = QTreeWidgetItem(parent)
        item.setData(NAME, ROLE_ID, row["id"])
        self._write(item, row, row["id"] not in self._today)

    def _follow_unit(self) -> None:
        """Show the same areas in the unit of the settings."""
        for head in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount())):
            for item in map(head.child, range(head.childCount())):
                row = self._rows.get(item.data(NAME, ROLE_ID))
                if row is not None:
                    self._write(item, row, row["id"] not in self._today)

    def _write(self, item: QTreeWidgetItem, row: dict[str, Any], is_gone: bool) -> None:
        value, limit = _value(row)
        is_measured = row["value"] is not None or (row["kind"] == "expiry" and row["days_left"] is not None)
        subject, place = self._subject(row)
        gone = tr("no longer found") if is_gone else ""
        second = " · ".join(
            filter(None, (state_text(row), gone, place, _why(row), _room(row), "" if is_measured else limit))
        )
        text = "\n".join(filter(None, (value, limit))) if is_measured else ""
        item.setText(NAME, f"{subject}\n{second}")
        item.setText(VALUE, text)
        item.setFirstColumnSpanned(not is_measured)
        item.setSizeHint(NAME, row_size(self.tree.fontMetrics(), (item.text(NAME), text)))
        item.setToolTip(NAME, "\n".join(filter(None, (item.text(NAME), steps_text(row)))))
        item.setTextAlignment(VALUE, RIGHT)
        if row["status"] in LOOK_OF:
            item.setIcon(NAME, sign_icon(LOOK_OF[row["status"]], self.palette()))
        item.takeChildren()
        for line in steps_text(row).splitlines():
            step = QTreeWidgetItem(item, [line])
            step.setData(NAME, ROLE_ID, row["id"])
            step.setFirstColumnSpanned(True)
            step.setToolTip(NAME, line)

    def _add_unlooked(self, parent: QTreeWidgetItem, one: dict[str, Any]) -> None:
        """What could not be looked at, and why."""
        text = with_label(word("indicator_statuses", "unknown"), reasons_text(one["reason"]))
        item = QTreeWidgetItem(parent, [" ".join(filter(None, (text, self._layer_title(one.get("layer")))))])
        item.setToolTip(NAME, item.text(NAME))
        item.setFirstColumnSpanned(True)
        item.setIcon(NAME, sign_icon("unknown", self.palette()))

    def _subject(self, row: dict[str, Any]) -> tuple[str, str]:
        """What a warning is about, and where: the indicator and its unit, the feature and its layer."""
        if row["kind"] == "expiry" and row["subject"] == row["reason"]:
            return self._layer_title(row["layer"]), ""
        own = str(row.get("title") or row["subject"])
        place = str(row.get("unit_title") or row["unit"] or "") or self._layer_title(row["layer"])
        return own, place

    def _layer_title(self, code: str | None) -> str:
        entry = self._library.entry(code) if code else None
        return entry.title if entry is not None else str(code or "")

    def _read_grounds(self, path: Path) -> None:
        layer = QgsVectorLayer(f"{path}|layername=warnings", "", "ogr")
        self._system = layer.crs()
        self._grounds = {feature["id"]: feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()}

    def _go_to(self, item: QTreeWidgetItem) -> None:
        ground = self._grounds.get(item.data(NAME, ROLE_ID))
        if ground is not None:
            self._show_place(ground, self._system)

    def _offer_steps(self, item: QTreeWidgetItem | None) -> None:
        self.steps.show_steps(self._rows.get(item.data(NAME, ROLE_ID), {}) if item is not None else {})

    def _show_step(self, warning: dict[str, Any]) -> None:
        """Show how a warning stands after its step; the row stays where it is."""
        if warning["id"] not in self._rows:
            return
        row = self._rows[warning["id"]]
        row.update({name: warning[name] for name in ("state", "next", "steps")})
        item = self.tree.currentItem()
        if item is not None and item.parent() is not None and item.parent().data(NAME, ROLE_ID) == warning["id"]:
            item = item.parent()  # of a step the warning
        if item is not None and item.data(NAME, ROLE_ID) == warning["id"]:
            self.tree.setCurrentItem(item)
            is_gone = not warning["found"]
            self._write(item, row, is_gone)
            item.setExpanded(True)
            self._offer_steps(item)

    def _show_result(self, is_shown: bool) -> None:
        for widget in (self.tree, self.note, self.keep_button, self.page_button):
            widget.setVisible(is_shown)
        self.take_room(is_shown)
        self.steps.show_steps({})
        self._enable()

    def _enable(self) -> None:
        is_new = any(not row.get("state") for row in self._rows.values())
        self.keep_button.setEnabled(is_new and not self.is_working)
        self.page_button.setEnabled(not self.is_working)
        self.working.emit(self.is_working)


def _why(row: dict[str, Any]) -> str:
    """The status in words, and why; its sign is the icon beside it."""
    reason = str(row["reason"] or "")
    words = reason if row["kind"] == "sums" else reasons_text(reason)
    if row["nearest"] is not None:
        nearest = tr("nearest approval {name}, {distance}")
        facts = {"name": row.get("nearest_title") or row["nearest"], "distance": length_text(row["distance_m"])}
        words = name_list((words, nearest.format(**facts)))
    named = str(row["status_title"])
    return with_label(named, words) if words else named


def _room(row: dict[str, Any]) -> str:
    """What a quota leaves free when all is built that is approved and in review, and for how many days."""
    if row["kind"] != "quota" or row["free"] is None or row["free"] <= 0:  # what is broken says so
        return ""
    free = tr("{size} free").format(size=_amount(row["free"], row))
    if not row["days_left"]:
        return free
    return name_list((free, tr("lasts {count:# day|# days}").format(count=Count(row["days_left"]))))


def _value(row: dict[str, Any]) -> tuple[str, str]:
    """The value, and its limit; of a permit the days, and the day."""
    if row["kind"] == "expiry" and row["days_left"] is not None:
        left = int(row["days_left"])
        text = tr("ended {days} d ago") if left < 0 else tr("ends in {days} d")
        return text.format(days=abs(left)), str(row["day"])
    limit = "" if row["limit"] is None else f"/ {_amount(row['limit'], row)}"
    return _amount(row["value"], row), limit


def _amount(number: float | None, row: dict[str, Any]) -> str:
    """A number of a row with its unit of measure; of an indicator with the decimals of its page."""
    return measured_text(number, str(row["unit_of_measure"] or "count"), row.get("decimals"))

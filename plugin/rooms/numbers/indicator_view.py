"""The indicators of area units, measured by the core: a list with value, target and status, and one on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapToolIdentifyFeature
from qgis.PyQt.QtCore import QSignalBlocker, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QTreeWidgetItem

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.answers.answer_tree import remarks_in
from onemap.plugin.desk.library.changed_versions import ChangedVersions
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.tool_turn import ToolTurn
from onemap.plugin.desk.results.details_pane import DetailsPane
from onemap.plugin.profile import settings
from onemap.plugin.rooms.numbers.chart_view import ChartView
from onemap.plugin.rooms.numbers.table_request import TableView, ValueTree
from onemap.plugin.rooms.numbers.unit_map import UnitMap
from onemap.plugin.rooms.numbers.unit_values import UnitValue, first_line, unit_values
from onemap.plugin.widgets.buttons import tool_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.translation import tr

TARGETS = "targets"  # the kind of chart that is of a unit
LINES_OF_STEPS, MOST_LINES = 12, 8
STATES = 3  # of the data before, which give trend and pace
INDENTATION_PX = 12


class IndicatorView(TableView):
    """Shows one measurement. A row of the list colours the map; a click on a unit, in either, opens the unit's page."""

    message_sent = pyqtSignal(str)
    measured = pyqtSignal()  # the core has kept a run in the library

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__(library)
        self._canvas = canvas
        self._theme = ""
        self._only: frozenset[str] | None = None  # ids of the indicators to list; None for all
        self._params: dict[str, Any] = {}  # for the values on display
        self._unit_field = self._run = ""
        self._charts: list[dict[str, Any]] = []
        self.packs: list[str] = []  # files of indicators beside or in place of those that are shipped
        self._rows: list[dict[str, Any]] = []  # of the answer
        self.values: list[UnitValue] = []  # in them
        self.explaining = Asking(library.core, self, library.scope)
        self.explaining.refused.connect(self.refused)
        self.map = UnitMap()
        self.tool = QgsMapToolIdentifyFeature(canvas)
        self.unit = WrappedChoice(tr("Unit whose values are listed"))
        self._make_buttons()
        self.failing = TickBox(tr("Only what is broken or near its limit"))
        self.tree = ValueTree(tr("Indicators"), (tr("Indicator, status"), tr("Value")))
        self.tree.setIndentation(INDENTATION_PX)
        self.charts = ChartView(self)
        self.steps = DetailsPane()
        self.steps.setMinimumHeight(LINES_OF_STEPS * self.fontMetrics().lineSpacing())
        self.note = wrapped_label()
        self.changed_versions = ChangedVersions(library)
        self._build()
        self._connect()
        self._turn = ToolTurn(canvas, self.tool, self.pick_button)
        settings.changes.area_unit.connect(self._follow_unit)

    def _make_buttons(self) -> None:
        hint = tr("Click a unit on the map: its values are listed, and its page opens")
        self.pick_button = tool_button("locate", hint, name=tr("On the map"), checkable=True, toggled=self._use_tool)
        hint = tr("Open the page of this unit, or of all, with charts, versions and reasons")
        self.page_button = tool_button(
            "document", hint, lambda: self.open_page(self.unit.currentData()), name=tr("Page")
        )
        hint = tr("How this value came about, down to versions and features")
        self.explain_button = tool_button(
            "explain", hint, name=tr("Explain"), checkable=True, toggled=self._explain_or_not
        )
        hint = tr("Measure the kept run again with what was known then, and compare row by row")
        self.repeat_button = tool_button("refresh", hint, lambda: self.repeat(), name=tr("Measure again and compare"))

    def _connect(self) -> None:
        self.unit.currentIndexChanged.connect(lambda _index: self._fill())
        self.failing.toggled.connect(lambda _is_on: self._fill())
        self.tool.featureIdentified.connect(self._pick)
        self.tree.currentItemChanged.connect(lambda item, _before: self._show_chosen(item))
        self.tree.itemClicked.connect(lambda item, _column: self._follow_click(item))
        self.tree.itemActivated.connect(lambda item, _column: self._choose_unit(self._unit(item)))

    def _build(self) -> None:
        row = row_of((self.unit, 1), self.pick_button, self.explain_button, self.repeat_button, self.page_button)
        notes = (self.changed_versions, self.work)
        column_of(
            *notes, row, self.failing, (self.tree, 1), self.steps, self.charts, self.note, inside=self, is_tight=True
        )
        self._show_result(False)

    def measure(self, unit_layer: str, title: str) -> None:
        """Ask the core for all indicators.

        unit_layer: the code of the layer of units; empty for the whole district. title: the name of the units.
        """
        self.ask_tables(
            "indicators",
            tr("Measure indicators"),
            {
                "unit": unit_layer,
                "as_of": self._library.day,
                "pack": self.packs,
                "states": STATES,
                "charts": self.charts.wanted_mm,
                "view": True,
            },
            lambda tables, answer: self._show(tables, answer, unit_layer, title),
        )

    def list_only(self, theme: str, indicators: frozenset[str] | None) -> None:
        """List these indicators of a theme, by id; None lists all."""
        self._theme, self._only = theme, indicators
        self._fill()

    def leave_map(self) -> None:
        """Take the colours and the tool off the map."""
        self.pick_button.setChecked(False)
        self.map.hide()

    def enter_map(self) -> None:
        """Colour the map again by the chosen indicator."""
        self._show_on_map(self.tree.currentItem())

    def clear(self) -> None:
        """Forget the values."""
        self.explaining.forget()
        self.leave_map()
        self.map.take({}, QgsCoordinateReferenceSystem())
        self._rows, self.values, self._params, self._charts, self._run = [], [], {}, [], ""
        self.changed_versions.forget()
        self.unit.clear()
        self.tree.clear()
        self._show_result(False)

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        super().close_down()
        self._turn.close_down()

    def open_page(self, unit: str | None = None) -> None:
        """Ask the core to write the page of a unit, or of all for None, limited to a chosen theme, and open it."""
        if self.is_working or not self._params or not self.page_button.isEnabled():
            return
        params = {**self._params, "theme": self._theme, "pack": self.packs, "states": STATES, "unrecorded": True}
        if unit and self._unit_field:
            name, value = self._unit_field.replace('"', '""'), unit.replace("'", "''")
            params["units_where"] = f"\"{name}\" = '{value}'"
        self.write_page("indicators", params)

    def _show(self, tables: Path, answer: dict[str, Any], unit_layer: str, title: str) -> None:
        self._rows, self.values = answer["view"], unit_values(answer)
        self._params, self._charts = {"unit": unit_layer}, list(answer.get("charts") or ())
        self._run = str(answer["run"]["id"]) if answer["run"].get("recorded") else ""
        self._unit_field = str(answer["run"]["units"][-1].get("unit") or "")
        self.map.take(*_grounds(tables))
        names = dict.fromkeys((value.unit, value.unit_name) for value in self.values)
        with QSignalBlocker(self.unit):
            if len(names) > 1:
                self.unit.addItem(tr("all units"), None)
            for unit, name in names:
                self.unit.addItem(name, unit)
        versions = {str(unit.get("label")) for unit in answer["run"].get("units") or () if unit.get("label")}
        lines = [" ".join((title, *sorted(versions))), *remarks_in(answer)]
        lines += [str(one["message"]) for one in answer.get("problems") or ()]
        self.note.setText("\n".join(lines))
        self.changed_versions.compare_with(answer["run"].get("layers") or ())
        self._fill()
        self._show_result(True)
        self.results_shown.emit()
        self.measured.emit()

    def _fill(self) -> None:
        """List the indicators of the chosen unit, or of all units; the chosen indicator stays chosen."""
        chosen_indicator = self._indicator(self.tree.currentItem())
        unit = self.unit.currentData()
        themes = [{**theme, "rows": self._rows_of(theme["rows"], unit)} for theme in self._rows]
        if unit is not None or self.failing.isChecked():  # what the core counts is of all units
            themes = [
                {
                    **theme,
                    "name": first_line(theme["name"]),
                    "is_open": any(row["about"]["fails"] for row in theme["rows"]),
                }
                for theme in themes
            ]
        rows = [row for theme in themes for row in theme["rows"]]
        with QSignalBlocker(self.tree):
            self.tree.show_rows([theme for theme in themes if theme["rows"]] if self._only is None else rows)
            if chosen_indicator is not None:
                self.tree.choose(dict(zip(("pack", "id"), chosen_indicator)))
        self._show_chosen(self.tree.currentItem())

    def _rows_of(self, rows: list[dict[str, Any]], unit: str | None) -> list[dict[str, Any]]:
        """The rows to show: those of the chosen theme, and of one unit if it is given."""
        rows = [row for row in rows if self._only is None or row["about"]["id"] in self._only]
        if unit is not None:
            rows = [_of_unit(row, below) for row in rows for below in row["rows"] if below["about"]["unit"] == unit]
            rows.sort(key=lambda row: not row["about"]["fails"])
        return [row for row in rows if row["about"]["fails"] or not self.failing.isChecked()]

    def _show_chosen(self, item: QTreeWidgetItem | None) -> None:
        """Colour the map by a row's indicator, and draw the charts of the indicator and of the listed unit."""
        self._show_on_map(item)
        self.explain_button.setChecked(False)
        self.explain_button.setEnabled(self._value_of(item) is not None and bool(self._run))
        indicator, unit = self._indicator(item), self.unit.currentData()
        titles = {value.indicator: value.title for value in self.values}
        charts = []
        for chart in self._charts:
            if indicator is not None and (chart["pack"], chart["id"]) == indicator:
                charts.append((_kind_text(chart["kind"]), titles[indicator], chart["svg"]))
            elif chart["kind"] == TARGETS and unit is not None and str(chart["unit"] or "") == unit:
                charts.append((_kind_text(TARGETS), self.unit.currentText(), chart["svg"]))
        self.charts.show_charts(charts)
        if item is not None:
            QTimer.singleShot(0, self.tree.scroll_to_current)  # the chart takes room of the tree

    def _value_of(self, item: QTreeWidgetItem | None) -> UnitValue | None:
        """The value of a row: its own, else that of the listed unit; None if there are several."""
        unit = (self.tree.about(item) or {}).get("unit", self.unit.currentData())
        indicator = self._indicator(item)
        values = [value for value in self.values if value.indicator == indicator and unit in (None, value.unit)]
        return values[0] if len(values) == 1 else None

    def _indicator(self, item: QTreeWidgetItem | None) -> tuple[str, str] | None:
        """The pack and id of a row's indicator."""
        about = self.tree.about(item)
        return (about["pack"], about["id"]) if about and "pack" in about else None

    def _unit(self, item: QTreeWidgetItem) -> str | None:
        """The unit whose row it is; None for another row."""
        return (self.tree.row_of(item)["about"] or {}).get("unit")

    def _explain_or_not(self, is_on: bool) -> None:
        """Ask the core for the steps behind the row's value and show them; or hide them."""
        self.steps.setVisible(False)
        self.explaining.forget()
        value = self._value_of(self.tree.currentItem())
        if not is_on or value is None:
            return
        params: dict[str, Any] = {"library": self._library.path, "run": self._run}
        params |= {"parcel": value.unit or "-", "rule": value.indicator[1], "view": True}
        self.explaining.ask("explain", params, lambda answer: self._show_steps(value, answer), tr("Explain"))

    def repeat(self) -> None:
        """Ask the core to measure the displayed run again, and report whether every row equals the stored one."""
        if self.is_working or not self._run:
            return
        params = {"library": self._library.path, "run": self._run}
        run = self._run
        title = self.repeat_button.accessibleName()
        self.asking.ask("verify", params, lambda answer: self._say_repeated(run, answer), title)

    def _say_repeated(self, run: str, answer: dict[str, Any]) -> None:
        lines = [str(problem["message"]) for problem in answer.get("problems") or ()]
        whole = tr("The run {run} was measured again: every row is as it is kept.").format(run=run)
        self.message_sent.emit(whole if answer.get("ok") else "\n".join(lines[:MOST_LINES]))

    def _show_steps(self, value: UnitValue, answer: dict[str, Any]) -> None:
        self.steps.show_steps(f"{value.title} · {value.unit_name}", answer["view"])
        self.steps.setVisible(True)

    def _show_on_map(self, item: QTreeWidgetItem | None) -> None:
        """Colour all units on the map by the indicator of a row; without a row, remove the colours."""
        indicator = self._indicator(item)
        values = [value for value in self.values if value.indicator == indicator]
        if not values or not self.isVisible():
            self.map.hide()
            return
        self.map.show(f"{values[0].title} · {self._library.day or tr('today')}", values)

    def _follow_unit(self) -> None:
        """Label the map in the unit of the settings."""
        self._show_on_map(self.tree.currentItem())

    def _choose_unit(self, unit: str | None) -> None:
        if unit is not None:
            self.unit.setCurrentIndex(max(0, self.unit.findData(unit)))

    def _follow_click(self, item: QTreeWidgetItem) -> None:
        """Open the page of a unit; for an indicator, start the tool that picks units on the map."""
        if self._unit(item) is not None:
            self.open_page(self._unit(item))
        elif self.map.layer is not None:
            self.pick_button.setChecked(True)

    def _pick(self, feature: QgsFeature) -> None:
        unit = str(feature["unit"] or "")
        self._choose_unit(unit)
        self.open_page(unit)

    def _use_tool(self, is_on: bool) -> None:
        if is_on and self.map.layer is None and self.tree.topLevelItemCount():
            first = self.tree.topLevelItem(0)
            self.tree.setCurrentItem(
                first if self._indicator(first) else first.child(0)
            )  # what is clicked must be seen
        layer = self.map.layer
        if is_on and layer is not None:
            self.tool.setLayer(layer)
        self._turn.pass_to(is_on and layer is not None)

    def _show_result(self, is_shown: bool) -> None:
        buttons = (self.pick_button, self.explain_button, self.repeat_button, self.page_button)
        for widget in (self.unit, *buttons, self.failing, self.tree, self.note):
            widget.setVisible(is_shown)
        if not is_shown:
            self.charts.show_charts([])
            self.steps.hide()
        self.take_room(is_shown)
        self._enable()

    def _enable(self) -> None:
        self.page_button.setEnabled(not self.is_working)
        self.repeat_button.setEnabled(bool(self._run) and not self.is_working)


def _of_unit(row: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
    """The row of an indicator for one listed unit: the unit's value, with the remarks on it."""
    second = below["name"].partition("\n")[2]
    name = "\n".join(filter(None, (first_line(row["name"]), second)))
    return {**below, "name": name, "about": {**row["about"], "fails": below["about"]["fails"]}}


def _kind_text(kind: str) -> str:
    texts = {
        "units": tr("By unit"),
        "series": tr("Over time"),
        "quota": tr("Quota left"),
        TARGETS: tr("The unit against its targets"),
    }
    return texts[kind]


def _grounds(path: Path) -> tuple[dict[str, QgsGeometry], QgsCoordinateReferenceSystem]:
    """The ground of each unit in a file of indicators, which repeats it for each indicator."""
    layer = QgsVectorLayer(f"{path}|layername=indicators", "", "ogr")
    grounds: dict[str, QgsGeometry] = {}
    for feature in layer.getFeatures():
        unit = feature["unit"]
        grounds.setdefault(unit if isinstance(unit, str) else "", feature.geometry())
    return grounds, layer.crs()

"""The tab Numbers: indicators of units in a list and on the map, alerts, a table of land use, and sensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QHBoxLayout, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.layer_list import MapTheme
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_themes import show_theme
from onemap.plugin.rooms.numbers.bureau_files import BureauFiles
from onemap.plugin.rooms.numbers.indicator_view import IndicatorView
from onemap.plugin.rooms.numbers.sensor_view import SensorView
from onemap.plugin.rooms.numbers.warning_view import ShowPlace, WarningView
from onemap.plugin.rooms.statistics.counted_ground import DIVISIONS
from onemap.plugin.rooms.statistics.statistics_view import StatisticsView
from onemap.plugin.widgets.buttons import push_button, show_text, tool_button, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.room_bar import RoomBar
from onemap.plugin.widgets.rows_and_columns import Pages, column_of, fill_room, row_of
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.translation import name_list, tr

INDICATORS, ALERTS, LAND_USE, SENSORS = range(4)  # the pages
MOST_UNITS = 2000  # a layer of more features is none of units that somebody reads


class NumbersTab(QWidget):
    """The room of numbers, for the dock's library and day."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, show_place: ShowPlace) -> None:
        super().__init__()
        self._library = library
        self.asking = Asking(library.core, self, library.scope)
        self._themes_of = ("", "")  # the library and the day whose themes are known, or asked for
        self.units = WrappedChoice(tr("Area units"))
        self.theme = WrappedChoice(tr("Theme"))
        self.theme.addItem(tr("all indicators"), None)
        hint = tr("Show the layers of the theme on the map")
        self.layers_button = tool_button("overview", hint, self.show_layers, enabled=False)
        self.own_files = BureauFiles()
        self.lost_files, self.lacking = wrapped_label(), wrapped_label()
        for line in (self.lost_files, self.lacking):
            line.hide()  # while it is empty
        self._make_buttons()
        self.indicators = IndicatorView(library, canvas)
        self.warnings = WarningView(library, show_place)
        self.sensors = SensorView(library)
        self.balance = StatisticsView(library, canvas)
        self.views = (self.indicators, self.warnings, self.sensors, self.balance)
        self._build()
        self.indicators.packs = self.warnings.packs = self.own_files.packs
        for view in (self.indicators, self.warnings, self.sensors):
            view.results_shown.connect(self.hint.hide)
            view.asking.busy_changed.connect(lambda _is_busy: self._enable())
        for view in (*self.views, self.indicators.charts):
            view.refused.connect(self.refused)
        for saying in (self.balance, self.indicators, self.indicators.charts):
            saying.message_sent.connect(self.message_sent)
        self.own_files.changed.connect(self._read_own_files)
        self.theme.currentIndexChanged.connect(lambda _index: self._choose_theme())
        library.listed.connect(self._list_units)
        library.listed.connect(self._ask_themes)
        self._list_units()

    def _make_buttons(self) -> None:
        self.measure_button = push_button(
            tr("Measure indicators"),
            sign="indicators",
            hint=tr("Measure the indicators of the units; the run is kept in the library"),
            action=lambda: self.indicators.measure(self.units.currentData() or "", self.units.currentText()),
        )
        self.look_button = push_button(
            tr("List the alerts"),
            sign="warnings",
            hint=tr("Quotas, permits that end, sums that differ, change without approval"),
            action=lambda: self.warnings.look(self.units.currentData() or ""),
        )
        text = tr("Indicators of every area unit with value, target and status, as of the chosen day.")
        self.hint = wrapped_label(text)

    def _build(self) -> None:
        """Put each kind of question on a page of its own below a bar, so that no answer lies below another."""
        self._units_row = _form_row(tr("Area units"), self.units)
        theme = _form_row(tr("Theme"), row_of((self.theme, 1), self.layers_button, self.own_files))
        question_widgets = (theme, self.lost_files, self.lacking, self.measure_button, self.hint)
        self.bar, self.pages = RoomBar(), Pages()
        self.bar.setAccessibleName(tr("Numbers"))
        self.bar.setExpanding(False)
        for title, parts in (
            (tr("Indicators"), (*question_widgets, (self.indicators, 1), 0)),
            (tr("Alerts"), (self.look_button, (self.warnings, 1), 0)),
            (tr("Land-use totals"), (self.balance, 0)),
            (tr("Sensors"), (self.sensors, 0)),
        ):
            page = QWidget()
            column_of(*parts, inside=page, is_tight=True)
            self.pages.addWidget(page)
            self.bar.addTab(title)
        self.bar.currentChanged.connect(self._show_page)
        fill_room(self, self.bar, self._units_row, (self.pages, 1))

    def _show_page(self, page: int) -> None:
        """Show a page; the colours of the indicators are on the map only while their list is shown."""
        self.pages.setCurrentIndex(page)
        self._units_row.setVisible(page in (INDICATORS, ALERTS))
        self.indicators.enter_map() if page == INDICATORS else self.indicators.leave_map()

    def enter_map(self) -> None:
        """Show again on the map what it showed before the tab was left."""
        self._ask_themes()
        self.indicators.enter_map()

    def leave_map(self) -> None:
        """Leave the map as it was."""
        self.indicators.leave_map()
        self.sensors.clear()

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        for view in self.views:
            view.close_down()

    def _list_units(self) -> None:
        """List the whole district, the library's divisions, then its other layers with few polygons."""
        chosen_unit = self.units.currentData() if self.units.count() > 1 else DIVISIONS[0]
        self.units.clear()
        unit_layers = [
            layer
            for layer in self._library.layers
            if layer.in_force is not None
            and layer.geometry == "polygon"
            and layer.key
            and 1 < layer.in_force.count <= MOST_UNITS
        ]
        for layer in sorted(unit_layers, key=lambda layer: (layer.code not in DIVISIONS, layer.map_place)):
            self.units.addItem(layer.title, layer.code)
        self.units.insertItem(0, tr("the whole district"), "")
        self.units.setCurrentIndex(max(0, self.units.findData(chosen_unit)))
        self.bar.setTabVisible(SENSORS, not self.sensors.isHidden())
        self._enable()

    def _ask_themes(self) -> None:
        """Ask for the themes once the tab is visible; which of their layers the library lacks depends on the day."""
        scope = self._library.scope()
        if not self._library.layers or not self.isVisible() or scope == self._themes_of:
            return
        self._themes_of = scope
        self._name_lost_files()
        params = {"library": self._library.path, "as_of": self._library.day}
        files = {"theme": self.own_files.themes, "pack": self.own_files.packs}

        def refuse(refusal: Refusal) -> None:
            self.refused.emit(refusal)
            if any(files.values()):  # a file that is wrong does not take those away that are shipped
                self.asking.ask("themes", params, self._list_themes)

        self.asking.ask("themes", {**params, **files}, self._list_themes, refuse=refuse)

    def _name_lost_files(self) -> None:
        """Name the bureau's own files that are gone, which are neither listed nor used."""
        names = name_list([Path(path).name for path in self.own_files.lost])
        text = tr("These files of your own are gone: {files}. Put them back, or leave them out with the button above.")
        show_text(self.lost_files, text.format(files=names) if names else "")
        self.lost_files.setToolTip("\n".join(self.own_files.lost))

    def _read_own_files(self) -> None:
        """Follow another theme or pack of the bureau, and forget what was measured by another pack."""
        if self.indicators.packs != self.own_files.packs:
            for view in (self.indicators, self.warnings):
                view.asking.forget()
                view.clear()
            self.indicators.packs = self.warnings.packs = self.own_files.packs
        self._themes_of = ("", "")
        self.asking.forget()
        self._ask_themes()

    def _list_themes(self, answer: dict[str, Any]) -> None:
        chosen_theme = self.theme.currentData()
        with QSignalBlocker(self.theme):
            self.theme.clear()
            self.theme.addItem(tr("all indicators"), None)
            for theme in answer["themes"]:
                self.theme.addItem(theme["title"], theme)
            ids = [None, *(theme["id"] for theme in answer["themes"])]
            chosen_id = chosen_theme["id"] if chosen_theme is not None else None
            is_listed = chosen_id in ids
            self.theme.setCurrentIndex(ids.index(chosen_id) if is_listed else 0)
        self._choose_theme()
        if not is_listed:
            text = tr("The theme “{theme}” is gone; all indicators are listed.")
            self.message_sent.emit(text.format(theme=chosen_theme["title"]))

    def _choose_theme(self) -> None:
        """List the indicators of the theme, and name its layers and tables that the library lacks."""
        theme = self.theme.currentData()
        indicators = frozenset(one["id"] for one in theme["indicators"]) if theme else None
        self.indicators.list_only((theme.get("file") or theme["id"]) if theme else "", indicators)
        missing_titles = (
            [one["title"] for one in (*theme["layers"], *theme["tables"]) if not one["in_force"]] if theme else []
        )
        show_text(
            self.lacking,
            tr("The library lacks: {layers}").format(layers=name_list(missing_titles)) if missing_titles else "",
        )
        self.layers_button.setEnabled(theme is not None)

    def show_layers(self) -> None:
        """Show the theme's layers that the library has on the map, and hide the library's other layers."""
        theme = self.theme.currentData()
        codes = tuple(one["code"] for one in theme["layers"])
        refused_titles = show_theme(self._library, MapTheme(theme["id"], theme["title"], "", codes))
        if refused_titles:
            self.message_sent.emit(
                tr("These layers cannot be opened: {layers}.").format(layers=name_list(refused_titles))
            )

    def _enable(self) -> None:
        has_layers = bool(self._library.layers)
        self.measure_button.setEnabled(has_layers and not self.indicators.is_working)
        self.look_button.setEnabled(has_layers and not self.warnings.is_working)


def _form_row(label: str, part: QWidget | QHBoxLayout) -> QWidget:
    """A labelled row, which is as wide as the room."""
    row = QWidget()
    fill_form(QFormLayout(row), (label, part), is_tight=True)
    return row

"""The tab Map: the layers of the library, by department and version, and which of them are on the map."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QPoint, QSignalBlocker, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QBrush, QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.add.source_choice import Delivery, dropped_file, holds_delivery, take_drop
from onemap.plugin.desk.answers.answer_tree import items_of, set_bold
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.library.empty_layers_button import EmptyLayersButton
from onemap.plugin.desk.library.layer_list import CatalogueLayer, MapTheme, Version, layers_in, state_of
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.desk.library.state_delegate import StateDelegate
from onemap.plugin.desk.library.version_changes_page import VersionChangesPage
from onemap.plugin.desk.library.version_retirement import VersionRetirement
from onemap.plugin.desk.library.version_states import state_hints, state_texts, version_hint
from onemap.plugin.desk.map.map_day import DayFollower, day_of, slide_to
from onemap.plugin.desk.map.map_groups import bring_forward, switch_layer
from onemap.plugin.desk.map.map_layers import (
    PROPERTY_TABLE,
    is_visible,
    layer_on_map,
    layers_of_library,
    put_on_map,
    remove_from_map,
)
from onemap.plugin.desk.map.map_themes import ThemeSteps, first_theme
from onemap.plugin.desk.map.moved_layers import know_moved_layers, know_published_layers
from onemap.plugin.desk.map.place_list import PlaceList, ShowPlace, nothing_found
from onemap.plugin.desk.map.theme_buttons import ThemeButtons
from onemap.plugin.desk.map.version_slider import VersionSlider
from onemap.plugin.desk.results.row_menu import RowMenu
from onemap.plugin.dock.empty_page import EmptyLibrary
from onemap.plugin.dock.layer_name_delegate import LayerNameDelegate
from onemap.plugin.qgis.services.service_rows import ROLE_SERVICE, ServiceRows
from onemap.plugin.widgets.accessible_names import focus_controls
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.widgets.buttons import offer, push_button, tool_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.form_fields import set_tab_order
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, fill_room, row_of, widgets_in
from onemap.plugin.widgets.search_line import SearchLine
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import name_list, sentences, tr

ROLE_ENTRY = Qt.ItemDataRole.UserRole
ROLE_VERSION = Qt.ItemDataRole.UserRole + 1
MIN_ROWS = 6  # of layers, on a low screen too, where the room scrolls
DEPARTMENT_DEPTH = 2  # library, department, layer, version
TITLE, STATE = 0, 1
ESCAPE = re.compile("%[0-9A-Fa-f]{2}")  # of an address; GDAL's SQLite reads it so in the path of a file, too


class MapTab(QWidget):
    """The catalogue as a tree; a tick adds a layer to the map."""

    add_requested = pyqtSignal(str)  # a code, or nothing
    layers_left = pyqtSignal(str)  # the map because of the day: what to say of it; empty once all are back
    file_dropped = pyqtSignal(object)  # SourceFile
    delivery_requested = pyqtSignal(object)  # Delivery; an empty one is asked for
    refused = pyqtSignal(str)
    service_requested = pyqtSignal(object)  # Service to change, or None
    snapshot_requested = pyqtSignal(object)  # Service
    service_refused = pyqtSignal(object)  # Refusal
    service_message = pyqtSignal(str, str, object)  # a message with a button

    def __init__(self, library: OpenLibrary, zoom_to: Callable[[object], None], show_place: ShowPlace) -> None:
        super().__init__()
        self._library, self._zoom_to = library, zoom_to
        self.asking = Asking(library.core, self, library.scope)
        self.search = SearchLine(tr("Layer, place, or parcel"))
        self.places = PlaceList(library, show_place)
        self.nothing = FittedLabel()  # in place of what is sought
        self.nothing.hide()
        self._connect_search()
        self.themes = ThemeButtons()
        self.themes.theme_chosen.connect(self._show_theme)
        self._theme_steps = ThemeSteps()
        self.versions = VersionSlider()
        self.versions.version_chosen.connect(self._slide_to)
        self.versions.version_kept.connect(self._go_to_day)
        self._day = DayFollower(self)
        self._day.layers_left.connect(self.layers_left)
        self._day.followed.connect(self._update_ticks_later)
        self._map_wanted = ""  # a library whose first map is shown once it is listed
        self._listed_path = ""  # the library in the tree
        self._groups: dict[tuple[str, ...], QTreeWidgetItem] = {}  # its libraries and departments
        self._library_part = QWidget()  # its rows come and go with the library, also while an answer stands alone
        self.tree = self._make_tree()
        self.add_button = push_button(tr("Add to the one map…"), sign="add", action=self._ask_to_add)
        self.delivery_button = tool_button("ingest", "", lambda: self.delivery_requested.emit(Delivery()))
        self.add_bar = QWidget()
        row_of((self.add_button, 1), self.delivery_button, inside=self.add_bar, is_tight=True)
        self.empty = EmptyLibrary(self.delivery_button.click)
        self.changes = VersionChangesPage(library, self)
        self.changes.written.connect(self.refused)
        self.changes.refused.connect(self.service_refused)
        self.retirement = VersionRetirement(library, self)
        self.retirement.done.connect(self.refused)
        self.retirement.refused.connect(self.service_refused)
        self.services = ServiceRows(library, zoom_to, self)
        self.services.register_requested.connect(self.service_requested)
        self.services.snapshot_requested.connect(self.snapshot_requested)
        self.services.refused.connect(self.service_refused)
        self.services.message_sent.connect(self.service_message)
        self.services.changed.connect(self._update_ticks)
        self._lay_out()
        self.setAcceptDrops(True)
        self._enable_adding()
        self._tick_timer = one_shot_timer(self, 0, self._update_ticks)  # a theme switches many layers at once
        library.listed.connect(self.fill)
        library.listed.connect(self._enable_adding)
        self._follow_project()

    def _connect_search(self) -> None:
        self._is_entered = False  # Enter was pressed for what is sought
        for search in (self._filter, self.places.search_later):
            self.search.textChanged.connect(search)
        self.search.returnPressed.connect(self._search_now)
        for signal in (self.places.found, self.places.searched):
            signal.connect(self._say_nothing)
        self.places.searched.connect(self._go_to_hit)

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget(accessibleName=tr("Layers"), columnCount=2)
        tree.setHeaderLabels([tr("Layer"), tr("Version")])
        tree.headerItem().setTextAlignment(STATE, RIGHT)
        tree.setIndentation(12)
        tree.setMinimumHeight((MIN_ROWS + 1) * (tree.fontMetrics().height() + 6))
        fit_columns(tree)
        tree.setItemDelegateForColumn(STATE, StateDelegate(tree))
        wrap_names(tree, LayerNameDelegate(tree))
        tree.itemChanged.connect(self._toggle_item)
        tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        RowMenu(tree, self._show_menu)
        tree.currentItemChanged.connect(lambda item, _before: self._offer_versions(item))
        return tree

    def _follow_project(self) -> None:
        """Tick the layers that are on the map and visible, no matter who added them."""
        QgsProject.instance().readProject.connect(self._know_layers)
        QgsProject.instance().layersRemoved.connect(self._update_ticks_later)
        QgsProject.instance().layersAdded.connect(self._update_ticks_later)
        QgsProject.instance().layerTreeRoot().visibilityChanged.connect(self._update_ticks_later)

    def _know_layers(self, *_document: object) -> None:
        """Recognise the layers of an opened project, even if the library has moved since."""
        know_moved_layers()
        know_published_layers(self._library)
        self._update_ticks()

    def _update_ticks_later(self, *_nodes: object) -> None:
        self._tick_timer.start()

    def _lay_out(self) -> None:
        self.empty_button = EmptyLayersButton()
        self.empty_button.toggled.connect(lambda _is_on: self.fill())
        search_row = QWidget()
        row_of((self.search, 1), self.empty_button, inside=search_row, is_tight=True)
        above = (search_row, self.places, self.nothing, self.themes, self.empty)
        rows = (*above, (self.tree, 1), self.versions, self.add_bar)
        column_of(*rows, inside=self._library_part, is_tight=True)
        fill_room(self, (self._library_part, 1))

    def _enable_adding(self) -> None:
        for button, hint in (
            (self.add_button, ""),
            (self.delivery_button, tr("Add a whole delivery: a folder of many files")),
        ):
            offer(button, self._library.rights.why_not_owner, hint=hint)

    def add_row(self, row: QWidget) -> None:
        """Add a row of controls above the button that adds a layer."""
        layout = self._library_part.layout()
        layout.insertWidget(layout.indexOf(self.add_bar), row)

    def show_alone(self, part: QWidget | None) -> None:
        """Show only one part of the room, so that no list scrolls inside a scrolling page; None: show all parts."""
        for other in widgets_in(self.layout()):
            other.setVisible(part is None or other is part)

    def order_keys(self) -> None:
        """Make Tab go through the room from top to bottom, in whichever order its controls were created."""
        rows = [*widgets_in(self._library_part.layout()), *widgets_in(self.layout())[1:]]
        keys = [self.themes.order_of_keys if row is self.themes else focus_controls(row) for row in rows]
        first, *others = (one for one in chain.from_iterable(keys) if one.window() is self.window())
        set_tab_order(first, others)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders that are dropped anywhere on the tab."""
        if self._library.layers and (holds_delivery(event.mimeData()) or dropped_file(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask to add what is dropped: a file, several, or a folder of many."""
        take_drop(
            event, self.delivery_requested.emit, self.file_dropped.emit, lambda refusal: self.refused.emit(str(refusal))
        )

    def close_down(self) -> None:
        """Disconnect from the project."""
        self.services.close_down()
        QgsProject.instance().readProject.disconnect(self._know_layers)
        self._day.close_down()
        QgsProject.instance().layersRemoved.disconnect(self._update_ticks_later)
        QgsProject.instance().layersAdded.disconnect(self._update_ticks_later)
        QgsProject.instance().layerTreeRoot().visibilityChanged.disconnect(self._update_ticks_later)
        self._tick_timer.stop()

    def fill(self) -> None:
        """List the layers and services of the library."""
        is_same = self._listed_path == self._library.path
        if self._listed_path and not is_same:
            bring_forward(self._library)
        entry_and_version = (self.versions.entry, self.versions.version) if is_same else (None, None)
        self._listed_path = self._library.path
        folded_paths = {
            path for path, item in self._groups.items() if is_same and _loaded_below(item) and not item.isExpanded()
        }
        open_codes = {item.data(0, ROLE_ENTRY).code for item in self._layer_items() if is_same and item.isExpanded()}
        scroll_position = self.tree.verticalScrollBar().value() if is_same else 0
        self._list_rows(folded_paths, open_codes)
        self._choose_again(*entry_and_version)
        self.themes.show_themes(self._library.themes)
        is_empty = not (self._library.services or any(entry.versions for entry in self._library.layers))
        self.empty.setVisible(is_empty)
        self.order_keys()
        know_moved_layers()
        know_published_layers(self._library)
        self._replace_lost_rasters()
        self._day.follow(self._library)
        if self._library.path == self._map_wanted and self._library.themes:
            self._map_wanted = ""
            self._show_theme(first_theme(self._library))
        self._update_ticks()
        self._filter(self.search.text())
        self.places.search_later(self.search.text())
        self.tree.verticalScrollBar().setValue(scroll_position)

    def _list_rows(self, folded_paths: set[tuple[str, ...]], open_codes: set[str]) -> None:
        """Build the tree again. folded_paths: the groups to keep folded; open_codes: the layers to keep unfolded."""
        self.tree.blockSignals(True)
        self.tree.clear()
        groups = self._groups = {}
        self.empty_button.show_count(sum(not entry.versions for entry in self._library.layers))
        for entry in sorted(self._library.layers, key=lambda entry: entry.place):
            if entry.versions or not self.empty_button.isChecked():
                self._department_item(groups, entry).addChild(self._layer_item(entry))
        for service in sorted(self._library.services, key=lambda service: service.place):
            parent_item = self._department_item(groups, service)
            loaded = sum(child.parent() is parent_item for child in _loaded_below(parent_item))
            parent_item.insertChild(loaded, self.services.item(service))
        for path, item in groups.items():
            has_data = bool(_loaded_below(item))
            item.setExpanded(has_data and path not in folded_paths)
            if not has_data and len(path) == DEPARTMENT_DEPTH:
                item.setText(TITLE, f"{item.text(TITLE)} {tr('(nothing loaded)')}")
                item.setForeground(TITLE, self._grey())
        for item in groups.values():  # once all are open: Qt lays the tree out for it
            item.setFirstColumnSpanned(True)  # two departments of one bureau differ at the end of their names
        for item in self._layer_items():
            item.setExpanded(item.data(0, ROLE_ENTRY).code in open_codes)
        self.tree.blockSignals(False)

    def item_of(self, code: str) -> QTreeWidgetItem | None:
        """The row of a layer."""
        return next((item for item in self._layer_items() if item.data(0, ROLE_ENTRY).code == code), None)

    def _department_item(
        self, groups: dict[tuple[str, ...], QTreeWidgetItem], entry: CatalogueLayer | Service
    ) -> QTreeWidgetItem:
        parent_item = self.tree.invisibleRootItem()
        path: tuple[str, ...] = ()
        for subject, code in (("libraries", entry.library), ("departments", entry.department)):
            path = (*path, code)
            if path not in groups:
                groups[path] = QTreeWidgetItem(parent_item, [word(subject, code)])
                set_bold(groups[path], subject == "libraries")
            parent_item = groups[path]
        return parent_item

    def _layer_item(self, entry: CatalogueLayer) -> QTreeWidgetItem:
        in_force = entry.in_force
        newest = in_force or (entry.versions[-1] if entry.versions else None)
        item = QTreeWidgetItem([entry.title])
        item.setData(0, ROLE_ENTRY, entry)
        self._show_version(item, entry, newest)
        undated = [one.label for one in entry.versions if one.undated]
        if undated:  # a later one that was added in vain is seen without opening the row
            item.setText(STATE, f"{item.text(STATE)} ◐")
            item.setToolTip(STATE, f"{item.toolTip(STATE)}\n{', '.join(undated)}: {state_hints()['undated']}")
        for version in entry.versions if len(entry.versions) > 1 else ():
            child = QTreeWidgetItem([version.label])
            child.setData(0, ROLE_ENTRY, entry)
            self._show_version(child, entry, version)
            item.addChild(child)
        return item

    def _show_version(self, item: QTreeWidgetItem, entry: CatalogueLayer, version: Version | None) -> None:
        state = state_of(version)
        item.setText(STATE, state_texts(version.label if version is not None else "")[state])
        item.setTextAlignment(STATE, RIGHT)
        item.setToolTip(TITLE, version_hint(entry, version))
        item.setToolTip(STATE, f"{item.text(STATE)}\n{state_hints()[state]}")
        if version is None:
            for column in (TITLE, STATE):
                item.setForeground(column, self._grey())
            return
        item.setData(0, ROLE_VERSION, version)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(TITLE, Qt.CheckState.Unchecked)

    def _grey(self) -> QBrush:
        return quiet_brush(self.tree.palette())

    def _layer_items(self, role: int = ROLE_ENTRY) -> Iterator[QTreeWidgetItem]:
        return (item for item in items_of(self.tree) if item.data(0, role) is not None)

    def _update_ticks(self, *_layers: object) -> None:
        self._tick_timer.stop()  # it is done now
        with QSignalBlocker(self.tree):
            on_map = {layer.customProperty(PROPERTY_TABLE): layer for layer in layers_of_library(self._library)}
            for item in self._layer_items():
                version = item.data(0, ROLE_VERSION)
                if version is not None:
                    layer = on_map.get(version.table)
                    is_shown = layer is not None and is_visible(layer)
                    state = Qt.CheckState.Checked if is_shown else Qt.CheckState.Unchecked
                    if item.checkState(TITLE) != state:
                        item.setCheckState(TITLE, state)
            for item in self._layer_items(ROLE_SERVICE):
                self.services.show_state(item)

    def _toggle_item(self, item: QTreeWidgetItem, column: int) -> None:
        entry, version = item.data(0, ROLE_ENTRY), item.data(0, ROLE_VERSION)
        if column == TITLE and item.data(0, ROLE_SERVICE) is not None:
            self.services.toggle(item)
            self._update_ticks()
        if column != TITLE or version is None:
            return
        layer = layer_on_map(self._library, version)
        if item.checkState(TITLE) != Qt.CheckState.Checked:
            remove_from_map(self._library, version)
        elif layer is not None:
            switch_layer(layer, True, with_groups=True)
        else:
            is_of_day = version.in_force and not self._is_version_row(item)
            self._put_on_map(entry, version, is_of_day)
            if entry.geometry == "raster" and not version.unreadable:
                self._ask_about_files()
        self._update_ticks()

    def _refuse_layers(self, text: str) -> None:
        """Say which layers QGIS cannot open, and list the library again: the core knows the reason and the remedy."""
        escaped = ESCAPE.search(self._library.path) if not is_server(self._library.path) else None
        why = tr("QGIS reads “{part}” in a file's path as another letter. Rename the file or the folder.")
        self.refused.emit(sentences(text, why.format(part=escaped.group()) if escaped is not None else ""))
        self._library.refresh()

    def _is_version_row(self, item: QTreeWidgetItem) -> bool:
        """Whether a row stands for one version, not for its layer."""
        return item.parent() is not None and item.parent().data(0, ROLE_ENTRY) is not None

    def show_map_of(self, library: str) -> None:
        """Show the first map of a library once it is listed; for a library made as an example."""
        self._map_wanted = library

    def _show_theme(self, theme: MapTheme) -> None:
        is_empty = not QgsProject.instance().mapLayers()
        titles = self._theme_steps.show(self._library, theme)
        layers = layers_of_library(self._library)
        if is_empty and layers:
            QgsProject.instance().setCrs(layers[0].crs())
            self._zoom_to(layers[-1])
        if titles:
            text = tr("These layers cannot be opened: {layers}.")
            self._refuse_layers(text.format(layers=name_list(titles)))
        self._update_ticks()

    def _offer_versions(self, item: QTreeWidgetItem | None) -> None:
        entry = item.data(0, ROLE_ENTRY) if item is not None else None
        version = item.data(0, ROLE_VERSION) if item is not None else None
        self.versions.show_layer(entry, version.table if version is not None else "")
        if item is not None:
            QTimer.singleShot(0, self._show_current)  # the slider takes room from the tree

    def _show_current(self) -> None:
        if self.tree.currentItem() is not None:
            self.tree.scrollToItem(self.tree.currentItem())

    def _choose_again(self, entry: CatalogueLayer | None, version: Version | None) -> None:
        """After the tree was built again, select the layer that the version slider shows.

        The slider shows the version in force on the day, whoever has set the day, unless it is being moved.
        """
        is_moving = self.versions.is_moving
        item = self.item_of(entry.code) if entry is not None else None
        if item is not None:
            self.tree.setCurrentItem(item)
        entry = item.data(0, ROLE_ENTRY) if item is not None else None
        if entry is not None and entry.in_force is not None and not is_moving:
            version = entry.in_force if version is None or day_of(version) is not None else version
        self.versions.show_layer(entry, version.table if version is not None else "")
        if is_moving:
            self.versions.rest()

    def _slide_to(self, entry: CatalogueLayer, version: Version) -> None:
        layer = slide_to(self._library, entry, version)
        if not layer.isValid():
            text = tr("“{layer}” cannot be opened from {library}.")
            self._refuse_layers(text.format(layer=entry.title, library=self._library.name))
        self._update_ticks()

    def _go_to_day(self, _entry: CatalogueLayer, version: Version) -> None:
        """Set the library, and with it every layer that follows the day, to the day of a version."""
        day = day_of(version)
        if day is not None:
            self._library.set_day(day)

    def _put_on_map(self, entry: CatalogueLayer, version: Version, follows_day: bool = False) -> None:
        layer = put_on_map(self._library, entry, version, follows_day)
        if not layer.isValid():
            text = tr("“{layer}” cannot be opened from {library}.")
            self._refuse_layers(text.format(layer=entry.title, library=self._library.name))
        elif version.unreadable:
            text = tr(
                "“{layer}” shows only its outline: the raster's file is gone, or is not the one that was added. "
                "Put that file back, or add this one as a new version."
            )
            self.refused.emit(text.format(layer=f"{entry.title} {version.label}"))

    def _ask_about_files(self) -> None:
        """Read the library again if a raster's file has changed since."""

        def compare(answer: dict[str, Any]) -> None:
            if _unreadable_tables(layers_in(answer)) - _unreadable_tables(self._library.layers):
                self._library.refresh()

        self.asking.ask("layers", self._library.params, compare)

    def _replace_lost_rasters(self) -> None:
        """Show the outline of each raster on the map whose file was replaced or removed."""
        for entry in self._library.layers:
            for version in entry.versions:
                if version.unreadable and isinstance(layer_on_map(self._library, version), QgsRasterLayer):
                    remove_from_map(self._library, version)
                    self._put_on_map(entry, version)

    def _go_to(self, item: QTreeWidgetItem) -> None:
        version = item.data(0, ROLE_VERSION)
        if item.data(0, ROLE_SERVICE) is not None:
            self.services.go_to(item.data(0, ROLE_SERVICE))
        if version is None:
            return
        item.setCheckState(TITLE, Qt.CheckState.Checked)
        layer = layer_on_map(self._library, version)
        if layer is not None:
            self._zoom_to(layer)

    def _ask_to_add(self) -> None:
        entry = self.tree.currentItem().data(0, ROLE_ENTRY) if self.tree.currentItem() is not None else None
        self.add_requested.emit(entry.code if entry is not None else "")

    def _show_menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place)
        entry, version, service = (
            item.data(0, role) if item is not None else None for role in (ROLE_ENTRY, ROLE_VERSION, ROLE_SERVICE)
        )
        menu = QMenu(self, toolTipsVisible=True)
        if version is not None:
            menu.addAction(tr("Go to it on the map"), lambda: self._go_to(item))
        if entry is not None:
            add = menu.addAction(icon("add"), tr("Add a version…"), self._ask_to_add)
            offer(add, self._library.rights.why_not_owner)
        if version is not None:
            for page in (self.changes, self.retirement):
                page.add_action(menu, entry, version)
        self.services.add_actions(menu, service)
        menu.exec(self.tree.viewport().mapToGlobal(place))

    def _say_nothing(self) -> None:
        """Say that no layer has the name that was typed; places that were found take the room of the empty list."""
        root = self.tree.invisibleRootItem()
        is_listed = any(not root.child(index).isHidden() for index in range(root.childCount()))
        text = self.search.text().strip()
        self.nothing.setText(nothing_found(len(text), self.places.count()))
        self.nothing.setVisible(bool(text) and not is_listed)
        self._give_room(bool(text) and not is_listed and self.places.count() > 0)

    def _search_now(self) -> None:
        self._is_entered = True
        self.places.find()

    def _go_to_hit(self) -> None:
        """After Enter: go to the hit if there is only one; otherwise move the focus to the list of hits."""
        if not self._is_entered or not self.search.text().strip():
            return
        self._is_entered = False
        rows = [item for role in (ROLE_ENTRY, ROLE_SERVICE) for item in self._layer_items(role) if not item.isHidden()]
        rows = [item for item in rows if not self._is_version_row(item)]
        if self.places.count() == 1 and not rows:
            self.places.go_to_first()
        elif len(rows) == 1 and not self.places.count():
            self.tree.setCurrentItem(rows[0])
            self._go_to(rows[0])
        elif rows or self.places.count():
            (self.places if self.places.count() else self.tree).setFocus()

    def _give_room(self, is_places: bool) -> None:
        """Give the room of the list to the places, or give it back to the layers."""
        self.tree.setHidden(is_places)
        self.places.fill_room(is_places)

    def _filter(self, text: str) -> None:
        text_sought = text.strip().lower()
        self._is_entered = False
        self.nothing.hide()
        self._give_room(False)
        for item in self._layer_items():
            entry = item.data(0, ROLE_ENTRY)
            item.setHidden(bool(text_sought) and text_sought not in f"{entry.title} {entry.code}".lower())
        for item in self._layer_items(ROLE_SERVICE):
            item.setHidden(bool(text_sought) and text_sought not in item.text(TITLE).lower())
        root = self.tree.invisibleRootItem()
        for library in (root.child(index) for index in range(root.childCount())):
            departments = [library.child(index) for index in range(library.childCount())]
            for department in departments:
                department.setHidden(all(child.isHidden() for child in _entries_below(department)))
                if text_sought:
                    department.setExpanded(True)
            library.setHidden(all(department.isHidden() for department in departments))
            if text_sought:
                library.setExpanded(True)


def _unreadable_tables(entries: Iterable[CatalogueLayer]) -> set[str]:
    return {version.table for entry in entries for version in entry.versions if version.unreadable}


def _entries_below(item: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
    for index in range(item.childCount()):
        child = item.child(index)
        if child.data(0, ROLE_ENTRY) is not None or child.data(0, ROLE_SERVICE) is not None:
            yield child
        yield from _entries_below(child)


def _loaded_below(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [one for one in _entries_below(item) if one.data(0, ROLE_VERSION) or one.data(0, ROLE_SERVICE)]

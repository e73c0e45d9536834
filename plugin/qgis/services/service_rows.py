"""The rows of services in the list of layers: their texts and their menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qgis.core import QgsMapLayer
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QMenu, QTreeWidgetItem

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundTask
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import NAMES, Service
from onemap.plugin.desk.map.map_groups import remove_layer
from onemap.plugin.qgis.services.service_map import service_on_map, show_service
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.widgets.buttons import offer
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

ROLE_SERVICE = Qt.ItemDataRole.UserRole + 2
TITLE, STATE = 0, 1
SHORT_NAMES = {"oapif": "OGC API", "sensorthings": "Sensors"}  # a column is narrow; the hint has them whole


class ServiceRows(QObject):
    """Makes the rows, ticks them, and runs the actions of their menu."""

    register_requested = pyqtSignal(object)  # Service to change, or None
    snapshot_requested = pyqtSignal(object)  # Service
    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str, str, object)  # what has been done, a button's text, and what it does
    changed = pyqtSignal()  # what is on the map

    def __init__(self, library: OpenLibrary, zoom_to: Callable[[QgsMapLayer], None], parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._zoom_to = library, zoom_to
        self.asking = Asking(library.core, self, lambda: library.path, is_writing=True)
        self.asking.refused.connect(self.refused)
        self._tasks: dict[str, BackgroundTask] = {}

    def close_down(self) -> None:
        """Stop asking servers."""
        for task in self._tasks.values():
            task.forget()
        self._tasks.clear()

    def item(self, service: Service) -> QTreeWidgetItem:
        """The row of a service."""
        item = QTreeWidgetItem([service.name])
        item.setData(0, ROLE_SERVICE, service)
        item.setIcon(TITLE, icon("service"))
        item.setText(STATE, SHORT_NAMES.get(service.type, NAMES[service.type]))
        item.setTextAlignment(STATE, RIGHT)
        font = item.font(TITLE)
        font.setItalic(True)  # live: not a version that a check could use
        item.setFont(TITLE, font)
        for column in (TITLE, STATE):
            item.setToolTip(column, _hint(service))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        self.show_state(item)
        return item

    def show_state(self, item: QTreeWidgetItem) -> None:
        """Tick the row if its service is on the map; tick it half while its server is asked."""
        service = item.data(0, ROLE_SERVICE)
        state = Qt.CheckState.Unchecked
        if service.name in self._tasks:
            state = Qt.CheckState.PartiallyChecked
        elif service_on_map(self._library, service) is not None:
            state = Qt.CheckState.Checked
        item.setCheckState(TITLE, state)

    def toggle(self, item: QTreeWidgetItem) -> None:
        """Add the service to the map, or remove it, depending on its tick."""
        service = item.data(0, ROLE_SERVICE)
        is_ticked = item.checkState(TITLE) != Qt.CheckState.Unchecked
        layer = service_on_map(self._library, service)
        if is_ticked and layer is None:
            self._show(service, is_to_zoom=False)
        elif not is_ticked and service.name in self._tasks:
            self._tasks.pop(service.name).forget()
        elif not is_ticked and layer is not None:
            remove_layer(layer)

    def go_to(self, service: Service) -> None:
        """Show the service, and zoom to it."""
        layer = service_on_map(self._library, service)
        if layer is None:
            self._show(service, is_to_zoom=True)
        else:
            self._zoom_to(layer)

    def add_actions(self, menu: QMenu, service: Service | None) -> None:
        """Add the actions for a service, or those that need no service, to a menu."""
        register, changing = self.register_requested.emit, []
        if service is not None:
            menu.addAction(tr("Go to it on the map"), lambda: self.go_to(service))
            if service.has_features:
                take = partial(self.snapshot_requested.emit, service)
                changing.append((icon("snapshot"), tr("Take a snapshot…"), take))
            changing.append((QIcon(), tr("Change what is registered…"), partial(register, service)))
            changing.append((QIcon(), tr("Remove from the register"), partial(self.strike_off, service)))
        changing.append((icon("service"), tr("Register a service…"), partial(register, None)))
        for sign, text, action in changing:
            offer(menu.addAction(sign, text, action), self._library.rights.why_not_owner)

    def strike_off(self, service: Service) -> None:
        """Remove the service from the register and the map; its snapshots stay, and a button undoes it."""
        text = tr("“{service}” is no longer registered; snapshots of it stay.").format(service=service.name)

        def finish() -> None:
            layer = service_on_map(self._library, service)
            if layer is not None:
                remove_layer(layer)
            self.message_sent.emit(text, tr("Undo"), lambda: self._ask(service.params, lambda: None))

        self._ask({"name": service.name, "remove": True}, finish)

    def _ask(self, params: dict[str, Any], on_done: Callable[[], None]) -> None:
        """Ask the core to change the register, and read the library again."""

        def finish(_answer: dict[str, Any]) -> None:
            on_done()
            self._library.refresh()

        self.asking.ask("service", {"library": self._library.path, **params}, finish)

    def _show(self, service: Service, is_to_zoom: bool) -> None:
        if service.name in self._tasks:
            return

        def finish(layer: QgsMapLayer | None, refusal: Refusal | None) -> None:
            self._tasks.pop(service.name, None)
            if refusal is not None:
                self.refused.emit(refusal)
            elif is_to_zoom:
                self._zoom_to(layer)
            self.changed.emit()

        self._tasks[service.name] = show_service(self._library, service, finish)
        self.changed.emit()


def _hint(service: Service) -> str:
    lines = [f"{service.name} · {NAMES[service.type]}", service.url]
    if service.layer:
        lines.append(tr("Layer on the server: {layer}").format(layer=service.layer))
    lines.append(tr("Responsible: {department}").format(department=word("departments", service.department)))
    if service.dated:
        lines.append(tr("Data of {day}").format(day=service.dated))
    moment = moment_text(service.registered_at)
    lines.append(tr("Registered {moment} by {who}").format(moment=moment, who=service.registered_by))
    if service.snapshots:
        lines.append(tr("Last snapshot {moment}").format(moment=moment_text(service.snapshots[-1])))
    elif service.has_features:
        lines.append(tr("No snapshot has been taken"))
    if service.note:
        lines.append(service.note)
    lines.append(tr("Live: shown on the map, never checked against"))
    return "\n".join(lines)

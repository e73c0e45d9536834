"""The dialog that registers a service: its address, layer and department; its key goes into QGIS's own store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.connection.task import BackgroundRequest
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.dialog_library import DialogLibrary
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.qgis.services.service_form import ServiceForm, service_controls
from onemap.plugin.qgis.services.service_keys import key_in, store_key
from onemap.plugin.qgis.services.service_offers import Offer, request_offers
from onemap.plugin.widgets.buttons import close_button, push_button, show_text, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen, scroll_area
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.translation import Count, tr

SIZE_PX = (560, 600)
MIN_WIDTH_PX = 340


class ServiceDialog(WorkingDialog):
    """One service to register, or to change."""

    registered = pyqtSignal(str)  # its name

    def __init__(self, library: OpenLibrary, service: Service | None = None, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Register a service"), parent, service_controls(), is_writing=True)
        self._library, self._registered_service = library, service
        self._home = DialogLibrary(library, self, self._enable)
        self.server = Asking(library.core, self)  # whose layers are of no library
        self.server.refused.connect(self.refuse)
        self.server.busy_changed.connect(lambda _is_busy: self._enable())
        self.work.follow(self.server)
        self.form = ServiceForm()
        self.form.show_layers(library.layers)
        if service is not None:
            self.form.show_service(service)
            self.form.name.setEnabled(False)  # it is the same service
        self.form.changed.connect(self._enable)
        self.form.ask_pressed.connect(self.ask)
        self.form.keep_pressed.connect(self.keep_key)
        self._build()
        equip_window(self)
        self._enable()

    @property
    def is_working(self) -> bool:
        """Whether the server or the core is being asked."""
        return self.server.is_busy or self.asking.is_busy

    def ask(self) -> None:
        """Ask the server for its layers, in the background."""
        if self.is_working or not self._move_key():
            return
        service, crs, feedback = self.form.service, self._library.crs, QgsFeedback()
        self.notice.hide()

        def work(_report: Callable[[float, str], None]) -> list[Offer]:
            return request_offers(service, crs, feedback)

        self.server.follow(BackgroundRequest(tr("Asking the server"), work, feedback), self._show_offers)
        self.work.begin(tr("Asking the server…"))

    def keep_key(self, key: str) -> None:
        """Store a key in QGIS's authentication store, and choose its entry."""
        if not key:
            return
        with refusals_told(self.notice.refuse):
            number = store_key(tr("Key of {name}").format(name=self.form.name.text().strip() or "天地图"), key)
            self.form.key.clear()
            self.form.auth.setConfigId(number)
            self.notice.say(
                tr("The key is in QGIS's authentication store; the library keeps only the number of its entry.")
            )

    def register(self) -> None:
        """Ask the core to register the service."""
        if not self.register_button.isEnabled() or not self._move_key():
            return
        if self.form.key.text().strip():
            self.keep_key(self.form.key.text().strip())
            if self.form.key.text():  # the store stayed locked
                return
        self.notice.hide()
        params: dict[str, Any] = {"library": self._home.path, **self.form.service.params}
        params["overwrite"] = self._registered_service is not None
        self.asking.ask("service", params, self._finish)

    def _build(self) -> None:
        explanation = wrapped_label(
            tr("A service is shown on the map; what a check uses is a snapshot of it, never the live server.")
        )
        self.hint = wrapped_label()
        self.register_button = push_button(tr("Register"), sign="service", action=self.register, default=True)
        buttons = row_of(0, self.register_button, close_button(self))
        area = scroll_area(self.form)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the field that has the focus
        column_of(explanation, (area, 1), self.notice, self.work, self.hint, buttons, inside=self)
        self.setMinimumWidth(MIN_WIDTH_PX)
        resize_on_screen(self, *SIZE_PX)

    def _move_key(self) -> bool:
        """Move a key from the address into the store; False if that fails."""
        address, key = key_in(self.form.url.text())
        if not key:
            return True
        self.form.url.setText(address)
        self.form.key.setText(key)
        self.keep_key(key)
        return not self.form.key.text()

    def _show_offers(self, offers: list[Offer]) -> None:
        self.form.show_offers(offers)
        text = tr("The server offers {count:# layer. Choose it|# layers. Choose one of them}.")
        self.notice.say(text.format(count=Count(len(offers))))

    def _finish(self, answer: dict[str, Any]) -> None:
        self.registered.emit(str(answer["service"]["name"]))
        self._library.refresh()
        self.close()

    def _enable(self) -> None:
        show_text(self.hint, self._missing_input())
        self.register_button.setEnabled(not self.is_working and not self.hint.text())

    def _missing_input(self) -> str:
        """The field that must be filled in; empty for none."""
        if self._home.obstacle:
            return self._home.obstacle
        service = self.form.service
        if not service.url:
            return tr("Give its address.")
        if not service.layer and service.type != "xyz":
            return tr("Choose its layer: ask the server, or type its name.")
        if not service.name:
            return tr("Give it a name.")
        if not service.department:
            return tr("Choose the department that answers for it.")
        return ""

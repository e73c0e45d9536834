"""Retire a version that was added by mistake, or put it back, from the menu of its row."""

from __future__ import annotations

from functools import partial
from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.buttons import offer
from onemap.plugin.widgets.questions import UnsentReasons
from onemap.plugin.words.translation import tr


class VersionRetirement(QObject):
    """An action in the menu of a version; the core changes the version, and the library is read again."""

    done = pyqtSignal(str)  # what is said of it
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary, parent: QWidget) -> None:
        super().__init__(parent)
        self._library, self._window, self._unsent_reasons = library, parent, UnsentReasons()
        self.asking = Asking(library.core, self, is_writing=True)
        self.asking.refused.connect(self.refused)

    def add_action(self, menu: QMenu, entry: CatalogueLayer, version: Version) -> None:
        """Offer to retire the version, or to put it back."""
        text = tr("Put it back into force…") if version.retired else tr("Retire this version…")
        action = menu.addAction(text, lambda: self._ask_reason(entry, version))
        offer(action, self._library.rights.why_not_owner)

    def retire(self, entry: CatalogueLayer, version: Version, reason: str) -> None:
        """Ask the core to retire the version, or to undo that. reason: if it is empty, nothing is done."""
        if not reason.strip():
            return
        version_params = {"code": entry.code, "label": version.label, "reason": reason.strip()}
        params = {"library": self._library.path, **version_params, "undo": version.retired}
        title = tr("Retire {layer} {label}").format(layer=entry.title, label=version.label)
        self.asking.ask("retire", params, lambda answer: self._report(entry, version, answer), title)

    def _ask_reason(self, entry: CatalogueLayer, version: Version) -> None:
        title = f"{entry.title} · {version.label}"
        question = (
            tr("Why is it put back into force? The log keeps the reason.")
            if version.retired
            else tr("Why is it in force no more, from its first day on? The log keeps the reason.")
        )
        send = partial(self.retire, entry, version)
        self._unsent_reasons.ask(self._window, title, question, version.table, send)

    def _report(self, entry: CatalogueLayer, version: Version, answer: dict[str, Any]) -> None:
        self._unsent_reasons.drop(version.table)
        text = (
            tr("“{layer}” {label} is retired. Its menu puts it back.")
            if answer.get("retired")
            else tr("“{layer}” {label} is back in force on its days.")
        )
        self._library.refresh()
        remarks = [str(problem["message"]) for problem in answer.get("problems") or ()]
        self.done.emit(" ".join([text.format(layer=entry.title, label=answer.get("version")), *remarks]))

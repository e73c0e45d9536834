"""The open library and its day: the one state that all tabs of the dock share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import QDate, QObject, Qt, pyqtSignal

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_location import is_server, short_name
from onemap.plugin.connection.server_logins import entry_of
from onemap.plugin.desk.library.account_rights import AccountRights, rights_in
from onemap.plugin.desk.library.distinct_place import DistinctPlace, distinct_place
from onemap.plugin.desk.library.layer_list import (
    CatalogueLayer,
    MapTheme,
    layers_in,
    store_layers,
    strata_in,
    themes_in,
)
from onemap.plugin.desk.library.service_list import Service, services_in
from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.plugin.words.translation import tr


class OpenLibrary(QObject):
    """The open library, and its content as the core lists it."""

    loading = pyqtSignal()  # another library or day: what was shown is of yesterday
    listed = pyqtSignal()  # the layers are known
    read = pyqtSignal()  # what was asked for is listed
    # Others have written, or given the account other rights: CatalogueLayer, packs and AccountRights of before.
    changed_elsewhere = pyqtSignal(list, list, object)
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.core = core
        self.path = ""
        self.as_of = QDate()  # invalid: today
        self.today = QDate.currentDate()  # when the library was asked last
        self.layers: list[CatalogueLayer] = []
        self.services: list[Service] = []
        self.strata: dict[str, str] = {}  # the groups of the map, from the uppermost: titles by id
        self.themes: list[MapTheme] = []
        self.crs = ""
        self.has_district = False
        self.packs: list[dict[str, Any]] = []
        self.asked: frozenset[str] = frozenset()  # the codes of the layers that the rules of its packs ask
        self.rights = AccountRights()
        self.is_rehearsal = False
        self._name = ""
        self._words_of = ""  # the library whose words are known, or asked for
        self._profile_refusal: Refusal | None = None
        self.reading = Asking(core, self, self.scope)
        self.learning = Asking(core, self, lambda: self._words_of)
        self.learning.refused.connect(self._do_without_own_words)

    @property
    def name(self) -> str:
        """The library's name, with a distinguishing mark if another library has the same name."""
        return title_of(self.own_name, self.mark)

    @property
    def own_name(self) -> str:
        """The library's name without a distinguishing mark; the name of a rehearsal library says so."""
        name = self._name or short_name(self.path)
        return f"{tr('Rehearsal')} · {name}" if self.is_rehearsal else name

    @property
    def mark(self) -> DistinctPlace | None:
        """The mark that distinguishes the library from recent ones of the same name; None if there are none."""
        others = settings.library_names_like(self.path, self._name)
        return distinct_place(self.path, others) if others else None

    @property
    def day(self) -> str:
        """The chosen day as the command line takes it; empty for today."""
        return self.as_of.toString(Qt.DateFormat.ISODate) if self.as_of.isValid() else ""

    def scope(self) -> tuple[str, str]:
        """The library and the day to which an answer belongs; “today” is replaced by its date."""
        return self.path, self.day or self.today.toString(Qt.DateFormat.ISODate)

    @property
    def step_day(self) -> str:
        """The day for the steps of the review; empty for today.

        Any day in a rehearsal; otherwise only an earlier day, for entering a step late in a file. A server uses its own
        day.
        """
        if self.is_rehearsal:
            return self.day
        is_earlier = self.as_of.isValid() and self.as_of < QDate.currentDate()
        return self.day if is_earlier and not is_server(self.path) else ""

    def open(self, path: str) -> None:
        """Open another library."""
        self.path, self._name, self.rights, self.is_rehearsal = path, "", AccountRights(), False
        self.layers, self.packs, self.services = [], [], []
        if is_server(path):
            self.core.log_in_with(entry_of(path))
        self.refresh()

    @property
    def answers_no_rule(self) -> bool:
        """Whether no layer that a rule uses has data in force, so that a check could find nothing."""
        return bool(self.layers) and not any(layer.code in self.asked for layer in self.layers if layer.in_force)

    def entry(self, code: str) -> CatalogueLayer | None:
        """The layer of a code, as the catalogue has it."""
        return next((entry for entry in self.layers if entry.code == code), None)

    def set_day(self, day: QDate) -> None:
        """Change the day."""
        if day != self.as_of:
            self.as_of = day
            self.refresh()

    def follow_clock(self) -> bool:
        """Read the library again if it is shown as of today and a new day has begun; return whether it was."""
        is_over = bool(self.path) and not self.day and self.today != QDate.currentDate()
        if is_over:
            self.refresh()
        return is_over

    @property
    def params(self) -> dict[str, str]:
        """The library and its day, as parameters of the core's verb `layers`."""
        return {"library": self.path, "as_of": self.day}

    def refresh(self) -> None:
        """Ask the core for the library's content."""
        if not self.path:
            return
        self.today = QDate.currentDate()
        self.loading.emit()
        if self._words_of != self.path or not core_words.are_known():
            self._ask_words(self.path)
        self._ask_layers(self._take, self.refused.emit)

    def compare(self, answer: dict[str, Any]) -> None:
        """Read the library again if others have changed it, or what the account may do in it.

        answer: of the verb `layers`, without looks.
        """
        versions = {layer.code: layer.versions for layer in layers_in(answer)}
        is_same = versions == {layer.code: layer.versions for layer in self.layers}
        is_same = is_same and services_in(answer) == self.services and packs_in(answer) == self.packs
        is_same = is_same and rights_in(answer) == self.rights
        if not is_same and not self.reading.is_busy:
            self._ask_layers(self._take_changed, lambda _refusal: None)  # nobody has asked for it

    def _ask_layers(self, take: Callable[[dict[str, Any]], None], refuse: Callable[[Refusal], None]) -> None:
        """Ask for the layers with their looks."""
        self.reading.ask("layers", {**self.params, "looks": True}, take, refuse=refuse)

    def learn_names(self) -> None:
        """Read everything again, including the names of departments, which come from a profile that has changed."""
        self._words_of = ""
        self.refresh()

    def _ask_words(self, path: str) -> None:
        """Ask for the words of this library: its profile may give departments names of their own."""
        self._words_of = path
        self.learning.ask("words", {"library": path}, core_words.learn)

    def _do_without_own_words(self, refusal: Refusal) -> None:
        """Use the words that all libraries share; a mistake in the profile is reported once the layers are listed."""
        self.learning.ask("words", {}, core_words.learn, refuse=lambda _refusal: None)
        if any(str(problem.get("code")).startswith("profile.") for problem in refusal.problems):
            self._profile_refusal = refusal

    def _take(self, answer: dict[str, Any]) -> None:
        self._list(answer)
        self.read.emit()
        if self._profile_refusal is not None:
            refusal, self._profile_refusal = self._profile_refusal, None
            self.refused.emit(refusal)

    def _take_changed(self, answer: dict[str, Any]) -> None:
        before = self.layers, self.packs, self.rights
        self._list(answer)
        self.changed_elsewhere.emit(*before)

    def _list(self, answer: dict[str, Any]) -> None:
        self._name = str(answer.get("name") or "")
        self.rights = rights_in(answer)
        self.is_rehearsal = bool(answer.get("rehearsal"))
        self.crs = str(answer.get("crs") or "")
        self.has_district = bool(answer.get("district"))
        self.layers = layers_in(answer)
        core_words.learn_layers({layer.code: layer.title for layer in self.layers})
        self.services = services_in(answer)
        self.strata, self.themes = strata_in(answer), themes_in(answer)
        self.packs = packs_in(answer)
        self.asked = frozenset(answer.get("asked") or ())
        store_layers(self.path, self.layers)
        settings.remember_library(self.path)
        settings.remember_library_name(self.path, self._name)
        self.listed.emit()


def title_of(own_name: str, mark: DistinctPlace | None) -> str:
    """A library's own name, with its distinguishing mark if there is one."""
    return f"{own_name} ({mark.text})" if mark is not None else own_name


def packs_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rule packs in an answer of the core, by which the library is checked."""
    return [pack if isinstance(pack, dict) else {"id": pack} for pack in answer.get("packs") or []]

"""Show what other desks add, and a new day, without a press: in the list, on the map, and in a message."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.account_rights import AccountRights
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version, title_of
from onemap.plugin.desk.library.library_follower import LibraryFollower
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.version_states import state_texts
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.words.translation import list_of_some, sentences, tr

MISSES = 2  # one look may come at the moment in which a file is replaced, or a server starts again


class OtherDesks(QObject):
    """Looks for additions to the library while the dock is open, and names them."""

    missed = pyqtSignal(object)  # Refusal: the library was moved or deleted, or its server is gone
    returned = pyqtSignal()  # a library that was missed answers again

    def __init__(self, library: OpenLibrary, notice: Notice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library, self._notice = library, notice
        self.follower = LibraryFollower(library, "layers", lambda: library.params, self)
        self._misses = 0
        # path; as it was before
        self._state_before: tuple[str, list[CatalogueLayer], list[dict[str, Any]], AccountRights] | None = None
        self.follower.silenced.connect(self._say_silent)
        self.follower.answered.connect(self._compare)
        self.follower.asking.refused.connect(self._miss)
        self.follower.asking.busy_changed.connect(self._hear)
        self.follower.timer.timeout.connect(self._follow_clock)
        library.changed_elsewhere.connect(self._say)
        library.read.connect(self._find)

    def follow(self, is_looked_at: bool) -> None:
        """Start or stop looking for additions; starting looks at once."""
        self.follower.follow(is_looked_at)
        if is_looked_at:
            self._follow_clock()
            self.follower.look()

    def look_at_once(self) -> None:
        """Ask now whether the library answers, as QGIS could not read from it; if not, that is told at once."""
        if self._misses < MISSES and self._library.path:
            self._misses = MISSES - 1
            if not self.follower.asking.is_busy:
                self.follower.ask()

    def _follow_clock(self) -> None:
        if self._library.follow_clock():
            text = tr("A new day has begun, and the library is shown as of today. Earlier checks are in “{past}”.")
            self._notice.mention(text.format(past=tr("Past checks")))

    def _miss(self, refusal: Refusal) -> None:
        """Tell once that the library no longer answers."""
        self._misses += 1
        if self._misses == MISSES and self._library.layers:  # else its opening was refused, and told
            self.missed.emit(refusal)

    def _find(self) -> None:
        self._misses = 0
        missed_change, self._state_before = self._state_before, None
        if (
            missed_change is not None and missed_change[0] == self._library.path
        ):  # else another library was opened meanwhile
            self._notice.forget_refusal()
            self._say(*missed_change[1:])  # another copy may lie in its place now
            self.returned.emit()

    def _say_silent(self) -> None:
        self._notice.mention(_silent_text(), tr("Start it again"), self.follower.asking.cancel)

    def _hear(self, is_busy: bool) -> None:
        if not is_busy and self._notice.text == _silent_text():
            self._notice.hide()

    def _compare(self, answer: dict[str, Any]) -> None:
        if self._misses >= MISSES:
            library = self._library
            self._state_before = library.path, library.layers, library.packs, library.rights
            self._library.refresh()  # it answers again, which takes back what was told
        else:
            was_missed, self._misses = self._misses > 0, 0
            self._library.compare(answer)
            if was_missed:
                self.returned.emit()

    def _say(
        self, before: list[CatalogueLayer], packs_before: list[dict[str, Any]], rights_before: AccountRights
    ) -> None:
        """Name the versions that are new, retired or put back, layers that have lost versions, and changed packs.

        Other rights of the account are told, too, as they disable buttons.
        """
        versions_before = {entry.code: entry.versions for entry in before}
        names = []
        for entry in self._library.layers:
            identity_by_table = {version.table: _identity(version) for version in versions_before.get(entry.code, ())}
            changed_versions = (
                version for version in entry.versions if identity_by_table.get(version.table) != _identity(version)
            )
            labels = (state_texts(one.label)["retired"] if one.retired else one.label for one in changed_versions)
            names += [f"{entry.title} {label}" for label in labels]
            if identity_by_table.keys() - {version.table for version in entry.versions}:
                names.append(entry.title)
        names += [title_of(pack.get("title"), pack["id"]) for pack in self._library.packs if pack not in packs_before]
        text = tr("The library has changed meanwhile, and is shown as it is now: {layers}.")
        changes = [text.format(layers=list_of_some(names))] if names else []
        rights = self._library.rights
        if rights != rights_before and rights.account == rights_before.account:
            changes.append(tr("What your account may do in this library has changed, and the buttons with it."))
        if changes:
            self._notice.mention(sentences(*changes))


def _silent_text() -> str:
    return tr("One Map's core has not answered for some time, and what is shown may be old.")


def _identity(version: Version) -> tuple[str, bool]:
    """What makes a version another one than before, whatever the day makes of it; a copy may have its table, too."""
    return version.recorded_at, version.retired

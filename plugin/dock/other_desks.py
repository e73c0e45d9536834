"""Show what other desks add, and a new day, without a press: in the list, on the map, and in a message."""

from __future__ import annotations

from qgis.PyQt.QtCore import QObject

from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.library_follower import LibraryFollower
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.words.translation import list_of_some, tr


class OtherDesks(QObject):
    """Looks for additions to the library while the dock is open, and names them."""

    def __init__(self, library: OpenLibrary, notice: Notice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library, self._notice = library, notice
        self.follower = LibraryFollower(library, "layers", lambda: library.params, self)
        self.follower.answered.connect(library.compare)
        self.follower.timer.timeout.connect(self._follow_clock)
        library.changed_elsewhere.connect(self._say)

    def follow(self, is_looked_at: bool) -> None:
        """Start or stop looking for additions; starting looks at once."""
        self.follower.follow(is_looked_at)
        if is_looked_at:
            self._follow_clock()
            self.follower.look()

    def _follow_clock(self) -> None:
        if self._library.follow_clock():
            text = tr("A new day has begun, and the library is shown as of today. Earlier checks are in “{past}”.")
            self._notice.mention(text.format(past=tr("Past checks")))

    def _say(self, before: list[CatalogueLayer]) -> None:
        """Name the versions that are new, retired or put back, and the layers that have lost versions."""
        known = {entry.code: entry.versions for entry in before}
        names = []
        for entry in self._library.layers:
            held = {version.table: version.retired for version in known.get(entry.code, ())}
            changed = (version for version in entry.versions if held.get(version.table) != version.retired)
            names += [f"{entry.title} {version.label}" for version in changed]
            if held.keys() - {version.table for version in entry.versions}:
                names.append(entry.title)
        if names:
            text = tr("The library has changed meanwhile, and is shown as it is now: {layers}.")
            self._notice.mention(text.format(layers=list_of_some(names)))

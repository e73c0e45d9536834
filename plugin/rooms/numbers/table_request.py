"""A view that asks the core for an answer and the tables behind it, and its list of names with one value each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtWidgets import QSizePolicy

from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.widgets.target_file import open_file
from onemap.plugin.words.translation import tr

MIN_LINES = 18  # eight rows of mostly two lines
LINE_MARGIN_PX = 4


class ValueTree(AnswerTree):
    """Two columns: values on the right, and names in the remaining width, where they wrap."""

    def __init__(self, name: str, heads: tuple[str, str]) -> None:
        """Make an empty list. name: for screen readers; heads: the titles of the columns."""
        super().__init__(name, heads, has_numbers=True)
        self.setMinimumHeight(MIN_LINES * (self.fontMetrics().lineSpacing() + LINE_MARGIN_PX))


class TableView(VerbView):
    """A subclass asks with `ask_tables`; the tables are in a folder only while it reads them."""

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        self.cancel()
        self.clear()

    def take_room(self, is_shown: bool) -> None:
        """Grow with the tab while something is shown; otherwise leave no gap."""
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Expanding if is_shown else policy.Maximum)

    def ask_tables(
        self, verb: str, title: str, params: dict[str, Any], show: Callable[[Path, dict[str, Any]], None]
    ) -> None:
        """Send a verb about the library, unless a request is running.

        title: the name of the work; show: called with the file of the tables, a GeoPackage, and the answer.
        """
        if self.is_working or not self._library.path:
            return
        folder = temporary_folder(verb)
        tables = folder / "tables.gpkg"

        def show_and_remove(answer: dict[str, Any]) -> None:
            show(tables, answer)
            shutil.rmtree(folder, ignore_errors=True)

        params = {"library": self._library.path, "out": str(tables), **params}
        self._ask_core(verb, params, show_and_remove, title, str(folder))

    def write_page(self, verb: str, params: dict[str, Any]) -> None:
        """Ask the core to write the page of an answer, as of the library's day, and open it."""
        page = str(temporary_folder(verb) / "page.html")
        params = {"library": self._library.path, "as_of": self._library.day, "page": page, **params}
        self.asking.ask(verb, params, lambda _answer: open_file(page), tr("Page"))

"""A view that asks the core for an answer and the tables behind it, which are in a folder only while it reads them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtWidgets import QSizePolicy

from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.profile.paths import temporary_folder


class TableView(VerbView):
    """A subclass asks with `ask_tables`."""

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

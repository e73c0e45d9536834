"""The results of a check as a file, written by the core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.results.asked_files import refusal_of_changed
from onemap.plugin.desk.results.results import RunOnDisplay
from onemap.plugin.profile.paths import documents_folder, free_path
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import sentences, tr
from onemap.plugin.words.verb_parameters import out_forms

PAGES = ".pdf"


class ExportButton(QToolButton):
    """A button with a menu of formats."""

    message_sent = pyqtSignal(str)  # where the file is, and what it does not hold
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.asking = Asking(core, self, is_writing=True)  # a file is there whatever is open by then
        self.asking.refused.connect(self.refused)
        self._run: RunOnDisplay | None = None
        self.setIcon(icon("export"))
        self.setText(tr("Export"))
        self.setToolTip(tr("Write the results, or their parcels alone, as a file"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for suffix, title in file_forms([".xlsx", PAGES, *out_forms("check")]).items():
            menu.addAction(title, lambda chosen_suffix=suffix, filters=title: self._ask(chosen_suffix, filters))
        self.setMenu(menu)

    def offer(self, run: RunOnDisplay | None) -> None:
        """Offer the export of a run; None: there is none."""
        self._run = run
        self.setEnabled(run is not None)

    def write(self, path: str) -> None:
        """Write the results to a file in the format of its ending; an existing file is replaced."""
        run = self._run
        if run is None:
            return
        suffix = Path(path).suffix.lower()
        if suffix == ".gpkg" and not run.id:  # a run that the library does not keep
            with refusals_told(self.refused.emit):
                copy_file(run.path, path)
                self._say_written(path)
        elif run.id:
            self._let_write("runs", {"library": run.library_path, "run": run.id}, path)
        elif refusal := (refusal_of_changed(run.files) if run.params else None):
            self.refused.emit(refusal)
        elif run.params:
            # Nothing is kept that could be read, so the same is asked once more, of the library as it was then.
            moment = (run.record.get("parameters") or {}).get("known_at") or run.record.get("started")
            # Against which run a trial is held, pages alone can say.
            again = {name: value for name, value in run.params.items() if name != "against" or suffix == PAGES}
            self._let_write("check", {**again, "known_at": moment, "unrecorded": True}, path)
        else:
            self.refused.emit(Refusal(tr("The library does not keep this check; export it as GeoPackage.")))

    def _let_write(self, verb: str, params: dict[str, Any], path: str) -> None:
        def say(answer: dict[str, Any]) -> None:
            problems = answer.get("problems") or ()
            self._say_written(path, *(one["message"] for one in problems if one["code"] == "out.parcels_only"))

        self.asking.ask(verb, {**params, "out": path, "overwrite": True}, say, tr("Write the results"))

    def _say_written(self, path: str, *remarks: str) -> None:
        self.message_sent.emit(sentences(tr("The results are in {path}.").format(path=path), *remarks))

    def _ask(self, suffix: str, filters: str) -> None:
        if self._run is None:
            return
        name = tr("Results of a trial") if self._run.trial_files else tr("Check results")
        start = free_path(Path(documents_folder()), name, suffix)
        ask_target(self, tr("Write the results"), str(start), {suffix: filters}, self.write)

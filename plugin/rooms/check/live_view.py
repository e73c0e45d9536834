"""The verdict while editing: after every change of a shape or a value, the running session checks the parcel again.

Such checks leave no run in the library; pressing Check does.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.parcel_choice import ParcelChoice
from onemap.plugin.desk.parcels.parcel_export import export_some_parcels, has_names
from onemap.plugin.desk.results.results import CheckedParcel, RunOnDisplay, read_results
from onemap.plugin.desk.results.results_view import ResultsView
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.check.edit_follower import EditFollower
from onemap.plugin.widgets.buttons import push_button, switch_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import sentences, tr

MAX_PARCELS = 50  # changed parcels that are checked while editing; more need the button


class LiveView(QWidget):
    """Runs one check at a time: changes made meanwhile are checked afterwards, once, in their last form.

    params: the parameters of a check besides the parcels; None if nothing can be checked now.
    """

    results_shown = pyqtSignal()  # a verdict, or why there is none
    back_requested = pyqtSignal()

    def __init__(
        self,
        library: OpenLibrary,
        canvas: QgsMapCanvas,
        parcels: ParcelChoice,
        params: Callable[[], dict[str, Any] | None],
    ) -> None:
        super().__init__()
        self._library, self._parcels, self._params = library, parcels, params
        self.asking = Asking(library.core, self, library.scope)
        self._is_stale = False  # a parcel has changed since the core was asked
        self._is_owed = False  # a parcel changed while nothing could be checked
        self._default_choice = ("", "")  # the parcel and rule shown first, which the user has not chosen
        self.verdicts: dict[str, str] = {}  # verdicts by parcel, as last known
        self.follower = EditFollower(self)
        self.follower.changed.connect(self._take_change)
        self.follower.edits_paused.connect(self._ask)
        self.follower.edits_discarded.connect(self.leave)
        self.follower.places_changed.connect(self._forget_places)
        hint = tr("Check while editing: the verdict follows every corner that is moved; such checks are not kept")
        self.button = switch_button("live", hint, self._toggle, is_on=settings.get("live"))
        library.listed.connect(self.catch_up)
        parcels.changed.connect(self._follow)
        parcels.added.connect(self._check_drawn)
        parcels.drawn.removed.connect(self._forget_drawn)
        self.summary = FittedLabel(textFormat=Qt.TextFormat.PlainText)
        self.results = ResultsView(library.core, canvas)
        self.results.can_try = False
        self.results.hide_actions()
        back_button = push_button(tr("Back to the check"), sign="back", action=self.leave)
        column_of(self.summary, (self.results, 1), back_button, inside=self, is_tight=True)
        self._follow()

    @property
    def is_working(self) -> bool:
        """Whether a shape is being checked, or waits to be checked."""
        return self.asking.is_busy or self._is_stale

    def leave(self) -> None:
        """Clear the verdicts, and go back."""
        self.clear()
        self.back_requested.emit()

    def clear(self) -> None:
        """Clear the verdicts, and cancel the request."""
        self._is_stale = self._is_owed = False
        self.follower.end_pause()
        self.asking.forget()
        self.summary.clear()
        self.results.clear()

    def forget(self) -> None:
        """Clear the verdicts, because the library, its day or its state has changed."""
        self.verdicts.clear()
        if self.is_working or self.summary.text():
            self.leave()

    def close_down(self) -> None:
        """Disconnect from the layer and the canvas, and cancel."""
        self.follower.follow(None)
        self.clear()

    def _toggle(self, is_on: bool) -> None:
        settings.put("live", is_on)
        self._follow()
        if not is_on:
            self.leave()

    def _follow(self) -> None:
        """Follow the chosen layer while the button is pressed; the verdicts of another layer are cleared."""
        layer = self._parcels.map_layer if self.button.isChecked() else None
        if layer is not self.follower.layer:
            self.verdicts = {}
            self.follower.follow(layer)
            self.leave()

    def _check_drawn(self, layer: QgsVectorLayer, feature: int) -> None:
        self._follow()
        if self.follower.layer is layer:
            self.follower.add_feature(feature)

    def _forget_drawn(self, layer: QgsVectorLayer, feature: int) -> None:
        if self.follower.layer is layer:
            self.follower.remove_feature(feature)

    def check_again(self) -> None:
        """Check the same parcels again, because their use, the rules or the facts have changed."""
        self.follower.signal_again()

    def catch_up(self) -> None:
        """Check what changed while no check was possible: the tab was hidden, or a check was running."""
        if self._is_owed:
            self._is_owed = False
            self.check_again()

    def _take_change(self) -> None:
        self._is_stale = True
        self.results.highlight.clear()  # the pieces are of the shape before
        if self.isVisible() or self.summary.text():
            self.summary.setText(tr("Checking what has changed…"))

    def _forget_places(self) -> None:
        """Forget the verdicts of parcels named only by their places, because the places have shifted."""
        if not has_names(self.follower.layer.fields()):
            self.verdicts = {}

    def _ask(self) -> None:
        """Send the latest shapes to the core, unless a request is running."""
        params, layer, ids = self._params(), self.follower.layer, self.follower.ids
        if layer is None or not ids:
            self.leave()
            return
        if params is None:
            self._is_stale, self._is_owed = False, True
            if self.summary.text():  # the verdict there is of the parcel as it was
                self.results.clear()
                self.summary.setText(_no_verdict())
            return
        if self.asking.is_busy:
            return
        self._is_stale = False
        if len(ids) > MAX_PARCELS:
            self._say(tr("{count} parcels have changed. Press Check to check them.").format(count=f"{len(ids):,}"))
            return
        folder = temporary_folder("live")
        target = str(folder / "run.gpkg")
        try:
            source = export_some_parcels(layer, ids, str(folder))
        except Refusal as refusal:
            self._say(no_verdict_text(refusal), folder)
            return
        check_params = {**params, "parcels": source.path, "layer": source.layer, "out": target, "unrecorded": True}
        self.asking.ask(
            "check",
            {**check_params, "view": True},
            lambda answer: self._take_answer(check_params, answer),
            refuse=self._take_refusal,
            folder=str(folder),
        )

    def _take_answer(self, params: dict[str, Any], answer: dict[str, Any]) -> None:
        target, folder = params["out"], Path(params["out"]).parent
        if self._is_stale:  # its verdict is of a shape that is no more
            shutil.rmtree(folder, ignore_errors=True)
            self._ask()
            return
        try:
            parcels = read_results(target, answer)
        except Refusal as refusal:
            self._say(no_verdict_text(refusal), folder)
            return
        library = self._library
        titles = {layer.code: layer.title for layer in library.layers}
        self._show(RunOnDisplay(target, answer, library.name, library.path, titles, params), parcels)

    def _take_refusal(self, refusal: Refusal) -> None:
        if self._is_stale:
            self._ask()
        else:
            self._say(no_verdict_text(refusal))

    def _say(self, text: str, folder: Path | None = None) -> None:
        """Show why there is no verdict, and remove the verdict of an earlier shape."""
        self.results.clear()
        self.summary.setText(text)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self.results_shown.emit()

    def _show(self, run: RunOnDisplay, parcels: list[CheckedParcel]) -> None:
        chosen_key = self.results.current_key if self.results.current_key != self._default_choice else ("", "")
        self.results.highlight.clear()
        self.results.show_run(run, parcels)
        self.results.choose(*chosen_key)
        self._default_choice = self.results.current_key if chosen_key == ("", "") else ("", "")
        self.results.show_highlight()
        self.summary.setText(sentences(*self._changes(parcels), tr("Press Check to keep this in the library.")))
        self.verdicts.update({parcel.parcel: parcel.verdict for parcel in parcels})
        self.results_shown.emit()

    def _changes(self, parcels: list[CheckedParcel]) -> list[str]:
        """Sentences on the parcels' verdicts and how they have changed."""
        changed_parcels = [
            parcel for parcel in parcels if self.verdicts.get(parcel.parcel, parcel.verdict) != parcel.verdict
        ]
        if len(changed_parcels) == 1 or len(parcels) == 1:
            parcel = (changed_parcels or parcels)[0]
            verdicts = dict.fromkeys((self.verdicts.get(parcel.parcel, parcel.verdict), parcel.verdict))
            text = " → ".join(word("verdicts", verdict) for verdict in verdicts)
            return [tr("{parcel}: {verdict}.").format(parcel=parcel.parcel, verdict=text)]
        if changed_parcels:
            return [tr("{count} parcels have another verdict.").format(count=f"{len(changed_parcels):,}")]
        return [tr("The verdicts are as before.")] if all(parcel.parcel in self.verdicts for parcel in parcels) else []


def no_verdict_text(refusal: Refusal) -> str:
    """The reasons why a shape has no verdict, parcel by parcel, without the options of commands."""
    parts = ((problem.get("feature"), problem.get("message")) for problem in refusal.problems)
    lines = [" · ".join(str(part) for part in both if part) for both in parts]
    return "\n".join([_no_verdict(), *(lines or [refusal.message])])


def _no_verdict() -> str:
    return tr("No verdict for this shape.")

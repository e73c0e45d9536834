"""The tab Check: choose parcels and rules, press Check, read the findings of each parcel and show them on the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence, QShowEvent
from qgis.PyQt.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.changed_versions import ChangedVersions
from onemap.plugin.desk.library.dialog_library import name_beside
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.facts_choice import FactsChoice
from onemap.plugin.desk.parcels.land_width_row import LandWidthRow
from onemap.plugin.desk.parcels.parcel_choice import Choice, ParcelChoice, no_parcels_text
from onemap.plugin.desk.parcels.parcel_mends import ParcelMends
from onemap.plugin.desk.parcels.parcel_use import ParcelUse
from onemap.plugin.desk.parcels.rules_choice import RulesChoice, packs_text
from onemap.plugin.desk.results.asked_files import FileStates, asked_files, refusal_of_changed
from onemap.plugin.desk.results.results import CheckedParcel, RunOnDisplay, read_results
from onemap.plugin.desk.results.results_view import ResultsView
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.check.live_view import LiveView
from onemap.plugin.rooms.check.outdated_note import OutdatedNote
from onemap.plugin.rooms.check.past_checks import PastChecks
from onemap.plugin.rooms.check.sheet_button import SheetButton
from onemap.plugin.rooms.check.trial_view import TrialView, trial_run
from onemap.plugin.rooms.remedy.remedy_view import RemedyView
from onemap.plugin.rooms.remedy.sites_view import SitesView
from onemap.plugin.widgets.buttons import MainButton, empty_label, offer, push_button, switch_button, tool_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.form_fields import TightForm, fill_form, fold_button
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import Pages, column_of, fill_room, row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

MIN_BAR_PX = 48  # beside all its buttons the narrowest dock has no more


class CheckTab(QWidget):
    """One check at a time; its results stay until the next."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)
    remarked = pyqtSignal(list)  # problems that the core remarks on an answer that it gave
    begun = pyqtSignal()  # something was asked: an older message no longer holds
    add_requested = pyqtSignal()  # data, to a library that has none
    finished = pyqtSignal()  # the verdicts of a check are shown
    trial_finished = pyqtSignal()  # what a trial would change is shown

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library = library
        # A trial is compared with the run on display, which goes with its library and day.
        self.asking = Asking(library.core, self, lambda: (library.scope(), id(self.results.run)))
        self._parcels_name = ""  # the name of what the results are of
        self._shown_scope = ("", "")  # library and day that they are of
        self.results = ResultsView(library.core, canvas)
        self.results.trial_requested.connect(self._choose_trial)
        self.trial = TrialView(library.core, canvas)
        self.results.remedy_requested.connect(self._ask_remedy)
        self.remedy = RemedyView(library, canvas)
        for view in (self.trial, self.remedy):
            view.back_requested.connect(lambda: self._show_page(self.results))
        self._params: dict[str, Any] = {}  # of the last check
        self._files: FileStates = {}  # that it has read
        self.parcels = ParcelChoice(library, canvas)
        self.uses = ParcelUse(self.parcels, self)
        self.land = LandWidthRow(self.parcels, self)
        self.mends = ParcelMends(library.core, self)
        self.mends.mended.connect(lambda: self.check())
        self.rules = RulesChoice(library)
        self.facts = FactsChoice(library, self.rules, self.parcels, ("project", "land", "days"))
        self.outdated = OutdatedNote(self.parcels, self.uses, self.land, self.rules, self.facts)
        self.sites = SitesView(library, self.rules, canvas)
        self.sites.back_requested.connect(lambda: self.sites_button.setChecked(False))
        self.sites.parcel_chosen.connect(self.parcels.add_drawing)
        self.past = PastChecks(library)
        self.past.back_requested.connect(lambda: self.past_button.setChecked(False))
        self.past.open_requested.connect(self.open_run)
        self.past.compare_requested.connect(self.compare_with)
        self.live = LiveView(library, canvas, self.parcels, self._live_params)
        self.live.results_shown.connect(lambda: self._show_page(self.live))
        self.live.back_requested.connect(self._leave_live)
        self.sheet_button = SheetButton(library.core, self._sheet_params)
        self.sheet_button.begun.connect(self.begun)
        self.sheet_button.refused.connect(lambda refusal, params: self._refuse(refusal, self.parcels.choice, params))
        self.sheet_button.written.connect(self.message_sent)
        self._askings = (self.asking, self.sheet_button.asking)  # one thing runs at a time
        self._build()
        self._connect()
        self._enable()

    def _connect(self) -> None:
        parts = (self.results, self.trial, self.remedy, self.mends, self.facts, self.sites, self.past)
        for part in (*parts, self.live.results):
            part.refused.connect(self.refused)
        for view in (self.results, self.trial, self.live.results):
            view.export_button.message_sent.connect(self.message_sent)
        for asking in self._askings:
            asking.progressed.connect(self._show_progress)
            asking.busy_changed.connect(lambda is_busy: self._show_work(tr("Starting…") if is_busy else ""))
        self.sites.remarked.connect(self.remarked)
        self.parcels.changed.connect(self._enable)
        self.land.changed.connect(self._enable)
        self.rules.box.currentIndexChanged.connect(lambda _index: self._enable())
        self.uses.changed.connect(self.live.check_again)  # also where an earlier check is shown
        self.outdated.question_changed.connect(self._take_changed_question)
        self.parcels.added.connect(lambda *_drawn: self.form_button.setChecked(True))  # it asks for the use
        self._library.listed.connect(self._enable)
        self._library.loading.connect(self._clear_other_scope)
        self._library.refused.connect(lambda _refusal: self._enable())

    def close_down(self) -> None:
        """Disconnect from the canvas and the project."""
        self.results.highlight.restore_view()
        self.trial.clear()
        for part in (self.remedy, self.sites, self.live, self.parcels):
            part.close_down()
        for asking in self._askings:
            asking.cancel()

    def check(self) -> None:
        """Check the chosen parcels."""
        choice = self.parcels.choice
        if self.is_checking or not self.button.isEnabled() or self.mends.read_anew(choice):
            return
        self.leave_map()
        self.live.leave()
        target = _temporary_target("run")
        asked_params = self._asked_params(str(Path(target).parent))
        if asked_params is None:
            return
        params = {**asked_params, "out": target}
        question, name, files = self.outdated.question, self.parcels.chosen_name, asked_files(params)

        def show(target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
            self._parcels_name, self._params, self._files = name, params, files
            self._show_results(target, answer, parcels)
            self.outdated.compare_with(question)
            self._show_run_label()

        self._ask(params, tr("Check parcels"), show, choice)

    def _asked_params(self, folder: str) -> dict[str, Any] | None:
        """The parameters of a check of the chosen parcels, which are written into a folder; None after a refusal."""
        try:
            source = self.parcels.source(folder)
        except Refusal as refusal:
            self.refused.emit(refusal)
            return None
        parcels = {"parcels": source.path, "layer": source.layer, "crs": source.crs}
        return {**self._form_params, **parcels, **self.land.params, **self.mends.params_for(self.parcels.choice)}

    @property
    def _form_params(self) -> dict[str, Any]:
        """The parameters of a check besides the parcels."""
        return {
            "library": self._library.path,
            "as_of": self._library.day,
            "pack": self.rules.packs,
            "code_system": self.uses.system,
            "data": self.facts.path,
        }

    def _sheet_params(self) -> dict[str, Any] | None:
        if self.is_checking or not self.button.isEnabled():
            return None
        return self._asked_params(str(Path(_temporary_target("sheet")).parent))

    def try_file(self, code: str, path: str) -> None:
        """Check the same parcels with a file in place of a layer, and show the changes. The library is not changed.

        code: the layer to replace.
        path: the file.
        """
        run = self.results.run
        if run is None or not self._params or self.is_checking or self._refuse_changed():
            return
        self.results.highlight.restore_view()
        params = {**self._params, "out": _temporary_target("trial"), "against": run.id, "replace": [f"{code}={path}"]}
        files = {**asked_files(params), **self._files}

        def show(target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
            before = trial_run(run.path, run.answer, self.results.model.parcels)
            after = trial_run(target, answer, parcels)
            layer = run.titles.get(code, code)
            shown_run = RunOnDisplay(target, answer, run.library, run.library_path, run.titles, params, files)
            self.trial.show_trial(layer, Path(path).name, answer.get("changed") or [], before, after, shown_run)
            self._show_page(self.trial)
            self.trial_finished.emit()

        self._ask(params, tr("Try with another file"), show)

    def open_run(self, identifier: str) -> None:
        """Show a check that the library keeps, as it was."""
        if self.is_checking:
            return
        self.leave_map()
        params = {"library": self._library.path, "run": identifier, "out": _temporary_target("past")}

        def show(target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
            parameters = (answer.get("run") or {}).get("parameters") or {}
            self._parcels_name = str(answer.get("name") or parameters.get("parcels") or "")
            self._params, self._files = {}, {}  # of its parcels only the outlines are known, not the file
            self._show_results(target, answer, parcels)

        self._ask(params, tr("Open a past check"), show, verb="runs")

    def compare_with(self, identifier: str, name: str) -> None:
        """Show which parcels have another verdict in the check on display than in a stored check."""
        run = self.results.run
        if run is None or not run.id or self.is_checking:
            return
        self.results.highlight.restore_view()
        params = {"library": self._library.path, "run": identifier, "against": run.id, "out": _temporary_target("past")}

        def show(target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
            other = trial_run(target, answer, parcels)
            run_on_display = trial_run(run.path, run.answer, self.results.model.parcels)
            changes = [{**change, "from": change["to"], "to": change["from"]} for change in answer.get("changed") or []]
            self.trial.show_comparison(name, changes, other, run_on_display)
            self._show_page(self.trial)
            self.trial_finished.emit()

        self._ask(params, tr("Compare two checks"), show, verb="runs")

    def _ask(
        self,
        params: dict[str, Any],
        title: str,
        show: Callable[..., None],
        choice: Choice | None = None,
        verb: str = "check",
    ) -> None:
        """Send a check; then call show(tables, answer, parcels).

        choice: the parcels, if a refusal can be remedied.
        verb: a verb that answers like a check.
        """
        target, path, own_name = params["out"], self._library.path, self._library.own_name
        self.begun.emit()
        self.asking.ask(
            verb,
            {**params, "view": True},
            lambda answer, parcels: show(target, answer, parcels),
            title,
            refuse=lambda refusal: self._refuse(refusal, choice, params),
            discard=lambda: self._say_dropped(path, own_name),
            read=lambda answer: read_results(target, answer),
            folder=str(Path(target).parent),
        )

    def _say_dropped(self, path: str, own_name: str) -> None:
        """Say that an answer belongs to another library or day than the open one, and is not shown.

        path, own_name: of the answer's library.
        """
        text = tr("The check of {library} has ended. It is not shown: another library or day was chosen meanwhile.")
        self.message_sent.emit(text.format(library=name_beside(own_name, path, self._library.path)))

    def cancel(self) -> None:
        """Cancel the running check."""
        self._step.setText(tr("Cancelling…"))
        for asking in self._askings:
            asking.cancel()

    @property
    def is_checking(self) -> bool:
        """Whether a check is running."""
        return any(asking.is_busy for asking in self._askings)

    def _build(self) -> None:
        self._form = QWidget()
        self._rows = form = TightForm(self._form)
        self.form_button = fold_button(self._form, tr("Show what is checked, and change it"))
        self.form_button.toggled.connect(lambda _is_on: self._show_form())
        fill_form(form, (tr("Parcels"), self.parcels), is_tight=True)
        self.land.add_to(form)
        self.uses.add_to(form)
        fill_form(form, (tr("Rules"), self.rules), (tr("Facts"), self.facts))
        button_row = self._make_buttons()
        self._step = FittedLabel()
        self._run_label = FittedLabel()
        self.changed_versions = ChangedVersions(self._library)
        self._empty_page = self._make_empty_page()
        self._pages = Pages(self._empty_page, self.results, self.trial, self.remedy, self.sites, self.live, self.past)
        self._pages.currentChanged.connect(lambda _page: self._show_form())
        self._page_before: QWidget = self._empty_page  # that was shown before the sites
        notes = (self._run_label, self.outdated, self.changed_versions, self._step)
        fill_room(self, self._form, button_row, *notes, (self._pages, 1))
        self._show_work("")

    def _make_empty_page(self) -> QWidget:
        """The page shown without results, with a button for the next step if the library has no data."""
        self._empty = empty_label(tr("Choose the parcels, then press Check."))
        self.add_button = push_button(tr("Add to the one map…"), sign="add", action=self.add_requested)
        page = QWidget()
        column_of(self._empty, row_of(0, self.add_button, 0), 1, inside=page, is_tight=True)
        return page

    def _make_buttons(self) -> QHBoxLayout:
        self.button = MainButton(icon("check"), tr("Check"))
        self.button.clicked.connect(lambda: self.check())
        self._bar = QProgressBar(minimumWidth=MIN_BAR_PX)
        self.cancel_button = tool_button("cancel", tr("Cancel (Esc)"), action=self.cancel)
        hint = tr("Find a site: where a parcel of a given area would pass")
        self.sites_button = switch_button("sites", hint, lambda is_on: self._show_aside(self.sites, is_on))
        hint = tr("Past checks: open one again, compare, name or delete it")
        self.past_button = switch_button("past", hint, self._show_past)
        switches = (self.form_button, self.sheet_button, self.past_button, self.live.button, self.sites_button)
        return row_of(self.button, (self._bar, 1), self.cancel_button, 1, *switches)

    def _enable(self) -> None:
        is_chosen = self.parcels.choice is not None and not self.land.is_missing
        is_ready = bool(self._library.path) and is_chosen and not self.is_checking
        self.button.setEnabled(is_ready)
        has_nothing = self._library.answers_no_rule and self.rules.packs is None
        self.add_button.setVisible(has_nothing and not self.is_checking)
        offer(self.add_button, self._library.rights.why_not_owner)
        self.sheet_button.setEnabled(is_ready)
        if self.is_checking:
            self._empty.clear()
        elif has_nothing:
            self._empty.setText(tr("No layer that the rules ask has data in force on this day: nothing can be found."))
        elif self.parcels.choice is None:
            self._empty.setText(no_parcels_text())
        elif self.land.is_missing:
            self._empty.setText(tr("State the width of the land of these lines or points, then press Check."))
        else:
            self._empty.setText(tr("Choose the parcels, then press Check."))

    def _show_work(self, step: str) -> None:
        is_working = bool(step)
        self.form_button.hide()  # first: with the bar beside it the dock would become wider, and stay so
        for widget in (self._bar, self.cancel_button, self._step):
            widget.setVisible(is_working)
        if is_working and self.button.hasFocus():
            self.cancel_button.setFocus()  # a button that is disabled would give it away
        self._show_form_button()
        self._show_run_label()
        self._bar.setValue(0)
        self._step.setText(step)
        self._enable()
        if not self.is_checking:
            self.live.catch_up()

    def _show_progress(self, fraction: float, step: str) -> None:
        self._bar.setValue(round(100 * fraction))
        if step:
            self._step.setText(step)

    def _refuse(self, refusal: Refusal, choice: Choice | None, params: dict[str, Any]) -> None:
        if choice is not None:
            self.mends.offer(refusal, choice, params)
            self.land.offer(refusal, choice)
        self.refused.emit(self.past.explained(refusal))

    def _refuse_changed(self) -> bool:
        """Refuse if a file of the check on display has changed since; return whether one has."""
        refusal = refusal_of_changed(self._files)
        if refusal is not None:
            self.refused.emit(refusal)
        return refusal is not None

    def _ask_remedy(self, parcel: CheckedParcel | None) -> None:
        run = self.results.run
        if parcel is None or run is None or not self._params or self.is_checking or self._refuse_changed():
            return
        self.results.highlight.restore_view()
        self._show_page(self.remedy)
        remedy_params = {name: value for name, value in self._params.items() if name not in ("out", "against")}
        remedy_params["parcel"] = [parcel.parcel]

        def ask(asking: Asking, limits: dict[str, Any], **waiting: Any) -> bool:
            if self._refuse_changed():
                return False
            asking.ask("remedy", {**remedy_params, **limits}, title=tr("What would pass?"), **waiting)
            return True

        self.remedy.ask(ask, run, parcel)

    def _show_past(self, is_on: bool) -> None:
        """Show the past checks, or the page before them."""
        self.past.displayed = self.results.run.id if self.results.run is not None else ""
        self._show_aside(self.past, is_on)
        if is_on:
            self.past.refresh()

    def _show_aside(self, page: QWidget, is_on: bool) -> None:
        self.leave_map()
        asides = {self.sites: self.sites_button, self.past: self.past_button}
        current = self._pages.currentWidget()
        if is_on and current not in asides:
            self._page_before = current
        for aside, button in asides.items():
            if is_on and aside is not page:
                with QSignalBlocker(button):
                    button.setChecked(False)
        self._pages.setCurrentWidget(page if is_on else self._page_before)

    def _show_page(self, page: QWidget) -> None:
        """Show a page, and close what is shown aside."""
        self._page_before = page
        self._show_run_label()
        self.sites_button.setChecked(False)
        self.past_button.setChecked(False)
        self._pages.setCurrentWidget(page)

    def _show_form(self) -> None:
        """Show the fields that the current page needs: a remedy has no room for them, and sites need only the rules."""
        page = self._pages.currentWidget()
        is_of_parcels = page is not self.sites
        self._show_form_button()
        self._form.setVisible(not is_of_parcels or (page is not self.remedy and self.form_button.isChecked()))
        for field in (self.parcels, self.facts):
            self._rows.show_row(field, is_of_parcels)
        self.uses.ask(is_of_parcels)
        for button in (self.button, self.sheet_button):
            button.setVisible(is_of_parcels)
        self._show_run_label()

    def _show_form_button(self) -> None:
        """Show the form's button unless a check is running: then there is no room for it, and nothing to change."""
        is_of_form = self._pages.currentWidget() not in (self.sites, self.remedy)
        self.form_button.setVisible(is_of_form and not self.is_checking)

    def _show_run_label(self) -> None:
        """Show the name of the run on display; a shape being drawn or edited belongs to no run, nor do sites."""
        is_of_run = self._page_before is not self.live and self._pages.currentWidget() is not self.sites
        is_on = is_of_run and not self.is_checking
        self._run_label.setVisible(is_on and bool(self._run_label.text()))
        for note in (self.outdated, self.changed_versions):
            note.show_if(is_on)

    def _choose_trial(self, code: str) -> None:
        title = tr("A file in place of “{layer}”").format(layer=self.results.run.titles.get(code, code))
        ask_file(self, title, lambda path: self.try_file(code, path))

    def _show_results(self, target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
        self._shown_scope = self._library.scope()
        self.trial.clear()
        self.remedy.clear()
        record = answer.get("run", {})
        titles = {layer.code: layer.title for layer in self._library.layers}
        again = (self._params, self._files)
        run_on_display = RunOnDisplay(target, answer, self._library.name, self._library.path, titles, *again)
        self.results.can_try = bool(self._params)
        why_not = tr("The file of this check's parcels is not known any more: check them again.")
        self.results.show_run(run_on_display, parcels)
        self.results.summary_button.setChecked(False)  # the findings of a new check are seen without another click
        self.results.disable_remedy("" if self._params else why_not)
        self.changed_versions.compare_with(record.get("layers") or (), record.get("packs") or ())
        self.outdated.compare_with(None)
        is_kept = bool(run_on_display.id)
        of_run = (self._parcels_name, moment_text(str(record.get("started") or "")))
        self._run_label.setText(
            " · ".join(of_run if is_kept else (*of_run, tr("not kept: the library may only be read")))
        )
        hint = tr("Run {id} of library {library}").format(id=run_on_display.id, library=self._library.name)
        rules = packs_text(record.get("packs") or [])
        self._run_label.setToolTip("\n".join((self._run_label.text(), rules, hint if is_kept else self._library.name)))
        self.live.verdicts = {parcel.parcel: parcel.verdict for parcel in parcels}
        self.remarked.emit(answer.get("problems") or [])
        self.form_button.setChecked(False)  # the findings need the height
        self._show_page(self.results)
        if self.isAncestorOf(QApplication.focusWidget() or self):
            self.results.tree.setFocus()  # not where somebody works elsewhere meanwhile
        self.finished.emit()

    def _live_params(self) -> dict[str, Any] | None:
        """The parameters of a check during editing; None if the tab is hidden or a check is running."""
        choice = self.parcels.choice
        is_off = self.is_checking or not self.isVisible() or self.land.is_asked
        if not self._library.path or choice is None or is_off:
            return None
        mends = self.mends.params_for(choice)
        return {**self._form_params, **{name: mends[name] for name in ("id", "repair") if name in mends}}

    def _take_changed_question(self) -> None:
        """Check shapes being drawn again, because the form has changed; note that a finished check is outdated."""
        if self._page_before is self.live:
            self.live.check_again()
        self._show_run_label()

    def _leave_live(self) -> None:
        if self._page_before is self.live:
            self._show_page(self.results if self.results.run is not None else self._empty_page)

    def _clear_other_scope(self) -> None:
        """Clear the results of another library or day."""
        self._enable()
        self.live.forget()
        is_searching = self.sites_button.isChecked()
        if self.past_button.isChecked():
            self.past_button.setChecked(False)
        page = self._page_before if is_searching else self._pages.currentWidget()
        if page is not self._empty_page and self._shown_scope != self._library.scope():
            self.results.clear()
            self.trial.clear()
            self.remedy.clear()
            self._run_label.clear()
            self._run_label.hide()
            self.changed_versions.forget()
            self.outdated.compare_with(None)
            self.form_button.setChecked(True)
            self._page_before = self._empty_page
            self._pages.setCurrentWidget(self.sites if is_searching else self._empty_page)

    def leave(self) -> None:
        """Cancel the running request; if there is none, remove the highlight and restore the view."""
        if self.is_checking:
            self.cancel()
        elif self.remedy.asking.is_busy or self.sites.is_working:
            self.remedy.asking.cancel()
            self.sites.cancel()
        else:
            self.leave_map()

    def leave_map(self) -> None:
        """Remove the highlight and restore the view."""
        for view in (self.results, self.trial, self.remedy, self.sites, self.live.results):
            view.highlight.restore_view()

    def showEvent(self, event: QShowEvent) -> None:
        """Check what was edited while the tab was hidden."""
        super().showEvent(event)
        self.live.catch_up()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle Esc and Ctrl+Z, with the focus anywhere in the tab."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.matches(QKeySequence.StandardKey.Undo) and self.parcels.undo_button.isVisible():
            self.parcels.undo()
        else:
            super().keyPressEvent(event)


def _temporary_target(name: str) -> str:
    """A GeoPackage in a folder of its own, which is removed with the results."""
    return str(temporary_folder(name) / f"{name}.gpkg")

"""The findings on a case's parcels beside the map, of one department or of all; a finding can be overridden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QStackedWidget, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.sliced_work import SlicedWork
from onemap.plugin.desk.results.results import CheckedParcel, Finding, RunOnDisplay, read_results
from onemap.plugin.desk.results.results_view import ResultsView
from onemap.plugin.desk.results.summary_view import department_asked_text
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.remedy.remedy_results import remedy_in
from onemap.plugin.rooms.remedy.remedy_view import AskRemedy, RemedyView
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_outline import ParcelOutline
from onemap.plugin.rooms.review.review_words import name_buttons, step_word
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import RoomArea
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import Count, tr

RoundKey = tuple[str, int, int]
NO_ROUND: RoundKey = ("", 0, 0)
MAX_EXPANDED = 20
MAX_REMEDY_PARCELS = 20  # parcels of which is asked at once what would pass
MIN_ROWS = 4


class CaseFindings(QWidget):
    """The results of a round's check, for the author of an opinion."""

    refused = pyqtSignal(object)  # Refusal
    findings_read = pyqtSignal()  # the findings are there
    override_requested = pyqtSignal(object)  # Finding

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, ask_remedy: AskRemedy) -> None:
        super().__init__()
        self._library, self._ask_remedy = library, ask_remedy
        self.asking = Asking(library.core, self, lambda: library.path)  # a round is the same on every day
        self.asking.refused.connect(self._refuse)
        self._case: Case | None = None
        self._department = ""
        self._parcels: list[CheckedParcel] = []
        self._round_key = NO_ROUND  # library and case, round, and how many remedies it keeps
        self._is_busy = False
        self.outline = ParcelOutline(canvas)
        self._drawing = SlicedWork(self)
        self.all_box = TickBox(tr("All departments"))
        self.all_box.toggled.connect(self._fill)
        self.results = ResultsView(library.core, canvas)
        self.results.counts.hide()  # of parcels; here the list is of one department
        self.results.tree.setMinimumHeight(MIN_ROWS * (self.fontMetrics().lineSpacing() + 6))
        self.results.can_try = False
        self.results.remedy_requested.connect(self._show_remedy)
        self.remedy = RemedyView(library, canvas)
        self.remedy.refused.connect(self.refused)
        self.remedy.back_requested.connect(self._leave_remedy)
        self.remedy.back_button.setText(tr("Back to the findings"))
        self.results.refused.connect(self.refused)
        self.results.tree.selectionModel().currentChanged.connect(lambda *_: self._enable())
        self.override_button = QPushButton(clicked=self._override)
        self.summary = wrapped_label()
        row = row_of((self.all_box, 1), self.override_button)
        list_page = QWidget()
        column_of(row, self.summary, (self.results, 1), 0, inside=list_page, is_tight=True)
        self.pages = QStackedWidget()
        self.pages.addWidget(list_page)
        self.pages.addWidget(self.remedy)
        # Where the dock is low this scrolls, and the departments stay in sight.
        column_of((RoomArea(self.pages), 1), inside=self).setContentsMargins(0, 4, 0, 0)

    @property
    def bases(self) -> dict[str, list[str]]:
        """The legal bases of the counted findings, by department."""
        bases_by_department: dict[str, list[str]] = {}
        for finding in (finding for parcel in self._parcels for finding in parcel.findings):
            bases = bases_by_department.setdefault(finding.department, [])
            if finding.counted and finding.basis and finding.basis not in bases:
                bases.append(finding.basis)
        return bases_by_department

    def show_case(self, case: Case) -> None:
        """Show a case's current round; its tables are requested from the core once."""
        self._case = case
        round_key = (f"{self._library.path} {case.id}", case.round, len(case.remedies))
        is_same_round = round_key[:2] == self._round_key[:2]
        if round_key == self._round_key or is_same_round and self.pages.currentWidget() is self.remedy:
            self._fill()
            return
        self.clear()
        self._case, self._round_key = case, round_key
        folder = temporary_folder("round")
        target = str(folder / "run.gpkg")
        params = {"library": self._library.path, "case": case.id, "on": self._library.step_day, "round": case.round}
        self.summary.setText(tr("Reading the findings…"))
        self.asking.ask(
            "review show",
            {**params, "out": target, "view": True},
            lambda answer, parcels: self._show(target, answer, parcels),
            read=lambda answer: read_results(target, answer),
            folder=str(folder),
        )

    def show_department(self, department: str) -> None:
        """Show this department's findings."""
        if department != self._department:  # else its findings are listed
            self._department = department
            self._fill()

    def set_busy(self, is_busy: bool) -> None:
        """Disable the steps while the core is working."""
        self._is_busy = is_busy
        self._enable()

    @property
    def is_on_map(self) -> bool:
        """Whether something is highlighted."""
        return self.results.highlight.is_on or self.remedy.highlight.is_on

    def leave_map(self) -> None:
        """Remove the highlight and restore the view."""
        self.results.highlight.restore_view()
        self.remedy.highlight.restore_view()

    def clear(self) -> None:
        """Clear the findings."""
        self.asking.forget()
        self._drawing.stop()
        self._case, self._round_key, self._parcels = None, NO_ROUND, []
        self.outline.clear()
        self.remedy.clear()
        self.pages.setCurrentIndex(0)
        self.results.clear()
        self.results.counts.show_counts({})
        self.summary.clear()

    def _show(self, target: str, answer: dict[str, Any], parcels: list[CheckedParcel]) -> None:
        self._parcels = parcels
        titles = {layer.code: layer.title for layer in self._library.layers}
        run = {"id": answer["run"], "started": answer.get("opened_on", "")}
        rules = {name: answer.get(name) for name in ("rules", "view", "citations")}
        shown_answer = {"run": run, "verdicts": answer.get("verdicts") or {}, **rules}
        self.results.take_run(RunOnDisplay(target, shown_answer, self._library.name, self._library.path, titles))
        self._fill()
        self.findings_read.emit()
        self._drawing.begin(self._outline_steps(target), is_urgent=False)

    def _outline_steps(self, target: str) -> Iterator[None]:
        with refusals_told(self.refused.emit):
            self.outline.draw(target)
        yield

    def _refuse(self, refusal: Refusal) -> None:
        self._round_key = NO_ROUND
        self.summary.clear()
        self.refused.emit(refusal)

    def _fill(self) -> None:
        if self._case is None or self.results.run is None:
            return
        self.leave_map()
        case = self._case

        def with_override(finding: Finding) -> Finding:
            override = case.override_of(finding)
            if override is None:
                return finding
            text = tr("{title} → {verdict} ({name})")
            verdict = word("verdicts", override["verdict"])
            return replace(finding, title=text.format(title=finding.title, verdict=verdict, name=override["by"]))

        is_for_all = self.all_box.isChecked() or not self._department
        parcels = []
        for parcel in self._parcels:
            findings = [
                with_override(item) for item in parcel.findings if is_for_all or item.department == self._department
            ]
            if findings or is_for_all:
                parcels.append(replace(parcel, findings=tuple(findings)))
        self.results.model.set_results(parcels, self.results.run.titles)
        if len(parcels) <= MAX_EXPANDED:
            self.results.tree.expandAll()
        first = self.results.model.index(0, 0)
        child = self.results.model.index(0, 0, first)
        self.results.tree.setCurrentIndex(child if child.isValid() else first)
        if not first.isValid():
            self.results.details.show_text("")
        self._say_count(parcels, is_for_all)
        self._show_rules(parcels, "" if is_for_all else self._department)
        self._enable()

    def _say_count(self, parcels: list[CheckedParcel], is_for_all: bool) -> None:
        """Show how many findings are listed, and how many of them are not counted in the departments' sums."""
        count = sum(len(parcel.findings) for parcel in parcels)
        rest = sum(not finding.counted for parcel in parcels for finding in parcel.findings)
        if rest:
            text = tr(
                "{count:# finding|# findings} on {parcels:# parcel|# parcels}, {rest} not counted; a click goes there "
                "on the map"
            )
        elif count:
            text = tr("{count:# finding|# findings} on {parcels:# parcel|# parcels}; a click goes there on the map")
        elif is_for_all:
            text = tr("No finding stands against these parcels.")
        else:
            text = tr("No finding concerns this department.")
        self.summary.setText(text.format(count=Count(count), parcels=Count(len(parcels)), rest=Count(rest)))

    def _show_rules(self, parcels: list[CheckedParcel], department: str) -> None:
        """Show which rules of one department or of all were not asked, even if there is no finding."""
        run = self.results.run
        unasked_rows = [
            row for row in run.unasked["rows"] if not department or row["about"]["department"] == department
        ]
        count = sum(len(row["rows"]) for row in unasked_rows)
        text = department_asked_text(count) if department else run.unasked["name"]
        self.results.show_rules(parcels, unasked_rows, text)
        has_findings = any(parcel.findings for parcel in parcels)
        self.results.setVisible(has_findings or bool(unasked_rows))
        self.results.summary_button.setChecked(not has_findings)

    @property
    def _finding(self) -> Finding | None:
        return self.results.model.finding_at(self.results.tree.currentIndex())

    def _enable(self) -> None:
        case, finding = self._case, self._finding
        why_not = case.override_refusal(finding) if case is not None and finding is not None else None
        self.override_button.setText(step_word("override") + "…")
        self.override_button.setEnabled(finding is not None and why_not is None and not self._is_busy)
        hint = tr("Choose a finding first.") if finding is None else tr("Judge this finding otherwise")
        self.override_button.setToolTip(name_buttons(why_not) if why_not else hint)
        remedy_reason = case.steps.get("remedy") if case is not None and not case.remedies else None
        self.results.disable_remedy(
            name_buttons(remedy_reason) if remedy_reason else tr("The core is at work.") if self._is_busy else ""
        )

    def _show_remedy(self, parcel: CheckedParcel | None) -> None:
        """Show the remedy of a parcel: the one stored with the case, else a new one."""
        run, case = self.results.run, self._case
        if parcel is None or run is None or case is None:
            return
        # Of many parcels only the one that is chosen: a search for all of them would take its time.
        parcel_limit = {"parcel": [parcel.parcel]} if len(self._parcels) > MAX_REMEDY_PARCELS else {}

        def ask(asking: Asking, limits: dict[str, Any], **waiting: Any) -> bool:
            return self._ask_remedy(asking, {**limits, **parcel_limit}, **waiting)

        self.results.highlight.restore_view()
        self.pages.setCurrentWidget(self.remedy)
        self.remedy.form.setEnabled(case.steps.get("remedy") is None)
        stored_rows = case.remedies[-1].get("remainder") if case.remedies else None
        if any(str(row["parcel"]) == parcel.parcel for row in stored_rows or ()):
            self.remedy.show_stored(ask, run, parcel, remedy_in(case.answer))
        else:
            self.remedy.ask(ask, run, parcel)

    def _leave_remedy(self) -> None:
        self.pages.setCurrentIndex(0)
        if self._case is not None:
            self.show_case(self._case)  # with the tables of what was kept meanwhile

    def _override(self) -> None:
        if self._finding is not None:
            self.override_requested.emit(self._finding)

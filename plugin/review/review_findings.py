"""What stands against a case's parcels, beside the map: of one department or of all; judged otherwise with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.core_session import Request
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundTask
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.remedy.remedy_view import RemedyView, RequestRemedy
from onemap.plugin.results.results import CheckedParcel, Finding, RunOnDisplay, read_results
from onemap.plugin.results.results_view import ResultsView
from onemap.plugin.review.review_cases import Case
from onemap.plugin.review.review_outline import ParcelOutline
from onemap.plugin.review.review_words import in_buttons, step_word
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

Asked = tuple[str, int, int]
NOTHING: Asked = ("", 0, 0)
MOST_UNFOLDED = 20
MOST_TOGETHER = 20  # parcels of which is asked at once what would pass
LEAST_ROWS = 4


class CaseFindings(QWidget):
    """The results of a round's check, for whoever writes an opinion on them."""

    refused = pyqtSignal(object)  # Refusal
    read = pyqtSignal()  # the findings are there
    override_requested = pyqtSignal(object)  # Finding

    def __init__(
        self, library: OpenLibrary, canvas: QgsMapCanvas, ask_remedy: RequestRemedy, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._library, self._ask_remedy = library, ask_remedy
        self._case: Case | None = None
        self._department = ""
        self._parcels: list[CheckedParcel] = []
        self._result_scope = NOTHING  # library and case, round, and how many remedies it keeps
        self._reading: BackgroundTask | None = None
        self._is_busy = False
        self.outline = ParcelOutline(canvas)
        self.all_box = QCheckBox(tr("All departments"))
        self.all_box.toggled.connect(self._fill)
        self.results = ResultsView(library.core, canvas)
        self.results.counts.hide()  # of parcels; here the list is of one department
        self.results.tree.setMinimumHeight(LEAST_ROWS * (self.fontMetrics().lineSpacing() + 6))
        self.results.can_try = False
        self.results.remedy_requested.connect(self._show_remedy)
        self.remedy = RemedyView(canvas)
        self.remedy.refused.connect(self.refused)
        self.remedy.back_requested.connect(self._leave_remedy)
        self.remedy.back_button.setText(tr("Back to the findings"))
        self.results.refused.connect(self.refused)
        self.results.tree.selectionModel().currentChanged.connect(lambda *_: self._enable())
        self.override_button = QPushButton()
        self.override_button.clicked.connect(self._override)
        self.said = QLabel()
        self.said.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.all_box, 1)
        row.addWidget(self.override_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        list_page = QWidget()
        below = QVBoxLayout(list_page)
        below.setContentsMargins(0, 0, 0, 0)
        below.addLayout(row)
        below.addWidget(self.said)
        below.addWidget(self.results, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(list_page)
        self.pages.addWidget(self.remedy)
        area = QScrollArea()  # where the dock is low this scrolls, and the departments stay in sight
        area.setWidget(self.pages)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(area, 1)

    @property
    def bases(self) -> dict[str, list[str]]:
        """The bases of the counted findings, by department."""
        found: dict[str, list[str]] = {}
        for finding in self._all_findings():
            if finding.counted and finding.basis and finding.basis not in found.setdefault(finding.department, []):
                found[finding.department].append(finding.basis)
        return found

    def show_case(self, case: Case) -> None:
        """Show a case's current round; its tables are asked of the core once."""
        self._case = case
        asked = (f"{self._library.path} {case.id}", case.round, len(case.remedies))
        is_same_round = asked[:2] == self._result_scope[:2]
        if asked == self._result_scope or is_same_round and self.pages.currentWidget() is self.remedy:
            self._fill()
            return
        self.clear()
        self._case, self._result_scope = case, asked
        folder = Path(QgsProcessingUtils.generateTempFilename("round"))
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / "run.gpkg")
        params = {"library": self._library.path, "case": case.id, "on": self._library.day, "round": case.round}
        self.said.setText(tr("Reading the findings…"))
        request = self._library.core.ask("review show", {**params, "out": target})
        request.answered.connect(lambda answer: self._read(asked, target, answer))
        request.refused.connect(lambda refusal: self._failed(asked, refusal))

    def show_department(self, department: str) -> None:
        """Show this department's findings."""
        self._department = department
        self._fill()

    def set_busy(self, is_busy: bool) -> None:
        """While the core is at work no step is asked."""
        self._is_busy = is_busy
        self._enable()

    @property
    def is_on_map(self) -> bool:
        """Whether something is highlighted."""
        return self.results.highlight.is_on or self.remedy.highlight.is_on

    def leave_map(self) -> None:
        """Take the highlight away and restore the view."""
        self.results.highlight.restore_view()
        self.remedy.highlight.restore_view()

    def clear(self) -> None:
        """Forget the case."""
        if self._reading is not None:
            self._reading.forget()
            self._reading = None
        self._case, self._result_scope, self._parcels = None, NOTHING, []
        self.outline.clear()
        self.remedy.clear()
        self.pages.setCurrentIndex(0)
        self.results.clear()
        self.results.counts.show_counts({})
        self.said.clear()

    def _read(self, asked: Asked, target: str, answer: dict[str, Any]) -> None:
        def done(parcels: list[CheckedParcel] | None, error: Exception | None) -> None:
            self._reading = None
            if asked != self._result_scope:  # somebody has gone to another case meanwhile
                return
            if error is not None:
                self._failed(asked, error if isinstance(error, Refusal) else Refusal(str(error)))
                return
            self._parcels = parcels
            self.outline.draw(target)
            titles = {layer.code: layer.title for layer in self._library.layers}
            run = {"id": answer["run"], "started": answer.get("opened_on", "")}
            shown = {"run": run, "verdicts": answer.get("verdicts") or {}}
            self.results.show_run(RunOnDisplay(target, shown, self._library.name, self._library.path, titles), parcels)
            self._fill()
            self.read.emit()

        if asked == self._result_scope:
            self._reading = BackgroundTask(tr("Read the results"), lambda _report: read_results(target), done).start()

    def _failed(self, asked: Asked, refusal: Refusal) -> None:
        if asked == self._result_scope:
            self._result_scope = NOTHING
            self.said.clear()
            self.refused.emit(refusal)

    def _all_findings(self) -> list[Finding]:
        return [finding for parcel in self._parcels for finding in parcel.findings]

    def _fill(self) -> None:
        if self._case is None or self.results.run is None:
            return
        self.leave_map()
        held = {(one["parcel"], one["rule"]): one for one in self._case.overrides}

        def shown(finding: Finding) -> Finding:
            override = held.get((finding.parcel, finding.rule))
            if override is None:
                return finding
            text = tr("{title} → {verdict} ({name})")
            verdict = word("verdicts", override["verdict"])
            return replace(finding, title=text.format(title=finding.title, verdict=verdict, name=override["by"]))

        everyone = self.all_box.isChecked() or not self._department
        parcels = []
        for parcel in self._parcels:
            mine = [shown(one) for one in parcel.findings if everyone or one.department == self._department]
            if mine or everyone:
                parcels.append(replace(parcel, findings=tuple(mine)))
        self.results.model.set_results(parcels, self.results.run.titles)
        if len(parcels) <= MOST_UNFOLDED:
            self.results.tree.expandAll()
        first = self.results.model.index(0, 0)
        child = self.results.model.index(0, 0, first)
        self.results.tree.setCurrentIndex(child if child.isValid() else first)
        if not first.isValid():
            self.results.details.show_text("")
        count = sum(len(parcel.findings) for parcel in parcels)
        if count:
            said = tr("{count} findings on {parcels} parcels; a click goes there on the map")
        elif everyone:
            said = tr("No finding stands against these parcels.")
        else:
            said = tr("No finding concerns this department.")
        self.said.setText(said.format(count=count, parcels=len(parcels)))
        self._enable()

    @property
    def _finding(self) -> Finding | None:
        return self.results.model.finding_at(self.results.tree.currentIndex())

    def _enable(self) -> None:
        why_not = self._case.steps.get("override") if self._case is not None else None
        self.override_button.setText(step_word("override") + "…")
        self.override_button.setEnabled(self._finding is not None and why_not is None and not self._is_busy)
        chosen = tr("Choose a finding first.") if self._finding is None else tr("Judge this finding otherwise")
        self.override_button.setToolTip(in_buttons(why_not) if why_not else chosen)
        barred = self._case.steps.get("remedy") if self._case is not None and not self._case.remedies else None
        self.results.disable_remedy(
            in_buttons(barred) if barred else tr("The core is at work.") if self._is_busy else ""
        )

    def _show_remedy(self, parcel: CheckedParcel | None) -> None:
        """What would pass of a parcel: what the case keeps, else it is asked for."""
        run, case = self.results.run, self._case
        if parcel is None or run is None or case is None:
            return
        # Of many parcels only the one that is chosen: a search for all of them would take its time.
        only = {"parcel": [parcel.parcel]} if len(self._parcels) > MOST_TOGETHER else {}

        def ask(limits: dict[str, Any]) -> Request | None:
            return self._ask_remedy({**limits, **only})

        self.results.highlight.restore_view()
        self.pages.setCurrentWidget(self.remedy)
        self.remedy.form.setEnabled(case.steps.get("remedy") is None)
        kept = case.remedies[-1:]
        if kept and any(str(row["parcel"]) == parcel.parcel for row in kept[0].get("remainder") or ()):
            self.remedy.show_stored(ask, run, parcel, kept[0])
        else:
            self.remedy.ask(ask, run, parcel)

    def _leave_remedy(self) -> None:
        self.pages.setCurrentIndex(0)
        if self._case is not None:
            self.show_case(self._case)  # with the tables of what was kept meanwhile

    def _override(self) -> None:
        if self._finding is not None:
            self.override_requested.emit(self._finding)

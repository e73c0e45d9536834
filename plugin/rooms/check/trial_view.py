"""The effect of replacing a layer by a file: parcels with another verdict, and the rules that cause it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetrics
from qgis.PyQt.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.desk.answers.name_delegate import JOIN, wrap_names
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.desk.results.result_export import ExportButton
from onemap.plugin.desk.results.results import CheckedParcel, Finding, RunOnDisplay, RunTables
from onemap.plugin.desk.results.results_model import measure_of
from onemap.plugin.profile import settings
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED
from onemap.plugin.words.translation import Count, sentences, tr, with_label
from onemap.plugin.words.verdicts import sign_icon

ROLE_PLACE = Qt.ItemDataRole.UserRole
MAX_EXPANDED = 20
NARROWEST_PX = 280  # of a line in the narrowest dock
MAX_LISTED = 5000  # parcels; a longer list is not read one by one


@dataclass(frozen=True)
class TrialRun:
    """One of the two compared runs.

    path: the file of its tables.
    parcels: by name.
    rules: the rules that were asked, with their hashes.
    """

    path: str
    parcels: dict[str, CheckedParcel]
    rules: dict[str, str]

    def has_asked(self, parcel: str, rule: str) -> bool:
        """Whether a parcel was checked by a rule; only then does no finding mean clear."""
        return parcel in self.parcels and rule in self.rules

    def finding(self, parcel: str, rule: str) -> Finding | None:
        """The most severe finding of a parcel by a rule; None for none."""
        findings = self.parcels[parcel].findings if parcel in self.parcels else ()
        return next((finding for finding in findings if finding.rule == rule), None)


def trial_run(path: str, answer: dict[str, Any], parcels: Iterable[CheckedParcel]) -> TrialRun:
    """A run to compare, made from its tables, the core's answer and its parcels."""
    rules = (answer.get("run") or {}).get("rules") or {}
    return TrialRun(path, {parcel.parcel: parcel for parcel in parcels}, rules)


class TrialView(QWidget):
    """The list of changes, and the way back."""

    back_requested = pyqtSignal()
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self.highlight = Highlight(canvas)
        self._folder = ""
        self._listed_trial: tuple[list[dict[str, Any]], TrialRun, TrialRun] | None = None  # changes, before, after
        self.summary = wrapped_label(alignment=Qt.AlignmentFlag.AlignTop)
        name = tr("Parcels whose verdict changes")
        self.tree = QTreeWidget(accessibleName=name, columnCount=1, headerHidden=True, indentation=12)
        wrap_names(self.tree)
        for signal in (self.tree.itemClicked, self.tree.itemActivated):
            signal.connect(lambda item, _column: self._go_to(item))
        back_button = push_button(tr("Back to the check"), sign="back", action=self.leave)
        self.export_button = ExportButton(core)
        self.export_button.setToolTip(tr("Write the results of the trial as Excel, GeoPackage or PDF"))
        self.export_button.refused.connect(self.refused)
        buttons = row_of((back_button, 1), self.export_button)
        column_of(self.summary, (self.tree, 1), buttons, inside=self, is_tight=True)
        settings.changes.area_unit.connect(self._follow_unit)

    def show_trial(
        self,
        layer: str,
        file: str,
        changes: list[dict[str, Any]],
        before: TrialRun,
        after: TrialRun,
        run: RunOnDisplay,
    ) -> None:
        """Show the changes.

        layer, file: the replaced layer, and the file used instead.
        before, after: the two runs.
        run: the second run, for writing it to a file.
        """
        self._folder = str(Path(after.path).parent)
        text = tr("If “{layer}” were {file}, {count} of {all:# parcel|# parcels} would have another verdict.")
        numbers = {"count": Count(len(changes)), "all": Count(len(after.parcels))}
        text = text.format(layer=layer, file=in_one_piece(file, self.fontMetrics()), **numbers)
        self.summary.setText(sentences(text, _listed_text(changes), tr("Nothing in the library has changed.")))
        self._list(changes, before, after)
        self.export_button.offer(run)
        self.export_button.show()

    def show_comparison(self, name: str, changes: list[dict[str, Any]], before: TrialRun, after: TrialRun) -> None:
        """Show where the check on display differs from another one.

        name: the name of the other check.
        before: the other check, whose tables are temporary.
        after: the check on display.
        """
        self._folder = str(Path(before.path).parent)
        both = before.parcels.keys() & after.parcels.keys()
        changed_count = sum(str(change["parcel"]) in both for change in changes)
        text = tr("Against “{name}” {count} of {all:# parcel|# parcels} changed verdict.")
        numbers = {"count": Count(changed_count), "all": Count(len(both))}
        self.export_button.hide()  # the two checks are kept: each is written where it is opened
        texts = [text.format(name=name, **numbers)]
        if missing_count := len(before.parcels) - len(both):
            texts.append(tr("Parcels only in “{name}”: {count}.").format(name=name, count=f"{missing_count:,}"))
        if new := len(after.parcels) - len(both):
            texts.append(tr("Parcels only in the check on display: {count}.").format(count=f"{new:,}"))
        if before.rules != after.rules:
            texts.append(tr("The two checks did not ask the same rules: a verdict may differ for that alone."))
        self.summary.setText(sentences(*texts, _listed_text(changes)))
        self._list(changes, before, after)

    def _list(self, changes: list[dict[str, Any]], before: TrialRun, after: TrialRun) -> None:
        self._listed_trial = (changes, before, after)
        self.tree.clear()
        self.tree.setVisible(bool(changes))
        for change in changes[:MAX_LISTED]:
            self.tree.addTopLevelItem(self._parcel_item(change, before, after))
        if len(changes) <= MAX_EXPANDED:
            self.tree.expandAll()

    def _follow_unit(self) -> None:
        if self._listed_trial is not None:
            self._list(*self._listed_trial)

    def leave(self) -> None:
        """Clear the trial, and go back."""
        self.clear()
        self.back_requested.emit()

    def clear(self) -> None:
        """Clear the trial and remove its tables."""
        self.highlight.restore_view()
        self.export_button.offer(None)
        self._listed_trial = None
        self.tree.clear()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _parcel_item(self, change: dict[str, Any], before: TrialRun, after: TrialRun) -> QTreeWidgetItem:
        name = str(change["parcel"])
        item = QTreeWidgetItem([f"{name} · {_verdicts_text(change)}"])
        item.setIcon(0, sign_icon(str(change.get("to") or ""), self.palette()))
        side = after if name in after.parcels else before
        item.setData(0, ROLE_PLACE, (side.path, side.parcels.get(name), None))
        for rule in change.get("rules") or []:
            item.addChild(self._rule_item(name, rule, before, after))
        return item

    def _rule_item(self, parcel: str, rule: str, before: TrialRun, after: TrialRun) -> QTreeWidgetItem:
        finding_before, finding_after = before.finding(parcel, rule), after.finding(parcel, rule)
        finding = finding_after or finding_before
        verdict = finding_after.verdict if finding_after else "clear" if after.has_asked(parcel, rule) else ""
        text_before = _finding_text(finding_before, before.has_asked(parcel, rule))
        text_after = _finding_text(finding_after, after.has_asked(parcel, rule))
        item = QTreeWidgetItem([with_label(finding.title if finding else rule, f"{text_before} → {text_after}")])
        item.setToolTip(0, item.text(0))
        item.setIcon(0, sign_icon(verdict, self.palette()))
        side = after if finding_after else before
        item.setData(0, ROLE_PLACE, (side.path, side.parcels.get(parcel), finding))
        return item

    def _go_to(self, item: QTreeWidgetItem) -> None:
        path, parcel, finding = item.data(0, ROLE_PLACE)
        if parcel is None:
            return
        with refusals_told(self.refused.emit):
            self.highlight.show(RunTables(path), parcel, finding)


def in_one_piece(name: str, metrics: QFontMetrics) -> str:
    """A name that Qt will not break across lines, as it would within Chinese; a longer name is unchanged."""
    return JOIN.join(name) if metrics.horizontalAdvance(name) <= NARROWEST_PX else name


def _listed_text(changes: list[dict[str, Any]]) -> str:
    """How many of the changes are listed; empty where all are."""
    text = tr("The first {count} are listed.").format(count=f"{MAX_LISTED:,}")
    return text if len(changes) > MAX_LISTED else ""


def _verdicts_text(change: dict[str, Any]) -> str:
    """The verdict of a parcel before and after."""
    verdicts = [word("verdicts", str(change[side])) if change.get(side) else NOT_MEASURED for side in ("from", "to")]
    return " → ".join(verdicts)


def _finding_text(finding: Finding | None, is_asked: bool) -> str:
    """The verdict and measure of a finding; without one "clear", if the rule was asked."""
    if finding is None:
        return word("verdicts", "clear") if is_asked else tr("not asked")
    return " ".join([word("verdicts", finding.verdict), measure_of(finding)])

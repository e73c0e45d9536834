"""What would change if a layer were another file: parcels with another verdict, and the rules that say so."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.results.highlight import Highlight
from onemap.plugin.results.results import CheckedParcel, Finding, RunTables
from onemap.plugin.results.results_model import measure_of
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED
from onemap.plugin.words.translation import sentences, tr, with_label
from onemap.plugin.words.verdicts import sign_icon

ROLE_PLACE = Qt.ItemDataRole.UserRole
FEW = 20
LONGEST_LIST = 5000  # parcels; more than that nobody reads one by one


@dataclass(frozen=True)
class Side:
    """One of the two runs that are compared: its tables, and its parcels by name."""

    path: str
    parcels: dict[str, CheckedParcel]

    def finding(self, parcel: str, rule: str) -> Finding | None:
        """What it says of a parcel by a rule, the most severe first; None: nothing stands against it."""
        checked = self.parcels.get(parcel)
        return next((one for one in checked.findings if one.rule == rule), None) if checked is not None else None


class TrialView(QWidget):
    """The list of changes, and the way back."""

    left = pyqtSignal()
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.highlight = Highlight(canvas)
        self._folder = ""
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Parcels whose verdict changes"))
        self.tree.setColumnCount(1)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(12)
        self.tree.setWordWrap(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.itemClicked.connect(lambda item, _column: self._go_to(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        back = QPushButton(icon("check"), tr("Back to the check"))
        back.clicked.connect(self.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.summary)
        layout.addWidget(self.tree, 1)
        layout.addWidget(back)

    def show_trial(self, layer: str, file: str, changes: list[dict[str, Any]], before: Side, after: Side) -> None:
        """Show what changes. layer, file: what was replaced, and by what."""
        self._folder = str(Path(after.path).parent)
        text = tr("If “{layer}” were {file}, {count} of {all} parcels would have another verdict.")
        numbers = {"count": f"{len(changes):,}", "all": f"{len(after.parcels):,}"}
        said = [text.format(layer=layer, file=file, **numbers)]
        if len(changes) > LONGEST_LIST:
            said.append(tr("The first {count} are listed.").format(count=f"{LONGEST_LIST:,}"))
        said.append(tr("Nothing in the library has changed."))
        self.summary.setText(sentences(*said))
        self.tree.clear()
        for change in changes[:LONGEST_LIST]:
            self.tree.addTopLevelItem(self._parcel_item(change, before, after))
        if len(changes) <= FEW:
            self.tree.expandAll()

    def leave(self) -> None:
        """Forget the trial, and go back."""
        self.clear()
        self.left.emit()

    def clear(self) -> None:
        """Forget the trial and its tables."""
        self.highlight.restore_view()
        self.tree.clear()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _parcel_item(self, change: dict[str, Any], before: Side, after: Side) -> QTreeWidgetItem:
        name = str(change["parcel"])
        verdicts = [
            word("verdicts", str(change[side])) if change.get(side) else NOT_MEASURED for side in ("from", "to")
        ]
        item = QTreeWidgetItem([f"{name} · {verdicts[0]} → {verdicts[1]}"])
        item.setIcon(0, sign_icon(str(change.get("to") or ""), self.palette()))
        side = after if name in after.parcels else before
        item.setData(0, ROLE_PLACE, (side.path, side.parcels.get(name), None))
        for rule in change.get("rules") or []:
            item.addChild(self._rule_item(name, rule, before, after))
        return item

    def _rule_item(self, parcel: str, rule: str, before: Side, after: Side) -> QTreeWidgetItem:
        first, second = before.finding(parcel, rule), after.finding(parcel, rule)
        told = second or first
        item = QTreeWidgetItem([with_label(told.title if told else rule, f"{_said(first)} → {_said(second)}")])
        item.setToolTip(0, item.text(0))
        item.setIcon(0, sign_icon(second.verdict if second else "clear", self.palette()))
        side = after if second else before
        item.setData(0, ROLE_PLACE, (side.path, side.parcels.get(parcel), told))
        return item

    def _go_to(self, item: QTreeWidgetItem) -> None:
        path, parcel, finding = item.data(0, ROLE_PLACE)
        if parcel is None:
            return
        try:
            self.highlight.show(RunTables(path), parcel, finding)
        except Refusal as refusal:
            self.refused.emit(refusal)


def _said(finding: Finding | None) -> str:
    """What one of the two runs says: the verdict and how much; or that nothing stands against it."""
    if finding is None:
        return word("verdicts", "clear")
    return " ".join([word("verdicts", finding.verdict), measure_of(finding)])

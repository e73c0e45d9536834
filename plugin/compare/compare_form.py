"""Which two plans are compared, by which matrix, and against which earlier comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from onemap.plugin.library.layer_list import CatalogueLayer, Version
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.thousands import separate_thousands
from onemap.plugin.words import core_words
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

AREAL = ("polygon", "")
USUAL_M2, USUAL_M = 200.0, 2.0  # as the core has them
MOST_M2, MOST_M = 1e7, 1e3


@dataclass(frozen=True)
class Plan:
    """One version of one layer."""

    entry: CatalogueLayer
    version: Version

    @property
    def asked(self) -> str:
        """As the core is asked for it."""
        return f"{self.entry.code}@{self.version.label}"

    @property
    def title(self) -> str:
        """As a person calls it."""
        return f"{self.entry.title} {self.version.label}"


class CompareForm(QWidget):
    """Two plans, a matrix, the least of a spot, and since when."""

    changed = pyqtSignal()
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._asked = 0  # of history
        self._past: list[dict[str, Any]] = []  # the comparisons that the library keeps, the newest first
        self._files: list[str] = []
        self.plan_a, self.plan_b, self.matrix, self.since = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.file_button = QToolButton()
        self.file_button.setIcon(icon("file"))
        self.file_button.setToolTip(tr("A matrix from a file…"))
        self.file_button.clicked.connect(self._choose_file)
        self.exchange_button = QToolButton()
        self.exchange_button.setIcon(icon("exchange"))
        self.exchange_button.setToolTip(tr("Exchange the two plans"))
        self.exchange_button.clicked.connect(self.exchange)
        self.since.setToolTip(tr("With an earlier comparison only what changed is computed, and told"))
        self.min_area = _number(MOST_M2, 0, " m²", USUAL_M2, tr("Smaller spots are set apart as type 90"))
        self.min_width = _number(MOST_M, 1, " m", USUAL_M, tr("Thinner spots are set apart as type 90"))
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Plan A"), _beside(self.plan_a, self.exchange_button))
        form.addRow(tr("Plan B"), self.plan_b)
        form.addRow(tr("Matrix"), _beside(self.matrix, self.file_button))
        form.addRow(tr("Spots from"), _beside(self.min_area, self.min_width, 1))
        form.addRow(tr("Since"), self.since)
        for box in (self.plan_a, self.plan_b, self.matrix, self.since):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for box in (self.plan_a, self.plan_b):
            box.currentIndexChanged.connect(self._follow_plans)
        self.matrix.currentIndexChanged.connect(lambda _index: self.changed.emit())
        library.listed.connect(self.refresh)

    @property
    def plans(self) -> tuple[Plan | None, Plan | None]:
        """The two plans."""
        return self.plan_a.currentData(), self.plan_b.currentData()

    @property
    def is_complete(self) -> bool:
        """Whether a comparison can be asked for."""
        a, b = self.plans
        return a is not None and b is not None and a != b and bool(self.matrix.currentData())

    def params(self) -> dict[str, Any]:
        """What the core is asked."""
        a, b = self.plans
        return {
            "library": self._library.path,
            "a": a.asked,
            "b": b.asked,
            "matrix": self.matrix.currentData(),
            "against": self.since.currentData(),
            **self.limits(),
        }

    def limits(self) -> dict[str, float]:
        """From which area and width on a spot is more than a difference of drawing; 0 sets nothing apart."""
        return {"min_area": self.min_area.value(), "min_width": self.min_width.value()}

    @property
    def files(self) -> list[str]:
        """The matrices that were chosen from files."""
        return list(self._files)

    def choose_pair(self, a: str, b: str, matrix: str) -> None:
        """Choose the versions in force of two layers by their codes, and a matrix by its name, or its file's."""
        for box, code in ((self.plan_a, a), (self.plan_b, b)):
            plans = [box.itemData(index) for index in range(box.count())]
            places = [at for at, plan in enumerate(plans) if plan.entry.code == code and plan.version.in_force]
            if places:
                box.setCurrentIndex(places[0])
        names = {Path(path).name: path for path in self._files}
        self.matrix.setCurrentIndex(self.matrix.findData(names.get(matrix, matrix)))

    def close_down(self) -> None:
        """Wait for no answer any more."""
        self._asked += 1

    def exchange(self) -> None:
        """Plan A becomes B, and B becomes A."""
        a, b = self.plan_a.currentIndex(), self.plan_b.currentIndex()
        self.plan_a.setCurrentIndex(b)
        self.plan_b.setCurrentIndex(a)

    def choose(self, a: str, b: str) -> None:
        """Choose two plans as CODE@label."""
        for box, asked in ((self.plan_a, a), (self.plan_b, b)):
            for index in range(box.count()):
                if box.itemData(index).asked == asked:
                    box.setCurrentIndex(index)

    def choose_matrix(self, path: str) -> None:
        """Choose a matrix from a file."""
        if path not in self._files:
            self._files.append(path)
        self._list_matrices()
        self.matrix.setCurrentIndex(self.matrix.findData(path))

    def refresh(self) -> None:
        """List what can be compared, and what was compared before."""
        if not core_words.are_known():
            self._library.core.ask("words", {}).answered.connect(self._learn)
            return
        plans = [
            Plan(entry, version)
            for entry in sorted(self._library.layers, key=lambda entry: entry.place)
            if entry.kind in ("vector", "") and entry.geometry in AREAL
            for version in sorted(entry.versions, key=lambda version: not version.in_force)
        ]
        before = [plan.asked if plan is not None else "" for plan in self.plans]
        for box in (self.plan_a, self.plan_b):
            box.blockSignals(True)
            box.clear()
            for plan in plans:
                box.addItem(plan.title, plan)
                box.setItemData(box.count() - 1, plan.asked, 3)  # the tooltip
            box.blockSignals(False)
        wanted = before if all(before) else _proposed(plans)
        self.plan_a.setCurrentIndex(-1)
        self.plan_b.setCurrentIndex(-1)
        self.choose(*wanted)
        self._follow_plans()
        self.ask_for_past()

    def _learn(self, answer: dict[str, Any]) -> None:
        core_words.learn(answer)
        if core_words.are_known():
            self.refresh()

    def ask_for_past(self) -> None:
        """Ask the core which comparisons the library keeps."""
        self._asked += 1
        number = self._asked
        request = self._library.core.ask("history", {"library": self._library.path})
        request.answered.connect(lambda answer: self._take_past(number, answer))
        request.refused.connect(lambda _refusal: self._take_past(number, {}))  # the list is then as short as it was

    def _take_past(self, number: int, answer: dict[str, Any]) -> None:
        if number != self._asked:
            return
        rows = answer.get("rows") or []
        self._past = [row for row in reversed(rows) if row.get("action") == "compare"]
        self._list_past()

    def _follow_plans(self, _index: int = 0) -> None:
        self._list_matrices()
        self._list_past()
        self.changed.emit()

    def _list_matrices(self) -> None:
        """The matrices that were made for these two layers first; the first of them is proposed."""
        a, b = self.plans
        known = core_words.all_words("matrices")
        fitting = [name for name, said in known.items() if _fits(said, a, b)]
        self.matrix.blockSignals(True)
        self.matrix.clear()
        for path in self._files:
            self.matrix.addItem(icon("file"), Path(path).name, path)
        for name in fitting:
            self.matrix.addItem(known[name]["title"], name)
        if self.matrix.count():
            self.matrix.insertSeparator(self.matrix.count())
        for name in sorted(set(known) - set(fitting)):
            self.matrix.addItem(known[name]["title"], name)
        self.matrix.setCurrentIndex(self.matrix.findData(fitting[0]) if fitting else -1)
        self.matrix.setPlaceholderText(tr("Choose a matrix"))
        self.matrix.blockSignals(False)

    def _list_past(self) -> None:
        a, b = self.plans
        codes = [plan.entry.code if plan is not None else "" for plan in (a, b)]
        self.since.clear()
        self.since.addItem(tr("whole comparison"), "")
        for row in self._past:
            said = row.get("detail", {}).get("parameters", {})
            sides = [str(said.get(side) or "") for side in ("a", "b")]
            if [side.partition("@")[0] for side in sides] == codes:
                labels = [side.partition("@")[2] for side in sides]
                text = tr("{moment} ({a} against {b})").format(
                    moment=moment_text(str(row.get("at") or "")), a=labels[0], b=labels[1]
                )
                self.since.addItem(text, row.get("subject"))

    def _choose_file(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(self, tr("A matrix from a file"), "", tr("Matrix (*.toml)"))
        if path:
            self.choose_matrix(path)


def _beside(one: QWidget, other: QWidget, stretch: int = 0) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(one, 1)
    row.addWidget(other, stretch)
    return row


def _number(most: float, decimals: int, unit: str, value: float, hint: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0.0, most)
    box.setDecimals(decimals)
    box.setSuffix(unit)
    separate_thousands(box)
    box.setValue(value)
    box.setToolTip(hint)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box


def _fits(matrix: dict[str, Any], a: Plan | None, b: Plan | None) -> bool:
    """Whether a matrix was made for these two layers."""
    if a is None or b is None:
        return False
    return a.entry.code in matrix.get("for_a", ()) and b.entry.code in matrix.get("for_b", ())


def _proposed(plans: list[Plan]) -> tuple[str, str]:
    """The pair that every city began with, else the first for which there is a matrix; empty where there is none."""
    known = sorted(core_words.all_words("matrices").items(), key=lambda item: item[0] != "land-urban")
    for _name, matrix in known:
        for a in plans:
            for b in plans:
                if a != b and _fits(matrix, a, b):
                    return a.asked, b.asked
    return "", ""

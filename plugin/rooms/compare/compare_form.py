"""The form of a comparison: two plans, a matrix, the smallest spot, and an earlier comparison."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QSignalBlocker, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile.paths import listed_place
from onemap.plugin.widgets.area_box import AreaBox
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.form_fields import field_row, fill_form, number_box
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words import core_words
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

POLYGON_GEOMETRIES = ("polygon", "")
DEFAULT_AREA_M2, DEFAULT_WIDTH_M = 200.0, 2.0  # as the core has them
MAX_AREA_M2, MAX_WIDTH_M = 1e7, 1e3


@dataclass(frozen=True)
class Plan:
    """One version of one layer."""

    entry: CatalogueLayer
    version: Version

    @property
    def plan_text(self) -> str:
        """The plan as the core takes it."""
        return f"{self.entry.code}@{self.version.label}"

    @property
    def title(self) -> str:
        """The plan's title."""
        return f"{self.entry.title} {self.version.label}"


class CompareForm(QWidget):
    """Two plans, a matrix, the smallest area and width of a spot, and an earlier comparison."""

    changed = pyqtSignal()

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self.words = Asking(library.core, self)  # the same in every library
        self.history = Asking(library.core, self, lambda: library.path)
        self._earlier_comparisons: list[dict[str, Any]] = []  # the comparisons that the library keeps, the newest first
        self._files: list[str] = []
        self.plan_a, self.plan_b, self.matrix, self.since = (WrappedChoice() for _box in range(4))
        self.file_button = tool_button("file", tr("A matrix from a file…"), action=self._choose_file)
        self.exchange_button = tool_button("exchange", tr("Exchange the two plans"), action=self.exchange)
        self.since.setToolTip(tr("With an earlier comparison only what changed is computed, and told"))
        self.min_area = AreaBox(0.0, MAX_AREA_M2, tr("Smaller spots are set apart as type 90"))
        self.min_area.set_area(DEFAULT_AREA_M2)
        self.min_width = number_box(MAX_WIDTH_M, 1, " m", tr("Thinner spots are set apart as type 90"))
        self.min_width.setValue(DEFAULT_WIDTH_M)
        fill_form(
            QFormLayout(self),
            (tr("Plan A"), field_row(self.plan_a, self.exchange_button)),
            (tr("Plan B"), self.plan_b),
            (tr("Matrix"), field_row(self.matrix, self.file_button)),
            (tr("Spots from"), field_row(self.min_area, self.min_width, 1)),
            (tr("Since"), self.since),
            is_tight=True,
        )
        for box in (self.plan_a, self.plan_b):
            box.currentIndexChanged.connect(self._change_plans)
        self.matrix.currentIndexChanged.connect(lambda _index: self.changed.emit())
        library.listed.connect(self.refresh)

    @property
    def plans(self) -> tuple[Plan | None, Plan | None]:
        """The two plans."""
        return self.plan_a.currentData(), self.plan_b.currentData()

    @property
    def is_complete(self) -> bool:
        """Whether the form has what a comparison needs."""
        a, b = self.plans
        return a is not None and b is not None and a != b and bool(self.matrix.currentData())

    def params(self) -> dict[str, Any]:
        """The parameters of the core's verb `compare`."""
        a, b = self.plans
        return {
            "library": self._library.path,
            "a": a.plan_text,
            "b": b.plan_text,
            "matrix": self.matrix.currentData(),
            "against": self.since.currentData(),
            **self.limits(),
        }

    def limits(self) -> dict[str, float]:
        """The smallest area and width of a spot; anything smaller counts as a drawing difference; 0 for no limit."""
        return {"min_area": self.min_area.area_m2, "min_width": self.min_width.value()}

    @property
    def files(self) -> list[str]:
        """The matrices that were chosen from files."""
        return list(self._files)

    def choose_pair(self, a: str, b: str, matrix: str) -> None:
        """Choose two plans and a matrix.

        a, b: the codes of two layers, whose versions in force are chosen.
        matrix: the name of the matrix, or of its file.
        """
        for box, code in ((self.plan_a, a), (self.plan_b, b)):
            plans = [box.itemData(index) for index in range(box.count())]
            matches = [index for index, plan in enumerate(plans) if plan.entry.code == code and plan.version.in_force]
            if matches:
                box.setCurrentIndex(matches[0])
        names = {Path(path).name: path for path in self._files}
        self.matrix.setCurrentIndex(self.matrix.findData(names.get(matrix, matrix)))

    def exchange(self) -> None:
        """Exchange plan A and plan B."""
        a, b = self.plan_a.currentIndex(), self.plan_b.currentIndex()
        self.plan_a.setCurrentIndex(b)
        self.plan_b.setCurrentIndex(a)

    def choose(self, a: str, b: str) -> None:
        """Choose two plans as CODE@label."""
        for box, plan_text in ((self.plan_a, a), (self.plan_b, b)):
            for index in range(box.count()):
                if box.itemData(index).plan_text == plan_text:
                    box.setCurrentIndex(index)

    def choose_matrix(self, path: str) -> None:
        """Choose a matrix from a file."""
        path = listed_place(path, self._files)
        if path not in self._files:
            self._files.append(path)
        self._list_matrices()
        self.matrix.setCurrentIndex(self.matrix.findData(path))

    def refresh(self) -> None:
        """List the plans and the earlier comparisons."""
        if not core_words.are_known():
            self.words.ask("words", {}, self._learn_words)
            return
        plans = [
            Plan(entry, version)
            for entry in sorted(self._library.layers, key=lambda entry: entry.place)
            if entry.kind in ("vector", "") and entry.geometry in POLYGON_GEOMETRIES
            for version in entry.versions
        ]
        plans.sort(key=lambda plan: not plan.version.in_force)  # a layer may have hundreds of versions
        plan_texts = [plan.plan_text if plan is not None else "" for plan in self.plans]
        for box in (self.plan_a, self.plan_b):
            with QSignalBlocker(box):
                box.clear()
                for plan in plans:
                    box.addItem(plan.title, plan)
                    box.setItemData(box.count() - 1, plan.plan_text, 3)  # the tooltip
        pair = plan_texts if all(plan_texts) else _default_pair(plans)
        self.plan_a.setCurrentIndex(-1)
        self.plan_b.setCurrentIndex(-1)
        self.choose(*pair)
        self._change_plans()
        self.request_history()

    def _learn_words(self, answer: dict[str, Any]) -> None:
        core_words.learn(answer)
        if core_words.are_known():
            self.refresh()

    def request_history(self) -> None:
        """Ask the core for the comparisons that the library stores."""
        self.history.ask(
            "history",
            {"library": self._library.path},
            self._show_history,
            refuse=lambda _refusal: self._show_history({}),  # the list is then as short as it was
        )

    def _show_history(self, answer: dict[str, Any]) -> None:
        rows = answer.get("rows") or []
        self._earlier_comparisons = [row for row in reversed(rows) if row.get("action") == "compare"]
        self._list_earlier()

    def _change_plans(self, _index: int = 0) -> None:
        self._list_matrices()
        self._list_earlier()
        self.changed.emit()

    def _list_matrices(self) -> None:
        """List the matrices, those that fit the two layers first, and choose the first."""
        a, b = self.plans
        matrices = core_words.all_words("matrices")
        fitting_names = [name for name, matrix in matrices.items() if _fits(matrix, a, b)]
        with QSignalBlocker(self.matrix):
            self.matrix.clear()
            for path in self._files:
                self.matrix.addItem(icon("file"), Path(path).name, path)
            for name in fitting_names:
                self.matrix.addItem(matrices[name]["title"], name)
            if self.matrix.count():
                self.matrix.insertSeparator(self.matrix.count())
            for name in sorted(set(matrices) - set(fitting_names)):
                self.matrix.addItem(matrices[name]["title"], name)
            self.matrix.setCurrentIndex(self.matrix.findData(fitting_names[0]) if fitting_names else -1)
            self.matrix.setPlaceholderText(tr("Choose a matrix"))

    def _list_earlier(self) -> None:
        a, b = self.plans
        codes = [plan.entry.code if plan is not None else "" for plan in (a, b)]
        self.since.clear()
        self.since.addItem(tr("whole comparison"), "")
        for row in self._earlier_comparisons:
            params = row.get("detail", {}).get("parameters", {})
            sides = [str(params.get(side) or "") for side in ("a", "b")]
            if [side.partition("@")[0] for side in sides] == codes:
                labels = [side.partition("@")[2] for side in sides]
                text = tr("{moment} ({a} against {b})").format(
                    moment=moment_text(str(row.get("at") or "")), a=labels[0], b=labels[1]
                )
                self.since.addItem(text, row.get("subject"))

    def _choose_file(self) -> None:
        ask_file(self, tr("A matrix from a file"), self.choose_matrix, tr("Matrix (*.toml)"))


def _fits(matrix: dict[str, Any], a: Plan | None, b: Plan | None) -> bool:
    if a is None or b is None:
        return False
    return a.entry.code in matrix.get("for_a", ()) and b.entry.code in matrix.get("for_b", ())


def _default_pair(plans: list[Plan]) -> tuple[str, str]:
    """The pair of plans for the matrix land-urban, else the first pair with a matrix; empty texts for none."""
    matrices = sorted(core_words.all_words("matrices").items(), key=lambda item: item[0] != "land-urban")
    for _name, matrix in matrices:
        firsts, seconds = (
            [plan for plan in plans if plan.entry.code in matrix.get(key, ())] for key in ("for_a", "for_b")
        )
        for a, b in product(firsts, seconds):
            if a != b:
                return a.plan_text, b.plan_text
    return "", ""

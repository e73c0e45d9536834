"""The page that shows the content of a file: facts, problems, and a small map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QLabel, QListWidget, QListWidgetItem, QSplitter, QWidget

from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.desk.add.inspection_result import InspectedLayer
from onemap.plugin.desk.add.place_preview import PlacePreview
from onemap.plugin.desk.answers.answer_tree import word_text
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.table_layers import table_layer
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import scroll_area
from onemap.plugin.words.option_names import add_controls, name_controls
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verdicts import sign_icon

PROBLEMS_TABLE = "onemap_problems"
MIN_HORIZONTAL_PX = 520
MIN_WIDTH_PX, MIN_HEIGHT_PX, MIN_MAP_HEIGHT_PX = 200, 90, 160
VISIBLE_LINES = 4
SIGNS = {"refuse": "prohibited", "warn": "restricted", "note": "notice"}  # the signs of verdicts as severe


class SourcePage(QSplitter):
    """Facts and problems beside the map, or above it where the page is narrow."""

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._home = library.path  # that of its dialog, whatever is open by the time something is added
        self._format, self._note = "", ""
        self._part: InspectedLayer | None = None
        self._path = ""
        self._features: QgsVectorLayer | None = None  # to find the features of problems
        self._stored_problems: QgsVectorLayer | None = None  # the library's table of problems
        self._key = ""
        self.facts = wrapped_label()
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problems = ProblemList(add_controls())
        self.problems.place_requested.connect(self._go_to)
        self.problems.setAccessibleName(tr("Problems"))
        self._problems_title = QLabel()
        self.preview = PlacePreview()
        facts_page = QWidget()
        column_of(self.facts, self._problems_title, (self.problems, 1), 0, inside=facts_page)
        area = scroll_area(facts_page)
        area.setMinimumSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)
        for part in (area.viewport(), facts_page):  # the page's own colour, as behind the preview
            part.setAutoFillBackground(False)
        self._area = area
        self.addWidget(area)
        self.addWidget(self.preview)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)
        self.setChildrenCollapsible(False)
        self.show_nothing("")

    def show_nothing(self, text: str) -> None:
        """Show the page without a file."""
        self._part, self._features, self._stored_problems, self._key = None, None, None, ""
        self.facts.setText(text or tr("Choose a file, or drop one here: what is in it is shown before it is loaded."))
        self.show_problems([])
        self.preview.show_nothing("")

    def show_format(self, answer: dict[str, Any], note: str) -> None:
        """Store the format of another file.

        note: the text for a file that was converted.
        """
        self._format, self._note = str(answer.get("format") or ""), note

    def show_part(self, path: str, part: InspectedLayer) -> None:
        """Show one layer of the file."""
        self._path, self._part, self._features, self._stored_problems, self._key = path, part, None, None, ""
        facts = [(tr("Format"), self._format), *((row["name"], word_text(row["values"][0])) for row in part.facts)]
        lines = [with_label(name, fact) for name, fact in facts if fact]
        self.facts.setText("\n".join([*([self._note] if self._note else []), *lines]))
        self.show_problems(list(part.problems))

    def show_place(self, crs: QgsCoordinateReferenceSystem) -> None:
        """Show the layer on the map, in this coordinate system."""
        if self._part is None:
            return
        if not crs.isValid() and self._part.bounds:
            self.preview.show_nothing(tr("Where it lies is not known before its coordinate system is chosen."))
            return
        self.preview.show_source(self._path, self._part, crs)
        self._features = self.preview.source

    def show_beside(self, table: str) -> None:
        """Show a version of the library on the map, beside what is in the file."""
        self.preview.show_beside(self._table(table))

    def show_problems(self, problems: list[dict[str, Any]], key: str = "") -> None:
        """List the problems.

        key: the field of the file that names its features.
        """
        self._key = key or self._key
        known_names = {Path(self._path).name, self._part.name} if self._part is not None else set()
        self.problems.show_problems(problems, known_names)
        self.problems.setVisible(bool(problems))
        self._problems_title.setVisible(bool(problems))
        self._problems_title.setText(tr("Problems: {count}").format(count=self.problems.count()))
        if problems:  # once Qt has laid it out
            QTimer.singleShot(0, self._bring_problems_into_sight)

    def _bring_problems_into_sight(self) -> None:
        """Scroll to the problems if the first of them is out of sight; otherwise leave the facts where they are."""
        first_line = self.problems.y() + 3 * self.fontMetrics().lineSpacing()
        if first_line > self._area.viewport().height():
            self._area.verticalScrollBar().setValue(self._problems_title.y())

    def show_added(self, target: CatalogueLayer, answer: dict[str, Any]) -> None:
        """Show the problems of the version that was added, as the library stores them."""
        table = str(answer.get("table") or "")
        self._features, self._key = self._table(table), target.key
        self._stored_problems = self._table(PROBLEMS_TABLE)
        self._stored_problems.setSubsetString(f"\"table_name\" = '{table}'")
        self.show_problems(answer.get("problems") or [])

    def place_of(self, problem: dict[str, Any]) -> QgsGeometry | None:
        """The geometry of a problem: from the library's table of problems, else of its feature; None if unknown."""
        if self._stored_problems is not None and self._stored_problems.isValid():
            stored_geometry = _stored_geometry(self._stored_problems, problem)
            if stored_geometry is not None:
                return stored_geometry
        if self._features is None or not self._features.isValid():
            return None
        name, row = str(problem.get("feature") or ""), str(problem.get("row") or "")
        if name and self._key and self._features.fields().lookupField(self._key) >= 0:
            for feature in _features_where(self._features, {self._key: name}):
                return feature.geometry()
        number = row or name
        if number.isdigit() and int(number) > 0:
            for feature in islice(self._features.getFeatures(), int(number) - 1, int(number)):
                return feature.geometry()
        return None

    def _table(self, name: str) -> QgsVectorLayer:
        return table_layer(self._home, name, name)

    def _go_to(self, problem: dict[str, Any]) -> None:
        place = self.place_of(problem)
        if place is not None and not place.isNull():
            self.preview.zoom_to(place, (self._features or self._stored_problems).crs())

    def minimumSizeHint(self) -> QSize:
        """The width of the narrow arrangement: facts and map can stand one above the other."""
        return QSize(MIN_WIDTH_PX, MIN_HEIGHT_PX + MIN_MAP_HEIGHT_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put facts and map beside each other where there is room, else one above the other."""
        super().resizeEvent(event)
        is_wide = self.width() >= MIN_HORIZONTAL_PX
        orientation = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if self.orientation() != orientation:
            self.setOrientation(orientation)


class ProblemList(QListWidget):
    """One line for each problem; a problem with a feature can be shown on the map."""

    place_requested = pyqtSignal(object)  # the problem

    def __init__(self, controls: Mapping[str, str]) -> None:
        """Take the names of the controls.

        controls: the control for each option of the command line.
        """
        super().__init__()
        self._controls = controls
        self.setWordWrap(True)
        self.setMinimumHeight(VISIBLE_LINES * self.fontMetrics().lineSpacing())
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemActivated.connect(self._go_to_item)
        self.itemClicked.connect(self._go_to_item)

    def sizeHint(self) -> QSize:
        """The height of the listed problems; Qt's own hint leaves room for ten lines, and the page would scroll."""
        hint = super().sizeHint()
        content = sum(map(self.sizeHintForRow, range(self.count()))) + 2 * self.frameWidth()
        return QSize(hint.width(), min(hint.height(), content))

    def show_problems(self, problems: list[dict[str, Any]], known_names: Collection[str] = ()) -> None:
        """Show these problems.

        known_names: names that need not be repeated: the file's and its layer's.
        """
        self.clear()
        for line in problem_lines(problems, known_names):
            item = QListWidgetItem(name_controls(line.text, self._controls))
            if line.level in SIGNS:
                item.setIcon(sign_icon(SIGNS[line.level], self.palette()))
            item.setData(Qt.ItemDataRole.UserRole, line.problem)
            if line.problem.get("feature") not in (None, "") or line.problem.get("row"):
                item.setToolTip(tr("Click: go to it on the small map"))
            self.addItem(item)

    def _go_to_item(self, item: QListWidgetItem) -> None:
        self.place_requested.emit(item.data(Qt.ItemDataRole.UserRole))


def _stored_geometry(problems_layer: QgsVectorLayer, problem: dict[str, Any]) -> QgsGeometry | None:
    facts = {name: problem[name] for name in ("feature", "field", "row") if problem.get(name) not in (None, "")}
    rows = _features_where(problems_layer, {"code": problem.get("code"), **facts})
    return next((row.geometry() for row in rows if row.hasGeometry()), None)


def _features_where(layer: QgsVectorLayer, values: Mapping[str, Any]) -> Iterator[QgsFeature]:
    """The features that have these values, whatever the types of the fields."""
    column, text = QgsExpression.quotedColumnRef, QgsExpression.quotedString
    tests = [f"to_string({column(name)}) = {text(str(value))}" for name, value in values.items()]
    return layer.getFeatures(QgsFeatureRequest().setFilterExpression(" AND ".join(tests)))

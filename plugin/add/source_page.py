"""What is in a file: the facts, the problems, and a small map of where it would land."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QSize, Qt, QTimer
from qgis.PyQt.QtWidgets import QFrame, QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

from onemap.plugin.add.inspection_result import InspectedLayer, facts_of
from onemap.plugin.add.place_preview import PlacePreview
from onemap.plugin.library.layer_list import CatalogueLayer
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.table_layers import table_layer
from onemap.plugin.widgets.problem_list import ProblemList
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr

PROBLEMS_TABLE = "onemap_problems"
WIDE_PX = 520
NARROWEST_PX, LOWEST_PX, LOWEST_MAP_PX = 200, 90, 160


class SourcePage(QSplitter):
    """Facts and problems beside the map, or above it where there is little room."""

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._library = library
        self._format, self._made_from = "", ""
        self._part: InspectedLayer | None = None
        self._path = ""
        self._places: QgsVectorLayer | None = None  # where the features of problems are looked for
        self._kept: QgsVectorLayer | None = None  # the library's own table of problems, of what was added last
        self._key = ""
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problems = ProblemList(add_controls())
        self.problems.place_requested.connect(self._go_to)
        self._problems_title = QLabel()
        self.preview = PlacePreview()
        left = QWidget()
        layout = QVBoxLayout(left)
        layout.addWidget(self.facts)
        layout.addWidget(self._problems_title)
        layout.addWidget(self.problems, 1)
        layout.addStretch()
        area = QScrollArea()
        area.setWidget(left)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumSize(NARROWEST_PX, LOWEST_PX)
        self._area = area
        self.addWidget(area)
        self.addWidget(self.preview)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 1)
        self.setChildrenCollapsible(False)
        self.show_nothing("")

    def show_nothing(self, words: str) -> None:
        """Before there is a file."""
        self._part, self._places, self._kept, self._key = None, None, None, ""
        self.facts.setText(words or tr("Choose a file, or drop one here: what is in it is shown before it is loaded."))
        self.show_problems([])
        self.preview.show_nothing("")

    def show_format(self, answer: dict[str, Any], made_from: str) -> None:
        """Of another file: its format. made_from: what to say where the core reads a copy of it."""
        self._format, self._made_from = str(answer.get("format") or ""), made_from

    def show_part(self, path: str, part: InspectedLayer) -> None:
        """Show one layer of the file."""
        self._path, self._part, self._places, self._kept, self._key = path, part, None, None, ""
        facts = [(tr("Format"), self._format), *facts_of(part)]
        if part.raster is None:
            facts.append((tr("Fields"), str(len(part.fields))))
        line = tr("{name}: {value}")
        lines = [line.format(name=name, value=said) for name, said in facts if said]
        self.facts.setText("\n".join([*([self._made_from] if self._made_from else []), *lines]))
        self.show_problems(list(part.problems))

    def show_place(self, crs: QgsCoordinateReferenceSystem) -> None:
        """Show on the map where it lies in this coordinate system."""
        if self._part is None:
            return
        if not crs.isValid() and self._part.bounds:
            self.preview.show_nothing(tr("Where it lies is not known before its coordinate system is chosen."))
            return
        self.preview.show_source(self._path, self._part, crs)
        self._places = self.preview.source

    def show_problems(self, problems: list[dict[str, Any]], key: str = "") -> None:
        """List what is wrong, or was noticed. key: the field of the file that names its features."""
        self._key = key or self._key
        known = {Path(self._path).name, self._part.name} if self._part is not None else set()
        self.problems.show_problems(problems, known)
        self.problems.setVisible(bool(problems))
        self._problems_title.setVisible(bool(problems))
        self._problems_title.setText(tr("Problems: {count}").format(count=self.problems.count()))
        if problems:  # once Qt has laid it out
            QTimer.singleShot(0, lambda: self._area.verticalScrollBar().setValue(self._problems_title.y()))

    def show_added(self, target: CatalogueLayer, answer: dict[str, Any]) -> None:
        """After the load: what was noticed, and where, as the library keeps it."""
        table = str(answer.get("table") or "")
        self._places, self._key = self._table(table), target.key
        self._kept = self._table(PROBLEMS_TABLE)
        self._kept.setSubsetString(f"\"table_name\" = '{_quoted(table)}'")
        self.show_problems(answer.get("problems") or [])

    def place_of(self, problem: dict[str, Any]) -> QgsGeometry | None:
        """Where a problem is: as the library keeps it, else its feature's geometry; None where nobody knows."""
        found = _kept_place(self._kept, problem) if self._kept is not None and self._kept.isValid() else None
        if found is not None:
            return found
        if self._places is None or not self._places.isValid():
            return None
        name, row = str(problem.get("feature") or ""), str(problem.get("row") or "")
        if name and self._key and self._places.fields().lookupField(self._key) >= 0:
            request = QgsFeatureRequest().setFilterExpression(f"to_string(\"{self._key}\") = '{_quoted(name)}'")
            for feature in self._places.getFeatures(request):
                return feature.geometry()
        number = row or name
        if number.isdigit() and int(number) > 0:
            for feature in islice(self._places.getFeatures(), int(number) - 1, int(number)):
                return feature.geometry()
        return None

    def _table(self, name: str) -> QgsVectorLayer:
        return table_layer(self._library.path, name, name)

    def _go_to(self, problem: dict[str, Any]) -> None:
        place = self.place_of(problem)
        if place is not None and not place.isNull():
            self.preview.zoom_to(place, (self._places or self._kept).crs())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as one of the two: they can stand one above the other."""
        return QSize(NARROWEST_PX, LOWEST_PX + LOWEST_MAP_PX)

    def resizeEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Beside each other where there is room, else one above the other."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE_PX
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.orientation() != wanted:
            self.setOrientation(wanted)


def _kept_place(kept: QgsVectorLayer, problem: dict[str, Any]) -> QgsGeometry | None:
    tests = [f"\"code\" = '{_quoted(str(problem.get('code')))}'"]
    for name in ("feature", "field", "row"):
        if problem.get(name) not in (None, ""):
            tests.append(f"to_string(\"{name}\") = '{_quoted(str(problem[name]))}'")
    for feature in kept.getFeatures(QgsFeatureRequest().setFilterExpression(" AND ".join(tests))):
        if feature.hasGeometry():
            return feature.geometry()
    return None


def _quoted(text: str) -> str:
    return text.replace("'", "''")

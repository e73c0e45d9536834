"""Below the table of a delivery: what is known of the chosen layer, and what is rarely needed for it."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem
from qgis.gui import QgsProjectionSelectionWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from onemap.plugin.add.delivery_table import state_words
from onemap.plugin.add.inspection_result import geometry_words
from onemap.plugin.add.planned_layers import ADDED, PlannedLayer
from onemap.plugin.add.source_page import ProblemList
from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr


class DeliveryRowPage(QWidget):
    """Facts and problems of one layer, its coordinate system if the file tells none, and what to do with bad rows."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: PlannedLayer | None = None
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.problems = ProblemList(add_controls())
        self.problems.setAccessibleName(tr("Problems"))
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
        self.crs.setNotSetText(tr("as the file says"))
        self.crs.crsChanged.connect(lambda system: self._set("crs", crs_text(system) if system.isValid() else ""))
        self.repair = QCheckBox(tr("Repair invalid geometry"))
        self.repair.setToolTip(tr("Every change is listed, with its area"))
        self.repair.toggled.connect(lambda is_on: self._set("repair", is_on))
        self.keep_bad = QCheckBox(tr("Set bad features aside, and add the rest"))
        self.keep_bad.setToolTip(tr("They are kept in a table of their own; where they are a check says unknown"))
        self.keep_bad.toggled.connect(lambda is_on: self._set("keep_bad", is_on))
        form = QFormLayout()
        self.named_crs = NamedCrs(self.crs)
        form.addRow(tr("Coordinate system"), self.named_crs)
        boxes = QHBoxLayout()
        boxes.addWidget(self.repair)
        boxes.addWidget(self.keep_bad)
        boxes.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.facts)
        layout.addWidget(self.problems, 1)
        layout.addLayout(form)
        layout.addLayout(boxes)
        self.show_row(None)

    def show_row(self, row: PlannedLayer | None) -> None:
        """Show another layer; none hides the page."""
        self._row = None  # what is set now is no choice of a person
        self.setVisible(row is not None)
        if row is None:
            return
        count = f"{row.count:,}" if row.count is not None and row.geometry != "raster" else ""
        kind = tr("raster") if row.geometry == "raster" else geometry_words(row.geometry) if row.geometry else ""
        self.facts.setText(" · ".join(filter(None, (row.name, kind, count, state_words(row)))))
        self.problems.show_problems(row.problems, {row.source, row.layer})
        self.problems.setVisible(bool(row.problems))
        self.crs.setCrs(QgsCoordinateReferenceSystem(row.crs))
        self.repair.setChecked(row.repair)
        self.keep_bad.setChecked(row.keep_bad)
        can_change = row.is_data and row.status != ADDED
        for control in (self.crs, self.repair, self.keep_bad):
            control.setEnabled(can_change)
        for control in (self.repair, self.keep_bad):
            control.setVisible(row.geometry != "raster")
        self._row = row

    def _set(self, name: str, value: object) -> None:
        if self._row is not None and getattr(self._row, name) != value:
            setattr(self._row, name, value)
            self.changed.emit()

"""The form of a search for sites: ground, area, width, number, and facts of the project."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from onemap.plugin.parcels.ground_choice import GroundChoice
from onemap.plugin.widgets.form_fields import field_row, separate_thousands
from onemap.plugin.words.number_format import mu_text
from onemap.plugin.words.translation import tr

MAX_AREA_M2, MAX_WIDTH_M, MAX_SITES = 1e9, 1e5, 200
MIN_FIELD_PX = 60
DEFAULT_AREA_M2, DEFAULT_SITES = 10_000.0, 10


class SitesForm(QWidget):
    """Ground, area, least width, number, and the project's attributes."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ground = GroundChoice(canvas)
        self.area, self.width_m = QDoubleSpinBox(), QDoubleSpinBox()
        self.area.setRange(1.0, MAX_AREA_M2)
        self.area.setDecimals(0)
        self.area.setSingleStep(1000.0)
        separate_thousands(self.area)
        self.area.setSuffix(" m²")
        self.area.setValue(DEFAULT_AREA_M2)
        self.area.valueChanged.connect(self._show_mu)
        self.mu = QLabel()
        self.width_m.setRange(0.0, MAX_WIDTH_M)
        self.width_m.setDecimals(0)
        self.width_m.setSuffix(" m")
        self.width_m.setSpecialValueText(tr("a square"))
        self.width_m.setToolTip(tr("The least width of the place; a square is looked for where none is given"))
        self.width_m.valueChanged.connect(lambda _value: self.changed.emit())
        for box in (self.area, self.width_m):  # as wide as there is space, whatever their largest value
            box.setMinimumWidth(MIN_FIELD_PX)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.count = QSpinBox()
        self.count.setRange(1, MAX_SITES)
        self.count.setValue(DEFAULT_SITES)
        self.count.setPrefix("≤ ")
        self.count.setToolTip(tr("How many places at most"))
        self.project = QLineEdit()
        self.project.setPlaceholderText("YDXZ=0701")
        self.project.setClearButtonEnabled(True)
        self.project.setToolTip(
            tr("What the project says of itself, for rules that ask the parcel: FIELD=VALUE, commas between")
        )
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Search in"), self.ground)
        form.addRow(tr("Area"), field_row(self.area, self.mu))
        form.addRow(tr("Least width"), field_row(self.width_m, self.count))
        form.addRow(tr("Project"), self.project)
        self._show_mu()

    def _show_mu(self) -> None:
        self.mu.setText(mu_text(self.area.value()))
        self.changed.emit()

    @property
    def problem_text(self) -> str:
        """What is wrong with the form; empty for nothing."""
        side = self.area.value() ** 0.5
        if self.width_m.value() > side:
            text = tr("A place of {area} cannot be wider than {side} on every side.")
            return text.format(area=f"{self.area.value():,.0f} m²", side=f"{side:,.1f} m")
        return ""

    def params(self) -> dict[str, Any]:
        """The parameters of the core's verb `sites`."""
        return {
            "area": self.area.value(),
            "width": self.width_m.value() or None,
            "count": self.count.value(),
            "project": self.project.text().strip(),
        }

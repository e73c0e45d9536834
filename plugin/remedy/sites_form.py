"""What kind of place is looked for: in which ground, how large, how wide, for which project."""

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

MOST_M2, MOST_M, MOST_SITES = 1e9, 1e5, 200
NARROW_PX = 60
USUAL_M2, USUAL_SITES = 10_000.0, 10


class SitesForm(QWidget):
    """Ground, area, least width, number, and what the project says of itself."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ground = GroundChoice(canvas)
        self.area, self.width_m = QDoubleSpinBox(), QDoubleSpinBox()
        self.area.setRange(1.0, MOST_M2)
        self.area.setDecimals(0)
        self.area.setSingleStep(1000.0)
        separate_thousands(self.area)
        self.area.setSuffix(" m²")
        self.area.setValue(USUAL_M2)
        self.area.valueChanged.connect(self._say_mu)
        self.mu = QLabel()
        self.width_m.setRange(0.0, MOST_M)
        self.width_m.setDecimals(0)
        self.width_m.setSuffix(" m")
        self.width_m.setSpecialValueText(tr("a square"))
        self.width_m.setToolTip(tr("The least width of the place; a square is looked for where none is given"))
        self.width_m.valueChanged.connect(lambda _value: self.changed.emit())
        for box in (self.area, self.width_m):  # as wide as there is room, whatever they might hold
            box.setMinimumWidth(NARROW_PX)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.count = QSpinBox()
        self.count.setRange(1, MOST_SITES)
        self.count.setValue(USUAL_SITES)
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
        self._say_mu()

    def _say_mu(self) -> None:
        self.mu.setText(mu_text(self.area.value()))
        self.changed.emit()

    @property
    def wrong(self) -> str:
        """What cannot be asked for; empty where all can."""
        side = self.area.value() ** 0.5
        if self.width_m.value() > side:
            said = tr("A place of {area} cannot be wider than {side} on every side.")
            return said.format(area=f"{self.area.value():,.0f} m²", side=f"{side:,.1f} m")
        return ""

    def params(self) -> dict[str, Any]:
        """What the core is asked."""
        return {
            "area": self.area.value(),
            "width": self.width_m.value() or None,
            "count": self.count.value(),
            "project": self.project.text().strip(),
        }

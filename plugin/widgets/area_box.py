"""A field for an area in a form: shown and typed in the unit of the settings, passed on in square metres."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QSizePolicy

from onemap.plugin.profile import settings
from onemap.plugin.widgets.form_fields import separate_thousands
from onemap.plugin.words.number_format import HECTARE, MU, SQUARE_METRE
from onemap.plugin.words.translation import tr

_M2_PER = {SQUARE_METRE: (1, 1), MU: (2000, 3), HECTARE: (10_000, 1)}  # as fractions: a mu is 2000/3 m²
_DECIMALS = {SQUARE_METRE: 0, MU: 2, HECTARE: 4}
_STEP_M2 = {SQUARE_METRE: 100.0, MU: 1.0, HECTARE: 0.1}  # in the unit itself


class AreaBox(QDoubleSpinBox):
    """A number with its unit. An area that was set or typed keeps its exact value when the unit changes."""

    area_changed = pyqtSignal()

    def __init__(self, least_m2: float, most_m2: float, hint: str = "") -> None:
        """Make the field. least_m2, most_m2: the range, in square metres; hint: the tooltip."""
        super().__init__()
        self._least_m2, self._most_m2 = least_m2, most_m2
        self.area_m2, self._unit, self._is_shown_anew = least_m2, "", False
        separate_thousands(self)
        self.setToolTip(hint)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self._take_typed)
        settings.changes.area_unit.connect(self.follow_unit)
        self.follow_unit()

    def set_area(self, area_m2: float) -> None:
        """Show another area."""
        is_other = area_m2 != self.area_m2
        self.area_m2 = area_m2  # the area in square metres
        self._show()
        if is_other:
            self.area_changed.emit()

    def follow_unit(self) -> None:
        """Show the same area in the unit of the settings, if the unit has changed."""
        unit = settings.get("area_unit")
        unit = unit if unit in _M2_PER else SQUARE_METRE
        if unit == self._unit:
            return
        self._unit = unit
        self._show()

    def _show(self) -> None:
        self._is_shown_anew = True
        times, parts = _M2_PER[self._unit]
        self.setDecimals(_DECIMALS[self._unit])
        self.setRange(self._least_m2 * parts / times, self._most_m2 * parts / times)
        self.setSingleStep(_STEP_M2[self._unit])
        self.setSuffix(" " + {SQUARE_METRE: "m²", MU: tr("mu"), HECTARE: tr("ha")}[self._unit])
        self.setValue(self.area_m2 * parts / times)
        self._is_shown_anew = False

    def _take_typed(self, number: float) -> None:
        if self._is_shown_anew:
            return
        times, parts = _M2_PER[self._unit]
        self.area_m2 = max(number * times / parts, self._least_m2)
        self.area_changed.emit()

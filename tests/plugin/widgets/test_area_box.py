"""Areas in forms: typed in the unit of the settings, exact in square metres, whatever unit is shown."""

import pytest
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.profile import settings
from onemap.plugin.widgets.area_box import AreaBox


@pytest.fixture
def box(application):
    made = AreaBox(0.0, 1e9)
    yield made
    made.deleteLater()


def in_unit(box, unit):
    """Choose another unit in QGIS's options: the window is activated again when their dialog closes."""
    settings.put("area_unit", unit)
    QApplication.sendEvent(box, QEvent(QEvent.Type.ActivationChange))


def type_text(box, text):
    box.selectAll()
    QTest.keyClicks(box.lineEdit(), text)
    box.interpretText()


@pytest.mark.parametrize(
    ("unit", "text", "area_m2", "shown"),
    [
        ("m2", "1234", 1234.0, "1,234 m²"),
        ("mu", "15", 10_000.0, "15.00 mu"),
        ("mu", "0.3", 200.0, "0.30 mu"),
        ("ha", "1.2345", 12_345.0, "1.2345 ha"),
    ],
)
def test_what_is_typed_is_in_the_unit_of_the_settings(box, unit, text, area_m2, shown):
    in_unit(box, unit)
    type_text(box, text)
    assert box.area_m2 == pytest.approx(area_m2, rel=1e-15)
    assert box.text() == shown


def test_another_unit_shows_the_same_area_and_rounds_nothing_away(box):
    areas = []
    box.area_changed.connect(lambda: areas.append(box.area_m2))
    box.set_area(1001.0)
    shown = []
    for unit in ("mu", "ha", "m2"):
        in_unit(box, unit)
        shown.append(box.text())
    assert shown == ["1.50 mu", "0.1001 ha", "1,001 m²"]
    assert box.area_m2 == 1001.0 and areas == [1001.0]


def test_the_range_is_the_same_ground_in_every_unit(application):
    box = AreaBox(100.0, 20_000.0)
    for unit, beyond in (("mu", 31.0), ("ha", 3.0)):
        in_unit(box, unit)
        box.setValue(beyond)
        assert box.area_m2 == pytest.approx(20_000.0, rel=1e-15)
        box.setValue(0.0)
        assert box.area_m2 == 100.0

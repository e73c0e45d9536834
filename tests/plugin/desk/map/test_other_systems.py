"""A library far from its zone's meridian on a web map: places stay the same, and each area is given once.

The library is in EPSG:4498, three degrees west of its meridian: its plane makes areas 1.7 thousandths too large. The
project is in EPSG:3857, whose plane makes them 1.6 times too large.
"""

import pytest
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QTreeWidgetItemIterator

from onemap.tests.plugin.published_town import Session
from onemap.tests.plugin.small_town import wait_for, write_layer

PLANE, WEB = "EPSG:4498", "EPSG:3857"
EAST, NORTH = 20_237_000, 4_215_000  # 114.0° E, 38.0° N
LEFT = Qt.MouseButton.LeftButton
SIDE_PX = 60

pytestmark = pytest.mark.slow


def square(east, north, side):
    """A square of the library's plane, its sides in metres from the corner of this test's world."""
    west, south = EAST + east, NORTH + north
    corners = [(west, south), (west + side, south), (west + side, south + side), (west, south + side), (west, south)]
    return "POLYGON((" + ",".join(f"{x} {y}" for x, y in corners) + "))"


@pytest.fixture
def web_dock(dock, canvas, town, tmp_path):
    """The dock with a library of that plane, its farmland on a web map of 2 m a pixel."""
    path = tmp_path / "far.gpkg"
    district = write_layer(tmp_path / "district.gpkg", ["name"], [(square(-5000, -5000, 10_000), "d")], PLANE)
    ground = write_layer(tmp_path / "ground.gpkg", ["BSM"], [(square(0, 0, 200), "F1")], PLANE)
    with Session() as core:
        core("new", library=path, crs=PLANE, name="Far", district=district, pack=[str(town / "pack.toml")])
        core("add", library=path, source=ground, **{"as": "YJJBNTTB"}, valid_from="2025-01-01", covers="district")
    system = QgsCoordinateReferenceSystem(WEB)
    QgsProject.instance().setCrs(system, True)
    canvas.setDestinationCrs(system)
    dock.show()  # which would read the library once more later
    dock.open_library(str(path))
    wait_for(lambda: dock.library.packs)
    item = dock.map_tab.item_of("YJJBNTTB")
    item.setCheckState(0, Qt.CheckState.Checked)
    [dock.ground] = [one for one in QgsProject.instance().mapLayers().values() if one.customProperty("onemap/code")]
    to_web = QgsCoordinateTransform(dock.ground.crs(), system, QgsProject.instance())
    middle = to_web.transform(dock.ground.extent().center())
    canvas.resize(600, 400)
    canvas.show()
    canvas.setExtent(QgsRectangle.fromCenterAndSize(middle, 1200, 800))
    yield dock
    dock.hide()
    canvas.hide()


def area_in_list(text):
    """The first number of square metres in a text of the dock."""
    return float(text.split(" m²")[0].rpartition("\n")[2].replace(",", ""))


def test_a_parcel_drawn_on_a_web_map_has_one_size_wherever_it_is_said(web_dock, canvas):
    tab, centre = web_dock.check_tab, canvas.viewport().rect().center()
    tab.parcels.draw_button.setChecked(True)
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        corner = centre + QPoint(x * SIDE_PX, y * SIDE_PX)
        QTest.mouseMove(canvas.viewport(), corner)
        QTest.mouseClick(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, corner)
    tool = tab.parcels._tool
    tool._show_measure(tool._corners)
    measured = area_in_list(tool.measure.text().partition("\n")[2])
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, corner)
    [layer] = [one for one in QgsProject.instance().mapLayers().values() if one.name() == "Drawn parcels"]
    drawn = next(layer.getFeatures()).geometry()
    done = []
    tab.finished.connect(lambda: done.append(True))
    tab.button.click()
    wait_for(lambda: done or web_dock.notice.text)
    assert done, web_dock.notice.text
    model = tab.results.model
    parcel = model.parcel_at(model.index(0, 0))
    assert drawn.area() == pytest.approx(1.61 * parcel.ellipsoidal_m2, rel=0.01)  # on the web's plane
    assert parcel.area_m2 == pytest.approx(1.0017 * parcel.ellipsoidal_m2, rel=1e-4)  # on the library's
    assert measured == pytest.approx(parcel.ellipsoidal_m2, rel=1e-4)
    finding = model.finding_at(model.index(0, 0, model.index(0, 0)))
    row = model.index(0, 0, model.index(0, 0))
    tab.results.tree.setCurrentIndex(row)
    tab.results.tree.clicked.emit(row)
    listed = f"{finding.ellipsoidal_m2:,.0f} m²"
    assert tab.results.highlight.labels == [listed] != [f"{finding.area_m2:,.0f} m²"]
    tab.results.keep_button.click()
    [overlaps] = QgsProject.instance().mapLayersByName("Overlaps")
    assert first_text(overlaps, overlaps.labeling().settings().fieldName) == listed


def test_what_is_clicked_on_a_web_map_is_what_lies_there(web_dock, canvas):
    view, answers = web_dock.identify, []
    view.answered.connect(lambda: answers.append(view._answer))
    centre = canvas.viewport().rect().center()
    view.use_way("point")
    for dx, is_on_it in ((0, True), (61, True), (65, False)):  # half of 200 m is 63.4 px of 2 m on this plane
        QTest.mouseClick(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, centre + QPoint(dx, 0))
        wait_for(lambda: answers)
        layers = {layer["code"]: layer["features"] for layer in answers.pop()["layers"]}
        assert bool(layers["YJJBNTTB"]) == is_on_it, dx
        texts = [item.text(1) for item in items_of(view.tree)]
        assert ("39,932 m²" in texts) == is_on_it  # as the tip says it


def items_of(tree):
    """All rows of a tree."""
    iterator = QTreeWidgetItemIterator(tree)
    while iterator.value():
        yield iterator.value()
        iterator += 1


def first_text(layer, expression):
    """The value of an expression for a layer's first feature in this project."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures(QgsFeatureRequest().setLimit(1))))
    return QgsExpression.replaceExpressionText(f"[% {expression} %]", context)


@pytest.mark.parametrize("unit", [Qgis.AreaUnit.SquareMeters, Qgis.AreaUnit.Hectares])
@pytest.mark.parametrize("ellipsoid", ["EPSG:1024", "NONE"])
def test_a_tip_says_square_metres_on_the_ellipsoid_whatever_the_project_measures_in(web_dock, unit, ellipsoid):
    project = QgsProject.instance()
    project.setAreaUnits(unit)
    project.setEllipsoid(ellipsoid)
    tip = web_dock.ground.mapTipTemplate()
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(web_dock.ground))
    context.setFeature(next(web_dock.ground.getFeatures()))
    assert ">39,932 m²<" in QgsExpression.replaceExpressionText(
        tip, context
    )  # by pyproj.Geod too; 40,000 m² in the plane

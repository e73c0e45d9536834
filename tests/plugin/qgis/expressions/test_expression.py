"""The expression functions with the real core give the verdicts of a check, in any thread."""

import os
import shutil
import signal

import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextScope,
    QgsExpressionContextUtils,
    QgsFeedback,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPalLayerSettings,
    QgsProject,
    QgsRectangle,
    QgsRendererCategory,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QDate, QMetaType, QSize
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest

from onemap.plugin.connection.verb_runs import run_verb
from onemap.plugin.desk.results.results import read_results
from onemap.plugin.qgis.expressions.expression_functions import LATER_MS
from onemap.tests.plugin.expression_desk import answering_desk
from onemap.tests.plugin.small_town import CRS, PACK, X, Y, box, line, open_in, wait_for, write_layer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(library):
    """A dock with the town's library open, and the functions that answer for it."""
    with answering_desk(library) as made:
        yield made


def scope_of(wkt, crs=CRS):
    """The variables of an expression for a shape in a layer of that coordinate system, named `shape`."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}", "shapes", "memory")
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.layerScope(layer))
    add_shape(context, wkt)
    return context, layer


def add_shape(context, wkt):
    """Add a shape to the context."""
    scope = QgsExpressionContextScope()
    scope.setVariable("shape", QgsGeometry.fromWkt(wkt) if wkt else None)
    context.appendScope(scope)


def value_and_error(text, context):
    """Value and error of an expression."""
    expression = QgsExpression(text)
    assert not expression.hasParserError(), expression.parserErrorString()
    return expression.evaluate(context), expression.evalErrorString()


def verdict(wkt, crs=CRS):
    """Value and error of the verdict of a shape."""
    context, _layer = scope_of(wkt, crs)
    return value_and_error("onemap_verdict(@shape)", context)


def test_every_parcel_has_the_verdict_and_the_findings_of_a_check(desk, library, parcels, tmp_path):
    target = str(tmp_path / "run.gpkg")
    source = parcels.source().partition("|")[0]
    run_verb("check", {"library": library, "parcels": source, "out": target, "unrecorded": True}, QgsFeedback())
    checked = {one.parcel: one for one in read_results(target, {})}
    assert {one.verdict for one in checked.values()} == {"prohibited", "unknown"}
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(parcels))
    for feature in parcels.getFeatures():
        context.setFeature(feature)
        parcel = checked[feature["DKBH"]]
        assert value_and_error("onemap_verdict(@geometry)", context) == (parcel.verdict, "")
        findings, error = value_and_error("onemap_findings(@geometry, attributes())", context)
        assert error == ""
        assert [(one["rule"], one["verdict"], one["layer"], one["version"], one["area_m2"]) for one in findings] == [
            (one.rule, one.verdict, one.layer, one.version, one.area_m2) for one in parcel.findings
        ]


def test_a_finding_names_where_its_number_comes_from(desk):
    context, _layer = scope_of(box(100, 100, 100, 100))
    first, error = value_and_error("onemap_findings(@shape)[0]", context)
    assert error == ""
    assert (first["rule"], first["layer"], first["version"]) == ("farmland.test", "YJJBNTTB", "2025-01-01")
    assert first["area_m2"] == pytest.approx(5000)
    assert "第三十五条" in first["basis"]
    assert first["title"] == "Occupies permanent basic farmland"
    assert first["counted"] is True


def test_clear_comes_with_rules_that_find_nothing(desk, tmp_path):
    dock, _functions = desk
    pack = tmp_path / "farmland.toml"
    pack.write_text(PACK.partition('[[rule]]\nid = "redline.test"')[0], encoding="utf-8")
    rules = dock.check_tab.rules.box
    assert verdict(box(400, 100, 100, 100)) == ("unknown", "")
    rules.addItem("farmland", [str(pack)])
    rules.setCurrentIndex(rules.count() - 1)
    try:
        assert verdict(box(400, 100, 100, 100)) == ("clear", "")
    finally:
        rules.setCurrentIndex(0)
        rules.removeItem(rules.count() - 1)
    assert verdict(box(400, 100, 100, 100)) == ("unknown", "")


@pytest.mark.parametrize("shape", [None, "POLYGON EMPTY"])
def test_no_shape_has_no_verdict_and_no_error(desk, shape):
    value, error = verdict(shape)
    assert not value
    assert error == ""


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("onemap_verdict('A')", "must be a geometry"),
        (f"onemap_verdict(geom_from_wkt('{line((0, 0), (9, 9))}'))", "Only polygons"),
        (f"onemap_verdict(geom_from_wkt('{box(0, 0, 9, 9)}'), 'A')", "must be a map"),
    ],
)
def test_what_is_no_polygon_is_an_error(desk, expression, words):
    context, _layer = scope_of(None)
    value, error = value_and_error(expression, context)
    assert value is None
    assert words in error


def test_the_coordinate_system_is_that_of_the_layer_else_of_the_project_else_an_error(desk):
    farmland = box(0, 0, 100, 100)
    assert verdict(farmland, "EPSG:4548")[0] == "unknown"  # the same numbers, 3 degrees further east
    systems = (QgsCoordinateReferenceSystem(CRS), QgsCoordinateReferenceSystem("EPSG:4490"))
    degrees = QgsGeometry.fromWkt(farmland)
    degrees.transform(QgsCoordinateTransform(*systems, QgsProject.instance()))
    assert verdict(degrees.asWkt(12), "EPSG:4490") == ("prohibited", "")
    context = QgsExpressionContext()
    add_shape(context, farmland)
    value, error = value_and_error("onemap_verdict(@shape)", context)
    assert value is None
    assert "no coordinate system" in error
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.projectScope(QgsProject.instance()))
    add_shape(context, farmland)
    assert value_and_error("onemap_verdict(@shape)", context) == ("prohibited", "")


def test_a_shape_that_crosses_itself_says_how_to_mend_it(desk):
    bow = f"POLYGON(({X} {Y},{X + 99} {Y + 99},{X + 99} {Y},{X} {Y + 99},{X} {Y}))"
    value, error = verdict(bow)
    assert value is None
    assert "make_valid" in error
    assert "--" not in error


def test_a_layer_is_drawn_by_its_verdicts_in_another_thread(desk, parcels):
    root = QgsRuleBasedRenderer.Rule(None)
    for text, colour in (("= 'prohibited'", "#ff0000"), ("= 'unknown'", "#0000ff")):
        symbol = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, filterExp=f"onemap_verdict(@geometry) {text}"))
    parcels.setRenderer(QgsRuleBasedRenderer(root))
    settings = QgsMapSettings()
    settings.setLayers([parcels])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(CRS))
    settings.setOutputSize(QSize(400, 100))
    settings.setExtent(QgsRectangle(X + 100, Y + 100, X + 500, Y + 200))
    settings.setBackgroundColor(QColor("#ffffff"))
    ended = []
    job = QgsMapRendererParallelJob(settings)
    job.finished.connect(lambda: ended.append(True))
    job.start()
    wait_for(lambda: ended)
    picture = job.renderedImage()
    colours = [QColor(picture.pixel(x, 50)).name() for x in (50, 200, 350)]
    assert colours == ["#ff0000", "#ffffff", "#0000ff"]


def test_what_was_asked_once_needs_no_core(desk):
    _dock, functions = desk
    shape = box(120, 120, 60, 60)
    assert verdict(shape) == ("prohibited", "")

    def needs_none():
        functions.core.stop()  # may be the last to close the library, which then looks as if it had changed: once
        assert verdict(shape) == ("prohibited", "")
        return functions.core.process_id == 0

    wait_for(needs_none, limit_ms=20_000)


def test_a_core_that_was_killed_is_started_again(desk):
    _dock, functions = desk
    assert verdict(box(110, 110, 50, 50)) == ("prohibited", "")
    before = functions.core.process_id or pytest.fail("no core runs")
    os.kill(before, signal.SIGKILL)
    assert verdict(box(110, 110, 50, 51)) == ("prohibited", "")
    assert functions.core.process_id not in (0, before)


def test_a_cancel_is_heard_while_the_core_is_silent(desk):
    _dock, functions = desk
    verdict(box(110, 110, 50, 52))
    context, _layer = scope_of(box(110, 110, 50, 53))
    feedback = QgsFeedback()
    feedback.cancel()
    context.setFeedback(feedback)
    os.kill(functions.core.process_id, signal.SIGSTOP)
    assert value_and_error("onemap_verdict(@shape)", context) == (None, "Cancelled.")
    assert verdict(box(110, 110, 50, 53)) == ("prohibited", "")


def test_a_core_that_is_missing_is_told_with_its_mend(desk, monkeypatch):
    _dock, functions = desk
    functions.core.stop()
    monkeypatch.setattr("onemap.plugin.connection.core_session.core_python", lambda: None)
    value, error = verdict(box(110, 110, 50, 54))
    assert value is None
    assert "press “Set up the core”" in error


def test_answers_are_forgotten_when_the_library_gets_another_layer(desk, library, tmp_path):
    dock, functions = desk
    own = tmp_path / "own.gpkg"
    shutil.copyfile(library, own)
    shape = box(400, 100, 100, 100)
    try:
        open_in(dock, own)
        assert verdict(shape) == ("unknown", "")
        source = write_layer(tmp_path / "redline.gpkg", ["BSM"], [(box(450, 0, 300, 300), "R1")])
        options = {"library": str(own), "source": source, "as": "STBHHX", "covers": "district"}
        run_verb("add", options, QgsFeedback())
        assert verdict(shape) == ("restricted", "")
        assert functions.answers.count == 1
    finally:
        open_in(dock, library)
    assert verdict(shape) == ("unknown", "")


def drawn_layer(name):
    """A layer of the project, to be drawn."""
    layer = QgsVectorLayer(f"Polygon?crs={CRS}&field=DKBH:string", name, "memory")
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_layers_drawn_by_their_verdicts_are_drawn_again_for_another_day_other_rules_and_a_new_version(
    desk, library, tmp_path
):
    """Symbols, labels, and a field that is computed; a layer that has none of these stays as it is drawn."""
    dock, _functions = desk
    names = ("symbols", "labels", "field", "plain")
    by_symbols, by_labels, by_field, _plain = layers = [drawn_layer(name) for name in names]
    symbol = QgsFillSymbol.createSimple({})
    by_symbols.setRenderer(
        QgsCategorizedSymbolRenderer("onemap_verdict(@geometry)", [QgsRendererCategory("clear", symbol, "")])
    )
    label = QgsPalLayerSettings()
    label.fieldName, label.isExpression = "array_length(OneMap_Findings(@geometry))", True
    by_labels.setLabeling(QgsVectorLayerSimpleLabeling(label))
    by_field.addExpressionField("onemap_verdict(@geometry)", QgsField("verdict", QMetaType.Type.QString))
    drawn = []
    for layer, name in zip(layers, names, strict=True):
        layer.repaintRequested.connect(lambda *_how, name=name: drawn.append(name))

    def drawn_after(change):
        """The layers that are drawn again, without those of a picture that was asked for before."""
        wait_for(lambda: not dock.library.reading.is_busy)
        QTest.qWait(4 * LATER_MS)
        drawn.clear()
        change()
        wait_for(lambda: drawn)
        wait_for(lambda: not dock.library.reading.is_busy)
        QTest.qWait(4 * LATER_MS)
        return set(drawn)

    asking = {"symbols", "labels", "field"}
    rules = tmp_path / "other.toml"
    rules.write_text(PACK, encoding="utf-8")
    try:
        assert drawn_after(lambda: dock.library.set_day(QDate(2019, 1, 1))) == asking
        assert drawn_after(lambda: dock.library.set_day(QDate())) == asking
        assert drawn_after(lambda: dock.check_tab.rules.add_file(str(rules))) == asking
        assert len(drawn) == len(asking)  # each once, since one choice is one change
        assert drawn_after(lambda: dock.check_tab.rules.box.setCurrentIndex(0)) == asking
        assert drawn_after(dock.library.refresh) == asking  # as after a new version was added
        assert drawn_after(lambda: open_in(dock, library)) == asking
    finally:
        dock.library.set_day(QDate())


def test_what_is_closed_down_leaves_no_function_and_no_process(desk):
    """The last of the file: nobody asks after it."""
    _dock, functions = desk
    assert verdict(box(110, 110, 50, 55))[0] == "prohibited"
    process = functions.core.process_id
    assert process
    functions.close_down()
    assert not QgsExpression.isFunctionName("onemap_verdict")
    assert not QgsExpression.isFunctionName("onemap_findings")
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)

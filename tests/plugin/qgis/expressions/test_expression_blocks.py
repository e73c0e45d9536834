"""Expressions over whole layers give a check's answers with a few requests, wherever QGIS evaluates them."""

import shutil
import subprocess

import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeedback,
    QgsField,
    QgsFillSymbol,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QMetaType, QSize
from qgis.PyQt.QtGui import QColor

from onemap.plugin.connection.verb_runs import run_verb
from onemap.plugin.desk.results.results import read_results
from onemap.tests.plugin.desktop import environment_of
from onemap.tests.plugin.expression_desk import answering_desk
from onemap.tests.plugin.small_town import CRS, X, Y, box, wait_for, write_layer

pytestmark = pytest.mark.slow

COLOURS = {"prohibited": "#ff0000", "unknown": "#0000ff"}
COLUMNS, ROWS, STEP = 40, 25, 30  # the farmland ends after the fifth column and the tenth row
FEW = 12  # questions for a thousand: the library's layers, and blocks that grow to 256


@pytest.fixture(scope="module")
def desk(library):
    """A dock with the town's library open, and the functions that answer for it."""
    with answering_desk(library) as made:
        yield made


@pytest.fixture(scope="module")
def thousand(town):
    """A file of 1,000 polygons in rows."""
    rows = [
        (box(column * STEP, row * STEP, 20, 20), f"{column}-{row}") for column in range(COLUMNS) for row in range(ROWS)
    ]
    return write_layer(town / "thousand.gpkg", ["DKBH"], rows)


@pytest.fixture(scope="module")
def results_of_check(library, thousand, tmp_path_factory):
    """A check's verdict and findings, by parcel."""
    target = str(tmp_path_factory.mktemp("run") / "run.gpkg")
    run_verb("check", {"library": library, "parcels": thousand, "out": target, "unrecorded": True}, QgsFeedback())
    return {one.parcel: one for one in read_results(target, {})}


@pytest.fixture
def layer(thousand):
    """The polygons as a layer of the project."""
    made = QgsVectorLayer(thousand, "thousand", "ogr")
    QgsProject.instance().addMapLayer(made)
    return made


@pytest.fixture
def some(layer):
    """The same layer, of which a filter shows a tenth."""
    assert layer.setSubsetString('"fid" <= 100')
    return layer


def verdicts(results_of_check, layer):
    """The check's verdicts on the features of a layer."""
    return {feature["DKBH"]: results_of_check[feature["DKBH"]].verdict for feature in layer.getFeatures()}


def ask_anew(functions):
    """Forget all answers."""
    functions.answers._cached.clear()


def context_of(layer):
    """The context of an expression for a layer."""
    return QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))


def values(layer, text):
    """An expression for each feature, by its field DKBH, as the field calculator evaluates it."""
    expression, context = QgsExpression(text), context_of(layer)
    assert expression.prepare(context)
    found = {}
    for feature in layer.getFeatures():
        context.setFeature(feature)
        found[feature["DKBH"]] = expression.evaluate(context)
        assert not expression.hasEvalError(), expression.evalErrorString()
    return found


def map_of(layer, extent, size):
    """What is to be drawn of a layer."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(CRS))
    settings.setOutputSize(size)
    settings.setExtent(extent)
    settings.setBackgroundColor(QColor("#ffffff"))
    return settings


def draw_layer(layer, extent, size):
    """The picture of a layer, drawn by QGIS in threads of its own while the main thread goes on."""
    settings = map_of(layer, extent, size)
    context = context_of(layer)
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    ended = []
    job = QgsMapRendererParallelJob(settings)
    job.finished.connect(lambda: ended.append(True))
    job.start()
    wait_for(lambda: ended)
    return job.renderedImage()


def style(layer):
    """Colours by verdict."""
    categories = [
        QgsRendererCategory(verdict, QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"}), verdict)
        for verdict, colour in COLOURS.items()
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer("onemap_verdict(@geometry)", categories))


def test_a_thousand_polygons_are_drawn_as_checked_for_few_questions(desk, layer, results_of_check):
    dock, functions = desk
    ask_anew(functions)
    steps = []
    functions.prefetch.progressed.connect(lambda *facts: steps.append(facts))
    style(layer)
    before = functions.core.questions
    picture = draw_layer(layer, QgsRectangle(X, Y, X + COLUMNS * STEP, Y + ROWS * STEP), QSize(1200, 750))
    assert 0 < functions.core.questions - before <= FEW
    assert {one.verdict for one in results_of_check.values()} == set(COLOURS)
    for name, one in results_of_check.items():
        column, row = map(int, name.split("-"))
        colour = QColor(picture.pixel(column * STEP + 10, 750 - row * STEP - 10)).name()
        assert (name, colour) == (name, COLOURS[one.verdict])
    assert [facts[0] for facts in steps] == ["thousand"] * len(steps)
    assert steps[-1][1:] == (1000, 1000)
    assert "1,000 of 1,000" in dock.expressions.label.text()
    before = functions.core.questions
    draw_layer(layer, layer.extent(), QSize(400, 250))
    assert functions.core.questions == before


def test_only_what_the_map_shows_is_asked_for(desk, layer):
    _dock, functions = desk
    ask_anew(functions)
    style(layer)
    draw_layer(layer, QgsRectangle(X + 1, Y + 1, X + 9 * STEP + 1, Y + 9 * STEP + 1), QSize(300, 300))
    assert functions.answers.count == 100


def test_selected_features_are_asked_for_before_the_others(desk, layer):
    _dock, functions = desk
    ask_anew(functions)
    layer.selectByIds([7, 400, 900])
    context = context_of(layer)
    context.setFeature(layer.getFeature(400))
    assert QgsExpression("onemap_verdict(@geometry)").evaluate(context) == "unknown"
    assert functions.answers.count == 3


@pytest.mark.parametrize(
    "text",
    [
        "onemap_verdict(@geometry, attributes())",
        "onemap_verdict(buffer(@geometry, 0), map('DKBH', \"DKBH\"))",
        "if(is_valid(@geometry), onemap_verdict($geometry), '')",
    ],
)
def test_whatever_the_arguments_are_the_answers_are_those_of_a_check(desk, some, results_of_check, text):
    _dock, functions = desk
    ask_anew(functions)
    before = functions.core.questions
    assert values(some, text) == verdicts(results_of_check, some)
    assert functions.core.questions - before <= 3


def test_a_virtual_field_is_filled_in_blocks_and_does_not_ask_for_itself(desk, some, results_of_check):
    _dock, functions = desk
    ask_anew(functions)
    some.addExpressionField("onemap_verdict(@geometry, attributes())", QgsField("verdict", QMetaType.Type.QString))
    before = functions.core.questions
    found = {feature["DKBH"]: feature["verdict"] for feature in some.getFeatures()}
    assert found == verdicts(results_of_check, some)
    assert functions.core.questions - before <= 3


def test_findings_of_a_block_are_those_of_a_check(desk, some, results_of_check):
    found = values(some, "onemap_findings(@geometry)")
    assert len(found) == 100
    for name, one in ((name, results_of_check[name]) for name in found):
        assert [(row["rule"], row["verdict"], row["area_m2"]) for row in found[name]] == [
            (finding.rule, finding.verdict, finding.area_m2) for finding in one.findings
        ]


def test_a_polygon_that_crosses_itself_is_told_alone_and_its_neighbours_have_their_verdicts(desk, tmp_path):
    _dock, functions = desk
    bow = f"POLYGON(({X} {Y},{X + 99} {Y + 99},{X + 99} {Y},{X} {Y + 99},{X} {Y}))"
    rows = [(box(10, 10 + 30 * row, 21, 20), str(row)) for row in range(6)]
    rows[3] = (bow, "3")
    layer = QgsVectorLayer(write_layer(tmp_path / "bow.gpkg", ["DKBH"], rows), "bow", "ogr")
    QgsProject.instance().addMapLayer(layer)
    ask_anew(functions)
    before = functions.core.questions
    expression, context, answers = QgsExpression("onemap_verdict(@geometry)"), context_of(layer), []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        answers.append((expression.evaluate(context), expression.evalErrorString()))
    assert [verdict for verdict, _error in answers] == ["prohibited"] * 3 + [None] + ["prohibited"] * 2
    assert "make_valid" in answers[3][1]
    assert functions.core.questions - before == 2  # once with it, once without
    ask_anew(functions)
    context.setFeature(layer.getFeature(4))
    alone = QgsExpressionContext()
    alone.appendScope(QgsExpressionContextUtils.layerScope(layer))
    alone.setFeature(layer.getFeature(4))
    assert expression.evaluate(alone) is None
    assert expression.evalErrorString() == answers[3][1]


def test_unsaved_shapes_are_those_that_are_checked(desk, tmp_path):
    _dock, functions = desk
    ask_anew(functions)
    rows = [(box(10, 10 + 30 * row, 22, 20), str(row)) for row in range(3)]
    layer = QgsVectorLayer(write_layer(tmp_path / "edited.gpkg", ["DKBH"], rows), "edited", "ogr")
    QgsProject.instance().addMapLayer(layer)
    layer.startEditing()
    moved = layer.getFeature(2).geometry()
    moved.translate(600, 0)
    layer.changeGeometry(2, moved)
    before = functions.core.questions
    assert values(layer, "onemap_verdict(@geometry)") == {"0": "prohibited", "1": "unknown", "2": "prohibited"}
    assert functions.core.questions - before == 1
    layer.rollBack()


def test_a_processing_algorithm_in_a_thread_asks_in_blocks(desk, layer, results_of_check, thousand):
    from qgis.core import QgsApplication, QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProcessingFeedback

    _dock, functions = desk
    ask_anew(functions)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().algorithmById("native:fieldcalculator")
    given = {
        "INPUT": layer.id(),
        "FIELD_NAME": "verdict",
        "FIELD_TYPE": 2,
        "FORMULA": "onemap_verdict(@geometry)",
        "OUTPUT": "TEMPORARY_OUTPUT",
    }
    ended = []
    task = QgsProcessingAlgRunnerTask(algorithm, given, context, feedback)
    task.executed.connect(lambda ok, results: ended.append((ok, results)))
    before = functions.core.questions
    QgsApplication.taskManager().addTask(task)
    wait_for(lambda: ended)
    ((is_done, results),) = ended
    assert is_done, feedback.textLog()
    made = context.takeResultLayer(results["OUTPUT"])
    found = {feature["DKBH"]: feature["verdict"] for feature in made.getFeatures()}
    assert found == {name: one.verdict for name, one in results_of_check.items()}
    assert functions.core.questions - before <= FEW


def test_a_script_that_waits_for_its_drawing_is_answered_too(desk, layer):
    """The main thread does not come to the layer then, so each shape is asked for alone."""
    _dock, functions = desk
    ask_anew(functions)
    style(layer)
    job = QgsMapRendererParallelJob(map_of(layer, QgsRectangle(X + 1, Y + 1, X + 39, Y + 39), QSize(100, 100)))
    job.start()
    job.waitForFinished()
    assert QColor(job.renderedImage().pixel(20, 80)).name() == COLOURS["prohibited"]
    assert functions.answers.count == 4


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("qgis_process") is None, reason="QGIS's program for scripts is not here")
def test_qgis_process_knows_the_functions_for_the_library_that_was_open_last(
    library, thousand, results_of_check, tmp_path
):
    environment = environment_of(tmp_path, library, QT_QPA_PLATFORM="offscreen")
    target = tmp_path / "verdicts.gpkg"
    given = {"INPUT": thousand, "FIELD_NAME": "verdict", "FIELD_TYPE": 2, "FORMULA": "onemap_verdict(@geometry)"}
    words = [f"--{name}={value}" for name, value in {**given, "OUTPUT": target}.items()]
    done = subprocess.run(
        ["qgis_process", "run", "native:fieldcalculator", *words], env=environment, capture_output=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    made = QgsVectorLayer(str(target), "verdicts", "ogr")
    found = {feature["DKBH"]: feature["verdict"] for feature in made.getFeatures()}
    assert found == {name: one.verdict for name, one in results_of_check.items()}


@pytest.mark.slow
def test_what_is_closed_down_while_it_is_drawn_waits_for_the_drawing_to_end(desk, layer):
    """The last of the file: nobody asks after it. QGIS would crash in the thread that draws."""
    _dock, functions = desk
    ask_anew(functions)
    style(layer)
    before = functions.core.questions
    job = QgsMapRendererParallelJob(map_of(layer, layer.extent(), QSize(400, 250)))
    job.start()
    wait_for(lambda: functions.core.questions > before)
    functions.close_down()
    assert not QgsExpression.isFunctionName("onemap_verdict")
    wait_for(lambda: not job.isActive())
    assert functions.answers.count < 1000

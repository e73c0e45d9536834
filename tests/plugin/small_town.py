"""What the plugin's tests share: a small world in metres, its files, and waiting for Qt."""

import contextlib
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsVectorFileWriter,
)
from qgis.PyQt.QtCore import QEventLoop, QMetaType, QObject, QTimer, QUrl, pyqtSlot
from qgis.PyQt.QtWidgets import QApplication

from onemap.tests.rules.small_pack import pack_text, rule_of

ROOT = Path(__file__).resolve().parents[2]
CRS = "EPSG:4547"
X, Y = 500_000, 4_200_000  # the south-west corner of the test's world
LONGEST_WAIT_MS = 120_000


def wait_for(claim, limit_ms=LONGEST_WAIT_MS):
    """Let Qt work until a claim holds; fail with the claim's name if it does not in time."""
    if claim():
        return
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if claim() else None)
    look.start(10)
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(limit_ms)
    loop.exec()
    look.stop()  # what a claim asks may be gone when it failed
    assert claim(), f"not within {limit_ms / 1000:.0f} s"


@contextlib.contextmanager
def awaited(signal, or_if=lambda: False):
    """Wait at the end of a block for a signal that it leads to, or until something else holds, such as a refusal."""
    sent = []
    signal.connect(lambda *_: sent.append(True))
    yield
    wait_for(lambda: sent or or_if())


def see_results(view, ask):
    """Make a view ask the core, and wait for what it shows; a refusal fails the test."""
    refused = []
    view.refused.connect(lambda refusal: refused.append(str(refusal)))
    with awaited(view.results_shown, lambda: refused):
        ask()
    assert refused == []
    return view


def open_in(dock, path):
    """Open a library in a dock, and wait until its layers are listed."""
    dock.open_library(str(path))
    wait_for(lambda: dock.library.layers and dock.pages.currentWidget() is dock.tabs)


def lay_out():
    """Let Qt do now what it has postponed: layouts, and what these postpone in turn."""
    for _turn in range(5):
        QApplication.processEvents()


def box(x, y, width, height):
    """A rectangle in metres from the corner of the test's world."""
    x, y = X + x, Y + y
    right, top = x + width, y + height
    return f"POLYGON(({x} {y},{right} {y},{right} {top},{x} {top},{x} {y}))"


def line(*points):
    """A line through points in metres from the corner of the test's world."""
    return "LINESTRING(" + ",".join(f"{X + x} {Y + y}" for x, y in points) + ")"


def write_layer(path, fields, rows, crs=CRS, driver="GPKG", layer=""):
    """Write rows of (wkt, values…) with text fields to a file; all geometries are of the kind of the first.

    layer: its name among other layers of the file; without it the only layer, named as the file.
    """
    columns = QgsFields()
    for name in fields:
        columns.append(QgsField(name, QMetaType.Type.QString))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName, options.fileEncoding = driver, layer or Path(path).stem, "UTF-8"
    if layer and Path(path).exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    system = QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem()
    writer = QgsVectorFileWriter.create(
        str(path), columns, QgsGeometry.fromWkt(rows[0][0]).wkbType(), system, QgsCoordinateTransformContext(), options
    )
    assert writer.hasError() == QgsVectorFileWriter.WriterError.NoError, writer.errorMessage()
    for wkt, *values in rows:
        feature = QgsFeature(columns)
        feature.setAttributes(list(values))
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        writer.addFeature(feature)
    del writer
    return str(path)


class Reader(QObject):
    """Replaces the desktop's program for documents."""

    def __init__(self):
        super().__init__()
        self.opened = []

    @pyqtSlot(QUrl)
    def read(self, url):
        self.opened.append(url.toLocalFile())


def check(dock):
    """Press Check and wait for the verdicts."""
    with awaited(dock.check_tab.finished, lambda: dock.notice.text):
        dock.check_tab.button.click()
    assert dock.notice.text == ""


@contextlib.contextmanager
def shown_check_tab(path, canvas, core):
    """A visible tab Check with an open library; `refusals` lists what is refused."""
    from onemap.plugin.desk.library.open_library import OpenLibrary
    from onemap.plugin.rooms.check.check_tab import CheckTab
    from onemap.plugin.words import core_words

    library = OpenLibrary(core)
    made = CheckTab(library, canvas)
    made.refusals = []
    made.refused.connect(lambda refusal: made.refusals.append(str(refusal)))
    made.resize(340, 900)
    made.show()
    library.open(str(path))
    wait_for(lambda: library.layers and core_words.are_known())
    yield made
    made.close_down()
    made.deleteLater()


def press_add(dialog):
    """Press Add in a dialog of layers or deliveries, and wait; return the core's answer, None if it refuses."""
    answers = []
    dialog.added.connect(lambda answer, _said: answers.append(answer))
    assert dialog.add_button.isEnabled(), dialog.hint.text()
    dialog.add_button.click()
    wait_for(lambda: not dialog.is_working)
    return answers[0] if answers else None


def checked_tab(library, parcels, canvas, core):
    """A tab Check in which the parcels of a file have been checked."""
    from onemap.plugin.desk.library.open_library import OpenLibrary
    from onemap.plugin.rooms.check.check_tab import CheckTab
    from onemap.plugin.words import core_words

    opened = OpenLibrary(core)
    tab = CheckTab(opened, canvas)
    refusals, done = [], []
    tab.refused.connect(refusals.append)
    tab.finished.connect(lambda: done.append(True))
    opened.open(str(library))
    wait_for(lambda: opened.layers and core_words.are_known())
    tab.parcels.choose_file(str(parcels))
    tab.check()
    wait_for(lambda: done or refusals)
    assert refusals == []
    return tab


LAND_LAW = "中华人民共和国土地管理法"
FARM = "YJJBNTTB", "占用永久基本农田", "Occupies permanent basic farmland", f"{LAND_LAW} 第三十五条"
RED_LINE = "STBHHX", "占用生态保护红线", "Occupies the ecological red line", f"{LAND_LAW} 第十八条"
PACK = (
    pack_text(id="test-pack", title=("测试规则", "Rules of the test"))
    + rule_of("farmland.test", *FARM)
    + rule_of("redline.test environment restricted", *RED_LINE)
)

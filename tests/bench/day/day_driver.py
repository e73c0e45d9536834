"""A planner's day by clicks and keys in QGIS's own window: each task with its steps, seconds and longest hang.

QGIS runs it like desktop_driver.py. A step is a click, a typed text, or a key. Seconds are from the first step until
the result is on the screen, without time to read or think. The name of a file, for which a window of the system asks,
counts as three steps: the menu, the name, Save.
"""

import contextlib
import faulthandler
import json
import os
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import Qgis, QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLineEdit
from qgis.utils import iface

from onemap.plugin.desk.map.layer_styles import style_parcels
from onemap.plugin.rooms.numbers.numbers_tab import ALERTS, INDICATORS
from onemap.tests.bench.day.pulse import Pulse
from onemap.tests.plugin import desktop_hand
from onemap.tests.plugin.desktop_hand import settle, toolbar_button, wait_for

ORDERS = json.loads(os.environ["ONEMAP_ORDERS"])
WINDOW_PX = (1366, 768)
PANEL_PX = 380
LONG_MS = 240_000
FILE_STEPS = 3
PLACE = "cqyy"  # 长桥医院, by its initials
PARCELS = "Parcels"  # the layer of all of them
SIDE_PX = 60  # of the parcel that is drawn

seen = {"tasks": [], "errors": [], "warnings": [], "pictures": []}


class Day:
    """The hand that goes through the day, and counts what it does."""

    def __init__(self, dock):
        self.dock = dock
        self.steps = 0

    @contextlib.contextmanager
    def task(self, name):
        """One task: what is done in it is counted and measured."""
        self.steps = 0
        pulse = Pulse()
        yield
        seen["tasks"].append({"task": name, "steps": self.steps, **pulse.read()})
        self._keep_picture(name)

    def click(self, widget, place=None):
        """A click."""
        self.steps += 1
        desktop_hand.click(widget, place)

    def row(self, tree, index, at_start=False):
        """A click on a row, or on the box before it."""
        self.steps += 1
        desktop_hand.click_row(tree, index, at_start)

    def type(self, widget, text, *keys):
        """A text, and keys behind it."""
        self.steps += 1 + len(keys)
        QTest.keyClicks(widget, text)
        completer = widget.completer() if isinstance(widget, QLineEdit) else None
        popup = completer.popup() if completer is not None else None
        for key in keys:  # which a list that is open takes before the line
            QTest.keyClick(popup if popup is not None and popup.isVisible() else widget, key)

    def room(self, room):
        """The tab of a room."""
        bar, at = self.dock.tabs.tabBar(), self.dock.tab_index(room)
        if self.dock.tabs.currentIndex() != at:
            self.click(bar, bar.tabRect(at).center())

    def choose_parcels(self, choice):
        """The layer of all parcels: the list of layers, and the layer in it."""
        self.steps += 2
        layers = QgsProject.instance().mapLayers().values()
        choice.choose_layer(next(one for one in layers if one.name() == PARCELS))

    def file(self, name):
        """The path of a file that is written."""
        self.steps += FILE_STEPS
        return str(Path(ORDERS["report"]).with_name(name))

    def until(self, claim, limit_ms=LONG_MS):
        """Until what was asked for is there."""
        try:
            wait_for(claim, limit_ms)
        except AssertionError as error:
            raise AssertionError(self.dock.notice.text) from error

    def wait_for_map(self):
        """Until the map has drawn."""
        settle(100)
        wait_for(lambda: not iface.mapCanvas().isDrawing(), LONG_MS)

    def _keep_picture(self, name):
        iface.messageBar().clearWidgets()
        settle()
        path = str(Path(ORDERS["picture"]).with_name(f"day-{len(seen['tasks']):02}.png"))
        iface.mainWindow().screen().grabWindow(0).save(path)
        seen["pictures"].append([name, path])


def look(day):
    """The panel, a place, a theme, what lies there, a day before."""
    dock, canvas = day.dock, iface.mapCanvas()
    with day.task("Open the panel with the library"):
        day.click(toolbar_button("OneMapPanel"))
        day.until(lambda: dock.isVisible() and dock.library.layers)
    room = dock.map_tab
    with day.task("Put a theme on the map"):
        day.click(room.themes.buttons["control_lines"])
        day.wait_for_map()
    with day.task("Find a place by its initials"):
        before = canvas.extent()
        day.type(room.search, PLACE, Qt.Key.Key_Return)
        day.until(lambda: canvas.extent() != before or room.places.count())
        if canvas.extent() == before:
            day.row(room.places, room.places.model().index(0, 0))
            day.until(lambda: canvas.extent() != before)
        day.wait_for_map()
    room.search.clear()
    with day.task("Ask what lies at a point"):
        answered = []
        dock.identify.answered.connect(lambda: answered.append(True))
        day.click(dock.identify.button)
        day.click(canvas.viewport())
        day.until(lambda: answered)
    dock.identify.clear()
    dock.identify.button.setChecked(False)
    entry = max(dock.library.layers, key=lambda one: len(one.versions))
    with day.task("See a layer as of an early year, and go back to today"):
        day.row(room.tree, room.tree.indexFromItem(room.item_of(entry.code)))
        listed = []
        dock.library.listed.connect(lambda: listed.append(True))
        for key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            listed.clear()
            day.type(room.versions.slider, "", key)
            day.steps -= 1  # nothing was typed
            day.until(lambda: listed)
            day.wait_for_map()


def draw(day):
    """A parcel is drawn, and gets its use."""
    canvas, tab, verdicts = iface.mapCanvas(), day.dock.check_tab, []
    tab.live.results_shown.connect(lambda: verdicts.append(True))
    with day.task("Draw a parcel and see its verdict"):
        day.room(tab)
        day.click(tab.parcels.draw_button)
        middle = canvas.viewport().rect().center()
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            day.click(canvas.viewport(), middle + QPoint(x, y) * SIDE_PX)
        day.type(canvas, "", Qt.Key.Key_Return)
        day.steps -= 1
        day.until(lambda: verdicts and not tab.live.is_working)
    with day.task("State its use"):
        line = tab.uses.use.lineEdit()
        day.click(line)
        verdicts.clear()
        stated = []
        tab.uses.changed.connect(lambda: stated.append(len(verdicts)))
        day.type(line, "0701", Qt.Key.Key_Return)
        day.until(lambda: stated and len(verdicts) > stated[-1] and not tab.live.is_working)


def judge(day):
    """The parcel is checked; its law, what would pass; a workbook, a map on paper."""
    dock, tab = day.dock, day.dock.check_tab
    with day.task("Check it, and read the law of the gravest finding"):
        done = []
        tab.finished.connect(lambda: done.append(True))
        day.click(tab.button)
        day.until(lambda: done)
        results = tab.results
        before = results.details.text()
        finding = results.model.index(0, 0, results.model.index(0, 0))
        day.row(results.tree, finding)
        law = results.model.details_at(finding)
        day.until(lambda: results.details.text() not in ("", before) and results.details.text() == law)
    with day.task("Explain the finding"):
        before = results.details.text()
        day.click(results.explain_button)
        day.until(lambda: results.details.text() != before)
    day.click(results.explain_button)
    with day.task("Ask what would pass"):
        shown = []
        tab.remedy.results_shown.connect(lambda: shown.append(True))
        day.click(results.remedy_button)
        day.until(lambda: shown)
    tab.remedy.leave()
    with day.task("Export the result to Excel"):
        written = []
        results.export_button.exported.connect(written.append)
        results.export_button.write(day.file("result.xlsx"))
        day.until(lambda: written)
    with day.task("Print the map on A4"):
        dock.print_button.write(day.file("map.pdf"), "A4", "Map")
        day.until(dock.print_button.isEnabled)


def judge_many(day):
    """All parcels of a layer."""
    tab = day.dock.check_tab
    with day.task("Check 2,000 parcels"):
        done = []
        tab.finished.connect(lambda: done.append(True))
        day.choose_parcels(tab.parcels)
        day.click(tab.button)
        day.until(lambda: done)


def compare(day):
    """Two plans, and the way to the first spot."""
    tab = day.dock.compare_tab
    with day.task("Compare two plans, and go to a spot"):
        day.room(tab)
        day.until(lambda: tab.form.is_complete)
        done = []
        tab.finished.connect(lambda: done.append(True))
        day.click(tab.button)
        day.until(lambda: done)
        day.row(tab.view.list, tab.view.model.index(0, 0))
        day.wait_for_map()


def count(day):
    """Indicators, and the alerts."""
    tab = day.dock.numbers_tab
    for page, name, view, button in (
        (INDICATORS, "Measure the indicators, and list what fails", tab.indicators, tab.measure_button),
        (ALERTS, "List the alerts", tab.warnings, tab.look_button),
    ):
        with day.task(name):
            day.room(tab)
            if tab.bar.currentIndex() != page:
                day.click(tab.bar, tab.bar.tabRect(page).center())
            shown = []
            view.results_shown.connect(lambda answers=shown: answers.append(True))
            day.click(button)
            day.until(lambda answers=shown: answers)
            if page == INDICATORS:
                day.click(view.failing, QPoint(8, view.failing.height() // 2))


def review(day):
    """A case on the parcels, sent to the departments."""
    dock, tab = day.dock, day.dock.review_tab
    tab.person.set_name("Wang")
    with day.task("Open a case on the checked parcels"):
        day.room(tab)
        day.click(tab.list.open_button)
        day.choose_parcels(tab.form.parcels)  # the form proposes the first by name, which differs with the language
        day.type(tab.form.project, "School")
        day.click(tab.form.send_button)
        page = tab.case_page
        day.until(lambda: page.case is not None)
    with day.task("Look at its findings"):
        day.click(page.tabs.tabBar(), page.tabs.tabBar().tabRect(page.tabs.indexOf(page.findings)).center())
        day.until(lambda: page.findings.results.run is not None)
        day.wait_for_map()
    dock.review_tab.show_list()


def add(day):
    """A file that a department sent."""
    dock = day.dock
    with day.task("Add a department's file as the next version"):
        day.room(dock.map_tab)
        day.click(dock.map_tab.add_button)
        dialog = dock.add_dialog
        dialog.form.source.line.setText(ORDERS["file"])  # Qt's test keyboard has no Chinese
        day.steps += FILE_STEPS
        QTest.keyClick(dialog.form.source.line, Qt.Key.Key_Return)
        day.until(lambda: dialog.form.chosen_part is not None and not dialog.is_working)
        if dialog.form.chosen_target is None or dialog.form.chosen_target.code != ORDERS["code"]:
            dialog.form.choose_target(ORDERS["code"])
            day.steps += 2  # the list of layers, and the layer in it
        bar = dialog.tabs.tabBar()
        day.click(bar, bar.tabRect(dialog.tabs.count() - 1).center())
        day.until(dialog.options.label.isVisible)
        day.click(dialog.options.label)
        day.type(dialog.options.label, ORDERS["label"])
        assert dialog.add_button.isEnabled(), dialog.hint.text()
        answers = []
        dialog.added.connect(lambda answer, _text: answers.append(answer))
        day.click(dialog.add_button)
        day.until(lambda: (answers or dialog.notice.text) and not dialog.is_working)
        assert answers, dialog.notice.text
    seen["added"] = dialog.notice.text
    dialog.close()


def run():
    """The whole day."""
    log = QgsApplication.messageLog()
    log.messageReceived.connect(
        lambda text, tag, level: (
            seen["warnings"].append(f"{tag}: {text}")
            if level in (Qgis.MessageLevel.Warning, Qgis.MessageLevel.Critical) and "Traceback" in text
            else None
        )
    )
    for scheme in ("file",):
        QDesktopServices.setUrlHandler(scheme, lambda _url: None)  # nothing is opened in another program
    window = iface.mainWindow()
    window.setGeometry(0, 0, *WINDOW_PX)
    parcels = QgsVectorLayer(ORDERS["parcels"], PARCELS, "ogr")
    style_parcels(parcels)
    QgsProject.instance().setCrs(parcels.crs())
    QgsProject.instance().addMapLayer(parcels)
    iface.mapCanvas().setExtent(parcels.extent())
    settle()
    dock = qgis.utils.plugins["onemap"].dock
    day = Day(dock)
    window.resizeDocks([dock], [PANEL_PX], Qt.Orientation.Horizontal)
    for part in (look, draw, judge, judge_many, compare, count, review, add):
        part(day)


def begin():
    """Run, report, and close QGIS without a question."""
    try:
        run()
    except BaseException:  # noqa: BLE001 - the report carries it out of QGIS
        seen["errors"].append(traceback.format_exc())
        iface.mainWindow().screen().grabWindow(0).save(ORDERS["picture"])
    finally:
        with open(ORDERS["report"], "w", encoding="utf-8") as file:
            json.dump(seen, file, ensure_ascii=False)
        QgsProject.instance().setDirty(False)
        os._exit(0)


faulthandler.dump_traceback_later(ORDERS["longest_s"], exit=True)
QTimer.singleShot(1500, begin)

"""Runs inside QGIS desktop: opens the panel, ticks layers, checks, visits a finding, all by clicks; then reports."""

import faulthandler
import json
import os
import traceback

import qgis.utils
from qgis.core import Qgis, QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QLabel, QTextEdit
from qgis.utils import iface

from onemap.plugin.desk.map.layer_styles import style_parcels
from onemap.tests.plugin.desktop_hand import LIMIT_MS, click, click_row, settle, toolbar_button, wait_for

ORDERS = json.loads(os.environ["ONEMAP_ORDERS"])
ALL_PLANS_MS = 900_000  # every plan against every other, on a machine that has much else to do
LOOK_MS = 1_000  # how often is looked for a dialog that nobody will answer
WINDOW_PX = (1600, 1000)
PANEL_PX = 420
ON_MAP = ("HLGLFW", "YJJBNTTB", "GL", "STBHHX", "CZKFBJ")

seen = {"errors": [], "warnings": [], "steps": []}


def ground_is_drawn():
    """Whether the library's farmland is on the map, left of the parcel that is shown."""
    picture = iface.mapCanvas().grab().toImage()
    return picture.pixelColor(20, picture.height() // 2).name() != "#ffffff"


def wait_for_map():
    """Until the canvas has drawn everything."""
    settle(300)
    wait_for(lambda: not iface.mapCanvas().isDrawing())
    settle(2200)  # the flash has an end


def reload_plugin():
    """Unload and load again, as the plugin manager does."""
    assert qgis.utils.unloadPlugin("onemap")
    assert not [one for one in QgsApplication.processingRegistry().providers() if one.id() == "onemap"]
    assert qgis.utils.loadPlugin("onemap")
    assert qgis.utils.startPlugin("onemap")
    seen["steps"].append("reloaded")


def open_panel():
    """Press the plugin's button, which opens the remembered library."""
    dock = qgis.utils.plugins["onemap"].dock
    click(toolbar_button("OneMapPanel"))
    wait_for(lambda: dock.isVisible())
    wait_for(lambda: dock.library.layers or dock.notice.text)
    assert dock.notice.text == "", dock.notice.text
    seen["steps"].append("panel")
    return dock


def tick_layers(dock):
    """Put some layers of the library on the map."""
    tree = dock.map_tab.tree
    for code in ON_MAP:
        item = dock.map_tab.item_of(code)
        if item is None or item.data(0, Qt.ItemDataRole.CheckStateRole) is None:
            continue  # not in this library
        tree.scrollToItem(item)
        if item.checkState(0) != Qt.CheckState.Checked:  # by a theme
            click_row(tree, tree.indexFromItem(item), at_start=True)
        assert item.checkState(0) == Qt.CheckState.Checked, f"{code} was not ticked"
    seen["on_map"] = sorted(layer.name() for layer in QgsProject.instance().mapLayers().values())
    seen["steps"].append("layers")


def themes(dock):
    """Show each theme in one click, and a layer's versions below the tree."""
    room = dock.map_tab
    item = room.item_of("STBHHX")
    if item is not None and item.childCount():
        click_row(room.tree, room.tree.indexFromItem(item))
    iface.mapCanvas().zoomToFullExtent()
    for name, button in room.themes.buttons.items():
        click(button)
        wait_for_map()
        take_picture(f"map-{name.replace('_', '-')}")
    seen["themes"] = sorted(QgsProject.instance().mapThemeCollection().mapThemes())
    click(room.themes.buttons["first"])
    wait_for_map()


def check(dock):
    """Press Check, and read the verdicts."""
    tabs = dock.tabs
    click(tabs.tabBar(), tabs.tabBar().tabRect(1).center())
    tab = dock.check_tab
    done = []
    tab.finished.connect(lambda: done.append(True))
    click(tab.button)
    wait_for(lambda: done or dock.notice.text)
    assert dock.notice.text == "", dock.notice.text
    seen["counts"] = {verdict: button.text() for verdict, button in tab.results.counts.buttons.items()}
    seen["parcels"] = tab.results.model.rowCount()
    seen["steps"].append("checked")
    return tab


def go_to_finding(tab):
    """Click a finding whose piece is a part of its parcel, so that the picture shows both."""
    model, tree = tab.results.model, tab.results.tree
    for row in range(model.rowCount()):
        parcel = model.index(row, 0)
        findings = [model.finding_at(model.index(one, 0, parcel)) for one in range(model.rowCount(parcel))]
        worst = model.parcel_at(parcel).verdict
        seen_on_map = [one for one in findings if one is not None and one.verdict == worst and one.layer in ON_MAP]
        parts = [one for one in seen_on_map if 0.2 < (one.share or 0) < 0.8]
        if len(findings) >= ORDERS["findings"] and parts:
            break
    tree.setExpanded(model.index(0, 0), False)
    tree.scrollTo(parcel, tree.ScrollHint.PositionAtTop)
    tree.setExpanded(parcel, True)
    settle()
    tree.scrollTo(parcel, tree.ScrollHint.PositionAtTop)
    click_row(tree, model.index(findings.index(parts[0]), 0, parcel))
    wait_for_map()
    seen["labels"] = tab.results.highlight.labels
    seen["details"] = tab.results.details.text()
    seen["steps"].append("shown")


def take_picture(scene):
    """Keep what is on the screen; scenes besides the first have their name in the file's."""
    iface.messageBar().clearWidgets()  # what QGIS has to say of fonts and news
    settle()
    path = ORDERS["picture"]
    if scene:
        path = path.replace(".png", f"-{scene}.png")
    iface.mainWindow().screen().grabWindow(0).save(path)
    seen["steps"].append(f"pictured {scene}".strip())


def explain(tab):
    """Press Explain: the steps take the place of the details."""
    before = tab.results.details.text()
    click(tab.results.explain_button)
    wait_for(lambda: tab.results.details.text() != before or dock_text())
    seen["steps_text"] = tab.results.details.text()
    take_picture("explain")
    click(tab.results.explain_button)
    assert tab.results.details.text() == before


def try_file(tab):
    """Check again with a file instead of a layer, and show the first parcel that changes."""
    done = []
    tab.trial_finished.connect(lambda: done.append(True))
    tab.try_file(ORDERS["code"], ORDERS["file"])
    wait_for(lambda: done or dock_text())
    assert done, dock_text()
    seen["trial"] = tab.trial.summary.text()
    tree = tab.trial.tree
    if tree.topLevelItemCount():
        tree.expandItem(tree.topLevelItem(0))
        click_row(tree, tree.indexFromItem(tree.topLevelItem(0).child(0)))
    wait_for_map()
    take_picture("trial")
    tab.trial.leave()


def review(dock):
    """Open a case on the parcels that were checked, look at its findings, and go back to the list."""
    tab, tab_bar = dock.review_tab, dock.tabs.tabBar()
    tab.person.set_name("Wang")
    click(tab_bar, tab_bar.tabRect(dock.tab_index(tab)).center())
    click(tab.list.open_button)
    QTest.keyClicks(tab.form.project, "School")
    take_picture("review-open")
    click(tab.form.send_button)
    page = tab.case_page
    wait_for(lambda: dock_text() or (page.case is not None and page.findings.results.run is not None))
    assert page.case is not None, dock_text()
    seen["case"] = [page.case.project, page.case.state, len(page.case.opinions)]
    take_picture("review-case")
    click(page.tabs.tabBar(), page.tabs.tabBar().tabRect(page.tabs.indexOf(page.findings)).center())
    tree = page.findings.results.tree
    click_row(tree, tree.currentIndex())
    wait_for_map()
    seen["case_ground"] = ground_is_drawn()
    seen["case_labels"] = page.findings.results.highlight.labels
    take_picture("review-findings")
    click(page.back_button)
    wait_for(lambda: tab.list.lines)
    seen["cases"] = [line.row["name"].partition("\n")[0] for line in tab.list.lines]
    take_picture("review-list")
    seen["steps"].append("reviewed")


def remedy(tab):
    """Ask what would pass of a parcel with little against it, also moved and turned, and look at one of the ways."""
    done, model = [], tab.results.model
    for row in range(model.rowCount()):
        shares = [one.share or 1.0 for one in model.parcel_at(model.index(row, 0)).findings if one.counted]
        if shares and max(shares) < 0.1:
            break
    tab.results.tree.setCurrentIndex(model.index(row, 0))
    tab.remedy.results_shown.connect(lambda: done.append(True))
    tab.remedy.form.move.setValue(100)
    tab.remedy.form.turn.setValue(30)
    click(tab.results.remedy_button)
    wait_for(lambda: done or dock_text())
    assert done, dock_text()
    tree = tab.remedy.tree
    seen["alternatives"] = [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount())]
    click_row(tree, tree.indexFromItem(tree.topLevelItem(tree.topLevelItemCount() - 1)))
    wait_for_map()
    take_picture("remedy")
    tab.remedy.leave()


def find_sites(tab):
    """Look for places for a hectare, and go to one."""
    done = []
    tab.sites.results_shown.connect(lambda: done.append(True))
    click(tab.sites_button)
    click(tab.sites.button)
    wait_for(lambda: done or dock_text(), 2 * LIMIT_MS)
    seen["sites"] = len(tab.sites.sites)
    wait_for_map()
    take_picture("sites")
    click(tab.sites_button)


def compare(dock):
    """Compare all plans, open two that contradict each other, and lay them side by side."""
    tab, tab_bar = dock.compare_tab, dock.tabs.tabBar()
    click(tab_bar, tab_bar.tabRect(dock.tab_index(tab)).center())
    wait_for(lambda: tab.form.is_complete)
    done, shown = [], []
    tab.pairs.results_shown.connect(lambda: shown.append(True))
    tab.finished.connect(lambda: done.append(True))
    click(tab.pairs_button)
    click(tab.pairs.button)
    wait_for(lambda: shown or dock_text(), ALL_PLANS_MS)
    take_picture("contradictions")
    tab.pairs_button.setChecked(False)
    click(tab.button)
    wait_for(lambda: done or dock_text())
    assert done, dock_text()
    seen["spots"] = tab.view.model.rowCount()
    click(tab.view.buttons["beside"])
    settle()
    QTest.keyClick(tab.view.list, Qt.Key.Key_Z)
    wait_for(lambda: tab.sides.second_map.pictures.is_drawn)
    wait_for_map()
    take_picture("compare")
    click(tab.view.buttons["beside"])


def add_file(dock):
    """Open the dialog, choose a file, look at all its pages, and load it."""
    click(dock.tabs.tabBar(), dock.tabs.tabBar().tabRect(0).center())
    click(dock.map_tab.add_button)
    dialog = dock.add_dialog
    wait_for(lambda: dialog is not None and dialog.isVisible())
    dialog.form.source.line.setText(ORDERS["file"])  # Qt's test keyboard has no Chinese
    QTest.keyClick(dialog.form.source.line, Qt.Key.Key_Return)
    wait_for(lambda: not dialog.is_working)
    dialog.form.choose_target(ORDERS["code"])
    seen["place"] = dialog.page.preview.summary.text()
    seen["facts"] = dialog.page.facts.text()
    settle(1500)  # the small map
    take_picture("add")
    for number, scene in ((1, "add-fields"), (2, "add-options")):
        click(dialog.tabs.tabBar(), dialog.tabs.tabBar().tabRect(number).center())
        take_picture(scene)
    dialog.resize(340, 200)  # as small as it will be
    click(dialog.tabs.tabBar(), dialog.tabs.tabBar().tabRect(0).center())
    settle(1500)
    take_picture("add-small")
    dialog.options.label.setText(ORDERS["label"])
    dialog.options.valid_from.setDate(QDate(2026, 1, 1))  # of the same content another day makes a version
    assert dialog.add_button.isEnabled(), dialog.hint.text()
    click(dialog.add_button)
    wait_for(lambda: not dialog.is_working)
    seen["added"] = dialog.notice.text
    take_picture("add-done")
    dialog.close()


def dock_text():
    """The message of the panel, if any."""
    return qgis.utils.plugins["onemap"].dock.notice.text


class Watch:
    """Closes and reports dialogs and menus with a loop of their own that wait for a click."""

    def __init__(self):
        self._seen = None
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def _look(self):
        waiting = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if waiting is not None and waiting is self._seen:  # since the last look
            texts = [label.text() for label in waiting.findChildren(QLabel) if label.isVisible()]
            # QGIS tells an exception of a slot so, and stands still until somebody has read it.
            texts += [text.toPlainText() for text in waiting.findChildren(QTextEdit)]
            name = f"{type(waiting).__name__} “{waiting.windowTitle()}” {' '.join(texts)}"
            seen["errors"].append(f"stood in the way after {seen['steps'][-1:]}: {name[:2000]}")
            waiting.close()
        self._seen = waiting


def run():
    """All of it, in order."""
    log = QgsApplication.messageLog()
    log.messageReceived.connect(
        lambda text, tag, level: (
            seen["warnings"].append(f"{tag}: {text}")
            if level in (Qgis.MessageLevel.Warning, Qgis.MessageLevel.Critical) and _is_ours(text, tag)
            else None
        )
    )
    window = iface.mainWindow()
    window.setGeometry(0, 0, *WINDOW_PX)
    settle()
    reload_plugin()
    parcels = QgsVectorLayer(
        ORDERS["parcels"], "用地红线" if QgsApplication.locale().startswith("zh") else "Parcels", "ogr"
    )
    style_parcels(parcels)
    QgsProject.instance().setCrs(parcels.crs())
    QgsProject.instance().addMapLayer(parcels)
    iface.mapCanvas().setExtent(parcels.extent())
    for other in window.findChildren(QDockWidget):
        if other.objectName() == "Browser":
            other.hide()
    dock = open_panel()
    window.resizeDocks([dock], [PANEL_PX], Qt.Orientation.Horizontal)
    window.setGeometry(0, 0, *WINDOW_PX)
    if ORDERS["all_rooms"]:
        themes(dock)
    tick_layers(dock)
    wait_for_map()
    tab = check(dock)
    go_to_finding(tab)
    take_picture("")
    explain(tab)
    if ORDERS["all_rooms"]:
        remedy(tab)
        find_sites(tab)
        compare(dock)
    review(dock)
    click(dock.tabs.tabBar(), dock.tabs.tabBar().tabRect(dock.tab_index(tab)).center())
    if ORDERS.get("file"):
        try_file(tab)
        add_file(dock)


def _is_ours(text, tag):
    return "onemap" in text.lower() or tag in ("One Map", "Plugins") or "Traceback" in text


def begin():
    """Run, report, and close QGIS without a question."""
    seen["watch"] = Watch()
    try:
        run()
    except BaseException:  # noqa: BLE001 - the report carries it out of QGIS
        seen["errors"].append(traceback.format_exc())
        iface.mainWindow().screen().grabWindow(0).save(ORDERS["picture"])
    try:
        qgis.utils.unloadPlugin("onemap")
    finally:
        del seen["watch"]
        with open(ORDERS["report"], "w", encoding="utf-8") as file:
            json.dump(seen, file, ensure_ascii=False)
        QgsProject.instance().setDirty(False)
        QgsApplication.exitQgis()
        os._exit(0)


# Whatever it hangs in, even where no event comes through: where that is goes to the log, and QGIS ends.
faulthandler.dump_traceback_later(ORDERS["longest_s"], exit=True)
QTimer.singleShot(1500, begin)

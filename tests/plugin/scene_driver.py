"""Runs inside QGIS desktop: layers leave the map while a 3D view that shows them loads; then reports.

Each step returns to QGIS's own loop, as a click does.
"""

import faulthandler
import json
import os
import traceback

import qgis.utils
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QAction, QApplication, QDialog
from qgis.utils import iface

ORDERS = json.loads(os.environ["ONEMAP_ORDERS"])
LOOK_MS, MOST_LOOKS = 20, 1500
DELAYS_MS = (0, 0, 10, 60, 200, 700)  # after the press that opens the view: it loads for about a second
seen = {"errors": [], "views": [], "left": []}


def views():
    """The titles of the open 3D views."""
    titles = {"One Map 3D", "3D Map 1", "3D Map 2", "3D Map 3"}
    boxes = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
    return [one for one in boxes if one.windowTitle() in titles]


def layers_in_3d():
    """The layers on the map that have a look in three dimensions, by code."""
    shown = QgsProject.instance().mapLayers().values()
    ours = [one for one in shown if isinstance(one, QgsVectorLayer) and one.renderer3D() is not None]
    return sorted(str(one.customProperty("onemap/code")) for one in ours)


def steps():
    """All of it; yields how long QGIS goes on by itself, or what it is waited for."""
    next(one for one in iface.mainWindow().findChildren(QAction) if one.objectName() == "OneMapPanel").trigger()
    dock = qgis.utils.plugins["onemap"].dock
    yield lambda: bool(dock.library.packs)
    for delay in DELAYS_MS:
        dock.scene_button.click()
        yield delay
        codes = layers_in_3d()
        for code in codes:
            dock.map_tab.item_of(code).setCheckState(0, Qt.CheckState.Unchecked)
        seen["left"].append(codes)
        yield 100
        dock.scene_button.click()  # a second press takes the view that is open
        yield delay
        seen["views"].append([view.windowTitle() for view in views()])
        QgsProject.instance().removeAllMapLayers()  # as QGIS itself does
        yield 100
        for view in views():
            view.close()
        yield 50
    dock.scene_button.click()
    yield 300
    for view in views():
        view.close()
    yield lambda: not QgsProject.instance().mapLayers()
    seen["given_back"] = True


def report():
    """Report, and close QGIS without a question."""
    with open(ORDERS["report"], "w", encoding="utf-8") as file:
        json.dump(seen, file, ensure_ascii=False)
    os._exit(0)


def go(script):
    """One step, then QGIS's own loop, then the next."""
    try:
        pause = next(script)
    except StopIteration:
        report()
    except BaseException:  # noqa: BLE001 - the report carries it out of QGIS
        seen["errors"].append(traceback.format_exc())
        report()
    if callable(pause):
        wait_for(pause, script, MOST_LOOKS)
    else:
        QTimer.singleShot(pause, lambda: go(script))


def wait_for(claim, script, looks):
    """Go on once a claim holds."""
    if claim():
        go(script)
    elif looks:
        QTimer.singleShot(LOOK_MS, lambda: wait_for(claim, script, looks - 1))
    else:
        seen["errors"].append(f"waited in vain in line {script.gi_frame.f_lineno}; {seen['left']}")
        report()


# Whatever it hangs in, even where no event comes through: where that is goes to the log, and QGIS ends.
faulthandler.dump_traceback_later(ORDERS["longest_s"], exit=True)
QTimer.singleShot(1500, lambda: go(steps()))

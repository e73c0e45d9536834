"""How long QGIS hangs where much is shown; run by QGIS's Python, as: python stall_driver.py ORDERS.json.

The dock and the core are the real ones, beside a map that is being drawn, on an invisible screen.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt

from onemap.plugin.profile import settings
from onemap.resources.workshop.pictures.dock_camera import DockCamera, wait, wait_for
from onemap.tests.bench.day.pulse import Pulse

REST_MS = 1_500  # after an answer, in which what was put off happens
LONGEST_MS, LOOK_MS = 900_000, 50
DOCK_PX = (420, 900)


class Stalls(DockCamera):
    """Tasks done repeatedly while a pulse measures. orders: as written by bench_day.py."""

    def __init__(self, orders):
        super().__init__({"crs": orders["crs"], "size": DOCK_PX})
        self.orders, self.found = orders, {}
        self.canvas.show()

    def open(self, library):
        """Open a library."""
        self.dock.open_library(library)
        wait_for(lambda: self.dock.library.path == library and self.dock.library.layers)
        wait(REST_MS)

    def measure(self, name, do, claim):
        """Do it, until the claim holds, and note how long nothing else could be done."""
        pulse = Pulse()
        do()
        for _look in range(LONGEST_MS // LOOK_MS):
            if claim():
                break
            wait(LOOK_MS)
        else:
            raise AssertionError(f"{name}: {self.dock.notice.text}")
        wait(REST_MS)
        self.canvas.waitWhileRendering()
        self.found.setdefault(name, []).append(pulse.read())

    def days(self):
        """The slider of versions, to an early one and back, with every layer of the city on the map."""
        dock, tab = self.dock, self.dock.map_tab
        tab.show_map_of(self.orders["city"])
        self.open(self.orders["city"])
        entries = [one for one in dock.library.layers if one.versions]
        for entry in entries:
            item = tab.item_of(entry.code)
            if item is not None and item.data(0, Qt.ItemDataRole.CheckStateRole) is not None:
                item.setCheckState(0, Qt.CheckState.Checked)
        self.canvas.zoomToFullExtent()
        wait(REST_MS)
        entry = max(entries, key=lambda one: len(one.versions))
        tab.tree.setCurrentItem(tab.item_of(entry.code))
        slider, listed = tab.versions.slider, []
        dock.library.listed.connect(lambda: listed.append(True))
        for _run in range(self.orders["runs"]):
            for name, value in (("day, back to an early version", 0), ("day, back to today", slider.maximum())):
                listed.clear()
                self.measure(name, lambda at=value: slider.setValue(at), lambda: listed)

    def checks(self, parcels, name):
        """The findings of many parcels."""
        tab, done = self.dock.check_tab, []
        self.show_room(tab)
        tab.parcels.choose_file(parcels)
        tab.finished.connect(lambda: done.append(True))
        for run in range(self.orders["runs"]):
            self.measure(name, tab.check, lambda count=run + 1: len(done) >= count)

    def comparisons(self, plans, name):
        """The spots of two plans."""
        tab, done = self.dock.compare_tab, []
        self.show_room(tab)
        tab.form.choose(*plans)
        wait_for(lambda: tab.form.is_complete)
        tab.finished.connect(lambda: done.append(True))
        for run in range(self.orders["runs"]):
            self.measure(name, tab.compare, lambda count=run + 1: len(done) >= count)


def main(orders):
    """Do all tasks in order, and write the findings to the file that the orders name."""
    application = QgsApplication([], True)
    application.initQgis()
    settings.put("language", "en")
    stalls = Stalls(orders)
    try:
        stalls.days()
        for size, files in orders["sizes"].items():
            stalls.open(files["library"])
            stalls.checks(files["parcels"], f"a check of {int(size):,} parcels")
            stalls.comparisons(files["plans"], f"a comparison of {int(size):,} spots")
    finally:
        Path(orders["report"]).write_text(json.dumps(stalls.found), encoding="utf-8")
        stalls.close()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.flush()
    os._exit(0)  # Python would take QGIS's objects down in no order

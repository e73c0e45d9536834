"""Random clicks in the real dock with a real core, on an invisible screen; run by QGIS's Python: ORDERS.json."""

import json
import os
import random
import sys
import time
import traceback
from collections import deque
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QApplication, QFileDialog, QProgressBar

from onemap.plugin.profile import settings
from onemap.plugin.words.translation import install_translator
from onemap.resources.workshop.pictures.dock_camera import DockCamera, wait, wait_for
from onemap.tests.bench.clicks.random_hand import RandomHand

DOCK_PX = (1100, 900)
KEPT_STEPS = 15  # of what goes wrong, how it came to it
BEAT_MS, LONGEST_GAP_S = 50, 3.0
STEPS_IN_ROOM = (60, 250)
END_S = 120  # for what still runs when the hand has stopped
DEFECT = "defect.ours"
LEFT_ALONE = ("sample city", "示例城市", "Set up the core", "安装核心")  # they take minutes, or change this machine
TEXTS = [
    "",
    "1",
    "0",
    "-1",
    "abc",
    "公园",
    "'; DROP",
    "5000",
    "2025-01-01",
    "EPSG:4547",
    "%s {x} %",
    "<b>x</b>",
    "张三",
]
TEXTS += ["1e9", "nan", "A" * 300, "\u202e\u200b", "DK00001"]


class Clicks(DockCamera):
    """The dock, a hand in it, and what goes wrong. orders: what bench_clicks.py wrote."""

    def __init__(self, orders):
        super().__init__({"crs": orders["crs"], "size": DOCK_PX})
        self.orders, self.chance = orders, random.Random(orders["seed"])
        self.faults, self.steps, self._left = [], deque(maxlen=KEPT_STEPS), 0
        self.files = [orders["library"], *orders["files"], "/nowhere/x.gpkg", ""]
        texts = [*TEXTS, *self.files]
        self.hand = RandomHand(self.chance, self.room, texts, is_left_alone, self.steps.append)
        self.start_s, self._beat_s, self.longest_s = time.monotonic(), time.monotonic(), 0.0
        self.requests = self._open = 0
        sys.excepthook = lambda *error: self.note("exception", "".join(traceback.format_exception(*error)))
        QgsApplication.messageLog().messageReceived.connect(self._read_log)
        self.core.died.connect(lambda why: self.note("core", why))
        self._ask, self.core.ask = self.core.ask, self._watched_request
        self._replace_dialogs()

    def note(self, kind, text):
        """Record a fault with the steps before it; equal faults once."""
        last = text.strip().splitlines()[-1] if text.strip() else ""
        if all((kind, last) != (one["kind"], one["last"]) for one in self.faults):
            at_s = round(time.monotonic() - self.start_s, 1)
            self.faults.append({"kind": kind, "last": last, "at_s": at_s, "text": text, "steps": list(self.steps)})

    def room(self):
        """The room in which the hand works for a while; now and then another one."""
        dock = self.dock
        if dock.pages.currentWidget() is not dock.tabs:
            dock.open_library(self.orders["library"])
            return [dock.pages.currentWidget()]
        self._left -= 1
        if self._left < 0:
            self._left = self.chance.randint(*STEPS_IN_ROOM)
            dock.tabs.setCurrentIndex(self.chance.randrange(dock.tabs.count()))
        return [dock if self.chance.random() < 0.05 else dock.tabs.currentWidget()]

    def run(self):
        """Let the hand work for the ordered time, then let all work end."""
        self.dock.open_library(self.orders["library"])
        wait_for(lambda: self.dock.library.layers)
        parcels = QgsVectorLayer(self.orders["parcels"], "parcels", "ogr")
        QgsProject.instance().addMapLayer(parcels)
        beat = QTimer()
        beat.timeout.connect(self._look_at_clock)
        self._beat_s = time.monotonic()
        beat.start(BEAT_MS)
        self.hand.work()
        wait(1000 * self.orders["seconds"])
        self.hand.stop()
        self._end_work()
        beat.stop()

    def _end_work(self):
        """Close what is open, and note what does not come to its end."""
        ends_at = time.monotonic() + END_S
        while time.monotonic() < ends_at:
            front = QApplication.activePopupWidget() or QApplication.activeModalWidget()
            if front is not None:
                front.close()
            elif not self._open:
                break
            wait(100)
        else:
            self.note("unended", f"{self._open} requests have not ended after {END_S} s.")
            return
        wait(1000)
        if bars := [bar for bar in self.dock.findChildren(QProgressBar) if bar.isVisible()]:
            self.note("busy", f"{len(bars)} bars still show work that has ended.")

    def _look_at_clock(self):
        now, before = time.monotonic(), self._beat_s
        self._beat_s = now
        self.longest_s = max(self.longest_s, now - before)
        if now - before > LONGEST_GAP_S:
            self.note("stall", f"QGIS stood still for {now - before:.0f} s.")

    def _watched_request(self, verb, params, title=""):
        request = self._ask(verb, params, title)
        self.requests, self._open = self.requests + 1, self._open + 1
        request.ended.connect(self._count_ended)
        request.refused.connect(lambda refusal: self._look_at_refusal(verb, refusal))
        return request

    def _count_ended(self):
        self._open -= 1

    def _look_at_refusal(self, verb, refusal):
        if refusal.is_about(DEFECT):
            self.note("defect", f"{verb}: {refusal}")

    def _read_log(self, text, tag, level):
        if level == Qgis.MessageLevel.Critical or "Traceback" in text:
            self.note("log", f"{tag}: {text}")

    def _replace_dialogs(self):
        """Answer the dialogs of the system, which no hand in this process could use."""
        folder, chance = self.orders["folder"], self.chance

        def some_file(*_given, **_named):
            return chance.choice(self.files), ""

        def new_file(*_given, **_named):
            suffix = chance.choice((".gpkg", ".pdf", ".csv", "", ".toml", ".xlsx"))
            return f"{folder}/saved{chance.randint(0, 9)}{suffix}", ""

        QFileDialog.getOpenFileName = staticmethod(some_file)
        QFileDialog.getOpenFileNames = staticmethod(lambda *_given, **_named: ([some_file()[0]], ""))
        QFileDialog.getSaveFileName = staticmethod(new_file)
        QFileDialog.getExistingDirectory = staticmethod(lambda *_given, **_named: chance.choice((folder, "")))
        QDesktopServices.openUrl = staticmethod(lambda _url: True)


def is_left_alone(one):
    """Whether the hand does not touch a control or an action."""
    text = one.text() if callable(getattr(one, "text", None)) else ""
    return isinstance(text, str) and any(part in text for part in LEFT_ALONE)


def main(orders):
    """Do all of it, and write the findings to the file that the orders name."""
    application = QgsApplication([], True)
    application.setQuitOnLastWindowClosed(False)
    application.initQgis()
    settings.put("language", orders["language"])
    translator = install_translator()  # noqa: F841 - it lasts as long as it has a name
    clicks = Clicks(orders)
    try:
        clicks.run()
    finally:
        found = {"faults": clicks.faults, "requests": clicks.requests, "longest_s": clicks.longest_s}
        Path(orders["report"]).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        clicks.close()
        os._exit(0)  # Python would take QGIS's objects down in no order, and may not come to an end


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))

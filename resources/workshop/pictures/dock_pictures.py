"""Pictures of the dock's rooms, for the picture book: the real dock and core, on an invisible screen.

Run by `build.py pictures` with QGIS's Python, as: python dock_pictures.py REQUEST.json. The request has library,
parcels, language, theme (light or dark), font size in points, size of the dock, the beginning of the pictures' names,
the rooms (by default all), and whether to show them also in grey and as people with deficient colour vision see them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTranslator

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.desk.packs.pack_dialog import DIFFERENCES, VERSIONS
from onemap.plugin.profile import settings
from onemap.plugin.rooms.numbers.numbers_tab import ALERTS, INDICATORS
from onemap.plugin.words.translation import install_translator
from onemap.resources.workshop.pictures.dock_camera import (
    DRAWN_MS,
    DockCamera,
    bring_into_sight,
    palette_of,
    wait,
    wait_for,
)
from onemap.resources.workshop.pictures.picture_states import StatePictures
from onemap.resources.workshop.pictures.processing_pictures import take_processing
from onemap.resources.workshop.pictures.proof_pictures import take_proof

QGIS_WORDS = {"zh": "qgis_zh-Hans.qm", "en": "qgis_en_US.qm"}
LISTED_MS = 4_000  # until the cases of a library are listed


class RoomPictures(DockCamera):
    """Takes pictures of the rooms in the order in which a planner visits them."""

    def take_all(self) -> None:
        """Visit all rooms, or only those that the request names."""
        self.dock.map_tab.show_map_of(self.request["library"])
        self.dock.open_library(self.request["library"])
        wait_for(lambda: self.dock.library.layers or self.dock.notice.text)
        states = StatePictures(self)
        rooms = {
            "map": self._take_map,
            "state-check": states.take_check,
            "check": self._take_check,
            "packs": self._take_packs,
            "state-compare": states.take_compare,
            "compare": self._take_compare,
            "state-review": states.take_review,
            "review": self._take_review,
            "state-numbers": states.take_numbers,
            "numbers": self._take_numbers,
            "proof": lambda: take_proof(self),
            "state-map": states.take_map,
            "dialogs": self._take_dialogs,
            "state-dialogs": states.take_dialogs,
            "processing": lambda: take_processing(self),
            "state-beginnings": states.take_beginnings,
        }
        room_names = self.request.get("rooms") or list(rooms)
        if unknown := [name for name in room_names if name not in rooms]:
            raise SystemExit(f"there is no room {unknown[0]}; there are: {', '.join(rooms)}.")
        for name in room_names:
            rooms[name]()

    def _take_map(self) -> None:
        """Take the layers, the versions of one, the tools below, and the map itself."""
        tab = self.dock.map_tab
        self.take_room("map", tab)
        entries = (entry for entry in self.dock.library.layers if len(entry.versions) > 1)
        entry = next(entries, None)
        if entry is not None:
            item = tab.item_of(entry.code)
            tab.tree.scrollToItem(item)
            tab.tree.setCurrentItem(item)
            self.take("map-versions")
            tab.tree.setCurrentItem(None)
        self._take_identify()
        for theme in reversed(list(tab.themes.buttons)):  # the first is shown: pressed again, it would give way
            tab.themes.buttons[theme].click()
            self._take_ground(f"ground-{theme.replace('_', '-')}")

    def _take_identify(self) -> None:
        """Take the features at the middle of the map, and in a box around it."""
        view, canvas = self.dock.identify, self.canvas
        canvas.zoomToFullExtent()
        answers: list = []
        view.answered.connect(lambda: answers.append(True))
        view.use_way("box")
        self.take("map-identify-tool")
        view.ask_in(canvas.extent().buffered(-0.45 * canvas.extent().width()))
        wait_for(lambda: answers or self.dock.notice.text)
        self.take("map-identify-box")
        view.use_way("point")
        view.ask_at(canvas.center())
        wait_for(lambda: len(answers) > 1 or self.dock.notice.text)
        feature = view.tree.topLevelItem(0)
        while feature.childCount():  # the layers that rules speak of come first, and their features below them
            feature = feature.child(0)
        view.tree.setCurrentItem(feature)
        self.take("map-identify-point")
        items = map(view.tree.topLevelItem, range(view.tree.topLevelItemCount()))
        for item in items:  # what is folded, as the layers that have nothing here, with the nearest of each
            item.setExpanded(item.text(0).startswith(("此处没有", "Nothing here")))
        self.take("map-identify-nearest")
        view.clear()
        view.button.setChecked(False)

    def _take_ground(self, name: str) -> None:
        """Take the map, as everybody sees it."""
        canvas = self.canvas
        canvas.show()
        canvas.zoomToFullExtent()
        wait(DRAWN_MS)
        canvas.waitWhileRendering()
        self.keep(name, canvas.grab().toImage())
        canvas.hide()

    def _take_check(self) -> None:
        dock, tab = self.dock, self.dock.check_tab
        dock.tabs.setCurrentIndex(dock.tab_index(tab))
        tab.parcels.choose_file(self.request["parcels"])
        answers: list = []
        tab.finished.connect(lambda: answers.append(True))
        tab.check()
        wait_for(lambda: answers or dock.notice.text)
        self.take("check")
        model, results = tab.results.model, tab.results
        results.tree.setCurrentIndex(model.index(0, 0, model.index(0, 0)))
        before = results.details.text()
        results.explain_button.click()
        wait_for(lambda: results.details.text() != before)
        self.take("check-explained")
        results.summary_button.setChecked(True)
        self.take("check-sums")
        results.summary_button.setChecked(False)
        tab.past_button.setChecked(True)
        wait_for(lambda: not tab.past.is_working)
        self.take("check-past")
        tab.past_button.setChecked(False)

    def _take_compare(self) -> None:
        tab = self.dock.compare_tab
        tab.form_button.setChecked(True)
        self.take_room("compare", tab)
        if tab.form.is_complete:
            answers: list = []
            tab.finished.connect(lambda: answers.append(True))
            tab.compare()
            wait_for(lambda: answers or self.dock.notice.text)
            self.take("compare-spots")
        pairs = tab.pairs
        tab.pairs_button.setChecked(True)
        pair_answers: list = []
        pairs.results_shown.connect(lambda: pair_answers.append(True))
        pairs.ask()
        wait_for(lambda: pair_answers or self.dock.notice.text)
        self.take("compare-contradictions")

    def _take_review(self) -> None:
        tab = self.dock.review_tab
        self.show_room(tab)
        if tab.case_page.case is not None:
            tab.show_list()
        for _look in range(LISTED_MS // 20):  # a library may have no case
            if tab.list.lines:
                break
            wait(20)
        self.take("review")
        if tab.list.lines:
            page = tab.case_page
            tab.open_case(tab.list.lines[0].case)
            wait_for(lambda: page.case is not None or self.dock.notice.text)
            self.take("review-case")
            page.tabs.setCurrentIndex(page.tabs.indexOf(page.findings))
            page.table.choose_department("planning")
            wait_for(lambda: page.findings.results.run is not None or self.dock.notice.text)
            self.take("review-findings")
            page.findings.results.summary_button.setChecked(True)
            self.take("review-unasked")

    def _take_numbers(self) -> None:
        """Take the indicators of the divisions, and the warnings."""
        dock, tab = self.dock, self.dock.numbers_tab
        dock.tabs.setCurrentIndex(dock.tab_index(tab))
        for page, name, view, button in (
            (INDICATORS, "numbers", tab.indicators, tab.measure_button),
            (ALERTS, "numbers-warnings", tab.warnings, tab.look_button),
        ):
            tab.bar.setCurrentIndex(page)
            number_answers: list = []
            view.results_shown.connect(lambda answers=number_answers: answers.append(True))
            button.click()
            wait_for(lambda answers=number_answers: answers or dock.notice.text)
            top = view.tree.topLevelItem(0)
            top.setExpanded(True)
            view.tree.setCurrentItem(top.child(0))
            wait(DRAWN_MS)
            bring_into_sight(view)
            self.take(name)

    def _take_packs(self) -> None:
        """Take the rule pack: as shipped, changed by the city, its differences, the verdicts it turns, in force."""
        dock = self.dock
        dock.tabs.setCurrentIndex(dock.tab_index(dock.check_tab))
        rules = dock.check_tab.rules
        rules.pack_button.click()
        dialog = rules.pack_dialog
        wait_for(lambda: dialog.rules.fields and not dialog.is_working)
        self.take_open_window("packs-shipped", dialog)
        dialog.copy_to(str(Path(self.request["library"]).with_name("city.toml")))
        wait_for(
            lambda: dialog.prove_button.isEnabled() and not dialog.copy_button.isEnabled() and not dialog.is_working
        )
        dialog.rules.choose("road.control_zone")
        dialog.rules.fields["road.control_zone:min_area_m2"].control.setText("5")
        self.take_open_window("packs-own", dialog)
        dialog.rules.form_area.ensureWidgetVisible(dialog.rules.fields["road.control_zone:basis.1.to"])
        self.take_open_window("packs-articles", dialog)
        dialog.rules.choose("checklist")
        self.take_open_window("packs-checklist", dialog)
        dialog.rules.choose("road.control_zone")
        dialog.save()
        wait_for(lambda: not dialog.rules.edits and not dialog.is_working)
        dialog.rules.fields["road.control_zone:min_area_m2"].control.setText("-5")
        dialog.save()
        wait_for(lambda: not dialog.is_working)
        self.take_open_window("packs-refused", dialog)
        dialog.rules.fields["road.control_zone:min_area_m2"].control.setText("5")
        for page, name in ((DIFFERENCES, "packs-differences"), (VERSIONS, "packs-versions")):
            dialog.pages.setCurrentIndex(page)
            wait_for(lambda: not dialog.is_working)
            self.take_open_window(name, dialog)
        dialog.try_out()
        wait_for(lambda: not dialog.is_working)
        self.take_open_window("packs-turned", dialog)
        dialog.prove()
        wait(DRAWN_MS)
        self.take_open_window("packs-proving", dialog)
        wait_for(lambda: not dialog.is_working)
        self.take_window("packs-proof", dialog)

    def _take_dialogs(self) -> None:
        """Take the dialogs for adding and for publishing."""
        dock = self.dock
        dock.add_layer("")
        dock.add_dialog.form.source.choose(SourceFile(self.request["parcels"]))
        wait_for(lambda: not dock.add_dialog.is_working)
        self.take_window("dialog-add", dock.add_dialog)
        dock.publish()
        self.take_window("dialog-publish", dock.publish_dialog)
        dock.map_tab.delivery_button.click()
        self.take_window("dialog-delivery", dock.delivery_dialog)


def dress(application: QgsApplication, request: dict) -> None:
    """Give the program its theme, font and language."""
    application.setStyle("Fusion")
    application.setPalette(palette_of(request["theme"]))
    font = application.font()
    font.setPointSizeF(request["points"])
    application.setFont(font)
    settings.put("language", request["language"])


def translate_qgis(language: str) -> QTranslator:
    """Translate QGIS's own words, too, as on a planner's desk. Returns the translator, which must live as long."""
    translator = QTranslator()
    if translator.load(str(Path(QgsApplication.i18nPath()) / QGIS_WORDS[language])):
        QCoreApplication.installTranslator(translator)
    return translator


def main(request: dict) -> int:
    """Take the pictures; returns the exit code."""
    if hasattr(Qt.ApplicationAttribute, "AA_UseHighDpiPixmaps"):  # as QGIS itself with Qt 5; later Qt always does
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    application = QgsApplication([], True)
    application.initQgis()
    dress(application, request)
    translators = translate_qgis(request["language"]), install_translator()  # live as long as the dock
    pictures = RoomPictures(request)
    try:
        pictures.take_all()
    except TimeoutError:
        sys.stderr.write("the dock did not do what was asked of it in time\n")
        return 1
    finally:
        pictures.close()
        del translators
    return 0


if __name__ == "__main__":
    code = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.flush()
    os._exit(code)  # Python would take QGIS's objects down in no order

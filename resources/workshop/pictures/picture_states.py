"""Rooms that have nothing to show, have found nothing, are at work, were cancelled, or refuse."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from qgis.core import QgsGeometry, QgsProject, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import QDate
from qgis.PyQt.QtWidgets import QMenu

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.desk.add.source_choice import Delivery
from onemap.plugin.dock.options_page import OptionsPage
from onemap.plugin.profile import settings
from onemap.plugin.rooms.numbers.numbers_tab import INDICATORS, LAND_USE, SENSORS
from onemap.resources.workshop.pictures.dock_camera import DRAWN_MS, DockCamera, wait, wait_for

LONG_AGO = QDate(1990, 1, 1)  # no layer is in force
OPTIONS_PX = (560, 420)
PERSON = {"zh": "李静", "en": "Li Jing"}


class StatePictures:
    """Takes states of the rooms and dialogs with a camera."""

    def __init__(self, camera: DockCamera) -> None:
        self._camera, self._dock, self._request = camera, camera.dock, camera.request
        self._folder = Path(tempfile.mkdtemp(prefix="onemap-pictures-"))

    def take_beginnings(self) -> None:
        """Take the dock before there is a library, or a core."""
        dock, take = self._dock, self._camera.take
        dock.library.open("")
        dock.header.show_name()
        dock.pages.setCurrentWidget(dock.empty_page)
        take("state-no-library")
        dock.open_library(str(self._folder / "gone.gpkg"))
        wait_for(lambda: dock.notice.text)
        take("state-library-gone")
        dock.notice.hide()
        dock.pages.setCurrentWidget(dock.setup_page)
        take("state-core-again")
        dock.setup_page.explain(None)
        take("state-no-core")
        settings.put("wheels_folder", str(self._folder))  # which has no wheel: nothing can be installed from it
        dock.setup_page.set_up()
        take("state-set-up-begun")
        wait_for(lambda: dock.setup_page.button.isEnabled())
        dock.setup_page.explain(None)
        take("state-set-up-failed")
        settings.put("core_python", str(self._folder / "python"))  # which is not there: the dock begins anew
        take("state-core-elsewhere")
        settings.put("core_python", "")
        settings.put("wheels_folder", "")
        dock.notice.hide()
        dock.make_sample_in(self._folder / "city")
        wait(20 * DRAWN_MS)
        take("state-sample-at-work")
        dock.sample_page.work.cancel_button.click()
        wait_for(lambda: dock.pages.currentWidget() is not dock.sample_page)
        take("state-sample-cancelled")
        self._open_library()

    def _open_library(self) -> None:
        self._dock.open_library(self._request["library"])
        wait_for(lambda: self._dock.pages.currentWidget() is self._dock.tabs)

    def take_map(self) -> None:
        """Take the room Map: something found, nothing found, a day long ago, a menu."""
        dock, camera, tab = self._dock, self._camera, self._dock.map_tab
        camera.show_room(tab)
        for name, text in (("found", {"zh": "小学", "en": "road"}[self._request["language"]]), ("nothing", "xyzzy")):
            tab.search.setText(text)
            wait(4 * DRAWN_MS)
            camera.take(f"state-map-{name}")
        tab.search.clear()
        self._take_menu("state-more-menu", dock.header.more_menu)
        self._take_menu("state-library-menu", dock.header.menu)
        dock.day_swipe.button.setChecked(True)
        wait(4 * DRAWN_MS)
        camera.take("state-swipe")
        dock.day_swipe.end()
        self._take_long_ago("state-map-long-ago")

    def take_check(self) -> None:
        """Take the room Check: nothing chosen, at work, cancelled, refused, a finding's remedy, sites, trial."""
        dock, camera, tab = self._dock, self._camera, self._dock.check_tab
        camera.take_room("state-check-empty", tab)
        tab.parcels.choose_file(self._request["parcels"])
        tab.check()
        camera.take("state-check-at-work")
        tab.cancel()
        wait_for(lambda: not tab.is_checking)
        camera.take("state-check-cancelled")
        tab.parcels.choose_file(self._without_crs())
        tab.check()
        wait_for(lambda: dock.notice.text)
        camera.take("state-check-refused")
        dock.notice.hide()
        tab.parcels.choose_file(self._request["parcels"])
        camera.wait_for_answer(tab.finished, tab.check)
        results = tab.results
        parcel = results.model.index(0, 0)
        results.tree.setCurrentIndex(parcel)
        results.remedy_button.click()
        wait(DRAWN_MS)
        wait_for(lambda: not tab.remedy.asking.is_busy)
        camera.take("state-remedy")
        tab.remedy.leave()
        self._take_menu("state-export-menu", results.export_button.menu())
        line = Path(self._request["parcels"]).parent / "环保" / "生态保护红线2023.shp"
        camera.wait_for_answer(tab.trial_finished, lambda: tab.try_file("STBHHX", str(line)))
        camera.take("state-trial")
        dock.notice.hide()
        self._take_sites()
        self._take_past()
        self._take_drawn()
        self._take_long_ago("state-check-long-ago")

    def _take_long_ago(self, name: str, ask: Callable[[], None] | None = None) -> None:
        """Take the open room on a day on which nothing was in force; then set the day to today again.

        ask: asks the room for something on that day.
        """
        dock, camera = self._dock, self._camera
        camera.wait_for_answer(dock.library.listed, lambda: dock.library.set_day(LONG_AGO))
        wait(DRAWN_MS)
        if ask is not None:
            ask()
        camera.take(name)
        dock.notice.hide()
        camera.wait_for_answer(dock.library.listed, lambda: dock.library.set_day(QDate()))
        wait(8 * DRAWN_MS)
        dock.notice.hide()

    def _take_sites(self) -> None:
        camera, tab = self._camera, self._dock.check_tab
        view = tab.sites
        tab.sites_button.setChecked(True)
        camera.take("state-sites-form")
        view.search()
        wait_for(lambda: not view.is_working)
        camera.take("state-sites")
        view.form.area.set_area(9e6)
        view.search()
        wait_for(lambda: not view.is_working)
        camera.take("state-sites-nothing")
        tab.sites_button.setChecked(False)
        self._dock.notice.hide()

    def _take_past(self) -> None:
        camera, tab = self._camera, self._dock.check_tab
        camera.wait_for_answer(tab.finished, tab.check)
        tab.past_button.setChecked(True)
        wait_for(lambda: not tab.past.is_working)
        past = tab.past
        past.tree.setCurrentItem(past.tree.topLevelItem(past.tree.topLevelItemCount() - 1))
        camera.take("state-past-other")
        camera.wait_for_answer(tab.trial_finished, past.compare_button.click)
        camera.take("state-past-compared")
        self._dock.notice.hide()

    def _take_drawn(self) -> None:
        """Take a drawn parcel that asks for its use, and is judged at once."""
        camera, tab = self._camera, self._dock.check_tab
        tab.live.button.setChecked(True)
        box = camera.canvas.fullExtent()
        middle = box.center()
        side = 0.02 * box.width()
        square = QgsRectangle(middle.x(), middle.y(), middle.x() + side, middle.y() + side)
        camera.wait_for_answer(tab.live.results_shown, lambda: tab.parcels.add_drawing(QgsGeometry.fromRect(square)))
        camera.take("state-check-live")
        tab.live.button.setChecked(False)
        self._dock.notice.hide()
        tab.facts.fill()
        wait_for(lambda: tab.facts.dialog is not None and tab.facts.dialog.isVisible())
        camera.take_window("state-dialog-facts", tab.facts.dialog)

    def _without_crs(self) -> str:
        """Parcels in a shapefile without a coordinate system."""
        layer = QgsVectorLayer(self._request["parcels"], "parcels", "ogr")
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "ESRI Shapefile"
        path = self._folder / "parcels.shp"
        context = QgsProject.instance().transformContext()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
        path.with_suffix(".prj").unlink()
        return str(path)

    def take_compare(self) -> None:
        """Take the room Compare: two plans that cannot be compared, at work, cancelled, a spot, a decision."""
        dock, camera, tab = self._dock, self._camera, self._dock.compare_tab
        before = tab.form.plan_b.currentIndex()
        tab.form.plan_b.setCurrentIndex(tab.form.plan_a.currentIndex())
        camera.take_room("state-compare-same", tab)
        tab.form.plan_b.setCurrentIndex(before)
        tab.compare()
        camera.take("state-compare-at-work")
        tab.cancel()
        wait_for(lambda: not tab.is_comparing)
        camera.take("state-compare-cancelled")
        camera.wait_for_answer(tab.finished, tab.compare)
        dock.notice.hide()
        tab.view.next()
        camera.take("state-compare-spot")

    def take_review(self) -> None:
        """Take the room Review: a form, all cases at a glance, nothing found, the pages of a case, its menus."""
        dock, camera, tab = self._dock, self._camera, self._dock.review_tab
        camera.show_room(tab)
        if tab.case_page.case is not None:
            tab.show_list()
        wait_for(lambda: tab.list.lines)
        tab.list.search.setText("xyzzy")
        camera.take("state-review-nothing")
        tab.list.search.clear()
        self._open_case()
        dock.notice.hide()
        page = tab.case_page
        page.tabs.setCurrentWidget(page.editor)
        camera.take("state-review-circulating")
        for name, part in (("rounds", page.rounds), ("history", page.history)):
            page.tabs.setCurrentWidget(part)
            camera.take(f"state-review-{name}")
        self._take_menu("state-review-documents", page.documents.documents)
        self._take_menu("state-review-steps", page.menu)
        page.steps.extend("land")
        camera.take_window("state-dialog-extend", page.steps.dialog)
        page.begin_step("withdraw")
        camera.take_window("state-dialog-withdraw", page.steps.dialog)
        page.table.choose_department("land")
        page.tabs.setCurrentWidget(page.editor)
        page.steps.sign("land")
        wait(DRAWN_MS)
        dialog = page.steps.dialog
        camera.take_open_window("state-dialog-sign", dialog)
        dialog.reason.setPlainText(
            {"zh": "由科室另行核实", "en": "Answered by the office later"}[self._request["language"]]
        )
        dialog.ok.click()
        wait_for(lambda: page.case.opinion("land").state == "signed" or dock.notice.text)
        camera.take("state-review-signed")
        case = page.case.id
        tab.show_list()
        wait_for(lambda: any(line.case == case for line in tab.list.lines))
        tab.list.overview_button.setChecked(True)
        camera.take("state-review-overview")
        tab.list.overview_button.setChecked(False)

    def _open_case(self) -> None:
        """Open a case by the form, and send it out."""
        camera, tab = self._camera, self._dock.review_tab
        tab.person.set_name(PERSON[self._request["language"]])
        tab.begin_case()
        camera.take("state-review-form-empty")
        tab.form.project.setText(
            {"zh": "城北第三小学新建工程", "en": "Third primary school, north"}[self._request["language"]]
        )
        tab.form.parcels.choose_file(self._request["parcels"])
        camera.take("state-review-form")
        answers: list = []
        tab.form.case_opened.connect(lambda *_: answers.append(True))
        tab.form.send()
        camera.take("state-review-form-at-work")
        wait_for(lambda: answers or self._dock.notice.text)
        camera.take("state-review-draft")
        page = tab.case_page
        page.steps.circulate()
        wait(DRAWN_MS)
        if page.steps.dialog is not None and page.steps.dialog.isVisible():
            camera.take_open_window("state-dialog-circulate", page.steps.dialog)
            page.steps.dialog.ok.click()
            wait_for(lambda: page.case.state == "circulating" or self._dock.notice.text)

    def take_numbers(self) -> None:
        """Take the room Numbers: nothing measured yet, at work, explained, sensors, a theme, nothing in force."""
        dock, camera, tab = self._dock, self._camera, self._dock.numbers_tab
        camera.take_room("state-numbers-empty", tab)
        tab.theme.setCurrentIndex(min(2, tab.theme.count() - 1))
        camera.take("state-numbers-theme")
        tab.theme.setCurrentIndex(0)
        view = tab.indicators
        tab.measure_button.click()
        wait(DRAWN_MS)
        camera.take("state-numbers-at-work")
        wait_for(lambda: not view.is_working)
        indicator = view.tree.topLevelItem(0).child(0)
        view.tree.setCurrentItem(indicator.child(0))
        view.explain_button.click()
        wait(8 * DRAWN_MS)
        camera.take("state-numbers-explained")
        tab.bar.setCurrentIndex(SENSORS)
        tab.sensors.button.click()
        wait(8 * DRAWN_MS)
        camera.take("state-numbers-sensors")
        tab.bar.setCurrentIndex(LAND_USE)
        camera.take("state-balance-form")
        tab.balance.count()
        wait_for(lambda: not tab.balance.is_working)
        camera.take("state-balance")
        tab.bar.setCurrentIndex(INDICATORS)
        area = dock.tabs.currentWidget()

        def measure() -> None:
            tab.measure_button.click()
            wait_for(lambda: not view.is_working)
            area.verticalScrollBar().setValue(0)

        self._take_long_ago("state-numbers-long-ago", measure)

    def take_dialogs(self) -> None:
        """Take the other dialogs: adding with a refusal, publishing, deliveries."""
        dock, camera = self._dock, self._camera
        dock.add_layer("")
        camera.take_window("state-dialog-add-empty", dock.add_dialog)
        dock.add_layer("")
        dialog = dock.add_dialog
        dialog.form.source.choose(SourceFile(self._without_crs()))
        wait_for(lambda: not dialog.is_working)
        for tab in range(dialog.tabs.count()):
            dialog.tabs.setCurrentIndex(tab)
            camera.take_open_window(f"state-dialog-add-{tab}", dialog)
        line = Path(self._request["parcels"]).parent / "环保" / "生态保护红线2025.shp"
        dialog.form.source.choose(SourceFile(str(line)))
        wait_for(lambda: not dialog.is_working)
        dialog.form.choose_target("STBHHX")
        dialog.options.label.setText(dialog.form.chosen_target.versions[-1].label)  # which the library has
        dialog.add()
        wait_for(lambda: dialog.notice.text)
        camera.take_window("state-dialog-add-refused", dialog)
        self._take_deliveries()
        dock.publish()
        dialog = dock.publish_dialog
        dialog.project.setFilePath(str(self._folder / "published.qgz"))
        dialog.publish()
        wait_for(lambda: not dialog.is_working)
        camera.take_window("state-dialog-published", dialog)
        self._take_windows()

    def _take_deliveries(self) -> None:
        dock, camera = self._dock, self._camera
        folder = sorted(path for path in Path(self._request["parcels"]).parent.iterdir() if path.is_dir())[0]
        dock.add_delivery(Delivery(str(folder)))
        dialog = dock.delivery_dialog
        wait_for(lambda: not dialog.is_working)
        camera.take_open_window("state-dialog-delivery-plan", dialog)
        dialog.show_answers()
        wait(2 * DRAWN_MS)
        camera.take_window("state-dialog-answers", dialog.answers)
        dialog.add()
        wait(DRAWN_MS)
        wait_for(lambda: not dialog.is_working)
        camera.take_window("state-dialog-delivery-added", dialog)

    def _take_windows(self) -> None:
        dock, camera = self._dock, self._camera
        dock.register_service(None)
        camera.take_window("state-dialog-service", dock.service_dialog)
        dock.choose_server()
        camera.take_window("state-dialog-server", dock.server_dialog)
        dock.edit_profile(dock)
        wait(8 * DRAWN_MS)
        camera.take_window("state-dialog-profile", dock.profile_dialog)
        dock.check_machine()
        camera.take_open_window("state-dialog-machine-at-work", dock.machine_dialog)
        wait_for(dock.machine_dialog.save_button.isEnabled)
        camera.take_window("state-dialog-machine", dock.machine_dialog)
        page = OptionsPage(dock.edit_profile)
        page.resize(*OPTIONS_PX)
        page.show()
        camera.take_window("state-options", page)

    def _take_menu(self, name: str, menu: QMenu) -> None:
        menu.popup(self._dock.mapToGlobal(self._dock.rect().topLeft()))
        wait(DRAWN_MS)
        self._camera.keep(name, menu.grab().toImage())
        menu.close()

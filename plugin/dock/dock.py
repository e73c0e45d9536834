"""The dock: one library, as of one day, in tabs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsReferencedRectangle, QgsVectorLayer
from qgis.gui import QgsDockWidget, QgsMapCanvas
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QStackedWidget, QTabWidget, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_folders import former_cores, remove_former_cores
from onemap.plugin.connection.core_session import Core, core_python, first_core, missing_python_message
from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import LIBRARY_MISSING, LOGIN_REFUSED, Refusal
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.connection.task import BackgroundTask
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.delivery_dialog import DeliveryDialog
from onemap.plugin.desk.add.source_choice import Delivery, holds_delivery, take_drop
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.server_dialog import ServerDialog
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.desk.map.layer_styles import style_parcels
from onemap.plugin.desk.map.lost_layers import LostLayers
from onemap.plugin.desk.map.map_language import translate_map
from onemap.plugin.desk.map.map_layers import reopen_stale_layers
from onemap.plugin.desk.map.map_print import MapPrint
from onemap.plugin.desk.map.removed_layers import RemovedLayers
from onemap.plugin.desk.map.sliced_work import SlicedWork
from onemap.plugin.desk.results.result_layers import translate_results
from onemap.plugin.dock.day_swipe import DaySwipe
from onemap.plugin.dock.empty_page import EmptyPage
from onemap.plugin.dock.header import Header
from onemap.plugin.dock.machine_dialog import MachineDialog
from onemap.plugin.dock.map_tab import MapTab
from onemap.plugin.dock.other_desks import OtherDesks
from onemap.plugin.dock.profile_dialog import ProfileDialog
from onemap.plugin.dock.publish_dialog import PublishDialog
from onemap.plugin.dock.sample_page import SamplePage
from onemap.plugin.dock.setup_page import SetupPage
from onemap.plugin.dock.shifted_map_note import ShiftedMapNote
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import documents_folder, free_path
from onemap.plugin.qgis.expressions.expression_row import ExpressionRow
from onemap.plugin.qgis.scene.scene import give_back, missing_view, prepare_scene
from onemap.plugin.qgis.services.service_dialog import ServiceDialog
from onemap.plugin.rooms.check.check_tab import CheckTab
from onemap.plugin.rooms.compare.compare_tab import CompareTab
from onemap.plugin.rooms.deliveries.proof_tab import ProofTab
from onemap.plugin.rooms.identify.identify_view import IdentifyView
from onemap.plugin.rooms.numbers.numbers_tab import NumbersTab
from onemap.plugin.rooms.review.review_tab import ReviewTab
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.widgets.room_bar import RoomBar
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import RoomArea
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.working_dialog import end_dialog
from onemap.plugin.words.option_names import dock_controls
from onemap.plugin.words.translation import name_list, tr

MIN_WIDTH_PX = 320
SURROUNDINGS_M, SURROUNDINGS_DEG = 200.0, 0.002  # how much of its surroundings a place is shown with


class OneMapDock(QgsDockWidget):
    """The main panel of One Map.

    ask_algorithm: opens the dialog of a Processing algorithm with values, and calls back with its results.
    open_settings, open_guide: open the settings, and the user guide.
    open_scene: opens a 3D view with a name, and calls back when it is closed; returns False if it is open already.
    """

    def __init__(
        self,
        core: Core,
        canvas: QgsMapCanvas,
        ask_algorithm: Callable[[str, dict[str, Any], Callable[[dict[str, Any]], None]], None],
        open_settings: Callable[[], None],
        open_guide: Callable[[], None],
        parent: QWidget | None = None,
        open_scene: Callable[[str, Callable[[], None]], bool] = lambda _name, _on_closed: True,
    ) -> None:
        super().__init__("One Map", parent)
        self.setObjectName("OneMapDock")
        self.core, self._canvas, self._ask_algorithm = core, canvas, ask_algorithm
        self._open_settings, self._open_scene = open_settings, open_scene
        self.add_dialog: AddDialog | None = None
        self.delivery_dialog: DeliveryDialog | None = None
        self.service_dialog: ServiceDialog | None = None
        self.server_dialog: ServerDialog | None = None
        self.machine_dialog: MachineDialog | None = None
        self.publish_dialog: PublishDialog | None = None
        self.profile_dialog: ProfileDialog | None = None
        self.library = OpenLibrary(core, self)
        self.header = Header(self.library)
        self.notice, self.expressions = Notice(dock_controls()), ExpressionRow()
        self.shifted_map_note = ShiftedMapNote(canvas)
        self.setup_page = SetupPage(core, open_settings)
        self.map_tab = MapTab(self.library, self._zoom_to, self.show_place)
        self.identify = IdentifyView(self.library, canvas)
        self.print_button = MapPrint(self.library, canvas)
        self.scene_button = QPushButton(icon("scene"), tr("3D view"))
        self.day_swipe = DaySwipe(self.library, canvas)
        self._removed_layers, self._reopening = RemovedLayers(canvas, self), SlicedWork(self)
        self.library.listed.connect(self._translate_project)
        QgsProject.instance().readProject.connect(self._translate_project)
        self._fill_map_tab()
        self.check_tab = CheckTab(self.library, canvas)
        self.compare_tab = CompareTab(self.library, canvas)
        self.review_tab = ReviewTab(self.library, canvas)
        self.numbers_tab = NumbersTab(self.library, canvas, self.show_place)
        self.proof_tab = ProofTab(self.library, canvas)
        self.tabs = self._make_tabs()
        self._loading = QLabel(tr("Reading the library…"), alignment=Qt.AlignmentFlag.AlignCenter)
        self.pages = QStackedWidget()
        self.empty_page, self.sample_page = EmptyPage(), SamplePage(core)
        self.sample_page.made.connect(self._take_sample)
        self.sample_page.refused.connect(self._sample_refused)
        self._build()
        self._connect_header(open_guide)
        self._connect_rooms()
        self._is_begun = self._is_closed = False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a department's folder, or several files, in every room."""
        if self.library.layers and holds_delivery(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask into which layers the dropped files go."""
        take_drop(event, self.add_delivery, self.add_file, self.refuse)

    def _fill_map_tab(self) -> None:
        """Add the views below the tree of layers: what lies at a place, printing, the 3D view, and two days."""
        self._lent: list[Any] = []  # by the flat map to the 3D view that was opened last
        self._returned: list[Any] = []  # by a view that was closed
        self.scene_button.setEnabled(not missing_view())
        self.scene_button.setToolTip(missing_view() or tr("Terrain, buildings, permitted heights and height limits"))
        self.scene_button.clicked.connect(self.show_scene)
        row = QWidget()
        row_of((self.print_button, 1), (self.scene_button, 1), inside=row, is_tight=True)
        for widget in (self.identify, row):
            self.map_tab.layout().addWidget(widget)
        self.map_tab.add_row(self.day_swipe)

    def _make_tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setTabBar(RoomBar())
        tabs.tabBar().setAccessibleName(tr("Rooms"))
        tabs.setDocumentMode(True)
        tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for tab, title in (
            (self.map_tab, tr("Map")),
            (self.check_tab, tr("Check")),
            (self.compare_tab, tr("Compare")),
            (self.review_tab, tr("Review")),
            (self.numbers_tab, tr("Numbers")),
            (self.proof_tab, tr("Proof")),
        ):
            tabs.addTab(RoomArea(tab), title)
        return tabs

    def _build(self) -> None:
        for page in (self.setup_page, self.empty_page, self.sample_page, self._loading, self.tabs):
            self.pages.addWidget(page)
        body = QWidget()
        above = (self.header, self.notice, self.shifted_map_note, self.expressions)
        column_of(*above, (self.pages, 1), inside=body, is_tight=True, spacing=4)
        self.setWidget(body)
        self.setMinimumWidth(MIN_WIDTH_PX)
        self.setAcceptDrops(True)
        for line in self.findChildren(QLineEdit):  # each would take a folder for its name
            line.setAcceptDrops(False)
        equip_window(self)

    def _connect_header(self, open_guide: Callable[[], None]) -> None:
        self.header.library_chosen.connect(self.open_library)
        for ways in (self.header, self.empty_page):  # to a library
            ways.open_requested.connect(self.choose_library)
            ways.server_requested.connect(self.choose_server)
            ways.new_requested.connect(self.make_library)
            ways.sample_requested.connect(self.make_sample)
        self.header.publish_requested.connect(self.publish)
        self.header.profile_requested.connect(lambda: self.edit_profile(self))
        self.header.settings_requested.connect(self._open_settings)
        self.header.setup_requested.connect(lambda: self._show(self.setup_page))
        self.header.machine_requested.connect(self.check_machine)
        self.header.help_requested.connect(open_guide)

    def _connect_rooms(self) -> None:
        self.library.loading.connect(lambda: self._show(self.tabs if self.library.layers else self._loading))
        self.library.read.connect(lambda: self._show(self.tabs))
        self.library.refused.connect(self._library_refused)
        for writing_signal in (
            self.library.listed,
            self.check_tab.finished,
            self.check_tab.trial_finished,
            self.review_tab.library_read,
            self.numbers_tab.indicators.measured,
        ):
            writing_signal.connect(self._reopen_layers)
        self.setup_page.ready.connect(self.begin)
        self.map_tab.add_requested.connect(self.add_layer)
        self.map_tab.file_dropped.connect(self.add_file)
        for room in (self.map_tab, self.proof_tab):
            room.delivery_requested.connect(self.add_delivery)
        self.check_tab.add_requested.connect(lambda: self.add_layer(""))
        self.map_tab.refused.connect(self.notice.say)
        self.map_tab.layers_left.connect(self._say_left)
        rooms = (self.compare_tab, self.review_tab, self.numbers_tab, self.proof_tab)
        for view in (self.identify, self.day_swipe, self.check_tab, *rooms):
            view.refused.connect(self.refuse)
        for identify_signal in (self.identify.answered, self.identify.cleared):
            identify_signal.connect(self._share_map_room)
        self.identify.shown.connect(self.show_map_tab)
        balance = self.numbers_tab.balance
        balance.results_shown.connect(lambda: self._bring_into_sight(balance.tree))
        decide = self.compare_tab.view.decide
        decide.reason_requested.connect(lambda: self._bring_into_sight(decide))
        for view in (self.day_swipe, self.print_button, self.check_tab, *rooms):
            view.message_sent.connect(self.notice.say)
        self.map_tab.service_requested.connect(self.register_service)
        self.map_tab.snapshot_requested.connect(self.take_snapshot)
        self.map_tab.service_refused.connect(self.refuse)
        self.map_tab.service_message.connect(self.notice.say)
        self._connect_notice()
        self.compare_tab.view.atlas.keep_requested.connect(self.keep_spots)
        for writing_signal in (self.compare_tab.finished, self.compare_tab.view.decided):
            writing_signal.connect(self._reopen_layers)
        self.review_tab.versions_written.connect(self.library.refresh)
        self.core.died.connect(lambda message: self.notice.say(message, tr("Try again"), self.library.refresh))
        self.tabs.currentChanged.connect(lambda _tab: self._change_tab())
        self.visibilityChanged.connect(self._visibility_changed)

    def show_scene(self) -> None:
        """Show the library in three dimensions, and say what it lacks for that."""
        scene = prepare_scene(self.library)
        if scene.terrain is None and not scene.layers:
            text = tr("The library has nothing for a 3D view: {layers}.")
            self.notice.say(text.format(layers=name_list(scene.missing)))
            return
        lent = scene.lent
        if self._open_scene(tr("One Map 3D"), lambda: self._close_scene(lent)):
            self._lent = lent
        else:
            self._lent += lent
        if scene.missing:
            self.notice.say(tr("The 3D view is without: {layers}.").format(layers=name_list(scene.missing)))

    def _close_scene(self, lent: list[Any]) -> None:
        """Restore the flat map after a 3D view; QGIS may close a view late, while the next shows the same layers."""
        if lent is not self._lent:
            self._lent[:0] = lent
        elif not self._is_closed:
            self._lent, self._returned = [], [*self._returned, *lent]
            QTimer.singleShot(0, self._give_back)  # not while QGIS takes all down

    def _give_back(self) -> None:
        returned, self._returned = self._returned, []
        give_back(returned)

    def take_focus(self) -> None:
        """Move the keyboard's focus to the top of the dock."""
        self.header.button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_map_tab(self) -> None:
        """Bring the tab Map to the front."""
        self.setUserVisible(True)
        self.tabs.setCurrentIndex(self.tab_index(self.map_tab))

    def _share_map_room(self) -> None:
        """Show only the answer of Identify in the tab Map; the layers return when the answer is cleared."""
        self.map_tab.show_alone(self.identify if self.identify.has_answer else None)

    def _bring_into_sight(self, answer: QWidget) -> None:
        """Scroll the room to a new answer: on a low screen it lies below the controls that asked for it."""
        area = self.tabs.currentWidget()
        if area.isAncestorOf(answer):
            area.bring_into_sight(answer)

    def _connect_notice(self) -> None:
        """Connect the notice: an error is hidden once the next step begins or succeeds."""
        self.other_desks = OtherDesks(self.library, self.notice, self)
        self.other_desks.missed.connect(self._refuse_library)
        self._lost_layers = LostLayers(self.library, self._canvas, self)
        self._lost_layers.found.connect(self.other_desks.look_at_once)
        self.other_desks.returned.connect(self._lost_layers.draw)
        self._left_text = ""  # of layers that the day has taken off the map
        self.check_tab.remarked.connect(self.notice.remark)
        self.check_tab.begun.connect(self.notice.hide)
        answer_signals = (self.compare_tab.finished, self.compare_tab.view.decided, self.proof_tab.finished)
        for success_signal in (self.library.read, *answer_signals, self.identify.shown, self.review_tab.succeeded):
            success_signal.connect(self.notice.forget_refusal)
        views = (self.compare_tab.pairs, self.check_tab.sites, self.check_tab.remedy)
        for view in (*views, *self.numbers_tab.views):
            view.results_shown.connect(self.notice.forget_refusal)

    def _say_left(self, text: str) -> None:
        """Say which layers have left the map because of the day; hide the message once they are back."""
        if text:
            self.notice.say(text)
        elif self.notice.text and self.notice.text == self._left_text:
            self.notice.hide()
        self._left_text = text

    def _reopen_layers(self) -> None:
        """Make the map read a library again after the core has written to it."""
        self._reopening.begin(reopen_stale_layers(self.library.path), is_urgent=False)

    def _translate_project(self, *_document: object) -> None:
        """Name the plugin's layers in the current language; names that a person has changed stay."""
        if self.library.layers:
            translate_map(self.library)
            translate_results()

    def tab_index(self, room: QWidget) -> int:
        """The index of a tab."""
        return next(number for number in range(self.tabs.count()) if self.tabs.widget(number).widget() is room)

    def close_down(self) -> None:
        """Release everything before the plugin is unloaded; more than once does no harm."""
        if self._is_closed:
            return
        self._is_closed = True
        self.other_desks.follow(False)
        self.day_swipe.end()
        rooms = (self.check_tab, self.compare_tab, self.review_tab, self.numbers_tab, self.proof_tab, self.map_tab)
        for part in (*rooms, self.header, self.setup_page, self.identify, self._removed_layers, self._lost_layers):
            part.close_down()
        QgsProject.instance().readProject.disconnect(self._translate_project)
        dialogs = (self.add_dialog, self.delivery_dialog, self.publish_dialog, self.profile_dialog, self.service_dialog)
        for dialog in (*dialogs, self.machine_dialog):
            end_dialog(dialog)
        if self.server_dialog is not None:
            self.server_dialog.close()
        self.sample_page.cancel()
        for asking in self.findChildren(Asking):  # what comes later is shown nowhere
            asking.forget()

    def begin(self) -> None:
        """Show the first page: the set-up, a library, or how to get one."""
        if not self._is_begun:
            self._is_begun = True
            settings.changes.core_python.connect(self.begin)
        python, path = core_python(), self.library.path or settings.get("library")
        if python is None:
            self._show(self.setup_page)
        elif path and (is_server(path) or Path(path).exists()):
            self.open_library(path)
        else:
            self._show(self.empty_page)
        # Shown last, because opening a library hides the notice.
        if python is not None and not python.is_current:
            text = tr("One Map's core was made for an older version of the plugin.")
            self.notice.say(text, tr("Bring it up to date"), self._update_core)
        elif missing_python_message():
            self.notice.say(missing_python_message(), tr("Settings…"), self._open_settings)
        if former_cores(first_core()):  # left by a renewal; no QGIS that runs uses them
            title = tr("Remove One Map's former core")
            work, nothing = lambda _progress: remove_former_cores(first_core()), lambda _result, _error: None
            BackgroundTask(title, work, nothing).start()

    def open_library(self, path: str) -> None:
        """Open a library."""
        self.notice.hide()
        if core_python() is None:
            settings.put("library", path)
            self._show(self.setup_page)
            return
        if is_server(path) and self.core.is_working:  # the core logs in only once, when it starts
            text = tr("The core is still at work. Open the library on the server when it has ended.")
            self.notice.say(text, tr("Try again"), partial(self.open_library, path))  # what was typed is not lost
            return
        self.library.open(path)

    def choose_library(self) -> None:
        """Ask for the library's file."""
        last_library = settings.get("library")
        start = str(Path(last_library).parent) if last_library and not is_server(last_library) else ""
        ask_file(self, tr("Open a library"), self.open_library, tr("Library (*.gpkg)"), start)

    def choose_server(self, location: str = "") -> None:
        """Ask for a server and a login. location: a library to change; empty for another."""
        if self.server_dialog is not None:
            self.server_dialog.close()
            self.server_dialog.deleteLater()
        self.server_dialog = ServerDialog(location or self.library.path, self)
        self.server_dialog.chosen.connect(self.open_library)
        self.server_dialog.show()

    def make_library(self) -> None:
        """Ask for a new library's file, coordinate system and district."""
        target = free_path(Path(documents_folder()), "library", ".gpkg")
        self._ask_algorithm(
            "onemap:new", {"LIBRARY": str(target)}, lambda results: self.open_library(str(results.get("LIBRARY")))
        )

    def keep_spots(self, run: str, types: str) -> None:
        """Add the differences of a comparison to the library as a layer."""
        values = {"LIBRARY": self.library.path, "RUN": run, "TYPE": types}
        self._ask_algorithm("onemap:spots", values, lambda _results: self.library.refresh())

    def publish(self) -> None:
        """Show the dialog that publishes the library as a QGIS project, as of the chosen day."""
        if self.publish_dialog is None or not self.publish_dialog.is_working:
            end_dialog(self.publish_dialog)
            self.publish_dialog = PublishDialog(self.library, self)
            self.publish_dialog.published.connect(self._report_published)
        self.publish_dialog.show()
        self.publish_dialog.raise_()

    def edit_profile(self, over: QWidget) -> None:
        """Show the form of the bureau's profile that is kept with the library. over: the window in front."""
        end_dialog(self.profile_dialog)
        self.profile_dialog = ProfileDialog(self.library, over.window())
        self.profile_dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self.profile_dialog.kept.connect(self.library.learn_names)
        self.profile_dialog.begin()

    def add_layer(self, code: str) -> None:
        """Show the dialog that adds a department's file."""
        if self.add_dialog is not None and self.add_dialog.is_working:  # one at a time
            self.add_dialog.begin("")
            return
        end_dialog(self.add_dialog)
        self.add_dialog = AddDialog(self.library, self)
        self.add_dialog.added.connect(self._report_added)
        self.add_dialog.failed.connect(self.refuse)
        self.add_dialog.delivery_requested.connect(self.add_delivery)
        self.add_dialog.begin(code)

    def add_file(self, source: SourceFile) -> None:
        """Show what is in a dropped file, to add it."""
        self.add_layer("")
        if not self.add_dialog.is_working:
            self.add_dialog.form.source.choose(source)

    def add_delivery(self, delivery: Delivery) -> None:
        """Show the dialog that adds a whole folder, or several files. An empty delivery asks for one."""
        if self.add_dialog is not None:
            self.add_dialog.close()
        if self.delivery_dialog is None or not self.delivery_dialog.is_working:  # one at a time
            end_dialog(self.delivery_dialog)
            self.delivery_dialog = DeliveryDialog(self.library, self)
            self.delivery_dialog.added.connect(self._report_added)
            self.delivery_dialog.failed.connect(self.refuse)
        self.delivery_dialog.begin(delivery)

    def register_service(self, service: Service | None) -> None:
        """Show the dialog that registers a service, or changes one."""
        end_dialog(self.service_dialog)
        self.service_dialog = ServiceDialog(self.library, service, self)
        self.service_dialog.show()

    def take_snapshot(self, service: Service) -> None:
        """Read all features of a service, and show them as a file to add."""
        self.add_layer(service.code)
        self.add_dialog.take_snapshot(service)

    def make_sample(self) -> None:
        """Ask for a folder, and make the sample city in it; while one is made, show that."""
        if self.sample_page.is_working:
            self._show(self.sample_page)
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Make the sample city in this folder"), documents_folder())
        if folder:
            self.make_sample_in(Path(folder))

    def make_sample_in(self, folder: Path) -> None:
        """Make the sample city in an empty folder, or in a new one inside."""
        self.notice.hide()
        if core_python() is None:
            self._show(self.setup_page)
            return
        self._show(self.sample_page)
        self.sample_page.make_in(folder)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal; where the core is missing, show the set-up."""
        if refusal.is_about("core.missing"):
            self._show(self.setup_page)
        elif any(map(refusal.is_about, LIBRARY_MISSING)) and not is_server(self.library.path):
            self.notice.say(refusal.without_mends(), tr("Open a library…"), self.choose_library, is_refusal=True)
        else:
            if refusal.is_about(LOGIN_REFUSED):  # the password was changed since the library was opened
                refusal.mend = self._change_of_connection()
            self.notice.refuse(refusal)

    def _take_sample(self, library: str, parcels: str) -> None:
        """Open the sample city, or offer it if the person has moved on to another page."""
        if self.pages.currentWidget() is self.sample_page:
            self._open_sample(library, parcels)
        else:
            self.notice.say(tr("The sample city is made."), tr("Open"), partial(self._open_sample, library, parcels))

    def _open_sample(self, library: str, parcels: str) -> None:
        layer = QgsVectorLayer(parcels, tr("Sample parcels"), "ogr")
        if layer.isValid():
            if not QgsProject.instance().mapLayers():
                QgsProject.instance().setCrs(layer.crs())
            style_parcels(layer)
            QgsProject.instance().addMapLayer(layer)
            self.check_tab.parcels.choose_layer(layer)
            self._zoom_to(layer)
        self.map_tab.show_map_of(library)
        self.open_library(library)

    def _sample_refused(self, refusal: Refusal) -> None:
        if self.pages.currentWidget() is self.sample_page:
            self._show(self.tabs if self.library.layers else self.empty_page)
        self.refuse(refusal)

    def _report_added(self, _answer: dict[str, Any], message: str) -> None:
        self.library.refresh()
        if not any(dialog.isVisible() for dialog in (self.add_dialog, self.delivery_dialog) if dialog is not None):
            self.notice.say(message)

    def _report_published(self, message: str) -> None:
        if not self.publish_dialog.isVisible():
            self.notice.say(message)

    def _library_refused(self, refusal: Refusal) -> None:
        self._show(self.tabs if self.library.layers else self.empty_page)
        self._refuse_library(refusal)

    def _refuse_library(self, refusal: Refusal) -> None:
        if is_server(self.library.path):
            refusal.mend = self._change_of_connection()
        self.refuse(refusal)

    def _change_of_connection(self) -> tuple[str, Callable[[], None]]:
        """The text and the action of the button that changes a refused login."""
        return tr("Change the connection…"), partial(self.choose_server, self.library.path)

    def check_machine(self) -> None:
        """Ask the core to test this computer, and show what it finds."""
        if self.machine_dialog is None or not self.machine_dialog.isVisible():
            end_dialog(self.machine_dialog)
            self.machine_dialog = MachineDialog(self)
        self.machine_dialog.show()
        self.machine_dialog.raise_()
        self.machine_dialog.start()

    def _update_core(self) -> None:
        self._show(self.setup_page)
        self.setup_page.set_up()

    def _show(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)

    def _visibility_changed(self, visible: bool) -> None:
        self.other_desks.follow(visible)
        if visible and not self._is_begun:  # nothing is started before the dock is visible
            self.begin()
        elif not visible:
            self.day_swipe.end()
            self.compare_tab.leave_map()
            self.check_tab.leave_map()
            self.numbers_tab.leave_map()
            self.review_tab.set_open(False)

    def _change_tab(self) -> None:
        self.day_swipe.end()
        for room in (self.compare_tab, self.check_tab, self.proof_tab):
            room.leave_map()
        is_numbers = self.tabs.currentIndex() == self.tab_index(self.numbers_tab)
        (self.numbers_tab.enter_map if is_numbers else self.numbers_tab.leave_map)()
        self.review_tab.set_open(self.tabs.currentIndex() == self.tab_index(self.review_tab))

    def _zoom_to(self, layer: QgsVectorLayer) -> None:
        self._canvas.setReferencedExtent(QgsReferencedRectangle(layer.extent(), layer.crs()))
        self._canvas.refresh()

    def show_place(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Zoom to a place with its surroundings, and flash it."""
        box = geometry.boundingBox()
        least = SURROUNDINGS_DEG if crs.isGeographic() else SURROUNDINGS_M
        box.grow(max(least, 0.5 * max(box.width(), box.height())))
        self._canvas.setReferencedExtent(QgsReferencedRectangle(box, crs))
        self._canvas.refresh()
        self._canvas.flashGeometries([geometry], crs)

"""The plugin, as QGIS loads and unloads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QAction

from onemap.plugin.profile.settings import hold_language, release_language
from onemap.plugin.qgis.algorithms.provider import OneMapProvider
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import install_translator, remove_translator, tr

if TYPE_CHECKING:
    from onemap.plugin.connection.core_session import Core
    from onemap.plugin.connection.login_questions import LoginQuestions
    from onemap.plugin.dock.dock import OneMapDock
    from onemap.plugin.dock.options_page import OptionsFactory
    from onemap.plugin.qgis.expressions.expression_functions import ExpressionFunctions
    from onemap.plugin.rooms.identify.place_filter import PlaceFilter, PlaceQuestions

MENU = "One Map"
SHORTCUT = "Ctrl+Alt+O"  # of the panel, and of nothing in QGIS; its Keyboard Shortcuts can change it


class OneMapPlugin:
    """Adds the dock, the Processing provider, the expression functions and the options page; takes them away again."""

    def __init__(self, iface: QgisInterface) -> None:
        self.iface = iface
        self.provider: OneMapProvider | None = None
        self.dock: OneMapDock | None = None
        self._functions: ExpressionFunctions | None = None
        self._core: Core | None = None
        self._factory: OptionsFactory | None = None
        self._filter: PlaceFilter | None = None
        self._questions: PlaceQuestions | None = None
        self._login_questions: LoginQuestions | None = None
        self._panel_action: QAction | None = None
        self._guide_action: QAction | None = None
        self._dialogs: set[Any] = set()
        self._keys = ""
        hold_language()  # another one is used from the next start on
        self._translator = install_translator()

    def initProcessing(self) -> None:
        """Add the provider and the expression functions; all that qgis_process needs."""
        from onemap.plugin.qgis.expressions.expression_functions import ExpressionFunctions

        self.provider = OneMapProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)
        self._functions = ExpressionFunctions()

    def initGui(self) -> None:
        """Add the panel, the menu and the options page."""
        from onemap.plugin.connection.core_session import Core
        from onemap.plugin.connection.login_questions import LoginQuestions
        from onemap.plugin.dock.dock import OneMapDock
        from onemap.plugin.dock.options_page import OptionsFactory
        from onemap.plugin.qgis.services.service_keys import begin_moving_keys
        from onemap.plugin.rooms.identify.place_filter import PlaceFilter, PlaceQuestions

        self.initProcessing()
        self._keys = begin_moving_keys()
        self._core = Core()
        window = self.iface.mainWindow()
        self.dock = OneMapDock(
            self._core,
            self.iface.mapCanvas(),
            self._ask_algorithm,
            self._open_settings,
            self._open_guide,
            window,
            self._open_scene,
        )
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        self._login_questions = LoginQuestions(window)
        self._login_questions.waived.connect(self.dock.other_desks.look_at_once)
        self._functions.follow(self._core, self.dock.library, self.dock.check_tab.rules, self.dock.expressions)
        self._questions = PlaceQuestions(self.dock.library)
        self._filter = PlaceFilter(self._questions, self.dock.show_place, self.dock.identify.ask)
        self.iface.registerLocatorFilter(self._filter)
        self._panel_action = QAction(icon("onemap"), tr("One Map panel"), window)
        self._panel_action.setObjectName("OneMapPanel")
        self.dock.setToggleVisibilityAction(self._panel_action)
        self.iface.registerMainWindowAction(self._panel_action, SHORTCUT)
        self._panel_action.toggled.connect(self._focus_panel)
        self.iface.addToolBarIcon(self._panel_action)
        self.iface.addPluginToMenu(MENU, self._panel_action)
        self._guide_action = QAction(icon("help"), tr("User guide"), window)
        self._guide_action.triggered.connect(lambda _checked: self._open_guide())
        self.iface.addPluginToMenu(MENU, self._guide_action)
        self._factory = OptionsFactory(self._profile_opener)
        self.iface.registerOptionsWidgetFactory(self._factory)

    def unload(self) -> None:
        """Take everything away; the core ends within a second."""
        if self._functions is not None:
            for canvas in self.iface.mapCanvases() if self.iface is not None else ():
                canvas.stopRendering()  # what is drawn may be asking them
            self._functions.close_down()
            self._functions = None
        if self._filter is not None:
            self.iface.deregisterLocatorFilter(self._filter)  # QGIS deletes it
            self._filter = self._questions = None
        if self._login_questions is not None:
            self._login_questions.deleteLater()
            self._login_questions = None
        for dialog in list(self._dialogs):
            dialog.close()
        if self.dock is not None:
            from onemap.plugin.desk.guide.guide import close_guides

            close_guides()
            self.dock.close_down()
            self.iface.removeDockWidget(self.dock)
            self.dock.deleteLater()
            self.dock = None
        if self._core is not None:
            self._core.stop()
            self._core.deleteLater()
            self._core = None
        if self._panel_action is not None:
            self.iface.unregisterMainWindowAction(self._panel_action)
        for action in (self._panel_action, self._guide_action):
            if action is not None:
                self.iface.removePluginMenu(MENU, action)
                self.iface.removeToolBarIcon(action)
                action.deleteLater()
        self._panel_action = self._guide_action = None
        if self._keys:
            from onemap.plugin.qgis.services.service_keys import end_moving_keys

            end_moving_keys(self._keys)
            self._keys = ""
        if self._factory is not None:
            self.iface.unregisterOptionsWidgetFactory(self._factory)
            self._factory = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        remove_translator(self._translator)
        self._translator = None
        release_language()

    def _focus_panel(self, is_shown: bool) -> None:
        """Keep the keyboard's focus in a panel that was opened by the keyboard."""
        if is_shown and self.dock is not None:
            # Once the panel is there: what is hidden takes no focus.
            QTimer.singleShot(0, self.dock.take_focus)

    def _ask_algorithm(self, name: str, values: dict[str, Any], on_done: Callable[[dict[str, Any]], None]) -> None:
        import processing

        dialog = processing.createAlgorithmDialog(name, values)
        if dialog is None:
            return
        self._dialogs.add(dialog)  # QGIS keeps no reference of ours

        def take_results(successful: bool, results: dict[str, Any]) -> None:
            if successful and self.dock is not None:  # a run goes on without its panel
                on_done(results)

        dialog.algorithmFinished.connect(take_results)
        dialog.rejected.connect(lambda: self._dialogs.discard(dialog))
        dialog.show()

    def _open_scene(self, name: str, on_closed: Callable[[], None]) -> bool:
        """Open a 3D view of the project; False where one of that name is open: it takes the new layers by itself."""
        from onemap.plugin.qgis.scene.scene import look_aslant, show_view

        if show_view(name):
            return False
        QgsProject.instance().viewsManager().remove3DView(name)  # one that was closed keeps its name, and its camera
        view = self.iface.createNewMapCanvas3D(name)  # QGIS 3.40 takes nothing more
        look_aslant(view)
        if view is not None:
            view.destroyed.connect(lambda *_view: on_closed())
        return True

    def _open_settings(self) -> None:
        from onemap.plugin.dock.options_page import PAGE_KEY

        self.iface.showOptionsDialog(self.iface.mainWindow(), PAGE_KEY)

    def _profile_opener(self) -> Callable[[Any], None] | None:
        """The function that opens the profile of the open library; None where none is open."""
        return self.dock.edit_profile if self.dock is not None and self.dock.library.path else None

    def _open_guide(self) -> None:
        from onemap.plugin.desk.guide.guide import show_guide

        show_guide(over=self.iface.mainWindow())

"""The top of the dock: the library and its day."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QMenu, QSizePolicy, QStyle, QToolButton, QWidget

from onemap.plugin.connection.server_location import home_of, is_server, short_name
from onemap.plugin.desk.library.distinct_place import DistinctPlace
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.dock.district_dialog import DistrictDialog
from onemap.plugin.profile import settings
from onemap.plugin.widgets.buttons import menu_button, offer
from onemap.plugin.widgets.elided_label import elided_around
from onemap.plugin.widgets.form_fields import date_box
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.widgets.working_dialog import end_dialog
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

DAY, BESIDE_DAY_PX = "2026-12-31", 58  # beside a day: its margins, the cross that clears it, and the arrow
BESIDE_NAME_PX = 16  # margins of the button, and between icon, name and arrow


class LibraryButton(QToolButton):
    """The button with the library's name, cut so that it does not run into the arrow of the menu.

    A name is cut in its middle. If two libraries have one name, the mark that distinguishes them stays readable.
    """

    def __init__(self) -> None:
        popup, style = QToolButton.ToolButtonPopupMode.InstantPopup, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        super().__init__(icon=icon("library"), toolButtonStyle=style, popupMode=popup)
        self.name = ""
        self.mark: DistinctPlace | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_name(self, name: str, mark: DistinctPlace | None = None) -> None:
        """Show a name; the accessible name is never cut. mark: distinguishes libraries of the same name."""
        self.name, self.mark = name, mark
        self.setAccessibleName(name if mark is None else f"{name} ({mark.text})")
        self._cut_name()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the name anew."""
        super().resizeEvent(event)
        self._cut_name()

    def _cut_name(self) -> None:
        arrow = self.style().pixelMetric(QStyle.PixelMetric.PM_MenuButtonIndicator, None, self)
        room = self.width() - self.iconSize().width() - arrow - BESIDE_NAME_PX
        self.setText(as_written(self._text_in(max(room, 0))))

    def _text_in(self, room: int) -> str:
        """The name and its distinguishing mark, cut to a width."""
        metrics, mark = self.fontMetrics(), self.mark
        if mark is None:
            return metrics.elidedText(self.name, Qt.TextElideMode.ElideMiddle, room)
        shortest = metrics.horizontalAdvance(f"{self.name[:1]}…")
        least = min(metrics.horizontalAdvance(self.name), max(room // 3, shortest))
        name_room = max(room - metrics.horizontalAdvance(f" ({mark.text})"), least)
        name = metrics.elidedText(self.name, Qt.TextElideMode.ElideRight, name_room)
        mark_room = room - metrics.horizontalAdvance(f"{name} ()")
        return f"{name} ({elided_around(mark.text, mark.start, mark.end, mark_room, metrics)})"


class Header(QWidget):
    """The library's name with a menu, the day, and the menu of further actions."""

    library_chosen = pyqtSignal(str)
    open_requested = pyqtSignal()
    server_requested = pyqtSignal()
    new_requested = pyqtSignal()
    sample_requested = pyqtSignal()
    publish_requested = pyqtSignal()
    settings_requested = pyqtSignal()
    profile_requested = pyqtSignal()
    setup_requested = pyqtSignal()
    machine_requested = pyqtSignal()
    help_requested = pyqtSignal()

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._is_following = False
        self.district_dialog: DistrictDialog | None = None
        self.button = LibraryButton()
        self.menu = QMenu(self, aboutToShow=self._fill_menu)
        self.button.setMenu(self.menu)
        self.date = date_box(tr("today"))
        self.date.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)  # a dark theme cuts letters
        self._clear_date()
        widest = self.date.fontMetrics().horizontalAdvance(DAY)
        self.date.setFixedWidth(widest + BESIDE_DAY_PX)  # what is left is for the library's name
        self.date.setToolTip(tr("As of which day: the versions in force on it are shown and checked against"))
        self.date.dateValueChanged.connect(lambda _day: self._change_day())  # Qt's own signal knows no cleared day
        self.more_menu = QMenu(self, toolTipsVisible=True)
        add = self.more_menu.addAction
        add(icon("refresh"), tr("Read the library again"), library.refresh)
        self.publish_action = add(icon("publish"), tr("Publish as a QGIS project…"), self.publish_requested.emit)
        self.profile_action = add(icon("bureau"), tr("The bureau's profile…"), self.profile_requested.emit)
        self.district_action = add(icon("district"), tr("The library's district…"), self.show_district)
        add(icon("settings"), tr("Settings…"), self.settings_requested.emit)
        add(icon("setup"), tr("Set up the core"), self.setup_requested.emit)
        add(icon("inspect"), tr("Check this computer…"), self.machine_requested.emit)
        add(icon("help"), tr("User guide") + "\tF1", self.help_requested.emit)
        row = row_of((self.button, 1), self.date, menu_button(self.more_menu, tr("More")), inside=self)
        row.setContentsMargins(4, 4, 4, 0)
        library.loading.connect(self.show_name)
        library.listed.connect(self.show_name)
        self.show_name()

    def show_name(self) -> None:
        """Show the open library."""
        name = self._library.own_name if self._library.path else tr("Choose a library")
        self.button.show_name(name, self._library.mark)
        self.button.setToolTip("\n".join(filter(None, (self._library.name, self._library.path))))
        self.date.setVisible(bool(self._library.path))
        self._show_day()
        self.publish_action.setEnabled(bool(self._library.layers))
        offer(self.profile_action, self._library.rights.why_not_owner, bool(self._library.path))
        self.district_action.setEnabled(bool(self._library.path))

    def show_district(self) -> None:
        """Show the dialog that displays the library's district and replaces it."""
        end_dialog(self.district_dialog)
        self.district_dialog = DistrictDialog(self._library, self.window())
        self.district_dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self.district_dialog.begin()

    def close_down(self) -> None:
        """Close the dialog that the header has opened, before the header is deleted."""
        end_dialog(self.district_dialog)
        self.district_dialog = None

    def _show_day(self) -> None:
        """Show the library's day, no matter what has changed it."""
        shown_day = QDate() if self.date.isNull() else self.date.date()
        if shown_day == self._library.as_of:
            return
        self._is_following = True  # while it is cleared, the control tells of a day that nobody chose
        if self._library.as_of.isValid():
            self.date.setDate(self._library.as_of)
        else:
            self._clear_date()
        self._is_following = False

    def _clear_date(self) -> None:
        """Clear the day; QGIS's control stops showing its text for an empty day once it has had a date."""
        self.date.clear()
        self._show_today()

    def _show_today(self) -> None:
        """Write “today” in the normal colour; QGIS's control writes its text for no day in a pale grey."""
        self.date.lineEdit().setText(tr("today"))
        self.date.lineEdit().setStyleSheet("")

    def _change_day(self) -> None:
        if self.date.isNull():
            self._show_today()
        if not self._is_following:
            self._library.set_day(QDate() if self.date.isNull() else self.date.date())

    def _fill_menu(self) -> None:
        self.menu.clear()
        for path in settings.get("recent_libraries"):
            names = (settings.library_name(path), short_name(path))
            text = as_written(f"{' · '.join(filter(None, names))}   {home_of(path)}")
            action = self.menu.addAction(text, partial(self.library_chosen.emit, path))
            action.setEnabled(is_server(path) or Path(path).exists())
        if not self.menu.isEmpty():
            self.menu.addSeparator()
        self.menu.addAction(icon("library"), tr("Open a library…"), self.open_requested.emit)
        self.menu.addAction(icon("server"), tr("Open a library on a server…"), self.server_requested.emit)
        self.menu.addAction(icon("new"), tr("New library…"), self.new_requested.emit)
        self.menu.addAction(icon("sample"), tr("Make the sample city…"), self.sample_requested.emit)

"""Runs inside QGIS desktop: opens the panel by its shortcut and visits every room by keys; then reports."""

import faulthandler
import json
import os
import traceback

import qgis.utils
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer
from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication, QWidget
from qgis.utils import iface

from onemap.plugin.desk.guide.guide import Guide
from onemap.plugin.main import SHORTCUT
from onemap.plugin.widgets.accessible_names import CONTROLS, nameless_controls

ORDERS = json.loads(os.environ["ONEMAP_ORDERS"])
LIMIT_MS = 60_000
MOST_STEPS = 200
DATE_PARTS = 4  # Tab goes through year, month and day before it leaves a date
KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
seen = {"errors": [], "rooms": {}, "steps": []}


def wait_for(claim):
    """Let QGIS work until a claim holds."""
    loop = QEventLoop()
    look, limit = QTimer(), QTimer()
    look.timeout.connect(lambda: loop.quit() if claim() else None)
    limit.timeout.connect(loop.quit)
    look.start(20)
    limit.start(LIMIT_MS)
    if not claim():
        loop.exec()
    if not claim():
        active = name_of(QApplication.activeWindow())
        focus = name_of(QApplication.focusWidget())
        raise AssertionError(f"waited in vain after {seen['steps'][-1:]}; focus: {focus} in {active}")


def press(key, modifiers=Qt.KeyboardModifier.NoModifier):
    """Press one key for the control with the focus."""
    QTest.keyClick(QApplication.focusWidget() or iface.mainWindow(), key, modifiers)
    QTest.qWait(30)


def name_of(widget):
    """The name by which a reader of the report recognises a control."""
    if widget is None:
        return "nothing"
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or text}".strip()


def show_panel(dock):
    """Open the panel by its shortcut: the focus is in it then."""
    press(Qt.Key.Key_O, KEYS)
    wait_for(dock.isVisible)
    wait_for(lambda: dock.isAncestorOf(QApplication.focusWidget() or iface.mainWindow()))


def hide_panel(dock):
    """Close it by the same keys."""
    press(Qt.Key.Key_O, KEYS)
    wait_for(lambda: not dock.isVisible())


def walk(dock, until=None):
    """Press Tab until the focus leaves the panel or returns; the controls that had it, and those that hid it."""
    had, hidden = [], []
    for _step in range(MOST_STEPS):
        now = QApplication.focusWidget()
        if now is None or not dock.isAncestorOf(now) or now in had:
            return had, hidden
        had.append(now)
        if now is until:
            return had, hidden
        with_focus = picture_of(now)
        for _part in range(DATE_PARTS):
            press(Qt.Key.Key_Tab)
            if QApplication.focusWidget() is not now:
                break
        else:
            raise AssertionError(f"Tab does not leave {name_of(now)}")
        if now.isVisible() and picture_of(now) == with_focus:
            hidden.append(name_of(now))
    raise AssertionError(f"Tab goes on for ever: {[name_of(one) for one in had[-20:]]}")


def picture_of(widget):
    """A picture of a control with its surroundings."""
    window = widget.window()
    place = widget.rect().translated(widget.mapTo(window, widget.rect().topLeft())).adjusted(-3, -3, 3, 3)
    return window.grab(place).toImage()


def reachable(room):
    """The controls of a room that are there to be used now."""
    return [
        control
        for control in room.findChildren(QWidget)
        if isinstance(control, CONTROLS)
        and control.isVisible()
        and control.isEnabled()
        and control.focusPolicy() & Qt.FocusPolicy.TabFocus
        and control.focusProxy() is None
        and not isinstance(control.parent(), CONTROLS)
    ]


def enter(dock, room):
    """From the first control of the panel to a room: by Tab to the bar of rooms, by arrows along it."""
    bar = dock.tabs.tabBar()
    walk(dock, until=bar)
    assert QApplication.focusWidget() is bar, f"Tab does not come to the rooms: {name_of(QApplication.focusWidget())}"
    wanted = dock.tab_index(room)
    for _step in range(bar.count()):
        now = dock.tabs.currentIndex()
        if now == wanted:
            break
        press(Qt.Key.Key_Right if now < wanted else Qt.Key.Key_Left)
    assert dock.tabs.currentIndex() == wanted
    QTest.qWait(300)


def visit(dock, title, room):
    """Walk through a room, and note what Tab passes over, what has no name, what hides that it has the focus."""
    enter(dock, room)
    there = reachable(room)
    had, hidden = walk(dock)
    seen["rooms"][title] = {
        "visited": [name_of(one) for one in had],
        "missed": [name_of(one) for one in there if one not in had and not any(one.isAncestorOf(h) for h in had)],
        "nameless": [name_of(one) for one in nameless_controls(dock) if one.isVisible()],
        "hidden": hidden,
    }
    seen["steps"].append(title)
    hide_panel(dock)
    show_panel(dock)


def check(dock):
    """Begin a check by the keyboard, and go from finding to finding."""
    tab = dock.check_tab
    enter(dock, tab)
    walk(dock, until=tab.button)
    done = []
    tab.finished.connect(lambda: done.append(True))
    press(Qt.Key.Key_Space)
    wait_for(lambda: done or dock.notice.text)
    assert dock.notice.text == "", dock.notice.text
    walk(dock, until=tab.results.tree)
    assert QApplication.focusWidget() is tab.results.tree
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Right)  # the first parcel is open: to its gravest finding
    before = tab.results.details.text()
    seen["finding"] = before
    press(Qt.Key.Key_Space)
    wait_for(lambda: tab.results.details.text() != before)
    seen["explained"] = tab.results.details.text()
    hide_panel(dock)
    show_panel(dock)


def open_case(dock):
    """Open the case of the list by the keyboard, and walk through each of its pages."""
    tab, page = dock.review_tab, dock.review_tab.case_page
    enter(dock, tab)
    wait_for(lambda: tab.list.lines)
    walk(dock, until=tab.list.tree)
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Return)
    wait_for(lambda: page.case is not None and page.findings.results.run is not None or dock.notice.text)
    assert dock.notice.text == "", dock.notice.text
    focus = QApplication.focusWidget()
    seen["case_focus"] = focus is not None and page.isAncestorOf(focus)
    hide_panel(dock)
    show_panel(dock)
    for index in range(page.tabs.count()):
        enter(dock, tab)
        walk(dock, until=page.tabs.tabBar())
        press(Qt.Key.Key_Home if index == 0 else Qt.Key.Key_Right)
        assert page.tabs.currentIndex() == index, f"the arrow leads to page {page.tabs.currentIndex()}, not {index}"
        hide_panel(dock)
        show_panel(dock)
        visit(dock, f"case: {page.tabs.tabText(index)}", tab)
    page.tabs.setCurrentIndex(0)


def open_guides():
    """The guides that are in sight."""
    return [window for window in QApplication.topLevelWidgets() if isinstance(window, Guide) and window.isVisible()]


def open_guide(dock):
    """F1 opens the guide, wherever in the dock the focus is; Esc closes it."""
    enter(dock, dock.check_tab)
    walk(dock, until=dock.check_tab.button)
    press(Qt.Key.Key_F1)
    seen["guide"] = [guide.heading() for guide in open_guides()]
    press(Qt.Key.Key_Escape)
    assert not open_guides()
    iface.mainWindow().activateWindow()  # as a window manager does, which there is none of here
    wait_for(iface.mainWindow().isActiveWindow)
    hide_panel(dock)
    show_panel(dock)


def write_opinion(dock):
    """Write a department's opinion in the open case by the keyboard; then Esc goes back to the cases."""
    tab, page = dock.review_tab, dock.review_tab.case_page
    enter(dock, tab)
    walk(dock, until=page.editor.conclusion)
    press(Qt.Key.Key_End)
    walk(dock, until=page.editor.text)
    press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(QApplication.focusWidget(), "By keys alone.")
    before = page.case.revision
    walk(dock, until=page.editor.buttons["opine"])
    press(Qt.Key.Key_Space)
    wait_for(lambda: page.case.revision > before or dock.notice.text)
    assert dock.notice.text == "", dock.notice.text
    department = page.editor.department
    seen["opinion"] = page.case.opinion(department).text
    press(Qt.Key.Key_Escape)
    wait_for(lambda: tab.pages.currentWidget() is tab.list)
    focus = QApplication.focusWidget()
    seen["list_focus"] = focus is not None and tab.isAncestorOf(focus)


def run():
    """All of it, in order, without the mouse."""
    window = iface.mainWindow()
    window.setGeometry(0, 0, 1600, 1000)
    parcels = QgsVectorLayer(ORDERS["parcels"], "Parcels", "ogr")
    QgsProject.instance().setCrs(parcels.crs())
    QgsProject.instance().addMapLayer(parcels)
    QApplication.setActiveWindow(window)  # there is no window manager that would do it
    iface.mapCanvas().setFocus()
    QTest.qWait(500)
    actions = [action for action in window.findChildren(QAction) if action.shortcut().toString() == SHORTCUT]
    seen["shortcut"] = [action.objectName() for action in actions]
    dock = qgis.utils.plugins["onemap"].dock
    assert not dock.isVisible()
    show_panel(dock)
    wait_for(lambda: dock.library.layers or dock.notice.text)
    dock.review_tab.person.set_name("Wang")
    hide_panel(dock)
    show_panel(dock)
    rooms = [dock.tabs.widget(index).widget() for index in range(dock.tabs.count())]
    for index, room in enumerate(rooms):
        visit(dock, dock.tabs.tabText(index), room)
    check(dock)
    visit(dock, "results", dock.check_tab)
    open_guide(dock)
    open_case(dock)
    write_opinion(dock)


def begin():
    """Run, report, and close QGIS without a question."""
    try:
        run()
    except BaseException:  # noqa: BLE001 - the report carries it out of QGIS
        seen["errors"].append(traceback.format_exc())
        iface.mainWindow().screen().grabWindow(0).save(ORDERS["picture"])
    with open(ORDERS["report"], "w", encoding="utf-8") as file:
        json.dump(seen, file, ensure_ascii=False)
    qgis.utils.unloadPlugin("onemap")
    QgsProject.instance().setDirty(False)
    os._exit(0)


# Whatever it hangs in, even where no event comes through: where that is goes to the log, and QGIS ends.
faulthandler.dump_traceback_later(ORDERS["longest_s"], exit=True)
QTimer.singleShot(1500, begin)

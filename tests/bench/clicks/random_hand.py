"""A hand that presses, types and chooses at random in a window and its dialogs."""

from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
PAUSES_MS = (5, 10, 20, 20, 40, 100, 300)
KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Delete)
SPIN_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_Delete, Qt.Key.Key_5)
# Of a menu that is open an action is mostly taken; a dialog that is open is mostly what is worked at.
TAKEN, IN_DIALOG, BY_ENTER, PRESSED = 0.8, 0.8, 0.5, 0.6


class RandomHand:
    """It takes one step after the other until it is stopped.

    chance: a random.Random; parts: gives what it works at while no dialog is open; texts: what it types;
    is_left_alone: whether a control or an action is not touched; say: is told each step before it is taken.
    """

    def __init__(self, chance, parts, texts, is_left_alone, say):
        self.chance, self.parts, self.texts = chance, parts, texts
        self.is_left_alone, self.say = is_left_alone, say
        self.is_working = False
        self._ways = {  # by sort of control: how it is used, and how often beside the others
            QAbstractButton: (self._press, 6),
            QComboBox: (self._choose, 2),
            QLineEdit: (self._type, 2),
            QAbstractSpinBox: (self._spin, 1),
            QAbstractItemView: (self._go_into, 4),
            QTabBar: (self._turn, 3),
            QTextEdit: (self._write, 0.5),
            QPlainTextEdit: (self._write, 0.5),
        }

    def work(self):
        """Begin to work; each step is scheduled before the one at hand, which a dialog may hold up."""
        self.is_working = True
        self._go_on()

    def stop(self):
        """Take no further step."""
        self.is_working = False

    def _go_on(self):
        if not self.is_working:
            return
        QTimer.singleShot(self.chance.choice(PAUSES_MS), self._go_on)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            self._use_popup(popup)
            return
        by_sort = {}
        for control in self._controls():
            sort = next((sort for sort in self._ways if isinstance(control, sort)), None)
            if sort is not None:
                by_sort.setdefault(sort, []).append(control)
        if by_sort:
            (sort,) = self.chance.choices(list(by_sort), [self._ways[one][1] for one in by_sort])
            control = self.chance.choice(by_sort[sort])
            self.say(f"{sort.__name__} {name_of(control)}")
            self._ways[sort][0](control)

    def _controls(self):
        """The visible and usable controls: of the front dialog, else of another open one, or of the parts."""
        front = QApplication.activeModalWidget()
        dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
        if front is not None:
            roots = [front]
        elif dialogs and self.chance.random() < IN_DIALOG:
            roots = [self.chance.choice(dialogs)]
        else:
            roots = self.parts()
        every = [one for root in roots for one in (root, *root.findChildren(QWidget))]
        return [one for one in every if is_usable(one) and not self.is_left_alone(one)]

    def _use_popup(self, popup):
        actions = popup.actions() if isinstance(popup, QMenu) else []
        usable = [one for one in actions if one.isEnabled() and not one.isSeparator() and not self.is_left_alone(one)]
        lists = popup.findChildren(QAbstractItemView)
        if usable and self.chance.random() < TAKEN:
            action = self.chance.choice(usable)
            self.say(f"QMenu {action.text()}")
            press(popup, popup.actionGeometry(action).center())
        elif lists and self.chance.random() < TAKEN:
            press(lists[0].viewport(), self._place(lists[0].viewport()))
        else:
            popup.close()

    def _place(self, control):
        box = control.visibleRegion().boundingRect()
        return QPoint(self.chance.randint(box.left(), box.right()), self.chance.randint(box.top(), box.bottom()))

    def _press(self, button):
        press(button, button.rect().center())

    def _choose(self, box):
        if box.count():
            box.setFocus()
            box.setCurrentIndex(self.chance.randrange(box.count()))
            box.activated.emit(box.currentIndex())

    def _type(self, line):
        if not line.isReadOnly():
            line.setFocus()
            line.clear()
            line.insert(self.chance.choice(self.texts))
            if self.chance.random() < BY_ENTER:
                QTest.keyClick(line, Qt.Key.Key_Return)

    def _spin(self, box):
        box.setFocus()
        QTest.keyClick(box, self.chance.choice(SPIN_KEYS))

    def _go_into(self, view):
        if self.chance.random() < PRESSED:
            press(view.viewport(), self._place(view.viewport()), self.chance.choice((False, False, False, True)))
        else:
            QTest.keyClick(view, self.chance.choice(KEYS))

    def _turn(self, bar):
        if bar.count():
            press(bar, bar.tabRect(self.chance.randrange(bar.count())).center())

    def _write(self, text):
        if not text.isReadOnly():
            text.setPlainText(self.chance.choice(self.texts))


def press(widget, place, is_double=False):
    """A press that comes through the window, as from a mouse: of a widget that goes meanwhile QTest would not know."""
    window = widget.window()
    if window.windowHandle() is not None:
        click = QTest.mouseDClick if is_double else QTest.mouseClick
        click(window.windowHandle(), LEFT, NO_KEY, widget.mapTo(window, place))


def is_usable(control):
    """Whether a person could use a control just now."""
    return control.isVisible() and control.isEnabled() and not control.visibleRegion().isEmpty()


def name_of(control):
    """A control by its text or name, and its parent."""
    text = control.text() if isinstance(control, QAbstractButton) else control.accessibleName()
    names, above = [], control.parentWidget()
    while above is not None and len(names) < 3:
        names, above = [*names, type(above).__name__], above.parentWidget()
    return f"{text!r} in {' in '.join(names)}"

"""Make selections, hints of empty fields and pressed buttons readable in themes that do not."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPaintEvent, QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QToolButton,
    QWidget,
)

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.contrast import CONTRAST, contrast, luminance, mixed_colour, quiet_brush, readable_ground

Role = QPalette.ColorRole
GROUPS = (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive)
PARTS = (QAbstractItemView, QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
BUTTONS = (QPushButton, QToolButton)
PRESSED_SHARE = 0.35  # of the text's colour in a pressed button of a dark theme: told from others, its text readable
CHANGES = (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange)


class PressedButton(QPushButton):
    """A button that stays pressed, as a theme paints it."""

    def __init__(self) -> None:
        super().__init__(checkable=True, checked=True)


# QGIS's own themes, style sheets, write on panels, buttons and lists below AA, on grounds that no palette tells: what a
# widget paints tells them. By the widget, the parts that have its ground.
SHEETS: dict[type[QWidget], tuple[str, ...]] = {
    QDialog: (
        *("QLabel:enabled", "QCheckBox:enabled", "QRadioButton:enabled", "QGroupBox:enabled"),
        *("QTabBar", "QTabBar::tab:enabled", "QHeaderView::section:enabled"),
        'QToolButton[autoRaise="true"]:enabled:!hover',
    ),
    QPushButton: ("QPushButton:enabled", 'QToolButton[autoRaise="false"]:enabled', "QToolButton:enabled:hover"),
    PressedButton: ("QPushButton:enabled:checked",),
    QComboBox: ("QComboBox:enabled:!editable",),
}
PATTERN_PX = 60


class FocusFrame(QWidget):
    """Lies over its widget, and lets all events through.

    QGIS's own themes, which are style sheets, draw no focus in lists: a selected row looks the same with and without
    it. Without a style sheet, the style shows the focus.
    """

    def __init__(self, framed: QAbstractScrollArea) -> None:
        super().__init__(framed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        framed.installEventFilter(self)

    def eventFilter(self, framed: QObject, event: QEvent) -> bool:
        """Follow the focus and the size of the widget."""
        if event.type() == QEvent.Type.FocusIn and QApplication.instance().styleSheet():
            self.setGeometry(framed.rect())
            self.raise_()
            self.show()
        elif event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.Resize:
            self.setGeometry(framed.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setPen(QApplication.palette().color(Role.Text))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def keep_choice_readable(root: QWidget) -> None:
    """Keep selections, hints and pressed buttons readable in a window, now and whenever the theme changes."""
    _ChoiceKeeper(root)


class _ChoiceKeeper(QObject):
    """Lives as long as its window; it sets only the palette's colours behind selected text, and of hints of fields."""

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        self._root, self._colours = root, ()
        self._is_restyling = False
        self._restyled_by = QEvent.Type.Show  # what was set before is lost where the theme is a style sheet
        # A style sheet takes palettes away, from one part after the other.
        self._restyled = one_shot_timer(self, 0, self._follow_style)
        root.installEventFilter(self)
        self._follow_sheet()
        self._follow_theme()
        for part in root.findChildren(QWidget):
            if _can_be_pressed(part):
                part.toggled.connect(lambda _is_on, button=part: _show_pressed(button))
            elif isinstance(part, QAbstractScrollArea) and part.window() is root.window():  # not of a drop-down list
                FocusFrame(part)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow a change of the theme."""
        if event.type() in CHANGES:
            self._follow_theme()
        elif event.type() == self._restyled_by and not self._is_restyling:
            self._restyled_by = QEvent.Type.StyleChange
            self._restyled.start()
        return False

    def _follow_sheet(self) -> None:
        """Set readable colours of texts if the theme is a style sheet."""
        is_sheet = bool(QApplication.instance().styleSheet())
        texts = {kind: _text_on(kind).name() for kind in SHEETS} if is_sheet else {}
        sheet = "\n".join(f"{', '.join(SHEETS[kind])} {{ color: {text}; }}" for kind, text in texts.items())
        if sheet or self._root.styleSheet():
            self._is_restyling = True
            self._root.setStyleSheet("")  # Qt keeps what it made of the same words under the theme before
            self._root.setStyleSheet(sheet)
            self._is_restyling = False

    def _follow_style(self) -> None:
        self._follow_sheet()
        self._colours = ()
        self._follow_theme()

    def _follow_theme(self) -> None:
        theme = QApplication.palette()
        # Qt's own hints are below AA on white, and QGIS's in the dark.
        hint = quiet_brush(theme).color()
        grounds = [
            readable_ground(theme.color(group, Role.Highlight), theme.color(group, Role.HighlightedText))
            for group in GROUPS
        ]
        colours = (*grounds, hint, theme.color(Role.Button), theme.color(Role.ButtonText))
        if colours == self._colours:
            return
        parts = self._root.findChildren(QWidget)
        for button in filter(_can_be_pressed, parts):
            _show_pressed(button)
        mine = QPalette()
        for group, colour in zip(GROUPS, grounds):
            mine.setColor(group, Role.PlaceholderText, hint)
            if colour != theme.color(group, Role.Highlight):
                mine.setColor(group, Role.Highlight, colour)
        self._colours = colours  # before the palette, which tells of its change
        self._root.setPalette(mine)
        for part in parts:
            # In the window of QGIS itself lists and texts do not take the palette of what they are in.
            if isinstance(part, PARTS):
                part.setPalette(mine)
        if QApplication.instance().styleSheet():
            self._write_on_lists()

    def _write_on_lists(self) -> None:
        """Give lists that draw their own text the colour that the style sheet gives the others."""
        text, palette = _text_on(QComboBox), QPalette()
        for role in (Role.WindowText, Role.ButtonText):
            palette.setColor(role, text)
        for part in self._root.findChildren(WrappedChoice):
            part.setPalette(palette)


def _can_be_pressed(part: QWidget) -> bool:
    return isinstance(part, BUTTONS) and part.isCheckable()


def _show_pressed(button: QPushButton | QToolButton) -> None:
    """Give a pressed button a background of its own in a dark theme, where the style hardly darkens it."""
    theme, mine = QApplication.palette(), QPalette()
    ground, text = theme.color(Role.Button), theme.color(Role.ButtonText)
    if button.isChecked() and luminance(ground) < luminance(text):
        mine.setColor(Role.Button, readable_ground(mixed_colour(text, ground, PRESSED_SHARE), text))
    button.setPalette(mine)


def _text_on(kind: type[QWidget]) -> QColor:
    """The theme's colour of texts if it is readable on what a kind of widget paints; else white or black."""
    pattern = kind()
    pattern.resize(PATTERN_PX, PATTERN_PX // 2)
    ground = pattern.grab().toImage().pixelColor(PATTERN_PX // 4, PATTERN_PX // 4)
    own = QApplication.palette().color(Role.Text)
    if contrast(own, ground) >= CONTRAST:
        return own
    return max((QColor("white"), QColor("black")), key=lambda text: contrast(text, ground))

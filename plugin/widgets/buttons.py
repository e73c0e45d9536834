"""The dock's buttons and labels; the button of a main action stands out, and shows that it has the focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QAction, QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QMenu, QPushButton, QToolButton, QWidget

from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

INSET_PX = 3


class MainButton(QPushButton):
    """A default button with a frame while it has the focus, which some styles do not show."""

    def __init__(self, *words: object) -> None:
        super().__init__(*words, default=True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and a dashed frame inside while it has the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.ButtonText), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(INSET_PX, INSET_PX, -INSET_PX - 1, -INSET_PX - 1))
            painter.end()


def push_button(
    text: str, sign: str = "", hint: str = "", action: Callable[..., Any] | None = None, **properties: Any
) -> QPushButton:
    """A button with a text and, before it, the icon of a sign.

    hint: the tooltip; action: called at a click; properties: Qt's properties, or slots by the names of their signals.
    """
    return _equip_button(QPushButton(text, **properties), sign, hint, action)


def tool_button(
    sign: str, hint: str, action: Callable[..., Any] | None = None, name: str = "", **properties: Any
) -> QToolButton:
    """A button that has an icon only; as `push_button`. name: for a screen reader, where it is not the hint."""
    return _equip_button(QToolButton(accessibleName=name, **properties), sign, hint, action)


def switch_button(
    sign: str, hint: str, toggled: Callable[[bool], Any], is_flat: bool = True, is_on: bool = False
) -> QToolButton:
    """A button that stays pressed until it is pressed again. is_flat: without an edge while it is not pressed."""
    return tool_button(sign, hint, checkable=True, autoRaise=is_flat, checked=is_on, toggled=toggled)


def menu_button(menu: QMenu, hint: str, sign: str = "⋮", is_flat: bool = True) -> QToolButton:
    """The button that opens a menu, with a sign such as three dots. is_flat: without an edge."""
    popup = QToolButton.ToolButtonPopupMode.InstantPopup
    button = QToolButton(text=sign, toolTip=hint, autoRaise=is_flat, popupMode=popup)
    button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    button.setMenu(menu)
    return button


def close_button(window: QWidget) -> QPushButton:
    """The button that closes a dialog; Enter does not press it."""
    return push_button(tr("Close"), action=window.close, autoDefault=False)


def wrapped_label(text: str = "", **properties: Any) -> QLabel:
    """A text that takes as many lines as it needs. properties: Qt's properties."""
    return QLabel(text, wordWrap=True, **properties)


def empty_label(text: str = "") -> QLabel:
    """The text in the middle of a page that has nothing to show yet."""
    label = wrapped_label(text)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    label.setContentsMargins(12, 24, 12, 12)
    return label


def show_text(label: QLabel | QAbstractButton, text: str) -> None:
    """Show a text; an empty one hides the label, without leaving a gap."""
    label.setText(text)
    label.setVisible(bool(text))


def offer(control: QAction | QAbstractButton, why_not: str, is_ready: bool = True, hint: str = "") -> None:
    """Enable a control unless there is a reason why not, which is then its hint. hint: the usual one."""
    control.setEnabled(not why_not and is_ready)
    control.setToolTip(why_not or hint)


def embolden(widget: QWidget) -> None:
    """Write a widget's text in bold letters."""
    font = widget.font()
    font.setBold(True)
    widget.setFont(font)


def _equip_button(button: QAbstractButton, sign: str, hint: str, action: Callable[..., Any] | None) -> Any:
    if sign:
        button.setIcon(icon(sign))
    button.setToolTip(hint)
    if action is not None:
        button.clicked.connect(action)
    return button

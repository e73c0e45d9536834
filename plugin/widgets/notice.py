"""A message inside the dock: what could not be done, why, and what to do, with a button where a click can do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.option_names import in_controls
from onemap.plugin.words.translation import tr

HIGHEST_PX = 180


class Notice(QFrame):
    """Text of any length in a narrow place, until it is closed or something else is said."""

    def __init__(self, controls: Mapping[str, str] | None = None, parent: QWidget | None = None) -> None:
        """controls: what the command line's options are called where this stands; None: leave them."""
        super().__init__(parent)
        self._controls = controls
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setWidget(self._text)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setMaximumHeight(HIGHEST_PX)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area = area
        self._button = QPushButton()
        self._do: Callable[[], None] | None = None
        self._button.clicked.connect(self._press)
        close = QToolButton()
        close.setIcon(icon("cancel"))
        close.setToolTip(tr("Close this message"))
        close.setAutoRaise(True)
        close.clicked.connect(self.hide)
        beside = QVBoxLayout()
        beside.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        beside.addStretch()
        body = QVBoxLayout()
        body.addWidget(area)
        body.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(body, 1)
        layout.addLayout(beside)
        self.hide()

    @property
    def text(self) -> str:
        """What is said now; empty when nothing is."""
        return "" if self.isHidden() else self._text.text()

    def say(self, text: str, button: str = "", do: Callable[[], None] | None = None) -> None:
        """Show a message, with a button where there is something to do."""
        self._text.setText(text)
        self._do = do
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.show()
        self._fit()

    def refuse(self, refusal: Refusal) -> None:
        """Show what the core refused, in its own words; a cancel needs none."""
        if not refusal.is_cancel:
            said = str(refusal) if self._controls is None else in_controls(str(refusal), self._controls)
            self.say(said, *(refusal.mend or ()))

    def resizeEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Keep the height that the text needs at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = self._text.heightForWidth(max(80, self._area.viewport().width()))
        self._area.setFixedHeight(min(HIGHEST_PX, max(20, wanted + 4)))

    def _press(self) -> None:
        self.hide()
        if self._do is not None:
            self._do()

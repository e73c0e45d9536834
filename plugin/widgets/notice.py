"""A message inside the dock: what failed, why, and what to do, with a button if a click can do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QFrame, QPushButton

from onemap.plugin.connection.refusals import Refusal, problem_lines
from onemap.plugin.widgets.buttons import show_text, tool_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import scroll_area
from onemap.plugin.words.option_names import name_controls
from onemap.plugin.words.translation import tr

MAX_HEIGHT_PX = 180


class Notice(QFrame):
    """A text of any length in a narrow space, shown until it is closed or replaced."""

    def __init__(self, controls: Mapping[str, str] | None = None) -> None:
        """Make an empty notice.

        controls: the control for each option of the command line; None leaves the options' names as they are.
        """
        super().__init__(frameShape=QFrame.Shape.StyledPanel)
        self._controls = controls
        self._is_refusal = False
        self._text = wrapped_label(textFormat=Qt.TextFormat.PlainText, alignment=Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._area = scroll_area(self._text)
        self._area.setMaximumHeight(MAX_HEIGHT_PX)
        self._action: Callable[[], object] | None = None
        self._button = QPushButton(clicked=self._press)
        close = tool_button("cancel", tr("Close this message"), action=self.hide, autoRaise=True)
        body = column_of(self._area, self._button)
        body.setAlignment(self._button, Qt.AlignmentFlag.AlignLeft)
        row_of((body, 1), column_of(close, 0), inside=self).setContentsMargins(6, 6, 6, 6)
        self.hide()

    @property
    def text(self) -> str:
        """The text on display; empty when the notice is hidden."""
        return "" if self.isHidden() else self._text.text()

    def say(
        self, text: str, button: str = "", action: Callable[[], object] | None = None, is_refusal: bool = False
    ) -> None:
        """Show a message, with a button if there is something to do. is_refusal: hide it once a step has succeeded."""
        self._text.setText(text)
        self._is_refusal = is_refusal
        self._action = action
        show_text(self._button, button)
        self.show()
        self._fit()

    def mention(self, text: str, button: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a message that nobody waits for; it does not replace a refusal, or a message with a button."""
        if self.isHidden() or not (self._is_refusal or self._action):
            self.say(text, button, action)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal of the core, in its own words; a cancel shows nothing."""
        if not refusal.is_cancel:
            button, action = refusal.mend or ("", None)
            text = str(refusal)
            if self._controls is not None:
                controls = {**self._controls, refusal.mend_option: button}
                text = name_controls(refusal.in_window(controls), controls)
            self.say(text, button, action, is_refusal=True)

    def remark(self, problems: Sequence[dict[str, Any]]) -> None:
        """Show the core's remarks on an answer; nothing if there are none."""
        text = "\n".join(line.text for line in problem_lines(problems))
        if text:
            self.say(name_controls(text, self._controls) if self._controls is not None else text)

    def forget_refusal(self) -> None:
        """Hide a refusal once a later step has succeeded; other messages stay."""
        if self._is_refusal:
            self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adjust the height to the text at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = self._text.heightForWidth(max(80, self._area.viewport().width()))
        self._area.setFixedHeight(min(MAX_HEIGHT_PX, max(20, height + 4)))

    def _press(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

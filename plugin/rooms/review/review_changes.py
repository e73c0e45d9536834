"""The changes that a recheck would make, as text: parcels, opinions, layers, packs."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QWidget

from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.words.translation import tr

SIZE_PX = (460, 420)


class ChangesDialog(QDialog):
    """A preview: nothing of it is written."""

    def __init__(self, project: str, view: list[dict[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Recheck of “{project}”").format(project=project))
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.windowTitle())
        self.text.setHtml(changes_text(view))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        speak_buttons(buttons)
        buttons.rejected.connect(self.reject)
        column_of(self.text, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)


def changes_text(view: list[dict[str, Any]]) -> str:
    """The changes as rich text: today's layers and packs against those of the round."""
    if not view:
        return (
            "<p>" + escape(tr("Nothing would change: by today's layers and rules the case stands as it is.")) + "</p>"
        )
    parts = []
    for kind in view:
        lines = "".join(f"<li>{escape(row['name'])}</li>" for row in kind["rows"])
        parts.append(f"<p><b>{escape(kind['name'])}</b></p><ul>{lines}</ul>")
    parts.append(
        "<p>" + escape(tr("Nothing was written. To take it over, revise the case with the same parcels.")) + "</p>"
    )
    return "".join(parts)

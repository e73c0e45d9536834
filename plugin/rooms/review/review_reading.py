"""Texts about a case in a window of their own: its project, and the changes that a recheck would make."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QWidget

from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.words.translation import tr

SIZE_PX = (460, 420)


class ReadingDialog(QDialog):
    """A text to read: nothing is written from here."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, windowTitle=title)
        self.text = QTextBrowser(accessibleName=title)
        self.text.setHtml(text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        speak_buttons(buttons)
        buttons.rejected.connect(self.reject)
        column_of(self.text, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)


def project_text(facts: list[dict[str, Any]], files: list[dict[str, str]]) -> str:
    """The stated facts of a project, and the names of its attachments, as rich text.

    facts: the core's rows.
    files: the attachments by name and hash.
    """
    rows = [(row["name"], str(row["values"][0])) for row in facts]
    rows += [(tr("Attachments"), file["name"]) for file in files]
    if not rows:
        return "<p>" + escape(tr("Nothing was stated of the project.")) + "</p>"
    lines = "".join(f"<tr><td><b>{escape(name)}</b>&nbsp;</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table cellpadding='3'>{lines}</table>"


def changes_text(view: list[dict[str, Any]]) -> str:
    """The changes as rich text, from the round's layers and packs to those of today."""
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

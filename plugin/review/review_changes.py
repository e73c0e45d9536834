"""The changes that a recheck would make, as text: parcels, opinions, layers, packs."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from onemap.plugin.review.review_words import conclusion_word
from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import area_text
from onemap.plugin.words.translation import tr, with_label

SIZE_PX = (460, 420)


class ChangesDialog(QDialog):
    """A preview: nothing of it is written."""

    def __init__(self, project: str, changes: dict[str, list[dict[str, Any]]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Recheck of “{project}”").format(project=project))
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.windowTitle())
        self.text.setHtml(changes_text(changes))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        speak_buttons(buttons)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        resize_on_screen(self, *SIZE_PX)


def changes_text(changes: dict[str, list[dict[str, Any]]]) -> str:
    """The changes as rich text: today's layers and packs against those of the round."""
    if not any(changes.values()):
        return (
            "<p>" + escape(tr("Nothing would change: by today's layers and rules the case stands as it is.")) + "</p>"
        )
    parts = []
    for title, lines in (
        (
            tr("Layers and rules that changed"),
            [_version_text(change) for change in changes["layers"] + changes["packs"]],
        ),
        (tr("Parcels with another verdict"), [_parcel_text(change) for change in changes["parcels"]]),
        (tr("Findings that come, go or change"), [_finding_text(change) for change in changes["findings"]]),
        (tr("Departments whose draft would change"), [_opinion_text(change) for change in changes["opinions"]]),
    ):
        if lines:
            parts.append(f"<p><b>{escape(title)}</b></p><ul>")
            parts += [f"<li>{escape(line)}</li>" for line in lines]
            parts.append("</ul>")
    parts.append(
        "<p>" + escape(tr("Nothing was written. To take it over, revise the case with the same parcels.")) + "</p>"
    )
    return "".join(parts)


def _version_text(change: dict[str, Any]) -> str:
    return with_label(change["title"], f"{change['from'] or '–'} → {change['to'] or '–'}")


def _parcel_text(change: dict[str, Any]) -> str:
    before, after = (word("verdicts", change[side]) if change[side] else "–" for side in ("from", "to"))
    return with_label(change["parcel"], f"{before} → {after}")


def _finding_text(change: dict[str, Any]) -> str:
    areas = f"{area_text(change['area_m2_from'])} → {area_text(change['area_m2_to'])}"
    return with_label(f"{change['parcel']} · {change['title']} · {word('verdicts', change['verdict'])}", areas)


def _opinion_text(change: dict[str, Any]) -> str:
    before, after = (conclusion_word(change[side]["conclusion"]) for side in ("from", "to"))
    return with_label(word("departments", change["department"]), f"{before} → {after}")

"""What a recheck would change, as text to read: parcels, opinions, layers, packs."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from onemap.plugin.review.review_words import conclusion_word
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import area_text
from onemap.plugin.words.translation import tr, with_label

USUAL_PX = (460, 420)


class ChangesDialog(QDialog):
    """A preview: nothing of it is written."""

    def __init__(self, project: str, changes: dict[str, list[dict[str, Any]]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Recheck of “{project}”").format(project=project))
        self.text = QTextBrowser()
        self.text.setHtml(changes_text(changes))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.resize(*USUAL_PX)


def changes_text(changes: dict[str, list[dict[str, Any]]]) -> str:
    """The changes as rich text; what a city's layers and packs of today would say, against what the round says."""
    if not any(changes.values()):
        return (
            "<p>" + escape(tr("Nothing would change: by today's layers and rules the case stands as it is.")) + "</p>"
        )
    parts = []
    for title, lines in (
        (tr("Layers and rules that changed"), [_named(one) for one in changes["layers"] + changes["packs"]]),
        (tr("Parcels with another verdict"), [_parcel(one) for one in changes["parcels"]]),
        (tr("Findings that come, go or change"), [_finding(one) for one in changes["findings"]]),
        (tr("Departments whose draft would change"), [_opinion(one) for one in changes["opinions"]]),
    ):
        if lines:
            parts.append(f"<p><b>{escape(title)}</b></p><ul>")
            parts += [f"<li>{escape(line)}</li>" for line in lines]
            parts.append("</ul>")
    parts.append(
        "<p>" + escape(tr("Nothing was written. To take it over, revise the case with the same parcels.")) + "</p>"
    )
    return "".join(parts)


def _named(one: dict[str, Any]) -> str:
    return with_label(str(one.get("code") or one.get("id")), f"{one['from'] or '–'} → {one['to'] or '–'}")


def _parcel(one: dict[str, Any]) -> str:
    before, after = (word("verdicts", one[side]) if one[side] else "–" for side in ("from", "to"))
    return with_label(one["parcel"], f"{before} → {after}")


def _finding(one: dict[str, Any]) -> str:
    areas = f"{area_text(one['area_m2_from'])} → {area_text(one['area_m2_to'])}"
    return with_label(f"{one['parcel']} · {one['rule']} · {word('verdicts', one['verdict'])}", areas)


def _opinion(one: dict[str, Any]) -> str:
    before, after = (conclusion_word(one[side]["conclusion"]) for side in ("from", "to"))
    return with_label(word("departments", one["department"]), f"{before} → {after}")

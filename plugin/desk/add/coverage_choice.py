"""The questions about every file: the ground that it covers, by a word or a file, and what to do with bad rows."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QWidget

from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.form_fields import choice_box, shrink
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import known_words


def coverage_box(first: str) -> QComboBox:
    """A list of coverages in which a file can be typed too. first: the title of the entry for no statement."""
    box = choice_box([(first, ""), *((title, code) for code, title in coverage_titles().items())])
    box.setEditable(True)
    shrink(box)
    return box


def coverage_titles() -> dict[str, str]:
    """The coverages that can be chosen instead of a file, with their titles, in the core's order."""
    return {code: word("coverages", code) for code in known_words("add", "covers")}


def value_in(box: QComboBox) -> str:
    """What is chosen in a list of titles, as the core takes it, or what is typed there; empty for no statement."""
    index = box.findText(box.currentText())
    return box.itemData(index) if index >= 0 else box.currentText().strip()


def coverage_row(box: QComboBox) -> QHBoxLayout:
    """The list of coverages with a button that chooses a file for it."""
    hint = tr("A file of polygons: the ground for which the data speaks")
    return with_file_button(box, hint, lambda: ask_file(box, tr("A file of polygons"), box.setEditText))


def mend_boxes() -> tuple[TickBox, TickBox]:
    """Two boxes to tick: repair bad features, and set aside those that stay bad."""
    return (
        TickBox(tr("Repair invalid geometry"), tr("Every change is listed, with its area")),
        TickBox(
            tr("Set bad features aside, and add the rest"),
            tr("They are kept in a table of their own; where they are a check says unknown"),
        ),
    )


def with_file_button(field: QWidget, hint: str, choose: Callable[[], None]) -> QHBoxLayout:
    """A field with a button that chooses a file for it."""
    button = tool_button("file", hint, action=choose)
    return row_of((field, 1), button)

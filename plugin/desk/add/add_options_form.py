"""The options of adding a file: validity, coverage, and what is rarely needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QLineEdit, QWidget

from onemap.plugin.desk.add.coverage_choice import coverage_box, mend_boxes, value_in, with_file_button
from onemap.plugin.widgets.form_fields import choice_box, date_box, day_text, fill_form, shrink
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import known_words


class AddOptionsForm(QWidget):
    """A form of the options of `onemap add`."""

    encoding_changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.label = QLineEdit(placeholderText=tr("the day from which it is valid"))
        self.valid_from, self.valid_to = date_box(tr("not stated")), date_box(tr("not stated"))
        self.covers = coverage_box(tr("as the last version said"))
        self.accuracy = QLineEdit(placeholderText=tr("not stated"))
        self.repair, self.keep_bad = mend_boxes()
        self.copy = TickBox(
            tr("Copy a raster beside the library"),
            tr("As a Cloud-Optimised GeoTIFF; otherwise the library refers to the file where it lies"),
        )
        self.report = QLineEdit(placeholderText=tr("a sheet of the problems, to send back"))
        names = ((name, name) for name in known_words("add", "encoding"))
        self.encoding = choice_box([(tr("as found"), ""), *names])
        self.encoding.setEditable(True)
        shrink(self.encoding)
        self.encoding.activated.connect(lambda _index: self.encoding_changed.emit())
        self.transform = QLineEdit(placeholderText=tr("PROJ pipeline or file, for another datum"))
        self._build()

    def _build(self) -> None:
        report_row = with_file_button(self.report, tr("Where to write the report"), self._choose_report)
        fill_form(
            QFormLayout(self),
            (tr("Valid from"), self.valid_from),
            (tr("Valid to"), self.valid_to),
            (tr("Label"), self.label),
            (tr("Accuracy (m)"), self.accuracy),
            (tr("Encoding"), self.encoding),
            (tr("Transformation"), self.transform),
            (tr("Report (.xlsx)"), report_row),
            self.repair,
            self.keep_bad,
            self.copy,
            is_wide=True,
            is_wrapping=True,
        )

    def show_kind(self, is_raster: bool) -> None:
        """Enable the options for a raster, or for features."""
        self.copy.setEnabled(is_raster)
        for box in (self.repair, self.keep_bad):
            box.setEnabled(not is_raster)

    def show_today(self, used_labels: list[str]) -> None:
        """Set today as the day of validity, with a free label.

        used_labels: the labels that the layer has.
        """
        today = QDate.currentDate()
        self.valid_from.setDate(today)
        self.label.setText(free_label(today.toString(Qt.DateFormat.ISODate), used_labels))

    @property
    def params(self) -> dict[str, Any]:
        """The options as the core takes them."""
        return {
            "label": self.label.text().strip(),
            "valid_from": day_text(self.valid_from),
            "valid_to": day_text(self.valid_to),
            "covers": value_in(self.covers),
            "accuracy": self.accuracy.text().strip(),
            "encoding": self.encoding_name,
            "transform": self.transform.text().strip(),
            "repair": self.repair.isChecked(),
            "keep_bad": self.keep_bad.isChecked(),
            "copy": self.copy.isChecked() and self.copy.isEnabled(),
            "report": self.report.text().strip(),
        }

    @property
    def encoding_name(self) -> str:
        """The chosen encoding; empty where the core finds it."""
        return value_in(self.encoding)

    def _choose_report(self) -> None:
        ask_target(self, tr("Report"), "", file_forms([".xlsx"]), self.report.setText)


def free_label(day: str, labels: Iterable[str]) -> str:
    """The day as a label, with a number if the layer has that label."""
    used_labels, label, number = set(labels), day, 1
    while label in used_labels:
        number += 1
        label = f"{day} ({number})"
    return label

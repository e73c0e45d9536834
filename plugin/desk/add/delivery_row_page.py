"""The page below the table of a delivery: facts about the chosen layer, its fields, and options rarely needed."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QSplitter, QWidget

from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.desk.add.coverage_choice import mend_boxes
from onemap.plugin.desk.add.delivery_table import state_words
from onemap.plugin.desk.add.field_matches import explicit_matches
from onemap.plugin.desk.add.fields_table import FieldsTable
from onemap.plugin.desk.add.planned_layers import PlannedLayer
from onemap.plugin.desk.add.source_page import ProblemList
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.core_words import words_of
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr

MIN_FIELDS_PX = 150
WIDTHS_PX = [360, 520]  # of facts and fields, and how they share more


class DeliveryRowPage(QWidget):
    """Facts and problems of one layer, its coordinate system, what to do with bad rows, and its fields with values."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._row: PlannedLayer | None = None
        self.facts = wrapped_label()
        self.problems = ProblemList(add_controls())
        self.problems.setAccessibleName(tr("Problems"))
        self.named_crs = NamedCrs(tr("as the file says"))
        self.crs = self.named_crs.choice
        self.crs.crsChanged.connect(lambda system: self._set("crs", crs_text(system) if system.isValid() else ""))
        self.repair, self.keep_bad = mend_boxes()
        self.repair.toggled.connect(lambda is_on: self._set("repair", is_on))
        self.keep_bad.toggled.connect(lambda is_on: self._set("keep_bad", is_on))
        self.sure = TickBox(
            tr("Add it all the same"), tr("It does not look like this layer; the log says who was sure")
        )
        self.sure.toggled.connect(lambda is_on: self._set("sure", is_on))
        form = QFormLayout()
        form.addRow(tr("Coordinate system"), self.named_crs)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.fields = FieldsTable()
        self.fields.setMinimumHeight(MIN_FIELDS_PX)
        self.fields.changed.connect(self._take_fields)
        facts = QWidget()
        options = (self.repair, self.keep_bad, self.sure)
        column_of(self.facts, (self.problems, 1), form, *options, 0, inside=facts, is_tight=True)
        parts = QSplitter()
        parts.addWidget(facts)
        parts.addWidget(self.fields)
        parts.setChildrenCollapsible(False)
        parts.setSizes(WIDTHS_PX)
        for place, width in enumerate(WIDTHS_PX):
            parts.setStretchFactor(place, width)
        column_of(parts, inside=self).setContentsMargins(0, 4, 0, 0)
        self.show_row(None)

    def show_row(self, row: PlannedLayer | None, target: CatalogueLayer | None = None) -> None:
        """Show another layer; None hides the page. target: the layer that it becomes; None if that is not known yet."""
        self._row = None  # what is set now is no choice of a person
        self.setVisible(row is not None)
        if row is None:
            return
        count = f"{row.count:,}" if row.count is not None and row.geometry != "raster" else ""
        kind = tr("raster") if row.geometry == "raster" else words_of("geometries", row.geometry)
        self.facts.setText(" · ".join(filter(None, (row.name, kind, count, state_words(row)))))
        self.problems.show_problems(row.problems, {row.source, row.layer})
        self.problems.setVisible(bool(row.problems))
        self.crs.setCrs(QgsCoordinateReferenceSystem(row.crs))
        self.repair.setChecked(row.repair)
        self.keep_bad.setChecked(row.keep_bad)
        self.sure.setChecked(row.sure)
        self.sure.setVisible(row.sure or any(problem.get("code") == "layer.doubtful" for problem in row.problems))
        schema = target.fields if target is not None else ()
        self.fields.show_fields(schema, row.samples, row.fields)
        self.fields.setVisible(bool(row.samples))
        can_change = row.is_data and not row.is_in_library
        for control in (self.crs, self.repair, self.keep_bad, self.sure, self.fields):
            control.setEnabled(can_change)
        for control in (self.repair, self.keep_bad):
            control.setVisible(row.geometry != "raster")
        self._row = row

    def _take_fields(self) -> None:
        if self.fields.has_schema:
            self._set("fields", explicit_matches(self.fields.matches))

    def _set(self, name: str, value: object) -> None:
        if self._row is not None and getattr(self._row, name) != value:
            setattr(self._row, name, value)
            self.changed.emit()

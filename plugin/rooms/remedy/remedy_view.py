"""The view of a remedy: a parcel cut, moved or turned until it passes, and each department's loss or gain."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsGeometry
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QSplitter, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import insert_group, put_in
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.desk.results.result_layers import copy_to_profile
from onemap.plugin.desk.results.result_table import layer_for_map
from onemap.plugin.desk.results.results import CheckedParcel, RunOnDisplay, RunTables, open_table
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.remedy.remedy_looks import style_remedy
from onemap.plugin.rooms.remedy.remedy_results import (
    CUT,
    Alternative,
    Remedy,
    alternative_ground,
    read_remedy,
    record_in,
    remainder_ground,
    remedy_in,
)
from onemap.plugin.rooms.remedy.remedy_tables import AlternativesTree, DepartmentsTable
from onemap.plugin.widgets.area_box import AreaBox
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.form_fields import field_row, fill_form, hold_text, number_box
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.number_format import SMALLEST_AREA_M2, area_beside_text, area_text, moment_text, share_text
from onemap.plugin.words.translation import sentences, tr

MIN_ROWS = 6  # of the list of alternatives that are in sight
LabelledGround = tuple[QgsGeometry, str, str]  # with the verdict whose look it has, and what it says
# Asks the core within limits, for an Asking that waits as the rest says; False: the user gave up.
AskRemedy = Callable[..., bool]
MAX_AREA_M2, MAX_LENGTH_M, MAX_TURN_DEG = 1e9, 1e4, 180.0


class RemedyView(QWidget):
    """One parcel's remedy at a time."""

    back_requested = pyqtSignal()
    results_shown = pyqtSignal()  # a remedy is shown
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self.asking = Asking(library.core, self, lambda: library.path)  # of a run, which has its own day
        self.asking.refused.connect(self.refused)
        self.asking.busy_changed.connect(self._set_busy)
        self._ask_remedy: AskRemedy | None = None
        self._run: RunOnDisplay | None = None
        self._parcel: CheckedParcel | None = None
        self._folder = ""
        self._record: dict[str, Any] = {}
        self.remedy: Remedy | None = None
        self.highlight = Highlight(canvas)
        self._build()
        settings.changes.area_unit.connect(self._follow_unit)

    def _build(self) -> None:
        self.summary = wrapped_label(textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self.form = RemedyForm()
        self.form.search_requested.connect(self._ask)
        self.work = WorkRow()
        self.work.follow(self.asking)
        self.tree = AlternativesTree()
        self.tree.chosen.connect(self._choose)
        self.departments = DepartmentsTable()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        self.tree.setMinimumHeight(MIN_ROWS * self.fontMetrics().lineSpacing())  # the tab scrolls where it is low
        split.addWidget(self.departments)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        self.back_button = push_button(tr("Back to the check"), sign="back", action=self.leave)
        hint = tr("Add what remains, what was cut and the alternatives to the map, in a file that stays")
        self.keep_button = push_button(tr("Add to the map"), sign="keep", hint=hint, action=self.keep)
        # Beside one another the buttons are wider than the narrowest dock.
        buttons = column_of(self.back_button, self.keep_button)
        column_of(self.summary, (split, 1), self.form, self.work, buttons, inside=self, is_tight=True)

    def ask(self, ask_remedy: AskRemedy, run: RunOnDisplay, parcel: CheckedParcel) -> None:
        """Ask the core for the remedy of a parcel. ask_remedy: sends the request with the form's limits."""
        self.clear()
        self._ask_remedy, self._run, self._parcel = ask_remedy, run, parcel
        self._ask()

    def show_stored(
        self, ask_remedy: AskRemedy, run: RunOnDisplay, parcel: CheckedParcel, stored_remedy: dict[str, Any]
    ) -> None:
        """Show a stored remedy, whose tables are in the file of the run.

        stored_remedy: the remedy as the core reports it.
        """
        self.clear()
        self._ask_remedy, self._run, self._parcel = ask_remedy, run, parcel
        self.form.show_limits(stored_remedy)
        self._say_begun(parcel)
        self.asking.show_known(
            stored_remedy,
            lambda remedy_answer, remedy: self._show(remedy, record_in(remedy_answer)),
            lambda remedy_answer: read_remedy(run.path, parcel.parcel, remedy_answer, parcel.scale),
        )

    def leave(self) -> None:
        """Clear the remedy, and go back."""
        self.asking.cancel()
        self.clear()
        self.back_requested.emit()

    def clear(self) -> None:
        """Clear the remedy and remove its tables."""
        self.asking.forget()
        self.highlight.restore_view()
        self.tree.clear()
        self.departments.clear()
        self.summary.clear()
        self.remedy = None
        self._parcel = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def close_down(self) -> None:
        """Cancel, and disconnect from the canvas."""
        self.asking.cancel()
        self.clear()

    def keep(self) -> None:
        """Add the remainder, the cuts and the alternatives to the map, in a permanent file."""
        if self.remedy is None or self._run is None:
            return
        moment = moment_text(str(self._record.get("started") or ""))
        group = tr("What would pass of {parcel}, {moment}").format(parcel=self.remedy.parcel, moment=moment)
        titles = {"cuts": tr("What was cut"), "remainder": tr("What remains"), "alternatives": tr("Alternatives")}
        with refusals_told(self.refused.emit):
            file = copy_to_profile(self.remedy.path, self._record, self._run.library)
            for table, title in titles.items():
                layer = layer_for_map(str(file), table, title, str(self._record.get("id", "")), style_remedy)
                if table == "alternatives" and not layer.featureCount():
                    continue
                # Alternatives lie over one another, and over what remains.
                put_in(insert_group(group), layer).setItemVisibilityChecked(table != "alternatives")
            self.keep_button.setEnabled(False)

    def _ask(self) -> None:
        parcel = self._parcel
        if parcel is None or self.asking.is_busy:
            return
        self.highlight.restore_view()
        folder = temporary_folder("remedy")
        target = str(folder / "remedy.gpkg")
        is_asked = self._ask_remedy(
            self.asking,
            {**self.form.params(), "out": target, "view": True},
            show=lambda answer, remedy: self._show(remedy, record_in(remedy_in(answer))),
            read=lambda answer: read_remedy(target, parcel.parcel, remedy_in(answer), parcel.scale),
            folder=str(folder),
        )
        if is_asked:
            self._say_begun(parcel)
        else:  # the user gave no name
            shutil.rmtree(folder, ignore_errors=True)
            self.leave()

    def _say_begun(self, parcel: CheckedParcel) -> None:
        self.summary.setText(tr("What would pass of {parcel}?").format(parcel=parcel.parcel))
        self.keep_button.setEnabled(False)

    def _set_busy(self, is_busy: bool) -> None:
        self.form.button.setEnabled(not is_busy)

    def _show(self, remedy: Remedy, record: dict[str, Any]) -> None:
        if self._folder:  # of limits tried before
            shutil.rmtree(self._folder, ignore_errors=True)
        # What lies beside the tables of a run goes with those.
        self._folder = "" if remedy.path == self._run.path else str(Path(remedy.path).parent)
        self.remedy, self._record = remedy, record
        self.keep_button.setEnabled(True)
        self._list()
        self.results_shown.emit()

    def _list(self) -> None:
        """List the remedy, with areas in the unit of the settings."""
        self.tree.show_remedy(self.remedy, self._parcel)
        self.summary.setText("\n".join([self._summary_text(self.remedy), *self.remedy.remarks]))
        self._choose(CUT, None)

    def _follow_unit(self) -> None:
        if self.remedy is not None:
            self._list()

    def _summary_text(self, remedy: Remedy) -> str:
        if remedy.area_m2 <= 0:
            text = tr("Nothing of {parcel} would pass.").format(parcel=remedy.parcel)
        elif remedy.area_m2 < SMALLEST_AREA_M2:
            text = tr("Nothing usable of {parcel} would pass.").format(parcel=remedy.parcel)
        elif not remedy.cuts and remedy.dropped_m2 <= 0:
            return tr("{parcel} would pass as it is.").format(parcel=remedy.parcel)
        else:
            text = tr("{area} ({mu}, {share}) of {parcel} would pass.").format(
                area=area_text(remedy.area_m2),
                mu=area_beside_text(remedy.area_m2),
                share=share_text(remedy.share),
                parcel=remedy.parcel,
            )
            text = sentences(text, tr("Checking that again finds nothing more severe than a notice."))
        if not remedy.search:
            return text
        if not any(alternative.is_whole and alternative.passes for alternative in remedy.alternatives):
            text = sentences(text, tr("No place was found where it would pass whole."))
        return sentences(text, remedy.search)

    def _choose(self, kind: str, cut_row: int | None) -> None:
        """Show one alternative on the map, and its change for each department."""
        if self.remedy is None or self._run is None:
            return
        alternative = self.remedy.alternative(kind)
        self.departments.show_changes(alternative.row["rows"] if alternative is not None else [])
        with refusals_told(self.refused.emit):
            outline = RunTables(self._run.path).geometry("parcels", self._parcel.row)
            grounds = self._cut_grounds(cut_row) if kind == CUT else self._whole_ground(alternative)
            crs = open_table(self.remedy.path, "cuts").crs()
            self.highlight.show_grounds(outline, [ground for ground in grounds if not ground[0].isNull()], crs)

    def _cut_grounds(self, cut_row: int | None) -> list[LabelledGround]:
        """The remainder and the cuts, each with its area; or one cut and the remainder."""
        cuts = open_table(self.remedy.path, "cuts")
        grounds = [
            (cuts.getFeature(cut.row).geometry(), cut.verdict, area_text(cut.area_m2))
            for cut in self.remedy.cuts
            if cut_row is None or cut.row == cut_row
        ]
        remainder = remainder_ground(self.remedy.path, self.remedy.parcel)
        return [*grounds, (remainder, "clear", area_text(self.remedy.area_m2))]

    def _whole_ground(self, alternative: Alternative | None) -> list[LabelledGround]:
        if alternative is None:
            return []
        ground = alternative_ground(self.remedy.path, self.remedy.parcel, alternative.kind)
        return [(ground, alternative.verdict, alternative.row["about"]["step"] or area_text(alternative.area_m2))]


class RemedyForm(QWidget):
    """The smallest part, the largest move and turn, and the button that starts a new search."""

    search_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.min_part = AreaBox(0.0, MAX_AREA_M2, tr("Drop parts that are smaller than this"))
        self.min_width = number_box(MAX_LENGTH_M, 1, " m", tr("Drop parts that are thinner than this"))
        hint = tr("How far the whole parcel may be moved in search of a place that passes")
        self.move = number_box(MAX_LENGTH_M, 0, " m", hint)
        hint = tr("How far the whole parcel may be turned, to either side, until it passes")
        self.turn = number_box(MAX_TURN_DEG, 0, "°", hint)
        for box, zero_text in (
            (self.min_part, tr("any size")),
            (self.min_width, tr("any width")),
            (self.move, tr("no move")),
            (self.turn, tr("no turn")),
        ):
            box.setSpecialValueText(zero_text)
            hold_text(box, zero_text)
        self.one_piece = TickBox(tr("In one piece"), tr("Keep only the largest part"))
        hint = tr("Look again for what would pass, within these limits")
        self.button = push_button(tr("Look again"), sign="remedy", hint=hint, action=self.search_requested)
        fill_form(
            QFormLayout(self),
            (tr("Parts from"), field_row(self.min_part, self.min_width, 1)),
            (tr("Move, turn"), field_row(self.move, self.turn, 1)),
            (self.one_piece, self.button),
            is_tight=True,
        )

    def params(self) -> dict[str, Any]:
        """The parameters of the core's verb `remedy`; limits that are not set are left out."""
        return {
            "min_part": self.min_part.area_m2 or None,
            "min_width": self.min_width.value() or None,
            "move": self.move.value() or None,
            "turn": self.turn.value() or None,
            "one_piece": self.one_piece.isChecked(),
        }

    def show_limits(self, limits: dict[str, Any]) -> None:
        """Show the limits of a stored remedy."""
        for box, name in ((self.min_width, "min_width_m"), (self.move, "move_m"), (self.turn, "turn_deg")):
            box.setValue(float(limits.get(name) or 0.0))
        self.min_part.set_area(float(limits.get("min_part_m2") or 0.0))
        self.one_piece.setChecked(bool(limits.get("one_piece")))

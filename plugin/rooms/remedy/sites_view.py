"""The search for sites where a parcel of a given area and width would pass; sites are ranked and shown on the map."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateTransform, QgsGeometry, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.answers.answer_tree import AnswerTree, remarks_in
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.library.changed_versions import ChangedVersions
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.desk.parcels.facts_choice import FactsChoice
from onemap.plugin.desk.parcels.ground_choice import GroundChoice
from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.desk.parcels.use_choice import USE_FIELD, UseChoice
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.desk.results.result_layers import copy_to_profile
from onemap.plugin.desk.results.result_table import TableLayer
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.remedy.remedy_looks import style_sites
from onemap.plugin.widgets.area_box import AreaBox
from onemap.plugin.widgets.buttons import embolden, push_button, show_text, tool_button, wrapped_label
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.form_fields import field_row, fill_form, fold_button, hold_text, number_box
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.number_format import area_beside_text, area_text, length_text, moment_text
from onemap.plugin.words.translation import name_list, tr

NEAREST, DISTANCE = 2, 3  # what else a row tells stands in its tip
MAX_AREA_M2, MAX_WIDTH_M, MAX_SITES = 1e9, 1e5, 200
LONG_AREA = "9,999,999 m²"  # of a site; a larger one can be scrolled
DEFAULT_AREA_M2, DEFAULT_SITES = 10_000.0, 10


@dataclass(frozen=True)
class Site:
    """One site, which has been checked itself.

    row: its row in the table of sites.
    clearance_m: the distance to the edge of the free ground.
    """

    row: int
    name: str
    rank: int
    verdict: str
    clearance_m: float
    nearest_m: float | None


def sites_in(answer: dict[str, Any]) -> list[Site]:
    """The sites of an answer, the freest first; the table has the same order."""
    names = ("site", "rank", "verdict", "clearance_m", "nearest_m")
    rows = enumerate(answer.get("sites") or (), start=1)
    return [Site(number, *(row[name] for name in names)) for number, row in rows]


class SitesView(VerbView):
    """Runs one search at a time; its sites stay until the next."""

    back_requested = pyqtSignal()
    parcel_chosen = pyqtSignal(object)  # QgsGeometry of a place in the map's system, to be a parcel
    remarked = pyqtSignal(list)  # problems that the core remarks on its answer

    def __init__(self, library: OpenLibrary, rules: RulesChoice, canvas: QgsMapCanvas) -> None:
        super().__init__(library)
        self._rules = rules
        self._table: TableLayer | None = None
        self._record: dict[str, Any] = {}
        self._question_on_display: dict[str, Any] = {}  # of the places that are shown, by the labels of the form
        self._path = ""
        self.sites: list[Site] = []
        self.highlight = Highlight(canvas)
        self.form = SitesForm(library, rules, canvas)
        self.form.facts.refused.connect(self.refused)
        self.form.changed.connect(self._enable)
        self.outdated = FittedLabel()
        embolden(self.outdated)
        self.changed_versions = ChangedVersions(library)
        library.loading.connect(self._enable)
        self._build()
        self._enable()

    def _build(self) -> None:
        self.button = push_button(tr("Find places"), sign="sites", action=lambda: self.search())
        self.form_button = fold_button(self.form, tr("Show what is searched for, and change it"))
        self.back_button = push_button(tr("Back to the check"), sign="back", action=self.leave)
        self.summary = wrapped_label(tr("Looks for places where a parcel would pass by these rules, the freest first."))
        self.tree = self._make_tree()
        search_row = row_of((self.button, 1), self.form_button)
        notes = (self.summary, self.outdated, self.changed_versions)
        below = ((self.tree, 1), self._make_buttons(), self.back_button)
        column_of(self.form, search_row, self.work, *notes, *below, inside=self, is_tight=True)

    def _make_tree(self) -> AnswerTree:
        tree = AnswerTree(tr("Places found"), is_flat=True)
        wrap_names(tree, column=NEAREST)
        tree.currentItemChanged.connect(lambda item, _before: self._enable())
        tree.itemClicked.connect(lambda _item, _column: self.zoom())
        tree.itemActivated.connect(lambda _item, _column: self.zoom())
        return tree

    def _make_buttons(self) -> QHBoxLayout:
        self.buttons: dict[str, QToolButton] = {}
        for name, hint, action in (
            ("previous", tr("Previous place"), lambda: self._step(-1)),
            ("next", tr("Next place"), lambda: self._step(1)),
            ("zoom", tr("Go to it on the map"), self.zoom),
            ("draw", tr("Take this place as a parcel to check"), self.take),
            ("keep", tr("Keep the layer: in a file that stays"), self.keep),
        ):
            self.buttons[name] = tool_button(name, hint, action)
        self.count = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return row_of(*self.buttons.values(), (self.count, 1), spacing=4)

    @property
    def current(self) -> Site | None:
        """The chosen site."""
        row = self.tree.indexOfTopLevelItem(self.tree.currentItem()) if self.tree.currentItem() is not None else -1
        return self.sites[row] if 0 <= row < len(self.sites) else None

    def search(self) -> None:
        """Ask the core for sites."""
        if self.is_working or not self.button.isEnabled():
            return
        self.highlight.restore_view()
        folder = temporary_folder("sites")
        try:
            within = self.form.ground.path(str(folder))
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        target = str(folder / "sites.gpkg")
        params = {
            "library": self._library.path,
            "within": within,
            "pack": self._rules.packs,
            "as_of": self._library.day,
            "out": target,
            "view": True,
            **self.form.params(),
        }
        title, question = tr("Find places that would pass"), self.form.question
        layers = [
            {"code": entry.code, "table": entry.in_force.table if entry.in_force is not None else ""}
            for entry in self._library.layers
            if entry.code in self._library.asked
        ]
        packs = self._library.packs

        def show(answer: dict[str, Any]) -> None:
            self._question_on_display = question
            self.changed_versions.compare_with(layers, packs)
            self._show(target, answer)

        self._ask_core("sites", params, show, title, str(folder))

    def leave(self) -> None:
        """Go back; the sites stay."""
        self.highlight.restore_view()
        self.back_requested.emit()

    def clear(self) -> None:
        """Clear the sites; their layer is removed from the map unless it is kept."""
        self.highlight.restore_view()
        self.sites, self._question_on_display = [], {}
        self.changed_versions.forget()
        self.tree.clear()
        self.form_button.setChecked(True)
        if self._table is not None:
            self._table.remove()
            self._table = None
        self._enable()

    def close_down(self) -> None:
        """Cancel, and disconnect from the canvas and the project."""
        self.cancel()
        self.clear()
        self.form.ground.close_down()

    def zoom(self) -> None:
        """Zoom to the chosen site."""
        site = self.current
        if site is None or self._table is None:
            return
        ground = self._table.ground(site.row)
        around_m = max(site.clearance_m, site.nearest_m or 0.0)  # what is nearest is seen too
        self.highlight.show_grounds(ground, [(ground, site.verdict, _site_label(site))], self._table.crs, around_m)

    def _show_all(self) -> None:
        grounds = [(self._table.ground(site.row), site.verdict, _site_label(site)) for site in self.sites]
        self.highlight.show_grounds(QgsGeometry(), grounds, self._table.crs)

    def take(self) -> None:
        """Pass on the chosen site as a parcel."""
        if self.current is None or self._table is None:
            return
        ground = QgsGeometry(self._table.ground(self.current.row))
        ground.transform(QgsCoordinateTransform(self._table.crs, QgsProject.instance().crs(), QgsProject.instance()))
        parts = ground.asGeometryCollection()
        self.leave()
        self.parcel_chosen.emit(parts[0] if parts else ground)

    def keep(self) -> None:
        """Move the layer to a permanent file."""
        if self._table is None:
            return
        with refusals_told(self.refused.emit):
            self._table.keep_in(copy_to_profile(self._path, self._record, self._library.name), {})
        self._enable()

    def _step(self, step: int) -> None:
        row = self.tree.indexOfTopLevelItem(self.tree.currentItem()) + step
        if 0 <= row < self.tree.topLevelItemCount():
            self.tree.setCurrentItem(self.tree.topLevelItem(row))
            self.zoom()

    def _show(self, target: str, answer: dict[str, Any]) -> None:
        self._path = target
        self._record = {"started": datetime.now(timezone.utc).isoformat(timespec="seconds"), "id": "sites"}
        self.sites = sites_in(answer)
        self.remarked.emit(answer.get("problems") or [])
        if not self.sites:
            text = tr("No place was found. That is no proof that there is none.")
            self.summary.setText("\n".join([text, *remarks_in(answer)]))
            self.form_button.setChecked(True)
            shutil.rmtree(Path(target).parent, ignore_errors=True)
        else:
            group = tr("Places that would pass, {moment}").format(moment=moment_text(self._record["started"]))
            try:
                self._table = TableLayer(target, "sites", tr("Places that would pass"), group, "sites", style_sites)
            except Refusal as refusal:
                self.refused.emit(refusal)
                return
            note = tr("Each place was checked as it is drawn. It stands for a rectangle; others may fit there too.")
            self.summary.setText("\n".join([self.form.asked_text, note, *remarks_in(answer)]))
            self.form_button.setChecked(False)  # the list needs the height
            self.tree.show_table(answer["view"][0], columns=DISTANCE + 1)
            fit_columns(self.tree, NEAREST)
            self.tree.setCurrentItem(self.tree.topLevelItem(0))
            self._show_all()
        self._enable()
        self.results_shown.emit()

    def _enable(self) -> None:
        wrong = self.form.problem_text
        self.button.setEnabled(not self.is_working and bool(self._library.path) and not wrong)
        self.button.setToolTip(wrong)
        row = self.sites.index(self.current) if self.current is not None else -1
        for button in self.buttons.values():
            button.setEnabled(row >= 0)
        self.buttons["previous"].setEnabled(row > 0)
        self.buttons["next"].setEnabled(0 <= row < len(self.sites) - 1)
        self.buttons["keep"].setEnabled(self._table is not None and not self._table.is_kept)
        place = {"place": f"{row + 1:,}", "shown": f"{len(self.sites):,}"}
        self.count.setText(tr("{place} of {shown}").format(**place) if self.sites else "")
        now = self.form.question
        names = [name for name, value in self._question_on_display.items() if value != now[name]]
        text = tr("Changed since this search: {names}. Search again for places that hold.")
        show_text(self.outdated, text.format(names=name_list(names)) if names else "")


def _site_label(site: Site) -> str:
    """A site's name, and the distance to the nearest limit."""
    return f"{site.name} · {length_text(site.clearance_m)}"


class SitesForm(QWidget):
    """Ground, area, least width, number, and the project's attributes."""

    changed = pyqtSignal()

    def __init__(self, library: OpenLibrary, rules: RulesChoice, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._rules, self.ground = rules, GroundChoice(library, canvas)
        self.area = AreaBox(1.0, MAX_AREA_M2)
        self.area.set_area(DEFAULT_AREA_M2)
        hint = tr("The least width of the place; a square is looked for where none is given")
        self.width_m = number_box(MAX_WIDTH_M, 0, " m", hint)
        self.mu = QLabel()
        self.width_m.setSpecialValueText(tr("a square"))
        hold_text(self.area, LONG_AREA)
        hold_text(self.width_m, self.width_m.specialValueText())
        before, after = tr("places: ≤ {most}").split("{most}")
        self.count = QSpinBox(prefix=before, suffix=after, toolTip=tr("How many places at most"))
        self.count.setRange(1, MAX_SITES)
        self.count.setValue(DEFAULT_SITES)
        hint = tr("Only where the survey in force says that nothing is built; what it does not say is no place")
        self.unbuilt = TickBox(tr("unbuilt ground only"), hint)
        self.use = UseChoice()
        self.facts = FactsChoice(library, rules, None, (USE_FIELD, "project", "land", "days"))
        self.facts.known_fields = lambda: [USE_FIELD] if self.use.code else []
        fill_form(
            QFormLayout(self),
            (tr("Search in"), self.ground),
            ("", self.unbuilt),
            (tr("Area"), field_row(self.area, self.mu)),
            (tr("Least width"), field_row(self.width_m, self.count)),
            (tr("Use"), self.use),
            (tr("More facts"), self.facts),
            is_tight=True,
        )
        self._connect()
        self._show_mu()

    def _connect(self) -> None:
        self.area.area_changed.connect(self._show_mu)
        settings.changes.area_unit.connect(self._show_mu)
        self.use.chosen.connect(lambda _code: self.facts.show_summary())
        for signal in (
            self.ground.changed,
            self.unbuilt.toggled,
            self.width_m.valueChanged,
            self.use.chosen,
            self.facts.changed,
            self._rules.box.currentIndexChanged,
        ):
            signal.connect(lambda *_what: self.changed.emit())

    def _show_mu(self) -> None:
        self.mu.setText(area_beside_text(self.area.area_m2))
        self.changed.emit()

    @property
    def problem_text(self) -> str:
        """The problem of the form; empty for none."""
        side = self.area.area_m2**0.5
        text = tr("A place of {area} cannot be wider than {side} on every side.")
        is_too_wide = self.width_m.value() > side
        return text.format(area=area_text(self.area.area_m2), side=length_text(side)) if is_too_wide else ""

    @property
    def question(self) -> dict[str, Any]:
        """What is asked, by the labels of the form."""
        ground = self.ground.map_layer
        extent = ground.extent().toString() if ground is not None else ""  # a drawing takes the place of another
        return {
            tr("Search in"): (self.ground.choice, self.ground.chosen_name, extent),
            tr("unbuilt ground only"): self.unbuilt.isChecked(),
            tr("Area"): self.area.area_m2,
            tr("Least width"): self.width_m.value(),
            tr("Use"): self.use.code,
            tr("More facts"): self.facts.given,
            tr("Rules"): self._rules.packs,
        }

    @property
    def asked_text(self) -> str:
        """The wanted site and the searched ground, in one line."""
        size = {"area": area_text(self.area.area_m2), "width": self.width_m.text()}
        is_square = not self.width_m.value()
        words = name_list(size.values()) if is_square else tr("{area}, {width} wide").format(**size)
        where = [self.ground.box.currentText(), *([self.unbuilt.text()] if self.unbuilt.isChecked() else [])]
        return f"{words} · {name_list(where)}"

    def params(self) -> dict[str, Any]:
        """The parameters of the core's verb `sites`."""
        return {
            "area": self.area.area_m2,
            "width": self.width_m.value() or None,
            "count": self.count.value(),
            "unbuilt": self.unbuilt.isChecked(),
            "project": f"{USE_FIELD}={self.use.code}" if self.use.code else "",
            "data": self.facts.path,
        }

"""The add dialog: a file, its content, its location, its fields; then it is loaded into the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QTabWidget, QWidget

from onemap.plugin.connection.conversion import Conversion, is_convertible
from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.add_form import AddForm
from onemap.plugin.desk.add.add_options_form import AddOptionsForm
from onemap.plugin.desk.add.coverage_choice import coverage_row
from onemap.plugin.desk.add.field_matches import explicit_matches, matches_of_layer, store_matches
from onemap.plugin.desk.add.fields_table import FieldsTable
from onemap.plugin.desk.add.geometry_kinds import RASTER, wrong_kind
from onemap.plugin.desk.add.inspection_result import inspected_layers
from onemap.plugin.desk.add.service_snapshot import Snapshot
from onemap.plugin.desk.add.source_choice import dropped_file, holds_delivery, take_drop
from onemap.plugin.desk.add.source_page import SourcePage
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.dialog_library import DialogLibrary
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.widgets.buttons import close_button, push_button, show_text, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen, scroll_area
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import name_list, sentences, tr

SIZE_PX = (760, 600)
MIN_WIDTH_PX = 340
DOUBTFUL = "layer.doubtful"
EMPTY = "source.empty"
FIELD_CODES = ("field.missing", "field.ambiguous")
CRS_CODES = ("crs.missing", "crs.contradicted")
OPTION_CODES = ("usage.value", "coverage.", "version.", "encoding.", "crs.no_transformation", "crs.transform")


class AddDialog(WorkingDialog):
    """A dialog that adds a file to the library. Closing it does not stop a file that is being loaded."""

    added = pyqtSignal(dict, str)  # the core's answer, and what to say of it
    failed = pyqtSignal(object)  # Refusal, while the dialog is closed
    delivery_requested = pyqtSignal(object)  # Delivery; an empty one is asked for

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Add to the one map"), parent, add_controls())
        self.setAcceptDrops(True)
        self._library = library
        self._home = DialogLibrary(library, self, self._enable)
        self._source: SourceFile | None = None
        self._is_added = False  # the file on display has been loaded
        self.form = AddForm()
        self.form.source_chosen.connect(self.inspect)
        self.form.part_chosen.connect(self._show_part)
        self.form.target_chosen.connect(self._show_target)
        self.form.crs_chosen.connect(self._show_place)
        self.form.refused.connect(self.refuse)
        self.form.source.delivery_chosen.connect(self.delivery_requested)
        self.page = SourcePage(library)
        self.fields = FieldsTable()
        self.fields.changed.connect(self._enable)
        self.options = AddOptionsForm()
        self.options.encoding_changed.connect(lambda: self.inspect(self._source))
        self._build()
        self.form.show_targets(library.layers)
        library.listed.connect(self._list_targets)
        self.page.preview.show_district(library.path, library.crs)
        self._enable()

    def begin(self, code: str) -> None:
        """Show the dialog.

        code: the layer to add to; empty for any.
        """
        if code:
            self.form.choose_target(code)
        self.show()
        self.raise_()
        self.form.setFocus()

    def inspect(self, source: SourceFile | None) -> None:
        """Ask the core for the content of a file."""
        if source is None:
            return
        self.asking.forget()
        self._source, self._is_added = source, False
        self.form.forget()
        self.notice.hide()
        self.page.show_nothing(tr("Reading the file…"))
        if is_convertible(source.path):
            note = tr("Read by this QGIS's GDAL from {file}").format(file=Path(source.path).name)
            self.asking.follow(Conversion(source), lambda source_file: self._inspect(source_file, note))
            self.work.begin(tr("Reading the file…"))
        else:
            self._inspect(source, source.note)

    def _inspect(self, source: SourceFile, note: str) -> None:
        params = {"source": source.path, "layer": source.layer, "encoding": self.options.encoding_name, "view": True}
        params["library"] = self._home.path
        step = tr("Reading the file…")
        self._ask_core("inspect", params, lambda answer: self._show_content(source, answer, note), step)

    def take_snapshot(self, service: Service) -> None:
        """Read all features of a registered service, and show them as a file."""
        if self.is_working:
            return
        self.page.show_nothing("")
        snapshot = Snapshot(service)
        title = tr("Reading “{service}”…").format(service=service.name)
        self.asking.follow(snapshot, lambda source: self.form.source.choose(source, service.name))
        self.work.begin(title)
        snapshot.start()

    def add(self) -> None:
        """Load the file into the library, in the background."""
        self._add({})

    def _add(self, more: dict[str, Any]) -> None:
        """Load the file. more: further options of the core, for this time only."""
        target = self.form.chosen_target
        if not self.add_button.isEnabled() or target is None:
            return
        self.notice.hide()
        params = {
            "library": self._home.path,
            "source": self.form.file.path,
            "as": target.code,
            "layer": self.form.part_name,
            "crs": self.form.given_crs,
            "fields": explicit_matches(self.fields.matches) or None,
            "service": self.form.file.service,
            "taken_at": self.form.file.taken_at,
            **self.options.params,
            **more,
        }
        title = tr("Add {layer}").format(layer=target.title)
        self._ask_core("add", params, lambda answer: self._show_added(target, answer), title, title)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal with its mend; the dock shows it if the dialog is closed."""
        codes = [str(problem.get("code")) for problem in refusal.problems]
        if any(code in FIELD_CODES for code in codes):
            self.fields.require([str(problem["field"]) for problem in refusal.problems if problem.get("field")])
            self.tabs.setCurrentWidget(self.fields)
        elif codes and set(codes) == {"geometry.invalid"} and not self.options.repair.isChecked():
            refusal.mend = (tr("Repair and add"), self._repair_and_add)
        elif codes and set(codes) == {DOUBTFUL}:
            refusal.mend, refusal.mend_option = (tr("Add all the same"), lambda: self._add({"sure": True})), "--sure"
            self._show_last_version()
        elif codes == [EMPTY]:
            refusal.mend = (tr("Add it: there are none"), lambda: self._add({"accept": "empty"}))
            refusal.mend_option = "--accept"
        elif any(code.startswith(OPTION_CODES) for code in codes):
            self.tabs.setCurrentWidget(self._options_page)
        elif any(code in CRS_CODES for code in codes):
            self.form.ask_for_crs()
        if self.form.chosen_part is None:
            self.page.show_nothing("")
        if not self.isVisible():
            if not refusal.is_cancel:
                self.failed.emit(refusal)
            return
        self.notice.refuse(refusal)
        if len(codes) > 1 or any(problem.get("feature") for problem in refusal.problems):
            target = self.form.chosen_target
            self.page.show_problems(refusal.problems, self.fields.matches.get(target.key, "") if target else "")
            if any(problem.get("feature") for problem in refusal.problems):
                self.tabs.setCurrentWidget(self.page)

    def _show_last_version(self) -> None:
        """Show the layer's last version on the small map, beside the features of the file."""
        target = self.form.chosen_target
        counting = [version for version in target.versions if not version.retired] if target is not None else []
        if counting:
            self.page.show_beside(counting[-1].table)
            self.tabs.setCurrentWidget(self.page)

    def close_down(self) -> None:
        """Stop reading and close, before the dialog is deleted."""
        self._library.listed.disconnect(self._list_targets)
        self.page.preview.close_down()
        super().close_down()

    def _build(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.addTab(self.page, tr("What is in it"))
        self.tabs.addTab(self.fields, tr("Fields"))
        self._options_page = scroll_area(self.options, is_wide=True)
        self._options_page.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the field that has the focus
        for part in (self._options_page.viewport(), self.options):  # the tab's own colour
            part.setAutoFillBackground(False)
        self.tabs.addTab(self._options_page, tr("Validity and more"))
        self.add_button = push_button(tr("Add"), sign="add", action=self.add, default=True)
        self.hint = wrapped_label()
        buttons = row_of(0, self.add_button, close_button(self))
        # For which ground data speaks decides what is clear: it is asked with what the data becomes.
        self.form.add_row(tr("Covers"), coverage_row(self.options.covers))
        column_of(self.form, self.notice, (self.tabs, 1), self.work, self.hint, buttons, inside=self)
        equip_window(self)
        self.setMinimumWidth(MIN_WIDTH_PX)
        resize_on_screen(self, *SIZE_PX)

    def _list_targets(self) -> None:
        if self._home.is_open:
            self.form.show_targets(self._library.layers)

    def _show_content(self, source: SourceFile, answer: dict[str, Any], note: str) -> None:
        self.page.show_format(answer, note)
        self.form.show_layers(source, inspected_layers(answer))
        self.tabs.setCurrentWidget(self.page)

    def _show_part(self) -> None:
        self._is_added = False
        self.page.show_part(self.form.file.path, self.form.chosen_part)
        self.options.show_kind(self.form.chosen_part.raster is not None)
        self._show_place()
        self._show_target()

    def _show_place(self) -> None:
        self.page.show_place(self.form.place_crs)
        self._enable()

    def _show_target(self) -> None:
        part, target = self.form.chosen_part, self.form.chosen_target
        if target is not None and self.form.file.service:
            self.options.show_today([version.label for version in target.versions])
        has_last = target is not None and any(not version.retired for version in target.versions)
        self.options.covers.setItemText(0, tr("as the last version said") if has_last else tr("not stated"))
        # Until a layer is chosen, the file's own fields are to be seen.
        fields, matches = (target.fields, matches_of_layer(target)) if target is not None else ((), {})
        self.fields.show_fields(fields, part.samples if part is not None else {}, matches)
        self._enable()

    def _repair_and_add(self) -> None:
        self.options.repair.setChecked(True)
        self.add()

    def _show_added(self, target: CatalogueLayer, answer: dict[str, Any]) -> None:
        store_matches(target, self.fields.matches)
        message = _added_text(target, answer)
        if answer.get("problems"):
            message = sentences(message, tr("What was noticed is in the list; a click shows where."))
        if answer.get("set_aside"):
            text = tr("Set aside as bad: {count}; where they are nothing is known.")
            message = sentences(message, text.format(count=f"{answer['set_aside']:,}"))
        self._is_added = True
        self._enable()
        self.page.show_added(target, answer)
        self.tabs.setCurrentWidget(self.page)
        self.notice.say(message)
        self.added.emit(answer, self._home.say(message))

    def _enable(self) -> None:
        show_text(self.hint, self._missing_step())
        self.add_button.setEnabled(not self.is_working and not self.hint.text())

    def _missing_step(self) -> str:
        """The next step before the file can be added; empty for none."""
        if self.is_working:
            return ""
        if self._is_added:
            return tr("It is in the library.")
        if self._home.obstacle:
            return self._home.obstacle
        if self.form.chosen_part is None:
            return tr("Choose a file.")
        if self.form.lacks_crs:
            return tr("Choose the coordinate system.")
        if self.form.chosen_target is None:
            return tr("Choose the layer that it becomes.")
        part = self.form.chosen_part
        geometry = RASTER if part.raster is not None else part.geometry
        wrong = wrong_kind(self.form.chosen_target.geometry, geometry, part.count)
        if wrong:
            return wrong
        if self.fields.missing_fields and (part.count or part.fields):
            return tr("Still without a field of the file: {fields}").format(
                fields=name_list(self.fields.missing_fields)
            )
        return ""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a file, or several, that are dropped anywhere on the dialog."""
        if dropped_file(event.mimeData()) is not None or holds_delivery(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Inspect the dropped file; several files, or a folder of files, go to the dialog of deliveries."""
        take_drop(event, self.delivery_requested.emit, self.form.source.choose, self.refuse)


def _added_text(target: CatalogueLayer, answer: dict[str, Any]) -> str:
    """The outcome of adding a file: a new version, and whether it is in force; or none, if its content was not new."""
    count = int(answer.get("features") or 0)
    facts = {"layer": target.title, "version": answer.get("version"), "count": f"{count:,}"}
    if answer.get("unchanged"):
        return tr("“{layer}” is unchanged: version {version} holds the same. Nothing was written.").format(**facts)
    text = (
        tr("“{layer}” has a new version, {version}.")
        if target.geometry == "raster" or count == 1
        else tr("“{layer}” has a new version, {version}, of {count} features.")
    )
    if answer.get("in_force", True):
        return text.format(**facts)
    late = (
        tr("It is not in force today; in force is {other}.")
        if answer.get("valid_from")
        else tr("It is not in force: it has no date, and {other}, which has one, goes before it.")
    )
    return sentences(text.format(**facts), late.format(other=answer.get("goes_before") or "–"))

"""The form of a project's facts: those that rules ask for, and those that documents print; an empty one is unknown."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsScrollArea
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton, QWidget

from onemap.plugin.connection.file_writing import write_file
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.connection.toml_writing import toml_text
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.fact_field import FactField
from onemap.plugin.desk.parcels.use_choice import SYSTEM_FIELD
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import resize_on_screen, scroll_area
from onemap.plugin.widgets.target_file import ask_file, ask_target
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import Count, tr

SIZE_PX = (520, 640)  # at most so high
PARCELS, PROJECT = "parcels", "project"  # the parts of the core's answer
Given = dict[str, dict[str, Any]]


def facts_text(stated_facts: Given) -> str:
    """Facts as the core reads them from a file."""
    return toml_text(stated_facts.get(PROJECT) or {}, {PARCELS: stated_facts.get(PARCELS) or {}})


class FactsDialog(WorkingDialog):
    """One field for each fact that the core names, in groups; the dialog closes once the core accepts all facts."""

    def __init__(
        self,
        library: OpenLibrary,
        facts_answer: dict[str, Any],
        packs: list[str] | None,
        known_fields: list[str],
        parent: QWidget | None = None,
    ) -> None:
        """Make the form.

        facts_answer: the core's answer to `facts`; groups that it lacks are left out.
        known_fields: the fields that the parcels have themselves.
        """
        super().__init__(library.core, tr("Facts of the project"), parent)
        self._library, self._packs = library, packs
        self._rules = facts_answer.get("rules") or []
        self._known_fields = {name.lower() for name in known_fields}
        self.fields: dict[str, FactField] = {}
        self._parts: dict[str, str] = {}  # which part of the facts a field is of
        self.given: Given = {}
        self._without_field: dict[str, Any] = {}  # the project's facts in a loaded file that this form does not ask
        self._remarks_shown: list[dict[str, Any]] = []
        self.waiting = wrapped_label()
        self._build(facts_answer)
        equip_window(self)
        self._enable()

    @property
    def stated_facts(self) -> Given:
        """The facts in the form, arranged as in the core's file of facts."""
        facts: Given = {PROJECT: dict(self._without_field), PARCELS: {}}
        for name, field in self.fields.items():
            if field.value is not None:
                facts[self._parts[name]][name] = field.value
                if field.system:
                    facts[PARCELS][SYSTEM_FIELD] = field.system
        return facts

    def show_given(self, stated_facts: Given) -> None:
        """Show facts; all others are unknown. Facts of the project that the form does not ask are kept as they are."""
        project = stated_facts.get(PROJECT) or {}
        self._without_field = {name: value for name, value in project.items() if name not in self.fields}
        system = str((stated_facts.get(PARCELS) or {}).get(SYSTEM_FIELD) or "")
        for name, field in self.fields.items():
            field.set_system(system)
            field.set_value((stated_facts.get(self._parts[name]) or {}).get(name))

    def load(self, path: str) -> None:
        """Show the facts of a file, once the core has read it."""

        def show(answer: dict[str, Any]) -> None:
            self.show_given(answer["given"])
            if answer.get("problems"):
                self._show_remarks(answer["problems"])

        self._ask(path, tr("Facts are read…"), show)

    def save(self, path: str) -> None:
        """Write the facts to a file once the core accepts them."""
        text = facts_text(self.stated_facts)  # as it was checked, whatever is typed meanwhile

        def write(_answer: dict[str, Any]) -> None:
            with refusals_told(self.refuse):
                write_file(path, text.encode("utf-8"))
                self.notice.say(tr("The facts were written: {path}").format(path=path))

        self._ask(self._file_of_stated(), tr("Facts are checked…"), write)

    def accept(self) -> None:
        """Close with the stated facts once the core accepts them; new remarks of the core are shown first."""
        if self.is_working:
            return

        def close(answer: dict[str, Any]) -> None:
            remarks = answer.get("problems") or []
            if remarks and remarks != self._remarks_shown:
                self._show_remarks(remarks)
                return
            self.given = answer["given"]
            super(FactsDialog, self).accept()

        self._ask(self._file_of_stated(), tr("Facts are checked…"), close)

    def refuse(self, refusal: Refusal) -> None:
        """Show each problem below its field; show problems of no field in a message."""
        left, first = self._show_at_fields(refusal.problems)
        if left or first is None:
            self.notice.refuse(Refusal(refusal.message, left, refusal.exit_code))

    def _show_remarks(self, remarks: list[dict[str, Any]]) -> None:
        """Show the core's remarks on accepted facts, each below its field."""
        self._remarks_shown = remarks
        self._show_at_fields(remarks)
        self.notice.say(tr("Mend what is remarked below, or press OK again to keep it as it is."))

    def _show_at_fields(self, problems: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], FactField | None]:
        """Show problems below their fields; return the problems of no field, and the first field with a problem."""
        left = []
        first: FactField | None = None
        for problem in problems:
            field = self.fields.get(str(problem.get("field")))
            if field is None:
                left.append(problem)
                continue
            words = [str(problem[part]) for part in ("message", "mend") if problem.get(part)]
            field.error.say(name_controls(" ".join(words), dock_controls()))
            first = first or field
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)
        return left, first

    def _file_of_stated(self) -> str:
        return temporary_file("facts.toml", facts_text(self.stated_facts))

    def _ask(self, path: str, step: str, on_answer: Any) -> None:
        self.notice.hide()
        for field in self.fields.values():
            field.error.clear()
        params = {"library": self._library.path, "pack": self._packs, "data": path}
        self._ask_core("facts", params, on_answer, step)

    def _build(self, facts_answer: dict[str, Any]) -> None:
        head = wrapped_label(
            tr("What is not stated stays unknown; it is never guessed. What a parcel says itself comes first.")
        )
        body = QWidget()
        self._groups = column_of(inside=body)
        self._groups.setContentsMargins(0, 0, 4, 0)
        for group, title in (facts_answer.get("groups") or {}).items():
            for part in (PARCELS, PROJECT):
                self._add_group(
                    title, part, [fact for fact in facts_answer.get(part) or () if fact.get("group") == group]
                )
        self._groups.addStretch(1)
        area = scroll_area(body, QgsScrollArea, is_wide=True)
        layout = column_of(head, (area, 1), self.waiting, self.notice, self.work, self._make_buttons(), inside=self)
        self._count()
        frame_height = layout.heightForWidth(SIZE_PX[0]) - area.sizeHint().height()
        resize_on_screen(self, SIZE_PX[0], min(SIZE_PX[1], frame_height + body.sizeHint().height()))

    def _add_group(self, title: str, part: str, facts: list[dict[str, Any]]) -> None:
        if not facts:
            return
        box = QGroupBox(as_written(title))
        form = fill_form(QFormLayout(box), is_wide=True, is_wrapping=True)
        for fact in facts:
            field = FactField(fact)
            field.changed.connect(self._count)
            self.fields[field.name] = field
            self._parts[field.name] = part
            form.addRow(as_written(field.label_text), field)
        self._groups.addWidget(box)

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.buttons: dict[str, QPushButton] = {}
        for name, text, action in (
            ("load", tr("Load…"), self._choose_source),
            ("save", tr("Save…"), self._choose_target),
            ("clear", tr("All unknown"), lambda: self.show_given({})),
            ("ok", tr("OK"), self.accept),
            ("cancel", tr("Cancel"), self.reject),
        ):
            button = push_button(text, action=lambda _checked=False, run=action: run(), autoDefault=False)
            row.addWidget(button)
            if name == "clear":
                row.addStretch(1)
            self.buttons[name] = button
        self.buttons["ok"].setDefault(True)
        return row

    def _choose_source(self) -> None:
        title, filters = tr("Load the facts of a project"), tr("Facts of the project (*.toml)")
        ask_file(self, title, self.load, filters)

    def _choose_target(self) -> None:
        forms = {".toml": tr("Facts of the project (*.toml)")}
        ask_target(self, tr("Save the facts of the project"), "", forms, self.save)

    def _count(self) -> None:
        """Show how many rules need facts that neither the form nor the parcels state."""
        known_names = {
            name.lower() for name, field in self.fields.items() if field.value is not None
        } | self._known_fields
        self.waiting.setText(waiting_text(self._rules, known_names))

    def _enable(self) -> None:
        for name in ("load", "save", "clear", "ok"):
            self.buttons[name].setEnabled(not self.is_working)


def waiting_rules(rules: list[dict[str, Any]], known_names: set[str]) -> list[dict[str, Any]]:
    """The rules with a group of needed fields of which none is known. known_names: names in lower case."""
    return [
        rule for rule in rules if not all(known_names & {name.lower() for name in group} for group in rule["needs"])
    ]


def waiting_text(rules: list[dict[str, Any]], known_names: set[str]) -> str:
    """How many rules wait for facts."""
    waiting = len(waiting_rules(rules, known_names))
    if not rules:
        return tr("These rules need no facts about the project.")
    if not waiting:
        text = tr(
            "{count:The # rule that needs facts about the project has them|"
            "All # rules that need facts about the project have them}."
        )
        return text.format(count=Count(len(rules)))
    text = tr("Of {count:# rule that needs|# rules that need} facts about the project {waiting:# lacks|# lack} some.")
    return text.format(waiting=Count(waiting), count=Count(len(rules)))

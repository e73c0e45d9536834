"""The rules of a pack by department, and the form of the chosen rule."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsScrollArea
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QSplitter, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.desk.answers.answer_tree import below, items_of, tops_of
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.packs.pack_field import PackField
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.readable_choice import keep_choice_readable
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import scroll_area
from onemap.plugin.widgets.search_line import SearchLine
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.translation import name_list, tr, with_label
from onemap.plugin.words.verdicts import LOOKS, sign_icon

NAME, HITS, MARK = range(3)
ROLE_RULE = Qt.ItemDataRole.UserRole
TERMS, CLASSES, CHECKLIST = "review", "class", "checklist"
WIDTHS_PX = (420, 460)


class PackRules(QSplitter):
    """A list of rules beside a form; edited values are held until they are saved, whichever rule is shown."""

    edited = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.edits: dict[str, str] = {}  # by place what was typed and is not saved
        self.fields: dict[str, PackField] = {}  # of the form on display, by place
        self._rules: dict[str, dict[str, Any]] = {}
        self._others: dict[str, list[dict[str, Any]]] = {}  # the values of TERMS, CLASSES and CHECKLIST
        self._is_open = False  # whether values can be saved
        self.search = SearchLine(tr("Rule, law …"))
        self.search.setAccessibleName(tr("Search the rules"))
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget(accessibleName=tr("Rules by department"))
        self.tree.setHeaderLabels([tr("Rule"), tr("Hits"), tr("Differs")])
        self.tree.headerItem().setTextAlignment(HITS, RIGHT)
        self.tree.setIndentation(12)
        fit_columns(self.tree)
        wrap_names(self.tree)
        self.tree.currentItemChanged.connect(lambda item, _before: self._show_form(item))
        left = QWidget()
        column_of(self.search, (self.tree, 1), inside=left, is_tight=True)
        self.addWidget(left)
        self.form_area = scroll_area(QWidget(), QgsScrollArea)
        self.addWidget(self.form_area)
        self.setSizes(list(WIDTHS_PX))
        self.setChildrenCollapsible(False)

    def show_pack(self, answer: dict[str, Any], is_open: bool) -> None:
        """Show the rules of a pack. is_open: whether its values may be changed."""
        chosen_rule = self.current_rule
        self.edits, self._is_open = {}, is_open
        self._others = {TERMS: answer["terms"], CLASSES: answer["classes"], CHECKLIST: answer["checklist"]}
        self._rules = {rule["rule"]: rule for part in answer["departments"] for rule in part["rules"]}
        self.tree.clear()
        for name in (one for one, fields in self._others.items() if fields):
            head = QTreeWidgetItem([_other_title(name), "", ""])
            head.setData(NAME, ROLE_RULE, name)
            self.tree.addTopLevelItem(head)
        for part in answer["departments"]:
            department = QTreeWidgetItem([f"{part['title']} ({len(part['rules'])})", "", ""])
            self.tree.addTopLevelItem(department)
            department.addChildren([self._item(rule) for rule in part["rules"]])
            department.setExpanded(True)
            department.setFirstColumnSpanned(True)
        self._filter(self.search.text())
        self.choose(chosen_rule or next(iter(self._rules), TERMS))

    @property
    def current_rule(self) -> str:
        """The rule whose form is shown, or TERMS; empty for none."""
        item = self.tree.currentItem()
        return str(item.data(NAME, ROLE_RULE) or "") if item is not None else ""

    def choose(self, rule: str) -> None:
        """Show the form of a rule, or of the terms."""
        for item in items_of(self.tree):
            if item.data(NAME, ROLE_RULE) == rule:
                self.tree.setCurrentItem(item)

    def mark(self, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Write problems at their values, and scroll to the first; return the problems of no value."""
        left = []
        for problem in problems:
            place = self._place_of(problem)
            if place is None:
                left.append(problem)
                continue
            table = place.partition(":")[0]
            name = next((one for one in (CLASSES, CHECKLIST) if table.startswith(f"{one}.")), table)
            if name != self.current_rule:
                self.choose(name)
            field = self.fields.get(place)
            if field is None:
                left.append(problem)
                continue
            field.error.say(str(problem.get("message") or ""))
            self.form_area.ensureWidgetVisible(field)
        return left

    def _place_of(self, problem: dict[str, Any]) -> str | None:
        """The place of the value that a problem concerns, by the rule and key that the core names; None for none."""
        key = str(problem.get("field") or "")
        if ":" in key:
            return key
        rule = str(problem.get("feature") or problem.get("rule") or "")
        if rule in self._rules:
            places = [field["place"] for field in self._rules[rule]["fields"]]
            return next((one for one in places if one == f"{rule}:{key}" or one.startswith(f"{rule}:{key}.")), None)
        own = [
            str(one["place"])
            for one in self._others.get(CHECKLIST, ())
            if one["place"].startswith(f"{CHECKLIST}.{rule}:")
        ]
        if own:  # what is wrong with an item as a whole stands at its first value
            name = key.removeprefix(f"{CHECKLIST}.")
            return next((place for place in own if place.partition(":")[2].startswith(name)), own[0])
        table, dot, name = key.rpartition(".") if key.startswith(f"{CLASSES}.") else key.partition(".")
        return f"{table}:{name}" if dot and table.partition(".")[0] in self._others else None

    def _item(self, rule: dict[str, Any]) -> QTreeWidgetItem:
        hits = "" if rule["hits"] is None else f"{rule['hits']:,}"
        item = QTreeWidgetItem([rule["title"], hits, rule["mark"]])
        item.setData(NAME, ROLE_RULE, rule["rule"])
        item.setToolTip(NAME, "\n".join((rule["title"], rule["rule"], rule["law"])))
        item.setToolTip(MARK, "\n".join(rule["sentences"]))
        item.setTextAlignment(HITS, RIGHT)
        if rule["verdict"] in LOOKS:
            item.setIcon(NAME, sign_icon(rule["verdict"], self.tree.palette()))
        return item

    def _filter(self, text: str) -> None:
        """Show only the rules whose title, id or law contains the text."""
        wanted_text = text.strip().lower()
        for department in (top for top in tops_of(self.tree) if top.childCount()):
            for item in below(department):
                item.setHidden(wanted_text not in item.toolTip(NAME).lower())
            department.setHidden(all(item.isHidden() for item in below(department)))

    def _show_form(self, item: QTreeWidgetItem | None) -> None:
        self.fields = {}
        name = item.data(NAME, ROLE_RULE) if item is not None else None
        if not name:
            return  # a department has no values
        body = QWidget()
        form = fill_form(QFormLayout(body), is_wide=True, is_wrapping=True)
        for text in self._heads(name):
            label = wrapped_label(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            form.addRow(label)
        for one in self._others[name] if name in self._others else self._rules[name]["fields"]:
            field = PackField(one)
            if field.place in self.edits:
                field.set_text(self.edits[field.place])
            field.set_open(self._is_open)
            field.changed.connect(lambda field=field: self._note(field))
            self.fields[field.place] = field
            form.addRow("" if isinstance(field.control, TickBox) else field.title, field)
        former = self.form_area.takeWidget()
        self.form_area.setWidget(body)
        if former is not None:
            former.deleteLater()
        keep_choice_readable(body)
        name_accessibly(body)

    def _heads(self, name: str) -> list[str]:
        if name in self._others:
            return [_other_title(name)]
        rule = self._rules[name]
        return [
            f"{rule['title']} · {rule['rule']}",
            with_label(tr("Law"), rule["law"]),
            with_label(tr("Layers"), name_list(rule["layers"])) + f" · {rule['kind']}",
            *rule["sentences"],
        ]

    def _note(self, field: PackField) -> None:
        if field.text == field.first:
            self.edits.pop(field.place, None)
        else:
            self.edits[field.place] = field.text
        self.edited.emit()


def _other_title(name: str) -> str:
    """The title of the values beside the rules."""
    return {TERMS: tr("Terms of the review"), CLASSES: tr("Classes of projects")}.get(
        name, tr("Items of the checklist")
    )

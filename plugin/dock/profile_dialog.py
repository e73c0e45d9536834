"""The bureau's profile that is kept with a library, as a form: the lead bureau, each department, and the fonts."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.gui import QgsScrollArea
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QLabel, QLineEdit, QListWidget, QStackedWidget, QTextBrowser, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.connection.toml_writing import toml_text
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.dock.profile_field import ProfileField
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.buttons import close_button, offer, push_button, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form, set_tab_order
from onemap.plugin.widgets.readable_choice import keep_choice_readable
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen, scroll_area
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import tr

SIZE_PX = (860, 680)
PREVIEW_PX = 170
LIST_MARGIN_PX = 24
LOOK_AFTER_MS = 400  # since the last key
LEAD, FONTS = "lead", "fonts"
RED = "#B2182B"
WIDE_BLANK = "\u3000"  # of which HTML makes one narrow one


class ProfileDialog(WorkingDialog):
    """All fields of the profile; the core checks them, returns a document's head as a preview, and stores them."""

    kept = pyqtSignal()

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("The bureau's profile"), parent)
        self._library = library
        self._home = library.path
        self._heads: dict[str, Any] = {}
        self._seen_hash = (
            ""  # the hash of the profile that the form began with, which nobody else may have changed since
        )
        self.looking = Asking(library.core, self)  # about the head; the dialog is of one library
        self.looking.refused.connect(self._mark)
        self.pages: dict[str, dict[str, ProfileField]] = {}
        self.sections = QListWidget(accessibleName=tr("Parts of the profile"))
        self.stack = QStackedWidget()
        self.sections.currentRowChanged.connect(self._show_section)
        self.preview = QTextBrowser(accessibleName=tr("The head of a document"), minimumHeight=PREVIEW_PX)
        self.preview.setStyleSheet("QTextBrowser { background: white; color: black; }")  # paper, in any theme
        self._timer = one_shot_timer(self, LOOK_AFTER_MS, self.look)
        self._build()
        self._enable()

    def begin(self) -> None:
        """Ask the core for the profile of the library, and show the form."""
        self.show()
        self._ask_core("profile", {"library": self._home}, self._fill, tr("Starting…"))

    @property
    def stated_text(self) -> str:
        """The content of the form, as the file of a profile."""
        tables = {FONTS: self._stated_values(FONTS)}
        tables |= {f"departments.{name}": self._stated_values(name) for name in self.pages if name not in (LEAD, FONTS)}
        return toml_text(self._stated_values(LEAD), tables)

    def look(self) -> None:
        """Ask the core to check the input and to return the head of a document; nothing is stored."""
        self._timer.stop()
        if not self.pages:
            return
        self.looking.ask("profile", {"library": self._home, "file": self._file_of_stated()}, self._show_heads)

    def keep(self) -> None:
        """Keep the profile with the library."""
        self.notice.hide()
        self.looking.forget()
        self._timer.stop()
        params = {"library": self._home, "file": self._file_of_stated(), "expect": self._seen_hash}
        title = tr("Keep the profile")
        self._ask_core("keep", params, self._say_kept, title, title)

    def refuse(self, refusal: Refusal) -> None:
        """Show each problem at its field; show problems of no field in a message."""
        left = self._mark(refusal)
        if left or not refusal.problems:
            self.notice.refuse(Refusal(refusal.message, left, refusal.exit_code))

    def close_down(self) -> None:
        """Stop following the core and close."""
        self._timer.stop()
        super().close_down()

    def field(self, place: str) -> ProfileField | None:
        """The field of a key as the core names it: authority, departments.land.code, fonts.body."""
        head, _dot, name = place.rpartition(".")
        page = head.partition(".")[2] or head or LEAD
        return self.pages.get(page, {}).get(name)

    def show_section(self, name: str) -> None:
        """Bring a part of the form to the front."""
        self.sections.setCurrentRow(list(self.pages).index(name))

    def _build(self) -> None:
        head = wrapped_label(
            tr("What is left empty is not printed. A department that leaves everything empty gets no red head.")
        )
        body = row_of(self.sections, (self.stack, 1))
        self.keep_button = push_button(tr("Keep with the library"), sign="keep", action=lambda _checked: self.keep())
        self.keep_button.setDefault(True)
        self._close_button = close_button(self)
        self.source = QLabel()
        buttons = row_of((self.source, 1), self.keep_button, self._close_button)
        column_of(head, (body, 3), (self.preview, 1), self.notice, self.work, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)
        name_accessibly(self)  # a profile that cannot be read leaves the form empty, and the message in it
        HelpKey(self)

    def _fill(self, answer: dict[str, Any]) -> None:
        self._seen_hash = answer["hash"]
        values, fields, forms = answer["values"], answer["fields"], answer["forms"]
        departments = values.get("departments") or {}
        fonts = [{**font, "kind": "text"} for font in answer["fonts"]]
        self._add_page(LEAD, tr("Lead bureau"), fields["lead"], forms, values)
        for one in answer["departments"]:
            self._add_page(one["code"], one["title"], fields["department"], forms, departments.get(one["code"]) or {})
        self._add_page(FONTS, tr("Fonts"), fonts, forms, values.get(FONTS) or {})
        self.source.setText(answer["file"] if answer["kept"] else tr("The library has no profile yet."))
        self.sections.setFixedWidth(self.sections.sizeHintForColumn(0) + LIST_MARGIN_PX)
        name_accessibly(self)
        keep_choice_readable(self)
        # The form was made after what stands below it.
        last = list(self.pages[FONTS].values())[-1]
        set_tab_order(last.findChildren(QLineEdit)[-1], [self.preview, self.keep_button, self._close_button])
        self._show_heads(answer)
        self.sections.setCurrentRow(0)
        self._mark(Refusal("", answer.get("problems") or []))
        self._enable()

    def _add_page(
        self, name: str, title: str, fields: list[dict[str, Any]], forms: list[dict[str, str]], values: dict[str, Any]
    ) -> None:
        body = QWidget()
        form = fill_form(QFormLayout(body), is_wide=True)
        self.pages[name] = {}
        if name != FONTS:
            form.addRow("", _language_heads())
        for one in fields:
            field = ProfileField(one, forms)
            field.set_value(values.get(field.name))
            field.changed.connect(self._timer.start)
            self.pages[name][field.name] = field
            form.addRow(field.title, field)
        area = scroll_area(body, QgsScrollArea, is_wide=True)
        self.stack.addWidget(area)
        self.sections.addItem(title)

    def _stated_values(self, page: str) -> dict[str, Any]:
        return {name: field.value for name, field in self.pages.get(page, {}).items()}

    def _file_of_stated(self) -> str:
        return temporary_file("form.profile.toml", self.stated_text)

    def _show_section(self, row: int) -> None:
        self.stack.setCurrentIndex(row)
        self._show_preview()

    def _show_heads(self, answer: dict[str, Any]) -> None:
        for page in self.pages.values():
            for field in page.values():
                field.error.clear()
        self._heads = answer["heads"]
        self._show_preview()

    def _show_preview(self) -> None:
        name = list(self.pages)[self.sections.currentRow()] if self.sections.currentRow() >= 0 else LEAD
        self.preview.setHtml(head_html(self._heads.get(LEAD if name == FONTS else name)))

    def _mark(self, refusal: Refusal) -> list[dict[str, Any]]:
        """Write each problem at its field, and show the first; return the problems that belong to no field."""
        left = []
        first = None
        for problem in refusal.problems:
            field = self.field(str(problem.get("field") or ""))
            if field is None:
                left.append(problem)
                continue
            words = str(problem.get("mend") or problem.get("message") or "")  # what is wrong stands above it
            field.error.say(name_controls(words, dock_controls()))
            first = first or next(name for name, page in self.pages.items() if field in page.values())
        if first is not None and list(self.pages).index(first) != self.sections.currentRow():
            self.show_section(first)
        return left

    def _say_kept(self, answer: dict[str, Any]) -> None:
        self._seen_hash = answer["hash"]
        self.source.setText("")
        self.notice.say(tr("The profile is kept with the library. Documents written from now on bear it."))
        self.kept.emit()

    def _enable(self) -> None:
        offer(self.keep_button, self._library.rights.why_not_owner, bool(self.pages) and not self.is_working)


def _language_heads() -> QWidget:
    """The heads of the two columns of names."""
    heads = QWidget()
    names = (tr("in Chinese"), tr("in English"))
    row_of(*((QLabel(name), 1) for name in names), inside=heads, is_tight=True, spacing=4)
    return heads


def head_html(head: dict[str, Any] | None) -> str:
    """A sketch of the head and foot of a document, with only the parts that the profile states."""
    if head is None or not any(head[name] for name in ("head_mark", "number_form", "addressed", "copies", "contact")):
        return f"<p>{escape(tr('Documents bear no head: the profile says nothing of this sender.'))}</p>"
    parts = []
    if head["head_mark"]:
        size = 20 if head["head"] == "document" else 16
        style = f"color:{RED};font-size:{size}pt;letter-spacing:2px;margin:0"
        parts.append(f'<p align="center" style="{style}"><b>{escape(head["head_mark"])}</b></p>')
        rule = '<span style="font-size:1pt">&nbsp;</span>'
        parts.append(f'<table width="100%" cellspacing="0" bgcolor="{RED}"><tr><td>{rule}</td></tr></table>')
    if head["number_form"]:
        number = escape(head["number_form"]).replace(WIDE_BLANK, "&nbsp;&nbsp;")
        parts.append(f'<p align="right" style="margin:0">{number}</p>')
    if head["addressed"]:
        parts.append(f'<p style="margin:4px 0">{escape(head["addressed"])}</p>')
    parts.append("<p>……</p>")
    signature_lines = [head["unit"], tr("(seal)") if head["seal"] else None]
    parts.append(
        f'<p align="right" style="margin:0">{"<br>".join(escape(text) for text in signature_lines if text)}</p>'
    )
    for name, title in (
        ("contact", tr("Contact: {text}")),
        ("signatory", tr("Signatory: {text}")),
        ("copies", tr("Copies: {text}")),
        ("printed_by", tr("Printed by: {text}")),
    ):
        if head[name]:
            parts.append(f'<p style="margin:0">{escape(title.format(text=head[name]))}</p>')
    return "".join(parts)

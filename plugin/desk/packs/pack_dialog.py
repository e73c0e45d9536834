"""A rule pack in a window: read, change, prove, try on open cases, put in force; the core judges each step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QTabWidget, QTreeWidgetItem, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.layer_list import title_of
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.packs.pack_rules import PackRules
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.widgets.buttons import offer, push_button, tool_button, wrapped_label
from onemap.plugin.widgets.questions import UnsentReasons, is_confirmed
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.target_file import ask_document, ask_file
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import Count, sentences, tr

SIZE_PX = (1000, 700)
RULES, PROOF, TURNED, DIFFERENCES, VERSIONS = range(5)  # the pages
TOML = [".toml"]


class PackDialog(WorkingDialog):
    """Shows one pack at a time: one in force in the library, or a file of the city's own."""

    copied = pyqtSignal(str)  # the file of a copy

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Rule pack"), parent)
        self._library, self._unsent_reasons = library, UnsentReasons()
        self._home = library.path
        self._pack: dict[str, Any] = {}
        self._file = ""  # that is read; of a pack in force a copy for reading
        self._is_own = False  # whether the file may be changed
        self._is_shipped = False
        self._row = -1  # of the choice, for the pack that is shown
        self._run = ""  # the check whose hits are shown
        self._below: list[str] = []  # the packs on which it stands
        self.choice = WrappedChoice()
        for part in (self.choice, self.choice.view()):
            part.setAccessibleName(tr("Rule pack"))
        self.choice.activated.connect(lambda _row: self._leave_edits(self._read_chosen))
        self.open_button = tool_button("file", tr("Read another pack, a file"), action=self._choose_file)
        self.source = wrapped_label()
        self.rules = PackRules()
        self.rules.edited.connect(self._enable)
        self.pages = QTabWidget()
        names = {
            PROOF: tr("What the cases prove"),
            TURNED: tr("What would turn in open cases"),
            DIFFERENCES: tr("What differs from the origin"),
            VERSIONS: tr("Packs in force, and those of before"),
        }
        self.trees = {page: AnswerTree(name, [name]) for page, name in names.items()}
        self._make_buttons()
        self._build()
        self._enable()

    def begin(self, file: str = "") -> None:
        """Show the dialog with the pack of a file, or with the first pack in force."""
        self.show()
        for pack in self._library.packs:
            title = title_of(pack.get("title"), str(pack.get("id")))
            self.choice.addItem(f"{title} {pack.get('version') or ''}".strip(), pack)
        if file:
            self._add_file(file)
        self._read_chosen()

    def save(self) -> None:
        """Ask the core to write the edited values into the pack's file."""
        self._write_then(lambda _answer: None)

    def prove(self) -> None:
        """Prove the pack by its cases; edited values are saved first."""
        step = tr("Prove the pack")
        self._write_then(lambda _answer: self._show_page("prove", {"pack": [*self._below, self._name]}, PROOF, step))

    def try_out(self) -> None:
        """Ask which verdicts of open cases the pack would change; edited values are saved first."""
        params = {"library": self._home, "open": True, "pack": [self._name]}
        step = tr("Judge open cases by the pack")
        self._write_then(lambda _answer: self._show_page("recheck", params, TURNED, step))

    def enact(self, reason: str) -> None:
        """Put the pack in force in the library. reason: stored in the library's log; if empty, nothing is done."""
        if reason.strip():
            params = {"library": self._home, "pack": self._file or self._name, "reason": reason.strip()}
            step = tr("Put the pack in force")
            self._ask_core("pack enact", params, self._say_enacted, step, step)

    def copy_to(self, path: str) -> None:
        """Make the pack the city's own: a copy that names its origin, or the stored text of a pack in force."""
        params: dict[str, Any] = {"overwrite": True}
        if self._is_shipped:
            verb = "pack copy"
            params |= {"pack": self._name, "target": path, "id": Path(path).stem}
        else:
            verb = "pack versions"
            params |= {"library": self._home, "hash": self._pack["hash"], "out": path}
        self._ask_core(verb, params, lambda _answer: self._take_copy(path), tr("Copy the pack"))

    def refuse(self, refusal: Refusal) -> None:
        """Show each problem at its value; show problems of no value in a message."""
        left = self.rules.mark(refusal.problems)
        if len(left) < len(refusal.problems):
            self.pages.setCurrentIndex(RULES)
        if left or not refusal.problems:
            self.notice.refuse(Refusal(refusal.message, left, refusal.exit_code))

    def reject(self) -> None:
        """Close; ask first if edited values would be lost. Qt calls this for every way to close."""
        if not self.rules.edits or self._may_lose():
            self.rules.edits = {}
            super().reject()

    def close_down(self) -> None:
        """Close without a question, when the plugin goes."""
        self.rules.edits = {}
        super().close_down()

    @property
    def _name(self) -> str:
        """The pack as the core takes it."""
        return self._file or str(self._pack.get("id", ""))

    def _make_buttons(self) -> None:
        self.copy_button = push_button(tr("Make it the city's own…"), sign="file", action=self._ask_copy)
        self.copy_button.setToolTip(tr("Write the pack and its cases to a file that may be changed"))
        self.save_button = push_button(tr("Save"), sign="keep", action=lambda _checked: self.save())
        self.prove_button = push_button(tr("Prove it"), sign="check", action=lambda _checked: self.prove())
        self.prove_button.setToolTip(tr("Judge the cases beside the pack"))
        self.try_button = push_button(tr("What would turn"), sign="trial", action=lambda _checked: self.try_out())
        self.try_button.setToolTip(tr("Judge open cases by this pack; nothing is written"))
        self.enact_button = push_button(tr("Put in force…"), sign="rules", action=self._ask_reason)
        self.close_button = push_button(tr("Close"), action=self.close)
        for button in (self.copy_button, self.prove_button, self.try_button, self.enact_button, self.close_button):
            button.setAutoDefault(False)

    def _build(self) -> None:
        self.pages.addTab(self.rules, tr("Rules"))
        for page, title in (
            (PROOF, tr("Proof of cases")),
            (TURNED, tr("Would turn")),
            (DIFFERENCES, tr("Differences")),
            (VERSIONS, tr("In force")),
        ):
            self.pages.insertTab(page, self.trees[page], title)
        self.pages.currentChanged.connect(self._ask_page)
        self.trees[VERSIONS].itemActivated.connect(lambda item, _column: self._read_kept(item))
        buttons = (self.copy_button, 1, self.save_button, self.prove_button, self.try_button, self.enact_button)
        head = row_of((self.choice, 1), self.open_button)
        foot = row_of(*buttons, self.close_button)
        column_of(head, self.source, (self.pages, 1), self.notice, self.work, foot, inside=self)
        resize_on_screen(self, *SIZE_PX)
        equip_window(self)

    def _add_file(self, path: str) -> None:
        self.choice.addItem(Path(path).name, path)
        self.choice.setCurrentIndex(self.choice.count() - 1)

    def _choose_file(self) -> None:
        ask_file(
            self,
            tr("Rule pack"),
            lambda path: self._leave_edits(lambda: self._read_added(path)),
            tr("Rule pack (*.toml)"),
        )

    def _read_added(self, path: str) -> None:
        self._add_file(path)
        self._read_chosen()

    def _read_chosen(self) -> None:
        chosen_pack = self.choice.currentData()
        self.notice.hide()
        if isinstance(chosen_pack, str):
            self._read(chosen_pack, lambda answer: self._fill(answer, chosen_pack, is_own=True))
        elif chosen_pack is not None:
            self._read(str(chosen_pack.get("id")), lambda answer: self._fill_in_force(answer, chosen_pack), chosen_pack)

    def _read(self, name: str, show: Callable[[dict[str, Any]], None], in_force: dict[str, Any] | None = None) -> None:
        """Ask for a pack. in_force: the entry of a pack in force; if it is not shipped, it is read from the library."""
        params = {"pack": name, "library": self._home}
        refuse = self._refuse_pack if in_force is None else (lambda _refusal: self._take_from_library(in_force))
        self.asking.ask("pack show", params, show, refuse=refuse)

    def _refuse_pack(self, refusal: Refusal) -> None:
        """Say why a pack cannot be read; the choice returns to the pack that is shown, on which the buttons act."""
        self.notice.refuse(refusal)
        if self._pack:
            self.choice.setCurrentIndex(self._row)

    def _fill_in_force(self, answer: dict[str, Any], pack: dict[str, Any]) -> None:
        """Show a pack in force: the shipped one, unless the library has another text of that name."""
        if answer["pack"]["hash"] == pack.get("hash", answer["pack"]["hash"]):
            self._fill(answer, "", is_own=False)
        else:
            self._take_from_library(pack)

    def _take_from_library(self, pack: dict[str, Any]) -> None:
        path = str(temporary_folder("packs") / "pack.toml")
        params = {"library": self._home, "hash": pack.get("hash"), "out": path, "overwrite": True}
        self.asking.ask(
            "pack versions",
            params,
            lambda _answer: self._read(path, lambda answer: self._fill(answer, path, is_own=False)),
            refuse=self._refuse_pack,
        )

    def _read_kept(self, item: QTreeWidgetItem) -> None:
        """Show the pack of a row, as the library has kept it."""
        about = self.trees[VERSIONS].about(item)
        if about:
            self._leave_edits(lambda: self._show_kept(about))

    def _show_kept(self, pack: dict[str, Any]) -> None:
        self.pages.setCurrentIndex(RULES)
        self._take_from_library(pack)

    def _fill(self, answer: dict[str, Any], file: str, is_own: bool) -> None:
        self._pack, self._file, self._is_own, self._is_shipped = answer["pack"], file, is_own, not file
        self._row = self.choice.currentIndex()
        self.rules.show_pack(answer, is_own)
        self._run, self._below = answer["run"] or "", answer["below"]
        has_other = bool(self._below or (answer["origin"] and answer["origin"]["is_here"]))
        self.pages.setTabEnabled(DIFFERENCES, has_other)
        for tree in self.trees.values():
            tree.clear()
        self._say_source(answer)
        self._ask_page(self.pages.currentIndex())
        self._enable()

    def _say_source(self, answer: dict[str, Any]) -> None:
        origin = answer["origin"]
        if self._is_shipped:
            text = tr("This pack is shipped with One Map. Make it the city's own to change it.")
        elif not self._is_own:
            text = tr("The library keeps this pack. Make it the city's own, a file, to change it.")
        else:
            text = self._file
        lines = [text]
        if origin:
            text = tr("A copy of {id} {version}; what differs is marked.").format(**origin)
            if origin["is_here"] and not origin["is_same"]:
                text = sentences(text, tr("The original has changed since."))
            lines.append(text)
        if answer["run"]:
            lines.append(tr("Hits are those of the check {run}.").format(run=answer["run"]))
        self.source.setText("\n".join([lines[0], sentences(*lines[1:])]).strip())

    def _write_then(self, go_on: Callable[[Any], None]) -> None:
        """Save the edited values, then go on; if the core refuses them, nothing more is done."""
        self.notice.hide()
        if not self.rules.edits:
            go_on({})
            return
        sets = [f"{place}={value}" for place, value in self.rules.edits.items()]
        params = {"pack": self._file, "set": sets}
        self._ask_core("pack change", params, lambda answer: self._saved(answer, go_on), tr("Save the pack"))

    def _saved(self, answer: dict[str, Any], go_on: Callable[[Any], None]) -> None:
        count = Count(len(self.rules.edits))
        self.rules.edits = {}
        text = tr("{count:# value is|# values are} saved: {file}").format(count=count, file=Path(self._file).name)
        self.notice.say("\n".join([text, *(problem["message"] for problem in answer.get("problems") or ())]))
        self._read(self._file, lambda read: self._go_on(read, go_on))

    def _go_on(self, answer: dict[str, Any], go_on: Callable[[Any], None]) -> None:
        self._fill(answer, self._file, is_own=True)
        go_on(answer)

    def _show_page(self, verb: str, params: dict[str, Any], page: int, step: str) -> None:
        """Ask for an answer, and show its rows on a page."""
        self.pages.setCurrentIndex(page)
        self.trees[page].clear()
        self._ask_core(verb, {**params, "view": True}, lambda answer: self.trees[page].show_rows(answer["view"]), step)

    def _ask_page(self, page: int) -> None:
        """Fill a page that needs no work once it is seen."""
        if not self._pack or self.is_working or page not in (DIFFERENCES, VERSIONS):
            return
        if self.trees[page].topLevelItemCount():
            return
        if page == VERSIONS:
            self._show_page("pack versions", {"library": self._home}, page, "")
        elif self._file:
            of_run = {"library": self._home, "run": self._run} if self._run else {}
            self._show_page("pack differences", {"pack": [self._file], **of_run}, page, tr("Compare the packs"))

    def _ask_copy(self, _checked: bool = False) -> None:
        ask_document(self, tr("The city's own pack"), "city-rules", file_forms(TOML), self.copy_to)

    def _take_copy(self, path: str) -> None:
        self._read_added(path)
        self.copied.emit(path)

    def _ask_reason(self, _checked: bool = False) -> None:
        question = tr("Why is it put in force? The log keeps the reason. Opinions by the former rules become outdated.")
        self._unsent_reasons.ask(self, tr("Put in force"), question, self._name, self.enact)

    def _say_enacted(self, answer: dict[str, Any]) -> None:
        self._unsent_reasons.drop(self._name)
        self._library.refresh()
        text = tr("In force: {id} {version}. Opinions that rest on the former rules are outdated.")
        self.notice.say(text.format(**answer))
        self._show_page("pack versions", {"library": self._home}, VERSIONS, "")

    def _leave_edits(self, go_on: Callable[[], None]) -> None:
        if not self.rules.edits or self._may_lose():
            go_on()

    def _may_lose(self) -> bool:
        count = Count(len(self.rules.edits))
        question = tr("{count:# value was|# values were} changed and not saved.").format(count=count)
        return is_confirmed(self, tr("Rule pack"), question, tr("Discard"))

    def _enable(self) -> None:
        is_idle = bool(self._pack) and not self.is_working
        self.save_button.setEnabled(is_idle and self._is_own and bool(self.rules.edits))
        self.copy_button.setEnabled(is_idle and not self._is_own)
        self.prove_button.setEnabled(is_idle and (self._is_own or self._is_shipped))  # cases lie beside a pack's file
        self.try_button.setEnabled(is_idle and self._is_own)
        is_ready = is_idle and self._is_own and not self.rules.edits
        offer(self.enact_button, self._library.rights.why_not_owner, is_ready)

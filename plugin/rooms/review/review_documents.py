"""The button for a case's documents: choose document, format and place; then the file is opened."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile import settings
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_document, open_file
from onemap.plugin.words.core_words import word
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

MOST_SIGNS = 40  # of a project in a file's name, in which 255 bytes stand
PLAIN_ENDING = re.compile(r"\.\w{1,10}")
SHEETS = "sheets"  # beside the documents of `review export`
FORMATS = {"docx": "Word", "pdf": "PDF", "html": "HTML", "json": "JSON"}


class DocumentButton(QToolButton):
    """A menu of documents; the core writes the chosen one."""

    written = pyqtSignal(str)  # the file
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(text=tr("Documents"), icon=icon("document"))
        self._library = library
        self.asking = Asking(library.core, self, is_writing=True)  # a document is there whatever is open by then
        self.asking.refused.connect(self.refused)
        self._case: Case | None = None
        self._department = ""
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.documents = QMenu(self, aboutToShow=self._fill)
        self.setMenu(self.documents)

    def show_case(self, case: Case | None, department: str) -> None:
        """Offer the documents of this case, and of this department."""
        self._case, self._department = case, department
        self.setEnabled(case is not None)

    def _fill(self) -> None:
        self.documents.clear()
        if self._case is None:
            return
        for document in ("report", "statement", SHEETS):
            self._offer(_titles()[document], document, "")
        files = self._case.answer.get("files") or []
        if files:
            menu = self.documents.addMenu(tr("Attachments"))
            for file in files:
                menu.addAction(as_written(f"{file['name']}…"), partial(self._choose_attachment, file))
        if self._department:
            name = as_written(word("departments", self._department))
            self.documents.addSeparator()
            text = tr("{department}: review pack for work without QGIS…").format(department=name)
            self.documents.addAction(icon("reply"), text, partial(self._choose, "", self._department, "html"))
            self._offer(tr("{department}: opinion").format(department=name), "opinion", self._department)
            self._offer(tr("{department}: reply form").format(department=name), "reply", self._department)

    def _offer(self, title: str, document: str, department: str) -> None:
        menu = self.documents.addMenu(title)
        for suffix, name in FORMATS.items():
            menu.addAction(f"{name}…", partial(self._choose, document, department, suffix))

    def _choose(self, document: str, department: str, suffix: str) -> None:
        whose = word("departments", department) if department else ""
        number = self._case.answer.get("document") if document == "statement" else ""
        name = "-".join(filter(None, (self._case.project[:MOST_SIGNS], _titles()[document], whose, number)))
        forms = file_forms([f".{suffix}"])
        ask_document(self, tr("Write the document"), name, forms, lambda path: self.write(path, document, department))

    def _choose_attachment(self, file: dict[str, str]) -> None:
        name = Path(file["name"])
        ending = name.suffix if PLAIN_ENDING.fullmatch(name.suffix) else ""
        own, forms = name.stem if ending else name.name, {ending: f"*{ending}"}
        take = partial(self.write_attachment, hash_=file["hash"])
        ask_document(self, tr("Save the attachment"), own, forms, take)

    def write_attachment(self, path: str, hash_: str) -> None:
        """Ask the core for an attached file. An existing one is replaced, because the user has confirmed it.

        hash_: the SHA-256 of the file, because several files may have one name.
        """
        # Its folder is opened, not the file itself: it comes from others, and may be a program.
        self._write("review attachment", {"file": hash_}, tr("Save the attachment"), path, str(Path(path).parent))

    def write(self, path: str, document: str, department: str) -> None:
        """Ask the core to write a document. An existing file is replaced, because the user has confirmed it."""
        verb, params = "review sheet", {}
        if document != SHEETS:
            verb = "review export"
            params = {"document": document, "department": department, "templates": settings.get("templates")}
        self._write(verb, params, tr("Write the document"), path, path)

    def _write(self, verb: str, params: dict[str, Any], title: str, path: str, open_path: str) -> None:
        """Ask the core for a file of the case. open_path: the file or the folder that is opened then."""

        def show(_answer: dict[str, Any]) -> None:
            open_file(open_path)
            self.written.emit(path)

        of_case = {"library": self._library.path, "case": self._case.id, "target": path, "overwrite": True}
        self.asking.ask(verb, {**of_case, **params}, show, title)


def _titles() -> dict[str, str]:
    return {
        "report": tr("Report of the findings"),
        "statement": tr("Statement of all opinions"),
        SHEETS: tr("Query sheets of the parcels"),
        "opinion": tr("Opinion"),
        "reply": tr("Reply form"),
        "": tr("Review pack"),
    }

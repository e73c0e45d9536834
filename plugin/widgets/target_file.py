"""Ask which file to read or write, in one way everywhere, so that no file is replaced without a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import documents_folder
from onemap.plugin.profile.suggested_file import suggested_file
from onemap.plugin.widgets.questions import is_confirmed
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr


def ask_file(parent: QWidget, title: str, take: Callable[[str], Any], filters: str = "", start: str = "") -> None:
    """Ask for a file to read, and pass on its path. filters: for Qt's dialog; start: the folder or file shown first."""
    path, _filter = QFileDialog.getOpenFileName(parent, title, start, filters)
    if path:
        take(path)


def ask_toml_file(parent: QWidget, title: str, take: Callable[[str], Any]) -> None:
    """Ask for a file of the bureau's own, and pass on its path; the folder of the last document is shown first."""
    start = settings.get("review_folder") or documents_folder()
    ask_file(parent, title, take, file_filters([".toml"]), str(start))


def ask_target(parent: QWidget, title: str, start: str, forms: Mapping[str, str], take: Callable[[str], Any]) -> None:
    """Ask for a file to write, and pass on its path.

    start: the proposed path. forms: the dialog's filter for each ending, such as `.pdf`. A name without an ending gets
    that of the filter, because Qt does so only on some systems, and asks about replacing the name as it was typed.
    """
    path, chosen_form = QFileDialog.getSaveFileName(parent, title, start, ";;".join(forms.values()))
    if path and not path.lower().endswith(tuple(forms)):
        whole = Path(path + next((one for one, form in forms.items() if form == chosen_form), next(iter(forms))))
        question = tr("“{name}” is in this folder already. What is in it will be lost.").format(name=whole.name)
        is_free = not whole.exists() or is_confirmed(parent, title, question, tr("Replace"))
        path = str(whole) if is_free else ""
    if path:
        take(path)


def ask_document(parent: QWidget, title: str, name: str, forms: Mapping[str, str], take: Callable[[str], Any]) -> None:
    """Ask for a document to write, in the folder of the last one. name: without ending; the first form is proposed."""

    def take_there(path: str) -> None:
        settings.put("review_folder", str(Path(path).parent))
        take(path)

    ask_target(parent, title, suggested_file(name, next(iter(forms))), forms, take_there)


def open_file(path: str) -> None:
    """Open a file or a folder with the system's program for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))

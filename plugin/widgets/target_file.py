"""Which file is to be written: asked in one way, so that nothing is replaced that nobody was asked about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from onemap.plugin.widgets.questions import is_confirmed
from onemap.plugin.words.translation import tr


def ask_target(parent: QWidget, title: str, start: str, forms: Mapping[str, str]) -> str:
    """Ask for a file to write; empty for none.

    start: the path that is proposed.
    forms: the dialog's filter for each ending, such as `.pdf`. A name without an ending gets that of the filter: Qt
    does not do it on every system, and asks about the name as it was typed.
    """
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, ";;".join(forms.values()))
    if not path or path.lower().endswith(tuple(forms)):
        return path
    ending = next((one for one, form in forms.items() if form == chosen), next(iter(forms)))
    whole = Path(f"{path}{ending}")
    question = tr("“{name}” is in this folder already. What is in it will be lost.").format(name=whole.name)
    return str(whole) if not whole.exists() or is_confirmed(parent, title, question, tr("Replace")) else ""


def open_file(path: str) -> None:
    """Open a file, or a folder, in the program that the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))

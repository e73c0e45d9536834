"""The user of the review: a name, asked for once and stored in the settings, and a department."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from onemap.plugin.desk.library.layer_list import DEPARTMENTS
from onemap.plugin.profile import settings
from onemap.plugin.widgets.questions import ask_text
from onemap.plugin.words.core_words import word
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr


class PersonButton(QToolButton):
    """The button that shows the user's name, with a menu to change name and department."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(autoRaise=True, popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip(tr("Under this name you write and sign; your department's opinion is opened first"))
        self.chooser = QMenu(self, aboutToShow=self._fill)
        self.setMenu(self.chooser)
        self._account = ""
        self._departments: tuple[str, ...] | None = None  # for which the account speaks; None for all
        self.show_name()

    @property
    def department(self) -> str:
        """The user's department; empty for none, as for the lead. A server account has the departments of its roles."""
        own_department = settings.get("review_department")
        if self._departments is None or own_department in self._departments:
            return own_department
        return self._departments[0] if len(self._departments) == 1 else ""

    @property
    def known_name(self) -> str:
        """The account on a server, else the stored name; empty for none."""
        return self._account or settings.get("review_name")

    @property
    def acting_text(self) -> str:
        """A sentence that says in whose name a step is taken, shown before its button."""
        own_name = self.known_name
        return tr("Acting as {name}").format(name=own_name) if own_name else tr("Your name is asked for first")

    def name(self) -> str:
        """The user's name for a step, asked for once; empty if the user gives none."""
        return self.known_name or self.ask()

    def ask(self) -> str:
        """Ask for the name."""
        name = _typed_name(self, self.known_name)
        if name:
            self.set_name(name)
        return name

    def set_account(self, account: str, departments: tuple[str, ...] | None) -> None:
        """Act as a server's account; empty for a library in a file, where the name is typed.

        departments: for which the account speaks; None for all.
        """
        self._account, self._departments = account, departments
        self.show_name()

    def set_name(self, name: str) -> None:
        """Store a name."""
        settings.put("review_name", name)
        self.show_name()
        self.changed.emit()

    def set_department(self, department: str) -> None:
        """Store the user's department."""
        settings.put("review_department", department)
        self.show_name()
        self.changed.emit()

    def show_name(self) -> None:
        """Show the stored name."""
        parts = [self.known_name or tr("Your name…")]
        if self.department:
            parts.append(word("departments", self.department))
        self.setText(as_written(" · ".join(parts)))

    def _fill(self) -> None:
        self.chooser.clear()
        if self._account:
            text = tr("You act as the account {account}").format(account=as_written(self._account))
            self.chooser.addAction(text).setEnabled(False)
        else:
            self.chooser.addAction(tr("Your name…"), self.ask)
        self.chooser.addSeparator()
        for department in ("", *DEPARTMENTS):
            text = word("departments", department) if department else tr("No department: all of them")
            action = self.chooser.addAction(
                as_written(text), lambda chosen_department=department: self.set_department(chosen_department)
            )
            action.setCheckable(True)
            action.setChecked(department == self.department)
            action.setEnabled(not department or self._departments is None or department in self._departments)


def ask_name(parent: QWidget) -> str:
    """The user's name, asked for once and stored; empty if the user gives none."""
    name = settings.get("review_name") or _typed_name(parent, "")
    settings.put("review_name", name)
    return name


def _typed_name(parent: QWidget, own_name: str) -> str:
    typed_texts: list[str] = []
    ask_text(parent, tr("Who are you?"), tr("Your name, as it stands under opinions"), own_name, typed_texts.append)
    return typed_texts[0].strip() or own_name if typed_texts else ""

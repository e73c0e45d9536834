"""Questions in boxes whose buttons use the plugin's language, whatever Qt's language is."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from qgis.PyQt.QtWidgets import QDialogButtonBox, QInputDialog, QMessageBox, QWidget

from onemap.plugin.words.translation import tr


def is_confirmed(parent: QWidget, title: str, question: str, action: str) -> bool:
    """Ask whether to do something that cannot be undone. action: the button's text, a verb."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, question, QMessageBox.StandardButton.NoButton, parent)
    button = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is button


def ask_text(parent: QWidget, title: str, label: str, text: str, on_text: Callable[[str], None]) -> None:
    """Ask for a line of text, and pass it on."""
    dialog = QInputDialog(parent)
    dialog.setTextValue(text)
    _ask(dialog, title, label, on_text)


class UnsentReasons:
    """Typed reasons of steps that were refused or not sent: the question about such a step begins with its reason."""

    def __init__(self) -> None:
        self._texts: dict[Hashable, str] = {}

    def of(self, step: Hashable) -> str:
        """The reason typed for a step; empty for none."""
        return self._texts.get(step, "")

    def keep(self, step: Hashable, text: str) -> None:
        """Keep the reason of a step that is being sent."""
        self._texts[step] = text

    def drop(self, step: Hashable) -> None:
        """Forget the reason of a step that was taken."""
        self._texts.pop(step, None)

    def ask(self, parent: QWidget, title: str, label: str, step: Hashable, send: Callable[[str], None]) -> None:
        """Ask for the reason of a step, keep it, and pass it on."""

        def take(text: str) -> None:
            self.keep(step, text)
            send(text)

        ask_text(parent, title, label, self.of(step), take)


def ask_choice(parent: QWidget, title: str, label: str, choices: list[str], on_choice: Callable[[str], None]) -> None:
    """Ask for one of several texts, and pass on the chosen one."""
    dialog = QInputDialog(parent)
    dialog.setComboBoxItems(choices)
    _ask(dialog, title, label, on_choice)


def _ask(dialog: QInputDialog, title: str, label: str, on_answer: Callable[[str], None]) -> None:
    dialog.setWindowTitle(title)
    dialog.setLabelText(label)
    dialog.setOkButtonText(tr("OK"))
    dialog.setCancelButtonText(tr("Cancel"))
    if dialog.exec():
        on_answer(dialog.textValue())


def speak_buttons(box: QDialogButtonBox) -> None:
    """Give the standard buttons of a dialog texts in the plugin's language."""
    words = {
        QDialogButtonBox.StandardButton.Ok: tr("OK"),
        QDialogButtonBox.StandardButton.Cancel: tr("Cancel"),
        QDialogButtonBox.StandardButton.Close: tr("Close"),
    }
    for standard, text in words.items():
        button = box.button(standard)
        if button is not None:
            button.setText(text)

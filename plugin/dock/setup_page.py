"""The page of the dock without a core: why it is needed, and the button that sets it up."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from onemap.plugin.connection.core_python import CorePython, CoreSetupError, SetupPlan, is_debian_like, make_core
from onemap.plugin.connection.core_session import REQUIREMENTS, Core, core_python, first_core
from onemap.plugin.connection.task import BackgroundTask, Cancelled
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER, profile_folder
from onemap.plugin.widgets.buttons import push_button
from onemap.plugin.words.option_names import name_controls
from onemap.plugin.words.translation import tr


class SetupPage(QWidget):
    """Offers to make the core's Python, or to make it anew, and shows the progress."""

    ready = pyqtSignal()  # there is a core to go on with

    def __init__(self, core: Core, open_settings: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._task: BackgroundTask | None = None
        self._explanation = QLabel()
        self._message = QLabel()
        for label in (self._explanation, self._message):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = push_button(tr("Set up the core"), sign="setup", action=self.set_up)
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._cancel = push_button(tr("Cancel"), sign="cancel", action=self.cancel)
        settings_button = push_button(
            tr("Settings…"),
            sign="settings",
            hint=tr("Name a Python of your own, or a folder of wheels for a place without internet"),
            action=open_settings,
        )
        self.back_button = push_button(tr("Back to the library"), sign="back", action=self.ready)
        layout = QVBoxLayout(self)
        for widget in (self._explanation, self.button, self._bar, self._cancel, self._message, settings_button):
            layout.addWidget(widget)
        layout.addWidget(self.back_button)
        layout.addStretch()
        self._show_work(False)
        self._say("")
        self.explain(None)

    @property
    def text(self) -> str:
        """The text on display."""
        return "\n".join(part for part in (self._explanation.text(), self._message.text()) if part)

    def showEvent(self, event: QShowEvent) -> None:
        """Say how things stand whenever the page comes to the front."""
        super().showEvent(event)
        self.explain(core_python())

    def explain(self, python: CorePython | None) -> None:
        """Say which Python is the core's and what setting up does; None: there is no core."""
        if python is None:
            text = tr(
                "One Map's core is not set up yet. It is a Python environment of its own, kept in your QGIS profile; "
                "QGIS itself is not changed. Setting it up takes some minutes and 0.9 GB."
            )
        else:
            text = tr(
                "One Map's core is set up: {path}. Setting it up again makes a new one beside it in your QGIS profile "
                "(some minutes, 0.9 GB); the former one is removed when no QGIS uses it any more."
            ).format(path=python.path)
        self._explanation.setText(text)
        self.back_button.setVisible(python is not None and self._task is None)

    def _say(self, message: str) -> None:
        """Show a message; without one its line is no gap between the buttons."""
        self._message.setText(message)
        self._message.setVisible(bool(message))

    def set_up(self) -> None:
        """Make the core's Python in the background."""
        if self._task is not None:
            return
        self._core.stop()  # a running core holds its files on Windows
        plan = SetupPlan(
            first_core(),
            FOLDER / "__main__.py",
            REQUIREMENTS,
            settings.get("core_python"),
            settings.get("wheels_folder"),
            settings.language(),
        )
        self._say(tr("Looking for a Python…"))
        self._show_work(True)
        self.back_button.hide()
        self._task = BackgroundTask(
            tr("Set up One Map's core"), lambda progress: make_core(plan, progress), self._finish, self._show_step
        ).start()

    def cancel(self) -> None:
        """Cancel; what was made so far is removed."""
        if self._task is not None:
            self._task.cancel()

    def close_down(self) -> None:
        """Cancel before the plugin is unloaded."""
        if self._task is not None:
            self._task.forget()

    def _show_work(self, is_working: bool) -> None:
        self.button.setEnabled(not is_working)
        self._bar.setVisible(is_working)
        self._cancel.setVisible(is_working)
        self._bar.setValue(0)

    def _show_step(self, fraction: float, step: str) -> None:
        self._bar.setValue(round(100 * fraction))
        if step:
            self._say(step)

    def _finish(self, result: object, error: Exception | None) -> None:
        self._task = None
        self._show_work(False)
        self.explain(core_python())
        if error is None:
            self._say("")
            self.ready.emit()
        elif isinstance(error, Cancelled):
            self._say(tr("Cancelled; nothing was changed."))
        else:
            self._say(_error_text(error))


def _error_text(error: Exception) -> str:
    if not isinstance(error, CoreSetupError):
        return tr("The core could not be set up: {reason}").format(reason=error)
    text = {
        "unfit": tr(
            "The core was made, and its test says that it cannot work on this computer. What to do stands below; the "
            "whole report lies in the QGIS profile: {path}"
        ).format(path=profile_folder() / "core-self-test.json"),
        "python_other": tr(
            "The folder of wheels is for Python {version}, and no Python {version} was found on this computer. Install "
            "it from python.org, or choose a folder of wheels for the Python that is here, then press “Set up the "
            "core” again."
        ).format(version=error.detail),
        "python_missing": tr(
            "No Python from 3.11 to 3.14 was found on this computer. Install one from python.org (or name one in the "
            "settings), then press “Set up the core” again."
        ),
        "pip_missing": tr(
            "The Python that was found has no pip. Put the wheel of pip into the folder of wheels, or install Python "
            "from python.org, then press “Set up the core” again."
        ),
        "packages": tr(
            "The packages could not be installed. Without internet, choose a folder of wheels in the settings (the "
            "user guide, F1, says how to make one); otherwise see to the connection, then press “Set up the core” "
            "again."
        ),
        "altered": tr(
            "Nothing was installed: {names} is not what One Map was tested with, its hash is another. If it comes from "
            "a folder of wheels, make that folder anew with the lists of this version (the user guide, F1, says how); "
            "if from the network, ask whoever looks after the package mirror. Then press “Set up the core” again."
        ).format(names=error.detail),
        "start": tr("The core was made but does not start. Press “Set up the core” again, or name another Python."),
    }[error.kind]
    if error.kind == "pip_missing" and is_debian_like():
        text = tr(
            "Python's module venv is missing. Run “sudo apt install python3-venv” in a terminal (or ask whoever looks "
            "after this computer to), then press “Set up the core” again."
        )
    return text if error.kind in ("python_other", "altered") else f"{text}\n{_reason_of(error)}".strip()


def _reason_of(error: CoreSetupError) -> str:
    """What pip gives as its reason, without each of its tries before; the whole of what others say."""
    lines = name_controls(error.detail, {}).splitlines()
    reasons = [line for line in lines if line.startswith("ERROR:")] if error.kind == "packages" else []
    return "\n".join(reasons or lines)

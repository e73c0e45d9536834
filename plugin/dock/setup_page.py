"""The page of the dock while there is no core: why it is needed, and the button that sets it up."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import QPlainTextEdit, QProgressBar, QToolButton, QWidget

from onemap.plugin.connection.core_python import CorePython, CoreSetupError, SetupPlan, is_debian_like, make_core
from onemap.plugin.connection.core_session import REQUIREMENTS, Core, core_python, first_core
from onemap.plugin.connection.task import BackgroundTask, Cancelled
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER, profile_folder
from onemap.plugin.widgets.buttons import push_button, show_text, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.option_names import name_controls
from onemap.plugin.words.translation import tr

MOST_LINES = 2_000  # of the output of what sets the core up
RAW_KINDS = ("python_missing", "pip_missing", "packages", "start")  # of errors, with the output of a program


class SetupPage(QWidget):
    """Offers to make the core's Python, or to make it anew, and shows the progress."""

    ready = pyqtSignal()  # there is a core to go on with

    def __init__(self, core: Core, open_settings: Callable[[], None]) -> None:
        super().__init__()
        self._core = core
        self._task: BackgroundTask | None = None
        flags = Qt.TextInteractionFlag.TextSelectableByMouse
        self._explanation, self._message = (wrapped_label(textInteractionFlags=flags) for _label in range(2))
        self.details = QPlainTextEdit(
            readOnly=True, maximumBlockCount=MOST_LINES, accessibleName=tr("Details")
        )  # what pip and the like say: it wraps anywhere, and widens no dock
        self.details_button = QToolButton(text=tr("Details"), checkable=True, autoRaise=True, toggled=self._unfold)
        self.details_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button = push_button(tr("Set up the core"), sign="setup", action=self.set_up)
        self._bar = QProgressBar()
        self._cancel = push_button(tr("Cancel"), sign="cancel", action=self.cancel)
        hint = tr("Name a Python of your own, or a folder of wheels for a place without internet")
        settings_button = push_button(tr("Settings…"), sign="settings", hint=hint, action=open_settings)
        self.back_button = push_button(tr("Back to the library"), sign="back", action=self.ready)
        messages = (self._message, self.details_button, self.details)
        work = (self._explanation, self.button, self._bar, self._cancel)
        column_of(*work, *messages, settings_button, self.back_button, 0, inside=self)
        self._show_work(False)
        show_text(self._message, "")
        self._unfold(False)
        self.details_button.hide()
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
        """Say which Python the core uses and what setting up does. python: None if there is no core."""
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

    def _unfold(self, is_on: bool) -> None:
        self.details_button.setArrowType(Qt.ArrowType.DownArrow if is_on else Qt.ArrowType.RightArrow)
        self.details.setVisible(is_on)

    def _add_details(self, lines: str) -> None:
        self.details.appendPlainText(lines)
        self.details_button.show()

    def set_up(self) -> None:
        """Make the core's Python in the background."""
        if self._task is not None:
            return
        self._core.stop()  # a running core holds its files on Windows
        own_settings = (settings.get("core_python"), settings.get("wheels_folder"), settings.language())
        plan = SetupPlan(first_core(), FOLDER / "__main__.py", REQUIREMENTS, *own_settings)
        self.details.clear()
        show_text(self._message, tr("Looking for a Python…"))
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
            self._add_details(step)
        show_text(self._message, next(text for end, text in step_texts() if fraction <= end))

    def _finish(self, result: object, error: Exception | None) -> None:
        self._task = None
        self._show_work(False)
        self.explain(core_python())
        if error is None:
            show_text(self._message, "")
            self.ready.emit()
        elif isinstance(error, Cancelled):
            show_text(self._message, tr("Cancelled; nothing was changed."))
        else:
            show_text(self._message, _error_text(error))
            if isinstance(error, CoreSetupError) and error.kind in RAW_KINDS:
                self._add_details(_reason_of(error))


def step_texts() -> list[tuple[float, str]]:
    """The steps of set-up, each with the share of the work that is done when it ends."""
    return [
        (0.05, tr("Making a Python environment…")),
        (0.9, tr("Installing the packages…")),
        (1.0, tr("Testing the core…")),
    ]


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
    return f"{text}\n{_reason_of(error)}" if error.kind == "unfit" else text


def _reason_of(error: CoreSetupError) -> str:
    """The reason that pip gives, without its failed attempts; for other errors the whole message."""
    lines = name_controls(error.detail, {}).splitlines()
    reasons = [line for line in lines if line.startswith("ERROR:")] if error.kind == "packages" else []
    return "\n".join(reasons or lines)

"""The window of the core's self-test: what works on this computer, what does not, and the next step."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from onemap.plugin.connection.core_self_test import MachineReport, run_self_test
from onemap.plugin.connection.core_session import core_python
from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundTask, Cancelled
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.option_names import name_controls
from onemap.plugin.words.translation import name_list, tr

REPORT_NAME = "onemap-self-test.json"
SIZE_PX = (560, 420)


class MachineDialog(QDialog):
    """Runs the self-test in the background; its report can be copied or saved, to be sent to others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, windowTitle=tr("Check this computer"))
        resize_on_screen(self, *SIZE_PX)
        self._room = Path(tempfile.mkdtemp(prefix="onemap-report-"))
        self._task: BackgroundTask | None = None
        self.heading = wrapped_label()
        self.lines = QPlainTextEdit(readOnly=True, accessibleName=tr("Check this computer"))
        self.work = WorkRow()
        self.work.cancelled.connect(self._cancel)
        self.work.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        speak_buttons(self.buttons)
        self.save_button = self.buttons.addButton(tr("Save the report…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button = self.buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.save_button.clicked.connect(self._choose_file)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.lines.toPlainText()))
        self.buttons.rejected.connect(self.reject)
        column_of(self.heading, self.lines, self.work, self.buttons, inside=self)
        equip_window(self)
        self.finished.connect(lambda _result: self.close_down())

    @property
    def report(self) -> Path:
        """The report that the core writes."""
        return self._room / REPORT_NAME

    def start(self) -> None:
        """Run the test, unless it runs or there is no core."""
        if self._task is not None:
            return
        python = core_python()
        if python is None:
            self._show(tr("One Map's core is not set up yet."), "")
            return
        self._show(tr("Everything that One Map needs of this computer is tested on a small scale."), "")
        self.save_button.setEnabled(False)
        self.work.begin(tr("Check this computer"))
        language, report, main = settings.language(), self.report, FOLDER / "__main__.py"
        self._task = BackgroundTask(
            tr("Check this computer"),
            lambda progress: run_self_test(python.path, main, language, report, progress),
            self._finish,
            self.work.show_progress,
        ).start()

    def save(self, path: str) -> None:
        """Save the report as a file."""
        try:
            copy_file(self.report, path)
        except Refusal as refusal:
            self.heading.setText(str(refusal))

    def close_down(self) -> None:
        """Cancel, and remove what was made."""
        if self._task is not None:
            self._task.forget()
            self._task = None
        shutil.rmtree(self._room, ignore_errors=True)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _choose_file(self) -> None:
        ask_target(self, tr("Save the report…"), REPORT_NAME, file_forms([".json"]), self.save)

    def _show(self, heading: str, lines: str) -> None:
        self.heading.setText(heading)
        self.lines.setPlainText(name_controls(lines, {}))
        self.copy_button.setEnabled(bool(lines))

    def _finish(self, report: MachineReport | None, error: Exception | None) -> None:
        self._task = None
        self.work.hide()
        self.save_button.setEnabled(self.report.exists())
        if isinstance(error, Cancelled):
            self._show(tr("Cancelled."), "")
        elif report is None:
            self._show(tr("The core could not be started: {reason}").format(reason=error), "")
        elif not report.is_whole:
            text = tr(
                "The core ended in the middle of its test. Save the report and send it to whoever looks after it."
            )
            self._show(text, report.text)
        elif report.failed:
            text = tr("Not everything works here: {names}. The next step is given under each.")
            self._show(text.format(names=name_list(report.failed)), report.text)
        else:
            self._show(tr("Everything works on this computer."), report.text)

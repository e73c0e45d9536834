"""The room Check: choose parcels and rules, press Check, read what stands against each parcel and go there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils
from qgis.gui import QgsMapCanvas, QgsProjectionSelectionDialog
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection import Request
from onemap.plugin.figures import moment_text
from onemap.plugin.handover import crs_text
from onemap.plugin.icons import icon
from onemap.plugin.layer_list import title_of
from onemap.plugin.open_library import OpenLibrary
from onemap.plugin.parcel_choice import ParcelChoice
from onemap.plugin.refusals import Refusal
from onemap.plugin.results import CheckedParcel, ShownRun, read_results
from onemap.plugin.results_view import ResultsView
from onemap.plugin.task import BackgroundTask
from onemap.plugin.translation import tr


class CheckRoom(QWidget):
    """One check at a time; the last one's results stay until the next."""

    refused = pyqtSignal(object)  # Refusal
    finished = pyqtSignal()  # the verdicts of a check are shown

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._request: Request | None = None
        self._reading: BackgroundTask | None = None
        self._files: list[str] = []
        self._checked = ""  # the name of what the results are of
        self._asked_of = ("", "")  # library and day that they are of
        self.results = ResultsView(library.core, canvas)
        self.results.refused.connect(self.refused)
        self.parcels = ParcelChoice(canvas)
        self.parcels.changed.connect(self._enable)
        self.rules = QComboBox()
        self.rules.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.rules.setMinimumContentsLength(4)
        self.rules.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._build()
        library.listed.connect(self._list_rules)
        library.loading.connect(self._forget_another)
        library.refused.connect(lambda _refusal: self._enable())
        self._list_rules()

    def close_down(self) -> None:
        """Let go of the canvas and of the project."""
        self.results.spotlight.leave()
        self.parcels.close_down()
        if self._reading is not None:
            self._reading.forget()
        elif self._request is not None:
            self._request.cancel()

    def check(self, crs: str = "") -> None:
        """Check the chosen parcels. crs: of parcels whose file does not say."""
        if self._request is not None or not self.button.isEnabled():
            return
        self.results.spotlight.leave()
        folder = Path(QgsProcessingUtils.generateTempFilename("check"))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            source = self.parcels.source(str(folder))
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        target = str(folder / "run.gpkg")
        params = {
            "library": self._library.path,
            "parcels": source.path,
            "layer": source.layer,
            "crs": crs or source.crs,
            "as_of": self._library.day,
            "pack": self.rules.currentData() or None,
            "out": target,
        }
        self._checked = self.parcels.choice.name
        self._asked_of = (self._library.path, self._library.day)
        self._request = self._library.core.ask("check", params, tr("Check parcels"))
        self._show_work(tr("Starting…"))
        self._request.progressed.connect(self._show_progress)
        self._request.answered.connect(lambda answer: self._read(target, answer))
        self._request.refused.connect(self._refuse)

    def cancel(self) -> None:
        """Stop the check that is running."""
        if self._request is not None and self._reading is None:  # reading the results takes a moment only
            self._step.setText(tr("Cancelling…"))
            self._request.cancel()

    @property
    def is_checking(self) -> bool:
        """Whether a check is running."""
        return self._request is not None

    def _build(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Parcels"), self.parcels)
        form.addRow(tr("Rules"), self._rules_row())
        self.button = QPushButton(icon("check"), tr("Check"))
        self.button.setDefault(True)
        self.button.clicked.connect(lambda: self.check())
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self.cancel_button = QToolButton()
        self.cancel_button.setIcon(icon("cancel"))
        self.cancel_button.setToolTip(tr("Cancel (Esc)"))
        self.cancel_button.clicked.connect(self.cancel)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self._bar, 1)
        row.addWidget(self.cancel_button)
        self._row_rest = QLabel()
        self._row_rest.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._row_rest, 1)
        self._step = QLabel()
        self._step.setWordWrap(True)
        self._empty = QLabel(tr("Choose the parcels, then press Check."))
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 24, 12, 12)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.results)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(self._step)
        layout.addWidget(self._pages, 1)
        self._show_work("")

    def _rules_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        button = QToolButton()
        button.setIcon(icon("file"))
        button.setToolTip(tr("Use the rules of another pack, a file"))
        button.clicked.connect(self._choose_pack)
        layout.addWidget(self.rules, 1)
        layout.addWidget(button)
        return row

    def _list_rules(self) -> None:
        self.rules.clear()
        own = ", ".join(f"{pack.get('id')} {pack.get('version') or ''}".strip() for pack in self._library.packs)
        self.rules.addItem(own or tr("the library's own"), None)
        titles = "\n".join(title_of(pack.get("title"), str(pack.get("id"))) for pack in self._library.packs)
        self.rules.setItemData(0, titles, Qt.ItemDataRole.ToolTipRole)
        self.rules.setToolTip(titles)
        for path in self._files:
            self.rules.addItem(Path(path).name, [path])
        self._enable()

    def _choose_pack(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(self, tr("Rule pack"), "", tr("Rule pack (*.toml)"))
        if path:
            self._files.append(path)
            self.rules.addItem(Path(path).name, [path])
            self.rules.setCurrentIndex(self.rules.count() - 1)

    def _enable(self) -> None:
        can = bool(self._library.path) and self.parcels.choice is not None and self._request is None
        self.button.setEnabled(can)
        if self._request is not None:
            self._empty.clear()
        elif self.parcels.choice is None:
            self._empty.setText(tr("There are no parcels to check. Add a layer of polygons to the map, or draw one."))
        else:
            self._empty.setText(tr("Choose the parcels, then press Check."))

    def _show_work(self, step: str) -> None:
        working = bool(step)
        for widget in (self._bar, self.cancel_button, self._step):
            widget.setVisible(working)
        self._row_rest.setVisible(not working)
        self._bar.setValue(0)
        self._step.setText(step)
        self._enable()

    def _show_progress(self, fraction: float, step: str) -> None:
        self._bar.setValue(round(100 * fraction))
        if step and not self._request.is_cancelled:
            self._step.setText(step)

    def _refuse(self, refusal: Refusal) -> None:
        self._request = None
        self._show_work("")
        if refusal.is_about("crs.missing"):
            refusal.mend = (tr("Choose…"), self._choose_crs)
        self.refused.emit(refusal)

    def _choose_crs(self) -> None:
        dialog = QgsProjectionSelectionDialog(self)
        if dialog.exec() and dialog.crs().isValid():
            self.check(crs_text(dialog.crs()))

    def _read(self, target: str, answer: dict[str, Any]) -> None:
        self._reading = BackgroundTask(
            tr("Read the results"),
            lambda _report: read_results(target),
            lambda parcels, error: self._show_results(target, answer, parcels, error),
        ).start()

    def _show_results(
        self,
        target: str,
        answer: dict[str, Any],
        parcels: list[CheckedParcel] | None,
        error: Exception | None,
    ) -> None:
        self._request = self._reading = None
        self._show_work("")
        if error is not None:
            self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
            return
        run = answer.get("run", {})
        titles = {layer.code: layer.title for layer in self._library.layers}
        shown = ShownRun(target, answer, self._library.name, self._library.path, titles)
        self.results.show_run(shown, parcels)
        self._row_rest.setText(f"{self._checked} · {moment_text(str(run.get('started') or ''))}")
        said = tr("Run {id} of library {library}").format(id=run.get("id", ""), library=self._library.name)
        self._row_rest.setToolTip(said)
        self._pages.setCurrentWidget(self.results)
        self.finished.emit()

    def _forget_another(self) -> None:
        """Results of another library or another day are not shown as if they were of this one."""
        self._enable()
        if self._pages.currentWidget() is self.results and self._asked_of != (self._library.path, self._library.day):
            self.results.clear()
            self._row_rest.clear()
            self._pages.setCurrentWidget(self._empty)

    def leave(self) -> None:
        """Cancel what runs, else take the highlight away and restore the view."""
        if self._request is not None:
            self.cancel()
        else:
            self.results.spotlight.leave()

    def keyPressEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Esc, wherever the focus is in the room."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

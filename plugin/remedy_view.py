"""What would pass of a parcel: what remains, what each rule cut, on the map; with other limits as often as wanted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsGeometry, QgsProcessingUtils, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection import Core, Request
from onemap.plugin.figures import area_text, moment_text, mu_text, share_text
from onemap.plugin.icons import icon
from onemap.plugin.map_layers import PROPERTY_RUN, insert_group
from onemap.plugin.refusals import Refusal
from onemap.plugin.remedy_looks import style_remedy
from onemap.plugin.remedy_results import Remedy, read_remedy, remainder_ground
from onemap.plugin.result_layers import kept_file
from onemap.plugin.results import CheckedParcel, RunTables, ShownRun, open_table
from onemap.plugin.spotlight import Spotlight
from onemap.plugin.task import BackgroundTask
from onemap.plugin.translation import sentences, tr
from onemap.plugin.verdicts import sign_icon
from onemap.plugin.work_row import WorkRow

NAME, AREA, SHARE = 0, 1, 2
MOST_M2, MOST_M = 1e9, 1e4


class RemedyView(QWidget):
    """One parcel's remedy at a time."""

    left = pyqtSignal()
    shown = pyqtSignal()  # a remedy is shown
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._request: Request | None = None
        self._reading: BackgroundTask | None = None
        self._params: dict[str, Any] = {}  # of the check
        self._run: ShownRun | None = None
        self._parcel: CheckedParcel | None = None
        self._folder = ""
        self._record: dict[str, Any] = {}
        self.remedy: Remedy | None = None
        self.spotlight = Spotlight(canvas)
        self._build()

    def _build(self) -> None:
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.min_part, self.min_width = QDoubleSpinBox(), QDoubleSpinBox()
        for box, most, unit in ((self.min_part, MOST_M2, " m²"), (self.min_width, MOST_M, " m")):
            box.setRange(0.0, most)
            box.setDecimals(0 if unit == " m²" else 1)
            box.setSuffix(unit)
            box.setSpecialValueText(tr("any"))
        self.one_piece = QCheckBox(tr("In one piece"))
        self.one_piece.setToolTip(tr("Keep only the largest part"))
        self.again_button = QPushButton(icon("remedy"), tr("Cut again"))
        self.again_button.setToolTip(tr("Cut the parcel again, with these limits"))
        self.again_button.clicked.connect(lambda: self._ask())
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Smallest part"), self.min_part)
        form.addRow(tr("Thinnest part"), self.min_width)
        form.addRow(self.one_piece, self.again_button)
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        self.work.hide()
        self.tree = QTreeWidget()
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels([tr("Part"), tr("Area"), tr("Share")])
        self.tree.setRootIsDecorated(False)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(AREA, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHARE, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemClicked.connect(lambda item, _column: self._go_to(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        back = QPushButton(icon("check"), tr("Back to the check"))
        back.clicked.connect(self.leave)
        self.keep_button = QPushButton(icon("keep"), tr("Add to the map"))
        self.keep_button.setToolTip(tr("Add what remains and what was cut to the map, in a file that stays"))
        self.keep_button.clicked.connect(self.keep)
        buttons = QGridLayout()
        buttons.addWidget(back, 0, 0)
        buttons.addWidget(self.keep_button, 1, 0)  # beside one another they are wider than the narrowest dock
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.tree, 1)
        layout.addLayout(form)
        layout.addWidget(self.work)
        layout.addLayout(buttons)

    def ask(self, params: dict[str, Any], run: ShownRun, parcel: CheckedParcel) -> None:
        """Ask the core what would pass of a parcel. params: of the check that it was checked by."""
        self.clear()
        self._params = {name: value for name, value in params.items() if name not in ("out", "against")}
        self._run, self._parcel = run, parcel
        self._ask()

    def cancel(self) -> None:
        """Stop what runs."""
        if self._request is not None and self._reading is None:
            self._request.cancel()

    @property
    def is_working(self) -> bool:
        """Whether the core is at it."""
        return self._request is not None

    def leave(self) -> None:
        """Forget the remedy, and go back."""
        self.cancel()
        self.clear()
        self.left.emit()

    def clear(self) -> None:
        """Forget the remedy and its tables."""
        self.spotlight.leave()
        self.tree.clear()
        self.words.clear()
        self.remedy = None
        self._parcel = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def close_down(self) -> None:
        """Let go of the canvas, and wait for nothing."""
        if self._reading is not None:
            self._reading.forget()
        self.cancel()
        self.clear()

    def keep(self) -> None:
        """Put what remains and what was cut on the map, in a file that stays."""
        if self.remedy is None or self._run is None:
            return
        try:
            kept = kept_file(self.remedy.path, self._record, self._run.library)
        except OSError as error:
            self.refused.emit(Refusal(str(error)))
            return
        moment = moment_text(str(self._record.get("started") or ""))
        group = insert_group(
            tr("What would pass of {parcel}, {moment}").format(parcel=self.remedy.parcel, moment=moment), at_top=True
        )
        for table, title in (("cuts", tr("What was cut")), ("remainder", tr("What remains"))):
            layer = QgsVectorLayer(f"{kept}|layername={table}", title, "ogr")
            layer.setCustomProperty(PROPERTY_RUN, str(self._record.get("id", "")))
            style_remedy(layer, table)
            QgsProject.instance().addMapLayer(layer, False)
            group.insertLayer(0, layer)
        self.keep_button.setEnabled(False)

    def _ask(self) -> None:
        parcel = self._parcel
        if parcel is None or self._request is not None:
            return
        self.spotlight.leave()
        folder = Path(QgsProcessingUtils.generateTempFilename("remedy"))
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / "remedy.gpkg")
        params = {
            **self._params,
            "parcel": [parcel.parcel],
            "min_part": self.min_part.value() or None,
            "min_width": self.min_width.value() or None,
            "one_piece": self.one_piece.isChecked(),
            "out": target,
        }
        self._request = self._core.ask("remedy", params, tr("What would pass?"))
        self.words.setText(tr("What would pass of {parcel}?").format(parcel=parcel.parcel))
        self.again_button.setEnabled(False)
        self.keep_button.setEnabled(False)
        self.work.begin(tr("Starting…"))
        self._request.progressed.connect(self.work.show_progress)
        self._request.answered.connect(lambda answer: self._read(target, answer, parcel))
        self._request.refused.connect(self._refuse)

    def _read(self, target: str, answer: dict[str, Any], parcel: CheckedParcel) -> None:
        def done(remedy: Remedy | None, error: Exception | None) -> None:
            self._end()
            if error is not None:
                self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
            elif parcel is self._parcel:  # nobody has gone back meanwhile
                self._show(remedy, answer.get("run") or {})

        self._reading = BackgroundTask(
            tr("Read the results"), lambda _report: read_remedy(target, parcel.parcel), done
        ).start()

    def _refuse(self, refusal: Refusal) -> None:
        self._end()
        self.refused.emit(refusal)

    def _end(self) -> None:
        self._request = self._reading = None
        self.work.hide()
        self.again_button.setEnabled(True)

    def _show(self, remedy: Remedy, record: dict[str, Any]) -> None:
        if self._folder:  # of limits tried before
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = str(Path(remedy.path).parent)
        self.remedy, self._record = remedy, record
        self.keep_button.setEnabled(True)
        self.tree.clear()
        self._add_row("clear", tr("Remains (parts: {parts})").format(parts=remedy.parts), remedy.area_m2, None)
        titles = {finding.rule: finding.title for finding in self._parcel.findings}
        for cut in remedy.cuts:
            title = titles.get(cut.rule, cut.rule)
            if cut.unknown_m2:
                title = tr("{rule} (of it unknown: {area})").format(rule=title, area=area_text(cut.unknown_m2))
            self._add_row(cut.verdict, title, cut.area_m2, cut.row)
        if remedy.dropped_m2 > 0:
            self._add_row("", tr("Dropped as too small or too thin"), remedy.dropped_m2, None)
        self.words.setText(self._said(remedy))
        self._show_on_map(None)
        self.shown.emit()

    def _said(self, remedy: Remedy) -> str:
        if remedy.area_m2 <= 0:
            return tr("Nothing of {parcel} would pass.").format(parcel=remedy.parcel)
        if not remedy.cuts and remedy.dropped_m2 <= 0:
            return tr("{parcel} would pass as it is.").format(parcel=remedy.parcel)
        said = tr("{area} ({mu}, {share}) of {parcel} would pass.").format(
            area=area_text(remedy.area_m2),
            mu=mu_text(remedy.area_m2),
            share=share_text(remedy.share),
            parcel=remedy.parcel,
        )
        return sentences(said, tr("Checking that again finds nothing more severe than a notice."))

    def _add_row(self, verdict: str, title: str, area_m2: float | None, row: int | None) -> None:
        whole = self._parcel.area_m2 or 0.0
        share = (area_m2 or 0.0) / whole if whole else None
        item = QTreeWidgetItem([title, area_text(area_m2), share_text(share)])
        if verdict:
            item.setIcon(NAME, sign_icon(verdict, self.palette()))
        item.setToolTip(NAME, title)
        item.setData(NAME, Qt.ItemDataRole.UserRole, row)
        for column in (AREA, SHARE):
            item.setTextAlignment(column, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
        self.tree.addTopLevelItem(item)

    def _go_to(self, item: QTreeWidgetItem) -> None:
        self._show_on_map(item.data(NAME, Qt.ItemDataRole.UserRole))

    def _show_on_map(self, only: int | None) -> None:
        """Draw what remains and what was cut, each with its area; or one cut alone beside what remains."""
        if self.remedy is None or self._run is None:
            return
        try:
            tables = RunTables(self._run.path)
            outline = tables.geometry("parcels", self._parcel.row)
            cuts = open_table(self.remedy.path, "cuts")
            grounds: list[tuple[QgsGeometry, str, str]] = [
                (cuts.getFeature(cut.row).geometry(), cut.verdict, area_text(cut.area_m2))
                for cut in self.remedy.cuts
                if only is None or cut.row == only
            ]
            left = remainder_ground(self.remedy.path, self.remedy.parcel)
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        if not left.isNull():
            grounds.append((left, "clear", area_text(self.remedy.area_m2)))
        self.spotlight.show_grounds(outline, [one for one in grounds if not one[0].isNull()], cuts.crs())

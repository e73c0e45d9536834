"""The results of a check as a tree of two levels: parcels, and under each its findings."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt
from qgis.PyQt.QtGui import QIcon, QPalette

from onemap.plugin.results.results import CheckedParcel, Finding
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word, words_of
from onemap.plugin.words.number_format import (
    amount_text,
    area_beside_text,
    area_text,
    length_text,
    measure_text,
    parcel_area_text,
    share_text,
)
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

_ROOT = QModelIndex()  # of a model: above all rows
NAME, AREA, SHARE = 0, 1, 2
TOP = 0  # the internal id of a parcel; a finding's is its parcel's row plus one


class ResultsModel(QAbstractItemModel):
    """Parcels and findings, filtered by verdict."""

    def __init__(self, palette: QPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._icons: dict[str, QIcon] = {}
        self._all: list[CheckedParcel] = []
        self._filtered: list[CheckedParcel] = []
        self._titles: dict[str, str] = {}

    def set_results(self, parcels: list[CheckedParcel], titles: dict[str, str]) -> None:
        """Show another run.

        parcels: in the order to show.
        titles: the titles of the layers, by code.
        """
        self._all, self._titles = parcels, titles
        self.filter(frozenset(SEVERITY))

    @property
    def parcels(self) -> list[CheckedParcel]:
        """All parcels of the run, filtered or not."""
        return self._all

    def filter(self, verdicts: frozenset[str]) -> None:
        """Show only the parcels with these verdicts."""
        self.beginResetModel()
        self._filtered = [parcel for parcel in self._all if parcel.verdict in verdicts]
        self.endResetModel()

    def parcel_at(self, index: QModelIndex) -> CheckedParcel | None:
        """The parcel of a row, or of the finding in the row."""
        if not index.isValid():
            return None
        return self._filtered[index.row() if index.internalId() == TOP else index.internalId() - 1]

    def finding_at(self, index: QModelIndex) -> Finding | None:
        """The finding of a row; None for a parcel's row."""
        if not index.isValid() or index.internalId() == TOP:
            return None
        return self._filtered[index.internalId() - 1].findings[index.row()]

    def details_at(self, index: QModelIndex) -> str:
        """All details of a row, as lines of text."""
        parcel, finding = self.parcel_at(index), self.finding_at(index)
        if finding is not None:
            return _finding_details(finding, self._titles.get(finding.layer, finding.layer))
        return _parcel_details(parcel) if parcel is not None else ""

    def index(self, row: int, column: int, parent: QModelIndex = _ROOT) -> QModelIndex:
        """The index of a row."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else TOP)

    def parent(self, index: QModelIndex) -> QModelIndex:
        """The parcel of a finding."""
        if not index.isValid() or index.internalId() == TOP:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, TOP)

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of parcels, or of findings of one parcel."""
        if not parent.isValid():
            return len(self._filtered)
        if parent.internalId() != TOP or parent.column() != 0:
            return 0
        return len(self._filtered[parent.row()].findings)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """Three: name, measure, share of the parcel."""
        return 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Parcel and rule"), tr("Area"), tr("Share"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section != NAME:
            return RIGHT
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text, icon or colour of a row."""
        parcel, finding = self.parcel_at(index), self.finding_at(index)
        if parcel is None:
            return None
        row_item = finding or parcel
        if role == Qt.ItemDataRole.DisplayRole:
            return _finding_text(finding, index.column()) if finding else _parcel_text(parcel, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == NAME:
            return self._icon(row_item.verdict)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() != NAME:
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.details_at(index)
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == NAME and finding is not None:
            return with_label(word("verdicts", finding.verdict), str(self.data(index)))
        if role == Qt.ItemDataRole.ForegroundRole and finding is not None and not finding.counted:
            return quiet_brush(self._palette, QPalette.ColorRole.Text, QPalette.ColorRole.Base)
        return None

    def _icon(self, verdict: str) -> QIcon:
        if verdict not in self._icons:
            self._icons[verdict] = sign_icon(verdict, self._palette)
        return self._icons[verdict]


def _parcel_details(parcel: CheckedParcel) -> str:
    return "\n".join(
        [
            f"{parcel.parcel} · {word('verdicts', parcel.verdict)}",
            f"{area_text(parcel.ellipsoidal_m2)} · {area_beside_text(parcel.ellipsoidal_m2)}",
            tr("Findings: {count}").format(count=len(parcel.findings)),
        ]
    )


def _finding_details(finding: Finding, layer: str) -> str:
    lines = [f"{finding.title} · {word('verdicts', finding.verdict)}"]
    lines += _measure_lines(finding)
    if finding.reason:
        lines.append(tr("Reason: {reason}").format(reason=words_of("reasons", finding.reason)))
    if not finding.counted:
        lines.append(tr("Reported, but not counted in the parcel's verdict"))
    lines += _caution_lines(finding)
    if finding.basis:
        lines.append(tr("Basis: {basis}").format(basis=finding.basis))
    data = f"{layer} {finding.version}".strip()
    text = tr("Data: {layer} · {department}")
    lines.append(text.format(layer=data, department=word("departments", finding.department)))
    if finding.replaced:  # which one, and the codes of both, stand in the explanation
        lines.append(tr("The rule takes the place of another one"))
    return "\n".join(lines)


def _measure_lines(finding: Finding) -> list[str]:
    if finding.ellipsoidal_m2 is not None:
        area_m2 = finding.ellipsoidal_m2
        measures = [area_text(area_m2), area_beside_text(area_m2), share_text(finding.share)]
        return [" · ".join(measures)]
    if finding.verdict == "unknown" and finding.length_m is None:
        return []
    lines = [measure_of(finding)]
    if finding.length_m is not None and finding.distance_m:
        lines.append(tr("{distance} away").format(distance=length_text(finding.distance_m)))
    return lines


def _caution_lines(finding: Finding) -> list[str]:
    """Remarks to read before relying on the numbers."""
    lines = []
    if finding.estimated:
        lines.append(tr("Estimated: a distance from a centreline stands for the official zone"))
    if finding.assumed:
        lines.append(tr("Assumed: of the data's coverage only the extent of its features is known"))
    if finding.area_low_m2 is not None:
        span = [area_text(finding.in_print(end)) for end in (finding.area_low_m2, finding.area_high_m2)]
        lines.append(tr("By the data's accuracy between {low} and {high}").format(low=span[0], high=span[1]))
    if finding.within_error:
        lines.append(tr("Within the boundary error: it may be that there is no conflict"))
    if finding.check_differs:
        text = tr("Measured by a second method: {area}; the two do not agree")
        lines.append(text.format(area=area_text(finding.in_print(finding.area_check_m2))))
    return lines


def measure_of(finding: Finding) -> str:
    """The measure of a finding as text."""
    # A raster's value is the mean of its cells; the points are of rules that have neither ground nor length.
    if finding.ellipsoidal_m2 is None and finding.features:
        return amount_text(finding.length_m, finding.distance_m, finding.value, int(finding.features))
    return measure_text(finding.ellipsoidal_m2, finding.length_m, finding.distance_m, finding.value)


def _parcel_text(parcel: CheckedParcel, column: int) -> str:
    name = f"{parcel.parcel} · {word('verdicts', parcel.verdict)}"
    return (name, parcel_area_text(parcel.ellipsoidal_m2), "")[column]


def _finding_text(finding: Finding, column: int) -> str:
    title = finding.title
    if column == NAME and finding.verdict == "unknown" and finding.reason:
        title = with_label(title, words_of("reasons", finding.reason))
    if finding.assumed:
        title += " ◌"  # as in the tab Map
    sign = "≈ " if finding.is_approximate else ""
    return (title, sign + measure_of(finding), share_text(finding.share))[column]

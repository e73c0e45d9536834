"""The results of a check as a tree: parcels with their findings; findings on the same unknown ground share a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgis.PyQt.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt
from qgis.PyQt.QtGui import QIcon, QPalette

from onemap.plugin.desk.results.results import CheckedParcel, Finding, in_rows
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
from onemap.plugin.words.translation import Count, tr, with_label
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

_ROOT = QModelIndex()  # of a model: above all rows
NAME, AREA, SHARE = 0, 1, 2
ROLES = frozenset(  # in which a cell has something to say
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.ForegroundRole,
    )
)


ROWS_AT_ONCE = 500  # parcels that are listed, until somebody comes to the last of them


@dataclass
class _ResultRow:
    """A parcel, or the findings of one row: one finding, or several that leave the same ground unknown."""

    parcel: CheckedParcel
    findings: tuple[Finding, ...]
    above: _ResultRow | None
    place: int  # among the rows beside it
    number: int  # among all rows that were made
    texts: dict[int, str] = field(default_factory=dict)  # by column, once they were asked for
    below: list[_ResultRow] | None = None  # None until somebody looks


class ResultsModel(QAbstractItemModel):
    """Parcels and findings, filtered by verdict. Rows are made when they become visible: there may be 100,000."""

    def __init__(self, palette: QPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._icons: dict[str, QIcon] = {}
        self.parcels: list[CheckedParcel] = []  # all parcels of the run, filtered or not
        self._shown_parcels: list[CheckedParcel] = []  # of all, by their verdicts
        self._rows: list[_ResultRow] = []  # that were made
        self._top: list[_ResultRow] = []  # of the first parcels that are shown
        self._titles: dict[str, str] = {}

    def set_results(self, parcels: list[CheckedParcel], titles: dict[str, str]) -> None:
        """Show another run.

        parcels: in the order of the list.
        titles: the titles of the layers, by code.
        """
        self.parcels, self._titles = parcels, titles
        self.filter(frozenset(SEVERITY))

    @property
    def widest_areas(self) -> tuple[str, str]:
        """The widest texts of areas: of the largest parcel, and of a finding that covers it all."""
        largest = max((parcel.ellipsoidal_m2 or 0.0 for parcel in self.parcels), default=0.0)
        return parcel_area_text(largest), area_text(largest)

    def filter(self, verdicts: frozenset[str]) -> None:
        """Show only the parcels with these verdicts."""
        self.beginResetModel()
        self._shown_parcels = [parcel for parcel in self.parcels if parcel.verdict in verdicts]
        self._rows, self._top = [], []
        self._make_rows(ROWS_AT_ONCE)
        self.endResetModel()

    def _make_rows(self, count: int) -> None:
        """Make the rows of parcels up to this many."""
        for parcel in self._shown_parcels[len(self._top) : count]:
            self._add(parcel, (), None, self._top)

    def canFetchMore(self, parent: QModelIndex) -> bool:
        """Whether there are parcels below the last row."""
        return not parent.isValid() and len(self._top) < len(self._shown_parcels)

    def fetchMore(self, parent: QModelIndex) -> None:
        """List some more parcels after the user has reached the last row."""
        if self.canFetchMore(parent):
            self._list(len(self._top) + ROWS_AT_ONCE)

    def _list(self, count: int) -> None:
        self.beginInsertRows(_ROOT, len(self._top), min(count, len(self._shown_parcels)) - 1)
        self._make_rows(count)
        self.endInsertRows()

    def index_of_parcel(self, name: str) -> QModelIndex:
        """The row of a parcel, which is listed if need be; the first row if the filter hides the parcel."""
        place = next((place for place, parcel in enumerate(self._shown_parcels) if parcel.parcel == name), 0)
        if len(self._top) <= place < len(self._shown_parcels):
            self._list(place + ROWS_AT_ONCE)
        return self.index(place, NAME)

    def opened_above(self, place: int) -> list[QModelIndex]:
        """The parcels above a place whose lower rows have been made; only these can be open."""
        rows = [row for row in self._top[:place] if row.below is not None]
        return [self.createIndex(row.place, NAME, row.number) for row in rows]

    def _add(
        self, parcel: CheckedParcel, findings: tuple[Finding, ...], above: _ResultRow | None, siblings: list[_ResultRow]
    ) -> _ResultRow:
        row = _ResultRow(parcel, findings, above, len(siblings), len(self._rows))
        siblings.append(row)
        self._rows.append(row)
        return row

    def _below(self, row: _ResultRow) -> list[_ResultRow]:
        """The rows below a row: the findings of a parcel, or the single findings of a row of several."""
        if row.below is None:
            row.below = []
            if row.findings:
                parts: list[tuple[Finding, ...]] = [(one,) for one in row.findings] if len(row.findings) > 1 else []
            else:
                parts = in_rows(row.parcel.findings)
            for findings in parts:
                self._add(row.parcel, findings, row, row.below)
        return row.below

    def _row(self, index: QModelIndex) -> _ResultRow | None:
        return self._rows[index.internalId()] if index.isValid() else None

    def parcel_at(self, index: QModelIndex) -> CheckedParcel | None:
        """The parcel of a row, or of the finding in the row."""
        row = self._row(index)
        return row.parcel if row is not None else None

    def finding_at(self, index: QModelIndex) -> Finding | None:
        """The finding of a row; None for a parcel's row, and for a row of several findings."""
        row = self._row(index)
        return row.findings[0] if row is not None and len(row.findings) == 1 else None

    def ground_at(self, index: QModelIndex) -> Finding | None:
        """A finding with the ground of a row: the first, if several share the ground; None for a parcel's row."""
        row = self._row(index)
        return row.findings[0] if row is not None and row.findings else None

    def index_of(self, parcel: QModelIndex, rule: str) -> QModelIndex:
        """The row of a parcel's finding by a rule; else of its first finding; else of the parcel."""
        above = self._row(parcel)
        rows = self._below(above) if above is not None else []
        finding_row = next((row for row in rows if any(one.rule == rule for one in row.findings)), None)
        return self.index(finding_row.place if finding_row is not None else 0, NAME, parcel) if rows else parcel

    def details_at(self, index: QModelIndex) -> str:
        """All details of a row, as lines of text."""
        row = self._row(index)
        if row is None:
            return ""
        if not row.findings:
            return "\n".join(
                [
                    f"{row.parcel.parcel} · {word('verdicts', row.parcel.verdict)}",
                    f"{area_text(row.parcel.ellipsoidal_m2)} · {area_beside_text(row.parcel.ellipsoidal_m2)}",
                    tr("Findings: {count}").format(count=len(row.parcel.findings)),
                ]
            )
        layer = row.findings[0].layer
        return _finding_details(row.findings, self._titles.get(layer, layer))

    def index(self, row: int, column: int, parent: QModelIndex = _ROOT) -> QModelIndex:
        """The index of a row."""
        above = self._row(parent)
        rows = self._below(above) if above is not None else self._top
        is_there = 0 <= row < len(rows) and 0 <= column <= SHARE
        return self.createIndex(row, column, rows[row].number) if is_there else QModelIndex()

    def parent(self, index: QModelIndex) -> QModelIndex:
        """The row above a row: the parcel of a finding, or the row of several findings."""
        row = self._row(index)
        if row is None or row.above is None:
            return QModelIndex()
        return self.createIndex(row.above.place, 0, row.above.number)

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of parcels, or of rows below one."""
        above = self._row(parent)
        if above is None:
            return len(self._top)
        return len(self._below(above)) if parent.column() == NAME else 0

    def hasChildren(self, parent: QModelIndex = _ROOT) -> bool:
        """Whether there are rows below one, without making them."""
        row = self._row(parent)
        if row is None:
            return bool(self._top)
        return parent.column() == NAME and (len(row.findings) > 1 or (not row.findings and bool(row.parcel.findings)))

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
        """The text, icon or colour of a cell. Qt asks for ten roles of each cell, and of most cells many times."""
        if role not in ROLES:
            return None
        row, column = self._row(index), index.column()
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column != NAME else None
        finding = row.findings[0] if row.findings else None
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return self._icon((finding or row.parcel).verdict)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.details_at(index)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME and finding is not None:
            return with_label(word("verdicts", finding.verdict), self._text(row, column))
        if role == Qt.ItemDataRole.ForegroundRole and finding is not None and not finding.counted:
            return quiet_brush(self._palette, QPalette.ColorRole.Text, QPalette.ColorRole.Base)
        return None

    def show_other_unit(self) -> None:
        """Show the same areas in another unit."""
        for row in self._rows:
            row.texts.clear()
        self.layoutChanged.emit()

    def _text(self, row: _ResultRow, column: int) -> str:
        if column not in row.texts:
            row.texts[column] = self._finding_text(row, column) if row.findings else _parcel_text(row.parcel, column)
        return row.texts[column]

    def _finding_text(self, row: _ResultRow, column: int) -> str:
        finding, count = row.findings[0], len(row.findings)
        title = finding.title
        if count > 1:
            text = tr("{layer}, {count:# rule|# rules}")
            title = text.format(layer=self._titles.get(finding.layer, finding.layer), count=Count(count))
        is_repeated = row.above is not None and len(row.above.findings) > 1  # the row above says it
        if column == NAME and finding.verdict == "unknown" and finding.reason and not is_repeated:
            title = with_label(title, words_of("reasons", finding.reason))
        if finding.assumed:
            title += " ◌"  # as in the tab Map
        if not finding.counted:  # a theme may draw it in the colour of any other, and none is heard
            title = tr("{finding} (not counted)").format(finding=title)
        sign = "≈ " if finding.is_approximate else ""
        measure, share = ("", "") if is_repeated else (sign + measure_of(finding), share_text(finding.share))
        return (title, measure, share)[column]

    def _icon(self, verdict: str) -> QIcon:
        if verdict not in self._icons:
            self._icons[verdict] = sign_icon(verdict, self._palette)
        return self._icons[verdict]


def _finding_details(findings: tuple[Finding, ...], layer: str) -> str:
    """The details of one finding, or of several on the same ground, each with its own legal basis."""
    finding = findings[0]
    lines = [f"{one.title} · {word('verdicts', one.verdict)}" for one in findings]
    lines += _measure_lines(finding)
    if finding.reason:
        lines.append(tr("Reason: {reason}").format(reason=words_of("reasons", finding.reason)))
    if not finding.counted:
        lines.append(tr("Reported, but not counted in the parcel's verdict"))
    lines += _caution_lines(finding)
    bases = dict.fromkeys(one.basis for one in findings if one.basis)
    lines += [tr("Basis: {basis}").format(basis=basis) for basis in bases]
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
    if column == NAME:
        return f"{parcel.parcel} · {word('verdicts', parcel.verdict)}"
    return parcel_area_text(parcel.ellipsoidal_m2) if column == AREA else ""

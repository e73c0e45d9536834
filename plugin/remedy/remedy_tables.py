"""The list of alternatives, and the table of what each department loses or gains by the chosen one."""

from __future__ import annotations

import math

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.answers.name_delegate import wrap_names
from onemap.plugin.remedy.remedy_results import CUT, Alternative, DepartmentChange, Remedy
from onemap.plugin.results.results import CheckedParcel
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import SMALLEST_AREA_M2, area_text, length_text, share_text
from onemap.plugin.words.translation import name_list, tr
from onemap.plugin.words.verdicts import sign_icon

NAME, AREA, SHARE = 0, 1, 2
DEPARTMENT, NOW, THEN = 0, 1, 2
KIND, CUT_ROW = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
OCTANT_DEG = 45.0
DEPARTMENTS_SHOWN = 4


def step_text(alternative: Alternative) -> str:
    """The move and turn of an alternative; empty for neither."""
    steps = []
    if alternative.moved_m:
        distance = length_text(alternative.moved_m)
        steps.append(tr("{distance} {direction}").format(distance=distance, direction=_direction(alternative)))
    if alternative.turned_deg:
        turn_text = tr("{angle}° anticlockwise") if alternative.turned_deg > 0 else tr("{angle}° clockwise")
        steps.append(turn_text.format(angle=f"{abs(alternative.turned_deg):.1f}"))
    return name_list(steps)


def _direction(alternative: Alternative) -> str:
    names = (
        tr("north"),
        tr("north-east"),
        tr("east"),
        tr("south-east"),
        tr("south"),
        tr("south-west"),
        tr("west"),
        tr("north-west"),
    )
    bearing = math.degrees(math.atan2(alternative.east_m, alternative.north_m))
    return names[round(bearing / OCTANT_DEG) % len(names)]


class AlternativesTree(QTreeWidget):
    """Every alternative with its area and share of the parcel; under the first, the cut of each rule."""

    chosen = pyqtSignal(str, object)  # the kind of alternative, and the row of a cut, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_filling = False
        self._parcel_area_m2 = 0.0
        _set_columns(self, [tr("Alternative"), tr("Area"), tr("Share")])
        self.setAccessibleName(tr("What would pass?"))
        self.setIndentation(12)
        self.setToolTip(tr("Choose one to see it on the map"))
        self.currentItemChanged.connect(lambda item, _before: self._emit_chosen(item))
        self.itemClicked.connect(lambda item, _column: self._emit_chosen(item))

    def show_remedy(self, remedy: Remedy, parcel: CheckedParcel) -> None:
        """Show the alternatives of a parcel; the first is chosen."""
        self._is_filling = True
        self.clear()
        self._parcel_area_m2 = (parcel.area_m2 or 0.0) * parcel.scale
        first = remedy.alternative(CUT)
        verdict = first.verdict if first is not None else "clear" if remedy.area_m2 > 0 else ""
        title = tr("{alternative} (parts: {parts})").format(alternative=word("alternatives", CUT), parts=remedy.parts)
        row = self._add(None, verdict, title, remedy.area_m2, CUT, None)
        titles = {finding.rule: finding.title for finding in parcel.findings}
        for cut in remedy.cuts:
            title = titles.get(cut.rule, cut.rule)
            if cut.unknown_m2:
                title = tr("{rule} (of it unknown: {area})").format(rule=title, area=area_text(cut.unknown_m2))
            self._add(row, cut.verdict, title, cut.area_m2, CUT, cut.row)
        if remedy.dropped_m2 > 0:
            self._add(row, "", tr("Dropped as too small or too thin"), remedy.dropped_m2, CUT, None)
        row.setExpanded(True)
        for alternative in remedy.alternatives:
            if alternative.kind != CUT:
                title, step = word("alternatives", alternative.kind), step_text(alternative)
                title = tr("{alternative}: {step}").format(alternative=title, step=step) if step else title
                self._add(None, alternative.verdict, title, alternative.area_m2, alternative.kind, None)
        self.setCurrentItem(row)
        self._is_filling = False

    def _add(
        self,
        parent: QTreeWidgetItem | None,
        verdict: str,
        title: str,
        area_m2: float | None,
        kind: str,
        row: int | None,
    ) -> QTreeWidgetItem:
        share = (area_m2 or 0.0) / self._parcel_area_m2 if self._parcel_area_m2 else None
        item = QTreeWidgetItem(parent or self, [title, area_text(area_m2), share_text(share)])
        if parent is None and area_m2 is not None and area_m2 < SMALLEST_AREA_M2:
            item.setText(AREA, tr("nothing usable"))
        elif verdict:
            item.setIcon(NAME, sign_icon(verdict, self.palette()))
        item.setToolTip(NAME, title)
        item.setData(NAME, KIND, kind)
        item.setData(NAME, CUT_ROW, row)
        for column in (AREA, SHARE):
            item.setTextAlignment(column, RIGHT)
        return item

    def _emit_chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._is_filling:
            self.chosen.emit(item.data(NAME, KIND), item.data(NAME, CUT_ROW))


class DepartmentsTable(QTreeWidget):
    """The conflict of each department with the parcel as it is, and with the chosen alternative."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _set_columns(self, [tr("Department"), tr("Conflict now"), tr("Then")])
        self.setAccessibleName(tr("What each department has against it"))
        self.setRootIsDecorated(False)
        self.setMinimumHeight((DEPARTMENTS_SHOWN + 1) * (self.fontMetrics().height() + 6))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Few rows: the alternatives above need the height."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_changes(self, changes: tuple[DepartmentChange, ...]) -> None:
        """Show the changes of one alternative."""
        self.clear()
        for change in changes:
            conflict_now, conflict_then = (
                _conflict_text(area_m2, unknown_m2)
                for area_m2, unknown_m2 in (
                    (change.before_m2, change.unknown_before_m2),
                    (change.after_m2, change.unknown_after_m2),
                )
            )
            item = QTreeWidgetItem(self, [word("departments", change.department), conflict_now, conflict_then])
            for column, area_m2, unknown_m2 in (
                (NOW, change.before_m2, change.unknown_before_m2),
                (THEN, change.after_m2, change.unknown_after_m2),
            ):
                if unknown_m2 and not area_m2:
                    heard = tr("unknown: {area}").format(area=area_text(unknown_m2))
                    item.setData(column, Qt.ItemDataRole.AccessibleTextRole, heard)
            item.setIcon(NOW, sign_icon(change.verdict_before, self.palette()))
            item.setIcon(THEN, sign_icon(change.verdict_after, self.palette()))
            hint = _hint(change)
            for column in (DEPARTMENT, NOW, THEN):
                item.setToolTip(column, hint)
            for column in (NOW, THEN):
                item.setTextAlignment(column, RIGHT)


def _conflict_text(area_m2: float, unknown_m2: float) -> str:
    """The area in conflict; where there is none, the area that is unknown, as the sign beside it says."""
    return area_text(area_m2 or unknown_m2)


def _hint(change: DepartmentChange) -> str:
    before, after = (word("verdicts", verdict) for verdict in (change.verdict_before, change.verdict_after))
    lines = [
        word("departments", change.department),
        tr("Verdict: {before}, then {after}").format(before=before, after=after),
        tr("Ground that it gets back: {area}").format(area=area_text(change.kept_m2)),
        tr("Ground that it would lose instead: {area}").format(area=area_text(change.given_up_m2)),
    ]
    if change.unknown_before_m2 or change.unknown_after_m2:
        areas = {"before": area_text(change.unknown_before_m2), "after": area_text(change.unknown_after_m2)}
        lines.append(tr("Ground that cannot be judged: {before}, then {after}").format(**areas))
    return "\n".join(lines)


def _set_columns(tree: QTreeWidget, titles: list[str]) -> None:
    tree.setColumnCount(len(titles))
    tree.setHeaderLabels(titles)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    wrap_names(tree)
    header = tree.header()
    header.setStretchLastSection(False)
    for column in range(len(titles)):
        stretch = QHeaderView.ResizeMode.Stretch if column == 0 else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, stretch)
        if column:
            tree.headerItem().setTextAlignment(column, RIGHT)

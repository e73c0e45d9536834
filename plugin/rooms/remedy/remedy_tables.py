"""The list of alternatives, and the table of each department's loss or gain by the chosen alternative."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QSize, pyqtSignal
from qgis.PyQt.QtWidgets import QTreeWidgetItem

from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.results.results import CheckedParcel
from onemap.plugin.rooms.remedy.remedy_results import CUT, Cut, Remedy
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED, SMALLEST_AREA_M2, area_text
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import sign_icon

DEPARTMENT, NOW, THEN = 0, 1, 2
DEPARTMENTS_SHOWN = 4


class AlternativesTree(AnswerTree):
    """All alternatives with area and share of the parcel; below the first, the cut of each rule."""

    chosen = pyqtSignal(str, object)  # the kind of alternative, and the row of a cut, or None

    def __init__(self) -> None:
        super().__init__(tr("What would pass?"))
        self._is_filling = False
        self.setToolTip(tr("Choose one to see it on the map"))
        self.currentItemChanged.connect(lambda item, _before: self._emit_chosen(item))
        self.itemClicked.connect(lambda item, _column: self._emit_chosen(item))

    def show_remedy(self, remedy: Remedy, parcel: CheckedParcel) -> None:
        """Show the alternatives of a parcel, and select the first."""
        self._is_filling = True
        whole_m2 = (parcel.area_m2 or 0.0) * parcel.scale
        titles = {finding.rule: finding.title for finding in parcel.findings}
        cuts = [_row(_cut_title(cut, titles), cut.area_m2, whole_m2, cut.verdict, cut.row) for cut in remedy.cuts]
        if remedy.dropped_m2 > 0:
            cuts.append(_row(tr("Dropped as too small or too thin"), remedy.dropped_m2, whole_m2, ""))
        first = remedy.alternative(CUT)
        verdict = first.verdict if first is not None else "clear" if remedy.area_m2 > 0 else ""
        title = tr("{alternative} (parts: {parts})").format(alternative=word("alternatives", CUT), parts=remedy.parts)
        is_usable = remedy.area_m2 >= SMALLEST_AREA_M2
        rest = {**_row(title, remedy.area_m2, whole_m2, verdict if is_usable else ""), "rows": cuts}
        if not is_usable:
            rest["values"][0] = tr("nothing usable")
        others = [{**one.row, "rows": []} for one in remedy.alternatives if one.kind != CUT]
        heads = ((tr("Alternative"), False), (tr("Area"), True), (tr("Share"), True))
        columns = [{"title": title, "unit": "", "is_number": is_number} for title, is_number in heads]
        self.show_table({"columns": columns, "rows": [rest, *others]})
        self.setCurrentItem(self.topLevelItem(0))
        self._is_filling = False

    def _emit_chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._is_filling:
            about = self.about(item)
            self.chosen.emit(about["alternative"], about.get("cut"))


class DepartmentsTable(AnswerTree):
    """Each department's conflict with the parcel as it is, and with the chosen alternative; details in rows below."""

    def __init__(self) -> None:
        super().__init__(tr("What each department has against it"))
        heads = ((tr("Department"), False), (tr("Conflict now"), True), (tr("Then"), True))
        self._heads = [{"title": title, "unit": "", "is_number": is_number} for title, is_number in heads]
        self.show_changes([])
        self.setMinimumHeight((DEPARTMENTS_SHOWN + 1) * (self.fontMetrics().height() + 6))

    def sizeHint(self) -> QSize:
        """A height of few rows, because the alternatives above need the room."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_changes(self, rows: list[dict[str, Any]]) -> None:
        """Show the changes of one alternative."""
        named_rows = [{**row, "name": word("departments", row["about"]["department"])} for row in rows]
        self.show_table({"columns": self._heads, "rows": named_rows})
        for item in self.tops:
            about = self.about(item)
            item.setIcon(NOW, sign_icon(about["before"], self.palette()))
            item.setIcon(THEN, sign_icon(about["after"], self.palette()))


def _cut_title(cut: Cut, titles: dict[str, str]) -> str:
    """The title of a cut: its rule, and the part that could not be judged."""
    title = titles.get(cut.rule, cut.rule)
    if not cut.unknown_m2:
        return title
    return tr("{rule} (of it unknown: {area})").format(rule=title, area=area_text(cut.unknown_m2))


def _row(title: str, area_m2: float | None, whole_m2: float, verdict: str, cut: int | None = None) -> dict[str, Any]:
    """A row for a cut or for the remainder, of the form that the core gives the other alternatives."""
    area = {"value": area_m2, "measure": "m2"}
    share = {"value": (area_m2 or 0.0) / whole_m2, "measure": "share"} if whole_m2 else NOT_MEASURED
    row = {"name": title, "values": [area, share], "hint": "", "sign": verdict, "is_open": True, "rows": []}
    return {**row, "about": {"alternative": CUT, "cut": cut}}

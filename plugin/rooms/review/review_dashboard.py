"""All cases at a glance: their number by state, by verdict, and by department that has not answered."""

from __future__ import annotations

from collections import Counter

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from onemap.plugin.desk.library.layer_list import DEPARTMENTS
from onemap.plugin.rooms.review.review_bars import CountBars, CountRow
from onemap.plugin.rooms.review.review_cases import CASE_STATES, CaseLine
from onemap.plugin.rooms.review.review_words import state_word
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

RUNNING_STATES = ("draft", "circulating", "consolidated")


class Dashboard(QScrollArea):
    """Three groups of bars; a click lists those cases."""

    state_chosen = pyqtSignal(str)
    verdict_chosen = pyqtSignal(str)
    department_chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self.states, self.verdicts, self.departments = CountBars(), CountBars(), CountBars()
        self.states.chosen.connect(self.state_chosen)
        self.verdicts.chosen.connect(self.verdict_chosen)
        self.departments.chosen.connect(self.department_chosen)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(4, 4, 4, 4)
        for title, note, bars in (
            (tr("By state"), tr("solid: overdue"), self.states),
            (tr("By verdict"), tr("running cases, by the gravest of their parcels"), self.verdicts),
            (tr("By department"), tr("cases that wait for its opinion; solid: overdue"), self.departments),
        ):
            layout.addWidget(wrapped_label(f"<b>{title}</b>&nbsp; <small>{note}</small>"))
            layout.addWidget(bars)
            layout.addSpacing(6)
        layout.addStretch()
        self.setWidget(body)

    def show_cases(self, lines: list[CaseLine]) -> None:
        """Count these cases."""
        rows = []
        for state in CASE_STATES:
            state_lines = [line for line in lines if line.state == state]
            rows.append(
                _count_row(state, state_word(state), len(state_lines), sum(bool(line.overdue) for line in state_lines))
            )
        self.states.show_counts(rows)
        running = Counter(line.verdict for line in lines if line.state in RUNNING_STATES)
        self.verdicts.show_counts(
            [
                CountRow(verdict, word("verdicts", verdict), running[verdict], icon=sign_icon(verdict, self.palette()))
                for verdict in SEVERITY
            ]
        )
        rows = []
        for department in DEPARTMENTS:
            late = sum(department in line.overdue for line in lines)
            count = sum(department in (*line.waiting, *line.overdue) for line in lines)
            rows.append(_count_row(department, word("departments", department), count, late))
        self.departments.show_counts(rows)


def _count_row(key: str, name: str, count: int, overdue: int) -> CountRow:
    note = tr("{count} overdue").format(count=overdue) if overdue else ""
    return CountRow(key, name, count, overdue, note)

"""All cases at a glance: their number by state, by verdict, and by department that has not answered."""

from __future__ import annotations

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
        super().__init__()
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
            heading = wrapped_label(f"<b>{title}</b>&nbsp; <small>{note}</small>")
            layout.addWidget(heading)
            layout.addWidget(bars)
            layout.addSpacing(6)
        layout.addStretch()
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def show_cases(self, lines: list[CaseLine]) -> None:
        """Count these cases."""
        self.states.show_counts(
            [
                _count_row(state, state_word(state), [line for line in lines if line.state == state])
                for state in CASE_STATES
            ]
        )
        running = [line for line in lines if line.state in RUNNING_STATES]
        self.verdicts.show_counts(
            [
                CountRow(
                    verdict,
                    word("verdicts", verdict),
                    sum(line.verdict == verdict for line in running),
                    icon=sign_icon(verdict, self.palette()),
                )
                for verdict in SEVERITY
            ]
        )
        self.departments.show_counts(
            [
                _count_row(
                    department,
                    word("departments", department),
                    [line for line in lines if department in (*line.waiting, *line.overdue)],
                    department,
                )
                for department in DEPARTMENTS
            ]
        )


def _count_row(key: str, name: str, lines: list[CaseLine], department: str = "") -> CountRow:
    overdue = sum(department in line.overdue if department else bool(line.overdue) for line in lines)
    note = tr("{count} overdue").format(count=overdue) if overdue else ""
    return CountRow(key, name, len(lines), overdue, note)

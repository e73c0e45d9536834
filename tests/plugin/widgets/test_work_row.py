"""Progress of work: the widgets below do not jump from step to step."""

import pytest
from qgis.PyQt.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from onemap.plugin.widgets.scroll_area import RoomArea
from onemap.plugin.widgets.work_row import WorkRow

ROOM_PX = (320, 500)


@pytest.mark.parametrize("step", ["Overlay", "Arable share of basic farmland"])
def test_a_step_of_one_line_takes_one_line(application, step):
    room, view, row, below = QWidget(), QWidget(), WorkRow(), QPushButton("below")
    inner = QVBoxLayout(view)
    inner.addWidget(row)
    layout = QVBoxLayout(room)
    layout.addWidget(view, 3)
    layout.addWidget(below)
    layout.addStretch()
    area = RoomArea(room)
    area.resize(*ROOM_PX)
    area.show()
    row.begin(step)
    row.show_progress(0.3, step)
    QApplication.processEvents()
    assert row.step.fontMetrics().horizontalAdvance(step) < row.step.width()
    assert row.step.height() < 2 * row.step.fontMetrics().height()

"""A combo box whose chosen name wraps if the dock is narrow."""

from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QApplication, QVBoxLayout, QWidget

from onemap.plugin.widgets.wrapped_choice import WrappedChoice

LONG = "Common rules for the preliminary review of land 2026.2"
NARROW_PX, WIDE_PX = 200, 1200


def show_at_width(box, width):
    page = box.parentWidget()
    page.resize(width, 200)
    page.show()
    QApplication.processEvents()
    return box


def filled_box():
    page = QWidget()
    layout = QVBoxLayout(page)
    box = WrappedChoice()
    layout.addWidget(box)
    layout.addStretch()
    box.addItem(LONG)
    box.addItem("Short")
    return page, box


def test_a_long_name_takes_as_many_lines_as_it_needs():
    page, box = filled_box()
    wide = show_at_width(box, WIDE_PX).height()
    narrow = show_at_width(box, NARROW_PX).height()
    assert narrow >= wide + box.fontMetrics().lineSpacing()
    box.setCurrentIndex(1)
    QApplication.processEvents()
    assert box.height() == wide
    box.setItemText(1, LONG)
    QApplication.processEvents()
    assert box.height() == narrow
    page.close()


def test_the_whole_name_is_drawn_below_its_first_line():
    page, box = filled_box()
    show_at_width(box, NARROW_PX)
    lower = box.rect().adjusted(6, box.height() * 2 // 3, -40, -4)
    with_name = box.grab(lower).toImage()
    box.setItemText(0, "")
    box.setFixedHeight(lower.bottom() + 5)
    assert box.grab(lower).toImage() != with_name
    page.close()


def test_a_number_stays_on_the_line_of_its_unit():
    page, box = filled_box()
    box.setItemText(0, "Plots of the plan 2022版")
    around = WIDE_PX - box._text_area(show_at_width(box, WIDE_PX)._option()).width()
    width = box.fontMetrics().horizontalAdvance("Plots of the plan 2022") + around + 2  # no room for what follows
    drawn = show_at_width(box, width).grab().toImage()
    box.setItemText(0, "Plots of the plan\n2022版")
    QApplication.processEvents()
    assert drawn == box.grab().toImage()
    page.close()


def test_the_names_are_listed_whole_however_narrow_the_box():
    page, box = filled_box()
    box.setItemIcon(0, QIcon())
    show_at_width(box, NARROW_PX).showPopup()
    QApplication.processEvents()
    assert box.view().minimumWidth() >= box.fontMetrics().horizontalAdvance(LONG)
    box.hidePopup()
    page.close()

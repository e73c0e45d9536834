"""A sentence above a page is as high as its lines, at any width of the page."""

from qgis.PyQt.QtWidgets import QApplication, QTextEdit, QVBoxLayout, QWidget

from onemap.plugin.widgets.fitted_label import FittedLabel

WORDS = "Planned land classes 2020 and plots of the regulatory plan 2022"


def test_a_sentence_is_as_high_as_its_lines_at_each_width():
    page = QWidget()
    layout = QVBoxLayout(page)
    label = FittedLabel()
    layout.addWidget(label)
    layout.addWidget(QTextEdit())
    page.show()
    line = label.fontMetrics().height()
    whole = label.fontMetrics().horizontalAdvance(WORDS)
    label.setText(WORDS)
    heights = []
    for width in (2 * whole, whole // 2, 2 * whole):
        page.resize(width, 300)
        QApplication.processEvents()
        heights.append(label.height())
    assert heights[0] == heights[2] < 1.5 * line < heights[1]
    label.setText("Short")
    assert label.height() < 1.5 * line
    page.close()

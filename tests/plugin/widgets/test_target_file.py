"""The question for the file to write, answered by keys and clicks."""

import pytest
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QWidget

from onemap.plugin.widgets.target_file import ask_target

FORMS = {".pdf": "PDF (*.pdf)", ".docx": "Word (*.docx)"}
SAVE = QDialogButtonBox.StandardButton.Save


def answer(tmp_path, name, form="", press=""):
    """The path that is chosen by typing a name, choosing a filter, and pressing a button of the question."""
    asked, taken = [], [""]

    def go_on():
        window = QApplication.activeModalWidget()
        if isinstance(window, QFileDialog):
            if form:
                window.selectNameFilter(form)
            line = window.findChild(QLineEdit)
            line.setText(str(tmp_path / name))
            if press:
                QTimer.singleShot(0, go_on)
            QTest.mouseClick(window.findChild(QDialogButtonBox).button(SAVE), Qt.MouseButton.LeftButton)
        elif isinstance(window, QMessageBox):
            asked.append(window.text())
            buttons = {button.text(): button for button in window.buttons()}
            QTest.mouseClick(buttons[press], Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, go_on)
    parent = QWidget()
    ask_target(parent, "Print", str(tmp_path / "start.pdf"), FORMS, taken.append)
    return taken[-1], asked


def test_a_name_with_an_ending_is_taken_as_it_is(tmp_path):
    assert answer(tmp_path, "page.docx") == (str(tmp_path / "page.docx"), [])


@pytest.mark.parametrize(("form", "ending"), [("", ".pdf"), ("Word (*.docx)", ".docx")])
def test_a_name_without_an_ending_takes_that_of_the_filter(tmp_path, form, ending):
    assert answer(tmp_path, "page", form) == (str(tmp_path / f"page{ending}"), [])


@pytest.mark.parametrize(("press", "is_taken"), [("Replace", True), ("Cancel", False)])
def test_a_file_that_the_ending_leads_to_is_replaced_only_by_who_wants_it(tmp_path, press, is_taken):
    (tmp_path / "page.pdf").write_bytes(b"old")
    path, asked = answer(tmp_path, "page", press=press)
    assert len(asked) == 1 and "“page.pdf”" in asked[0]
    assert path == (str(tmp_path / "page.pdf") if is_taken else "")

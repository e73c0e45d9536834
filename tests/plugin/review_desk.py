"""A review tab without a window, operated as by clicks."""

from qgis.PyQt.QtCore import QDate, Qt

from onemap.plugin.connection.core_session import Core
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.review.review_tab import ReviewTab
from onemap.plugin.words import core_words
from onemap.tests.plugin.small_town import wait_for

DAY = "2026-03-02"
ASKED = ("land", "environment")  # farmland is hit, and of the red line nothing is known


class Desk:
    """A review tab, and its messages."""

    def __init__(self, path, canvas, day=DAY, core=None):
        self.path = str(path)
        self.library = OpenLibrary(core or Core())
        self.library.as_of = QDate.fromString(day, Qt.DateFormat.ISODate)
        self.tab = ReviewTab(self.library, canvas)
        self.refused, self.messages = [], []
        self.tab.refused.connect(self.refused.append)
        self.tab.message_sent.connect(self.messages.append)
        self.become("Wang")
        self.library.open(self.path)
        wait_for(lambda: self.library.layers and core_words.are_known())
        self.tab.set_open(True)
        self.tab.follower.follow(False)  # a test says itself when it follows what others do

    @property
    def page(self):
        return self.tab.case_page

    @property
    def case(self):
        return self.page.case

    def record(self, department):
        """One department's opinion as the core answered it."""
        return next(one for one in self.case.answer["opinions"] if one["department"] == department)

    def become(self, name):
        self.tab.person.set_name(name)

    def open(self, parcels, project="School"):
        """Open a case by clicks."""
        self.tab.list.open_button.click()
        form = self.tab.form
        form.parcels.choose_file(str(parcels))
        form.project.setText(project)
        form.send_button.click()
        self.wait_for_case(lambda: not form.is_working)

    def wait_for_case(self, claim=lambda: True):
        """Until the core has answered and the findings are read."""
        wait_for(lambda: self.refused or (self.case and claim() and self.page.findings.results.run is not None))
        assert [str(refusal) for refusal in self.refused] == []

    def after(self, click):
        """Do something that asks the core, and wait until the case is shown anew."""
        before = self.case.revision
        click()
        wait_for(lambda: self.refused or self.case.revision > before)
        assert [str(refusal) for refusal in self.refused] == []
        self.wait_for_case()

    def confirm(self, reason=""):
        """Press the dialog's button."""
        dialog = self.page.steps.dialog
        dialog.reason.setPlainText(reason)
        assert dialog.ok.isEnabled()
        dialog.ok.click()

    def next(self, reason=""):
        """The step that the case asks for now."""
        self.page.next_button.click()
        self.confirm(reason)

    def choose(self, department, conclusion, text):
        """Write a department's opinion."""
        self.page.table.choose_department(department)
        editor = self.page.editor
        editor.conclusion.setCurrentIndex(editor.conclusion.findData(conclusion))
        editor.text.setPlainText(text)
        self.after(editor.buttons["opine"].click)

    def sign(self, department, unanswered=""):
        """Sign a department's draft; unanswered: why items have no answer."""
        self.page.table.choose_department(department)
        sign = self.page.editor.buttons["sign"]
        self.after(lambda: (sign.click(), self.confirm(unanswered)) if unanswered else sign.click())

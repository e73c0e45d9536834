"""Every text of the rooms and dialogs as painted: it contrasts with its background (AA), and none is cut."""

import shutil
from contextlib import suppress

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QItemSelectionModel
from qgis.PyQt.QtWidgets import QAbstractItemView, QApplication, QStyleFactory

from onemap.plugin.dock.options_page import OptionsPage
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.resources.workshop.pictures.dock_camera import palette_of
from onemap.tests.plugin.painted_text import ELLIPSIS, cut_texts, pale_texts
from onemap.tests.plugin.small_town import awaited, check, lay_out, open_in, wait_for
from onemap.tests.plugin.windows import low_dock

pytestmark = pytest.mark.slow
SETTLED_MS = 2_000  # by then a window has found its width
USUAL = 9.0  # points of a font
FIELDS = ("QLineEdit", "QgsFilterLineEdit")
NIGHT, GRAY = "Night Mapping", "Blend of Gray"  # QGIS's own themes, style sheets
# Style, theme, language, points of the font; the fourth as somebody has it who reads badly.
LOOKS = {
    "light": ("Fusion", "light", "en", 9.0),
    "dark-zh": ("Fusion", "dark", "zh", 9.0),
    "windows-zh": ("Windows", "light", "zh", 9.0),
    "large": ("Fusion", "light", "en", 14.0),
    "night": ("Fusion", NIGHT, "en", 9.0),
    "gray": ("Fusion", GRAY, "en", 9.0),
}


@pytest.fixture(
    params=[
        *("light", "dark-zh", "large"),
        *(pytest.param(look, marks=pytest.mark.nightly) for look in ("windows-zh", "night", "gray")),
    ]
)
def dressed(request, application, canvas, shared_core):
    """The dock in a style, a theme, a language and a font, 320 pixels wide; QGIS has its own again at the end."""
    style, theme, language, points = LOOKS[request.param]
    before = QApplication.font(), QApplication.palette(), QApplication.style().objectName()
    QApplication.setStyle(QStyleFactory.create(style))
    if theme in (NIGHT, GRAY):
        if theme not in QgsApplication.uiThemes():
            pytest.skip("this QGIS has no such theme")
        QgsApplication.setUITheme(theme)
    else:
        QApplication.setPalette(palette_of(theme))
    font = QApplication.font()
    font.setPointSizeF(points)
    QApplication.setFont(font)
    settings.put("language", language)
    translator = install_translator()
    with low_dock(canvas, shared_core) as dock:
        yield dock
    remove_translator(translator)
    QApplication.instance().setStyleSheet("")
    QApplication.setFont(before[0])
    QApplication.setPalette(before[1])
    QApplication.setStyle(QStyleFactory.create(before[2]))


class Reader:
    """Notes what can hardly be read, room by room."""

    def __init__(self, core):
        self._core, self.found = core, {}

    def read(self, name, window):
        wait_for(lambda: not self._core._open_requests)  # what the window shows is there
        lay_out()
        found = []

        def is_in_order():
            found[:] = self._faults_of(window)
            return not found

        with suppress(AssertionError):  # what is still wrong then is a fault
            wait_for(is_in_order, SETTLED_MS)
        if found:
            self.found[name] = sorted(set(found))

    def _faults_of(self, window):
        # A hint that does not fit is read in the field's help; where the font is large many do not.
        is_large = QApplication.font().pointSizeF() > USUAL
        cut = [one for one in cut_texts(window) if not (is_large and one[0].startswith(FIELDS) and one[2] == ELLIPSIS)]
        found = pale_texts(window) + cut
        for view in window.findChildren(QAbstractItemView):
            if view.isVisible() and view.model() is not None and view.model().rowCount(view.rootIndex()):
                found += self._pale_texts_of_choice(window, view)
        return found

    def _pale_texts_of_choice(self, window, view):
        """What is chosen is read too."""
        chosen, selection = view.selectionModel(), view.selectionModel().selection()
        chosen.blockSignals(True)
        first = view.model().index(0, 0, view.rootIndex())
        chosen.select(first, QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows)
        found = pale_texts(window)
        chosen.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        chosen.blockSignals(False)
        return found


def show(dock, room):
    dock.tabs.setCurrentIndex(dock.tab_index(room))


def after(signal, ask, notice):
    """Do something, and wait for its answer."""
    with awaited(signal, lambda: notice.text):
        ask()


def read_check(dock, reader, town):
    tab = dock.check_tab
    show(dock, tab)
    reader.read("check, nothing chosen", dock)
    tab.parcels.choose_file(str(town / "parcels.gpkg"))
    check(dock)
    reader.read("check", dock)
    results = tab.results
    results.tree.setCurrentIndex(results.model.index(0, 0, results.model.index(0, 0)))
    before = results.details.text()
    results.explain_button.click()
    wait_for(lambda: results.details.text() != before)
    reader.read("explained", dock)
    results.explain_button.click()
    results.summary_button.setChecked(True)
    reader.read("sums", dock)
    results.summary_button.setChecked(False)
    after(tab.remedy.results_shown, results.remedy_button.click, dock.notice)
    reader.read("remedy", dock)
    tab.remedy.leave()
    tab.sites_button.setChecked(True)
    reader.read("sites", dock)
    tab.sites_button.setChecked(False)
    tab.past_button.setChecked(True)
    wait_for(lambda: not tab.past.is_working)
    reader.read("past checks", dock)
    tab.past_button.setChecked(False)
    tab.facts.fill()
    wait_for(lambda: tab.facts.dialog is not None and tab.facts.dialog.isVisible())
    reader.read("facts", tab.facts.dialog)
    tab.facts.dialog.close()
    reader.read("after facts", dock)


def read_review(dock, reader, town):
    tab, page = dock.review_tab, dock.review_tab.case_page
    show(dock, tab)
    wait_for(lambda: tab.list.isVisible())
    tab.person.set_name("李静")
    tab.begin_case()
    tab.form.project.setText("城北第三小学新建工程")
    tab.form.parcels.choose_file(str(town / "parcels.gpkg"))
    reader.read("form of a case", dock)
    after(tab.form.case_opened, tab.form.send, dock.notice)
    wait_for(lambda: page.findings.results.run is not None)
    page.steps.circulate()
    reader.read("circulate", page.steps.dialog)
    page.steps.dialog.ok.click()
    wait_for(lambda: page.case.state == "circulating" or dock.notice.text)
    for index in range(page.tabs.count()):
        page.tabs.setCurrentIndex(index)
        reader.read(f"case, page {index}", dock)
    page.steps.extend("land")
    reader.read("extend", page.steps.dialog)
    page.steps.dialog.reject()
    tab.show_list()
    wait_for(lambda: tab.list.lines)
    reader.read("cases", dock)


def read_dialogs(dock, reader, town):
    dock.add_layer("")
    reader.read("add", dock.add_dialog)
    dock.add_dialog.close()
    dock.publish()
    reader.read("publish", dock.publish_dialog)
    dock.publish_dialog.close()
    dock.register_service(None)
    reader.read("service", dock.service_dialog)
    dock.service_dialog.close()
    dock.choose_server()
    reader.read("server", dock.server_dialog)
    dock.server_dialog.close()
    page = OptionsPage(dock.edit_profile)
    page.resize(560, 420)
    page.show()
    reader.read("options", page)
    page.deleteLater()


def test_every_text_stands_out_from_its_ground_and_is_whole(dressed, own_copy, town):
    dock, reader = dressed, Reader(dressed.core)
    # A large font makes the dock wider, and so do the margins of a style sheet by some pixels.
    is_usual = QApplication.font().pointSizeF() <= USUAL and not QApplication.instance().styleSheet()
    reader.read("no library", dock)
    open_in(dock, own_copy)
    reader.read("map", dock)
    read_check(dock, reader, town)
    show(dock, dock.compare_tab)
    reader.read("compare", dock)
    read_review(dock, reader, town)
    show(dock, dock.numbers_tab)
    bar = dock.numbers_tab.bar
    for page in filter(bar.isTabVisible, range(bar.count())):
        bar.setCurrentIndex(page)
        reader.read(f"numbers {page}", dock)
    bar.setCurrentIndex(0)
    reader.read("numbers", dock)
    dock.open_library(str(town / "gone.gpkg"))
    wait_for(lambda: dock.notice.text)
    reader.read("refused", dock)
    dock.notice.hide()
    read_dialogs(dock, reader, town)
    assert dock.width() == 320 or not is_usual
    assert reader.found == {}, "\n".join(f"{name}: {one}" for name, found in reader.found.items() for one in found)


@pytest.fixture
def own_copy(library, tmp_path):
    """The town's library, to write into."""
    path = tmp_path / "town.gpkg"
    shutil.copyfile(library, path)
    return str(path)

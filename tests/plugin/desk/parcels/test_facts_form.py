"""The form of a project's facts, filled by hand in the rooms Check and Review; the core's answer uses its facts."""

import shutil
from itertools import pairwise

import processing
import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QDate, QEvent, Qt
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLineEdit

from onemap.plugin.connection.toml_writing import toml_text
from onemap.plugin.profile import settings
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.words.contrast import CONTRAST, contrast
from onemap.tests.plugin.other_desk import core, make_library
from onemap.tests.plugin.review_desk import Desk
from onemap.tests.plugin.small_town import PACK, X, Y, lay_out, shown_check_tab, wait_for
from onemap.tests.rules.small_pack import rule_of

LEFT = Qt.MouseButton.LeftButton
CLASSES = """
[class.road]
title = { zh = "道路", en = "Roads" }
use = ["1202", "1207"]
kinds = ["highway", "street"]

[class.plant]
title = { zh = "化工", en = "Chemical works" }
use = ["1001"]
kinds = ["factory"]

"""
HEIGHT = rule_of(
    *("height.test planning consult", "YJJBNTTB", "高层", "High buildings", "中华人民共和国城乡规划法 第三十八条"),
    when="JZGD > 24 AND SFZD = true",
)


@pytest.fixture(scope="module")
def asking_library(town, provider, tmp_path_factory):
    """The town's library, whose rule on farmland spares roads: it asks every project what it is for."""
    folder = tmp_path_factory.mktemp("asking")
    first = PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)]
    pack = first.replace("[[rule]]", CLASSES + '[[rule]]\nunless = ["road", "plant"]')
    (folder / "pack.toml").write_text(pack + HEIGHT, encoding="utf-8")
    ground = ("YJJBNTTB", town / "farmland.gpkg", {"valid_from": "2025-01-01"})
    more = {"pack": folder / "pack.toml", "rehearsal": True}
    return make_library(folder / "library.gpkg", town / "district.gpkg", ground, **more)


@pytest.fixture
def tab(asking_library, shared_core, canvas, town):
    """The tab Check with the town's parcels, which state no facts themselves."""
    with shown_check_tab(asking_library, canvas, shared_core) as made:
        made.parcels.choose_file(str(town / "parcels.gpkg"))
        yield made


def opened_form(choice):
    """The form that the row's button opens."""
    QTest.mouseClick(choice.button, LEFT)
    wait_for(lambda: choice.dialog is not None and choice.dialog.isVisible())
    return choice.dialog


def press(dialog, name):
    """Press a button of the form, and wait for the core."""
    QTest.mouseClick(dialog.buttons[name], LEFT)
    wait_for(lambda: not dialog.is_working)


def test_the_form_goes_with_the_panel_when_the_plugin_is_unloaded(tab):
    form = opened_form(tab.facts)
    tab.facts.deleteLater()
    QCoreApplication.sendPostedEvents(tab.facts, QEvent.Type.DeferredDelete)
    assert sip.isdeleted(form)


def verdicts(tab):
    """Press Check; return the verdict of each parcel."""
    shown = []
    tab.finished.connect(lambda: shown.append(True))
    QTest.mouseClick(tab.button, LEFT)
    wait_for(lambda: shown or tab.refusals)
    assert tab.refusals == []
    return {parcel.parcel: parcel.verdict for parcel in tab.results.model.parcels}


def test_all_is_unknown_at_first_and_the_rules_that_wait_are_counted(tab):
    dialog = opened_form(tab.facts)
    assert list(dialog.fields) == ["YDXZ", "XMLX", "JZGD", "SFZD"]  # what documents print is asked in the review
    assert {field.value for field in dialog.fields.values()} == {None}
    assert dialog.waiting.text() == "Of 2 rules that need facts about the project 2 lack some."
    dialog.fields["XMLX"].control.lineEdit().insert("公路")
    assert dialog.waiting.text() == "Of 2 rules that need facts about the project 1 lacks some."
    QTest.keyClicks(dialog.fields["JZGD"].control, "30")
    flag = dialog.fields["SFZD"].control
    assert [flag.itemText(row) for row in range(flag.count())] == ["unknown", "yes", "no"]
    flag.setCurrentIndex(2)
    assert dialog.waiting.text() == "All 2 rules that need facts about the project have them."
    press(dialog, "clear")
    assert dialog.stated_facts == {"project": {}, "parcels": {}}
    dialog.close_down()


def show_excuse(tab, name):
    """The only finding of a parcel is shown with its ground, and says that it is excused, and by what."""
    results, model = tab.results, tab.results.model
    parcel = model.index([parcel.parcel for parcel in model.parcels].index(name), 0)
    assert model.rowCount(parcel) == 1
    excused = model.index(0, 0, parcel)
    results.tree.setCurrentIndex(excused)
    first, area, reason, counted, *_ = results.details.text().splitlines()
    assert first == "Occupies permanent basic farmland · clear"
    assert area.startswith("5,000 m²")
    assert reason == "Reason: not applicable to such a project"
    assert counted == "Reported, but not counted in the parcel's verdict"
    results.explain()
    wait_for(lambda: "the project is of the class “Roads”, by its use code 1202" in results.details.text())


def test_what_is_filled_in_decides_the_check_and_stays_until_it_is_cleared(tab):
    before = verdicts(tab)
    assert before["A"] == "prohibited"
    dialog = opened_form(tab.facts)
    use = dialog.fields["YDXZ"].control
    use.lineEdit().setFocus()
    QTest.keyClicks(use.lineEdit(), "1202")
    use.setCurrentIndex(use.findData("1202"))
    dialog.fields["SFZD"].control.setCurrentIndex(2)
    QTest.keyClicks(dialog.fields["JZGD"].control, "18.5")
    press(dialog, "ok")
    assert not dialog.isVisible()
    assert tab.facts.given["parcels"] == {"YDXZ": "1202", "code_system": "land-sea-2023", "JZGD": 18.5, "SFZD": False}
    assert tab.facts.summary.text() == "3 stated · no rule lacks any"
    assert verdicts(tab)["A"] == "clear"
    show_excuse(tab, "A")
    again = opened_form(tab.facts)
    assert (again.fields["YDXZ"].value, again.fields["JZGD"].value, again.fields["SFZD"].value) == ("1202", 18.5, False)
    press(again, "clear")
    press(again, "ok")
    assert tab.facts.path == ""
    assert verdicts(tab) == before


@pytest.mark.slow
def test_no_field_of_a_layer_states_a_kind(asking_library, town):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4547&field=DKBH:string&field=stated_kind:string", "drawn", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["A", "公路"])
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(X, Y, X + 100, Y + 100)))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    given = {"LIBRARY": str(asking_library), "PARCELS": layer}
    outs = dict.fromkeys(("CHECKED", "FINDINGS", "OVERLAPS"), "TEMPORARY_OUTPUT")
    (parcel,) = processing.run("onemap:check", {**given, **outs})["CHECKED"].getFeatures()
    assert parcel["verdict"] == "prohibited"
    QgsProject.instance().removeMapLayer(layer)


def test_the_core_s_refusal_stands_at_its_field(tab):
    dialog = opened_form(tab.facts)
    QTest.keyClicks(dialog.fields["JZGD"].control, "high")
    press(dialog, "ok")
    assert dialog.isVisible()
    error = dialog.fields["JZGD"].error
    assert error.isVisible()
    assert "must be a number" in error.text()
    assert dialog.fields["JZGD"].control.accessibleDescription() == error.text()
    assert dialog.notice.text == ""
    dialog.fields["JZGD"].control.clear()
    assert not error.isVisible()
    press(dialog, "ok")
    assert not dialog.isVisible()


def test_a_kind_that_nobody_knows_is_remarked_at_its_field_and_kept_by_a_second_ok(tab):
    dialog = opened_form(tab.facts)
    dialog.fields["XMLX"].control.lineEdit().insert("综合配套某某")
    press(dialog, "ok")
    assert dialog.isVisible()
    assert "treated as not stated" in dialog.fields["XMLX"].error.text()
    press(dialog, "ok")
    assert not dialog.isVisible()
    assert tab.facts.given["parcels"] == {"XMLX": "综合配套某某"}
    again = opened_form(tab.facts)
    press(again, "clear")
    press(again, "ok")


def test_a_file_of_facts_is_loaded_with_bare_chinese_keys_and_saved_for_batches(tab, tmp_path):
    source, target = tmp_path / "facts.toml", tmp_path / "saved.toml"
    source.write_text('建设单位 = "x"\n[地块]\nXMLX = "道路"\nJZGD = 9\n', encoding="utf-8")
    dialog = opened_form(tab.facts)
    dialog.load(str(source))
    wait_for(lambda: not dialog.is_working)
    assert dialog.stated_facts["parcels"] == {"XMLX": "道路", "JZGD": 9}
    dialog.save(str(target))
    wait_for(lambda: not dialog.is_working)
    saved = 'developer = "x"\n\n[parcels]\nXMLX = "道路"\nJZGD = 9\n'
    assert target.read_text(encoding="utf-8") == saved  # a fact of the project that room Check does not ask is kept
    assert str(target) in dialog.notice.text
    source.write_text("建设单位 = 某公司\n", encoding="utf-8")
    dialog.load(str(source))
    wait_for(lambda: not dialog.is_working)
    assert "line 1, column 8" in dialog.notice.text
    dialog.close_down()


def test_every_control_of_the_form_has_a_name_and_tab_goes_through_them(tab):
    dialog = opened_form(tab.facts)
    assert [control for control in nameless_controls(dialog) if control.isVisible()] == []
    seen = []
    dialog.fields["YDXZ"].setFocus(Qt.FocusReason.TabFocusReason)
    for _step in range(12):
        widget = dialog.focusWidget()
        seen += [name for name, field in dialog.fields.items() if field.isAncestorOf(widget) and name not in seen]
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert seen == ["YDXZ", "XMLX", "JZGD", "SFZD"]
    dialog.close_down()


@pytest.mark.slow
def test_the_search_for_a_site_has_the_form_too(tab, asking_library):
    sites = tab.sites.form
    assert sites.params()["data"] == ""
    dialog = opened_form(sites.facts)
    assert list(dialog.fields) == ["XMLX", "JZGD", "SFZD"]  # the use has a list of its own in the search
    dialog.fields["XMLX"].control.lineEdit().insert("道路")
    press(dialog, "ok")
    answer = core("sites", asking_library, "--area", "2500", "--data", sites.params()["data"])
    assert answer["sites"]
    # With it a road is spared, so that a place on farmland passes as well.
    assert {site["verdict"] for site in answer["sites"]} <= {"clear", "consult"}


@pytest.mark.slow
def test_another_library_forgets_the_facts(tab, library):
    tab.facts.take({"parcels": {"XMLX": "道路"}})
    tab._library.open(str(library))
    wait_for(lambda: tab._library.layers and tab._library.path == str(library))
    assert (tab.facts.given, tab.facts.path) == ({}, "")


@pytest.fixture
def desk(asking_library, canvas, shared_core, tmp_path):
    """A desk of the review with a library of its own."""
    path = tmp_path / "review.gpkg"
    shutil.copyfile(asking_library, path)
    made = Desk(path, canvas, core=shared_core)
    made.tab.resize(360, 800)
    made.tab.show()
    yield made
    made.tab.close_down()
    made.tab.deleteLater()


def test_the_rows_above_the_button_leave_no_gap_whichever_are_asked(tab):
    """The parcels of the file say nothing of a use; one that is drawn is asked for it."""

    def gaps():
        lay_out()
        fields = [one for one in (tab.parcels, tab.uses.use, tab.uses.systems, tab.rules, tab.facts) if one.isVisible()]
        return len(fields), {below.y() - above.geometry().bottom() for above, below in pairwise(fields)}

    rows, (gap,) = gaps()
    assert rows == 3
    QTest.mouseClick(tab.sites_button, LEFT)
    QTest.mouseClick(tab.sites_button, LEFT)
    assert gaps() == (3, {gap})
    tab.parcels.add_drawing(QgsGeometry.fromRect(QgsRectangle(X, Y, X + 50, Y + 50)))
    assert gaps() == (5, {gap})


def test_what_a_field_wants_is_read_whole(desk):
    desk.tab.list.open_button.click()
    dialog = opened_form(desk.tab.form.facts)
    lines = [line for line in dialog.findChildren(QLineEdit) if line.placeholderText()]
    assert len(lines) > 10
    for line in lines:
        assert line.fontMetrics().horizontalAdvance(line.placeholderText()) < line.width() - line.height()
        assert "…" not in line.placeholderText()
    dialog.reject()


@pytest.mark.slow
def test_a_case_is_opened_with_the_facts_of_the_form_and_a_new_round_keeps_them(desk, town):
    desk.tab.list.open_button.click()
    form = desk.tab.form
    wait_for(lambda: "lack facts" in form.facts.summary.text())
    assert form.facts.summary.text() == "none stated · rules that lack facts: 2"
    dialog = opened_form(form.facts)
    assert len(dialog.fields) == 4 + 17
    QTest.keyClicks(dialog.fields["developer"].control, "School board")
    QTest.keyClicks(dialog.fields["phone"].control, "x")
    dialog.fields["start_on"].control.setDate(QDate(2026, 5, 1))
    supply = dialog.fields["supply"].control
    supply.setCurrentIndex(supply.findData("划拨"))
    dialog.fields["content"].control.insertPlainText("A road\nof 2 km")
    dialog.fields["XMLX"].control.lineEdit().insert("公路")
    press(dialog, "ok")
    assert "not a telephone number" in dialog.fields["phone"].error.text()
    dialog.fields["phone"].control.clear()
    press(dialog, "ok")
    form.parcels.choose_file(str(town / "parcels.gpkg"))
    form.project.setText("Road")
    QTest.mouseClick(form.send_button, LEFT)
    desk.wait_for_case(lambda: not form.is_working)
    data = desk.case.answer["data"]
    assert (data["developer"], data["start_on"], data["supply"]) == ("School board", "2026-05-01", "划拨")
    assert (data["content"], data["parcels"]) == ("A road\nof 2 km", {"XMLX": "公路"})
    verdict = {parcel.parcel: parcel.verdict for parcel in desk.page.findings.results.model.parcels}
    assert verdict["A"] != "prohibited"
    again = core(
        *("review", "revise", desk.path, desk.case.id, town / "parcels.gpkg", "--reason", "r"),
        *("--by", "Wang", "--on", "2026-03-02"),
    )
    assert again["verdicts"]["prohibited"] == 0


@pytest.mark.slow
def test_a_drawn_parcel_of_a_case_is_asked_for_its_use(desk, canvas):
    desk.tab.list.open_button.click()
    form = desk.tab.form
    assert not form.uses.use.isVisible()
    form.parcels.add_drawing(QgsGeometry.fromRect(QgsRectangle(X + 100, Y + 100, X + 200, Y + 200)))
    assert form.uses.use.isVisible()
    form.uses.use.choose("1207")
    form.uses.use.chosen.emit("1207")
    form.project.setText("Road")
    form.send_button.click()
    desk.wait_for_case(lambda: not form.is_working)
    (parcel,) = desk.page.findings.results.model.parcels
    assert parcel.verdict != "prohibited"


def test_in_chinese_the_form_speaks_chinese(tab):
    settings.put("language", "zh")
    try:
        dialog = opened_form(tab.facts)
        assert dialog.fields["YDXZ"].title == "拟用途"
    finally:
        settings.put("language", "en")
    dialog.close_down()


def test_a_form_is_written_as_toml_whatever_its_texts_hold():
    text = toml_text(
        {"a": 'x"\\\n\x7f甲', "乙": True, "n": None},
        {"t.u": {"day": QDate(2026, 3, 2), "names": ["甲", {"zh": "乙", "en": "b"}]}, "empty": {"x": None}},
    )
    assert text == (
        'a = "x\\"\\\\\\n\\u007f甲"\n"乙" = true\n\n[t.u]\nday = 2026-03-02\nnames = ["甲", { zh = "乙", en = "b" }]\n'
    )


@pytest.mark.parametrize("window", ["#efefef", "#31363b"])
def test_what_is_wrong_with_a_field_can_be_read_in_any_theme_and_is_told_to_a_screen_reader(window):
    line = QLineEdit()
    error = FieldError(line)
    palette = error.palette()
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    error.setPalette(palette)
    error.say("Write a number.")
    colour = QColor(error.styleSheet().split(":")[1].strip(" ;"))
    assert contrast(colour, QColor(window)) >= CONTRAST
    assert line.accessibleDescription() == "Write a number."
    error.clear()
    assert (error.isVisible(), line.accessibleDescription()) == (False, "")

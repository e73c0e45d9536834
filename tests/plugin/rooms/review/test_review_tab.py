"""The review tab without a window, with the real core: a case by clicks from its parcels to its statement."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsRectangle
from qgis.PyQt.QtCore import QDate, QMimeData, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QDropEvent
from qgis.PyQt.QtWidgets import QApplication, QFileDialog, QLabel

from onemap.plugin.connection.core_session import core_python
from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.review_desk import ASKED, DAY, Desk
from onemap.tests.plugin.small_town import PACK, Reader, X, Y, box, wait_for, write_layer
from onemap.tests.rules.small_pack import rule_of

REPLY = """
import json, sys
from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.page import texts_digest
from onemap.rules.review.statement.reply_file import reply_check
from onemap.rules.review.statement.review_pack import shown_digest

library, case, path = sys.argv[1:]
with open_library(library) as opened:
    now = read_case(opened, case)
    reply = {"onemap_reply": 2, "library": opened.id, "case": case, "round": 1, "department": "land"}
    reply |= {"run": now.current.run, "shown": shown_digest(opened, now, "land"), "conclusion": "conditional"}
    reply |= {"language": "en", "document": "opinion", "annexes": []}
    reply |= {"printed": texts_digest(opened, now, "en", "land", "opinion", ())}
    reply |= {"text": "By letter.", "basis": "", "by": "Sun", "on": "2026-03-02", "answers": []}
reply["check"] = reply_check(reply)
open(path, "w", encoding="utf-8").write(json.dumps(reply))
"""


@pytest.mark.slow
def test_what_would_pass_is_kept_with_the_case_and_shown_again_without_asking(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.tabs.setCurrentWidget(desk.page.findings)
    findings = desk.page.findings
    findings.remedy.form.move.setValue(100)
    shown = []
    findings.remedy.results_shown.connect(lambda: shown.append(True))
    findings.results.remedy_button.click()
    wait_for(lambda: shown or desk.refused)
    assert [str(refusal) for refusal in desk.refused] == []
    assert [len(desk.case.remedies), desk.case.remedies[0]["by"], desk.case.remedies[0]["move_m"]] == [1, "Wang", 100]
    text = findings.remedy.summary.text()
    assert "Nothing of A would pass." in text  # of the red line nothing is known
    assert findings.remedy.highlight.is_on
    findings.remedy.back_button.click()
    wait_for(lambda: desk.refused or findings.results.run is not None)
    findings.remedy.form.move.setValue(0)
    findings.results.tree.setCurrentIndex(findings.results.model.index(0, 0))
    findings.results.remedy_button.click()
    wait_for(lambda: len(shown) == 2 or desk.refused)
    assert (findings.remedy.summary.text(), findings.remedy.form.move.value()) == (text, 100)
    desk.tab.reload_case()
    assert len(desk.case.remedies) == 1
    assert "remedy" in [entry["action"].split()[-1] for entry in desk.case.entries]


def names_proposed(desk, monkeypatch):
    """The names under which a statement and an opinion are proposed to be written."""
    asked, button = [], desk.page.documents
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *words: asked.append(Path(words[2]).name) or ("", ""))
    button.documents.aboutToShow.emit()
    for title in ("Statement of all opinions", "Environment: opinion"):
        menu = next(action.menu() for action in button.documents.actions() if action.text() == title)
        menu.actions()[0].trigger()
    return asked


def place_of_first_row(page):
    """The distance of the first opinion from the page's upper edge, in pixels."""
    QApplication.processEvents()
    page.table.scrollToTop()
    row = page.table.visualItemRect(page.table.topLevelItem(0))
    return page.table.viewport().mapTo(page, row.topLeft()).y()


def said_in(dialog):
    """All texts of a dialog."""
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


@pytest.mark.slow
def test_a_case_goes_by_clicks_from_its_parcels_to_a_document_that_opens(desk, one_parcel, tmp_path, monkeypatch):
    wait_for(lambda: "No case yet" in desk.tab.list.empty.text())
    desk.open(one_parcel)
    assert (desk.case.project, desk.case.state, len(desk.case.opinions)) == ("School", "draft", 10)
    assert not desk.page.editor.buttons["sign"].isEnabled()
    desk.after(desk.next)
    assert desk.case.state == "circulating"
    assert not desk.page.next_button.isEnabled()  # nobody has signed
    desk.page.table.choose_department("land")
    editor = desk.page.editor
    assert (editor.conclusion.currentData(), "第三十五条" in editor.basis.toPlainText()) == ("disagree", True)
    editor.conclusion.setCurrentIndex(editor.conclusion.findData("conditional"))
    editor.basis.clear()
    (basis,) = editor.bases.actions()
    basis.trigger()
    cited = "Land Administration Law of the People's Republic of China (《中华人民共和国土地管理法》) 第三十五条"
    assert editor.basis.toPlainText() == basis.text() == cited
    editor.text.setPlainText("Move the school off the farmland.")
    assert "Save what is typed first" in editor.buttons["sign"].toolTip()
    desk.after(editor.buttons["opine"].click)
    assert "Wang" in editor.buttons["sign"].toolTip()  # who wrote it does not sign it
    assert not editor.buttons["sign"].isEnabled()
    # Of the red line nothing is known: the machine proposes nothing, and a person must choose.
    desk.page.table.choose_department("environment")
    assert (editor.conclusion.currentIndex(), editor.buttons["sign"].isEnabled()) == (-1, False)
    assert "Choose a conclusion first" in editor.buttons["opine"].toolTip()
    assert "open" in desk.page.table.topLevelItem(3).text(1)
    desk.choose("environment", "conditional", "Not within the red line of 2023.")
    assert editor.by_label.text() == "Acting as Wang"
    desk.become("Zhao")
    assert editor.by_label.text() == "Acting as Zhao"
    wait_for(lambda: editor.buttons["sign"].isEnabled())
    desk.tab.resize(320, 640)
    desk.tab.show()
    assert desk.page.warnings.isHidden()
    place = place_of_first_row(desk.page)
    for department in ASKED:
        desk.sign(department)
    assert desk.record("land")["signed_by"] == "Zhao"
    assert "Zhao alone signed the opinions of 2 departments" in desk.page.warnings.text()
    assert place_of_first_row(desk.page) == place and desk.page.warnings.isVisible()
    desk.after(desk.next)
    assert (desk.case.state, desk.case.answer["conclusion"]) == ("consolidated", "conditional")
    desk.page.next_button.click()
    dialog = desk.page.steps.dialog
    assert dialog.by_label.text() == "Acting as Zhao"
    assert "no head and no sender" in said_in(dialog) and "Zhao alone signed" in said_in(dialog)
    desk.after(desk.confirm)
    assert desk.case.state == "issued"
    assert desk.page.next_button.isHidden()
    desk.page.fill_menu()
    (reply,) = (one for one in desk.page.menu.actions() if one.text() == "Import a reply file…")
    assert not reply.isEnabled() and "issued" in reply.toolTip()
    assert "〔2026〕1号" in desk.page.state_label.text()
    reader, target = Reader(), tmp_path / "statement.html"
    QDesktopServices.setUrlHandler("file", reader.read)
    desk.page.documents.write(str(target), "statement", "")
    wait_for(lambda: reader.opened or desk.refused)
    QDesktopServices.unsetUrlHandler("file")
    assert (reader.opened, desk.refused) == ([str(target)], [])
    assert "Move the school off the farmland." in target.read_text(encoding="utf-8")
    assert names_proposed(desk, monkeypatch) == [
        f"School-Statement of all opinions-{desk.case.answer['document']}.docx",
        "School-Opinion-Environment.docx",
    ]
    sheets = tmp_path / "sheets.json"
    QDesktopServices.setUrlHandler("file", reader.read)
    desk.page.documents.write(str(sheets), "sheets", "")
    wait_for(lambda: len(reader.opened) > 1 or desk.refused)
    QDesktopServices.unsetUrlHandler("file")
    assert [sheet["parcel"] for sheet in json.loads(sheets.read_text(encoding="utf-8"))["sheets"]] == ["A"]
    desk.messages.clear()
    desk.page.findings.results.export_button.write(str(tmp_path / "findings.geojson"))
    wait_for(lambda: desk.messages)
    assert f"The results are in {tmp_path / 'findings.geojson'}. " in desk.messages[0]  # and what it does not hold
    settings.put("templates", str(tmp_path / "none"))
    desk.page.documents.write(str(tmp_path / "statement.docx"), "statement", "")
    wait_for(lambda: desk.refused)
    assert desk.refused.pop().is_about("statement.templates_folder")
    desk.page.back_button.click()
    wait_for(lambda: desk.tab.list.item_of(desk.case.id) if desk.case else desk.tab.list.lines)
    assert desk.tab.list.lines[0].state == "issued"
    desk.messages.clear()
    desk.tab.publish()
    wait_for(lambda: desk.messages)
    assert desk.messages[0].startswith(f"Brought up to date: Projects in the project library {DAY}")


def asking_case(desk, parcels, town, *items):
    """A case whose pack asks the department of land some questions; its id."""
    pack, asked = (
        town / f"asking-{len(items)}.toml",
        'department = "land"\ntitle = { zh = "用地指标", en = "Quota of land" }\n',
    )
    more = "".join(f'\n[[checklist]]\nid = "{item}"\n{asked}' for item in items)
    pack.write_text((town / "pack.toml").read_text(encoding="utf-8") + more, encoding="utf-8")
    words = ("--pack", pack, "--project", "School", "--by", "Li", "--on", DAY)
    return core("review", "open", desk.path, parcels, *words)["case"]


@pytest.mark.slow
def test_items_without_an_answer_ask_why_before_one_signs(desk, one_parcel, town):
    case = asking_case(desk, one_parcel, town, "quota")
    core("review", "circulate", desk.path, case, "--by", "Li", "--on", DAY)
    desk.tab.open_case(case)
    desk.wait_for_case()
    desk.page.table.choose_department("land")
    assert desk.page.editor.buttons["sign"].text().endswith("…")
    desk.page.editor.buttons["sign"].click()
    dialog = desk.page.steps.dialog
    assert not dialog.ok.isEnabled()
    dialog.reject()
    desk.sign("land", "the province has not decided")
    land = desk.case.opinion("land")
    assert (land.state, desk.record("land")["unanswered"]) == ("signed", "the province has not decided")
    assert "the province has not decided" in desk.page.history.topLevelItem(0).text(2)
    assert "the province has not decided" in desk.page.editor.author_label.text()
    assert any("without an answer" in warning for warning in desk.page.warnings.text().splitlines())
    editor = desk.page.editor
    desk.after(lambda: (editor.buttons["return"].click(), desk.confirm("ask the province again")))
    assert f"returned by Wang, {DAY}: ask the province again" in editor.author_label.text()
    desk.after(lambda: (editor.answers["quota"].setText("ten hectares"), editor.buttons["opine"].click()))
    assert "returned by" not in editor.author_label.text()
    editor.answers["quota"].clear()  # the core takes none back
    assert not editor.buttons["opine"].isEnabled() and "taken back" in editor.buttons["opine"].toolTip()


@pytest.fixture
def real_desk(library, canvas, shared_core, tmp_path):
    """Sits down to a library for real, with a day chosen."""
    path = tmp_path / "real.gpkg"
    shutil.copyfile(library, path)
    desks = []

    def sit_down(day):
        desks.append(Desk(path, canvas, day.toString(Qt.DateFormat.ISODate), shared_core))
        return desks[-1]

    yield sit_down
    for made in desks:
        made.tab.close_down()
        made.tab.deleteLater()


@pytest.mark.slow
def test_what_is_entered_on_an_earlier_day_is_marked_as_late(real_desk, one_parcel):
    today = QDate.currentDate()
    desk = real_desk(today.addDays(-1))
    assert "entered late" in desk.tab.day_label.text()
    desk.open(one_parcel)
    (entry,) = desk.case.entries
    both = (today.addDays(-1).toString(Qt.DateFormat.ISODate), today.toString(Qt.DateFormat.ISODate))
    assert (entry["on"], entry["entered_on"]) == both
    assert all(day in desk.page.history.topLevelItem(0).text(0) for day in both)
    assert desk.library.name == "Town"


@pytest.mark.slow
def test_a_day_to_come_is_no_day_of_a_step(real_desk, one_parcel):
    desk = real_desk(QDate.currentDate().addDays(30))
    assert desk.tab.day_label.isHidden()
    desk.open(one_parcel)
    assert [entry["on"] for entry in desk.case.entries] == [QDate.currentDate().toString(Qt.DateFormat.ISODate)]


def test_a_rehearsal_says_so_wherever_its_name_stands(desk):
    assert desk.library.name == "Rehearsal · Town"
    assert "nothing here counts" in desk.tab.day_label.text()
    assert not desk.tab.day_label.isHidden()


@pytest.mark.slow
def test_a_step_on_what_another_changed_meanwhile_is_refused_and_keeps_what_is_typed(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.table.choose_department("land")
    editor = desk.page.editor
    editor.text.setPlainText("My words.")
    words_of_li = ("--conclusion", "agree", "--text", "Words of Li.", "--by", "Li", "--on", DAY)
    core("review", "opine", desk.path, desk.case.id, "land", *words_of_li)
    editor.buttons["opine"].click()
    wait_for(lambda: desk.refused)
    (refusal,) = desk.refused
    assert refusal.is_about("review.conflict")
    assert "Li" in str(refusal)
    assert "review show" not in str(refusal)
    desk.refused.clear()
    button, look_again = refusal.mend
    assert "stays" in button
    desk.after(look_again)
    assert editor.text.toPlainText() == "My words."
    assert not editor.conflict_label.isHidden()
    assert "Words of Li." in editor.conflict_label.text()
    desk.after(editor.buttons["opine"].click)
    assert desk.case.opinion("land").text == "My words."
    assert editor.conflict_label.isHidden()
    assert "Li" in desk.messages[-1]


@pytest.mark.slow
def test_what_another_saves_where_nobody_types_is_shown_and_not_undone(desk, one_parcel, town):
    desk.tab.open_case(asking_case(desk, one_parcel, town, "quota", "yield"))
    desk.wait_for_case()
    desk.page.table.choose_department("land")
    editor, place = desk.page.editor, desk.page.editor.answers["yield"]

    def saved_by_li(basis, *answers):
        words = (
            "--conclusion=disagree",
            "--text=Words of Li.",
            f"--basis={basis}",
            *(f"--answer={one}" for one in answers),
        )
        core("review", "opine", desk.path, desk.case.id, "land", *words, "--by=Li", "--on", DAY)
        desk.after(desk.tab.reload_case)

    place.setText("Mine.")
    saved_by_li("Law of Li", "quota=Of Li.", "yield=Li too.")
    assert editor.answers["yield"] is place  # who writes there goes on
    assert (editor.text.toPlainText(), editor.basis.toPlainText()) == ("Words of Li.", "Law of Li")
    assert (editor.answers["quota"].text(), place.text()) == ("Of Li.", "Mine.")
    assert "Li too." in editor.conflict_label.text() and "Of Li." not in editor.conflict_label.text()
    editor.text.setPlainText("My words.")
    saved_by_li("Later law")
    assert "Basis: Later law" in editor.conflict_label.text()
    desk.after(editor.buttons["opine"].click)
    held = {item["item"]: item["answer"] for item in desk.case.items("land")}
    assert (desk.case.opinion("land").words[1:], held) == (
        ("My words.", "Law of Li"),
        {"quota": "Of Li.", "yield": "Mine."},
    )
    assert editor.conflict_label.isHidden()


@pytest.mark.slow
def test_what_is_typed_does_not_read_as_the_words_that_another_signed_meanwhile(desk, one_parcel):
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.page.table.choose_department("land")
    editor, signed = desk.page.editor, desk.case.opinion("land").text
    editor.text.setPlainText("My words.")
    core("review", "sign", desk.path, desk.case.id, "land", "--by=Li", "--on", DAY)
    desk.after(desk.tab.reload_case)
    assert editor.text.toPlainText() == "My words." and editor.text.isReadOnly()
    assert "was not saved" in editor.conflict_label.text() and signed in editor.conflict_label.text()
    editor.drop_button.click()
    assert (editor.text.toPlainText(), editor.conflict_label.isHidden()) == (signed, True)


def test_what_is_typed_for_one_department_stays_while_another_is_looked_at(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.table.choose_department("land")
    desk.page.editor.text.setPlainText("Half a sen")
    desk.page.table.choose_department("water")
    assert desk.page.editor.text.toPlainText() != "Half a sen"
    desk.page.table.choose_department("land")
    assert desk.page.editor.text.toPlainText() == "Half a sen"
    desk.page.editor.drop_button.click()
    assert desk.page.editor.text.toPlainText() == desk.case.opinion("land").text


def test_steps_that_are_not_allowed_are_grey_and_say_why_in_the_core_s_words(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.fill_menu()
    actions = {action.data(): action for action in desk.page.menu.actions() if action.data()}
    assert not actions["issue"].isEnabled()
    assert "Consolidate" in actions["issue"].toolTip()
    assert "review consolidate" not in actions["issue"].toolTip()
    assert actions["withdraw"].isEnabled()
    assert "not been sent out" in desk.page.editor.buttons["return"].toolTip()


def test_a_refusal_names_the_fields_of_the_tab_and_not_options_of_a_command_line(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.table.choose_department("land")
    desk.page.editor.basis.clear()
    desk.page.editor.buttons["opine"].click()
    wait_for(lambda: desk.refused)
    assert desk.refused[0].is_about("review.basis")
    assert "“Basis”" in str(desk.refused[0])
    assert "--" not in str(desk.refused[0])


def test_superseded_data_marks_the_opinion_and_a_recheck_says_what_would_change(desk, one_parcel, tmp_path):
    desk.open(one_parcel)
    desk.after(desk.next)
    smaller = write_layer(tmp_path / "smaller.gpkg", ["BSM"], [(box(0, 0, 110, 300), "F1")])
    core("add", desk.path, smaller, "--as", "YJJBNTTB", "--valid-from", "2026-02-01")
    desk.library.compare(core("layers", desk.path, "--as-of", DAY))  # as the dock follows other desks
    wait_for(lambda: desk.record("land")["stale_because"])
    assert "◐" in desk.page.table.topLevelItem(2).text(2)
    assert "(Permanent basic farmland)" in desk.page.next_button.toolTip()
    desk.page.steps.recheck()
    wait_for(lambda: desk.page.reading is not None or desk.refused)
    text = desk.page.reading.text.toPlainText()
    assert "Permanent basic farmland: 2025-01-01 → 2026-02-01" in text
    assert "5,000 m² → 1,000 m²" in text
    desk.page.reading.close()


def test_the_parcels_of_the_open_case_lie_on_the_map_until_it_is_left(desk, one_parcel, canvas):
    desk.open(one_parcel)
    assert desk.page.findings.outline.is_on
    desk.page.locate_button.click()
    assert canvas.extent().contains(QgsRectangle(X + 100, Y + 100, X + 200, Y + 200))
    assert canvas.extent().width() < 1000
    desk.tab.set_open(False)
    assert not desk.page.findings.outline.is_on
    desk.tab.set_open(True)
    assert desk.page.findings.outline.is_on
    desk.page.back_button.click()
    assert not desk.page.findings.outline.is_on


def test_a_finding_leads_to_the_map_and_is_judged_otherwise_with_both_verdicts_kept(desk, one_parcel):
    desk.open(one_parcel)
    desk.page.table.choose_department("land")
    findings = desk.page.findings
    model, tree = findings.results.model, findings.results.tree
    (parcel,) = model.parcels
    assert [finding.department for finding in parcel.findings] == ["land"]
    rule, title = parcel.findings[0].rule, parcel.findings[0].title
    tree.setCurrentIndex(model.index(0, 0, model.index(0, 0)))
    tree.clicked.emit(tree.currentIndex())
    assert findings.results.highlight.labels == ["5,000 m²"]
    findings.override_button.click()
    dialog = desk.page.steps.dialog
    dialog.choice.setCurrentIndex(dialog.choice.findData("notice"))
    assert not dialog.ok.isEnabled()
    desk.after(lambda: desk.confirm("The survey of 2024 is wrong here."))
    (override,) = desk.case.overrides
    assert (override["before"], override["verdict"], override["by"]) == ("prohibited", "notice", "Wang")
    assert "→ notice (Wang)" in findings.results.model.parcels[0].findings[0].title
    step = desk.page.history.topLevelItem(0).text(2)
    assert f"A, {title}: prohibited → notice" in step and rule not in step  # by its title, not its code
    findings.all_box.setChecked(True)
    assert {finding.department for finding in model.parcels[0].findings} == set(ASKED)
    desk.case.opinion("environment").steps["override"] = "Ask its people."  # as another department's account is told
    for row, finding in enumerate(model.parcels[0].findings):
        tree.setCurrentIndex(model.index(row, 0, model.index(0, 0)))
        is_own = finding.department == "land"
        assert (findings.override_button.isEnabled(), findings.override_button.toolTip() == "Ask its people.") == (
            is_own,
            not is_own,
        )


def test_of_two_findings_of_a_rule_the_chosen_one_is_judged_otherwise(desk, tmp_path):
    """Half of the parcel lies on farmland, a tenth beyond the district: the tenth is judged, and the half stands."""
    desk.open(write_layer(tmp_path / "edge.gpkg", ["DKBH"], [(box(-10, 100, 100, 100), "A")]))
    desk.page.table.choose_department("land")
    findings = desk.page.findings
    model = findings.results.model
    hit, unknown = model.parcels[0].findings
    assert (hit.rule, hit.verdict, unknown.verdict) == (unknown.rule, "prohibited", "unknown")
    findings.results.tree.setCurrentIndex(model.index(1, 0, model.index(0, 0)))
    findings.override_button.click()
    dialog = desk.page.steps.dialog
    dialog.choice.setCurrentIndex(dialog.choice.findData("clear"))
    desk.after(lambda: desk.confirm("Surveyed: a road."))
    assert [(one["before"], one["verdict"]) for one in desk.case.overrides] == [("unknown", "clear")]
    assert desk.case.opinion("land").conclusion == "disagree"


UNASKED_RULE = rule_of(
    *("forest.test forestry restricted", "GYL", "占用公益林", "On public welfare forest"),
    *("中华人民共和国森林法 第四十九条",),
    missing="checklist",
)


def test_the_findings_say_which_rules_were_not_asked_and_why_by_department(desk, one_parcel, tmp_path):
    pack = tmp_path / "three.toml"
    pack.write_text(PACK + UNASKED_RULE, encoding="utf-8")
    words = ("--project", "School", "--pack", pack, "--on", DAY, "--by", "Wang")
    desk.tab.open_case(core("review", "open", desk.path, one_parcel, *words)["case"])
    desk.wait_for_case()
    page, findings = desk.page, desk.page.findings
    page.tabs.setCurrentWidget(findings)
    results, summary = findings.results, findings.results.summary
    page.table.choose_department("land")
    assert results.summary_button.text() == "All rules of this department were asked"
    assert not summary.isVisibleTo(findings)  # there are findings to see
    page.table.choose_department("forestry")
    assert findings.summary.text() == "No finding concerns this department."
    assert results.summary_button.text() == "Rules not asked: 1"
    assert results.isVisibleTo(findings) and summary.isVisibleTo(findings)
    (forestry,) = [summary.topLevelItem(row) for row in range(summary.topLevelItemCount())]
    assert forestry.isExpanded() and forestry.child(0).text(0) == "On public welfare forest: the layer was never loaded"
    findings.all_box.setChecked(True)
    assert results.summary_button.text() == "1 of 3 rules was not asked"
    names = [summary.topLevelItem(row).text(0) for row in range(summary.topLevelItemCount())]
    assert "Forestry" in names and names[-1] == "All departments"


def test_what_is_listed_and_not_counted_is_said_beside_the_count(desk, one_parcel, tmp_path):
    pack = tmp_path / "low.toml"  # the parcel takes 5,000 m² of farmland
    pack.write_text(
        PACK.replace('verdict = "prohibited"', 'verdict = "prohibited"\nmin_area_m2 = 6000'), encoding="utf-8"
    )
    words = ("--project", "School", "--pack", pack, "--on", DAY, "--by", "Wang")
    desk.tab.open_case(core("review", "open", desk.path, one_parcel, *words)["case"])
    desk.wait_for_case()
    desk.page.tabs.setCurrentWidget(desk.page.findings)
    desk.page.table.choose_department("land")
    findings = desk.page.findings
    assert findings.summary.text() == "1 finding on 1 parcel, 1 not counted; a click goes there on the map"


def test_a_revised_case_shows_its_rounds_side_by_side(desk, one_parcel, town):
    elsewhere = write_layer(town / "elsewhere.gpkg", ["DKBH"], [(box(400, 100, 100, 100), "B")])
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.page.table.choose_department("water")  # whose draft is the same on either parcel
    editor = desk.page.editor
    editor.text.setPlainText("Of parcel A.")
    desk.page.begin_step("revise")
    desk.tab.form.parcels.choose_file(str(elsewhere))
    desk.tab.form.reason.setText("moved off the farmland")
    desk.after(desk.tab.form.send_button.click)
    assert (desk.case.round, desk.case.state) == (2, "circulating")
    assert editor.text.toPlainText() == "Of parcel A." and "round 1" in editor.conflict_label.text()
    editor.drop_button.click()
    assert editor.conflict_label.isHidden()
    rounds = desk.page.rounds
    land = next(rounds.tree.topLevelItem(row) for row in range(10) if rounds.tree.topLevelItem(row).text(0) == "Land")
    assert (land.text(1), land.text(2)) == ("disagree", "not involved ≠")
    rounds.choose("land")
    assert "第三十五条" in rounds.text.toPlainText()
    assert "moved off the farmland" in desk.page.history.topLevelItem(0).text(2)


def test_what_others_did_since_i_looked_stands_out_in_the_list_and_in_the_case(desk, one_parcel):
    desk.open(one_parcel)
    case = desk.case.id
    desk.page.back_button.click()
    wait_for(lambda: desk.tab.list.item_of(case))
    assert "●" not in desk.tab.list.item_of(case).text(0)
    core("review", "circulate", desk.path, case, "--by", "Li", "--on", DAY)
    desk.tab.refresh()
    wait_for(lambda: "●" in desk.tab.list.item_of(case).text(0))
    desk.tab.list.tree.itemActivated.emit(desk.tab.list.item_of(case), 0)
    desk.wait_for_case()
    assert "circulated" in desk.page.unseen_label.text()
    assert "●" in desk.page.history.topLevelItem(0).text(2)
    desk.page.back_button.click()
    wait_for(lambda: desk.tab.list.item_of(case) and "●" not in desk.tab.list.item_of(case).text(0))


def test_the_overview_counts_by_state_verdict_and_department_and_a_click_lists_those(desk, one_parcel):
    desk.open(one_parcel, "School")
    desk.after(desk.next)
    desk.open(one_parcel, "Park")
    desk.tab.show_list()
    wait_for(lambda: len(desk.tab.list.lines) == 2)
    board = desk.tab.list.dashboard
    assert {row.key: row.count for row in board.states.rows if row.count} == {"draft": 1, "circulating": 1}
    assert {row.key: row.count for row in board.verdicts.rows if row.count} == {"prohibited": 2}
    assert {row.key: row.count for row in board.departments.rows if row.count} == dict.fromkeys(ASKED, 1)
    board.states.chosen.emit("draft")
    assert desk.tab.list.tree.topLevelItemCount() == 1
    assert "Park" in desk.tab.list.tree.topLevelItem(0).text(0)


def test_a_case_late_by_the_day_that_is_looked_at_is_marked(desk, one_parcel):
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.tab.show_list()
    wait_for(lambda: desk.tab.list.lines and "left" in desk.tab.list.lines[0].row["values"][1])
    assert "5 days left" in desk.tab.list.tree.topLevelItem(0).text(2)
    desk.library.set_day(QDate(2026, 3, 11))
    wait_for(lambda: desk.tab.list.lines[0].overdue)
    assert "2 days late" in desk.tab.list.tree.topLevelItem(0).text(2)


def test_a_name_is_asked_once_and_kept(desk, one_parcel, monkeypatch):
    asked = []
    desk.become("")
    monkeypatch.setattr(
        "onemap.plugin.rooms.review.review_person.ask_text", lambda *words: (asked.append(1), words[-1]("Chen"))
    )
    desk.open(one_parcel)
    desk.after(desk.next)
    assert (len(asked), settings.get("review_name"), desk.case.entries[-1]["by"]) == (1, "Chen", "Chen")


def test_opening_that_is_cancelled_leaves_no_case(desk, one_parcel):
    desk.tab.list.open_button.click()
    form = desk.tab.form
    form.parcels.choose_file(str(one_parcel))
    form.project.setText("School")
    form.send_button.click()
    form.work.cancel_button.click()
    wait_for(lambda: desk.refused)
    assert desk.refused[0].is_cancel
    assert form.send_button.isEnabled()
    assert core("review", "list", desk.path)["cases"] == []


@pytest.mark.slow
def test_a_reply_file_that_is_dropped_becomes_the_draft_of_its_department(desk, one_parcel, tmp_path):
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.page.table.choose_department("water")
    reply = tmp_path / "land.reply.json"
    command = [str(core_python().path), "-P", "-c", REPLY, desk.path, desk.case.id, str(reply)]
    subprocess.run(command, check=True)
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(reply))])
    place, buttons = QPointF(5, 5), Qt.MouseButton.LeftButton
    drop = QDropEvent(place, Qt.DropAction.CopyAction, files, buttons, Qt.KeyboardModifier.NoModifier)
    desk.after(lambda: desk.page.dropEvent(drop))
    land = desk.case.opinion("land")
    assert (land.text, land.drafted_by, land.state) == ("By letter.", "Sun", "drafted")


def test_a_file_that_is_no_reply_is_refused(desk, one_parcel, tmp_path):
    desk.open(one_parcel)
    reply = tmp_path / "land.reply.json"
    reply.write_text('{"onemap_reply": 1, "department": "land"}', encoding="utf-8")
    desk.page.take_reply(str(reply))
    wait_for(lambda: desk.refused)
    assert "land.reply.json" in str(desk.refused[0])
    assert desk.page.editor.buttons["opine"].isEnabled()


@pytest.mark.usefixtures("usual_font")
def test_the_tab_is_not_wider_than_320_pixels_and_stands_side_by_side_where_there_is_room(desk, one_parcel):
    desk.open(one_parcel)
    assert desk.tab.minimumSizeHint().width() <= 320
    for page in (desk.tab.list, desk.tab.form, desk.page):
        assert page.minimumSizeHint().width() <= 320
    desk.tab.resize(1000, 700)
    desk.tab.show()
    wait_for(lambda: desk.page.split.orientation() == Qt.Orientation.Horizontal)
    assert not desk.page.table.isColumnHidden(3) or desk.page.table.width() < 620


def test_files_of_a_case_are_kept_with_it_and_handed_out_again(desk, one_parcel, tmp_path, monkeypatch):
    letter = tmp_path / "letter.txt"
    letter.write_text("Please.", encoding="utf-8")
    desk.tab.list.open_button.click()
    desk.tab.form._attach([str(letter)])
    desk.tab.form.parcels.choose_file(str(one_parcel))
    desk.tab.form.project.setText("School")
    desk.tab.form.send_button.click()
    desk.wait_for_case()
    assert [file["name"] for file in desk.case.answer["files"]] == [Path(letter).name]
    desk.page.menu.aboutToShow.emit()
    desk.page.menu.actions()[0].trigger()
    assert "letter.txt" in desk.page.reading.text.toPlainText()
    desk.page.reading.close()
    button, target, reader = desk.page.documents, tmp_path / "saved" / "letter.txt", Reader()
    target.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_words: (str(target), ""))
    button.documents.aboutToShow.emit()
    menu = next(action.menu() for action in button.documents.actions() if action.text() == "Attachments")
    (action,) = menu.actions()
    assert action.text() == "letter.txt…"
    QDesktopServices.setUrlHandler("file", reader.read)
    action.trigger()
    wait_for(lambda: reader.opened or desk.refused)
    QDesktopServices.unsetUrlHandler("file")
    # The folder is opened: an attached file may be a program.
    assert (reader.opened, desk.refused) == ([str(target.parent)], [])
    assert target.read_text(encoding="utf-8") == "Please."


def test_what_a_body_answers_on_paper_is_seen_due_and_entered_with_its_letter(desk, one_parcel, town, monkeypatch):
    pack, letter = town / "heritage.toml", town / "letter.pdf"
    body = '[body.heritage]\ntitle = { zh = "文物局", en = "Heritage & relics" }\nlead = "land"\n'
    asking = PACK.replace('department = "land"', 'department = "land"\nconsult = ["heritage"]') + body
    pack.write_text(asking, encoding="utf-8")
    letter.write_bytes(b"%PDF-1.4")
    words = ("--pack", pack, "--project", "School", "--by", "Li", "--on", DAY)
    desk.tab.open_case(core("review", "open", desk.path, one_parcel, *words)["case"])
    desk.wait_for_case()
    assert desk.page.bodies_label.text() == "Heritage & relics · asked on paper"

    def enter():
        desk.page.menu.aboutToShow.emit()
        text = "Enter the answer of: Heritage && relics…"
        return next(action for action in desk.page.menu.actions() if action.text() == text)

    assert not enter().isEnabled() and "has not been sent out yet" in enter().toolTip()
    desk.after(desk.next)
    assert "2026-03-0" in desk.page.bodies_label.text()
    desk.page.table.choose_department("land")
    desk.page.editor.text.setPlainText("Typed for land, not sent.")
    enter().trigger()
    dialog = desk.page.steps.dialog
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_words: ([str(letter)], ""))
    dialog._choose_files()
    dialog.choice.setCurrentIndex(dialog.choice.findData("conditional"))
    desk.after(lambda: desk.confirm("Dig first."))
    (answered,) = desk.case.answer["bodies"]
    assert (answered["answer"]["conclusion"], answered["answer"]["text"]) == ("conditional", "Dig first.")
    assert [paper["name"] for paper in answered["answer"]["papers"]] == ["letter.pdf"]
    assert "conditional" in desk.page.bodies_label.text()
    assert desk.page.editor.text.toPlainText() == "Typed for land, not sent."


def test_in_chinese_the_core_s_sentences_name_buttons_too(desk, one_parcel):
    settings.put("language", "zh")
    desk.library.core.ask("words", {}).answered.connect(core_words.learn)
    wait_for(lambda: core_words.word("departments", "land") == "自然资源和规划局（土地）")
    desk.open(one_parcel)
    desk.page.fill_menu()
    issue = next(action for action in desk.page.menu.actions() if action.data() == "issue")
    assert "“汇总”" in issue.toolTip()
    assert "review" not in issue.toolTip()
    settings.put("language", "en")
    desk.library.core.ask("words", {}).answered.connect(core_words.learn)
    wait_for(lambda: core_words.word("departments", "land") == "Land")


def test_a_case_of_a_library_that_was_left_meanwhile_is_not_shown_in_another(desk, one_parcel, library):
    desk.tab.list.open_button.click()
    desk.tab.form.parcels.choose_file(str(one_parcel))
    desk.tab.form.project.setText("School")
    desk.tab.form.send_button.click()
    desk.library.open(library)
    wait_for(lambda: desk.library.layers and not desk.tab.form.is_working)
    assert desk.case is None
    assert desk.tab.pages.currentWidget() is desk.tab.list
    assert len(core("review", "list", desk.path)["cases"]) == 1


@pytest.mark.slow
def test_what_is_typed_outlives_qgis(desk, one_parcel, canvas):
    desk.open(one_parcel)
    case = desk.case.id
    desk.after(desk.next)
    desk.page.table.choose_department("land")
    desk.page.editor.text.setPlainText("Half of it\nstands on farmland “A & B”.")
    desk.page.editor.conclusion.setCurrentIndex(desk.page.editor.conclusion.findData("disagree"))
    later = Desk(desk.path, canvas, core=desk.library.core)
    later.tab.open_case(case)
    wait_for(lambda: later.tab.case_page.case is not None)
    later.page.table.choose_department("land")
    editor = later.page.editor
    assert editor.text.toPlainText() == "Half of it\nstands on farmland “A & B”."
    assert editor.conclusion.currentData() == "disagree" and editor.is_typed
    editor.drop_button.click()
    assert not editor.is_typed and editor.text.toPlainText() != "Half of it\nstands on farmland “A & B”."
    later.tab.close_down()
    later.tab.deleteLater()

"""An open case: its buttons stay visible, and steps of others appear without a press."""

import pytest

from onemap.plugin.profile import settings
from onemap.plugin.rooms.review.review_words import UNSEEN, name_buttons
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.review_desk import DAY
from onemap.tests.plugin.small_town import lay_out, open_in, wait_for
from onemap.tests.plugin.windows import low_dock


def item_of(table, department):
    """The row of a department in the table of opinions."""
    items = (table.topLevelItem(at) for at in range(table.topLevelItemCount()))
    return next(item for item in items if table.about(item)["department"] == department)


@pytest.mark.slow
def test_what_another_signs_is_shown_without_a_press_and_what_is_typed_stays(desk, one_parcel):
    desk.open(one_parcel)
    case = desk.case.id
    desk.after(desk.next)
    desk.choose("environment", "agree", "Outside the red line of 2023.")
    desk.page.table.choose_department("land")
    editor, table = desk.page.editor, desk.page.table
    editor.text.setPlainText("Move the school off the farmland.")
    cursor = editor.text.textCursor()
    cursor.setPosition(8)
    editor.text.setTextCursor(cursor)
    desk.tab.follower.timer.setInterval(100)
    desk.tab.follower.follow(True)
    core("review", "sign", desk.path, case, "environment", "--by", "Zhao", "--on", DAY)
    row = item_of(table, "environment")
    assert "signed" not in row.text(2)
    wait_for(lambda: desk.case.opinion("environment").state == "signed")
    (row,) = [one for one in desk.case.rows("opinions") if one["about"]["department"] == "environment"]
    assert "signed by Zhao" in row["hint"]
    row = item_of(table, "environment")
    assert "signed" in row.text(2) and UNSEEN in row.text(0)
    assert "Environment" in desk.page.unseen_label.text()
    assert (table.department, editor.text.toPlainText()) == ("land", "Move the school off the farmland.")
    assert editor.text.textCursor().position() == 8
    core("review", "revise", desk.path, case, one_parcel, "--reason", "redrawn", "--by", "Li", "--on", DAY)
    wait_for(lambda: desk.case.round == 2)
    assert (table.department, editor.text.toPlainText()) == ("land", "Move the school off the farmland.")
    desk.page.back_button.click()
    wait_for(lambda: desk.tab.list.item_of(case))
    core("review", "withdraw", desk.path, case, "--by", "Li", "--on", DAY, "--reason", "given up")
    wait_for(lambda: desk.tab.list.lines[0].state == "withdrawn")
    assert desk.refused == []


@pytest.mark.slow
def test_a_library_that_nobody_wrote_into_is_not_asked_again(desk, one_parcel):
    desk.open(one_parcel)
    follower, answers = desk.tab.follower, []
    follower.answered.connect(answers.append)
    follower.look()
    wait_for(lambda: answers)
    for _look in range(3):
        follower.look()
        wait_for(lambda: not follower.asking.is_busy)
    assert len(answers) == 1
    core("review", "circulate", desk.path, desk.case.id, "--by", "Li", "--on", DAY)
    follower.look()
    wait_for(lambda: len(answers) == 2 and desk.case.state == "circulating")


@pytest.mark.slow
def test_what_is_written_while_an_answer_is_on_its_way_is_seen_at_the_next_look(desk, one_parcel, monkeypatch):
    desk.open(one_parcel)
    follower, case, ask, answers = desk.tab.follower, desk.case.id, desk.library.core.ask, []

    def ask_and_write(*question):
        """The answer is there when somebody else writes, and is taken after that."""
        request = ask(*question)
        if not answers:
            request.answered.connect(lambda _: core("review", "circulate", desk.path, case, "--by", "Li", "--on", DAY))
        return request

    monkeypatch.setattr(desk.library.core, "ask", ask_and_write)
    follower.answered.connect(answers.append)
    follower.look()
    wait_for(lambda: answers)
    assert answers[0]["cases"][0]["state"] == desk.case.state == "draft"
    follower.look()
    wait_for(lambda: desk.case.state == "circulating")


@pytest.fixture(params=["en", "zh"])
def dock_on_low_screen(request, usual_font, canvas, shared_core):
    """The dock on a low screen, in either language."""
    settings.put("language", request.param)
    with low_dock(canvas, shared_core) as made:
        yield made


@pytest.mark.slow
def test_the_buttons_of_an_opinion_are_in_sight_in_a_dock_640_pixels_high(dock_on_low_screen, desk, one_parcel):
    """With all that may stand above them: warnings, what others did meanwhile, words that are not saved."""
    dock = dock_on_low_screen
    case = core("review", "open", desk.path, one_parcel, "--project", "School", "--by", "Li", "--on", DAY)["case"]
    core("review", "circulate", desk.path, case, "--by", "Li", "--on", DAY)
    open_in(dock, desk.path)
    tab = dock.review_tab
    dock.tabs.setCurrentIndex(dock.tab_index(tab))
    tab.open_case(case)
    page = tab.case_page
    wait_for(lambda: page.case is not None)
    page.case.answer["warnings"] = ["a department has not answered what it was asked by the checklist"] * 4
    page.show_case(page.case)
    page.unseen_label.setText("Li: Circulate")
    page.unseen_label.show()
    page.editor.text.setPlainText("Move the school off the farmland.")
    wait_for(lambda: page.editor.drop_button.isVisible() and page.width() <= 320)
    lay_out()
    assert page.warnings.text().count("<br>") == 0 and "4" in page.warnings.text()
    for button in (*page.editor.buttons.values(), page.editor.drop_button):
        lower_edge = button.mapTo(dock, button.rect().bottomLeft()).y()
        assert button.visibleRegion().boundingRect() == button.rect(), button.text()
        assert lower_edge < dock.height() == 640
    tree = page.table
    heights = [tree.rowHeight(tree.indexFromItem(tree.topLevelItem(row))) for row in range(tree.topLevelItemCount())]
    assert max(heights) > 1.5 * tree.fontMetrics().height()  # long names wrap
    assert all(tree.viewport().height() >= sum(heights[at : at + 4]) for at in range(len(heights) - 3))
    page.warnings.linkActivated.emit("all")
    assert page.warnings.text().count("<br>") == 3
    settings.put("language", "en")
    desk.library.core.ask("words", {}).answered.connect(core_words.learn)
    wait_for(lambda: core_words.word("departments", "land") == "Land")


@pytest.fixture
def land_desk(desk, one_parcel):
    """The desk at a case that circulates, with the draft for land chosen as the machine wrote it."""
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.page.table.choose_department("land")
    return desk


@pytest.mark.slow
def test_who_wrote_a_draft_reads_that_another_must_sign_it_and_the_other_can(land_desk):
    desk, editor = land_desk, land_desk.page.editor
    assert editor.sign_label.isHidden()  # by the machine: anybody may sign it
    desk.choose("land", "conditional", "Move the school off the farmland.")
    assert not editor.sign_label.isHidden() and not editor.buttons["sign"].isEnabled()
    assert "Wang" in editor.sign_label.text() and "another person" in editor.sign_label.text()
    core("review", "sign", desk.path, desk.case.id, "land", "--by", "Zhao", "--on", DAY, "--unanswered", "not asked")
    desk.tab.follower.look()
    wait_for(lambda: desk.case.opinion("land").state == "signed")
    assert editor.sign_label.isHidden() and "Zhao" in editor.author_label.text()


@pytest.mark.slow
def test_a_step_that_is_asked_about_while_another_changes_the_case_is_refused_and_its_reason_stays(land_desk):
    desk, before = land_desk, land_desk.case.revision
    desk.page.editor.buttons["extend"].click()
    dialog = desk.page.steps.dialog
    dialog.reason.setPlainText("The survey is late.")
    words = ("--conclusion", "disagree", "--text", "Not here.", "--basis", "Art. 35", "--by", "Zhao", "--on", DAY)
    core("review", "opine", desk.path, desk.case.id, "land", *words)
    desk.tab.follower.look()
    wait_for(lambda: desk.case.revision > before)  # the page below the dialog shows what Zhao wrote
    assert desk.case.opinion("land").drafted_by == "Zhao"
    dialog.ok.click()
    wait_for(lambda: desk.refused)
    assert desk.refused[0].is_about("review.conflict")
    assert "Zhao" in str(desk.refused[0]) and "disagree" in str(desk.refused[0])
    desk.refused.clear()
    desk.page.editor.buttons["extend"].click()
    assert desk.page.steps.dialog.reason_text == "The survey is late."
    desk.after(desk.page.steps.dialog.ok.click)
    desk.page.editor.buttons["extend"].click()
    assert desk.page.steps.dialog.reason_text == ""
    desk.page.steps.dialog.reject()


@pytest.mark.slow
def test_whoever_goes_back_to_the_list_is_not_called_away_by_an_answer(desk, one_parcel):
    desk.open(one_parcel)
    case, list_page = desk.case.id, desk.tab.list
    answers = []
    desk.tab.library_read.connect(lambda: answers.append(desk.tab.pages.currentWidget()))
    desk.tab.reload_case()
    desk.page.back_button.click()  # before the answer
    wait_for(lambda: len(answers) > 1 or list_page.item_of(case) and answers)
    assert desk.tab.pages.currentWidget() is list_page
    desk.tab.open_case(case)
    desk.wait_for_case()
    desk.page.steps.circulate()
    desk.page.steps.dialog.ok.click()
    desk.page.back_button.click()
    wait_for(lambda: [line for line in list_page.lines if line.state == "circulating"])
    assert desk.tab.pages.currentWidget() is list_page and desk.refused == []


@pytest.mark.slow
def test_what_others_do_while_the_next_round_is_filled_in_is_shown_by_who_gives_it_up(desk, one_parcel):
    desk.open(one_parcel)
    desk.after(desk.next)
    desk.page.begin_step("revise")
    assert desk.tab.pages.currentWidget() is desk.tab.form
    core("review", "withdraw", desk.path, desk.case.id, "--by", "Li", "--on", DAY, "--reason", "given up")
    answers = []
    desk.tab.follower.answered.connect(answers.append)
    desk.tab.follower.look()
    wait_for(lambda: answers)
    assert desk.tab.pages.currentWidget() is desk.tab.form
    desk.tab.form.back_requested.emit()
    wait_for(lambda: desk.case.state == "withdrawn")
    assert desk.tab.pages.currentWidget() is desk.page


@pytest.mark.slow
def test_a_department_is_named_in_a_refusal_as_it_is_in_the_list(land_desk):
    desk = land_desk
    desk.choose("land", "agree", "Fine.")
    core("review", "sign", desk.path, desk.case.id, "land", "--by", "Zhao", "--on", DAY, "--unanswered", "not asked")
    desk.page.editor.text.setPlainText("Not so fine.")
    desk.page.steps.opine("land", desk.page.editor.params())
    wait_for(lambda: desk.refused)
    assert "(Land)" in str(desk.refused[0]) and "(land)" not in str(desk.refused[0])
    assert name_buttons("自然资源和规划局（土地）（land）的意见") == "自然资源和规划局（土地）的意见"

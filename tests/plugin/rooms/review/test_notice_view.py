"""The public notice in the dock: opened, commented on, replied to, closed, a name erased."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel

from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import in_core
from onemap.tests.plugin.review_desk import Desk
from onemap.tests.plugin.small_town import wait_for

STRANGER = Path(__file__).parents[2] / "stranger.py"


@pytest.fixture
def desk(rehearsal_library, canvas, shared_core, tmp_path):
    """A desk of today, for strangers write by the clock."""
    path = tmp_path / "review.gpkg"
    shutil.copyfile(rehearsal_library, path)
    core_words.learn({})  # as in a QGIS that has just begun
    made = Desk(path, canvas, day=date.today().isoformat(), core=shared_core)
    yield made
    made.tab.close_down()
    made.tab.deleteLater()


@pytest.mark.slow
def test_a_notice_is_opened_replied_to_and_closed(desk, one_parcel):
    desk.open(one_parcel)
    desk.after(desk.next)
    view, case = desk.page.notice, desk.case.id
    assert view.tree.isHidden() and desk.case.notices == []
    assert [button.text() for button in view.buttons.values()] == ["Reply…", "Erase name and place…"]
    desk.page.begin_step("notice")
    marks = desk.page.steps.dialog.marks
    chosen = next(item for item in map(marks.item, range(marks.count())) if item.text() == "Location")
    chosen.setCheckState(Qt.CheckState.Checked)
    desk.after(lambda: desk.confirm())
    assert desk.case.notices[-1]["withheld"] == ["location"]
    assert desk.case.steps["issue"] and desk.case.steps["notice"] and desk.case.steps["close"] is None
    wait_for(lambda: "comments: 0" in view.head.text())
    with in_core(STRANGER, desk.path, case, "太吵 <b>x</b>", "张三", "城北") as stranger:
        assert stranger.wait(timeout=60) == 0
    desk.tab.follower.look()
    wait_for(lambda: view.tree.topLevelItemCount() == 1)
    assert desk.case.notices[-1]["comments"] == 1
    item = view.tree.topLevelItem(0)
    assert (item.text(0), item.text(1)) == ("1", "太吵 <b>x</b>") and "张三" in item.text(2)
    assert not view.buttons["respond"].isEnabled()
    desk.case.steps["erase"] = "Ask the lead department."  # as a department's account is told
    view.tree.setCurrentItem(item)
    assert (view.buttons["erase"].isEnabled(), view.buttons["erase"].toolTip()) == (False, "Ask the lead department.")
    view.buttons["respond"].click()
    desk.after(lambda: desk.confirm("已采纳"))
    wait_for(lambda: view.tree.topLevelItem(0) and view.tree.topLevelItem(0).childCount() == 1)
    assert view.buttons["respond"].isEnabled()  # the comment is still the chosen one
    desk.page.begin_step("close")
    assert any("1 comment came in" in label.text() for label in desk.page.steps.dialog.findChildren(QLabel))
    assert not desk.page.steps.dialog.ok.isEnabled()  # before its last day is over
    desk.after(lambda: desk.confirm("提前"))
    assert not desk.case.notices[-1]["open"]
    wait_for(lambda: view.tree.topLevelItemCount() == 1 and not view.asking.is_busy)
    view.tree.setCurrentItem(view.tree.topLevelItem(0))
    view.buttons["erase"].click()
    desk.after(lambda: desk.confirm("本人要求"))
    wait_for(lambda: view.tree.topLevelItem(0) and "erased" in view.tree.topLevelItem(0).text(2))
    assert desk.refused == []

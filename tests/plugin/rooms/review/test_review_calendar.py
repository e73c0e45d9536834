"""A year without a known calendar is announced before it is needed, and entered from a pasted notice."""

from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtTest import QTest

from onemap.tests.plugin.small_town import wait_for

pytestmark = pytest.mark.slow
NOTICE = """国务院办公厅关于2098年部分节假日安排的通知
一、元旦：1月1日放假1天。
二、春节：2月1日至7日放假调休，共7天。1月26日（周日）上班。
三、清明节：4月4日放假1天。
四、劳动节：5月1日至5日放假调休，共5天。5月10日（周六）上班。
五、端午节：6月4日放假1天。
六、中秋节：9月10日放假1天。
七、国庆节：10月1日至7日放假调休，共7天。9月28日（周日）、10月11日（周六）上班。
"""


def paste(dialog, text):
    """Paste a text, and wait for the core's answer."""
    dialog.text.setPlainText(text)
    assert not dialog.button.isEnabled()
    dialog.look()
    wait_for(lambda: not dialog.looking.is_busy)


def test_a_case_that_is_sent_into_an_unknown_year_leads_to_the_notice_and_then_goes_out(desk, one_parcel):
    desk.open(one_parcel)
    desk.tab.show_list()
    listed = desk.tab.list
    wait_for(lambda: listed.lines)
    assert listed.remarks.isHidden() and listed.calendar_button.isHidden()
    desk.library.set_day(QDate(2098, 3, 2))
    wait_for(lambda: not listed.remarks.isHidden())
    assert "2098" in listed.remarks.text() and "--" not in listed.remarks.text()
    assert not listed.calendar_button.isHidden()
    desk.tab.open_case(listed.lines[0].case)
    wait_for(lambda: desk.tab.pages.currentWidget() is desk.page)
    desk.next()
    wait_for(lambda: desk.refused)
    refusal = desk.refused.pop()
    assert refusal.is_about("calendar.missing") and "--" not in str(refusal)
    refusal.mend[1]()
    dialog = desk.tab.calendar_dialog
    wait_for(lambda: not dialog.is_working)
    paste(dialog, NOTICE.replace("5月1日至5日", "5月1日至6日"))
    assert "6" in dialog.error.text() and not dialog.button.isEnabled()
    paste(dialog, NOTICE)
    assert dialog.error.isHidden()
    assert "2098" in [dialog.years.topLevelItem(row).text(0) for row in range(dialog.years.topLevelItemCount())]
    QTest.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    wait_for(lambda: not dialog.is_working)
    assert "[2098]" in Path(desk.path).with_suffix(".calendar.toml").read_text(encoding="utf-8")
    wait_for(lambda: listed.remarks.isHidden())
    desk.after(desk.next)
    assert {desk.record(name)["due"] for name in ("land", "environment")} == {"2098-03-07"}  # 2 March is a Sunday

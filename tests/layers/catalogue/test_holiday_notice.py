"""The State Council's notices of holidays: the sentences of past years give their calendars."""

from datetime import date, timedelta

import pytest
from chinese_calendar import constants, is_workday

from onemap.layers.catalogue.holiday_notice import calendar_with, read_notice
from onemap.layers.catalogue.working_days import WorkCalendar, checked_calendar, spans_of
from onemap.layers.errors import OneMapError

FESTIVALS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}
OF_ANOTHER_NOTICE = {date(2015, 9, 3), date(2015, 9, 4), date(2015, 9, 6)}  # the seventieth anniversary of the victory
NOTICE = """
国务院办公厅关于2027年
部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历除夕、周五）至12日（农历正月初七、周五）放假调休，共8天。1月31日（周日）、2月20日（周六）上班。
三、清明节：4月3日（星期六）至5日（星期一）放假，共 3 天。
四、劳动节：5月1日至2日放假，5月3日（周一）、5月4日（周二）补休。
五、端午节：6月9日（周三）放假1天，不调休。鼓励安排职工在前一日（6月8日）休息。
六、中秋节：9月15日（周三）放假1天，不调休。
七、国庆节：10月1日（周五）至10月7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
节假日期间，各地区要安排好值班等工作。
国务院办公厅
2026年11月4日
"""


def days_of(year):
    return [
        date(year, 1, 1) + timedelta(days) for days in range(366) if (date(year, 1, 1) + timedelta(days)).year == year
    ]


def day_text(day, year):
    return f"{day.year}年{day.month}月{day.day}日" if day.year != year else f"{day.month}月{day.day}日"


def notice_of(year):
    """The package's calendar of a year, in the sentences of a notice, without spans of weekends alone."""
    lines = [f"关于{year}年部分节假日安排的通知"]
    for number, (english, chinese) in enumerate(FESTIVALS.items()):
        first, last = date(year - 1, 12, 20), date(year, 12, 20)  # New Year's Day may begin in the year before
        free = [day for day, what in constants.holidays.items() if english in str(what) and first < day < last]
        worked = [day for day, what in constants.workdays.items() if english in str(what) and first < day < last]
        spans = [
            day_text(begin, year) if begin == end else f"{day_text(begin, year)}至{day_text(end, year)}"
            for begin, end in spans_of(free)
        ]
        line = f"{'一二三四五六七'[number]}、{chinese}：{'、'.join(spans)}放假，共{len(set(free))}天。"
        week = "一二三四五六日"
        if worked:
            texts = (f"{day_text(day, year)}（周{week[day.weekday()]}）" for day in worked)
            line += f"{'、'.join(texts)}上班。"
        lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("year", [*range(2010, 2020), *range(2021, 2027)])  # in 2020 a second notice added three days
def test_the_sentences_of_a_past_year_give_back_its_working_days(year):
    text = calendar_with(read_notice(notice_of(year)), None, WorkCalendar())
    calendar = checked_calendar(text, "city.calendar.toml")
    assert year in calendar.own
    otherwise = [day for day in days_of(year) if calendar.is_worked(day) != is_workday(day)]
    assert [day for day in otherwise if day < date(year, 12, 20) and day not in OF_ANOTHER_NOTICE] == []


def test_days_of_the_year_before_leave_the_rest_of_that_year_as_it_is_known():
    text = NOTICE.replace(
        "1月1日（周五）至3日（周日）放假，共3天", "2026年12月30日（周三）至2027年1月3日（周日）放假，共5天"
    ).replace("9月26日（周日）、", "9月26日（周日）、10月10日（周日）、10月16日（周六）、")  # two more weekends worked
    calendar = checked_calendar(calendar_with(read_notice(text), None, WorkCalendar()), "city.calendar.toml")
    otherwise = [day for day in days_of(2026) if calendar.is_worked(day) != is_workday(day)]
    assert otherwise == [date(2026, 12, 30), date(2026, 12, 31)]
    assert 2026 not in checked_calendar(calendar_with(read_notice(NOTICE), None, WorkCalendar()), "x").own


def test_what_a_notice_only_recommends_is_no_free_day_and_what_is_made_up_for_is():
    notice = read_notice(NOTICE)
    assert date(2027, 6, 8) not in notice.free and {date(2027, 5, 3), date(2027, 5, 4)} <= notice.free
    assert len(notice.free) == 3 + 8 + 3 + 4 + 1 + 1 + 7 and len(notice.worked) == 4


@pytest.mark.parametrize("numbers", ["", "{}.", "({})", "{}、"])
def test_the_festivals_are_known_by_their_names_however_they_are_numbered(numbers):
    text = NOTICE
    for at, letter in enumerate("一二三四五六七", start=1):
        text = text.replace(f"\n{letter}、", f"\n{numbers.format(at)}")
    assert read_notice(text) == read_notice(NOTICE)


def test_other_years_of_the_file_stay_and_the_year_of_the_notice_is_replaced():
    before = '[2028]\nholidays = ["2028-01-03"]\n[2027]\nworkdays = ["2027-01-02"]\n'
    text = calendar_with(read_notice(NOTICE), before, checked_calendar(before, "x"))
    calendar = checked_calendar(text, "x")
    assert not calendar.is_worked(date(2028, 1, 3)) and not calendar.is_worked(date(2027, 1, 2))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("关于2027年", "关于明年", "calendar.no_year"),
        ("六、中秋节：9月15日（周三）放假1天，不调休。", "", "calendar.festivals"),
        ("关于2027年", "关于2026年", "calendar.weekday"),
        ("5日（星期一）", "6日（星期一）", "calendar.weekday"),
        ("1月1日（周五）至3日（周日）放假，共3天", "1月1日（周五）至3日（周日）放假，共2天", "calendar.count"),
        ("10月7日（周四）放假调休，共7天", "10月8日放假调休，共7天", "calendar.count"),
        ("1月31日（周日）、", "2月1日、", "calendar.worked"),
        ("9月26日（周日）", "10月3日（周日）", "calendar.worked"),
        ("9月15日（周三）放假", "9月31日放假", "calendar.day"),
        ("5月1日至2日放假", "5月2日至1日放假", "calendar.day"),
        ("、10月9日（周六）上班", "、10月9（周六）上班", "calendar.day"),
        ("、2月20日（周六）上班", "、2月20日（周六）", "calendar.day"),
        ("、2月20日（周六）上班", "上班", "calendar.balance"),
        ("5月3日（周一）、5月4日（周二）补休", "5月3日（周一）补休", "calendar.balance"),
    ],
)
def test_what_does_not_fit_together_is_refused(before, after, code):
    assert before in NOTICE
    with pytest.raises(OneMapError) as refused:
        read_notice(NOTICE.replace(before, after))
    assert refused.value.code == code

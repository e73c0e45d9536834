"""`onemap calendar`: the working days of a library, and a year added from the State Council's notice."""

import pytest

from onemap.tests.layers.catalogue.test_holiday_notice import NOTICE

YEAR = 2027


@pytest.fixture(autouse=True)
def no_other_calendar(monkeypatch):
    monkeypatch.delenv("ONEMAP_CALENDAR", raising=False)


@pytest.fixture
def notice(tmp_path):
    path = tmp_path / "notice.txt"
    path.write_text(NOTICE, encoding="utf-8-sig")  # as an editor of Windows may write it
    return path


def sources(answer):
    return {row["year"]: row["source"] for row in answer.json["years"]}


def test_a_notice_is_shown_first_and_kept_only_when_it_is_asked_for(onemap, place, notice):
    before = onemap("calendar", place)
    shown = onemap("calendar", place, "--notice", notice)
    assert (shown.json["kept"], sources(shown)[YEAR]) == (False, "own")
    assert onemap("calendar", place).json == before.json
    kept = onemap("calendar", place, "--notice", notice, "--keep")
    [year] = [row for row in kept.json["years"] if row["year"] == YEAR]
    assert kept.json["kept"] and ["2027-10-01", "2027-10-07"] in year["free"] and "2027-10-09" in year["worked"]
    assert ["2027-06-09", "2027-06-09"] in year["free"]
    assert sources(onemap("calendar", place)).get(YEAR, "own") == "own"
    assert onemap("verify", place).json["ok"]


def test_a_notice_may_be_in_gbk(onemap, place, notice):
    before = onemap("calendar", place, "--notice", notice).json["years"]
    notice.write_text(NOTICE, encoding="gbk")
    assert onemap("calendar", place, "--notice", notice).json["years"] == before
    assert onemap("calendar", place, "--notice", notice.with_name("none.txt")).codes == ["source.missing"]


def test_a_notice_that_contradicts_itself_changes_nothing(onemap, place, notice):
    notice.write_text(NOTICE.replace("2027年", "2026年"), encoding="utf-8")
    refused = onemap("calendar", place, "--notice", notice, "--keep", lang="zh")
    assert (refused.code, refused.codes) == (3, ["calendar.weekday"])
    assert "own" not in sources(onemap("calendar", place)).values()


def test_a_year_is_kept_of_a_notice_only(onemap, place):
    assert onemap("calendar", place, "--keep").codes == ["usage.required"]

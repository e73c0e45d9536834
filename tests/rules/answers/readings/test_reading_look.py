"""The look of sensors: a class by status and age, with a rule for every class, told apart by shape and fill."""

from xml.etree import ElementTree

import pytest

from onemap.rules.answers.readings.reading_look import shown_class, status_look


@pytest.mark.parametrize(
    ("status", "age_s", "period_s", "shown"),
    [
        ("alarm", 3600, 3600, "alarm_heard"),
        ("normal", 3601, 3600, "normal_late"),
        ("warn", 10_800, 3600, "warn_late"),
        ("unknown", 10_801, 3600, "unknown_silent"),
        ("unknown", 60, None, "unknown_silent"),
        ("unknown", None, 3600, "unknown_silent"),
        ("unknown", 60, 3600, "unknown_heard"),
    ],
)
def test_a_sensor_is_heard_within_one_period_late_within_three_and_then_silent(status, age_s, period_s, shown):
    assert shown_class(status, age_s, period_s) == shown


@pytest.mark.parametrize(("language", "word"), [("zh", "报警 · 迟报"), ("en", "alarm · late")])
def test_every_class_has_a_symbol_of_its_own_without_colour_too(language, word):
    root = ElementTree.fromstring(status_look(language).partition("\n")[2])
    rules = {rule.get("filter").split("'")[1]: rule for rule in root.iter("rule") if "'" in rule.get("filter")}
    assert rules["alarm_late"].get("label") == word
    looks = {}
    for symbol in root.iter("symbol"):
        options = {option.get("name"): option.get("value") for option in symbol.iter("Option") if option.get("value")}
        looks[symbol.get("name")] = (options["name"], options["color"] == "255,255,255,255")
    assert set(rules) == {
        *(f"{status}_{age}" for status in ("alarm", "warn", "normal", "unknown") for age in ("heard", "late")),
        "unknown_silent",
    }
    assert len({looks[rule.get("symbol")] for rule in rules.values()}) == len(rules)

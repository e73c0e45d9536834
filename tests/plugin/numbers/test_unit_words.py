"""A unit of measure in the user's language: no English unit stands in a Chinese list."""

import pytest

from onemap.plugin.numbers.unit_values import measured_text
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import install_translator, remove_translator


@pytest.fixture
def chinese(application):
    """The plugin in Chinese."""
    settings.put("language", "zh")
    translator = install_translator()
    yield
    remove_translator(translator)
    settings.put("language", "")


def test_units_are_chinese_in_a_chinese_list(chinese):
    texts = [measured_text(559.6, measure) for measure in ("ha", "person", "m2/person", "km2")]
    assert texts == ["559.60 公顷", "560 人", "559.60 m²/人", "559.600 km²"]


def test_a_multiple_is_said_as_in_the_chart(chinese):
    assert measured_text(1.283, "x") == "1.28 倍"


def test_a_number_has_the_decimals_of_its_page_and_never_reads_as_nothing(application):
    assert measured_text(1234.5678, "%", 1) == "1,234.6 %"
    assert [measured_text(value, "%", 2) for value in (0.004, -0.004, 0.0)] == ["< 0.01 %", "> -0.01 %", "0.00 %"]

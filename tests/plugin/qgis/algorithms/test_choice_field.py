"""Choices in Processing's dialogs are shown by title, and are the core's words in scripts."""

import pytest
from qgis.core import QgsProcessingParameterEnum
from qgis.PyQt.QtWidgets import QComboBox

from onemap.plugin.qgis.algorithms.choice_titles import titles_of
from onemap.plugin.words import core_words


@pytest.fixture
def no_words():
    """Remove the core's words, as before the panel was opened."""
    before = dict(core_words._words)
    core_words.learn({})
    yield
    core_words.learn(before)


def list_of(form, name):
    return form.wrappers[name].box


def titles_in(box):
    return [box.itemText(index) for index in range(box.count())]


def test_a_decision_is_read_by_its_title_and_is_a_word_for_the_core(form_of, no_words):
    form = form_of("decide")
    box = list_of(form, "DECISION")
    assert isinstance(box, QComboBox) and form.wrappers["DECISION"].value() is None
    box.showPopup()  # the core is asked when the list is first seen
    box.hidePopup()
    assert titles_in(box)[:2] == ["keep as in A", "keep as in B"]
    box.setCurrentIndex(1)
    assert form.wrappers["DECISION"].value() == "keep-b"


def test_a_choice_that_is_set_from_outside_is_shown_by_its_title(form_of, no_words):
    form = form_of("check")
    form.setParameters({"FAIL_ON": "consult", "CODE_SYSTEM": "survey"})
    assert list_of(form, "CODE_SYSTEM").currentText() == "Third land survey"
    assert form.wrappers["CODE_SYSTEM"].value() == "survey" and form.wrappers["FAIL_ON"].value() == "consult"
    form.setParameters({"CODE_SYSTEM": None})
    assert list_of(form, "CODE_SYSTEM").currentText() == "[Not selected]"


def test_every_choice_has_a_title_for_each_of_its_words(provider, form_of):
    list_of(form_of("decide"), "DECISION").learn_titles()
    for one in provider.algorithms():
        for definition in one.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterEnum):
                field = definition.metadata()["widget_wrapper"]
                assert set(definition.options()) <= set(titles_of(field["of"])), (one.name(), definition.name())

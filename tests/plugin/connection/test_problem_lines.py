"""The text of a problem: it names a layer by its title, and repeats nothing that its sentence already names."""

import pytest
from qgis.core import QgsSettings

from onemap.plugin.connection.refusals import problem_line, refusal_from_error
from onemap.plugin.words import core_words
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.plugin.words.verb_parameters import argument_names


@pytest.fixture
def titles(application):
    core_words.learn_layers({"DOM": "Orthophoto"})
    yield
    core_words.learn_layers({})


def test_a_layer_is_called_by_its_title_with_the_code_in_brackets(titles):
    problem = {"layer": "DOM", "message": "The picture a.tif lies outside.", "mend": "Move it along."}
    assert problem_line(problem) == "Orthophoto (DOM): The picture a.tif lies outside. Move it along."
    assert problem_line({**problem, "layer": "XYZ"}).startswith("XYZ: ")
    used = {"layer": "DOM", "field": "--label", "message": "The layer DOM has it.", "mend": "Give another by --label."}
    assert problem_line(used) == "The layer Orthophoto (DOM) has it. Give another by --label."


def test_a_field_that_the_sentence_names_is_not_said_before_it(titles):
    problem = {"field": "BSM", "message": "a.gpkg没有必需字段BSM；现有字段：DKBH。"}
    assert problem_line(problem) == problem["message"]
    assert problem_line({"field": "BSM", "message": "The field MYBSM is odd."}).startswith("BSM: ")


def test_in_chinese_names_are_listed_with_its_own_comma(application):
    QgsSettings().setValue("onemap/language", "zh")
    translator = install_translator()
    core_words.learn({"departments": {"land": "土地", "water": "水利"}})
    try:
        assert core_words.words_of("departments", "land,water") == "土地、水利"
    finally:
        core_words.learn({})
        remove_translator(translator)


def test_a_window_says_nothing_of_arguments_that_only_the_command_line_has():
    problems = [
        {"field": "TARGET", "message": "The folder gone does not exist.", "mend": "Make it first."},
        {"field": "--out", "message": "a.xlsx could not be written."},
        {"field": "--pack", "message": "The pack has no rules."},
        {"field": "BSM", "message": "It is empty."},
        {"field": "RUN", "message": "It is a field here."},
    ]
    refusal = refusal_from_error({"message": "", "data": {"problems": problems}}, "review.export")
    lines = refusal.in_window({"--pack": "Rules"}).splitlines()
    assert lines[:2] == ["The folder gone does not exist. Make it first.", "a.xlsx could not be written."]
    assert lines[2:] == ["--pack: The pack has no rules.", "BSM: It is empty.", "RUN: It is a field here."]


def test_the_arguments_of_a_verb_are_those_that_it_declares():
    assert argument_names("review export") == {"LIBRARY": "library", "CASE": "case", "TARGET": "target"}
    assert argument_names("history")["CODE|CASE"] == argument_names("history")["CODE"] == "code"
    assert argument_names("") == {}

"""Formulas and units of measure: read, refused, and computed, by hand."""

import math

import pytest

from onemap.rules.numbers.indicators.formula import FormulaError, formula
from onemap.rules.numbers.indicators.unit_of_measure import unit_of_measure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 6.0),
        ("a - b - 1", 2.0),
        ("a / b / 2", 1.0),
        ("a + b * 2", 12.0),
        ("(a + b) * 2", 18.0),
        ("100 * (a - b) / a", 50.0),
        ("a / (b - 3)", None),
    ],
)
def test_a_formula_is_reckoned_as_at_school(text, expected):
    assert formula(text).value({"a": 6.0, "b": 3.0}) == expected


@pytest.mark.parametrize(
    "text", ["", "1 + 1", "a +", "a b", "a ** 2", "(a", "a)", "a; b", "__import__('os')", "a" * 3000]
)
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(FormulaError):
        formula(text)


def test_deep_brackets_are_refused_before_the_stack_is_full():
    with pytest.raises(FormulaError):
        formula("(" * 900 + "a" + ")" * 900)


def test_a_quotient_has_its_parts_and_unlike_quantities_do_not_add_up():
    asked = formula("(a + b) / c")
    assert asked.names == ("a", "b", "c") and asked.parts({"a": 1.0, "b": 2.0, "c": 4.0}) == (3.0, 4.0)
    area, length = (("m", 2),), (("m", 1),)
    assert asked.powers({"a": area, "b": area, "c": length}) == length
    with pytest.raises(FormulaError):
        asked.powers({"a": area, "b": length, "c": area})


@pytest.mark.parametrize(
    ("text", "factor", "powers"),
    [
        ("ha", 1e4, {"m": 2}),
        ("公顷", 1e4, {"m": 2}),
        ("万亩", 1e4 * 1e4 / 15, {"m": 2}),
        ("亩", 1e4 / 15, {"m": 2}),
        ("平方千米", 1e6, {"m": 2}),
        ("千米", 1e3, {"m": 1}),
        ("%", 0.01, {}),
        ("km/km2", 1e-3, {"m": -1}),
        ("km/100km2", 1e-5, {"m": -1}),
        ("m2/person", 1.0, {"m": 2, "person": -1}),
        ("万人/平方公里", 1e-2, {"m": -2, "person": 1}),
        ("m2/万元", 1e-4, {"m": 2, "yuan": -1}),
        ("亿元", 1e8, {"yuan": 1}),
        ("亿m³", 1e8, {"m": 3}),
    ],
)
def test_units_are_read_in_either_language(text, factor, powers):
    unit = unit_of_measure(text)
    assert math.isclose(unit.factor, factor) and dict(unit.powers) == powers
    assert math.isclose(unit.of(unit.to_base(3.0)), 3.0)


@pytest.mark.parametrize("text", ["", "hectare", "m2/", "km/km2/x", "公顷亩", "1.2.3 m"])
def test_an_unknown_unit_is_no_unit(text):
    with pytest.raises(ValueError):
        unit_of_measure(text)

"""A value that names a parcel's use: each of its codes is found, and nothing else is taken for a code."""

import pytest

from onemap.layers.catalogue.code_systems import LAND_SEA, SURVEY, URBAN, known_use, known_uses, nearest_uses


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("0101", ["0101"]),
        ("07", ["07"]),
        ("0810", [None]),
        ("10010199", ["10010199"]),
        ("0101/1001", ["0101", "1001"]),
        ("1001、0101", ["1001", "0101"]),
        ("0101（1001）", ["0101", "1001"]),
        ("0101 1001", ["0101", "1001"]),
        ("0101\r\n1001", ["0101", "1001"]),
        ("07 01", ["0701"]),
        ("Ｒ２ｂ１", ["R2", "B1"]),
        ("R2 b1", ["R2", "B1"]),
        ("a 33", ["A33"]),
        ("0101水田", ["0101"]),
        ("0101（水田）", ["0101"]),
        ("0101 水田", ["0101"]),
        ("0101耕地（水田）", ["0101"]),
        ("0101水田兼厂房", [None]),
        ("0101旱地", [None]),
        ("0101（旱地）", [None]),
        ("0701（拟改工业）", [None]),
        ("0701（城镇住宅用地）/1001工业用地", ["0701", "1001"]),
        ("0101或1001", [None]),
        ("0101-1001", [None]),
        ("0101/厂房", ["0101", None]),
        ("水田", [None]),
        ("", []),
    ],
)
def test_each_code_that_a_value_names_is_read_and_nothing_else_passes_for_one(value, codes):
    assert known_uses(value, None, LAND_SEA) == tuple(codes)


def test_the_main_code_is_none_beside_one_that_is_not_known():
    assert known_use("1001/0101", None, LAND_SEA) == "1001"
    assert known_use("1001/0810", None, LAND_SEA) is None


@pytest.mark.parametrize("value", ["R2或B1", "R2-B1", "R2&1", "0101或0601"])
def test_what_is_no_code_in_one_system_is_none_in_another(value):
    assert {known_uses(value, system, LAND_SEA) for system in (None, SURVEY, URBAN)} == {(None,)}


def test_codes_are_of_the_system_that_the_parcel_names():
    assert known_uses("0602/0101", SURVEY, LAND_SEA) == ("0602", "0101")


@pytest.mark.parametrize(
    ("value", "first"),
    [("工业用地", "1001 "), ("水田", "0101 "), ("城镇住宅用地", "0701 "), ("0810", "08"), ("？？", None)],
)
def test_the_codes_nearest_to_what_is_none_are_named(value, first):
    found = nearest_uses(value, LAND_SEA, "zh")
    assert found == [] if first is None else found[0].startswith(first)

"""Coordinates as people write them: in either order, with signs, letters, words, and the number of a zone."""

import pyproj
import pytest

from onemap.rules.answers.identify.coordinates import coordinates_in

ZONE_38 = pyproj.CRS.from_epsg(4547)  # its eastings do not begin with the zone's number
DEGREES = (114.46, 38.05, "EPSG:4490")
METRES = (541000.0, 4212000.0, "EPSG:4547")
PREFIXED = (38541000.0, 4212000.0, "EPSG:4526")


@pytest.mark.parametrize(
    "text",
    [
        "114.46,38.05",
        "114.46 38.05",
        "114.46，38.05",
        "114.46、38.05",
        " １１４．４６ ； ３８．０５ ",
        "38.05,114.46",
        "114.46°E,38.05°N",
        "38.05N 114.46E",
        "114°27′36″E 38°03′N",
        "N38°03'00\" E114°27'36\"",
        "114°27′36″ 38°03′",
        "东经114.46 北纬38.05",
        "北纬38度3分，东经114度27分36秒",
    ],
)
def test_longitude_and_latitude_are_read_however_they_are_written(text):
    ((x, y, crs),) = coordinates_in(text, ZONE_38)
    assert (round(x, 9), round(y, 9), crs) == DEGREES


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("541000,4212000", METRES),
        ("4212000,541000", METRES),  # as a survey writes it: X is north
        ("X=4212000, Y=541000", METRES),
        ("38541000,4212000", PREFIXED),
        ("X=4212000 Y=38541000", PREFIXED),
        ("100,200", (100.0, 200.0, "EPSG:4547")),  # nowhere near: as given
    ],
)
def test_metres_are_read_in_the_system_in_which_they_lie_on_its_ground(text, place):
    assert coordinates_in(text, ZONE_38) == [place]


def test_the_twin_of_a_library_with_numbers_of_zones_is_read_too():
    assert coordinates_in("541000,4212000", pyproj.CRS.from_epsg(4526)) == [METRES]
    assert coordinates_in("38541000,4212000", pyproj.CRS.from_epsg(4526)) == [PREFIXED]


def test_the_southern_and_the_western_side_are_negative():
    assert coordinates_in("40.7N 74.5W", ZONE_38) == [(-74.5, 40.7, "EPSG:4490")]
    assert coordinates_in("-74.5,-40.7", ZONE_38) == [(-74.5, -40.7, "EPSG:4490")]


@pytest.mark.parametrize(
    "text",
    [
        "西岭村",
        "DK001",
        "500000",
        "12-34",
        "1,2,3",
        "1e5,3",
        "114°99′E 38°N",
        "114E 38E",
        "114E 38",
        "9e9,1",
        "91N 10E",
        "",
    ],
)
def test_other_texts_are_no_coordinates(text):
    assert coordinates_in(text, ZONE_38) == []

"""Two libraries of one name: the text that distinguishes them is short, and remains where there is little room."""

import pytest
from qgis.PyQt.QtGui import QFont, QFontMetrics

from onemap.plugin.desk.library.distinct_place import distinct_place
from onemap.plugin.dock.header import LibraryButton
from onemap.plugin.widgets.elided_label import elided_around

BUREAU = "/data/规划局{}年度成果/A/city.gpkg"


@pytest.mark.parametrize(
    ("path", "others", "text", "letters"),
    [
        ("/a/x.gpkg", ["/a/y.gpkg"], "x.gpkg", "x"),
        ("/a/x.gpkg", ["/b/x.gpkg", "/c/z.gpkg"], "a/x.gpkg", "a/x"),
        ("C:\\a\\x.gpkg", ["D:\\a\\x.gpkg"], "C:/…", "C"),
        (BUREAU.format(2024), [BUREAU.format(2025)], "规划局2024年度成果/…", "4"),
        ("/a/1/x.gpkg", ["/a/2/x.gpkg", "/b/1/x.gpkg"], "a/1/…", "a/1"),
        ("/a/x.gpkg", ["/a/b/x.gpkg"], "a/…", "a"),
        ("service=one?schema=town", ["service=two?schema=town"], "one/…", "one"),
        ("service=one?schema=town", ["service=one?schema=city"], "town", "town"),
        ("postgresql://h/d1?schema=town", ["postgresql://h/d2?schema=town"], "d1/…", "1"),
        ("postgresql://h:5433/d?sslmode=require&schema=town", ["postgresql://h/d?schema=town"], "h:5433/…", ":5433"),
    ],
)
def test_a_place_is_named_as_shortly_as_it_can_be(application, path, others, text, letters):
    place = distinct_place(path, others)
    assert (place.text, place.text[place.start : place.end]) == (text, letters)


def test_a_cut_name_keeps_the_letters_by_which_it_differs(application):
    metrics = QFontMetrics(QFont())
    place = distinct_place(BUREAU.format(2024), [BUREAU.format(2025)])
    for width in range(metrics.horizontalAdvance("…局2024年…"), metrics.horizontalAdvance(place.text)):
        cut = elided_around(place.text, place.start, place.end, width, metrics)
        assert "24年" in cut and metrics.horizontalAdvance(cut) <= width


@pytest.mark.parametrize("width", [144, 150, 210, 400])
def test_the_buttons_of_two_libraries_of_one_name_differ_however_narrow(application, width):
    texts = []
    for own, other in ((2024, 2025), (2025, 2024)):
        button = LibraryButton()
        button.resize(width, 24)
        button.show_name("清源市国土空间规划一张图", distinct_place(BUREAU.format(own), [BUREAU.format(other)]))
        assert button.accessibleName().endswith(f"(规划局{own}年度成果/…)")
        texts.append(button.text())
    assert texts[0] != texts[1] and texts[0].startswith("清")

"""The land-use balance in the tab Numbers: drawn ground, divisions, its closing, Excel; answers by hand."""

import shutil
import zipfile

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QDate

from onemap.plugin.desk.answers.answer_tree import NAME
from onemap.plugin.profile import settings
from onemap.plugin.rooms.numbers.numbers_tab import LAND_USE
from onemap.plugin.rooms.statistics.statistics_view import AREA, SHARE
from onemap.tests.plugin.other_desk import core, make_library
from onemap.tests.plugin.small_town import CRS, X, Y, box, see_results, wait_for, write_layer

FARM = {"zh": ("农用地", "0101 水田"), "en": ("Farm land", "0101 Paddy field")}


EAST_M = 120_000  # where a hectare of the ellipsoid is 3.5 m² less than one of the plane


@pytest.fixture(scope="module")
def survey_library(provider, town, tmp_path_factory):
    """A library whose survey has paddies in the west half, housing east of it, nothing in the last 100 m."""
    return make_survey(tmp_path_factory.mktemp("statistics"), str(town / "district.gpkg"), 0)


def make_survey(folder, district, east):
    """The path of such a library, with its land this many metres further east."""
    land = [(box(east, 0, 500, 1000), "P1", "0101"), (box(east + 500, 0, 400, 1000), "P2", "0701")]
    divisions = [
        (box(east, 0, 1000, 500), "D1", "130102", "南"),
        (box(east, 500, 1000, 500), "D2", "130103", "北"),
    ]
    since = {"valid_from": "2025-01-01"}
    return make_library(
        folder / "library.gpkg",
        district,
        ("DLTB", write_layer(folder / "land.gpkg", ["BSM", "DLBM"], land), since),
        ("XZQ", write_layer(folder / "units.gpkg", ["BSM", "XZQDM", "XZQMC"], divisions), since),
    )


@pytest.fixture
def view(dock, survey_library):
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    dock.show()
    dock.open_library(survey_library)
    wait_for(lambda: dock.numbers_tab.balance.layer.count())
    dock.tabs.setCurrentIndex(dock.tab_index(dock.numbers_tab))
    dock.numbers_tab.bar.setCurrentIndex(LAND_USE)
    return dock.numbers_tab.balance


def balance(view):
    """Press the button and wait; return the rows as (depth, name, hectares, share)."""
    see_results(view, view.count_button.click)

    def rows(item, depth):
        yield depth, item.text(NAME), item.text(AREA), item.text(SHARE)
        for at in range(item.childCount()):
            yield from rows(item.child(at), depth + 1)

    return [row for at in range(view.tree.topLevelItemCount()) for row in rows(view.tree.topLevelItem(at), 0)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_drawn_ground_closes_by_group_and_class(view, language):
    settings.put("language", language)
    group, paddy = FARM[language]
    view.ground.add_drawing(QgsGeometry.fromWkt(box(400, 0, 650, 100)))
    rows = balance(view)
    assert [row[2:] for row in rows if row[:2] == (1, group)] == [("1.0000", "15.4 %")]
    assert [row[2:] for row in rows if row[:2] == (2, paddy)] == [("1.0000", "15.4 %")]
    # 400 m to 1050 m: 1 ha of paddies, 4 of housing, 1 without a feature, half a hectare beyond the district.
    assert rows[0][2:] == ("6.5000", "100.0 %")
    assert sorted(row[2] for row in rows if row[0] == 1) == ["0.5000", "1.0000", "1.0000", "4.0000"]


def test_the_balance_has_the_ellipsoid_s_areas_also_of_what_no_class_has(provider, dock, tmp_path):
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    district = write_layer(tmp_path / "district.gpkg", ["BSM"], [(box(EAST_M, 0, 1000, 1000), "D")])
    dock.show()
    dock.open_library(make_survey(tmp_path, district, EAST_M))
    wait_for(lambda: dock.numbers_tab.balance.layer.count())
    dock.tabs.setCurrentIndex(dock.tab_index(dock.numbers_tab))
    dock.numbers_tab.bar.setCurrentIndex(LAND_USE)
    dock.numbers_tab.balance.ground.add_drawing(QgsGeometry.fromWkt(box(EAST_M + 400, 0, 650, 1000)))
    rows = balance(dock.numbers_tab.balance)
    sizes = {row[1]: float(row[2]) for row in rows if row[0] != 1 or row[1] not in FARM["en"]}
    ruler = QgsDistanceArea()
    ruler.setSourceCrs(QgsCoordinateReferenceSystem(CRS), QgsProject.instance().transformContext())
    ruler.setEllipsoid(QgsCoordinateReferenceSystem(CRS).ellipsoidAcronym())

    def hectares(x, width):
        measured = ruler.measureArea(QgsGeometry.fromWkt(box(EAST_M + x, 0, width, 1000)))
        return pytest.approx(measured / 10_000, abs=0.0002)

    assert rows[0][2] == f"{sizes[rows[0][1]]:.4f}" and sizes[rows[0][1]] == hectares(400, 650) != 65.0
    assert sizes["0101 Paddy field"] == hectares(400, 100) and sizes["no feature"] == hectares(900, 100)
    assert sizes["outside the coverage of the layer"] == hectares(1000, 50)
    parts = [round(float(row[2]) * 10_000) for row in rows if row[0] == 1]
    assert sum(parts) == pytest.approx(round(float(rows[0][2]) * 10_000), abs=2), "but for rounding it is whole"


def test_each_division_is_told_and_all_together_before_them(view):
    view.ground.box.setCurrentIndex(2)
    rows = balance(view)
    tops = [(row[1], row[2]) for row in rows if row[0] == 0]
    assert tops == [("Total", "100.0000"), ("南", "50.0000"), ("北", "50.0000")]
    assert [row[2] for row in rows if row[0] == 2] == ["50.0000", "40.0000", *["25.0000", "20.0000"] * 2]
    assert [row[2] for row in rows if row[0] == 1 and row[1] == "no feature"] == ["10.0000", "5.0000", "5.0000"]


@pytest.mark.parametrize(("turn", "unit", "m2"), [(0.0, "ha", 10_000), (90.0, "mu", 2000 / 3)])
def test_what_the_map_shows_is_added_up_in_the_unit_of_the_settings(view, canvas, turn, unit, m2):
    """The middle of the view is the border of the paddies: whichever way it is turned half of the view is paddies."""
    settings.put("area_unit", unit)
    canvas.setRotation(turn)
    canvas.setExtent(QgsRectangle(X + 400, Y + 450, X + 600, Y + 550))
    view.ground.box.setCurrentIndex(1)
    assert view.ground.box.currentText() == "what the map shows"
    rows = balance(view)
    assert view.tree.headerItem().text(AREA) == f"Area {unit}"
    size = canvas.mapSettings().outputSize()
    half = size.width() * size.height() * canvas.mapUnitsPerPixel() ** 2 / 2
    (paddies,) = [row[2] for row in rows if row[:2] == (2, "0101 Paddy field")]
    assert float(paddies) == pytest.approx(half / m2, abs=0.0001) and half > 10_000


@pytest.fixture
def in_degrees(view, canvas):
    """Set the map to degrees; return a function that shows a place and this many degrees around it."""
    system = QgsCoordinateReferenceSystem("EPSG:4326")
    change = QgsCoordinateTransform(QgsCoordinateReferenceSystem(CRS), system, QgsProject.instance())
    QgsProject.instance().setCrs(system)
    canvas.setDestinationCrs(system)
    view.ground.box.setCurrentIndex(1)

    def show(x, y, width):
        """The lower side's middle is at a place of the plane."""
        place, size = change.transform(QgsPointXY(x, y)), canvas.mapSettings().outputSize()
        height = width * size.height() / size.width()
        canvas.setExtent(QgsRectangle(place.x() - width / 2, place.y(), place.x() + width / 2, place.y() + height))

    return show


def test_a_side_of_the_view_lies_where_the_map_draws_it_in_another_system(view, in_degrees):
    """A parallel half a degree long bends by 30 m in the plane: the lower side goes through the town's middle."""
    in_degrees(X + 500, Y + 500, 0.5)
    (paddies,) = [row[2] for row in balance(view) if row[:2] == (2, "0101 Paddy field")]
    assert float(paddies) == pytest.approx(25, abs=0.05)


def test_of_a_view_of_half_the_world_what_lies_near_the_library_is_added_up(view, in_degrees, canvas):
    canvas.setExtent(QgsRectangle(-500, -400, 500, 400))
    rows = balance(view)
    assert [row[2] for row in rows if row[:2] == (2, "0101 Paddy field")] == ["50.0000"]
    # 9 degrees of longitude and 30 of latitude, about: not the plane far away, where a figure means nothing.
    assert 2e8 < float(rows[0][2].replace(",", "")) < 4e8


def test_a_view_of_other_ground_says_where_to_look(view, in_degrees, canvas):
    refusals = []
    view.refused.connect(lambda refusal: refusals.append(str(refusal)))
    canvas.setExtent(QgsRectangle(-80, -20, -70, -10))
    view.count_button.click()
    assert len(refusals) == 1 and "shows nothing of the ground" in refusals[0]


def test_all_ground_is_what_the_survey_covers_and_goes_out_as_excel_as_it_is_shown(view, dock, tmp_path):
    path = str(tmp_path / "own.gpkg")
    shutil.copyfile(dock.library.path, path)
    dock.open_library(path)
    wait_for(lambda: not dock.library.reading.is_busy)
    rows = balance(view)
    assert rows[0][2] == "100.0000" and view.note.text().splitlines() == [
        "Land use patches 2025-01-01 · all that the layer covers",
        "Areas are on the ellipsoid",
    ]
    later = write_layer(tmp_path / "later.gpkg", ["BSM", "DLBM"], [(box(0, 0, 10, 10), "P9", "0301")])
    core("add", path, later, "--as", "DLTB", "--covers=district", "--valid-from=2026-01-01", "--sure")
    target = tmp_path / "balance.xlsx"
    view.save(str(target))
    wait_for(lambda: dock.notice.text)
    book = zipfile.ZipFile(target)
    texts = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert str(target) in dock.notice.text and "0101" in texts and "0301" not in texts


def test_the_balance_comes_into_sight_on_a_low_screen(view, dock):
    dock.setFloating(True)
    dock.resize(320, 640)
    dock.show()
    area = dock.tabs.currentWidget()
    balance(view)
    tree = view.tree
    wait_for(lambda: area.viewport().rect().contains(tree.mapTo(area.viewport(), tree.rect().center())))


def test_the_balance_of_another_day_is_not_left_standing(view, dock):
    assert balance(view)
    dock.library.set_day(QDate(2024, 6, 1))
    wait_for(lambda: view.layer.count() == 0)
    assert view.tree.topLevelItemCount() == 0 and not view.count_button.isEnabled() and not view.save_button.isEnabled()


@pytest.mark.parametrize(("language", "survey"), [("zh", "地类图斑"), ("en", "Land use")])
def test_without_land_use_the_panel_says_so_and_which_layer_to_add(view, dock, language, survey):
    settings.put("language", language)
    dock.library.set_day(QDate(2024, 6, 1))
    wait_for(lambda: view.layer.count() == 0)
    assert view.lacking.isVisible() and not view.count_button.isVisible()
    assert survey in view.lacking.text()
    dock.library.set_day(QDate(2025, 6, 1))
    wait_for(lambda: view.layer.count())
    assert not view.lacking.isVisible() and view.count_button.isVisible()

"""Places that are one for the system are one for the plugin: in lists of files, of libraries, and on the map."""

import ntpath
from types import SimpleNamespace

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, PROPERTY_TABLE, layers_of_library
from onemap.plugin.profile import paths, settings
from onemap.plugin.rooms.numbers.bureau_files import BureauFiles

QGIS_WRITES, PYTHON_WRITES = "C:/Bureau/City.gpkg", r"c:\bureau\CITY.gpkg"
SERVERS = ("postgresql://gis/City?schema=town", "postgresql://gis/city?schema=town")


@pytest.fixture
def on_windows(monkeypatch):
    monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath))


def test_here_names_that_differ_in_case_are_two_files():
    assert paths.is_same_place("/a/City.gpkg", "/a/City.gpkg")
    assert not paths.is_same_place("/a/City.gpkg", "/a/city.gpkg")


def test_on_windows_neither_case_nor_the_kind_of_stroke_makes_another_file(on_windows):
    assert paths.is_same_place(QGIS_WRITES, PYTHON_WRITES)
    assert paths.is_same_place(r"\\server\share\a.gpkg", "//SERVER/share/A.gpkg")
    assert not paths.is_same_place(QGIS_WRITES, "C:/Bureau/City2.gpkg")
    assert not paths.is_same_place(*SERVERS) and not paths.is_same_place("service=City", "service=city")
    assert paths.listed_place(PYTHON_WRITES, [SERVERS[0], QGIS_WRITES]) == QGIS_WRITES
    assert paths.listed_place(SERVERS[1], [SERVERS[0]]) == SERVERS[1]


def test_a_library_is_once_among_the_recent_ones(on_windows):
    for place in (QGIS_WRITES, *SERVERS, PYTHON_WRITES):
        settings.remember_library(place)
    assert settings.get("recent_libraries") == [PYTHON_WRITES, SERVERS[1], SERVERS[0]]
    settings.remember_library_name(PYTHON_WRITES, "City")
    assert settings.library_names_like(QGIS_WRITES, "City") == []
    assert settings.library_names_like(SERVERS[0], "City") == [PYTHON_WRITES]


def test_a_bureaus_theme_is_once_in_the_list_and_goes_by_any_spelling(on_windows, tmp_path):
    file, twin = tmp_path / "Ours.toml", tmp_path / "OURS.toml"
    for path in (file, twin):  # the system of this machine keeps two; Windows has one
        path.write_text("", encoding="utf-8")
    files = BureauFiles()
    files.add_theme(str(file))
    files.add_theme(str(twin))
    assert files.themes == [str(twin)]
    files.remove_theme(str(file))
    assert files.themes == []


def test_layers_of_a_project_belong_to_a_library_whose_name_is_written_otherwise(on_windows):
    layer = QgsVectorLayer("Polygon", "a", "memory")
    QgsProject.instance().addMapLayer(layer)
    layer.setCustomProperty(PROPERTY_TABLE, "a__1")
    assert layers_of_library(SimpleNamespace(path=QGIS_WRITES)) == []
    layer.setCustomProperty(PROPERTY_LIBRARY, PYTHON_WRITES)
    assert layers_of_library(SimpleNamespace(path=QGIS_WRITES)) == [layer]
    assert layers_of_library(SimpleNamespace(path="C:/Bureau/Other.gpkg")) == []
    QgsProject.instance().clear()

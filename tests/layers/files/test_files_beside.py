"""The parts of a shapefile are found from a typed name, with names compared as the system compares them."""

import os

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.files.files_beside import files_of_stem
from onemap.layers.sources.archive import whole_of
from onemap.layers.sources.gdal.shapefile import check_complete, sibling
from onemap.layers.sources.reading import content_hash
from onemap.tests.machines import windows_names

PARTS = ["Parcels.dbf", "Parcels.shp", "Parcels.shx"]


@pytest.fixture
def folder(tmp_path):
    for name in [*PARTS, "Parcels.2.shp", "Other[1].dbf", "Other1.shx"]:
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_files_of_one_name_are_found_and_no_others(folder):
    assert [path.name for path in files_of_stem(folder / "Parcels.xml")] == PARTS
    assert [path.name for path in files_of_stem(folder / "Other[1].dbf")] == ["Other[1].dbf"]
    assert sibling(folder / "Other[1].dbf", ".shx") is None


def test_where_case_matters_a_shapefile_is_not_another_one(folder, monkeypatch):
    monkeypatch.setattr(os.path, "normcase", os.fspath)
    assert files_of_stem(folder / "PARCELS.shp") == []
    with pytest.raises(OneMapError) as refusal:
        check_complete(folder / "PARCELS.shp")
    assert refusal.value.problems[0].code == "source.part_missing"


def test_a_folder_that_cannot_be_listed_has_nothing_beside(tmp_path):
    assert sibling(tmp_path / "gone" / "a.shp", ".dbf") is None


def test_on_windows_a_shapefile_is_whole_under_a_name_in_another_case(folder, monkeypatch):
    typed = folder / "PARCELS.SHP"
    windows_names.ignore_case(monkeypatch)
    check_complete(typed)
    assert sibling(typed, ".dbf") == folder / "Parcels.dbf"
    assert whole_of(folder / "PARCELS.DBF") == folder / "Parcels.shp"


def test_on_windows_the_hash_of_a_shapefile_is_of_its_files_however_it_was_typed(folder, monkeypatch):
    windows_names.ignore_case(monkeypatch)
    written, typed = folder / "Parcels.shp", folder / "PARCELS.SHP"
    before = content_hash(written, written)
    assert content_hash(typed, typed) == before
    (folder / "Parcels.dbf").write_text("changed")
    assert content_hash(typed, typed) != before

"""Versions in time: which one is in force on a day, and what a layer's view shows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from onemap.layers.library.library import open_library
from onemap.layers.library.version_writing import show_layer
from onemap.layers.library.versions import versions
from onemap.layers.stores.file_connection import FileConnection
from onemap.layers.stores.server.server_connection import ServerConnection


@pytest.fixture
def add(shelf, layer_file, box):
    """Add a version whose only feature is named after it."""

    def add(label, valid_from=None, valid_to=None, **columns):
        path = layer_file(f"{label}.gpkg", [box(0, 0)], {"BSM": [label], **columns})
        return shelf.add(path, label=label, valid_from=valid_from, valid_to=valid_to).done()

    return add


def test_the_latest_that_has_begun_is_in_force(shelf, add):
    add("2021", "2021-01-01")
    add("2025", "2025-06-01")
    add("2023", "2023-01-01")  # added last, but it began earlier
    days = {"2020-12-31": None, "2021-01-01": "2021", "2024-01-01": "2023", "2025-05-31": "2023", "2025-06-01": "2025"}
    assert {day: shelf.in_force(day) for day in days} == days


def test_both_ends_of_its_time_belong_to_a_version(shelf, add):
    add("A", "2025-01-01", "2025-12-31")
    days = {"2024-12-31": None, "2025-01-01": "A", "2025-12-31": "A", "2026-01-01": None}
    assert {day: shelf.in_force(day) for day in days} == days


def test_an_open_beginning_is_earlier_than_any_date(shelf, add):
    add("dated", "2000-01-01", "2025-12-31")
    add("open")
    assert shelf.in_force("1950-01-01") == "open"
    assert shelf.in_force("2020-01-01") == "dated"
    assert shelf.in_force("2026-01-01") == "open"


def test_of_equal_beginnings_the_last_added_is_in_force(shelf, add):
    add("first", "2025-01-01")
    add("second", "2025-01-01")
    assert shelf.in_force("2025-06-01") == "second"
    assert shelf.column("BSM", "T") == ["second"]


def test_a_clock_that_was_set_back_does_not_change_which_was_added_last(shelf, add, monkeypatch):
    with monkeypatch.context() as ahead:
        for connection in (FileConnection, ServerConnection):
            ahead.setattr(connection, "moment", lambda _: "2099-01-01T00:00:00.000000Z")
        add("first")
    add("second")
    assert shelf.in_force("2026-01-01") == "second"
    assert shelf.column("BSM", "T") == ["second"]


def test_the_view_shows_the_version_in_force_today(shelf, add):
    today, day = date.today(), timedelta(days=1)
    add("past", "2001-01-01", str(today - day))
    add("present", str(today), str(today))
    add("future", str(today + day))
    assert shelf.column("BSM", "T") == ["present"]


def test_the_view_is_empty_while_nothing_is_in_force(shelf, add):
    add("past", "2001-01-01", "2001-12-31")
    assert shelf.column("BSM", "T") == []


def test_the_view_asks_no_version_that_can_never_hold_again(shelf, add):
    """SQLite joins 500 tables at most, and a city issues more statements in a year."""
    add("past", "2001-01-01", "2001-12-31")
    add("followed", "2002-01-01")
    add("present", "2003-01-01", MJ=[1.5])
    add("future", str(date.today() + timedelta(days=9)))
    ((text,),) = shelf.rows("SELECT sql FROM sqlite_master WHERE name = 'T'")
    assert [f"T__{number}" for number in range(1, 5) if f'FROM "T__{number}" WHERE' in text] == ["T__3", "T__4"]
    assert shelf.rows("SELECT BSM, MJ FROM T") == [("present", 1.5)]
    with open_library(str(shelf.path)) as library, library.writing() as connection:
        third = versions(library)[2]
        many = [replace(third, number=number) for number in range(1, 700)]
        show_layer(connection, library.catalogue()["T"], many, library.today())
    assert shelf.rows("SELECT BSM FROM T") == []  # of which number 3 is none of the last


def test_the_view_has_the_fields_of_every_version_whatever_their_case(shelf, add):
    add("first", "2001-01-01", MC=["东"], bz=["x"])
    add("second", "2002-01-01", mc=["西"], MJ=[1.5])
    names = [name for (name,) in shelf.rows("SELECT name FROM pragma_table_info('T')")]
    assert names == ["OGC_FID", "geom", "BSM", "MC", "bz", "MJ"]
    assert shelf.rows("SELECT BSM, MC, bz, MJ FROM T") == [("second", "西", None, 1.5)]


def test_a_version_never_changes_when_others_are_added(shelf, add):
    add("first")
    before = shelf.rows("SELECT * FROM T__1"), shelf.rows("SELECT * FROM onemap_versions")
    add("second")
    assert (shelf.rows("SELECT * FROM T__1"), shelf.rows("SELECT * FROM onemap_versions WHERE number = 1")) == before


def test_the_list_tells_each_version_as_it_was_added(shelf, add):
    add("A", "2025-01-01", "2025-12-31")
    layer = next(layer for layer in shelf.run("layers", shelf.path).json["layers"] if layer["code"] == "T")
    (version,) = layer["versions"]
    assert (version["label"], version["valid_from"], version["valid_to"]) == ("A", "2025-01-01", "2025-12-31")
    assert (version["count"], version["coverage"], version["table"]) == (1, "extent", "T__1")
    assert len(version["hash"]) == 64


def test_the_list_has_every_layer_of_the_catalogue(shelf):
    answer = shelf.run("layers", shelf.path)
    codes = [layer["code"] for layer in answer.json["layers"]]
    assert len(codes) == len(set(codes)) > 100
    assert {"STBHHX", "YJJBNTTB", "GL", "XZQ"} <= set(codes)
    assert all(layer["versions"] == [] for layer in answer.json["layers"])
    assert (answer.json["crs"], answer.json["district"], answer.json["name"]) == ("EPSG:4547", False, "city")

"""A city's own catalogue and calendar, beside a library's file or in a library on a server."""

import hashlib

import pytest

from onemap.layers.errors import Cancelled
from onemap.layers.library.library import open_library
from onemap.layers.library.own_files import keep_own_file

CATALOGUE = """[OWN]
title = "自有"
department = "land"
library = "base"
kind = "vector"
geometry = "polygon"
"""
CALENDAR = '[2099]\nholidays = ["2099-01-01"]\n'


def make_file(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_citys_own_layers_are_there_after_keep_and_a_new_catalogue_takes_the_olds_place(
    place, tmp_path, onemap, layer_file, box
):
    source = layer_file("a.gpkg", [box(0, 0)])
    assert onemap("add", place, source, "--as", "OWN", "--covers", "extent").codes == ["layer.unknown"]
    given = make_file(tmp_path, "given.catalogue.toml", CATALOGUE)
    digest = hashlib.sha256(CATALOGUE.encode()).hexdigest()
    answer = {"ok": True, "kind": "catalogue", "file": "given.catalogue.toml", "hash": digest}
    assert onemap("keep", place, given).json == answer
    assert onemap("add", place, source, "--as", "OWN", "--covers", "extent").code == 0
    more = make_file(tmp_path, "more.catalogue.toml", CATALOGUE + CATALOGUE.replace("OWN", "OTHER"))
    assert onemap("keep", place, more).code == 0
    codes = [layer["code"] for layer in onemap("layers", place).json["layers"]]
    assert {"OWN", "OTHER"} <= set(codes)
    less = make_file(tmp_path, "less.catalogue.toml", CATALOGUE.replace("OWN", "OTHER"))
    assert onemap("keep", place, less).codes == ["keep.layer"]
    assert onemap("verify", place).json["ok"]


def test_what_is_wrong_in_a_file_is_refused_and_the_one_before_stays(place, tmp_path, onemap):
    assert onemap("keep", place, make_file(tmp_path, "a.calendar.toml", CALENDAR)).json["kind"] == "calendar"
    for name, text, code in (
        ("b.calendar.toml", "[2099", "calendar.syntax"),
        ("b.catalogue.toml", CATALOGUE + "colour = 1", "catalogue.key"),
        ("b.catalogue.toml", b"\xff\xfe\x00", "keep.text"),
        ("b.toml", CALENDAR, "keep.kind"),
    ):
        assert onemap("keep", place, make_file(tmp_path, name, text)).codes == [code]
    assert onemap("keep", place, tmp_path / "none.calendar.toml").codes == ["source.missing"]
    rows = onemap("history", place).json["rows"]
    assert [row["subject"] for row in rows if row["action"] == "keep"] == ["calendar"]


def test_a_file_beside_a_library_that_nobody_kept_is_a_note_and_no_damage(tmp_path, onemap):
    """Written by hand, as the guide tells; once it is kept, a change of it is damage."""
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    assert "notes" not in onemap("verify", library).json
    beside = library.with_suffix(".calendar.toml")
    beside.write_text(CALENDAR, encoding="utf-8")
    answer = onemap("verify", library)
    assert (answer.code, answer.json["ok"]) == (0, True)
    assert [(note["code"], note["layer"]) for note in answer.json["notes"]] == [("verify.own_file_unkept", "calendar")]
    assert onemap("keep", library, make_file(tmp_path, "a.calendar.toml", CALENDAR)).code == 0
    assert "notes" not in onemap("verify", library).json
    beside.write_text("[2098]\n", encoding="utf-8")
    assert onemap("verify", library).codes == ["verify.own_file"]


@pytest.mark.parametrize("former", [None, "[2098]\n"])
def test_a_file_that_the_log_could_not_keep_is_not_there(tmp_path, onemap, former):
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    if former is not None:
        assert onemap("keep", library, make_file(tmp_path, "a.calendar.toml", former)).code == 0

    def cancel(_):
        raise Cancelled

    with open_library(str(library)) as opened:
        opened.write_later(cancel)
        with pytest.raises(Cancelled):
            keep_own_file(opened, "calendar", CALENDAR, "who")
        assert opened.own_file("calendar") == former
    assert onemap("verify", library).json["ok"]
    assert not list(tmp_path.glob("*.part"))


def test_a_copy_that_cannot_have_all_of_them_leaves_none(tmp_path, onemap):
    library, copy = tmp_path / "city.gpkg", tmp_path / "copy.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    for name, text in (("a.catalogue.toml", CATALOGUE), ("a.calendar.toml", CALENDAR)):
        assert onemap("keep", library, make_file(tmp_path, name, text)).code == 0
    copy.with_suffix(".calendar.toml").mkdir()
    assert onemap("copy", library, copy).codes == ["out.failed"]
    assert [path.name for path in tmp_path.glob("copy.*")] == ["copy.calendar.toml"]

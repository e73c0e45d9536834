"""Folders of unfinished work: which stay, which are removed, and that two processes never share one."""

import os
from pathlib import Path

import pytest

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.files.journal_folder import journal_folder, work_place

KEY = {"source": "abc", "options": {"repair": True}}


def test_what_was_kept_is_there_after_a_cancel_and_gone_after_success(tmp_path: Path) -> None:
    place = work_place(tmp_path / "city.gpkg", "x")
    with pytest.raises(Cancelled), journal_folder(place, "add", KEY) as journal:
        journal.keep_text("one.json", {"rows": 3})
        raise Cancelled
    with journal_folder(place, "add", KEY) as journal:
        assert journal.text("one.json") == {"rows": 3}
    assert not place.exists()


def test_a_refusal_leaves_nothing(tmp_path: Path) -> None:
    place = work_place(tmp_path / "city.gpkg", "x")
    with pytest.raises(OneMapError), journal_folder(place, "add", KEY) as journal:
        journal.keep_text("one.json", 1)
        raise OneMapError("source.empty", file="x")
    assert not place.exists()


def test_another_key_finds_nothing_of_the_first(tmp_path: Path) -> None:
    place = work_place(tmp_path / "city.gpkg", "x")
    with pytest.raises(Cancelled), journal_folder(place, "add", KEY) as journal:
        journal.keep_text("one.json", 1)
        raise Cancelled
    with journal_folder(place, "add", {**KEY, "source": "changed"}) as journal:
        assert not journal.has("one.json")
    with journal_folder(place, "add", KEY) as journal:
        assert journal.has("one.json")


def test_the_same_work_begun_twice_is_done_in_two_folders(tmp_path: Path) -> None:
    place = work_place(tmp_path / "city.gpkg", "x")
    with journal_folder(place, "add", KEY) as first:
        first.keep_text("one.json", 1)
        with journal_folder(place, "add", KEY) as second:
            assert second.folder != first.folder and not second.has("one.json")
        assert first.has("one.json")


def test_a_part_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def write_half(path: Path) -> None:
        path.write_bytes(b"half")
        raise Cancelled

    with journal_folder(work_place(tmp_path / "city.gpkg", "x"), "add", KEY) as journal:
        with pytest.raises(Cancelled):
            journal.keep("one", write_half)
        assert not journal.has("one")


def test_work_that_nobody_went_on_with_goes_after_two_weeks_and_fresh_work_stays(tmp_path: Path) -> None:
    place = work_place(tmp_path / "city.gpkg", "x")
    kept: dict[str, Path] = {}
    for name in ("old", "fresh"):
        with pytest.raises(Cancelled), journal_folder(place, "add", {"source": name}) as journal:
            journal.keep_text("one.json", 1)
            kept[name] = journal.folder
            raise Cancelled
    for path in (kept["old"], kept["old"] / "lock"):
        os.utime(path, (0, 0))
    with journal_folder(place, "add", KEY):
        assert not kept["old"].exists() and kept["fresh"].exists()


def test_a_place_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "city.gpkg.work.part").write_text("a file where the folder should be")
    with pytest.raises(OneMapError) as refused, journal_folder(work_place(tmp_path / "city.gpkg", "x"), "add", KEY):
        raise AssertionError("never reached")
    assert refused.value.code == "journal.failed"

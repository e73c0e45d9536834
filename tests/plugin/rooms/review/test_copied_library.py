"""Cases with the same ids in a copied library: text and state of one are not mistaken for the other's."""

import contextlib
import shutil
import sqlite3

import pytest

from onemap.plugin.rooms.review.review_list import UNSEEN
from onemap.tests.plugin.small_town import wait_for

pytestmark = pytest.mark.slow


def switch(desk, path):
    """Open another library, and wait for its cases."""
    desk.library.open(str(path))
    wait_for(lambda: not desk.library.reading.is_busy and desk.library.layers and not desk.tab.listing.is_busy)


def open_only_case(desk):
    """Open the only case of the list, at the opinion of land."""
    desk.tab.open_case(desk.tab.list.lines[0].case)
    desk.wait_for_case()
    desk.page.table.choose_department("land")


def test_what_is_typed_in_a_case_is_not_shown_in_the_same_case_of_a_copy(desk, one_parcel, tmp_path):
    desk.open(one_parcel)
    desk.page.table.choose_department("land")
    draft = desk.page.editor.text.toPlainText()
    desk.tab.show_list()
    wait_for(lambda: not desk.tab.listing.is_busy)
    assert not desk.tab.list.tree.topLevelItem(0).text(0).startswith(UNSEEN)
    copy = tmp_path / "copy.gpkg"
    with contextlib.closing(sqlite3.connect(desk.path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # with what is written and not yet in its place
    open_only_case(desk)
    desk.page.editor.text.setPlainText("Typed, and not saved.")
    desk.library.open(str(copy))
    assert desk.case is None  # at once: a step pressed now would be of the copy
    switch(desk, copy)
    assert desk.tab.list.tree.topLevelItem(0).text(0).startswith(UNSEEN)  # in the copy nobody has looked at it
    open_only_case(desk)
    assert (desk.page.editor.text.toPlainText(), desk.page.editor.is_typed) == (draft, False)
    switch(desk, desk.path)
    open_only_case(desk)
    assert (desk.page.editor.text.toPlainText(), desk.page.editor.is_typed) == ("Typed, and not saved.", True)


def test_a_case_that_is_written_while_another_library_is_opened_is_told(desk, one_parcel, tmp_path):
    copy = shutil.copyfile(desk.path, tmp_path / "copy.gpkg")
    form = desk.tab.form
    desk.tab.list.open_button.click()
    form.parcels.choose_file(str(one_parcel))
    form.project.setText("School")
    form.send_button.click()
    switch(desk, copy)
    wait_for(lambda: not form.is_working and desk.messages)
    name = "The case was written into Rehearsal · Town (review.gpkg)."
    assert desk.messages == [f"{name} It is not shown: another library was opened meanwhile."]
    wait_for(lambda: not desk.tab.listing.is_busy)
    assert desk.tab.list.lines == []
    switch(desk, desk.path)
    assert len(desk.tab.list.lines) == 1

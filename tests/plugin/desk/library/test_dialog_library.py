"""A window opened for one library writes to no other, whatever the dock has opened since."""

import shutil

import pytest
from qgis.PyQt.QtCore import QDate

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.answers_dialog import AnswersDialog
from onemap.plugin.desk.add.delivery_dialog import DeliveryDialog
from onemap.plugin.dock.publish_dialog import PublishDialog
from onemap.plugin.qgis.services.service_dialog import ServiceDialog
from onemap.plugin.widgets.working_dialog import end_dialog
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import box, wait_for, write_layer

OTHER = "This window is of library (library.gpkg), and another library is open by now."


@pytest.fixture
def other(own_library, tmp_path):
    """A copy of the open library, in another file: it has the same name."""
    (tmp_path / "copies").mkdir()
    return shutil.copyfile(own_library.path, tmp_path / "copies" / "other.gpkg")


@pytest.fixture
def open_window(own_library):
    """Opens dialogs, which end with the test."""
    dialogs = []

    def open_one(kind, *values):
        dialogs.append(kind(own_library, *values))
        dialogs[-1].show()
        return dialogs[-1]

    yield open_one
    for dialog in dialogs:
        end_dialog(dialog)


def switch(library, path):
    library.open(str(path))
    wait_for(lambda: library.layers and not library.reading.is_busy)


def versions(path, code="YJJBNTTB"):
    """The number of versions of a layer in a library."""
    return next(len(layer["versions"]) for layer in core("layers", path)["layers"] if layer["code"] == code)


def test_a_file_goes_into_the_library_for_which_it_was_shown(own_library, other, open_window, town):
    first = own_library.path
    dialog = open_window(AddDialog)
    dialog.form.source.choose(SourceFile(str(town / "farmland.gpkg")))
    wait_for(lambda: not dialog.is_working)
    dialog.form.choose_target("YJJBNTTB")
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    assert dialog.add_button.isEnabled(), dialog.hint.text()
    switch(own_library, other)
    assert not dialog.add_button.isEnabled()
    assert dialog.hint.text().startswith(OTHER)
    dialog.add()
    assert not dialog.is_working
    switch(own_library, first)  # nothing that was chosen is lost
    dialog.add_button.click()
    messages = []
    dialog.added.connect(lambda _answer, message: messages.append(message))
    switch(own_library, other)
    wait_for(lambda: messages)
    assert messages[0].startswith("library (library.gpkg): ")
    assert (versions(first), versions(other)) == (1, 0)


def test_a_delivery_and_its_remembered_answers_are_of_one_library(own_library, other, open_window, tmp_path):
    first, folder = own_library.path, tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "永久基本农田图斑2024.gpkg", ["BSM"], [(box(0, 0, 100, 100), "F1")])
    dialog, answers = open_window(DeliveryDialog), open_window(AnswersDialog)
    dialog.show_plan(str(folder))
    wait_for(lambda: not dialog.is_working)
    assert dialog.add_button.isEnabled(), dialog.hint.text()
    switch(own_library, other)
    assert not dialog.add_button.isEnabled() and not dialog.answers_button.isEnabled()
    assert dialog.hint.text().startswith(OTHER) and answers.hint.text().startswith(OTHER)
    assert not answers.table.isEnabled()
    dialog.add(each=True)
    assert not dialog.is_working
    switch(own_library, first)
    dialog.add_button.click()
    wait_for(lambda: not dialog.is_working)
    assert (versions(first), versions(other)) == (1, 0)


def test_what_is_published_is_of_the_library_and_the_day_that_the_window_states(own_library, other, open_window, town):
    core("add", own_library.path, town / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "district")
    own_library.refresh()
    wait_for(lambda: not own_library.reading.is_busy)
    first = own_library.path
    dialog = open_window(PublishDialog)
    assert dialog.publish_button.isEnabled() and not dialog.hint.isVisible()
    own_library.set_day(QDate(2019, 1, 1))
    assert not dialog.publish_button.isEnabled()
    assert dialog.hint.text().startswith("This window is as of today, and another day is chosen by now.")
    own_library.set_day(QDate())
    assert dialog.publish_button.isEnabled()
    switch(own_library, other)
    assert not dialog.publish_button.isEnabled()
    assert dialog.hint.text().startswith(OTHER)
    switch(own_library, first)
    assert dialog.publish_button.isEnabled()


def test_a_service_is_registered_in_the_library_for_which_it_was_typed(own_library, other, open_window):
    dialog = open_window(ServiceDialog)
    switch(own_library, other)
    assert dialog.hint.text().startswith(OTHER)
    dialog.register()
    assert not dialog.is_working

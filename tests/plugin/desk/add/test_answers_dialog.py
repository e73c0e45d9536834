"""Remembered answers in the dock: shown, changed, forgotten; a delivery's report and change of datum."""

import json

import pytest

from onemap.plugin.desk.add.answers_dialog import NAME, ROLE_ANSWER, SINCE, VALUE
from onemap.plugin.desk.add.delivery_dialog import DeliveryDialog
from onemap.plugin.desk.add.delivery_table import STATE
from onemap.tests.plugin.small_town import box, wait_for, write_layer

PARAMETERS = """
from = "EPSG:2383"
to = "EPSG:4547"
dx_m = 30.0
dy_m = -112.0
x_axis = "north"
rotation_arcsec = 0.0
turns = "clockwise"
scale_ppm = 0.0
"""


@pytest.fixture
def delivery(tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "STBHHX2024.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1")])
    return folder


@pytest.fixture
def dialog(own_library):
    made = DeliveryDialog(own_library)
    made.show()
    yield made
    made.close_down()
    made.deleteLater()


def add(dialog, folder):
    dialog.show_plan(str(folder))
    wait_for(lambda: not dialog.is_working)
    dialog.covers.setCurrentIndex(dialog.covers.findData("district"))
    dialog.add()
    wait_for(lambda: not dialog.is_working)


def answers_of(dialog):
    """The answers that the dialog shows: by layer and name, the value and its first version."""
    dialog.show_answers()
    wait_for(lambda: not dialog.answers.is_working)
    return answer_texts(dialog.answers)


def answer_texts(answers):
    table = answers.table
    rows = range(table.rowCount())
    return {
        table.item(row, NAME).data(ROLE_ANSWER): (table.item(row, VALUE).text(), table.item(row, SINCE).text())
        for row in rows
    }


def test_answers_are_shown_changed_in_their_cell_and_forgotten(dialog, delivery):
    assert answers_of(dialog) == {}
    assert "Nothing is remembered yet" in dialog.answers.notice.text
    add(dialog, delivery)
    assert answers_of(dialog) == {("STBHHX", "covers"): ("the district", "2024")}
    table = dialog.answers.table
    table.item(0, VALUE).setText("the ground of its features")
    wait_for(lambda: not dialog.answers.is_working)
    value, since = answer_texts(dialog.answers)["STBHHX", "covers"]
    assert value == "the ground of its features" and since.startswith("changed by ")
    # What the core cannot take is said, and the cell shows what is remembered.
    table.item(0, VALUE).setText("everything")
    wait_for(lambda: not dialog.answers.is_working)
    assert "everything" in dialog.answers.notice.text
    assert answer_texts(dialog.answers)["STBHHX", "covers"][0] == "the ground of its features"
    assert not dialog.answers.forget_button.isEnabled()
    table.selectRow(0)
    dialog.answers.forget_button.click()
    wait_for(lambda: not dialog.answers.is_working)
    assert answer_texts(dialog.answers) == {}


def test_a_report_is_written_also_where_all_is_refused_and_again_after_it(dialog, delivery, tmp_path):
    report = tmp_path / "report.json"
    dialog.report.setText(str(report))
    write_layer(delivery / "STBHHX2024.gpkg", ["BSM"], [("POLYGON((0 0,9 9,9 0,0 9,0 0))", "R1")])
    add(dialog, delivery)
    assert [row["status"] for row in json.loads(report.read_text("utf-8"))["layers"]] == ["refused"]
    write_layer(delivery / "STBHHX2024.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1")])
    add(dialog, delivery)
    assert [row["status"] for row in json.loads(report.read_text("utf-8"))["layers"]] == ["added"]


def test_a_change_of_datum_is_named_for_the_whole_delivery_and_known_afterwards(dialog, delivery, tmp_path):
    office = tmp_path / "office"
    office.mkdir()
    parameters = office / "p.toml"
    parameters.write_text(PARAMETERS, encoding="utf-8")
    write_layer(delivery / "STBHHX2024.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1")], crs="EPSG:2383")
    dialog.transform.setText(str(parameters))
    add(dialog, delivery)
    assert dialog.table.rows[0].status == "added", dialog.notice.text
    assert answers_of(dialog)["STBHHX", "transform"][0].startswith("p.toml ")
    # Without it the next delivery waits; a file of that name that is another one is refused in words.
    (delivery / "STBHHX2024.gpkg").unlink()
    write_layer(delivery / "STBHHX2025.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1")], crs="EPSG:2383")
    dialog.transform.setText("")
    dialog.show_plan(str(delivery))
    wait_for(lambda: not dialog.is_working)
    assert [one["code"] for one in dialog.table.rows[0].problems] == ["ingest.transform"]
    (tmp_path / "delivery" / "p.toml").write_text(PARAMETERS.replace("30", "31"), encoding="utf-8")
    dialog.show_plan(str(delivery))
    wait_for(lambda: not dialog.is_working)
    assert [one["code"] for one in dialog.table.rows[0].problems] == ["ingest.transform_other"]
    (tmp_path / "delivery" / "p.toml").write_text(PARAMETERS, encoding="utf-8")
    dialog.show_plan(str(delivery))
    wait_for(lambda: not dialog.is_working)
    assert dialog.table.rows[0].transform == "p.toml"
    dialog.add()
    wait_for(lambda: not dialog.is_working)
    # The library holds the same already: nothing was written, and the row does not say that it was added.
    assert dialog.table.rows[0].status == "unchanged", dialog.notice.text
    assert dialog.table.item(0, STATE).text() == "unchanged"


def test_a_changed_answer_stays_the_chosen_one(dialog, delivery):
    write_layer(delivery / "永久基本农田图斑2026.gpkg", ["BSM"], [(box(0, 0, 100, 100), "F1")])
    add(dialog, delivery)
    rows = answers_of(dialog)
    table = dialog.answers.table
    row = max(at for at, (_code, answer) in enumerate(rows) if answer == "covers")
    assert row > 0
    table.setCurrentCell(row, VALUE)
    table.item(row, VALUE).setText("extent")
    wait_for(lambda: not dialog.answers.is_working)
    assert table.currentRow() == row and dialog.answers.forget_button.isEnabled()
    assert list(answer_texts(dialog.answers).items())[row] != list(rows.items())[row]

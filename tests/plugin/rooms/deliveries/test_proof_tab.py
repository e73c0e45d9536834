"""The tab Proof: a delivery is proved, its problems are visited on the map, granted, mended and proved again."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.profile import settings
from onemap.plugin.rooms.deliveries import proof_tab
from onemap.tests.plugin.small_town import CRS, X, Y, awaited, box, open_in, wait_for, write_layer

TEMPLATE = """
[template]
id = "own"
title = { zh = "自编", en = "Own" }
[[layer]]
code = "DK"
geometry = "polygon"
fields = [{ name = "BH" }]
unique = ["BH"]
[[check]]
kind = "overlap"
layer = "DK"
[[check]]
kind = "small"
layer = "DK"
least_m2 = 50
severity = "fatal"
"""


def deliver(folder, shapes):
    path = folder / "DK.gpkg"
    write_layer(path, ["BH"], [(shape, f"{at}") for at, shape in enumerate(shapes)])
    return path


@pytest.fixture
def delivery(tmp_path):
    """Two plots that overlap on 200 m², and a third of 25 m²."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    deliver(folder, [box(0, 0, 100, 20), box(90, 0, 100, 20), box(300, 0, 5, 5)])
    (tmp_path / "own.toml").write_text(TEMPLATE, encoding="utf-8")
    return folder


@pytest.fixture
def tab(dock, library, delivery):
    """The room in front, with the delivery chosen."""
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    dock.show()
    open_in(dock, library)
    room = dock.proof_tab
    dock.tabs.setCurrentIndex(dock.tab_index(room))
    room.form.choose_source(str(delivery))
    room.form.choose_template(str(delivery.parent / "own.toml"))
    return room


def prove(tab, action=None):
    with awaited(tab.finished):
        (action or tab.button.click)()


def layers_of(property_name="onemap/proof"):
    return {
        layer.customProperty(property_name): layer
        for layer in QgsProject.instance().mapLayers().values()
        if layer.customProperty(property_name)
    }


def test_a_delivery_is_proved_gone_through_granted_and_proved_again(tab, dock, delivery, monkeypatch):
    prove(tab)
    assert "returned" in tab.grade.text() and tab.answer["counts"] == {"fatal": 1, "major": 1, "minor": 0}
    heads = [tab.tree.topLevelItem(row).text(0) for row in range(tab.tree.topLevelItemCount())]
    assert heads == ["Least areas · DK", "No overlap in a layer · DK"]  # the most severe first
    areas = layers_of()["finding_areas"]
    assert areas.featureCount() == 2 and areas.renderer().type() == "RuleRenderer"
    QTest.keyClick(dock, Qt.Key.Key_F8)
    assert tab.tree.about_row()["number"] == 1 and tab._highlight.is_on
    assert dock._canvas.extent().contains(areas.extent().center()) or dock._canvas.extent().width() < 200
    tab.step(1)
    assert tab.answer["problems"][tab.tree.about_row()["number"] - 1]["code"] == "topology.overlap"
    assert tab._highlight.labels == ["200 m²"] and dock._canvas.extent().contains(X + 95, Y + 10)
    tab.step(1)
    assert tab.tree.about_row()["number"] == 1  # round again

    monkeypatch.setattr(proof_tab, "ask_text", lambda *_args: _args[-1]("as it is built"))
    settings.put("review_name", "Wang")
    prove(tab, tab.exception_button.click)
    assert tab.answer["counts"]["fatal"] == 0 and [one["who"] for one in tab.answer["granted"]] == ["Wang"]
    assert (delivery.parent / "delivery.exceptions.toml").is_file()

    QgsProject.instance().clear()
    deliver(delivery, [box(0, 0, 90, 20), box(90, 0, 100, 20), box(300, 0, 5, 5)])
    prove(tab)
    assert tab.answer["again"]["gone"] == 1 and tab.answer["again"]["new"] == 0
    assert tab.answer["problems"] == [] and "accepted" in tab.grade.text()
    tab.tree.setCurrentItem(tab.tree.topLevelItem(0).child(0))
    prove(tab, tab.exception_button.click)
    assert tab.answer["counts"]["fatal"] == 1 and tab.answer["granted"] == []


def test_what_was_delivered_lies_below_the_problems_and_leaves_with_them(tab, delivery, tmp_path):
    prove(tab)
    names = [node.name() for node in QgsProject.instance().layerTreeRoot().findLayers()]
    assert names == ["Problems (areas)", "DK"]
    tab.map_button.setChecked(False)
    assert QgsProject.instance().mapLayers() == {}
    tab.map_button.setChecked(True)
    layer = next(one for one in QgsProject.instance().mapLayers().values() if one.name() == "DK")
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    messages = []
    tab.message_sent.connect(messages.append)
    prove(tab)
    assert len(messages) == 1 and "DK" in messages[0] and tab.answer["again"]["gone"] == 0
    assert layer.commitChanges()
    prove(tab)
    assert tab.answer["again"]["gone"] == 1 and tab.answer["counts"]["major"] == 0
    tab.form.choose_source(str(tmp_path / "nowhere"))
    assert tab.tree.topLevelItemCount() == 0 and QgsProject.instance().mapLayers() == {}
    refusals = []
    tab.refused.connect(refusals.append)
    tab.prove()
    wait_for(lambda: refusals)
    assert refusals[0].is_about("source.missing")


def test_the_report_to_send_back_is_written(tab, tmp_path, monkeypatch):
    prove(tab)
    target = tmp_path / "report.xlsx"
    monkeypatch.setattr(proof_tab, "ask_target", lambda *words: words[-1](str(target)))
    prove(tab, tab.report_button.click)
    assert target.is_file() and tab.answer["again"]["proved"] < 4

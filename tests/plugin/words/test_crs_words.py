"""Coordinate systems in a dialog in Chinese: China's by the core's names, others by QGIS's."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem

from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.words import core_words
from onemap.plugin.words.core_words import crs_title
from onemap.tests.plugin.other_desk import core


@pytest.fixture
def in_chinese():
    core_words.learn(core("words", "--lang", "zh"))
    yield
    core_words.learn(core("words", "--lang", "en"))


def test_a_system_of_china_is_called_as_in_the_documents(in_chinese):
    named = NamedCrs()
    choice = named.choice
    assert named.name.isHidden()  # nothing is chosen
    choice.setCrs(QgsCoordinateReferenceSystem("EPSG:4547"))
    assert named.name.text() == "EPSG:4547 - 2000国家大地坐标系 高斯-克吕格3度带，中央经线114°"
    assert not named.name.isHidden()
    tokyo = QgsCoordinateReferenceSystem("EPSG:30169")
    choice.setCrs(tokyo)
    assert named.name.isHidden() and crs_title(tokyo) == tokyo.userFriendlyIdentifier()
    assert crs_title(QgsCoordinateReferenceSystem()) == ""

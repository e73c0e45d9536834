"""A project saved in Chinese and opened in English, and the reverse: no word of the other language remains."""

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtGui import QColor

from onemap.plugin.desk.library.layer_list import layers_in, strata_in, themes_in
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import groups_in
from onemap.plugin.desk.map.map_language import translate_map
from onemap.plugin.desk.map.map_layers import PROPERTY_CODE
from onemap.plugin.desk.map.map_themes import first_theme, show_theme
from onemap.plugin.desk.results.result_layers import add_to_map, translate_results
from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.tests.plugin.published_town import Session
from onemap.tests.plugin.small_town import CRS, box, write_layer

WORDS = {
    "zh": {"land": "地类图斑", "arable": "01 耕地", "theme": "底图", "field": "地类编码"},
    "en": {"land": "Land use patches", "arable": "01 Arable", "theme": "Base map", "field": "Land class"},
}


@pytest.fixture(scope="module")
def land_library(town, application, tmp_path_factory):
    """A library with land use and farmland, the core's list of its layers in each language, and a check's results."""
    folder = tmp_path_factory.mktemp("land")
    path = folder / "land.gpkg"
    rows = [(box(0, 0, 500, 1000), "1", "0101", "水田"), (box(500, 0, 500, 1000), "2", "0301", "林地")]
    with Session() as core:
        core("new", library=path, crs=CRS, name="小城", district=town / "district.gpkg", pack=town / "pack.toml")
        for code, fields, features in (
            ("DLTB", ["BSM", "DLBM", "DLMC"], rows),
            ("YJJBNTTB", ["BSM"], [(box(0, 0, 400, 400), "F1")]),
        ):
            source = write_layer(folder / f"{code}.gpkg", fields, features)
            core("add", library=path, source=source, **{"as": code}, valid_from="2020-01-01", covers="district")
        answers = {
            lang: (core("words", lang=lang), core("layers", library=path, looks=True, lang=lang)) for lang in WORDS
        }
        run = core("check", library=path, parcels=town / "parcels.gpkg", out=folder / "run.gpkg", lang="zh")["run"]
    return path, answers, run


@pytest.fixture
def speak(land_library):
    """Starts QGIS anew in a language, as far as the plugin goes: the library as the core lists it then."""
    translators = []

    def begin(language):
        remove_translator(translators.pop() if translators else None)
        settings.put("language", language)
        translators.append(install_translator())
        path, answers, _run = land_library
        words, answer = answers[language]
        core_words.learn(words)
        shelf = OpenLibrary(None)
        shelf.path, shelf._name = str(path), "小城"
        shelf.layers, shelf.strata, shelf.themes = layers_in(answer), strata_in(answer), themes_in(answer)
        return shelf

    yield begin
    remove_translator(translators.pop() if translators else None)


def reopen(project_path):
    """Save the project, and open it again."""
    assert QgsProject.instance().write(str(project_path))
    QgsProject.instance().clear()
    assert QgsProject.instance().read(str(project_path))


def layer_of(code):
    [layer] = [one for one in QgsProject.instance().mapLayers().values() if one.customProperty(PROPERTY_CODE) == code]
    return layer


@pytest.mark.parametrize(("before", "now"), [("zh", "en"), ("en", "zh")])
def test_names_groups_legend_fields_and_themes_follow_the_language(speak, tmp_path, before, now):
    shelf = speak(before)
    assert show_theme(shelf, first_theme(shelf)) == []
    assert WORDS[before]["arable"] in legend(layer_of("DLTB"))
    reopen(tmp_path / "saved.qgz")
    shelf = speak(now)
    translate_map(shelf)
    land = layer_of("DLTB")
    assert land.name() == f"{WORDS[now]['land']} 2020-01-01"
    assert WORDS[now]["arable"] in legend(land)
    alias = land.attributeAlias(land.fields().indexOf("DLBM"))
    assert alias.startswith(WORDS[now]["field"])
    groups = {group.name() for group in groups_in(QgsProject.instance().layerTreeRoot())}
    assert len(groups) == 3 and groups < {"One Map · 小城", *shelf.strata.values()}
    assert QgsProject.instance().mapThemeCollection().mapThemes() == [WORDS[now]["theme"]]
    show_theme(shelf, first_theme(shelf))  # it is still the plugin's own, and no second one is made
    assert QgsProject.instance().mapThemeCollection().mapThemes() == [WORDS[now]["theme"]]


def test_what_a_person_has_named_or_coloured_stays(speak, tmp_path):
    shelf = speak("zh")
    show_theme(shelf, first_theme(shelf))
    layer_of("YJJBNTTB").setName("我的农田")
    rule = layer_of("DLTB").renderer().rootRule().children()[0]
    rule.symbol().setColor(QColor("#123456"))
    reopen(tmp_path / "saved.qgz")
    translate_map(speak("en"))
    assert layer_of("YJJBNTTB").name() == "我的农田"
    land = layer_of("DLTB")
    assert land.name().startswith("Land use patches")
    assert land.renderer().rootRule().children()[0].symbol().color().name() == "#123456"


def test_results_on_the_map_follow_the_language(speak, tmp_path, land_library):
    speak("zh")
    path, _answers, run = land_library
    add_to_map(str(path.with_name("run.gpkg")), run, "小城")
    reopen(tmp_path / "saved.qgz")
    speak("en")
    translate_results()
    layers = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert set(layers) == {"Checked parcels", "Findings", "Overlaps"}
    assert "■ prohibited" in legend(layers["Checked parcels"])
    assert legend(layers["Overlaps"]) == ["Counted", "Not counted"]
    [group] = QgsProject.instance().layerTreeRoot().children()
    assert group.name().startswith("Check of 20") and group.name().endswith(" · 小城")


def legend(layer: QgsVectorLayer):
    """The lines of a layer's legend."""
    return [item.label() for item in layer.renderer().legendSymbolItems() if item.label()]

"""Code tables, levels, and a city's file of layers and aliases: read correctly, or every mistake is named."""

import json
from pathlib import Path

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.catalogue_files import read_catalogue
from onemap.layers.catalogue.check_levels import LEVELS, check_of, default_checks
from onemap.layers.catalogue.code_tables import class_titles, code_table, table_names
from onemap.layers.errors import OneMapError
from onemap.layers.messages import sentences

OWN = """
[XXYD]
title = { zh = "学校用地", en = "School land" }
department = "planning"
library = "department"
kind = "vector"
geometry = "polygon"
key = "XXBH"
class_field = "YDDM"
checks = { "topology.overlap" = "refuse", "area.declared" = { level = "note", share = 0.01 } }
fields = [
  { name = "XXBH", length = 10, title = "学校编号", aliases = ["学校编号"] },
  { name = "YDDM", codes = "land-sea-uses", title = "用地代码" },
  { name = "YDMC", name_of = "YDDM" },
  { name = "MJ", type = "number", area = true },
]

[DLTB]
aliases = { DLBM = ["LAND_CODE"] }
"""


@pytest.fixture
def own(tmp_path):
    """Read a catalogue file on top of the shipped catalogue."""

    def read(text):
        path = tmp_path / "city.catalogue.toml"
        path.write_text(text, encoding="utf-8")
        return read_catalogue(path, shipped_catalogue())

    return read


def refusal(own, text):
    """The one problem of a file: its code, its layer, its key."""
    with pytest.raises(OneMapError) as raised:
        own(text)
    (problem,) = raised.value.problems
    assert problem.facts["file"] == "city.catalogue.toml"
    return problem.code, problem.facts.get("layer"), problem.facts.get("key")


# Code tables.


def test_the_four_systems_of_land_classes_have_as_many_classes_as_their_standards():
    # Second levels, and 24 + 111 + 40 of the land and sea uses; urban uses: 8 + 35 + 42 and those of H and E.
    counts = {name: len(code_table(name).classes) for name in table_names()}
    assert counts == {
        "current-uses": 73,
        "survey-classes": 57,  # 55, 09, and 1208 of newer surveys
        "survey-classes-2007": 62,  # 57 of GB/T 21010-2007, and five of built-up ground
        "land-sea-uses": 175,
        "land-sea-uses-2020": 174,
        "urban-uses": 110,
        "plan-classes": 38,
        "control-zones": 8,  # four, in counties and in townships
        "purpose-zones": 11,
        "sound-zones": 5,
        # What the other codes of the land survey mean.
        "ownership-kinds": 10,
        "slope-classes": 5,
        "arable-kinds": 2,
        "land-or-island": 2,
        "settlement-codes": 8,
        "planting-codes": 8,
        "refined-classes": 16,
        "industry-sections": 20,  # A to T
        "forest-grades": 8,  # in Roman and in plain figures
        "water-source-levels": 7,  # in words, and two in either figures
        "difference-kinds": 8,  # all that a comparison writes
    }


def test_codes_of_a_patch_of_a_use_and_of_an_industry_have_names():
    named = {
        ("DLTB", "KCDLBM", "1203"): "田坎",
        ("DLTB", "TBXHDM", "HDGD"): "河道耕地",
        ("YJGH", "YDDM", "0701"): "城镇住宅用地",
        ("FRTJ", "HYDM", "C39"): "制造业",
    }
    for (layer, name, value), title in named.items():
        field = shipped_catalogue()[layer].field_named(name)
        codes = [field.codes] if isinstance(field.codes, str) else field.codes
        assert (class_titles(codes, value) or {}).get("zh") == title, (layer, name)


@pytest.mark.parametrize(
    ("layer", "name", "value", "titles"),
    [
        ("LDYZT", "BHDJ", "Ⅱ", {"zh": "Ⅱ级保护林地", "en": "Second-grade forest land"}),
        ("LDYZT", "BHDJ", "IV", {"zh": "Ⅳ级保护林地", "en": "Fourth-grade forest land"}),
        ("YYSSYBHQ", "BHJB", "准", {"zh": "准保护区", "en": "Quasi protection area"}),
        ("CYTB", "CYLX", "04", {"zh": "仅规划二为建设", "en": "Construction in plan B only"}),
    ],
)
def test_grades_levels_and_kinds_of_difference_have_names(layer, name, value, titles):
    field = shipped_catalogue()[layer].field_named(name)
    assert class_titles(field.codes, value) == titles
    assert value in field.values


def test_a_kind_of_difference_has_the_name_that_a_comparison_gives_it():
    for language in ("zh", "en"):
        words = {code: entry[language].casefold() for code, entry in code_table("difference-kinds").classes.items()}
        assert words == {code: name.casefold() for code, name in sentences(language)["difference"].items()}


def test_every_class_has_two_names_and_every_table_its_version():
    for name in table_names():
        table = code_table(name)
        assert table.version and table.standard
        assert all(entry["zh"] and entry["en"] for entry in table.classes.values())
        assert all(code[:4] in table.classes for code in table.variants)


def test_every_value_that_is_a_code_has_a_name():
    """Values in Chinese say what they mean; grades in Roman numbers are their own names."""
    nameless = {}
    for entry in shipped_catalogue().values():
        for field in entry.fields:
            for value in field.values:
                is_word = any("\u4e00" <= sign <= "\u9fff" or "\u2160" <= sign <= "\u217f" for sign in value)
                if not is_word and class_titles(field.codes, value) is None:
                    nameless.setdefault(field.name, []).append(value)
    assert nameless == {}


def test_the_tables_agree_with_the_shared_copy_of_the_standards(shared_data):
    given = json.loads((shared_data / "landcodes.json").read_text(encoding="utf-8"))
    groups = {"农用地": "farm", "建设用地": "built", "未利用地": "unused"}
    for key, name in (
        ("gb21010_2017", "current-uses"),
        ("sandiao_work", "survey-classes"),
        ("ydyh_2023", "land-sea-uses"),
    ):
        table = code_table(name)
        for entry in given[key]:
            own = table.classes.get(entry["code"]) or table.first[entry["code"]]
            assert own["zh"] == entry["name"].split("(")[0]
            assert "group" not in entry or own["group"] == groups[entry["group"]]


@pytest.mark.parametrize(
    ("table", "code", "found"),
    [
        ("survey-classes", "0101", "0101"),
        ("survey-classes", "0201K", "0201"),
        ("survey-classes", "08H2A", "08H2"),
        ("survey-classes", "09", "09"),
        ("survey-classes", "011", None),
        ("survey-classes", "0101X", None),
        ("current-uses", "0201K", None),
        ("urban-uses", "r2", "R2"),
        ("urban-uses", "G1c", "G1"),
        ("urban-uses", "B1/R2", "B1"),
        ("urban-uses", "Ａ３３（Ｇ１）", "A33"),
        ("urban-uses", "B1、Q", None),
        ("urban-uses", "", None),
        ("land-sea-uses", "070102", "070102"),
        ("land-sea-uses", "07", "07"),
        ("land-sea-uses", "0205", "0205"),
        ("land-sea-uses-2020", "0205", None),
        ("land-sea-uses-2020", "0604", "0604"),
        ("land-sea-uses", "0604", None),
    ],
)
def test_a_code_finds_its_class_or_none(table, code, found):
    assert code_table(table).class_of(code) == found


def test_the_trial_version_names_some_codes_otherwise():
    names = [code_table(table).classes["2302"]["zh"] for table in ("land-sea-uses", "land-sea-uses-2020")]
    assert names == ["后备耕地", "田坎"]


# Levels.


def test_every_default_has_a_level_and_only_what_cannot_be_kept_refuses():
    refusing = {code for code, check in default_checks().items() if check["level"] == "refuse"}
    assert all(check["level"] in LEVELS for check in default_checks().values())
    assert {code for code in refusing if not code.startswith(("geometry.", "table."))} == {
        "position.outside",
        "position.shift",
        "person.data",
        "source.record",
    }


def test_gaps_and_overlaps_are_looked_for_only_where_a_layer_should_be_a_coverage():
    layers = shipped_catalogue()
    assert check_of(layers["DLTB"], "topology.gap")["level"] == "warn"
    assert check_of(layers["HLGLFW"], "topology.gap")["level"] == "off"
    assert check_of(layers["KGDK"], "topology.overlap")["level"] == "warn"
    assert check_of(layers["KGDK"], "topology.gap")["level"] == "off"


# A city's own file.


def test_a_citys_own_layers_and_aliases_are_read(own):
    entries = own(OWN)
    layer = entries["XXYD"]
    assert layer.title == {"zh": "学校用地", "en": "School land"}
    assert [field.name for field in layer.fields] == ["XXBH", "YDDM", "YDMC", "MJ"]
    assert check_of(layer, "topology.overlap")["level"] == "refuse"
    assert check_of(layer, "area.declared") == {"level": "note", "share": 0.01, "least_m2": 1.0}
    aliases = entries["DLTB"].field_named("DLBM").aliases
    assert set(shipped_catalogue()["DLTB"].field_named("DLBM").aliases) < set(aliases)
    assert "LAND_CODE" in aliases


def wrong(old, new):
    """The file above with one mistake."""
    assert old in OWN
    return OWN.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[XXYD", ("catalogue.syntax", None, None)),
        (wrong("[XXYD]", '["XX YD"]'), ("catalogue.code", "XX YD", None)),
        (wrong("[XXYD]", "[XX__YD]"), ("catalogue.code", "XX__YD", None)),
        (wrong("[XXYD]", "[dltb]"), ("catalogue.clash", "dltb", None)),
        (wrong('kind = "vector"\n', ""), ("catalogue.key_missing", "XXYD", "kind")),
        (wrong('key = "XXBH"', 'colour = "red"'), ("catalogue.key", "XXYD", "colour")),
        (wrong('"planning"', '"police"'), ("catalogue.value", "XXYD", "department")),
        (wrong('"polygon"', '"blob"'), ("catalogue.value", "XXYD", "geometry")),
        (wrong('type = "number"', 'type = "float"'), ("catalogue.value", "XXYD", "MJ.type")),
        (wrong('"land-sea-uses"', '"no-such"'), ("catalogue.value", "XXYD", "YDDM.codes")),
        (wrong("length = 10", 'length = "10"'), ("catalogue.type", "XXYD", "XXBH.length")),
        (wrong("area = true", "area = 1"), ("catalogue.type", "XXYD", "MJ.area")),
        (wrong("area = true", "heights_m = [9000, -500]"), ("catalogue.type", "XXYD", "MJ.heights_m")),
        (wrong("area = true", "heights_m = 9000"), ("catalogue.type", "XXYD", "MJ.heights_m")),
        (
            wrong('geometry = "polygon"', 'geometry = "polygon"\nheights_m = [0]'),
            ("catalogue.type", "XXYD", "heights_m"),
        ),
        (wrong('aliases = ["学校编号"]', "aliases = [1]"), ("catalogue.type", "XXYD", "XXBH.aliases")),
        (wrong('title = "用地代码"', "title = { fr = 'x' }"), ("catalogue.type", "XXYD", "YDDM.title")),
        (wrong('key = "XXBH"', 'key = "NR"'), ("catalogue.field", "XXYD", "key")),
        (wrong('name_of = "YDDM"', 'name_of = "NR"'), ("catalogue.field", "XXYD", "YDMC.name_of")),
        (wrong('aliases = ["学校编号"]', 'aliases = ["ydmc"]'), ("catalogue.alias", "XXYD", "YDMC")),
        (wrong('"refuse"', '"loud"'), ("catalogue.check", "XXYD", "checks.topology.overlap")),
        (wrong("share = 0.01", "part = 0.01"), ("catalogue.check", "XXYD", "checks.area.declared")),
        (wrong('"topology.overlap"', '"geometry.null"'), ("catalogue.check", "XXYD", "checks.geometry.null")),
        (wrong("aliases = { DLBM", "aliases = { NR"), ("catalogue.field", "DLTB", "aliases.NR")),
        (wrong('["LAND_CODE"]', '["图斑面积"]'), ("catalogue.alias", "DLTB", "TBMJ")),
        (OWN + 'geometry = "line"\n', ("catalogue.shipped", "DLTB", "geometry")),
        ("XXYD = 1", ("catalogue.type", "XXYD", "XXYD")),
    ],
)
def test_a_mistake_is_named_by_file_layer_and_key(own, text, expected):
    assert refusal(own, text) == expected


def test_all_mistakes_are_told_at_once(own):
    with pytest.raises(OneMapError) as raised:
        own(wrong('"planning"', '"police"').replace('"polygon"', '"blob"') + 'key = "X"\n')
    assert len(raised.value.problems) == 3


def test_a_file_that_is_not_utf8_is_a_named_mistake(tmp_path):
    (tmp_path / "city.catalogue.toml").write_bytes(OWN.encode("gbk"))
    with pytest.raises(OneMapError) as raised:
        read_catalogue(tmp_path / "city.catalogue.toml", shipped_catalogue())
    assert raised.value.code == "catalogue.syntax"


def test_the_file_beside_a_library_gives_it_layers_and_aliases(shelf, layer_file, box):
    beside = shelf.path.with_name("city.catalogue.toml")
    beside.write_text("\ufeff" + OWN, encoding="utf-8")
    path = layer_file("schools.gpkg", [box(0, 0)], {"学校编号": ["S1"], "YDDM": ["080403"], "YDMC": ["中小学用地"]})
    answer = shelf.add(path, code="XXYD", define=None).done()
    assert shelf.column("XXBH", "XXYD__1") == ["S1"]
    assert answer.json["codes"] == {"YDDM": "land-sea-uses 2023"}
    assert (
        shelf.add(layer_file("land.gpkg", [box(0, 0)], {"BSM": ["1"], "LAND_CODE": ["0101"]}), "DLTB", define=None).code
        == 0
    )
    assert shelf.column("DLBM", "DLTB__1") == ["0101"]
    layers = {layer["code"]: layer for layer in shelf.run("layers", shelf.path).json["layers"]}
    assert layers["XXYD"]["title"]["en"] == "School land"


def test_a_level_of_the_citys_own_refuses_and_with_keep_bad_sets_aside(shelf, layer_file, box):
    shelf.path.with_name("city.catalogue.toml").write_text(OWN, encoding="utf-8")
    columns = {"XXBH": ["1", "2", "3"], "YDDM": ["080403"] * 3, "YDMC": ["中小学用地"] * 3}
    path = layer_file("schools.gpkg", [box(0, 0), box(50, 0), box(300, 0)], columns)
    assert shelf.add(path, code="XXYD", define=None).codes == ["topology.overlap"]
    answer = shelf.add(path, code="XXYD", define=None, keep_bad=True)
    assert (answer.code, answer.json["features"], answer.json["set_aside"]) == (0, 2, 1)


def test_a_mistake_beside_the_library_is_told_by_every_verb_and_heals_with_the_file(shelf):
    beside = shelf.path.with_name("city.catalogue.toml")
    beside.write_text(wrong('"planning"', '"police"'), encoding="utf-8")
    answer = shelf.run("layers", shelf.path)
    assert (answer.code, answer.codes) == (3, ["catalogue.value"])
    beside.write_text(OWN, encoding="utf-8")
    assert shelf.run("layers", shelf.path).code == 0


def test_a_layer_defined_before_must_keep_its_geometry_in_the_file(shelf, layer_file, box):
    shelf.add(layer_file("a.gpkg", [box(0, 0)]), code="XXYD")
    beside = shelf.path.with_name("city.catalogue.toml")
    beside.write_text(wrong('"polygon"', '"line"'), encoding="utf-8")
    assert shelf.run("layers", shelf.path).codes == ["catalogue.geometry"]
    beside.write_text(OWN, encoding="utf-8")
    assert shelf.run("layers", shelf.path).code == 0


def test_the_shipped_files_are_read_by_the_same_rules():
    folder = Path(__file__).resolve().parents[3] / "resources" / "catalogue"
    assert sum(len(read_catalogue(path, {})) for path in folder.glob("layers-*.toml")) == len(shipped_catalogue())

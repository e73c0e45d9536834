"""A rule's options as a reviewer reads them: titles of layers and fields, units, in one language."""

import re

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_systems import CODE_SYSTEMS
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.packs.pack import DEFAULT_PACK, joined_rules, pack_text, parse_packs
from onemap.rules.judge.runs.explain import option_said


@pytest.fixture(scope="module")
def rules():
    packs = parse_packs([pack_text(DEFAULT_PACK)], shipped_catalogue())
    return {rule.id: rule for rule in joined_rules(packs)}


def options_of(rule, language):
    """All options of a rule by their keys."""
    catalogue = shipped_catalogue()
    return {key: option_said(rule, key, value, catalogue, language) for key, value in rule.options.items()}


def test_a_distance_by_class_is_told_by_the_field_s_title_and_a_layer_by_its_own(rules):
    options = options_of(rules["road.control_zone"], "zh")
    assert options["distance_m"] == "距离 按公路等级：高速公路 → 30、国道 → 20、省道 → 15、县道 → 10、乡道 → 5 m"
    assert options["min_share"] == "最小比例 5 %"
    assert options["min_area_m2"] == "最小面积 1 m²"
    assert "官方划定范围 公路建筑控制区" in options.values()
    english = options_of(rules["road.control_zone"], "en")
    assert english["distance_m"].startswith("distance by Road class: 高速公路 → 30, ")
    assert english["min_share"] == "least share 5 %"


def test_the_classes_of_codes_are_named(rules):
    assert options_of(rules["plan.use"], "en")["code_system"] == "classes of the use codes Land and sea uses, 2023"
    assert options_of(rules["plan.use"], "zh")["plan_field"] == "规划字段 用地性质代码"


def test_no_layer_of_the_shipped_rules_is_told_by_its_code(rules):
    catalogue = shipped_catalogue()
    texts = [text for rule in rules.values() for text in options_of(rule, "zh").values()]
    assert texts
    words = {word for text in texts for word in re.findall(r"[A-Z_]{4,}", text)}
    assert words & set(catalogue) == set()


@pytest.mark.parametrize(
    ("language", "open_ground", "table", "field"),
    [
        ("zh", "无规划的范围 不受限制", "允许的用途 规划用途相容表 ", "地块字段 用地性质代码"),
        ("en", "ground without a plan open to any use", "permitted uses What", "field of the parcel Use code"),
    ],
)
def test_words_and_tables_of_a_pack_are_told_by_their_titles(rules, language, open_ground, table, field):
    options = options_of(rules["plan.use"], language)
    assert options["unplanned"] == open_ground
    assert options["permits"].startswith(table) and "land-use" not in options["permits"]
    assert options["parcel_field"] == field


def test_every_word_that_a_kind_offers_has_a_title():
    """Classes of codes have theirs among the messages; of a distance or an area there are no words."""
    for kind in KINDS.values():
        for name, key in kind.keys.items():
            untitled = set(key.choices) - set(CODE_SYSTEMS) - set(key.choice_titles)
            assert not untitled, f"{kind.name}.{name}"

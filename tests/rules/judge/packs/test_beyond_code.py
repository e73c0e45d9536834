"""What a use code does not cover must itself be spared: a second use, and building on fields or in water."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.judge.inputs.parcels import STATED_KIND, no_parcels
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.pack import joined_rules, pack_text, parse_packs
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.question.kind_remarks import kind_problems_of

PACKS = parse_packs([pack_text("city-preliminary")], shipped_catalogue())
RULES = {rule.id: rule for rule in joined_rules(PACKS)}


def is_excused(rule, code, text, **more):
    columns = {"YDXZ": [code], KIND_FIELD: [text], **{name: [value] for name, value in more.items()}}
    return Projects(pd.DataFrame(columns, dtype=object)).excuses(RULES[rule].unless)[0] is not None


@pytest.mark.parametrize(
    ("rule", "code", "spared", "other"),
    [
        ("farmland.permanent", "0103", "高标准农田", "厂房"),
        ("forest.first_grade", "0301", "造林", "度假村"),
        ("road.dangerous_goods", "090105", "加油站", "油库"),
        ("dike.land", "1311", "堤防", "酒店"),
        ("redline.green", "1401", "公园", "住宅"),
    ],
)
def test_of_several_things_each_must_be_spared(rule, code, spared, other):
    assert is_excused(rule, code, spared) and is_excused(rule, code, None)
    assert not any(is_excused(rule, code, f"{spared}{sign}{other}") for sign in ("和", "及", "与", "、", ","))


def test_a_second_thing_that_the_rule_spares_by_another_class_takes_no_excuse_away():
    assert is_excused("dike.land", "1311", "堤防加固及道路")  # the road is of the works on rivers


def test_what_brackets_include_is_part_of_the_thing_but_is_built_on_fields_all_the_same():
    assert is_excused("road.dangerous_goods", "090105", "加油加气站（含储气设施）")
    assert not is_excused("farmland.permanent", "0103", "高标准农田（含厂房）")


@pytest.mark.parametrize(
    ("rule", "code", "text"),
    [
        *(("farmland.permanent", "0103", text) for text in ("取土场", "弃渣场", "智能温室", "农机库房", "田园综合体")),
        *(("forest.first_grade", code, text) for code, text in (("0301", "风力发电场"), ("0303", "林光互补光伏"))),
        *(("forest.first_grade", "0301", text) for text in ("取土场", "公园", "绿道")),
        ("grassland.basic", "0401", "风力发电场"),
        *(("dike.land", "1701", text) for text in ("河道采砂场", "滨河公园")),
        *(("redline.ecological", "1703", text) for text in ("漂浮式光伏", "水电站")),
        ("wetland.national", "1703", "水产养殖场"),
        ("redline.ecological", "0506", "湿地公园"),
        *(("redline.road", "120802", text) for text in ("公交停车场", "车辆段", None)),
    ],
)
def test_a_code_of_the_ground_excuses_nothing_that_is_built_there(rule, code, text):
    assert not is_excused(rule, code, text)


@pytest.mark.parametrize(
    ("rule", "code", "text"),
    [
        *(
            ("farmland.permanent", "0103", text)
            for text in ("高标准农田", "土地复垦", "矿山生态修复", None, "某某项目")
        ),
        *(("forest.first_grade", "0301", text) for text in ("造林", "生态修复", "防护林", "苗圃")),
        *(("redline.ecological", "1701", text) for text in ("河道整治", "堤防")),
        ("farmland.cultivated", "0601", "农村道路"),
        ("wetland.national", "0506", "湿地生态修复"),
        ("redline.road", "1206", "轨道交通"),
    ],
)
def test_what_only_tends_the_ground_is_excused_by_its_code(rule, code, text):
    assert is_excused(rule, code, text)


def test_what_a_person_has_stated_is_held_against_a_code_of_the_ground_too():
    stated = {STATED_KIND: "临时用地"}
    assert is_excused("farmland.cultivated", "0103", None, **stated)  # temporary land is spared by name
    assert not is_excused("soil.erosion", "0103", None, **stated) and is_excused("soil.erosion", "0103", None)


def test_it_is_said_of_what_a_code_does_not_speak():
    values = {"YDXZ": ["0103"] * 4, KIND_FIELD: ["高标准农田和厂房", "取土场", "高标准农田", "厂房"]}
    parcels = replace(no_parcels("a.gpkg", ""), ids=np.array(list("ABCD")), attributes=pd.DataFrame(values))
    found = {problem.facts["value"]: problem for problem in kind_problems_of(PACKS, parcels, "en")}
    assert {text: problem.code for text, problem in found.items()} == {
        "高标准农田和厂房": "project.kind_beyond_code",
        "取土场": "project.kind_beyond_code",
        "厂房": "project.kind_conflict",
    }
    assert found["高标准农田和厂房"].facts["kinds"] == ["Factories"]

"""The register of kinds: five hundred names of projects, heads, and the property that a text excuses nothing."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_systems import LAND_SEA, SURVEY, known_use
from onemap.rules.judge.packs.kind_register import KIND_FIELD, shipped_register
from onemap.rules.judge.packs.pack import pack_text, parse_pack
from onemap.rules.judge.packs.projects import Projects

NAMES = tomllib.loads((Path(__file__).parents[3] / "project_names.toml").read_text(encoding="utf-8"))["group"]
CODED = [(name, group["use"]) for group in NAMES for name in group["names"]]
REGISTER = shipped_register()
RECOGNISED = 0.9  # of the names that say what they are
# Lines share their codes with plants: a name tells a power line from a substation, a code does not.
LINES = {"power_transmission", "telecom_line", "gas_main", "water_main", "water_intake", "outfall", "rain_outlet"}
CLASSES_OF_LINES = {"bridge_works", "cable"}


@pytest.fixture(scope="module")
def pack():
    """The common pack."""
    text, source = pack_text("city-preliminary")
    return parse_pack(text, source, shipped_catalogue())


def of_same_ground(code: str, starts: tuple[str, ...]) -> bool:
    """Whether a use code, or the beginning of one, may be of a class that takes these beginnings."""
    return any(code.startswith(start) or start.startswith(code) for start in starts)


def are_lines(class_name: str, kinds) -> bool:
    """Whether a class includes these kinds because they are lines, whatever their code."""
    return class_name in CLASSES_OF_LINES and all(kind.name in LINES for kind in kinds)


def test_there_are_five_hundred_names_and_some_two_hundred_and_fifty_kinds():
    assert len({name for name, _ in CODED}) == len(CODED) == 500
    assert len(REGISTER.kinds) >= 240


def test_nine_names_of_ten_are_recognised():
    named = [name for name, code in CODED if code]
    unknown = [name for name in named if None in REGISTER.kinds_of(name)]
    assert len(unknown) <= (1 - RECOGNISED) * len(named), unknown


def test_no_name_is_excused_from_a_rule_that_its_code_is_not_excused_from(pack):
    """Whom the common pack's rules excuse by a name alone, they excuse by the code that a planner gives it, too."""
    by_name = Projects(pd.DataFrame({KIND_FIELD: [name for name, _ in CODED]}, dtype=object))
    excusing = {item.name: item for rule in pack.rules for item in rule.unless if item.asks_use}
    wrong = [
        (name, code, item.name)
        for item in excusing.values()
        for (name, code), excuse in zip(CODED, by_name.excuses([item]), strict=True)
        if excuse is not None
        and not of_same_ground(code, item.use)
        and not are_lines(item.name, REGISTER.kinds_of(name))
    ]
    assert wrong == []


@pytest.mark.slow
def test_beside_a_code_no_name_excuses_what_the_code_does_not(pack):
    """The property: for each name, each code of the list and each class, an excuse is the code's own."""
    codes = sorted({code for _, code in CODED if known_use(code, None, LAND_SEA)})
    classes = {item.name: item for rule in pack.rules for item in rule.unless}.values()
    plain = Projects(pd.DataFrame({"YDXZ": codes}, dtype=object))
    for name, _ in CODED:
        named = Projects(pd.DataFrame({"YDXZ": codes, KIND_FIELD: [name] * len(codes)}, dtype=object))
        for item in classes:
            pairs = zip(codes, named.excuses([item]), plain.excuses([item]), strict=True)
            milder = [code for code, by_both, by_code in pairs if by_both and not by_code]
            assert milder == [], (name, item.name)


def test_every_kind_of_a_class_stands_in_a_code_of_the_class(pack):
    """An excuse by a name is one that some code of its kind gives as well."""
    for item in {item.name: item for rule in pack.rules for item in rule.unless if item.use}.values():
        for kind in (REGISTER.kinds[name] for name in item.kinds):
            digits = [code for code in kind.use if code[:1].isdigit()]
            stands = not digits or any(of_same_ground(code, item.use) for code in digits)
            assert stands or are_lines(item.name, [kind]), (item.name, kind.name)


def test_codes_of_the_register_are_codes():
    for kind in REGISTER.kinds.values():
        for code in kind.use:
            is_code = known_use(code, None, LAND_SEA) or any(sign.isdigit() for sign in code) or len(code) == 1
            assert is_code, (kind.name, code)
        for code in kind.survey:
            assert known_use(code, SURVEY, SURVEY), (kind.name, code)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("铁路新村住宅", "住宅"),
        ("供电公司职工宿舍", "宿舍"),
        ("国道改扩建", "国道"),
        ("生活垃圾焚烧发电厂", "垃圾焚烧发电厂"),
        ("滑坡治理区搬迁安置房", "安置房"),
        ("住宅（二期）", "住宅"),
        *(
            (f"国道{how}", "国道")
            for how in ("一期、二期工程", "新建及改建", "K12+300～K45+600段改建", "一标段和二标段")
        ),
        *((f"国道{how}", "国道") for how in ("项目用地预审与选址意见书", "改建项目建设用地预审", "一、二期工程")),
        ("污水处理厂异地迁建及扩容提标", "污水处理厂"),
        ("天然气管道互联互通工程", "天然气管道"),
        ("国 道 改 建", "国道"),
        ("平山县 国道", "国道"),
    ],
)
def test_the_longest_word_that_ends_a_text_names_its_kind(text, word):
    assert REGISTER.kinds_of(text) == (REGISTER.heads[word],)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("公路及加油站", ["公路", "加油站"]),
        ("公路（含加油站）", ["公路", "加油站"]),
        ("公路（二期，另含加油站、服务区）", ["公路", "加油站", "服务区"]),
        ("高速公路（一期工程包括收费站及养护站）", ["高速公路", "高速公路", "养护站"]),
        ("公路[附设加油站]改扩建工程", ["公路", "加油站"]),
        ("高标准农田（及厂房）", ["高标准农田", "厂房"]),
        ("公路含加油站", ["公路", "加油站"]),
        ("厂房＆高标准农田", ["厂房", "高标准农田"]),
        ("厂房\r\n高标准农田\n", ["厂房", "高标准农田"]),
        ("厂房·高标准农田", ["厂房", "高标准农田"]),
        *((f"厂房{sign}公路", ["厂房", "公路"]) for sign in (" ", "（一期）\u3000", "并配套建设", "连同", "同步建设")),
        ("东湖·公园", ["公园"]),
        ("养殖场暨公园", ["养殖场", "公园"]),
        ("公园兼停车场（含公厕）", ["公园", "停车场", "公厕"]),
        *((f"{fields}及附属用房", [fields, "附属用房"]) for fields in ("高标准农田", "造林")),
        *((f"{place}及附属用房", [place]) for place in ("医院", "水库")),
        ("公路（不含加油站）", ["公路"]),
        ("公路（学校至医院段）", ["公路"]),
        ("公路（含配套设施）", ["公路"]),
        ("小学（附近加油站旁）", ["小学"]),
        ("诸暨市暨阳小学", ["小学"]),
        ("公路（含山县段）", ["公路"]),
        ("含油污泥填埋场", ["填埋场"]),
    ],
)
def test_each_thing_that_a_text_says_to_be_included_is_named(text, words):
    assert REGISTER.kinds_of(text) == tuple(REGISTER.heads[word] for word in words)


@pytest.mark.parametrize("text", ["公路及用房", "公路、BDO项目", "光伏电站并网工程"])
def test_a_thing_of_which_no_word_is_known_is_not_taken_for_a_way_of_building(text):
    assert REGISTER.kinds_of(text)[-1] is None


@pytest.mark.parametrize(
    ("text", "word"), [("高标准农田用房", "高标准农田"), ("原水厂3号地块", "水厂"), ("填埋场地块", "填埋场")]
)
def test_rooms_and_plots_are_not_the_thing_alone_and_what_forbids_it_forbids_them(text, word):
    assert REGISTER.kinds_of(text) == (REGISTER.heads[word], None)


def test_what_is_included_and_not_recognised_is_no_kind():
    assert REGISTER.kinds_of("变电站（含某某装置）") == (REGISTER.heads["变电站"], None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *dict.fromkeys(("东岭猪场", "生态鸡场", "蛋鸭场扩建项目", "河湾牛场", "后山羊场"), "livestock_farm").items(),
        *dict.fromkeys(("液氯储罐", "甲醇储罐区改造", "氯气站"), "hazardous_store").items(),
        *dict.fromkeys(("乙炔气站", "制氧站", "氧气厂", "液化气储罐"), "gas_depot").items(),
        *dict.fromkeys(("弃渣场", "建筑垃圾消纳场"), "construction_waste").items(),
        ("建筑垃圾资源化利用项目", "rubble_plant"),
        ("机动车驾驶员培训学校", "driving_school"),
        ("职业培训学校", "training_school"),
        ("国际汽车城", "car_city"),
        ("滨河商业街", "shopping_street"),
        ("斗牛场", "entertainment"),
        ("雨水排放口", "rain_outlet"),
        ("城北污水处理厂", "sewage_plant"),
        *dict.fromkeys(("污水提升泵站", "排水污水渠", "城东污水库"), "sewage_works").items(),
        *dict.fromkeys(("汽水厂", "饮用天然水厂", "香水厂扩建"), "light_industry").items(),
        *dict.fromkeys(("氨水厂", "双氧水厂", "胶水厂"), "chemical_works").items(),
        *dict.fromkeys(("工业园区土地平整", "棚户区土地整理项目"), "land_development").items(),
        *dict.fromkeys(("软件公园二期", "文创公园"), "tech_park").items(),
        ("中学塑胶跑道改造", "sports_ground"),
        ("厦门站改扩建工程", "railway_station"),
        *dict.fromkeys(("现代牧业产业园", "种猪产业基地", "畜禽养殖产业园区"), "livestock_park").items(),
        *dict.fromkeys(("液化气物流园", "天然气仓储物流"), "gas_depot").items(),
        *dict.fromkeys(("油品仓储物流", "石油物流园"), "oil_depot").items(),
        *dict.fromkeys(("民爆仓储", "花炮物流园"), "explosives_store").items(),
        *dict.fromkeys(("危废物流园", "危险废物产业园"), "hazardous_waste").items(),
        ("水产养殖产业园", "industrial_park"),
        ("生命文化园", "cemetery"),
    ],
)
def test_what_an_article_names_is_of_the_kind_that_its_rules_ask(text, kind):
    assert [found and found.name for found in REGISTER.kinds_of(text)] == [kind]

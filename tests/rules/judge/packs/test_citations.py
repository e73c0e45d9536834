"""Laws in Chinese texts: titles in their marks, each once, none marked twice; in English with English names."""

import tomllib

import pytest

from onemap.layers.shipped_files import RESOURCES
from onemap.rules.judge.findings.citations import cited_basis, cited_law

PACK = tomllib.loads((RESOURCES / "packs" / "city-preliminary.toml").read_text("utf-8"))
HIGHWAY = "Highway Law of the People's Republic of China"
NO_TITLES = ("规划", "计划", "探测", "的国家规定")


@pytest.mark.parametrize(
    ("basis", "text"),
    [
        ("中华人民共和国森林法 第三十七条", "《中华人民共和国森林法》第三十七条"),
        (
            "甲部 乙局关于加强管理的通知（试行）（自然资发〔2022〕142号） 第一条",
            "《甲部 乙局关于加强管理的通知（试行）》（自然资发〔2022〕142号）第一条",
        ),
        ("城市蓝线管理办法（建设部令第145号） 第十条", "《城市蓝线管理办法》（建设部令第145号）第十条"),
        ("《土地管理法》第四十四条；《土地管理法》 第四十五条", "《土地管理法》第四十四条、第四十五条"),
        ("国土空间规划 用地用海分类和用途管制规则", "国土空间规划 用地用海分类和用途管制规则"),
        ("地方活动断层管理规定 避让距离的规定；市政府会议纪要", "地方活动断层管理规定 避让距离的规定；市政府会议纪要"),
        ("按规划局意见 执行", "按规划局意见 执行"),
        ("中华人民共和国森林法", "《中华人民共和国森林法》"),
        ("", ""),
    ],
)
def test_a_title_is_marked_once_and_what_is_none_is_not(basis, text):
    assert cited_basis(basis, "zh") == text == cited_basis(text, "zh")


@pytest.mark.parametrize(
    ("basis", "text"),
    [
        (
            "中华人民共和国公路法 第十条；中华人民共和国公路法 第十二条；公路安全保护条例 第十一条",
            f"{HIGHWAY} (《中华人民共和国公路法》) 第十条, 第十二条; 公路安全保护条例 第十一条",
        ),
        (
            "《中华人民共和国公路法》第十条",
            f"{HIGHWAY} (《中华人民共和国公路法》) 第十条",
        ),
        ("城市蓝线管理办法（建设部令第145号） 第十条", "城市蓝线管理办法（建设部令第145号） 第十条"),
        ("国土空间规划 用地用海分类和用途管制规则", "国土空间规划 用地用海分类和用途管制规则"),
        ("Highway Law of the town 10", "Highway Law of the town 10"),
        ("", ""),
    ],
)
def test_in_english_a_law_has_its_official_english_name_before_the_chinese_and_others_stay(basis, text):
    assert cited_basis(basis, "en") == text == cited_basis(text, "en")
    assert cited_basis(text, "zh").replace(", ", "、") == cited_basis(basis, "zh"), "typed in English, read in Chinese"


def test_english_names_are_of_laws_that_the_packs_name_and_no_two_alike():
    file = tomllib.loads((RESOURCES / "laws.toml").read_text("utf-8"))
    assert set(file["english"]) <= {law["title"] for law in file["law"]}
    assert len(set(file["english"].values())) == len(file["english"])


def test_every_law_of_the_pack_is_marked_but_plans_and_descriptions():
    laws = {entry["law"] for rule in PACK["rule"] for entry in rule.get("basis", ())}
    bare = {law for law in laws if cited_law(law, "zh") == law}
    assert len(laws) > 50
    assert {law for law in bare if not law.endswith(NO_TITLES) and not law.startswith(("地方", "行业"))} == set()

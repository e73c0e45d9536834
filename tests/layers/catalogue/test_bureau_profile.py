"""A bureau's profile: stored with the library, every wrong key named; nothing is made up without one."""

import pytest

from onemap.layers.catalogue.bureau_profile import Profile, checked_profile
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, wording

WHOLE = """
authority = "云州市自然资源和规划局"
head = "document"
code = "云自然资预审"
addressees = ["云州市人民政府", { zh = "市发展和改革委员会", en = "the Development and Reform Commission" }]
seal = false
[fonts]
body = "仿宋"
[departments.environment]
name = { zh = "市生态环境局", en = "Ecology" }
unit = "云州市生态环境局"
"""


def test_a_profile_says_who_speaks_under_what_head_to_whom():
    profile = checked_profile(WHOLE, "city.profile.toml")
    lead = profile.lead
    assert (lead.unit["zh"], lead.mark["zh"], lead.head) == (
        "云州市自然资源和规划局",
        "云州市自然资源和规划局文件",
        "document",
    )
    assert (lead.code, lead.seal, profile.fonts) == ("云自然资预审", False, {"body": "仿宋"})
    assert [name["en"] for name in lead.addressees] == ["云州市人民政府", "the Development and Reform Commission"]
    office = profile.departments["environment"]
    assert (office.unit["en"], office.head) == ("云州市生态环境局", "letter")
    assert profile.department_title("environment", "zh") == "市生态环境局"
    assert profile.department_title("water", "zh") == "水利局"


def test_without_a_profile_nothing_is_made_up():
    profile = Profile()
    assert (profile.lead.unit, profile.lead.head, profile.lead.code, profile.lead.copies) == ({}, None, "", ())
    assert profile.names == named_groups()["departments"]


def test_every_wrong_key_and_value_is_named_at_once():
    text = """
authorty = "x"
head = "poster"
copies = "one"
signatory = ""
seal = 1
[fonts]
script = "x"
[departments.navy]
name = "x"
[departments.water]
codes = "x"
unit = { zh = "x" }
"""
    with pytest.raises(OneMapError) as refusal:
        checked_profile(text, "city.profile.toml")
    found = {problem.facts["field"]: problem.code for problem in refusal.value.problems}
    assert found == {
        "authorty": "profile.key",
        "head": "profile.value",
        "copies": "profile.value",
        "signatory": "profile.value",
        "seal": "profile.value",
        "fonts.script": "profile.key",
        "departments.navy": "profile.key",
        "departments.water.codes": "profile.key",
        "departments.water.unit": "profile.value",
    }
    for problem in refusal.value.problems:
        for language in LANGUAGES:
            assert problem.facts["field"] in wording(problem, language)[0]


def test_what_is_no_toml_is_refused_with_its_place():
    with pytest.raises(OneMapError) as refusal:
        checked_profile("authority = ", "city.profile.toml")
    assert refusal.value.code == "profile.syntax"

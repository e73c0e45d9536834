"""The differences of two packs, rule by rule: the direction of each change is worked out by hand."""

import pytest

from onemap.tests.rules.small_pack import SETBACK, pack_text

ROAD = {
    **SETBACK,
    "where": "GLDJ IN ('国道', '省道')",
    "distance_m": {"field": "GLDJ", "values": {"国道": 20, "省道": 15}},
    "min_area_m2": 1.0,
    "unless": ["farm"],
}
FARM = {"title": {"zh": "农业", "en": "Farming"}, "use": ["01"], "kinds": ["crop_planting"]}
STREET = {"title": {"zh": "道路", "en": "Streets"}, "use": ["1207"], "kinds": ["street"]}
TABLES = {"class.farm": FARM, "class.street": STREET}
PLAIN = {"id": "own", **TABLES}


@pytest.fixture
def differences(onemap, tmp_path):
    """The differences when the only rule's keys are changed; None leaves a key out."""

    def ask(tables=TABLES, **keys):
        for name, rule, own in (("a", ROAD, TABLES), ("b", {**ROAD, **keys}, tables)):
            left = {key: value for key, value in rule.items() if value is not None}
            (tmp_path / f"{name}.toml").write_text(pack_text(left, id="own", **own), encoding="utf-8")
        return onemap("pack", "differences", tmp_path / "b.toml", "--against", tmp_path / "a.toml", lang="en").json

    return ask


@pytest.mark.parametrize(
    ("keys", "change"),
    [
        ({"verdict": "prohibited"}, "stricter"),
        ({"verdict": "consult"}, "milder"),
        ({"min_area_m2": 5.0}, "milder"),
        ({"min_area_m2": None}, "stricter"),  # the least ground counts then
        ({"min_share": 0.05}, "milder"),
        ({"distance_m": {"field": "GLDJ", "values": {"国道": 30, "省道": 15}}}, "stricter"),
        ({"distance_m": {"field": "GLDJ", "values": {"国道": 30, "省道": 10}}}, "both"),
        ({"distance_m": {"field": "GLDJ", "values": {"国道": 20}}}, "otherwise"),  # what has no distance is unknown
        ({"unless": ["farm", "street"]}, "milder"),
        ({"unless": None}, "stricter"),
        ({"unless": ["street"]}, "both"),
        ({"unless": None, "only": ["farm"]}, "both"),  # nobody is excused; others than farms are not reached
        ({"where": "GLDJ IN ('国道', '省道', '县道')"}, "stricter"),
        ({"where": "GLDJ = '国道'"}, "milder"),
        ({"where": "GLDJ = '省道' OR GLDJ = '国道'"}, "words"),  # lets the same through
        ({"where": "GLDJ IN ('国道', '县道')"}, "both"),
        ({"where": None}, "stricter"),
        ({"when": "MC = '住宅'"}, "milder"),
        ({"missing": "checklist"}, "milder"),
        ({"department": "planning"}, "otherwise"),
        ({"basis": [{"law": "公路法", "article": "第五十七条"}]}, "law"),
        ({"draft": {"zh": "请退让。", "en": "Move back."}}, "words"),
    ],
)
def test_which_way_a_change_goes(differences, keys, change):
    answer = differences(**keys)
    assert answer["counts"] == {change: 1}, answer["rules"]
    assert all(key["sentence"] for key in answer["rules"][0]["keys"])


def test_a_class_that_means_more_projects_makes_its_rule_milder(differences):
    wider = {**TABLES, "class.farm": {**FARM, "kinds": ["crop_planting", "orchard"]}}
    answer = differences(wider)
    (rule,) = answer["rules"]
    assert rule["change"] == "milder" and [key["sentence"] for key in rule["keys"]] == [
        "“Farming” means other projects."
    ]
    assert [one["place"] for one in answer["pack"]] == ["class.farm"]


def test_each_number_is_named_as_a_sentence_in_both_languages(differences, onemap, tmp_path):
    differences(distance_m={"field": "GLDJ", "values": {"国道": 20, "省道": 20}})
    words = ("pack", "differences", tmp_path / "b.toml", "--against", tmp_path / "a.toml")
    texts = {language: onemap(*words, "--summary", lang=language).json["summary"] for language in ("zh", "en")}
    assert "distance for “省道”: “20 m” instead of “15 m”." in texts["en"]
    assert "距离（省道）由“15 m”改为“20 m”。" in texts["zh"]


def test_a_rule_that_comes_goes_or_takes_anothers_place(onemap, tmp_path):
    other = {"id": "zone", "title": {"zh": "区", "en": "zone"}}
    texts = {
        "a": pack_text(ROAD, {"id": "gone"}, {"id": "merged"}, id="own", **TABLES),
        "b": pack_text(ROAD, {**other, "succeeds": ["merged"]}, {"id": "come"}, id="own", **TABLES),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text.replace('layer = "ZONE"', 'layer = "STBHHX"'), encoding="utf-8")
    answer = onemap("pack", "differences", tmp_path / "b.toml", "--against", tmp_path / "a.toml")
    assert [(one["rule"], one["was"], one["change"]) for one in answer.json["rules"]] == [
        ("come", None, "new"),
        ("gone", "gone", "gone"),
        ("zone", "merged", "words"),
    ]


def test_an_ordinance_is_held_against_the_pack_on_which_it_stands(onemap):
    words = ("pack", "differences", "city-preliminary", "sample-ordinance", "--against", "city-preliminary")
    answer = onemap(*words)
    changes = {one["rule"]: (one["was"], one["change"]) for one in answer.json["rules"]}
    assert changes["ordinance.road_works"] == ("road.works", "stricter")
    assert "gone" not in answer.json["counts"]

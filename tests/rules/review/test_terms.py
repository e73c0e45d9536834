"""The review's keys in packs are checked like every other key, and the last of several packs decides."""

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.errors import OneMapError
from onemap.rules.display.maps.document_areas import square_metres_text
from onemap.rules.judge.packs.pack import parse_pack
from onemap.rules.review.cases.case import Terms
from onemap.rules.review.cases.round_facts import terms_of
from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import RULES, opinion

HEAD = '[pack]\nid = "{id}"\nversion = "1"\n[review]\n{review}\n'


def pack(id_="own", review=""):
    return parse_pack(HEAD.format(id=id_, review=review), f"{id_}.toml", shipped_catalogue())


@pytest.mark.parametrize(
    ("terms", "key"),
    [
        ("days = 0", "review.days"),
        ("days = 2.5", "review.days"),
        ("days = true", "review.days"),
        ("days = 1000", "review.days"),
        ('overdue = "refuse"', "review.overdue"),
        ('self_sign = "yes"', "review.self_sign"),
        ("prefix = 7", "review.prefix"),
        ("days_of = 3", "review.days_of"),
        ("days_of = { watr = 10 }", "review.days_of.watr"),
        ("days_of = { water = 0 }", "review.days_of.water"),
        ("area_share = 1", "review.area_share"),
        ("area_share = -0.1", "review.area_share"),
        ("area_share = nan", "review.area_share"),
        ('area_share = "little"', "review.area_share"),
    ],
)
def test_a_term_that_cannot_be_followed_is_refused_with_its_key(terms, key):
    with pytest.raises(OneMapError) as refused:
        pack(review=terms)
    assert (refused.value.code, refused.value.problems[0].place["field"]) == ("pack.review", key)


def test_an_unknown_term_is_refused():
    with pytest.raises(OneMapError) as refused:
        pack(review='colour = "red"')
    assert refused.value.code == "pack.key"


def test_of_several_packs_the_last_that_says_a_thing_holds():
    packs = [pack("first", 'days = 7\noverdue = "consent"'), pack("second", 'days = 3\nprefix = "城"'), pack("third")]
    assert terms_of(packs) == Terms(days=3, overdue="consent", self_sign=False, prefix="城")
    several = [pack("first", "days_of = { water = 10, land = 3 }"), pack("second", "days = 4\ndays_of = { land = 8 }")]
    assert terms_of(several) == Terms(days=4, days_of={"water": 10, "land": 8})
    assert terms_of([pack()]) == Terms(days=5, overdue="escalate", self_sign=False, prefix="")


@pytest.mark.parametrize(
    "wording", ["{area_ha", "area}", "{0}", "{area_ha.real}", "{area_ha:.2f}", "{area_ha!r}", "{}"]
)
def test_a_draft_with_wrong_braces_is_refused_before_a_case_is_opened(town, wording):
    place = town.pack(RULES.replace("占用农田{area_ha}公顷", f"占用农田{wording}公顷"))
    answer = command("review", "open", town.library, town.parcels(), "--project", "p", "--pack", place)
    assert (answer.code, answer.codes) == (3, ["rule.wording"])
    assert answer.json["problems"][0]["feature"] == "farm"


def test_a_draft_that_speaks_of_what_is_never_measured_is_refused(town):
    place = town.pack(RULES.replace("占用农田{area_ha}公顷", "占用农田{aera_ha}公顷"))
    answer = command("review", "open", town.library, town.parcels(), "--project", "p", "--pack", place)
    assert (answer.code, answer.codes) == (3, ["rule.placeholder"])
    (problem,) = answer.json["problems"]
    assert (problem["feature"], problem["field"]) == ("farm", "draft") and "aera_ha" in problem["message"]


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        ("{area_ha} ha, {length_m} m, {{braces}}", "0.5000 ha, – m, {braces}"),  # no measure of this rule
        ("{area_m2} m² ({area_ha} ha)", "5,000 m² (0.5000 ha)"),  # rounded as in every table
    ],
)
def test_a_draft_tells_the_measures_of_its_rule(town, wording, text):
    town.pack(RULES.replace("Takes {area_ha} ha", f"Takes {wording}"))
    land = opinion(town.show(town.open(), "2026-03-02"), "land")
    assert land["text"].startswith(f"Takes {text} of farmland")


@pytest.mark.parametrize(
    "area, text", [(1155.26, "1,155"), (10.4, "10"), (9.96, "10.0"), (0.04, "<\u00a00.1"), (0.0, "0.0")]
)
def test_what_is_there_is_never_said_to_be_nothing(area, text):
    assert square_metres_text(area) == text

"""What makes an opinion stale: a new layer or law by which its rules would judge; not changes elsewhere."""

import json
from datetime import date, timedelta

import pytest

from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import RULES, ground, opinion
from onemap.tests.rules.small_pack import rule_of

LISTED = RULES.replace('layer = "FARM"', 'layer = ["FARMA", "FARM"]')
DATED = RULES.replace('"第三十五条" }]', '"第三十五条", from = "2026-07-01" }]')
APPROVED = RULES.replace('layer = "RIVER"', 'layer = "XS_XMKJFW"').replace('verdict = "consult"', 'verdict = "notice"')
NEXT_TO_A, FAR = ground(1100, 0, 1200, 100), ground(-5000, -5000, -4900, -4900)
SITE_A = ground(1000, 0, 1100, 100)


def stale_ones(town, case, on):
    return [one["department"] for one in town.show(case, on)["opinions"] if one["stale"]]


def test_a_layer_that_a_rule_would_rather_judge_by_makes_its_opinion_stale_when_it_comes(town):
    """The rule takes the first of its layers that is in force: none of FARMA was, then one is, over the parcel."""
    town.pack(LISTED)
    town.layer("FARMA", ground(5000, 5000, 5010, 5010), valid_from="2019-01-01", valid_to="2019-12-31", label="old")
    case = town.open(parcels=town.parcels(DK1=SITE_A))
    town.done("circulate", case, on="2026-03-02")
    town.sign_all(case, "reform", on="2026-03-03")
    assert stale_ones(town, case, "2026-03-03") == []
    town.layer("FARMA", SITE_A, valid_from="2026-03-03", label="new")
    assert stale_ones(town, case, "2026-03-03") == ["land"]
    assert town.step("consolidate", case, on="2026-03-03", by="lead").codes == ["review.stale"]


def test_a_layer_that_a_rule_would_not_judge_by_makes_nothing_stale(town):
    town.pack(LISTED.replace('["FARMA", "FARM"]', '["FARM", "FARMA"]'))
    town.layer("FARMA", SITE_A, valid_from="2019-01-01", label="old")
    case = town.open(parcels=town.parcels(DK1=SITE_A))
    town.layer("FARMA", ground(0, 0, 9, 9), valid_from="2026-03-03", label="new")
    assert stale_ones(town, case, "2026-03-04") == []


def test_the_layer_that_stood_in_for_another_is_watched(town):
    """No FARMA: the rule judged by FARM, of which another version comes."""
    town.pack(LISTED)
    town.layer("FARMA", ground(5000, 5000, 5010, 5010), valid_from="2019-01-01", valid_to="2019-12-31", label="old")
    case = town.open(parcels=town.parcels(DK1=SITE_A))
    town.layer("FARM", SITE_A, valid_from="2026-03-03", label="new")
    assert stale_ones(town, case, "2026-03-04") == ["land"]


@pytest.mark.parametrize(("law", "asked"), [(DATED, False), (DATED.replace("from =", "to ="), True)])
def test_a_rule_whose_law_comes_or_ends_meanwhile_makes_its_opinion_stale(town, law, asked):
    town.pack(law.replace('to = "2026-07-01"', 'to = "2026-06-30"'))
    case = town.open(on="2026-06-29")
    assert opinion(town.show(case, "2026-06-30"), "land")["routed"] is asked
    assert stale_ones(town, case, "2026-06-30") == []
    assert stale_ones(town, case, "2026-07-01") == ["land"]
    assert opinion(town.show(case, "2026-07-01"), "land")["stale_titles"] == ["Takes farmland"]
    listed = done("review", "list", town.library, "--on", "2026-07-01").json["cases"]
    assert [one["stale"] for one in listed] == [["land"]]


def test_an_opinion_is_stale_when_the_law_that_it_cites_has_given_way_to_another(town):
    """Of a rule that found nothing the opinion says nothing, whichever law it would cite."""
    laws = '"第三十五条", to = "2026-06-30" }, { law = "法典", article = "第一条", from = "2026-07-01" }]'
    town.pack(RULES.replace('"第三十五条" }]', laws).replace('"第二十七条" }]', laws))
    cited = town.open(on="2026-06-29")
    elsewhere = town.open(on="2026-06-29", parcels=town.parcels(DK1=NEXT_TO_A))
    shown = [[stale_ones(town, case, f"2026-{day}") for day in ("06-30", "07-01")] for case in (cited, elsewhere)]
    assert shown == [[[], ["land", "water"]], [[], []]]
    listed = done("review", "list", town.library, "--on", "2026-07-01").json["cases"]
    assert {one["case"]: one["stale"] for one in listed} == {cited: ["land", "water"], elsewhere: []}


@pytest.mark.parametrize("ordinance", ["farm", "own"])
def test_an_ordinance_whose_law_begins_makes_stale_what_the_rule_that_it_replaces_has_found(town, ordinance):
    town.pack()
    rule = rule_of(f"{ordinance} land notice", "FARM", "条例", "Ordinance", "条例 一", replaces="farm")
    own = town.folder / "own.toml"
    head = '[pack]\nid = "city"\nversion = "1"\ntitle = { en = "city" }\n'
    own.write_text(head + rule.replace('"一" }', '"一", from = 2026-07-01 }'), encoding="utf-8")
    case = town.open("--pack", town.folder / "town.toml", "--pack", own, on="2026-06-30")
    assert opinion(town.show(case, "2026-06-30"), "land")["conclusion"] == "disagree"
    assert (stale_ones(town, case, "2026-06-30"), stale_ones(town, case, "2026-07-01")) == ([], ["land"])
    town.done("revise", case, town.parcels(), on="2026-07-01", by="lead")
    shown = town.show(case, "2026-07-01")
    assert (opinion(shown, "land")["conclusion"], stale_ones(town, case, "2026-07-01")) == ("agree", [])


def decided_case(town, name, place):
    case = town.open(parcels=town.parcels(name, **{name: place}), project=name)
    town.done("circulate", case, on="2026-03-02", by="lead")
    for one in town.show(case, "2026-03-02")["opinions"]:
        if one["routed"]:
            words = ("--conclusion", "agree", "--text", "无异议")
            town.done("opine", case, one["department"], *words, on="2026-03-03", by="A")
            town.sign_all(case, one["department"], on="2026-03-03")
    town.done("consolidate", case, on="2026-03-04", by="lead")
    return case


def test_an_issued_case_leaves_the_cases_elsewhere_as_they_are_and_makes_those_beside_it_stale(town):
    """A and its neighbour share an edge; the third lies 6 km away. The first statement makes the first version."""
    town.pack(APPROVED)
    first, beside, far = (
        decided_case(town, name, place) for name, place in (("A", SITE_A), ("B", NEXT_TO_A), ("C", FAR))
    )
    assert town.done("issue", first, on="2026-03-05", by="boss")["conclusion"] == "agree"
    assert stale_ones(town, far, "2026-03-05") == []
    assert stale_ones(town, beside, "2026-03-05") == ["water"]
    listed = done("review", "list", town.library, "--on", "2026-03-05").json["cases"]
    assert [one["stale"] for one in listed] == [[], ["water"], []]
    assert town.step("issue", beside, on="2026-03-05", by="boss").codes == ["review.stale"]
    assert town.done("issue", far, on="2026-03-05", by="boss")["document"].endswith("2号")


def test_a_later_statement_leaves_cases_elsewhere_as_they_are_too(town):
    town.pack(APPROVED)
    town.done("issue", decided_case(town, "A", SITE_A), on="2026-03-05", by="boss")
    later, far = decided_case(town, "B", ground(3000, 0, 3100, 100)), decided_case(town, "C", FAR)
    town.done("issue", later, on="2026-03-05", by="boss")
    assert stale_ones(town, far, "2026-03-05") == []


def test_what_a_rule_wants_there_is_asked_anew_wherever_it_lies(town):
    """`within`: a parcel outside every approved site meets the rule, and nobody knew of any before."""
    town.pack(APPROVED.replace('kind = "avoid"\nlayer = "XS_XMKJFW"', 'kind = "within"\nlayer = "XS_XMKJFW"'))
    first, far = decided_case(town, "A", SITE_A), decided_case(town, "C", FAR)
    town.done("issue", first, on="2026-03-05", by="boss")
    assert stale_ones(town, far, "2026-03-05") == ["water"]


def test_a_case_that_is_issued_late_takes_no_site_out_of_the_layer_of_approvals(real_town):
    """A today; then B, whose last step is of yesterday, with the day of yesterday: both are in force today."""

    def day(days):
        return (date.today() + timedelta(days)).isoformat()

    def issued(name, place, on):
        case = real_town.open(parcels=real_town.parcels(name, **{name: place}), on=day(-3), project=name)
        real_town.done("circulate", case, on=day(-3), by="lead")
        real_town.sign_all(case, "reform", on=day(-3))
        real_town.done("consolidate", case, on=day(-3), by="lead")
        real_town.done("issue", case, on=on, by="boss")

    issued("A", SITE_A, day(0))
    issued("B", FAR, day(-1))
    layers = {one["code"]: one["versions"] for one in done("layers", real_town.library).json["layers"]}
    for code in ("XS_XMKJFW", "YSYJ"):
        held = [(one["valid_from"], one["count"]) for one in layers[code] if one["in_force"]]
        assert held == [(day(0), 2)], code
    assert done("verify", real_town.library).json["ok"]


def test_the_paper_of_a_department_that_never_spoke_says_so_and_no_word_of_the_machine_s(town):
    town.pack(overdue="consent")
    case = town.open()
    town.done("circulate", case, on="2026-03-02", by="lead")
    town.sign_all(case, "reform", "water", on="2026-03-09")
    refusal = ("--conclusion", "disagree", "--text", "不同意", "--basis", "土地管理法")
    town.done("opine", case, "land", *refusal, on="2026-03-09", by="Tu")
    target = town.folder / "paper.json"

    def paper():
        done(
            "review",
            "export",
            town.library,
            case,
            target,
            "--document",
            "opinion",
            "--department",
            "land",
            "--overwrite",
        )
        content = json.loads(target.read_text(encoding="utf-8"))
        row, head = content["opinions"][0], content["document"]
        # Nobody has signed it: it bears no name, and the day on which silence began to count.
        assert (head["unit"], head["date"], head["mark"]) == (None, "2026-03-10", "Rehearsal · Deemed consent")
        return row["paragraphs"], row["basis_text"], row["open_lines"][0]

    sentences = (
        ["No answer by the last day (2026-03-09): deemed to consent."],
        "",
        "Land is deemed to consent although a finding says: prohibited.",
    )
    unsigned = "Land is deemed to consent; a draft by Tu was not signed."
    assert unsigned in town.show(case, "2026-03-10")["warnings"]  # so that nobody's refusal is lost unseen
    after = town.done("consolidate", case, on="2026-03-10", by="lead")
    assert unsigned in after["warnings"]
    assert (opinion(after, "land")["text"], opinion(after, "land")["basis"]) == ("", "")
    assert paper() == sentences
    town.done("issue", case, on="2026-03-11", by="boss")
    assert paper() == sentences
    page = town.folder / "paper.html"
    done("review", "export", town.library, case, page, "--document", "opinion", "--department", "land")
    text = page.read_text(encoding="utf-8")
    assert sentences[0][0] in text and "On review the conclusion" not in text and "move the site" not in text


def test_of_an_earlier_round_a_paper_says_what_was_signed_what_was_silence_and_what_nobody_s_word(town):
    town.pack(overdue="consent")
    case, target = town.open(), town.folder / "statement.json"
    town.done("circulate", case, on="2026-03-02", by="lead")
    town.sign_all(case, "reform", on="2026-03-09")
    town.done("opine", case, "water", "--conclusion", "agree", "--text", "x", on="2026-03-09", by="Shui")
    town.sign_all(case, "water", on="2026-03-09")
    town.done("consolidate", case, on="2026-03-10", by="lead")
    town.done("revise", case, town.parcels(), "--reason", "r", on="2026-03-10", by="lead")
    done("review", "export", town.library, case, target, "--document", "statement")
    rows = json.loads(target.read_text(encoding="utf-8"))["earlier_opinions"]
    opinions = {row["department"]: (row["state_title"], row["text"]) for row in rows}
    assert opinions["water"] == ("Void", "x")
    assert opinions["land"] == ("Deemed consent; Void", "No answer by the last day (2026-03-09): deemed to consent.")
    assert opinions["planning"][0] == "Not asked; Void"


def test_the_first_page_names_a_department_that_decides_though_nobody_asked_it(town):
    case = town.open()
    town.done("circulate", case, on="2026-03-02", by="lead")
    words = ("--conclusion", "disagree", "--text", "不同意", "--basis", "森林法")
    town.done("opine", case, "forestry", *words, on="2026-03-03", by="Fang")
    town.sign_all(case, "reform", "land", "water", "forestry", on="2026-03-03")
    town.done("consolidate", case, on="2026-03-04", by="lead")
    target = town.folder / "statement.json"
    done("review", "export", town.library, case, target, "--document", "statement")
    rows = json.loads(target.read_text(encoding="utf-8"))["departments"]
    assert [(row["department"], row["conclusion"]) for row in rows if row["department"] == "forestry"] == [
        ("forestry", "disagree")
    ]


@pytest.mark.parametrize("suffix", ["pdf", "docx", "html", "json"])
def test_a_folder_of_templates_that_is_not_there_is_refused_for_every_form(town, suffix):
    target, nowhere = town.folder / f"paper.{suffix}", town.folder / "no-such-folder"
    answer = command("review", "export", town.library, town.open(), target, "--templates", nowhere)
    assert (answer.codes, target.exists()) == (["statement.templates_folder"], False)

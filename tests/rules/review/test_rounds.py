"""Rounds: new parcels void earlier opinions, superseded data makes opinions stale, and a recheck changes nothing."""

import json

import pytest
from docx import Document

from onemap.layers.messages import LANGUAGES
from onemap.rules.judge.runs import arrow_blocks
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import ASKED, RULES, alter, ground, opinion, write


def test_a_revised_case_opens_the_next_round_and_old_opinions_stay_readable_and_void(town, walk):
    case = walk("circulating")
    town.sign_all(case, "land", on="2026-03-03")
    clear = town.parcels("moved", DK1=ground(1000, 1000, 1100, 1100))
    after = town.done("revise", case, clear, "--reason", "避让农田", on="2026-03-04", by="lead")
    assert (after["round"], after["state"]) == (2, "circulating")
    assert [one["routed"] for one in after["opinions"] if one["department"] == "land"] == [False]
    first = after["rounds"][0]
    assert {one["state"] for one in first["opinions"]} == {"void"}
    assert [opinion(first, "land")[key] for key in ("conclusion", "signed_by")] == ["disagree", "head"]
    assert first["run"] != after["run"]


def test_a_draft_that_is_revised_stays_a_draft_and_runs_no_clock(town, walk):
    after = town.done("revise", walk("draft"), town.parcels("next"), on="2026-03-04", by="lead")
    assert (after["state"], after["round"], {one["due"] for one in after["opinions"]}) == ("draft", 2, {None})


def test_a_consolidated_case_that_is_revised_goes_out_again_and_forgets_its_conclusion(town, walk):
    after = town.done("revise", walk("consolidated"), town.parcels("next"), on="2026-03-09", by="lead")
    assert (after["state"], after["conclusion"], after["proposed"]) == ("circulating", None, None)
    assert opinion(after, "land")["due"] == "2026-03-16"


def test_a_revised_case_may_be_sent_out_once_more_before_anybody_answers(town, walk):
    case = walk("circulating")
    town.done("revise", case, town.parcels("next"), on="2026-03-04", by="lead")
    after = town.done("circulate", case, on="2026-03-05", by="lead")
    assert opinion(after, "land")["due"] == "2026-03-12"
    assert town.step("circulate", case, on="2026-03-05").codes == ["review.circulated"]


def test_wrong_parcels_leave_the_round_as_it_was(town, walk):
    case = walk("circulating")
    before = town.show(case, "2026-03-04")
    answer = town.step("revise", case, town.folder / "none.gpkg", on="2026-03-04")
    assert answer.code == 3
    assert town.show(case, "2026-03-04") == before


def test_the_pack_of_a_case_is_asked_again_unless_another_is_named(town, walk):
    case = walk("draft")
    (town.folder / "town.toml").rename(town.folder / "gone.toml")
    assert town.step("revise", case, town.parcels("next"), on="2026-03-04").codes == ["pack.missing"]
    named = ("--pack", town.folder / "gone.toml")
    assert town.done("revise", case, town.parcels("next"), *named, on="2026-03-04")["round"] == 2


def test_a_new_layer_version_makes_stale_the_opinions_behind_which_the_old_one_stood(town, walk):
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")
    town.layer("FARM", ground(500, 500, 600, 600), valid_from="2026-03-05", label="new")
    assert [one["department"] for one in town.show(case, "2026-03-04")["opinions"] if one["stale"]] == []
    late = town.show(case, "2026-03-05")
    assert [one["department"] for one in late["opinions"] if one["stale"]] == ["land"]
    assert opinion(late, "land")["stale_because"] == ["FARM"]
    answer = town.step("consolidate", case, on="2026-03-05")
    assert answer.codes == ["review.stale"]
    assert "Land" in answer.json["problems"][0]["message"]
    assert town.done("consolidate", case, on="2026-03-04")["state"] == "consolidated"


def test_a_stale_opinion_is_not_issued_either(town, walk):
    case = walk("consolidated")
    town.layer("FARM", ground(500, 500, 600, 600), valid_from="2026-03-05", label="new")
    assert town.step("issue", case, on="2026-03-05").codes == ["review.stale"]
    after = town.done("revise", case, town.parcels("same"), on="2026-03-05")
    assert not any(one["stale"] for one in after["opinions"])


def test_a_layer_that_was_missing_and_is_there_now_makes_stale(town):
    missing = '[[rule]]\nid = "hill"\nkind = "avoid"\nlayer = "STBHHX"\ndepartment = "environment"\n'
    missing += 'verdict = "prohibited"\nmissing = "checklist"\ntitle = { zh = "红线" }\nbasis = [{ law = "法" }]\n'
    town.pack(RULES + missing)
    case = town.open()
    assert not opinion(town.show(case, "2026-03-02"), "environment")["stale"]
    source = town.parcels("redline")
    named = ("--as", "STBHHX", "--label", "v", "--fields", "BSM=DKBH", "--covers", "district")
    answer = command("add", town.library, source, *named)
    assert answer.code == 0, answer.json
    assert opinion(town.show(case, "2026-03-02"), "environment")["stale"]


def test_a_version_whose_time_is_over_makes_stale(town):
    town.layer("FARM", ground(50, 0, 210, 100), valid_from="2026-01-01", valid_to="2026-03-06", label="year")
    case = town.open()
    assert not opinion(town.show(case, "2026-03-06"), "land")["stale"]
    assert opinion(town.show(case, "2026-03-07"), "land")["stale"]


def test_the_same_content_under_another_label_makes_nothing_stale_but_other_ground_does(town, walk):
    case = walk("circulating")
    town.layer("FARM", ground(60, 0, 200, 100), label="other")
    assert opinion(town.show(case, "2026-03-04"), "land")["stale"]
    town.layer("FARM", ground(50, 0, 200, 100), label="as before")
    assert not opinion(town.show(case, "2026-03-04"), "land")["stale"]
    answer = command(
        *("add", town.library, town.folder / "FARM.gpkg", "--as", "FARM", "--label", "corner", "--covers", "extent")
    )
    assert (answer.code, answer.json["unchanged"]) == (0, False)
    assert opinion(town.show(case, "2026-03-04"), "land")["stale"]


def test_the_same_rows_of_another_day_in_another_order_make_nothing_stale_and_are_consolidated(town, walk):
    field, garden = ground(50, 0, 200, 100), ground(400, 400, 410, 410)
    town.layer("FARM", field, garden, label="two")
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")

    def deliver(keys, *shapes, **options):
        source = write(town.folder / "night.gpkg", [shape.reverse() for shape in shapes], {"KEY": keys})
        given = [f"--{option.replace('_', '-')}={value}" for option, value in options.items()]
        return done("add", town.library, source, "--as", "FARM", "--covers", "district", *given).json

    # Of another first day: said anew, though the rows are the same.
    assert deliver(["k1", "k0"], garden, field, valid_from="2026-03-04")["unchanged"] is False
    assert deliver(["k0", "k1"], field, garden, valid_from="2026-03-05")["unchanged"] is False
    assert command("verify", town.library).json["ok"]
    assert not any(one["stale"] for one in town.show(case, "2026-03-05")["opinions"])
    deliver(["k1", "k0"], garden, field, valid_from="2026-03-06", accuracy=5)
    deliver(["k1", "k0"], field, garden, valid_from="2026-03-07")
    assert [opinion(town.show(case, f"2026-03-0{day}"), "land")["stale"] for day in (6, 7)] == [True, True]
    assert town.done("consolidate", case, on="2026-03-05")["state"] == "consolidated"


def test_what_was_judged_with_a_retired_version_is_stale_and_readable(town, walk):
    case = walk("circulating")
    arguments = ("retire", town.library, "FARM", "v1", "--reason", "wrong file")
    assert command(*arguments).code == 0
    shown = town.show(case, "2026-03-04")
    assert [one["department"] for one in shown["opinions"] if one["stale"]] == ["land"]
    assert command("verify", town.library).json["ok"]
    assert command(*arguments, "--undo").code == 0
    assert not any(one["stale"] for one in town.show(case, "2026-03-04")["opinions"])


def test_a_pack_that_says_something_else_makes_every_opinion_stale(town, walk):
    case = walk("circulating")
    town.pack(RULES.replace('verdict = "consult"', 'verdict = "notice"'), version="2")
    after = town.show(case, "2026-03-03")
    assert {tuple(one["stale_because"]) for one in after["opinions"]} == {("town",)}
    assert {tuple(one["stale_titles"]) for one in after["opinions"]} == {("Town 1",)}  # as the run kept it
    message = town.step("consolidate", case, on="2026-03-05").json["problems"][-1]["message"]
    assert "Town 1" in message
    report = town.folder / "report.docx"
    done("review", "export", town.library, case, report, "--lang", "en")
    assert "Town 1" in "".join(paragraph.text for paragraph in Document(str(report)).paragraphs)


def test_a_recheck_shows_what_would_change_and_changes_nothing(town, walk):
    case = walk("circulating")
    before = town.show(case, "2026-03-05")
    town.layer("FARM", ground(500, 500, 600, 600), valid_from="2026-03-05", label="new")
    after = town.done("recheck", case, on="2026-03-05")
    changes = after["changes"]
    assert [(one["parcel"], one["from"], one["to"]) for one in changes["parcels"]] == [("DK1", "prohibited", "consult")]
    assert [(one["rule"], one["before"], one["after"]) for one in changes["findings"]] == [("farm", True, False)]
    assert [(one["department"], one["to"]["conclusion"]) for one in changes["opinions"]] == [("land", "not_involved")]
    assert [(one["code"], one["from"], one["to"]) for one in changes["layers"]] == [("FARM", "v1", "new")]
    assert (changes["layers"][0]["title"], changes["findings"][0]["title"]) == ("X", "Takes farmland")
    now = town.show(case, "2026-03-05")
    assert now["revision"] == before["revision"]
    assert [one["text"] for one in now["opinions"]] == [one["text"] for one in before["opinions"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_recheck_says_in_words_what_would_change(town, walk, language, capsys):
    case = walk("circulating")
    town.layer("FARM", ground(500, 500, 600, 600), valid_from="2026-03-05", label="new")
    assert main(["review", "recheck", str(town.library), case, "--on", "2026-03-05", "--lang", language]) == 0
    text = capsys.readouterr().out
    assert {"zh": "DK1：禁止 → 征求意见", "en": "DK1: prohibited → consult"}[language] in text
    assert {"zh": "占用农田", "en": "Takes farmland"}[language] in text and "v1 → new" in text


def test_a_recheck_of_an_unchanged_library_finds_nothing(town, walk):
    case = walk("issued")
    assert town.done("recheck", case, on="2026-03-05")["changes"] == {
        "parcels": [],
        "findings": [],
        "opinions": [],
        "layers": [],
        "packs": [],
    }


@pytest.mark.parametrize("state", ["draft", "circulating"])
def test_all_three_departments_are_asked_in_each_round(town, walk, state):
    after = town.done("revise", walk(state), town.parcels("next"), on="2026-03-04")
    assert [one["department"] for one in after["opinions"] if one["routed"]] == list(ASKED)


def test_the_sheets_of_a_case_say_what_its_round_was_judged_by(town):
    case = town.open()
    given = ("--pack", town.folder / "town.toml", "--as-of", "2026-03-02")
    done("sheet", town.library, town.parcels(), town.folder / "of_file.json", *given)
    expected = json.loads((town.folder / "of_file.json").read_text("utf-8"))
    assert expected["sheets"][0]["verdict"] == "prohibited"
    town.layer(
        "FARM", ground(5000, 5000, 5100, 5100), label="moved", valid_from="2026-01-01"
    )  # of this round it is not
    for name in ("of_case.json", "of_case.pdf"):
        answer = done("review", "sheet", town.library, case, town.folder / name).json
        assert (answer["case"], answer["parcels"]) == (case, 1)
    assert json.loads((town.folder / "of_case.json").read_text("utf-8")) == expected
    assert (town.folder / "of_case.pdf").read_bytes().startswith(b"%PDF")
    assert command("review", "sheet", town.library, case, town.folder / "x.png").codes == ["statement.suffix"]
    assert command("review", "sheet", town.library, case, town.folder / "of_case.pdf").codes == ["out.exists"]


def test_a_round_that_has_lost_its_last_parcels_is_asked_nothing_else(town, monkeypatch):
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 4)
    parcels = town.parcels(**{f"DK{n}": ground(30 * n, 0, 30 * n + 20, 20) for n in range(9)})
    case, pack = town.open(parcels=parcels), town.folder / "town.toml"
    run = town.show(case, "2026-03-02")["run"]
    draft, out = town.folder / "draft.toml", town.folder / "o.pdf"
    draft.write_text(pack.read_text("utf-8").replace('version = "1"', 'version = "2"'), encoding="utf-8")
    asked = [
        ("review", "sheet", town.library, case, out),
        ("review", "remedy", town.library, case, "--by", "planner", "--on", "2026-03-02"),
        ("pack", "differences", draft, "--against", pack, "--library", town.library, "--run", run),
    ]
    assert command(*asked[-1]).code == 0
    alter(town, "DELETE FROM onemap_run_blocks WHERE name IN ('given', 'parcels') AND first = 8")
    for verb in asked:
        answer = command(*verb)
        codes = ["run.damaged" if verb[0] == "pack" else "review.run_unreadable"]
        assert (answer.code, answer.codes, out.exists()) == (3, codes, False), verb
    shown = town.show(case, "2026-03-02")
    assert "damaged" in shown and shown["verdicts"]["unknown"] == 8 == sum(shown["verdicts"].values())
    assert command("review", "list", town.library).codes == ["run.damaged"]

"""The review's verbs as typed, served and printed."""

import gc
import json
import subprocess
import sys
import weakref

import pytest

from onemap.layers.library.library import open_library
from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.review.cases.hand import acting_person, checked_name
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import opinion

CORE = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]


def test_a_verb_of_two_words_needs_both_of_them(town):
    assert (command("review").code, command("review").codes) == (2, ["usage.no_verb"])
    assert command("review").json["problems"][0]["mend"] == "See onemap review --help."
    assert command("review", "dance", town.library).code == 2
    assert command("review", "show", town.library).code == 2


def test_unknown_options_and_values_are_wrong_usage(town, walk):
    case = walk("circulating")
    assert town.step("opine", case, "land", "--colour", "red", on="2026-03-03").code == 2
    assert town.step("sign", case, "land", on="tomorrow").code == 2
    assert town.step("consolidate", case, "--conclusion", "not_involved", on="2026-03-03").code == 2
    assert town.step("override", case, "DK1", "farm", "--verdict", "fine", "--reason", "x", on="2026-03-03").code == 2
    assert town.step("extend", case, "--days", "some", "--reason", "x", on="2026-03-03").code == 2
    answer = command("review", "list", town.library, "--state", "x", "--most", "-1")
    assert (answer.code, answer.codes) == (2, ["usage.choice", "usage.value"])


def test_a_name_is_checked_once_and_no_closed_library_is_held_for_it(town):
    checked_name.cache_clear()
    with open_library(str(town.library)) as library:
        assert [acting_person(library, "甲 "), acting_person(library, "甲 ")] == ["甲", "甲"]
        held = weakref.ref(library)
    del library
    gc.collect()
    assert held() is None
    assert checked_name.cache_info().hits == 1


@pytest.mark.slow
def test_a_case_is_walked_over_serve_by_the_same_names(town):
    library = str(town.library)
    asked = [
        ("review.open", {"parcels": str(town.parcels()), "project": "小学", "pack": [str(town.pack())], "by": "lead"}),
        ("review.circulate", {}),
        ("review.opine", {"department": "land", "conclusion": "agree", "text": "同意", "by": "Wang"}),
        ("review.sign", {"department": "land", "by": "Wang"}),
        ("review.override", {"parcel": "DK1", "rule": "river", "verdict": "notice", "reason": "已批"}),
        ("review.extend", {"department": "water", "days": 2, "reason": "汛期"}),
        ("review.extend", {"days": 1, "reason": "全部"}),
        ("review.list", {"state": "circulating"}),
        ("history", {}),
        ("history", {"code": "FARM"}),
        ("review.withdraw", {"reason": "停"}),
    ]
    answers = {}
    with subprocess.Popen([*CORE, "serve", "--lang", "en"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as served:
        case = None
        for number, (method, params) in enumerate(asked):
            day = {} if method.startswith(("history", "review.list")) else {"on": "2026-03-02"}
            of_case = {} if method in ("review.open", "review.list", "history") else {"case": case}
            request = {"jsonrpc": "2.0", "id": number, "method": method}
            request["params"] = {"library": library, **of_case, **params, **day}
            served.stdin.write(json.dumps(request).encode() + b"\n")
            served.stdin.flush()
            while (answer := json.loads(served.stdout.readline())).get("id") != number:
                pass
            answers[number] = answer
            case = case or answer["result"]["case"]
        served.stdin.close()
    refused = [number for number, answer in answers.items() if "error" in answer]
    assert refused == [3]
    assert answers[3]["error"]["data"]["problems"][0]["code"] == "review.self_sign"
    assert opinion(answers[6]["result"], "water")["due"] == "2026-03-12"
    assert [one["case"] for one in answers[7]["result"]["cases"]] == [case]
    assert answers[10]["result"]["state"] == "withdrawn"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_says_in_plain_lines_how_the_case_stands(town, walk, language, capsys):
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "supplement", "--text", "补", on="2026-03-03")

    def output_of(*arguments):
        assert main([*map(str, arguments), "--lang", language]) == 0
        return capsys.readouterr().out

    shown = output_of("review", "show", town.library, case, "--on", "2026-03-12")
    assert len(shown.splitlines()) == 12
    assert "2026-03-09" in shown
    assert {"zh": "停止计时", "en": "clock stopped"}[language] in shown
    assert {"zh": "已逾期", "en": "overdue"}[language] in shown
    assert case in output_of("review", "list", town.library)
    assert case in output_of("review", "recheck", town.library, case, "--on", "2026-03-12")
    assert phrase("review_done.circulate", language) in output_of("history", town.library, case)
    assert "XMK" in output_of("review", "publish", town.library)


def test_the_machine_s_draft_is_shown_in_the_language_that_is_asked(town, walk, onemap):
    case = walk("draft")
    texts = [
        opinion(onemap("review", "show", town.library, case, lang=language).json, "land")["text"]
        for language in LANGUAGES
    ]
    assert texts == ["占用农田0.5000公顷，请避让。", "Takes 0.5000 ha of farmland; move the site."]


def test_a_case_of_another_library_is_not_known_here(town, walk, tmp_path):
    case = walk("draft")
    other = tmp_path / "other.gpkg"
    assert command("new", other, "--crs", "EPSG:4547").code == 0
    for verb in ("show", "circulate", "recheck"):
        assert command("review", verb, other, case).codes == ["review.case"]
    assert command("review", "open", other, town.parcels(), "--project", "p", "--by", "a").code == 0
    assert command("review", "show", other, case).codes == ["review.case"]


def test_a_failed_threshold_is_told_after_the_case_is_open(town):
    answer = command(
        *("review", "open", town.library, town.parcels(), "--project", "p", "--pack", town.pack()),
        *("--fail-on", "restricted", "--out", town.folder / "out.xlsx"),
    )
    assert (answer.code, answer.json["state"], answer.json["failed_on"]) == (4, "draft", "restricted")
    assert (town.folder / "out.xlsx").is_file()


def test_an_output_that_exists_is_refused_before_a_case_is_opened(town):
    (town.folder / "out.xlsx").write_bytes(b"mine")
    answer = command(
        *("review", "open", town.library, town.parcels(), "--project", "p", "--out", town.folder / "out.xlsx")
    )
    assert answer.codes == ["out.exists"]
    assert command("review", "list", town.library).json["cases"] == []

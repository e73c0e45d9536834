"""The review on a server: the case as in a file, each account in its department, fifty clients at once."""

import json
import re
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.cases.hand import Hand
from onemap.rules.review.opinions import Words, opine
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import ASKED, Town, ground, opinion, write
from onemap.tests.rules.review.test_replies import reply_of

ACCOUNTS = {
    "town_land": ["land"],
    "town_chief": ["land"],
    "town_water": ["water"],
    "town_lead": ["lead", "planning"],
    "town_boss": ["lead"],
    "town_eyes": ["auditor"],
    **dict.fromkeys(("clerk", "head", "lead"), ["owner"]),
}
CHANCE = {"case", "run", "at", "seconds", "started", "id", "content_hash"}  # keys that differ from case to case
IN_TIME = re.compile(r"within \d+ (?:second|minute)s?")  # how fast one hand signed for several departments


@dataclass
class ServerTown(Town):
    """The same town with its library on a server: whoever acts is an account, all steps of one, or each of its own."""

    url: str = ""
    account: str = ""

    @property
    def library(self) -> Any:
        return with_account(self.url, self.account or "clerk")

    def as_person(self, by: str) -> tuple[Any, tuple[str, ...]]:
        return with_account(self.url, self.account or by), ()

    def as_account(self, account: str) -> "ServerTown":
        return ServerTown(self.folder, self.url, account)


@pytest.fixture
def on_server(town, postgis) -> ServerTown:
    """The town's library copied to a server, with an account for two departments, the lead and the auditor."""
    url = f"{postgis.database().url}&schema=town"
    done("copy", town.library, url)
    make_accounts(url, ACCOUNTS)
    return ServerTown(town.folder, url)


def without_chance(value: Any, ids: dict[str, str]) -> Any:
    """JSON without what differs from case to case."""
    if isinstance(value, dict):
        return {key: without_chance(item, ids) for key, item in value.items() if key not in CHANCE}
    if isinstance(value, list):
        return [without_chance(item, ids) for item in value]
    if isinstance(value, str):
        for chance, name in ids.items():  # sentences name the case too
            value = value.replace(chance, name)
        return IN_TIME.sub("within a time", value)
    return value


def walk_case(town: Town) -> list[Any]:
    """A case's whole way; what was said after each step. The pack leaves it to nobody to be two people."""
    town.pack(self_sign=True)
    case = town.open()
    answers = [town.show(case, "2026-03-02")]
    answers.append(town.done("circulate", case, on="2026-03-02"))
    answers.append(town.done("opine", case, "land", "--conclusion", "supplement", "--text", "补图", on="2026-03-03"))
    answers.append(town.done("sign", case, "land", on="2026-03-03", by="head"))
    answers.append(town.step("consolidate", case, on="2026-03-04", by="lead").json)
    answers.append(town.done("extend", case, "water", "--days", "2", "--reason", "汛期", on="2026-03-04"))
    answers.append(town.done("revise", case, town.parcels("next"), on="2026-03-05", by="lead"))
    answers.append(town.done("circulate", case, on="2026-03-05"))
    answers.append(town.sign_all(case, on="2026-03-06"))
    answers.append(town.done("return", case, "water", "--reason", "再看", on="2026-03-06", by="lead"))
    answers.append(town.done("opine", case, "water", "--conclusion", "agree", "--text", "同意", on="2026-03-06"))
    answers.append(town.done("sign", case, "water", on="2026-03-06", by="head"))
    answers.append(town.done("consolidate", case, on="2026-03-07"))
    answers.append(town.done("issue", case, "--conclusion", "conditional", "--reason", "报市政府", on="2026-03-09"))
    answers.append(done("review", "list", town.library, "--on", "2026-03-09").json)
    return without_chance(answers, {case: "CASE"})


@pytest.mark.slow
def test_the_same_case_in_a_file_and_on_a_server_gives_equal_answers(town, on_server):
    in_file, there = walk_case(town), walk_case(on_server)
    for step, (first, second) in enumerate(zip(in_file, there, strict=True)):
        assert first == second, step
    assert done("verify", on_server.library).json["ok"]


@pytest.mark.slow
def test_a_case_goes_its_way_by_the_accounts_of_its_departments(on_server):
    lead, land, chief, water = (on_server.as_account(f"town_{name}") for name in ("lead", "land", "chief", "water"))
    today = date.today().isoformat()
    case = lead.open(on=None)
    lead.done("circulate", case)
    words = ("--conclusion", "disagree", "--text", "不同意", "--basis", "土地管理法")
    land.done("opine", case, "land", *words)
    assert opinion(land.show(case, today), "land")["text"] == "不同意"
    assert opinion(lead.show(case, today), "land")["text"] == "不同意"
    assert opinion(water.show(case, today), "land")["text"] != "不同意"
    chief.done("sign", case, "land")
    seen = opinion(water.show(case, today), "land")
    assert (seen["state"], seen["text"]) == ("signed", "不同意")
    water.done("sign", case, "water")
    on_server.sign_all(case, "reform", on=today)
    lead.done("consolidate", case)
    assert on_server.as_account("town_boss").done("issue", case)["state"] == "issued"
    assert done("verify", on_server.library).json["ok"]


@pytest.mark.slow
@pytest.mark.parametrize(("conclusion", "layers"), [("agree", ["XS_XMKJFW", "YSYJ"]), ("disagree", ["YSYJ"])])
def test_what_a_lead_issues_is_missed_at_its_site_until_the_owner_brings_the_layers_up_to_date(
    on_server, conclusion, layers
):
    for code in ("XS_XMKJFW", "YSYJ"):
        source = write(on_server.folder / "old.gpkg", [ground(7000, 0, 7100, 100)], {"AJBH": ["旧"], "XMDM": ["旧"]})
        done("add", on_server.library, source, "--as", code, "--covers", "district")
    rule = '[[rule]]\nid = "{0}"\nkind = "avoid"\nlayer = "{0}"\ndepartment = "planning"\nverdict = "notice"\n'
    title = 'title = {{ zh = "压占", en = "Taken" }}\nbasis = [{{ law = "城乡规划法", article = "第三十六条" }}]\n'
    rules = "".join((rule + title).format(code) for code in ("XS_XMKJFW", "YSYJ"))
    pack = on_server.pack(rules).rename(on_server.folder / "asked.toml")

    def missed(*corners: float) -> list[str]:
        parcels = on_server.parcels("asked", B=ground(*corners))
        problems = done("check", with_account(on_server.url, "town_water"), parcels, "--pack", pack).json["problems"]
        return [one["layer"] for one in problems if one["code"] == "version.lacks_case"]

    on_server.pack()
    lead, today = on_server.as_account("town_lead"), date.today().isoformat()
    case = lead.open(on=None)
    lead.done("circulate", case)
    on_server.sign_all(case, on=today)
    lead.done("consolidate", case, "--conclusion", conclusion, "--reason", "会议纪要")
    assert missed(50, 50, 150, 150) == []
    boss = on_server.as_account("town_boss")
    assert any("review publish" in line for line in boss.done("issue", case)["warnings"])
    assert (missed(50, 50, 150, 150), missed(2000, 0, 2100, 100)) == (layers, [])
    at_site, target = on_server.parcels("asked", B=ground(50, 50, 150, 150)), on_server.folder / "sent.zip"
    sent = done("deliver", on_server.library, target, "--layers", "XS_XMKJFW,YSYJ").json["problems"]
    assert [(one["code"], one["layer"]) for one in sent] == [("version.lacks_case", code) for code in layers]
    done("sheet", on_server.library, at_site, on_server.folder / "sheet.json", "--pack", pack)
    sheet = json.loads((on_server.folder / "sheet.json").read_text(encoding="utf-8"))["sheets"][0]
    assert [one["layer"] for one in sheet["remarks"]] == layers
    around = write(on_server.folder / "around.gpkg", [ground(-500, -500, 500, 500)], {"n": [1]})
    wish = ("--within", around, "--area", 5000, "--width", 50, "--count", 1, "--pack", pack)
    found = done("sites", on_server.library, *wish).json["problems"]
    assert [one["layer"] for one in found if one["code"] == "version.lacks_case"] == layers
    done("review", "publish", on_server.library)
    assert missed(50, 50, 150, 150) == []
    assert done("deliver", on_server.library, target, "--layers", "YSYJ", "--overwrite").json["problems"] == []
    assert not any("review publish" in line for line in boss.show(case, today)["warnings"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("account", "step", "code"),
    [
        ("town_water", ("sign", "land"), "review.not_yours"),
        ("town_water", ("opine", "land", "--conclusion", "agree", "--text", "x"), "review.not_yours"),
        ("town_lead", ("sign", "land"), "review.not_yours"),
        ("town_land", ("consolidate",), "review.lead_only"),
        ("town_land", ("withdraw", "--reason", "x"), "review.lead_only"),
        ("town_eyes", ("sign", "land"), "library.no_right"),
    ],
)
def test_nobody_takes_anothers_step(on_server, account, step, code):
    case = on_server.open()
    on_server.done("circulate", case, on="2026-03-02")
    verb, *arguments = step
    answer = on_server.as_account(account).step(verb, case, *arguments, on="2026-03-03")
    assert (answer.code, answer.codes) == (3, [code])
    assert on_server.show(case, "2026-03-03")["revision"] == 2


@pytest.mark.slow
def test_of_fifty_clients_on_one_case_one_of_each_department_writes_and_the_others_see_a_conflict(on_server):
    case_id = on_server.open()
    on_server.done("circulate", case_id, on="2026-03-02")
    with open_library(on_server.url) as library:
        seen = read_case(library, case_id).revision
    barrier, raised = threading.Barrier(50), []

    def one(number: int) -> None:
        hand = Hand("clerk", date(2026, 3, 3), seen)
        words = Words("agree", f"text {number}")
        barrier.wait()
        try:
            with open_library(on_server.library) as library:
                opine(library, case_id, DEPARTMENTS[number % 10], words, hand)
        except OneMapError as error:
            raised.append(error.code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == ["review.conflict"] * 40
    with open_library(on_server.url) as library:
        case = read_case(library, case_id)
        assert case.revision == seen + 10
        assert len({case.opinion(code).text for code in DEPARTMENTS}) == 10
        written = "SELECT count(*) FROM onemap_events WHERE action = 'opine' AND who LIKE 'clerk%'"
        assert library.connection.execute(written).fetchone() == (10,)
    assert done("verify", on_server.library).json["ok"]
    assert set(ASKED) <= set(DEPARTMENTS)


@pytest.mark.slow
def test_a_case_is_the_same_after_its_library_has_moved_to_a_server_and_back(town, walk, postgis):
    case = walk("consolidated")
    url, back = f"{postgis.database().url}&schema=moved", town.folder / "back.gpkg"
    done("copy", town.library, url)
    done("copy", url, back)
    for verb in (("review", "show"), ("history",)):
        first, *others = (done(*verb, place, case).json for place in (town.library, url, back))
        for answer in (first, *others):
            answer.pop("head", None)  # the log of a copy has one entry more
        assert others == [first, first]
    make_accounts(url, {"head": ["owner"]})
    moved = ServerTown(town.folder, url)
    issued = [without_chance(place.done("issue", case, on="2026-03-05", by="head"), {}) for place in (town, moved)]
    assert issued[0] == issued[1]


def test_a_server_that_is_lost_in_mid_step_leaves_the_case_as_it_was(on_server):
    from onemap.rules.review.case_step import StepContent, step

    case_id = on_server.open()
    before = on_server.show(case_id, "2026-03-02")

    def lost() -> None:
        with open_library(with_account(on_server.url, "lead")) as library:
            process = library.connection.execute("SELECT pg_backend_pid()").fetchone()[0]
            with step(
                library, case_id, "circulate", Hand("lead", date(2026, 3, 2)), lambda *_: StepContent({"due": {}})
            ) as taken:
                taken.connection.execute("SELECT 1")
                with psycopg.connect(on_server.url.replace("&schema=town", "")) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", (process,))

    with pytest.raises(OneMapError) as refused:
        lost()
    assert refused.value.code == "library.connection_lost"
    assert on_server.show(case_id, "2026-03-02") == before
    assert on_server.done("circulate", case_id, on="2026-03-02")["state"] == "circulating"


@pytest.fixture
def real_server(real_town, postgis) -> ServerTown:
    """The real town on a server: days are the server's. Accounts of single rights, and two who lead."""
    url = f"{postgis.database().url}&schema=real"
    done("copy", real_town.library, url)
    roles = {"town_land": ["land"], "town_land2": ["land"], "town_lead": ["lead"], "town_lead2": ["lead"]}
    make_accounts(url, {**roles, **dict.fromkeys(("clerk", "head"), ["owner"])})
    return ServerTown(real_town.folder, url)


AGREE = ("--conclusion", "agree", "--text", "同意")


def test_a_step_s_person_is_the_account_and_no_other_name(real_server):
    lead, land = real_server.as_account("town_lead"), real_server.as_account("town_land")
    case = lead.open(on=None)
    lead.done("circulate", case)
    answer = land.step("opine", case, "land", *AGREE, "--by", "王科长")
    assert (answer.code, answer.codes) == (3, ["review.by"])
    assert "town_land" in answer.json["problems"][0]["message"]
    after = land.done("opine", case, "land", *AGREE, "--by", "town_land")
    assert (opinion(after, "land")["drafted_by"], after["entries"][-1]["by"]) == ("town_land", "town_land")
    assert lead.step("withdraw", case, "--by", "mayor").codes == ["review.by"]
    opening = ("--project", "p", "--pack", real_server.folder / "town.toml", "--by", "somebody")
    refused = command("review", "open", lead.library, real_server.parcels(), *opening)
    assert (refused.code, refused.codes) == (3, ["review.by"])
    assert [entry["by"] for entry in lead.done("show", case)["entries"]] == ["town_lead", "town_lead", "town_land"]


def test_an_account_with_the_program_s_own_name_is_told_what_helps(real_server):
    lead, machine = real_server.as_account("town_lead"), real_server.as_account("onemap")
    case = lead.open(on=None)
    make_accounts(real_server.url, {"onemap": ["lead"]})
    for name in ((), ("--by", "onemap"), ("--by", "town_lead")):
        answer = machine.step("circulate", case, *name)
        assert (answer.code, answer.codes) == (3, ["review.account"])
    assert "--by" not in answer.json["problems"][0]["mend"]
    message = command("review", "circulate", machine.library, case, "--lang", "en").json["problems"][0]["message"]
    assert message.endswith(": it reads like that of the program, which drafts opinions under it.")


def test_an_account_whose_name_cannot_be_printed_is_told_that_and_nothing_of_the_program(real_server):
    case = real_server.as_account("town_lead").open(on=None)
    for number, name in enumerate(("张\u3000三", "Zhang\u00a0San")):
        make_accounts(real_server.url, {name: ["lead"]})
        answer = command("review", "circulate", real_server.as_account(name).library, case, "--lang", "en")
        assert answer.codes == ["review.account"], number
        message = answer.json["problems"][0]["message"]
        assert message.endswith(" has a sign that cannot be printed, such as a full-width or a no-break space.")


def test_whoever_drafted_cannot_sign_by_typing_another_name(real_server):
    lead, land = real_server.as_account("town_lead"), real_server.as_account("town_land")
    case = lead.open(on=None)
    lead.done("circulate", case)
    after = land.done("opine", case, "land", *AGREE)
    assert opinion(after, "land")["steps"]["sign"] is not None
    assert land.step("sign", case, "land").codes == ["review.self_sign"]
    assert land.step("sign", case, "land", "--by", "李科长").codes == ["review.by"]
    answer = command("review", "show", land.library, case, "--by", "李科长").json
    assert opinion(answer, "land")["steps"]["sign"] is not None
    signed = real_server.as_account("town_land2").done("sign", case, "land")
    assert opinion(signed, "land")["signed_by"] == "town_land2"


def test_a_reply_is_the_draft_of_the_account_that_took_it_in(real_server):
    lead, land = real_server.as_account("town_lead"), real_server.as_account("town_land")
    case = lead.open(on=None)
    lead.done("circulate", case)
    path = reply_of(land, case, by="张三", on=date.today().isoformat())
    after = land.done("opine", case, "land", "--reply", path)
    assert (opinion(after, "land")["drafted_by"], after["entries"][-1]["detail"]["written_by"]) == ("town_land", "张三")
    assert land.step("sign", case, "land").codes == ["review.self_sign"]


def test_a_department_looks_again_without_writing(real_server):
    lead, land = real_server.as_account("town_lead"), real_server.as_account("town_land")
    case = lead.open(on=None)
    assert land.done("recheck", case)["changes"]["opinions"] == []
    actions = [row["action"] for row in done("history", real_server.library, case).json["rows"]]
    lead.done("recheck", case)
    after = [row["action"] for row in done("history", real_server.library, case).json["rows"]]
    assert after == [*actions, "review.recheck"]


@pytest.mark.parametrize("days", [-1, 1, 400])
def test_a_step_s_day_is_the_server_s(real_server, days):
    lead = real_server.as_account("town_lead")
    case = lead.open(on=None)
    on = (date.today() + timedelta(days)).isoformat()
    answer = lead.step("circulate", case, on=on)
    assert (answer.code, answer.codes) == (3, ["review.date"])
    after = lead.done("circulate", case, on=date.today().isoformat())
    assert [(entry["on"], entry["entered_on"]) for entry in after["entries"]] == [(date.today().isoformat(), None)] * 2


@pytest.mark.parametrize("may_alone", [False, True])
def test_nobody_consolidates_and_issues_alone_unless_the_pack_allows_it(real_server, may_alone):
    real_server.pack(self_sign=may_alone)
    lead = real_server.as_account("town_lead")
    case = lead.open(on=None)
    lead.done("circulate", case)
    for department in ASKED:
        real_server.done("sign", case, department, "--unanswered", "x", by="head")
    joined = lead.done("consolidate", case)
    assert (joined["steps"]["issue"] is None) == may_alone
    answer = lead.step("issue", case)
    if may_alone:
        assert answer.json["state"] == "issued"
        return
    assert (answer.code, answer.codes) == (3, ["review.self_issue"])
    assert answer.json["problems"][0]["message"] in joined["steps"]["issue"]
    assert real_server.as_account("town_lead2").done("issue", case)["issued_by"] == "town_lead2"


@pytest.mark.slow
def test_who_made_a_revised_statement_ready_may_not_issue_it_and_who_did_before_may(real_server):
    first, second = (real_server.as_account(name) for name in ("town_lead", "town_lead2"))
    case = first.open(on=None)
    first.done("circulate", case)
    for lead in (first, second):
        for department in ASKED:
            real_server.done("sign", case, department, "--unanswered", "x", by="head")
        lead.done("consolidate", case)
        if lead is first:
            first.done("revise", case, real_server.parcels("next"))
    assert second.step("issue", case).codes == ["review.self_issue"]
    assert first.done("issue", case)["issued_by"] == "town_lead"


def test_documents_say_whether_names_were_typed_or_are_accounts(real_server, real_town, tmp_path):
    case = real_server.as_account("town_lead").open(on=None)
    in_file = real_town.open(on=None)
    notes = {}
    for place, number in ((real_server.library, case), (real_town.library, in_file)):
        target = tmp_path / f"{number}.json"
        done("review", "export", place, number, target)
        content = json.loads(target.read_text(encoding="utf-8"))
        notes[content["library"]["accounts"]] = content["notes"][-1]
    assert "account of the server" in notes[True]
    assert "names were typed" in notes[False]

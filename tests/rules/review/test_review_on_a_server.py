"""The review on a server: the same case as in a file, each account in its own department, fifty clients at once."""

import threading
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.rules.review.case_file import read_case
from onemap.rules.review.case_step import Hand
from onemap.rules.review.opinions import Words, opine
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import ASKED, Town, opinion

ACCOUNTS = {
    "town_land": ["land"],
    "town_chief": ["land"],
    "town_water": ["water"],
    "town_lead": ["lead", "planning"],
    "town_eyes": ["auditor"],
}
CHANCE = {"case", "run", "at", "seconds", "started", "id", "content_hash"}  # keys that differ from case to case


@dataclass
class ServerTown(Town):
    """The same town with its library on a server; steps may be taken as an account."""

    url: str = ""
    account: str = ""

    @property
    def library(self) -> Any:
        return self.url.replace("user=onemap", f"user={self.account}") if self.account else self.url

    def as_account(self, account: str) -> "ServerTown":
        return ServerTown(self.folder, self.url, account)


@pytest.fixture
def on_server(town, postgis) -> ServerTown:
    """The town's library copied to a server, with an account for two departments, the lead and the auditor."""
    url = f"{postgis.database().url}&schema=town"
    done("copy", town.library, url)
    with psycopg.connect(url.replace("&schema=town", ""), autocommit=True) as connection:
        for name, roles in ACCOUNTS.items():
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                connection.execute(f"CREATE ROLE {name} LOGIN")
            for role in roles:
                connection.execute(f"GRANT onemap_town_{role} TO {name}")
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
    return value


def walked(town: Town) -> list[Any]:
    """A case's whole way; what was said after each step."""
    case = town.open()
    said = [town.show(case, "2026-03-02")]
    said.append(town.done("circulate", case, on="2026-03-02"))
    said.append(town.done("opine", case, "land", "--conclusion", "supplement", "--text", "补图", on="2026-03-03"))
    said.append(town.done("sign", case, "land", on="2026-03-03", by="head"))
    said.append(town.step("consolidate", case, on="2026-03-04").json)
    said.append(town.done("extend", case, "water", "--days", "2", "--reason", "汛期", on="2026-03-04"))
    said.append(town.done("revise", case, town.parcels("next"), on="2026-03-05", by="lead"))
    said.append(town.done("circulate", case, on="2026-03-05"))
    said.append(town.signed(case, on="2026-03-06"))
    said.append(town.done("return", case, "water", "--reason", "再看", on="2026-03-06", by="lead"))
    said.append(town.done("opine", case, "water", "--conclusion", "agree", "--text", "同意", on="2026-03-06"))
    said.append(town.done("sign", case, "water", on="2026-03-06", by="head"))
    said.append(town.done("consolidate", case, on="2026-03-07"))
    said.append(town.done("issue", case, "--conclusion", "conditional", "--reason", "报市政府", on="2026-03-09"))
    said.append(done("review", "list", town.library, "--on", "2026-03-09").json)
    return without_chance(said, {case: "CASE"})


def test_the_same_case_in_a_file_and_on_a_server_gives_equal_answers(town, on_server):
    in_file, there = walked(town), walked(on_server)
    for step, (first, second) in enumerate(zip(in_file, there, strict=True)):
        assert first == second, step
    assert done("verify", on_server.library).json["ok"]


def test_a_case_goes_its_way_by_the_accounts_of_its_departments(on_server):
    lead, land, chief, water = (on_server.as_account(f"town_{name}") for name in ("lead", "land", "chief", "water"))
    today = date.today().isoformat()
    case = lead.open("--by", "town_lead", on=today)
    lead.done("circulate", case, by="town_lead")
    words = ("--conclusion", "disagree", "--text", "不同意", "--basis", "土地管理法")
    land.done("opine", case, "land", *words, by="town_land")
    assert opinion(land.show(case, today), "land")["text"] == "不同意"
    assert opinion(lead.show(case, today), "land")["text"] == "不同意"
    assert opinion(water.show(case, today), "land")["text"] != "不同意"
    chief.done("sign", case, "land", by="town_chief")
    seen = opinion(water.show(case, today), "land")
    assert (seen["state"], seen["text"]) == ("signed", "不同意")
    water.done("sign", case, "water", by="town_water")
    on_server.done("sign", case, "reform")
    lead.done("consolidate", case, by="town_lead")
    assert lead.done("issue", case, by="town_lead")["state"] == "issued"
    assert done("verify", on_server.library).json["ok"]


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


def test_of_fifty_clients_on_one_case_one_of_each_department_writes_and_the_others_see_a_conflict(on_server):
    case_id = on_server.open()
    on_server.done("circulate", case_id, on="2026-03-02")
    with open_library(on_server.url) as library:
        seen = read_case(library, case_id).revision
    barrier, raised = threading.Barrier(50), []

    def one(number: int) -> None:
        hand = Hand(f"clerk {number}", date(2026, 3, 3), seen)
        words = Words("agree", f"text {number}")
        barrier.wait()
        try:
            with open_library(on_server.url) as library:
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
        assert len({case.opinion(code).drafted_by for code in DEPARTMENTS}) == 10
        written = "SELECT count(*) FROM onemap_opinions WHERE drafted_by LIKE 'clerk%'"
        assert library.connection.execute(written).fetchone() == (10,)
    assert done("verify", on_server.library).json["ok"]
    assert set(ASKED) <= set(DEPARTMENTS)


def test_a_case_is_the_same_after_its_library_has_moved_to_a_server_and_back(town, walk, postgis):
    case = walk("consolidated")
    url, back = f"{postgis.database().url}&schema=moved", town.folder / "back.gpkg"
    done("copy", town.library, url)
    done("copy", url, back)
    for verb in (("review", "show"), ("history",)):
        first, *others = (done(*verb, place, case).json for place in (town.library, url, back))
        assert others == [first, first]
    moved = ServerTown(town.folder, url)
    issued = [without_chance(place.done("issue", case, on="2026-03-05"), {}) for place in (town, moved)]
    assert issued[0] == issued[1]


def test_a_server_that_is_lost_in_mid_step_leaves_the_case_as_it_was(on_server):
    from onemap.rules.review.case_step import step

    case_id = on_server.open()
    before = on_server.show(case_id, "2026-03-02")

    def lost() -> None:
        with open_library(on_server.url) as library:
            process = library.connection.execute("SELECT pg_backend_pid()").fetchone()[0]
            with step(library, case_id, "circulate", Hand("lead", date(2026, 3, 2)), {}) as taken:
                taken.connection.execute("SELECT 1")
                with psycopg.connect(on_server.url.replace("&schema=town", "")) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", (process,))

    with pytest.raises(OneMapError) as refused:
        lost()
    assert refused.value.code == "library.connection_lost"
    assert on_server.show(case_id, "2026-03-02") == before
    assert on_server.done("circulate", case_id, on="2026-03-02")["state"] == "circulating"

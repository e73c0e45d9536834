"""Twelve people at once in real browsers take a case from its upload to the issued statement, on a server."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.tests.attacks.server_accounts import Bureau
from onemap.tests.attacks.web_accounts import PASSWORD, address_of
from onemap.tests.postgis_server import GUARDED
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import ground, write
from onemap.tests.rules.review.statement.chromium import Page, browser, program
from onemap.tests.rules.verbs.web.desk_hands import KeyboardHand, MouseHand, faults_for_hands_and_ears
from onemap.tests.rules.verbs.web.web_client import WebServer

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium"),
]
LEAD, CLERK = "web_lead", "web_clerk"
PEOPLE = {**{f"web_of_{code}": (code,) for code in DEPARTMENTS}, CLERK: (*DEPARTMENTS, "lead")}  # and the lead


@dataclass
class Person:
    """A person at their own browser. Every second one works by keyboard, in English, in a wide window."""

    account: str
    page: Page
    server: WebServer
    is_by_keyboard: bool

    @property
    def hand(self) -> MouseHand:
        return (KeyboardHand if self.is_by_keyboard else MouseHand)(self.page)

    @property
    def lang(self) -> str:
        return "en" if self.is_by_keyboard else "zh"

    def look(self) -> None:
        """Nothing beside the window, nothing too small or without a name, no rule of axe's broken."""
        width = 1920 if self.is_by_keyboard else 360
        assert self.page.ask("document.documentElement.scrollWidth") <= width
        assert faults_for_hands_and_ears(self.page) == [], self.page.ask("location.pathname")

    def sign_in(self) -> None:
        """Come in by account and password."""
        self.page.resize(1920 if self.is_by_keyboard else 360, 900)
        self.page.visit(f"{self.server.address}/sign-in")
        self.look()
        self.hand.fill("#account", self.account)
        self.hand.fill("#password", PASSWORD)
        if self.page.ask("document.getElementById('lang').value") != self.lang:
            self.hand.choose("#lang", self.lang)
        self.hand.follow("main button")
        assert self.page.ask("location.pathname") == "/", self.page.ask("document.body.innerText")
        assert self.page.ask("document.documentElement.lang").startswith(self.lang)
        self.look()

    def send(self, path: str, action: str, fields: Mapping[str, str], fold: bool = False) -> None:
        """Fill in a form of a page and send it; another's step in between is told, and one goes on."""
        self.page.visit(f"{self.server.address}{path}")
        self.look()
        for _ in range(20):
            if fold and not self.page.ask(f"document.querySelector(\"form[action$='{action}']\").parentElement.open"):
                self.hand.press(f"details:has(form[action$='{action}']) > summary")
            for selector, value in fields.items():
                is_list = self.page.ask(f"document.querySelector('{selector}').tagName") == "SELECT"
                (self.hand.choose if is_list else self.hand.fill)(selector, value)
            self.hand.follow(f"form[action$='{action}'] button")
            refused = self.page.ask("(document.querySelector('[role=alert]') || {}).innerText || ''")
            if not refused:
                return
            assert re.search("revision|改动|修改|changed", refused), refused
        raise AssertionError("others were always faster")


@pytest.fixture(scope="module")
def office(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Person]]:
    """Each of the twelve with a browser of their own, all of the same site."""
    with bureau.connect("onemap") as connection:
        typed = PASSWORD.replace("'", "''")
        for name, roles in PEOPLE.items():
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{typed}'")  # type: ignore[call-overload]
            for role in (GUARDED, *(f"onemap_town_{role}" for role in roles)):
                connection.execute(f"GRANT {role} TO {name}")  # type: ignore[call-overload]
    server = WebServer(address_of(bureau))
    with ExitStack() as stack:
        stack.callback(server.end, log=True)  # after all browsers have ended
        yield {
            name: Person(name, stack.enter_context(browser(tmp_path_factory.mktemp(name))), server, bool(number % 2))
            for number, name in enumerate([*PEOPLE, LEAD])
        }


def all_at_once(people: list[Person], act: Callable[[Person], None]) -> None:
    """Everybody begins in the same moment."""
    start = threading.Barrier(len(people))

    def begin(person: Person) -> None:
        start.wait()
        act(person)

    with ThreadPoolExecutor(len(people)) as pool:
        for one in [pool.submit(begin, person) for person in people]:
            one.result()


def test_twelve_people_bring_a_case_from_its_file_to_its_statement(
    bureau: Bureau, office: dict[str, Person], tmp_path: Path
):
    everybody = list(office.values())
    for first in range(0, len(everybody), 3):  # each gets a core, which starts in its turn; then all are there at once
        all_at_once(everybody[first : first + 3], Person.sign_in)
    lead, clerk = office[LEAD], office[CLERK]
    officers = {code: office[f"web_of_{code}"] for code in DEPARTMENTS}
    parcels = write(tmp_path / "parcels.gpkg", [ground(0, 0, 100, 100)], {"DKBH": ["DK1"]})
    lead.page.visit(f"{lead.server.address}/open")
    lead.look()
    lead.hand.fill("#project", "十二人")
    lead.hand.attach("#parcels[type=file]", parcels)
    lead.hand.follow("main form[action='/open'] button")
    at = lead.page.ask("location.pathname")
    assert at.startswith("/cases/"), lead.page.ask("document.body.innerText")
    lead.send(at, "/circulate", {}, fold=True)

    def write_opinion(person: Person) -> None:
        code = person.account.removeprefix("web_of_")
        fields = {"#conclusion": "conditional", "#text": f"{code}：须避让", "#basis": "土地管理法 第三十五条"}
        person.send(f"{at}/opinions/{code}", "/opine", fields)

    all_at_once(list(officers.values()), write_opinion)
    for code in DEPARTMENTS:
        clerk.send(f"{at}/opinions/{code}", "/sign", {"#unanswered": "另行核实"})
    lead.send(at, "/consolidate", {}, fold=True)
    clerk.send(at, "/issue", {}, fold=True)  # who consolidated may not issue as well
    case = at.removeprefix("/cases/")
    shown = done("review", "show", bureau.url, case).json
    assert shown["state"] == "issued" and shown["document"]
    opinions = {one["department"]: one for one in shown["opinions"]}
    for code, person in officers.items():
        assert (opinions[code]["drafted_by"], opinions[code]["signed_by"]) == (person.account, CLERK)
        assert opinions[code]["text"] == f"{code}：须避让"
    assert done("verify", bureau.url).json["ok"]
    if folder := os.environ.get("ONEMAP_PICTURES"):
        lead.page.visit(f"{lead.server.address}{at}")
        lead.page.picture(Path(folder) / f"{lead.lang}-twelve-issued.png")

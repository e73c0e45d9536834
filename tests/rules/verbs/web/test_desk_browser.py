"""The desk in a real Chromium: a case to its issued statement, by mouse and by keyboard, in two languages."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.rules.review.public_comments import WrittenComment, write_comment
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import ASKED, Town, ground, write
from onemap.tests.rules.review.statement.chromium import Page, program
from onemap.tests.rules.verbs.web.desk_hands import KeyboardHand, MouseHand, faults_for_hands_and_ears
from onemap.tests.rules.verbs.web.web_client import WebServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium"),
]
PICTURES = os.environ.get("ONEMAP_PICTURES")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("desk")
    made = Town(folder)
    district = write(folder / "district.gpkg", [ground(-9000, -9000, 9000, 9000)], {"n": [1]})
    pack = made.pack()
    done("new", made.library, "--crs", "EPSG:4547", "--district", district, "--pack", pack)
    made.layer("FARM", ground(50, 0, 200, 100))
    made.layer("RIVER", ground(0, 0, 30, 100))
    made.parcels()
    return made


@pytest.fixture(scope="module")
def library(town: Town) -> Path:
    return town.library


@dataclass
class Walk:
    """One person's way through the pages, each of which is looked at."""

    page: Page
    server: WebServer
    hand: MouseHand
    lang: str
    width: int
    seen: int = 0

    def look(self, name: str) -> None:
        """Look at the page that is open: nothing beside the window, nothing without a name, no rule of axe's broken."""
        self.page.ask("Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode(); }))")
        wide = self.page.ask("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is {wide} wide"
        assert self.page.ask("document.documentElement.lang").startswith(self.lang)
        assert faults_for_hands_and_ears(self.page) == [], name
        assert self.page.ask("document.querySelectorAll('h1').length") == 1
        log = [
            entry["entry"]["text"] for entry in self.page.events("Log.entryAdded") if entry["entry"]["level"] == "error"
        ]
        assert [text for text in log if "409" not in text and "404" not in text] == []
        if PICTURES:
            self.seen += 1
            self.whole_picture(Path(PICTURES) / f"{self.lang}-{self.width}-{self.seen:02}-{name}.png")

    def whole_picture(self, path: Path) -> None:
        """The whole page, however long it is."""
        height = int(self.page.ask("document.documentElement.scrollHeight"))
        self.page.resize(self.width, height)
        self.page.picture(path)
        self.page.resize(self.width, 900)

    def sign_in(self, name: str) -> None:
        """Come in by the code of the terminal."""
        self.page.visit(f"{self.server.address}/sign-in")
        self.look_once("sign-in")
        self.hand.fill("#code", self.server.code)
        self.hand.fill("#name", name)
        if self.page.ask("document.getElementById('lang').value") != self.lang:
            self.page.ask("document.getElementById('lang').selectedIndex = 0")
            self.hand.choose("#lang", self.lang)
        self.hand.follow("main button")
        self.server.read_code()

    def look_once(self, name: str) -> None:
        """Pages before the sign-in are in the browser's language."""
        assert self.page.ask("document.documentElement.scrollWidth") <= self.width
        assert faults_for_hands_and_ears(self.page) == []
        if PICTURES:
            self.whole_picture(Path(PICTURES) / f"{self.lang}-{self.width}-00-{name}.png")


WAYS: dict[str, tuple[Any, str, int]] = {
    "mouse, Chinese, phone": (MouseHand, "zh", 360),
    "keyboard, English, desk": (KeyboardHand, "en", 1920),
}
LABELS = {
    "zh": {"open": "新建", "circulate": "送审", "consolidate": "汇总", "issue": "出具"},
    "en": {"open": "Open a case", "circulate": "Send out", "consolidate": "Consolidate", "issue": "Issue"},
}


def test_a_phone_shows_what_lies_where_one_stands(server: WebServer, chromium: Page):
    chromium.resize(360, 900)
    walk = Walk(chromium, server, MouseHand(chromium), "zh", 360)
    walk.sign_in("甲")
    middle = shapely.centroid(ground(50, 0, 200, 100))
    to_degrees = pyproj.Transformer.from_crs("EPSG:4547", "EPSG:4326", always_xy=True)
    east, north = to_degrees.transform(middle.x, middle.y)
    chromium.call("Browser.grantPermissions", permissions=["geolocation"], origin=server.address)
    chromium.call("Emulation.setGeolocationOverride", latitude=north, longitude=east, accuracy=5)
    chromium.visit(f"{server.address}/here")
    walk.hand.follow("#stand-here")
    asked = chromium.ask("Object.fromEntries(new URLSearchParams(location.search))")
    assert (float(asked["x"]), float(asked["y"])) == pytest.approx((east, north), abs=1e-6)
    assert asked["crs"] == "EPSG:4326"
    shown = chromium.ask("document.querySelector('main').textContent")
    assert "k0 · 15,000 m²" in shown and "占用农田 · 禁止" in shown  # the farmland in which one stands
    assert "向西 95.0 米" in shown  # the river
    walk.look("here")


@pytest.mark.parametrize("way", WAYS)
def test_a_case_goes_from_its_file_to_the_issued_statement(town: Town, server: WebServer, chromium: Page, way: str):
    kind, lang, width = WAYS[way]
    chromium.resize(width, 900)
    walk = Walk(chromium, server, kind(chromium), lang, width)
    hand = walk.hand
    walk.sign_in("甲")
    walk.look("desk")
    hand.follow("main a[href='/open']")
    hand.fill("#project", "城北第三小学 <i>x</i>")
    hand.attach("#parcels[type=file]", town.folder / "parcels.gpkg")
    walk.look("open")
    hand.follow("main button")
    case = chromium.ask("location.pathname").removeprefix("/cases/")
    walk.look("case")
    step(walk, "circulate")
    show_to_the_public(walk, town, case)
    for department in ASKED:
        hand.follow(f"a[href$='/opinions/{department}']")
        hand.choose("#conclusion", "conditional")
        hand.fill("#text", "原则同意，须避让。" if lang == "zh" else "Agreed, on condition that it keeps clear.")
        hand.fill("#basis", "土地管理法 第三十五条")
        hand.follow("form[action$='/opine'] button")
        assert chromium.ask("document.querySelector('[role=alert]')") is None
        walk.look(f"opinion-{department}")
        hand.follow("main a[href^='/cases/']")
    hand.follow("header button")
    walk.sign_in("乙")
    chromium.visit(f"{server.address}/cases/{case}")
    for department in ASKED:
        hand.follow(f"a[href$='/opinions/{department}']")
        hand.fill("#unanswered", "另行核实")
        hand.follow("form[action$='/sign'] button")
        hand.follow("main a[href^='/cases/']")
    walk.look("signed")
    step(walk, "consolidate")
    step(walk, "issue")
    walk.look("issued")
    chromium.visit(f"{server.address}/here?x=500060&y=4200050")
    walk.look("here")
    chromium.visit(f"{server.address}/cases/none")
    walk.look("refused")
    chromium.visit(f"{server.address}/")
    walk.look("desk-with-cases")
    shown = done("review", "show", town.library, case).json
    assert shown["state"] == "issued" and shown["project"] == "城北第三小学 <i>x</i>"
    assert {one["signed_by"] for one in shown["opinions"] if one["department"] in ASKED} == {"乙"}
    assert json.dumps(shown, ensure_ascii=False).count("甲") > 2


def show_to_the_public(walk: Walk, town: Town, case: str) -> None:
    """A notice that leaves something out, what somebody writes on it, the reply, and its end."""
    walk.hand.press("details:has(form[action$='/notice']) > summary")
    walk.hand.fill("#days-notice", "7")
    walk.page.ask("document.querySelector('[name=\"withhold.land\"]').focus()")
    walk.page.key(" ")
    walk.look("notice")
    walk.hand.follow("form[action$='/notice'] button")
    notice = done("review", "show", town.library, case).json["notices"][-1]
    assert notice["open"] and notice["withheld"] == ["land"]
    with open_library(str(town.library)) as library:
        write_comment(library, case, 1, WrittenComment("太吵 <i>x</i>", "张三", "城北"))
    walk.page.visit(f"{walk.server.address}/cases/{case}/comments")
    walk.hand.press("details:has(form[action$='/respond']) > summary")
    walk.hand.fill("#respond-1", "已采纳" if walk.lang == "zh" else "Taken up")
    walk.look("comments")
    walk.hand.follow("form[action$='/respond'] button")
    assert walk.page.ask("document.querySelector('[role=alert]')") is None
    walk.page.visit(f"{walk.server.address}/cases/{case}")
    step(walk, "close", "齐备")


def step(walk: Walk, name: str, reason: str = "") -> None:
    """A step of the lead: its fold is opened, its form sent."""
    fold = f"details:has(form[action$='/{name}'])"
    walk.hand.press(f"{fold} > summary")
    if reason:
        walk.hand.fill(f"#reason-{name}", reason)
    walk.hand.follow(f"{fold} button")
    assert walk.page.ask("document.querySelector('[role=alert]')") is None

"""A public notice in a real Chromium: read and commented on, by mouse and by keyboard, on a phone and at a desk."""

from typing import Any

import pytest

from onemap.tests.rules.review.statement.chromium import Page, program
from onemap.tests.rules.verbs.web.desk_hands import KeyboardHand, MouseHand
from onemap.tests.rules.verbs.web.test_desk_browser import Walk
from onemap.tests.rules.verbs.web.test_public_notice import Notice, notice

__all__ = ["notice"]  # a fixture
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="no Chromium here: install Debian's package chromium"),
]
WAYS: dict[str, tuple[Any, str, int]] = {
    "mouse, Chinese, desk": (MouseHand, "zh", 1920),
    "keyboard, English, phone": (KeyboardHand, "en", 360),
}

WAY_OF_EACH_DAY = "keyboard, English, phone"


@pytest.mark.parametrize("way", [pytest.param("mouse, Chinese, desk", marks=pytest.mark.nightly), WAY_OF_EACH_DAY])
def test_somebody_reads_a_notice_and_writes(notice: Notice, chromium: Page, way: str):
    kind, lang, width = WAYS[way]
    chromium.resize(width, 900)
    walk = Walk(chromium, notice.server, kind(chromium), lang, width)
    before = len(notice.comments())
    chromium.visit(f"{notice.server.address}/?lang={lang}")
    walk.look("notices")
    walk.hand.follow("main a[href^='/notices/']")
    walk.look("notice")
    walk.hand.fill("#text", "<img src=x onerror=alert(1)> 太吵")
    walk.hand.fill("#name", "张三")
    walk.hand.fill("#place", "城北")
    chromium.ask("document.querySelector('#place').removeAttribute('required')")
    walk.hand.fill("#place", " ")
    with chromium.loading():
        walk.hand.press("main button")
    assert chromium.ask("document.querySelector('[role=alert]') !== null")
    assert "太吵" in chromium.ask("document.querySelector('#text').value")
    walk.hand.fill("#place", "城北")
    walk.hand.press("#consent")
    assert chromium.ask("document.querySelector('#consent').checked")
    walk.hand.follow("main button")
    assert chromium.ask("document.querySelector('[role=status]') !== null")
    walk.look("sent")
    kept = notice.comments()[before:]
    assert [(one["name"], one["place"]) for one in kept] == [("张三", "城北")]

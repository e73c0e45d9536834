"""Two ways to use a page of the desk: by mouse, and by keyboard with Tab, arrows, Enter and typed text."""

import json
import os
from pathlib import Path

from onemap.tests.rules.review.statement.chromium import Message, Page

_MOST_TABS = 150
# A copy of axe-core (axe.min.js), whose rules are run on every page; it is not shipped.
AXE = os.environ.get("ONEMAP_AXE")
CROWDED = """[...document.querySelectorAll('a, button, input, select, textarea, summary')]
.filter(e => e.offsetParent && e.type !== 'hidden').filter(e => { const b = e.getBoundingClientRect();
return getComputedStyle(e).display !== 'inline' && (b.height < 24 || b.width < 24); }).map(e => e.outerHTML)"""
UNNAMED = """[...document.querySelectorAll('input, select, textarea')].filter(e => e.type !== 'hidden'
&& !(e.labels && e.labels.length && e.labels[0].textContent.trim())).map(e => e.outerHTML)"""
AXE_RULES = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then(r =>
r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 90)).join(' | ')))"""


def faults_for_hands_and_ears(page: Page) -> list[str]:
    """Controls that are too small to press, have no name, or break a rule of axe, if there is a copy of it."""
    faults: list[str] = page.ask(CROWDED) + page.ask(UNNAMED)
    if AXE:
        page.call("Page.setBypassCSP", enabled=True)
        page.ask(Path(AXE).read_text(encoding="utf-8") + ";1")
        faults += page.ask(AXE_RULES)
    return faults


def element(selector: str, text: str = "") -> str:
    """An expression for the first shown element of a kind, whose text begins with something."""
    shown = "e.offsetParent !== null && e.textContent.trim().startsWith(" + json.dumps(text) + ")"
    return f"[...document.querySelectorAll({json.dumps(selector)})].find(e => {shown})"


class MouseHand:
    """Clicks, and types where it has clicked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, selector: str, text: str = "") -> None:
        """Activate what leads to no other page."""
        self.page.click(element(selector, text))

    def follow(self, selector: str, text: str = "") -> None:
        """Activate a link or a button that leads to another page."""
        with self.page.loading():
            self.press(selector, text)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field, in place of what is there."""
        self.page.fill(element(selector), text)

    def choose(self, selector: str, value: str) -> None:
        """Choose of a list by its value; a click opens it in a window of the system's own, which arrows close."""
        field = element(selector)
        self.page.ask(f"{field}.focus()")
        self._step_to(field, value)

    def _step_to(self, field: str, value: str) -> None:
        steps = self.page.ask(
            f"[...{field}.options].findIndex(o => o.value === {json.dumps(value)}) - {field}.selectedIndex"
        )
        for _ in range(abs(steps)):
            self.page.key("ArrowDown" if steps > 0 else "ArrowUp")
        assert self.page.ask(f"{field}.value") == value

    def attach(self, selector: str, file: Path) -> None:
        """Choose a file; the system's own dialog is answered automatically."""
        self.page.call("Page.setInterceptFileChooserDialog", enabled=True)
        self.press(selector)
        asked: Message = self.page.pipe.wait(lambda event: event.get("method") == "Page.fileChooserOpened")
        node = asked["params"]["backendNodeId"]
        self.page.call("DOM.setFileInputFiles", files=[str(file)], backendNodeId=node)


class KeyboardHand(MouseHand):
    """Presses Tab until it reaches a control, always with a visible focus."""

    def _reach(self, field: str) -> None:
        for _ in range(_MOST_TABS):
            if self.page.ask(f"document.activeElement === {field}"):
                seen = "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)"
                assert self.page.ask(f"{seen}(getComputedStyle(document.activeElement))")
                return
            self.page.key("Tab")
        raise AssertionError(f"not reached by Tab: {field}")

    def press(self, selector: str, text: str = "") -> None:
        """Activate by Enter, which in a field of a form would send it: a file's button and a tick by the space bar."""
        self._reach(element(selector, text))
        is_field = self.page.ask("['file', 'checkbox'].includes(document.activeElement.type)")
        self.page.key(" " if is_field else "Enter")

    def fill(self, selector: str, text: str) -> None:
        """Type into a field, in place of what is there."""
        self._reach(element(selector))
        self.page.ask("document.activeElement.select()")
        self.page.call("Input.insertText", text=text)

    def choose(self, selector: str, value: str) -> None:
        """Choose of a list by the arrows."""
        self._reach(element(selector))
        self._step_to(element(selector), value)

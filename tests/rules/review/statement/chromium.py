"""A real Chromium without a window, controlled through its debugging pipe; only the standard library."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Message = dict[str, Any]
PATIENCE_S = 60  # for one word of the browser, after which it counts as dead


def program() -> str | None:
    """The Chromium of this machine, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class BrowserError(AssertionError):
    """The browser refused a command, or a script in the page failed."""


@dataclass
class Pipe:
    """The two ends of the browser's debugging pipe: JSON messages, each ended by a zero byte."""

    incoming: int
    outgoing: int
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    unread: bytes = b""
    events: list[Message] = field(default_factory=list)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Message:
        """Send one command and return its answer; events that arrive meanwhile are stored."""
        number = self._send(method, session, parameters)
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                result: Message = answer["result"]
                return result
            self.events.append(answer)

    def _send(self, method: str, session: str | None, parameters: Message) -> int:
        number = next(self.numbers)
        message: Message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.outgoing, json.dumps(message).encode() + b"\0")
        return number

    def wait(self, wanted: Callable[[Message], bool]) -> Message:
        """The first event that is wanted: one that has come, or the next to come."""
        for event in self.events:
            if wanted(event):
                return event
        while True:
            event = self._next()
            self.events.append(event)
            if wanted(event):
                return event

    def _next(self) -> Message:
        while b"\0" not in self.unread:
            if not select.select([self.incoming], [], [], PATIENCE_S)[0]:
                raise BrowserError("the browser says nothing")
            block = os.read(self.incoming, 1 << 16)
            if not block:
                raise BrowserError("the browser ended")
            self.unread += block
        one, _, self.unread = self.unread.partition(b"\0")
        message: Message = json.loads(one)
        if message.get("method") == "Page.javascriptDialogOpening":
            # A page that asks whether to leave what was typed holds everything up until it is answered.
            self._send("Page.handleJavaScriptDialog", message["sessionId"], {"accept": True})
        return message


@dataclass
class Page:
    """One open page."""

    pipe: Pipe
    session: str
    downloads: Path

    def call(self, method: str, **parameters: Any) -> Message:
        """One command of the debugging protocol to this page."""
        return self.pipe.call(method, self.session, **parameters)

    def open(self, path: Path, width: int = 1400, height: int = 1000) -> None:
        """Load a file, as a double click would, and wait until it is there."""
        self.resize(width, height)
        self.visit(path.as_uri())

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def visit(self, address: str) -> None:
        """Load an address, and wait until it is there."""
        with self.loading():
            self.call("Page.navigate", url=address)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Wait at the end of the block for the page to which it leads."""
        self.pipe.events.clear()
        yield
        self.pipe.wait(lambda event: event.get("method") == "Page.loadEventFired")

    def ask(self, script: str) -> Any:
        """The value of a JavaScript expression. Raises BrowserError with what the page threw."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def place(self, script: str) -> tuple[float, float]:
        """The middle of an element in the window, after it was scrolled there. script: an expression for it."""
        return tuple(
            self.ask(
                f"(() => {{ const e = {script}; e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
                " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
            )
        )

    def click(self, script: str) -> None:
        """Click the middle of an element with the mouse. script: an expression for it."""
        x, y = self.place(script)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """One event of the mouse at a place in the window."""
        pressed: Message = {"button": "left", "clickCount": 1} if kind in ("mousePressed", "mouseReleased") else {}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **{**pressed, **more})

    def drag(self, start: tuple[float, float], by: tuple[float, float]) -> None:
        """Press, move in steps, let go."""
        self.mouse("mousePressed", *start)
        for step in range(1, 5):
            x, y = start[0] + by[0] * step / 4, start[1] + by[1] * step / 4
            self.mouse("mouseMoved", x, y, button="left", buttons=1)
        self.mouse("mouseReleased", start[0] + by[0], start[1] + by[1])

    def key(self, name: str) -> None:
        """Press one key, named as in JavaScript's `event.key`."""
        text: Message = {"text": name} if len(name) == 1 else {"text": "\r"} if name == "Enter" else {}
        codes = {
            "Enter": 13,
            "Tab": 9,
            "Escape": 27,
            "ArrowLeft": 37,
            "ArrowRight": 39,
            "ArrowUp": 38,
            "ArrowDown": 40,
            " ": 32,
        }
        code = codes.get(name, ord(name[0].upper()))
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def fill(self, script: str, text: str) -> None:
        """Type a text into a field, as a person or an input method would. script: an expression for it."""
        self.click(script)
        self.ask(f"{script}.select()")
        self.call("Input.insertText", text=text)

    def events(self, method: str) -> list[Message]:
        """The parameters of the events of one kind since the page was opened."""
        self.ask("1")
        return [event["params"] for event in self.pipe.events if event.get("method") == method]

    def next_download(self) -> Path:
        """The file of the next finished download."""
        begun = self.pipe.wait(lambda event: event.get("method") == "Browser.downloadWillBegin")
        self.pipe.wait(
            lambda event: event.get("method") == "Browser.downloadProgress" and event["params"]["state"] == "completed"
        )
        return self.downloads / begun["params"]["suggestedFilename"]

    def pdf(self, path: Path) -> Path:
        """The page as its style sheet prints it."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def picture(self, path: Path) -> Path:
        """The window's content as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return path


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own in `folder`; every way into a network ends at a closed door."""
    found = program()
    assert found is not None, "no Chromium here"
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    to_browser, from_browser = os.pipe(), os.pipe()
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-unsafe-swiftshader",  # maps that draw by WebGL, on a machine without a graphics card
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-quic",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--proxy-server=127.0.0.1:9",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder / 'profile'}",
    ]

    def take_pipes() -> None:
        # The browser reads commands from 3 and answers on 4; neither end may be overwritten before it is copied.
        reading, writing = os.dup(to_browser[0]), os.dup(from_browser[1])
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    process = subprocess.Popen(
        [found, *options],
        close_fds=False,
        preexec_fn=take_pipes,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    pipe = Pipe(from_browser[0], to_browser[1])
    try:
        target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
        session = pipe.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        pipe.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads), eventsEnabled=True)
        page = Page(pipe, session, downloads)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        yield page
        pipe.call("Browser.close")
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(pipe.incoming)
        os.close(pipe.outgoing)

"""`onemap web` as a separate program, and a client of it that knows only HTTP."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
COMMAND = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "web"]


@dataclass(frozen=True)
class Reply:
    """The answer of a server."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of its first problem."""
        return str(self.json["problems"][0]["code"])


class WebServer:
    """One server, with the address and the code that it prints."""

    def __init__(
        self, library: Path | str, lang: str = "en", *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        command = [*COMMAND, str(library), "--port", "0", "--json", "--lang", lang, *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.program = subprocess.Popen(command, env={**os.environ, **(environment or {})}, **pipes)
        self.address, self.code = "", ""
        self.read_code()
        self.host = urllib.parse.urlsplit(self.address).netloc
        self.token = ""

    def read_code(self) -> None:
        """Take the next code that it prints."""
        line = self.program.stdout.readline()
        assert line, self.program.stderr.read()
        printed = json.loads(line)
        self.address, self.code = printed["address"], printed.get("code", "")

    def ask(self, method: str, path: str, body: Any = None, signed_in: bool = True, **headers: str) -> Reply:
        """One request; `body` is JSON, or bytes as they are; names of headers have _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if signed_in and self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path.removeprefix(self.address), data, given)
            answer = connection.getresponse()
            lower = {name.lower(): value for name, value in answer.getheaders()}
            cookies = tuple(value for name, value in answer.getheaders() if name.lower() == "set-cookie")
            return Reply(answer.status, lower, answer.read(), cookies)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def execute(self, process: str, inputs: Any, wish: Any = None, **headers: str) -> Reply:
        return self.ask("POST", f"/processes/{process}/execution", {"inputs": inputs, **(wish or {})}, **headers)

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        data = urllib.parse.urlencode(fields).encode()
        return self.ask("POST", path, data, Content_Type="application/x-www-form-urlencoded", **headers)

    def sign_in(self, name: str = "甲") -> None:
        """Come in as a program does."""
        reply = self.form("/sign-in", {"code": self.code, "name": name}, signed_in=False)
        assert reply.status == 200, reply.body
        self.token = reply.json["token"]
        self.read_code()

    def ended_job(self, location: str) -> dict[str, Any]:
        """The status of a job when nothing of it is still to come."""
        while (status := self.get(location).json)["status"] in ("accepted", "running"):
            time.sleep(0.1)
        return status

    def sign_in_as(self, account: str, password: str, **headers: str) -> Reply:
        """Sign in with an account, as a program does unless headers say otherwise."""
        fields = {"account": account, "password": password, "lang": "en"}
        return self.form("/sign-in", fields, signed_in=False, **headers)

    def end(self, log: bool = False) -> str:
        """End the server; return its log, if it has one."""
        self.program.terminate()
        assert self.program.wait(timeout=30) == 0, self.program.stderr.read()
        written = self.program.stderr.read().decode()
        assert log or written == ""
        return written


class Officer:
    """A person with a browser: a cookie, and the key of each form printed for it."""

    def __init__(self, server: WebServer, **fields: str) -> None:
        self.server = server
        reply = server.form("/sign-in", fields, signed_in=False, Accept="text/html")
        assert reply.status == 303, reply.body.decode()
        self.cookie = reply.headers["set-cookie"].partition(";")[0]

    def ask(self, method: str, path: str, **fields: str) -> Reply:
        headers = {"Cookie": self.cookie, "Accept": "text/html", "signed_in": False}
        if method == "GET":
            return self.server.ask("GET", path, **headers)
        return self.server.form(path, fields, **headers)

    def page(self, path: str) -> str:
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.body.decode()
        text = reply.body.decode()
        assert (
            not re.search(r'<script(?! src="/assets/[a-z-]+\.js" defer></script>)', text)
            and "style=" not in text
            and not re.search(r'(src|href)="(https?:)?//', text)
        )
        return text

    def submit(self, page: str, path: str, **fields: str) -> Reply:
        """Send a form of a page: its hidden fields come along."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page(page)))
        return self.ask("POST", path, **{**hidden, **fields})


def upload(
    officer: Officer,
    name: str,
    body: bytes,
    to: str = "/open",
    page: str = "/open",
    more: Sequence[tuple[str, str, bytes]] = (),
    **fields: str,
) -> Reply:
    """Send a form with a file of parcels, and more files by their fields."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', officer.page(page)))
    edge = "edge-of-a-part"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in {**hidden, **fields}.items()
    ]
    for field, file, content in (("parcels", name, body), *more):
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{file}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    data = b"".join([*parts, f"--{edge}--\r\n".encode()])
    headers = {"Cookie": officer.cookie, "Accept": "text/html", "Content_Type": f"multipart/form-data; boundary={edge}"}
    return officer.server.ask("POST", to, data, signed_in=False, **headers)

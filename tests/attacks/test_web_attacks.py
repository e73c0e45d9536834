"""`onemap web` under attack: no code, a foreign page, guessing, too much data, too many requests."""

import asyncio
import http.client
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.code_door import CodeDoor
from onemap.rules.verbs.web.session_table import Session, SessionTable
from onemap.rules.verbs.web.site_guard import SiteGuard, SiteNames
from onemap.tests.rules.command import command, done
from onemap.tests.rules.verbs.web.web_client import WebServer


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "library.gpkg"
    done("new", path, "--crs", "EPSG:4547")
    return path


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[WebServer]:
    one = WebServer(library)
    one.sign_in()
    yield one
    one.end()


def cookie_name(server: WebServer) -> str:
    """The name of a session's cookie, which browsers send to all ports of a machine."""
    return f"onemap_session_{server.host.partition(':')[2]}"


PATHS = ("/", "/api", "/conformance", "/processes", "/processes/check", "/jobs", "/jobs/none", "/none")


@pytest.mark.parametrize("path", PATHS)
def test_who_has_no_code_sees_nothing(server: WebServer, path: str):
    for headers in ({}, {"Authorization": "Bearer none"}, {"Cookie": f"{cookie_name(server)}=none"}):
        reply = server.ask("GET", path, signed_in=False, **headers)
        assert reply.status == 401 and reply.code == "web.signed_out"
    page = server.ask("GET", path, signed_in=False, Accept="text/html")
    assert page.status == 303 and page.headers["location"].partition("?")[0] == "/sign-in"
    assert server.ask("POST", "/processes/check/execution", {}, signed_in=False).status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1:1"])
def test_a_name_that_leads_here_is_refused(server: WebServer, host: str):
    reply = server.get("/health", Host=host)
    assert reply.status == 421 and reply.code == "web.foreign_host"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost", "http://127.0.0.1:1"])
def test_a_page_of_another_site_is_refused(server: WebServer, origin: str):
    reply = server.ask("POST", "/processes/identify/execution", {"inputs": {}}, Origin=origin)
    assert reply.status == 403 and reply.code == "web.foreign_origin"
    cookie = {"Cookie": f"{cookie_name(server)}={server.token}", "Sec_Fetch_Site": "cross-site"}
    assert server.ask("POST", "/sign-out", b"", signed_in=False, **cookie).status == 403
    assert server.get("/").status == 200  # and nobody was signed out


def test_a_code_is_good_once_and_a_cookie_is_kept_from_scripts(server: WebServer):
    reply = server.form("/sign-in", {"code": server.code, "name": "甲"}, signed_in=False, Accept="text/html")
    assert reply.status == 303 and reply.headers["location"] == "/"
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert len(token) > 40 and token not in reply.headers["location"]
    again = server.form("/sign-in", {"code": server.code, "name": "乙"}, signed_in=False)
    assert again.status == 401 and again.code == "web.code"
    server.read_code()
    with_cookie = {"signed_in": False, "Cookie": f"{cookie_name(server)}={token}"}
    assert server.ask("GET", "/", **with_cookie).status == 200
    assert server.ask("POST", "/sign-out", b"", **with_cookie).status == 303
    assert server.ask("GET", "/", **with_cookie).status == 401


def test_who_guesses_waits_longer_each_time_and_meets_another_code(monkeypatch: pytest.MonkeyPatch):
    codes: list[str] = []
    waits: list[float] = []
    monkeypatch.setattr("onemap.rules.verbs.web.code_door.time.sleep", waits.append)
    door = CodeDoor(codes.append, is_rehearsal=False)

    def comes_in(code: str) -> bool:
        try:
            return bool(door.begin({"code": code, "name": "x"}, "127.0.0.1", "en"))
        except OneMapError as error:
            assert error.code == "web.code"
            return False

    assert not any(comes_in("WRONG-GUESS") for _ in range(10))
    assert waits == sorted(waits) and waits[0] < waits[5] and len(codes) == 2
    assert not comes_in(codes[0]) and comes_in(codes[1].lower())
    assert not any(comes_in(code) for code in ("", " ", "-", "\x00", "é" * 10))


def test_sessions_are_bounded_and_end_when_nobody_uses_them(monkeypatch: pytest.MonkeyPatch):
    codes: list[str] = []
    now = 1000.0
    monkeypatch.setattr("onemap.rules.verbs.web.session_table.time.monotonic", lambda: now)
    door = CodeDoor(codes.append, is_rehearsal=False)
    sessions, tokens = door.sessions, []
    for _ in range(60):
        now += 1
        tokens.append(door.begin({"code": codes[-1]}, "127.0.0.1", "en"))
    assert sum(sessions.get(token) is not None for token in tokens) == 50 and sessions.get(tokens[-1])
    now += 3601
    assert [token for token in tokens if sessions.get(token)] == []


def test_whatever_is_answered_has_safe_headers(server: WebServer):
    replies = [server.get(path) for path in ("/", "/none", "/health", "/sign-in", "/site.css")]
    replies += [server.get("/", Host="evil.example"), server.ask("GET", "/", signed_in=False)]
    for reply in replies:
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin" and reply.headers["cache-control"] == "no-store"
        assert "server" not in reply.headers and "access-control-allow-origin" not in reply.headers
    page = server.get("/sign-in").body
    assert b"<script" not in page and b"style=" not in page and b"http://" not in page


def test_what_is_too_large_is_not_read(server: WebServer):
    connection = http.client.HTTPConnection(server.host, timeout=30)
    connection.putrequest("POST", "/processes/check/execution")
    for name, value in (("Authorization", f"Bearer {server.token}"), ("Content-Length", "5000001")):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    chunks = iter([b"{}"])
    connection = http.client.HTTPConnection(server.host, timeout=30)
    connection.request("POST", "/processes/check/execution", chunks, {"Authorization": f"Bearer {server.token}"})
    assert connection.getresponse().status == 411
    connection.close()


def test_deep_and_endless_json_is_refused_in_words(server: WebServer):
    for body in (b"[" * 100_000, b'{"inputs": {"x": NaN, "y": 1}}', b'{"inputs": {"x": 1e999}}', b"\xff\xfe"):
        reply = server.ask("POST", "/processes/identify/execution", body)
        assert reply.status == 400 and reply.code == "usage.line"


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/map/tiles/{'9' * 5000}/0/0.pbf", 404), (f"/jobs?limit={'9' * 5000}", 400), ("/site.css%3Fx", 401)],
)
def test_numbers_without_end_and_hidden_questions_are_no_defect(server: WebServer, path: str, status: int):
    assert server.ask("GET", path, signed_in=status != 401).status == status


def test_the_sender_of_a_form_chooses_no_codec(server: WebServer):
    body = b'--e\r\nContent-Disposition: form-data; name="code"\r\n\r\n\\ud800\r\n--e--\r\n'
    for codec, status in (("punycode", 415), ('"Unicode_Escape"', 415), ("UTF-8", 401)):
        kind = f"multipart/form-data; boundary=e; charset={codec}"
        assert server.ask("POST", "/sign-in", body, signed_in=False, Content_Type=kind).status == status


def test_one_person_s_sessions_together_wait_for_no_more_than_sixteen_answers():
    sessions, statuses = SessionTable(9, 60.0, 60.0), []
    tokens = [sessions.add(Session(name, "en")) for name in ("li", "li", "wang")]
    for token in tokens[:2]:
        sessions.get(token).at_once = 8  # type: ignore[union-attr]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("")(scope, receive, send)

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    guard = SiteGuard(app, sessions, SiteNames(frozenset({"here"}), frozenset()), 1000, "en")
    for token in tokens:
        headers = [(b"host", b"here"), (b"authorization", b"Bearer " + token.encode())]
        scope = {"type": "http", "method": "GET", "path": "/jobs", "query_string": b"", "headers": headers}
        asyncio.run(guard(scope, None, send))  # type: ignore[arg-type]
    assert statuses == [429, 429, 200]


def test_the_address_is_what_the_last_proxy_saw_also_in_a_header_of_its_own():
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"10.0.0.9, 10.0.0.7")]
    names = SiteNames(frozenset(), frozenset(), is_secure=True)
    assert names.client_of(Request({"type": "http", "headers": headers})) == "10.0.0.7"


@pytest.mark.slow
def test_who_asks_too_often_is_told_to_wait(library: Path):
    one = WebServer(library)
    try:
        one.sign_in()
        connection = http.client.HTTPConnection(one.host, timeout=30)
        statuses: list[int] = []
        for _ in range(601):
            connection.request("GET", "/conformance", headers={"Authorization": f"Bearer {one.token}"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        assert statuses[:600] == [200] * 600 and statuses[600] == 429
    finally:
        one.end()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org"])
def test_a_library_in_a_file_is_not_served_to_others(library: Path, host: str):
    answer = command("web", library, "--host", host)
    assert answer.code == 3 and answer.codes == ["web.host"]


def test_a_port_that_is_taken_is_told(library: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer: Any = command("web", library, "--port", other.getsockname()[1])
    assert answer.code == 3 and answer.codes == ["web.port"]


def test_without_the_extra_it_is_told_what_to_install(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    answer = command("web", library, "--port", "0")
    assert answer.code == 3 and answer.codes == ["web.not_installed"]
    assert "requirements/web.txt" in answer.json["problems"][0]["mend"]

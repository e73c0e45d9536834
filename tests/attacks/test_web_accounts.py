"""`onemap web` on a library on a server: PostgreSQL checks the password, and decides what each account may do."""

import contextlib
import html
import json
import os
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from itertools import islice
from pathlib import Path

import psutil
import pytest

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.account_door import AccountDoor, SlowedFailures
from onemap.rules.verbs.web.desk_steps import CASE_STEPS, OPINION_STEPS
from onemap.rules.verbs.web.serve_child import ServeChild
from onemap.tests.attacks.server_accounts import Bureau
from onemap.tests.attacks.web_accounts import PASSWORD, ROLES, address_of
from onemap.tests.postgis_server import NEVER_MADE
from onemap.tests.rules.command import command
from onemap.tests.rules.verbs.web.asked_town import geojson, ground
from onemap.tests.rules.verbs.web.web_client import Officer, Reply, WebServer, upload

OPINE = {"conclusion": "disagree", "text": "退让", "basis": "土地管理法 第三十五条"}


@pytest.fixture(scope="module")
def server(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A server whose own variables and files would open the database to anybody."""
    home = tmp_path_factory.mktemp("home")
    (home / ".pgpass").write_text(f"*:*:*:*:{PASSWORD}\n")
    (home / ".pgpass").chmod(0o600)
    (home / ".pg_service.conf").write_text(f"[city]\nuser=onemap\nhost={bureau.database.folder}\n")
    own = {"HOME": str(home), "PGPASSWORD": PASSWORD, "PGUSER": "onemap", "PGSERVICE": "city", "PGREQUIREAUTH": "none"}
    one = WebServer(address_of(bureau), environment=own)
    yield one
    log = one.end(log=True)
    assert "Kiefer" not in log and "nobody_else" not in log


def officer(server: WebServer, account: str, lang: str = "en") -> Officer:
    return Officer(server, account=account, password=PASSWORD, lang=lang)


@pytest.fixture(scope="module")
def signed_in(server: WebServer) -> Callable[[str], Officer]:
    """Return a function that gives an account's session, which no test ends: a core of its own is begun for each."""
    return cache(lambda account: officer(server, account))


def refusal(server: WebServer, account: str, password: str) -> tuple[int, str]:
    reply = server.sign_in_as(account, password)
    return reply.status, reply.code


@pytest.mark.slow
def test_only_the_account_s_own_password_opens(server: WebServer):
    wrong = 401, "account.password"
    assert refusal(server, "web_land", "") == wrong  # no password file, no variable
    assert refusal(server, "web_land", PASSWORD + "x") == wrong
    for name in NEVER_MADE:  # told as if there were such an account
        assert refusal(server, name, PASSWORD) == wrong
    assert refusal(server, "web_land\0", PASSWORD) == wrong
    assert refusal(server, "web_stranger", PASSWORD) == (401, "library.no_right")
    assert refusal(server, "u_land", "whatever") == (401, "account.not_asked")  # a line of trust lets nobody in


def held_accounts(bureau: Bureau) -> list[tuple[str]]:
    """Whose connections the site holds."""
    query = "SELECT usename::text FROM pg_stat_activity WHERE application_name LIKE 'onemap%' ORDER BY 1"
    return bureau.rows(query)


@pytest.mark.slow
def test_a_session_is_a_connection_and_what_was_typed_outlives_it(server: WebServer, bureau: Bureau):
    land, page = officer(server, "web_land"), f"/cases/{bureau.case}/opinions/land"
    front = land.page("/")
    assert "web_land" in front and "(account)" in front and "name typed" not in front and PASSWORD not in front
    assert held_accounts(bureau) == [("web_land",)]  # and nobody's beside it
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', land.page(page)))
    bureau.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'web_land'")
    typed = {**OPINE, "text": "很长的<b>意见"}
    lost = land.ask("POST", f"{page}/opine", **hidden, **typed)
    door = lost.body.decode()
    assert lost.status == 401 and 'name="kept.text" value="很长的&lt;b&gt;意见"' in door and 'value="web_land"' in door
    assert hidden["form_key"] not in door and "form_key" not in door
    assert land.ask("GET", page).status == 303  # that session is over
    kept = dict(re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', door))
    assert kept["to"] == page
    again = Officer(server, account="web_land", password=PASSWORD, **{**kept, "kept.text": typed["text"]})
    shown = again.page(page)
    assert "很长的&lt;b&gt;意见</textarea>" in shown and "not saved yet" in shown
    assert "很长的" not in again.page(page)  # once
    show = bureau.show_case()
    assert next(one for one in show["opinions"] if one["department"] == "land")["text"] != typed["text"]
    assert again.ask("POST", "/sign-out").status == 303
    assert held_accounts(bureau) == [] and again.ask("GET", "/").status == 303


def test_a_form_of_a_session_that_has_ended_is_not_lost(server: WebServer, bureau: Bureau):
    page = f"/cases/{bureau.case}/opinions/land"
    headers = {"Cookie": "onemap_session=gone", "Accept": "text/html", "signed_in": False}
    for to, path, fields in (
        (page, f"{page}/sign", {"unanswered": "待核"}),
        (f"/cases/{bureau.case}", f"/cases/{bureau.case}/steps/issue", {"reason": "齐备"}),
        (f"/cases/{bureau.case}", f"/cases/{bureau.case}/bodies/heritage", {"text": "先考古"}),
        (f"/cases/{bureau.case}/comments", f"/cases/{bureau.case}/comments/respond", {"text": "已采纳"}),
        ("/", "//elsewhere.example/x", {"reason": "x"}),
    ):
        reply = server.form(path, fields, **headers)
        name, value = next(iter(fields.items()))
        text = reply.body.decode()
        assert reply.status == 401 and f'name="kept.{name}" value="{value}"' in text
        assert f'name="to" value="{to}"' in text


OF_OPINION = {
    "opine": OPINE,
    "sign": {"unanswered": "无"},
    "return": {"reason": "x"},
    "extend": {"days": "3", "reason": "x"},
    "override": {"verdict": "notice", "reason": "x"},
}
OF_CASE = {
    **{step: {"reason": "x"} for step in CASE_STEPS if step != "remedy"},  # which any department may have found
    "extend": {"days": "3", "reason": "x"},
    "notice": {"days": "7", "reason": "x"},
}
NOBODY_S = [(step, "web_water", "opinions/land/", fields) for step, fields in OF_OPINION.items()]
NOBODY_S += [(step, "web_lead", "opinions/land/", OF_OPINION[step]) for step in ("opine", "sign", "override")]
NOBODY_S += [(step, who, "steps/", fields) for step, fields in OF_CASE.items() for who in ("web_land", "web_water")]


@pytest.mark.slow
def test_a_step_of_somebody_else_s_is_forbidden_and_changes_nothing(
    signed_in: Callable[[str], Officer], bureau: Bureau
):
    assert OF_OPINION.keys() == set(OPINION_STEPS) and OF_CASE.keys() == set(CASE_STEPS) - {"remedy"}
    people = {name: signed_in(name) for name in ("web_land", "web_water", "web_lead")}
    case, answers = f"/cases/{bureau.case}", {}
    land = people["web_land"].page(f"{case}/opinions/land")
    finding = html.unescape(re.search(r'<option value="(\[&#34;[^"]*)"', land)[1])
    before, parcels = bureau.show_case(), json.dumps(geojson({"P": ground(80, 20, 110, 50)})).encode()
    for step, who, place, fields in NOBODY_S:
        sent = {"expect": str(before["revision"]), "finding": finding, **fields}
        reply = upload(people[who], "p.geojson", parcels, page="/open", to=f"{case}/{place}{step}", **sent)
        answers[step, who, place] = reply.status, re.findall(r'role="alert".*?</', reply.body.decode(), re.DOTALL)
    assert {what: answer for what, answer in answers.items() if answer[0] != 403} == {}
    assert bureau.show_case() == before


@pytest.mark.slow
def test_each_step_is_decided_by_the_server_s_own_rights(signed_in: Callable[[str], Officer], bureau: Bureau):
    people = {name: signed_in(name) for name in ROLES if name != "web_stranger"}
    case, land = f"/cases/{bureau.case}", f"/cases/{bureau.case}/opinions/land"
    assert held_accounts(bureau) == sorted((name,) for name in people)
    refused = people.pop("web_eyes").ask("GET", "/")  # who may read the log, and nothing else
    assert refused.status == 403 and "may not do this" in refused.body.decode()
    key = {name: re.search(r'form_key" value="([^"]*)', one.page("/"))[1] for name, one in people.items()}

    def step(who: str, path: str, **fields: str) -> int:
        """The status of a step that is sent as a program would, whatever forms the page shows."""
        shown = str(bureau.show_case()["revision"])
        return people[who].ask("POST", path, form_key=key[who], expect=shown, **fields).status

    others = [name for name in people if name not in ("web_land", "web_land_2", "web_lead")]
    assert [step(name, f"{land}/opine", **OPINE) for name in (*others, "web_lead")] == [403] * 2
    assert step("web_land", f"{land}/opine", **OPINE) == 303
    assert [step(name, f"{land}/sign", unanswered="无") for name in (*others, "web_lead")] == [403] * 2
    assert step("web_land", f"{land}/sign", unanswered="无") == 409  # whoever wrote it does not sign it
    assert step("web_land_2", f"{land}/sign", unanswered="无") == 303
    clerks = [name for name in people if name != "web_lead"]
    for path in ("consolidate", "issue", "withdraw", "circulate"):
        assert [step(name, f"{case}/steps/{path}", reason="x") for name in clerks] == [403] * len(clerks)
    opinion = next(one for one in bureau.show_case()["opinions"] if one["department"] == "land")
    assert opinion and (opinion["drafted_by"], opinion["signed_by"]) == ("web_land", "web_land_2")
    page = people["web_lead"].page(case)
    assert "web_land_2" in page and 'action="' + case + "/steps/withdraw" in page
    assert step("web_lead", f"{case}/steps/withdraw", reason="撤") == 303
    assert command("verify", bureau.place("u_keeper")).json["ok"]


@pytest.mark.slow
def test_who_asks_for_all_at_once_holds_up_nobody_else(server: WebServer, signed_in: Callable[[str], Officer]):
    water, land = signed_in("web_water"), signed_in("web_land")
    cores = psutil.Process(server.program.pid).children()
    try:
        for core in cores:  # whichever is theirs
            with contextlib.suppress(psutil.NoSuchProcess):  # one that nobody uses any more
                core.suspend()
        with ThreadPoolExecutor(20) as people:
            asked = [people.submit(water.ask, "GET", "/") for _ in range(20)]
            refused = [one.result() for one in islice(as_completed(asked, timeout=30), 4)]
            assert {one.status for one in refused} == {429}
            assert all("This session sends too many requests" in one.body.decode() for one in refused)
            assert land.ask("GET", "/conformance").status == 200
            resume(cores)
            assert sorted(one.result().status for one in asked) == [200] * 16 + [429] * 4
    finally:
        resume(cores)


@pytest.mark.slow
def test_who_comes_when_many_are_signing_in_is_told_so_at_once(server: WebServer):
    cores = psutil.Process(server.program.pid).children()
    try:
        for core in cores:
            core.suspend()
        with ThreadPoolExecutor(30) as people:
            first = people.submit(server.sign_in_as, "web_land", PASSWORD)
            time.sleep(1)  # it stands at the door, and its core does not answer
            asked = [people.submit(refusal, server, "web_land", "") for _ in range(29)]
            refusals = [one.result() for one in islice(as_completed(asked, timeout=30), 6)]
            assert refusals == [(503, "account.busy")] * 6 and not first.done()
            resume(cores)
            assert first.result().status == 200
            assert sorted(one.result() for one in asked) == [(401, "account.password")] * 23 + refusals
    finally:
        resume(cores)


def resume(cores: list[psutil.Process]) -> None:
    """Continue suspended processes."""
    for core in cores:
        with contextlib.suppress(psutil.NoSuchProcess):
            core.resume()


class SilentRelay:
    """A database's socket that passes a sign-in on to the server, then takes all and says nothing until it is back."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._real = str(server / ".s.PGSQL.5432")
        self.is_silent = True
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, there = self._door.accept()[0], socket.socket(socket.AF_UNIX)
                there.connect(self._real)
                for source, target in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := source.recv(65536):
                if not (self.is_silent and b"pg_backend_pid" in sent):  # the first question of who has signed in
                    target.sendall(sent)
            target.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        self._door.close()


@pytest.mark.slow
def test_a_database_that_falls_silent_does_not_hold_up_the_door(bureau: Bureau, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onemap.rules.verbs.web.account_door._SIGN_IN_S", 4.0)
    fields = {"account": "web_land", "password": PASSWORD}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, contextlib.ExitStack() as stack:
        relay = SilentRelay(Path(folder), bureau.database.folder)
        stack.callback(relay.end)
        location = address_of(bureau).replace(str(bureau.database.folder), folder)
        door = AccountDoor(lambda: ServeChild("en"), {"library": location, "directory": False}, 60.0)
        stack.callback(door.end)
        with ThreadPoolExecutor(2) as people:
            asked = [people.submit(door.begin, fields, "10.0.0.1", "en") for _ in range(2)]
            errors = [one.exception(timeout=60) for one in asked]
        assert [error.code for error in errors if isinstance(error, OneMapError)] == ["account.no_answer"] * 2
        relay.is_silent = False
        assert door.begin(fields, "10.0.0.1", "en")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="which thread gives way is read as Linux has it")
def test_the_core_of_a_program_gives_way_to_those_of_people(server: WebServer):
    def giving_way() -> int:
        """How many cores have a thread that gives way to the server's: Linux knows of that by thread."""
        usual = os.getpriority(os.PRIO_PROCESS, server.program.pid)
        cores = psutil.Process(server.program.pid).children()
        ways = [{os.getpriority(os.PRIO_PROCESS, thread.id) for thread in core.threads()} for core in cores]
        return sum(max(way) > usual for way in ways)

    before = giving_way()
    people = [officer(server, "web_land"), officer(server, "web_water")]
    assert giving_way() == before
    token = server.sign_in_as("web_lead", PASSWORD).json["token"]
    assert giving_way() == before + 1
    server.ask("POST", "/sign-out", signed_in=False, Authorization=f"Bearer {token}")
    for one in people:
        one.ask("POST", "/sign-out")


@pytest.mark.slow
def test_a_program_asks_with_its_account_and_sees_its_own_jobs(server: WebServer, bureau: Bureau):
    oldest = server.sign_in_as("web_land", PASSWORD).json["token"]
    tokens = {}
    for account in ("web_land", "web_land", "web_land", "web_water"):
        tokens[account] = server.sign_in_as(account, PASSWORD).json["token"]
    assert server.ask("GET", "/jobs", signed_in=False, Authorization=f"Bearer {oldest}").status == 401  # three at most

    def ask(account: str, method: str, path: str, body: object = None, **headers: str) -> Reply:
        return server.ask(method, path, body, signed_in=False, Authorization=f"Bearer {tokens[account]}", **headers)

    place = {"inputs": {"x": 500_060, "y": 4_200_050}}
    made = ask("web_land", "POST", "/processes/identify/execution", place, Prefer="respond-async")
    job = made.headers["location"].removeprefix(server.address)
    assert made.status == 201 and ask("web_water", "GET", job).status == 404
    assert ask("web_water", "DELETE", job).status == 404 and ask("web_water", "GET", "/jobs").json["jobs"] == []
    while ask("web_land", "GET", job).json["status"] in ("accepted", "running"):
        time.sleep(0.1)
    answer = ask("web_land", "GET", f"{job}/results")
    assert (
        answer.status == 200 and answer.json["evidence"]["features"] and "signed-in.invalid" not in answer.body.decode()
    )


def test_failures_are_slowed_by_account_and_by_address(monkeypatch: pytest.MonkeyPatch):
    now = 1000.0
    monkeypatch.setattr("onemap.rules.verbs.web.account_door.time.monotonic", lambda: now)
    slowed = SlowedFailures()
    waits = []
    for number in range(12):
        slowed.note("甲", f"10.0.0.{number}", has_failed=True)
        waits.append(slowed.wait_s("甲", "10.1.1.1"))
    assert waits[:3] == [0.0] * 3 and waits[3:6] == [2.0, 4.0, 8.0] and max(waits) == 60.0
    assert slowed.wait_s("乙", "10.0.0.1") == 0.0
    now += 61
    assert slowed.wait_s("甲", "10.1.1.1") == 0.0
    slowed.note("甲", "10.1.1.1", has_failed=False)
    for number in range(12):
        slowed.note(f"u{number}", f"2001:db8::{number}", has_failed=True)
    assert slowed.wait_s("new", "2001:db8::ffff") > 0.0 and slowed.wait_s("甲", "2001:db9::1") == 0.0
    for number in range(10_050):
        slowed.note(f"n{number}", "10.2.2.2", has_failed=True)
    assert len(slowed._failures) <= 10_000


@pytest.mark.parametrize(
    ("location", "options", "code"),
    [
        ("service=city?schema=town", (), "web.location"),
        ("postgresql://clerk@127.0.0.1:1/city", (), "web.location"),
        ("postgresql://clerk:geheim@127.0.0.1:1/city", (), "web.location"),
        ("postgresql://127.0.0.1:1/city?passfile=/etc/x", (), "web.location"),
        ("postgresql://127.0.0.1:1/city?hostaddr=10.0.0.1", (), "web.location"),
        ("postgresql://127.0.0.1:1/city?options=-crole=onemap", (), "web.location"),
        ("postgresql://db.example.org/city?schema=town", (), "web.tls"),
        ("postgresql://db.example.org/city?sslmode=require", (), "web.tls"),
        ("postgresql://127.0.0.1,db.example.org/city", (), "web.tls"),
        ("postgresql://127.0.0.1:1/city", ("--directory",), "web.tls"),
        ("postgresql://127.0.0.1:1/city", ("--host", "0.0.0.0"), "web.needs_proxy"),
        ("postgresql://127.0.0.1:1/city", ("--behind-proxy", "http://onemap.example.org"), "web.proxy"),
        ("postgresql://127.0.0.1:1/city", ("--behind-proxy", "https://a:b@x/y"), "web.proxy"),
    ],
)
def test_what_would_let_others_in_is_refused_at_the_start(location: str, options: tuple[str, ...], code: str):
    answer = command("web", location, "--port", "0", *options)
    assert answer.code == 3 and answer.codes == [code] and "geheim" not in str(answer.json)


def test_a_file_is_not_served_to_a_proxy(tmp_path: Path):
    for options in (("--behind-proxy", "https://x.example"), ("--directory",)):
        answer = command("web", tmp_path / "x.gpkg", *options)
        assert answer.code == 3 and answer.codes == ["web.of_server"]


@pytest.mark.slow
def test_behind_a_proxy_only_its_name_and_https_are_answered(bureau: Bureau):
    one = WebServer(address_of(bureau), "en", "--behind-proxy", "https://onemap.example.org")
    try:
        assert one.address == "https://onemap.example.org"
        listening = psutil.Process(one.program.pid).net_connections("tcp")
        port = next(door.laddr.port for door in listening if door.status == psutil.CONN_LISTEN)
        one.host = f"127.0.0.1:{port}"
        assert one.get("/sign-in").code == "web.foreign_host" and one.get("/health").json == {"ok": True}
        outer = {"Host": "onemap.example.org", "X_Forwarded_For": "6.6.6.6, 10.0.0.7"}
        assert one.get("/sign-in", **outer).code == "web.plain_http"
        assert one.get("/sign-in", X_Forwarded_Proto="http", **outer).code == "web.plain_http"
        outer["X_Forwarded_Proto"] = "https"
        assert one.get("/sign-in", **outer).headers["strict-transport-security"]
        assert one.get("/sign-in", Origin="http://onemap.example.org", **outer).code == "web.foreign_origin"
        assert one.sign_in_as("web_water", "wrong", **outer).code == "account.password"
        reply = one.sign_in_as("web_water", PASSWORD, Accept="text/html", **outer)
        cookies = reply.cookies
        assert reply.status == 303 and len(cookies) == 2
        for cookie in cookies:
            assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie
        assert cookies[0].startswith("__Host-onemap_session=") and cookies[1].startswith("onemap_worker=")
        assert cookies[1].partition("=")[2].partition(";")[0] == str(port)
        cookie = cookies[0].partition(";")[0]
        landing = one.ask("GET", "/", signed_in=False, Cookie=cookie, **outer)
        assert landing.json["links"][0]["href"].startswith("https://onemap.example.org")
    finally:
        log = one.end(log=True)
    assert "signed in · web_water · 10.0.0.7" in log and "refused (account.password)" in log
    assert PASSWORD not in log


def test_no_process_has_a_password_in_its_variables_or_its_arguments(server: WebServer):
    for core in psutil.Process(server.program.pid).children(recursive=True):
        assert PASSWORD not in str(core.environ()) and "PGUSER" not in core.environ()
        assert PASSWORD not in " ".join(core.cmdline())

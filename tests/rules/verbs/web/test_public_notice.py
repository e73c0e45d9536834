"""Public notices over HTTP: what strangers see, what they write, and what they may not."""

import asyncio
import html
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.rules.review.public_comments import WrittenComment, write_comment
from onemap.rules.verbs.web.public_pages import public_app
from onemap.rules.verbs.web.site_guard import SiteNames
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import command, done
from onemap.tests.rules.verbs.web.asked_town import ground, make_library
from onemap.tests.rules.verbs.web.web_client import Reply, WebServer

SCRIPT = "<script>alert(1)</script>"
WRITTEN = {"text": f"{SCRIPT}\n太吵", "name": "<b>张三</b>", "place": "城北", "consent": "yes"}


class Notice:
    """A library with a case that is shown to the public, and its site."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.library = make_library(folder, *options)
        parcels = write_layer(folder / "p.gpkg", [ground(80, 20, 110, 50)], {"DKBH": ["P"]})
        data = folder / "facts.toml"
        data.write_text(
            '联系人 = "赵六"\n联系电话 = "13800000000"\n建设单位 = "城投"\n建设地点 = "城北"\n', encoding="utf-8"
        )
        asked = ("--project", "<i>小学</i>", "--data", data, "--by", "丙")
        self.case = str(done("review", "open", self.library, parcels, *asked).json["case"])
        self.step("circulate")
        self.step("notice", "--days", "7", "--withhold", "location")
        self.server = WebServer(self.library, "zh", "--public")

    @property
    def at(self) -> str:
        """The address of the notice that was opened last."""
        return f"/notices/{self.case}/{len(self.step('show')['notices'])}"

    def step(self, verb: str, *arguments: str) -> Any:
        """One step of the case, or what is shown of it."""
        return done("review", verb, self.library, self.case, *arguments, "--by", "丙").json

    def page(self, path: str, **headers: str) -> str:
        reply = self.server.get(path, Accept="text/html", **headers)
        assert reply.status == 200, reply.body.decode()
        return reply.body.decode()

    def write(self, **headers: str) -> Reply:
        return self.server.form(f"{self.at}/comments", WRITTEN, **headers)

    def comments(self) -> list[dict[str, Any]]:
        return list(done("review", "comments", self.library, self.case).json["comments"])


@pytest.fixture(scope="module")
def notice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notice]:
    one = Notice(tmp_path_factory.mktemp("notice"))
    yield one
    one.server.end()


def test_strangers_see_the_project_and_nothing_else(notice: Notice):
    front = notice.page("/")
    assert notice.at in front and "&lt;i&gt;小学" in front and "<i>小学" not in front
    page = notice.page(notice.at)
    assert "城投" in page and "0.0900" in page
    for hidden in ("赵六", "13800000000", "城北", "禁止", "丙", "<script", "style="):
        assert hidden not in page.replace("<textarea", "").partition("<form")[0], hidden
    english = notice.page(f"{notice.at}?lang=en")
    assert 'lang="en"' in english and "Your comment" in english and "Your comment" not in page
    assert "Your comment" in notice.page(notice.at, Accept_Language="en-GB,en;q=0.8")
    drawn = notice.server.get(f"{notice.at}/map-2.svg")
    assert drawn.headers["content-type"] == "image/svg+xml" and ElementTree.fromstring(drawn.body) is not None
    for path in ("/sign-in", "/processes", "/api", "/jobs", "/cases/x", f"/cases/{notice.case}", "/open", "/here"):
        assert notice.server.get(path).status == 404
    for path in (f"/notices/{notice.case}/9", "/notices/x/1", "/notices/x/y"):
        assert notice.server.get(path).status == 404


def test_a_rehearsal_says_so_in_the_list_and_on_its_page(notice: Notice, tmp_path: Path):
    rehearsed = Notice(tmp_path, "--rehearsal")
    warning = "演练用，其中内容一律无效。"
    assert [one.page(at).count(warning) for one in (rehearsed, notice) for at in ("/", one.at)] == [1, 1, 0, 0]
    rehearsed.server.end()


def test_a_comment_is_kept_as_it_is_and_runs_nowhere(notice: Notice, tmp_path: Path):
    reply = notice.write(Accept="text/html")
    assert reply.status == 303 and "sent=1" in reply.headers["location"] and not reply.cookies
    assert 'role="status"' in notice.page(reply.headers["location"].partition("#")[0])
    assert SCRIPT not in notice.page(notice.at) and "张三" not in notice.page(notice.at)
    kept = notice.comments()[-1]
    assert (kept["text"], kept["name"], kept["place"], kept["consent"]) == (
        *(WRITTEN[n] for n in ("text", "name", "place")),
        True,
    )
    notice.step("respond", str(kept["comment"]), "--text", "已改进隔音")
    out = tmp_path / "statement.html"
    done("review", "export", notice.library, notice.case, out)
    assert SCRIPT not in out.read_text(encoding="utf-8")
    assert done("verify", notice.library).json["ok"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused(notice: Notice, headers: dict[str, str]):
    before = len(notice.comments())
    assert notice.write(**headers).status == 403
    assert len(notice.comments()) == before
    assert notice.server.get("/", Host="evil.example").status == 421


def test_what_is_too_long_or_empty_is_told_and_not_lost(notice: Notice):
    before = len(notice.comments())
    for field, value in (("text", "x" * 2001), ("text", " "), ("name", "x" * 61), ("place", ""), ("name", "a\u202eb")):
        reply = notice.server.form(f"{notice.at}/comments", {**WRITTEN, field: value})
        text = reply.body.decode()
        assert reply.status == 400 and 'role="alert"' in text and SCRIPT not in text
        assert "城北" in text or field == "place"
    assert notice.server.ask("POST", f"{notice.at}/comments", b"x" * 70_000).status == 413
    assert len(notice.comments()) == before


def test_a_comment_outlives_a_library_that_is_away(asked_library: Path, tmp_path: Path):
    library = Path(shutil.copy(asked_library, tmp_path))
    server = WebServer(library, "en", "--public")
    library.rename(tmp_path / "away.gpkg")
    reply = server.form("/notices/2026-001/1/comments", WRITTEN, Accept="text/html")
    page = reply.body.decode()
    assert reply.status == 503 and SCRIPT not in page and 'action="/notices/2026-001/1/comments?lang=en"' in page
    assert "cannot be reached" in page and "Too many" not in page
    assert all(html.escape(WRITTEN[name], quote=False) in page for name in ("text", "name", "place"))
    (tmp_path / "away.gpkg").rename(library)
    gone = server.form("/notices/2026-001/1/comments", WRITTEN, Accept="text/html")
    assert gone.status == 404 and "太吵" in gone.body.decode() and server.get("/").status == 200
    server.end()


def test_who_writes_too_often_is_told_to_wait(notice: Notice):
    statuses = [notice.write().status for _ in range(6)]
    assert statuses[-1] == 429 and statuses.count(303) <= 5
    assert len(notice.comments()) <= 6


def test_whoever_asks_too_often_opens_the_library_no_more(asked_library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onemap.rules.verbs.web.public_pages._REQUESTS", 2)
    app, statuses = public_app(str(asked_library), SiteNames(frozenset({"here"}), frozenset()), "en"), []

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    for path, client in (("/", "a"), ("/health", "a"), ("/health", "a"), ("/", "a"), ("/health", "b")):
        headers = {"headers": [(b"host", b"here")], "client": (client, 1), "query_string": b"", "root_path": ""}
        asyncio.run(app({"type": "http", "method": "GET", "path": path, **headers}, None, send))  # type: ignore[arg-type]
    assert statuses == [200, 200, 503, 429, 200]


def test_each_answer_has_safe_headers_and_no_cookie(notice: Notice):
    for path in ("/", notice.at, f"{notice.at}/map-2.svg", "/none", "/health", "/site.css"):
        reply = notice.server.get(path)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff" and not reply.cookies


def test_after_its_end_a_notice_is_gone(notice: Notice):
    assert command("review", "issue", notice.library, notice.case, "--by", "丙").codes == ["notice.open"]
    notice.step("close", "--reason", "试")
    at = notice.at
    assert notice.server.get(at).status == 404 and at not in notice.page("/")
    with open_library(str(notice.library)) as library, pytest.raises(OneMapError, match="notice.gone"):
        write_comment(library, notice.case, int(at[-1]), WrittenComment("x", "y", "z"))
    notice.step("notice", "--days", "7", "--withhold", "location")  # for whatever test is next
    assert notice.server.get(at).status == 404 and notice.at in notice.page("/")


def test_an_account_that_may_do_more_serves_no_public_pages(postgis: Any, asked_library: Path):
    url = f"{postgis.database().url}&schema=town"
    done("copy", asked_library, url)
    answer = command("web", url, "--public", "--port", "0")
    assert answer.code == 3 and answer.codes == ["notice.account"]

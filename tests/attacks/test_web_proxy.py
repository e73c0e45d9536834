"""The shipped lines for nginx, with two units behind it: HTTPS outside, and each session in its own unit."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from onemap.tests.attacks.server_accounts import Bureau
from onemap.tests.attacks.web_accounts import PASSWORD, address_of
from onemap.tests.conftest import wait_for
from onemap.tests.layers.stores.test_account_connection import certificate
from onemap.tests.rules.verbs.web.web_client import ROOT, Reply, WebServer

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="no nginx here: install Debian's package nginx-light"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here"),
]
MAIN = """pid {0}/pid; error_log {0}/error.log; daemon off; {1}
events {{}}
http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f;
uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {0}/site.conf; }}
"""


def free_port() -> int:
    """A port that is not in use."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def own_port(server: WebServer) -> str:
    """The port at which a unit listens."""
    doors = psutil.Process(server.program.pid).net_connections("tcp")
    return str(next(door.laddr.port for door in doors if door.status == psutil.CONN_LISTEN))


@dataclass(frozen=True)
class Outside:
    """The site as the outside sees it, by HTTPS."""

    port: int
    plain_port: int
    trusted: ssl.SSLContext
    units: tuple[WebServer, ...]
    log: Path

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, data: bytes | None = None, **headers: str
    ) -> Reply:
        data = urllib.parse.urlencode(fields).encode() if fields is not None else data
        given = {"Accept": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if fields is not None:
            given |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://localhost:{self.port}"}
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=self.trusted)
        try:
            connection.request(method, path, data, given)
            answer = connection.getresponse()
            cookies = tuple(value for name, value in answer.getheaders() if name.lower() == "set-cookie")
            return Reply(
                answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read(), cookies
            )
        finally:
            connection.close()


def is_open(port: int) -> bool:
    """Whether a port of this machine answers."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def outside(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("nginx")
    port, plain_port = free_port(), free_port()
    with ExitStack() as stack:
        units = []
        for _ in range(2):
            one = WebServer(address_of(bureau), "en", "--behind-proxy", f"https://localhost:{port}")
            stack.callback(one.end, log=True)
            units.append(one)
        root = certificate(folder, "localhost")
        lines = (ROOT / "resources/server/onemap-web.nginx").read_text(encoding="utf-8")
        changes = {
            r"listen \[::\].*\n": "",
            "listen 80;": f"listen 127.0.0.1:{plain_port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "onemap.example.org": "localhost",
            "/etc/ssl/onemap/fullchain.pem": str(root),
            "/etc/ssl/onemap/privkey.pem": str(root.with_suffix(".key")),
            "/var/log/nginx": str(folder),
            "/var/www/onemap": str(ROOT / "resources/server"),
            "8765": own_port(units[0]),
            "8766": own_port(units[1]),
        }
        for old, new in changes.items():
            lines, count = re.subn(old, new, lines)
            assert count, old
        (folder / "site.conf").write_text(lines, encoding="utf-8")
        who = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder, who), encoding="utf-8")
        proxy = stack.enter_context(subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf"), "-e", "stderr"]))
        stack.callback(proxy.terminate)
        trusted = ssl.create_default_context(cafile=str(root))
        wait_for(proxy, lambda: is_open(port))
        yield Outside(port, plain_port, trusted, tuple(units), folder / "onemap.log")


def signed_in(outside: Outside, unit: str) -> str:
    """The cookies of a session in a unit."""
    fields = {"account": "web_land", "password": PASSWORD, "lang": "en"}
    reply = outside.ask("POST", "/sign-in", fields, Cookie=f"onemap_worker={unit}")
    assert reply.status == 303 and len(reply.cookies) == 2
    return "; ".join(cookie.partition(";")[0] for cookie in reply.cookies)


def test_a_session_stays_in_its_unit_and_never_leaves_https(outside: Outside):
    plain = http.client.HTTPConnection("127.0.0.1", outside.plain_port, timeout=30)
    plain.request("GET", "/")
    assert plain.getresponse().getheader("location", "").startswith("https://localhost")
    plain.close()
    page = outside.ask("GET", "/sign-in")
    assert page.status == 200 and "max-age" in page.headers["strict-transport-security"]
    units = [*map(own_port, outside.units)]
    for unit in units:  # whichever is asked for, the session comes back to it
        cookies = signed_in(outside, unit)
        front = outside.ask("GET", "/", Cookie=cookies)
        assert front.status == 200 and "web_land" in front.body.decode()
        other = cookies.replace(f"worker={unit}", f"worker={next(one for one in units if one != unit)}")
        assert outside.ask("GET", "/", Cookie=other).status == 303
    written = outside.log.read_text()
    assert "/sign-in" in written and "Kiefer" not in written and "__Host" not in written


def test_a_bureau_of_one_address_comes_in_and_what_is_too_large_is_said_by_the_desk(outside: Outside):
    assert {outside.ask("GET", "/sign-in").status for _ in range(70)} == {200}
    cookies = signed_in(outside, own_port(outside.units[0]))
    origin = {"Content_Type": "application/octet-stream", "Origin": f"https://localhost:{outside.port}"}
    refused = outside.ask("POST", "/open", data=bytes(7_000_000), Cookie=cookies, **origin)
    assert refused.status == 413 and "at most 5 MB" in refused.body.decode()
    refused = outside.ask("POST", "/open", data=bytes(70_000_000), Cookie=cookies, **origin)
    assert refused.status == 413 and "Too much was sent" in refused.body.decode()
    statuses = [outside.ask("POST", "/sign-in", {}).status for _ in range(75)]
    assert set(statuses) == {401, 429} and statuses.index(429) >= 50


def test_the_other_unit_answers_for_one_that_is_away_and_a_page_for_both(outside: Outside):
    away, other = outside.units
    cookies = f"onemap_worker={own_port(away)}"
    away.end(log=True)
    assert outside.ask("GET", "/", Cookie=cookies).headers["location"] == "/sign-in"
    assert outside.ask("GET", "/sign-in", Cookie=cookies).status == 200
    other.end(log=True)
    page = outside.ask("GET", "/", Cookie=cookies)
    assert page.status == 502
    text = page.body.decode()
    assert "暂时无法应答" in text and "No answer at this moment" in text and "Too m" not in text and "<!--#" not in text

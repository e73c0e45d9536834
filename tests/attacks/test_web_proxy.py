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
    units: tuple[str, ...]
    log: Path

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str) -> Reply:
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
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
            units.append(own_port(one))
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
            "8765": units[0],
            "8766": units[1],
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


def test_a_session_stays_in_its_unit_and_never_leaves_https(outside: Outside):
    plain = http.client.HTTPConnection("127.0.0.1", outside.plain_port, timeout=30)
    plain.request("GET", "/")
    assert plain.getresponse().getheader("location", "").startswith("https://localhost")
    plain.close()
    page = outside.ask("GET", "/sign-in")
    assert page.status == 200 and "max-age" in page.headers["strict-transport-security"]
    for unit in outside.units:  # whichever is asked for, the session comes back to it
        fields = {"account": "web_land", "password": PASSWORD, "lang": "en"}
        reply = outside.ask("POST", "/sign-in", fields, Cookie=f"onemap_worker={unit}")
        assert reply.status == 303 and len(reply.cookies) == 2
        assert reply.cookies[1].startswith(f"onemap_worker={unit};")
        cookies = "; ".join(cookie.partition(";")[0] for cookie in reply.cookies)
        front = outside.ask("GET", "/", Cookie=cookies)
        assert front.status == 200 and "web_land" in front.body.decode()
        other = cookies.replace(f"worker={unit}", f"worker={next(one for one in outside.units if one != unit)}")
        assert outside.ask("GET", "/", Cookie=other).status == 303
    written = outside.log.read_text()
    assert "/sign-in" in written and "Kiefer" not in written and "__Host" not in written

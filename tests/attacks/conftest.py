"""Fixtures of the attacks: a server that counts its callers, and a secret file that nobody should read."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import shapely

from onemap.tests.attacks.server_accounts import Bureau, make_bureau
from onemap.tests.attacks.web_accounts import guarded_bureau
from onemap.tests.conftest import write_layer
from onemap.tests.postgis_server import Server


@dataclass
class Listener:
    """A web server on this machine, and the paths that were requested from it."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_PROPFIND = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Listener(server.server_address[1], asked)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def made_bureau(postgis: Server, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A bureau on a server, made once and copied for tests."""
    return make_bureau(tmp_path_factory.mktemp("bureau"), postgis)


@pytest.fixture(scope="module")
def bureau(postgis: Server, made_bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A bureau whose accounts have passwords, for attacks through the web."""
    return guarded_bureau(made_bureau, tmp_path_factory.mktemp("web"), postgis)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A layer in somebody else's folder, with a row that must not come out."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return write_layer(folder / "secret.gpkg", [shapely.box(500000, 4e6, 500100, 4000100)], {"name": ["top secret"]})

"""Signing in through TLS: only to the named server, with a password that is never sent in plain text."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.stores.server.account_connection import account_server, connect_account
from onemap.tests.postgis_server import Absent, owner_of_server, private_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here"),
]
PASSWORD = "Buche+9"  # pragma: allowlist secret
RULES = """local all all trust
hostssl all clerk 127.0.0.1/32 scram-sha-256
hostssl all of_directory 127.0.0.1/32 password
hostssl all careless 127.0.0.1/32 trust
"""


@dataclass(frozen=True)
class SafeServer:
    """A server with TLS. root: what proves it; other: what proves another."""

    port: int
    database: str
    root: Path
    other: Path

    def place(self, host: str = "localhost", root: Path | None = None) -> str:
        """Its address, as a keeper writes it."""
        return f"postgresql://{host}:{self.port}/{self.database}?sslmode=verify-full&sslrootcert={root or self.root}"


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for a name, with its key beside it."""
    made = folder / f"{name}.crt"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    paths = ["-keyout", str(made.with_suffix(".key")), "-out", str(made)]
    subprocess.run(["openssl", *words, *names, *paths], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def safe_server() -> Iterator[SafeServer]:
    try:
        owner = owner_of_server()
    except Absent as reason:
        pytest.skip(str(reason))
    folder = Path(tempfile.mkdtemp(prefix="onemap-tls-", dir="/tmp"))
    try:
        root, other = certificate(folder, "localhost"), certificate(folder, "other.example")
        for path in (folder, root, root.with_suffix(".key")):
            if os.geteuid() == 0:
                os.chown(path, *owner)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "ssl": "on"}
        files = {"ssl_cert_file": str(root), "ssl_key_file": str(root.with_suffix(".key"))}
        os.environ["PGPORT"] = str(port)  # for the harness's own programs
        try:
            with private_server({**settings, **files}) as server:
                database = server.database()
                for name in ("clerk", "of_directory", "careless"):
                    database.run(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
                (server.folder / "data" / "pg_hba.conf").write_text(RULES)
                database.run("SELECT pg_reload_conf()")
                yield SafeServer(port, database.name, root, other)
        finally:
            os.environ.pop("PGPORT", None)
    except Absent as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refusal(place: str, account: str, password: str = PASSWORD, *, directory: bool = False) -> str:
    """The refusal of a sign-in."""
    with pytest.raises(OneMapError) as refused:
        connect_account(account_server(place, takes_directory=directory), account, password)
    return refused.value.code


def test_a_password_goes_only_to_the_server_that_is_named(safe_server: SafeServer):
    place = safe_server.place()
    with connect_account(account_server(place), "clerk", PASSWORD) as connection:
        assert connection.execute("SELECT session_user::text").fetchone() == ("clerk",)
        with socket.socket(fileno=os.dup(connection.fileno())) as line:  # else a lost one hangs for long
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 50_000
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
    assert refusal(place, "clerk", "wrong") == "account.password"
    assert refusal(safe_server.place(root=safe_server.other), "clerk") == "library.unreachable"
    assert refusal(safe_server.place(host="127.0.0.1"), "clerk") == "library.unreachable"  # the certificate says a name


def test_a_password_is_sent_as_it_is_only_where_a_keeper_allows_it(safe_server: SafeServer):
    place = safe_server.place()
    assert refusal(place, "of_directory") == "account.not_asked"
    with connect_account(account_server(place, takes_directory=True), "of_directory", PASSWORD):
        pass
    assert refusal(place, "of_directory", "wrong", directory=True) == "account.password"
    for directory in (False, True):
        assert refusal(place, "careless", directory=directory) == "account.not_asked"

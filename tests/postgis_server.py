"""A private PostgreSQL with PostGIS for tests, in a temporary folder, reachable through a Unix socket only."""

import contextlib
import csv
import io
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import shapely

with contextlib.suppress(ImportError):  # Windows has none, and asks for none here
    import pwd

OLDEST = 15
SUPERUSER = "onemap"
GUARDED = "guarded"  # it and its members are asked for a password, if a test makes it
NEVER_MADE = ("nobody_else", "web_land user=onemap")  # accounts that there are not, asked as if there were
_FRESH = "fresh"  # the database with PostGIS in it that all others are copied from
_START_SECONDS = 30.0
_MOST_BYTES = 8 << 30  # more than the databases of all tests take: none is dropped before its server ends
# Speed for durability: the whole cluster is thrown away.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "90",
    "log_min_messages": "warning",
}


# What a server, a database or an account may have for its defaults, and the core must not rest on.
_HABITS = {
    "extra_float_digits": "0",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "default_transaction_isolation": "serializable",
}


class Absent(Exception):
    """This machine cannot run a private server; the message says why."""


@dataclass(frozen=True)
class Database:
    """One database with PostGIS. `url`: for any client."""

    name: str
    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        """The connection string for the socket."""
        return f"postgresql:///{self.name}?host={self.folder}&user={SUPERUSER}"

    def run(self, sql: str, data: str = "") -> str:
        """Run statements in one session, and return the server's output. data: read by COPY … FROM STDIN."""
        command = [str(self.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-d", self.url, "-c", sql]
        environment = {**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c client_min_messages=warning"}
        done = subprocess.run(command, input=data, capture_output=True, env=environment, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def take_habits(self) -> None:
        """Change the database's defaults from PostgreSQL's own, for all later sessions."""
        name = self.name
        self.run("; ".join(f"ALTER DATABASE {name} SET {key} = {value!r}" for key, value in _HABITS.items()))

    def rows(self, query: str) -> list[dict[str, str]]:
        """The rows of a query, each as text by column; "" for null."""
        names, *rows = csv.reader(io.StringIO(self.run(query)))
        return [dict(zip(names, row or [""], strict=True)) for row in rows]

    def load(self, table: str, geometries: Sequence[shapely.Geometry], srid: int, **columns: Sequence[object]) -> None:
        """Make a table of geometries `geom`, bit for bit, with an index and text columns."""
        names = "".join(f'"{name}" text, ' for name in columns)
        self.run(f'CREATE TABLE "{table}" ({names}geom geometry)')
        hexes = shapely.to_wkb(shapely.set_srid(geometries, srid), hex=True, include_srid=True)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows(zip(*columns.values(), hexes, strict=True))
        self.run(f'COPY "{table}" FROM STDIN (FORMAT csv)', text.getvalue())
        self.run(f'CREATE INDEX ON "{table}" USING gist (geom); ANALYZE "{table}"')


@dataclass
class Server:
    """The running server, with as many databases as tests need."""

    folder: Path
    programs: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def database(self, of: str = _FRESH) -> Database:
        """A new database with PostGIS, empty or as a copy of another one without connections."""
        made = Database(f"test{next(self._numbers)}", self.folder, self.programs)
        sql = f"CREATE DATABASE {made.name} TEMPLATE {of} STRATEGY file_copy"  # nothing has to be written twice
        Database("postgres", self.folder, self.programs).run(sql)
        return made


def programs_of_postgresql() -> Path:
    """The folder of the newest PostgreSQL with PostGIS, in the places of Debian and Ubuntu.

    Raises Absent.
    """
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    found = [path for path in found if (path / "initdb").exists() and int(path.parent.name) >= OLDEST]
    if not found:
        raise Absent(f"PostgreSQL {OLDEST} or later is not installed (Debian package postgresql-{OLDEST})")
    control = "/usr/share/postgresql/{}/extension/postgis.control"
    complete = [path for path in found if Path(control.format(path.parent.name)).exists()]
    if not complete:
        raise Absent(f"PostGIS is not installed (Debian package postgresql-{OLDEST}-postgis-3)")
    return max(complete, key=lambda path: int(path.parent.name))


def owner_of_server() -> tuple[int, int]:
    """User and group of the server: those of the tests, but never root, whom PostgreSQL refuses.

    Raises Absent.
    """
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise Absent("PostgreSQL does not run as root, and this machine has no user postgres or nobody")


def as_owner(owner: tuple[int, int], *command: object) -> list[str]:
    """A command that runs as that user and ends with this process, even if it is killed. Raises Absent."""
    if not (setpriv := shutil.which("setpriv")):
        raise Absent("setpriv is not installed (Debian package util-linux)")
    become = [f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups"] if os.geteuid() == 0 else []
    return [setpriv, *become, "--pdeathsig=QUIT", "--", *map(str, command)]


def start_server(
    folder: Path, owner: tuple[int, int], programs: Path, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Make the cluster and start its server; it listens when this returns. Raises RuntimeError with its log."""
    data = folder / "data"
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    initdb = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        SUPERUSER,
        "--auth=trust",
        "-E",
        "UTF8",
        "--no-locale",
        "--no-sync",
    ]
    done = subprocess.run(as_owner(owner, *initdb), cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")
    rules = data / "pg_hba.conf"
    asked = ",".join((f"+{GUARDED}", *(f'"{name}"' for name in NEVER_MADE)))
    rules.write_text(f"local all {asked} scram-sha-256\n" + rules.read_text())
    return running(folder, owner, programs, settings)


def running(
    folder: Path, owner: tuple[int, int], programs: Path, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the server of an existing cluster; it listens when this returns. Raises RuntimeError with its log."""
    data, log = folder / "data", folder / "log"
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    wanted = {**_SETTINGS, **(settings or {})}
    options = [text for name, value in wanted.items() for text in ("-c", f"{name}={value}")]
    command = as_owner(owner, programs / "postgres", "-D", data, "-k", folder, *options)
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
    ready = [programs / "pg_isready", "-q", "-h", folder, "-p", wanted.get("port", "5432")]
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if subprocess.run(ready, env=environment).returncode == 0:
            return process
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    end_server(process)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')}")


def end_server(process: subprocess.Popen[bytes]) -> None:
    """End the server at once, without saving data."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)  # immediate shutdown
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _short_room() -> str:
    """The folder of a cluster: in memory if there is room, where making a database takes a fourth of the time.

    The path of a Unix socket may have 107 bytes, so it is not one of pytest's long folders.
    """
    room = os.environ.get("PYTEST_DEBUG_TEMPROOT", "")
    return room if 0 < len(room) < 50 and shutil.disk_usage(room).free >= _MOST_BYTES else "/tmp"


@contextlib.contextmanager
def private_server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server with its own settings that runs as long as the context. Raises Absent."""
    programs, owner = programs_of_postgresql(), owner_of_server()
    as_owner(owner)
    folder = Path(tempfile.mkdtemp(prefix="onemap-pg-", dir=_short_room()))
    process = None
    try:
        if os.geteuid() == 0:
            os.chown(folder, *owner)
        process = start_server(folder, owner, programs, settings)
        Database("postgres", folder, programs).run(f"CREATE DATABASE {_FRESH}")
        Database(_FRESH, folder, programs).run("CREATE EXTENSION postgis")
        yield Server(folder, programs)
    finally:
        if process is not None:
            end_server(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgis() -> Iterator[Server]:
    """A private PostgreSQL with PostGIS for the whole session; skips if its programs are not installed."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(private_server())
        except Absent as reason:
            pytest.skip(str(reason))
        yield server

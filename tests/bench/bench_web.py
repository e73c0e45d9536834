"""The desk under load: officers who read pages and write, systems that ask for checks, and a killed server.

    python3 build.py bench web --officers 40 --askers 10 --seconds 60

The library is in a file or, with --server, in a PostgreSQL where each has an account; the server and all its clients
are on this machine. Printed are the times of pages and of checks of one parcel by 50 rules on 50 layers, refusals,
whether each confirmed step is in its case after the server was killed (SIGKILL), and whether the chain is intact.
"""

import argparse
import http.client
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
_PAUSE_S = 3.0  # between two pages of an officer
_WRITES = 0.1  # of an officer's pages
_LAYERS = 50


@dataclass
class LoadFigures:
    """The observations of all clients. taken: seconds by kind; refused: statuses; confirmed: accepted texts."""

    taken: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "step": [], "check": []})
    refused: Counter[str] = field(default_factory=Counter)
    confirmed: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float, status: int, wanted: int) -> None:
        """Add one answer; the time of a refusal, which is quick, is not counted."""
        with self.turn:
            if status == wanted:
                self.taken[kind].append(seconds)
            else:
                self.refused[f"{kind} {status}"] += 1


def make_city(folder: Path) -> tuple[Path, list[str]]:
    """A library with fifty layers and a rule on each, and a case for each department's officers."""
    from onemap.tests.rules.command import done
    from onemap.tests.rules.conftest import Desk
    from onemap.tests.rules.verbs.web.asked_town import TOWN, ground

    desk = Desk(folder, lambda *words: done(*words))
    codes = [f"L{number:02}" for number in range(_LAYERS)]
    rules = [{"id": code.lower(), "layer": code, "verdict": "consult"} for code in codes]
    done("new", desk.library, "--crs", "EPSG:4547", "--pack", desk.pack(*rules))
    for number, code in enumerate(codes):
        shapes = [ground(20 * n, 10 * number, 20 * n + 15, 10 * number + 8) for n in range(40)]
        desk.layer(code, shapes, covers=TOWN, label="2025")
    cases = []
    for number in range(10):
        from onemap.tests.conftest import write_layer

        parcel = write_layer(folder / f"p{number}.gpkg", [ground(30, 30, 90, 90)], {"DKBH": [f"P{number}"]})
        opened = done("review", "open", desk.library, parcel, "--project", f"P{number}", "--by", "lead").json
        done("review", "circulate", desk.library, opened["case"], "--by", "lead")
        cases.append(str(opened["case"]))
    return desk.library, cases


@dataclass
class FileLibrary:
    """A library in a file; the present one-time code lets anybody in."""

    location: str

    @property
    def served(self) -> str:
        """The location with which the desk is started."""
        return self.location

    def sign_in(self, server: Any, name: str) -> Any:
        """Sign in as a person with a browser."""
        from onemap.tests.rules.verbs.web.web_client import Officer

        one = Officer(server, code=server.code, name=name, lang="zh")
        server.read_code()
        return one

    def token(self, server: Any, name: str) -> str:
        """The token of a program's own session."""
        server.sign_in(name)
        return str(server.token)

    def event_words(self) -> list[str]:
        """The words of all events, read by SQLite alone."""
        import sqlite3

        with closing(sqlite3.connect(self.location)) as connection:
            return [row[0] or "" for row in connection.execute("SELECT words FROM onemap_events")]


@dataclass
class ServerLibrary:
    """A library in PostgreSQL: each comes in by an account of the land department."""

    location: str

    @property
    def served(self) -> str:
        """The location with which the desk is started, without an account."""
        return self.location.replace("&user=onemap", "")

    def sign_in(self, server: Any, name: str) -> Any:
        """Sign in as a person with a browser."""
        from onemap.tests.attacks.web_accounts import PASSWORD
        from onemap.tests.rules.verbs.web.web_client import Officer

        return Officer(server, account=name, password=PASSWORD, lang="zh")

    def token(self, server: Any, name: str) -> str:
        """The token of a program's own session."""
        from onemap.tests.attacks.web_accounts import PASSWORD

        return str(server.sign_in_as(name, PASSWORD).json["token"])

    def event_words(self) -> list[str]:
        """The words of all events, read by PostgreSQL's own client."""
        import psycopg

        with psycopg.connect(self.location.replace("&schema=town", "")) as connection:
            return [row[0] or "" for row in connection.execute("SELECT words FROM town.onemap_events")]


@contextmanager
def on_server(file: Path, names: list[str]) -> Iterator[ServerLibrary]:
    """A copy of a library in a PostgreSQL of its own, with an account for each name. Raises Absent."""
    from onemap.tests.attacks.web_accounts import PASSWORD
    from onemap.tests.postgis_server import GUARDED, private_server
    from onemap.tests.rules.command import done

    with private_server({"max_connections": str(4 * len(names) + 20)}) as postgresql:
        database = postgresql.database()
        one = ServerLibrary(f"{database.url}&schema=town")
        done("copy", file, one.location)
        typed = PASSWORD.replace("'", "''")
        database.run(f"CREATE ROLE {GUARDED}")
        for name in names:
            rights = f"{GUARDED}, onemap_town_land"
            database.run(f"CREATE ROLE {name} LOGIN PASSWORD '{typed}'; GRANT {rights} TO {name}")
        yield one


def work_as_officer(one: Any, number: int, cases: list[str], figures: LoadFigures) -> None:
    """Turn a page every three seconds, and write now and then, until the server is gone."""
    chance, who = random.Random(number), f"officer {number}"
    time.sleep(chance.random() * _PAUSE_S)
    while True:
        begun, at = time.monotonic(), f"/cases/{cases[number % len(cases)]}"
        path = chance.choice(["/", at, f"{at}/opinions/land"])
        try:
            if chance.random() < _WRITES:
                _write(one, f"{at}/opinions/land", f"{who} {begun:.3f}", figures)
            else:
                figures.add("page", *_timed(lambda path=path: one.ask("GET", path)), 200)  # type: ignore[misc]
        except (OSError, http.client.HTTPException):
            return  # the server was killed
        time.sleep(max(0.0, begun + _PAUSE_S - time.monotonic()))


def _write(one: Any, page: str, text: str, figures: LoadFigures) -> None:
    shown = one.ask("GET", page).body.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    typed = {**hidden, "conclusion": "conditional", "text": text, "basis": "土地管理法 第三十五条"}
    seconds, status = _timed(lambda: one.ask("POST", f"{page}/opine", **typed))
    figures.add("step", seconds, status, 303)
    if status == 303:
        with figures.turn:
            figures.confirmed.append(text)


def work_as_asker(server: Any, token: str, figures: LoadFigures) -> None:
    """Ask for a check of one parcel, and again as soon as it is answered."""
    from onemap.tests.rules.verbs.web.asked_town import geojson, ground

    inputs = {"inputs": {"parcels": geojson({"Q": ground(100, 100, 160, 160)})}}
    while True:
        try:
            ask = server.ask
            headers = {"Authorization": f"Bearer {token}"}
            timed = _timed(lambda: ask("POST", "/processes/check/execution", inputs, **headers))  # noqa: B023
            figures.add("check", *timed, 200)
        except (OSError, http.client.HTTPException):
            return


def _timed(ask: Any) -> tuple[float, int]:
    begun = time.monotonic()
    status = ask().status
    return time.monotonic() - begun, status


def _tell(figures: LoadFigures, seconds: float) -> None:
    for kind, taken in figures.taken.items():
        if taken:
            half, most = np.percentile(taken, [50, 95])
            print(
                f"{kind}: {len(taken)} in {seconds:.0f} s, p50 {half:.3f} s, p95 {most:.3f} s, max {max(taken):.3f} s"
            )
    print("refused:", dict(figures.refused) or "nothing")


def main() -> int:
    """Make the city, let everybody work, kill the server, and look for what was confirmed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--officers", type=int, default=40)
    parser.add_argument("--askers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--server", action="store_true", help="the library is in PostgreSQL, with an account for each")
    wishes = parser.parse_args()
    officers = [f"officer_{number}" for number in range(wishes.officers)]
    askers = [f"asker_{number}" for number in range(wishes.askers)]
    with tempfile.TemporaryDirectory() as room:
        file, cases = make_city(Path(room))
        if not wishes.server:
            return _work(FileLibrary(str(file)), officers, askers, cases, wishes.seconds)
        with on_server(file, [*officers, *askers]) as library:
            return _work(library, officers, askers, cases, wishes.seconds)


def _work(
    library: FileLibrary | ServerLibrary, officers: list[str], askers: list[str], cases: list[str], seconds: float
) -> int:
    from onemap.tests.rules.command import done
    from onemap.tests.rules.verbs.web.web_client import WebServer

    begun = time.monotonic()
    server, tokens, figures = WebServer(library.served), list[str](), LoadFigures()
    with ExitStack() as stack:
        stack.callback(server.program.kill)  # whatever becomes of those who come in
        for number, name in enumerate(askers):  # each in a session of its own, which has a bound of requests a minute
            tokens.append(library.token(server, name))
            if not number:
                print(f"first answer {time.monotonic() - begun:.2f} s after start-up")
        server.token = ""
        people = [library.sign_in(server, name) for name in officers]
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(len(officers) + len(askers)) as pool:
            work = [
                *(pool.submit(work_as_officer, one, number, cases, figures) for number, one in enumerate(people)),
                *(pool.submit(work_as_asker, server, token, figures) for token in tokens),
            ]
            time.sleep(max(0.0, until - time.monotonic()))
            server.program.kill()  # while all of them ask and write
    for one in work:
        one.result()
    _tell(figures, seconds)
    words = "\n".join(library.event_words())
    lost = sum(f'"{text}"' not in words for text in figures.confirmed)
    is_whole = done("verify", library.location).json["ok"]
    print(f"{len(figures.confirmed)} steps confirmed, {lost} lost; chain {'whole' if is_whole else 'BROKEN'}")
    return 0 if not lost and is_whole else 1


if __name__ == "__main__":
    sys.exit(main())

"""A library with thousands of cases of thirty events each: the program walks a few, the others are copies.

Each copy has its own id, moments, document number and runs, and its events have the hashes that follow from these.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd

from onemap.layers.library.library import open_library
from onemap.resources.sample_city import make
from onemap.rules.review.cases.event import COLUMNS, Event, event_hash
from onemap.rules.review.cases.event_store import read_events
from onemap.rules.review.cases.event_tables import EVENTS
from onemap.tests.rules.command import done

EVENTS_OF_A_CASE = 30
_PARCELS = 400
_STATES = ("issued", "consolidated", "circulating", "circulating", "draft", "issued")
_AGREED = ("--conclusion", "agree", "--text", "原则同意，按规定办理相关手续后实施。")
_FAR_APART = timedelta(seconds=1)  # two copies of a case


def make_cases(folder: Path, count: int) -> Path:
    """A library with this many cases, made if it does not exist."""
    library = folder / f"cases{count}.gpkg"
    if library.exists():
        return library
    walked = folder / "city.gpkg"
    if not walked.exists():
        print(f"walking {len(_STATES)} cases in {folder}", flush=True)
        _make_city(folder, walked)
    part = library.with_suffix(".part")
    shutil.copyfile(walked, part)
    calendar = walked.with_suffix(".calendar.toml")
    shutil.copyfile(calendar, library.with_suffix(".calendar.toml"))
    print(f"making {count:,} cases of them", flush=True)
    _multiply(walked, part, count)
    part.rename(library)
    return library


def _make_city(folder: Path, library: Path) -> None:
    """The sample city with one case in each state."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "walked.gpkg"
    part.unlink(missing_ok=True)
    make(folder, parcels=_PARCELS)
    done("new", part, "--crs", "EPSG:4547", "--district", folder / "district.gpkg")
    for entry in json.loads((folder / "layers.json").read_text(encoding="utf-8")):
        given = []
        for name, value in entry["options"].items():
            if isinstance(value, dict):
                value = ",".join(f"{target}={source}" for target, source in value.items())
            elif name in ("covers", "transform") and (folder / str(value)).exists():
                value = folder / value
            given += [f"--{name.replace('_', '-')}", value] if value is not None else []
        done("add", part, folder / entry["file"], "--as", entry["code"], *given)
    # Every weekday is worked, so that the cases need no calendar of the years to come.
    year = date.today().year
    text = "".join(f"[{each}]\n" for each in range(year - 1, year + 3))
    part.with_suffix(".calendar.toml").write_text(text, encoding="utf-8")
    library.with_suffix(".calendar.toml").write_text(text, encoding="utf-8")
    parcels = gpd.read_file(folder / "parcels.gpkg")
    for number, state in enumerate(_STATES):
        site = folder / f"site{number}.gpkg"
        parcels.iloc[number * 3 : number * 3 + 1 + number % 3].to_file(site, layer="site")
        _walk(part, site, state, number)
    with sqlite3.connect(part) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    part.rename(library)


def _walk(library: Path, site: Path, state: str, number: int) -> None:
    """Make one case of thirty events, whatever its final state."""
    today = date.today()
    # The last is issued when the others are open: a list looks whether its site lies near theirs.
    first = today - timedelta(days=4 * (len(_STATES) - number))
    days = iter([(first + timedelta(days=day)).isoformat() for day in range(4)])
    on = next(days)

    def step(verb: str, *words: Any, by: str = "clerk") -> dict[str, Any]:
        return done("review", verb, library, case, *words, "--by", by, "--on", on).json

    opened = done(
        "review", "open", library, site, "--project", f"第{number}小学", "--by", "lead", "--on", on, "--id", "DKBH"
    )
    case, departments = str(opened.json["case"]), [one["department"] for one in opened.json["opinions"]]
    on = next(days)
    left = EVENTS_OF_A_CASE - 1
    if state != "draft":
        step("circulate", by="lead")
        left -= 1 + {"circulating": 0, "consolidated": 1, "issued": 2}[state]
        signed = departments if state != "circulating" else departments[number : number + 5]
        left -= len(signed)
    # Words are written again and again before they are signed.
    for turn in range(left):
        step("opine", departments[turn % len(departments)], *_AGREED, by=f"clerk{turn}")
    if state == "draft":
        return
    on = next(days)
    for department in signed:
        step("sign", department, "--unanswered", "另行核实", by="head")
    on = next(days)
    if state != "circulating":
        step("consolidate", by="lead")
    if state == "issued":
        step("issue", by="head")


def _multiply(walked: Path, target: Path, count: int) -> None:
    """Write the copies of the cases of a library into a copy of it, in one transaction."""
    with open_library(str(walked), read_only=True) as library:
        ids = [row[0] for row in library.connection.execute(f"SELECT DISTINCT case_id FROM {EVENTS}")]
        cases = [read_events(library, one) for one in ids]
    connection = sqlite3.connect(target)
    documents = max((event.sequence or 0 for case in cases for event in case), default=0)
    with connection:
        for number in range(len(cases), count):
            case = cases[number % len(cases)]
            name = f"{case[0].case_id[:-12]}{number:012x}" if len(case[0].case_id) > 20 else f"case{number}"
            runs = {event.run: f"run{number}-{event.run}"[:64] for event in case if event.run}
            sequence = documents + 1 if any(event.sequence for event in case) else None
            documents = sequence or documents
            copies = list(_copies(case, name, runs, sequence, number * _FAR_APART))
            marks = ",".join("?" * len(COLUMNS))
            connection.executemany(
                f"INSERT INTO {EVENTS} ({', '.join(COLUMNS)}) VALUES ({marks})", [one.values for one in copies]
            )
            for run, copy in runs.items():
                _copy_run(connection, run, copy)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _copies(
    case: Sequence[Event], name: str, runs: dict[str | None, str], sequence: int | None, later: timedelta
) -> Iterator[Event]:
    """The events of a case under another id, with the hashes that follow."""
    heads: dict[str, str] = {}
    for event in sorted(case, key=lambda one: (one.chain, one.number)):
        moment = datetime.fromisoformat(event.at) + later
        copy = replace(
            event,
            case_id=name,
            at=moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            run=runs.get(event.run),
            sequence=sequence if event.sequence else None,
            before=heads.get(event.chain, ""),
        )
        copy = replace(copy, hash=event_hash(copy))
        heads[event.chain] = copy.hash
        yield copy


def _copy_run(connection: sqlite3.Connection, run: str | None, copy: str) -> None:
    """A run with all its rows under another id."""
    started, who, record = connection.execute(
        "SELECT started, who, record FROM onemap_runs WHERE id = ?", (run,)
    ).fetchone()
    text = json.dumps({**json.loads(record), "id": copy}, ensure_ascii=False)
    connection.execute("INSERT INTO onemap_runs VALUES (?, ?, ?, ?)", (copy, started, who, text))
    names = [row[1] for row in connection.execute("PRAGMA table_info(onemap_run_blocks)") if row[1] != "run"]
    columns = ", ".join(names)
    connection.execute(
        f"INSERT INTO onemap_run_blocks (run, {columns}) SELECT ?, {columns} FROM onemap_run_blocks WHERE run = ?",
        (copy, run),
    )

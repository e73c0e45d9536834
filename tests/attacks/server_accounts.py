"""A bureau on a server: an account in each of the ten departments, the lead, the auditor, the owner, and a stranger.

`attempt` writes as an account what a program of its own could write, in one transaction, by default rolled back.
`step` writes a lawful step row by row, so that an attack differs from it only in the attacked thing.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.tests.conftest import Answer
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.postgis_server import Database, Server
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import DEFINE, RULES, ground, write

ACCOUNTS = {
    **{f"u_{code}": (code,) for code in DEPARTMENTS},
    "u_land_2": ("land",),
    "u_water_2": ("water",),
    "u_lead": ("lead", "planning"),
    "u_eyes": ("auditor",),
    "u_keeper": ("owner",),
    "u_stranger": (),
}
HEAD = """
[pack]
id = "town"
version = "1"
title = { zh = "小城", en = "Town" }

[review]
days = 5
overdue = "consent"
"""
LAWFUL = "{}"  # of a row of the log: it names the tables of all rows of its transaction, whose hashes the server adds
Rows = list[tuple[str, dict[str, Any]]]
EMPTY = {"number": 0, "at": "", "day": "", "who": "", "account": 0, "seen": "", "before": "", "hash": ""}


@dataclass(frozen=True)
class Bureau:
    """The library `town` on a server; case: one that is out, on the farm (land) and in the river (water)."""

    folder: Path
    database: Database
    case: str = ""

    @property
    def url(self) -> str:
        """The library's location for the owner of the server."""
        return f"{self.database.url}&schema=town"

    def copied(self, folder: Path, server: Server) -> "Bureau":
        """The same in a database and a folder of its own."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, database=server.database(of=self.database.name))

    def place(self, account: str) -> str:
        """The library's location for an account."""
        return with_account(self.url, account)

    def review(self, account: str, verb: str, *arguments: object) -> Answer:
        """One step of the case on the command line, under the account's name."""
        return command("review", verb, self.place(account), self.case, *arguments, "--by", account)

    def connect(self, account: str) -> "psycopg.Connection[Any]":
        """A connection of the account's own."""
        path = "-c search_path=town,public"
        return psycopg.connect(self.place(account).replace("&schema=town", ""), options=path)

    def rows(self, query: str, account: str = "onemap") -> list[tuple[Any, ...]]:
        """The rows that an account reads."""
        with self.connect(account) as connection:
            return connection.execute(query).fetchall()

    def attempt(self, account: str, rows: Rows, stays: bool = False) -> None:
        """Write rows, with what is asked at a transaction's end; roll back unless `stays`. Raises psycopg.Error."""
        with self.connect(account) as connection:
            write_rows(connection, rows)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            if not stays:
                connection.rollback()

    def run(self, account: str, *statements: str) -> None:
        """Run statements in one transaction that is rolled back. Raises psycopg.Error."""
        with self.connect(account) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]
            connection.rollback()

    def event(self, chain: str, action: str, words: Mapping[str, Any] | None = None, **facts: Any) -> Rows:
        """An event of the case as an account's own program might write it; the server fills in the rest.

        facts: of its body; those that begin with `column_` are columns.
        """
        today = facts["on"] if "on" in facts else self.rows("SELECT onemap_today()")[0][0]
        columns = {name.removeprefix("column_"): facts.pop(name) for name in list(facts) if name.startswith("column_")}
        text = json.dumps({**words, "salt": "x"}) if words is not None else None
        hashed = {"words": text_hash(text)} if text is not None else {}
        body = json.dumps({"edition": 1, "round": 1, "on": today, **hashed, **facts})
        row = {"case_id": self.case, "chain": chain, "action": action, "body": body, "words": text, **EMPTY}
        return [("onemap_events", {**row, **columns})]

    def show_case(self, account: str = "u_keeper") -> dict[str, Any]:
        """The case as an account sees it."""
        return dict(done("review", "show", self.place(account), self.case).json)

    def check_run(self, account: str, **values: Any) -> Rows:
        """A run of a check as an account records it: a block of rows, the record, and its row of the log."""
        id_ = "20260101T000000-0badf00d"
        record = {"id": id_, "who": account, "started": "2026-01-01T00:00:00.000000Z", "parameters": {}, "packs": []}
        block = {"run": id_, "name": "parcels", "first": 0, "count": 1, "content": b"x"}
        run = {"id": id_, "started": record["started"], "who": account, "record": json.dumps(record), **values}
        return [("onemap_run_blocks", block), ("onemap_runs", run), log_row("check", id_)]


def log_row(action: str, subject: str, **values: Any) -> tuple[str, dict[str, Any]]:
    """A row for the log; the server fills in the rest."""
    row = {"at": "", "who": "", "action": action, "subject": subject, "detail": LAWFUL, "content_hash": ""}
    return "onemap_audit", {**row, **values}


def write_rows(connection: "psycopg.Connection[Any]", rows: Rows) -> None:
    """Write rows in the open transaction. Raises psycopg.Error."""
    for table, values in rows:
        if values.get("detail") == LAWFUL:
            named = {name: {} for name, _ in rows}
            values = {**values, "detail": json.dumps({"rows": named})}
        connection.execute(_insertion(table, values), list(values.values()))


def _insertion(table: str, values: Mapping[str, Any]) -> sql.Composed:
    names: Sequence[sql.Composable] = [sql.Identifier(name) for name in values]
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
    columns = sql.SQL(", ").join(names)
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), columns, marks)


def text_hash(text: str) -> str:
    """SHA-256 of a text, as packs are known by it."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_bureau(folder: Path, server: Server) -> Bureau:
    """The library with its accounts, and one case that is out."""
    bureau = Bureau(folder, server.database())
    url = bureau.url
    district = write(folder / "district.gpkg", [ground(-9000, -9000, 9000, 9000)], {"n": [1]})
    done("new", url, "--crs", "EPSG:4547", "--district", district)
    make_accounts(url, ACCOUNTS)
    for code, shape in {"FARM": ground(50, 0, 200, 100), "RIVER": ground(0, 0, 30, 100)}.items():
        source = write(folder / f"{code}.gpkg", [shape], {"KEY": ["k1"]})
        done("add", bureau.place("u_keeper"), source, "--as", code, "--define", DEFINE, "--covers", "district")
    pack = folder / "town.toml"
    pack.write_text(HEAD + RULES, encoding="utf-8")
    parcels = write(folder / "parcels.gpkg", [ground(0, 0, 100, 100)], {"DKBH": ["DK1"]})
    asked = ("--project", "小学", "--pack", pack, "--by", "u_lead")
    case = done("review", "open", bureau.place("u_lead"), parcels, *asked).json["case"]
    opened = replace(bureau, case=str(case))
    assert opened.review("u_lead", "circulate").code == 0
    return opened

"""A bureau on a server: an account in each of the ten departments, the lead, the auditor, the owner, and a stranger.

`attempt` writes as an account what a program of its own might, in one transaction that never stays. `step` is what a
lawful step writes, row by row, so that an attack differs from it in what it attacks and in nothing else.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.logged_rows import plain_tables, row_hash
from onemap.rules.work.judgement_tables import TABLES
from onemap.tests.conftest import Answer
from onemap.tests.postgis_server import Server
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
AT_THE_END = "SET CONSTRAINTS ALL IMMEDIATE"
LAWFUL = "{}"  # of a row of the log: it says of each row that its transaction has written what its hash is
PLAIN = plain_tables((*LIBRARY_TABLES, *TABLES))
Rows = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Bureau:
    """The library `town` on a server; case: one that is out, on the farm (land) and in the river (water)."""

    folder: Path
    url: str
    case: str = ""

    def place(self, account: str) -> str:
        """The library's location for an account."""
        return self.url.replace("user=onemap", f"user={account}")

    def review(self, account: str, verb: str, *arguments: object) -> Answer:
        """One step of the case on the command line, under the account's name."""
        return command("review", verb, self.place(account), self.case, *arguments, "--by", account)

    def connect(self, account: str) -> "psycopg.Connection[Any]":
        """A connection of the account's own."""
        path = "-c search_path=town,public"
        return psycopg.connect(self.place(account).replace("&schema=town", ""), options=path)

    def rows(self, query: str, account: str = "onemap") -> list[tuple[Any, ...]]:
        """What an account reads."""
        with self.connect(account) as connection:
            return connection.execute(query).fetchall()

    def attempt(self, account: str, rows: Rows, stays: bool = False) -> None:
        """Write rows, and have asked what is asked at the end; unless it stays, nothing does. Raises psycopg.Error."""
        with self.connect(account) as connection:
            for table, values in rows:
                row_values = values
                if table == "onemap_audit" and values["detail"] == LAWFUL:
                    row_values = {
                        **values,
                        "detail": json.dumps({"rows": _hashes(connection, rows)}, ensure_ascii=False),
                    }
                connection.execute(_insertion(table, row_values), list(row_values.values()))
            connection.execute(AT_THE_END)
            if not stays:
                connection.rollback()

    def run(self, account: str, *statements: str) -> None:
        """Run statements in one transaction that never stays. Raises psycopg.Error."""
        with self.connect(account) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]
            connection.execute(AT_THE_END)
            connection.rollback()

    def last(self, table: str, where: str) -> dict[str, Any]:
        """The last row of a table, as the owner sees it."""
        with self.connect("onemap") as connection:
            cursor = connection.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY number DESC LIMIT 1")  # type: ignore[call-overload]
            names = [column.name for column in cursor.description or ()]
            return dict(zip(names, cursor.fetchone() or (), strict=True))

    def step(
        self,
        account: str,
        action: str,
        department: str | None,
        more: Rows = (),
        **entry: Any,  # type: ignore[assignment]
    ) -> Rows:
        """The rows of a lawful step: what it writes besides, its entry, its row of the log. entry: what is forged."""
        before = self.last("onemap_case_entries", f"case_id = '{self.case}'")
        today = self.rows("SELECT onemap_today()")[0][0]
        values = {
            "case_id": self.case,
            "number": before["number"] + 1,
            "round": before["round"],
            "department": department,
            "action": action,
            "who": account,
            "day": today,
            "at": "",
            "detail": json.dumps({"state": "circulating"}),
            **entry,
        }
        subject = f"{self.case} {department}" if department else self.case
        return [*more, ("onemap_case_entries", values), log_row(f"review.{action}", subject)]

    def opinion(self, account: str, department: str, /, **values: Any) -> Rows:
        """The next state of a department's opinion: written anew by the account, unless other values say otherwise."""
        before = self.last("onemap_opinions", f"case_id = '{self.case}' AND department = '{department}'")
        today = self.rows("SELECT onemap_today()")[0][0]
        mine = {"state": "drafted", "text": "ours", "text_en": None, "drafted_by": account, "drafted_on": today}
        return [("onemap_opinions", {**before, "number": before["number"] + 1, **mine, **values})]

    def override(self, account: str, rule: str, /, **values: Any) -> Rows:
        """A finding of the case's parcel judged otherwise."""
        today = self.rows("SELECT onemap_today()")[0][0]
        row = {"case_id": self.case, "round": 1, "parcel": "DK1", "rule": rule, "number": 1, "before": "prohibited"}
        return [
            ("onemap_overrides", {**row, "verdict": "notice", "reason": "r", "who": account, "day": today, **values})
        ]

    def answer(self, account: str, **values: Any) -> Rows:
        """An answer to the one item of the checklist, which is of reform."""
        today = self.rows("SELECT onemap_today()")[0][0]
        row = {"case_id": self.case, "round": 1, "department": "reform", "item": "industry", "number": 1}
        return [("onemap_case_answers", {**row, "answer": "yes", "who": account, "day": today, **values})]

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


def _hashes(connection: "psycopg.Connection[Any]", rows: Rows) -> dict[str, dict[str, str]]:
    """What the log has to say of rows that stand there, as the program would."""
    found: dict[str, dict[str, str]] = {}
    for name, values in rows:
        if name == "onemap_audit":
            continue
        table = PLAIN[name]
        where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in table.key)
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(columns, sql.Identifier(name), where)
        for row in connection.execute(query, [values[column] for column in table.key]):
            found.setdefault(name, {})[table.row_name(row)] = row_hash(row)
    return found


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
    database = server.database()
    url = f"{database.url}&schema=town"
    bureau = Bureau(folder, url)
    district = write(folder / "district.gpkg", [ground(-9000, -9000, 9000, 9000)], {"n": [1]})
    done("new", url, "--crs", "EPSG:4547", "--district", district)
    with psycopg.connect(url.replace("&schema=town", ""), autocommit=True) as connection:
        for name, roles in ACCOUNTS.items():
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                connection.execute(f"CREATE ROLE {name} LOGIN")  # type: ignore[call-overload]
            for role in roles:
                connection.execute(f"GRANT onemap_town_{role} TO {name}")  # type: ignore[call-overload]
    for code, shape in {"FARM": ground(50, 0, 200, 100), "RIVER": ground(0, 0, 30, 100)}.items():
        source = write(folder / f"{code}.gpkg", [shape], {"KEY": ["k1"]})
        done("add", bureau.place("u_keeper"), source, "--as", code, "--define", DEFINE, "--covers", "district")
    pack = folder / "town.toml"
    pack.write_text(HEAD + RULES, encoding="utf-8")
    parcels = write(folder / "parcels.gpkg", [ground(0, 0, 100, 100)], {"DKBH": ["DK1"]})
    asked = ("--project", "小学", "--pack", pack, "--by", "u_lead")
    case = done("review", "open", bureau.place("u_lead"), parcels, *asked).json["case"]
    opened = Bureau(folder, url, str(case))
    assert opened.review("u_lead", "circulate").code == 0
    return opened

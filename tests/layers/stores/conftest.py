"""A library on the tests' own server, and its content read back without One Map."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onemap.tests.layers.conftest import DEFINE
from onemap.tests.library_accounts import make_accounts, with_account
from onemap.tests.postgis_server import Database, Server


@dataclass(frozen=True)
class ServerShelf:
    """One library in the schema `city`; its address names the account."""

    database: Database
    run: Callable[..., Any]

    @property
    def url(self) -> str:
        """The library's location."""
        return f"{self.database.url}&schema=city"

    def url_as(self, account: str) -> str:
        """The library's location for another account."""
        return with_account(self.url, account)

    def add(self, source: object, code: str = "T", account: str = "onemap", **options: object) -> Any:
        """Run `onemap add` for a layer that it defines."""
        wanted = {"covers": "extent", "define": DEFINE.format("polygon"), **options}
        arguments = [item for name, value in wanted.items() for item in (f"--{name.replace('_', '-')}", value)]
        return self.run("add", self.url_as(account), source, "--as", code, *arguments)

    def rows(self, sql: str, account: str = "onemap") -> list[tuple[Any, ...]]:
        """Run plain SQL as an account, without One Map."""
        with psycopg.connect(self.url_as(account).replace("&schema=city", ""), autocommit=True) as connection:
            connection.execute("SET search_path TO city, public")
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def account(self, name: str, *roles: str) -> str:
        """Make an account that is a member of roles of the library; return its name."""
        make_accounts(self.url, {name: roles})
        return name


@pytest.fixture
def server_shelf(postgis: Server, onemap: Callable[..., Any]) -> ServerShelf:
    made = ServerShelf(postgis.database(), onemap)
    answer = onemap("new", made.url, "--crs", "EPSG:4547")
    assert answer.code == 0, answer.json
    return made


@pytest.fixture
def squares(layer_file: Callable[..., Path], box: Callable[..., Any]) -> Path:
    return layer_file("a.gpkg", [box(0, 0), box(200, 0)], {"BSM": ["A", "B"], "名称": ["东", "西"]})

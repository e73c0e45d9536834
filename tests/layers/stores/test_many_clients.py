"""Fifty clients on one library at once: nothing is lost, nothing overwritten, and the log's chain holds."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

import pytest

from onemap.layers.crs.systems import library_crs
from onemap.layers.errors import OneMapError
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.library.library import TABLES, log, make_library, new_place, open_library
from onemap.layers.stores.logged_rows import note_stored
from onemap.tests.layers.conftest import DEFINE

CLIENTS = 50


def at_once(clients: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work(number)` in threads that start together; return the errors."""
    barrier, raised = threading.Barrier(clients), []

    def one(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at what it was
            raised.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.slow
def test_fifty_clients_write_one_counter_and_the_log_and_nothing_is_lost(server_shelf):
    server_shelf.rows("INSERT INTO onemap_library VALUES ('counter', '0')")

    def step(number: int) -> None:
        with open_library(server_shelf.url) as library, library.writing() as connection:
            (text,) = connection.execute("SELECT value FROM onemap_library WHERE key = ?", ("counter",)).fetchone()
            connection.execute("UPDATE onemap_library SET value = ? WHERE key = 'counter'", (str(int(text) + 1),))
            note_stored(connection, TABLES["onemap_library"], key="counter")
            log(connection, f"client {number}", "count", "counter", {"value": int(text) + 1})

    assert at_once(CLIENTS, step) == []
    assert server_shelf.rows("SELECT value FROM onemap_library WHERE key = 'counter'") == [(str(CLIENTS),)]
    values = server_shelf.rows(
        "SELECT (detail::json->>'value')::int FROM onemap_audit WHERE action = 'count' ORDER BY number"
    )
    assert values == [(number,) for number in range(1, CLIENTS + 1)]
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


def test_fifty_keepers_logging_by_plain_sql_make_one_chain(server_shelf):
    for name in ("wang_keeps", "li_keeps"):
        server_shelf.account(name, "owner")
    statement = (
        "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash)"
        " VALUES ('', 'me', 'note', '{}', '{{}}', '')"
    )

    def step(number: int) -> None:
        server_shelf.rows(statement.format(number), "wang_keeps" if number % 2 else "li_keeps")

    assert at_once(CLIENTS, step) == []
    subjects = server_shelf.rows("SELECT subject FROM onemap_audit WHERE action = 'note'")
    assert {int(row[0]) for row in subjects} == set(range(CLIENTS))
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


def test_of_clients_that_make_the_same_library_at_once_one_does(postgis):
    url = f"{postgis.database().url}&schema=race"

    def make(number: int) -> None:
        make_library(new_place(url, None), library_crs("EPSG:4547"), [], None, f"client {number}")

    raised = at_once(4, make)
    assert [error.code for error in raised if isinstance(error, OneMapError)] == ["library.exists"] * 3
    with open_library(url) as library:
        assert library.name == "race"


@pytest.fixture
def adding(server_shelf, squares):
    days = count()  # each version says something new: its own first day

    def add_version(code: str, label: str, who: str) -> None:
        first = date(2000, 1, 1) + timedelta(days=next(days))
        wishes = AddOptions(code=code, define=DEFINE.format("polygon"), covers="extent", label=label, valid_from=first)
        with open_library(server_shelf.url) as library:
            Intake(library, lambda code: (), who, "en").add(str(squares), wishes)

    return add_version


@pytest.mark.slow
def test_clients_that_add_versions_at_once_number_them_one_by_one(server_shelf, adding):
    adding("T", "first", "me")

    def step(number: int) -> None:
        adding("T", f"label {number}", f"client {number}")

    assert at_once(8, step) == []
    found = server_shelf.rows("SELECT number, table_name FROM onemap_versions ORDER BY number")
    assert found == [(number, f"T__{number}") for number in range(1, 10)]
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


@pytest.mark.slow
def test_of_clients_that_add_the_same_label_one_does_and_the_others_are_refused(server_shelf, adding):
    adding("T", "first", "me")
    raised = at_once(6, lambda number: adding("T", "same", f"client {number}"))
    assert [error.code for error in raised if isinstance(error, OneMapError)] == ["version.label"] * 5
    assert server_shelf.rows("SELECT count(*) FROM onemap_versions") == [(2,)]
    assert server_shelf.run("verify", server_shelf.url).json["ok"]


@pytest.mark.slow
def test_clients_that_define_the_same_layer_at_once_define_it_once(server_shelf, adding):
    assert at_once(4, lambda number: adding("T", f"label {number}", f"client {number}")) == []
    assert server_shelf.rows("SELECT count(*) FROM onemap_catalogue") == [(1,)]
    assert server_shelf.rows("SELECT count(*) FROM onemap_versions") == [(4,)]
    assert server_shelf.run("verify", server_shelf.url).json["ok"]

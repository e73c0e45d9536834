"""A session on a server keeps its connection between requests, but no data: each answer is up to date."""

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, open_library
from onemap.layers.stores.session import keeping_open


def process_of(library: Library) -> int:
    """The server's process that serves a library's connection."""
    row = library.connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def test_a_session_keeps_its_connection_and_nothing_else_of_the_library(server_shelf):
    with keeping_open() as kept:
        with open_library(server_shelf.url) as library:
            first, before = process_of(library), library
            library.kept["made of it"] = 1
        server_shelf.rows("UPDATE onemap_library SET value = 'renamed' WHERE key = 'name'")
        with open_library(server_shelf.url) as library:
            assert process_of(library) == first and library is not before
            assert library.name == "renamed" and not library.kept
            with open_library(server_shelf.url) as beside:
                assert process_of(beside) != first
        kept.close()
        with open_library(server_shelf.url) as library:
            assert process_of(library) != first


def test_in_a_snapshot_a_small_question_is_asked_once_as_long_as_there_is_room(server_shelf):
    with open_library(server_shelf.url) as library:

        def asked_at(number: int, signs: int) -> str:
            sql = "SELECT CAST(clock_timestamp() AS TEXT), ?, repeat('x', ?)"
            return str(library.connection.execute(sql, (number, signs)).fetchone()[0])

        with library.reading():
            assert asked_at(0, 1) == asked_at(0, 1) != asked_at(1, 1)
            assert asked_at(0, 70_000) != asked_at(0, 70_000)
            for number in range(100):
                asked_at(number, 60_000)
            assert asked_at(0, 60_000) == asked_at(0, 60_000)
            assert asked_at(99, 60_000) != asked_at(99, 60_000)
        assert asked_at(0, 1) != asked_at(0, 1)


def test_a_connection_that_is_lost_or_saw_an_error_is_made_anew(server_shelf):
    with keeping_open():
        with open_library(server_shelf.url) as library:
            first = process_of(library)
        assert server_shelf.rows(f"SELECT pg_terminate_backend({first}, 5000)") == [(True,)]
        with open_library(server_shelf.url) as library:
            second = process_of(library)
        assert second != first
        with pytest.raises(OneMapError, match=r"run\.unknown"), open_library(server_shelf.url) as library:
            assert process_of(library) == second
            raise OneMapError("run.unknown", run="x")
        with open_library(server_shelf.url) as library:
            assert process_of(library) != second


def test_a_kept_connection_has_the_rights_of_the_moment_and_of_its_own_account(server_shelf):
    server_shelf.account("qian", "auditor")
    with keeping_open():
        with open_library(server_shelf.url) as library:
            assert library.roles.is_owner
            owner = process_of(library)
        with open_library(server_shelf.url_as("qian")) as library:
            assert not library.roles.is_owner and process_of(library) != owner
            auditor = process_of(library)
        server_shelf.rows("REVOKE onemap_city_auditor FROM qian")
        with pytest.raises(OneMapError, match=r"library\.no_right"), open_library(server_shelf.url_as("qian")):
            pass
        server_shelf.account("qian", "auditor")
        with open_library(server_shelf.url_as("qian")) as library:
            assert process_of(library) != auditor

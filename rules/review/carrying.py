"""Carry the cases of an older library over into events: each as it stood, and proved to read the same."""

from collections.abc import Sequence

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log
from onemap.layers.library.library_format import FORMAT
from onemap.layers.library.log_reading import read_log
from onemap.layers.library.row_verification import unlawful_structure
from onemap.layers.library.rows_as_logged import refuse_altered
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import STRUCTURE, insert_logged, note, note_structure, plain_tables
from onemap.layers.stores.rights import Right
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.cases import old_form
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.event import CARRIED_CHAIN, EDITION, Event
from onemap.rules.review.cases.event_store import NewEvent, event_of, replay_case
from onemap.rules.review.cases.event_tables import EVENTS, FILES, GRANTS, TABLES


def carry_over(library: Library) -> None:
    """Before a step: a file whose cases are of the older form is upgraded; a library on a server by its owner alone.

    Raises OneMapError library.upgrade_owner, review.carried_otherwise.
    """
    if library.has_table(EVENTS):
        return
    if library.path is None:
        raise OneMapError("library.upgrade_owner", file=library.label)
    upgrade(library, GRANTS)


def upgrade(library: Library, grants: Sequence[Right], tables: Sequence[str] = ()) -> Record:
    """Give a library the form and the rights of this version, in one transaction; the cases that were carried over.

    grants: on a server, of every room; tables: of every room, made where they are not there yet.
    Raises OneMapError library.upgrade_owner, library.altered for tables, views or rights that somebody has changed,
    review.carried_otherwise for a case that would read otherwise.
    """
    if not library.roles.is_owner:
        raise OneMapError("library.upgrade_owner", file=library.label)
    format_before = library.format
    with library.writing() as connection:
        book = read_log(library)
        refuse_altered(unlawful_structure(library, book))
        parts = {(kind, name) for kind in STRUCTURE for name in book.rows.get(kind, {})}
        connection.drop_policies()
        cases = _carry_cases(library, connection)
        for statement in tables:
            connection.execute(statement)
        connection.renew_rights(grants)
        _prove_cases(library, cases)
        for kind, name in parts - {(kind, name) for kind, name, _ in connection.structure(None)}:
            note(connection, kind, name, None)
        note_structure(connection)
        ids = [case.id for case in cases]
        library.note_format(connection, {"cases": ids})
    library.format = FORMAT
    return {"from": format_before, "to": FORMAT, "cases": ids}


def _prove_cases(library: Library, cases: Sequence[Case]) -> None:
    """Read each case again from its events. Raises OneMapError review.carried_otherwise."""
    for case in cases:
        if old_form.case_as_json(replay_case(library, case.id).current_case) != old_form.case_as_json(case):
            raise OneMapError("review.carried_otherwise", file=library.label, case=case.id)


def _carry_cases(library: Library, connection: StoreConnection) -> list[Case]:
    """Write each case as events, in new tables, and take the older ones away; the cases."""
    is_old = old_form.is_old(library)
    cases = [old_form.stored_case(library, case_id) for case_id in old_form.case_ids(library)] if is_old else []
    numbers: dict[str, tuple[int | None, int | None]] = {}
    if is_old:
        rows = connection.execute("SELECT case_id, year, sequence FROM onemap_documents").fetchall()
        numbers = {case_id: (year, sequence) for case_id, year, sequence in rows}
        files = connection.execute("SELECT DISTINCT case_id, hash, content FROM onemap_case_files").fetchall()
        for name in plain_tables(old_form.OLD_TABLES):
            _drop(connection, name)
    for statement in TABLES:
        connection.execute(statement)
    if is_old:
        insert_logged(connection, plain_tables(TABLES)[FILES], files)
    for case in cases:
        _carry_case(library, connection, case, numbers.get(case.id, (None, None)))
    return cases


def _carry_case(
    library: Library, connection: StoreConnection, case: Case, number: tuple[int | None, int | None]
) -> None:
    """The events of a case that is carried over: what it was, then the other runs on which it rests."""
    runs = [run for one in case.rounds for run in (one.run, *(remedy.run for remedy in one.remedies))]
    written: list[Event] = []
    for run in reversed(runs):
        is_first = not written
        facts = {"edition": EDITION, **({"case": old_form.case_as_json(case)} if is_first else {})}
        year, sequence = number if is_first else (None, None)
        new = NewEvent(case.id, CARRIED_CHAIN, "carry", facts, run=run, year=year, sequence=sequence)
        written.append(event_of(library, new, library.person(), written))
    insert_logged(connection, plain_tables(TABLES)[EVENTS], [event.values for event in written])
    log(connection, library.person(), "review.carry", case.id, {"round": case.round, "revision": case.revision})


def _drop(connection: StoreConnection, name: str) -> None:
    """Take a table of the older form away; the log says so of each of its rows."""
    if connection.has_table(name):
        table = plain_tables(old_form.OLD_TABLES)[name]
        for row in list(connection.read_rows(name, table.columns)):
            note(connection, name, table.row_name(row), None)
        connection.execute(compose_sql("DROP TABLE {name}", name=name))

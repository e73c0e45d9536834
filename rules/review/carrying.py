"""Carry the cases of an older library over into events, and prove that each case reads the same afterwards."""

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
    """Upgrade a library with cases of the older form before a step; on a server only its owner can, with `upgrade`.

    Raises OneMapError library.upgrade_owner, review.carried_otherwise.
    """
    if library.has_table(EVENTS):
        return
    if library.path is None:
        raise OneMapError("library.upgrade_owner", file=library.label)
    upgrade(library, GRANTS)


def upgrade(library: Library, grants: Sequence[Right], tables: Sequence[str] = ()) -> Record:
    """Give a library the form and rights of this version in one transaction; return the cases carried over.

    grants: rights on a server, for all parts of the program; tables: SQL of all parts' tables, made if they are
    missing. Raises OneMapError library.upgrade_owner, library.altered for tables, views or rights that somebody has
    changed, review.carried_otherwise for a case that would read differently.
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
    """Read each case again from its events and compare it. Raises OneMapError review.carried_otherwise."""
    for case in cases:
        if old_form.case_as_json(replay_case(library, case.id).current_case) != old_form.case_as_json(case):
            raise OneMapError("review.carried_otherwise", file=library.label, case=case.id)


def _carry_cases(library: Library, connection: StoreConnection) -> list[Case]:
    """Write each case as events in new tables, drop the older tables, and return the cases."""
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
    """Write the events of a carried case: its old state first, then one for each further run that it depends on."""
    runs = [run for one in case.rounds for run in (one.run, *(remedy.run for remedy in one.remedies))]
    new_events: list[Event] = []
    for run in reversed(runs):
        is_first = not new_events
        facts = {"edition": EDITION, **({"case": old_form.case_as_json(case)} if is_first else {})}
        year, sequence = number if is_first else (None, None)
        new = NewEvent(case.id, CARRIED_CHAIN, "carry", facts, run=run, year=year, sequence=sequence)
        new_events.append(event_of(library, new, library.person(), new_events))
    insert_logged(connection, plain_tables(TABLES)[EVENTS], [event.values for event in new_events])
    log(connection, library.person(), "review.carry", case.id, {"round": case.round, "revision": case.revision})


def _drop(connection: StoreConnection, name: str) -> None:
    """Drop a table of the older form; the log records each of its rows as removed."""
    if connection.has_table(name):
        table = plain_tables(old_form.OLD_TABLES)[name]
        for row in list(connection.read_rows(name, table.columns)):
            note(connection, name, table.row_name(row), None)
        connection.execute(compose_sql("DROP TABLE {name}", name=name))

"""Every table that a room stores in a library is made on a server, too, with the rights that it needs."""

import re

from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.rights import AUDITOR, DEPARTMENT, LEAD, LIBRARY_RIGHTS, PUBLIC, Grant, Guard
from onemap.rules.verbs.work.judgement_tables import GRANTS, TABLES
from onemap.tests.conftest import ROOT

NAME = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(onemap_\w+)")
RIGHTS = (*LIBRARY_RIGHTS, *GRANTS)
GRANTED = [right for right in RIGHTS if isinstance(right, Grant)]
MADE = {name for statement in (*LIBRARY_TABLES, *TABLES) for name in NAME.findall(statement)}


def test_a_table_that_is_made_anywhere_is_made_on_a_server_at_new():
    paths = [path for room in ("layers", "rules") for path in (ROOT / room).rglob("*.py")]
    sources = [path.read_text(encoding="utf-8") for path in paths if path.name != "old_form.py"]
    assert {name for text in sources for name in NAME.findall(text)} == MADE


def test_a_server_lets_somebody_read_every_table_and_speaks_of_no_other():
    assert {grant.table for grant in GRANTED if grant.action == "SELECT"} == MADE
    assert {grant.table for grant in GRANTED} == MADE


def test_the_auditor_is_granted_the_log_and_the_librarys_name_and_nobody_a_change_of_what_only_grows():
    assert {grant.table for grant in GRANTED if AUDITOR in grant.who} == {"onemap_audit", "onemap_library"}
    assert {grant.table for grant in GRANTED if grant.action == "UPDATE"} == set()
    assert {who for grant in GRANTED for who in grant.who} == {DEPARTMENT, LEAD, AUDITOR, PUBLIC}


def test_whatever_somebody_may_write_is_guarded():
    guarded = {(right.table, "INSERT") for right in RIGHTS if isinstance(right, Guard)}
    # An event is judged by whoever reads it, and stamped by its own trigger; files and notices are the lead's, by hash;
    # comments of the public, and who wrote them, have triggers of their own.
    judged = {
        (f"onemap_{name}", "INSERT") for name in ("events", "case_files", "notices", "comments", "comment_persons")
    }
    assert {(grant.table, grant.action) for grant in GRANTED if grant.action != "SELECT"} == guarded | judged

"""The tables that judgement stores in a library, and the rights to them on a server."""

import json
from collections.abc import Mapping

from onemap.layers.library import services
from onemap.layers.library.library import Library
from onemap.layers.messages import sentences
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.logged_rows import PlainTable, plain_tables
from onemap.layers.stores.rights import EVERYONE, Grant, Guard, Right
from onemap.layers.stores.sql_text import compose_sql, sql_literal
from onemap.rules.answers.compare import decisions
from onemap.rules.judge.inputs import subdivision_store
from onemap.rules.judge.runs import past_runs, run_store
from onemap.rules.numbers.warnings import warning_states
from onemap.rules.review import notice_tables
from onemap.rules.review.cases import event_tables, old_form

TABLES = (
    *services.TABLES,
    *run_store.TABLES,
    *past_runs.TABLES,
    *subdivision_store.TABLES,
    *decisions.TABLES,
    *warning_states.TABLES,
    *event_tables.TABLES,
    *notice_tables.TABLES,
)
# By the action of an entry of the log the table of which it tells.
_LOGGED_BY = {"decide": "onemap_decisions", past_runs.NAMED: run_store.NAMES, **warning_states.LOGGED_BY}
# Whoever reads the log must be able to: Python's JSON has bounds of its own.
_READABLE = (
    "length(NEW.detail) <= 100000000 AND jsonb_typeof(NEW.detail::jsonb) = 'object'"
    " AND NOT jsonb_path_exists(NEW.detail::jsonb, '$.**{24}')"
    " AND NOT jsonb_path_exists(NEW.detail::jsonb, '$.** ? (@ > 1e300 || @ < -1e300)')"
)
GRANTS: tuple[Right, ...] = (
    Grant("onemap_services", "SELECT", EVERYONE),
    Grant("onemap_snapshots", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "SELECT", EVERYONE),
    Grant("onemap_pack_texts", "INSERT", EVERYONE),
    Grant("onemap_pieces", "SELECT", EVERYONE),
    Guard(
        "onemap_pack_texts",
        {
            "hash": "NEW.hash = encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex')",
            "content": "length(NEW.content) <= 20000000",
        },
    ),
    # The log tells of what its transaction has written, and of nothing else; its rows are the server's own word.
    Guard(
        "onemap_audit",
        {
            "action": compose_sql(
                "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.subject AND r.xmin = this_step"
                " AND NEW.action = coalesce(r.record::jsonb ->> 'kind', 'check') AND {kinds}::jsonb ? NEW.action)"
                " OR NEW.detail::jsonb -> 'rows' ? ({tables}::jsonb ->> NEW.action) OR {an_event}",
                kinds=sql_literal(json.dumps(list(sentences("en")["run_kind"]))),
                tables=sql_literal(json.dumps(_LOGGED_BY)),
                an_event=event_tables.MAY_LOG,
            ),
            "detail": _READABLE,
            "heads": event_tables.TRUE_HEADS,
        },
    ),
    *past_runs.GRANTS,
    *decisions.GRANTS,
    *warning_states.GRANTS,
    *event_tables.GRANTS,
    *notice_tables.GRANTS,
)


def stored_tables(library: Library) -> Mapping[str, PlainTable]:
    """All plain tables that a library may have; in a library of an older form, those in which its cases are stored."""
    if old_form.is_old(library):
        return plain_tables(
            (*LIBRARY_TABLES, *(one for one in TABLES if one not in event_tables.TABLES), *old_form.OLD_TABLES)
        )
    return plain_tables((*LIBRARY_TABLES, *TABLES))

"""The tables that judgement stores in a library, and the rights to them on a server."""

from collections.abc import Mapping

from onemap.layers.library import services
from onemap.layers.library.library import Library
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.logged_rows import PlainTable, plain_tables
from onemap.layers.stores.rights import EVERYONE, Grant, Guard, Right
from onemap.layers.stores.sql_text import compose_sql
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
        {"not what the log says of it": "onemap_are_logged('onemap_pack_texts', 'hash', NEW.hash, this_step)"},
    ),
    # The log tells of what its transaction has written, and of nothing else.
    Guard(
        "onemap_audit",
        {
            "action": compose_sql(
                "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.subject AND r.xmin = this_step"
                " AND NEW.action = coalesce(r.record::jsonb ->> 'kind', 'check'))"
                " OR NEW.action = 'decide' AND EXISTS (SELECT FROM onemap_decisions AS d WHERE d.xmin = this_step)"
                " OR {a_name} OR {a_warning} OR {an_event}",
                a_name=past_runs.MAY_LOG,
                a_warning=warning_states.MAY_LOG,
                an_event=event_tables.MAY_LOG,
            ),
            "detail": "onemap_is_json(NEW.detail, 100000000)",
            "features of others": "NOT NEW.detail::jsonb ? 'features'",
            "rows of others": "onemap_are_own_rows(coalesce(NEW.detail::jsonb -> 'rows', '{}'), this_step)",
            "heads": event_tables.TRUE_HEADS,
        },
        {"not what the events are": event_tables.TRUE_ROWS},
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

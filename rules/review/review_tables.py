"""The tables of the review; all but onemap_cases and onemap_rounds only ever grow."""

from typing import Any

from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import WrittenRow, read_entries
from onemap.layers.library.rows_as_logged import check_rows, check_table
from onemap.layers.stores.logged_rows import plain_tables, stored_hashes
from onemap.layers.stores.rights import DEPARTMENT, EVERYONE, LEAD, Function, Grant, Right
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.review_guards import GUARDS

# A case's revision is the number of its last entry, so that a department's step changes no row that others write.
# watched: the layers and packs behind each department's opinion; rules: of each the department whose it is, then those
# that it wants consulted. Opinions: every state of every department's opinion is a row of its own; the one with the
# highest number holds.
TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_cases (id TEXT PRIMARY KEY, project TEXT NOT NULL, data TEXT NOT NULL,"
    " options TEXT NOT NULL, terms TEXT NOT NULL, state TEXT NOT NULL, round INTEGER NOT NULL,"
    " opened_by TEXT NOT NULL, opened_on TEXT NOT NULL, proposed TEXT, conclusion TEXT,"
    " conclusion_reason TEXT, decided_by TEXT, decided_on TEXT, document TEXT, issued_by TEXT, issued_on TEXT,"
    " at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS onemap_rounds (case_id TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL,"
    " watched TEXT NOT NULL, rules TEXT NOT NULL, opened_by TEXT NOT NULL, opened_on TEXT NOT NULL, circulated_by TEXT,"
    " circulated_on TEXT, PRIMARY KEY (case_id, number))",
    "CREATE TABLE IF NOT EXISTS onemap_opinions (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " department TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, conclusion TEXT NOT NULL,"
    " text TEXT NOT NULL, text_en TEXT, basis TEXT NOT NULL, routed INTEGER NOT NULL, why TEXT NOT NULL,"
    " drafted_by TEXT NOT NULL, drafted_on TEXT NOT NULL, signed_by TEXT, signed_on TEXT, due TEXT,"
    " stopped_on TEXT, unanswered TEXT, at TEXT NOT NULL, PRIMARY KEY (case_id, round, department, number))",
    "CREATE TABLE IF NOT EXISTS onemap_case_items (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " position INTEGER NOT NULL, item TEXT NOT NULL, department TEXT NOT NULL, title TEXT NOT NULL, rule TEXT,"
    " layer TEXT, reason TEXT, PRIMARY KEY (case_id, round, position))",
    "CREATE TABLE IF NOT EXISTS onemap_case_answers (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " department TEXT NOT NULL, item TEXT NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, who TEXT NOT NULL,"
    " day TEXT NOT NULL, PRIMARY KEY (case_id, round, department, item, number))",
    "CREATE TABLE IF NOT EXISTS onemap_overrides (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " parcel TEXT NOT NULL, rule TEXT NOT NULL, number INTEGER NOT NULL, before TEXT NOT NULL, verdict TEXT NOT NULL,"
    " reason TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " PRIMARY KEY (case_id, round, parcel, rule, number))",
    "CREATE TABLE IF NOT EXISTS onemap_case_entries (case_id TEXT NOT NULL, number INTEGER NOT NULL,"
    " round INTEGER NOT NULL, department TEXT, action TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " entered_on TEXT, at TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (case_id, number))",
    "CREATE TABLE IF NOT EXISTS onemap_case_files (case_id TEXT NOT NULL, position INTEGER NOT NULL,"
    " name TEXT NOT NULL, hash TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (case_id, position))",
    "CREATE TABLE IF NOT EXISTS onemap_case_remedies (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " number INTEGER NOT NULL, run TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " PRIMARY KEY (case_id, round, number))",
    "CREATE TABLE IF NOT EXISTS onemap_documents (year INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " case_id TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (year, sequence))",
)
FILES = "onemap_case_files"


# On a server a department sees its own drafts and what is common, and speaks only for itself; the lead consolidates.
# A draft by the machine follows from findings that all may see; what was returned is common if it was signed before.
# The lead sees all, for it opens new rounds of all. What a row may say: `review_guards`.
_OWN = "department = ANY({departments})"
_OPEN = (
    "EXISTS (SELECT 1 FROM onemap_cases AS c WHERE c.id = onemap_opinions.case_id AND c.round = onemap_opinions.round"
    " AND c.state = 'circulating')"
)
_COMMON = (
    "state = 'signed' OR signed_by IS NOT NULL OR drafted_by = 'onemap' OR state = 'deemed' AND text = ''"
    " OR state = 'returned' AND onemap_was_signed(case_id, round, department, number - 1)"
)
_SIGNED = "onemap_was_signed(case_id, round, department, NULL)"
_WAS_SIGNED = Function(
    "onemap_was_signed",
    "of_case text, of_round bigint, of_department text, of_number bigint",
    "boolean",
    "SELECT coalesce((SELECT signed_by IS NOT NULL FROM onemap_opinions WHERE case_id = of_case"
    " AND round = of_round AND department = of_department AND number = coalesce(of_number, number)"
    " ORDER BY number DESC LIMIT 1), false)",
)
# What the log says of a case's rows, for those who may not read it: of what a department keeps to itself only that
# there is a row.
_CASE_LOG = Function(
    "onemap_case_log",
    "of_case text",
    "TABLE (of_table text, name text, hash text, at text, who text)",
    "SELECT t.key, r.key, CASE WHEN t.key NOT IN ('onemap_opinions', 'onemap_case_answers')"
    " OR split_part(r.key, '/', 3) = ANY({departments}) THEN r.value END, a.at, a.who"
    " FROM onemap_audit AS a CROSS JOIN jsonb_each(a.detail::jsonb -> 'rows') AS t"
    " CROSS JOIN jsonb_each_text(t.value) AS r"
    " WHERE (a.subject = of_case OR starts_with(a.subject, of_case || ' '))"
    " AND substr(a.action, 1, 7) = 'review.' ORDER BY a.number",
)
_DECIDED = ("proposed", "conclusion", "conclusion_reason", "decided_by", "decided_on")
_ISSUED = ("document", "issued_by", "issued_on")
GRANTS: tuple[Right, ...] = (
    _WAS_SIGNED,
    _CASE_LOG,
    *(
        Grant(table, "SELECT", EVERYONE)
        for table in (
            "onemap_cases",
            "onemap_rounds",
            "onemap_case_items",
            "onemap_overrides",
            "onemap_case_entries",
            "onemap_case_files",
            "onemap_case_remedies",
            "onemap_documents",
        )
    ),
    *(
        Grant(table, "INSERT", (LEAD,))
        for table in ("onemap_cases", "onemap_rounds", "onemap_case_items", "onemap_case_files", "onemap_documents")
    ),
    Grant("onemap_cases", "UPDATE", (LEAD,), columns=("state", "round", "options", "terms", *_DECIDED, *_ISSUED)),
    Grant("onemap_rounds", "UPDATE", (LEAD,), columns=("circulated_by", "circulated_on")),
    Grant("onemap_opinions", "SELECT", (DEPARTMENT,), f"{_OWN} OR {_COMMON}"),
    Grant("onemap_opinions", "SELECT", (LEAD,)),
    Grant(
        "onemap_opinions", "INSERT", (DEPARTMENT,), f"{_OWN} AND {_OPEN} AND state IN ('drafted', 'signed', 'returned')"
    ),
    Grant("onemap_opinions", "INSERT", (LEAD,), "state <> 'signed'"),
    Grant("onemap_case_answers", "SELECT", (DEPARTMENT,), f"{_OWN} OR {_SIGNED}"),
    Grant("onemap_case_answers", "SELECT", (LEAD,)),
    Grant("onemap_case_answers", "INSERT", (DEPARTMENT,), _OWN),
    Grant("onemap_overrides", "INSERT", (DEPARTMENT,)),
    # What would pass is no opinion: whoever reviews may have it found, and all see it.
    Grant("onemap_case_remedies", "INSERT", EVERYONE),
    Grant("onemap_case_entries", "INSERT", (DEPARTMENT,), _OWN + " OR department IS NULL"),
    Grant("onemap_case_entries", "INSERT", (LEAD,)),
    *GUARDS,
)


def row_hashes(connection: StoreConnection, case_id: str) -> dict[str, dict[str, str]]:
    """The hash of every row of a case, by table and name. Files never change: they are noted when they are attached."""
    found = {}
    for name, table in plain_tables(TABLES).items():
        if name != FILES:
            of_case = "id" if name == "onemap_cases" else "case_id"
            found[name] = stored_hashes(connection, table, **{of_case: case_id})
    return found


def check_case(library: Library, case_id: str) -> dict[str, dict[str, str]]:
    """Refuse to go on with a case whose rows are not what its steps have written; else their hashes, as `row_hashes`.

    On a server a department is told by the log of the rows that it may see. Raises OneMapError library.altered.
    """
    stored = row_hashes(library.connection, case_id)
    if library.roles.is_owner or library.roles.is_lead:
        of_case = "subject = ? OR substr(subject, 1, ?) = ?"
        book = read_entries(library, of_case, (case_id, len(case_id) + 1, f"{case_id} "))
        check_rows(library, stored, book.rows)
        return stored
    written: dict[str, dict[str, WrittenRow]] = {}
    seen = {table: dict(rows) for table, rows in stored.items()}
    known = library.connection.execute("SELECT of_table, name, hash, at, who FROM onemap_case_log(?)", (case_id,))
    for table, name, hash_, at, who in known:
        if hash_ is None:  # of another department's, of which it may see the row, but not what it was before
            seen.get(table, {}).pop(name, None)
        else:
            written.setdefault(table, {})[name] = WrittenRow(hash_, at, who)
    check_rows(library, seen, written)
    return stored


def check_cases(library: Library, table: str) -> None:
    """Hold the rows of one table of all cases against the log. Raises OneMapError library.altered."""
    check_table(library, plain_tables(TABLES)[table], "substr(action, 1, 7) = 'review.'")


def make_tables(connection: Any) -> None:
    """Make what is missing of the review's tables, inside the open transaction."""
    for statement in TABLES:
        connection.execute(statement)

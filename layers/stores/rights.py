"""Rights in a shared library as plain values; a server turns them into roles, grants and policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onemap.layers.stores.sql_text import Sql, compose_sql, sql_literal

DEPARTMENT, LEAD, AUDITOR, OWNER = "department", "lead", "auditor", "owner"
PUBLIC = "public"  # the one account under which anybody's comments on a public notice are written
EVERYONE = (DEPARTMENT, LEAD)


@dataclass(frozen=True)
class Grant:
    """A permission on a table: SELECT or INSERT. The owner of the tables has all permissions.

    rows: which rows, as an SQL condition, in which `{departments}` stands for an array of the departments that the
    asker speaks for. columns: empty for all.
    """

    table: str
    action: str
    who: tuple[str, ...]
    rows: str = "true"
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guard:
    """A condition on every row that anyone but the owner writes, in addition to the grants.

    conditions: SQL conditions on NEW, by the message for a row that fails. They may use `account`, the account that
    signed in; `is_lead`, whether the account acts for the lead; `this_step`, the transaction's number, which is the
    xmin of the rows that it wrote. at_commit: conditions that must hold when everything is written.
    """

    table: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    at_commit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """The objects besides tables that a module declares: on a server and in a file.

    server: SQL with the placeholders `{schema}`, `{owner}`, `{lead}` and `{readers}`, and for names `{lead_role}` and
    `{public_role}`; file: statements.
    """

    server: str
    file: tuple[str, ...]


Right = Grant | Guard | Script


@dataclass(frozen=True)
class Roles:
    """The departments for which an open library's user may act. In a file, and as the owner on a server: all."""

    departments: tuple[str, ...]
    is_lead: bool
    is_owner: bool = False
    is_public: bool = False

    @property
    def reads_layers(self) -> bool:
        """False for the auditor, who reads the log and nothing else."""
        return bool(self.is_owner or self.is_lead or self.departments)


OF_NOW = "onemap_is_moment(NEW.at) AND NEW.at::timestamptz BETWEEN transaction_timestamp() AND clock_timestamp()"


def next_number(table: str) -> Sql:
    """The condition that the number of an appended row is the next one."""
    return compose_sql("NEW.number = 1 + coalesce((SELECT max(t.number) FROM {table} AS t), 0)", table=table)


def are_logged(table: str) -> dict[str, str]:
    """Return the commit condition that the log has the numbered rows; a transaction's last row checks all of them."""
    condition = compose_sql(
        "NEW.number < (SELECT max(t.number) FROM {table} AS t) OR onemap_are_logged({name}, 'number', NULL, this_step)",
        table=table,
        name=sql_literal(table),
    )
    return {"not what the log says of it": condition}


# A run is of whoever records it. Whether all that it says can be read, its readers ask, and pass over what cannot.
_RUN = {
    "id": "NEW.id ~ '^[0-9A-Za-z-]{1,64}$'",
    "who": "NEW.who = account",
    "started": "onemap_is_moment(NEW.started) AND NEW.started::timestamptz <= clock_timestamp() + interval '1 hour'",
    "record": "onemap_is_json(NEW.record, 100000000)",
    "record's words": "(SELECT record ->> 'id' = NEW.id AND record ->> 'who' = account"
    " AND record ->> 'started' = NEW.started FROM (SELECT NEW.record::jsonb AS record) AS one)",
}
_RUN_IS_LOGGED = (
    "onemap_are_logged('onemap_runs', 'id', NEW.id, this_step)"
    " AND onemap_are_logged('onemap_run_blocks', 'run', NEW.id, this_step)"
)
LIBRARY_RIGHTS: tuple[Right, ...] = (
    Grant("onemap_library", "SELECT", (*EVERYONE, AUDITOR)),
    Grant("onemap_library", "SELECT", (PUBLIC,), "key IN ('id', 'name', 'srs_id', 'format', 'rehearsal')"),
    *(
        Grant(table, "SELECT", EVERYONE)
        for table in ("onemap_district", "onemap_packs", "onemap_catalogue", "onemap_versions", "onemap_row_hashes")
    ),
    Grant("onemap_runs", "SELECT", EVERYONE),
    Grant("onemap_runs", "INSERT", EVERYONE),
    Grant("onemap_run_blocks", "SELECT", EVERYONE),
    Grant("onemap_run_blocks", "INSERT", EVERYONE),
    Grant("onemap_audit", "SELECT", (LEAD, AUDITOR)),
    Grant("onemap_audit", "INSERT", EVERYONE),
    Guard("onemap_runs", _RUN, {"not what the log says of it": _RUN_IS_LOGGED}),
    Guard(
        "onemap_run_blocks",
        {
            "numbers": "NEW.first BETWEEN 0 AND 1000000000 AND NEW.count BETWEEN 0 AND 100000000",
            "name": "NEW.name ~ '^[a-z_]{1,40}$'",
            "run": "NOT EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.run AND r.xmin <> this_step)",
        },
        {"run": "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.run AND r.xmin = this_step)"},
    ),
)

"""Rights in a shared library as plain values; a server turns them into roles, grants and policies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEPARTMENT, LEAD, AUDITOR, OWNER = "department", "lead", "auditor", "owner"
PUBLIC = "public"  # the one account under which anybody's comments on a public notice are written
MAP = "map"  # the accounts of map servers, and of programs that only show the layers
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
    """A condition on every row that somebody writes, in addition to the grants.

    conditions: SQL conditions on NEW, by the message for a row that fails. They may use `account`, the account that
    signed in; `is_lead`, whether the account acts for the lead; `this_step`, the transaction's number, which is the
    xmin of the rows that it wrote. is_signed: the server itself sets the columns number, who and at. binds_owner: the
    owner's accounts are not exempt. at_commit: they are asked when the transaction ends.
    """

    table: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    is_signed: bool = False
    binds_owner: bool = False
    at_commit: bool = False


@dataclass(frozen=True)
class Script:
    """The objects besides tables that a module declares: on a server and in a file.

    server: SQL with the placeholders `{schema}`, `{owner}`, `{lead}` and `{readers}`, and for names `{lead_role}` and
    `{public_role}`; file: statements.
    """

    server: str
    file: tuple[str, ...]


@dataclass(frozen=True)
class ClosedTable:
    """A table whose rows nobody changes or removes, not even the owner by mistake. actions: those that are refused."""

    table: str
    actions: str = "UPDATE OR DELETE OR TRUNCATE"


Right = Grant | Guard | ClosedTable | Script


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

    @property
    def reads_log(self) -> bool:
        """Whether the account may read the log and all that it tells of; on a server a department's may not."""
        return self.is_owner or self.is_lead


READ_COMMITTED, IS_READ_COMMITTED = "read committed", "current_setting('transaction_isolation') = 'read committed'"
QUOTA, CONFLICT = "quota", "conflict"  # messages of conditions that a program of ours may fail, too
BOUNDED = {"size": "pg_column_size(NEW) <= 10000000"}  # bytes of a row that a person writes
_MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
# A run is of whoever records it. Whether all that it says can be read, its readers ask, and pass over what cannot.
_RUN = {
    "id": "NEW.id ~ '^[0-9A-Za-z-]{1,64}$'",
    "words": "(SELECT (said ->> 'id', said ->> 'who', said ->> 'started') = (NEW.id, account, NEW.started)"
    " FROM (SELECT NEW.record::jsonb AS said) AS one)",
    "who": "NEW.who = account",
    "size": "length(NEW.record) <= 100000000",
    "started": f"NEW.started ~ '{_MOMENT}' AND NEW.started::timestamptz <= clock_timestamp() + interval '1 hour'",
}
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
    ClosedTable("onemap_audit"),
    Guard("onemap_runs", _RUN),
    Guard(
        "onemap_run_blocks",
        {"run": "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.run AND r.xmin = this_step)"},
        at_commit=True,
    ),
)

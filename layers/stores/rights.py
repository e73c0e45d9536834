"""Who may do what in a library that many share: plain values, which a server turns into roles, grants and policies."""

from dataclasses import dataclass

DEPARTMENT, LEAD, AUDITOR = "department", "lead", "auditor"
EVERYONE = (DEPARTMENT, LEAD)


@dataclass(frozen=True)
class Grant:
    """What some may do with a table: SELECT, INSERT or UPDATE. The owner of the tables may do all.

    rows: which rows, as an SQL condition; `{departments}` in it stands for the departments that the asker speaks for,
    an array. columns: of an UPDATE, empty for all.
    """

    table: str
    action: str
    who: tuple[str, ...]
    rows: str = "true"
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """For whom an open library's user may speak. In a file, and as the owner on a server: for everyone."""

    departments: tuple[str, ...]
    is_lead: bool
    is_owner: bool = False

    @property
    def reads_layers(self) -> bool:
        """False for the auditor, who reads the log and nothing else."""
        return bool(self.is_owner or self.is_lead or self.departments)


LIBRARY_GRANTS = (
    Grant("onemap_library", "SELECT", (*EVERYONE, AUDITOR)),
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
)

"""A library in a schema of a PostGIS database: opened, made, written by many at once."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyproj
from psycopg import errors, sql

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.server_address import ServerAddress, is_plainly_spelled, server_address
from onemap.layers.stores.rights import Roles
from onemap.layers.stores.server.account_connection import HELD, HELD_ADDRESS, LentConnection, undo_transaction
from onemap.layers.stores.server.server_connection import LayerInUseError, ServerConnection
from onemap.layers.stores.server.server_refusals import connection_refused, server_errors_as_refusals
from onemap.layers.stores.server.server_rights import ServerRoles, make_roles, roles_of, roles_refusal, schema_grant
from onemap.layers.stores.server.server_session import ALIVE, POSTGIS_SCHEMA, settle_session
from onemap.layers.stores.server.snapshot_answers import SnapshotAnswers
from onemap.layers.stores.session import SESSION_CACHE, SessionCache

_CONNECT_WAIT_S = 10
_MAKING_WAIT_S = 30.0
_APPENDING_WAIT_S = 2.0
# Readers hold up no writer, but for a table or view that is wanted alone; whoever waits is not the one who is waited
# for. The two conditions are whose locks count.
_HOLDERS = """SELECT a.usename::text, to_char(min(a.xact_start), 'YYYY-MM-DD HH24:MI'),
array_agg(DISTINCT c.relname::text)
FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted
AND c.relnamespace = (%s)::text::regnamespace AND l.pid <> pg_backend_pid()
AND (l.mode <> 'AccessShareLock' OR %s) AND (c.relname = (%s)::text OR (%s)::text IS NULL AND c.relkind <> 'i')
AND NOT EXISTS (SELECT FROM pg_locks AS w WHERE w.pid = l.pid AND NOT w.granted) GROUP BY 1 ORDER BY 1"""
# Of our own sessions: one that sleeps in a transaction, on a laptop that was closed, gives its turn back; and a table
# that somebody has locked is waited for as long as a turn.
_AT_HOME = "SET idle_in_transaction_session_timeout = '30min'; SET lock_timeout = {}; SET search_path TO {}"
# What was said to be written outlives a crash of the server, even where its other users prefer speed.
_DURABLE = "SET LOCAL synchronous_commit = on"
_SCHEMAS = """SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'onemap_library' AND c.relkind = 'r' ORDER BY 1"""
_DAYS_OF = """SELECT to_char(moment AT TIME ZONE split_part(setting, '=', 2), 'YYYY-MM-DD')
FROM unnest(?::timestamptz[]) WITH ORDINALITY AS given (moment, number), pg_proc p, unnest(p.proconfig) AS setting
WHERE p.oid = to_regprocedure(quote_ident(?) || '.onemap_today()') AND setting ILIKE 'timezone=%' ORDER BY number"""


class ServerStore:
    """`Store` on a schema. wait_s: how long a writer waits for another; kept: stays with the connection."""

    def __init__(
        self,
        label: str,
        connection: ServerConnection,
        roles: Roles,
        caches: dict[Any, Any],
        *,
        writable: bool,
        wait_s: float,
    ) -> None:
        self.path: Path | None = None
        self.label = label
        self.connection = connection
        self.kept = caches
        self.roles = roles
        # Whoever has logged in, although the owner's role is taken to write.
        self.account: str | None = connection.raw.info.user
        self.writable = writable
        self._wait_s = wait_s

    def today(self) -> date:
        """The day by the server's clock, whatever time zone the client has set."""
        return date.fromisoformat(self.connection.execute("SELECT onemap_today()").fetchone()[0])

    def days_of(self, moments: Sequence[datetime]) -> list[date]:
        """The days of moments by the server's clock; `onemap_today` keeps its time zone."""
        rows = self.connection.execute(_DAYS_OF, ([*moments], self.connection.schema))
        return [date.fromisoformat(day) for (day,) in rows]

    @contextlib.contextmanager
    def reading(self) -> Iterator[ServerConnection]:
        """Open one snapshot in a read transaction while writers go on; inside another one it is part of that."""
        raw = self.connection.raw
        if raw.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            yield self.connection
            return
        raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.connection.answers = SnapshotAnswers()
        try:
            yield self.connection
        finally:
            self.connection.answers = None
            undo_transaction(raw)

    @contextlib.contextmanager
    def writing(self, scope: str | None) -> Iterator[ServerConnection]:
        """Open one transaction, alone in its scope; without a scope the only one that logs.

        Raises OneMapError library.read_only_server, library.busy, and the server's refusals.
        """
        with self._transaction(self._wait_s) as raw:
            if scope is None:
                raw.execute("SELECT onemap_take_turn()")
            else:
                raw.execute("SELECT onemap_take_turn(%s::text)", (scope,))
            yield self.connection

    @contextlib.contextmanager
    def appending(self) -> Iterator[ServerConnection]:
        """Open one transaction that waits for no other writer, except up to two seconds for one on the same chain.

        Raises as `writing`.
        """
        with self._transaction(_APPENDING_WAIT_S):
            yield self.connection

    @contextlib.contextmanager
    def _transaction(self, wait_s: float) -> Iterator["psycopg.Connection[Any]"]:
        if not self.writable:
            raise OneMapError("library.read_only_server", file=self.label)
        raw = self.connection.raw
        with server_errors_as_refusals(self.label):
            raw.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            try:
                raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(round(wait_s * 1000))))
                raw.execute(_DURABLE)
                yield raw
                raw.execute("COMMIT")
            except errors.LockNotAvailable as error:
                undo_transaction(raw)
                raise self._busy(raw, error) from error
            except BaseException:
                undo_transaction(raw)
                raise

    def _busy(self, raw: "psycopg.Connection[Any]", error: errors.LockNotAvailable) -> OneMapError:
        """Return the refusal that names who holds a lock: accounts at work in the schema that wait for nobody.

        If no one writes, or a view had to be locked alone, it names whoever has something open, even only to read.
        """
        layer = error.layer if isinstance(error, LayerInUseError) else None
        for with_readers in (True,) if layer else (False, True):
            holders: list[tuple[str, str | None, list[str]]] = []
            with contextlib.suppress(psycopg.Error):
                holders = raw.execute(_HOLDERS, (self.connection.schema, with_readers, layer, layer)).fetchall()
            if holders:
                # A server tells when another's transaction began only to those who may see its statistics.
                since = min((moment for _, moment, _ in holders if moment), default=None)
                facts: dict[str, Any] = {"file": self.label, "accounts": [account for account, _, _ in holders]}
                facts["since"] = Problem("system.since", {"moment": since}) if since else ""
                if not with_readers:
                    return OneMapError("library.busy_with", **facts)
                names = sorted({name for _, _, open_names in holders for name in open_names})
                return OneMapError("library.busy_reading", layer=layer or ", ".join(names), **facts)
        return OneMapError("library.busy", file=self.label)


@contextlib.contextmanager
def _connect_server(address: ServerAddress) -> Iterator[LentConnection]:
    """Open a connection, and close it at the end.

    Raises OneMapError library.unreachable, library.password, library.address, library.pooled.
    """
    if not is_plainly_spelled(address.conninfo):
        raise OneMapError("library.address")
    try:
        raw = psycopg.connect(
            address.conninfo,
            autocommit=True,
            connect_timeout=_CONNECT_WAIT_S,
            **ALIVE,
            client_encoding="utf8",
            application_name="onemap",
        )
    except psycopg.OperationalError as error:
        raise connection_refused(error, address) from None
    except (psycopg.Error, ValueError):
        raise OneMapError("library.address") from None  # its words would repeat what was typed
    with contextlib.closing(raw):
        with server_errors_as_refusals(address.label):
            settle_session(raw, address.label)
        yield LentConnection(raw)


def _lend_connection(address: ServerAddress) -> AbstractContextManager[LentConnection]:
    """Lend a new connection, or the session's, which stays open for the next request; a lost one is made anew.

    Each request asks for rights, facts and versions again, and for the marks of features near some ground. The address
    of an account that has signed in leads only to the connection that is held.
    """
    if address.conninfo.startswith(HELD_ADDRESS):
        return HELD.lend()
    cache: SessionCache[LentConnection] | None = SESSION_CACHE.get()
    if cache is None:
        return _connect_server(address)
    return cache.open_or_reuse(address.conninfo, _as_new, lambda: _connect_server(address))


def _as_new(lent: LentConnection) -> bool | None:
    """Reset a connection for another library; None if it is lost, or still busy."""
    is_idle = lent.raw.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    return True if is_idle and lent.leave_library() else None


def _at_home(raw: "psycopg.Connection[Any]", schema: str, label: str, wait_s: float) -> None:
    """Limit the search path to the library's schema and PostGIS's, and limit the wait for locks to `wait_s`.

    Raises OneMapError library.no_postgis.
    """
    schema_row = raw.execute(POSTGIS_SCHEMA).fetchone()
    if schema_row is None:
        raise OneMapError("library.no_postgis", file=label)
    path = sql.SQL(", ").join(map(sql.Identifier, (schema, schema_row[0])))
    raw.execute(sql.SQL(_AT_HOME).format(sql.Literal(round(wait_s * 1000)), path))


@contextlib.contextmanager
def open_server(location: str, wait_s: float) -> Iterator[ServerStore]:
    """Open an existing library on a server; close the connection at the end, unless the session keeps it open.

    Raises OneMapError library.…, including the server's own refusals.
    """
    address = server_address(location)
    with _lend_connection(address) as lent, server_errors_as_refusals(address.label):
        raw = lent.raw
        may_use = dict(raw.execute(_SCHEMAS).fetchall())
        schemas = list(may_use)
        if address.schema is None and len(schemas) > 1:
            raise OneMapError("library.several", file=address.label, names=schemas)
        address = replace(address, schema=address.schema or (schemas[0] if schemas else "onemap"))
        schema, label = str(address.schema), address.label
        if schema not in schemas:
            raise OneMapError("library.no_schema", file=label, names=schemas or None)
        if not may_use[schema]:
            raise OneMapError("library.no_right", file=label, reason=f"permission denied for schema {schema}")
        _at_home(raw, schema, label, wait_s)
        groups = ServerRoles(schema)
        roles = roles_of(raw, groups, label)
        if roles.is_owner:
            raw.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(groups.owner)))
        connection = ServerConnection(raw, groups)
        writable = raw.execute(
            "SELECT (has_table_privilege('onemap_audit', 'INSERT')"
            " OR coalesce(has_table_privilege(to_regclass('onemap_comments'), 'INSERT'), false))"
            " AND NOT pg_is_in_recovery()"
            " AND current_setting('default_transaction_read_only') = 'off'"
        ).fetchone() == (True,)
        with server_errors_as_refusals(label):
            yield ServerStore(label, connection, roles, lent.kept, writable=writable, wait_s=wait_s)


def make_server(location: str, schema: str, crs: pyproj.CRS, fill: Callable[[ServerConnection], None]) -> None:
    """Make a new library's schema and roles, filled in one transaction.

    Raises OneMapError library.exists, library.encoding, library.roles, library.no_postgis, library.srid, and the
    server's refusals.
    """
    address = replace(server_address(location), schema=schema)
    roles = ServerRoles(schema)
    srs_id = crs.to_epsg()
    with (
        _connect_server(address) as lent,
        server_errors_as_refusals(address.label),
        lent.raw.transaction(),
    ):
        raw = lent.raw
        raw.execute(_DURABLE)
        if raw.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is not None:
            raise OneMapError("library.exists", file=address.label)
        encoding = raw.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise OneMapError("library.encoding", file=address.label, encoding=encoding)
        _at_home(raw, schema, address.label, _MAKING_WAIT_S)
        if raw.execute("SELECT 1 FROM spatial_ref_sys WHERE srid = %s", (srs_id,)).fetchone() is None:
            raise OneMapError("library.srid", file=address.label, srid=srs_id)
        grants = schema_grant(raw)
        make_roles(raw, roles, address.label, grants)
        if grants:
            raise roles_refusal(raw, address.label, grants)
        owner = sql.Identifier(roles.owner)
        try:
            raw.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(sql.Identifier(schema), owner))
        except (errors.DuplicateSchema, errors.UniqueViolation):  # someone makes the same library at the same time
            raise OneMapError("library.exists", file=address.label) from None
        raw.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        connection = ServerConnection(raw, roles)
        connection.srs_id = srs_id or 0
        fill(connection)

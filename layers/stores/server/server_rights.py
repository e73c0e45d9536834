"""Roles, grants and policies of a library on a server, and the log that nobody can change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.stores.rights import (
    AUDITOR,
    DEPARTMENT,
    LEAD,
    LIBRARY_RIGHTS,
    MAP,
    OWNER,
    PUBLIC,
    ClosedTable,
    Grant,
    Guard,
    Right,
    Roles,
    Script,
)
from onemap.layers.stores.server.server_guards import WORDS, make_guard

if TYPE_CHECKING:
    import psycopg

TURNS = "turns_of_writers"  # a row for each scope, which a writer locks until it is done
SET_IS_A_RIGHT = 160000  # the version of PostgreSQL
# Every function names its schema: what runs with its owner's rights must not find another's tables first.
# What a member's entry of the log says of rows is the server's word, and it says nothing of features.
# Writers take turns by rows of a table that none but the owner may see: an advisory lock could be taken by anybody, and
# its number is shown to all as long as somebody holds it.
_FUNCTIONS = """
CREATE FUNCTION onemap_departments() RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(array_agg(code), '{{}}') FROM unnest({departments}::text[]) AS code
  WHERE pg_has_role(current_user, {prefix} || code, 'USAGE') $f$;
CREATE TABLE {turns} (scope text PRIMARY KEY);
CREATE FUNCTION onemap_take_turn(of_scope text) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, {schema}, pg_temp AS $f$
  INSERT INTO {turns} VALUES (of_scope) ON CONFLICT DO NOTHING;
  SELECT FROM {turns} AS turn WHERE turn.scope = of_scope FOR UPDATE $f$;
CREATE FUNCTION onemap_take_turn() RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, {schema}, pg_temp AS $f$ SELECT onemap_take_turn('') $f$;
CREATE FUNCTION onemap_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, {schema}, pg_temp AS $f$
DECLARE last_number bigint; last_hash text;
BEGIN
  PERFORM onemap_take_turn();
  IF NOT pg_has_role(session_user, {owner}, 'MEMBER') THEN
    BEGIN
      NEW.detail := (NEW.detail::jsonb - 'features')
        || jsonb_build_object('rows', onemap_written_rows(NEW.detail::jsonb -> 'rows'));
    EXCEPTION WHEN data_exception OR invalid_parameter_value OR statement_too_complex THEN
      RAISE EXCEPTION 'onemap_audit: the detail of an entry is a table in JSON (%)', SQLERRM
        USING ERRCODE = 'insufficient_privilege';
    END;
  END IF;
  SELECT number, hash INTO last_number, last_hash FROM {schema}.onemap_audit ORDER BY number DESC LIMIT 1;
  NEW.number := coalesce(last_number, 0) + 1;
  NEW.at := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  NEW.who := session_user;
  NEW.content_hash := encode(sha256(convert_to(NEW.detail, 'UTF8')), 'hex');
  NEW.previous_hash := coalesce(last_hash, '');
  NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n', NEW.previous_hash, NEW.at, NEW.who, NEW.action, NEW.subject,
    NEW.content_hash), 'UTF8')), 'hex');
  RETURN NEW;
END $f$;
CREATE FUNCTION onemap_closed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $f$;
CREATE FUNCTION onemap_chain_head() RETURNS TABLE (number bigint, hash text) LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, {schema}, pg_temp AS $f$
  SELECT a.number, a.hash FROM {schema}.onemap_audit a ORDER BY a.number DESC LIMIT 1 $f$;
CREATE TRIGGER onemap_chain BEFORE INSERT ON onemap_audit FOR EACH ROW EXECUTE FUNCTION onemap_chain();
ALTER TABLE onemap_audit ADD UNIQUE (previous_hash)
"""
_CLOSE = "CREATE TRIGGER onemap_closed BEFORE {actions} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION onemap_closed()"
_EXECUTION = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION onemap_today(), onemap_moment(), onemap_departments() TO {all};
GRANT EXECUTE ON FUNCTION onemap_chain_head() TO {everyone};
GRANT EXECUTE ON FUNCTION onemap_take_turn() TO {writers}
"""


@dataclass(frozen=True)
class ServerRoles:
    """The roles of one library. A role is a group, and people's accounts are its members."""

    schema: str

    def role_name(self, part: str) -> str:
        """Return the role of a department, of the lead, the auditor or the owner."""
        return f"onemap_{self.schema}_{part}"

    @property
    def owner(self) -> str:
        """The role that owns the tables and may do everything."""
        return self.role_name(OWNER)

    @property
    def readers(self) -> list[str]:
        """The roles that read what is stored in the library, and write: departments and the lead."""
        return [self.role_name(part) for part in (*DEPARTMENTS, LEAD)]

    @property
    def of_layers(self) -> list[str]:
        """The roles that read the layers' tables and views."""
        return [*self.readers, self.role_name(MAP)]

    @property
    def all(self) -> list[str]:
        """Every role of the library."""
        return [*self.of_people, self.role_name(PUBLIC), self.role_name(MAP)]

    @property
    def of_people(self) -> list[str]:
        """The roles of people who work in the library."""
        return [self.owner, *self.readers, self.role_name(AUDITOR)]

    def of(self, who: Sequence[str]) -> list[str]:
        """The roles to which a grant applies."""
        parts = [part for kind in who for part in (DEPARTMENTS if kind == DEPARTMENT else (kind,))]
        return [self.role_name(part) for part in parts]


def schema_grant(connection: "psycopg.Connection[Any]") -> list[sql.Composed]:
    """The statement by which an administrator lets the current account make schemas; none if it may."""
    query = "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE')"
    account, database, may = connection.execute(query).fetchone()  # type: ignore[misc]
    grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
    return [] if may else [grant.format(sql.Identifier(database), sql.Identifier(account))]


def make_roles(
    connection: "psycopg.Connection[Any]", roles: ServerRoles, label: str, more: Sequence[sql.Composed] = ()
) -> None:
    """Make the missing roles, and make the current account a member of the owner.

    more: what the administrator runs besides. Raises OneMapError library.roles with the SQL that one runs once.
    """
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (roles.all,))}
    missing = [role for role in roles.all if role not in there]
    new_roles = [sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)) for role in missing]
    owner = sql.Identifier(roles.owner)
    account = connection.execute("SELECT current_user").fetchone()[0]  # type: ignore[index]
    member = sql.SQL("GRANT {} TO {}").format(owner, sql.Identifier(account))
    try:
        for statement in new_roles:
            with connection.transaction():
                try:
                    connection.execute(statement)
                except (errors.DuplicateObject, errors.UniqueViolation) as error:
                    raise _RoleAlreadyMade from error
    except _RoleAlreadyMade:
        make_roles(connection, roles, label, more)  # someone makes the same roles at the same time
        return
    except errors.InsufficientPrivilege:
        raise roles_refusal(connection, label, (*new_roles, member, *more)) from None
    # Since PostgreSQL 16 who makes a role may grant it, to himself too, but is not yet one who may take it.
    kind = "SET" if connection.info.server_version >= SET_IS_A_RIGHT else "MEMBER"
    is_member = connection.execute("SELECT pg_has_role(current_user, %s, %s)", (roles.owner, kind)).fetchone()
    if is_member == (True,):
        return
    try:
        with connection.transaction():
            connection.execute(member)
    except errors.InsufficientPrivilege:
        raise roles_refusal(connection, label, (member, *more)) from None


def roles_refusal(connection: "psycopg.Connection[Any]", label: str, statements: Iterable[sql.Composed]) -> OneMapError:
    """The refusal library.roles with what an administrator runs once for the current account."""
    script = "".join(f"{statement.as_string(connection)}; " for statement in statements).strip()
    return OneMapError("library.roles", file=label, account=connection.info.user, sql=script)


class _RoleAlreadyMade(Exception):
    """A role that was not there a moment ago."""


_DROP_POLICIES = """
DO $d$ DECLARE one record; BEGIN
  FOR one IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = {name} LOOP
    EXECUTE format('DROP POLICY %I ON %I.%I', one.policyname, {name}, one.tablename);
  END LOOP;
END $d$
"""
_DROP = """
DO $d$ DECLARE one record; BEGIN
  FOR one IN SELECT p.oid::regprocedure AS function FROM pg_proc AS p WHERE p.pronamespace = {name}::regnamespace
      AND starts_with(p.proname, 'onemap_') LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', one.function);
  END LOOP;
END $d$;
DROP TABLE IF EXISTS {turns};
ALTER TABLE onemap_audit DROP CONSTRAINT IF EXISTS onemap_audit_previous_hash_key
"""


def drop_policies(connection: "psycopg.Connection[Any]", schema: str) -> None:
    """Drop all policies as the owner, since some refer to tables that an upgrade drops. They do not bind the owner."""
    connection.execute(sql.SQL(_DROP_POLICIES).format(name=sql.Literal(schema)))


def drop_rights(connection: "psycopg.Connection[Any]", schema: str) -> None:
    """Drop the functions, triggers and policies that `protect` made, so that it can make them anew; as the owner."""
    drop_policies(connection, schema)
    connection.execute(sql.SQL(_DROP).format(name=sql.Literal(schema), turns=sql.Identifier(TURNS)))


def protect(connection: "psycopg.Connection[Any]", roles: ServerRoles, rights: Sequence[Right]) -> None:
    """Close the log and set up grants and guards; as the owner, in the transaction that makes the library."""
    schema = roles.schema
    all_roles = sql.SQL(", ").join(map(sql.Identifier, roles.all[1:]))
    script = sql.SQL(_FUNCTIONS).format(
        departments=sql.Literal(list(DEPARTMENTS)),
        prefix=sql.Literal(roles.role_name("")),
        schema=sql.Identifier(schema),
        turns=sql.Identifier(TURNS),
        owner=sql.Literal(roles.owner),
    )
    connection.execute(script)
    connection.execute(WORDS.replace("{schema}", sql.Literal(schema).as_string(connection)))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), all_roles))
    everything = (*LIBRARY_RIGHTS, *rights)
    for table in dict.fromkeys(right.table for right in everything if isinstance(right, Grant | Guard)):
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    for number, right in enumerate(everything):
        if isinstance(right, Guard):
            make_guard(connection, schema, roles.role_name(""), right, number)
        elif isinstance(right, ClosedTable):
            facts = {"table": sql.Identifier(right.table), "actions": sql.SQL(right.actions)}
            connection.execute(sql.SQL(_CLOSE).format(**facts))
        elif isinstance(right, Script):
            _run_script(connection, roles, right)
        else:
            _grant_rights(connection, roles, right, f"{right.action.lower()}_{number}")
    executors = {
        "schema": sql.Identifier(schema),
        "all": all_roles,
        "everyone": sql.SQL(", ").join(map(sql.Identifier, roles.of_people[1:])),
        "writers": sql.SQL(", ").join(map(sql.Identifier, roles.readers)),
    }
    connection.execute(sql.SQL(_EXECUTION).format(**executors))


def show_layers(connection: "psycopg.Connection[Any]", roles: ServerRoles, names: Sequence[str]) -> None:
    """Let the roles of layers read the tables and views of layers; a library made earlier lacks that of maps."""
    query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) ORDER BY rolname"
    there = [name for (name,) in connection.execute(query, (roles.of_layers,))]
    to = sql.SQL(", ").join(map(sql.Identifier, there))
    for name in names:
        connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(name), to))


def layer_tables(connection: "psycopg.Connection[Any]", roles: ServerRoles) -> list[str]:
    """The tables and views of layers in a library."""
    query = (
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relkind IN ('r', 'v')"
        " AND NOT starts_with(relname, 'onemap_') AND has_table_privilege(%s, oid, 'SELECT') ORDER BY relname"
    )
    return [name for (name,) in connection.execute(query, (roles.schema, roles.role_name(LEAD)))]


def _run_script(connection: "psycopg.Connection[Any]", roles: ServerRoles, script: Script) -> None:
    facts = {
        "schema": sql.Identifier(roles.schema),
        "owner": sql.Literal(roles.owner),
        "lead": sql.Literal(roles.role_name(LEAD)),
        "lead_role": sql.Identifier(roles.role_name(LEAD)),
        "public_role": sql.Identifier(roles.role_name(PUBLIC)),
        "readers": sql.SQL(", ").join(map(sql.Identifier, roles.readers)),
    }
    connection.execute(sql.SQL(script.server).format(**facts))


def _grant_rights(connection: "psycopg.Connection[Any]", roles: ServerRoles, grant: Grant, name: str) -> None:
    """Make one grant, and the policy that limits it to some rows."""
    table = sql.Identifier(grant.table)
    to = sql.SQL(", ").join(map(sql.Identifier, roles.of(grant.who)))
    columns = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, grant.columns)))
    action = sql.SQL(grant.action)
    what = action + columns if grant.columns else action
    connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(what, table, to))
    # The function is called once for a statement, not once for a row.
    rows = sql.SQL(grant.rows.replace("{departments}", "((SELECT onemap_departments())::text[])"))
    conditions = {"SELECT": "USING ({rows})", "INSERT": "WITH CHECK ({rows})"}
    connection.execute(
        sql.SQL("CREATE POLICY {} ON {} FOR {} TO {} ").format(sql.Identifier(name), table, action, to)
        + sql.SQL(conditions[grant.action]).format(rows=rows)
    )


def roles_of(connection: "psycopg.Connection[Any]", roles: ServerRoles, label: str) -> Roles:
    """Return the departments for which the account may act, from its memberships in roles.

    Raises OneMapError library.no_right for who is in none: a grant of an administrator's shows tables, but no rows.
    """
    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND pg_has_role(current_user, oid, 'MEMBER')",
        (roles.all,),
    )
    held_roles = {row[0] for row in rows}
    if not held_roles and connection.execute("SELECT FROM onemap_library LIMIT 1").fetchone() is None:
        reason = f"{connection.info.user} is not a member of any role {roles.role_name('…')}"
        raise OneMapError("library.no_right", file=label, reason=reason)
    if roles.owner in held_roles:
        return Roles(DEPARTMENTS, is_lead=True, is_owner=True)
    departments = tuple(code for code in DEPARTMENTS if roles.role_name(code) in held_roles)
    return Roles(
        departments, is_lead=roles.role_name(LEAD) in held_roles, is_public=held_roles == {roles.role_name(PUBLIC)}
    )

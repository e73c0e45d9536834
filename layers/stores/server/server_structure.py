"""The definitions in a schema as the server itself prints them: owners, functions, triggers, policies and rights.

Everything is printed in full, with qualified names, so that the text is the same whoever asks.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import errors, sql

from onemap.layers.stores.logged_rows import row_name

# Else numbers, days and names would be printed as the asker's session has them.
_PRINTING = """SET LOCAL search_path = pg_catalog; SET LOCAL quote_all_identifiers = off; SET LOCAL datestyle = 'ISO';
SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1"""
# A NOT NULL is said with its column, and is a constraint only since PostgreSQL 18.
_HERE = "WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)"
_TABLES = """
SELECT 'server_table', ARRAY[c.relname::text], c.relname::text, ARRAY[c.relkind::text, c.relpersistence::text,
    pg_get_userbyid(c.relowner)::text, c.relrowsecurity::text, c.relforcerowsecurity::text, c.reloptions::text,
    c.reloftype::regtype::text, m.amname::text, pg_get_expr(c.relpartbound, c.oid),
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, f.ftoptions::text,
    (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i
      WHERE i.inhrelid = c.oid),
    (SELECT string_agg(i.inhrelid::regclass::text, ', ' ORDER BY i.inhrelid::regclass::text) FROM pg_inherits i
      WHERE i.inhparent = c.oid),
    (SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attcollation::regcollation::text, a.attidentity, a.attgenerated, a.attislocal, a.attinhcount,
        pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)::text
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)], true
  FROM pg_class c LEFT JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
  WHERE c.relnamespace = (SELECT oid FROM here) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
UNION ALL SELECT 'server_trigger', ARRAY[c.relname::text, t.tgname::text], c.relname::text,
    ARRAY[pg_get_triggerdef(t.oid), t.tgenabled::text], pg_get_triggerdef(t.oid) IS NOT NULL
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = (SELECT oid FROM here) AND (NOT t.tgisinternal OR t.tgconstraint = 0)
UNION ALL SELECT 'server_policy', ARRAY[c.relname::text, p.polname::text], c.relname::text,
    ARRAY[p.polcmd::text, p.polpermissive::text, (SELECT string_agg(CASE WHEN role = 0 THEN 'public'
      ELSE pg_get_userbyid(role) END, ', ' ORDER BY role <> 0, pg_get_userbyid(role)) FROM unnest(p.polroles) AS role),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)], true
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = (SELECT oid FROM here)
UNION ALL SELECT 'server_rule', ARRAY[c.relname::text, r.rulename::text], c.relname::text,
    ARRAY[CASE WHEN r.rulename <> '_RETURN' THEN pg_get_ruledef(r.oid) END, r.ev_enabled::text, r.ev_type::text,
      r.is_instead::text], r.rulename = '_RETURN' OR pg_get_ruledef(r.oid) IS NOT NULL
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = (SELECT oid FROM here)
UNION ALL SELECT 'server_constraint', ARRAY[c.relname::text, o.conname::text], c.relname::text,
    ARRAY[pg_get_constraintdef(o.oid)], pg_get_constraintdef(o.oid) IS NOT NULL
  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
  WHERE c.relnamespace = (SELECT oid FROM here) AND o.contype <> 'n'
UNION ALL SELECT 'server_index', ARRAY[c.relname::text, x.relname::text], c.relname::text,
    ARRAY[pg_get_indexdef(i.indexrelid), pg_get_userbyid(x.relowner)::text, i.indisprimary::text, i.indisvalid::text,
      i.indisready::text, i.indislive::text, i.indimmediate::text], pg_get_indexdef(i.indexrelid) IS NOT NULL
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE c.relnamespace = (SELECT oid FROM here) AND c.relkind <> 't'"""
_FUNCTIONS = """
SELECT 'server_function', ARRAY[p.proname::text, pg_get_function_identity_arguments(p.oid)], NULL,
    ARRAY[p.prokind::text, pg_get_userbyid(p.proowner)::text, said.text], p.prokind = 'a' OR said.text IS NOT NULL
  FROM pg_proc p CROSS JOIN LATERAL (SELECT CASE WHEN p.prokind = 'a'
    THEN (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.agginitval) FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END) AS said(text)
  WHERE p.pronamespace = (SELECT oid FROM here)
UNION ALL SELECT 'server_object', ARRAY[one.type, one.identity], NULL, ARRAY[one.type], true
  FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS one
  WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = (SELECT oid FROM here) AND one.identity IS NOT NULL
    AND d.classid <> 'pg_proc'::regclass AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c
      WHERE c.oid = d.objid AND c.relkind IN ('r', 'v', 'm', 'f', 'p')))
UNION ALL SELECT 'server_schema', ARRAY[n.nspname::text], NULL, ARRAY[pg_get_userbyid(n.nspowner)::text], true
  FROM pg_namespace n WHERE n.oid = (SELECT oid FROM here)
UNION ALL SELECT 'server_role', ARRAY[r.rolname::text], NULL, ARRAY[concat_ws(' ', r.rolsuper, r.rolinherit,
      r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication, r.rolbypassrls), r.rolconfig::text,
    (SELECT string_agg(concat_ws(' ', pg_get_userbyid(m.roleid), m.admin_option), ', '
      ORDER BY pg_get_userbyid(m.roleid), m.admin_option) FROM pg_auth_members m WHERE m.member = r.oid)], true
  FROM pg_roles r WHERE r.rolname = ANY(%(roles)s)
UNION ALL SELECT 'server_version', ARRAY['PostgreSQL ' || current_setting('server_version_num')::int / 10000], NULL,
    ARRAY[]::text[], true"""
_GRANTS = """
SELECT 'server_grant', ARRAY[granted.name, CASE WHEN item.grantee = 0 THEN 'public'
    ELSE pg_get_userbyid(item.grantee)::text END], granted.about,
    ARRAY[string_agg(concat_ws(' ', granted.part, item.privilege_type, item.is_grantable,
      pg_get_userbyid(item.grantor)), ', ' ORDER BY granted.part, item.privilege_type, item.is_grantable,
      pg_get_userbyid(item.grantor))], true
  FROM (SELECT c.relname::text, c.relname::text, '', c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
      FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM here) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    UNION ALL SELECT c.relname::text, c.relname::text, a.attname::text, c.relowner, a.attacl
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = (SELECT oid FROM here) AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL SELECT format('%%s(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)), NULL, '', p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM here)
    UNION ALL SELECT 'schema', NULL, '', n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
      FROM pg_namespace n WHERE n.oid = (SELECT oid FROM here)
    UNION ALL SELECT 'default', NULL, d.defaclobjtype::text, d.defaclrole, d.defaclacl FROM pg_default_acl d
      WHERE d.defaclnamespace = 0 AND pg_get_userbyid(d.defaclrole) = ANY(%(roles)s)
    ) AS granted(name, about, part, owner, acl)
    CROSS JOIN aclexplode(granted.acl) AS item
  WHERE item.grantee <> granted.owner GROUP BY granted.name, granted.about, item.grantee"""
# What acts on a library from outside its schema: triggers of the whole database, conversions, and what stands in the
# schema of PostGIS, in which programs look after the library's, under a name that they call.
_SURROUNDINGS = """, path AS (
  SELECT e.extnamespace AS oid FROM pg_extension e WHERE e.extname = 'postgis'), added AS (
  SELECT d.classid, d.objid FROM pg_depend d WHERE d.deptype = 'e')
SELECT 'server_surrounding', ARRAY['event trigger', e.evtname::text], NULL, ARRAY[e.evtevent::text,
    e.evtenabled::text, e.evttags::text, pg_get_userbyid(e.evtowner)::text, pg_get_functiondef(e.evtfoid)], true
  FROM pg_event_trigger e WHERE ('pg_event_trigger'::regclass, e.oid) NOT IN (SELECT classid, objid FROM added)
UNION ALL SELECT 'server_surrounding', ARRAY['cast', format('%%s %%s', c.castsource::regtype, c.casttarget::regtype)],
    NULL, ARRAY[c.castcontext::text, c.castmethod::text, CASE WHEN c.castfunc <> 0
      THEN pg_get_functiondef(c.castfunc) END], true
  FROM pg_cast c WHERE c.oid >= 16384 AND ('pg_cast'::regclass, c.oid) NOT IN (SELECT classid, objid FROM added)
UNION ALL SELECT 'server_surrounding', ARRAY['function', p.oid::regprocedure::text], NULL,
    ARRAY[p.prokind::text, CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END], true
  FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM path) AND p.pronamespace <> (SELECT oid FROM here)
    AND ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM added)
    AND (starts_with(p.proname, 'onemap_') OR EXISTS (
      SELECT FROM pg_proc q WHERE q.proname = p.proname AND q.oid <> p.oid
      AND (q.pronamespace IN ('pg_catalog'::regnamespace, (SELECT oid FROM here))
        OR ('pg_proc'::regclass, q.oid) IN (SELECT classid, objid FROM added))))
UNION ALL SELECT 'server_surrounding', ARRAY['operator', o.oid::regoperator::text], NULL,
    ARRAY[o.oprcode::oid::regprocedure::text], true
  FROM pg_operator o WHERE o.oprnamespace = (SELECT oid FROM path) AND o.oprnamespace <> (SELECT oid FROM here)
    AND ('pg_operator'::regclass, o.oid) NOT IN (SELECT classid, objid FROM added)"""
_VIEWS = """ SELECT c.relname, c.oid::bigint FROM pg_class c
WHERE c.relnamespace = (SELECT oid FROM here) AND c.relkind IN ('v', 'm')"""
Part = tuple[str, str, Sequence[Any] | None]  # kind, name, all that is said of it


def printed_structure(
    connection: "psycopg.Connection[Any]", schema: str, roles: Sequence[str], tables: Sequence[str] | None
) -> Iterator[Part]:
    """Yield the definitions of a schema, or of some tables and views; None for those made anew since the snapshot.

    roles: the library's roles.
    """
    facts = {"schema": schema, "roles": list(roles)}
    queries = (_TABLES, _GRANTS) if tables is not None else (_TABLES, _GRANTS, _FUNCTIONS, _SURROUNDINGS)
    parts: list[Part] = []
    with connection.transaction(force_rollback=True), psycopg.ClientCursor(connection) as cursor:
        cursor.execute(_PRINTING)
        for query in queries:
            for kind, key, about, words, is_there in cursor.execute(sql.SQL(_HERE + query), facts).fetchall():
                if tables is None or about in tables:
                    parts.append((kind, row_name(key), words if is_there else None))
        for name, oid in cursor.execute(sql.SQL(_HERE + _VIEWS), facts).fetchall():
            if tables is None or name in tables:
                parts.append(("server_view", row_name([name]), _view_text(connection, oid)))
    yield from parts


def _view_text(connection: "psycopg.Connection[Any]", oid: int) -> Sequence[Any] | None:
    """Return the query of a view; None if the view was made anew, since a server prints present views only."""
    try:
        with connection.transaction():
            row = connection.execute("SELECT pg_get_viewdef(%s::oid)", (oid,)).fetchone()
    except (errors.InternalError_, errors.UndefinedTable):
        return None
    return None if row is None or row[0] is None else row

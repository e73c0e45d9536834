"""The guards of a server: each `Guard` becomes a trigger on every new row."""

from typing import TYPE_CHECKING, Any

from psycopg import sql

from onemap.layers.stores.rights import CONFLICT, LEAD, OWNER, QUOTA, Guard

if TYPE_CHECKING:
    import psycopg

# `onemap_written_rows` is the server's own word of what a transaction has written: by table and name the hashes of its
# rows, made as `row_name` and `row_hash` of Python make them. named: the tables of interest are its keys.
WORDS = """
CREATE FUNCTION onemap_today() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog
  SET timezone FROM CURRENT AS $f$ SELECT to_char(clock_timestamp(), 'YYYY-MM-DD') $f$;
CREATE FUNCTION onemap_moment() RETURNS text LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $f$
  SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $f$;
CREATE FUNCTION onemap_json(said bigint) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
  AS $f$ SELECT coalesce(said::text, 'null') $f$;
CREATE FUNCTION onemap_json(said bytea) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
  AS $f$ SELECT coalesce('{"blob": "' || encode(sha256(said), 'hex') || '"}', 'null') $f$;
CREATE FUNCTION onemap_json(said text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(string_agg(CASE WHEN code BETWEEN 32 AND 126 THEN part[1]
    WHEN code < 65536 THEN '\\u' || lpad(to_hex(code), 4, '0')
    ELSE '\\u' || to_hex(55296 + (code - 65536) / 1024) || '\\u' || to_hex(56320 + (code - 65536) % 1024) END,
    '' ORDER BY place), 'null')
  FROM regexp_matches(to_json(said)::text, '[\\x20-\\x7e]+|[^\\x20-\\x7e]', 'g') WITH ORDINALITY AS one(part, place),
    ascii(part[1]) AS code $f$;
CREATE FUNCTION onemap_written_rows(named jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog AS $f$
DECLARE one record; hashes jsonb; found jsonb := '{}';
BEGIN
  FOR one IN SELECT c.oid::regclass AS id, c.relname AS name,
      string_agg(format('%I.onemap_json(%I)', {schema}, a.attname), $$ || ', ' || $$ ORDER BY a.attnum) AS said,
      string_agg(format($$replace(replace(%I::text, '\\', '\\\\'), '/', '\\/')$$, a.attname), $$ || '/' || $$
        ORDER BY array_position(i.indkey::int2[], a.attnum)) FILTER (WHERE a.attnum = ANY(i.indkey)) AS key
    FROM pg_class AS c JOIN pg_index AS i ON i.indrelid = c.oid JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace(quote_ident({schema})) AND named ? c.relname AND c.relname <> 'onemap_audit'
      AND i.indisprimary AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2 LOOP
    EXECUTE format($$SELECT jsonb_object_agg(%s, encode(sha256(convert_to('[' || %s || ']', 'UTF8')), 'hex')) FROM %s
      WHERE xmin = pg_current_xact_id()::xid$$, one.key, one.said, one.id) INTO hashes;
    found := found || jsonb_build_object(one.name, hashes);
  END LOOP;
  RETURN jsonb_strip_nulls(found);
END $f$
"""
_FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, {schema}, pg_temp AS $f$
#variable_conflict use_column
DECLARE
  account constant text := session_user;
  is_lead constant boolean := pg_has_role(session_user, {lead}, 'MEMBER');
  this_step constant xid := pg_current_xact_id()::xid;
BEGIN
"""
_EXEMPT = "  IF pg_has_role(session_user, {owner}, 'MEMBER') THEN RETURN NEW; END IF;\n"
_SIGN = """  NEW.number := 1 + coalesce((SELECT max(t.number) FROM {table} AS t), 0);
  NEW.who := account;
  NEW.at := onemap_moment();
"""
_REFUSE = """  IF ({condition}) IS NOT TRUE THEN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, {what} USING ERRCODE = {code};
  END IF;
"""
# What cannot be read as a condition reads it is refused as what fails the condition.
_END = """  RETURN NEW;
EXCEPTION WHEN data_exception THEN
  RAISE EXCEPTION '%: %', TG_TABLE_NAME, SQLERRM USING ERRCODE = 'insufficient_privilege';
END $f$"""
_NO_RIGHT = "insufficient_privilege"
_CODES = {QUOTA: "program_limit_exceeded", CONFLICT: "unique_violation"}  # by which they are refused in words
_TRIGGER = "CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
_AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION {name}()"
)


def make_guard(connection: "psycopg.Connection[Any]", schema: str, prefix: str, guard: Guard, number: int) -> None:
    """Make one guard's trigger, which runs after those that fill the row in.

    prefix: the common beginning of the names of the library's roles; number: of the guard, for its name.
    """
    name = sql.Identifier(f"onemap_guard_{guard.table.removeprefix('onemap_')}_{number}")
    facts = {
        "name": name,
        "table": sql.Identifier(guard.table),
        "schema": sql.Identifier(schema),
        "lead": sql.Literal(prefix + LEAD),
        "owner": sql.Literal(prefix + OWNER),
    }
    checks = [
        sql.SQL(_REFUSE).format(
            condition=sql.SQL(condition), what=sql.Literal(what), code=sql.Literal(_CODES.get(what, _NO_RIGHT))
        )
        for what, condition in guard.conditions.items()
    ]
    parts = (_FUNCTION, "" if guard.binds_owner else _EXEMPT, _SIGN if guard.is_signed else "")
    begin = sql.SQL("".join(parts)).format(**facts)
    connection.execute(sql.Composed([begin, *checks, sql.SQL(_END)]))
    connection.execute(sql.SQL(_AT_COMMIT if guard.at_commit else _TRIGGER).format(**facts))

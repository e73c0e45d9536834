"""The guards of a server: each `Guard` becomes a trigger that checks every row; only the owner is exempt."""

from typing import TYPE_CHECKING, Any

from psycopg import sql

from onemap.layers.stores.rights import LEAD, OWNER, Guard

if TYPE_CHECKING:
    import psycopg

# A text that Python reads in another way than PostgreSQL does, or not at all, must not stand where all read it; so JSON
# is at most 24 levels deep.
WORDS = """
CREATE FUNCTION onemap_today() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog
  SET timezone FROM CURRENT AS $f$ SELECT to_char(clock_timestamp(), 'YYYY-MM-DD') $f$;
CREATE FUNCTION onemap_moment() RETURNS text LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $f$
  SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $f$;
CREATE FUNCTION onemap_is_day(said text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $f$
BEGIN
  RETURN said ~ '^\\d{4}-\\d{2}-\\d{2}$' AND make_date(left(said, 4)::int, substr(said, 6, 2)::int,
    substr(said, 9, 2)::int) IS NOT NULL;
EXCEPTION WHEN OTHERS THEN RETURN false;
END $f$;
CREATE FUNCTION onemap_is_moment(said text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
BEGIN
  RETURN said ~ '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?(Z|[+-]\\d{2}:\\d{2})$'
    AND left(said, 4) > '0000' AND said::timestamptz IS NOT NULL;
EXCEPTION WHEN OTHERS THEN RETURN false;
END $f$;
CREATE FUNCTION onemap_is_text(said text, most integer) RETURNS boolean LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog AS $f$
  SELECT length(said) <= most AND said !~ '[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f]' $f$;
CREATE FUNCTION onemap_is_json(said text, most integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
  SET search_path = pg_catalog AS $f$
DECLARE value jsonb;
BEGIN
  IF said IS NULL OR length(said) > most THEN RETURN false; END IF;
  value := said::jsonb;
  RETURN jsonb_typeof(value) = 'object' AND NOT jsonb_path_exists(value, '$.**{24}')
    AND NOT jsonb_path_exists(value, '$.** ? (@.type() == "number" && (@ > 1e300 || @ < -1e300))');
EXCEPTION WHEN OTHERS THEN RETURN false;
END $f$;
-- What makes the name of a row out of its key, as `row_name` of Python does; NULL of a table without one.
CREATE FUNCTION onemap_row_name(of_table regclass) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT string_agg(format($$replace(replace(%I::text, '\\', '\\\\'), '/', '\\/')$$, a.attname),
    $$ || '/' || $$ ORDER BY place)
  FROM pg_index AS i, unnest(i.indkey::int2[]) WITH ORDINALITY AS key(number, place), pg_attribute AS a
  WHERE i.indrelid = of_table AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = key.number $f$;
CREATE FUNCTION onemap_are_own_rows(said jsonb, step xid) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog AS $f$
DECLARE one record; names text; own text[];
BEGIN
  IF jsonb_typeof(said) <> 'object' THEN RETURN false; END IF;
  FOR one IN SELECT entry.key AS of_table, entry.value AS rows FROM jsonb_each(said) AS entry LOOP
    IF jsonb_typeof(one.rows) <> 'object' THEN RETURN false; END IF;
    EXECUTE format('SELECT %I.onemap_row_name($1)', {schema})
      INTO names USING to_regclass(format('%I.%I', {schema}, one.of_table));
    IF names IS NULL THEN RETURN false; END IF;
    EXECUTE format('SELECT array_agg(%s) FROM %I.%I AS one WHERE one.xmin = $1', names, {schema}, one.of_table)
      INTO own USING step;
    IF NOT ARRAY(SELECT jsonb_object_keys(one.rows)) <@ coalesce(own, ARRAY[]::text[]) THEN RETURN false; END IF;
  END LOOP;
  RETURN true;
END $f$;
-- What Python's json.dumps makes of a text. Its long stretches of ASCII are taken whole.
CREATE FUNCTION onemap_json_text(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  SET search_path = pg_catalog AS $f$
  SELECT string_agg(CASE WHEN code BETWEEN 32 AND 126 THEN part[1]
    WHEN code < 65536 THEN '\\u' || lpad(to_hex(code), 4, '0')
    ELSE '\\u' || to_hex(55296 + (code - 65536) / 1024) || '\\u' || to_hex(56320 + (code - 65536) % 1024) END,
    '' ORDER BY place)
  FROM regexp_matches(to_json(said)::text, '[\\x20-\\x7e]+|[^\\x20-\\x7e]', 'g') WITH ORDINALITY AS one(part, place),
    ascii(part[1]) AS code $f$;
-- Whether the rows that this step has written, all or those with a value, are in its log with the hash that they have.
CREATE FUNCTION onemap_are_logged(of_table text, of_column text, value text, step xid) RETURNS boolean LANGUAGE plpgsql
  STABLE SET search_path = pg_catalog AS $f$
DECLARE table_id constant regclass := to_regclass(format('%I.%I', {schema}, of_table));
  names text; hashed text; logged jsonb; is_logged boolean;
BEGIN
  EXECUTE format('SELECT %I.onemap_row_name($1)', {schema}) INTO names USING table_id;
  SELECT string_agg(format(CASE a.atttypid
    WHEN 'text'::regtype THEN $$coalesce(%2$I.onemap_json_text(%1$I), 'null')$$
    WHEN 'bytea'::regtype THEN $$coalesce('{"blob": "' || encode(sha256(%1$I), 'hex') || '"}', 'null')$$
    ELSE $$coalesce(%1$I::text, 'null')$$ END, a.attname, {schema}), $$ || ', ' || $$ ORDER BY a.attnum)
  INTO hashed
  FROM pg_attribute AS a WHERE a.attrelid = table_id AND a.attnum > 0 AND NOT a.attisdropped;
  EXECUTE format($$SELECT jsonb_object_agg(one.key, one.value ORDER BY a.number) FROM %I.onemap_audit AS a,
      jsonb_each(CASE WHEN jsonb_typeof(a.detail::jsonb -> 'rows' -> $1) = 'object'
        THEN a.detail::jsonb -> 'rows' -> $1 ELSE '{}' END) AS one
    WHERE a.number > coalesce((SELECT b.number FROM %I.onemap_audit AS b WHERE b.xmin <> $2
      ORDER BY b.number DESC LIMIT 1), 0)$$, {schema}, {schema}) INTO logged USING of_table, step;
  EXECUTE format($$SELECT coalesce(bool_and(coalesce($1 ->> (%s)
      = encode(sha256(convert_to('[' || %s || ']', 'UTF8')), 'hex'), false)), true)
    FROM %s AS one WHERE ($2 IS NULL OR one.%I::text = $2) AND one.xmin = $3$$, names, hashed, table_id, of_column)
    INTO is_logged USING logged, value, step;
  RETURN is_logged;
END $f$;
REVOKE ALL ON FUNCTION onemap_row_name(regclass), onemap_are_own_rows(jsonb, xid),
  onemap_are_logged(text, text, text, xid) FROM PUBLIC
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
_OWNER = "  IF pg_has_role(session_user, {owner}, 'MEMBER') THEN RETURN NEW; END IF;\n"
_REFUSE = """  IF ({condition}) IS NOT TRUE THEN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, {what} USING ERRCODE = 'insufficient_privilege';
  END IF;
"""
_TRIGGER = "CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
_AT_COMMIT = (
    "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION {name}()"
)
# Whoever logs is alone until the end, so that the last row is that of whoever asks here, if there is one.
_IS_LOGGED = {
    "no row of the log": "(SELECT a.xmin = this_step FROM onemap_audit AS a ORDER BY a.number DESC LIMIT 1)",
}


def make_guard(connection: "psycopg.Connection[Any]", schema: str, prefix: str, guard: Guard) -> None:
    """Make one guard's triggers: one before a row is written, one at commit, which also requires it to be logged.

    prefix: the common beginning of the names of the library's roles.
    """
    facts = {
        "schema": sql.Identifier(schema),
        "lead": sql.Literal(prefix + LEAD),
        "owner": sql.Literal(prefix + OWNER),
    }
    at_commit = guard.at_commit if guard.table == "onemap_audit" else {**guard.at_commit, **_IS_LOGGED}
    for kind, conditions, trigger in (("guard", guard.conditions, _TRIGGER), ("commit", at_commit, _AT_COMMIT)):
        if not conditions:
            continue
        name = sql.Identifier(f"onemap_{kind}_{guard.table.removeprefix('onemap_')}_insert")
        checks = [
            sql.SQL(_REFUSE).format(condition=sql.SQL(condition), what=sql.Literal(what))
            for what, condition in conditions.items()
        ]
        parts = [
            sql.SQL(_FUNCTION + _OWNER).format(name=name, **facts),
            *checks,
            sql.SQL("  RETURN NEW;\nEND $f$"),
        ]
        connection.execute(sql.Composed(parts))
        connection.execute(sql.SQL(trigger).format(name=name, table=sql.Identifier(guard.table)))
        connection.execute(sql.SQL("REVOKE ALL ON FUNCTION {}() FROM PUBLIC").format(name))

"""The tables of public notices: the pages shown, the chain of comments of each, and their authors in a separate table.

A comment's body holds a salted hash of name and place, so that both can be erased while the chain can still be proved.
"""

from onemap.layers.stores.rights import (
    CONFLICT,
    DEPARTMENT,
    IS_READ_COMMITTED,
    LEAD,
    PUBLIC,
    QUOTA,
    READ_COMMITTED,
    ClosedTable,
    Grant,
    Guard,
    Right,
    Script,
)
from onemap.layers.stores.sql_text import Sql, compose_sql, sql_literal

NOTICES, COMMENTS, PERSONS = "onemap_notices", "onemap_comments", "onemap_comment_persons"
MOST_PAGE = 5_000_000
MOST_TEXT, MOST_NAME, MOST_PLACE = 2_000, 60, 120  # characters of a comment
MOST_BODY, MOST_PERSON = 30_000, 4_000  # characters as JSON
MOST_COMMENTS, MOST_A_MINUTE = 5_000, 30  # of one notice
TABLES = (
    compose_sql(
        "CREATE TABLE IF NOT EXISTS onemap_notices (case_id TEXT NOT NULL, number INTEGER NOT NULL,"
        " until TEXT NOT NULL, content TEXT NOT NULL CHECK (length(content) <= {most}), PRIMARY KEY (case_id, number))",
        most=sql_literal(MOST_PAGE),
    ),
    compose_sql(
        "CREATE TABLE IF NOT EXISTS onemap_comments (case_id TEXT NOT NULL, notice INTEGER NOT NULL,"
        " number INTEGER NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL,"
        " body TEXT NOT NULL CHECK (length(body) <= {most}), before TEXT NOT NULL, hash TEXT NOT NULL,"
        " PRIMARY KEY (case_id, notice, number))",
        most=sql_literal(MOST_BODY),
    ),
    compose_sql(
        "CREATE TABLE IF NOT EXISTS onemap_comment_persons (case_id TEXT NOT NULL, notice INTEGER NOT NULL,"
        " number INTEGER NOT NULL, words TEXT NOT NULL CHECK (length(words) <= {most}),"
        " PRIMARY KEY (case_id, notice, number))",
        most=sql_literal(MOST_PERSON),
    ),
)

# Whoever writes for the public sees no event: whether a notice takes comments, the first function says.
_SERVER = compose_sql(
    """
CREATE FUNCTION onemap_is_open_notice(of_case text, of_number bigint) RETURNS boolean LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $f$
  SELECT EXISTS (SELECT FROM {notices} AS n JOIN {events} AS e ON e.case_id = n.case_id AND e.chain = 'lead'
      AND e.action = 'notice' AND e.body::jsonb ->> 'notice' = n.number::text
      AND e.body::jsonb ->> 'page' = encode(sha256(convert_to(n.content, 'UTF8')), 'hex')
    WHERE n.case_id = of_case AND n.number = of_number AND n.until >= onemap_today())
  AND NOT EXISTS (SELECT FROM {events} AS e WHERE e.case_id = of_case AND e.chain = 'lead' AND e.action = 'close'
    AND e.body::jsonb ->> 'notice' = of_number::text) $f$;
CREATE FUNCTION onemap_comment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, {{schema}}, pg_temp AS $f$
BEGIN
  SELECT coalesce(max(c.number), 0) + 1, coalesce((array_agg(c.hash ORDER BY c.number DESC))[1], '')
    INTO NEW.number, NEW.before FROM {comments} AS c WHERE c.case_id = NEW.case_id AND c.notice = NEW.notice;
  NEW.at := onemap_moment();
  NEW.day := onemap_today();
  NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n', NEW.before, NEW.case_id, NEW.notice, NEW.number, NEW.at,
    NEW.day, NEW.body), 'UTF8')), 'hex');
  RETURN NEW;
END $f$;
CREATE FUNCTION onemap_comment_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, {{schema}}, pg_temp AS $f$
BEGIN
  SELECT max(c.number) INTO NEW.number FROM {comments} AS c
    WHERE c.case_id = NEW.case_id AND c.notice = NEW.notice AND c.xmin = pg_current_xact_id()::xid;
  RETURN NEW;
END $f$;
CREATE TRIGGER onemap_comment BEFORE INSERT ON {comments} FOR EACH ROW EXECUTE FUNCTION onemap_comment();
CREATE TRIGGER onemap_comment_person BEFORE INSERT ON {persons} FOR EACH ROW EXECUTE FUNCTION onemap_comment_person();
CREATE FUNCTION onemap_erase_person(of_case text, of_notice bigint, of_number bigint) RETURNS void LANGUAGE sql
  SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $f$
  DELETE FROM {persons} AS p WHERE (p.case_id, p.notice, p.number) = (of_case, of_notice, of_number) AND EXISTS (
    SELECT FROM {events} AS e WHERE e.case_id = of_case AND e.chain = 'lead' AND e.action = 'erase'
    AND e.body::jsonb ->> 'notice' = of_notice::text AND e.body::jsonb ->> 'comment' = of_number::text) $f$;
GRANT EXECUTE ON FUNCTION onemap_erase_person(text, bigint, bigint) TO {{lead_role}};
GRANT EXECUTE ON FUNCTION onemap_is_open_notice(text, bigint) TO {{public_role}}
""",
    notices=NOTICES,
    comments=COMMENTS,
    persons=PERSONS,
    events="onemap_events",
)
_COMMENT = {
    READ_COMMITTED: IS_READ_COMMITTED,
    "no open notice": "onemap_is_open_notice(NEW.case_id, NEW.notice)",
    QUOTA: compose_sql(
        "(SELECT count(*) < {most} AND count(*) FILTER (WHERE c.at::timestamptz > now() - interval '1 minute')"
        " < {a_minute} FROM {comments} AS c WHERE c.case_id = NEW.case_id AND c.notice = NEW.notice)",
        comments=COMMENTS,
        most=sql_literal(MOST_COMMENTS),
        a_minute=sql_literal(MOST_A_MINUTE),
    ),
}
_PERSON = compose_sql(
    "EXISTS (SELECT FROM {comments} AS c WHERE (c.case_id, c.notice, c.number) = (NEW.case_id, NEW.notice, NEW.number)"
    " AND c.xmin = this_step AND c.body::jsonb ->> 'person' = encode(sha256(convert_to(NEW.words, 'UTF8')), 'hex'))",
    comments=COMMENTS,
)
_SAID = Sql("NEW.body::jsonb")
_OF_NOTICE = compose_sql(
    "FROM {comments} AS c WHERE c.case_id = NEW.case_id AND c.notice::text = {said} ->> 'notice'",
    comments=COMMENTS,
    said=_SAID,
)
# What the lead's events tell of comments is so, at a notice's end of all of them: else a notice could never be closed,
# or what the public wrote would be left out.
_TOLD = compose_sql(
    "(NEW.action <> 'close' OR jsonb_build_array({said} -> 'count', {said} -> 'head') = coalesce((SELECT"
    " jsonb_build_array(c.number, c.hash) {of_notice} ORDER BY c.number DESC LIMIT 1), '[0, \"\"]'))"
    " AND (NEW.action NOT IN ('respond', 'erase') OR EXISTS (SELECT {of_notice}"
    " AND c.number::text = {said} ->> 'comment' AND (NEW.action = 'erase' OR c.hash = {said} ->> 'hash')))",
    said=_SAID,
    of_notice=_OF_NOTICE,
)
GRANTS: tuple[Right, ...] = (
    Script(_SERVER, ()),
    Grant(NOTICES, "SELECT", (DEPARTMENT, LEAD)),
    Grant(NOTICES, "SELECT", (PUBLIC,), "onemap_is_open_notice(case_id, number)"),
    Grant(NOTICES, "INSERT", (LEAD,)),
    ClosedTable(NOTICES),
    ClosedTable(COMMENTS),
    ClosedTable(PERSONS, "UPDATE OR TRUNCATE"),
    Guard(COMMENTS, _COMMENT, binds_owner=True),
    Guard(PERSONS, {"not what the comment says": _PERSON}, binds_owner=True),
    Guard("onemap_events", {CONFLICT: _TOLD}, binds_owner=True),
    Grant(COMMENTS, "SELECT", (DEPARTMENT, LEAD)),
    Grant(COMMENTS, "INSERT", (PUBLIC,)),
    Grant(PERSONS, "SELECT", (LEAD,)),
    Grant(PERSONS, "INSERT", (PUBLIC,)),
)

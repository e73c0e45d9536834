"""The tables of events in a library, the views for other programs, and a server's checks of new events."""

from onemap.layers.stores.rights import (
    DEPARTMENT,
    EVERYONE,
    IS_READ_COMMITTED,
    LEAD,
    QUOTA,
    READ_COMMITTED,
    ClosedTable,
    Grant,
    Guard,
    Right,
    Script,
)
from onemap.layers.stores.sql_text import NO_SQL, Sql, compose_sql, sql_literal
from onemap.rules.review.cases.event import CARRIED_CHAIN, COLUMNS, LEAD_CHAIN, MOST_BODY

EVENTS, FILES = "onemap_events", "onemap_case_files"
_MOST_ROWS, _MOST_SIZE, _MOST_FILE = 1_000, 10_000_000, 50_000_000  # of one account in one case
TABLES = (
    compose_sql(
        "CREATE TABLE IF NOT EXISTS onemap_events (case_id TEXT NOT NULL CHECK (length(case_id) <= 40),"
        " chain TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL, who TEXT NOT NULL,"
        " account INTEGER NOT NULL,"
        " action TEXT NOT NULL CHECK (length(action) <= 40), seen TEXT NOT NULL, body TEXT NOT NULL, words TEXT,"
        " run TEXT CHECK (length(run) <= 64), year INTEGER, sequence INTEGER, before TEXT NOT NULL, hash TEXT NOT NULL,"
        " PRIMARY KEY (case_id, chain, number), UNIQUE (year, sequence),"
        " CHECK (length(body) <= {most_body}), CHECK (coalesce(length(words), 0) <= {most_body}),"
        " CHECK (year IS NULL OR chain = {carried} OR (action = 'issue' AND chain = {lead})))",
        most_body=sql_literal(MOST_BODY),
        carried=sql_literal(CARRIED_CHAIN),
        lead=sql_literal(LEAD_CHAIN),
    ),
    compose_sql(
        "CREATE TABLE IF NOT EXISTS onemap_case_files (case_id TEXT NOT NULL, hash TEXT NOT NULL, content BLOB NOT NULL"
        " CHECK (length(content) <= {most_file}), PRIMARY KEY (case_id, hash))",
        most_file=sql_literal(_MOST_FILE),
    ),
)
_OWN = "chain = ANY({departments})"
_READ = tuple(name for name in COLUMNS if name != "words")


# What was written of cases, for other programs: which event has effect `onemap review show` says.
def _views(create: Sql, json: Sql) -> Sql:
    """The SQL of the views. create: the words that create a view; json: the cast that turns text into JSON."""
    return compose_sql(
        """{create} onemap_cases AS SELECT first.case_id AS id, first.body{json} ->> 'project' AS project,
  last.body{json} ->> 'state' AS state, first.who AS opened_by, first.at AS opened_at, last.at AS changed_at
  FROM onemap_events AS first JOIN onemap_events AS last ON last.case_id = first.case_id AND last.chain = first.chain
    AND last.number = (SELECT max(e.number) FROM onemap_events AS e WHERE e.case_id = first.case_id
      AND e.chain = first.chain AND e.body{json} ->> 'state' IS NOT NULL)
  WHERE first.chain = 'lead' AND first.number = 1;
{create} onemap_opinions AS SELECT case_id, chain AS department, number, who AS signed_by, at AS signed_at,
  body{json} ->> 'round' AS round, body{json} ->> 'conclusion' AS conclusion, body{json} ->> 'text' AS text,
  body{json} ->> 'basis' AS basis FROM onemap_events WHERE action = 'sign';
""",
        create=create,
        json=json,
    )


# Who, when and after what is the server's, whatever was sent.
_SERVER = compose_sql(
    """
CREATE FUNCTION onemap_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, {{schema}}, pg_temp AS $f$
BEGIN
  SELECT coalesce(max(e.number), 0) + 1, coalesce((array_agg(e.hash ORDER BY e.number DESC))[1], '')
    INTO NEW.number, NEW.before FROM {events} AS e WHERE e.case_id = NEW.case_id AND e.chain = NEW.chain;
  SELECT coalesce(json_object_agg(h.chain, h.number), '{{{{}}}}')::text INTO NEW.seen FROM
    (SELECT e.chain, max(e.number) AS number FROM {events} AS e WHERE e.case_id = NEW.case_id GROUP BY e.chain) AS h;
  NEW.at := onemap_moment();
  NEW.day := onemap_today();
  NEW.who := session_user;
  NEW.account := 1;
  NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n', NEW.before, NEW.case_id, NEW.chain, NEW.number, NEW.at,
    NEW.day, NEW.account, length(NEW.who), NEW.who, NEW.action,
    concat_ws('/', coalesce(NEW.run, ''), coalesce(NEW.year::text, ''), coalesce(NEW.sequence::text, '')),
    NEW.seen, NEW.body), 'UTF8')), 'hex');
  RETURN NEW;
END $f$;
CREATE TRIGGER onemap_event BEFORE INSERT ON {events} FOR EACH ROW EXECUTE FUNCTION onemap_event();
CREATE OR REPLACE VIEW onemap_event_words AS SELECT case_id, chain, number, words FROM {events}
  WHERE chain = ANY(onemap_departments()) OR pg_has_role(current_user, {{lead}}, 'USAGE')
    OR pg_has_role(current_user, {{owner}}, 'USAGE');
{views}
GRANT SELECT ON onemap_event_words, onemap_cases, onemap_opinions TO {{readers}}
""",
    events=EVENTS,
    views=_views(Sql("CREATE OR REPLACE VIEW"), Sql("::jsonb")),
)
# The views read every body as JSON.
_GUARDED = {
    READ_COMMITTED: IS_READ_COMMITTED,
    QUOTA: compose_sql(
        "(SELECT count(*) < {rows} AND coalesce(sum(length(e.body) + coalesce(length(e.words), 0)), 0) < {size}"
        " FROM {events} AS e WHERE e.case_id = NEW.case_id AND e.who = session_user)",
        rows=sql_literal(_MOST_ROWS),
        size=sql_literal(_MOST_SIZE),
        events=EVENTS,
    ),
    "no such case": compose_sql(
        "NEW.chain = {lead} OR EXISTS (SELECT FROM {events} AS e WHERE e.case_id = NEW.case_id"
        " AND e.chain IN ({lead}, {carried}))",
        events=EVENTS,
        lead=sql_literal(LEAD_CHAIN),
        carried=sql_literal(CARRIED_CHAIN),
    ),
    "body": "NEW.body::jsonb IS NOT NULL",
}
GRANTS: tuple[Right, ...] = (
    Grant(EVENTS, "SELECT", (DEPARTMENT,), columns=_READ),
    Grant(EVENTS, "SELECT", (LEAD,)),
    Grant(EVENTS, "INSERT", (DEPARTMENT,), _OWN),
    Grant(EVENTS, "INSERT", (LEAD,), f"chain = '{LEAD_CHAIN}'"),
    Grant(FILES, "SELECT", EVERYONE),
    Grant(FILES, "INSERT", (LEAD,)),
    Guard(EVENTS, _GUARDED, binds_owner=True),
    ClosedTable(EVENTS),
    Script(_SERVER, tuple(_views(Sql("CREATE VIEW IF NOT EXISTS"), NO_SQL).split(";")[:-1])),
)
# What it says of events is so: else it would accuse others, or end all later steps of a case.
TRUE_HEADS = compose_sql(
    "NOT EXISTS (SELECT FROM jsonb_each(NEW.detail::jsonb -> 'heads') AS said WHERE NOT EXISTS (SELECT"
    " FROM {events} AS e WHERE e.case_id = split_part(NEW.subject, ' ', 1) AND e.chain = said.key"
    " AND jsonb_build_array(e.number, e.hash) = said.value))",
    events=EVENTS,
)
# What the log may say of a review: the step that was written with it, or that somebody has looked again.
MAY_LOG = Sql(
    "is_lead AND (EXISTS (SELECT FROM onemap_events AS e WHERE e.xmin = this_step"
    " AND NEW.action = 'review.' || e.action"
    " AND (NEW.subject = e.case_id OR starts_with(NEW.subject, e.case_id || ' ')))"
    " OR NEW.action = 'review.recheck' AND EXISTS (SELECT FROM onemap_events AS e WHERE e.case_id = NEW.subject))"
)

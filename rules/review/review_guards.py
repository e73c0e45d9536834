"""What a server asks of every row of the review, whoever writes it and by whatever program: as SQL conditions.

A step is the account's own, of the server's day, on the case as it stands, and by whoever may take it; a number is the
next one, a word is one that the review knows, and what is read as JSON can be read. The owner may do all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.stores.rights import Guard
from onemap.rules.packs.rule import VERDICTS
from onemap.rules.review.case import CASE_STATES, CONCLUSIONS, MACHINE, OPEN, OPINION_STATES, OVERDUE, Terms
from onemap.rules.review.state_machine import CASE_TABLE

_MOST_NAME, _MOST_REASON, _MOST_TEXT, _MOST_JSON, _MOST_BYTES = 200, 2_000, 200_000, 1_000_000, 50_000_000


def _words(known: Iterable[str]) -> str:
    """Known words as a list of SQL."""
    return "(" + ", ".join(f"'{word}'" for word in known) + ")"


def _pairs(table: Mapping[str, tuple[str, ...]], of: int) -> str:
    """What a table of states allows: of 0, an action and the state after it; of 1, the states before and after."""
    found = {
        (action if of == 0 else CASE_STATES[place], cell)
        for action, cells in table.items()
        for place, cell in enumerate(cells)
        if cell in CASE_STATES
    }
    return "(" + ", ".join(f"('{first}', '{second}')" for first, second in sorted(found)) + ")"


_DAY = "(NEW.{0} = today OR any_day AND onemap_is_day(NEW.{0}))"
_CASE = "(SELECT c.{} FROM onemap_cases AS c WHERE c.id = NEW.case_id)"
_ROUND = f"NEW.round = {_CASE.format('round')}"
_NOT_JOINED = _CASE.format("state") + " IN ('draft', 'circulating')"
_NEW_ROUND = (
    "EXISTS (SELECT FROM onemap_rounds AS r WHERE r.case_id = NEW.case_id AND r.number = {} AND r.xmin = this_step)"
)
_PERSON = {"who": f"NEW.who = account AND lower(account) <> '{MACHINE}'", "day": _DAY.format("day")}
_OF_THIS_ROUND = "FROM {0} AS one WHERE one.case_id = NEW.case_id AND one.round = NEW.round"
_ENTERED = {
    "no step of the case": "EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.case_id = NEW.case_id"
    " AND e.xmin = this_step)"
}


def _next(table: str, what: str = "count(*)", where: str = "") -> str:
    return f"NEW.number = 1 + (SELECT coalesce({what}, 0) {_OF_THIS_ROUND.format(table)}{where})"


# What an opinion said before, as B, and what of it no step may change unseen.
_BEFORE = (
    "(SELECT {} FROM onemap_opinions AS b WHERE b.case_id = NEW.case_id AND b.round = NEW.round"
    " AND b.department = NEW.department AND b.number = NEW.number - 1)"
)
_OWN = "NEW.department = ANY(departments)"
_OUT = f"{_CASE.format('state')} = 'circulating'"


def _same(*free: str) -> str:
    """All that an opinion says is as before, but for some columns."""
    names = "'{" + ",".join(("number", "at", *free)) + "}'::text[]"
    return f"to_jsonb(NEW) - {names} = to_jsonb(b) - {names}"


_SIGNATURE = ("state", "signed_by", "signed_on", "unanswered")
_UNSIGNED = "NEW.signed_by IS NULL AND NEW.signed_on IS NULL AND NEW.unanswered IS NULL"
# The clock stands still from today, runs on with the days on which it stood, or goes on as it did.
_CLOCK = (
    "(any_day OR CASE WHEN b.due IS NULL THEN NEW.due IS NULL AND NEW.stopped_on IS NULL"
    " WHEN NEW.conclusion = 'supplement' AND NEW.state = 'drafted'"
    " THEN NEW.due = b.due AND NEW.stopped_on = coalesce(b.stopped_on, today)"
    " WHEN b.stopped_on IS NULL THEN NEW.due = b.due AND NEW.stopped_on IS NULL"
    " ELSE NEW.stopped_on IS NULL AND NEW.due >= b.due"
    " AND NEW.due::date <= b.due::date + (today::date - b.stopped_on::date) + 30 END)"
)
# What of the checklist has no answer: said why, or nothing is left.
_LOOKED_AT = (
    f"CASE WHEN EXISTS (SELECT {_OF_THIS_ROUND.format('onemap_case_items')} AND one.department = NEW.department"  # noqa: S608 - names of our own  # nosec B608
    f" AND NOT EXISTS (SELECT FROM onemap_case_answers AS a WHERE a.case_id = one.case_id AND a.round = one.round"
    " AND a.department = one.department AND a.item = one.item))"
    " THEN btrim(coalesce(NEW.unanswered, '')) <> '' ELSE NEW.unanswered IS NULL END"
)
_TERMS = f"({_CASE.format('terms')}::jsonb)"
_TRANSITIONS = " OR ".join(
    f"({transition})"
    for transition in (
        # Signed: what stands there, by another person than whoever wrote it.
        f"{_OWN} AND {_OUT} AND NEW.state = 'signed' AND b.state = 'drafted' AND {_same(*_SIGNATURE)}"
        f" AND NEW.signed_by = account AND {_DAY.format('signed_on')} AND NEW.conclusion <> '{OPEN}'"
        f" AND (NEW.conclusion <> 'disagree' OR NEW.basis <> '') AND {_LOOKED_AT}"
        f" AND (lower(b.drafted_by) <> lower(account) OR {_TERMS} -> 'self_sign' = 'true')",
        # Written anew, under the name of whoever writes.
        f"{_OWN} AND {_NOT_JOINED} AND NEW.state = 'drafted' AND b.state IN ('drafted', 'returned') AND {_UNSIGNED}"
        f" AND NEW.drafted_by = account AND {_DAY.format('drafted_on')} AND NEW.routed = b.routed"
        f" AND NEW.why = b.why AND {_CLOCK}",
        f"({_OWN} OR is_lead) AND {_OUT} AND NEW.state = 'returned' AND b.state IN ('drafted', 'signed')"
        f" AND {_same(*_SIGNATURE, 'due', 'stopped_on')} AND {_UNSIGNED} AND {_CLOCK}",
        # Sent out, or given more time; the clock of a demand that was written before stands still from the start.
        f"is_lead AND b.state IN ('drafted', 'returned') AND NEW.state = b.state AND {_same('due', 'stopped_on')}"
        " AND NEW.due IS NOT NULL AND NEW.due >= coalesce(b.due, '')"
        " AND (NEW.stopped_on IS NOT DISTINCT FROM b.stopped_on"
        f" OR b.due IS NULL AND NEW.conclusion = 'supplement' AND {_DAY.format('stopped_on')})",
        f"is_lead AND NEW.state = 'void' AND b.state <> 'void' AND {_same('state')}",
        "is_lead AND NEW.state = 'deemed' AND b.state IN ('drafted', 'returned') AND NEW.conclusion = 'agree'"  # noqa: S608 - names of our own  # nosec B608
        f" AND {_same('state', 'conclusion', 'text', 'text_en', 'basis')} AND (any_day OR NEW.due < today)"
        " AND (NEW.text = b.text AND NEW.basis = b.basis OR NEW.text = '' AND NEW.basis = '')"
        " AND NOT EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.case_id = NEW.case_id AND e.round = NEW.round"
        " AND e.department = NEW.department AND e.action = 'return')"
        f" AND {_TERMS} ->> 'overdue' = 'consent'",
    )
)
_FIRST = (
    f"is_lead AND NEW.number = 1 AND NEW.state = 'drafted' AND NEW.drafted_by = '{MACHINE}' AND {_UNSIGNED}"
    f" AND {_NEW_ROUND.format('NEW.round')}"
)
_OPINIONS = Guard(
    "onemap_opinions",
    "INSERT",
    {
        "department": f"NEW.department IN {_words(DEPARTMENTS)}",
        "number": _next("onemap_opinions", "max(one.number)", " AND one.department = NEW.department"),
        "round": f"NEW.number = 1 OR {_ROUND}",
        "state": f"NEW.state IN {_words(OPINION_STATES)}",
        "conclusion": f"NEW.conclusion IN {_words((*CONCLUSIONS, OPEN))}",
        "words": f"onemap_is_text(NEW.text, {_MOST_TEXT}) AND onemap_is_text(coalesce(NEW.text_en, ''), {_MOST_TEXT})"
        f" AND onemap_is_text(NEW.basis, {_MOST_TEXT})"
        f" AND onemap_is_text(coalesce(NEW.unanswered, ''), {_MOST_REASON})",
        "why": "NEW.routed IN (0, 1) AND NEW.why IN ('findings', 'checklist', 'findings,checklist', 'nothing')",
        "days": " AND ".join(
            f"(NEW.{name} IS NULL OR onemap_is_day(NEW.{name}))"
            for name in ("drafted_on", "signed_on", "due", "stopped_on")
        ),
        "step": f"{_FIRST} OR NEW.number > 1 AND {_BEFORE.format(_TRANSITIONS)}",
    },
    _ENTERED,
    stamped=("at",),
)

# A department speaks in its own name; what concerns a case as a whole is the lead's, but for a finding and a remedy.
_MAY_ENTER = (
    f"{_OWN} AND NEW.action IN ('opine', 'sign', 'return', 'answer')"
    " OR cardinality(departments) > 0 AND NEW.department IS NULL AND NEW.action IN ('override', 'remedy')"
    " OR is_lead AND NEW.department IS NULL AND NEW.action NOT IN ('opine', 'sign', 'return', 'override')"
    f" OR is_lead AND NEW.department IN {_words(DEPARTMENTS)} AND NEW.action IN ('return', 'extend', 'answer')"
)
_WRITTEN = f"(SELECT count(*) {_OF_THIS_ROUND} AND one.xmin = this_step{{1}}) > 0"
_SPOKEN = " AND one.department = NEW.department AND one.state = '{}'"
# An entry tells of what its transaction wrote.
_DID = (
    "CASE NEW.action"  # noqa: S608 - names of our own  # nosec B608
    f" WHEN 'opine' THEN {_WRITTEN.format('onemap_opinions', _SPOKEN.format('drafted'))}"
    f" WHEN 'sign' THEN {_WRITTEN.format('onemap_opinions', _SPOKEN.format('signed'))}"
    f" WHEN 'return' THEN {_WRITTEN.format('onemap_opinions', _SPOKEN.format('returned'))}"
    f" WHEN 'extend' THEN {_WRITTEN.format('onemap_opinions', '')}"
    f" WHEN 'override' THEN {_WRITTEN.format('onemap_overrides', '')}"
    f" WHEN 'remedy' THEN {_WRITTEN.format('onemap_case_remedies', '')}"
    " WHEN 'answer' THEN true"
    " ELSE EXISTS (SELECT FROM onemap_cases AS c WHERE c.id = NEW.case_id AND c.xmin = this_step)"
    f" OR {_NEW_ROUND.format('NEW.round')} END"
)
# Every table of a case but the case itself, whose key is its id; each row of them comes with an entry.
_OF_CASE = ("rounds", "opinions", "case_items", "case_answers", "overrides", "case_entries", "case_files")
_ARE_LOGGED = "onemap_are_logged('onemap_cases', 'id', NEW.case_id, this_step)" + "".join(
    f" AND onemap_are_logged('onemap_{table}', 'case_id', NEW.case_id, this_step)"
    for table in (*_OF_CASE, "case_remedies", "documents")
)
_ENTRIES = Guard(
    "onemap_case_entries",
    "INSERT",
    {
        "number": "NEW.number = 1 + coalesce((SELECT max(e.number) FROM onemap_case_entries AS e"
        " WHERE e.case_id = NEW.case_id), 0)",
        "round": _ROUND,
        **_PERSON,
        "earlier than the last": "NEW.day >= coalesce((SELECT max(e.day) FROM onemap_case_entries AS e"
        " WHERE e.case_id = NEW.case_id), '')",
        "entered later": "NEW.entered_on IS NULL",
        "action": f"({_MAY_ENTER}) AND ((NEW.action, {_CASE.format('state')}) IN {_pairs(CASE_TABLE, 0)}"
        f" OR NEW.action = 'open' AND NEW.number = 1 AND {_NEW_ROUND.format('1')})",
        "detail": f"onemap_is_json(NEW.detail, {_MOST_JSON})",
        "detail's words": f"(SELECT detail ->> 'state' = {_CASE.format('state')}"  # noqa: S608 - names of our own  # nosec B608
        f" AND coalesce(detail ->> 'opinion', 'void') IN {_words(OPINION_STATES)}"
        f" AND coalesce(detail ->> 'conclusion', 'agree') IN {_words((*CONCLUSIONS, OPEN))}"
        " FROM (SELECT NEW.detail::jsonb AS detail) AS one)",
    },
    {
        "nothing is done": _DID,
        "not logged as this step": "(SELECT a.action = 'review.' || NEW.action"
        " AND a.subject = concat_ws(' ', NEW.case_id, NEW.department)"
        " FROM onemap_audit AS a ORDER BY a.number DESC LIMIT 1)",
        "not what the log says of it": _ARE_LOGGED,
    },
    stamped=("at",),
)

_RULE = (
    "(SELECT r.rules::jsonb -> NEW.rule FROM onemap_rounds AS r WHERE r.case_id = NEW.case_id AND r.number = NEW.round)"
)
_OVERRIDES = Guard(
    "onemap_overrides",
    "INSERT",
    {
        "number": _next("onemap_overrides"),
        "round": _ROUND,
        **_PERSON,
        "state": _NOT_JOINED,
        "verdict": f"NEW.before IN {_words(VERDICTS)} AND NEW.verdict IN {_words(VERDICTS)}",
        "words": f"onemap_is_text(NEW.reason, {_MOST_REASON}) AND btrim(NEW.reason) <> ''"
        f" AND onemap_is_text(NEW.parcel, {_MOST_NAME})",
        "rule of another department": f"{_RULE} ->> 0 = ANY(departments)",
        "an opinion is signed": f"NOT EXISTS (SELECT FROM jsonb_array_elements_text({_RULE}) AS asked"  # noqa: S608 - names of our own  # nosec B608
        f" WHERE (SELECT one.state {_OF_THIS_ROUND.format('onemap_opinions')} AND one.department = asked"
        " ORDER BY one.number DESC LIMIT 1) IN ('signed', 'deemed'))",
    },
    _ENTERED,
)
_ANSWERS = Guard(
    "onemap_case_answers",
    "INSERT",
    {
        "department": _OWN,
        "number": _next("onemap_case_answers", where=" AND one.department = NEW.department"),
        "round": _ROUND,
        **_PERSON,
        "state": _NOT_JOINED,
        "item": f"EXISTS (SELECT {_OF_THIS_ROUND.format('onemap_case_items')} AND one.department = NEW.department"
        " AND one.item = NEW.item)",
        "answer": f"onemap_is_text(NEW.answer, {_MOST_REASON}) AND btrim(NEW.answer) <> ''",
    },
    _ENTERED,
)
_REMEDIES = Guard(
    "onemap_case_remedies",
    "INSERT",
    {
        "number": _next("onemap_case_remedies"),
        "round": _ROUND,
        **_PERSON,
        "state": _NOT_JOINED,
        "run": "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.run AND r.xmin = this_step"
        " AND r.record::jsonb ->> 'kind' = 'remedy')",
    },
    _ENTERED,
)

# What the lead writes: a case, its rounds with their checklists and files, and the numbers of documents.
_KEYS = "ARRAY[" + ", ".join(f"'{field.name}'" for field in fields(Terms)) + "]"
_TERMS_KNOWN = (
    f"onemap_is_json(NEW.terms, {_MOST_JSON}) AND (SELECT jsonb_typeof(terms -> 'days') = 'number'"  # noqa: S608 - names of our own  # nosec B608
    f" AND terms ->> 'overdue' IN {_words(OVERDUE)} AND jsonb_typeof(terms -> 'self_sign') = 'boolean'"
    f" AND length(terms ->> 'prefix') <= {_MOST_NAME} AND jsonb_typeof(terms -> 'area_share') = 'number'"
    " AND jsonb_typeof(terms -> 'days_of') = 'object'"
    " AND NOT jsonb_path_exists(terms -> 'days_of', 'strict $.* ? (@.type() <> \"number\")', silent => true)"
    f" AND NOT EXISTS (SELECT FROM jsonb_object_keys(terms) AS name WHERE name <> ALL ({_KEYS}))"
    " FROM (SELECT NEW.terms::jsonb AS terms) AS one)"
)
_JSON = {
    "options": f"onemap_is_json(NEW.options, {_MOST_JSON}) AND jsonb_typeof(NEW.options::jsonb -> 'packs') = 'array'",
    "terms": _TERMS_KNOWN,
}
_DECISION = ("proposed", "conclusion", "conclusion_reason", "decided_by", "decided_on", "document", "issued_by")
_NEW_CASE = Guard(
    "onemap_cases",
    "INSERT",
    {
        "id": "NEW.id ~ '^[0-9A-Za-z-]{1,40}$'",
        "project": f"onemap_is_text(NEW.project, {_MOST_NAME}) AND btrim(NEW.project) <> ''",
        "data": f"onemap_is_json(NEW.data, {_MOST_JSON})",
        **_JSON,
        "state": "NEW.state = 'draft' AND NEW.round = 1",
        "opened_by": "NEW.opened_by = account",
        "opened_on": _DAY.format("opened_on"),
        "decision": " AND ".join(f"NEW.{name} IS NULL" for name in (*_DECISION, "issued_on")),
    },
    {
        "no round": "EXISTS (SELECT FROM onemap_rounds AS r WHERE r.case_id = NEW.id AND r.number = 1)",
        "no step of the case": "EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.case_id = NEW.id"
        " AND e.xmin = this_step)",
    },
    stamped=("at",),
)


def _by_account(name: str) -> str:
    """Person and day of a decision: as they were, gone, or this account's of today."""
    by, on = f"{name}_by", f"{name}_on"
    return (
        f"(NEW.{by}, NEW.{on}) IS NOT DISTINCT FROM (OLD.{by}, OLD.{on}) OR NEW.{by} IS NULL AND NEW.{on} IS NULL"
        f" OR NEW.{by} = account AND {_DAY.format(on)}"
    )


_FIXED = ("id", "project", "data", "opened_by", "opened_on", "at")
_CHANGED_CASE = Guard(
    "onemap_cases",
    "UPDATE",
    {
        "what never changes": " AND ".join(f"NEW.{name} = OLD.{name}" for name in _FIXED),
        "state": f"NEW.state = OLD.state OR (OLD.state, NEW.state) IN {_pairs(CASE_TABLE, 1)}",
        "round": "NEW.round = OLD.round OR NEW.round = OLD.round + 1 AND "
        + _NEW_ROUND.format("NEW.round").replace("NEW.case_id", "NEW.id"),
        **_JSON,
        "conclusion": f"coalesce(NEW.proposed, 'agree') IN {_words(CONCLUSIONS)}"
        f" AND coalesce(NEW.conclusion, 'agree') IN {_words(CONCLUSIONS)}"
        f" AND onemap_is_text(coalesce(NEW.conclusion_reason, ''), {_MOST_REASON})",
        "decided_by": _by_account("decided"),
        "issued_by": _by_account("issued"),
        "issued alone": "NEW.issued_by IS NULL OR NEW.issued_by = OLD.issued_by"
        " OR NEW.terms::jsonb -> 'self_sign' = 'true' OR account <> (SELECT e.who FROM onemap_case_entries AS e"
        " WHERE e.case_id = NEW.id AND e.action = 'consolidate' ORDER BY e.number DESC LIMIT 1)",
        "document": "NEW.document IS NOT DISTINCT FROM OLD.document OR EXISTS (SELECT FROM onemap_documents AS d"
        " WHERE d.case_id = NEW.id AND d.number = NEW.document AND d.xmin = this_step)",
    },
    {
        "no step of the case": "EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.case_id = NEW.id"
        " AND e.xmin = this_step)",
    },
)
_NEW_ROUNDS = Guard(
    "onemap_rounds",
    "INSERT",
    {
        "number": "NEW.number = 1 + coalesce((SELECT max(r.number) FROM onemap_rounds AS r"
        " WHERE r.case_id = NEW.case_id), 0)",
        "run": "EXISTS (SELECT FROM onemap_runs AS r WHERE r.id = NEW.run AND r.xmin = this_step)",
        "watched": f"onemap_is_json(NEW.watched, {_MOST_JSON})"  # noqa: S608 - names of our own  # nosec B608
        f" AND NOT EXISTS (SELECT FROM unnest(ARRAY{list(DEPARTMENTS)}) AS code"
        " WHERE jsonb_typeof(NEW.watched::jsonb -> code) IS DISTINCT FROM 'array')",
        "rules": f"onemap_is_json(NEW.rules, {_MOST_JSON})"
        " AND NOT jsonb_path_exists(NEW.rules::jsonb, 'strict $.* ? (@.type() <> \"array\")')",
        "opened_by": "NEW.opened_by = account",
        "opened_on": _DAY.format("opened_on"),
        "circulated_by": "NEW.circulated_by IS NULL AND NEW.circulated_on IS NULL"
        f" OR NEW.circulated_by = account AND {_DAY.format('circulated_on')}",
    },
    _ENTERED,
)
_SENT_ROUNDS = Guard(
    "onemap_rounds",
    "UPDATE",
    {"circulated_by": f"NEW.circulated_by = account AND {_DAY.format('circulated_on')}"},
    _ENTERED,
)
_ITEMS = Guard(
    "onemap_case_items",
    "INSERT",
    {
        "round": _NEW_ROUND.format("NEW.round"),
        "position": f"NEW.position = (SELECT count(*) {_OF_THIS_ROUND.format('onemap_case_items')})",
        "department": f"NEW.department IN {_words(DEPARTMENTS)}",
        "title": f"onemap_is_json(NEW.title, {_MOST_JSON})",
    },
)
_FILES = Guard(
    "onemap_case_files",
    "INSERT",
    {
        "position": "NEW.position = (SELECT count(*) FROM onemap_case_files AS f WHERE f.case_id = NEW.case_id)",
        "content": f"octet_length(NEW.content) <= {_MOST_BYTES} AND NEW.hash = encode(sha256(NEW.content), 'hex')",
    },
    {
        "case": "EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.case_id = NEW.case_id AND e.xmin = this_step"
        " AND e.action IN ('open', 'answer'))",
    },
)
_DOCUMENTS = Guard(
    "onemap_documents",
    "INSERT",
    {
        "year": "NEW.year = left(today, 4)::integer OR any_day AND NEW.year BETWEEN 1 AND 9999",
        "sequence": "NEW.sequence = 1 + coalesce((SELECT max(d.sequence) FROM onemap_documents AS d"
        " WHERE d.year = NEW.year), 0)",
        "case": f"{_CASE.format('state')} = 'consolidated'",
        "number": f"length(NEW.number) <= {2 * _MOST_NAME}"
        " AND position('〔' || NEW.year || '〕' || NEW.sequence || '号' IN NEW.number) > 0",
    },
    _ENTERED,
)
GUARDS = (
    *(_OPINIONS, _ENTRIES, _OVERRIDES, _ANSWERS, _REMEDIES),
    *(_NEW_CASE, _CHANGED_CASE, _NEW_ROUNDS, _SENT_ROUNDS, _ITEMS, _FILES, _DOCUMENTS),
)
# What the log may say of a review: the step that is entered with it, or that somebody has looked again.
MAY_LOG = (
    "EXISTS (SELECT FROM onemap_case_entries AS e WHERE e.xmin = this_step AND NEW.action = 'review.' || e.action"
    " AND NEW.subject = concat_ws(' ', e.case_id, e.department))"
    " OR NEW.action = 'review.recheck' AND EXISTS (SELECT FROM onemap_cases AS c WHERE c.id = NEW.subject)"
)

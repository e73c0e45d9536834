"""The states of a warning: opened once, notified, explained or mended, closed; by whom, when and why.

Two tables that only grow. A look is one stored list: its day, its options, and the warnings found. A step is one state
of one warning; the first step opens it, with its facts in the list. A warning that is found again is recorded as seen,
but not opened again, whatever its state; one whose ground is gone keeps its state until somebody takes the next step.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import insert_logged, note_structure, plain_tables
from onemap.layers.stores.rights import EVERYONE, OF_NOW, Grant, Guard, Right, are_logged, next_number
from onemap.layers.stores.sql_text import Sql, compose_sql, sql_literal
from onemap.layers.stores.store import StoreConnection
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_store import keep_texts, stored_texts
from onemap.rules.numbers.indicators.indicator_pack import indicator_packs, parse_indicator_packs
from onemap.rules.numbers.indicators.indicators import IndicatorOptions, typed_columns
from onemap.rules.numbers.warnings.warnings import (
    COLUMNS,
    KINDS,
    STATE_COLUMNS,
    FoundWarnings,
    WarningOptions,
    warnings,
)

OPEN = "open"
# The states that may follow each.
NEXT: Mapping[str, tuple[str, ...]] = {
    OPEN: ("notified",),
    "notified": ("explained", "mended"),
    "explained": ("closed",),
    "mended": ("closed",),
    "closed": (),
}
STATES = tuple(NEXT)
_LOOKS, _STEPS = "onemap_warning_looks", "onemap_warning_steps"
_KEEP, _STEP = "warnings.keep", "warnings.step"  # as the log has them
# Of a step `number` counts all, `step` those of its warning; found: the numbers of the steps that opened what was seen.
TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_warning_looks (number INTEGER PRIMARY KEY, day TEXT NOT NULL,"
    " asked TEXT NOT NULL, found TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS onemap_warning_steps (number INTEGER PRIMARY KEY, warning TEXT NOT NULL,"
    " step INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL, who TEXT NOT NULL,"
    " at TEXT NOT NULL, UNIQUE (warning, step))",
)
_PAIRS = [
    compose_sql("({before}, {after})", before=sql_literal(before), after=sql_literal(after))
    for before, states in {"": (OPEN,), **NEXT}.items()
    for after in states
]
_BEFORE = compose_sql("FROM {steps} AS s WHERE s.warning = NEW.warning", steps=_STEPS)
_HAND = {"who": "NEW.who = account", "at": OF_NOW}


GRANTS: tuple[Right, ...] = (
    *(Grant(table, action, EVERYONE) for table in (_LOOKS, _STEPS) for action in ("SELECT", "INSERT")),
    Guard(
        _LOOKS,
        {
            "number": next_number(_LOOKS),
            **_HAND,
            "day": "onemap_is_day(NEW.day)",
            "asked": "onemap_is_json(NEW.asked, 1000000) AND onemap_is_json(NEW.found, 100000000)",
        },
        are_logged(_LOOKS),
    ),
    Guard(
        _STEPS,
        {
            "number": next_number(_STEPS),
            **_HAND,
            "step": compose_sql("NEW.step = 1 + coalesce((SELECT max(s.step) {before}), 0)", before=_BEFORE),
            "state": compose_sql(
                "(coalesce((SELECT s.state {before} ORDER BY s.step DESC LIMIT 1), ''), NEW.state) IN ({pairs})",
                before=_BEFORE,
                pairs=_PAIRS,
            ),
            "words": compose_sql(
                "onemap_is_text(NEW.warning, 2000) AND onemap_is_text(NEW.reason, 20000)"
                " AND (NEW.state = {open} OR btrim(NEW.reason) <> '') AND onemap_is_json(NEW.facts, 100000)",
                open=sql_literal(OPEN),
            ),
        },
        are_logged(_STEPS),
    ),
)
MAY_LOG = compose_sql(
    "NEW.action = {keep} AND EXISTS (SELECT FROM {looks} AS w WHERE w.xmin = this_step)"
    " OR NEW.action = {step} AND EXISTS (SELECT FROM {steps} AS w WHERE w.xmin = this_step)",
    keep=sql_literal(_KEEP),
    looks=_LOOKS,
    step=sql_literal(_STEP),
    steps=_STEPS,
)


@dataclass
class KeptWarning:
    """One opened warning. number: of the step that opened it; facts: those of the list in which it was opened.

    first_seen, last_seen: days of lists, ISO; is_found: the last stored list has it.
    """

    id: str
    number: int
    facts: Record
    steps: list[Record] = field(default_factory=list)
    first_seen: str = ""
    last_seen: str = ""
    is_found: bool = False

    @property
    def state(self) -> str:
        """The state after its last step."""
        return str(self.steps[-1]["state"])

    def record(self) -> Record:
        """The warning as JSON."""
        days = {"first_seen": self.first_seen, "last_seen": self.last_seen, "found": self.is_found}
        return {**self.facts, "state": self.state, **days, "next": list(NEXT[self.state]), "steps": self.steps}


def kept_warnings(library: Library) -> dict[str, KeptWarning]:
    """Every warning that was opened, by id, in the order of opening. Raises OneMapError library.damaged."""
    kept: dict[str, KeptWarning] = {}
    if not library.has_table(_STEPS):  # a library that was made before warnings had states
        return kept
    sql = compose_sql(
        "SELECT number, warning, state, reason, facts, who, at FROM {steps} ORDER BY number", steps=_STEPS
    )
    try:
        for number, name, state, reason, facts, who, at in library.connection.execute(sql):
            if state not in NEXT or not all(isinstance(text, str) for text in (name, reason, who, at)):
                raise ValueError(number)
            if name not in kept:
                kept[name] = KeptWarning(name, number, _known_facts(facts))
            kept[name].steps.append({"state": state, "by": who, "at": at, "reason": reason})
        _add_days(library, kept)
    except (ValueError, TypeError, KeyError) as error:
        raise OneMapError("library.damaged", file=library.label, reason=f"{_STEPS}: {str(error)[:200]}") from None
    return kept


def _known_facts(text: str) -> Record:
    """Read the facts of a warning, filled up to all columns of a list. Raises ValueError."""
    facts = json.loads(text)
    if not isinstance(facts, dict) or facts.get("kind") not in KINDS or not isinstance(facts.get("id"), str):
        raise ValueError(text[:60])
    return {**dict.fromkeys(COLUMNS), **facts}


def _add_days(library: Library, kept: Mapping[str, KeptWarning]) -> None:
    """Add to each warning the days on which it was first and last seen, and whether the last list has it."""
    by_number = {warning.number: warning for warning in kept.values()}
    sql = compose_sql("SELECT day, found FROM {looks} ORDER BY number", looks=_LOOKS)
    for day, found in library.connection.execute(sql):
        seen = set(json.loads(found)["opened"])
        for number, warning in by_number.items():
            warning.is_found = number in seen
            if warning.is_found:
                warning.first_seen = min(warning.first_seen or day, day)
                warning.last_seen = max(warning.last_seen, day)


def keep_warnings(library: Library, rows: Sequence[Record], options: WarningOptions, who: str) -> list[str]:
    """Store a list of warnings: open the new ones and record the present ones. Returns the ids of the new ones.

    Raises OneMapError library.read_only, library.busy, library.full, library.altered.
    """
    quotas = options.quotas
    asked = {
        "packs": [pack.record() for pack in quotas.packs],
        "unit": quotas.unit,
        "unit_field": quotas.unit_field,
        "days": options.days,
        "rhythm": dict(options.rhythm or {}),
    }
    with library.writing() as connection:
        _make_tables(library, connection)
        kept, at = kept_warnings(library), connection.moment()
        new = list({row["id"]: row for row in rows if row["id"] not in kept}.values())
        first = 1 + _last_number(connection, _STEPS)
        opened = {row["id"]: number for number, row in enumerate(new, start=first)}
        tables = plain_tables(TABLES)
        keep_texts(connection, [(pack.hash, pack.text) for pack in quotas.packs])
        steps = []
        for row in new:
            facts = {name: value for name, value in row.items() if name not in STATE_COLUMNS}
            steps.append((opened[row["id"]], row["id"], 1, OPEN, "", json.dumps(facts, ensure_ascii=False), who, at))
        insert_logged(connection, tables[_STEPS], steps)
        numbers = sorted({opened.get(row["id"]) or kept[row["id"]].number for row in rows})
        look = (1 + _last_number(connection, _LOOKS), options.as_of.isoformat())
        words = (json.dumps(asked, ensure_ascii=False), json.dumps({"opened": numbers}))
        insert_logged(connection, tables[_LOOKS], [(*look, *words, who, at)])
        log(connection, who, _KEEP, library.name, {"day": look[1], "found": len(numbers), "opened": list(opened)})
    return list(opened)


def take_step(library: Library, name: str, state: str, reason: str, who: str) -> KeptWarning:
    """Take the next step of a warning, and return the warning. reason: without surrounding blanks.

    Raises OneMapError warnings.unknown, warnings.step, warnings.reason, library.read_only, library.altered.
    """
    if not reason:
        raise OneMapError("warnings.reason", field="--reason")
    if name not in kept_warnings(library):  # nobody waits for a step that will be refused
        raise OneMapError("warnings.unknown", file=library.label, feature=name, field="ID")
    with library.writing() as connection:
        _make_tables(library, connection)
        before = kept_warnings(library)[name]
        if state not in NEXT[before.state]:
            raise OneMapError(
                "warnings.step",
                file=library.label,
                feature=name,
                field="STATE",
                before=_state_names(before.state),
                after=_state_names(state),
                allowed=_state_names(*NEXT[before.state]),
            )
        number, at = 1 + _last_number(connection, _STEPS), connection.moment()
        row = (number, name, 1 + len(before.steps), state, reason, "{}", who, at)
        insert_logged(connection, plain_tables(TABLES)[_STEPS], [row])
        log(connection, who, _STEP, name, {"state": state, "before": before.state, "reason": reason})
    return kept_warnings(library)[name]


def kept_table(kept: Sequence[KeptWarning]) -> Table:
    """Warnings as a table: their facts when they were opened, their state, and their last step."""
    rows = []
    for one in kept:
        last = one.steps[-1]
        taken = {"step_by": last["by"], "step_at": last["at"], "step_reason": last["reason"]}
        rows.append({name: value for name, value in one.record().items() if name in COLUMNS} | taken)
    names = dict.fromkeys(("step_by", "step_at", "step_reason"), "text")
    return Table(typed_columns(rows, {**COLUMNS, **names}))


def new_warnings(library: Library, question: WarningOptions, threads: Threads) -> FoundWarnings:
    """The warnings of today that were never opened; nothing is written.

    Raises OneMapError library.damaged, and as `warnings`.
    """
    found, kept = warnings(library, question, threads), kept_warnings(library)
    new = [(row, shape) for row, shape in zip(found.rows, found.shapes, strict=True) if row["id"] not in kept]
    return FoundWarnings([row for row, _ in new], [shape for _, shape in new], found.unlooked, found.unit_names)


def last_question(library: Library, language: str) -> WarningOptions:
    """The options of the last stored list, for today; if there is none the defaults of `warnings`.

    language: of the names of the steps of the work.
    Raises OneMapError library.damaged.
    """
    today, catalogue = library.today(), library.catalogue()
    sql = compose_sql("SELECT asked FROM {looks} ORDER BY number DESC LIMIT 1", looks=_LOOKS)
    row = library.connection.execute(sql).fetchone() if library.has_table(_LOOKS) else None
    if row is None:
        packs = tuple(indicator_packs((), catalogue))
        return WarningOptions(IndicatorOptions(packs, (today,), language=language), today)
    texts = stored_texts(library)
    try:
        asked = json.loads(row[0])
        named = [(texts[pack["hash"]], pack["id"]) for pack in asked["packs"]]
        quotas = {"unit": asked["unit"], "unit_field": asked["unit_field"]}
        days, rhythm = int(asked["days"]), asked["rhythm"] or None
    except (ValueError, TypeError, KeyError) as error:
        raise OneMapError("library.damaged", file=library.label, reason=f"{_LOOKS}: {str(error)[:200]}") from None
    packs = tuple(parse_indicator_packs(named, catalogue, are_kept=True))
    return WarningOptions(IndicatorOptions(packs, (today,), **quotas, language=language), today, days, rhythm)


def _make_tables(library: Library, connection: StoreConnection) -> None:
    """Make the tables in a library that lacks them, and refuse a library in which they were edited."""
    for statement, table in zip(TABLES, (_LOOKS, _STEPS), strict=True):
        if not connection.has_table(table):
            connection.execute(statement)
            note_structure(connection, [table])
        elif library.roles.is_owner or library.roles.is_lead:  # a department cannot read the log
            check_table(library, plain_tables(TABLES)[table], Sql("action IN (?, ?)"), (_KEEP, _STEP))


def _last_number(connection: StoreConnection, table: str) -> int:
    return int(connection.execute(compose_sql("SELECT max(number) FROM {table}", table=table)).fetchone()[0] or 0)


def _state_names(*states: str) -> dict[str, str]:
    """States in words, by language."""
    return {
        language: phrase("said.comma", language).join(phrase(f"warning_state.{state}", language) for state in states)
        or "–"
        for language in LANGUAGES
    }

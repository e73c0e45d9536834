"""The states of a warning: opened once, notified, explained or mended, closed; by whom, when and why.

Two tables that only grow. A look is one stored list: its day, its options, and the warnings found. A step is one state
of one warning; the first step opens it, with its facts in the list. A warning that is found again is recorded as seen,
but not opened again, whatever its state; one whose ground is gone keeps its state until somebody takes the next step.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.finite_json import read_json
from onemap.layers.library.library import Library, log
from onemap.layers.library.log_reading import shown_text
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import insert_logged, note_structure, plain_tables
from onemap.layers.stores.rights import BOUNDED, EVERYONE, Grant, Guard, Right
from onemap.layers.stores.sql_text import Sql, compose_sql
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
_IS_NEXT = compose_sql(
    "NEW.step = 1 + coalesce((SELECT max(s.step) FROM {steps} AS s WHERE s.warning = NEW.warning), 0)", steps=_STEPS
)
GRANTS: tuple[Right, ...] = (
    *(Grant(table, action, EVERYONE) for table in (_LOOKS, _STEPS) for action in ("SELECT", "INSERT")),
    Guard(_LOOKS, BOUNDED, is_signed=True),
    Guard(_STEPS, {**BOUNDED, "step": _IS_NEXT}, is_signed=True),
)
LOGGED_BY = {_KEEP: _LOOKS, _STEP: _STEPS}  # by the action of an entry of the log the table of which it tells


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
    return _read_warnings(library)[0]


def warning_problems(library: Library) -> list[Problem]:
    """A problem for each row that no step of the program writes, and that therefore has no effect."""
    return _read_warnings(library)[1] if library.path is None else []


class _WarningReader:
    """Reads the rows of both tables in their order. A row that cannot be taken raises ValueError, TypeError, KeyError.

    kept: the warnings by id; their numbers are those of the steps that opened them.
    """

    def __init__(self) -> None:
        self.kept: dict[str, KeptWarning] = {}
        self._by_number: dict[int, KeptWarning] = {}

    def take_step(self, number: int, name: str, state: str, reason: str, facts: str, who: str, at: str) -> None:
        """Take a step that its warning may take."""
        if not all(isinstance(text, str) for text in (name, reason, who, at)) or (state != OPEN and not reason.strip()):
            raise ValueError(number)
        if state not in (NEXT[self.kept[name].state] if name in self.kept else (OPEN,)):
            raise ValueError(state)
        if state == OPEN:
            self.kept[name] = self._by_number[number] = KeptWarning(name, number, _known_facts(facts, name))
        self.kept[name].steps.append({"state": state, "by": who, "at": at, "reason": reason})

    def take_look(self, _number: int, day: str, question_text: str, found_text: str, _who: str, _at: str) -> None:
        """Add to each warning the days on which it was first and last seen, and whether the last list has it."""
        date.fromisoformat(day)
        present_numbers = set(read_json(found_text)["opened"])
        _known_question(question_text)
        for number, warning in self._by_number.items():
            warning.is_found = number in present_numbers
            if warning.is_found:
                warning.first_seen = min(warning.first_seen or day, day)
                warning.last_seen = max(warning.last_seen, day)


def _read_warnings(library: Library) -> tuple[dict[str, KeptWarning], list[Problem]]:
    """The warnings, and the rows without effect; an account of a server may write such rows, a file has none.

    Raises OneMapError library.damaged for such a row in a file.
    """
    reader, problems = _WarningReader(), list[Problem]()
    if not library.has_table(_STEPS):  # a library that was made before warnings had states
        return reader.kept, problems
    for table, take, columns in (
        (_STEPS, reader.take_step, ("number", "warning", "state", "reason", "facts", "who", "at")),
        (_LOOKS, reader.take_look, ("number", "day", "asked", "found", "who", "at")),
    ):
        sql = compose_sql("SELECT {columns} FROM {table} ORDER BY number", columns=columns, table=table)
        for row in library.connection.execute(sql):
            try:
                take(*row)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                if library.path is not None:
                    reason = f"{table}: {str(error)[:200]}"
                    raise OneMapError("library.damaged", file=library.label, reason=reason) from None
                place = ProblemPlace(file=library.label, layer=table, feature=str(row[0]))
                facts = {"who": shown_text(row[-2]), "at": shown_text(row[-1])}
                problems.append(Problem("verify.row_void", {**place, **facts}))
    return reader.kept, problems


def _known_facts(text: str, name: str) -> Record:
    """Read the facts of a warning, filled up to all columns of a list. Raises ValueError, AttributeError."""
    facts = read_json(text)
    if facts.get("kind") not in KINDS or facts.get("id") != name:
        raise ValueError(text[:60])
    for column, value in facts.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number if COLUMNS[column] == "number" else isinstance(value, str)):
            raise ValueError(column)
    return {**dict.fromkeys(COLUMNS), **facts}


def _known_question(text: str) -> Record:
    """Read what a list was asked. Raises ValueError, TypeError, KeyError, AttributeError."""
    question: Record = read_json(text)
    if not all(question[name] is None or isinstance(question[name], str) for name in ("unit", "unit_field")):
        raise ValueError(text[:60])
    if not all(type(days) is int for days in (question["days"], *dict(question["rhythm"] or {}).values())):
        raise ValueError(text[:60])
    if not all(isinstance(pack[name], str) for pack in question["packs"] for name in ("hash", "id")):
        raise ValueError(text[:60])
    return question


def keep_warnings(library: Library, rows: Sequence[Record], options: WarningOptions, who: str) -> list[str]:
    """Store a list of warnings: open the new ones and record the present ones. Returns the ids of the new ones.

    Raises OneMapError library.read_only, library.busy, library.full, library.altered.
    """
    quotas = options.quotas
    question_facts = {
        "packs": [pack.record() for pack in quotas.packs],
        "unit": quotas.unit,
        "unit_field": quotas.unit_field,
        "days": options.days,
        "rhythm": dict(options.rhythm or {}),
    }
    with library.writing() as connection:
        _make_tables(library, connection)
        known_warnings, at = kept_warnings(library), connection.moment()
        new = list({row["id"]: row for row in rows if row["id"] not in known_warnings}.values())
        first = 1 + _last_number(connection, _STEPS)
        new_numbers = {row["id"]: number for number, row in enumerate(new, start=first)}
        tables = plain_tables(TABLES)
        keep_texts(connection, [(pack.hash, pack.text) for pack in quotas.packs])
        steps = []
        for row in new:
            facts = {name: value for name, value in row.items() if name not in STATE_COLUMNS}
            step = _next_step(connection, row["id"])
            steps.append(
                (new_numbers[row["id"]], row["id"], step, OPEN, "", json.dumps(facts, ensure_ascii=False), who, at)
            )
        insert_logged(connection, tables[_STEPS], steps)
        known_warnings = kept_warnings(library)  # with the numbers that a server has given, which others may write to
        numbers = sorted({known_warnings[row["id"]].number for row in rows})
        look = (1 + _last_number(connection, _LOOKS), options.as_of.isoformat())
        words = (json.dumps(question_facts, ensure_ascii=False), json.dumps({"opened": numbers}))
        insert_logged(connection, tables[_LOOKS], [(*look, *words, who, at)])
        log(connection, who, _KEEP, library.name, {"day": look[1], "found": len(numbers), "opened": list(new_numbers)})
    return list(new_numbers)


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
        row = (number, name, _next_step(connection, name), state, reason, "{}", who, at)
        insert_logged(connection, plain_tables(TABLES)[_STEPS], [row])
        log(connection, who, _STEP, name, {"state": state, "before": before.state, "reason": reason})
    return kept_warnings(library)[name]


def kept_table(kept_list: Sequence[KeptWarning]) -> Table:
    """Warnings as a table: their facts when they were opened, their state, and their last step."""
    rows = []
    for one in kept_list:
        last = one.steps[-1]
        last_step = {"step_by": last["by"], "step_at": last["at"], "step_reason": last["reason"]}
        rows.append({name: value for name, value in one.record().items() if name in COLUMNS} | last_step)
    names = dict.fromkeys(("step_by", "step_at", "step_reason"), "text")
    return Table(typed_columns(rows, {**COLUMNS, **names}))


def new_warnings(library: Library, question: WarningOptions, threads: Threads) -> FoundWarnings:
    """The warnings of today that were never opened; nothing is written.

    Raises OneMapError library.damaged, and as `warnings`.
    """
    all_warnings, known_warnings = warnings(library, question, threads), kept_warnings(library)
    new = [
        (row, shape)
        for row, shape in zip(all_warnings.rows, all_warnings.shapes, strict=True)
        if row["id"] not in known_warnings
    ]
    return FoundWarnings(
        [row for row, _ in new], [shape for _, shape in new], all_warnings.unlooked, all_warnings.unit_names
    )


def last_question(library: Library, language: str) -> WarningOptions:
    """The options of the last stored list, for today; if there is none the defaults of `warnings`.

    language: of the names of the steps of the work.
    Raises OneMapError library.damaged.
    """
    today, catalogue = library.today(), library.catalogue()
    sql = compose_sql("SELECT asked FROM {looks} ORDER BY number DESC", looks=_LOOKS)
    texts = stored_texts(library)
    for (text,) in library.connection.execute(sql).fetchall() if library.has_table(_LOOKS) else ():
        try:
            question_facts = _known_question(text)
            pack_texts = [(texts[pack["hash"]], pack["id"]) for pack in question_facts["packs"]]
            packs = tuple(parse_indicator_packs(pack_texts, catalogue, are_kept=True))
        except (ValueError, TypeError, KeyError, AttributeError, OneMapError) as error:
            if library.path is None:
                continue  # an account has written what no list says
            if isinstance(error, OneMapError):
                raise
            raise OneMapError("library.damaged", file=library.label, reason=f"{_LOOKS}: {str(error)[:200]}") from None
        quotas = IndicatorOptions(
            packs, (today,), unit=question_facts["unit"], unit_field=question_facts["unit_field"], language=language
        )
        return WarningOptions(quotas, today, question_facts["days"], question_facts["rhythm"] or None)
    packs = tuple(indicator_packs((), catalogue))
    return WarningOptions(IndicatorOptions(packs, (today,), language=language), today)


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


def _next_step(connection: StoreConnection, name: str) -> int:
    """The number of a warning's next step; rows without effect are counted, too."""
    sql = compose_sql("SELECT coalesce(max(step), 0) + 1 FROM {steps} WHERE warning = ?", steps=_STEPS)
    return int(connection.execute(sql, (name,)).fetchone()[0])


def _state_names(*states: str) -> dict[str, str]:
    """States in words, by language."""
    return {
        language: phrase("said.comma", language).join(phrase(f"warning_state.{state}", language) for state in states)
        or "–"
        for language in LANGUAGES
    }

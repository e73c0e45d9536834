"""The data of each case for a list of cases: made from the replayed case, cached in the desk's file, shown for a day.

A line holds nothing that time changes: what is overdue, deemed, stale or near is computed from it and the day. A line
whose mark differs from the mark of the case's rows is made again; no step and no document depends on a line.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.desk_cache import CachedText, DeskCache
from onemap.layers.library.library import Library, open_library, sha256
from onemap.layers.library.own_files import calendar_of
from onemap.layers.library.versions import Version, versions
from onemap.layers.software import onemap_version
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.runs.run_store import stored_texts
from onemap.rules.review import cases
from onemap.rules.review.case_marks import case_marks
from onemap.rules.review.cases import old_form
from onemap.rules.review.cases.case import CLOSED, WAITING, Case, CaseState, copy_with
from onemap.rules.review.cases.case_conditions import is_overdue, is_running, is_silence_consent
from onemap.rules.review.cases.case_file import case_ids, day_looked_at, day_of_inputs, plain_case, record_and_rules
from onemap.rules.review.cases.event_store import replay_case
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.staleness import (
    NearAnswer,
    RunInputs,
    VersionPair,
    day_to_compare,
    inputs_not_in_force,
    inputs_of,
    near_answers,
    superseded_pairs,
    unchanged_layers,
)
from onemap.rules.review.lines_beside import given_share, lines_made_beside, wait_for
from onemap.rules.review.round_evidence import counts_of_round

_INPUTS = "inputs "  # before the name of a text that many lines share; no case's id holds a blank


@dataclass(frozen=True)
class OpinionLine:
    """An awaited opinion in a line. is_silent: the department's silence past the last day is consent."""

    department: str
    state: str
    routed: bool
    due: date | None
    stopped_on: date | None
    is_silent: bool


@dataclass(frozen=True)
class CaseLine:
    """One case in a list, without the values that depend on the day.

    last_day: of its last step; run: of its round, None for a closed or unreadable case; as_of: the day of that run;
    inputs: hash of what its opinions depend on; near: by layer, what was last seen near its parcels; numbers: how many
    documents of a year were numbered before a moment, as its replay was told; opinions: the awaited ones, none for a
    closed case or one whose run cannot be read; damage: why it cannot be read; such a line is not kept.
    """

    case: str
    project: str
    state: str
    round: int
    opened_on: date
    conclusion: str | None
    document: str | None
    revision: int
    last_day: date
    verdicts: Mapping[str, int]
    run: str | None = None
    opinions: tuple[OpinionLine, ...] = ()
    as_of: date | None = None
    inputs: str | None = None
    near: Mapping[str, NearAnswer] = field(default_factory=dict)
    numbers: tuple[tuple[int, str, int], ...] = ()
    damage: Problem | None = None


@dataclass(frozen=True)
class LineInputs:
    """The inputs of a case's opinions. watched: the layers and packs behind each department's opinion."""

    of_run: RunInputs
    watched: Mapping[str, Sequence[str]]


class _HeardEvidence(LibraryEvidence):
    """A library's evidence that records its answers about document numbers, since these depend on other cases."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.heard: list[tuple[int, str, int]] = []

    def numbers_before(self, year: int, at: str) -> int:
        """How many documents of a year were numbered before a moment, in all cases."""
        count = super().numbers_before(year, at)
        self.heard.append((year, at, count))
        return count


class CaseLines:
    """The lines of a library's cases, in one snapshot. is_cached: take lines from the desk's file if they fit.

    damage: problems with the runs of cases whose rows were returned.
    """

    def __init__(self, library: Library, *, is_cached: bool = True) -> None:
        self._library = library
        self._evidence = _HeardEvidence(library)
        self._today = library.today()
        self._inputs: dict[str, LineInputs] = {}  # by hash
        self._changed_by_place: dict[tuple[str, date], tuple[set[str], dict[str, VersionPair]]] = {}
        self._left: dict[tuple[date, date], int | None] = {}
        self._is_old = old_form.is_old(library)
        ground = _ground(library) if is_cached and not self._is_old else None
        self._cache = None if ground is None else DeskCache("cases", f"{library.id} {ground.sight}")
        self._cached_texts = {} if self._cache is None else self._cache.read()
        marks = {} if ground is None else case_marks(library)
        self._marks = {case_id: f"{mark} {ground.hash}" for case_id, mark in marks.items() if ground is not None}
        self._new: dict[str, CachedText] = {}
        self._used_names: set[str] = set()
        self.damage: list[Problem] = []

    def rows(self, state: str | None, asked_day: date | None) -> Iterator[Row | OneMapError]:
        """The row of each case in a state, or of all, the oldest first; an error for a case that cannot be read."""
        for line in self.lines():
            if isinstance(line, OneMapError):
                yield line
            elif state in (None, line.state):
                self.damage += [line.damage] if line.damage else []
                try:
                    yield self._row(line, asked_day)
                except OneMapError as error:
                    yield error

    def lines(self) -> Iterator[CaseLine | OneMapError]:
        """The line of each case, the oldest first; an error for a case that cannot be read."""
        ids = case_ids(self._library)
        new = [one for one in ids if one in self._marks and self._kept_text(one) is None]
        with lines_made_beside(self._library.path, new) as child_by_case:
            for case_id in ids:
                if self._cache is not None and case_id in child_by_case:
                    wait_for(child_by_case[case_id])
                    self._cached_texts = self._cache.read()
                try:
                    yield self._line(case_id)
                except OneMapError as error:
                    yield error

    def keep(self) -> None:
        """Write new lines to the desk's file and remove unused ones; call it after all rows were read."""
        if self._cache is not None:
            self._cache.write(self._new, self._cached_texts.keys() - self._used_names)

    def keep_some(self, names: Sequence[str]) -> None:
        """Make and write the lines of some cases; a case that cannot be read gets none."""
        for case_id in names:
            with suppress(OneMapError):
                self._line(case_id)
        if self._cache is not None:
            self._cache.write(self._new)

    def _kept_text(self, case_id: str) -> str | None:
        """The text of a line in the desk's file; None if there is none for the case's present rows."""
        cached = self._cached_texts.get(case_id)
        return cached.text if cached is not None and cached.mark == self._marks.get(case_id) else None

    def _line(self, case_id: str) -> CaseLine:
        """The line of a case, cached or new. Raises OneMapError if the case cannot be read."""
        mark, text = self._marks.get(case_id), self._kept_text(case_id)
        line = line_of_text(text) if text is not None else None
        if line is None or not self._is_as_heard(line):
            line = self._made_line(case_id)
            if mark is not None and line.damage is None:  # which somebody may mend behind the mark
                self._new[case_id] = CachedText(mark, _json(line))
        self._used_names |= {case_id, f"{_INPUTS}{line.inputs}"}
        return line

    def _is_as_heard(self, line: CaseLine) -> bool:
        """Whether everything that a line depends on besides its case's rows exists and is unchanged."""
        numbers = self._evidence.numbers
        return all(numbers.before(year, at) == count for year, at, count in line.numbers) and (
            line.inputs is None or self._inputs_of(line.inputs) is not None
        )

    def _made_line(self, case_id: str) -> CaseLine:
        """Read a case and make its line. Raises OneMapError."""
        self._evidence.heard = []
        if self._is_old:
            case = plain_case(self._library, case_id)
        else:
            case = replay_case(self._library, case_id, evidence=self._evidence).current_case
        line = line_of_case(case, counts_of_round(self._library, case), tuple(self._evidence.heard))
        if line.state in CLOSED or line.damage is not None:
            return line
        record, rules, found_rules = record_and_rules(self._library, case.current.run)
        watched = {code: sorted(names) for code, names in case.current.watched.items()}
        inputs = LineInputs(inputs_of(record, case.options["packs"], rules, found_rules), watched)
        text = _json(inputs)
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if name not in self._inputs:
            self._inputs[name] = inputs
            self._new[f"{_INPUTS}{name}"] = CachedText("", text)
        return copy_with(line, inputs=name, as_of=date.fromisoformat(record["parameters"]["as_of"]))

    def _inputs_of(self, name: str) -> LineInputs | None:
        """The inputs of a line's opinions; None if the desk's file does not have them."""
        cached = self._cached_texts.get(f"{_INPUTS}{name}")
        if name not in self._inputs and cached is not None:
            try:
                cached_inputs = json.loads(cached.text)
                self._inputs[name] = LineInputs(RunInputs(**cached_inputs["of_run"]), cached_inputs["watched"])
            except (ValueError, TypeError, LookupError):
                return None
        return self._inputs.get(name)

    def _row(self, line: CaseLine, asked_day: date | None) -> Row:
        """The row of a line on the day of reading. Raises OneMapError calendar.…."""
        day = day_looked_at(self._today, line.last_day, asked_day, is_rehearsal=self._library.is_rehearsal)
        if line.state in CLOSED or line.damage is not None:
            return row_of(line, day, [], lambda _: None)
        calendar = self._evidence.calendar

        def days_to(due: date) -> int | None:
            if (day, due) not in self._left:
                try:
                    self._left[day, due] = calendar.between(day, due)
                except OneMapError:  # a case can be read in a year of which no calendar is known yet
                    self._left[day, due] = None
            return self._left[day, due]

        return row_of(line, day, self._stale(line, day), days_to)

    @cached_property
    def _versions(self) -> list[Version]:
        return versions(self._library)

    def _stale(self, line: CaseLine, day: date) -> list[str]:
        """The departments whose opinion depends on a superseded layer or pack."""
        inputs = self._inputs_of(str(line.inputs))
        if inputs is None or line.as_of is None:
            return []
        place = str(line.inputs), day_to_compare(line.as_of, day_of_inputs(self._library, day))
        if place not in self._changed_by_place:
            changed_inputs = inputs_not_in_force(self._library, inputs.of_run, place[1])
            self._changed_by_place[place] = (
                changed_inputs,
                superseded_pairs(inputs.of_run, changed_inputs, place[1], self._versions),
            )
        changed_inputs, pairs = self._changed_by_place[place]
        near = near_answers(self._library, str(line.run), pairs, line.near)
        if near != line.near and line.case in self._marks:
            self._new[line.case] = CachedText(self._marks[line.case], _json(copy_with(line, near=near)))
        changed_inputs = changed_inputs - unchanged_layers(near)
        return [
            one for one in DEPARTMENTS if changed_inputs and not changed_inputs.isdisjoint(inputs.watched.get(one, ()))
        ]


def make_given_lines() -> None:
    """Make the lines of the cases that the parent process hands over, and write them to the desk's file."""
    location, names = given_share()
    with open_library(location) as library, library.reading():
        CaseLines(library).keep_some(names)


def line_of_case(case: Case, verdicts: Mapping[str, int], numbers: Sequence[tuple[int, str, int]]) -> CaseLine:
    """Make the line of a case. numbers: the answers about document numbers that its replay was given."""
    opinions = tuple(
        OpinionLine(one.department, one.state, one.routed, one.due, one.stopped_on, is_silence_consent(case, one))
        for one in (() if case.state in CLOSED or case.damage else case.opinions)
        if one.state in WAITING
    )
    return CaseLine(
        case=case.id,
        project=case.project,
        state=case.state,
        round=case.round,
        opened_on=case.opened_on,
        conclusion=case.conclusion,
        document=case.document,
        revision=case.revision,
        last_day=case.last_day,
        verdicts=verdicts,
        run=None if case.state in CLOSED or case.damage else case.current.run,
        opinions=opinions,
        numbers=tuple(numbers),
        damage=case.damage.problem if case.damage else None,
    )


def row_of(line: CaseLine, day: date, stale: Sequence[str], days_to: Callable[[date], int | None]) -> Row:
    """The row of a case in the list of a day. stale: departments; days_to: the working days until a last day."""
    overdue = [one.department for one in line.opinions if is_overdue(line.state, one, day)]
    deemed = {one.department for one in line.opinions if one.is_silent and one.department in overdue}
    waiting = [one for one in line.opinions if one.routed and one.department not in deemed]
    last_days = [one.due for one in waiting if one.due is not None and is_running(line.state, one)]
    days_left = [days for days in map(days_to, last_days) if days is not None]
    return {
        "case": line.case,
        "project": line.project,
        "state": line.state,
        "round": line.round,
        "opened_on": line.opened_on.isoformat(),
        "due": min(last_days).isoformat() if last_days else None,
        "waiting": [one.department for one in waiting] if line.state == CaseState.CIRCULATING else [],
        "overdue": overdue,
        "stale": list(stale),
        "conclusion": line.conclusion,
        "document": line.document,
        "revision": line.revision,
        "days_left": min(days_left, default=None),
        "verdicts": dict(line.verdicts),
        **({"unreadable": True} if line.damage is not None else {}),
    }


def _json(value: Any) -> str:
    """A dataclass of plain values, days and the like as JSON."""
    return json.dumps(
        value, ensure_ascii=False, default=lambda one: one.isoformat() if isinstance(one, date) else vars(one)
    )


def line_of_text(text: str) -> CaseLine | None:
    """The line that was cached; None if the text is not one."""
    try:
        values = json.loads(text)
        for name in ("opened_on", "last_day", "as_of"):
            values[name] = _day(values[name])
        values["opinions"] = tuple(
            OpinionLine(**one | {"due": _day(one["due"]), "stopped_on": _day(one["stopped_on"])})
            for one in values["opinions"]
        )
        values["near"] = {code: NearAnswer(**one) for code, one in values["near"].items()}
        values["numbers"] = tuple((year, at, count) for year, at, count in values["numbers"])
        return CaseLine(**values)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@dataclass(frozen=True)
class _LinesBasis:
    """What all lines of a library depend on. sight: the reader and his rights; hash: of everything else."""

    sight: str
    hash: str


def _ground(library: Library) -> _LinesBasis | None:
    """What all lines of a library depend on; None if some of it cannot be read: then each case reports that."""
    roles = library.roles
    sight = json.dumps([library.account, roles.departments, roles.is_lead, roles.is_owner])
    try:
        layers = [(entry.code, entry.geometry, entry.key) for entry in library.catalogue().values()]
        texts = sorted((hash_, sha256(text)) for hash_, text in stored_texts(library).items())
        years = repr(calendar_of(library).own)
    except OneMapError:
        return None
    parts = [onemap_version(), _program_hash(), _calendar_version(), library.is_rehearsal, layers, texts, years]
    return _LinesBasis(sight, sha256(json.dumps(parts)))


@cache
def _program_hash() -> str:
    """The hash of the modules that compute a case: during development code changes without a new version number."""
    digest = hashlib.sha256()
    for folder in (Path(cases.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _calendar_version() -> str:
    """The version of the package that provides holidays; empty if it is not installed."""
    try:
        return version("chinesecalendar")
    except PackageNotFoundError:
        return ""

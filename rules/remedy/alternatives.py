"""Alternatives for parcels that do not pass whole: cut, one piece, moved, turned; each checked, with what changes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.geometry.parts import multi, shift_geometries, shift_polygons
from onemap.layers.messages import phrase
from onemap.rules.findings.table import Table, records_of
from onemap.rules.findings.thresholds import vanishing
from onemap.rules.overlay.threads import Threads
from onemap.rules.packs.rule import Rule
from onemap.rules.question.question import Question
from onemap.rules.remedy.departments import COLUMNS as DEPARTMENT_COLUMNS
from onemap.rules.remedy.departments import MEASURES, department_changes, department_verdicts
from onemap.rules.remedy.obstacles import verdicts_left
from onemap.rules.remedy.remedy_options import RemedyOptions
from onemap.rules.remedy.search import CHECKS_A_RING, Bounds, Expect, Passes, Step, nearest_steps, searches
from onemap.rules.runs.run import Run

COLUMNS = ["parcel", "alternative", "passes", "verdict", "area_m2", "share", "moved_m", "east_m", "north_m"]
COLUMNS += ["turned_deg", "departments"]
ALTERNATIVES = ("cut", "one_piece", "moved", "turned", "moved_turned")
_NUMBERS = ("area_m2", "share", "moved_m", "east_m", "north_m", "turned_deg")
_OF_DEPARTMENTS = ("verdict_before", "verdict_after", *MEASURES)  # what the column `departments` says of each
PROPOSED = 2  # of a parcel, about, if nothing is searched: what is left of it, and its largest piece
_TRIED_AT_ONCE = 20_000  # grounds of a search: thousands of parcels are tried in hundreds of places each
# Checks a question, and says meanwhile what is done, if that is more than the check itself says.
Judge = Callable[[Question, str | None], Run]


@dataclass(frozen=True)
class Candidate:
    """One alternative for one parcel (row): what it is called, its ground, and the step that led to it."""

    row: int
    name: str
    ground: shapely.Geometry
    step: Step = Step()


@dataclass(frozen=True)
class Alternatives:
    """The alternatives, what each department would lose or gain by them, and how many grounds were tried."""

    table: Table
    departments: Table
    tried: int


def alternatives(
    question: Question,
    first: Run,
    rest: np.ndarray,
    rules: Sequence[Rule],
    options: RemedyOptions,
    origin: tuple[float, float],
    judge: Judge,
    expect: Expect,
    threads: Threads,
) -> Alternatives:
    """The alternatives of every parcel that does not pass whole.

    first: the check of the parcels as given, by `rules`; rest: (n,) what cutting leaves, counted from `origin`; expect:
    told how many more grounds will be judged at most, and in how many checks.
    """
    parcels = shift_geometries(question.parcels.geometries, (-origin[0], -origin[1]))
    rows = np.flatnonzero(verdicts_left(first.tables["parcels"].columns, options.keep_verdict))
    bounds = Bounds(options.move_m, options.turn_deg)
    trial = _Trial(question, options.keep_verdict, origin, judge)
    # A parcel that is too small or too thin as it stands is so everywhere.
    movable = [int(row) for row in rows if _is_large(parcels[row], options)]
    steps = _nearest_places(parcels, movable, bounds, trial.passes, expect, PROPOSED * len(rows))
    found = _remainders(rows, rest)
    for name, side in steps.items():
        found += [Candidate(row, name, step.move_parcel(parcels[row]), step) for row, step in side.items()]
    found.sort(key=lambda item: (item.row, ALTERNATIVES.index(item.name)))
    if found:
        expect(len(found), 1)
    named = list(dict.fromkeys(rule.department for rule in rules))
    table, departments = _tables(question, first, found, options.keep_verdict, origin, judge, named, threads)
    return Alternatives(table, departments, trial.tried)


def _remainders(rows: np.ndarray, rest: np.ndarray) -> list[Candidate]:
    """What cutting leaves of parcels by their rows (k,), and the largest piece where it leaves several."""
    found = [Candidate(int(row), "cut", rest[row]) for row in rows if rest[row] is not None]
    for row in rows:
        if rest[row] is not None and shapely.get_num_geometries(rest[row]) > 1:
            pieces = shapely.get_parts(rest[row])
            found.append(Candidate(int(row), "one_piece", pieces[np.argmax(shapely.area(pieces))]))
    return found


@dataclass
class _Trial:
    """Tries parcels in other places; tried: how many grounds so far."""

    question: Question
    keep_verdict: str
    origin: tuple[float, float]
    judge: Judge
    tried: int = 0

    def passes(self, rows: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        """Which shapes (k,), counted from the origin, of parcels by their rows (k,) pass the check."""
        self.tried += len(rows)
        fine = np.zeros(len(rows), dtype=bool)
        for start in range(0, len(rows), _TRIED_AT_ONCE):
            part = slice(start, start + _TRIED_AT_ONCE)
            step = phrase("progress.places", self.question.language, count=f"{self.tried:,}")
            grounds = shift_polygons(shapes[part], self.origin)
            run = self.judge(_question_of_grounds(self.question, rows[part], grounds), step)
            fine[part] = ~verdicts_left(run.tables["parcels"].columns, self.keep_verdict)
        return fine


def _nearest_places(
    parcels: np.ndarray,
    movable: list[int],
    bounds: Bounds,
    passes: Passes,
    expect: Expect,
    proposed: int,
) -> dict[str, Mapping[int, Step]]:
    """By the alternative's name the nearest step at which each parcel passes, for those that have one.

    movable: the rows of the parcels to move; proposed: how many grounds are judged besides, once all are found.
    """
    steps: dict[str, Mapping[int, Step]] = {}
    every = searches(bounds)
    later = proposed + len(movable) * sum(len(ring) for rings in every.values() for ring in rings)
    checks = 1 + CHECKS_A_RING * sum(map(len, every.values()))
    best: dict[int, float] = {}  # only what is less than a move or a turn alone is worth both
    for name, rings in every.items():
        later -= len(movable) * sum(map(len, rings))
        checks -= CHECKS_A_RING * len(rings)
        expect_more = lambda most, more, later=later, checks=checks: expect(most + later, more + checks)  # noqa: E731 - one line
        known = best if name == "moved_turned" else None
        steps[name] = nearest_steps(parcels, movable, rings, passes, bounds.share, known, expect_more)
        best |= {at: min(bounds.share(step), best.get(at, float("inf"))) for at, step in steps[name].items()}
    return steps


def _is_large(parcel: shapely.Geometry, options: RemedyOptions) -> bool:
    """Whether every part of a parcel has the least area and width."""
    parts = shapely.get_parts(parcel)
    if (shapely.area(parts) < options.min_part_m2).any():
        return False
    return not (options.min_width_m > 0 and vanishing(parts, options.min_width_m).any())


def _question_of_grounds(question: Question, rows: np.ndarray, grounds: np.ndarray) -> Question:
    """The same question of other ground: parcels by their rows, some several times, each with a name of its own."""
    parcels = question.parcels
    ids = np.array([f"{parcels.ids[row]}#{number}" for number, row in enumerate(rows)], dtype=object)
    attributes = parcels.attributes.iloc[rows].reset_index(drop=True)
    return replace(question, parcels=replace(parcels, ids=ids, shapes=grounds, attributes=attributes))


def _tables(
    question: Question,
    first: Run,
    found: list[Candidate],
    keep_verdict: str,
    origin: tuple[float, float],
    judge: Judge,
    named: Sequence[str],
    threads: Threads,
) -> tuple[Table, Table]:
    """Each alternative once more through the check, with its verdict and what it changes for each department.

    named: the departments, in their order.
    """
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [item.ground for item in found]
    grounds = shift_polygons(shapes, origin)
    rows: list[dict[str, Any]] = []
    departments = pd.DataFrame(
        {name: pd.Series(dtype=float if name in MEASURES else object) for name in DEPARTMENT_COLUMNS}
    )
    if found:
        again = _question_of_grounds(question, np.array([item.row for item in found]), grounds)
        run = judge(again, None)
        names = [question.parcels.ids[item.row] for item in found]
        pairs = list(zip(names, again.parcels.ids.tolist(), strict=True))
        kinds = [item.name for item in found]
        before, after = department_verdicts(first, origin), department_verdicts(run, origin)
        departments = department_changes(before, after, pairs, kinds, named, threads)
        areas = shapely.area(shift_geometries(question.parcels.geometries, (-origin[0], -origin[1])))
        rows = _alternative_rows(found, names, areas, run.tables["parcels"].columns, keep_verdict, departments)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    typed = {
        name: frame[name].astype(float if name in _NUMBERS else bool if name == "passes" else object)
        for name in COLUMNS
    }
    table = Table(pd.DataFrame(typed, columns=COLUMNS), multi(grounds, "polygon"))
    return table, Table(departments)


def _alternative_rows(
    found: list[Candidate],
    names: list[str],
    areas: np.ndarray,
    checked: pd.DataFrame,
    keep_verdict: str,
    departments: pd.DataFrame,
) -> list[dict[str, Any]]:
    """A row for each alternative.

    names: of its parcel, one for each alternative.
    areas: (n,) of all parcels as given, in m².
    checked: the table `parcels` of the check of the alternatives.
    departments: the table `departments`.
    """
    severe = verdicts_left(checked, keep_verdict)
    changes = departments_of(records_of(departments))
    rows = []
    for number, item in enumerate(found):
        area_m2 = float(shapely.area(item.ground))
        rows.append(
            {
                "parcel": names[number],
                "alternative": item.name,
                "passes": not severe[number],
                "verdict": checked["verdict"].iloc[number],
                "area_m2": area_m2,
                "share": area_m2 / float(areas[item.row]),
                "moved_m": item.step.moved_m,
                "east_m": item.step.east_m,
                "north_m": item.step.north_m,
                "turned_deg": item.step.turned_deg,
                "departments": json.dumps(changes.get((names[number], item.name), {}), ensure_ascii=False),
            }
        )
    return rows


def departments_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """What the table `departments` says, by parcel and alternative: department → verdicts and square metres."""
    result: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        values = {name: round(row[name], 3) if name in MEASURES else row[name] for name in _OF_DEPARTMENTS}
        result.setdefault((row["parcel"], row["alternative"]), {})[row["department"]] = values
    return result

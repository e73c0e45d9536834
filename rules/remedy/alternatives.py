"""Alternatives for parcels that do not pass whole: cut, one piece, moved, turned; each checked, with what changes."""

import json
from collections.abc import Callable, Mapping
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
from onemap.rules.question.question import Question
from onemap.rules.remedy.departments import COLUMNS as DEPARTMENT_COLUMNS
from onemap.rules.remedy.departments import MEASURES, department_changes, said_by
from onemap.rules.remedy.obstacles import verdicts_left
from onemap.rules.remedy.remedy_options import RemedyWishes
from onemap.rules.remedy.search import CHECKS_A_RING, Bounds, Expect, Step, nearest_steps, searches
from onemap.rules.runs.run import Run

COLUMNS = ["parcel", "alternative", "passes", "verdict", "area_m2", "share", "moved_m", "east_m", "north_m"]
COLUMNS += ["turned_deg", "departments"]
ALTERNATIVES = ("cut", "one_piece", "moved", "turned", "moved_turned")
_NUMBERS = ("area_m2", "share", "moved_m", "east_m", "north_m", "turned_deg")
_SAID = ("verdict_before", "verdict_after", *MEASURES)  # what the column `departments` says of each
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
    """The alternatives, what each department would lose or gain by them, and how far was searched."""

    table: Table
    departments: Table
    search: dict[str, Any]


def alternatives(
    question: Question,
    first: Run,
    rest: np.ndarray,
    wishes: RemedyWishes,
    origin: tuple[float, float],
    judge: Judge,
    expect: Expect,
    threads: Threads,
) -> Alternatives:
    """The alternatives of every parcel that does not pass whole.

    first: the check of the parcels as given; rest: (n,) what cutting leaves, counted from `origin`; expect: told how
    many more grounds will be judged at most, and in how many checks.
    """
    parcels = shift_geometries(question.parcels.geometries, (-origin[0], -origin[1]))
    rows = np.flatnonzero(verdicts_left(first.tables["parcels"].columns, wishes.keep_verdict))
    found = [Candidate(int(row), "cut", rest[row]) for row in rows if rest[row] is not None]
    for row in rows:
        if rest[row] is not None and shapely.get_num_geometries(rest[row]) > 1:
            pieces = shapely.get_parts(rest[row])
            found.append(Candidate(int(row), "one_piece", pieces[np.argmax(shapely.area(pieces))]))
    bounds = Bounds(wishes.move_m, wishes.turn_deg)
    tried = 0

    def passes(called: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        nonlocal tried
        tried += len(called)
        fine = np.zeros(len(called), dtype=bool)
        for start in range(0, len(called), _TRIED_AT_ONCE):
            part = slice(start, start + _TRIED_AT_ONCE)
            step = phrase("progress.places", question.language, count=f"{tried:,}")
            run = judge(_asked(question, called[part], shift_polygons(shapes[part], origin)), step)
            fine[part] = ~verdicts_left(run.tables["parcels"].columns, wishes.keep_verdict)
        return fine

    # A parcel that is too small or too thin as it stands is so everywhere.
    movable = [int(row) for row in rows if _is_large(parcels[row], wishes)]
    steps: dict[str, Mapping[int, Step]] = {}
    every = searches(bounds)
    later = PROPOSED * len(rows) + len(movable) * sum(len(ring) for rings in every.values() for ring in rings)
    checks = 1 + CHECKS_A_RING * sum(map(len, every.values()))
    best: dict[int, float] = {}  # only what is less than a move or a turn alone is worth both
    for name, rings in every.items():
        later -= len(movable) * sum(map(len, rings))
        checks -= CHECKS_A_RING * len(rings)
        expect_more = lambda most, more, later=later, checks=checks: expect(most + later, more + checks)  # noqa: E731 - one line
        known = best if name == "moved_turned" else None
        steps[name] = nearest_steps(parcels, movable, rings, passes, bounds.share, known, expect_more)
        best |= {at: min(bounds.share(step), best.get(at, float("inf"))) for at, step in steps[name].items()}
    for name, side in steps.items():
        found += [Candidate(row, name, step.applied(parcels[row]), step) for row, step in side.items()]
    found.sort(key=lambda item: (item.row, ALTERNATIVES.index(item.name)))
    return _tables(question, first, found, wishes.keep_verdict, origin, judge, expect, threads, bounds.record(tried))


def _is_large(parcel: shapely.Geometry, wishes: RemedyWishes) -> bool:
    """Whether every part of a parcel has the least area and width."""
    parts = shapely.get_parts(parcel)
    if (shapely.area(parts) < wishes.min_part_m2).any():
        return False
    return not (wishes.min_width_m > 0 and vanishing(parts, wishes.min_width_m).any())


def _asked(question: Question, rows: np.ndarray, written: np.ndarray) -> Question:
    """The same question of other ground: parcels by their rows, some several times, each with a name of its own."""
    parcels = question.parcels
    ids = np.array([f"{parcels.ids[row]}#{number}" for number, row in enumerate(rows)], dtype=object)
    attributes = parcels.attributes.iloc[rows].reset_index(drop=True)
    return replace(question, parcels=replace(parcels, ids=ids, geometries=written, attributes=attributes))


def _tables(
    question: Question,
    first: Run,
    found: list[Candidate],
    keep_verdict: str,
    origin: tuple[float, float],
    judge: Judge,
    expect: Expect,
    threads: Threads,
    search: dict[str, Any],
) -> Alternatives:
    """Each alternative once more through the check, with its verdict and what it changes for each department."""
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [item.ground for item in found]
    written = shift_polygons(shapes, origin)
    rows: list[dict[str, Any]] = []
    departments = pd.DataFrame(
        {name: pd.Series(dtype=float if name in MEASURES else object) for name in DEPARTMENT_COLUMNS}
    )
    if found:
        expect(len(found), 1)
        asked = _asked(question, np.array([item.row for item in found]), written)
        run = judge(asked, None)
        columns = run.tables["parcels"].columns
        severe = verdicts_left(columns, keep_verdict)
        names = [question.parcels.ids[item.row] for item in found]
        pairs = list(zip(names, asked.parcels.ids.tolist(), strict=True))
        kinds = [item.name for item in found]
        departments = department_changes(said_by(first, origin), said_by(run, origin), pairs, kinds, threads)
        changes = departments_of(records_of(departments))
        areas = shapely.area(shift_geometries(question.parcels.geometries, (-origin[0], -origin[1])))
        for number, item in enumerate(found):
            area_m2 = float(shapely.area(item.ground))
            rows.append(
                {
                    "parcel": names[number],
                    "alternative": item.name,
                    "passes": not severe[number],
                    "verdict": columns["verdict"].iloc[number],
                    "area_m2": area_m2,
                    "share": area_m2 / float(areas[item.row]),
                    "moved_m": item.step.moved_m,
                    "east_m": item.step.east_m,
                    "north_m": item.step.north_m,
                    "turned_deg": item.step.turned_deg,
                    "departments": json.dumps(changes.get((names[number], item.name), {}), ensure_ascii=False),
                }
            )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    typed = {
        name: frame[name].astype(float if name in _NUMBERS else bool if name == "passes" else object)
        for name in COLUMNS
    }
    table = Table(pd.DataFrame(typed, columns=COLUMNS), multi(written, "polygon"))
    return Alternatives(table, Table(departments), search)


def departments_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """What the table `departments` says, by parcel and alternative: department → verdicts and square metres."""
    result: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        said = {name: round(row[name], 3) if name in MEASURES else row[name] for name in _SAID}
        result.setdefault((row["parcel"], row["alternative"]), {})[row["department"]] = said
    return result

"""Alternatives for parcels that do not pass whole: cut, one piece, moved, turned; each checked, with what changes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.parts import moved, multi, sound
from onemap.rules.question import Question
from onemap.rules.remedy.obstacles import verdicts_left
from onemap.rules.remedy.search import Step, moves, nearest_steps, turns
from onemap.rules.run import Run
from onemap.rules.run_tables import Table

COLUMNS = ["parcel", "alternative", "passes", "verdict", "area_m2", "share", "moved_m", "east_m", "north_m"]
COLUMNS += ["turned_deg", "departments"]
_NUMBERS = ("area_m2", "share", "moved_m", "east_m", "north_m", "turned_deg")
Judge = Callable[[Question], Run]


@dataclass(frozen=True)
class Candidate:
    """One alternative for one parcel (row): what it is called, its ground, and the step that led to it."""

    row: int
    name: str
    ground: shapely.Geometry
    step: Step = Step()


def alternatives(
    question: Question,
    first: Run,
    rest: np.ndarray,
    keep_verdict: str,
    origin: tuple[float, float],
    farthest_m: float,
    farthest_deg: float,
    judge: Judge,
) -> Table:
    """The table of alternatives of every parcel that does not pass whole.

    first: the check of the parcels as given; rest: (n,) what cutting leaves, counted from `origin`; farthest_m and
    farthest_deg: how far a parcel may move or turn, 0 not at all; judge: checks a question.
    """
    parcels = moved(question.parcels.geometries, (-origin[0], -origin[1]))
    rows = np.flatnonzero(verdicts_left(first.tables["parcels"].columns, keep_verdict))

    def passes(called: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        if len(called) == 0:
            return np.empty(0, dtype=bool)
        run = judge(_asked(question, called, sound(moved(shapes, origin))))
        fine: np.ndarray = ~verdicts_left(run.tables["parcels"].columns, keep_verdict)
        return fine

    found = [Candidate(int(row), "cut", rest[row]) for row in rows if rest[row] is not None]
    for row in rows:
        if rest[row] is not None and shapely.get_num_geometries(rest[row]) > 1:
            pieces = shapely.get_parts(rest[row])
            found.append(Candidate(int(row), "one_piece", pieces[np.argmax(shapely.area(pieces))]))
    for name, farthest, rings in (("moved", farthest_m, moves), ("turned", farthest_deg, turns)):
        steps = nearest_steps(parcels, rows, rings(farthest), passes) if farthest > 0 else {}
        found += [Candidate(row, name, step.applied(parcels[row]), step) for row, step in sorted(steps.items())]
    order = {"cut": 0, "one_piece": 1, "moved": 2, "turned": 3}
    found.sort(key=lambda item: (item.row, order[item.name]))
    return _table(question, first, found, keep_verdict, origin, judge)


def _asked(question: Question, rows: np.ndarray, written: np.ndarray) -> Question:
    """The same question of other ground: parcels by their rows, some several times, each with a name of its own."""
    parcels = question.parcels
    ids = np.array([f"{parcels.ids[row]}#{number}" for number, row in enumerate(rows)], dtype=object)
    attributes = parcels.attributes.iloc[rows].reset_index(drop=True)
    return replace(question, parcels=replace(parcels, ids=ids, geometries=written, attributes=attributes))


def _table(
    question: Question,
    first: Run,
    found: list[Candidate],
    keep_verdict: str,
    origin: tuple[float, float],
    judge: Judge,
) -> Table:
    """Each alternative once more through the check, with its verdict and what it changes for each department."""
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [item.ground for item in found]
    written = sound(moved(shapes, origin))
    rows: list[dict[str, Any]] = []
    if found:
        run = judge(_asked(question, np.array([item.row for item in found]), written))
        columns = run.tables["parcels"].columns
        severe = verdicts_left(columns, keep_verdict)
        before, after = _by_department(first), _by_department(run)
        areas = shapely.area(moved(question.parcels.geometries, (-origin[0], -origin[1])))
        for number, item in enumerate(found):
            name = question.parcels.ids[item.row]
            then, now = before.get(name, {}), after.get(f"{name}#{number}", {})
            changes = {
                department: {
                    "before_m2": round(then.get(department, 0.0), 3),
                    "after_m2": round(now.get(department, 0.0), 3),
                }
                for department in dict.fromkeys((*then, *now))
            }
            area_m2 = float(shapely.area(item.ground))
            rows.append(
                {
                    "parcel": name,
                    "alternative": item.name,
                    "passes": not severe[number],
                    "verdict": columns["verdict"].iloc[number],
                    "area_m2": area_m2,
                    "share": area_m2 / float(areas[item.row]),
                    "moved_m": item.step.moved_m,
                    "east_m": item.step.east_m,
                    "north_m": item.step.north_m,
                    "turned_deg": item.step.turned_deg,
                    "departments": json.dumps(changes, ensure_ascii=False),
                }
            )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    typed = {
        name: frame[name].astype(float if name in _NUMBERS else bool if name == "passes" else object)
        for name in COLUMNS
    }
    return Table(pd.DataFrame(typed, columns=COLUMNS), multi(written, "polygon"))


def _by_department(run: Run) -> dict[str, dict[str, float]]:
    """Parcel → department → ground of its findings that count, in m², rule by rule."""
    columns = run.tables["findings"].columns
    counted = columns[columns["counted"].to_numpy(dtype=bool)]
    sums = counted.groupby(["parcel", "department"], sort=True)["area_m2"].sum().reset_index()
    result: dict[str, dict[str, float]] = {}
    for row in sums.to_dict("records"):
        result.setdefault(row["parcel"], {})[row["department"]] = float(row["area_m2"])
    return result

"""Alternatives for parcels that do not pass whole: cut, one piece, moved, turned; each is checked, with its changes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.geometry.parts import largest_of_each, shift_polygons
from onemap.layers.messages import phrase
from onemap.rules.answers.remedy.departments import COLUMNS as DEPARTMENT_COLUMNS
from onemap.rules.answers.remedy.departments import MEASURES, department_changes, department_verdicts
from onemap.rules.answers.remedy.obstacles import verdicts_left
from onemap.rules.answers.remedy.remedy_options import RemedyOptions
from onemap.rules.answers.remedy.search import CHECKS_A_RING, Bounds, Expect, Step, nearest_steps, searches
from onemap.rules.judge.findings.findings import FindingColumns
from onemap.rules.judge.findings.table import Table, WrittenTable, records_of, typed_arrays
from onemap.rules.judge.findings.thresholds import vanish_under_erosion
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.inputs.parcels import parcels_of_wkb
from onemap.rules.judge.overlay.overlay import BALANCE_M2
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Run

COLUMNS = ["parcel", "alternative", "passes", "verdict", "area_m2", "share", "moved_m", "east_m", "north_m"]
COLUMNS += ["turned_deg", "departments"]
ALTERNATIVES = ("cut", "one_piece", "moved", "turned", "moved_turned")
_OF_STEPS = ("moved_m", "east_m", "north_m", "turned_deg")
_OF_DEPARTMENTS = ("verdict_before", "verdict_after", *MEASURES)  # what the column `departments` says of each
PROPOSED = 2  # of a parcel, about, if nothing is searched: what is left of it, and its largest piece
_TRIED_AT_ONCE = 20_000  # grounds of a search: thousands of parcels are tried in hundreds of places each
# Checks a question, and says meanwhile what is done, if that is more than the check itself says.
Judge = Callable[[Question, str | None], Run]


@dataclass(frozen=True)
class Candidate:
    """One alternative for one parcel (row): its name, the step that led to it, and the position of its ground."""

    row: int
    name: str
    place: int
    step: Step = Step()


@dataclass(frozen=True)
class Alternatives:
    """The alternatives, the losses and gains of each department, and the number of grounds tried."""

    table: Table
    departments: Table
    tried: int


def alternatives(
    question: Question,
    first: Run,
    parcels: ParcelRows,
    rest: FlatGround,
    rules: Sequence[Rule],
    options: RemedyOptions,
    judge: Judge,
    expect: Expect,
    district: shapely.Geometry | None,
    threads: Threads,
) -> Alternatives:
    """The alternatives of every parcel that does not pass whole; none extends farther beyond the district.

    first: the check of the given parcels, by `rules`; rest: (n,) the ground left after cutting; expect: called with the
    largest number of grounds still to be judged, and the number of checks.
    """
    rows = np.flatnonzero(verdicts_left(first, options.keep_verdict))
    trial = _Trial(question, options, parcels, judge, expect, district)
    steps, shapes = trial.nearest_places(rows)
    candidates, ground = _remainders(rows, rest)
    for name, side in steps.items():
        moved_parcels = np.array([step.move_parcel(shapes[row]) for row, step in side.items()], dtype=object)
        candidates += [Candidate(row, name, len(ground) + at, step) for at, (row, step) in enumerate(side.items())]
        ground = joined_ground([ground, FlatGround.all_of(moved_parcels)])
    candidates.sort(key=lambda item: (item.row, ALTERNATIVES.index(item.name)))
    ground = ground.at(np.array([item.place for item in candidates], dtype=np.int64))
    if candidates:
        expect(len(candidates), 1)
    department_codes = list(dict.fromkeys(rule.department for rule in rules))
    table, departments = trial.tables(first, candidates, ground, department_codes, threads)
    return Alternatives(table, departments, trial.tried)


def _remainders(rows: np.ndarray, rest: FlatGround) -> tuple[list[Candidate], FlatGround]:
    """The remainders of parcels after cutting, by rows (k,), and the largest piece of those with several."""
    count = rest.parts[rows]
    left, several = rows[count > 0], rows[count > 1]
    candidates = [Candidate(row, "cut", place) for place, row in enumerate(left.tolist())]
    candidates += [Candidate(row, "one_piece", len(left) + place) for place, row in enumerate(several.tolist())]
    pieces, owner = shapely.get_parts(rest.at(several).geometries, return_index=True)
    largest = pieces[largest_of_each(shapely.area(pieces), owner)]
    return candidates, joined_ground([rest.at(left), FlatGround.all_of(largest)])


@dataclass
class _Trial:
    """Tries parcels in other places; tried: the number of grounds so far. district: in the library's plane."""

    question: Question
    options: RemedyOptions
    parcels: ParcelRows
    judge: Judge
    expect: Expect
    district: shapely.Geometry | None
    tried: int = 0

    def passes(self, rows: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        """Which shapes (k,), counted from the origin, pass the check. rows (k,): of their parcels."""
        self.tried += len(rows)
        fine = np.zeros(len(rows), dtype=bool)
        for start in range(0, len(rows), _TRIED_AT_ONCE):
            part = slice(start, start + _TRIED_AT_ONCE)
            step = phrase("progress.places", self.question.language, count=f"{self.tried:,}")
            library_shapes = shift_polygons(shapes[part], self.parcels.origin)
            wkb = pa.array(shapely.to_wkb(library_shapes, byte_order=1), pa.large_binary())
            run = self.judge(question_of_ground(self.question, rows[part], wkb), step)
            fine[part] = ~verdicts_left(run, self.options.keep_verdict) & ~self._leaves_district(
                rows[part], library_shapes
            )
        return fine

    def _leaves_district(self, rows: np.ndarray, library_shapes: np.ndarray) -> np.ndarray:
        """Which grounds (k,) have more area beyond the district than their parcels (k,) as given."""
        leaves = np.zeros(len(rows), dtype=bool)
        if self.district is None:
            return leaves
        shapely.prepare(self.district)
        at = np.flatnonzero(~shapely.covers(self.district, library_shapes))
        own = shift_polygons(self.parcels.local[rows[at]], self.parcels.origin)
        outside_m2, own_beyond = (
            shapely.area(shapely.difference(shapes, self.district)) for shapes in (library_shapes[at], own)
        )
        leaves[at] = outside_m2 > own_beyond + BALANCE_M2
        return leaves

    def nearest_places(self, rows: np.ndarray) -> tuple[dict[str, Mapping[int, Step]], np.ndarray]:
        """The nearest steps at which parcels in `rows` pass, by alternative; and the parcels (n,) as given, by row."""
        bounds = Bounds(self.options.move_m, self.options.turn_deg)
        every, shapes = searches(bounds), np.full(len(self.parcels.names), None, dtype=object)
        if not every:
            return {}, shapes
        shapes[rows] = self.parcels.local[rows]
        # A parcel that is too small or too thin as it stands is so everywhere.
        movable = [int(row) for row in rows if _is_large(shapes[row], self.options)]
        steps: dict[str, Mapping[int, Step]] = {}
        later = PROPOSED * len(rows) + len(movable) * sum(len(ring) for rings in every.values() for ring in rings)
        checks = 1 + CHECKS_A_RING * sum(map(len, every.values()))
        best: dict[int, float] = {}  # only what is less than a move or a turn alone is worth both
        for name, rings in every.items():
            later -= len(movable) * sum(map(len, rings))
            checks -= CHECKS_A_RING * len(rings)

            def expect_more(most: int, more: int, later: int = later, checks: int = checks) -> None:
                self.expect(most + later, more + checks)

            best_steps = best if name == "moved_turned" else None
            steps[name] = nearest_steps(shapes, movable, rings, self.passes, bounds.share, best_steps, expect_more)
            best |= {at: min(bounds.share(step), best.get(at, float("inf"))) for at, step in steps[name].items()}
        return steps, shapes

    def tables(
        self,
        first: Run,
        candidates: list[Candidate],
        ground: FlatGround,
        department_codes: Sequence[str],
        threads: Threads,
    ) -> tuple[Table, Table]:
        """Check each alternative again, and list its verdict and the changes for each department.

        ground: of the alternatives (k,); department_codes: the departments, in order.
        """
        parcels = self.parcels
        departments = pd.DataFrame(
            {name: pd.Series(dtype=float if name in MEASURES else object) for name in DEPARTMENT_COLUMNS}
        )
        rows = np.array([item.row for item in candidates], dtype=np.int64)
        grounds = parcels.grounds_in_library(ground, rows)
        wkb = grounds.wkb()
        columns: FindingColumns = dict.fromkeys(COLUMNS, np.empty(0, dtype=object))
        if candidates:
            again = question_of_ground(self.question, rows, wkb)
            run = self.judge(again, phrase("progress.again", self.question.language))
            names, ids, kinds = parcels.names[rows], again.parcels.ids, [item.name for item in candidates]
            before, after = (department_verdicts(one, of, parcels.origin) for one, of in ((first, names), (run, ids)))
            departments = department_changes(
                before, after, list(zip(names, ids, strict=True)), kinds, department_codes, threads
            )
            changes = departments_of(records_of(departments))
            texts = [json.dumps(changes.get(pair, {}), ensure_ascii=False) for pair in zip(names, kinds, strict=True)]
            columns = {
                "parcel": names,
                "alternative": np.array(kinds, dtype=object),
                "passes": ~verdicts_left(run, self.options.keep_verdict),
                "verdict": run.tables["parcels"].values("verdict"),
                "area_m2": ground.area_m2,
                "share": ground.area_m2 / parcels.area_m2[rows],
                **{name: np.array([getattr(item.step, name) for item in candidates]) for name in _OF_STEPS},
                "departments": np.array(texts, dtype=object),
            }
        return WrittenTable(typed_arrays(columns), wkb, grounds.boxes), Table(departments)


def _is_large(parcel: shapely.Geometry, options: RemedyOptions) -> bool:
    """Whether every part of a parcel has at least the least area and width."""
    parts = shapely.get_parts(parcel)
    if (shapely.area(parts) < options.min_part_m2).any():
        return False
    return not (options.min_width_m > 0 and vanish_under_erosion(parts, options.min_width_m).any())


def question_of_ground(question: Question, rows: np.ndarray, wkb: pa.Array) -> Question:
    """The same question for other ground, given as WKB (k,), of parcels by rows; each ground gets its own name."""
    parcels = question.parcels
    ids = np.array([f"{parcels.ids[row]}#{number}" for number, row in enumerate(rows)], dtype=object)
    attributes = parcels.attributes.iloc[rows].reset_index(drop=True)
    return replace(question, parcels=parcels_of_wkb(parcels, ids, wkb, attributes))


def departments_of(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """The table `departments` by parcel and alternative: department → verdicts and square metres."""
    result: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        values = {name: round(row[name], 3) if name in MEASURES else row[name] for name in _OF_DEPARTMENTS}
        result.setdefault((row["parcel"], row["alternative"]), {})[row["department"]] = values
    return result

"""The part of each parcel that passes: check, cut, and check again as it is written, until nothing is found."""

import math
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.library.district import district_at
from onemap.layers.library.library import Library
from onemap.layers.messages import ProblemRecord, phrase
from onemap.layers.progress import Progress
from onemap.layers.records import Record
from onemap.rules.answers.remedy.alternatives import PROPOSED, alternatives, question_of_ground
from onemap.rules.answers.remedy.cuts import Cuts, Parts, cut_off, drop_small
from onemap.rules.answers.remedy.obstacles import obstacles_of
from onemap.rules.answers.remedy.remedy_options import RemedyOptions
from onemap.rules.answers.remedy.search import CHECKS_A_RING, Bounds, searches
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.judge.check.check import BEGUN, JUDGED, LAYERS_READ, check, origin_of, remarks_of
from onemap.rules.judge.check.part_judgement import parcel_rows_of
from onemap.rules.judge.findings.findings import FindingColumns
from onemap.rules.judge.findings.run_tables import run_table, write_grounds
from onemap.rules.judge.findings.table import Table, WrittenTable, typed_arrays
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.overlay.overlay import united_ground
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import Pack, rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan, check_plan_of
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Chunk, Run

KIND = "remedy"
# How much more is cut each time that the remainder, as it is written, still meets something: rounding first, then more.
RETREATS_M = (0.0, 1e-4, 1e-3, 1e-2, 0.1)
_TOUCHED = 0.2  # of the parcels, about: before the first check nobody knows against how many something stands
WRITING = 0.9  # of the work, when it is written
_READING = 0.5  # of what judging takes: to read the layers, as long as nobody knows
_AGAIN = 0.5  # of that, at every later check
Result = TypeVar("Result")


@dataclass(frozen=True)
class Remedy:
    """A remedy: its question, record and tables, and the remarks on its input."""

    question: Question
    record: Record
    tables: dict[str, Table]
    problems: list[ProblemRecord]

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs of its question."""
        return self.question.packs

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in one chunk."""
        yield Chunk(self.tables, self.question.parcels)


def remedy(
    library: Library,
    question: Question,
    options: RemedyOptions,
    threads: Threads,
) -> Remedy:
    """Cut every obstacle from every parcel; nothing is written. Raises OneMapError for every refusal."""
    began = time.perf_counter()
    check_plan = check_plan_of(library, question, origin_of(library, question.parcels.extent))
    parts_found = parcels_remedied(library, question, options, check_plan, threads.part(0.0, WRITING))
    cut, dropped_m2 = parts_found.tables["cuts"].values("area_m2"), parts_found.tables["remainder"].values("dropped_m2")
    sums = {**parts_found.counts, **ground_sums([cut], [dropped_m2])}
    record = remedy_record(parts_found.first.record, options, parts_found.tried, sums, time.perf_counter() - began)
    remarks = remarks_of(library, question, check_plan, question.parcels.extent)
    return Remedy(question, record, {**parts_found.tables, "run": run_table(record)}, remarks)


@dataclass(frozen=True)
class FoundParts:
    """The result of a remedy for some parcels: every table except `run`, their first check, the grounds tried."""

    tables: dict[str, Table]
    first: Run
    tried: int

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of parcels by result.

        passing: some part of the parcel passes; whole: all of it; moved and the like: parcels with such an alternative.
        """
        remainder, kinds = self.tables["remainder"].columns, self.tables["alternatives"].columns["alternative"]
        touched = {*self.tables["cuts"].columns["parcel"], *remainder["parcel"][remainder["dropped_m2"] > 0]}
        return {
            "parcels": len(remainder),
            "passing": int((remainder["parts"] > 0).sum()),
            "whole": len(remainder) - len(touched),
            **{name: int((kinds == name).sum()) for name in ("moved", "turned", "moved_turned")},
        }


def ground_sums(cut: Iterable[np.ndarray], dropped_areas: Iterable[np.ndarray]) -> dict[str, float]:
    """The sums of cut and of dropped ground in m², from areas given in parts.

    The exact sum is rounded once, so that it does not depend on the parts.
    """
    cut_m2, dropped_m2 = (math.fsum(chain.from_iterable(parts)) for parts in (cut, dropped_areas))
    return {"cut_m2": cut_m2, "dropped_m2": dropped_m2}


def parcels_remedied(
    library: Library, question: Question, options: RemedyOptions, check_plan: CheckPlan, threads: Threads
) -> FoundParts:
    """Cut the obstacles from some parcels.

    check_plan: of all parcels of the question. The rows are the same to the last digit whichever parcels are cut
    together. Raises OneMapError for every refusal.
    """
    parcel_rows, origin = parcel_rows_of(check_plan, library.crs, question.parcels), check_plan.origin
    parts, count = Parts.whole(parcel_rows.local), len(question.parcels.ids)
    searching = SearchProgress(threads.progress)

    def judge(changed_question: Question, step: str | None = None) -> Run:
        def check_again(own: Progress) -> Run:
            return check(library, changed_question, replace(threads, progress=own), check_plan=check_plan)

        return searching.watch_check(len(changed_question.parcels.ids), check_again, step)

    rings = [ring for rings in searches(Bounds(options.move_m, options.turn_deg)).values() for ring in rings]
    # Of a parcel that something stands against: what is left of it is checked again.
    each, checks = 1 + PROPOSED + sum(map(len, rings)), 2 + CHECKS_A_RING * len(rings)
    searching.expect(count + round(_TOUCHED * count) * each, 1 + checks)
    first = judge(question)
    rules = [rule for rule in rules_of_run(question.packs, first.record) if rule.id in first.record["rules"]]
    # Nobody knows how much it is beside the checks, so that it is no part of the bar.
    cutting = threads.part(0.0, 0.0, phrase("progress.cutting", question.language))
    again = phrase("progress.again", question.language)

    def judge_rest(rows: np.ndarray) -> Run:
        # The remainder is judged as it will be written: with the digits of the library's plane.
        bodies = parcel_rows.grounds_in_library(parts.rest.at(rows), rows).wkb()
        searching.expect(len(rows) * each, checks)
        return judge(question_of_ground(question, rows, bodies), again)

    _cut_until_nothing_is_found(parts, first, rules, options, origin, judge_rest, cutting)
    tables = _tables(parts, parcel_rows, rules, cutting)
    others = alternatives(
        question,
        first,
        parcel_rows,
        rest=parts.rest,
        rules=rules,
        options=options,
        judge=judge,
        expect=searching.expect,
        district=district_at(library, question.known_at),
        threads=cutting,
    )
    tables["alternatives"], tables["departments"] = others.table, others.departments
    return FoundParts(tables, first, others.tried)


def _cut_until_nothing_is_found(
    parts: Parts,
    first: Run,
    rules: Sequence[Rule],
    options: RemedyOptions,
    origin: tuple[float, float],
    judge_rest: Callable[[np.ndarray], Run],
    threads: Threads,
) -> None:
    """Cut what the first check found, then what a check of the remainder finds; each time a little more.

    judge_rest: checks the rest of parcels by rows.
    """
    run, rows = first, np.arange(len(parts.rest))
    for retreat_m in RETREATS_M:
        obstacles = obstacles_of(run, rules, options.keep_verdict, origin, rows)
        cut_off(parts, obstacles, retreat_m, threads)
        dropped_m2 = parts.dropped_m2.copy()
        drop_small(parts, options.min_part_m2, options.min_width_m, options.one_piece)
        # Of a smaller parcel the same ground is a larger share.
        touched = np.union1d(obstacles.against.parcel, np.flatnonzero(parts.dropped_m2 != dropped_m2))
        rows = touched[parts.is_left[touched]]
        if len(rows) == 0:
            break
        run = judge_rest(rows)
    else:
        # Parcels that still conflict after every retreat are given up: their rest is cut by the most severe rule left.
        left = obstacles_of(run, rules, options.keep_verdict, origin, rows).against
        first_of = np.unique(left.parcel, return_index=True)[1]
        first_of = first_of[parts.is_left[left.parcel[first_of]]]
        whole = parts.rest.at(left.parcel[first_of])
        parts.cut(left.at(first_of), FlatGround.empty(len(first_of)), whole.area_m2, whole)


def remedy_record(
    first: Mapping[str, Any], options: RemedyOptions, tried_count: int, sums: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    """The record of a remedy: the record of its first check with the remedy's own facts.

    tried_count: the number of grounds tried in search of alternatives; sums: the number of parcels
    that pass, in part or whole, and the m² cut and dropped.
    """
    return {
        **first,
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "kind": KIND,
        "seconds": round(seconds, 3),
        "parameters": {
            **first["parameters"],
            **options.record(),
        },
        "search": Bounds(options.move_m, options.turn_deg).record(tried_count),
        "sums": dict(sums),
    }


def of_parcels(question: Question, names: Sequence[str], file: str) -> Question:
    """The same question for the named parcels only, in the file's order. Raises OneMapError parcel.unknown."""
    ids = question.parcels.ids
    known_ids = set(ids)
    problems = [
        Problem("parcel.unknown", {"file": file, "feature": name, "field": "--parcel", "known": list(ids[:20])})
        for name in names
        if name not in known_ids
    ]
    if problems:
        raise OneMapError.of(problems)
    rows = np.flatnonzero(np.isin(ids, list(names)))
    return replace(question, parcels=question.parcels.at(rows))


def _tables(parts: Parts, parcels: ParcelRows, rules: Sequence[Rule], threads: Threads) -> dict[str, Table]:
    left = np.nan_to_num(parts.rest.area_m2)
    remainder: FindingColumns = {
        "parcel": parcels.names,
        "area_m2": left,
        "share": left / parcels.area_m2,
        "parts": parts.rest.parts,
        "dropped_m2": parts.dropped_m2,
        "_parcel": np.arange(len(left)),
        "_ground": parts.rest,
    }
    blocks = {"remainder": remainder, "cuts": _cut_rows(parts.cuts, parcels.names, rules, threads)}
    tables: dict[str, Table] = {}
    for name, block in blocks.items():
        write_grounds(block, parcels, threads)
        plain = [column for column in block if not column.startswith("_")]
        tables[name] = WrittenTable(typed_arrays(block, plain), block["_wkb"], block["_box"])
    return tables


def _cut_rows(cuts: Sequence[Cuts], names: np.ndarray, rules: Sequence[Rule], threads: Threads) -> FindingColumns:
    """One row for each parcel and rule that cut something; parcels in given order, rules in the order of cutting."""
    parcel, rule, rank = (
        np.concatenate([getattr(cut.against, name) for cut in cuts]) for name in ("parcel", "rule", "rank")
    )
    area_m2, ground = np.concatenate([cut.area_m2 for cut in cuts]), joined_ground([cut.ground for cut in cuts])
    parcels_and_rules, row = np.unique(parcel * len(rules) + rule, return_inverse=True)
    count, is_unknown, has_ground = len(parcels_and_rules), rank == RANK[Verdict.UNKNOWN], ground.dimension >= 0
    worst = np.full(count, len(RANK))
    np.minimum.at(worst, row, rank)
    parcel, rule = np.divmod(parcels_and_rules, max(len(rules), 1))
    order = np.lexsort((rule, worst, parcel))
    return {
        "parcel": names[parcel[order]],
        "rule": np.array([item.id for item in rules], dtype=object)[rule[order]],
        "area_m2": np.bincount(row, area_m2, count)[order],
        "verdict": np.array(list(RANK), dtype=object)[worst[order]],
        "unknown_m2": np.bincount(row[is_unknown], area_m2[is_unknown], count)[order],
        "_parcel": parcel[order],
        "_ground": united_ground(row[has_ground], ground.at(has_ground), count, threads).at(order),
    }


class SearchProgress:
    """The progress of a search, as a share of all expected checks and grounds.

    The cost of reading the layers is measured in grounds at the first check; later checks find most of them in memory.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._work_behind = 0.0
        self._left = self._checks = 0
        self._reading: float | None = None

    def expect(self, grounds: int, checks: int = 1) -> None:
        """Expect at most so many further grounds and checks; the search corrects this as it finds places."""
        self._left, self._checks = grounds, checks

    def watch_check(self, count: int, check: Callable[[Progress], Result], step: str | None = None) -> Result:
        """Run a check of so many grounds as a part of the search's progress.

        step: text to show meanwhile; None for the check's own.
        """
        first = self._reading is None
        reading = _READING * count if self._reading is None else _AGAIN * self._reading
        later = _AGAIN * reading if first else reading
        expected = self._work_behind + reading + later * max(self._checks - 1, 0) + max(self._left, count)
        began, read = time.process_time(), 0.0

        def say(fraction: float, inner_step: str) -> None:
            nonlocal read
            if not read and fraction >= LAYERS_READ - 1e-9:
                read = time.process_time()
            part = np.interp(fraction, (BEGUN, LAYERS_READ, JUDGED), (0.0, reading, reading + count))
            self._progress.at((self._work_behind + float(part)) / max(expected, 1), step or inner_step)

        result = check(Progress(say))
        if first:
            judging_s = time.process_time() - read
            reading = self._reading = count * (read - began) / judging_s if read and judging_s > 0 else 0.0
        self._work_behind += reading + count
        self._left, self._checks = max(self._left - count, 0), max(self._checks - 1, 0)
        return result

"""The conflict check: parcels × rules × layer versions → the tables of a run."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from onemap.layers.crs.plane_scale import refuse_stretched_plane
from onemap.layers.library.library import Library
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.layers.software import software_versions
from onemap.rules.contract.verdict import verdict_counts
from onemap.rules.judge.check.clear_within_accuracy import accuracy_problems_of
from onemap.rules.judge.check.layers_of_check import LayersOfCheck
from onemap.rules.judge.check.part_judgement import judge_part
from onemap.rules.judge.check.run_in_parts import RunInParts, begin_parts
from onemap.rules.judge.findings.background_rows import background_thread
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.incremental.comparison_with_run import Comparison, Earlier, earlier_run
from onemap.rules.judge.incremental.merged_run import StandingRows, merged_tables, standing_rows
from onemap.rules.judge.inputs.check_record import CheckParameters, CheckRecord, LayerRecord, SkippedRule, WarpedRaster
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.pack_slips import slips_of
from onemap.rules.judge.question.check_plan import CheckPlan, check_plan_of
from onemap.rules.judge.question.kind_remarks import kind_problems_of
from onemap.rules.judge.question.layer_remarks import problems_near, trial_problems_of, value_problems_of
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.unwritten_sites import lacking_ground

_LAYERS, _RULES, _ROWS = 0.09, 0.65, 0.7  # of the work: layers are read, all rules have judged, all have their rows
BEGUN, JUDGED = 0.05, 0.9  # of a whole check: its parcels are read; nothing of it is written yet
LAYERS_READ = BEGUN + _LAYERS * (JUDGED - BEGUN)
_CELL_M, _DISTANCE_M = 100_000, 40_000


@dataclass(frozen=True)
class Answer:
    """The result of all rules for some parcels: every table of a run except `run`.

    layers: what was read of each layer, by code; computed: how many pairs of parcel and rule were judged; skipped:
    rules that could not be asked, with the reason; warped: rules whose raster was warped, with its cell size.
    """

    tables: dict[str, Table]
    layers: dict[str, LayerRecord]
    computed: int
    skipped: list[SkippedRule]
    warped: list[WarpedRaster]


def check(
    library: Library,
    question: Question,
    threads: Threads,
    against: str | None = None,
    check_plan: CheckPlan | None = None,
    most_rows: int | None = None,
) -> Run:
    """Judge all parcels by all rules at once; nothing is written.

    against: a stored run whose rows are taken over wherever parcel, rule and nearby layers are unchanged; only the rest
    is computed, and the result is the same as without it. check_plan: given when this check is part of a larger one,
    which has remarks of its own, else made for these parcels. most_rows: how many rows may be held at once.

    Raises OneMapError for every refusal, TooManyRows.
    """
    began, start_moment = time.perf_counter(), library.connection.moment()
    plan = check_plan or _plan_of(library, question)
    earlier = earlier_run(library, against, question, plan.origin) if against else None
    arguments = plan, plan.sources(library), question.parcels, threads.part(BEGUN, JUDGED)
    answer = judge_against_run(*arguments, earlier) if earlier else judged_parcels(*arguments, most_rows=most_rows)
    record = _record(library, question, plan, answer, start_moment, began)
    remarks = [] if check_plan else remarks_of(library, question, plan, question.parcels.extent)
    return _run_of(question, record, answer, remarks)


def check_near_changes(library: Library, question: Question, threads: Threads, against: str) -> Run:
    """Judge the parcels of a stored run near which something has changed since, by every rule; nothing is written.

    question: asks for the stored run's own parcels again. The returned run covers only the parcels judged again, at
    least one; the rows of all others are as stored. Raises OneMapError for every refusal.
    """
    began, start_moment = time.perf_counter(), library.connection.moment()
    check_plan = _plan_of(library, question)
    earlier = earlier_run(library, against, question, check_plan.origin, is_its_own=True)
    arguments = check_plan, check_plan.sources(library), question.parcels, threads.part(BEGUN, JUDGED)
    near_question = question
    if earlier:
        earlier_rows, answer = _judged_again(*arguments, earlier, by_all_rules=True)
        near_question = replace(question, parcels=question.parcels.at(earlier_rows.rows_to_judge))
    else:
        answer = judged_parcels(*arguments)
    record = _record(library, near_question, check_plan, answer, start_moment, began)
    return _run_of(
        near_question, record, answer, remarks_of(library, near_question, check_plan, near_question.parcels.extent)
    )


def _run_of(question: Question, record: CheckRecord, answer: Answer, remarks: list[ProblemRecord]) -> Run:
    verdicts = verdict_counts(answer.tables["parcels"].values("verdict"))
    return Run(question, record, remarks, verdicts, {**answer.tables, "run": run_table(record)})


def check_in_parts(library: Library, question: Question, threads: Threads, most_rows: int | None = None) -> RunInParts:
    """Judge parcels by every rule part by part, while finished rows are written; the rows are those of `check`.

    The first part is judged before this returns, so that a refusal comes before anything is written.
    most_rows: how many rows all parcels may have, estimated from the first part. Raises OneMapError for every refusal,
    TooManyRows.
    """
    began, start_moment = time.perf_counter(), library.connection.moment()
    check_plan, judging = _plan_of(library, question), threads.part(BEGUN, JUDGED)
    sources = check_plan.sources(library)
    layers = LayersOfCheck(check_plan, sources, question.parcels, judging.progress.part(0.0, _LAYERS))
    parts, close = begin_parts(layers, question.parcels, judging.part(_LAYERS, 1.0), most_rows)
    record = _record(library, question, check_plan, _answer({}, layers, 0, []), start_moment, began)
    remarks = remarks_of(library, question, check_plan, question.parcels.extent)
    return RunInParts(question, record, remarks, {}, parts, close, judging.progress, began)


def _plan_of(library: Library, question: Question) -> CheckPlan:
    return check_plan_of(library, question, origin_of(library, question.parcels.extent))


def _answer(tables: dict[str, Table], layers: LayersOfCheck, computed_count: int, warped: list[WarpedRaster]) -> Answer:
    records = {code: source.record(code) for code, source in layers.read.items()}
    return Answer(tables, records, computed_count, layers.skipped_rules, warped)


def _record(
    library: Library, question: Question, check_plan: CheckPlan, answer: Answer, start_moment: str, began: float
) -> CheckRecord:
    parameters, seconds = question.parameters(library), time.perf_counter() - began
    return record_of(check_plan, question.packs, parameters, [answer], start_moment, seconds, library.person())


def remarks_of(
    library: Library, question: Question, check_plan: CheckPlan, *extents: Sequence[float]
) -> list[ProblemRecord]:
    """Remarks on the parcels, on how they were read, on the names of their projects, on layers and on rules.

    extents: of the parcels, each west, south, east, north.
    """
    of_projects = kind_problems_of(question.packs, question.parcels, question.language)
    used_versions = check_plan.versions_used
    of_layers = problems_near(lacking_ground(library, used_versions), used_versions, *extents)
    of_trials = trial_problems_of(library, check_plan)
    of_packs = *slips_of(question.packs, question.as_of), *value_problems_of(library, check_plan)
    of_accuracy = accuracy_problems_of(library, check_plan, [question.parcels])
    problems = *question.parcels.problems, *of_projects, *of_trials, *of_layers, *of_packs, *of_accuracy
    return [problem_record(problem, question.language) for problem in problems]


def judge_against_run(
    check_plan: CheckPlan, sources: Sources, parcels: Parcels, threads: Threads, earlier: Earlier
) -> Answer:
    """Judge the parcels and rules for which an earlier run's rows no longer hold, and merge the rows that still hold.

    Raises OneMapError rule.field, run.damaged.
    """
    earlier_rows, answer = _judged_again(check_plan, sources, parcels, threads, earlier)
    tables = merged_tables(earlier_rows, answer.tables, answer.layers)
    # Rasters near parcels whose rows stand were warped as well.
    return replace(answer, tables=tables, warped=[*answer.warped, *earlier_rows.warped_rasters(answer.warped)])


def _judged_again(
    check_plan: CheckPlan,
    sources: Sources,
    parcels: Parcels,
    threads: Threads,
    earlier: Earlier,
    *,
    by_all_rules: bool = False,
) -> tuple[StandingRows, Answer]:
    """The rows of an earlier run that still hold, and the judgement of the other parcels, by their other rules or all.

    A layer that proves unreadable is compared anew.
    """
    lost_codes: frozenset[str] = frozenset()
    while True:
        earlier_rows = standing_rows(Comparison(earlier, check_plan, sources, lost_codes))
        some = parcels.at(earlier_rows.rows_to_judge)
        answer = judged_parcels(check_plan, sources, some, threads, None if by_all_rules else earlier_rows)
        if not (unreadable_codes := earlier_rows.unreadable(answer.layers) - lost_codes):
            return earlier_rows, answer
        lost_codes |= unreadable_codes


def judged_parcels(
    check_plan: CheckPlan,
    sources: Sources,
    parcels: Parcels,
    threads: Threads,
    earlier_rows: StandingRows | None = None,
    most_rows: int | None = None,
) -> Answer:
    """Judge some parcels by every rule of a check; of each layer only what lies near them is read.

    earlier_rows: rules by which a parcel need not be judged again; most_rows: how many rows may be held at once. The
    rows are the same to the last digit whichever parcels are judged together. Raises OneMapError rule.field,
    TooManyRows.
    """
    layers = LayersOfCheck(check_plan, sources, parcels, threads.progress.part(0.0, _LAYERS))
    with background_thread(threads.workers, len(parcels.ids)) as row_thread:
        judging = threads.part(_LAYERS, _RULES)
        part = judge_part(
            layers, parcels, judging, row_thread, earlier_rows.wanted_parcels if earlier_rows else None, most_rows
        )
        rows = part.rows.wait_for_rows(threads.progress.part(_RULES, _ROWS))
    last = threads.part(_ROWS, 1.0, phrase("progress.tables", check_plan.language))
    return _answer(
        rows.tables(last, earlier_rows.verdicts if earlier_rows else None), layers, part.computed, part.warped
    )


def judge_in_advance(
    layers: LayersOfCheck, parcels: Parcels, threads: Threads, row_thread: Executor | None
) -> Callable[[], Answer]:
    """Judge parcels as `judged_parcels` does, and return a function that waits for the tables and gives the answer.

    row_thread: makes the tables meanwhile. Raises OneMapError rule.field.
    """
    part = judge_part(layers, parcels, threads, row_thread)
    tables = part.rows.tables(threads.part(0.0, 0.0))
    return lambda: _answer(tables.result(), layers, part.computed, part.warped)


def record_of(
    check_plan: CheckPlan,
    packs: Sequence[Pack],
    parameters: CheckParameters,
    answers: Iterable[Answer],
    start_moment: str,
    seconds: float,
    who: str,
) -> CheckRecord:
    """The record of a run whose parcels were judged together or in several answers."""
    layers: dict[str, LayerRecord] = {}
    skipped, warped, computed_count = list(check_plan.skipped), list[WarpedRaster](), 0
    for answer in answers:
        layers |= answer.layers
        computed_count += answer.computed
        skipped += [item for item in answer.skipped if item not in skipped]
        warped += [item for item in answer.warped if item not in warped]
    order = {rule.id: place for place, rule in enumerate(check_plan.rules)}
    return {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started": start_moment,
        "seconds": round(seconds, 3),
        "software": software_versions(),
        "packs": [pack.record() for pack in packs],
        "layers": [layers[code] for code in sorted(layers)],
        "parameters": parameters,
        "origin": list(check_plan.origin),
        "rules": {rule.id: rule.hash for rule in check_plan.rules},
        "chosen_layers": {rule.id: rule.layer for rule in check_plan.rules if len(rule.layers_named) > 1},
        "computed": computed_count,
        "warped": sorted(warped, key=lambda item: order[item["rule"]]),
        "skipped": skipped,
        "who": who,
    }


def origin_of(library: Library, bounds: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The point from which coordinates are counted when something within some bounds (4,) is measured.

    Raises OneMapError crs.stretched where the library's plane does not keep true lengths there.
    """
    refuse_stretched_plane(library.crs, bounds, {"file": library.label})
    return local_origin(float(bounds[0]), float(bounds[1]))


def local_origin(west: float, south: float) -> tuple[float, float]:
    """The point from which a run counts coordinates: whole kilometres, the same for all parcels of a city.

    Near enough to give back the digits that a zone's prefix costs, and far enough that no coordinate comes near
    zero, where floating point is so fine that overlays lose polygons.
    """
    return float(west // _CELL_M * _CELL_M - _DISTANCE_M), float(south // _CELL_M * _CELL_M - _DISTANCE_M)

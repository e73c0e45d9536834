"""Repeat a stored run and compare it with its stored rows, a part of the parcels at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely

from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.reason import Reason
from onemap.rules.answers.compare import comparison_storage as comparisons
from onemap.rules.answers.compare.comparison import comparison_of
from onemap.rules.answers.compare.comparison_record import KIND as COMPARE
from onemap.rules.answers.remedy import remedy_storage as remedies
from onemap.rules.answers.remedy.remedy import KIND as REMEDY
from onemap.rules.answers.remedy.remedy import parcels_remedied
from onemap.rules.answers.remedy.remedy_in_blocks import answer_of
from onemap.rules.judge.check.check import Answer, judged_parcels, local_origin
from onemap.rules.judge.distributed.partition import fits_into_memory, most_parcels
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import CheckPlan, check_plan_of
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs import run_store
from onemap.rules.judge.runs.run_differences import Differences, Repetition
from onemap.rules.numbers.indicators import indicator_storage
from onemap.rules.numbers.indicators.indicators import KIND as INDICATORS
from onemap.rules.numbers.indicators.indicators import indicators

_COMPUTED = 0.85  # of the work, before rows are compared with those that are stored
# What is found of a question's parcels by a plan and its sources.
WorkOfPart = Callable[[CheckPlan, Sources, Question, Threads], Answer]


def repeat_run(library: Library, identifier: str, threads: Threads) -> Repetition:
    """Repeat a stored run of any kind with what was known then, and compare it with its rows.

    Raises OneMapError run.unknown, run.incomplete, run.damaged.
    """
    kind = run_store.kind_of(run_store.run_record(library, identifier, None, "--run"))
    computing, holding = threads.part(0.0, _COMPUTED), threads.progress.part(_COMPUTED, 1.0)
    if kind == COMPARE:
        differences = Differences(library, identifier, comparisons.KEPT)
        with comparison_of(library, comparisons.stored_options(library, identifier), computing) as comparison:
            for share, name, rows in comparisons.kept_rows(comparison):
                holding.at(share)
                differences.hold_rows(name, rows)
        return differences.repetition()
    if kind == INDICATORS:
        differences = Differences(library, identifier, indicator_storage.KEPT)
        stored_options = indicator_storage.stored_options(library, identifier)
        differences.hold(indicator_storage.kept_tables(indicators(library, stored_options, computing)), holding)
        return differences.repetition()
    if kind == REMEDY:
        options = remedies.stored_options(library, identifier)

        def remedy_part(check_plan: CheckPlan, sources: Sources, question: Question, own: Threads) -> Answer:
            return answer_of(parcels_remedied(library, question, options, check_plan, own))

        return _again_in_parts(library, identifier, REMEDY, remedies.KEPT, remedy_part, threads)

    def check_part(check_plan: CheckPlan, sources: Sources, question: Question, own: Threads) -> Answer:
        return judged_parcels(check_plan, sources, question.parcels, own)

    return _again_in_parts(library, identifier, run_store.CHECK, run_store.KEPT, check_part, threads)


def _again_in_parts(
    library: Library, identifier: str, kind: str, table_names: Sequence[str], work_of_part: WorkOfPart, threads: Threads
) -> Repetition:
    """Repeat a run about parcels; if there are many, only a block of them is held at a time, with its rows."""
    question = run_store.stored_question_of_none(library, identifier, kind)
    count, origin = _extent(library, identifier)
    most = count if fits_into_memory(count / most_parcels()) else most_parcels()
    check_plan = check_plan_of(library, question, origin)
    while True:
        sources, parcel_count = check_plan.sources(library), 0
        differences = Differences(library, identifier, table_names, [rule.id for rule in check_plan.rules])
        lost_codes: frozenset[str] = frozenset()
        for parcels in run_store.stored_parcels(library, identifier, question.parcels, max(most, 1)):
            judged_share, end = (
                (parcel_count + _COMPUTED * len(parcels.ids)) / count,
                (parcel_count + len(parcels.ids)) / count,
            )
            part = threads.part(parcel_count / count, judged_share)
            answer = work_of_part(check_plan, sources, replace(question, parcels=parcels), part)
            # A layer that is damaged somewhere is unreadable for the whole run.
            unreadable_codes = {code for code, record in answer.layers.items() if record["reason"] == Reason.UNREADABLE}
            lost_codes = frozenset(unreadable_codes) - check_plan.unreadable if most < count else frozenset()
            if lost_codes:
                break
            differences.hold(answer.tables, threads.progress.part(judged_share, end))
            parcel_count += len(parcels.ids)
        if not lost_codes:
            return differences.repetition()
        check_plan = replace(check_plan, unreadable=check_plan.unreadable | lost_codes)


def _extent(library: Library, identifier: str) -> tuple[int, tuple[float, float]]:
    """The number of parcels of a stored check, and the origin of its coordinates."""
    count, corners = 0, []
    for rows in run_store.stored_blocks(library, identifier, run_store.GIVEN):
        count += len(rows)
        corners.append(shapely.total_bounds(geometries_of_wkb(rows.bodies()))[:2])
    west, south = np.array(corners).min(axis=0)
    return count, local_origin(west, south)

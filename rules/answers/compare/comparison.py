"""The comparison of two plans: versions, common ground, overlay, spots, and the tables of the run."""

import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import Problem
from onemap.layers.files.journal_folder import Journal
from onemap.layers.geometry.parts import multi, shift_geometries, shift_polygons
from onemap.layers.geometry.row_blocks import give_back_memory
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.versions import Version
from onemap.layers.messages import phrase
from onemap.layers.software import software_versions
from onemap.rules.answers.compare.comparison_journal import (
    UnfinishedWork,
    has_many_features,
    has_many_points,
    unfinished_work,
)
from onemap.rules.answers.compare.comparison_record import KIND, pair_of
from onemap.rules.answers.compare.decisions import decisions_of, standing_decisions
from onemap.rules.answers.compare.earlier_comparison import (
    EarlierComparison,
    StandingSpots,
    changes,
    earlier_comparison,
    what_stands,
)
from onemap.rules.answers.compare.matrix import Matrix
from onemap.rules.answers.compare.pieces import ComparedGround, overlaid
from onemap.rules.answers.compare.plan_strips import plan_in_strips
from onemap.rules.answers.compare.plans import (
    Plan,
    common_ground,
    placed_plan,
    read_plan,
    version_before,
    wanted_version,
)
from onemap.rules.answers.compare.spot_tables import parts_of, spot_tables
from onemap.rules.answers.compare.spots import KEPT_COLUMNS, Limits, Spots, in_order, spots_of
from onemap.rules.answers.compare.townships import LAYER, township_source, township_statistics
from onemap.rules.answers.compare.triage import Triage, triage_of
from onemap.rules.judge.check.check import origin_of
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.overlay.threads import Threads

# How far a comparison is where a stage begins, by the processor time that each took of one of 100,000 polygons.
_READ_FROM, _OVERLAID_FROM, _SPOTS_FROM, _CAUSES_FROM, _TABLES_FROM, WRITTEN_FROM = 0.015, 0.29, 0.49, 0.8, 0.91, 0.96


@dataclass(frozen=True)
class ComparisonOptions:
    """The options of a comparison: two plans as CODE or CODE@label, the matrix, and the limits of artefacts.

    decided_until: ISO text; decisions given later are not shown.
    """

    a: str
    b: str
    matrix: Matrix
    as_of: date
    known_at: datetime | None = None
    limits: Limits = Limits()
    language: str = "en"
    decided_until: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One comparison: its options, record and tables; the plans and spots, counted from `origin`.

    changed: differences that are new, gone or changed since an earlier comparison, if one was named; remarks: on these,
    and that an earlier attempt was resumed.
    """

    options: ComparisonOptions
    record: dict[str, Any]
    tables: dict[str, Table]
    plans: tuple[Plan, Plan]
    spots: Spots
    origin: tuple[float, float]
    changed: dict[str, list[dict[str, Any]]] | None = None
    remarks: Sequence[Problem] = ()

    def parts(self) -> Iterator[tuple[float, str, Table]]:
        """The tables in parts: the share of all rows before it, the table's name, and the part."""
        rows = {name: len(table.columns) + 1 for name, table in self.tables.items()}
        row_count = 0
        for name, table in self.tables.items():
            for part in parts_of(table):
                yield row_count / sum(rows.values()), name, part
                row_count += len(part.columns)


@contextlib.contextmanager
def comparison_of(
    library: Library, options: ComparisonOptions, threads: Threads, against: str | None = None
) -> Iterator[Comparison]:
    """Compare two plans; the library is not written.

    against: a stored comparison of the same plans. Its spots are kept where nothing has changed, only the rest is
    computed, and the result equals that of a whole comparison, with what is new, gone and changed. The common ground of
    large plans is kept in a folder of unfinished work while the block lasts; after a cancel or kill, the same question
    resumes from there. Raises OneMapError for every refusal.
    """
    with contextlib.ExitStack() as stack:
        yield _comparison(library, options, threads, against, stack)


@dataclass(frozen=True)
class _Question:
    """The compared ground: two versions, and the ground near `bounds` that both cover, counted from `sources`' origin.

    parameters, pair: as in the record; against, before: the stored comparison whose spots may be kept.
    """

    library: Library
    options: ComparisonOptions
    versions: tuple[Version, Version]
    parameters: dict[str, Any]
    pair: str
    against: str | None
    before: EarlierComparison | None
    bounds: tuple[float, float, float, float]
    ground: shapely.Geometry
    sources: Sources

    def unfinished_work(self) -> contextlib.AbstractContextManager[UnfinishedWork]:
        """The folder of unfinished work of this question, while the block lasts."""
        limits = self.options.limits
        question_facts = {
            "layers": [[version.table, version.hash] for version in self.versions],
            "ground": sha256(shapely.to_wkb(self.ground)),
            "origin": list(self.sources.origin),
            "matrix": self.options.matrix.hash,
            "against": self.against,
            "limits": [limits.min_width_m, limits.min_area_m2],  # with others fewer spots of `against` are kept
        }
        return unfinished_work(self.library, question_facts)


@dataclass(frozen=True)
class _FoundSpots:
    """The spots of a question, and both plans without their ground; computed: the number of new spots.

    remarks: that an earlier attempt was resumed.
    """

    spots: Spots
    plans: tuple[Plan, Plan]
    computed: int
    remarks: Sequence[Problem]


def _comparison(
    library: Library,
    options: ComparisonOptions,
    whole: Threads,
    against: str | None,
    stack: contextlib.ExitStack,
) -> Comparison:
    began, start_moment, language = time.perf_counter(), library.connection.moment(), options.language
    whole.progress.at(0.0, phrase("progress.reading", language))
    question = _question(library, options, against)
    found_spots = _find_spots(question, whole, stack)
    spots, pair, sources = found_spots.spots, question.pair, question.sources
    threads = whole.part(_CAUSES_FROM, _TABLES_FROM, phrase("progress.spots", language))
    triage = _triage(question, found_spots, threads)
    give_back_memory()
    threads = whole.part(_TABLES_FROM, WRITTEN_FROM, phrase("progress.tables", language))
    decisions = decisions_of(library, pair, options.decided_until)
    decisions_of_spots = standing_decisions(decisions, spots, sources.origin, threads.part(0.0, 0.1))
    tables = spot_tables(spots, triage, decisions_of_spots, pair, library.crs, sources.origin, threads.part(0.1, 0.8))
    townships = township_source(library, sources, question.bounds, options.as_of, options.known_at)
    tables["statistics"] = township_statistics(spots, townships, threads.part(0.8, 1.0), language)
    record = _record(question, found_spots, townships, start_moment, time.perf_counter() - began)
    tables["run"] = run_table(record)
    change_lists, remarks = None, list[Problem]()
    if question.before is not None:
        names = tables["spots"].columns["spot"].tolist()
        differences = changes(question.before, spots.columns, names, spots.geometries, threads)
        change_lists = differences.lists
        remarks = differences.remarks(question.before, question.ground, options.matrix, options.limits, threads)
        ground = multi(shift_polygons(differences.geometries, sources.origin), "polygon")
        tables["changes"] = Table(differences.columns, ground)
    return Comparison(
        options,
        record,
        tables,
        found_spots.plans,
        spots,
        sources.origin,
        change_lists,
        [*remarks, *found_spots.remarks],
    )


def _question(library: Library, options: ComparisonOptions, against: str | None) -> _Question:
    a = wanted_version(library, options.a, options.as_of, options.known_at, "A")
    b = wanted_version(library, options.b, options.as_of, options.known_at, "B")
    parameters = {
        "library": library.shown_name,
        "library_id": library.id,
        "a": f"{a.code}@{a.label}",
        "b": f"{b.code}@{b.label}",
        "asked": [options.a, options.b],
        "as_of": options.as_of.isoformat(),
        "known_at": options.known_at.isoformat() if options.known_at else None,
        "min_width_m": options.limits.min_width_m,
        "min_area_m2": options.limits.min_area_m2,
        "lang": options.language,
    }
    pair = pair_of({"parameters": parameters})
    ground = common_ground(library, a, b)
    west, south, east, north = shapely.bounds(ground).tolist()
    origin = origin_of(library, (west, south, east, north))
    before = earlier_comparison(library, against, pair, origin) if against else None
    (local,) = shift_geometries(np.array([ground], dtype=object), (-origin[0], -origin[1]))
    sources = Sources(library, (), options.as_of, {}, {}, origin)
    bounds = (west, south, east, north)
    return _Question(
        library,
        options,
        (a, b),
        parameters=parameters,
        pair=pair,
        against=against,
        before=before,
        bounds=bounds,
        ground=local,
        sources=sources,
    )


def _find_spots(question: _Question, whole: Threads, stack: contextlib.ExitStack) -> _FoundSpots:
    """Overlay the plans and find the spots; spots of an earlier comparison are kept where nothing has changed."""
    options, origin = question.options, question.sources.origin
    pieces, plans, kept_spots, work = _overlay_plans(question, whole, stack)
    give_back_memory()
    threads = whole.part(_SPOTS_FROM, _CAUSES_FROM, phrase("progress.spots", options.language))
    spots = spots_of(pieces, plans, options.matrix, options.limits, threads, origin, work.journal)
    del pieces
    give_back_memory()
    resumed = work.resumption()
    remarks = [] if resumed is None else [resumed]
    computed_count = len(spots.geometries)
    if kept_spots is not None:
        columns = pd.concat([spots.columns[KEPT_COLUMNS].astype(object), kept_spots.columns], ignore_index=True)
        spots = in_order(np.r_[spots.geometries, kept_spots.geometries], columns)
    return _FoundSpots(spots, plans, computed_count, remarks)


def _overlay_plans(
    question: _Question, whole: Threads, stack: contextlib.ExitStack
) -> tuple[ComparedGround, tuple[Plan, Plan], StandingSpots | None, UnfinishedWork]:
    """Overlay both plans; return the plans without their ground, since large ones need the memory for their spots.

    Also returns the spots kept from the earlier comparison, and the folder of work, which stays open as long as
    `stack`.
    """
    options, sources, bounds, before = question.options, question.sources, question.bounds, question.before
    overlay_step = phrase("progress.overlay", options.language)
    work = UnfinishedWork()
    if before is None and has_many_features(question.versions):
        work = stack.enter_context(question.unfinished_work())
    threads = whole.part(_READ_FROM, _OVERLAID_FROM, overlay_step)
    plans = _plans_on_ground(sources, options, question.versions, bounds, question.ground, threads, work.journal)
    kept_spots = (
        what_stands(question.library, before, plans, sources, bounds, options.matrix, options.limits)
        if before
        else None
    )
    plans = (plans[0].without_features(), plans[1].without_features())
    if work.journal is None and has_many_points(plans):
        work = stack.enter_context(question.unfinished_work())
    threads = whole.part(_OVERLAID_FROM, _SPOTS_FROM, overlay_step)
    pieces = overlaid(*plans, threads, None if kept_spots is None else kept_spots.ground, work.journal)
    return pieces, (plans[0].without_ground(), plans[1].without_ground()), kept_spots, work


def _triage(question: _Question, found_spots: _FoundSpots, threads: Threads) -> Triage:
    """Propose causes of the spots, taking earlier versions of the plans into account."""
    earlier = _earlier_plans(question, threads.part(0.0, 0.1))
    return triage_of(found_spots.spots, found_spots.plans, question.options.matrix, earlier, threads.part(0.1, 1.0))


def _record(
    question: _Question, found_spots: _FoundSpots, townships: LayerSource | None, start_moment: str, seconds: float
) -> dict[str, Any]:
    """The record of the run."""
    return {
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        "kind": KIND,
        "started": start_moment,
        "seconds": round(seconds, 3),
        "software": software_versions(),
        "packs": [],
        "matrix": question.options.matrix.record(),
        "layers": [plan.source.record(plan.version.code) for plan in found_spots.plans],
        "townships": townships.record(LAYER) if townships else None,
        "parameters": question.parameters,
        "origin": list(question.sources.origin),
        "overlap": {"a": found_spots.plans[0].overlap.record(), "b": found_spots.plans[1].overlap.record()},
        "computed": found_spots.computed,
        "skipped": [],
        "who": question.library.person(),
    }


def _plans_on_ground(
    sources: Sources,
    options: ComparisonOptions,
    versions: tuple[Version, Version],
    bounds: Sequence[float],
    ground: shapely.Geometry,
    threads: Threads,
    journal: Journal | None,
) -> tuple[Plan, Plan]:
    """Both plans on the compared ground; a large one in strips on disk, if there is a journal."""
    plans, matrix = [], options.matrix
    both = list(zip("ab", versions, (matrix.a, matrix.b), strict=True))
    for (name, version, side), own in threads.in_turn(both):
        # What a plan says elsewhere is what none of all its features has, which are united for that.
        if journal is not None and side.elsewhere is None:
            plans.append(
                plan_in_strips(
                    sources,
                    version,
                    side,
                    matrix=matrix,
                    bounds=bounds,
                    ground=ground,
                    threads=own,
                    journal=journal,
                    name=f"plan-{name}",
                )
            )
        else:
            plans.append(placed_plan(read_plan(sources, version, bounds, own.progress), side, matrix, ground, own))
    return plans[0], plans[1]


def _earlier_plans(question: _Question, threads: Threads) -> tuple[Plan | None, Plan | None]:
    """The version before the newer plan's, if there is one: a difference that it did not have may be outdated."""
    options, sources, pair = question.options, question.sources, question.versions
    earlier_plans: list[Plan | None] = []
    for newer, older, side in ((*pair, options.matrix.a), (*pair[::-1], options.matrix.b)):
        is_one_layer = newer.code == older.code
        before = None if is_one_layer else version_before(question.library, newer, older, options.known_at)
        if before is None:
            earlier_plans.append(None)
        else:
            source = read_plan(sources, before, question.bounds)
            earlier_plans.append(placed_plan(source, side, options.matrix, question.ground, threads))
    return earlier_plans[0], earlier_plans[1]

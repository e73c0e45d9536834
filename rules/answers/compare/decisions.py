"""Decisions on difference spots: made for a spot or a cluster, stored, and matched to the spots of newer versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.wkb_reading import geometry_of_wkb
from onemap.layers.library.library import Library, log
from onemap.layers.library.log_reading import shown_text
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.rights import BOUNDED, EVERYONE, Grant, Guard, Right
from onemap.layers.stores.sql_text import Sql
from onemap.rules.answers.compare.comparison_record import KIND, comparison_runs, pair_of
from onemap.rules.answers.compare.spots import Spots
from onemap.rules.answers.compare.triage import TRIAGED
from onemap.rules.judge.findings.table import plain_values
from onemap.rules.judge.overlay.common_areas import common_shares
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_store import run_record, stored_rows
from onemap.rules.judge.runs.stored_rows import DAMAGE, check_blocks

TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_decisions (number INTEGER PRIMARY KEY, pair TEXT NOT NULL, run TEXT NOT NULL,"
    " spot TEXT NOT NULL, cluster TEXT, type TEXT NOT NULL, use_a TEXT, use_b TEXT, class_a TEXT, class_b TEXT,"
    " decision TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, geom BLOB NOT NULL)",
)
GRANTS: tuple[Right, ...] = (
    Grant("onemap_decisions", "SELECT", EVERYONE),
    Grant("onemap_decisions", "INSERT", EVERYONE),
    Guard("onemap_decisions", BOUNDED, is_signed=True),
)
_HOLDS_SHARE = 0.5  # of the ground of both, decided and found: less is another spot
FACTS = ("type", "use_a", "use_b", "class_a", "class_b")  # what a spot is, besides its ground
_SQL = (
    "SELECT number, pair, run, spot, cluster, type, use_a, use_b, class_a, class_b, decision, reason, who, at, geom"
    " FROM onemap_decisions WHERE pair = ? AND run IN (SELECT id FROM onemap_runs) ORDER BY number"
)
UNDECIDED = "undecided"  # takes back what was decided before
EXCHANGED_TYPES = {"03": "04", "04": "03"}
EXCHANGED = {"keep-a": "keep-b", "keep-b": "keep-a", "change-a": "change-b", "change-b": "change-a"}


@dataclass(frozen=True)
class Decision:
    """A decision on the ground of one spot; of two on the same ground, the one with the higher number holds."""

    number: int
    facts: tuple[str | None, ...]
    decision: str
    reason: str
    who: str
    at: str
    ground: shapely.Geometry


def decide(
    library: Library, target: str, decision: str, reason: str, who: str, expected: Sequence[str] | None = None
) -> Record:
    """Make one decision on a spot or on all spots of a cluster, in one transaction; return the spots.

    expected: the decisions that the person saw on them, None if nobody says. `replaced` in the answer is what they had.

    Raises OneMapError decide.unknown, decide.no_difference, decide.reason, decide.conflict, run.damaged,
    library.altered, library.read_only, library.busy.
    """
    if not reason.strip():
        raise OneMapError("decide.reason", field="--reason")
    run, rows = _spots_of_target(library, target)
    pair = pair_of(run_record(library, run, KIND))
    with library.writing() as connection:
        if library.roles.is_owner or library.roles.is_lead:  # a department cannot read the log
            check_table(library, plain_tables(TABLES)["onemap_decisions"], Sql("action = 'decide'"))
        replaced = _standing_on(library, pair, rows)
        spots = [values["spot"] for values, _ in rows]
        if expected is not None:
            _refuse_unexpected(replaced, spots, expected)
        at = connection.moment()
        last = connection.execute("SELECT max(number) FROM onemap_decisions").fetchone()[0] or 0
        decided = []
        for number, (values, wkb) in enumerate(rows, start=last + 1):
            facts = [values[name] for name in FACTS]
            spot = (values["spot"], values["cluster"])
            decided.append((number, pair, run, *spot, *facts, decision, reason.strip(), who, at, wkb))
        insert_logged(connection, plain_tables(TABLES)["onemap_decisions"], decided)
        log(connection, who, "decide", target, {"run": run, "decision": decision, "reason": reason, "spots": spots})
    area_m2 = sum(values["area_m2"] for values, _ in rows)
    return {
        "decided": target,
        "decision": decision,
        "run": run,
        "spots": spots,
        "area_m2": area_m2,
        "replaced": [{"spot": spot, **_decision_facts(item)} for spot, item in replaced.items()],
    }


def _decision_facts(item: Decision) -> Record:
    return {"decision": item.decision, "reason": item.reason, "by": item.who, "at": item.at}


def _standing_on(library: Library, pair: str, rows: Sequence[tuple[dict[str, Any], bytes]]) -> dict[str, Decision]:
    """The decisions that hold for stored spots, by spot; a spot that is undecided has none."""
    decisions = decisions_of(library, pair)
    readable = [(values, ground) for values, wkb in rows if (ground := _ground(wkb)) is not None]
    columns = pd.DataFrame([[values[name] for name in FACTS] for values, _ in readable], columns=list(FACTS))
    west, south, _, _ = readable[0][1].bounds if readable else (0.0, 0.0, 0.0, 0.0)
    shapes = shift_geometries(np.array([ground for _, ground in readable], dtype=object), (-west, -south))
    decisions_of_rows = _rows_with_decision(decisions, Spots(shapes, columns, 0.0), (west, south), Threads())
    decisions_by_spot = {
        readable[row][0]["spot"]: decisions[decision_number] for row, (decision_number, _) in decisions_of_rows.items()
    }
    return {spot: item for spot, item in decisions_by_spot.items() if item.decision != UNDECIDED}


def _refuse_unexpected(decisions_by_spot: dict[str, Decision], spots: Sequence[str], expected: Sequence[str]) -> None:
    """Raises OneMapError decide.conflict if a spot is decided otherwise than somebody saw."""
    for spot in spots:
        item = decisions_by_spot.get(spot)
        facts = _decision_facts(item) if item else {"decision": UNDECIDED, **dict.fromkeys(("reason", "by", "at"), "–")}
        if facts["decision"] not in expected:
            raise OneMapError("decide.conflict", feature=spot, field="--expect", seen=", ".join(expected), **facts)


def _spots_of_target(library: Library, target: str) -> tuple[str, list[tuple[dict[str, Any], bytes]]]:
    """The newest whole comparison with a spot or cluster of that name, and its spots.

    One that has lost rows is passed over, since a name is that of the same ground in all; if no other has it, it is
    refused.
    """
    column, damage = "cluster" if target.startswith("K") else "spot", list[Problem]()
    for run in comparison_runs(library):
        try:
            check_blocks(library, run)
            rows = stored_rows(library, run, "spots", **{column: target})
        except OneMapError as error:
            if error.code not in DAMAGE:
                raise
            damage += error.problems
            continue
        if not rows:
            continue
        if any(row.values["type"] not in TRIAGED for row in rows):
            raise OneMapError("decide.no_difference", file=library.label, feature=target, type=rows[0].values["type"])
        return run, [(row.values, row.wkb) for row in rows if row.wkb is not None]
    unknown = Problem("decide.unknown", {"file": library.label, "feature": target, "field": "SPOT|CLUSTER"})
    raise OneMapError.of([*damage, unknown])


def decisions_of(library: Library, pair: str, until: str | None = None) -> list[Decision]:
    """The decisions on a pair of plans, in either order of the plans, the oldest first.

    A decision whose ground cannot be read, or whose run is none, is left out; `decision_problems` reports it. until:
    ISO text of a moment; later decisions are left out.
    """
    decisions = []
    back = "×".join(reversed(pair.split("×")))
    for name in dict.fromkeys((pair, back)):
        for row in library.connection.execute(_SQL, (name,)):
            facts, word = tuple(row[5:10]), row[10]
            if name != pair:
                kind, use_a, use_b, class_a, class_b = facts
                facts = (EXCHANGED_TYPES.get(kind, kind), use_b, use_a, class_b, class_a)
                word = EXCHANGED.get(word, word)
            reason, who, at, wkb = row[11:15]
            ground = _ground(wkb)
            if ground is not None:
                decisions.append(Decision(row[0], facts, word, reason, who, at, ground))
    return sorted((item for item in decisions if until is None or item.at <= until), key=lambda item: item.number)


def decision_problems(library: Library) -> Iterator[Problem]:
    """A problem for each decision whose ground cannot be read, or whose run is none, and which holds for no spot."""
    if not library.has_table("onemap_decisions"):
        return
    sql = "SELECT number, who, at, geom, run IN (SELECT id FROM onemap_runs) FROM onemap_decisions"
    for number, who, at, wkb, has_run in library.connection.execute(sql):
        has_ground = _ground(wkb) is not None
        if not (has_ground and has_run):
            place = ProblemPlace(file=library.label, layer="onemap_decisions", feature=str(number))
            code = "verify.row_void" if has_ground else "verify.decision"
            yield Problem(code, {**place, "who": shown_text(who), "at": shown_text(at)})


def _ground(wkb: Any) -> shapely.Geometry | None:
    """The polygons of a decision; None if another program wrote something else."""
    try:
        with np.errstate(invalid="ignore"):
            ground = geometry_of_wkb(wkb)
    except (shapely.GEOSException, NotImplementedError, TypeError, ValueError):
        return None
    is_ground = isinstance(ground, shapely.Polygon | shapely.MultiPolygon) and not ground.is_empty
    return ground if is_ground and np.isfinite(shapely.get_coordinates(ground)).all() and ground.is_valid else None


def standing_decisions(
    decisions: Sequence[Decision], spots: Spots, origin: tuple[float, float], threads: Threads
) -> pd.DataFrame:
    """The decision that holds for every spot (m,): by whom, when, why, and the share of common ground.

    A decision holds for a spot of the same type, uses and classes if at least half of their joint ground is common;
    decision_match is that share, 1 if nothing moved. A decision that withdraws another leaves the spot undecided.
    """
    count = len(spots.geometries)
    names = ("decision", "decision_reason", "decision_by", "decision_at")
    columns: dict[str, np.ndarray] = {name: np.full(count, None, dtype=object) for name in names}
    columns["decision_match"] = np.full(count, np.nan)
    for row, (decision_number, share) in _rows_with_decision(decisions, spots, origin, threads).items():
        item = decisions[decision_number]
        if item.decision != UNDECIDED:
            for name, value in zip(names, (item.decision, item.reason, item.who, item.at), strict=True):
                columns[name][row] = value
            columns["decision_match"][row] = round(share, 6)
    return pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in columns.items()})


def _rows_with_decision(
    decisions: Sequence[Decision], spots: Spots, origin: tuple[float, float], threads: Threads
) -> dict[int, tuple[int, float]]:
    """For each row with a decision or a withdrawal the place of the last one, and the share of common ground."""
    decisions_of_rows: dict[int, tuple[int, float]] = {}
    if not decisions or not len(spots.geometries):
        return decisions_of_rows
    grounds = shift_geometries(np.array([item.ground for item in decisions], dtype=object), (-origin[0], -origin[1]))
    facts = [item.facts for item in decisions]
    alike = _same_spots(grounds, facts, spots.geometries, facts_of_spots(spots.columns), threads)
    for decision_number, row, share in sorted(alike):  # the last one given on the same ground stands
        decisions_of_rows[row] = decision_number, share
    return decisions_of_rows


def facts_of_spots(columns: pd.DataFrame) -> list[tuple[str | None, ...]]:
    """What each spot is, besides its ground."""
    return list(zip(*(plain_values(columns[name]) for name in FACTS), strict=True))


def spots_that_stayed(
    now: np.ndarray,
    facts_now: Sequence[tuple[str | None, ...]],
    before: np.ndarray,
    facts_before: Sequence[tuple[str | None, ...]],
    threads: Threads,
) -> dict[int, int]:
    """Row now → row before for spots of the same facts, if at least half of their joint ground is common.

    Those that share most come first, and each is in one pair only.
    """
    pairs: dict[int, int] = {}
    used_rows: set[int] = set()
    for row, old, _ in _same_spots(now, facts_now, before, facts_before, threads):
        if row not in pairs and old not in used_rows:
            pairs[row] = old
            used_rows.add(old)
    return pairs


def _same_spots(
    some: np.ndarray,
    facts: Sequence[tuple[str | None, ...]],
    others: np.ndarray,
    facts_of_others: Sequence[tuple[str | None, ...]],
    threads: Threads,
) -> Iterator[tuple[int, int, float]]:
    """Rows of `some` and `others` of the same facts with enough common ground, and its share; the greatest first."""
    first, second = shapely.STRtree(others).query(some, predicate="intersects")
    same = np.array([facts[a] == facts_of_others[b] for a, b in zip(first, second, strict=True)], dtype=bool)
    first, second = first[same], second[same]
    share = common_shares(some[first], others[second], threads)
    for at in np.argsort(-share, kind="stable"):
        if share[at] >= _HOLDS_SHARE:
            yield int(first[at]), int(second[at]), float(share[at])

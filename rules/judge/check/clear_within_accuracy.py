"""Parcels that are clear of a layer by less than the layer is accurate to: on site they may not be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import shapely

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.fields import are_none
from onemap.layers.geometry.shape_column import all_of
from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT
from onemap.rules.judge.check.judge_rule import Bench, judged_rule
from onemap.rules.judge.check.layers_of_check import LayersOfCheck
from onemap.rules.judge.check.part_judgement import parcel_rows_of
from onemap.rules.judge.findings.findings import RuleJudgement
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.overlay.candidate_pairs import index_of
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import freeze_set
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan

_THREADS = Threads()


@dataclass
class _ClearParcels:
    """The parcels that are clear of a layer within its accuracy: how many, and the first with the rule it is clear of.

    code: of the layer; rules: those that keep parcels off it or inside it, or off its official zones; accuracy_m: of
    its version.
    """

    code: str
    rules: tuple[Rule, ...]
    accuracy_m: float
    count: int = 0
    parcel: str = ""
    rule: str = ""


def accuracy_problems_of(library: Library, check_plan: CheckPlan, parts: Iterable[Parcels]) -> Iterator[Problem]:
    """The remarks on layers of which parcels are clear within the accuracy that the version in force states.

    Verdicts are by the coordinates as they stand. parts: all parcels in their order, so that the same is said in
    whatever parts they are judged; nobody reads them where no accuracy is stated.
    """
    layers = {code: clear_parcels for code in check_plan.codes if (clear_parcels := _asked_of(check_plan, code))}
    plan = replace(check_plan, rules=tuple(rule for clear_parcels in layers.values() for rule in clear_parcels.rules))
    sources = plan.sources(library)
    for parcels in parts if layers else ():
        read = LayersOfCheck(plan, sources, parcels, SILENT)
        bench = Bench(parcel_rows_of(plan, read.crs, parcels).local, parcels.attributes, read.crs, plan.origin)
        for clear_parcels in layers.values():
            _look_at(parcels.ids, bench, read, clear_parcels)
    for code, clear_parcels in layers.items():
        if clear_parcels.count:
            title = sources.catalogue[code].title_in(check_plan.language)
            facts = {
                "title": title,
                "metres": f"{clear_parcels.accuracy_m:g}",
                "count": clear_parcels.count,
                "rule": clear_parcels.rule,
            }
            yield Problem("rule.within_accuracy", {**ProblemPlace(layer=code, feature=clear_parcels.parcel), **facts})


def _asked_of(check_plan: CheckPlan, code: str) -> _ClearParcels | None:
    """What to look for at a layer; None where no accuracy is stated, or no rule keeps parcels off or inside."""
    version = check_plan.in_force(code)
    rules = tuple(one for one in check_plan.rules if code in (one.layer, _code_of_zones(one)))
    rules = tuple(one for one in rules if KINDS[one.kind].ends_at_features)
    if not rules or version is None or not version.accuracy_m or code in check_plan.replaced:
        return None
    return _ClearParcels(code, rules, version.accuracy_m)


def _look_at(ids: np.ndarray, bench: Bench, layers: LayersOfCheck, clear_parcels: _ClearParcels) -> None:
    """Count some more parcels; the first of all is named, by the first rule of which it is clear."""
    clear_of: dict[int, str] = {}
    for rule in clear_parcels.rules:
        for row in _clear_within(rule, bench, layers, clear_parcels).tolist():
            clear_of.setdefault(row, rule.id)
    if clear_of and not clear_parcels.count:
        first = min(clear_of)
        clear_parcels.parcel, clear_parcels.rule = str(ids[first]), clear_of[first]
    clear_parcels.count += len(clear_of)


def _code_of_zones(rule: Rule) -> str | None:
    """The code of the layer of official zones that stand instead of computed ones."""
    return rule.other_layers.get("instead")


def _clear_within(rule: Rule, bench: Bench, layers: LayersOfCheck, clear_parcels: _ClearParcels) -> np.ndarray:
    """The parcels (k,) of which a rule says nothing, and says something once they are grown by the accuracy."""
    near_zones = _near_zones(rule, bench, layers, clear_parcels.accuracy_m)
    is_of_zones = clear_parcels.code != rule.layer
    near = near_zones if is_of_zones else _near_limit(rule, bench, layers, clear_parcels.accuracy_m) & ~near_zones
    if not near.any():
        return np.empty(0, dtype=np.int64)
    rule_judgement = judged_rule(rule, bench, layers, _THREADS, near, None)
    has_unknown = ~shapely.is_missing(rule_judgement.judgement.unknown)
    # Whom a law excuses is clear wherever it lies.
    is_free = False if rule_judgement.excused_by is None else ~are_none(rule_judgement.excused_by)
    clear = np.sort(rule_judgement.rows[~(_has_hit(rule_judgement) | has_unknown | is_free)])
    if len(clear) == 0 or is_of_zones:
        return clear
    grown = freeze_set(shapely.buffer(all_of(bench.shapes)[clear], clear_parcels.accuracy_m))
    attributes = bench.attributes.iloc[clear].reset_index(drop=True)
    rule_judgement = judged_rule(
        rule, replace(bench, shapes=grown, attributes=attributes), layers, _THREADS, None, None
    )
    return clear[np.sort(rule_judgement.rows[_has_hit(rule_judgement)])]


def _near_zones(rule: Rule, bench: Bench, layers: LayersOfCheck, accuracy_m: float) -> np.ndarray:
    """The parcels (n,) within the accuracy of official zones, which are drawn to an accuracy of their own."""
    zones, is_near = layers.others(rule).get("instead"), np.zeros(len(bench.shapes), dtype=bool)
    if zones is not None and zones.stored is not None:
        shapes = zones.stored.geometries
        is_near[index_of(bench.shapes).query(shapes, predicate="dwithin", distance=accuracy_m)[1]] = True
    return is_near


def _has_hit(rule_judgement: RuleJudgement) -> np.ndarray:
    """Which of the parcels that were judged (n,) are in conflict."""
    measures = rule_judgement.judgement.measures
    return rule_judgement.judgement.hit_ground.dimension >= 0 if measures is None else measures.has_row


def _near_limit(rule: Rule, bench: Bench, layers: LayersOfCheck, accuracy_m: float) -> np.ndarray:
    """The parcels (n,) near enough to a feature that the accuracy may decide; all, where features say how near that is.

    Those inside a boundary are near its line.
    """
    features, kind = layers.of(rule).stored, KINDS[rule.kind]
    is_near, reach_m = np.zeros(len(bench.shapes), dtype=bool), kind.reach_m(rule.options) + accuracy_m
    if features is None or not np.isfinite(reach_m):
        return ~is_near
    shapes = layers.features_asked(rule, features)[1].geometries
    shapes = shapely.boundary(shapes) if kind.is_boundary else shapes
    is_near[index_of(bench.shapes).query(shapes, predicate="dwithin", distance=reach_m)[1]] = True
    return is_near

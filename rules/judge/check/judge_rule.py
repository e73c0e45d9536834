"""Judge some parcels by one rule: which parcels it applies to, which features it concerns, and what its kind finds.

The area of every union is proved; a parcel with a union that is not proved is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.layers.library.versions import StoredFeatures
from onemap.layers.reason import Reason
from onemap.rules.judge.check.applicability import applicability
from onemap.rules.judge.check.layers_of_check import LayersOfCheck
from onemap.rules.judge.findings.findings import OFFICIAL_LAYER, OfficialFeatures, RuleJudgement
from onemap.rules.judge.inputs.layer_sources import LayerSource
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.ground import (
    CoveredGround,
    Features,
    Ground,
    Judgement,
    OtherLayer,
    SharedGround,
    no_ground,
    no_pairs,
)
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import freeze_set
from onemap.rules.judge.overlay.unproved_unions import do_provable
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.packs.rule import Rule

Judge = Callable[[Ground], Judgement]
_NUMBERS = ("distance_m", "net_area_m2", "value")


@dataclass(frozen=True)
class Bench:
    """The parcels (n,) that are judged, with their attributes; coordinates are counted from `origin` in the plane."""

    shapes: AnyShapes
    attributes: pd.DataFrame
    crs: pyproj.CRS
    origin: tuple[float, float]

    @cached_property
    def covered_ground(self) -> CoveredGround:
        """The ground of all parcels inside and outside the coverages."""
        return CoveredGround()

    @cached_property
    def projects(self) -> Projects:
        """The facts of all parcels."""
        return Projects(self.attributes)

    @cached_property
    def records(self) -> pd.DataFrame:
        """The attributes, numbered from 0 as the parcels are."""
        return self.attributes.reset_index(drop=True)


def judged_rule(
    rule: Rule,
    bench: Bench,
    layers: LayersOfCheck,
    threads: Threads,
    is_wanted: np.ndarray | None,
    shared_ground: SharedGround | None,
) -> RuleJudgement:
    """Judge the parcels to which a rule applies.

    is_wanted: (n,) judge only these parcels; shared_ground: what all parcels share with the features of the rule's
    layer, where it is already known. Raises OneMapError rule.field if the version lacks a field that the rule uses.
    """
    others = layers.others(rule)
    source = _with_zones_alone(rule, layers.of(rule), others)
    rows, lacks_fact, excused_by = _rows_asked(rule, bench, is_wanted)
    if source.stored is None or source.coverage is None:
        return _blank(rule, bench, rows, source, source.reason or Reason.UNREADABLE, excused_by)
    if absence := _wanting_layer(rule, others):
        return _blank(rule, bench, rows, source, absence, excused_by)
    if rule.finds:
        _check_fields(rule, source)
    if is_wanted is not None and not is_wanted.any():
        return _blank(rule, bench, rows, source, "")  # an earlier run's rows stand for all of them
    positions, features = layers.features_asked(rule, source.stored)
    ground = _ground(rule, bench, rows, source, features, others, threads)
    if shared_ground is not None and len(rows) == len(bench.shapes):
        ground = replace(ground, shared=shared_ground.with_features(positions, len(source.stored.fids)))
    try:
        order, judgement = judge_provable(KINDS[rule.kind].judge, ground)
    except OneMapError as error:
        if error.code != "version.unreadable":
            raise
        return _blank(rule, bench, rows, source, Reason.UNREADABLE, excused_by)
    _name_absence(judgement, source)
    version = source.version
    return RuleJudgement(
        rule=rule,
        rows=rows[order],
        lacks_fact=lacks_fact[order],
        excused_by=None if excused_by is None else excused_by[order],
        judgement=judgement,
        label=version.label if version else None,
        names=source.names[positions],
        attributes=_attributes_of_file(features.attributes),
        assumed=version is not None and version.coverage_kind == "extent",
        accuracy_m=version.accuracy_m if version else None,
        threads=threads,
        official=_official_features(rule, others),
    )


def _with_zones_alone(rule: Rule, source: LayerSource, others: Mapping[str, LayerSource]) -> LayerSource:
    """A rule's layer; an empty one that covers nothing where the layer has no version but its official zones have.

    Official zones decide inside their own coverage even if the objects that they protect were never loaded.
    """
    zones = others.get("instead")
    is_absent = source.reason in (Reason.LAYER_MISSING, Reason.NOT_IN_FORCE)
    if not is_absent or zones is None or zones.stored is None or zones.coverage is None:
        return source
    nothing = np.empty(0, dtype=object)
    fields = pd.DataFrame(dict.fromkeys(rule.layer_fields, nothing))
    features = StoredFeatures(np.empty(0, dtype=np.int64), nothing, fields)
    return replace(source, stored=features, coverage=shapely.Polygon())


def _name_absence(judgement: Judgement, source: LayerSource) -> None:
    """Give the reason why the layer itself says nothing on ground that only official zones could cover, and do not."""
    if source.reason and Reason.OUTSIDE_COVERAGE in judgement.reasons:
        judgement.reasons[source.reason] = judgement.reasons.pop(Reason.OUTSIDE_COVERAGE)


def _attributes_of_file(attributes: pd.DataFrame) -> pd.DataFrame:
    """The attributes of features (m,) in a file, without a column that is named like one of a check."""
    return attributes.drop(columns=OFFICIAL_LAYER) if OFFICIAL_LAYER in attributes.columns else attributes


def _official_features(rule: Rule, others: Mapping[str, LayerSource]) -> OfficialFeatures | None:
    """The features of official zones that replace a rule's own features, where there are some."""
    zones = others.get("instead")
    if zones is None or zones.stored is None:
        return None
    attributes = _attributes_of_file(zones.stored.attributes).copy(deep=False)
    attributes.insert(0, OFFICIAL_LAYER, rule.other_layers["instead"])
    return OfficialFeatures(zones.names, attributes)


def _rows_asked(
    rule: Rule, bench: Bench, is_wanted: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The positions (k,) of the wanted parcels to which a rule applies.

    Also returns which of them lack a fact (k,), and what excuses each (k,), or None where nobody is excused.
    """
    to_whom = applicability(rule, bench.attributes, bench.projects)
    rows = np.flatnonzero(to_whom.applies if is_wanted is None else to_whom.applies & is_wanted)
    excused_by = to_whom.excused_by
    return rows, to_whom.lacks_fact[rows], None if excused_by is None else excused_by[rows]


def _ground(
    rule: Rule,
    bench: Bench,
    rows: np.ndarray,
    source: LayerSource,
    features: Features,
    others: Mapping[str, LayerSource],
    threads: Threads,
) -> Ground:
    """The input of the rule's kind for the parcels in `rows`; other layers only where they have a version."""
    is_everyone = len(rows) == len(bench.shapes)
    return Ground(
        shapes=bench.shapes if is_everyone else freeze_set(bench.shapes[rows]),
        features=features,
        coverage=source.coverage,
        options=rule.options,
        threads=threads,
        parcel_attributes=bench.records if is_everyone else bench.records.iloc[rows].reset_index(drop=True),
        rasters=source.rasters,
        crs=bench.crs,
        origin=bench.origin,
        others={
            key: OtherLayer(other.stored.geometries, other.coverage, other.rasters)
            for key, other in others.items()
            if other.stored is not None and other.coverage is not None
        },
        covered=bench.covered_ground if is_everyone else CoveredGround(),
    )


def _wanting_layer(rule: Rule, others: Mapping[str, LayerSource]) -> str | None:
    """The reason why a layer that the rule needs says nothing; None if all of them can be read."""
    needed_keys = KINDS[rule.kind].needed_layers(rule.options)
    stops = (other.reason for key, other in others.items() if other.reason == Reason.UNREADABLE or key in needed_keys)
    return next(filter(None, stops), None)


def _blank(
    rule: Rule, bench: Bench, rows: np.ndarray, source: LayerSource, reason: str, excused_by: np.ndarray | None = None
) -> RuleJudgement:
    """The judgement of a rule that could not be judged at all: all ground is unknown."""
    count = len(rows)
    judgement = Judgement(no_ground(count), bench.shapes[rows], np.full(count, np.nan), no_pairs())
    judgement.because(reason, np.ones(count, dtype=bool))
    label = source.version.label if source.version else None
    nothing = np.zeros(count, dtype=bool)
    names = np.empty(0, dtype=object)
    return RuleJudgement(rule, rows, nothing, judgement, label, names, pd.DataFrame(), excused_by=excused_by)


def _check_fields(rule: Rule, source: LayerSource) -> None:
    """Refuse a rule that uses a field which the version lacks: its answer would be empty. Raises rule.field."""
    if source.stored is None or source.version is None or not rule.layer_fields:
        return
    present = {str(name).lower() for name in source.stored.attributes.columns}
    for name in rule.layer_fields:
        if name.lower() not in present:
            place = {"file": rule.pack, "feature": rule.id, "rule": rule.id, "field": name}
            raise OneMapError("rule.field", layer=source.version.table, **place)


def judge_provable(judge: Judge, ground: Ground) -> tuple[np.ndarray, Judgement]:
    """Judge parcels (n,) by a kind; parcels whose unions are not proved become unknown and come last.

    Returns the order of the parcels (n,) in the judgement, and the judgement. Raises OneMapError as the kind does,
    except for unions.
    """
    judgement, proved, unproved = do_provable(lambda rows: judge(_ground_of_rows(ground, rows)), len(ground.shapes))
    if len(unproved):
        judgement = _with_unknown(judgement, ground.parcels[unproved])
    return np.concatenate([proved, unproved]), judgement


def _ground_of_rows(ground: Ground, rows: np.ndarray) -> Ground:
    """The ground of some parcels alone."""
    if len(rows) == len(ground.shapes):
        return ground
    return replace(
        ground,
        shapes=freeze_set(all_of(ground.shapes)[rows]),
        parcel_attributes=ground.parcel_attributes.iloc[rows].reset_index(drop=True),
        shared=None,
        covered=CoveredGround(),
    )


def _with_unknown(judgement: Judgement, parcels: np.ndarray) -> Judgement:
    """A judgement with more parcels (k,) appended that are wholly unknown; `zones` concerns hits only and stays."""
    nothing, never = no_ground(len(parcels)), np.zeros(len(parcels), dtype=bool)
    measures, survey = judgement.measures, judgement.survey
    longer = replace(
        judgement,
        hit=np.concatenate([judgement.hit_ground.geometries, nothing]),
        unknown=np.concatenate([judgement.unknown, parcels]),
        reasons={reason: np.concatenate([rows, never]) for reason, rows in judgement.reasons.items()},
        measures=measures and replace(measures, **_longer(vars(measures), never)),
        survey=survey and replace(survey, bare=np.concatenate([survey.bare, nothing])),
        **_longer({name: getattr(judgement, name) for name in _NUMBERS}, never),
    )
    longer.because(Reason.ARITHMETIC, np.arange(len(judgement.unknown), len(longer.unknown)))
    return longer


def _longer(columns: Mapping[str, np.ndarray | None], never: np.ndarray) -> dict[str, Any]:
    """Columns of flags or numbers with as many entries appended as parcels (k,) are unknown: False, or not measured."""
    return {
        name: np.concatenate([values, never if values.dtype == bool else np.full(len(never), np.nan)])
        for name, values in columns.items()
        if values is not None
    }

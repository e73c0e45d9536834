"""One rule over some parcels: which it applies to, which features it looks at, and what its kind says.

The area of every union is proved; a parcel with an unproved one is unknown.
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
    """The parcels (n,) with their attributes; coordinates are counted from `origin` in the library's plane."""

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
    wanted: np.ndarray | None,
    shared: SharedGround | None,
) -> RuleJudgement:
    """The findings of a rule on the parcels to which it applies.

    wanted: (n,) only of these parcels; shared: what all parcels share with the features of its layer, where that is
    known already. Raises OneMapError rule.field if the version lacks a field that the rule uses.
    """
    others = layers.others(rule)
    source = _with_zones_alone(rule, layers.of(rule), others)
    rows, lacks_fact, excused_by = _rows_asked(rule, bench, wanted)
    if source.stored is None or source.coverage is None:
        return _blank(rule, bench, rows, source, source.reason or Reason.UNREADABLE, excused_by)
    if wanting := _wanting_layer(rule, others):
        return _blank(rule, bench, rows, source, wanting, excused_by)
    if rule.finds:
        _check_fields(rule, source)
    if wanted is not None and not wanted.any():
        return _blank(rule, bench, rows, source, "")  # an earlier run's rows stand for all of them
    chosen, features = layers.features_asked(rule, source.stored)
    ground = _ground(rule, bench, rows, source, features, others, threads)
    if shared is not None and len(rows) == len(bench.shapes):
        ground = replace(ground, shared=shared.with_features(chosen, len(source.stored.fids)))
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
        names=source.names[chosen],
        attributes=_attributes_of_file(features.attributes),
        assumed=version is not None and version.coverage_kind == "extent",
        accuracy_m=version.accuracy_m if version else None,
        threads=threads,
        official=_official_features(rule, others),
    )


def _with_zones_alone(rule: Rule, source: LayerSource, others: Mapping[str, LayerSource]) -> LayerSource:
    """A rule's layer; where it has no version, but official zones have, one without a feature that covers nothing.

    Where the zones speak they decide, whether or not what they keep clear of has ever been loaded.
    """
    zones = others.get("instead")
    is_absent = source.reason in (Reason.LAYER_MISSING, Reason.NOT_IN_FORCE)
    if not is_absent or zones is None or zones.stored is None or zones.coverage is None:
        return source
    nothing = np.empty(0, dtype=object)
    fields = pd.DataFrame(dict.fromkeys(rule.layer_fields, nothing))
    stored = StoredFeatures(np.empty(0, dtype=np.int64), nothing, fields)
    return replace(source, stored=stored, coverage=shapely.Polygon())


def _name_absence(judgement: Judgement, source: LayerSource) -> None:
    """Say of ground that zones alone do not cover why the layer itself says nothing there."""
    if source.reason and Reason.OUTSIDE_COVERAGE in judgement.reasons:
        judgement.reasons[source.reason] = judgement.reasons.pop(Reason.OUTSIDE_COVERAGE)


def _attributes_of_file(attributes: pd.DataFrame) -> pd.DataFrame:
    """The attributes of features (m,) in a file, without a column that is named like one of a check."""
    return attributes.drop(columns=OFFICIAL_LAYER) if OFFICIAL_LAYER in attributes.columns else attributes


def _official_features(rule: Rule, others: Mapping[str, LayerSource]) -> OfficialFeatures | None:
    """The features that stand instead of a rule's own, where there are some."""
    zones = others.get("instead")
    if zones is None or zones.stored is None:
        return None
    attributes = _attributes_of_file(zones.stored.attributes).copy(deep=False)
    attributes.insert(0, OFFICIAL_LAYER, rule.other_layers["instead"])
    return OfficialFeatures(zones.names, attributes)


def _rows_asked(
    rule: Rule, bench: Bench, wanted: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The positions (k,) of the parcels to which a rule applies, of those that are wanted.

    With them which lack a fact, and by what they are excused, None where nobody is.
    """
    to_whom = applicability(rule, bench.attributes, bench.projects)
    rows = np.flatnonzero(to_whom.applies if wanted is None else to_whom.applies & wanted)
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
    """Why a layer without which the rule cannot judge says nothing; None if every one of them does.

    Of one that cannot be read, such as official zones, nobody knows what it would say.
    """
    needed = KINDS[rule.kind].needed_layers(rule.options)
    stops = (other.reason for key, other in others.items() if other.reason == Reason.UNREADABLE or key in needed)
    return next(filter(None, stops), None)


def _blank(
    rule: Rule, bench: Bench, rows: np.ndarray, source: LayerSource, reason: str, excused_by: np.ndarray | None = None
) -> RuleJudgement:
    """A rule that could not be judged at all: the whole ground is unknown."""
    count = len(rows)
    judgement = Judgement(no_ground(count), bench.shapes[rows], np.full(count, np.nan), no_pairs())
    judgement.because(reason, np.ones(count, dtype=bool))
    label = source.version.label if source.version else None
    nothing = np.zeros(count, dtype=bool)
    names = np.empty(0, dtype=object)
    return RuleJudgement(rule, rows, nothing, judgement, label, names, pd.DataFrame(), excused_by=excused_by)


def _check_fields(rule: Rule, source: LayerSource) -> None:
    """A field that the version does not have is an error of the rule, not an empty answer."""
    if source.stored is None or source.version is None or not rule.layer_fields:
        return
    present = {str(name).lower() for name in source.stored.attributes.columns}
    for name in rule.layer_fields:
        if name.lower() not in present:
            place = {"file": rule.pack, "feature": rule.id, "rule": rule.id, "field": name}
            raise OneMapError("rule.field", layer=source.version.table, **place)


def judge_provable(judge: Judge, ground: Ground) -> tuple[np.ndarray, Judgement]:
    """The judgement of a kind on the parcels (n,), and their order (n,) in it: the unknown ones come last.

    Raises OneMapError as the kind does, but for unions.
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
    """The judgement on some parcels, and after them others (k,) that are wholly unknown; `zones` serves hits only."""
    nothing, never = no_ground(len(parcels)), np.zeros(len(parcels), dtype=bool)
    measured, survey = judgement.measures, judgement.survey
    longer = replace(
        judgement,
        hit=np.concatenate([judgement.hit_ground.geometries, nothing]),
        unknown=np.concatenate([judgement.unknown, parcels]),
        reasons={reason: np.concatenate([rows, never]) for reason, rows in judgement.reasons.items()},
        measures=measured and replace(measured, **_longer(vars(measured), never)),
        survey=survey and replace(survey, bare=np.concatenate([survey.bare, nothing])),
        **_longer({name: getattr(judgement, name) for name in _NUMBERS}, never),
    )
    longer.because(Reason.ARITHMETIC, np.arange(len(judgement.unknown), len(longer.unknown)))
    return longer


def _longer(columns: Mapping[str, np.ndarray | None], never: np.ndarray) -> dict[str, Any]:
    """Flags or numbers of parcels (n,), and after them what is false or not measured of others (k,)."""
    return {
        name: np.concatenate([values, never if values.dtype == bool else np.full(len(never), np.nan)])
        for name, values in columns.items()
        if values is not None
    }

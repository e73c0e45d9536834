"""One rule over all parcels: which it applies to, which features it looks at, and what its kind says."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError
from onemap.rules.findings.findings import Judged
from onemap.rules.inputs.layer_sources import LayerSource
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.conditions import Truth, evaluate
from onemap.rules.kinds.ground import CoveredGround, Features, Ground, Judgement, SharedGround, no_ground, no_pairs
from onemap.rules.overlay.threads import Crew
from onemap.rules.packs.rule import Rule


@dataclass(frozen=True)
class Bench:
    """The parcels (n,) with their attributes; coordinates are counted from `origin` in the library's plane."""

    geometries: np.ndarray
    attributes: pd.DataFrame
    crs: pyproj.CRS
    origin: tuple[float, float]

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The index of all parcels."""
        return shapely.STRtree(self.geometries)

    @cached_property
    def covered(self) -> CoveredGround:
        """What of all parcels lies inside and outside the coverages."""
        return CoveredGround()

    @cached_property
    def records(self) -> pd.DataFrame:
        """The attributes, numbered from 0 as the parcels are."""
        return self.attributes.reset_index(drop=True)


def judged_rule(
    rule: Rule,
    bench: Bench,
    source: LayerSource,
    instead: LayerSource | None,
    crew: Crew,
    wanted: np.ndarray | None = None,
    shared: SharedGround | None = None,
) -> Judged:
    """What a rule says of the parcels to which it applies; wanted (n,): only of these.

    shared: what all parcels share with the layer's features, where that is known already.

    Raises OneMapError rule.field if the version lacks a field that the rule uses.
    """
    asked = np.ones(len(bench.geometries), dtype=bool) if wanted is None else wanted
    if rule.when is not None:
        asked = asked & _applies(rule.when, bench.attributes)
    rows = np.flatnonzero(asked)
    if source.stored is None or source.coverage is None:
        return _blank(rule, bench, rows, source, source.reason or "unreadable")
    if instead is not None and instead.reason == "unreadable":
        return _blank(rule, bench, rows, source, "unreadable")  # where the official zones lie nobody knows
    if getattr(KINDS[rule.kind], "FINDS", True):
        _check_fields(rule, source)
    if wanted is not None and not wanted.any():
        return _blank(rule, bench, rows, source, "")  # an earlier run's rows stand for all of them
    attributes, chosen = source.stored.attributes, np.arange(len(source.stored.fids))
    uncertain = np.zeros(len(chosen), dtype=bool)
    selected = attributes
    if rule.where is not None:
        truth = evaluate(rule.where, attributes)
        chosen = np.flatnonzero(truth.true | truth.unknown)
        uncertain = truth.unknown[chosen]
        selected = attributes.iloc[chosen].reset_index(drop=True)
    is_everyone = len(rows) == len(bench.geometries)
    geometries = bench.geometries[rows]
    ground = Ground(
        parcels=geometries,
        tree=bench.tree if is_everyone else shapely.STRtree(geometries),
        features=Features(source.stored.geometries[chosen], selected, uncertain, partial(source.pieces_of, chosen)),
        coverage=source.coverage,
        options=rule.options,
        crew=crew,
        parcel_attributes=bench.records if is_everyone else bench.records.iloc[rows].reset_index(drop=True),
        rasters=source.rasters,
        crs=bench.crs,
        origin=bench.origin,
        instead_zones=instead.stored.geometries if instead and instead.stored else None,
        instead_coverage=instead.coverage if instead else None,
        shared=shared.with_features(chosen, len(attributes)) if shared and is_everyone else None,
        covered=bench.covered if is_everyone else CoveredGround(),
    )
    try:
        judgement = KINDS[rule.kind].judge(ground)
    except OneMapError as error:
        if error.code != "version.unreadable":
            raise
        return _blank(rule, bench, rows, source, "unreadable")
    version = source.version
    return Judged(
        rule=rule,
        rows=rows,
        judgement=judgement,
        label=version.label if version else None,
        names=source.names[chosen],
        attributes=selected,
        assumed=version is not None and version.coverage_kind == "extent",
        accuracy_m=version.accuracy_m if version else None,
        crew=crew,
    )


def _blank(rule: Rule, bench: Bench, rows: np.ndarray, source: LayerSource, reason: str) -> Judged:
    """A rule that could not be judged at all: the whole ground is unknown."""
    count = len(rows)
    judgement = Judgement(no_ground(count), bench.geometries[rows], np.full(count, np.nan), no_pairs())
    judgement.because(reason, np.ones(count, dtype=bool))
    label = source.version.label if source.version else None
    return Judged(rule, rows, judgement, label, np.empty(0, dtype=object), pd.DataFrame())


def _check_fields(rule: Rule, source: LayerSource) -> None:
    """A field that the version does not have is an error of the rule, not an empty answer."""
    if source.stored is None or source.version is None:
        return
    present = {str(name).lower() for name in source.stored.attributes.columns}
    for name in rule.layer_fields:
        if name.lower() not in present:
            place = {"file": rule.pack, "feature": rule.id, "rule": rule.id, "field": name}
            raise OneMapError("rule.field", layer=source.version.table, **place)


def _applies(when: str, attributes: pd.DataFrame) -> np.ndarray:
    """The parcels to which a rule applies: where its `when` is true, or cannot be told."""
    try:
        truth = evaluate(when, attributes)
    except KeyError:  # the parcels do not say: unknown for all
        truth = Truth(np.zeros(len(attributes), dtype=bool), np.ones(len(attributes), dtype=bool))
    return truth.true | truth.unknown

"""Checks of a delivery that use the quality checks of a layer: codes, overlaps, gaps, duplicates, stated areas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely

from onemap.layers.catalogue.check_levels import default_checks
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.progress import Progress
from onemap.layers.quality.quality import GradedProblem, LayerPlace, check_quality
from onemap.rules.answers.deliveries.check_kinds import KINDS
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate
from onemap.rules.answers.deliveries.proof_findings import Finding, code_of_finding, first_of_each_code

_OF_VALUES = ("value.type", "value.length", "value.code", "value.name", "value.form")
_TOPOLOGY = {"overlap": "topology.overlap", "gap": "topology.gap", "duplicate": "topology.duplicate"}
LayerOf = Callable[[str | None], DeliveredLayer | None]  # a layer of the delivery by its code, if it is there
_STATED = "stated_area"
_LEAST_M2, _LEAST_WIDTH_M = 0.01, 0.001  # below that coordinates were rounded


def quality_findings(
    layer: DeliveredLayer,
    template: DeliveryTemplate,
    layer_of: LayerOf,
    progress: Progress,
) -> dict[str, list[Finding]]:
    """The findings of these checks in a layer, by the id of the check; each check that was run has its list.

    Overlaps, gaps and duplicates are searched for together. Further checks of one kind (another boundary, another
    field) are run one after the other.
    """
    values = template.checks_of(layer.code, "values")
    topology = template.checks_of(layer.code, *_TOPOLOGY)
    area_checks = [check for check in template.checks_of(layer.code, _STATED) if is_on_ellipsoid(check)]
    rounds: list[list[Check]] = [[]]
    for check in (*values, *topology, *area_checks):
        free = next((one for one in rounds if check.kind not in {other.kind for other in one}), None)
        if free is None:
            rounds.append(free := [])
        free.append(check)
    findings_by_check: dict[str, list[Finding]] = {check.id: [] for one in rounds for check in one}
    if layer.frame is None or layer.frame.count == 0:
        return findings_by_check
    for checks, part in zip(rounds, progress.parts([1] * len(rounds)), strict=True):
        for check, one in _round(layer, layer.frame, checks, layer_of, part):
            findings_by_check[check.id].append(one)
    return {name: list(first_of_each_code(some, code_of_finding)) for name, some in findings_by_check.items()}


def is_on_ellipsoid(check: Check) -> bool:
    """Whether a stated area is compared with the ellipsoidal area, not the planar one."""
    return bool(check.keys.get("measured", "ellipsoid") == "ellipsoid")


def _round(
    layer: DeliveredLayer, frame: FrameBlocks, checks: Sequence[Check], layer_of: LayerOf, progress: Progress
) -> list[tuple[Check, Finding]]:
    by_kind = {check.kind: check for check in checks}
    entry = _entry(layer.wish.entry, by_kind, layer.columns_of)
    place = LayerPlace(layer.plane, None, _gapless_ground(by_kind.get("gap"), layer_of))
    quality = check_quality(frame, entry, place, (), {"layer": layer.code}, progress, None)
    codes = {code: kind for kind in by_kind for code in KINDS[kind].codes}
    rows = {layer.name_of(at): at for at in layer.places.tolist()}
    return [
        (by_kind[codes[one.problem.code]], _finding(layer, by_kind[codes[one.problem.code]], one, rows))
        for one in quality.found
        if one.problem.code in codes
    ]


def _entry(entry: LayerEntry, checks: Mapping[str, Check], columns_of: Mapping[str, str]) -> LayerEntry:
    """The layer with only these checks switched on, and its stated area if one is compared with the ellipsoid."""
    levels: dict[str, dict[str, Any]] = {code: {"level": "off"} for code in default_checks()}
    if "values" in checks:
        levels |= {code: {"level": "warn"} for code in _OF_VALUES}
    for kind, code in _TOPOLOGY.items():
        if kind in checks:
            keys = checks[kind].keys
            levels[code] = {"level": "warn", "least_m2": keys.get("least_m2", _LEAST_M2)}
            levels[code]["least_width_m"] = keys.get("least_width_m", _LEAST_WIDTH_M)
    name = None
    if _STATED in checks:
        keys = checks[_STATED].keys
        name = keys["field"]
        levels["area.declared"] = {"level": "warn", "share": keys.get("share", 0.001)}
        levels["area.declared"]["least_m2"] = keys.get("least_m2", 1.0)
        levels["area.unit"] = {"level": "warn"}
    fields = tuple(replace(field, area=field.name == name, net=False) for field in entry.fields)
    key = entry.key if entry.key in columns_of else None
    return replace(entry, key=key, class_field=None, coverage=False, checks=levels, fields=fields)


def _gapless_ground(gap: Check | None, layer_of: LayerOf) -> shapely.Geometry | None:
    """The ground that must have no gap; None for the ground that the layer itself encloses."""
    within = None if gap is None else layer_of(gap.keys.get("within"))
    return None if within is None or len(within.shapes) == 0 else within.union


def _finding(layer: DeliveredLayer, check: Check, one: GradedProblem, rows: Mapping[str, int]) -> Finding:
    """A quality problem as a finding, with its ground and area."""
    facts = {name: value for name, value in one.problem.facts.items() if name not in ("feature", "row", "level")}
    row = rows.get(str(one.problem.facts.get("feature")))
    is_ground = one.problem.code in ("topology.overlap", "topology.gap")
    ground = one.geometry if is_ground else None
    area_m2 = facts.get("area_m2")
    problem = Problem(one.problem.code, facts)
    return layer.finding(check, problem, row, ground, area_m2=area_m2)

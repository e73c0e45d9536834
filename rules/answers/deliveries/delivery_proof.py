"""`onemap validate`: a delivery proved against a template before anything of it enters a library."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyproj

from onemap.layers.errors import OneMapError
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.rules.answers.deliveries.between_checks import between_findings
from onemap.rules.answers.deliveries.check_kinds import SEVERITIES
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFolder, opened_delivery
from onemap.rules.answers.deliveries.delivered_layers import (
    DeliveredLayer,
    SourceLayer,
    laid_out,
    plane_of_layers,
    source_layers,
)
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate
from onemap.rules.answers.deliveries.file_checks import folder_findings, form_findings, list_findings
from onemap.rules.answers.deliveries.granted_exceptions import GrantedException, with_exceptions
from onemap.rules.answers.deliveries.layer_checks import (
    field_findings,
    geometry_findings,
    has_wrong_kind,
    layer_findings,
    value_findings,
)
from onemap.rules.answers.deliveries.proof_findings import (
    Finding,
    FindingList,
    Grade,
    ProvedCheck,
    grade_of,
    sorted_findings,
)
from onemap.rules.answers.deliveries.quality_checks import measured_in_plane, quality_findings
from onemap.rules.answers.deliveries.row_checks import row_findings
from onemap.rules.answers.deliveries.shape_checks import shape_findings
from onemap.rules.answers.deliveries.sum_checks import sum_findings, text_findings, unit_findings

_READ, _LAYERS = 0.4, 0.8  # of the work
_QUALITY = ("values", "overlap", "gap", "duplicate")
_SHAPES = ("sliver", "small", "angle", "crossing", "vertices")
_BETWEEN = ("inside", "covers", "apart", "same_boundary")


@dataclass(frozen=True)
class Proof:
    """What came of it. standing: the findings that nobody granted; spared: those that were, with their exceptions.

    lapsed: exceptions whose content is not there any more; plane: in which all was measured.
    """

    template: DeliveryTemplate
    standing: Sequence[Finding]
    spared: Sequence[tuple[Finding, GrantedException]]
    lapsed: Sequence[GrantedException]
    proved: Sequence[ProvedCheck]
    grade: Grade
    plane: pyproj.CRS

    @property
    def hash(self) -> str:
        """SHA-256 of the report as JSON in English, by which the log knows it."""
        return hashlib.sha256(json.dumps(self.record("en"), sort_keys=True).encode()).hexdigest()

    def reaches(self, severity: str) -> bool:
        """Whether a problem is as severe as this, or more."""
        return any(self.grade.counts[one] for one in SEVERITIES[: SEVERITIES.index(severity) + 1])

    def record(self, language: str) -> dict[str, Any]:
        """The contract's JSON object."""
        return {
            "template": self.template.folders.id,
            "version": self.template.version,
            "score": self.grade.score,
            "grade": self.grade.grade,
            "problems": [finding.record(language) for finding in self.standing],
            "counts": dict(self.grade.counts),
            "checked": [
                {"check": one.check.id, "objects": one.objects, "problems": one.problems} for one in self.proved
            ],
            "granted": [
                {**finding.record(language), "who": one.who, "when": one.when, "reason": one.reason}
                for finding, one in self.spared
            ],
            "lapsed": [{"check": one.check, "hash": one.hash, "who": one.who} for one in self.lapsed],
        }


def prove_delivery(
    source: Path,
    template: DeliveryTemplate,
    granted: Sequence[GrantedException] = (),
    progress: Progress = SILENT,
    language: str = "en",
) -> Proof:
    """Run all checks of a template over a delivery: a folder, an archive of it, or one database.

    Raises OneMapError source.… where the source itself cannot be opened.
    """
    found = FindingList(template)
    with opened_delivery(source, template.folders) as delivery:
        by_kind = {check.kind: check for check in template.checks if check.layer is None}
        forms = form_findings(delivery, by_kind["files"])
        reading = progress.part(0.0, _READ, phrase("progress.reading", language))
        sources, unread, lost = source_layers(delivery, template, by_kind["files"], reading)
        if template.folders.folders:
            found.take(by_kind["folders"], *folder_findings(delivery, by_kind["folders"]))
        found.take(by_kind["files"], forms[0], [*forms[1], *unread])
        if template.folders.folders:
            found.take(by_kind["list"], *list_findings(delivery, by_kind["list"]))
        plane = plane_of_layers(sources)
        layers: dict[str, DeliveredLayer] = {}
        for one in sources:
            if one.wish is not None and one.wish.entry.code not in layers:
                layers[one.wish.entry.code] = laid_out(one, plane)
        lost |= _layers_of_missing_files(delivery, sources)
        found.take(by_kind["layers"], *layer_findings(sources, layers, template, by_kind["layers"], lost))
        _prove_layers(layers, template, found, progress.part(_READ, _LAYERS))
        _prove_relations(delivery, layers, template, found, progress.part(_LAYERS, 1.0))
    standing, spared, lapsed = with_exceptions(sorted_findings(found.findings), granted)
    return Proof(template, standing, spared, lapsed, found.proved, grade_of(template, standing), plane)


def _layers_of_missing_files(delivery: DeliveredFolder, sources: Sequence[SourceLayer]) -> set[str]:
    """Codes of layers whose file is not there, or has no driver, which is told of the file."""
    there = {id(source.file.item) for source in sources}
    items = [item for folder in delivery.template.folders for item in folder.items if id(item) not in there]
    return {code for item in items for code in item.layers} if delivery.is_folder else set()


def _prove_layers(
    layers: Mapping[str, DeliveredLayer], template: DeliveryTemplate, found: FindingList, progress: Progress
) -> None:
    """Fields, values, geometry, topology and rows, layer by layer."""
    for layer, part in zip(layers.values(), progress.parts([1] * max(1, len(layers))), strict=False):
        of_quality = quality_findings(layer, template, layers, part)
        for check in template.checks:
            if check.layer != layer.code:
                continue
            run = _of_one_layer(layer, template, check, of_quality)
            if run is not None:
                found.take(check, *run)


def _of_one_layer(
    layer: DeliveredLayer, template: DeliveryTemplate, check: Check, of_quality: Mapping[str, list[Finding]]
) -> tuple[int, list[Finding]] | None:
    """What a check that looks at one layer finds; None for all others."""
    if check.kind == "fields":
        return field_findings(layer, template, check)
    if check.kind == "geometry":
        return geometry_findings(layer, check)
    if check.kind == "values":
        count, own = value_findings(layer, check)
        return count, [*own, *of_quality[check.id]]
    if check.kind in _QUALITY or (check.kind == "stated_area" and not measured_in_plane(check)):
        return len(layer.places), of_quality[check.id]
    if check.kind in _SHAPES:
        return _if_fields_there(lambda: shape_findings(layer, check))
    if check.kind in ("condition", "row_sum", "stated_area"):
        return _if_fields_there(lambda: row_findings(layer, check))
    return None


def _if_fields_there(run: Callable[[], tuple[int, list[Finding]]]) -> tuple[int, list[Finding]]:
    """What a check finds; nothing where a field is not there that it asks for, which the check of fields tells."""
    try:
        return run()
    except OneMapError as error:
        if error.code != "proof.condition_field":
            raise
        return 0, []


def _prove_relations(
    delivery: DeliveredFolder,
    layers: Mapping[str, DeliveredLayer],
    template: DeliveryTemplate,
    found: FindingList,
    progress: Progress,
) -> None:
    """Layer against layer, sums, texts and units; where a layer is not there, that is told elsewhere."""
    asked = [check for check in template.checks if check.kind in (*_BETWEEN, "sum", "text_number", "units")]
    for check, part in zip(asked, progress.parts([1] * max(1, len(asked))), strict=False):
        part.check()
        layer, other = layers.get(check.layer or ""), layers.get(check.keys.get("other", ""))
        if layer is None or (other is None and "other" in check.keys):
            continue
        if any(has_wrong_kind(one) for one in (layer, other) if one is not None):
            continue  # which is told of the layer
        found.take(check, *_if_fields_there(partial(_relation, delivery, layer, other, check)))


def _relation(
    delivery: DeliveredFolder, layer: DeliveredLayer, other: DeliveredLayer | None, check: Check
) -> tuple[int, list[Finding]]:
    """What a check of a layer against something else finds."""
    if check.kind == "units":
        return unit_findings(layer, other, check)
    if check.kind == "text_number":
        return text_findings(delivery, layer, check)
    if other is None:
        return 0, []
    if check.kind == "sum":
        return sum_findings(layer, other, check)
    return between_findings(layer, other, check)

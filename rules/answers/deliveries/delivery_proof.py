"""`onemap validate`: check a delivery against a template before anything of it enters a library."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import pyproj

from onemap.layers.errors import OneMapError, require_value
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.layers.records import Record
from onemap.rules.answers.deliveries.between_checks import between_findings
from onemap.rules.answers.deliveries.check_kinds import SEVERITIES
from onemap.rules.answers.deliveries.delivered_content import DeliveredContent
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFolder, opened_delivery
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
from onemap.rules.answers.deliveries.proof_memory import ProofMemory, Run, SourceMemory
from onemap.rules.answers.deliveries.quality_checks import is_on_ellipsoid, quality_findings
from onemap.rules.answers.deliveries.row_checks import row_findings
from onemap.rules.answers.deliveries.shape_checks import shape_findings
from onemap.rules.answers.deliveries.sum_checks import sum_findings, unit_findings
from onemap.rules.answers.deliveries.text_checks import text_findings

_READ, _LAYERS = 0.4, 0.8  # of the work
_QUALITY = ("values", "overlap", "gap", "duplicate")
_SHAPES = ("sliver", "small", "angle", "crossing", "vertices", "precision")
_OF_LAYER = ("fields", "geometry", *_QUALITY, *_SHAPES, "condition", "row_sum", "stated_area")
_BETWEEN = ("inside", "covers", "apart", "same_boundary")


@dataclass(frozen=True)
class Proof:
    """The result of a proof. standing: findings without an exception; spared: findings with their exceptions.

    lapsed: exceptions whose content is gone; plane: in which everything was measured; sources: the layers found; root:
    the folder of the files, None for an archive unpacked only for the proof.
    """

    template: DeliveryTemplate
    standing: Sequence[Finding]
    spared: Sequence[tuple[Finding, GrantedException]]
    lapsed: Sequence[GrantedException]
    proved: Sequence[ProvedCheck]
    grade: Grade
    plane: pyproj.CRS
    sources: Sequence[SourceMemory]
    root: Path | None

    @property
    def hash(self) -> str:
        """SHA-256 of the report as English JSON, by which the log identifies it."""
        return hashlib.sha256(json.dumps(self.record("en"), sort_keys=True).encode()).hexdigest()

    def with_granted(self, granted: Sequence[GrantedException]) -> "Proof":
        """The same proof with these exceptions granted, and no others."""
        findings = sorted_findings([*self.standing, *(finding for finding, _ in self.spared)])
        standing_findings, spared_findings, lapsed = with_exceptions(findings, granted)
        grade = grade_of(self.template, standing_findings, self.proved)
        return replace(self, standing=standing_findings, spared=spared_findings, lapsed=lapsed, grade=grade)

    def reaches(self, severity: str) -> bool:
        """Whether a problem is at least this severe; granted ones count, too, if a check found more than are listed."""
        cut = {one.check.id for one in self.proved if one.is_cut}
        open_ones = [*self.standing, *(finding for finding, _ in self.spared if finding.check.id in cut)]
        return any(one.severity in SEVERITIES[: SEVERITIES.index(severity) + 1] for one in open_ones)

    def record(self, language: str) -> Record:
        """The contract's JSON object."""
        return {
            "template": self.template.folders.id,
            "version": self.template.version,
            "score": self.grade.score,
            "grade": self.grade.grade,
            "problems": [finding.record(language) for finding in self.standing],
            "counts": dict(self.grade.counts),
            "checked": [
                {
                    "check": one.check.id,
                    "title": one.check.title_in(language),
                    "objects": one.objects,
                    "problems": one.problems,
                }
                for one in self.proved
            ],
            "cut": [one.check.id for one in self.proved if one.is_cut],
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
    memory: ProofMemory | None = None,
) -> Proof:
    """Run all checks of a template on a delivery: a folder, an archive of it, or one database.

    memory: of the last proof; checks that would read the same content are not run again. New findings are added to it.
    Raises OneMapError source.… if the source itself cannot be opened.
    """
    finding_list = FindingList()
    memory = memory if memory is not None else ProofMemory(template, is_asked=False)
    with opened_delivery(source, template.folders) as delivery:
        by_kind = {check.kind: check for check in template.checks if check.layer is None}

        def take(check: Check, objects: int, findings: Sequence[Finding]) -> None:
            memory.renew(check, (objects, findings))
            finding_list.take(check, objects, findings)

        forms = form_findings(delivery, by_kind["files"])
        reading = progress.part(0.0, _READ, phrase("progress.reading", language))
        content = DeliveredContent(delivery, template, by_kind["files"], memory, reading)
        if template.folders.folders:
            take(by_kind["folders"], *folder_findings(delivery, by_kind["folders"]))
        take(by_kind["files"], forms[0], [*forms[1], *content.known.unread])
        if template.folders.folders:
            take(by_kind["list"], *list_findings(delivery, by_kind["list"]))
        lost_codes = content.known.lost | _layers_of_missing_files(delivery, content)
        _prove_which_layers(content, template, by_kind["layers"], lost_codes, finding_list)
        _prove_layers(content, template, finding_list, progress.part(_READ, _LAYERS))
        _prove_relations(delivery, content, template, finding_list, progress.part(_LAYERS, 1.0))
        known_content, plane = content.known, content.plane
        root = None if delivery.archive else delivery.root if delivery.is_folder else delivery.base.parent
    findings = sorted_findings(finding_list.findings)
    grade = grade_of(template, findings, finding_list.proved)
    proof = Proof(
        template,
        findings,
        [],
        [],
        finding_list.proved,
        grade=grade,
        plane=plane,
        sources=known_content.sources,
        root=root,
    )
    return proof.with_granted(granted)


def _layers_of_missing_files(delivery: DeliveredFolder, content: DeliveredContent) -> frozenset[str]:
    """Codes of layers whose file is missing, or cannot be read, which is reported for the file."""
    read = {source.path for source in content.known.sources}
    there = {id(file.item) for file in delivery.files if file.path in read}
    items = [item for folder in delivery.template.folders for item in folder.items if id(item) not in there]
    return frozenset(code for item in items for code in item.layers if delivery.is_folder)


def _prove_which_layers(
    content: DeliveredContent,
    template: DeliveryTemplate,
    check: Check,
    lost_codes: frozenset[str],
    finding_list: FindingList,
) -> None:
    """Check which layers exist, with which geometry and system."""

    def run() -> tuple[int, list[Finding]]:
        layers = {code: layer for code in content.hashes if (layer := content.layer(code)) is not None}
        return layer_findings(content.sources, layers, template, check, lost_codes)

    hashes = [source.whole_hash for source in content.known.sources]
    _take_known(content, finding_list, check, [content.known.plane, *hashes, "", *sorted(lost_codes)], run)


def _take_known(
    content: DeliveredContent,
    finding_list: FindingList,
    check: Check,
    read: Iterable[str],
    run: Callable[[], Run | None],
) -> None:
    """Add the findings of a check: remembered if it would read the same, else by running it."""
    result = content.memory.recall(check, read, run)
    if result is not None:
        finding_list.take(check, *result)


def _prove_layers(
    content: DeliveredContent, template: DeliveryTemplate, finding_list: FindingList, progress: Progress
) -> None:
    """Check fields, values, geometry, topology and rows, layer by layer."""
    parts = progress.parts([1] * max(1, len(content.hashes)))
    for code, part in zip(content.hashes, parts, strict=False):
        part.check()
        of_quality = cache(partial(_quality_of, content, template, code, part))
        for check in template.checks:
            if check.layer != code or check.kind not in _OF_LAYER:
                continue
            run = partial(_of_one_layer, content, template, check, of_quality)
            _take_known(content, finding_list, check, content.content_of(check), run)


def _quality_of(
    content: DeliveredContent, template: DeliveryTemplate, code: str, progress: Progress
) -> Mapping[str, list[Finding]]:
    """The quality findings of a layer, by the id of the check."""
    layer = require_value(content.layer(code), code)
    return quality_findings(layer, template, content.layer, progress)


def _of_one_layer(
    content: DeliveredContent,
    template: DeliveryTemplate,
    check: Check,
    of_quality: Callable[[], Mapping[str, list[Finding]]],
) -> tuple[int, list[Finding]]:
    """The findings of a check of one layer."""
    layer = require_value(content.layer(check.layer), check.id)
    if check.kind == "fields":
        return field_findings(layer, template, check)
    if check.kind == "geometry":
        return geometry_findings(layer, check)
    if check.kind == "values":
        count, own = value_findings(layer, check)
        return count, [*own, *of_quality()[check.id]]
    if check.kind in _QUALITY or (check.kind == "stated_area" and is_on_ellipsoid(check)):
        return len(layer.places), of_quality()[check.id]
    if check.kind in _SHAPES:
        return _if_fields_there(lambda: shape_findings(layer, check))
    return _if_fields_there(lambda: row_findings(layer, check))


def _if_fields_there(run: Callable[[], tuple[int, list[Finding]]]) -> tuple[int, list[Finding]]:
    """The findings of a check; none if a field that it needs is missing, which the check of fields reports."""
    try:
        return run()
    except OneMapError as error:
        if error.code != "proof.condition_field":
            raise
        return 0, []


def _prove_relations(
    delivery: DeliveredFolder,
    content: DeliveredContent,
    template: DeliveryTemplate,
    finding_list: FindingList,
    progress: Progress,
) -> None:
    """Check layers against each other, sums, texts and units; missing layers are reported elsewhere."""
    checks = [check for check in template.checks if check.kind in (*_BETWEEN, "sum", "text_number", "units")]
    for check, part in zip(checks, progress.parts([1] * max(1, len(checks))), strict=False):
        part.check()
        run = partial(_relation, delivery, content, check, part)
        _take_known(content, finding_list, check, content.content_of(check), run)


def _relation(
    delivery: DeliveredFolder, content: DeliveredContent, check: Check, progress: Progress
) -> tuple[int, list[Finding]] | None:
    """The findings of a check of a layer against something else; None if it cannot be run, which is reported."""
    layer, other = content.layer(check.layer), content.layer(check.keys.get("other"))
    if layer is None or (other is None and "other" in check.keys):
        return None
    if any(has_wrong_kind(one) for one in (layer, other) if one is not None):
        return None
    if check.kind == "units":
        return _if_fields_there(lambda: unit_findings(layer, other, check))
    if check.kind == "text_number":
        return _if_fields_there(lambda: text_findings(delivery, layer, check, progress))
    other_layer = require_value(other, check.id)  # a template without it is refused
    if check.kind == "sum":
        return _if_fields_there(lambda: sum_findings(layer, other_layer, check))
    return _if_fields_there(lambda: between_findings(layer, other_layer, check, progress))

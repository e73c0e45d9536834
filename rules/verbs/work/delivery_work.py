"""The work of the verbs that exchange data between departments and levels; what only some need is imported there."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.library.library import Library, open_library
from onemap.layers.library.versions import versions
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.layers.progress import Progress
from onemap.rules.contract.declaration import Result, Values, VerbContext, to_pairs
from onemap.rules.display.documents.document_files import check_files
from onemap.rules.judge.packs.library_packs import required_fields
from onemap.rules.judge.packs.pack import pack_text
from onemap.rules.verbs.work.table_targets import one_or_all

if TYPE_CHECKING:
    from onemap.rules.answers.deliveries.delivery_proof import Proof
    from onemap.rules.answers.deliveries.delivery_template import DeliveryTemplate
    from onemap.rules.answers.deliveries.proof_memory import ProofMemory


def deliver(values: Values, context: VerbContext) -> Result:
    """Write chosen layers to a package for another department or level, or to the folders of a template."""
    from onemap.layers.delivery.package_writing import DeliveryOptions
    from onemap.layers.delivery.package_writing import deliver as deliver_package

    if values.get("template"):
        return _deliver_folders(values, context)
    if not values.get("layers"):
        raise UsageError("usage.required", field="--layers", verb="deliver")
    for name in ("code", "name", "files"):
        if values.get(name):
            raise UsageError("usage.required", field="--template", verb=f"deliver --{name}")
    unit = list((values.get("unit") or {}).items())
    if len(unit) > 1:
        raise UsageError("usage.value", field="--unit", value=",".join(f"{code}={name}" for code, name in unit))
    with open_library(values["library"]) as library:
        options = DeliveryOptions(
            layers=tuple(values["layers"]),
            as_of=values.get("as_of") or library.today(),
            since=values.get("since"),
            unit=unit[0] if unit else None,
            recipient=values.get("to"),
            secrecy=values.get("secrecy"),
            geodatabase=bool(values.get("gdb")),
            overwrite=bool(values.get("overwrite")),
        )
        packing = context.progress.part(0.0, 1.0, phrase("progress.packing", context.language))
        answer = deliver_package(library, Path(values["target"]), options, library.person(), packing)
        return {**answer, "problems": _lacking_statements(library, answer["layers"], context.language)}


def _lacking_statements(library: Library, layers: Sequence[Mapping[str, Any]], language: str) -> list[ProblemRecord]:
    """The issued statements missing in delivered versions, whose receiver would take the ground for free."""
    from onemap.rules.judge.question.layer_remarks import problem_of_remark
    from onemap.rules.judge.runs.unwritten_sites import unwritten_sites

    sent_versions = {(layer["code"], layer["version"]) for layer in layers}
    used_versions = {
        one.table: (one.code, one.label) for one in versions(library) if (one.code, one.label) in sent_versions
    }
    return [
        problem_record(problem_of_remark(one, used_versions), language)
        for one in unwritten_sites(library, used_versions)
    ]


def _deliver_folders(values: Values, context: VerbContext) -> Result:
    """Write a plan's database by a template: with the template's layers, in its folders."""
    from onemap.layers.delivery.folder_delivery import FolderWish, deliver_folders
    from onemap.layers.delivery.folder_template import folder_template, is_file_name
    from onemap.layers.delivery.package_writing import DeliveryOptions

    for name in ("layers", "since", "unit", "gdb"):
        if values.get(name):
            raise UsageError("usage.apart", field="--template", other=f"--{name}")
    for name in ("code", "name"):
        if not values.get(name):
            raise UsageError("usage.required", field=f"--{name}", verb="deliver --template")
        if not is_file_name(values[name]):
            raise UsageError("usage.value", field=f"--{name}", value=values[name])
    text, source = pack_text(values["template"], "deliveries", "template.unknown", "--template")
    files = Path(values["files"]) if values.get("files") else None
    if files is not None and not files.is_dir():
        raise OneMapError("source.missing", file=str(files), field="--files")
    with open_library(values["library"]) as library:
        template = folder_template(text, source, library.catalogue())
        options = DeliveryOptions(
            layers=template.layers,
            as_of=values.get("as_of") or library.today(),
            recipient=values.get("to"),
            secrecy=values.get("secrecy"),
            overwrite=bool(values.get("overwrite")),
        )
        wish = FolderWish(values["code"], values["name"], files)
        place = Path(values["target"])
        packing = context.progress.part(0.0, 1.0, phrase("progress.packing", context.language))
        return deliver_folders(library, place, template, wish, options, library.person(), packing)


def validate(values: Values, context: VerbContext) -> Result:
    """Compare a delivery with a template, before any of it enters a library."""
    from onemap.rules.answers.deliveries.finding_layers import FORMS, layer_places, write_findings
    from onemap.rules.answers.deliveries.proof_memory import read_memory
    from onemap.rules.answers.deliveries.proof_report import REPORT_FORMS, bureau_head, write_proof_reports
    from onemap.rules.answers.deliveries.proof_rows import proof_lines

    check_files(values, "report", REPORT_FORMS)
    check_files(values, "findings", FORMS)
    if values.get("grant"):
        for name in ("reason", "by"):
            if not (values.get(name) or "").strip():
                raise UsageError("usage.required", field=f"--{name}", verb="validate --grant")
    head = bureau_head(values, context.language)
    template = _template_of(values, shipped_catalogue())
    remembered = Path(values["again"]) if values.get("again") else None
    memory = read_memory(remembered, template) if remembered is not None else None
    proof = _proof_of(values["source"], values, template, context, context.progress.part(0.0, 0.9), memory)
    proof = _with_new_exceptions(values["source"], values, proof)
    result = proof.record(context.language)
    write_proof_reports(values, proof, Path(values["source"]).name, context, head)
    if values.get("report"):
        result["report"] = one_or_all(values["report"])
    if values.get("findings"):
        place = Path(values["findings"])
        write_findings(place, proof, context.language, bool(values.get("overwrite")))
        result["findings"] = str(place)
        result["layers"] = layer_places(proof)
    if remembered is not None and memory is not None:
        memory.write(remembered)
        result["again"] = memory.changes() if memory.was_there else None
    result["opening"] = proof_lines(result, proof.template.title_in(context.language), context.language)
    if proof.reaches(values.get("fail_on") or "major"):
        result["failed_on"] = values.get("fail_on") or "major"
    return result


def _template_of(values: Values, catalogue: Mapping[str, LayerEntry]) -> "DeliveryTemplate":
    from onemap.rules.answers.deliveries.delivery_template import delivery_template

    return delivery_template(*pack_text(values["template"], "deliveries", "template.unknown", "--template"), catalogue)


def _exceptions_file(source: str, values: Values) -> Path:
    """The file of exceptions: the named one, or the one beside the delivery."""
    from onemap.rules.answers.deliveries.granted_exceptions import exceptions_beside

    return Path(values["exceptions"]) if values.get("exceptions") else exceptions_beside(Path(source))


def _proof_of(
    source: str,
    values: Values,
    template: "DeliveryTemplate",
    context: VerbContext,
    progress: Progress,
    memory: "ProofMemory | None" = None,
) -> "Proof":
    """The proof of a delivery, with the exceptions in the named file or in the one beside it."""
    from onemap.rules.answers.deliveries.delivery_proof import prove_delivery
    from onemap.rules.answers.deliveries.granted_exceptions import read_exceptions

    place = _exceptions_file(source, values)
    must_be_there = values.get("exceptions") and not values.get("grant")
    granted = read_exceptions(place) if must_be_there or place.exists() else []
    return prove_delivery(Path(source), template, granted, progress, context.language, memory)


def _with_new_exceptions(source: str, values: Values, proof: "Proof") -> "Proof":
    """Grant or withdraw exceptions in the file, and return the proof with them.

    Raises OneMapError exception.no_problem for a hash that no problem has.
    """
    from onemap.rules.answers.deliveries.granted_exceptions import (
        GrantedException,
        grant_exceptions,
        read_exceptions,
        withdraw_exceptions,
    )

    grant, withdraw = (set(values.get(name) or ()) for name in ("grant", "withdraw"))
    if not grant and not withdraw:
        return proof
    checks_and_hashes = {(one.check.id, one.hash) for one in proof.standing if one.hash in grant}
    granted = {one.hash for _, one in proof.spared} | {one.hash for one in proof.lapsed}
    unknown = sorted((grant - {hash_ for _, hash_ in checks_and_hashes}) | (withdraw - granted))
    if unknown:
        raise OneMapError.of([Problem("exception.no_problem", {"hash": hash_}) for hash_ in unknown])
    place = _exceptions_file(source, values)
    if withdraw:
        withdraw_exceptions(place, withdraw)
    if grant:
        facts = {"who": values["by"].strip(), "when": date.today().isoformat(), "reason": values["reason"].strip()}
        grant_exceptions(place, [GrantedException(check, hash_, **facts) for check, hash_ in sorted(checks_and_hashes)])
    return proof.with_granted(read_exceptions(place))


def receive(values: Values, context: VerbContext) -> Result:
    """Take in a package, or the receipt for one that this library has delivered."""
    from onemap.layers.delivery.package_reading import Reception, receive_package
    from onemap.layers.delivery.receipt import is_receipt, take_in_receipt
    from onemap.layers.ingest.adding import Intake

    path = Path(values["file"])
    with open_library(values["library"]) as library:
        if is_receipt(path):
            receipt = take_in_receipt(library, path, library.person())
            return {"package": receipt["package"], "added": [], "receipt": str(path), "received": receipt}
        intake = Intake(library, partial(required_fields, library), library.person(), context.language)
        reception = Reception(
            plan_only=bool(values.get("plan")),
            sure=bool(values.get("sure")),
            receipt=Path(values["receipt"]) if values.get("receipt") else None,
            rasters=Path(values["rasters"]) if values.get("rasters") else None,
        )
        context.progress.at(0.0, phrase("progress.package", context.language))
        return receive_package(intake, path, reception, context.progress)


def ingest(values: Values, context: VerbContext) -> Result:
    """Plan a department's whole delivery, or carry out its plan."""
    from onemap.layers.delivery.ingest import REFUSED, DeliveryRefused, IngestOptions
    from onemap.layers.delivery.ingest import ingest as ingest_delivery
    from onemap.layers.geometry.proof_beside import Provers
    from onemap.layers.ingest.adding import Intake
    from onemap.layers.ingest.datum_change import given_change
    from onemap.rules.judge.overlay.pair_ground import are_simple_rings
    from onemap.rules.verbs.work.delivery_report import FORMS, write_reports

    check_files(values, "report", FORMS)
    with open_library(values["library"]) as library:
        intake = Intake(library, partial(required_fields, library), library.person(), context.language)
        options = IngestOptions(
            plan=Path(values["plan"]) if values.get("plan") else None,
            each=bool(values.get("each")),
            sure=bool(values.get("sure")),
            department=values.get("department"),
            covers=values.get("covers"),
            change=given_change(values.get("transform")),
            files=tuple(map(Path, values.get("file") or ())),
            provers=Provers(os.cpu_count() or 1, are_simple_rings),
            proof=_proof_for_log(values, library.catalogue(), context) if values.get("template") else None,
        )
        try:
            result = ingest_delivery(intake, Path(values["folder"]), options, context.progress)
        except DeliveryRefused as error:  # what the department must mend is in the report then
            write_reports(values, error.result, library, context)
            raise
        write_reports(values, result, library, context)
    if result["refused"]:  # others went in
        result["failed_on"] = REFUSED
    result |= {"proof": dict(options.proof)} if options.proof else {}
    return result | ({"report": one_or_all(values["report"])} if values.get("report") else {})


def _proof_for_log(values: Values, catalogue: Mapping[str, LayerEntry], context: VerbContext) -> dict[str, object]:
    """The proof of an accepted delivery, as the log stores it.

    Raises OneMapError with every problem that is major or fatal, and ingest.returned if the score is too low.
    """
    from onemap.rules.answers.deliveries.proof_findings import RETURNED

    template = _template_of(values, catalogue)
    proof = _proof_of(values["folder"], values, template, context, context.progress.part(0.0, 0.0))
    facts: dict[str, object] = {"file": Path(values["folder"]).name, "template": template.title_in(context.language)}
    facts |= {"score": f"{proof.grade.score:g}", **proof.grade.counts}
    if proof.reaches("major") or proof.grade.grade == RETURNED:
        grave = [one.placed_problem for one in proof.standing if one.severity != "minor"]
        raise OneMapError.of([Problem("ingest.returned", facts), *grave])
    return {
        "template": proof.template.folders.id,
        "score": proof.grade.score,
        "grade": proof.grade.grade,
        "granted": len(proof.spared),
        "report_sha256": proof.hash,
    }


def answers(values: Values, context: VerbContext) -> Result:
    """The remembered answers for layers of deliveries, after changing or forgetting some if asked."""
    from onemap.layers.delivery.remembered_answers import all_answers, change_answers

    code, department = values.get("code"), values.get("department")
    changes: dict[str, object] = dict(map(_answer, values.get("set") or ()))
    forgotten = values.get("forget") or ()
    if twice := set(changes) & set(forgotten):
        raise UsageError("usage.apart", field=f"--set {min(twice)}", other=f"--forget {min(twice)}")
    changes |= dict.fromkeys(forgotten)
    if changes and not code:
        raise UsageError("usage.required", field="CODE", verb="answers --set")
    with open_library(values["library"]) as library:
        catalogue = library.catalogue()
        if code:
            known_layer(catalogue, code, None, file=library.label)
        if code and changes:
            change_answers(library, code, changes, library.person())
        answer_rows = [
            one.record(entry.department, entry.title_in(context.language))
            for one in all_answers(library)
            if (entry := catalogue.get(one.code)) and code in (None, one.code)
        ]
    return {"answers": [row for row in answer_rows if department in (None, row["department"])]}


def _answer(text: str) -> tuple[str, object]:
    """NAME=VALUE; for fields, the value is TARGET=SOURCE pairs. Raises UsageError usage.value."""
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or not value:
        raise UsageError("usage.value", field="--set", value=text)
    try:
        return name, to_pairs(value) if name == "fields" else value
    except ValueError:
        raise UsageError("usage.value", field="--set", value=text) from None

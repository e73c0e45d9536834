"""The work of `laws`, `prove` and `pack …`: rules with their law, proofs, and a city's own packs."""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups, shipped_catalogue
from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.files.atomic_output import atomic_output, check_place, check_places
from onemap.layers.library.library import open_library, sha256, system_user
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.packs.legal_basis import LegalBasis
from onemap.rules.judge.packs.pack import (
    DEFAULT_PACK,
    is_shipped,
    joined_rules,
    pack_head,
    pack_text,
    pack_texts,
    parse_packs,
    single_pack,
)
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.proofs.difference_words import DifferenceWords
from onemap.rules.review.proofs.pack_differences import pack_changes, rule_differences
from onemap.rules.review.proofs.pack_text_change import ValueChange, changed_text, value_change

_ARGUMENT = "FILE|NAME"  # by which the verbs here name a pack, where others have --pack


def laws(values: Values, context: VerbContext) -> Result:
    """Each rule with its legal basis, and which parts of it are in force on a day.

    Raises OneMapError pack.…, rule.….
    """
    day, language = values.get("as_of") or date.today(), context.language
    packs = parse_packs(pack_texts(values.get("pack") or [DEFAULT_PACK]), shipped_catalogue())
    rules = [_record(rule, day, language) for rule in joined_rules(packs, strictly=True)]
    return {"ok": True, "as_of": day.isoformat(), "packs": [pack.record() for pack in packs], "rules": rules}


def _record(rule: Rule, day: date, language: str) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "pack": rule.pack,
        "succeeds": list(rule.succeeds),
        "title": rule.title.get(language) or next(iter(rule.title.values()), ""),
        "department": rule.department,
        "department_title": named_groups()["departments"][rule.department][language],
        "verdict": rule.verdict,
        "confidence": rule.confidence,
        "basis": [_entry(entry, day, language) for entry in rule.basis],
    }


def _entry(entry: LegalBasis, day: date, language: str) -> dict[str, Any]:
    """An entry of a basis: law, article, and its first and last day; in_force: whether it holds on the day."""
    return {
        "law": entry.law,
        "article": entry.article,
        "edition": entry.edition,
        "subject": entry.subject.get(language) or next(iter(entry.subject.values()), ""),
        "from": entry.first_day and entry.first_day.isoformat(),
        "to": entry.last_day and entry.last_day.isoformat(),
        "in_force": entry.is_in_force(day),
    }


def prove(values: Values, context: VerbContext) -> Result:
    """Judge the cases of the last pack, also with single errors in its rules; or draft the cases of a rule.

    Raises OneMapError pack.…, rule.…, cases.…, statement.suffix, out.….
    """
    from onemap.rules.display.documents.document_files import check_files
    from onemap.rules.review.proofs.mutant_runs import MutantRuns
    from onemap.rules.review.proofs.pack_proof_report import FORMS, proof_tables, write_reports
    from onemap.rules.review.proofs.proof import PacksToProve, prove_packs
    from onemap.rules.review.proofs.proof_cases import cases_texts

    check_files(values, "report", FORMS)
    names = values["pack"]
    sort = sort_of_pack(names[-1])
    if sort != RULES:
        return _prove_other(sort, names[-1], values, context)
    texts = pack_texts(names, option=_ARGUMENT)
    if values.get("new"):
        head = _head_of_cases(names)
        return _drafts_of_rule(values["new"], PacksToProve(texts, [], shipped_catalogue(), date.today()), context, head)
    # What a pack stands on has cases of its own, which speak of it alone.
    proving = PacksToProve(texts, cases_texts(names[-1]), shipped_catalogue(), date.today())
    mutants = MutantRuns(context.language) if values.get("mutants") else None
    judging = context.progress.part(0.0, 1.0, phrase("progress.proving", context.language))
    judging.at(0.0)
    proof = prove_packs(proving, mutants, judging)
    result = _answer(proof)
    places = write_reports(values, proof_tables(proof, result, context.language), result, context)
    return {**result, **({"report": places} if places else {})}


def _prove_other(sort: str, name: str, values: Values, context: VerbContext) -> Result:
    """Prove a pack of indicators or a template of deliveries by its cases. Raises OneMapError cases.…, indicator.…."""
    from onemap.rules.answers.deliveries.delivery_template import delivery_template
    from onemap.rules.numbers.indicators.indicator_pack import parse_indicator_pack
    from onemap.rules.numbers.indicators.indicator_proof import prove_indicators, read_indicator_cases
    from onemap.rules.review.proofs.case_reading import texts_beside
    from onemap.rules.review.proofs.pack_proof_report import write_reports
    from onemap.rules.review.proofs.template_proof import prove_template, read_template_cases

    if values.get("mutants") or values.get("new"):
        raise OneMapError("cases.rules_only", file=name, field="--mutants" if values.get("mutants") else "--new")
    (text, source), catalogue = pack_text(name, sort, option=_ARGUMENT), shipped_catalogue()
    cases = texts_beside(_place_of(name, sort), name)
    progress = context.progress.part(0.0, 1.0, phrase("progress.proving", context.language))
    if sort == INDICATORS:
        pack = parse_indicator_pack(text, source, catalogue)
        proof = prove_indicators(pack, read_indicator_cases(cases, pack, catalogue), context.language, progress)
    else:
        template = delivery_template(text, source, catalogue)
        proof = prove_template(template, read_template_cases(cases, template), context.language, progress)
    result = proof.answer()
    places = write_reports(values, proof.tables(context.language), result, context)
    return {**result, **({"report": places} if places else {})}


# As the folders are called in which they are shipped.
RULES, INDICATORS, DELIVERIES = "packs", "indicators", "deliveries"


def sort_of_pack(name: str) -> str:
    """Whether a name or a file is a rule pack, a pack of indicators, or a template of deliveries, by its tables."""
    from onemap.layers.catalogue.toml_text import toml_content

    path = next(
        (path for path in (_place_of(name, sort) for sort in (RULES, INDICATORS, DELIVERIES)) if path.is_file()), None
    )
    try:
        content = {} if path is None else toml_content(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except ValueError:  # whoever reads it as a rule pack says why it cannot be read
        content = {}
    if "template" in content:
        return DELIVERIES
    return INDICATORS if {"indicator", "term"} & {*content} else RULES


def _place_of(name: str, sort: str) -> Path:
    """The file of a name: a shipped one, or the file itself."""
    from onemap.layers.shipped_files import RESOURCES

    shipped = RESOURCES / sort / f"{name}.toml"
    return shipped if shipped.is_file() and "/" not in name and "\\" not in name else Path(name)


def _head_of_cases(names: Sequence[str]) -> str:
    """The head of a new file of cases, with the surroundings from the cases of the pack on which the last pack stands.

    Without it the rules of that pack would decide all cases. Empty if the last pack has cases already.
    """
    from onemap.rules.review.proofs.case_drafts import head_text
    from onemap.rules.review.proofs.proof_cases import cases_texts

    case_texts = []
    for name in (names[-1], *names[-2:-1]):
        try:
            case_texts.append(cases_texts(name)[0][0])
        except OneMapError:  # there are none
            case_texts.append("")
    return head_text(case_texts[-1], date.today()) if len(case_texts) > 1 and not case_texts[0].strip() else ""


def _drafts_of_rule(rule: str, proving: Any, context: VerbContext, head: str) -> Result:
    """The drafts of a rule's cases. head: the text before them. Raises OneMapError cases.no_rule."""
    from onemap.rules.review.proofs.case_drafts import CaseDrafts, drafts_text

    rules = {one.id: one for one in proving.rules}
    if rule not in rules:
        near = difflib.get_close_matches(rule, rules, n=3, cutoff=0.4)
        raise OneMapError("cases.no_rule", value=rule, field="--new", known=near)
    classes = {name: item for pack in proving.packs for name, item in pack.classes.items()}
    drafts = CaseDrafts(proving.rules, classes, proving.catalogue, context.language).of(rules[rule], date.today())
    return {"ok": True, "rule": rule, "cases": len(drafts), "text": head + drafts_text(drafts)}


def _answer(proof: Any) -> Result:
    """The contract's JSON; null for what a rule of its kind cannot have."""
    from onemap.rules.review.proofs.rule_coverage import NEEDED

    result: Result = {
        "ok": True,
        "cases": len(proof.results),
        "passed": sum(one.passes for one in proof.results),
        "failed": [_failure(one) for one in proof.failed],
        "rules": {
            name: {clause: clauses.count(clause) for clause in NEEDED} for name, clauses in proof.coverage.items()
        },
        "uncovered": proof.uncovered,
    }
    if proof.mutants is not None:
        killed = sum(one.killer is not None for one in proof.mutants)
        result["mutants"] = {
            "made": len(proof.mutants),
            "killed": killed,
            "survived": [{"rule": one.rule, "change": one.change} for one in proof.surviving_mutants],
            "equal": [{"rule": one.rule, "change": one.change, "reason": one.equal} for one in proof.equal],
        }
    return {**result, "failed_on": not proof.is_proved}


def _failure(result: Any) -> dict[str, Any]:
    """A failed case: what it expects, and what was judged."""
    case = result.case
    expected = case.expectation
    if "decides" in result.wrong:
        expected += f" ({', '.join(case.decides) or '–'})"
    for key in ("spares", "cites", "words"):
        if key in result.wrong:
            expected += f" · {key}: {', '.join(getattr(case, key))}"
    rules = ", ".join(sorted(result.outcome.decides))
    return {"case": case.id, "expected": expected, "verdict": result.outcome.verdict, "rule": rules}


def pack_show(values: Values, context: VerbContext) -> Result:
    """The rules of a pack by department, with law, hits of a check, and the values that may be changed.

    Raises OneMapError pack.…, rule.…, run.….
    """
    from onemap.rules.review.proofs.pack_form import PackForm, hits_of_run

    name = values["pack"]
    hits, run, problems, catalogue = None, None, list[Problem](), shipped_catalogue()
    if values.get("library"):
        with open_library(values["library"]) as library:
            catalogue, (run, problems) = library.catalogue(), _run_of(library, values)
            hits = hits_of_run(library, run) if run else None
    pack = _pack(name, catalogue)
    form = PackForm(pack, catalogue, context.language)
    origin, differences = _origin(pack, catalogue, context.language)
    return {
        "ok": True,
        "pack": pack.record(),
        "file": None if is_shipped(name) else str(Path(name).absolute()),
        "origin": origin,
        "below": [] if pack.stands_alone else [DEFAULT_PACK],
        "run": run,
        "departments": form.departments(hits, differences),
        "terms": form.terms(),
        "classes": form.classes(),
        "checklist": form.checklist(),
        "problems": [problem_record(one, context.language) for one in problems],
    }


def _run_of(library: Any, values: Values) -> tuple[str | None, list[Problem]]:
    """The named check, or `last_check`. Raises OneMapError run.unknown, run.kind."""
    from onemap.rules.judge.runs.past_runs import runs_of_names
    from onemap.rules.judge.runs.run_store import last_check

    if values.get("run"):
        (run,) = runs_of_names(library, [values["run"]])
        return run, []
    return last_check(library)


def _pack(name: str, catalogue: Mapping[str, Any]) -> Any:
    return single_pack(*pack_text(name, option=_ARGUMENT), catalogue)


def _origin(pack: Any, catalogue: Mapping[str, Any], language: str) -> tuple[Result | None, dict[str, Result]]:
    """The pack that a copy comes from, whether it is still the shipped one, and the differences from it by rule."""
    if not pack.origin:
        return None, {}
    if not is_shipped(pack.origin["id"]):
        return {**pack.origin, "is_here": False, "is_same": False}, {}
    origin = _pack(pack.origin["id"], catalogue)
    words = DifferenceWords(catalogue, language)
    differences = {one.rule.id: words.record(one) for one in rule_differences([origin], [pack], catalogue)}
    return {**pack.origin, "is_here": True, "is_same": origin.hash == pack.origin["hash"]}, differences


def pack_copy(values: Values, context: VerbContext) -> Result:
    """Copy a pack with its cases under another id; the copy names its original, with its hash.

    Raises OneMapError pack.…, out.….
    """
    from onemap.layers.catalogue.toml_text import toml_value
    from onemap.rules.review.proofs.proof_cases import cases_texts

    target, name, overwrite = Path(values["target"]), values["pack"], bool(values.get("overwrite"))
    text, source = pack_text(name, option=_ARGUMENT)
    pack = _pack(name, shipped_catalogue())
    origin = {"id": pack.id, "version": pack.version, "hash": pack.hash}
    head_values = {"id": values["id"], "version": values.get("version") or "1", "origin": toml_value(origin)}
    head_values |= {f"title.{language}": title for language, title in (values.get("title") or {}).items()}
    changes = [ValueChange("pack", tuple(key.split(".")), value) for key, value in head_values.items()]
    new_text = changed_text(text, source, changes)
    single_pack(new_text, target.name, shipped_catalogue())
    try:
        cases = cases_texts(name)
    except OneMapError:  # a pack without cases is copied all the same; `prove` says that it has none
        cases = []
    stem = Path(source).stem
    files = [(new_text, target.name), *((case, target.stem + file.removeprefix(stem)) for case, file in cases)]
    check_places([target.with_name(file) for _, file in files], overwrite, "TARGET")
    with atomic_output(target, overwrite) as new_file:
        for one, file in files:
            new_file.with_name(file).write_bytes(one.encode())
    return {"ok": True, "pack": values["id"], "file": str(target), "origin": origin, "cases": [f for _, f in files[1:]]}


def pack_change(values: Values, context: VerbContext) -> Result:
    """Change values in a pack's file, checked like every pack; comments and order stay. All changes, or none.

    Raises OneMapError pack.…, rule.…, out.….
    """
    from onemap.rules.judge.packs.pack_slips import refuse_slips

    name, changes = values["pack"], [value_change(text) for text in values.get("set") or ()]
    text, source = pack_text(name, option=_ARGUMENT)
    target, overwrite = Path(values.get("out") or name), bool(values.get("overwrite")) or not values.get("out")
    if not values.get("out") and is_shipped(name):
        raise OneMapError("pack.shipped", file=name, field="--out")
    new_text = changed_text(text, source, changes)
    pack = single_pack(new_text, source, shipped_catalogue())
    refuse_slips([pack], date.today())
    with atomic_output(target, overwrite, "--out") as new_file:
        new_file.write_bytes(new_text.encode())
    places = [change.place for change in changes]
    remarks = _unknown_layers([pack], shipped_catalogue(), context.language)
    return {"ok": True, "pack": pack.record(), "file": str(target), "changed": places, "problems": remarks}


def _unknown_layers(packs: Sequence[Any], catalogue: Mapping[str, Any], language: str) -> list[ProblemRecord]:
    """A remark on layers that rules name but the catalogue lacks; a city may define them later."""
    names = sorted({code for pack in packs for rule in pack.rules for code in rule.layers if code not in catalogue})
    remark = Problem("pack.layers_unknown", {"names": names, "field": "PACK"})
    return [problem_record(remark, language)] if names else []


def pack_differences(values: Values, context: VerbContext) -> Result:
    """The differences of packs, rule by rule in words, and the parcels of a check whose verdicts they change.

    Raises OneMapError pack.…, rule.…, run.….
    """

    catalogue, names = shipped_catalogue(), values["pack"]
    others = values.get("against")
    if not others:
        names, others = _sides(names, catalogue)
    after = parse_packs(pack_texts(names, option=_ARGUMENT), catalogue, are_kept=True)
    before = parse_packs(pack_texts(others, option="--against"), catalogue, are_kept=True)
    words = DifferenceWords(catalogue, context.language)
    rules = [words.record(one) for one in rule_differences(before, after, catalogue)]
    result: Result = {
        "ok": True,
        "packs": [pack.record() for pack in after],
        "against": [pack.record() for pack in before],
        "counts": dict(Counter(one["change"] for one in rules)),
        "rules": rules,
        "pack": [words.pack_record(one) for one in pack_changes(before, after)],
    }
    return {**result, **_turned_verdicts(values, before, after, context)} if values.get("library") else result


def _sides(names: list[str], catalogue: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The packs, and the packs to compare with: in the latter the last pack's origin replaces it, else it is left out.

    Raises OneMapError pack.no_origin if there is nothing to compare with.
    """
    pack, before = _pack(names[-1], catalogue), names[:-1]
    if is_shipped(pack.origin.get("id", "/")):
        return names, [*before, str(pack.origin["id"])]
    if not before and not pack.stands_alone:
        before = [DEFAULT_PACK]
    if not before:
        raise OneMapError("pack.no_origin", file=pack.id, field="--against")
    return [*before, names[-1]], before


def _turned_verdicts(values: Values, before: Sequence[Any], after: Sequence[Any], context: VerbContext) -> Result:
    """The changed verdicts of a check's parcels under other packs, with everything else as it was then."""
    from onemap.rules.judge.runs.run_store import stored_question
    from onemap.rules.judge.runs.stored_rows import check_blocks
    from onemap.rules.review.recheck import turned_by_packs

    with open_library(values["library"]) as library:
        run, problems = _run_of(library, values)
        if run is None:
            raise OneMapError("pack.no_run", file=library.label, field="--library")
        check_blocks(library, run)
        turned_parcels = turned_by_packs(library, stored_question(library, run), before, after, context)
    records = [problem_record(one, context.language) for one in problems]
    return {"run": run, "turned": turned_parcels, "problems": records}


def pack_enact(values: Values, context: VerbContext) -> Result:
    """Put a pack in force in a library, as a logged step; what rests on the former pack becomes stale.

    Raises OneMapError decide.by, pack.…, rule.….
    """
    from onemap.rules.judge.packs.library_packs import packs_of
    from onemap.rules.judge.packs.unmet_values import unmet_values
    from onemap.rules.judge.runs.pack_store import enact
    from onemap.rules.review.cases.hand import acting_person

    new_pack = pack_text(values["pack"], option=_ARGUMENT)
    with open_library(values["library"]) as library:
        who = acting_person(library, values.get("by"))
        fact = enact(library, new_pack, who, values["reason"], values.get("instead"))
        packs, catalogue = packs_of(library, ()), library.catalogue()
    remarks = _unknown_layers(packs, catalogue, context.language)
    gaps = unmet_values(joined_rules(packs), catalogue)
    remarks += [problem_record(gap.problem(", ".join(pack.id for pack in packs)), context.language) for gap in gaps]
    return {"ok": True, **vars(fact), "problems": remarks}


def pack_versions(values: Values, context: VerbContext) -> Result:
    """The packs in force, and each enactment: when, by whom and why; with `hash`, write that text to a file.

    Raises OneMapError pack.no_hash, out.…, usage.required.
    """
    from onemap.rules.judge.runs.pack_store import enactments, text_of_hash

    out, hash_ = values.get("out"), values.get("hash")
    if bool(out) != bool(hash_):
        raise UsageError("usage.required", field="--out" if hash_ else "--hash", verb="pack versions")
    if out:
        check_place(Path(out), bool(values.get("overwrite")), "--out")
    with open_library(values["library"]) as library:
        texts = [(text, name) if text else pack_text(name) for name, text in library.packs()]
        heads = [(pack_head(*one), sha256(one[0])) for one in texts]
        steps = [vars(one) for one in reversed(enactments(library))]
        text = text_of_hash(library, hash_) if hash_ else ""
    if out:
        with atomic_output(Path(out), bool(values.get("overwrite")), "--out") as new_file:
            new_file.write_bytes(text.encode())
    in_force = [{"id": head["id"], "version": head["version"], "hash": one} for head, one in heads]
    return {"ok": True, "in_force": in_force, "versions": steps, **({"out": out} if out else {})}


def pack_send(values: Values, context: VerbContext) -> Result:
    """Write a pack and its cases to a zip with a manifest of hashes; documents cite the manifest's hash.

    Raises OneMapError cases.missing, package.suffix, pack.…, out.….
    """
    from onemap.rules.review.proofs.pack_exchange import send_pack
    from onemap.rules.review.proofs.proof_cases import cases_texts

    name, target = values["pack"], Path(values["target"])
    pack, stem = _pack(name, shipped_catalogue()), Path(pack_text(name)[1]).stem
    who = values.get("by") or system_user()
    package = send_pack(pack, cases_texts(name), stem, target, who, overwrite=bool(values.get("overwrite")))
    return {"ok": True, "file": str(target), "pack": pack.record(), **vars(package), "files": list(package.files)}


def pack_receive(values: Values, context: VerbContext) -> Result:
    """Unpack a pack's zip into a folder, checked by its hashes: all of it, or nothing.

    Raises OneMapError package.…, pack.…, rule.…, out.….
    """
    from onemap.rules.review.proofs.pack_exchange import receive_pack

    folder = Path(values["folder"])
    if not folder.is_dir():
        raise OneMapError("out.folder", file=str(folder), field="FOLDER")
    pack, package = receive_pack(
        Path(values["file"]), folder, shipped_catalogue(), overwrite=bool(values.get("overwrite"))
    )
    return {"ok": True, "pack": pack.record(), **vars(package), "files": [str(folder / name) for name in package.files]}

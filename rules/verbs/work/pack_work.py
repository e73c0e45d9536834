"""The verbs `laws` and `prove`: the rules of packs with the law of each, and held against the cases beside them."""

import difflib
from datetime import date
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import OneMapError
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.packs.rule import Rule, is_in_force


def laws(values: Values, context: VerbContext) -> Result:
    """Each rule with its legal basis, and what of it is in force on a day.

    Raises OneMapError pack.…, rule.….
    """
    from onemap.layers.catalogue.catalogue import shipped_catalogue
    from onemap.rules.judge.packs.pack import DEFAULT_PACK, joined_rules, pack_text, parse_packs

    day, language = values.get("as_of") or date.today(), context.language
    packs = parse_packs([pack_text(name) for name in values.get("pack") or [DEFAULT_PACK]], shipped_catalogue())
    rules = [_record(rule, day, language) for rule in joined_rules(packs)]
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
        "basis": [_entry(dict(entry), day, language) for entry in rule.basis],
    }


def _entry(entry: dict[str, Any], day: date, language: str) -> dict[str, Any]:
    """An entry of a basis: law, article, and the days on which it holds; in_force: whether it does on the day."""
    subject = entry.get("subject", {})
    return {
        "law": entry["law"],
        "article": entry.get("article", ""),
        "edition": entry.get("edition", ""),
        "subject": subject.get(language) or next(iter(subject.values()), ""),
        "from": str(entry["from"]) if "from" in entry else None,
        "to": str(entry["to"]) if "to" in entry else None,
        "in_force": is_in_force(entry, day),
    }


def prove(values: Values, context: VerbContext) -> Result:
    """Judge the cases of the last of some packs, and of single errors in its rules; or draft the cases of a rule.

    Raises OneMapError pack.…, rule.…, cases.…, statement.suffix, out.….
    """
    from onemap.layers.catalogue.catalogue import shipped_catalogue
    from onemap.layers.messages import phrase
    from onemap.rules.display.documents.document_files import check_files
    from onemap.rules.judge.packs.pack import pack_text
    from onemap.rules.review.proofs.mutant_runs import MutantRuns
    from onemap.rules.review.proofs.pack_proof_report import FORMS, write_reports
    from onemap.rules.review.proofs.proof import Proving, prove_packs
    from onemap.rules.review.proofs.proof_cases import cases_texts

    check_files(values, "report", FORMS)
    names = values["pack"]
    texts = [pack_text(name) for name in names]
    if values.get("new"):
        return _drafted(values["new"], Proving(texts, [], shipped_catalogue(), date.today()), context)
    # What a pack stands on has cases of its own, which speak of it alone.
    proving = Proving(texts, cases_texts(names[-1]), shipped_catalogue(), date.today())
    mutants = MutantRuns(context.language) if values.get("mutants") else None
    judging = context.progress.part(0.0, 1.0, phrase("progress.proving", context.language))
    judging.at(0.0)
    proof = prove_packs(proving, mutants, judging)
    result = _answer(proof)
    places = write_reports(values, proof, result, context)
    return {**result, **({"report": places} if places else {})}


def _drafted(rule: str, proving: Any, context: VerbContext) -> Result:
    """The drafts of a rule's cases. Raises OneMapError cases.no_rule."""
    from onemap.rules.review.proofs.case_drafts import CaseDrafts, drafts_text

    rules = {one.id: one for one in proving.rules}
    if rule not in rules:
        near = difflib.get_close_matches(rule, rules, n=3, cutoff=0.4)
        raise OneMapError("cases.no_rule", value=rule, field="--new", known=near or ["–"])
    classes = {name: item for pack in proving.packs for name, item in pack.classes.items()}
    drafts = CaseDrafts(proving.rules, classes, proving.catalogue, context.language).of(rules[rule], date.today())
    return {"ok": True, "rule": rule, "cases": len(drafts), "text": drafts_text(drafts)}


def _answer(proof: Any) -> Result:
    """The contract's JSON. Of what a rule cannot have by its kind there is null."""
    from onemap.rules.review.proofs.rule_coverage import NEEDED

    result: Result = {
        "ok": True,
        "cases": len(proof.results),
        "passed": sum(one.passes for one in proof.results),
        "failed": [_failure(one) for one in proof.failed],
        "rules": {
            name: {clause: covered.count(clause) for clause in NEEDED} for name, covered in proof.coverage.items()
        },
        "uncovered": proof.uncovered,
    }
    if proof.mutants is not None:
        killed = sum(one.killer is not None for one in proof.mutants)
        result["mutants"] = {
            "made": len(proof.mutants),
            "killed": killed,
            "survived": [{"rule": one.rule, "change": one.change} for one in proof.survived],
            "equal": [{"rule": one.rule, "change": one.change, "reason": one.equal} for one in proof.equal],
        }
    return {**result, "failed_on": not proof.is_proved}


def _failure(result: Any) -> dict[str, Any]:
    """A case that fails: what it expects, and what is said."""
    case = result.case
    expected = case.expectation
    if "decides" in result.wrong:
        expected += f" ({', '.join(case.decides) or '–'})"
    for key in ("spares", "cites", "words"):
        if key in result.wrong:
            expected += f" · {key}: {', '.join(getattr(case, key))}"
    rules = ", ".join(sorted(result.outcome.decides))
    return {"case": case.id, "expected": expected, "verdict": result.outcome.verdict, "rule": rules}

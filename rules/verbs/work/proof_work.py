"""The verb `prove`: rule packs held against the cases beside them."""

import difflib
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.contract.declaration import Result, Values, VerbContext


def prove(values: Values, context: VerbContext) -> Result:
    """Judge the cases of packs, and of single errors in their rules; or draft the cases of a rule.

    Raises OneMapError pack.…, rule.…, cases.…, statement.suffix, out.….
    """
    from onemap.layers.catalogue.catalogue import shipped_catalogue
    from onemap.rules.judge.packs.pack import pack_text
    from onemap.rules.proofs.case_file import cases_texts
    from onemap.rules.proofs.mutant_runs import MutantRuns
    from onemap.rules.proofs.proof import Proving, prove_packs
    from onemap.rules.proofs.proof_report import check_reports, write_reports

    check_reports(values)
    names = values["pack"]
    texts = [pack_text(name) for name in names]
    if values.get("new"):
        return _drafted(values["new"], Proving(texts, [], shipped_catalogue(), date.today()), context)
    # Cases of a pack speak of its rules as they stand alone; those of the last one of all of them.
    proving = Proving(texts, cases_texts(names[-1]), shipped_catalogue(), date.today())
    mutants = MutantRuns(context.language) if values.get("mutants") else None
    proof = prove_packs(proving, mutants, context.progress)
    result = _answer(proof)
    places = write_reports(values, proof, result, context)
    return {**result, **({"report": places} if places else {})}


def _drafted(rule: str, proving: Any, context: VerbContext) -> Result:
    """The drafts of a rule's cases. Raises OneMapError cases.no_rule."""
    from onemap.rules.proofs.case_drafts import CaseDrafts, drafts_text

    rules = {one.id: one for one in proving.rules}
    if rule not in rules:
        near = difflib.get_close_matches(rule, rules, n=3, cutoff=0.4)
        raise OneMapError("cases.no_rule", value=rule, field="--new", known=near or ["–"])
    classes = {name: item for pack in proving.packs for name, item in pack.classes.items()}
    drafts = CaseDrafts(proving.rules, classes, proving.catalogue, context.language).of(rules[rule], date.today())
    return {"ok": True, "rule": rule, "cases": len(drafts), "text": drafts_text(drafts)}


def _answer(proof: Any) -> Result:
    """The contract's JSON. Of what a rule cannot have by its kind there is null."""
    from onemap.rules.proofs.coverage import NEEDED

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
    expected = case.expected
    if "decides" in result.wrong:
        expected += f" ({', '.join(case.decides) or '–'})"
    for key in ("spares", "cites", "words"):
        if key in result.wrong:
            expected += f" · {key}: {', '.join(getattr(case, key))}"
    rules = ", ".join(sorted(result.outcome.decides))
    return {"case": case.id, "expected": expected, "verdict": result.outcome.verdict, "rule": rules}

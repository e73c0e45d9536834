"""Which verdicts of a case or a kept check a new version of one layer would turn, and whose opinions rest on them.

The run is asked again as it was, by its own packs, its own day and the versions that it knew, but for the one layer, of
which the new version is taken for the one in force: whatever differs comes of that version alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.records import Record
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.judge.incremental.verdict_changes import ChangedParcel, changed_verdicts
from onemap.rules.judge.packs.pack import joined_rules
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.run_store import check_record, stored_question, stored_rows
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.routing import departments_of_rules, drafts
from onemap.rules.review.opening import propose_drafts, run_question, turned_since
from onemap.rules.review.recheck import changed_opinions


def turned_in_case(
    library: Library, case: Case, new: Mapping[str, str], values: Values, context: VerbContext
) -> Record:
    """The parcels of a case's round that turn, and the opinions that rest on them or would be drafted otherwise.

    new: the layer's code, and the older and the newer label, by `code, old, new`. Raises OneMapError run.…, and what a
    check refuses.
    """
    current = case.current

    def ask(library: Library, identifier: str, question: Question) -> tuple[list[ChangedParcel], Run]:
        run = run_question(library, question, values, context)  # all of it, since drafts tell of it all
        return changed_verdicts(library, identifier, run), run

    found, before, run = _turned_verdicts(library, current.run, new, ask)
    if run is None:
        return {**found, "opinions": []}
    findings = [row.values for row in stored_rows(library, current.run, "findings")]
    then = drafts(before, findings, current.items, current.overrides)
    now, _ = propose_drafts(run, current.overrides)
    redrafted = {one["department"]: one for one in changed_opinions(then, now, context.language)}
    opinions = []
    for draft in then:
        department = draft.department
        if department in redrafted or department in found["departments"]:
            opinion = current.opinion(department)
            facts = {"department": department, "state": opinion.state, "conclusion": opinion.conclusion}
            same = {"conclusion": draft.conclusion, "routed": draft.routed}
            sides = redrafted.get(department, {"from": same, "to": same})
            opinions.append({**facts, "from": sides["from"], "to": sides["to"]})
    return {**found, "opinions": opinions}


def turned_in_run(
    library: Library, identifier: str, new: Mapping[str, str], values: Values, context: VerbContext
) -> Record:
    """The parcels of a kept check that turn, and the departments that the turned rules ask; as `turned_in_case`."""
    found, _, _ = _turned_verdicts(library, identifier, new, partial(turned_since, values=values, context=context))
    return found


def _turned_verdicts(
    library: Library, identifier: str, new: Mapping[str, str], ask: Callable[..., tuple[list[ChangedParcel], Run]]
) -> tuple[dict[str, Any], Question, Run | None]:
    """The turned verdicts, the former question, and the new run; None where no rule asks for the layer."""
    code = new["code"]
    before, record = stored_question(library, identifier), check_record(library, identifier)
    rests_on = next((layer["label"] for layer in record["layers"] if layer["code"] == code), None)
    found: dict[str, Any] = {"rests_on": rests_on, "turned": [], "departments": [], "problems": []}
    if not any(code in (*rule.layers_named, *rule.layers) for rule in joined_rules(before.packs)):
        return found, before, None
    if rests_on not in (new["old"], new["new"]):
        facts = {"layer": code, "label": rests_on or "–", "old": new["old"]}
        found["problems"] = [Problem("changes.rests", facts)]
    found["turned"], run = ask(library, identifier, replace(before, in_place={code: new["new"]}))
    asked = departments_of_rules(before.packs)
    rules = {rule for parcel in found["turned"] for rule in parcel["rules"]}
    found["departments"] = sorted({department for rule in rules for department in asked.get(rule, ())})
    return found, before, run

"""The recheck of a case: its parcels judged by today's packs and layer versions, compared with its run.

For a new version of one layer, the run's question is asked again with its own packs, day and versions, only with the
new version in place of that layer's: every difference then comes from that version alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.records import Record
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.judge.incremental.verdict_changes import ChangedParcel, changed_verdicts
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.library_packs import packs_as_if, packs_of
from onemap.rules.judge.packs.pack import Pack, joined_rules, rule_titles
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.pack_store import ids_in_force
from onemap.rules.judge.runs.run import Run
from onemap.rules.judge.runs.run_store import check_record, rows_of_table, stored_question, stored_rows, whole_check
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.case_file import day_of_inputs
from onemap.rules.review.cases.routing import Draft, departments_of_rules, drafts
from onemap.rules.review.cases.staleness import day_to_compare
from onemap.rules.review.opening import propose_drafts, run_question, turned_since

_DECIDING = ("parcel", "rule", "verdict", "counted")


def recheck(library: Library, case: Case, values: Values, context: VerbContext) -> Record:
    """Compare a case with today: changed verdicts of parcels, findings, departments, layers, packs. Writes nothing.

    values: its `pack` names drafts that are used as if they were in force. Raises OneMapError as a check does.
    """
    record, before = whole_check(library, case.current.run), stored_question(library, case.current.run)
    pack_names = [str(pack["name"]) for pack in case.options["packs"] if pack["name"]]
    packs = packs_of(library, pack_names, before.code_system) if pack_names else _packs_today(library, before, values)
    day = day_to_compare(before.as_of, day_of_inputs(library, case.on))
    question = replace(before, packs=tuple(packs), as_of=day, known_at=None)
    run = run_question(library, question, values, context)
    findings = [row.values for row in stored_rows(library, case.current.run, "findings")]
    then = drafts(before, findings, case.current.items, case.current.overrides)
    now, _ = propose_drafts(run, case.current.overrides)
    return {
        "parcels": changed_verdicts(library, case.current.run, run),
        "findings": _findings(
            findings,
            [row.values for row in rows_of_table(run.tables["findings"])],
            rule_titles(before.packs, record, context.language) | rule_titles(run.packs, run.record, context.language),
        ),
        "opinions": changed_opinions(then, now, context.language),
        "layers": _layers(record, run, library, context.language),
        "packs": _packs(record, run, before.packs, context.language),
    }


def recheck_run(library: Library, identifier: str, values: Values, context: VerbContext) -> Record:
    """Compare a stored check with today: parcels whose verdict changes, layers and packs. Writes nothing.

    If it was judged by the library's packs, today's are used. Raises OneMapError run.…, and as a check does.
    """
    before = stored_question(library, identifier)
    ids = {pack.id for pack in before.packs}
    is_of_library = ids_in_force(library, tuple(ids)) == {name for name, _ in library.packs()}
    packs = tuple(_packs_today(library, before, values)) if is_of_library else before.packs
    day = day_to_compare(before.as_of, library.today())
    question = replace(before, packs=packs, as_of=day, known_at=None)
    turned_parcels, run = turned_since(library, identifier, question, values, context)
    record = check_record(library, identifier)
    return {
        "parcels": turned_parcels,
        "layers": _layers(record, run, library, context.language),
        "packs": _packs(record, run, before.packs, context.language),
    }


def turned_by_packs(
    library: Library, question: Question, before: Sequence[Pack], after: Sequence[Pack], context: VerbContext
) -> list[Record]:
    """The parcels of a question whose verdict differs under other packs: from, to, and the rules that decide it."""
    sides = []
    for packs, part in zip((before, after), context.progress.parts([1, 1]), strict=True):
        new_question = replace(question, packs=tuple(packs))
        run = run_question(library, new_question, {}, replace(context, progress=part))
        verdicts, deciding = dict[str, str](), dict[str, set[tuple[str, str]]]()
        for chunk in (one for one in run.chunks() if "parcels" in one.tables):
            rows, findings = chunk.tables["parcels"], chunk.tables["findings"]
            verdicts |= dict(zip(rows.values("parcel"), rows.values("verdict"), strict=True))
            for parcel, rule, verdict, counts in zip(*map(findings.values, _DECIDING), strict=True):
                if counts:
                    deciding.setdefault(parcel, set()).add((rule, verdict))
        sides.append((verdicts, deciding))
    (old, by_old), (new, by_new) = sides
    return [
        {
            "parcel": parcel,
            "from": old.get(parcel),
            "to": verdict,
            "rules": sorted({rule for rule, _ in by_old.get(parcel, set()) ^ by_new.get(parcel, set())}),
        }
        for parcel, verdict in new.items()
        if old.get(parcel) != verdict
    ]


def _packs_today(library: Library, before: Question, values: Values) -> list[Pack]:
    """The library's packs, with named drafts as if they were in force. before: the question of a run."""
    return packs_as_if(library, values.get("pack") or (), before.code_system)


def changed_opinions(then: Sequence[Draft], now: Sequence[Draft], language: str) -> list[dict[str, Any]]:
    """The departments whose draft or involvement would change, with the new draft in the reader's language."""
    changes = []
    for before, after in zip(then, now, strict=True):
        sides = [{"conclusion": draft.conclusion, "routed": draft.routed} for draft in (before, after)]
        if sides[0] != sides[1] or before.text != after.text:
            changes.append(
                {"department": before.department, "from": sides[0], "to": sides[1], "text": after.text_in(language)}
            )
    return changes


def _findings(
    then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Counted findings that appear, disappear, or change area by more than a square millimetre. titles: of rules."""
    sides = [
        {(row["parcel"], row["rule"], row["verdict"]): row["area_m2"] for row in rows if row["counted"]}
        for rows in (then, now)
    ]
    changes = []
    for key in {**sides[0], **sides[1]}:
        before, after = (side.get(key) for side in sides)
        same = all(key in side for side in sides) and abs((before or 0.0) - (after or 0.0)) <= 1e-6
        if not same:
            parcel, rule, verdict = key
            area = {"area_m2_from": before, "area_m2_to": after}
            present = {"before": key in sides[0], "after": key in sides[1]}
            title = titles.get(rule, rule)
            changes.append({"parcel": parcel, "rule": rule, "title": title, "verdict": verdict, **present, **area})
    return changes


def _layers(record: CheckRecord, run: Run, library: Library, language: str) -> list[dict[str, Any]]:
    """The layers for which another version would be used."""
    sides = [{layer["code"]: layer["label"] for layer in one["layers"]} for one in (record, run.record)]
    codes, catalogue = dict.fromkeys([*sides[0], *sides[1]]), library.catalogue()
    return [
        {
            "code": code,
            "title": layer_title(code, catalogue, language),
            "from": sides[0].get(code),
            "to": sides[1].get(code),
        }
        for code in codes
        if sides[0].get(code) != sides[1].get(code)
    ]


def _packs(record: CheckRecord, run: Run, before: Sequence[Pack], language: str) -> list[dict[str, Any]]:
    """The packs that have changed. before: the packs by which the recorded run was judged."""
    titles = {pack.id: pack.title.get(language, pack.id) for pack in (*before, *run.packs)}
    sides = [{pack["id"]: _pack_content(pack) for pack in one["packs"]} for one in (record, run.record)]
    return [
        {
            "id": id_,
            "title": titles.get(id_, id_),
            "from": sides[0].get(id_, (None,))[0],
            "to": sides[1].get(id_, (None,))[0],
        }
        for id_ in dict.fromkeys([*sides[0], *sides[1]])
        if sides[0].get(id_) != sides[1].get(id_)
    ]


def _pack_content(pack: Mapping[str, Any]) -> tuple[Any, ...]:
    """The version and hashes that identify a pack's content in a run; older runs did not keep its tables of uses."""
    return pack["version"], pack["hash"], *(table["hash"] for table in pack.get("tables", ()))


def turned_in_case(
    library: Library, case: Case, new: Mapping[str, str], values: Values, context: VerbContext
) -> Record:
    """The parcels of a case's round whose verdict changes, and the opinions that depend on them or would change.

    new: the layer's code, and its older and newer label, by `code, old, new`. Raises OneMapError run.…, and as a check
    does.
    """
    current = case.current

    def ask(library: Library, identifier: str, question: Question) -> tuple[list[ChangedParcel], Run]:
        run = run_question(library, question, values, context)  # all of it, since drafts tell of it all
        return changed_verdicts(library, identifier, run), run

    outcome, before, run = _turned_verdicts(library, current.run, new, ask)
    if run is None:
        return {**outcome, "opinions": []}
    findings = [row.values for row in stored_rows(library, current.run, "findings")]
    then = drafts(before, findings, current.items, current.overrides)
    now, _ = propose_drafts(run, current.overrides)
    redrafted = {one["department"]: one for one in changed_opinions(then, now, context.language)}
    opinions = []
    for draft in then:
        department = draft.department
        if department in redrafted or department in outcome["departments"]:
            opinion = current.opinion(department)
            facts = {"department": department, "state": opinion.state, "conclusion": opinion.conclusion}
            same = {"conclusion": draft.conclusion, "routed": draft.routed}
            sides = redrafted.get(department, {"from": same, "to": same})
            opinions.append({**facts, "from": sides["from"], "to": sides["to"]})
    return {**outcome, "opinions": opinions}


def turned_in_run(
    library: Library, identifier: str, new: Mapping[str, str], values: Values, context: VerbContext
) -> Record:
    """A stored check's parcels whose verdict changes, and the departments that their rules ask; as `turned_in_case`."""
    outcome, _, _ = _turned_verdicts(library, identifier, new, partial(turned_since, values=values, context=context))
    return outcome


def _turned_verdicts(
    library: Library, identifier: str, new: Mapping[str, str], ask: Callable[..., tuple[list[ChangedParcel], Run]]
) -> tuple[dict[str, Any], Question, Run | None]:
    """The changed verdicts, the run's old question, and the new run; None if no rule uses the layer."""
    code = new["code"]
    before, record = stored_question(library, identifier), whole_check(library, identifier)
    rests_on = next((layer["label"] for layer in record["layers"] if layer["code"] == code), None)
    outcome: dict[str, Any] = {"rests_on": rests_on, "turned": [], "departments": [], "problems": []}
    if not any(code in (*rule.layers_named, *rule.layers) for rule in joined_rules(before.packs, before.as_of)):
        return outcome, before, None
    if rests_on not in (new["old"], new["new"]):
        facts = {"layer": code, "label": rests_on or "–", "old": new["old"]}
        outcome["problems"] = [Problem("changes.rests", facts)]
    outcome["turned"], run = ask(library, identifier, replace(before, in_place={code: new["new"]}))
    departments_by_rule = departments_of_rules(before.packs, before.as_of)
    rules = {rule for parcel in outcome["turned"] for rule in parcel["rules"]}
    outcome["departments"] = sorted({department for rule in rules for department in departments_by_rule.get(rule, ())})
    return outcome, before, run

"""The content of a case's documents as plain JSON values, from which .docx, .pdf, .html and .json are made.

Schema: resources/schemas/statement.schema.json. Areas are ellipsoidal unless named otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from onemap.layers.area_units import hectares_text, mu_text
from onemap.layers.catalogue.bureau_profile import Profile
from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.ingest.quality_report import ground_remarks
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase, wording
from onemap.rules.contract.verdict import Verdict
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.display.letterhead.first_page import by_gravity, department_rows, gravest, open_matters, rules_asked
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.display.letterhead.sender_fields import sender_fields
from onemap.rules.display.letterhead.title_lines import title_lines
from onemap.rules.display.maps.map_source import MapSource
from onemap.rules.judge.check.check import local_origin
from onemap.rules.judge.check.clear_within_accuracy import accuracy_problems_of
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.inputs.land_width import LandWidth
from onemap.rules.judge.question.check_plan import check_plan_of
from onemap.rules.judge.question.kind_remarks import kind_problems_of
from onemap.rules.judge.question.layer_remarks import problems_near, versions_of_run, width_problems
from onemap.rules.judge.runs.unwritten_sites import lacking_ground
from onemap.rules.review.bodies import asked_bodies
from onemap.rules.review.cases.case import CLOSED, Case, CaseState, OpinionState
from onemap.rules.review.notice_rows import comments_annex
from onemap.rules.review.opening import shared_ground
from onemap.rules.review.round_evidence import SameHand, area_problems, same_hands
from onemap.rules.review.statement.annexes import boundary_table, chain_at, laws, layer_versions, packs_table
from onemap.rules.review.statement.differences import differences
from onemap.rules.review.statement.document_words import given_facts, words
from onemap.rules.review.statement.land_areas import land_table, parcel_areas
from onemap.rules.review.statement.map_figures import figures, with_figures
from onemap.rules.review.statement.opinion_rows import (
    body_rows,
    check_department,
    checklist,
    conclusion,
    conditions,
    late_entries,
    opinion_rows,
    opinion_word,
    override_rows,
)
from onemap.rules.review.statement.remedy_rows import remedy_content
from onemap.rules.review.statement.rule_tables import (
    Overrides,
    judged_parcels,
    open_together,
    parcel_rows,
    rule_rows,
    three_lines,
)
from onemap.rules.review.statement.run_evidence import Evidence, evidence_of
from onemap.rules.review.statement.sections import PLAN_TABLES, assessments, table_of

SCHEMA = "onemap-statement-1"
_NO_SIGN = "–"  # where a rule does not apply, and there is no verdict
_UNJUDGED = {RowState.NOT_CHECKED: "state_not_checked", RowState.EXCUSED: "state_excused"}
DOCUMENTS = ("report", "statement", "opinion", "reply")


def document_kind(case: Case, department: str | None, document: str | None = None) -> str:
    """The document meant if none is named: a department's opinion, else the statement, for a draft case the report."""
    if document is not None:
        return document
    if department is not None:
        return "opinion"
    return "report" if case.state == CaseState.DRAFT else "statement"


def statement_content(
    library: Library,
    case: Case,
    language: str,
    department: str | None = None,
    document: str | None = None,
    annexes: Sequence[str] = ANNEXES,
) -> dict[str, Any]:
    """Everything that a document of a case says, in one language; for one department only what concerns it.

    document: one of DOCUMENTS, None for the result of `document_kind`; annexes: those of ANNEXES to print.
    Raises OneMapError statement.department, review.department, run.incomplete.
    """
    kind = document_kind(case, department, document)
    check_department(case, department, kind)
    evidence = evidence_of(library, case.current.run, language)
    overrides = case.current.judged_verdicts
    maps = _maps(library, case, evidence, department, () if kind == "reply" else annexes)
    rows = with_figures(rule_rows(evidence, overrides, department), maps, evidence)
    items, shown_rows = checklist(case.current, evidence, department), open_together(rows, evidence, overrides)
    parcels, totals = parcel_areas(evidence)
    crs = crs_title(library.crs, language)
    boundary, audit = boundary_table(evidence, crs), chain_at(library, case.id)
    annex_content = _annex_content(library, case, evidence, department)
    notes = [*_notes(evidence, rows, items, language), *_case_notes(library, case, evidence)]
    return {
        "schema": SCHEMA,
        "language": language,
        "rehearsal": library.is_rehearsal,
        "document": {**_document(library, case, kind, evidence, department), "annexes": list(annexes)},
        "case": _case(case, language),
        "project": _project(case, evidence, totals, boundary["points"], crs),
        "library": {"id": library.id, "name": library.shown_name, "crs": crs, "accounts": library.account is not None},
        "run": _run(evidence),
        "parcels": _with_names(judged_parcels(parcels, evidence, overrides, {row["rule"] for row in rows}), language),
        "totals": {**totals, "parcels": len(parcels)},
        **_bases(library, evidence, rows, department),
        "land": land_table(evidence),
        **_rule_tables(evidence, rows, shown_rows, totals["area_ellipsoidal_m2"]),
        "parcel_findings": _parcel_findings(evidence, overrides, rows, maps),
        **_differences(library, evidence, department, audit["at"]),
        **_opinion_tables(library, case, evidence, rows, shown_rows, items, department),
        "checklist": items,
        "figures": maps,
        "boundary": boundary,
        **annex_content,
        "audit": audit,
        "notes": [*notes, *_not_printed(case, evidence, annexes, annex_content)],
        "declaration": _declaration(case, kind, language),
    }


def _annex_content(library: Library, case: Case, evidence: Evidence, department: str | None) -> dict[str, Any]:
    """The content that stands in annexes only, by key: the remedy, and comments of the public."""
    language, remedy = evidence.language, remedy_content(library, case.current, evidence, department)
    titled_tables = {name: _with_names(remedy[name], language) for name in ("alternatives", "cuts")} if remedy else {}
    return {
        "remedy": remedy and {**remedy, **titled_tables},
        "comments": comments_annex(library, case, department, language),
    }


def _declaration(case: Case, kind: str, language: str) -> str:
    """The declaration that a document is not a statement; only an issued statement declares itself one."""
    is_issued = kind == "statement" and case.state == CaseState.ISSUED
    return words(language)["declaration_issued" if is_issued else "declaration"]


def _maps(
    library: Library, case: Case, evidence: Evidence, department: str | None, annexes: Sequence[str]
) -> list[Row]:
    """The maps that the annexes ask for."""
    if not {"maps", "conflicts"} & set(annexes):
        return []
    source = MapSource(library, case.current.run, evidence.language, case.current.judged_verdicts)
    return figures(source, evidence, department, annexes)


def _bases(library: Library, evidence: Evidence, rows: list[Row], department: str | None) -> dict[str, Any]:
    """Laws, layer versions and packs, by their keys. rows: of rules."""
    layers = None if department is None else {row["layer"] for row in rows}
    return {
        "laws": laws(evidence, {row["rule"] for row in rows if row["state"] != RowState.NOT_CHECKED}),
        "versions": layer_versions(library, evidence, layers),
        "packs": packs_table(evidence.packs, evidence.language),
    }


def _differences(library: Library, evidence: Evidence, department: str | None, until: str | None) -> dict[str, Any]:
    """Differences between plans on the site, and the pairs of plans compared, by key; none for one department."""
    if department is None:
        return differences(library, evidence, until)
    return {"differences": [], "comparisons": [], "damaged_comparisons": []}


def _case(case: Case, language: str) -> dict[str, Any]:
    return {
        "id": case.id,
        "state": case.state,
        "state_title": words(language)[f"state_{case.state}"],
        "round": case.round,
        "opened_on": case.opened_on.isoformat(),
        "last_day": case.last_day.isoformat(),
        "files": [{"name": file.name, "hash": file.hash} for file in case.files],
    }


def _rule_tables(evidence: Evidence, rows: list[Row], shown_rows: list[Row], area_m2: float) -> dict[str, Any]:
    """The tables of rules, by key. rows: of rules; shown_rows: these, open ones together; area_m2: of all parcels."""
    language = evidence.language
    grave = by_gravity(row for row in shown_rows if row["state"] in (RowState.CONFLICT, RowState.UNKNOWN))
    controls = [{"number": number, **row} for number, row in enumerate(grave, start=1)]
    return {
        "three_lines": _with_names(three_lines(evidence, rows, area_m2), language),
        "plans": {
            name: _with_names([one for one in shown_rows if _stands_in(name, one)], language) for name in PLAN_TABLES
        },
        "controls": _with_names(controls, language),
    }


def _first_page(rows: list[Row], shown_rows: list[Row], opinions: list[Row], evidence: Evidence) -> dict[str, Any]:
    """The content of page one, by key: departments, the gravest findings, rules asked, open matters."""
    language, labels = evidence.language, words(evidence.language)
    departments = department_rows(rows, opinions, _consulting_rules(evidence), labels)
    rules_facts = rules_asked(rows, labels)
    return {
        "departments": _with_names(departments, language),
        "gravest": _with_names(gravest(shown_rows), language),
        "asked": rules_facts,
        "open": open_matters(departments, rules_facts),
    }


def _parcel_findings(evidence: Evidence, overrides: Overrides, rows: list[Row], maps: list[Row]) -> list[Row]:
    """The findings of each parcel by these rules, open ones together. rows: of rules."""
    findings = with_figures(parcel_rows(evidence, overrides, {row["rule"] for row in rows}), maps, evidence)
    return _with_names(open_together(findings, evidence, overrides), evidence.language)


def _opinion_tables(
    library: Library,
    case: Case,
    evidence: Evidence,
    rows: list[Row],
    shown_rows: list[Row],
    items: list[Row],
    department: str | None,
) -> dict[str, Any]:
    """The tables of opinions and other words of people, by key.

    rows: of rules; shown_rows: these, open ones together; items: of the checklist.
    """
    language = evidence.language
    opinions = opinion_rows(case, case.current, evidence, department)
    overrides = override_rows(case.current, language, evidence, {row["rule"] for row in rows})
    return {
        **_first_page(rows, shown_rows, opinions, evidence),
        "opinions": opinions,
        "earlier_opinions": [
            row for round_ in case.rounds[: case.round - 1] for row in opinion_rows(case, round_, evidence, department)
        ],
        "bodies": body_rows(asked_bodies(library, case, case.current), evidence, department),
        "conditions": conditions(opinions, language),
        "assessments": assessments(rows, items, evidence, department),
        "overrides": _with_names(overrides, language),
        "conclusion": conclusion(case, evidence, department),
        "late_entries": late_entries(case, evidence, department),
        "same_hands": [_same_hand(hand, language) for hand in same_hands(case)] if department is None else [],
    }


def _same_hand(hand: SameHand, language: str) -> Row:
    return {**asdict(hand), "text": hand.sentence(language)}


def _project(case: Case, evidence: Evidence, totals: Mapping[str, Any], points: int, crs: str) -> dict[str, Any]:
    """The project's name, and lines of key, title and value: stated fields (or None), and counted values."""
    labels = words(evidence.language)
    area_m2 = totals["area_ellipsoidal_m2"]
    site = f"{hectares_text(area_m2)} ha / {mu_text(area_m2)} mu"
    if evidence.language == "zh":
        site = f"{hectares_text(area_m2)}公顷（{mu_text(area_m2)}亩）"
    counted_values = {
        "site": site,
        "parcels": str(len(evidence.parcels)),
        "boundary_points": str(points),
        "crs": crs,
        "reviewed": case.judged_on.isoformat(),
        "as_of": evidence.record["parameters"]["as_of"],
    }
    rows: list[Row] = [{"key": "name", "title": labels["field_name"], "value": case.project}]
    rows += given_facts(case, evidence.record["parameters"].get("code_system"), evidence.language)
    rows += [{"key": key, "title": labels[f"field_{key}"], "value": value} for key, value in counted_values.items()]
    known_rows = [row for row in rows if row["value"]]
    return {"name": case.project, "rows": rows, "known": known_rows}


def _stands_in(table: str, row: Row) -> bool:
    """Whether a rule's row stands in a table; unchecked rules on department plans stand in the checklist instead."""
    is_listed = row["state"] != RowState.NOT_CHECKED or table != "department_plans"
    return is_listed and table_of(row["layer"]) == table


def _with_names(rows: Iterable[Row], language: str) -> list[Row]:
    """Rows with the names of their verdicts and other texts for readers."""
    return [_with_verdict_names(row, language) for row in rows]


def _with_verdict_names(row: Row, language: str) -> Row:
    labels = words(language)
    title = phrase(f"verdict.{row['verdict']}", language) if row["verdict"] else None
    sign = phrase(f"sign.{row['verdict']}", language) if row["verdict"] else None
    if row.get("state") == RowState.EXCUSED:  # its ground lies there, or is not known: that is not “no conflict”
        title, sign = labels["state_excused"], _NO_SIGN
    result = {"result": _result(row, f"{sign} {title}", labels)} if "kind" in row or "item" in row else {}
    return {**row, "verdict_title": title, "verdict_sign": sign, **result}


def _result(row: Row, verdict: str, labels: dict[str, str]) -> str:
    """The result of a rule's row in one cell: the verdict, or why there is none, with its reason in brackets."""
    if row.get("item") == "rounding":
        return ""
    text, reason = verdict, row["reason_text"]
    if row["state"] in _UNJUDGED:
        text = labels[_UNJUDGED[row["state"]]]
    elif row["state"] in (RowState.CONFLICT, RowState.UNKNOWN) and not row["counted"]:
        text = labels["state_not_counted"]
    return labels["in_brackets"].format(text=text, more=reason) if reason else text


def _document(library: Library, case: Case, kind: str, evidence: Evidence, department: str | None) -> dict[str, Any]:
    language, labels = evidence.language, words(evidence.language)
    day, profile = case.issued_on or case.last_day, evidence.profile
    unit = evidence.department_unit(department) if department else None
    if kind == "opinion" and department is not None:
        opinion = case.opinion(department)
        day = opinion.signed_on or case.last_day
        if opinion.state == OpinionState.DEEMED and opinion.due:  # nobody's paper, of the day on which silence counts
            day, profile, unit = opinion.due + timedelta(1), Profile(), None
    marks = ["rehearsal_mark"] if library.is_rehearsal else []
    marks += filter(None, [_mark(case, kind, department)])
    title = labels[f"title_{kind}"].format(project=case.project)
    return {
        "kind": kind,
        "kind_title": labels[f"kind_{kind}"],
        "title": title,
        "title_lines": title_lines(title, (case.project,)),
        "number": case.document if kind == "statement" else None,
        "mark": " · ".join(labels[mark] for mark in marks) or None,
        "date": day.isoformat(),
        "department": department,
        "department_title": evidence.department_title(department) if department else None,
        **sender_fields(profile, kind, department, unit, day.year, language),
        "fonts": dict(evidence.profile.fonts),
    }


def _mark(case: Case, kind: str, department: str | None) -> str | None:
    """The mark above the title of a document that must not be relied on yet, or no longer; None if it may be."""
    if case.state == "withdrawn":
        return "withdrawn_mark"
    if kind == "statement" and case.state not in (CaseState.CONSOLIDATED, CaseState.ISSUED):
        return "draft_mark"
    if kind == "opinion" and department is not None and case.opinion(department).state != OpinionState.SIGNED:
        return opinion_word(case.opinion(department), case.opinion(department).state)
    return None


def _run(evidence: Evidence) -> dict[str, Any]:
    record = evidence.record
    return {
        "id": record["id"],
        "started": record["started"],
        "as_of": record["parameters"]["as_of"],
        "who": record["who"],
        "software": record["software"],
        "parcels_source": record["parameters"]["parcels"],
    }


def _consulting_rules(evidence: Evidence) -> dict[str, set[str]]:
    """By department, the rules of other departments that want it consulted."""
    rules_by_department: dict[str, set[str]] = {}
    for rule in evidence.rules.values():
        for department in set(rule.consult) - {rule.department}:
            rules_by_department.setdefault(department, set()).add(rule.id)
    return rules_by_department


def _case_notes(library: Library, case: Case, evidence: Evidence) -> list[str]:
    """Remarks on the case besides its findings.

    They concern parcels that were lines, doubtful areas, kinds of projects that are unknown or contradict their codes,
    layers that lack ground near the parcels or are less accurate than they lie off it, and whether names are typed or
    accounts.
    """
    language, case_question = evidence.language, evidence.question
    areas = area_problems(library, case.current.run, case.data, case.terms)
    asked_for = evidence.record["parameters"]
    lands = LandWidth(asked_for.get("land_width") or "").remarks({"file": asked_for["parcels"]})
    kinds = kind_problems_of(case_question.packs, case_question.parcels, language)
    used_versions = versions_of_run(evidence.record["layers"])
    is_closed = case.state in CLOSED
    others = [] if is_closed else shared_ground(library, case)
    remarks = ground_remarks(library, used_versions) if is_closed else lacking_ground(library, used_versions)
    ground = problems_near(remarks, used_versions, case_question.parcels.extent)
    west, south, *_ = case_question.parcels.extent
    question_in_language = replace(case_question, language=language)  # the run may have been made in the other one
    plan = check_plan_of(library, question_in_language, local_origin(west, south), strictly=False)
    edges = [*width_problems(library, plan), *accuracy_problems_of(library, plan, [case_question.parcels])]
    names = words(language)["names_typed" if library.account is None else "names_of_accounts"]
    return [*(wording(problem, language)[0] for problem in (*lands, *areas, *others, *kinds, *ground, *edges)), names]


def _not_printed(case: Case, evidence: Evidence, annexes: Sequence[str], annex_content: Mapping[str, Any]) -> list[str]:
    """A remark that names the non-empty annexes that are left out, and where to find them.

    annex_content: from `_annex_content`.
    """
    empty = {
        "earlier": case.round == 1,
        **{name: not content for name, content in annex_content.items()},
        "conflicts": not any(finding["counted"] for finding in evidence.findings),
        "checklist": not case.current.items,
    }
    names = [
        phrase(f"annex.{name}", evidence.language) for name in ANNEXES if name not in annexes and not empty.get(name)
    ]
    if not names:
        return []
    text = words(evidence.language)["note_not_printed"]
    return [text.format(names=phrase("said.comma", evidence.language).join(names))]


def _notes(evidence: Evidence, rows: list[Row], items: list[Row], language: str) -> list[str]:
    labels = words(language)
    notes = [labels["note_areas"], labels["note_machine"]]
    notes.append(labels["note_survey"] if evidence.classes else labels["note_no_survey"])
    if len(evidence.parcels) > 1:
        notes.append(labels["note_parcels_apart"])
    assumed = [evidence.layer_title(item["code"]) for item in evidence.record["layers"] if item["coverage"] == "extent"]
    if assumed:
        notes.append(labels["note_assumed"].format(layers=phrase("said.comma", language).join(assumed)))
    if any(row["estimated"] and row["state"] == RowState.CONFLICT for row in rows):
        notes.append(labels["note_estimated"])
    if any(row["verdict"] == Verdict.UNKNOWN for row in rows):
        notes.append(labels["note_unknown"])
    if items:
        notes.append(labels["note_not_checked"])
    return notes

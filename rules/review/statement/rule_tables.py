"""The tables of chapters four and five: the result of each rule, including clear rules and rules that were not run."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from onemap.layers.area_units import hectares
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason, column_of_reasons, reasons_in
from onemap.layers.value_groups import groups_of
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.display.maps.document_areas import areas, rest_m2, rounding_difference, total_m2
from onemap.rules.judge.findings.table import Row, open_ground
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.judge.packs.excuse_text import excuse_texts
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.run_evidence import Evidence
from onemap.rules.review.statement.sections import table_of

Overrides = Mapping[tuple[str, str, str], str]  # of findings, by parcel, rule and the machine's verdict

_MEASURES = ("length_m", "distance_m", "value")
_LAST_DIGITS = 10_000  # of printed hectares


def rule_rows(evidence: Evidence, overrides: Overrides, department: str | None = None) -> list[Row]:
    """A row per rule and outcome over all parcels, in the rules' order.

    A rule may have a conflict, ground that could not be judged elsewhere, and excused parcels: then it has a row for
    each, one more for what does not count, and one for each verdict that a person set instead.
    overrides: the verdicts that persons set instead; department: only its rules.
    """
    whole_m2 = total_m2(parcel["area_ellipsoidal_m2"] for parcel in evidence.parcels)
    skipped = {item["rule"]: item["reason"] for item in evidence.record["skipped"]}
    findings_by_rule = groups_of((finding["rule"], finding) for finding in evidence.findings)
    rows = []
    for rule in evidence.rules.values():
        if not rule.finds or department not in (None, rule.department):
            continue
        if rule.id in skipped:
            rows.append(_empty(evidence, rule, RowState.NOT_CHECKED, skipped[rule.id]))
            continue
        mine = findings_by_rule.get(rule.id, [])
        groups = groups_of((_outcome(row, overrides), row) for row in mine)
        blocks = [_findings_row(evidence, rule, groups[key], whole_m2, overrides) for key in sorted(groups)]
        rows += blocks or [_empty(evidence, rule, RowState.CLEAR, None)]
    return rows


def parcel_rows(evidence: Evidence, overrides: Overrides, rules: Collection[str]) -> list[Row]:
    """A row per parcel and finding of these rules, in the run's order."""
    whole = {parcel["parcel"]: parcel["area_ellipsoidal_m2"] for parcel in evidence.parcels}
    return [
        {
            "parcel": row["parcel"],
            **_findings_row(evidence, evidence.rules[row["rule"]], [row], whole[row["parcel"]], overrides),
        }
        for row in evidence.findings
        if row["rule"] in rules
    ]


def judged_parcels(
    parcels: Iterable[Row], evidence: Evidence, overrides: Overrides, rules: Collection[str]
) -> list[Row]:
    """The parcels with the verdict that holds, that without unknowns, and how many conflicts and unknowns each has.

    rules: those whose overrides count; a page for one department must not change by what others set.
    """
    verdicts_by_parcel: dict[str, list[str]] = {parcel["parcel"]: [] for parcel in evidence.parcels}
    for row in evidence.findings:
        if row["counted"]:
            verdicts_by_parcel[row["parcel"]].append(
                _held_verdict(row, overrides) if row["rule"] in rules else row["verdict"]
            )
    return [{**parcel, **_judgement(verdicts_by_parcel[parcel["parcel"]])} for parcel in parcels]


def _judgement(verdicts: list[str]) -> Row:
    """What the verdicts of a parcel's counted findings come to."""
    known_verdicts = [verdict for verdict in verdicts if verdict != Verdict.UNKNOWN]
    return {
        "verdict": min(verdicts, key=RANK.__getitem__, default=Verdict.CLEAR),
        "known_verdict": min(known_verdicts, key=RANK.__getitem__, default=Verdict.CLEAR),
        "findings": sum(verdict != Verdict.CLEAR for verdict in known_verdicts),
        "unknown_rules": len(verdicts) - len(known_verdicts),
    }


def open_together(rows: Iterable[Row], evidence: Evidence, overrides: Overrides) -> list[Row]:
    """The rows in order, with those joined that leave the same ground of one layer open for the same reason.

    A joined row stands in the place of the first, has a title of all, and lists their rules in `rules`.
    """
    grounds = groups_of(
        (finding["rule"], (*open_ground(finding), finding["counted"]))
        for finding in evidence.findings
        if finding["verdict"] == Verdict.UNKNOWN == _held_verdict(finding, overrides)
    )
    groups: dict[Any, list[Row]] = {}
    for number, row in enumerate(rows):
        is_open = row["state"] == RowState.UNKNOWN and row["verdict"] == Verdict.UNKNOWN
        whose = (row.get("parcel"), row["department"], row["layer"])
        ground = tuple(
            item
            for item in grounds.get(row["rule"], ())
            if row.get("parcel") in (None, item[0]) and item[-1] == row["counted"]
        )
        groups.setdefault((*whose, ground) if is_open else number, []).append(row)
    return [group[0] if len(group) == 1 else _one_row(group, evidence.language) for group in groups.values()]


def _one_row(group: list[Row], language: str) -> Row:
    comma = phrase("said.comma", language)
    bases = dict.fromkeys(basis for row in group for basis in row["basis"].split("；"))
    return {
        **group[0],
        "rules": [row["rule"] for row in group],
        "title": comma.join(dict.fromkeys(row["title"] for row in group)),
        "basis": "；".join(bases),
        "estimated": any(row["estimated"] for row in group),
    }


def _rule_columns(evidence: Evidence, rule: Rule) -> Row:
    return {
        "rule": rule.id,
        "rules": [rule.id],
        "title": evidence.rule_title(rule.id),
        "layer": rule.layer,
        "layer_title": evidence.layer_title(rule.layer),
        "version": evidence.version(rule.layer).get("label"),
        "department": rule.department,
        "department_title": evidence.department_title(rule.department),
        "kind": rule.kind,
        "basis": rule.basis_text,
        "estimated": rule.estimated,
        "figure": None,
        "shown_on": [],
    }


def _empty(evidence: Evidence, rule: Rule, state: str, reason: str | None) -> Row:
    """The row of a rule that found nothing, or was not run: then nothing was measured, and its verdict is null."""
    is_clear = state == RowState.CLEAR
    return {
        **_rule_columns(evidence, rule),
        "state": state,
        "verdict": Verdict.CLEAR if is_clear else None,
        "machine_verdict": Verdict.CLEAR if is_clear else None,
        "counted": False,
        "parcels": 0,
        "features": 0 if is_clear else None,
        **(areas(0.0) if is_clear else dict.fromkeys(areas(0.0))),
        "share": 0.0 if is_clear else None,
        **dict.fromkeys(_MEASURES),
        "reason": reason,
        "reason_text": reasons_text(reason, evidence.language),
    }


def _findings_row(
    evidence: Evidence,
    rule: Rule,
    findings: list[Row],
    whole_m2: float,
    overrides: Overrides,
) -> Row:
    ground = [row["area_ellipsoidal_m2"] for row in findings]
    has_ground = any(row["area_m2"] is not None for row in findings)
    area_m2 = total_m2(value or 0.0 for value in ground)
    reasons = dict.fromkeys(reason for row in findings for reason in reasons_in(row["reason"]))
    features = [row["features"] for row in findings if row["features"] is not None]
    return {
        **_rule_columns(evidence, rule),
        "state": _state(findings[0]),
        "verdict": Verdict.CLEAR if _state(findings[0]) == RowState.EXCUSED else _held_verdict(findings[0], overrides),
        "machine_verdict": findings[0]["verdict"],
        "counted": bool(findings[0]["counted"]),
        "parcels": len(findings),
        "features": sum(features) if features else None,
        **(areas(area_m2) if has_ground else dict.fromkeys(areas(0.0))),
        "share": _share(findings, area_m2, whole_m2) if has_ground else None,
        "length_m": _total(row["length_m"] for row in findings),
        "distance_m": min((row["distance_m"] for row in findings if row["distance_m"] is not None), default=None),
        "value": _value(rule, findings),
        "estimated": any(row["estimated"] for row in findings),
        "reason": column_of_reasons(reasons),
        "reason_text": _reason_text(findings, reasons, rule, evidence.language),
    }


def _outcome(finding: Row, overrides: Overrides) -> tuple[bool, bool, bool, int]:
    """What findings of one row have in common, in the order of the rows."""
    is_excused, is_unknown = _state(finding) == RowState.EXCUSED, finding["verdict"] == Verdict.UNKNOWN
    return is_excused, is_unknown, not finding["counted"], RANK[_held_verdict(finding, overrides)]


def _held_verdict(finding: Row, overrides: Overrides) -> str:
    """The verdict that holds: what a person set, else the machine's."""
    return overrides.get((finding["parcel"], finding["rule"], finding["verdict"]), finding["verdict"])


def _state(finding: Row) -> RowState:
    """The state of a finding: excused project, ground that could not be judged, or conflict."""
    if Reason.EXCUSED in reasons_in(finding["reason"]):
        return RowState.EXCUSED
    return RowState.UNKNOWN if finding["verdict"] == Verdict.UNKNOWN else RowState.CONFLICT


def _reason_text(findings: list[Row], reasons: Iterable[str], rule: Rule, language: str) -> str:
    """The reasons of findings in words. Of a rule that excuses a project, what excuses it: the rest has no effect."""
    if _state(findings[0]) != RowState.EXCUSED:
        return reasons_text(column_of_reasons(reasons), language)
    excuses = excuse_texts(findings, rule, language) or [reasons_text(Reason.EXCUSED, language)]
    return phrase("said.semicolon", language).join(excuses)


def _share(findings: list[Row], area_m2: float, whole_m2: float) -> float | None:
    """The share of one parcel's finding (of a raster's valid ground only), or of several findings in their ground."""
    return findings[0]["share"] if len(findings) == 1 and findings[0]["value"] is not None else area_m2 / whole_m2


def _value(rule: Rule, findings: list[Row]) -> float | None:
    """The value of one parcel; for several parcels only if it is a count, which adds up, else None."""
    counts = KINDS[rule.kind].value_places == 0
    return _total(row["value"] for row in findings) if counts or len(findings) == 1 else None


def _total(values: Iterable[float | None]) -> float | None:
    known_values = [value for value in values if value is not None]
    return sum(known_values) if known_values else None


def three_lines(evidence: Evidence, rows: list[Row], whole_m2: float) -> list[Row]:
    """A row per rule on one of the three lines; a boundary layer has one row per side for all its rules.

    whole_m2: the project's ellipsoidal area, which the sides divide.
    """
    table: list[Row] = []
    mine = [row for row in rows if table_of(row["layer"]) == "three_lines"]
    bounds = [row for row in mine if KINDS[row["kind"]].is_boundary and row["state"] != RowState.NOT_CHECKED]
    layers: set[str] = set()
    for row in mine:
        if row not in bounds:
            table.append(_side_row(row, "occupied", row["title"], row))
        elif row["layer"] not in layers:
            layers.add(row["layer"])
            table += _sides(evidence, [bound for bound in bounds if bound["layer"] == row["layer"]], whole_m2)
    return table


def _sides(evidence: Evidence, rows: list[Row], whole_m2: float) -> list[Row]:
    """The ground inside and outside a boundary, by all rules on it; if several rules found something, each is named.

    Inside is the ground of each parcel that the rules left, as measured. If the printed sides do not sum to the printed
    site, a last row gives the difference.
    """
    labels = words(evidence.language)
    # Whom a rule excuses, its milder one judges on the same ground; without one the excused row alone has it.
    excused = [row for row in rows if row["state"] == RowState.EXCUSED and evidence.rules[row["rule"]].milder is None]
    outside, unknown = (
        [row for row in rows if row["state"] == state] for state in (RowState.CONFLICT, RowState.UNKNOWN)
    )
    outside += [row for row in excused if row["machine_verdict"] != Verdict.UNKNOWN]
    unknown += [row for row in excused if row["machine_verdict"] == Verdict.UNKNOWN]
    clear = {"state": RowState.CLEAR, "verdict": Verdict.CLEAR, "counted": False, "reason_text": ""}
    nothing = {**rows[0], **clear, **areas(0.0), "share": 0.0}
    inside_m2 = _inside_m2(evidence, {row["rule"] for row in rows})
    inside = {**nothing, **areas(inside_m2), "share": inside_m2 / whole_m2}
    lines = [_side_row(rows[0], "inside", labels["boundary_inside"], inside)]
    for item, side_rows in (("outside", outside or [nothing]), ("unknown", unknown)):
        for row in side_rows:
            more = labels["in_brackets"].format(text=labels[f"boundary_{item}"], more=row["title"])
            lines.append(_side_row(row, item, more if len(side_rows) > 1 else labels[f"boundary_{item}"], row))
    lacking = rounding_difference(hectares(whole_m2), (line["hectares"] or 0.0 for line in lines))
    # Several rules may have found the same ground: then their sides are no parts of the site.
    are_parts = all(len({row["rule"] for row in side_rows}) <= 1 for side_rows in (outside, unknown))
    # Half a last digit for the site and each of its sides.
    is_rounding = are_parts and 0 < abs(lacking) <= (len(lines) + 1) / 2 / _LAST_DIGITS
    return [*lines, _rounding_row(rows[0], labels["rounding"], lacking)] if is_rounding else lines


def _inside_m2(evidence: Evidence, rules: Collection[str]) -> float:
    """The ground inside a boundary in m²: of each parcel, what these rules found neither outside nor unknown."""
    outside, unknown = (_ground(evidence, rules, is_unknown) for is_unknown in (False, True))
    return total_m2(
        rest_m2(parcel["area_ellipsoidal_m2"], outside.get(name, 0.0), unknown.get(name, 0.0))
        for parcel in evidence.parcels
        for name in (parcel["parcel"],)
    )


def _ground(evidence: Evidence, rules: Collection[str], is_unknown: bool) -> dict[str, float]:
    """The ground that these rules found, in m² by parcel: for each parcel the largest area of a single finding."""
    most: dict[str, float] = {}
    for row in evidence.findings:
        if row["rule"] in rules and (row["verdict"] == Verdict.UNKNOWN) == is_unknown:
            most[row["parcel"]] = max(most.get(row["parcel"], 0.0), row["area_ellipsoidal_m2"] or 0.0)
    return most


def _rounding_row(rule: Row, title: str, lacking: float) -> Row:
    """The row of the difference between a boundary's printed sides and the printed site, without area or verdict."""
    nothing = {"area_ellipsoidal_m2": None, "share": None, "verdict": None, "counted": False, "reason_text": ""}
    measure = {**rule, **nothing, "hectares": lacking, "state": RowState.CLEAR}
    return _side_row(rule, "rounding", title, measure)


def _side_row(rule: Row, item: str, title: str, measure: Row) -> Row:
    return {
        **{name: rule[name] for name in ("rule", "layer", "layer_title", "version", "department", "basis")},
        "item": item,
        "figure": measure["figure"] if measure["state"] != RowState.CLEAR else None,
        "shown_on": measure["shown_on"] if measure["state"] != RowState.CLEAR else [],
        "item_title": title,
        **{
            name: measure[name]
            for name in ("area_ellipsoidal_m2", "hectares", "share", "state", "verdict", "counted", "reason_text")
        },
    }

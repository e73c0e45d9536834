"""The result on a document's first page: each department's verdict, and how many of its rules were run."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.judge.findings.table import Row

MOST_GRAVE = 3


def rules_asked(rows: Sequence[Row], labels: Mapping[str, str]) -> Row:
    """How many rules there are, how many were asked, and why the others were not, the commonest reason first.

    rows: a row per rule and outcome. In the result, reasons: by their words; text: all in words; short: for a table's
    cell.
    """
    reasons: dict[str, set[str]] = {}
    for row in rows:
        if row["state"] == RowState.NOT_CHECKED:
            reasons.setdefault(row["reason_text"], set()).add(row["rule"])
    left = set().union(*reasons.values()) if reasons else set()
    every = {row["rule"] for row in rows}
    ordered = sorted(reasons.items(), key=lambda item: -len(item[1]))
    reason_rows = [{"reason_text": text, "rules": len(rules)} for text, rules in ordered]
    reason_text = labels["list_semicolon"].join(labels["reason_count"].format(**item) for item in reason_rows)
    facts = {"rules": len(every), "asked": len(every - left), "not_asked": len(left)}
    key = "some" if left else "all" if every else "none"
    short = ordered[0][0] if len(ordered) == 1 else reason_text
    return {
        **facts,
        "reasons": reason_rows,
        "text": labels[f"asked_{key}"].format(**facts, reasons=reason_text),
        "short": labels[f"short_{key}"].format(**facts, reasons=short),
    }


def department_rows(
    rows: Sequence[Row], opinions: Iterable[Row], wants: Mapping[str, Collection[str]], labels: Mapping[str, str]
) -> list[Row]:
    """A row per department that has rules, was asked or has signed: verdict, counts, rules asked, its conclusion.

    rows: a row per rule and outcome; opinions: of the current round; wants: by department, the rules of others that
    want it consulted, whose findings its opinion rests on too. verdict: of the department's own rules, null if none was
    asked.
    """
    opinion_of = {opinion["department"]: opinion for opinion in opinions}
    departments = []
    for department in DEPARTMENTS:
        mine, opinion = [row for row in rows if row["department"] == department], opinion_of.get(department)
        if opinion is None or not (mine or opinion["routed"] or opinion["state"] == "signed"):
            continue
        counted_rows = [row for row in mine if row["counted"] or row["state"] in (RowState.CLEAR, RowState.EXCUSED)]
        rules_facts = rules_asked(mine, labels)
        others = _conflicts(rows).intersection(wants.get(department, ()))
        if others:
            rules_facts["short"] += labels["short_consulted"].format(count=len(others))
        departments.append(
            {
                **{name: opinion[name] for name in _OF_OPINION},
                "verdict": min((row["verdict"] for row in counted_rows), key=RANK.__getitem__, default=None),
                "findings": len(_conflicts(mine)),
                "unknown_rules": len({row["rule"] for row in counted_rows if row["verdict"] == Verdict.UNKNOWN}),
                "opinion_text": _opinion_text(opinion, labels),
                "open_count": len(opinion["open_items"]),
                "consulted": len(others),
                **rules_facts,
            }
        )
    return departments


def _conflicts(rows: Iterable[Row]) -> set[str]:
    """The rules with a conflict that counts, by the verdict that holds: a person may have set another."""
    no_conflict = (Verdict.CLEAR, Verdict.UNKNOWN, None)
    return {row["rule"] for row in rows if row["counted"] and row["verdict"] not in no_conflict}


def _opinion_text(opinion: Row, labels: Mapping[str, str]) -> str:
    title = opinion["conclusion_title"]
    if not title:
        return labels["opinion_not_asked"]
    return str(title) if opinion["state"] in ("signed", "deemed") else labels["in_draft"].format(text=title)


_OF_OPINION = ("department", "department_title", "conclusion", "conclusion_title", "state", "state_title", "routed")


def by_gravity(rows: Iterable[Row]) -> list[Row]:
    """Rows of rules, the gravest verdict first; of equal ones the larger area first."""
    return sorted(
        rows, key=lambda row: (not row["counted"], RANK[row["verdict"]], -(row["area_ellipsoidal_m2"] or 0.0))
    )


def gravest(rows: Sequence[Row]) -> list[Row]:
    """The three gravest rules that count and are not clear."""
    return by_gravity(row for row in rows if row["counted"] and row["verdict"] != Verdict.CLEAR)[:MOST_GRAVE]


def open_matters(departments: Sequence[Row], rules_facts: Row) -> Row:
    """Matters that are still open: opinions to sign, items to answer, rules that were not judged or not run."""
    return {
        "opinions": sum(row["routed"] and row["state"] not in ("signed", "deemed") for row in departments),
        "items": sum(row["open_count"] for row in departments),
        "unknown_rules": sum(row["unknown_rules"] for row in departments),
        "not_asked": rules_facts["not_asked"],
    }

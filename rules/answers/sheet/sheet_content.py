"""The content of a parcel's sheet: today's use, plans, findings with law, layers that were not asked, points."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import hectares
from onemap.layers.catalogue.coverage_names import EXTENT
from onemap.layers.errors import Problem, require_value
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import department_names
from onemap.layers.library.versions import versions
from onemap.layers.messages import wording
from onemap.layers.progress import Progress
from onemap.layers.reason import Reason
from onemap.layers.value_groups import groups_of
from onemap.rules.answers.sheet.plan_ground import PlanGround
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.display.maps.boundary_points import boundary_points
from onemap.rules.display.maps.map_source import Piece
from onemap.rules.judge.findings.table import Table, records_of
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.finding_figures import PLAIN
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.excuse_text import excuse_text
from onemap.rules.judge.packs.legal_basis import articles_by_law
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.layer_remarks import problems_near, versions_of_run
from onemap.rules.judge.runs.unwritten_sites import lacking_ground

Sheet = dict[str, Any]
_FINDING = (
    *(
        "rule",
        "title",
        "department",
        "verdict",
        "machine_verdict",
        "layer",
        "version",
        "area_m2",
        "area_ellipsoidal_m2",
        "share",
        "length_m",
    ),
    *("distance_m", "features", "counted", "reason"),
)
_EXTENT = "extent"  # in words, for who reads a page
_AT_ONCE = 200  # parcels
_MOST_DRAWN = 4
_DRAWN = (Verdict.PROHIBITED, Verdict.RESTRICTED, Verdict.CONSULT)  # on a parcel's map: what is unknown hides its base


def sheets_of(
    library: Library,
    record: CheckRecord,
    tables: Mapping[str, Table],
    rules: Sequence[Rule],
    language: str,
    progress: Progress,
    overrides: Mapping[tuple[str, str, str], str],
) -> Iterator[tuple[list[Sheet], np.ndarray, list[Piece]]]:
    """The sheets of a check's parcels in their order, some at a time, the parcels' polygons and what is in conflict.

    record: of the run; tables: its rows of these parcels; rules: all that its packs have; overrides: the verdicts that
    people set, by parcel, rule and the machine's verdict. What the ground is today comes to them by `add_land_classes`.
    """
    plans = _plans_of(library, record, language)
    parcels = tables["parcels"]
    grounds = require_value(parcels.geometries, "the ground of parcels")
    names = parcels.values("parcel")
    rows_found = _as_judged(records_of(tables["findings"].columns), overrides)
    findings = groups_of((row["parcel"], row) for row in rows_found)
    judging = {rule.id: (rule, _laws(rule)) for rule in rules}
    titles = {code: title[language] for code, title in department_names(library).items()}
    rules_facts = _asked_rules(record, {rule.id: rule.department for rule in rules if rule.finds}, titles)
    used_versions = {**versions_of_run(record["layers"]), **plans.versions_used}
    remarks = lacking_ground(library, used_versions)
    assumed = plans.assumed.union(layer["code"] for layer in record["layers"] if layer["coverage"] == EXTENT)
    for start in range(0, len(names), _AT_ONCE):
        progress.at(start / len(names))
        rows = slice(start, start + _AT_ONCE)
        plan_rows = plans.rows(names[rows], grounds[rows], Threads(1, progress.part(start / len(names), 1.0)))
        nearest = plans.nearest_rows(names[rows], grounds[rows], plan_rows)
        coarse = plans.coarse_layers(grounds[rows])
        sheets = [
            {
                **_facts(parcels.columns.iloc[start + at], findings.get(name, ())),
                "today": [],
                "plans": plan_rows[name],
                "nearest": nearest[name],
                "coarse": coarse[at],
                "plans_silent": plans.silent | dict.fromkeys(plans.uncovered.get(name, ()), Reason.OUTSIDE_COVERAGE),
                "assumed": sorted(assumed),
                "remarks": _remark_rows(problems_near(remarks, used_versions, grounds[start + at].bounds), language),
                "findings": [_finding(row, titles, judging, language) for row in findings.get(name, ())],
                **rules_facts,
                "points": _points(grounds[start + at]),
            }
            for at, name in enumerate(names[rows].tolist())
        ]
        yield sheets, grounds[rows], _pieces(rows_found, tables["findings"].geometries, set(names[rows].tolist()))


def _as_judged(rows: Iterable[dict[str, Any]], overrides: Mapping[tuple[str, str, str], str]) -> list[dict[str, Any]]:
    """Findings with the verdict that a person set, where one did, and the machine's beside it."""
    return [
        {
            **row,
            "verdict": overrides.get((row["parcel"], row["rule"], row["verdict"]), row["verdict"]),
            "machine_verdict": row["verdict"],
        }
        for row in rows
    ]


def _plans_of(library: Library, record: CheckRecord, language: str) -> PlanGround:
    """The plans of a library as a check knew them."""
    as_of, known_at = date.fromisoformat(record["parameters"]["as_of"]), record["parameters"]["known_at"]
    all_versions = versions(library, datetime.fromisoformat(known_at) if known_at else None)
    return PlanGround(library, all_versions, as_of, language)


def _points(ground: shapely.Geometry) -> list[Sheet]:
    return [
        {"point": point.label, "ring": point.ring, "north_m": point.north_m, "east_m": point.east_m}
        for point in boundary_points(ground)
    ]


def _remark_rows(problems: Iterable[Problem], language: str) -> list[Sheet]:
    """What was remarked on ground that versions lack near a parcel."""
    return [
        {"layer": one.facts["layer"], "version": one.facts["label"], "message": wording(one, language)[0]}
        for one in problems
    ]


def add_land_classes(sheets: Sequence[Sheet], tables: Mapping[str, Table]) -> None:
    """Say on sheets what their ground is today, as far as some rows of their run say it."""
    classes = _by_parcel(tables["land_classes"]) if "land_classes" in tables else {}
    for sheet in sheets if classes else ():
        sheet["today"] += [_land_row(row) for row in classes.get(sheet["parcel"], ())]


def _finding(
    row: Mapping[str, Any], titles: Mapping[str, str], judging: Mapping[str, tuple[Rule, list[Sheet]]], language: str
) -> Sheet:
    """A finding with its department's title, and with what it takes from its rule.

    How much of what it found; its laws; why it does not apply to the project, "" where it does. titles: of departments;
    judging: each rule with its laws.
    """
    department, (rule, laws) = titles[row["department"]], judging[row["rule"]]
    extent, excuse = KINDS[rule.kind].extent(row, language, PLAIN), excuse_text(rule, row["excused_by"], language)
    facts = {key: row[key] for key in _FINDING}
    return {**facts, "department_title": department, _EXTENT: extent, "laws": laws, "excuse": excuse}


def without_words(sheet: Sheet) -> Sheet:
    """A sheet as a program reads it: without what repeats its figures in words."""
    findings = [{name: value for name, value in row.items() if name != _EXTENT} for row in sheet["findings"]]
    return {**sheet, "findings": findings}


def _laws(rule: Rule) -> list[Sheet]:
    """The laws of a rule in their order, each once with its articles."""
    articles = articles_by_law((item.law, item.article) for item in rule.basis)
    return [{"law": law, "articles": article_names} for law, article_names in articles.items()]


def _pieces(rows: Sequence[Mapping[str, Any]], grounds: np.ndarray | None, names: set[str]) -> list[Piece]:
    """The ground of some parcels' counted hits that forbid, restrict or ask: of the severest rules, for the map."""
    if grounds is None:
        return []
    by_parcel: dict[str, list[Piece]] = {}
    for row, geometry in zip(rows, grounds, strict=True):
        if row["parcel"] in names and row["counted"] and row["verdict"] in _DRAWN and geometry is not None:
            piece = Piece(row["parcel"], row["rule"], row["verdict"], counted=True, geometry=geometry)
            by_parcel.setdefault(row["parcel"], []).append(piece)
    severest = (sorted(some, key=lambda piece: _DRAWN.index(piece.verdict)) for some in by_parcel.values())
    return [piece for some in severest for piece in some[:_MOST_DRAWN]]


def _facts(row: pd.Series, findings: Sequence[Mapping[str, Any]]) -> Sheet:
    """The parcel with the gravest verdict that counts, as people have judged its findings, and the machine's."""
    counted_verdicts = [finding["verdict"] for finding in findings if finding["counted"]]
    is_judged = any(finding["verdict"] != finding["machine_verdict"] for finding in findings)
    return {
        "parcel": row["parcel"],
        "verdict": min(counted_verdicts, key=RANK.__getitem__, default=Verdict.CLEAR) if is_judged else row["verdict"],
        "machine_verdict": row["verdict"],
        "area_m2": float(row["area_m2"]),
        "area_ellipsoidal_m2": float(row["area_ellipsoidal_m2"]),
    }


def _land_row(row: Mapping[str, Any]) -> Sheet:
    own_facts = {name: row[name] for name in ("ownership", "class", "class_name", "group", "area_m2")}
    return {**own_facts, "hectares": hectares(row["area_m2"])}  # what an older run has stored was made to close


def _asked_rules(record: CheckRecord, judging: Mapping[str, str], titles: Mapping[str, str]) -> Sheet:
    """How many of the judging rules were asked; why the others were not: by reason how many, whose, by which layers.

    judging: the department of each judging rule, by the rule; titles: what departments are called, in their order.
    """
    skipped = [item for item in record["skipped"] if item["rule"] in judging]
    not_asked = []
    for reason in sorted({item["reason"] for item in skipped}):
        of_reason = [item for item in skipped if item["reason"] == reason]
        counts = Counter(judging[item["rule"]] for item in of_reason)
        departments = [
            {"department": code, "department_title": title, "rules": counts[code]}
            for code, title in titles.items()
            if code in counts
        ]
        layers = list(dict.fromkeys(item["layer"] for item in of_reason))
        not_asked.append({"reason": reason, "rules": len(of_reason), "departments": departments, "layers": layers})
    return {"asked": len(judging) - len(skipped), "not_asked": not_asked}


def _by_parcel(table: Table) -> dict[str, list[dict[str, Any]]]:
    return groups_of((row["parcel"], row) for row in records_of(table.columns))

"""A case's remedy as tables of a document: alternatives, departments' gains and losses, cuts."""

import numpy as np

from onemap.layers.area_units import hectares
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.rules.answers.remedy.alternative_rows import step_text
from onemap.rules.answers.remedy.departments import MEASURES
from onemap.rules.answers.remedy.remedy import KIND
from onemap.rules.answers.remedy.remedy_json import search_text
from onemap.rules.answers.remedy.remedy_storage import stored_options
from onemap.rules.display.maps.document_areas import PrintedAreas, areas
from onemap.rules.judge.findings.table import Row
from onemap.rules.judge.runs.run_store import StoredRow, stored_rows, whole_record
from onemap.rules.review.cases.case import Round
from onemap.rules.review.statement.run_evidence import Evidence


def remedy_content(library: Library, one: Round, evidence: Evidence, department: str | None) -> Row | None:
    """The last remedy kept with a round; None if there is none.

    department: only what concerns it, besides the alternatives themselves.
    """
    if not one.remedies:
        return None
    kept_remedy, language = one.remedies[-1], evidence.language
    record = whole_record(library, kept_remedy.run, KIND)
    options = stored_options(library, kept_remedy.run)
    return {
        "run": kept_remedy.run,
        "by": kept_remedy.by,
        "on": kept_remedy.on.isoformat(),
        "keep_verdict": options.keep_verdict,
        "keep_verdict_title": phrase(f"verdict.{options.keep_verdict}", language),
        "search": search_text(record["search"], language),
        "overridden": bool(one.overrides),
        "alternatives": _alternatives(library, stored_rows(library, kept_remedy.run, "alternatives"), language),
        "departments": _departments(stored_rows(library, kept_remedy.run, "departments"), evidence, department),
        "cuts": _cuts(library, stored_rows(library, kept_remedy.run, "cuts"), evidence, department),
    }


def _ellipsoidal_areas(library: Library, rows: list[StoredRow]) -> list[PrintedAreas]:
    """The ellipsoidal areas of rows, in the units of the documents."""
    shapes = geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object))
    return [areas(float(area_m2)) for area_m2 in np.nan_to_num(ellipsoidal_areas_m2(shapes, library.crs))]


def _alternatives(library: Library, rows: list[StoredRow], language: str) -> list[Row]:
    alternative_rows = []
    for row, row_areas in zip(rows, _ellipsoidal_areas(library, rows), strict=True):
        values = row.values
        alternative_rows.append(
            {
                "parcel": values["parcel"],
                "alternative": values["alternative"],
                "alternative_title": phrase(f"alternative.{values['alternative']}", language),
                "step": step_text(values["moved_m"], values["turned_deg"], language) or None,
                "passes": values["passes"],
                "verdict": values["verdict"],
                **row_areas,
                "share": values["share"],
                "moved_m": values["moved_m"],
                "east_m": values["east_m"],
                "north_m": values["north_m"],
                "turned_deg": values["turned_deg"],
            }
        )
    return alternative_rows


def _departments(rows: list[StoredRow], evidence: Evidence, department: str | None) -> list[Row]:
    # A parcel's planar square metres, in those of the ellipsoid: the scale is the same all over it.
    scale = {row["parcel"]: row["area_ellipsoidal_m2"] / row["area_m2"] for row in evidence.parcels}
    department_rows = []
    for row in rows:
        values = row.values
        if department not in (None, values["department"]):
            continue
        titles = {f"{name}_title": phrase(f"verdict.{values[name]}", evidence.language) for name in _VERDICTS}
        exact = {name: values[name] * scale[values["parcel"]] for name in MEASURES}
        hectares_by_name = {
            f"{name.removesuffix('_m2')}_hectares": hectares(area_m2) for name, area_m2 in exact.items()
        }
        department_rows.append(
            {
                "parcel": values["parcel"],
                "alternative": values["alternative"],
                "alternative_title": phrase(f"alternative.{values['alternative']}", evidence.language),
                "department": values["department"],
                "department_title": evidence.department_title(values["department"]),
                **{name: values[name] for name in _VERDICTS},
                **titles,
                **hectares_by_name,
                "areas_m2": {name.removesuffix("_m2"): area_m2 for name, area_m2 in exact.items()},
            }
        )
    return department_rows


_VERDICTS = ("verdict_before", "verdict_after")


def _cuts(library: Library, rows: list[StoredRow], evidence: Evidence, department: str | None) -> list[Row]:
    cut_rows = []
    for row, row_areas in zip(rows, _ellipsoidal_areas(library, rows), strict=True):
        values = row.values
        rule = evidence.rules[values["rule"]]
        if department in (None, rule.department):
            title = evidence.rule_title(rule.id)
            cut_rows.append(
                {
                    "parcel": values["parcel"],
                    "rule": rule.id,
                    "title": title,
                    "department": rule.department,
                    "department_title": evidence.department_title(rule.department),
                    "verdict": values["verdict"],
                    **row_areas,
                }
            )
    return cut_rows

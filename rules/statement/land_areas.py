"""The land that the project takes, by ownership and class: areas of the survey, in hectares whose parts sum."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from onemap.rules.findings.land_classes import ownership_codes, share_hectares, survey_codes
from onemap.rules.maps.document_areas import hectares, mu_of_hectares, sum_of
from onemap.rules.statement.run_evidence import Evidence

GROUPS = ("farm", "built", "unused", "unknown")
# The columns of the table: of farm land the survey's first level, and what remains of it.
_FARM = {"01": "arable", "02": "garden", "03": "forest", "04": "grass"}
COLUMNS = ("total", "farm", "arable", "garden", "forest", "grass", "other_farm", "built", "unused", "unknown")
_SAME_M2 = 1.0  # survey and site are measured alike up to how coordinates and areas are rounded
_OWNERSHIPS = ("state", "collective", "unknown")
_KEYS = ["order", "ownership", "class", "group", "column"]  # what is one class of the table


def land_table(evidence: Evidence) -> dict[str, Any] | None:
    """The classified area table, or None where the run has no land survey.

    The classes of a parcel are rounded so that they sum to the parcel's own rounded area where the survey measures it
    to the same square metre, else to the survey's; the project's are their sums, so that rows and columns of every
    table sum, and a parcel has one figure everywhere.
    """
    rules = list(dict.fromkeys(row["rule"] for row in evidence.classes))
    if not rules:
        return None
    rule = evidence.rules[rules[0]]
    codes, language = survey_codes(), evidence.language
    frame = _with_columns(pd.DataFrame([row for row in evidence.classes if row["rule"] == rule.id]), codes)
    frame["part"] = 0.0
    site = {row["parcel"]: row["area_ellipsoidal_m2"] for row in evidence.parcels}
    for name, members in frame.groupby("parcel", sort=False, dropna=False):
        measured, surveyed = site.get(name, 0.0), float(members["area_m2"].sum())
        whole = measured if abs(measured - surveyed) < _SAME_M2 else surveyed
        frame.loc[members.index, "part"] = share_hectares(members["area_m2"].tolist(), hectares(whole))
    sums = frame.groupby(_KEYS, dropna=False, sort=True)
    classes = sums["area_m2"].sum().reset_index()
    classes["hectares"] = sums["part"].agg(sum_of).tolist()
    by_ownership = [
        {
            "ownership": ownership,
            "title": codes["ownership"][ownership][language],
            **_columns(classes[classes["ownership"] == ownership], "hectares"),
        }
        for ownership in _OWNERSHIPS
        if (classes["ownership"] == ownership).any()
    ]
    parcels = [
        {"parcel": name, **_columns(rows, "part")} for name, rows in frame.groupby("parcel", sort=False, dropna=False)
    ]
    version = evidence.version(rule.layer)
    return {
        "rule": rule.id,
        "layer": rule.layer,
        "layer_title": evidence.layer_title(rule.layer),
        "version": version.get("label"),
        "survey_area_m2": float(classes["area_m2"].sum()),
        "columns": list(COLUMNS),
        "rows": by_ownership,
        "total": _columns(classes, "hectares"),
        "classes": _class_rows(classes, codes, language),
        "parcels": parcels,
    }


def _with_columns(frame: pd.DataFrame, codes: Mapping[str, Any]) -> pd.DataFrame:
    """The run's rows by parcel and class, with codes for their titles and the table's column of each."""
    frame["ownership"] = frame["ownership"].map(ownership_codes())
    frame["class"] = frame["class"].astype(object).where(frame["class"].notna(), None)
    frame["group"] = [codes["class"].get(code, {}).get("group", "unknown") for code in frame["class"]]
    frame["column"] = [_column(code, group) for code, group in zip(frame["class"], frame["group"], strict=True)]
    frame["order"] = frame["ownership"].map(_OWNERSHIPS.index)
    return frame


def _class_rows(classes: pd.DataFrame, codes: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The classes with their titles and areas, as JSON objects."""
    return [
        {
            "ownership": row["ownership"],
            "ownership_title": codes["ownership"][row["ownership"]][language],
            "class": row["class"],
            "class_name": codes["class"].get(row["class"], {}).get(language),
            "group": row["group"],
            "group_title": codes["group"][row["group"]][language],
            "area_m2": row["area_m2"],
            "hectares": row["hectares"],
        }
        for row in classes.astype(object).where(classes.notna(), None).to_dict("records")
    ]


def _column(code: str | None, group: str) -> str:
    if group != "farm":
        return group
    return _FARM.get((code or "")[:2], "other_farm")


def _columns(rows: pd.DataFrame, measure: str) -> dict[str, float]:
    """Hectares by the table's columns."""
    parts = {name: sum_of(rows.loc[rows["column"] == name, measure]) for name in COLUMNS}
    farm = sum_of(parts[name] for name in (*_FARM.values(), "other_farm"))
    total = sum_of((farm, *(parts[name] for name in GROUPS if name != "farm")))
    return {**parts, "farm": farm, "total": total}


def parcel_areas(evidence: Evidence) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The parcels with their areas on the ellipsoid, each rounded by itself, and the sums of what is printed."""
    exact = [row["area_ellipsoidal_m2"] for row in evidence.parcels]
    parts = [hectares(area_m2) for area_m2 in exact]
    whole = sum_of(parts)
    parcels = [
        {
            "parcel": row["parcel"],
            "verdict": row["verdict"],
            "known_verdict": row["known_verdict"],
            "findings": row["findings"],
            "unknown_rules": row["unknown_rules"],
            "area_m2": row["area_m2"],
            "area_ellipsoidal_m2": row["area_ellipsoidal_m2"],
            "hectares": part,
            "mu": mu_of_hectares(part),
        }
        for row, part in zip(evidence.parcels, parts, strict=True)
    ]
    total = sum(exact)
    return parcels, {
        "area_m2": sum(row["area_m2"] for row in evidence.parcels),
        "area_ellipsoidal_m2": total,
        "hectares": whole,
        "mu": mu_of_hectares(whole),
    }

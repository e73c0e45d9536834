"""The land that the project takes, by ownership and class: areas of the survey, in hectares whose parts sum."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from onemap.rules.findings.land_classes import rounded_hectares, share_hectares, survey_codes
from onemap.rules.maps.document_areas import hectares, mu_of_hectares, sum_of
from onemap.rules.statement.run_evidence import Evidence

GROUPS = ("farm", "built", "unused", "unknown")
# The columns of the table: of farm land the survey's first level, and what remains of it.
_FARM = {"01": "arable", "02": "garden", "03": "forest", "04": "grass"}
COLUMNS = ("total", "farm", "arable", "garden", "forest", "grass", "other_farm", "built", "unused", "unknown")
_OWNERSHIPS = ("state", "collective", "unknown")
_KEYS = ["order", "ownership", "class", "group", "column"]  # what is one class of the table


def land_table(evidence: Evidence) -> dict[str, Any] | None:
    """The classified area table, or None where the run has no land survey.

    Classes of the whole project are rounded so that they sum to its rounded area; each class is then shared out to
    the parcels in the same way, so that rows and columns of every table sum.
    """
    rules = list(dict.fromkeys(row["rule"] for row in evidence.classes))
    if not rules:
        return None
    rule = evidence.rules[rules[0]]
    codes, language = survey_codes(), evidence.language
    frame = _with_columns(pd.DataFrame([row for row in evidence.classes if row["rule"] == rule.id]), codes)
    classes = frame.groupby(_KEYS, dropna=False, sort=True)["area_m2"].sum().reset_index()
    classes["hectares"] = rounded_hectares(classes["area_m2"].tolist())
    frame = frame.merge(classes[[*_KEYS, "hectares"]], on=_KEYS, how="left", suffixes=("_own", ""))
    frame["part"] = 0.0
    for _, members in frame.groupby(_KEYS, dropna=False, sort=False):
        frame.loc[members.index, "part"] = share_hectares(
            members["area_m2"].tolist(), float(members["hectares"].iloc[0])
        )
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
    frame["ownership"] = frame["ownership"].map(_codes_by_title(codes["ownership"]))
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


def _codes_by_title(titles: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Title in any language → code: a stored run keeps the titles of its own language."""
    return {title: code for code, names in titles.items() for title in names.values()}


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
    """The parcels with their areas on the ellipsoid, hectares that sum to the project's, and the sums."""
    exact = [row["area_ellipsoidal_m2"] for row in evidence.parcels]
    parts = rounded_hectares(exact)
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
        "hectares": hectares(total),
        "mu": mu_of_hectares(hectares(total)),
    }

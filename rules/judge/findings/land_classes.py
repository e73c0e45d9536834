"""The land that a parcel takes, by ownership and class (占用土地分类面积表), from the survey's own areas.

A piece of a survey patch has the patch's area (TBMJ) times its share of the patch, both on the ellipsoid; the part of
field ridges (KCXS) is deducted and becomes class 1203. Hectares have four decimals, each rounded by itself.
Source: TD/T 1055, practice of the third national land survey.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.area_units import rounded_hectares
from onemap.layers.errors import require_value
from onemap.layers.frames.fields import plain_numbers, text_value
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.records import Record
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.findings.findings import FindingColumns, RuleJudgement

COLUMNS = [
    "parcel",
    "rule",
    "ownership",
    "class",
    "class_name",
    "group",
    "area_m2",
    "hectares",
]
_RIDGE_CLASS = "1203"


def survey_codes() -> Record:
    """Classes with names and groups, groups and ownerships with names, as in resources/codes."""
    return shipped_table("codes/survey-classes.toml")


def class_of(code: str | None) -> str | None:
    """The class of a survey code: a letter behind four characters, as in 0201K, does not change it."""
    if code is None:
        return None
    class_codes = survey_codes()["class"]
    return code if code in class_codes else code[:4] if code[:4] in class_codes else code


def ownership_of(code: str | None) -> str:
    """state for 1x and 2x, collective for 3x and 4x, else unknown (QSXZ of the survey)."""
    return {"1": "state", "2": "state", "3": "collective", "4": "collective"}.get((code or " ")[0], "unknown")


def land_classes(
    names: np.ndarray,
    rule_judgements: Sequence[RuleJudgement],
    crs: pyproj.CRS,
    origin: tuple[float, float],
    language: str,
) -> pd.DataFrame | FindingColumns:
    """One row per parcel, ownership and class for every `composition` of a land survey (a layer with DLBM)."""
    blocks = []
    for item in rule_judgements:
        survey = item.judgement.survey
        if survey is None or "DLBM" not in item.attributes.columns:
            continue
        rows = _survey_rows(item, crs, origin)
        rows["parcel"] = names[item.rows[rows["_row"].to_numpy(dtype=int)]]
        rows["rule"] = item.rule.id
        blocks.append(rows)
    if not blocks:
        return dict.fromkeys(COLUMNS, np.empty(0, dtype=object))
    table = pd.concat(blocks, ignore_index=True)
    codes = survey_codes()
    class_facts = codes["class"]
    table["group"] = [class_facts.get(code, {}).get("group", "unknown") for code in table["class"]]
    table["class_name"] = [class_facts.get(code, {}).get(language) for code in table["class"]]
    table["hectares"] = rounded_hectares(table["area_m2"].to_numpy(dtype=float))
    for column, titles in (("group", codes["group"]), ("ownership", codes["ownership"])):
        table[column] = [titles[code][language] for code in table[column]]
    return table.reindex(columns=COLUMNS)


def with_class_titles(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """The table with its titles in another language: a stored run keeps those of the language in which it was asked."""
    codes = survey_codes()
    class_facts, owners = codes["class"], ownership_codes()
    classes = [class_facts.get(code) for code in table["class"]]
    groups = [(entry or {}).get("group", "unknown") for entry in classes]
    return table.assign(
        ownership=[
            codes["ownership"][owners[title]][language] if title in owners else title for title in table["ownership"]
        ],
        class_name=[
            entry[language] if entry else title for entry, title in zip(classes, table["class_name"], strict=True)
        ],
        group=[codes["group"][group][language] for group in groups],
    )


def ownership_codes() -> dict[str, str]:
    """The code of each ownership by its title in any language: a stored run keeps titles."""
    return {title: code for code, names in survey_codes()["ownership"].items() for title in names.values()}


def _survey_rows(item: RuleJudgement, crs: pyproj.CRS, origin: tuple[float, float]) -> pd.DataFrame:
    survey = require_value(item.judgement.survey, "the survey of a composition")
    piece = ellipsoidal_areas_m2(shift_geometries(survey.geometry, origin), crs)
    features, position = np.unique(survey.feature, return_inverse=True)
    whole = ellipsoidal_areas_m2(shift_geometries(survey.whole[features], origin), crs)[position]

    def column(name: str) -> np.ndarray:
        values = item.attributes[name] if name in item.attributes.columns else pd.Series([None] * len(item.attributes))
        return values.to_numpy(dtype=object)[survey.feature]

    def numbers(name: str) -> np.ndarray:
        return plain_numbers(column(name))

    stated_m2, ridge = numbers("TBMJ"), np.nan_to_num(numbers("KCXS"))
    area = np.where(np.isnan(stated_m2), piece, stated_m2 * piece / whole)
    deducted = area * ridge
    rows = pd.DataFrame(
        {
            "_row": np.r_[survey.parcel, survey.parcel],
            "ownership": [ownership_of(text_value(code)) for code in column("QSXZ")] * 2,
            "class": [*(class_of(text_value(code)) for code in column("DLBM")), *[_RIDGE_CLASS] * len(area)],
            "area_m2": np.r_[area - deducted, deducted],
        }
    )
    bare = np.flatnonzero(~shapely.is_missing(survey.bare))
    rest = pd.DataFrame(
        {
            "_row": bare,
            "ownership": "unknown",
            "class": None,
            "area_m2": ellipsoidal_areas_m2(shift_geometries(survey.bare[bare], origin), crs),
        }
    )
    rows = pd.concat([rows[rows["area_m2"] > 0], rest], ignore_index=True)
    return sum_by_class(rows)


def sum_by_class(rows: pd.DataFrame) -> pd.DataFrame:
    """The areas of each parcel, ownership and class, in this order: columns `_row`, `ownership`, `class`, `area_m2`.

    Summed in the order of the pieces: the last digit of a pandas sum depends on which other parcels are in the table.
    """
    groups = rows.groupby(["_row", "ownership", "class"], dropna=False, sort=True)
    classes = groups.size().reset_index(name="count").drop(columns="count")
    return classes.assign(area_m2=np.bincount(groups.ngroup(), rows["area_m2"], len(classes)))

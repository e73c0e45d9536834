"""The land that the project takes, by ownership and class: areas of the survey, each rounded once on its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from onemap.layers.area_units import hectares
from onemap.layers.value_groups import groups_of
from onemap.rules.display.maps.document_areas import areas, rounding_difference, same_ground_m2, total_m2
from onemap.rules.judge.findings.land_classes import ownership_codes, survey_codes
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.statement.run_evidence import Evidence

GROUPS = ("farm", "built", "unused", "unknown")
# The columns of the table: of farm land the survey's first level, and what remains of it.
_FARM = {"01": "arable", "02": "garden", "03": "forest", "04": "grass"}
_OF_FARM = (*_FARM.values(), "other_farm")
COLUMNS = ("total", "farm", "arable", "garden", "forest", "grass", "other_farm", "built", "unused", "unknown")
_OWNERSHIPS = ("state", "collective", "unknown")


def land_table(evidence: Evidence) -> Row | None:
    """The classified area table, or None if the run has no land survey.

    Every figure is a measured area, rounded once. The difference of rounded parts from their rounded whole is given
    apart: for the columns of a row in its `rounding`, for the rows of a table in `rows_rounding`, `classes_rounding`,
    `parcels_rounding`, which are None if all sums agree.
    """
    rules = list(dict.fromkeys(row["rule"] for row in evidence.classes))
    if not rules:
        return None
    rule = evidence.rules[rules[0]]
    codes, language = survey_codes(), evidence.language
    land_rows = _with_columns([row for row in evidence.classes if row["rule"] == rule.id], codes)
    ground = _SurveyGround(land_rows, {row["parcel"]: row["area_ellipsoidal_m2"] for row in evidence.parcels})
    by_ownership = [
        {"ownership": name, "title": codes["ownership"][name][language], **ground.columns(members)}
        for name, members in _rows_by(land_rows, "ownership").items()
    ]
    by_ownership.sort(key=lambda row: _OWNERSHIPS.index(row["ownership"]))
    total, classes = ground.columns(land_rows), _class_rows(land_rows, ground, codes, language)
    parcels = [{"parcel": name, **ground.columns(members)} for name, members in _rows_by(land_rows, "parcel").items()]
    lacking = rounding_difference(total["total"], (row["hectares"] for row in classes))
    return {
        "rule": rule.id,
        "layer": rule.layer,
        "layer_title": evidence.layer_title(rule.layer),
        "version": evidence.version(rule.layer).get("label"),
        "survey_area_m2": total_m2(row["area_m2"] for row in land_rows),
        "columns": list(COLUMNS),
        "rows": by_ownership,
        "rows_rounding": _rounding_row(total, by_ownership),
        "total": total,
        "classes": classes,
        "classes_rounding": {"hectares": lacking} if lacking else None,
        "parcels": parcels,
        "parcels_rounding": _rounding_row(total, parcels),
    }


class _SurveyGround:
    """The surveyed ground of the parcels: the joint area of some rows, in m² and in printed columns."""

    def __init__(self, rows: Sequence[Row], site_m2: Mapping[str, float]) -> None:
        parcels = _rows_by(rows, "parcel")
        survey_m2_by_parcel = {name: total_m2(row["area_m2"] for row in members) for name, members in parcels.items()}
        # A parcel that the survey measures as the site does has the site's figure, as whatever takes all of it.
        self._whole = {
            name: same_ground_m2(survey_m2, site_m2.get(name, 0.0)) for name, survey_m2 in survey_m2_by_parcel.items()
        }
        self._count = {name: len(members) for name, members in parcels.items()}

    def area_m2(self, rows: Iterable[Row]) -> float:
        return total_m2(
            self._whole[name] if len(members) == self._count[name] else total_m2(row["area_m2"] for row in members)
            for name, members in _rows_by(rows, "parcel").items()
        )

    def columns(self, rows: Sequence[Row]) -> Row:
        """Hectares by the table's columns, the exact areas, and the rounding differences of the two sum columns."""
        parts_by_column = {**{name: (name,) for name in COLUMNS}, "farm": _OF_FARM, "total": (*_OF_FARM, *GROUPS)}
        exact = {name: self.area_m2(row for row in rows if row["column"] in parts_by_column[name]) for name in COLUMNS}
        printed_ha = {name: hectares(area_m2) for name, area_m2 in exact.items()}
        differences = {
            **dict.fromkeys(COLUMNS, 0.0),
            "farm": rounding_difference(printed_ha["farm"], (printed_ha[name] for name in _OF_FARM)),
            "total": rounding_difference(printed_ha["total"], (printed_ha[name] for name in GROUPS)),
        }
        return {**printed_ha, "areas_m2": exact, "rounding": differences}


def _rounding_row(total: Row, rows: Iterable[Row]) -> dict[str, float] | None:
    """By column, the difference of a table's rows from its total; None if every column agrees."""
    rows = list(rows)
    lacking = {name: rounding_difference(total[name], (row[name] for row in rows)) for name in COLUMNS}
    return lacking if any(lacking.values()) else None


def _rows_by(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    return groups_of((row[key], row) for row in rows)


def _with_columns(rows: Iterable[Row], codes: Mapping[str, Any]) -> list[Row]:
    """The run's rows by parcel and class, with codes instead of titles and the table's column of each."""
    owners, land_rows = ownership_codes(), []
    for row in rows:
        group = codes["class"].get(row["class"], {}).get("group", "unknown")
        area_m2, column = float(row["area_m2"]), _column(row["class"], group)
        own_facts = {"parcel": row["parcel"], "class": row["class"], "area_m2": area_m2}
        land_rows.append({**own_facts, "ownership": owners[row["ownership"]], "group": group, "column": column})
    return land_rows


def _class_rows(land_rows: Iterable[Row], ground: _SurveyGround, codes: Mapping[str, Any], language: str) -> list[Row]:
    """The classes with their titles and areas, by ownership and code; ground without a class comes last."""
    by_class = groups_of(((row["ownership"], row["class"], row["group"]), row) for row in land_rows)
    rows = []
    for ownership, code, group in sorted(
        by_class, key=lambda one: (_OWNERSHIPS.index(one[0]), one[1] is None, one[1] or "")
    ):
        area_m2 = ground.area_m2(by_class[ownership, code, group])
        rows.append(
            {
                "ownership": ownership,
                "ownership_title": codes["ownership"][ownership][language],
                "class": code,
                "class_name": codes["class"].get(code, {}).get(language),
                "group": group,
                "group_title": codes["group"][group][language],
                "area_m2": area_m2,
                "hectares": hectares(area_m2),
            }
        )
    return rows


def _column(code: str | None, group: str) -> str:
    if group != "farm":
        return group
    return _FARM.get((code or "")[:2], "other_farm")


def parcel_areas(evidence: Evidence) -> tuple[list[Row], Row]:
    """The parcels with their ellipsoidal areas, and the site's: each is measured, and rounded once on its own.

    `parcels_rounding` of the site is the difference of the parcels' printed figures from the site's; None if they
    agree.
    """
    parcels = [
        {
            "parcel": row["parcel"],
            "area_m2": row["area_m2"],
            **areas(row["area_ellipsoidal_m2"]),
        }
        for row in evidence.parcels
    ]
    site = areas(total_m2(row["area_ellipsoidal_m2"] for row in parcels))
    lacking = {name: rounding_difference(site[name], (row[name] for row in parcels)) for name in ("hectares", "mu")}
    return parcels, {
        "area_m2": total_m2(row["area_m2"] for row in parcels),
        **site,
        "parcels_rounding": lacking if any(lacking.values()) else None,
    }

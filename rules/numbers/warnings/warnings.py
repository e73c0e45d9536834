"""`onemap warnings`: what somebody has to look at, according to the library's data on a day.

Quotas close to or beyond their target, with their headroom; permits that end; layers older than their rhythm; tables
whose districts do not add up to the city; candidates for change without approval. Each warning has an id that stays the
same from list to list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError, require_value
from onemap.layers.frames.days import day_of
from onemap.layers.frames.fields import object_array, text_value, text_values
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, in_force, layer_in_force, read_version, versions
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.numbers.indicators.headroom import NOTHING, STATES
from onemap.rules.numbers.indicators.indicator_targets import TARGET_UNIT, TARGET_YEAR, TARGETS_DIFFER
from onemap.rules.numbers.indicators.indicators import IndicatorOptions, indicators, typed_columns
from onemap.rules.numbers.warnings.unapproved_ground import ENDS, SURVEY, unapproved_ground
from onemap.rules.numbers.warnings.unit_sums import table_sums

QUOTA, EXPIRY, STALE, SUMS, LINE, CANDIDATE = "quota", "expiry", "stale", "sums", "line", "candidate"
KINDS = (QUOTA, EXPIRY, STALE, SUMS, LINE, CANDIDATE)
NO_DAY = "no_day"  # a reason: what stands where the day should be is none
_COUNTED = 0.5  # of the work, when the indicators are measured
STATE_COLUMNS = ("state", "first_seen", "last_seen")  # of those that the library has opened
_Placed = tuple[Record, Any]  # a row, and its ground in the library's plane, or None
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("id", "kind", "status", "layer", "unit", "unit_title", "subject", "day"), "text"),
    **dict.fromkeys(("days_left", "value", "limit", "headroom", "distance_m"), "number"),
    **dict.fromkeys(("committed", "free", "pace"), "number"),
    **dict.fromkeys(("committed_reason", "days_reason"), "text"),
    **dict.fromkeys(("unit_of_measure", "reason", "nearest"), "text"),
    **dict.fromkeys(STATE_COLUMNS, "text"),
}


@dataclass(frozen=True)
class WarningOptions:
    """The options of `warnings`: packs and units of quotas, the day, and within how many days permits end.

    rhythm: the number of days after which a layer (by code) should have a newer version.
    """

    quotas: IndicatorOptions
    as_of: date
    days: int = 90
    rhythm: Mapping[str, int] | None = None


@dataclass(frozen=True)
class FoundWarnings:
    """The list, the ground of each row (or None), the checks that could not be made, and the names of units."""

    rows: list[Record]
    shapes: list[Any]
    unlooked: list[Record]
    unit_names: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> Table:
        """The list as a table."""
        return Table(typed_columns(self.rows, COLUMNS), object_array(self.shapes))


def warnings(library: Library, options: WarningOptions, threads: Threads) -> FoundWarnings:
    """Find the warnings. Raises OneMapError indicators.…, warnings.layer, version.unreadable and as `indicators`."""
    unknown = [code for code in options.rhythm or {} if code not in library.catalogue()]
    if unknown:
        raise OneMapError("warnings.layer", field="--rhythm", value=unknown)
    all_versions = versions(library)
    unlooked: list[Record] = []
    rows_with_place: list[_Placed] = []
    if options.quotas.unit is None and library.district() is None:
        unlooked.append({"kind": QUOTA, "reason": "no_unit"})
    else:
        rows_with_place = _quotas(library, options, threads.part(0.0, _COUNTED))
    rows_with_place += _ending_permits(library, all_versions, options)
    rows_with_place += [(row, None) for row in _stale_layers(all_versions, options)]
    rows_with_place += [(row, None) for row in _unequal_sums(library, all_versions, options.as_of, unlooked)]
    new_ground = unapproved_ground(library, options.as_of, threads.part(_COUNTED, 1.0))
    if new_ground is None:
        unlooked += [{"kind": kind, "reason": "no_earlier"} for kind in (LINE, CANDIDATE)]
    else:
        unlooked += [{"kind": LINE, "reason": Reason.LAYER_MISSING, "layer": code} for code in new_ground.no_lines]
        rows_with_place += [_over_line(*one) for one in new_ground.over_lines]
        unlooked += [{"kind": CANDIDATE, "reason": Reason.LAYER_MISSING, "layer": code} for code in new_ground.missing]
        for kind, codes in zip((CANDIDATE, LINE), new_ground.silent, strict=True):
            unlooked += [{"kind": kind, "reason": Reason.OUTSIDE_COVERAGE, "layer": code} for code in codes]
        if new_ground.has_no_class:
            unlooked += [{"kind": kind, "reason": Reason.NO_VALUE, "layer": SURVEY} for kind in (CANDIDATE, LINE)]
        for ground, one, is_unsure in zip(
            new_ground.grounds.tolist(), new_ground.records, new_ground.unsure, strict=True
        ):
            name = _place_name(ground)
            facts = {"value": one["area_m2"], "unit_of_measure": "m2", "reason": one["class"]}
            facts |= {"nearest": one["nearest"], "distance_m": one["distance_m"]}
            rows_with_place.append(
                (_row(CANDIDATE, "unknown" if new_ground.missing or is_unsure else "warn", name, **facts), ground)
            )
    names = {row["unit"]: row["unit_title"] for row, _ in rows_with_place if row["unit_title"]}
    return FoundWarnings(
        [row for row, _ in rows_with_place], [ground for _, ground in rows_with_place], unlooked, names
    )


def _place_name(ground: Any) -> str:
    """A spot's name: its coordinates, to the metre."""
    centre = ground.representative_point()
    return f"{centre.x:.0f},{centre.y:.0f}"


def _over_line(word: str, ground: Any, is_unclear: bool) -> _Placed:
    """The warning for ground newly built on, protected or outside the boundary, whether or not an approval covers it.

    is_unclear: it is unknown whether it was built on before.
    """
    facts = {"value": float(ground.area), "unit_of_measure": "m2", "reason": word}
    return _row(LINE, "unknown" if is_unclear else "warn", f"{word} {_place_name(ground)}", **facts), ground


def _row(kind: str, status: str, subject: str, **facts: Any) -> Record:
    place = [facts.get(name) for name in ("layer", "unit")]
    identifier = ":".join(str(part) for part in (kind, *place, subject) if part)
    return {**dict.fromkeys(COLUMNS), "id": identifier, "kind": kind, "status": status, "subject": subject, **facts}


def _quotas(library: Library, options: WarningOptions, threads: Threads) -> list[_Placed]:
    """Indicators close to or beyond their target, or of which that is unknown; with their units' ground."""
    rows: list[_Placed] = []
    indicator_run = indicators(library, options.quotas, threads.part(0.0, 0.5))
    grounds = require_value(indicator_run.tables["indicators"].geometries, "the ground of the units")
    paced = _with_pace(library, options.quotas, indicator_run.rows, threads.part(0.5, 1.0))
    for one, ground in zip(indicator_run.rows, grounds.tolist(), strict=True):
        if one["status"] not in ("warn", "alarm") and not _is_open(one):
            continue
        room = paced.get((one["id"], one["unit"]), one)
        facts = {name: one[name] for name in ("unit", "unit_title", "value", "unit_of_measure", "reason")}
        facts |= {name: room[name] for name in NOTHING}
        rows.append((_row(QUOTA, one["status"], one["id"], limit=one["target"], **facts), ground))
    return rows


def _is_open(row: Record) -> bool:
    """Whether it is unknown if an indicator meets its target; one without a target is not."""
    if row["status"] != "unknown":
        return False
    of_target = {TARGETS_DIFFER, TARGET_UNIT, TARGET_YEAR} & set(row["reason"].split(","))
    return row["target"] is not None or row["value"] is not None or bool(of_target)


def _with_pace(
    library: Library, quotas: IndicatorOptions, rows: Sequence[Record], threads: Threads
) -> dict[tuple[str, str | None], Record]:
    """Quotas by indicator and unit, measured also for earlier states of their data, so that they have a pace."""
    only = tuple(dict.fromkeys(row["id"] for row in rows if row["target"] is not None and row["value"] is not None))
    if not only:
        return {}
    again = indicators(library, replace(quotas, states=STATES, only=only), threads)
    last = quotas.days[-1].isoformat()
    return {(row["id"], row["unit"]): row for row in again.rows if row["as_of"] == last}


def _ending_permits(library: Library, all_versions: Sequence[Version], options: WarningOptions) -> list[_Placed]:
    """Permits that have ended or end soon, with their ground; permits without a last day are reported together."""
    rows: list[_Placed] = []
    for code, entry in library.catalogue().items():
        version = layer_in_force(all_versions, code, options.as_of)
        if version is None or ENDS not in library.connection.field_types(version.table):
            continue
        features = read_version(library, version, None)
        texts = text_values(features.attributes[ENDS].tolist())
        silent = texts.count(None)
        if silent:
            rows.append((_row(EXPIRY, "unknown", "no_value", layer=code, value=silent, reason=Reason.NO_VALUE), None))
        for at, text in enumerate(texts):
            if text is None:
                continue
            name = _feature_name(features, entry.key, at)
            ground = features.geometries[at] if entry.geometry == "polygon" else None  # the table is one of polygons
            end = day_of(text)
            if end is None:
                rows.append((_row(EXPIRY, "unknown", name, layer=code, reason=NO_DAY), ground))
                continue
            left = (end - options.as_of).days
            if left <= options.days:
                facts = {"layer": code, "day": end.isoformat(), "days_left": left}
                rows.append((_row(EXPIRY, "alarm" if left < 0 else "warn", name, **facts), ground))
    return rows


def _feature_name(features: StoredFeatures, key: str | None, at: int) -> str:
    value = text_value(features.attributes[key].iloc[at]) if key in features.attributes.columns else None
    return value or str(features.fids[at])


def _stale_layers(all_versions: Sequence[Version], options: WarningOptions) -> list[Record]:
    """Layers whose newer version is overdue, or that have none in force."""
    rows = []
    for code, rhythm in (options.rhythm or {}).items():
        of_code = [one for one in all_versions if one.code == code]
        version = in_force(of_code, options.as_of)
        if version is None or version.valid_from is None:
            reason = Reason.NO_VALUE if version else Reason.NOT_IN_FORCE if of_code else Reason.LAYER_MISSING
            rows.append(_row(STALE, "unknown", code, layer=code, limit=rhythm, reason=reason))
            continue
        age = (options.as_of - date.fromisoformat(version.valid_from)).days
        if age > rhythm:
            facts = {"value": age, "limit": rhythm, "headroom": rhythm - age, "day": version.valid_from}
            rows.append(_row(STALE, "warn", version.label, layer=code, unit_of_measure="d", **facts))
    return rows


def _unequal_sums(
    library: Library, all_versions: Sequence[Version], as_of: date, unlooked: list[Record]
) -> Iterator[Record]:
    """Numbers of tables whose districts do not add up to the city; sums that cannot be formed go to `unlooked`."""
    for code, entry in library.catalogue().items():
        version = layer_in_force(all_versions, code, as_of)
        if entry.geometry != "table" or entry.unit is None or version is None:
            continue
        sums = table_sums(read_version(library, version, None).attributes, entry)
        unlooked += [{"kind": SUMS, "reason": reason, "layer": code} for reason in sorted(sums.unlooked)]
        for one in sums.unequal:
            facts = {"value": one.total, "limit": one.own, "headroom": one.own - one.total, "reason": one.group}
            facts |= {"unit_of_measure": one.measure}
            yield _row(SUMS, "warn", f"{one.number} {one.group}".strip(), layer=code, unit=one.unit, **facts)

"""`onemap readings`: means and status of the sensors of a library, of one version of their readings.

An hour counts with three quarters of its readings, a day with twenty valid hours, after GB 3095-2012, table 4. What has
fewer has no mean.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, versions
from onemap.layers.records import Record
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.answers.readings.limits import Limit
from onemap.rules.answers.readings.node_status import NodeStatus, node_statuses
from onemap.rules.answers.readings.reading_look import SHOWN, shown_class
from onemap.rules.answers.readings.reading_rows import readings_of
from onemap.rules.answers.statistics.statistics import record_of
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.layer_sources import Sources

HOUR_SHARE, DAY_HOURS = 0.75, 20
_HOUR_S, _DAY_S = 3600.0, 86400.0
_KEYS = ["node", "property"]


@dataclass(frozen=True)
class ReadingsOptions:
    """The options of `readings`. readings, nodes: CODE or CODE@label; by: hour or day; zone: of days and bare times."""

    readings: str
    nodes: str
    by: str
    at: datetime
    zone: timedelta
    is_zone_given: bool
    limits: Mapping[str, Limit]
    only: str | None = None

    @property
    def day(self) -> date:
        """The local day of the moment, whatever zone it is written in."""
        return self.at.astimezone(timezone(self.zone)).date()


@dataclass(frozen=True)
class SensorReadings:
    """The answer: means, a status a node and property, the versions asked, remarks, and all as tables."""

    means: list[Record]
    nodes: list[Record]
    layers: list[Record]
    problems: list[Problem]
    tables: dict[str, Table]


def sensor_readings(library: Library, options: ReadingsOptions) -> SensorReadings:
    """Measure. Raises OneMapError readings.…, compare.…, layer.unknown, version.unreadable."""
    version, features = _read(library, options.readings, options.day)
    if library.catalogue()[version.code].geometry != "table":
        raise OneMapError("readings.table", layer=version.code, field="--readings")
    name = f"{version.code}@{version.label}"
    zone = options.zone if options.is_zone_given else None
    read = readings_of(features.attributes.reset_index(drop=True), options.limits, zone, name)
    rows = with_periods(read.rows)
    if options.only is not None:
        rows = rows[rows["property"] == options.only].reset_index(drop=True)
        if rows.empty:
            properties = sorted(set(read.rows["property"].astype(str)))
            raise OneMapError("readings.property", layer=name, field="--property", value=options.only, known=properties)
    hours = hour_means(rows, options.zone)
    days = day_means(rows, hours, options.zone)
    statuses = node_statuses(rows, {"hour": hours, "day": days}, options.limits, options.at)
    places, node_version, problems = _places(library, options, statuses)
    means = _mean_records(hours if options.by == "hour" else days, options.zone)
    nodes = [_node_record(status, options.zone) for status in statuses]
    return SensorReadings(
        means=means,
        nodes=nodes,
        layers=[record_of(version), *([record_of(node_version)] if node_version else [])],
        problems=[*read.problems, *problems],
        tables={
            "means": Table(pd.DataFrame(means, columns=_MEAN_FIELDS)),
            "status": Table(pd.DataFrame(nodes, columns=[*_STATUS_FIELDS, SHOWN]), places, "Point"),
        },
    )


_MEAN_FIELDS = ["node", "property", "unit", "start", "mean", "readings", "valid", "expected", "share"]
_STATUS_FIELDS = list(NodeStatus.__dataclass_fields__)


def _read(library: Library, name: str, day: date) -> tuple[Version, StoredFeatures]:
    version = version_named(library, name, day, None, "CODE")
    sources = Sources(library, versions(library, None), day, {}, {}, (0.0, 0.0))
    features = sources.of_version(version, None).stored
    if features is None:
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    return version, features


def _places(
    library: Library, options: ReadingsOptions, statuses: list[NodeStatus]
) -> tuple[np.ndarray, Version | None, list[Problem]]:
    """The point of each status (n,), None where nobody knows it, and who has readings and no place, or no readings."""
    places = np.full(len(statuses), None, dtype=object)
    try:
        version, features = _read(library, options.nodes, options.day)
    except OneMapError as error:
        if [problem.code for problem in error.problems] != ["compare.not_in_force"]:
            raise
        return places, None, list(error.problems)
    key = library.catalogue()[version.code].key
    if key is None or key not in features.attributes.columns:
        raise OneMapError("readings.nodes", layer=version.code, field="--nodes")
    names = features.attributes[key].astype("string").str.strip().astype(object)
    at = dict(zip(names.tolist(), features.geometries, strict=True))
    for number, status in enumerate(statuses):
        place = at.get(status.node)
        # A library holds points as parts of several; a node stands in one place.
        places[number] = shapely.get_geometry(place, 0) if place is not None and not place.is_empty else place
    nodes_without_place = sorted({status.node for status in statuses} - set(at))
    mute = sorted(set(filter(None, names.dropna().tolist())) - {status.node for status in statuses})
    title = {language: f"{text} {version.label}" for language, text in library.catalogue()[version.code].title.items()}
    problems = [
        Problem(code, {"layer": version.code, "title": title, "count": len(nodes), "nodes": nodes[:10]})
        for code, nodes in (("readings.no_place", nodes_without_place), ("readings.no_readings", mute))
        if nodes and (options.only is None or code == "readings.no_place")
    ]
    return np.array([shapely.Point() if place is None else place for place in places], dtype=object), version, problems


def _mean_records(means: pd.DataFrame, zone: timedelta) -> list[Record]:
    """Rows as JSON; the mean is null where too few readings are valid."""
    columns = {name: means[name].tolist() for name in _MEAN_FIELDS}
    columns["start"] = [_local(start.to_pydatetime(), zone) for start in means["start"]]
    for name in ("mean", "expected", "share"):
        columns[name] = [None if np.isnan(value) else value for value in columns[name]]
    columns["expected"] = [None if count is None else int(count) for count in columns["expected"]]
    return [dict(zip(_MEAN_FIELDS, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _node_record(status: NodeStatus, zone: timedelta) -> Record:
    record = asdict(status)
    record[SHOWN] = shown_class(status.status, status.age_s, status.period_s)
    return record | {name: record[name] and _local(record[name], zone) for name in ("time", "since")}


def _local(moment: datetime, zone: timedelta) -> str:
    """A moment with the zone in which days are counted."""
    return moment.astimezone(timezone(zone)).isoformat()


def with_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the period of each node and property: as it is said, else the median of the steps between times."""
    rows = rows.copy()
    steps = rows.groupby(_KEYS, sort=False)["time"].diff().dt.total_seconds()
    usual = steps.groupby([rows["node"], rows["property"]], sort=False).transform("median")
    rows["period_s"] = rows["period_s"].where(rows["period_s"] > 0, usual)
    return rows


def hour_means(rows: pd.DataFrame, zone: timedelta) -> pd.DataFrame:
    """One row for each node, property and hour that has a reading.

    start: in UTC; mean: NaN with fewer valid readings than three quarters of `expected`; readings, valid: counts.
    """
    return _means(rows, rows["value"], zone, _HOUR_S, HOUR_SHARE)


def day_means(rows: pd.DataFrame, hours: pd.DataFrame, zone: timedelta) -> pd.DataFrame:
    """One row for each node, property and local day: the mean of its valid hours, if there are twenty.

    Where readings come less often than every hour, the day is of readings, and five sixths of them have to be valid.
    """
    slow = rows["period_s"] > _HOUR_S
    seldom = _means(rows[slow], rows["value"][slow], zone, _DAY_S, DAY_HOURS / 24)
    of_hours = hours.rename(columns={"start": "time", "mean": "value"}).assign(period_s=_HOUR_S)
    often = of_hours.merge(rows[~slow][_KEYS].drop_duplicates(), on=_KEYS)
    hour_means = _means(often, often["value"], zone, _DAY_S, DAY_HOURS / 24)
    return pd.concat([hour_means, seldom], ignore_index=True).sort_values([*_KEYS, "start"], ignore_index=True)


def _means(rows: pd.DataFrame, values: pd.Series, zone: timedelta, length_s: float, least: float) -> pd.DataFrame:
    span = pd.Timedelta(seconds=length_s)
    start = (rows["time"] + zone).dt.floor(span) - zone
    groups = rows.assign(start=start, value=values).groupby([*_KEYS, "unit", "start"], sort=True)
    means = groups.agg(
        mean=("value", "mean"), readings=("value", "size"), valid=("value", "count"), period_s=("period_s", "median")
    ).reset_index()
    means["expected"] = np.maximum((length_s / means["period_s"]).round(), 1.0)
    means["share"] = (means["valid"] / means["expected"]).clip(upper=1.0)
    # Without a known period nobody can say how many there should be.
    means["mean"] = means["mean"].where(means["share"] >= least - 1e-9)
    return means.drop(columns="period_s")

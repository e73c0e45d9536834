"""A snapshot of a SensorThings service: the JSON with which its API answers, including the entities it refers to.

Things with their Datastreams, Datastreams or Observations with theirs, as `$expand` gives them. One table has a row for
each observation, with the fields of JCSJ; the places of the Things are points, if the snapshot has them.
Source: OGC SensorThings API part 1, version 1.1 (18-088), 8.2 and 9.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.text_encodings import text_of
from onemap.layers.frames.frames import RawFrame
from onemap.layers.records import Record
from onemap.layers.sources.open_formats.nested_values import plain_value

FORMAT = "SensorThings"
OBSERVATIONS, THINGS = "observations", "things"
_FIELDS = ("JDBH", "ZBDM", "DW", "SJ", "Z", "ZL", "CCZQ")
_HEAD = 65_536
_SIGN = re.compile(r'"(?:@iot\.(?:id|selfLink|nextLink|count)|Datastreams|Observations)"')
_NODE_KEYS = ("JDBH", "code", "stationCode", "station")  # of a Thing's properties; its name without one
_WGS_84 = "EPSG:4326"  # of GeoJSON, which locations are written in


@dataclass
class _Snapshot:
    rows: list[list[Any]] = field(default_factory=list)
    places: dict[str, Any] = field(default_factory=dict)  # by the Thing's number
    names: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)  # what the service answered in part only


def is_snapshot(path: Path) -> bool:
    """Whether a .json file is an answer of such a service and not a map."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8", "replace")
    return bool(_SIGN.search(head)) and '"FeatureCollection"' not in head.partition("[")[0]


def snapshot_layers(path: Path) -> list[str]:
    """Return the readings; and the Things, if the snapshot has their places. Raises OneMapError source.damaged."""
    snapshot = _read(path, None)
    return [OBSERVATIONS, THINGS] if snapshot.places else [OBSERVATIONS]


def read_snapshot(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """Read a table of readings, or points of Things.

    Raises OneMapError source.damaged, sensors.no_readings, sensors.not_expanded with the entity.
    """
    snapshot = _read(path, encoding)
    place = ProblemPlace(file=path.name, layer=layer)
    problems = tuple(Problem("sensors.cut", {**place, "feature": name}) for name in snapshot.cut)
    if layer == THINGS:
        numbers = list(snapshot.places)
        attributes = pd.DataFrame({"JDBH": numbers, "JDMC": [snapshot.names[name] for name in numbers]}, dtype=object)
        shapes = np.full(len(numbers), None, dtype=object)
        shapes[:] = list(snapshot.places.values())
        return _frame(path, layer, shapes, attributes, parse_crs(_WGS_84), problems)
    if not snapshot.rows:
        raise OneMapError("sensors.no_readings", **place)
    table = pd.DataFrame(snapshot.rows, columns=list(_FIELDS), dtype=object)
    return _frame(path, layer, np.full(len(table), None, dtype=object), table, None, problems)


def _frame(
    path: Path,
    layer: str,
    shapes: np.ndarray,
    attributes: pd.DataFrame,
    crs: pyproj.CRS | None,
    problems: tuple[Problem, ...],
) -> RawFrame:
    return RawFrame(
        path=path,
        layer=layer,
        format=FORMAT,
        shapes=shapely.force_2d(shapes),
        attributes=attributes,
        crs=crs,
        encoding="UTF-8",
        problems=problems,
        is_table=crs is None,
    )


def _read(path: Path, encoding: str | None) -> _Snapshot:
    text, _ = text_of(path, encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from None
    entities = content.get("value", [content]) if isinstance(content, dict) else content
    if not isinstance(entities, list) or not all(isinstance(one, dict) for one in entities):
        raise OneMapError("source.damaged", file=path.name, reason="value")
    snapshot = _Snapshot()
    if isinstance(content, dict) and "@iot.nextLink" in content:
        snapshot.cut.append("@iot.nextLink")
    for entity in entities:
        _take(entity, snapshot, path)
    return snapshot


def _take(entity: Record, snapshot: _Snapshot, path: Path) -> None:
    """Add an entity of the list: a Thing, a Datastream or an Observation."""
    if "result" in entity:
        stream = _linked_entity(entity, "Datastream", path)
        _take_stream(stream, _linked_entity(stream, "Thing", path), [entity], snapshot, path)
    elif "unitOfMeasurement" in entity:
        _take_stream(
            entity, _linked_entity(entity, "Thing", path), _observations(entity, snapshot, path), snapshot, path
        )
    else:
        for stream in _parts_of(entity, "Datastreams", snapshot, path):
            _take_stream(stream, entity, _observations(stream, snapshot, path), snapshot, path)
        _take_place(entity, snapshot)


def _take_stream(stream: Record, thing: Record, observations: list[Record], snapshot: _Snapshot, path: Path) -> None:
    observed = _linked_entity(stream, "ObservedProperty", path)
    unit = stream.get("unitOfMeasurement") or {}
    number = _number_of(thing)
    symbol = str(unit.get("symbol") or unit.get("name") or "") if isinstance(unit, dict) else ""
    _take_place(thing, snapshot)
    for one in observations:
        time, seconds = _time(str(one.get("phenomenonTime") or one.get("resultTime") or ""))
        quality = _quality(one.get("resultQuality"))
        result = plain_value(one.get("result"))  # a list is no number, but a refusal can name it
        snapshot.rows.append([number, str(observed.get("name") or ""), symbol, time, result, quality, seconds])


def _take_place(thing: Record, snapshot: _Snapshot) -> None:
    """Add the present place of a Thing as a point, if the snapshot has it."""
    locations = thing.get("Locations")
    for location in locations if isinstance(locations, list) else ():
        content = location.get("location") if isinstance(location, dict) else None
        if isinstance(content, dict) and isinstance(content.get("geometry"), dict):
            content = content["geometry"]
        try:
            shape = shapely.from_geojson(json.dumps(content))
        except (ValueError, TypeError, shapely.GEOSException):
            continue
        if isinstance(shape, shapely.Point) and not shape.is_empty:
            number = _number_of(thing)
            snapshot.places[number], snapshot.names[number] = shape, str(thing.get("name") or number)


def _observations(stream: Record, snapshot: _Snapshot, path: Path) -> list[Record]:
    if "Observations" not in stream:
        raise OneMapError("sensors.not_expanded", file=path.name, feature=_title(stream), field="Observations")
    return list(_parts_of(stream, "Observations", snapshot, path))


def _parts_of(entity: Record, name: str, snapshot: _Snapshot, path: Path) -> Iterator[Record]:
    if f"{name}@iot.nextLink" in entity:
        snapshot.cut.append(f"{_title(entity)} · {name}")
    parts = entity.get(name) or []
    if not isinstance(parts, list):
        raise OneMapError("source.damaged", file=path.name, reason=name)
    return (one for one in parts if isinstance(one, dict))


def _linked_entity(entity: Record, name: str, path: Path) -> Record:
    """Return the entity that another refers to. Raises OneMapError sensors.not_expanded if there is only a link."""
    content = entity.get(name)
    if not isinstance(content, dict):
        raise OneMapError("sensors.not_expanded", file=path.name, feature=_title(entity), field=name)
    return content


def _title(entity: Record) -> str:
    return str(entity.get("name") or entity.get("@iot.id") or "")


def _number_of(thing: Record) -> str:
    properties = thing.get("properties")
    thing_properties = properties if isinstance(properties, dict) else {}
    return str(next((thing_properties[key] for key in _NODE_KEYS if thing_properties.get(key)), _title(thing)))


def _time(text: str) -> tuple[str, float | None]:
    """Return the begin of a moment or an interval as written, and the interval's length in seconds."""
    first, _, last = text.partition("/")
    try:
        moments = [datetime.fromisoformat(one.replace("Z", "+00:00")) for one in (first, last)]
        seconds = (moments[1] - moments[0]).total_seconds()
    except (ValueError, TypeError):
        return first, None
    return first, seconds if seconds > 0 else None


def _quality(value: Any) -> str | None:
    """The flag, or the code of a DQ_Status."""
    while isinstance(value, (dict, list)):
        parts = value if isinstance(value, list) else [value.get("DQ_Status"), value.get("code"), value.get("result")]
        value = next((part for part in parts if part), None)
    return None if value is None else str(value)

"""Limits of readings, from a TOML file: plausible values, thresholds, and how often in a row they must be exceeded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.toml_text import toml_content, toml_reason
from onemap.layers.errors import OneMapError

SPANS = ("reading", "hour", "day")
DIRECTIONS = ("above", "below")
_KEYS = {"property", "unit", "over", "warn", "alarm", "direction", "of", "clear", "range", "stuck", "basis"}


@dataclass(frozen=True)
class Limit:
    """The limits of one property.

    over: what is looked at, single readings or means of an hour or day. warn, alarm: in `unit`.
    times, last: so many of so many in a row have to be beyond. clear: an alarm ends not before a value is on the good
    side of this one; without it of the limit itself. least, most: what is outside is no reading. stuck: so many equal
    readings in a row are none; 0 where that may be.
    """

    property: str
    unit: str
    over: str = "hour"
    warn: float | None = None
    alarm: float | None = None
    direction: str = "above"
    times: int = 1
    last: int = 1
    clear: float | None = None
    least: float | None = None
    most: float | None = None
    stuck: int = 0
    basis: str = ""


def read_limits(path: str | Path) -> dict[str, Limit]:
    """The limits of a file, by property. Raises OneMapError readings.syntax, readings.limits.

    The latter has the file, the entry and the key.
    """
    file = Path(path)
    try:
        raw = toml_content(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise OneMapError("readings.syntax", file=file.name, field="--limits", reason=toml_reason(error)) from error
    entries = raw.get("limit")
    if not isinstance(entries, list) or not entries or set(raw) - {"limit"}:
        raise _refusal(file, "–", next(iter(sorted(set(raw) - {"limit"})), "limit"), "[[limit]]")
    limits: dict[str, Limit] = {}
    for number, entry in enumerate(entries, start=1):
        limit = _limit(file, number, entry)
        if limit.property in limits:
            raise _refusal(file, number, "property", limit.property)
        limits[limit.property] = limit
    return limits


def _limit(file: Path, number: int, entry: dict[str, Any]) -> Limit:
    def refuse(key: str) -> OneMapError:
        return _refusal(file, number, key, repr(entry.get(key)))

    for key in entry:
        if key not in _KEYS:
            raise refuse(key)
    for key in ("property", "unit"):
        if not (isinstance(entry.get(key), str) and entry[key].strip()):
            raise refuse(key)
    for key in ("warn", "alarm", "clear"):
        if not (entry.get(key) is None or _is_number(entry[key])):
            raise refuse(key)
    for key, allowed in (("over", SPANS), ("direction", DIRECTIONS)):
        if entry.get(key, allowed[0]) not in allowed:
            raise refuse(key)
    of, bounds, stuck = entry.get("of", [1, 1]), entry.get("range", [None, None]), entry.get("stuck", 0)
    if not (_is_list(of, int) and 1 <= of[0] <= of[1]):
        raise refuse("of")
    if "range" in entry and not (_is_list(bounds, (int, float)) and bounds[0] < bounds[1]):
        raise refuse("range")
    if type(stuck) is not int or stuck < 0 or stuck == 1:
        raise refuse("stuck")
    limit = Limit(
        property=entry["property"].strip(),
        unit=entry["unit"].strip(),
        over=entry.get("over", "hour"),
        warn=entry.get("warn"),
        alarm=entry.get("alarm"),
        direction=entry.get("direction", "above"),
        times=of[0],
        last=of[1],
        clear=entry.get("clear"),
        least=bounds[0],
        most=bounds[1],
        stuck=stuck,
        basis=str(entry.get("basis", "")),
    )
    side = 1.0 if limit.direction == "above" else -1.0
    steps = [value for value in (limit.clear, limit.warn, limit.alarm) if value is not None]
    if any(side * later < side * earlier for earlier, later in zip(steps, steps[1:], strict=False)):
        raise refuse("alarm" if limit.alarm is not None else "warn")
    return limit


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, kind) for one in value)


def _refusal(file: Path, number: int | str, key: str, value: str) -> OneMapError:
    return OneMapError("readings.limits", file=file.name, entry=number, field=key, value=value)

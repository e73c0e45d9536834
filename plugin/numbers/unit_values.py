"""An answer of `indicators` as values of units, and what they are called in words: nothing is without a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.words.core_words import all_words, layer_title, word
from onemap.plugin.words.number_format import NOT_MEASURED, area_text
from onemap.plugin.words.translation import Count, name_list, tr, with_label
from onemap.plugin.words.verdicts import LOOKS

STATUSES = ("alarm", "warn", "unknown", "ok", "none")  # most severe first
LOOK_OF = {
    "alarm": "prohibited",
    "warn": "restricted",
    "unknown": "unknown",
    "ok": "clear",
}  # the verdict that looks so
JUDGED = ("alarm", "warn", "ok")
NO_TARGET = "no_target"  # a value without a target needs no reason
NO_BREAK = "\u00a0"  # a sign stands on the line of its word
TRENDS = {"rise": "↗", "fall": "↘", "same": "→"}
ROOM = ("headroom", "committed", "in_review", "free", "pace", "days_left", "committed_reason", "days_reason")
_BOUNDS = {"floor": "≥", "ceiling": "≤", "rise": "↗", "fall": "↘"}
_MEASURES = {"km2": "km²", "km/100km2": "km/100 km²"}
_DECIMALS = {"count": 0, "person": 0, "bed": 0, "yuan": 0, "d": 0, "%": 1, "m": 1, "km": 3, "km2": 3}  # others: two
_TRIVIAL = 1 - 1e-6


@dataclass(frozen=True)
class UnitValue:
    """One indicator in one unit on one day.

    unit: empty for the whole district; reason: codes with commas between; inputs: its terms, as the core tells them.
    trend: rise, fall, same, or empty with its reason; before: what it is held against, on which day.
    decimals: as many as its page has; None where the core does not say.
    room: of a quota what is committed and free, the pace and the days, as the core tells them; empty of another.
    """

    indicator: tuple[str, str]
    title: str
    unit: str
    unit_name: str
    value: float | None
    measure: str
    year: int | None
    target: float | None
    target_year: int | None
    bound: str
    status: str
    reason: str
    share_known: float
    known_value: float | None
    inputs: tuple[dict[str, Any], ...]
    trend: str = ""
    trend_reason: str = ""
    before: float | None = None
    before_day: str = ""
    way: str = ""
    decimals: int | None = None
    room: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value_text(self) -> str:
        """The value with its unit of measure."""
        return self.in_words(self.value)

    def in_words(self, number: float | None) -> str:
        """A number of this indicator with its unit of measure."""
        return measured_text(number, self.measure, self.decimals)

    @property
    def target_text(self) -> str:
        """What it is held to and by when; empty for nothing."""
        if self.target is None:
            return ""
        target = f"{_BOUNDS.get(self.bound, '')} {self.in_words(self.target)}".strip()
        return tr("{title} ({code})").format(title=target, code=self.target_year) if self.target_year else target

    @property
    def status_text(self) -> str:
        """The status in words, and why it is so where it is not plain; its sign is the icon beside it."""
        reason = "" if self.reason == NO_TARGET and self.value is not None else reasons_text(self.reason)
        named = word("indicator_statuses", self.status)
        return with_label(named, reason) if reason else named

    @property
    def trend_text(self) -> str:
        """Which way it goes, by sign and word; of what has no value nothing."""
        if self.value is None:
            return ""
        named = word("trends", self.trend) if self.trend else tr("trend unknown")
        return f"{TRENDS.get(self.trend, '?')}{NO_BREAK}{named}"


def unit_values(answer: dict[str, Any], whole: str) -> list[UnitValue]:
    """The values of the last day of an answer. whole: what the one unit of a district without divisions is called."""
    last = max((row["as_of"] for row in answer["indicators"]), default="")
    return [
        UnitValue(
            (str(row["pack"]), str(row["id"])),
            str(row.get("title") or row["id"]),
            str(row["unit"] or ""),
            unit_name=str(row.get("unit_title") or row["unit"] or whole),
            value=row["value"],
            measure=str(row.get("unit_of_measure") or ""),
            year=row.get("year"),
            target=row.get("target"),
            target_year=row.get("target_year"),
            bound=str(row.get("bound") or ""),
            status=str(row["status"]),
            reason=str(row.get("reason") or ""),
            share_known=float(row.get("share_known") or 0.0),
            known_value=row.get("known_value"),
            inputs=tuple(row.get("inputs") or ()),
            trend=str(row.get("trend") or ""),
            trend_reason=str(row.get("trend_reason") or ""),
            before=row.get("before"),
            before_day=str(row.get("before_as_of") or ""),
            way=str(row.get("way") or ""),
            decimals=row.get("decimals"),
            room={name: row.get(name) for name in ROOM} if row.get("headroom") is not None else {},
        )
        for row in answer["indicators"]
        if row["as_of"] == last
    ]


def measured_text(value: float | None, measure: str, decimals: int | None = None) -> str:
    """A number with its unit of measure, to so many decimals or its unit's; a dash for what was not measured."""
    if value is None:
        return NOT_MEASURED
    if measure == "m2":
        return area_text(value)
    digits = _usual_decimals(value, measure) if decimals is None else decimals
    number = f"{value:,.{digits}f}"
    if value and not number.strip("-0."):  # what is there never reads as nothing
        number = f"{'> -' if value < 0 else '< '}{10**-digits:.{digits}f}"
    return f"{number} {measure_text(measure)}".strip()


def _usual_decimals(value: float, measure: str) -> int:
    """As many as the pages of the indicators have: a part of a thing that is counted is no whole."""
    digits = _DECIMALS.get(measure, 2)
    return 2 if digits == 0 and abs(value) < 10 and not float(value).is_integer() else digits


def measure_text(measure: str) -> str:
    """A unit of measure as people write it."""
    if measure == "count":
        return ""
    words = {"person": tr("persons"), "ha": tr("ha"), "m2/person": tr("m²/person"), "x": tr("×")}
    return words.get(measure) or _MEASURES.get(measure, measure)


def sign_and_word(status: str) -> str:
    """A status by sign and word."""
    sign = LOOKS[LOOK_OF[status]].sign if status in LOOK_OF else NOT_MEASURED
    return f"{sign} {word('indicator_statuses', status)}"


def reasons_text(reasons: str) -> str:
    """Reasons in words; those that findings have too stand among theirs."""
    own = all_words("indicator_reasons")
    codes = [code for code in reasons.split(",") if code]
    return name_list(own.get(code) or word("reasons", code) for code in codes)


def worst_status(values: Sequence[UnitValue]) -> str:
    """The most severe status among units."""
    return min((value.status for value in values), key=STATUSES.index)


def summary_text(values: Sequence[UnitValue]) -> str:
    """The values of units in one line: from least to greatest, what all are held to, how many have which status.

    Where all have one status for one reason, that is said instead.
    """
    targets = {value.target_text for value in values}
    texts = [span_text(values), *(targets if len(targets) == 1 else ())]
    if len({value.status_text for value in values}) == 1:
        texts.append(values[0].status_text)
    else:
        counts = {status: sum(value.status == status for value in values) for status in STATUSES}
        texts += [
            f"{sign_and_word(status)} {count}".replace(" ", NO_BREAK, 1) for status, count in counts.items() if count
        ]
    if len(values) == 1:
        texts.append(values[0].trend_text if values[0].trend else "")
    else:
        texts += [
            f"{sign}{NO_BREAK}{word('trends', way)} {count}"
            for way, sign in TRENDS.items()
            if (count := sum(one.trend == way for one in values))
        ]
    return " · ".join(text for text in texts if text not in ("", NOT_MEASURED))


def span_text(values: Sequence[UnitValue]) -> str:
    """The least and the greatest value of units."""
    numbers = sorted(value.value for value in values if value.value is not None)
    if not numbers or numbers[0] == numbers[-1]:
        return values[0].in_words(numbers[0] if numbers else None)
    return f"{measured_text(numbers[0], 'count', values[0].decimals)} – {values[0].in_words(numbers[-1])}"


def fact_rows(value: UnitValue) -> list[tuple[str, str]]:
    """What a value is made of, as name and text: year, trend, target, room, what is known, its terms with versions."""
    rows = [(tr("Year"), str(value.year))] if value.year and value.value is not None else []
    rows += _trend_rows(value)
    rows += [(tr("Held to"), value.target_text)] if value.target_text else []
    rows += _room_rows(value)
    rows += [(with_label(tr("Walks"), word("ways", value.way)), "")] if value.way else []
    if value.share_known < _TRIVIAL and value.known_value is not None:
        part = f"{100 * value.share_known:.2f} %"
        rows.append((tr("Data speak for {part} of it").format(part=part), value.in_words(value.known_value)))
    for term in value.inputs:
        versions = name_list(
            f"{layer_title(version['code'])} {version['label']}" for version in term.get("versions") or ()
        )
        why = reasons_text(str(term.get("reason") or "")) if term["value"] is None else ""
        note = " · ".join(filter(None, (versions, why)))
        name = tr("ground of the unit") if term["kind"] == "ground" else str(term.get("title") or term["term"])
        rows.append(
            (
                with_label(name, note) if note else name,
                measured_text(term["value"], str(term.get("unit_of_measure") or ""), term.get("decimals")),
            )
        )
    return rows


def _trend_rows(value: UnitValue) -> list[tuple[str, str]]:
    """Which way it goes since when, or why nobody can say."""
    if value.value is None:
        return []
    if not value.trend:
        return [(with_label(value.trend_text, reasons_text(value.trend_reason)), "")]
    since = tr("before, on {day}").format(day=value.before_day)
    return [(f"{value.trend_text} · {since}", value.in_words(value.before))]


def _room_rows(value: UnitValue) -> list[tuple[str, str]]:
    """What of a quota is approved, in review and free; how fast it goes, and for how many days it lasts."""
    room = value.room
    if not room:
        return []
    rows = []
    if room["committed_reason"]:
        rows.append((with_label(tr("Approved and in review"), reasons_text(room["committed_reason"])), ""))
    elif room["committed"] is not None:
        approved = room["committed"] - (room["in_review"] or 0.0)
        rows.append((tr("Approved, not yet there"), value.in_words(approved)))
        rows.append((tr("In review"), value.in_words(room["in_review"])))
    rows.append((tr("Room up to the target"), value.in_words(room["headroom"])))
    if room["free"] is not None and room["committed"] is not None:
        rows.append((tr("Free after what is committed"), value.in_words(room["free"])))
    if room["pace"] is not None:
        rows.append((tr("Changes in a year"), value.in_words(room["pace"])))
    if room["days_left"] is not None:
        rows.append((tr("Lasts"), tr("{count:# day|# days}").format(count=Count(room["days_left"]))))
    elif room["days_reason"]:
        rows.append((with_label(tr("Days left"), reasons_text(room["days_reason"])), ""))
    return rows

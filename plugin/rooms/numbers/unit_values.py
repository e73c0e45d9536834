"""The values in an answer of `indicators`, as the map shows them: one indicator in each unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onemap.plugin.desk.answers.answer_tree import word_text
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED
from onemap.plugin.words.verdicts import LOOKS

STATUSES = ("alarm", "warn", "unknown", "ok", "none")  # most severe first
LOOK_OF = {
    "alarm": "prohibited",
    "warn": "restricted",
    "unknown": "unknown",
    "ok": "clear",
}  # the verdict that looks so
JUDGED = ("alarm", "warn", "ok")


@dataclass(frozen=True)
class UnitValue:
    """One indicator in one unit on the last day of an answer.

    indicator: its pack and id; unit: empty for the whole district; word: the value as text in the core's rows.
    """

    indicator: tuple[str, str]
    title: str
    unit: str
    unit_name: str
    value: float | None
    status: str
    word: Any

    @property
    def value_text(self) -> str:
        """The value with its unit of measure."""
        return word_text(self.word)


def unit_values(answer: dict[str, Any]) -> list[UnitValue]:
    """The values that an answer's rows have."""
    records = {(one["pack"], one["id"], one["unit"] or "", one["as_of"]): one for one in answer["indicators"]}
    last = max((one["as_of"] for one in answer["indicators"]), default="")
    values = []
    for row in (row for theme in answer["view"] for row in theme["rows"]):
        pack, id_ = row["about"]["pack"], row["about"]["id"]
        for below in row["rows"]:
            unit = below["about"]["unit"]
            record = records[pack, id_, unit, last]
            names = (first_line(row["name"]), unit, first_line(below["name"]))
            values.append(UnitValue((pack, id_), *names, record["value"], record["status"], below["values"][0]))
    return values


def first_line(name: str) -> str:
    """The name of a row, without the remarks below it."""
    return name.split("\n", 1)[0]


def sign_and_word(status: str) -> str:
    """A status by sign and word."""
    sign = LOOKS[LOOK_OF[status]].sign if status in LOOK_OF else NOT_MEASURED
    return f"{sign} {word('indicator_statuses', status)}"

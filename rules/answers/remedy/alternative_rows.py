"""The rows of a remedy for people: its alternatives, gains and losses of departments, and the extent of the search."""

import math
from collections.abc import Sequence

from onemap.layers.area_units import hectares_text, share_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import pair_text, phrase
from onemap.layers.records import Record
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerView,
    Word,
    assumed_rows,
    direction_word,
    part_lines,
    sentence_row,
)
from onemap.rules.display.rows.run_views import unasked_row

_LEAST_USABLE_M2 = 0.1  # below it, what would pass is no ground that anybody can use
_MOST = 20  # lines that somebody reads; the answer in JSON and the tables have them all


def remedy_view(result: Record, language: str) -> AnswerView:
    """The answer of `remedy`."""
    sums = {name: hectares_text(result[f"{name}_m2"]) for name in ("cut", "dropped")}
    opening = phrase("said.remedy", language, **{**result, **sums, "run": result["run"]["id"]})
    run, lines = result["run"], _closing_lines(result, language)
    closing = [AnswerRow("", line=[line]) for line in lines] + assumed_rows(run["layers"], language)
    closing.append(unasked_row(result["rules"], result["unasked"], language))
    if not run["recorded"]:
        closing.append(sentence_row("not_recorded", language))
    return AnswerView([*alternative_rows(result["alternatives"], language), *closing], [opening])


def remedy_lines(result: Record, language: str) -> list[str]:
    """The plain lines of an answer with `alternatives` and `search`."""
    return part_lines(alternative_rows(result["alternatives"], language), language) + _closing_lines(result, language)


def _closing_lines(result: Record, language: str) -> list[str]:
    more = max(len(result["alternatives"]) - _MOST, 0) + result.get("alternatives_left", 0)
    lines = [phrase("said.more_alternatives", language, count=more)] if more else []
    return [*lines, result["search"]["text"]] if result["search"]["text"] else lines


def step_text(moved_m: float, turned_deg: float, language: str) -> str:
    """How far an alternative was moved and turned; empty if it stays in place."""
    if not moved_m and not turned_deg:
        return ""
    return phrase("said.alternative_step", language, moved=f"{moved_m:,.1f}", turned=f"{turned_deg:.1f}")


def alternative_rows(alternatives: Sequence[Record], language: str) -> list[AnswerRow]:
    """A row for each alternative with its area and share of the parcel; below it the changes for each department."""
    return [_alternative_row(row, language, is_said=at < _MOST) for at, row in enumerate(alternatives)]


def _alternative_row(row: Record, language: str, is_said: bool) -> AnswerRow:
    title = phrase(f"alternative.{row['alternative']}", language)
    step = _way_words(row, language)
    is_usable = row["area_m2"] >= _LEAST_USABLE_M2
    area: Word = Amount(row["area_m2"], "m2") if is_usable else phrase("remedy_row.nothing", language)
    return AnswerRow(
        pair_text(title, step, language) if step else title,
        (area, Amount(row["share"], "share")),
        about={"parcel": row["parcel"], "alternative": row["alternative"], "step": step},
        sign=row["verdict"] if is_usable else "",
        is_open=False,
        rows=[_department_row(name, change, language) for name, change in row["departments"].items()],
        line=(_line(row, title, language),) if is_said else None,
    )


def _line(row: Record, title: str, language: str) -> str:
    facts = {"parcel": row["parcel"], "name": title, "verdict": phrase(f"verdict.{row['verdict']}", language)}
    if row["area_m2"] < _LEAST_USABLE_M2:
        return phrase("said.alternative_nothing", language, **facts)
    sizes = {"area_ha": hectares_text(row["area_m2"]), "share": share_text(row["share"])}
    line = phrase("said.alternative", language, **facts, **sizes)
    step = step_text(row["moved_m"], row["turned_deg"], language)
    return phrase("said.comma", language).join(filter(None, (line, step)))


def _way_words(row: Record, language: str) -> str:
    """How far and in which direction an alternative was moved, and how far turned; empty for neither."""
    words = []
    if row["moved_m"]:
        bearing = math.degrees(math.atan2(row["east_m"], row["north_m"]))
        direction = direction_word(bearing, language)
        words.append(phrase("remedy_row.moved", language, distance=f"{row['moved_m']:,.1f}", direction=direction))
    if row["turned_deg"]:
        way = "anticlockwise" if row["turned_deg"] > 0 else "clockwise"
        words.append(phrase(f"remedy_row.{way}", language, angle=f"{abs(row['turned_deg']):.1f}"))
    return phrase("said.comma", language).join(words)


def _department_row(department: str, change: Record, language: str) -> AnswerRow:
    """The ground in conflict with one department before and after; else the ground that cannot be judged."""
    values = [Amount(change[f"{side}_m2"] or change[f"unknown_{side}_m2"], "m2") for side in ("before", "after")]
    verdicts = {side: phrase(f"verdict.{change[f'verdict_{side}']}", language) for side in ("before", "after")}
    below = [AnswerRow(phrase("remedy_row.verdicts", language, **verdicts))]
    below += [
        AnswerRow(phrase(f"remedy_row.{name}", language), (Amount(change[f"{name}_m2"], "m2"),))
        for name in ("kept", "given_up")
    ]
    if change["unknown_before_m2"] or change["unknown_after_m2"]:
        unknown = [Amount(change[f"unknown_{side}_m2"], "m2") for side in ("before", "after")]
        below.append(AnswerRow(phrase("remedy_row.unknown", language), unknown))
    about = {"department": department, "before": change["verdict_before"], "after": change["verdict_after"]}
    title = named_groups()["departments"][department][language]
    return AnswerRow(title, values, about=about, is_open=False, rows=below)

"""A remedy as JSON: the answer to a request, and what a case shows of the remedies kept with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.answers.remedy.alternatives import departments_of
from onemap.rules.answers.remedy.remedy_options import KEEP_VERDICT, RemedyOptions
from onemap.rules.judge.findings.table import Row, records_of
from onemap.rules.judge.runs.run import Chunk


def remedy_options(values: Mapping[str, Any]) -> RemedyOptions:
    """The options in a verb's values."""
    return RemedyOptions(
        keep_verdict=values.get("keep_verdict") or KEEP_VERDICT,
        min_part_m2=values.get("min_part") or 0.0,
        min_width_m=values.get("min_width") or 0.0,
        one_piece=bool(values.get("one_piece")),
        move_m=values.get("move") or 0.0,
        turn_deg=values.get("turn") or 0.0,
    )


class SaidAlternatives:
    """The alternatives that an answer lists; of very many only the first, since all are in memory.

    most: None for all.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.rows: list[Row] = []
        self.left = 0  # that only the tables have

    def append(self, chunk: Chunk) -> None:
        """Add the alternatives of the next parcels."""
        if "alternatives" not in chunk.tables:
            return
        count = chunk.tables["alternatives"].count
        room = count if self._most is None else self._most - len(self.rows)
        if room > 0:
            names = ("alternatives", "departments")
            self.rows += alternative_rows(*(records_of(chunk.tables[name].columns) for name in names))[:room]
        self.left += max(count - max(room, 0), 0)


def remedy_json(record: Mapping[str, Any], alternatives: SaidAlternatives, language: str) -> Row:
    """A remedy as `remedy` returns it: sums, alternatives, and the extent of the search."""
    search = record["search"]
    return {
        **record["sums"],
        "alternatives": alternatives.rows,
        **({"alternatives_left": alternatives.left} if alternatives.left else {}),
        "search": {**search, "text": search_text(search, language)},
    }


def alternative_rows(alternatives: Sequence[Row], departments: Sequence[Row]) -> list[Row]:
    """The rows of the table `alternatives`, each with its departments' losses and gains as an object."""
    changes = departments_of(list(departments))
    return [{**row, "departments": changes.get((row["parcel"], row["alternative"]), {})} for row in alternatives]


def search_text(search: Mapping[str, Any], language: str) -> str | None:
    """A sentence on how far the search went, and that it was not exhaustive; None if there was no search."""
    if not search["move_m"] and not search["turn_deg"]:
        return None
    parts = []
    if search["move_m"]:
        parts.append(phrase("said.search_move", language, move=f"{search['move_m']:g}", count=search["directions"]))
    if search["turn_deg"]:
        parts.append(phrase("said.search_turn", language, turn=f"{search['turn_deg']:g}"))
    if search["both"]:
        parts.append(phrase("said.search_both", language, count=search["both"]))
    bounds = phrase("said.comma", language).join(parts)
    return phrase("said.search", language, bounds=bounds, tried=f"{search['tried']:,}")

"""Checks of field values: missing values, lengths, types, codes and their names, heights."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.catalogue.catalogue import Field, LayerEntry
from onemap.layers.catalogue.check_levels import check_of
from onemap.layers.catalogue.code_forms import code_reading
from onemap.layers.catalogue.code_tables import CodeTable, code_table, plain_code
from onemap.layers.errors import Problem, require_value
from onemap.layers.frames.days import day_of
from onemap.layers.frames.fields import as_numbers, text_value, text_values
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.height_range import HeightRange
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import FlawList, Flaws

Most = Callable[[str], int | None]
_KINDS = {pa.string(): str, pa.int64(): int, pa.float64(): float}  # what a column of a frame holds
_MOST_FORMS = 10  # reported of one field


def chosen_tables(frame: FrameBlocks, entry: LayerEntry, progress: Progress) -> dict[str, CodeTable]:
    """Return for each field of codes the table that knows most of its rows; of equals the first in the schema."""
    fields = [field for field in entry.fields if field.codes and not field.values and field.name in frame.columns]
    known_counts = {field.name: [0] * len(field.codes) for field in fields}
    tables = {field.name: [code_table(name) for name in field.codes] for field in fields}
    for block in frame.blocks(progress) if any(len(several) > 1 for several in tables.values()) else ():
        for field in fields:
            place, values = FieldValues(frame, field.name, block).distinct
            counts = np.bincount(place[place >= 0], minlength=len(values)).tolist()
            codes = [text_value(value) for value in values]
            for at, table in enumerate(tables[field.name]):
                pairs = zip(codes, counts, strict=True)
                known_counts[field.name][at] += sum(count for code, count in pairs if code and table.class_of(code))
    return {name: several[int(np.argmax(known_counts[name]))] for name, several in tables.items()}


def value_flaws(
    frame: FrameBlocks,
    entry: LayerEntry,
    required: Sequence[str],
    tables: dict[str, CodeTable],
    most: Most,
    progress: Progress,
) -> list[Flaws]:
    """Return features without a value in the class field or one that rules use, and values that do not fit.

    tables: from `chosen_tables`.
    most: of a code, how many are reported.
    """
    wanted_fields = dict.fromkeys([*([entry.class_field] if entry.class_field else []), *required])
    there = [name for name in wanted_fields if name != entry.key and name in frame.columns]
    missing = {name: FlawList("value.missing", most("value.missing")) for name in there}
    fields = [_FieldCheck(field, tables, most) for field in entry.fields if field.name in frame.columns]
    for block in frame.blocks(progress):
        names = {*missing, *(check.field.name for check in fields)}
        values = {name: FieldValues(frame, name, block) for name in names}
        for name, flaws in missing.items():
            place, distinct = values[name].distinct
            null = np.array([*(text is None for text in text_values(distinct)), True])[place]  # null has the last place
            flaws.add(block[null], lambda at, name=name: {"field": name})  # type: ignore[misc]
        for check in fields:
            check.look(block, values)
    collected: Iterable[FlawList] = [
        *missing.values(),
        *(flaws for check in fields for flaws in (check.type, check.length, check.code)),
        *(check.name for check in fields),
    ]
    return [
        *(item for flaws in collected for item in flaws.flaws()),
        *(item for check in fields for item in check.forms()),
    ]


def height_flaws(frame: FrameBlocks, entry: LayerEntry, progress: Progress) -> list[Flaws]:
    """Fields of heights of which more than the allowed share of the values cannot be heights in metres."""
    settings = check_of(entry, "value.heights")
    ranges = {field.name: field.heights_m for field in entry.fields if field.name in frame.columns}
    if settings["level"] == "off":
        return []
    height_ranges = {name: HeightRange(heights_m) for name, heights_m in ranges.items() if heights_m is not None}
    for block in frame.blocks(progress) if height_ranges else ():
        for name, heights in height_ranges.items():
            heights.see(frame.numbers(name, block))
    return [
        Flaws(
            "value.heights",
            np.array([-1]),
            [{"field": name, "count": heights.beyond, "of": heights.count, **heights.facts()}],
        )
        for name, heights in height_ranges.items()
        if heights.beyond > settings["share"] * heights.count
    ]


class FieldValues:
    """The values of a field in some rows, converted to Python values only if they are examined one by one."""

    def __init__(self, frame: FrameBlocks, name: str, rows: np.ndarray) -> None:
        self._read = partial(frame.values, name, rows)
        self.column: pa.Array | None = frame.column(name, rows)

    @cached_property
    def plain(self) -> list[Any]:
        """All values (n,) as Python values."""
        return self._read()

    @cached_property
    def distinct(self) -> tuple[np.ndarray, list[Any]]:
        """The result of `distinct_values` for these values."""
        if self.column is None or pa.types.is_floating(self.column.type):
            return distinct_values(self.plain)
        encoded = self.column.dictionary_encode()
        return pc.fill_null(encoded.indices, -1).to_numpy(), encoded.dictionary.to_pylist()

    @property
    def kinds(self) -> set[type]:
        """The types of the values that are not null."""
        if self.column is None:
            return set(map(type, self.plain)) - {type(None)}
        return {_KINDS[self.column.type]} if self.column.null_count < len(self.column) else set()

    @property
    def longest(self) -> int:
        """The number of characters of the longest text."""
        if self.column is None:
            return max(map(len, filter(None, self.plain)), default=0)
        return int(pc.max(pc.utf8_length(self.column)).as_py() or 0)

    @property
    def numbers(self) -> np.ndarray:
        """The values (n,) of a numeric field, null as NaN."""
        if self.column is None:
            return np.array(self.plain, dtype=float)
        return np.asarray(self.column.to_numpy(zero_copy_only=False), dtype=float)


def distinct_values(values: Sequence[Any]) -> tuple[np.ndarray, list[Any]]:
    """The place of each row's value among the distinct ones (-1 for null), and the distinct values."""
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    place, distinct = pd.factorize(objects)
    return place, list(distinct)


class _FieldCheck:
    """Checks one field of the schema, block by block."""

    def __init__(self, field: Field, tables: dict[str, CodeTable], most: Most) -> None:
        self.field = field
        self.type = FlawList("value.type", most("value.type"))
        self.length = FlawList("value.length", most("value.length"))
        self.code = FlawList("value.code", most("value.code"))
        self.name = FlawList("value.name", most("value.name"))
        self._table = tables.get(field.name)
        self._codes_of_names = tables.get(field.name_of or "")
        self._allowed = {plain_code(value) for value in field.values}
        self._reading = code_reading(field)
        self._forms: dict[tuple[str, str], int] = {}  # as it is written and as it is read → in how many features

    def look(self, rows: np.ndarray, values: dict[str, FieldValues]) -> None:
        """Check the next rows (k,). values: all their values by field."""
        field, own = self.field, values[self.field.name]
        if self._fits_at_once(own):
            return
        place, distinct = own.distinct

        def add(flaws: FlawList, wrong: Sequence[bool], **facts: Any) -> None:
            at = np.flatnonzero(np.array([*wrong, False], dtype=bool)[place])  # the last stands for null: place -1
            flaws.add(rows[at], lambda k: {"field": field.name, "value": str(own.plain[at[k]])[:80], **facts})

        add(self.type, [not _fits(value, field) for value in distinct], expected=Problem(f"kind.{field.type}"))
        if field.type == "text" and field.length is not None:
            length = field.length
            add(
                self.length, [isinstance(value, str) and len(value) > length for value in distinct], length=field.length
            )
        if self._allowed:
            allowed = self._allowed
            other = [code is not None and plain_code(code) not in allowed for code in map(text_value, distinct)]
            add(self.code, other, known=field.values)
        elif self._table is not None:
            classes = self._table
            codes = [text_value(value) for value in distinct]
            unknown = [code is not None and classes.class_of(code) is None for code in codes]
            add(self.code, unknown, known=classes.standard)
        if self._reading is not None:
            self._look_at_forms(place, distinct, self._reading)
        if self._codes_of_names is not None and field.name_of is not None:
            self._look_at_names(rows, values[field.name_of], place, distinct, own)

    def _fits_at_once(self, values: FieldValues) -> bool:
        """Whether all values of a field without codes fit, as its column shows without examining each value."""
        field, kinds = self.field, values.kinds
        if self._allowed or self._table or self._reading or self._codes_of_names:
            return False
        if field.type == "text":
            longest = values.longest if kinds == {str} else 0
            return kinds <= {str} and (field.length is None or longest <= field.length)
        if field.type not in ("number", "integer") or not kinds <= {float}:
            return not kinds
        numbers = values.numbers  # none is not a number, and nothing is wrong with either
        is_wrong = np.isinf(numbers) if field.type == "number" else np.isinf(numbers) | (numbers % 1 > 0)
        return not is_wrong.any()

    def _look_at_forms(self, place: np.ndarray, distinct: list[Any], reading: Callable[[str], str]) -> None:
        """Count texts that are known codes in another spelling; unknown codes are reported elsewhere."""
        counts = np.bincount(place[place >= 0], minlength=len(distinct)).tolist()
        for value, count in zip(distinct, counts, strict=True):
            text = text_value(value) if isinstance(value, str) else None
            if text is None or reading(text) == value:
                continue
            if plain_code(text) in self._allowed or (self._table is not None and self._table.class_of(text)):
                self._forms[(value, reading(text))] = self._forms.get((value, reading(text)), 0) + count

    def forms(self) -> list[Flaws]:
        """Return one remark on all codes that are spelled unlike their table; they stay unchanged."""
        if not self._forms:
            return []
        form_counts = {f"{spelling} → {read}": count for (spelling, read), count in self._forms.items()}
        most = [
            *sorted(form_counts, key=lambda one: -form_counts[one])[:_MOST_FORMS],
            *(["…"] if len(form_counts) > _MOST_FORMS else []),
        ]
        facts = {"field": self.field.name, "count": sum(form_counts.values()), "values": most}
        return [Flaws("value.form", np.array([-1]), [facts])]

    def _look_at_names(
        self, rows: np.ndarray, code_values: FieldValues, name_place: np.ndarray, names: list[Any], own: FieldValues
    ) -> None:
        """Check names against the codes beside them."""
        table, field = require_value(self._codes_of_names, "codes to hold names against"), self.field
        code_place, codes = code_values.distinct
        both = np.flatnonzero((code_place >= 0) & (name_place >= 0))
        pairs, pair = np.unique(code_place[both] * max(len(names), 1) + name_place[both], return_inverse=True)
        wrong = np.zeros(len(pairs), dtype=bool)
        for at, pair_number in enumerate(pairs.tolist()):
            code, name = text_value(codes[pair_number // len(names)]), text_value(names[pair_number % len(names)])
            wrong[at] = code is not None and name is not None and not table.agrees(code, name)
        bad = both[wrong[pair]]

        def facts(k: int) -> dict[str, Any]:
            code = str(code_values.plain[bad[k]])
            class_titles = table.classes[table.class_of(code) or ""]
            return {"field": field.name, "value": str(own.plain[bad[k]])[:80], "key": code, "name": class_titles["zh"]}

        self.name.add(rows[bad], facts)


def _fits(value: Any, field: Field) -> bool:
    """Whether a value is of its field's type; a blank text counts as no value, and always fits."""
    if field.type == "text" or (isinstance(value, str) and not value.strip()):
        return True
    if field.type == "date":
        return day_of(value) is not None
    (number,) = as_numbers([value])  # of a column that stays text since another row holds none
    if not isinstance(number, (int, float)) or not math.isfinite(number):
        return False
    return field.type == "number" or float(number).is_integer()

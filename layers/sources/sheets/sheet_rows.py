"""Turn rows of a sheet into parcels and rings: by a parcel column, by titles between them, by blank rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.sources.sheets.angles import degrees_of
from onemap.layers.sources.sheets.sheet_axes import planar_number
from onemap.layers.sources.sheets.sheet_columns import Columns, is_header, plain
from onemap.layers.sources.sheets.sheet_grid import Grid

_NOTE = re.compile(
    r"面积|合计|总计|小计|周长|制表|填表|审核|复核|检查|备注|说明|单位|日期|第\s*\d+\s*页|续表|以下空白|坐标系"
)
_FOOTER = re.compile(
    r"(制\s*表|填\s*表|编\s*制|测\s*量|计\s*算|绘\s*图|审\s*[核查]|校\s*[核对]|复\s*核|检\s*查|批\s*准|日\s*期|备\s*注|说\s*明|合\s*计|总\s*计"
    r"|注\s*:|第\s*\d+\s*页|共\s*\d+\s*页|以下空白)"
)
_ID = re.compile(r"(?:地块|宗地|图斑|红线|范围)(?:编号|代码|号)\s*[::]?\s*([^\s::,;]+)")
_NAME = re.compile(r"(?:地块|宗地|项目|图斑)名称\s*[::]?\s*([^\s::,;]+)")
_NEXT_PARCELS = re.compile(r"项目|地块|宗地|图斑|红线|工程")
_SIDE_OF_RING = re.compile(r"[内外孔洞挖岛]|inner|outer|hole|shell", re.IGNORECASE)
_BOUNDARY = re.compile(r"界址|拐点|宗地|红线|边界|范围|地块|boundary|parcel", re.IGNORECASE)
_POINT_NUMBER = re.compile(r"[A-Za-z]{0,4}[-_]?\d{1,6}", re.ASCII)
_LAST_NUMBER = re.compile(r"(\d+)\D*$", re.ASCII)


@dataclass
class Parcel:
    """Rows of points by ring, and the parcel's titles; `by_gap`: only a blank row separates it from the one before."""

    key: str
    name: str = ""
    runs: list[list[int]] = field(default_factory=list)
    by_gap: bool = False


@dataclass(frozen=True)
class _Break:
    """A break between two rows of points: a blank row, a repeated header, or a title."""

    title: str


def title_text(grid: Grid, columns: Columns) -> str:
    """The text above the header, a line for each row, and the headings."""
    return "\n".join([*(_words(row) for row in grid.rows[: columns.row]), " ".join(columns.headings)])


def words_below(grid: Grid, rows: Sequence[int]) -> list[str]:
    """The text of some rows, a line for each."""
    return [_words(grid.rows[row]) for row in rows]


def _words(row: Sequence[Any]) -> str:
    return " ".join(plain(value) for value in row if value is not None)


def point_rows(grid: Grid, columns: Columns) -> list[int]:
    """Return the rows below the header that are not blank, no repeated header, and no note of who made the sheet."""
    rows = range(columns.row + 1, len(grid.rows))
    filled_rows = [row for row in rows if any(map(plain, grid.rows[row])) and not is_header(grid.rows[row], columns)]
    return [row for row in filled_rows if not _is_note(grid, columns, row)]


def _is_note(grid: Grid, columns: Columns, row: int) -> bool:
    """Whether a row has 制表, 审核, 日期 and the like, where a feature would have its coordinates."""
    texts = [text for text in map(plain, grid.rows[row]) if text]
    if not _FOOTER.match(texts[0]):
        return False
    at = [columns.roles["wkt"]] if columns.pair is None else [columns.roles[role] for role in columns.axes]
    filled_values = [value for value in (grid.at(row, column) for column in at) if plain(value)]
    if columns.pair is None:
        return not any("(" in plain(value) and ")" in plain(value) for value in filled_values)
    return all(map(_is_text, filled_values))


def _entries(grid: Grid, columns: Columns) -> Iterator[int | _Break]:
    """Yield rows of points, and the breaks between them; a half-filled pair is a point, to be reported later."""
    at = [columns.roles[role] for role in columns.axes]
    for row in range(columns.row + 1, len(grid.rows)):
        values = grid.rows[row]
        texts = [text for text in map(plain, values) if text]
        pair = [grid.at(row, column) for column in at]
        filled_values = [value for value in pair if plain(value)]
        words = " ".join(texts)
        if not texts or is_header(values, columns):
            yield _Break("")
        elif len(filled_values) == 1 and _is_text(filled_values[0]) and len(texts) < 3:
            yield _title(words)  # it happens to stand in a coordinate's column
        elif filled_values and all(map(_is_text, filled_values)) and _FOOTER.match(texts[0]):
            yield _title(words)
        elif filled_values or _lacks_coordinates(grid, columns, row):
            yield row
        elif any(map(_is_text, texts)) and not _is_between_points(grid, columns, row):
            yield _title(words)


def _title(words: str) -> _Break:
    return _Break("" if _NOTE.search(words) and not _ID.search(words) else words)


def _label(grid: Grid, columns: Columns, row: int) -> str:
    return plain(grid.at(row, columns.roles["label"])) if "label" in columns.roles else ""


def _lacks_coordinates(grid: Grid, columns: Columns, row: int) -> bool:
    """Whether a numbered point has no coordinates; rows of lengths between points have no number."""
    label = _label(grid, columns, row)
    return bool(_POINT_NUMBER.fullmatch(label)) and label != _label(grid, columns, row - 1)


def _is_between_points(grid: Grid, columns: Columns, row: int) -> bool:
    """Whether a row is the second one under a point's merged number: it holds the length of the side."""
    label = _label(grid, columns, row)
    return bool(label) and label == _label(grid, columns, row - 1)


def _is_text(value: object) -> bool:
    return planar_number(value) is None and degrees_of(value, False) is None


def parcels_of(grid: Grid, columns: Columns, file: str) -> list[Parcel]:
    """Return parcels with their runs of rows, in the sheet's order.

    Raises OneMapError sheet.ring_or_parcel if a blank row may separate two parcels or run through one, or if a column
    without a known heading distinguishes the rings of one; sheet.number_again if parcels under the next title are
    numbered anew.
    """
    key_column = columns.roles.get("parcel", columns.roles.get("name"))
    parcels: dict[str, Parcel] = {}
    current: Parcel | None = None
    last: int | None = None
    pending: _Break | None = None
    key = ""
    for entry in _entries(grid, columns):
        if isinstance(entry, _Break):
            pending = _Break(entry.title or (pending.title if pending else ""))
            continue
        if key_column is not None:
            key = plain(grid.at(entry, key_column)) or key
            if key in parcels and pending is not None and _NEXT_PARCELS.search(pending.title):
                raise OneMapError("sheet.number_again", file=file, layer=grid.name, feature=key, line=entry + 1)
            starts_run = current is None or current.key != key or pending is not None
            if current is None or current.key != key:
                current = parcels.setdefault(key, Parcel(key))
        else:
            starts_parcel = current is None or _starts_parcel(grid, columns, current, entry, pending, file)
            starts_run = starts_parcel or pending is not None
            if current is None or starts_parcel:
                title = pending.title if pending else ""
                current = Parcel(str(len(parcels) + 1), title, by_gap=pending is not None and not title)
                parcels[current.key] = current
        if starts_run or last is None or _starts_ring(grid, columns, current, last, entry):
            current.runs.append([])
        current.runs[-1].append(entry)
        last, pending = entry, None
    sheet_parcels = list(parcels.values())
    if "parcel" not in columns.roles and (row := _first_told_apart(grid, columns, sheet_parcels)) is not None:
        raise OneMapError("sheet.ring_or_parcel", file=file, layer=grid.name, feature=row + 1)
    return sheet_parcels if key_column is not None else _title_parcels(grid, columns, sheet_parcels)


def _first_told_apart(grid: Grid, columns: Columns, parcels: Sequence[Parcel]) -> int | None:
    """Return the first row of a ring that differs from the rings before it in a column without a role.

    That column may number parcels, unless it says which rings are holes.
    """
    others = [column for column in range(len(columns.headings)) if column not in columns.roles.values()]
    for parcel, column in product(parcels, others):
        starts = {run[0] for run in parcel.runs}
        blocks: dict[str, list[int]] = {}
        text = ""
        for row in (row for run in parcel.runs for row in run):
            text = plain(grid.at(row, column)) or text
            blocks.setdefault(text, []).append(row)
        before = list(blocks.values())[:-1]
        later = list(blocks.values())[1:]
        are_rings = all(
            last[-1] < this[0] and (this[0] in starts or _is_closed(grid, columns, last))
            for last, this in zip(before, later, strict=True)
        )
        if later and "" not in blocks and are_rings and not all(map(_SIDE_OF_RING.search, blocks)):
            return later[0][0]
    return None


def _starts_parcel(grid: Grid, columns: Columns, current: Parcel, row: int, pending: _Break | None, file: str) -> bool:
    """Whether a new parcel begins, in a sheet without a parcel column."""
    if pending is not None and pending.title:
        return True
    run = current.runs[-1]
    if "ring" in columns.roles:
        first, last, this = (plain(grid.at(r, columns.roles["ring"])) for r in (current.runs[0][0], run[-1], row))
        if this != last:
            return this == first
    if pending is None:
        return False
    if not _is_closed(grid, columns, run) and _goes_on(grid, columns, run[-1], row):
        raise OneMapError("sheet.ring_or_parcel", file=file, layer=grid.name, feature=row + 1)
    return True


def _starts_ring(grid: Grid, columns: Columns, current: Parcel, last: int, row: int) -> bool:
    """Whether another ring of the parcel begins: by ring number, or by the first point's number at another place."""
    if "ring" in columns.roles:
        before, this = (plain(grid.at(r, columns.roles["ring"])) for r in (last, row))
        if before != this:
            return True
    first = current.runs[-1][0]
    is_same_number = _label(grid, columns, first) == _label(grid, columns, row) != ""
    return is_same_number and _pair(grid, columns, first) != _pair(grid, columns, row)


def _pair(grid: Grid, columns: Columns, row: int) -> tuple[str, ...]:
    return tuple(plain(grid.at(row, columns.roles[role])) for role in columns.axes)


def _is_closed(grid: Grid, columns: Columns, run: Sequence[int]) -> bool:
    return len(run) > 3 and _pair(grid, columns, run[0]) == _pair(grid, columns, run[-1])


def _goes_on(grid: Grid, columns: Columns, last: int, row: int) -> bool:
    """Whether the points' numbers continue from one row to the next: 30, then 31."""
    matches = [_LAST_NUMBER.search(_label(grid, columns, r)) for r in (last, row)]
    numbers = [int(match[1][:18]) for match in matches if match]
    return len(numbers) == 2 and numbers[1] == numbers[0] + 1


def _title_parcels(grid: Grid, columns: Columns, parcels: list[Parcel]) -> list[Parcel]:
    """Set numbers and names from the titles; the first parcel's title stands above the header."""
    above = [" ".join(filter(None, map(plain, row))) for row in grid.rows[: columns.row]]
    above = [text for text in above if text]
    is_parted_by_titles = any(parcel.name for parcel in parcels[1:])
    if parcels and not parcels[0].name:
        numbered_title = next((text for text in reversed(above) if _ID.search(text)), "")
        titles = [text for text in above if not _NOTE.search(text)]
        parcels[0].name = numbered_title or (titles[-1] if titles and is_parted_by_titles else "")
    for parcel in parcels:
        number, name = _ID.search(parcel.name), _NAME.search(parcel.name)
        if parcel.name:
            parcel.key = number[1] if number else parcel.name
            parcel.name = name[1] if name else ""
    return parcels


def is_boundary(grid: Grid, columns: Columns, parcels: list[Parcel]) -> bool:
    """Whether the rows are boundary points of parcels, not separate points."""
    if "label" in columns.roles or "ring" in columns.roles:
        return True
    runs = [run for parcel in parcels for run in parcel.runs]
    if {"parcel", "name"} & columns.roles.keys():
        return any(len(run) >= 3 for run in runs)
    if any(_is_closed(grid, columns, run) for run in runs) or any(parcel.name for parcel in parcels[1:]):
        return True
    return any(len(run) >= 3 for run in runs) and bool(_BOUNDARY.search(title_text(grid, columns)))


def short_runs(parcels: list[Parcel], file: str, layer: str) -> list[Problem]:
    """Return problems for runs of fewer than three rows, each named by its first row."""
    return [
        Problem("sheet.ring", {"file": file, "layer": layer, "feature": parcel.key, "line": run[0] + 1})
        for parcel in parcels
        for run in parcel.runs
        if len(run) < 3
    ]

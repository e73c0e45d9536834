"""The meaning of a sheet's columns: the header row at any position, coordinates, points, rings and parcels."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.errors import OneMapError, require_value
from onemap.layers.sources.sheets.sheet_grid import Grid

_FIRST_ROWS = 30  # a header stands above the data, below titles and notes
_LONGEST_HEADING = 30

# Roles by heading, the first that fits; spaces, brackets and units are gone by then.
_ROLES = (
    ("wkt", re.compile(r"wkt|wktgeom\w*|geometrywkt|geomwkt|thegeom|geom|geometry|几何")),
    ("longitude", re.compile(r".*(经度|东经).*|lon|lng|long|longitude|l|大地经度l?")),
    ("latitude", re.compile(r".*(纬度|北纬).*|lat|latitude|b|大地纬度b?")),
    ("north", re.compile(r"(?!.*[东横])(?!.*北京)(?!.*[至邻]).*[北纵].*|northing|north|n|ycoordnorth")),
    ("east", re.compile(r"(?!.*[北纵])(?!.*[至邻]).*[东横].*|easting|east|e")),
    ("x", re.compile(r"(cgcs)?(2000|80|54)?(坐标)?x(坐标值?|值|coord\w*|80|2000|54)?|pointx|coordx")),
    ("y", re.compile(r"(cgcs)?(2000|80|54)?(坐标)?y(坐标值?|值|coord\w*|80|2000|54)?|pointy|coordy")),
    ("ring", re.compile(r"(地块)?(圈|环)号|ring(no|id)?")),
    ("name", re.compile(r"(地块|宗地|项目|图斑|红线)名称?|dkmc|xmmc|parcelname")),
    (
        "parcel",
        re.compile(r"(地块|宗地|图斑|红线|区块|范围|矿区)(编号|号|代码|序号)?|dkbh|dkid|zddm|tbbh|parcel(id|no)?"),
    ),
    ("label", re.compile(r"(界址|拐|桩|边界|界|角|顶)?点(编?号|序号?)|界址点|拐点|界桩号?|桩号|jzdh|jzd")),
)
_UNITS = re.compile(r"(单位|米|度|分|秒|m|°|dd?d?\.?mm\.?ss\w*|decimal|十进制|小数)+$")
_METRES = re.compile(r"\(?(单位:?)?(m|米)\)?", re.IGNORECASE)
_OF_COORDINATES = re.compile(r"(?!坐标系\s*:).*(坐标|经纬|coord|cgcs|2000国家)", re.IGNORECASE)
_PAIRS = (("north", "east"), ("x", "y"), ("longitude", "latitude"))
_COORDINATES = frozenset(role for pair in _PAIRS for role in pair)


@dataclass(frozen=True)
class Columns:
    """The header row of a sheet and the column of each role; `headings` are the unchanged headings."""

    row: int
    roles: dict[str, int]
    headings: tuple[str, ...]

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two roles that hold the coordinates, planar ones first; None if the sheet has WKT."""
        if "wkt" in self.roles:
            return None
        return next(pair for pair in _PAIRS if set(pair) <= self.roles.keys())

    @property
    def axes(self) -> tuple[str, str]:
        """The pair of a sheet that has coordinates and no WKT. Raises DefectError."""
        return require_value(self.pair, "columns of coordinates")

    def heading(self, role: str) -> str:
        """The heading of a role's column."""
        return self.headings[self.roles[role]]


def plain(value: Any) -> str:
    """Return a cell as plain text: half-width characters, trimmed, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip()


def role_of(heading: Any) -> str | None:
    """The role of a column with this heading, or None."""
    if not isinstance(heading, str):
        return None
    bare = re.sub(r"[\s_()\[\]【】:/、,.·\-—]", "", plain(heading).lower())
    if not bare or len(bare) > _LONGEST_HEADING or bare.isdecimal():  # every heading has a letter
        return None
    for text in dict.fromkeys((bare, _UNITS.sub("", bare))):
        role = next((role for role, pattern in _ROLES if pattern.fullmatch(text)), None)
        if role is not None:
            return role
    return None


def columns_of(grid: Grid, file: str) -> Columns | None:
    """Return the header row of a sheet, None if it has none.

    Raises OneMapError sheet.side_by_side if two columns hold the same coordinate.
    """
    for row in range(min(len(grid.rows), _FIRST_ROWS)):
        header = _with_headings_above(grid, row)
        roles = list(_row_roles(header))
        role_columns: dict[str, int] = {}
        for role, column in roles:
            role_columns.setdefault(role, column)
        if "wkt" not in role_columns and not any(set(pair) <= role_columns.keys() for pair in _PAIRS):
            continue
        twice = [role for role, _ in roles if role in ("x", "y", "north", "east", "wkt")]
        if len(twice) != len(set(twice)):
            raise OneMapError("sheet.side_by_side", file=file, layer=grid.name, feature=row + 1)
        return Columns(row, role_columns, headings_of(grid, header))
    return None


def _with_headings_above(grid: Grid, row: int) -> list[Any]:
    """Return a row with the headings that stand above its blank cells, if a heading of all coordinates stands there.

    A merged header of two rows is saved like this as CSV. Without its upper row no column would part the parcels.
    """
    header = grid.rows[row]
    first = next((column for column, cell in enumerate(header) if role_of(cell) in _COORDINATES), None)
    if row == 0 or first is None or not _OF_COORDINATES.match(plain(grid.at(row - 1, first))):
        return header
    width = max(len(header), len(grid.rows[row - 1]))
    return [grid.at(row if plain(grid.at(row, column)) else row - 1, column) for column in range(width)]


def _row_roles(row: list[Any]) -> Iterator[tuple[str, int]]:
    for column, heading in enumerate(row):
        role = role_of(heading)
        if role is not None:
            yield role, column


def is_header(row: list[Any], columns: Columns) -> bool:
    """Whether a row below the header repeats it, or gives the metres of its coordinates."""
    pair = columns.pair
    # Nearly no row is one, which the cells of the coordinates show.
    if pair is None:
        return False
    cells = [cell for role in pair for cell in row[columns.roles[role] :][:1]]
    if all(isinstance(cell, str) and _METRES.fullmatch(plain(cell)) for cell in cells):
        return len(cells) == len(pair)
    if any(role_of(cell) != role for role, cell in zip(pair, cells, strict=False)):
        return False
    roles = dict(_row_roles(row))
    return all(roles.get(role) == columns.roles[role] for role in pair)


def headings_of(grid: Grid, header: Sequence[Any]) -> tuple[str, ...]:
    """Return unique names for all columns of a grid with this header; one without a heading is named by its number."""
    width = max(len(values) for values in grid.rows)
    names: dict[str, None] = {}
    for column in range(width):
        heading = header[column] if column < len(header) else None
        name = re.sub(r"\s+", "", plain(heading)) or f"_{column + 1}"
        while name in names:
            name += "_"
        names[name] = None
    return tuple(names)

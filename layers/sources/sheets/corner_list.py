"""Corners of parcels as people paste and send them in plain text: one a line, two numbers after an optional label.

An empty line begins the next parcel; a line of words above the corners names it, or states the coordinate system. The
numbers themselves show which one is north, as in China they leave no doubt, or letters beside them do.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.text_encodings import text_of
from onemap.layers.frames.frames import RawFrame
from onemap.layers.sources.redline.redline_text import CORNERS_FILE, number_of
from onemap.layers.sources.sheets.angles import ANGLE_SIGNS, degrees_of, digits_of, may_be_sexagesimal
from onemap.layers.sources.sheets.sheet_axes import Coordinates, axis_seen, datum_said, declared_crs

FORM = "TXT"
_LEAST = 3  # corners of a parcel, and lines of corners in a text of them
_MOST_PROBLEMS, _MOST_BYTES = 1000, 20_000_000
_PLANAR_LEAST = 100_000.0  # metres; smaller numbers beside coordinates are labels and heights
_LOOKS_LIKE_ONE = re.compile(r"\d{5}|\d\d\.\d{3}|\d\s*[°度]\s*\d")  # what no title has and every coordinate
_LABEL = re.compile(r"[a-z]{0,3}\W*\d{0,4}\W*", re.IGNORECASE)  # of a corner whose numbers are missing
_WORD = re.compile(r"[^\W\d_]{2}")
_REMARK = re.compile(r"面积|周长|公顷|平方米|亩|坐标系|子午线|中央经线|带号|投影")  # may have numbers like coordinates
_PARCEL = re.compile(r"^(?!.*续).*(地块|宗地|图斑|区块|片区|parcel)", re.IGNORECASE)  # begins another one
_HEADING = re.compile(r"坐标|[点序编]号|经度|纬度|^[xyenbl\W\d]+$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[,;、]\s*|\s+|:(?=[^\W\d_])")  # J1: X: 4213000
_IN_ANGLE = re.compile(
    r"""(?<=[°度])\s+(?=\d{1,2}(?:\.\d+)?\s*['分])|(?<=['分])\s+(?=\d{1,2}(?:\.\d+)?\s*(?:"|''|秒))"""
)
_AXIS = re.compile(
    r"(?:(?P<axis>[XYEN]|[东北][经纬]?|[经纬]度|[东北横纵]坐标)\s*[=:]?\s*)?(?P<value>.+)", re.IGNORECASE
)
_NORTH, _EAST = ("N", "北", "纬", "纵"), ("E", "东", "经", "横")


@dataclass(frozen=True)
class _Corner:
    """The two numbers of a line; is_angle: they are degrees; has_height: a number follows them.

    axis: what letters say of the first number, "north", "east" or "".
    """

    line: int
    first: float
    second: float
    is_angle: bool
    has_height: bool
    axis: str
    texts: tuple[str, str]


@dataclass
class _Parcel:
    """The corners of one parcel, and the words above them."""

    title: str = ""
    corners: list[_Corner] = field(default_factory=list)


def looks_like_corners(path: Path) -> bool:
    """Whether a text has enough lines of corners, and few others, or has the name of such a list."""
    if path.name == CORNERS_FILE:
        return True
    if path.stat().st_size > _MOST_BYTES:
        return False
    try:
        lines = _lines_of(text_of(path, None)[0])
    except OneMapError:
        return False
    text_lines = [line for _, line in lines if line]
    corners = sum(_corner(0, line) is not None for line in text_lines)
    return corners >= _LEAST and 2 * corners > len(text_lines)


def read_corners(path: Path, encoding: str | None) -> RawFrame:
    """Read the parcels of a list of corners, with the coordinate system that its words state, or none.

    Raises OneMapError corners.…, redline.…, encoding.….
    """
    text, used_encoding = text_of(path, encoding)
    place = ProblemPlace(file=path.name, layer=path.stem)
    parcels, titles = _parcels_of(text, place)
    corners = [corner for parcel in parcels for corner in parcel.corners]
    are_degrees = corners[0].is_angle
    values, axes = _places_of(corners, are_degrees, place)
    crs = declared_crs(titles, Coordinates(values, are_degrees), path.name)
    ends = np.cumsum([len(parcel.corners) for parcel in parcels])[:-1]
    shapes = [_polygon(parcel, points, place) for parcel, points in zip(parcels, np.split(values, ends), strict=True)]
    has_heights = any(corner.has_height for corner in corners)
    codes = ["corners.degrees"] * are_degrees + ["geometry.z_dropped"] * has_heights
    remarks = (axes, *(Problem(code, dict(place)) for code in codes))
    geometries, attributes, datum = np.array(shapes, dtype=object), _attributes(parcels), datum_said(titles)
    return RawFrame(path, path.stem, FORM, geometries, attributes, crs, used_encoding, remarks, datum=datum)


def _parcels_of(text: str, place: ProblemPlace) -> tuple[list[_Parcel], str]:
    """Return the parcels of a text, and the words in it.

    Raises OneMapError corners.line, corners.few, corners.between, with every line named.
    """
    parcels, titles, problems = [_Parcel()], [], []
    kind: bool | None = None
    words_at = 0  # the line of words that may or may not end the parcel above them
    for number, line in _lines_of(text):
        corner = _corner(number, line)
        if not line:
            parcels += [_Parcel()] if parcels[-1].corners else []
            words_at = 0
        elif corner is not None and kind in (None, corner.is_angle):
            problems += [Problem("corners.between", {**place, "line": words_at})] if words_at else []
            kind, words_at = corner.is_angle, 0
            parcels[-1].corners.append(corner)
        elif corner is None and _is_title(line):
            titles.append(line)
            name = "" if _HEADING.search(line) or _REMARK.search(line) else line.strip(" :#*")
            parcels += [_Parcel()] if parcels[-1].corners and _PARCEL.search(name) else []
            if parcels[-1].corners:
                words_at = number
            else:
                parcels[-1].title = name
        else:
            problems.append(Problem("corners.line", {**place, "line": number, "text": line[:60]}))
    parcels = [parcel for parcel in parcels if parcel.corners]
    for number, parcel in enumerate(parcels, start=1):
        if len({(corner.first, corner.second) for corner in parcel.corners}) < _LEAST:
            facts = {"feature": parcel.title or number, "count": len(parcel.corners)}
            problems.append(Problem("corners.few", {**place, **facts, "line": parcel.corners[0].line}))
    if problems or not parcels:
        raise OneMapError.of(problems[:_MOST_PROBLEMS] or [Problem("source.empty", dict(place))])
    return parcels, "\n".join(titles)


def _is_title(line: str) -> bool:
    """Whether a line is words, and not an incomplete or mistyped corner."""
    if _REMARK.search(line):
        return True
    return bool(_WORD.search(line)) and not (_LOOKS_LIKE_ONE.search(line) or _LABEL.fullmatch(line))


def _lines_of(text: str) -> list[tuple[int, str]]:
    """Return the lines with their numbers, in half-width characters; semicolons split a line of several pairs."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        plain = unicodedata.normalize("NFKC", line.translate(ANGLE_SIGNS)).strip()
        plain = plain if any(map(str.isalnum, plain)) else ""  # a line of dashes separates as an empty one does
        pairs = [pair.strip() for pair in plain.rstrip("; ").split(";")]
        is_several = len(pairs) > 1 and all(_corner(number, pair) for pair in pairs)
        lines += [(number, pair) for pair in pairs] if is_several else [(number, plain)]
    return lines


def _corner(number: int, line: str) -> _Corner | None:
    """Return the corner of a line: two adjacent coordinates, after labels and before at most a height.

    None if the line has none, or more than two of its numbers may be coordinates.
    """
    axis_matches = [_AXIS.fullmatch(word) for word in _BETWEEN.split(_IN_ANGLE.sub("", line)) if word]
    words = [(match["axis"] or "", match["value"]) for match in axis_matches if match is not None]
    planar = [(at, value) for at, (_, text) in enumerate(words) if (value := _metres(text)) is not None]
    angles = [(at, value) for at, (_, text) in enumerate(words) if (value := _degrees(text)) is not None]
    pair = planar or angles
    if len(pair) != 2 or pair[1][0] != pair[0][0] + 1:
        return None
    (at, first), (_, second) = pair
    after = [text for _, text in words[at + 2 :]]
    if len(after) > 1 or any(number_of(text) is None for text in after):
        return None
    (axis, text), (_, other) = words[at : at + 2]
    return _Corner(number, first, second, pair is angles, bool(after), _side_of(axis), (text, other))


def _metres(text: str) -> float | None:
    value = number_of(text)
    return value if value is not None and abs(value) >= _PLANAR_LEAST else None


def _degrees(text: str) -> float | None:
    """Return an angle that has its signs or decimals; labels and heights without any are not angles."""
    if digits_of(text) is not None and not ("." in text and abs(float(text)) <= 180):
        return None
    return degrees_of(text, False)


def _side_of(axis: str) -> str:
    letter = axis[:1].upper()
    return "north" if letter in _NORTH else "east" if letter in _EAST else ""


def _places_of(corners: list[_Corner], are_degrees: bool, place: ProblemPlace) -> tuple[np.ndarray, Problem]:
    """Return east and north of the corners (n, 2), and the remark on which number was taken for which.

    Raises OneMapError corners.order if numbers and letters do not show it, or contradict each other; corners.angle
    if bare numbers may be ddd.mmss.
    """
    numbers = np.array([(corner.first, corner.second) for corner in corners])
    first, second = numbers.T
    if are_degrees:
        digits = [text for corner in corners for text in map(digits_of, corner.texts) if text is not None]
        if digits and all(map(may_be_sexagesimal, digits)):
            raise OneMapError("corners.angle", line=corners[0].line, text=digits[0], **place)
        is_turned = (first < 60).all() and (second > 60).all()
        first_axis = "north" if is_turned else "east" if (first > 60).all() and (second < 60).all() else ""
    else:
        first_axis = (axis_seen(first, second) or "").removeprefix("first is ")
    letters = {corner.axis for corner in corners} - {""}
    ways = letters | ({first_axis} if first_axis else set())
    if len(ways) != 1:
        raise OneMapError("corners.order", line=corners[0].line, text=", ".join(corners[0].texts), **place)
    is_north_first = ways == {"north"}
    code = "corners.north_first" if is_north_first else "corners.east_first"
    return numbers[:, ::-1] if is_north_first else numbers, Problem(code, dict(place))


def _polygon(parcel: _Parcel, points: np.ndarray, place: ProblemPlace) -> shapely.Polygon:
    """Return the polygon. Raises OneMapError corners.goes_on if the outline returns to its first corner too early."""
    back = np.flatnonzero((points[1:] == points[0]).all(axis=1)) + 1
    if len(back) and back[0] < len(points) - 1:
        raise OneMapError("corners.goes_on", line=parcel.corners[back[0]].line, **place)
    return shapely.Polygon(points)


def _attributes(parcels: list[_Parcel]) -> pd.DataFrame:
    """Return the parcels' numbers, and their names if the text has any."""
    columns: dict[str, list[Any]] = {"DKBH": [str(number) for number in range(1, len(parcels) + 1)]}
    if any(parcel.title for parcel in parcels):
        columns["DKMC"] = [parcel.title or None for parcel in parcels]
    return pd.DataFrame(columns, dtype=object)

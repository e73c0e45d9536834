"""A file of four or seven parameters between two datums, as survey offices hand them out, read without guessing.

The file must state units, the direction of turns, and the systems between which the parameters hold: one wrong sign
puts a city a hundred metres away. A refusal names the key, never its value: parameters are secret by law.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, pi
from pathlib import Path
from typing import Any

import pyproj

from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.crs.systems import parse_crs
from onemap.layers.crs.zones import GEOGRAPHIC_CODES, datum_named
from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import decode_text

_LARGEST_FILE = 100_000
_NAMES = {
    "from": ("from", "源坐标系", "原坐标系"),
    "to": ("to", "目标坐标系"),
    "dx": ("dx", "δx", "x平移"),
    "dy": ("dy", "δy", "y平移"),
    "dz": ("dz", "δz", "z平移"),
    "rx": ("rx", "x旋转"),
    "ry": ("ry", "y旋转"),
    "rz": ("rz", "z旋转"),
    "rotation": ("rotation", "旋转", "旋转角"),
    "scale": ("scale", "尺度", "尺度参数"),
    "x_axis": ("x_axis", "x轴"),
    "turns": ("turns", "旋转方向"),
    "convention": ("convention", "旋转约定"),
}
_UNITS = {
    "m": ("m", "米"),
    "arcsec": ("arcsec", "秒", "角秒", "″", '"', "''", "′′"),
    "deg": ("deg", "度"),
    "rad": ("rad", "弧度"),
    "ppm": ("ppm", "百万分之一"),
    "factor": ("factor", "倍", "比例"),
}
_ARC_SECONDS = {"arcsec": 1.0, "deg": 3600.0, "rad": 180 * 3600 / pi}
_CHOICES = {
    "x_axis": {"north": ("north", "北"), "east": ("east", "东")},
    "turns": {"clockwise": ("clockwise", "顺时针"), "counterclockwise": ("counterclockwise", "逆时针")},
    "convention": {
        "position_vector": ("position_vector", "位置矢量"),
        "coordinate_frame": ("coordinate_frame", "坐标框架"),
    },
}
_FOUR = ("from", "to", "dx", "dy", "x_axis", "rotation", "scale")
_SEVEN = ("from", "to", "dx", "dy", "dz", "rx", "ry", "rz", "scale")
_ONLY_SEVEN = {"dz", "rx", "ry", "rz", "convention"}
_LARGEST = {"m": {4: 1e8, 7: 1e4}, "arcsec": {4: 648_000.0, 7: 3600.0}, "ppm": {4: 1e5, 7: 1e4}}


@dataclass(frozen=True)
class Parameters:
    """Four parameters between two planes, or seven between two datums; never shown.

    shift_m: east, north (four), or X, Y, Z (seven); turn_arcsec: clockwise on the map (four), or about X, Y, Z by the
    position vector convention (seven); scale_ppm: by how much the scale exceeds 1.
    """

    file: str
    source: pyproj.CRS
    target: pyproj.CRS
    shift_m: tuple[float, ...] = field(repr=False)
    turn_arcsec: tuple[float, ...] = field(repr=False)
    scale_ppm: float = field(repr=False)

    @property
    def are_seven(self) -> bool:
        """Whether these are seven parameters in space, rather than four in a plane."""
        return len(self.shift_m) == 3


def parameters_in(path: Path, content: bytes) -> Parameters:
    """The parameters of a file: TOML, or lines key=value in any of the encodings of plain text.

    Raises OneMapError crs.parameters_file, _key, _missing, _value, crs.unknown, encoding.….
    """
    if len(content) > _LARGEST_FILE:
        raise OneMapError("crs.parameters_file", file=path.name, field="--transform", line="1")
    text, _ = decode_text(content, path.name, None)
    raw_values = _of_toml(text, path.name) if path.suffix.lower() == ".toml" else _of_lines(text, path.name)
    return _Reader(path.name, raw_values).parameters()


def _of_toml(text: str, file: str) -> dict[str, Any]:
    try:
        return toml_content(text)
    except ValueError as error:
        match = re.search(r"at line (\d+)", str(error))
        line = match.group(1) if match else "…"  # the parser's other words may quote what is secret
        raise OneMapError("crs.parameters_file", file=file, field="--transform", line=line) from None


def _of_lines(text: str, file: str) -> dict[str, Any]:
    """Read lines key=value or key: value; a # begins a remark."""
    raw_values: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        bare = unicodedata.normalize("NFKC", line).partition("#")[0].strip()
        if not bare:
            continue
        match = re.fullmatch(r"([^=:]+)[=:](.+)", bare)
        if match is None:
            raise OneMapError("crs.parameters_file", file=file, field="--transform", line=str(number))
        key = match.group(1).strip()
        if key in raw_values:
            raise OneMapError("crs.parameters_key", file=file, field="--transform", key=_displayable_key(key))
        raw_values[key] = match.group(2).strip()
    return raw_values


def _displayable_key(key: str) -> str:
    """A key as it may be shown: not if it has digits, which may be those of a parameter."""
    return key[:40] if not re.search(r"\d", key) else "…"


class _Reader:
    """A reader of a parameter file's keys and values."""

    def __init__(self, file: str, raw_values: Mapping[str, Any]) -> None:
        self.file = file
        self.values: dict[str, Any] = {}
        self.units: dict[str, str | None] = {}
        for key, value in raw_values.items():
            name, unit = _meaning(key)
            if name is None or name in self.values:
                raise self._wrong("crs.parameters_key", key=_displayable_key(key))
            self.values[name] = value
            self.units[name] = unit

    def parameters(self) -> Parameters:
        """The parameters, complete and checked. Raises OneMapError crs.…."""
        seven = bool(_ONLY_SEVEN & self.values.keys())
        expected = _SEVEN if seven else _FOUR
        missing = [name for name in expected if name not in self.values]
        if missing:
            raise self._wrong("crs.parameters_missing", names=missing)
        unwanted = [name for name in self.values if name not in (*expected, "convention" if seven else "turns")]
        if unwanted:
            raise self._wrong("crs.parameters_key", key=unwanted[0])
        source, target = self._crs("from"), self._crs("to")
        scale_ppm = self._scale(7 if seven else 4)
        if seven:
            shift = tuple(self._metres(name, 7) for name in ("dx", "dy", "dz"))
            turn = tuple(self._arc_seconds(name, 7) for name in ("rx", "ry", "rz"))
            if any(turn) and self._choice("convention") == "coordinate_frame":
                turn = tuple(-angle for angle in turn)
            return Parameters(self.file, source, target, shift, turn, scale_ppm)
        for name, crs in (("from", source), ("to", target)):
            if not crs.is_projected:
                raise self._wrong("crs.parameters_value", key=name, allowed="EPSG:2379, EPSG:4547 …")
        x, y = self._metres("dx", 4), self._metres("dy", 4)
        angle = self._arc_seconds("rotation", 4)
        if angle and self._choice("turns") == "counterclockwise":
            angle = -angle
        shift = (y, x) if self._choice("x_axis") == "north" else (x, y)
        return Parameters(self.file, source, target, shift, (angle,), scale_ppm)

    def _wrong(self, code: str, **facts: Any) -> OneMapError:
        return OneMapError(code, file=self.file, field="--transform", **facts)

    def _crs(self, name: str) -> pyproj.CRS:
        """The system with this code, or of a datum by the name that Chinese files give it."""
        text = str(self.values[name])
        datum = None if re.search(r"epsg", text, re.IGNORECASE) else datum_named(text)
        code = f"EPSG:{GEOGRAPHIC_CODES[datum]}" if datum else text
        return parse_crs(code, file=self.file, field="--transform")

    def _choice(self, name: str) -> str:
        if name not in self.values:
            raise self._wrong("crs.parameters_missing", names=[name])
        text = str(self.values[name]).strip().lower()
        choices = _CHOICES[name]
        for choice, words in choices.items():
            if text in words:
                return choice
        raise self._wrong(
            "crs.parameters_value", key=name, allowed=", ".join("/".join(words) for words in choices.values())
        )

    def _number(self, name: str) -> float:
        value = self.values[name]
        try:
            number = float("" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            number = float("nan")
        if not isfinite(number):
            raise self._wrong("crs.parameters_value", key=name, allowed="0.0")
        return number

    def _limited_value(self, name: str, value: float, unit: str, count: int) -> float:
        limit = _LARGEST[unit][count]
        if abs(value) > limit:
            raise self._wrong("crs.parameters_value", key=name, allowed=f"±{limit:g} {unit}")
        return value

    def _metres(self, name: str, count: int) -> float:
        if self.units[name] not in (None, "m"):
            raise self._wrong("crs.parameters_key", key=name)
        return self._limited_value(name, self._number(name), "m", count)

    def _arc_seconds(self, name: str, count: int) -> float:
        number, unit = self._number(name), self.units[name]
        if number == 0:
            return 0.0
        if unit not in _ARC_SECONDS:
            raise self._wrong("crs.parameters_unit", key=name, units=[f"{name}_{unit}" for unit in _ARC_SECONDS])
        return self._limited_value(name, number * _ARC_SECONDS[unit], "arcsec", count)

    def _scale(self, count: int) -> float:
        number, unit = self._number("scale"), self.units["scale"]
        if unit not in ("ppm", "factor"):
            raise self._wrong("crs.parameters_unit", key="scale", units=["scale_ppm", "scale_factor"])
        return self._limited_value("scale", number if unit == "ppm" else (number - 1) * 1e6, "ppm", count)


def _meaning(key: str) -> tuple[str | None, str | None]:
    """The parameter that a key names, and the unit that the key states: dx, dx_m, X平移(米), 旋转角（秒）."""
    text = unicodedata.normalize("NFKC", key).strip().lower()
    bare, unit = text, None
    match = re.fullmatch(r"(.+?)\s*\((.+)\)", text) or re.fullmatch(r"(.+)_([a-z]+)", text)
    if match is not None and text not in _CHOICES:
        bare = match.group(1)
        unit = next((name for name, words in _UNITS.items() if match.group(2).strip() in words), None)
        if unit is None:
            return None, None
    name = next((name for name, words in _NAMES.items() if bare in words), None)
    return name, unit

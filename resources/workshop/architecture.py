"""The picture of the architecture: the folders of the three rooms by floors, drawn from the imports between them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
# From top to bottom: what each is, and its colours, of the heading and of a floor.
ROOMS = {
    "plugin": ("what a person sees, in QGIS's Python", "#8a5a12", "#fbf1df"),
    "rules": ("judgement, in the core's Python", "#1f6f8b", "#e5f1f5"),
    "layers": ("data, in the core's Python", "#3f7a3a", "#e8f3e6"),
}
BETWEEN = {
    "plugin": "no import: a verb with its parameters goes down as JSON; JSON and tables in files come up",
    "rules": "rules/ imports layers/, never the other way",
}
_WIDTH, _MARGIN, _NAMES, _LINE, _INSIDE, _GAP, _HEAD, _BETWEEN = 900, 20, 130, 22, 16, 4, 30, 44
_INK, _PALE = "#222222", "#666666"
_IMPORT = re.compile(r"^\s*(?:from|import) onemap\.(\w+)\.(\w+)", re.MULTILINE)  # also in functions, and for types


@dataclass(frozen=True)
class Folder:
    """A folder right below a room: its name, the first line of its `__init__.py`, the room's folders that it imports.

    inside: the names of the folders in it.
    """

    name: str
    purpose: str
    imports: frozenset
    inside: tuple = ()


def draw() -> int:
    """Draw the picture anew."""
    PICTURE.write_bytes(picture().encode("utf-8"))
    return 0


def folders(room: str) -> list:
    """The folders right below a room; deeper modules count for their folder, modules of the room itself for none."""
    inits = sorted((ROOT / room).glob("*/__init__.py"))
    names = {init.parent.name for init in inits}
    return [
        Folder(init.parent.name, _purpose(init), _imports(init.parent, room) & names, _inside(init.parent))
        for init in inits
    ]


def floors(room: list) -> list:
    """Folders by floor, the top floor first, by name on each floor; a folder is above all folders that it imports.

    Folders that import one another in a circle are on one floor.
    """
    below = {folder.name: _all_below(folder.name, {each.name: each.imports for each in room}) for folder in room}
    left, result = sorted(room, key=lambda folder: folder.name), []
    while left:
        names = {folder.name for folder in left}
        # On the lowest floor stands what imports only itself, or what imports it too.
        lowest = [folder for folder in left if all(folder.name in below[name] for name in below[folder.name] & names)]
        result.insert(0, lowest)
        left = [folder for folder in left if folder not in lowest]
    return result


def picture() -> str:
    """The picture as SVG."""
    top, body = _MARGIN, []
    for room, (what, colour, pale) in ROOMS.items():
        body.append(_text(_MARGIN, top + 16, f"{room}/", f'font-size="15" font-weight="bold" fill="{colour}"'))
        body.append(_text(_MARGIN + _NAMES, top + 16, what, f'fill="{colour}"'))
        top += _HEAD
        for floor in floors(folders(room)):
            body.append(_floor(floor, top, colour, pale))
            top += _height(floor) + _GAP
        if room in BETWEEN:
            body.append(_arrow(top, BETWEEN[room]))
            top += _BETWEEN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + _MARGIN}" width="{_WIDTH}" '
        f'height="{top + _MARGIN}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{_WIDTH}" height="{top + _MARGIN}" fill="#ffffff"/>\n' + "".join(body) + "</svg>\n"
    )


def _purpose(init: Path) -> str:
    return (ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _inside(folder: Path) -> tuple:
    return tuple(sorted(init.parent.name for init in folder.glob("*/__init__.py")))


def _imports(folder: Path, room: str) -> frozenset:
    """The folders of the room that a folder's modules import, except itself."""
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    folders = {part for text in texts for first, part in _IMPORT.findall(text) if first == room}
    return frozenset(folders - {folder.name})


def _all_below(name: str, imports: dict) -> set:
    """All folders that a folder imports, directly or through others."""
    below, fresh = set(), set(imports[name])
    while fresh:
        below |= fresh
        fresh = {deeper for each in fresh for deeper in imports[each]} - below
    return below


def _floor(floor: list, top: int, colour: str, pale: str) -> str:
    height = _height(floor)
    parts = [
        f'<rect x="{_MARGIN}" y="{top}" width="{_WIDTH - 2 * _MARGIN}" height="{height}" fill="{pale}"/>\n'
        f'<rect x="{_MARGIN}" y="{top}" width="4" height="{height}" fill="{colour}"/>\n'
    ]
    line = top + 15
    for folder in floor:
        parts.append(_text(_MARGIN + 14, line, folder.name, 'font-weight="bold"'))
        parts.append(_text(_MARGIN + _NAMES, line, folder.purpose, f'font-size="11.5" fill="{_INK}"'))
        if folder.inside:
            line += _INSIDE
            parts.append(_text(_MARGIN + _NAMES, line, " · ".join(folder.inside), f'font-size="11" fill="{_PALE}"'))
        line += _LINE
    return "".join(parts)


def _height(floor: list) -> int:
    return sum(_LINE + (_INSIDE if folder.inside else 0) for folder in floor)


def _arrow(top: int, text: str) -> str:
    x, end = _MARGIN + 30, top + _BETWEEN - 14
    look = f'fill="none" stroke="{_PALE}" stroke-width="1.5"'
    words = _text(x + 16, top + 21, text, f'font-style="italic" fill="{_PALE}"')
    return f'<path d="M{x} {top + 4}V{end}m-5 -6l5 6l5 -6" {look}/>\n{words}'


def _text(x: int, y: int, text: str, look: str) -> str:
    return f'<text x="{x}" y="{y}" {look}>{escape(text)}</text>\n'

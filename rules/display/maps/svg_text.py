"""Text on a drawn map: escaped, measured without a font, wrapped at a width, with a halo."""

import html
import re
import unicodedata
from functools import lru_cache

from onemap.layers.visible_text import visible_text
from onemap.layers.xml_elements import escape, quoteattr

_WIDE, _UPPER, _LOWER, _NARROW = 1.0, 0.68, 0.54, 0.3  # widths in parts of the font's height, on the safe side
_NARROW_CHARACTERS = frozenset(" .,:;'|!ijlI()[]·")
_NEVER_FIRST = frozenset(
    "，。、；：？！）》」』】〕…％"
)  # in a line; what ends with one of the next takes what follows
_NEVER_LAST = frozenset("（《「『【〔")
_LABEL = re.compile(r"""<svg [^>]*?aria-label=(?:"([^"]*)"|'([^']*)')""")
_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535, *range(55296, 57344)), "�")


def as_text(value: object) -> str:
    """Any value as XML text: markup is escaped, and characters that XML forbids become a sign."""
    return escape(visible_text(str(value).translate(_ILLEGAL)))


def as_attribute(value: object) -> str:
    """Any value as an XML attribute with its quotation marks."""
    return quoteattr(visible_text(str(value).translate(_ILLEGAL)))


def picture_label(svg: str) -> str:
    """The description of a drawn map or chart for who cannot see it; an empty text if it has none."""
    match = _LABEL.search(svg)
    return html.unescape(match[1] or match[2] or "") if match else ""


_BOLD = 1.1  # how much wider bold letters are


def text_width(text: str, size: float) -> float:
    """The approximate width of a text, in the unit of its size: Chinese is square, other letters count as wide ones."""
    return size * sum(map(_character_width, text))


@lru_cache(maxsize=1 << 14)
def _character_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return _WIDE
    if character in _NARROW_CHARACTERS:
        return _NARROW
    return _UPPER if character.isupper() else _LOWER


def wrap_text(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """A text in lines no wider than `width`: broken at blanks, and anywhere in Chinese or in a word too long.

    No Chinese character is left alone on the last line: the one before it goes with it.
    """
    return list(_lines_within(text, size, width / _BOLD if bold else width))


@lru_cache(maxsize=1 << 10)  # a legend measures its rows time and again before it draws them, and on every page
def _lines_within(text: str, size: float, width: float) -> tuple[str, ...]:
    lines: list[str] = []
    line = ""
    for token in _tokens(text):
        if not line or text_width(line + token, size) <= width:
            line += token
        else:
            lines.append(line.rstrip())
            line = token.lstrip()
        while text_width(line, size) > width and len(line) > 1:
            fit_length = next(
                (count for count in range(len(line) - 1, 0, -1) if text_width(line[:count], size) <= width), 1
            )
            lines.append(line[:fit_length])
            line = line[fit_length:]
    if not line.strip() and lines:
        return tuple(lines)
    lines.append(line.rstrip())
    return tuple(_without_orphan(lines))


def _without_orphan(lines: list[str]) -> list[str]:
    """Lines whose last is no single Chinese character, if the line before can spare one."""
    if len(lines) < 2 or len(lines[-1]) != 1 or _character_width(lines[-1]) != _WIDE:
        return lines
    tokens = [*_tokens(lines[-2])]
    if len(tokens) < 4 or _character_width(tokens[-1][0]) != _WIDE:
        return lines
    return [*lines[:-2], "".join(tokens[:-1]).rstrip(), tokens[-1] + lines[-1]]


def _tokens(text: str) -> list[str]:
    """Words with the blank before them; a Chinese character is a token, with marks that must stay beside it."""
    tokens = [""]
    for character in " ".join(text.split()):
        wide = _character_width(character) == _WIDE
        stays = character in _NEVER_FIRST or tokens[-1][-1:] in _NEVER_LAST
        if not stays and (wide or character == " " or (tokens[-1] and _character_width(tokens[-1][-1]) == _WIDE)):
            tokens.append("")
        tokens[-1] += character
    return [token for token in tokens if token]


def svg_text(
    text: object,
    x: float,
    y: float,
    size: float,
    *,
    anchor: str = "start",
    colour: str = "#111111",
    bold: bool = False,
    halo: bool = False,
    is_turned: bool = False,
) -> str:
    """One line of text with its base line at (x, y) in mm; is_turned: a quarter turn to the left."""
    look = f'font-size="{size:g}" fill="{colour}"'
    if anchor != "start":
        look += f' text-anchor="{anchor}"'
    if bold:
        look += ' font-weight="bold"'
    if is_turned:
        look += f' transform="rotate(-90 {x:.2f} {y:.2f})"'
    if halo:
        look += f' stroke="#FFFFFF" stroke-width="{size * 0.28:.2f}" stroke-linejoin="round" paint-order="stroke"'
    return f'<text x="{x:.2f}" y="{y:.2f}" {look}>{as_text(text)}</text>'

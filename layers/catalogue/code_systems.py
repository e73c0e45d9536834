"""The classification of a parcel's use: three systems share digits, and one code has different meanings in them."""

import re
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain

from onemap.layers.catalogue.code_tables import CodeTable, code_parts, code_table, plain_code

USE_FIELD = "YDXZ"  # the parcel's proposed use
SYSTEM_FIELD = "code_system"  # by which codes the use is named, where the parcels say it
LAND_SEA, URBAN, SURVEY = "land-sea-2023", "urban-gb50137", "survey"
CODE_SYSTEMS = (LAND_SEA, URBAN, SURVEY)
# The tables that list the classes of each, the main one first.
TABLES = {LAND_SEA: ("land-sea-uses",), URBAN: ("urban-uses",), SURVEY: ("survey-classes", "current-uses")}

# Codes that say what the ground is: fields, forest, grass, water. What is built there, they do not say.
GROUND = {
    LAND_SEA: ("01", "02", "03", "04", "05", "17", "23", "24"),
    URBAN: ("E",),
    SURVEY: ("00", "01", "02", "03", "04", *(f"11{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10)), "1201")
    + tuple(f"12{n:02}" for n in range(3, 9)),
}

_NAME_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}A-Z0-9]*)[)\]}]")  # 0101(水田)
_BETWEEN_NAMES = "\0"  # no character of a value, nor a sign between codes
_CODE_BEFORE_NAME = re.compile(r"([A-Z0-9]+)([^\x01-\x7f]+)")  # 0101水田


def system_of(code: str, stated_system: str | None, usual: str) -> str | None:
    """Return the system of a code, None if it is unknown.

    stated_system: the system that the parcel names; usual: for codes that begin with a digit, if it names none. Letters
    are URBAN.
    """
    system = stated_system or (URBAN if code[:1].isalpha() else usual)
    return system if system in CODE_SYSTEMS else None


@lru_cache(maxsize=4096)
def known_uses(value: str, stated_system: str | None, usual: str) -> tuple[str | None, ...]:
    """Return the codes in a value, in comparable form, the main one first; None for one that its system lacks.

    The guide of 2023 has no 0810. A class without subclasses may be refined at its end, and a code may be followed by
    its class's name, or that of a class above: 0101水田. Other words make it unknown: 0701(拟改工业).

    stated_system, usual: as in `system_of`.
    """
    whole, words = plain_code(value), value.split()
    alone = [known_uses(word, stated_system, usual) for word in words] if len(words) > 1 else []
    are_codes = bool(alone) and all(codes and None not in codes for codes in alone)
    # 0101 1001 is no refined 0101, but 07 01 is 0701
    if are_codes and not any(table.class_of(whole) for table in _tables(whole, stated_system, usual)):
        return tuple(chain(*alone))
    parts = code_parts(_NAME_IN_BRACKETS.sub(rf"{_BETWEEN_NAMES}\1", whole))
    return tuple(_code_of(part, stated_system, usual) for part in parts)


def known_use(value: str, stated_system: str | None, usual: str) -> str | None:
    """Return the main code of a value if all its codes are known, else None; see `known_uses`."""
    codes = known_uses(value, stated_system, usual)
    return codes[0] if codes and None not in codes else None


def named_codes(value: str) -> list[str | None]:
    """Return the codes in a value of any system, in comparable form; None for words or other characters beside one."""
    codes = known_uses(value, None, LAND_SEA)
    if codes and None not in codes:
        return list(codes)
    return [part if part.isascii() and part.isalnum() else None for part in code_parts(value)]


def has_lost_zero(code: str) -> bool:
    """Whether a land and sea code may have lost its zero: each level has two digits, so 101 may be 0101."""
    digits = re.match(r"\d*", code)
    return digits is not None and len(digits[0]) % 2 == 1


def nearest_uses(value: str, usual: str, language: str, most: int = 3) -> list[str]:
    """Return the codes of a system whose class names or spellings resemble a value, with their titles."""
    classes = {code: row for name in TABLES[usual] for code, row in code_table(name).classes.items()}
    text = plain_code(value)
    names = get_close_matches(text, [row["zh"] for row in classes.values()], n=most, cutoff=0.6)
    codes = [code for name in names for code, row in classes.items() if row["zh"] == name]
    codes += get_close_matches(text, classes, n=most, cutoff=0.6)
    return [f"{code} {classes[code].get(language, classes[code]['zh'])}" for code in dict.fromkeys(codes)][:most]


def _code_of(part: str, stated_system: str | None, usual: str) -> str | None:
    """Return the code of one part of a value, without class names after it; None if its system lacks it."""
    match = _CODE_BEFORE_NAME.fullmatch(part)
    code, names = (match[1], [name for name in match[2].split(_BETWEEN_NAMES) if name]) if match else (part, [])
    tables = _tables(part, stated_system, usual) if code.isascii() and code.isalnum() else []
    is_known = any(table.has(code) and all(_is_name_of(table, code, name) for name in names) for table in tables)
    return code if is_known else None


def _is_name_of(table: CodeTable, code: str, name: str) -> bool:
    """Whether a name is that of the code's class, or of a class above it."""
    return any(table.is_name_of(code[:end], name) for end in range(1, len(code) + 1))


def _tables(code: str, stated_system: str | None, usual: str) -> list[CodeTable]:
    """The tables of a code's system."""
    system = system_of(code, stated_system, usual)
    return [code_table(name) for name in TABLES[system]] if system else []

"""By which classes a parcel names its use: three systems share digits, and one code means different uses in them."""

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


def system_of(code: str, named: str | None, usual: str) -> str | None:
    """The system to which a code belongs, None if it is not known.

    named: what the parcel says; usual: of codes that begin with a digit, where it says nothing. Letters are URBAN.
    """
    system = named or (URBAN if code[:1].isalpha() else usual)
    return system if system in CODE_SYSTEMS else None


@lru_cache(maxsize=4096)
def known_uses(value: str, named: str | None, usual: str) -> tuple[str | None, ...]:
    """The codes that a value names, as they are compared, the main one first; None for one that its system lacks.

    The guide of 2023 has no 0810. A class without subclasses may be refined at its end, and a class's own name may
    follow its code, or that of one above it: 0101水田. With other words nothing is known: 0701(拟改工业). named, usual:
    as of `system_of`.
    """
    whole, words = plain_code(value), value.split()
    alone = [known_uses(word, named, usual) for word in words] if len(words) > 1 else []
    are_codes = bool(alone) and all(codes and None not in codes for codes in alone)
    # 0101 1001 is no refined 0101, but 07 01 is 0701
    if are_codes and not any(table.class_of(whole) for table in _tables(whole, named, usual)):
        return tuple(chain(*alone))
    parts = code_parts(_NAME_IN_BRACKETS.sub(rf"{_BETWEEN_NAMES}\1", whole))
    return tuple(_code_of(part, named, usual) for part in parts)


def known_use(value: str, named: str | None, usual: str) -> str | None:
    """The main code of a value of which all codes are known, else None; see `known_uses`."""
    codes = known_uses(value, named, usual)
    return codes[0] if codes and None not in codes else None


def named_codes(value: str) -> list[str | None]:
    """The codes that a value of any system names, as they are compared; None for words, or other signs, beside one."""
    known = known_uses(value, None, LAND_SEA)
    if known and None not in known:
        return list(known)
    return [part if part.isascii() and part.isalnum() else None for part in code_parts(value)]


def has_lost_zero(code: str) -> bool:
    """Whether a land and sea code may have lost its zero: each level has two digits, so that 101 may be 0101."""
    digits = re.match(r"\d*", code)
    return digits is not None and len(digits[0]) % 2 == 1


def nearest_uses(value: str, usual: str, language: str, most: int = 3) -> list[str]:
    """The codes of a system whose classes are called like a value, or that are written like it, with their titles."""
    classes = {code: row for name in TABLES[usual] for code, row in code_table(name).classes.items()}
    text = plain_code(value)
    names = get_close_matches(text, [row["zh"] for row in classes.values()], n=most, cutoff=0.6)
    codes = [code for name in names for code, row in classes.items() if row["zh"] == name]
    codes += get_close_matches(text, classes, n=most, cutoff=0.6)
    return [f"{code} {classes[code].get(language, classes[code]['zh'])}" for code in dict.fromkeys(codes)][:most]


def _code_of(part: str, named: str | None, usual: str) -> str | None:
    """The code of one part of a value, without the class's names behind it; None for one that its system lacks."""
    found = _CODE_BEFORE_NAME.fullmatch(part)
    code, names = (found[1], [name for name in found[2].split(_BETWEEN_NAMES) if name]) if found else (part, [])
    tables = _tables(part, named, usual) if code.isascii() and code.isalnum() else []
    is_known = any(table.has(code) and all(_is_name_of(table, code, name) for name in names) for table in tables)
    return code if is_known else None


def _is_name_of(table: CodeTable, code: str, name: str) -> bool:
    """Whether a name is that of the code's class, or of one above it."""
    return any(table.is_name_of(code[:end], name) for end in range(1, len(code) + 1))


def _tables(code: str, named: str | None, usual: str) -> list[CodeTable]:
    """The tables of a code's system."""
    system = system_of(code, named, usual)
    return [code_table(name) for name in TABLES[system]] if system else []

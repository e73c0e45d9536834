"""Codes of divisions: one unit however its code is padded with zeros, and the divisions it lies within."""

_LEVELS = (2, 4, 6, 9, 12)  # digits of a province, city, county, town, village


def plain_unit_code(code: str) -> str:
    """Return a division's code in comparable form: 6, 9 or 12 digits, without the zeros that pad it to 12 or 19.

    The statistics' 130102000000 and the survey's 130102 are one unit.
    """
    if not (code.isascii() and code.isdigit()) or len(code) < 9:
        return code
    code = code[:12] if len(code) > 12 and not code[12:].strip("0") else code
    for length in (6, 9):
        if len(code) in (9, 12) and len(code) > length and not code[length:].strip("0"):
            return code[:length]
    return code


def unit_stem(code: str) -> str:
    """Return the common prefix of codes in a division: 31 for 310000, 1301 for 130100; 310110 is a district."""
    plain = plain_unit_code(code)
    if not (plain.isascii() and plain.isdigit() and len(plain) == 6):
        return plain
    return next((plain[:length] for length in _LEVELS[:2] if not plain[length:].strip("0")), plain)


def unit_stems(code: str) -> list[str]:
    """Return the stems of a division and of all divisions it lies within, the nearest first."""
    own = unit_stem(code)
    lengths = [length for length in reversed(_LEVELS) if length < len(own)] if own.isascii() and own.isdigit() else []
    return [own, *(own[:length] for length in lengths)]

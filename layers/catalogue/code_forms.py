"""Codes that are written differently from their table: full-width, in lower case, by their titles."""

from collections.abc import Callable

from onemap.layers.catalogue.code_tables import code_table, plain_code
from onemap.layers.catalogue.schema import Field

_FIGURES = str.maketrans("一二三四五六七八九", "123456789")


def code_reading(field: Field) -> Callable[[str], str] | None:
    """Return a function that reads a field's value as its table writes the code; None for a field without codes.

    A value that the table has unchanged stays so, and so does a value that a list does not have in any form.
    """
    if field.values:
        codes = {plain_code(value): value for value in reversed(field.values)}
        return lambda text: text if text in field.values else codes.get(plain_code(text), text)
    if field.codes:
        tables = [code_table(name) for name in field.codes]
        return lambda text: text if any(table.writes(text) for table in tables) else plain_code(text)
    return None


def meaning_reading(field: Field) -> Callable[[str], str] | None:
    """Return how rules read a field's value: as `code_reading`, but in a list of codes a title is read as its code.

    二级保护区 is 二级, and so is Ⅱ级, a code before the word that counts it. Any other value stays unchanged.
    """
    read_code = code_reading(field)
    if read_code is None or not (field.values and field.codes):
        return read_code
    codes = {plain_code(value): value for value in reversed(field.values)}
    titles: dict[str, str] = {}
    for name in field.codes:
        for code, entry in code_table(name).classes.items():
            if code in codes:
                titles.setdefault(plain_code(entry["zh"]), codes[code])

    def meaning_of(text: str) -> str:
        plain = plain_code(text)
        if plain in codes:
            return read_code(text)
        level = plain[:-1] if plain.endswith(("级", "类")) else plain
        return titles.get(plain) or codes.get(level) or codes.get(level.translate(_FIGURES), text)

    return meaning_of

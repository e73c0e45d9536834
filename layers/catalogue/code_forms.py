"""Codes that are written otherwise than their table writes them: full-width, in small letters, with blanks."""

from collections.abc import Callable

from onemap.layers.catalogue.code_tables import code_table, plain_code
from onemap.layers.catalogue.schema import Field


def code_reading(field: Field) -> Callable[[str], str] | None:
    """How a value of a field is read: as its table writes the code; None for a field that holds no codes.

    What the table has as it stands is read so, and what a list of values does not have in any form.
    """
    if field.values:
        listed = {plain_code(value): value for value in reversed(field.values)}
        return lambda text: text if text in field.values else listed.get(plain_code(text), text)
    if field.codes:
        tables = [code_table(name) for name in field.codes]
        return lambda text: text if any(table.writes(text) for table in tables) else plain_code(text)
    return None

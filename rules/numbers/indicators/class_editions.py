"""Tell from the codes of a version which edition of a classification they belong to.

A survey of 2009 writes 011 where one of 2019 writes 0101: a condition on codes of another edition would count nothing,
which is not the same as zero. Codes that several editions share belong to all of them.
"""

from collections.abc import Sequence

import pandas as pd

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.frames.fields import text_value
from onemap.rules.judge.kinds.conditions import fields_of

NO_EDITION, CLASSES = "class_edition", "classes"  # reasons: no edition knows the codes; another one than before
_KNOWN = 0.5  # of a field's codes: if no edition knows so many, they are of one that the program does not have
_ALL = 0.99  # a slip of the pen does not make another edition


def class_editions(where: str | None, attributes: pd.DataFrame, entry: LayerEntry) -> frozenset[str] | None:
    """The names of the code tables to which the codes in a condition's fields may belong; None if it uses none.

    Empty if no table knows the codes. A field that lists its values has one edition: its table only names them.
    """
    field_names = fields_of(where) if where is not None else ()
    editions: frozenset[str] | None = None
    for field in entry.fields:
        if field.codes and not field.values and field.name in field_names and field.name in attributes.columns:
            own = _editions(attributes[field.name], field.codes)
            editions = own if editions is None or own is None else editions & own if own else own
    return editions


def _editions(column: pd.Series, tables: Sequence[str]) -> frozenset[str] | None:
    codes = [code for code in map(text_value, column.dropna().unique().tolist()) if code]
    if not codes:
        return None
    shares = {name: _share(codes, name) for name in tables}
    best = max(shares.values())
    if best < _KNOWN:
        return frozenset()
    return frozenset(name for name, share in shares.items() if share >= min(best, _ALL))


def _share(codes: Sequence[str], name: str) -> float:
    table = code_table(name)
    return sum(table.class_of(code) is not None for code in codes) / len(codes)


def is_broken(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Whether two versions have no edition in common."""
    return one is not None and other is not None and not one & other

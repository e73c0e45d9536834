"""The heads of columns."""

from collections.abc import Sequence

from onemap.layers.messages import phrase


def column_heads(names: Sequence[str], language: str) -> list[str]:
    """The titles of the columns of a table."""
    return [phrase(f"text_column.{name}", language) for name in names]

"""Reasons as one column of a table keeps them: their codes, with commas between."""

from collections.abc import Iterable


def reasons_in(codes: str | None) -> list[str]:
    """The reasons that a column of findings keeps in one text, as `column_of_reasons` writes it."""
    return [code for code in (codes or "").split(",") if code]


def column_of_reasons(reasons: Iterable[str | None]) -> str | None:
    """Some reasons in one text, as a column of findings keeps them; None for none."""
    return ",".join(filter(None, reasons)) or None

"""Sums of fields in words: as many decimals as they have, and why one is unknown."""

from onemap.layers.messages import phrase


def sum_text(value: float) -> str:
    """A sum as people read it: whole numbers whole, others with two decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def statistics_reason(reason: str, language: str) -> str:
    """Why a number of a table is unknown."""
    kind = "indicator_reason" if reason == "no_row" else "reason"
    return phrase(f"{kind}.{reason}", language)

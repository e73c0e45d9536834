"""A result as a notebook shows it: the question, verdicts in their colours, the first rows."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from onemap.layers.messages import phrase
from onemap.layers.visible_text import visible_text
from onemap.rules.contract.verdict import Verdict

COLOURS: Mapping[str, str] = {  # as resources/pages/verdicts.css has them
    Verdict.PROHIBITED: "#b2182b",
    Verdict.RESTRICTED: "#b84d00",
    Verdict.UNKNOWN: "#5c5c5c",
    Verdict.CONSULT: "#8a6508",
    Verdict.NOTICE: "#2b6cb0",
    Verdict.CLEAR: "#1a7f37",
}
_ROWS, _LETTERS = 10, 80


def result_page(
    verb: str,
    facts: Mapping[str, Any],
    verdicts: Mapping[str, int],
    rows: pd.DataFrame | None,
    remarks: Sequence[str],
    language: str,
) -> str:
    """A result as HTML. facts: name → plain value; verdicts: verdict → number of parcels; rows: some are shown.

    remarks: on the answer and its input, a sentence each.
    """
    fact_text = " · ".join(f"{html.escape(name)} {html.escape(_text(value))}" for name, value in facts.items())
    parts = [f"<div><strong>onemap {html.escape(verb)}</strong> {fact_text}</div>"]
    if verdicts:
        parts.append("<div>" + " &nbsp; ".join(_count(name, verdicts[name], language) for name in verdicts) + "</div>")
    if rows is not None:
        parts += [_rows(rows), _more(len(rows), language)]
    if remarks:
        items = "".join(f"<li>{html.escape(remark)}</li>" for remark in remarks[:_ROWS])
        parts += [f"<ul>{items}</ul>", _more(len(remarks), language)]
    return "".join(filter(None, parts))


def _count(verdict: str, count: int, language: str) -> str:
    style = f"color: {COLOURS[verdict]}; font-weight: {600 if count else 400}"
    return f'<span style="{style}">{html.escape(phrase(f"verdict.{verdict}", language))} {count}</span>'


def _rows(rows: pd.DataFrame) -> str:
    names = [name for name in rows.columns if name != getattr(rows, "_geometry_column_name", None)]
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_text(value))}</td>" for value in row) + "</tr>"
        for row in rows[names].head(_ROWS).itertuples(index=False, name=None)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _more(count: int, language: str) -> str:
    return f"<div>{html.escape(phrase('said.rows_left', language, count=count - _ROWS))}</div>" if count > _ROWS else ""


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    text = f"{value:,.2f}" if isinstance(value, float) else visible_text(str(value))
    return text if len(text) <= _LETTERS else text[:_LETTERS] + "…"

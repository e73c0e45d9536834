"""Columns of frames that are more than text: verdicts in their order, days and moments."""

from typing import Any

import pandas as pd

from onemap.rules.contract.verdict import VERDICTS

VERDICT = pd.CategoricalDtype(list(reversed(VERDICTS)), ordered=True)  # so that the greatest is the most severe
_VERDICTS = ("verdict", "known_verdict", "verdict_before", "verdict_after")
_DAYS = ("valid_from", "valid_to", "as_of", "due", "opened_on", "received_on", "asked_on")
_MOMENTS = ("recorded_at", "started", "at")


def typed_frame(frame: Any) -> Any:
    """A frame with verdicts as an ordered category, days as dates and moments in UTC, where its columns are named so.

    What is no day in a column of days stays text with all of that column. Of a frame of Dask only verdicts are typed.
    """
    verdicts = [name for name in _VERDICTS if name in frame.columns]
    typed = frame.astype(dict.fromkeys(verdicts, VERDICT)) if verdicts else frame
    if not isinstance(typed, pd.DataFrame):
        return typed
    columns = {name: _times(typed[name], is_moment=name in _MOMENTS) for name in (*_DAYS, *_MOMENTS) if name in typed}
    return typed.assign(**columns) if columns else typed


def _times(values: pd.Series, *, is_moment: bool) -> pd.Series:
    try:
        return pd.to_datetime(values, format="ISO8601", utc=is_moment)
    except (ValueError, TypeError):
        return values

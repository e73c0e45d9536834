"""The state of a rule's row in a document: a conflict, ground that could not be judged, or why there is neither."""

from enum import StrEnum


class RowState(StrEnum):
    """The state of a row: `excused` is ground that a rule spares, `not_checked` a rule that was not asked."""

    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    EXCUSED = "excused"
    CLEAR = "clear"
    NOT_CHECKED = "not_checked"

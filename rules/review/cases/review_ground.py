"""The ground of cases that were in review on a day: opened, and neither issued nor withdrawn."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from onemap.layers.frames.fields import object_array
from onemap.layers.library.library import Library
from onemap.rules.judge.overlay.overlay import union_by
from onemap.rules.judge.runs.run_store import stored_question
from onemap.rules.review.cases.case import Case, Entry
from onemap.rules.review.cases.case_file import stored_cases

_ENDS = ("issue", "withdraw")


@dataclass(frozen=True)
class ReviewGround:
    """Cases (n,) by id, and the ground of each in the library's plane.

    unreadable: cases that may be open, and whose ground is unknown.
    """

    cases: tuple[str, ...]
    grounds: np.ndarray
    unreadable: tuple[str, ...] = ()


def review_ground(library: Library, as_of: date, known_at: datetime | None) -> ReviewGround:
    """The cases open at the end of a day, according to what was recorded until a moment.

    Raises OneMapError library.altered.
    """
    cases, grounds, unreadable = [], [], []
    for case in stored_cases(library):
        if case.damage is not None:
            unreadable.append(case.id)
            continue
        steps = [entry for entry in case.entries if entry.on <= as_of and _is_known(entry, known_at)]
        if not steps or any(entry.action in _ENDS for entry in steps):
            continue
        parcels = stored_question(library, _run_of(case, steps)).parcels
        cases.append(case.id)
        grounds += union_by(np.zeros(len(parcels.ids), dtype=np.int64), parcels.geometries, 1).tolist()
    return ReviewGround(tuple(cases), object_array(grounds), tuple(unreadable))


def _is_known(entry: Entry, known_at: datetime | None) -> bool:
    return known_at is None or datetime.fromisoformat(entry.at) <= known_at


def _run_of(case: Case, steps: list[Entry]) -> str:
    """The run of the last round among some steps."""
    last = max(entry.round for entry in steps)
    return next(one.run for one in reversed(case.rounds) if one.number <= last)

"""What the core says when it will not: every problem, in the core's own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.plugin.words.translation import sentences, tr, with_label

CANCELLED_CODE = 130
LEVELS = ("refuse", "warn", "note")
ABSENT = "field.absent"
NO_LIBRARY = ("library.missing", "library.not_one")


class Refusal(Exception):
    """The core would not, or could not. problems: as in its JSON; exit_code: as of the command line."""

    def __init__(self, message: str, problems: list[dict[str, Any]] | None = None, exit_code: int = 70) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems or []
        self.exit_code = exit_code
        self.mend: tuple[str, Callable[[], None]] | None = None  # a button's text, and what it does

    def __str__(self) -> str:
        return "\n".join(problem_line(problem) for problem in self.problems) or self.message

    def without_mends(self) -> str:
        """What is wrong, without what to do about it: for where a button does it."""
        return "\n".join(problem_line({**problem, "mend": ""}) for problem in self.problems) or self.message

    def is_about(self, code: str) -> bool:
        """Whether a problem of this code is in it."""
        return any(problem.get("code") == code for problem in self.problems)

    @property
    def is_cancel(self) -> bool:
        """Whether it is only that somebody cancelled."""
        return self.exit_code == CANCELLED_CODE


def problem_line(problem: dict[str, Any], known: Collection[str] = ()) -> str:
    """One problem as one line of text: where, what is wrong, how to mend it.

    known: names that stand beside it already, such as that of the file that is looked at.
    """
    said = [str(problem[part]) for part in ("message", "mend") if problem.get(part)]
    message = str(problem.get("message") or "")
    named = {
        part: str(problem[part])
        for part in ("file", "layer", "feature", "field")
        if problem.get(part) not in (None, "")
    }
    # A sentence that has the file's name in it needs it not twice.
    place = [
        name
        for part, name in named.items()
        if name not in known and not (part in ("file", "layer") and name in message)
    ]
    where = " · ".join(dict.fromkeys(place))
    text = sentences(*(said or [str(problem.get("code", ""))]))
    return with_label(where, text) if where else text


@dataclass(frozen=True)
class Told:
    """One line of a list of problems. level: refuse, warn, note, or nothing where nobody has weighed it."""

    level: str
    text: str
    problem: dict[str, Any]


def told_in_order(problems: Sequence[dict[str, Any]], known: Collection[str] = ()) -> list[Told]:
    """The gravest first; the fields that a file lacks in one line, for most files lack most that nobody needs."""
    listed = [one for one in problems if one.get("code") != ABSENT]
    listed.sort(key=lambda one: LEVELS.index(one["level"]) if one.get("level") in LEVELS else -1)
    lines = [Told(str(one.get("level") or ""), problem_line(one, known), one) for one in listed]
    absent = [str(one.get("field")) for one in problems if one.get("code") == ABSENT]
    if absent:
        text = tr("Fields of the schema that the file lacks: {fields}").format(fields=", ".join(absent))
        lines.append(Told("note", text, {"code": ABSENT}))
    return lines


def refusal_from_error(error: dict[str, Any]) -> Refusal:
    """The refusal in the error of a JSON-RPC answer."""
    data = error.get("data") or {}
    return Refusal(str(error.get("message", "")), data.get("problems") or [], int(data.get("exit_code") or 70))


def refusal_from_answer(answer: dict[str, Any], exit_code: int) -> Refusal:
    """The refusal in what a verb printed."""
    problems = answer.get("problems") or []
    return Refusal(str(answer.get("message", "")), problems, exit_code)

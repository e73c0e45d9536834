"""Refusals of the core: every problem, in the core's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from onemap.plugin.words.core_words import layer_name
from onemap.plugin.words.translation import name_list, sentences, tr, with_label
from onemap.plugin.words.verb_parameters import argument_names

CANCELLED_CODE = 130
LEVELS = ("refuse", "warn", "note")
ABSENT_FIELD = "field.absent"
LOGIN_REFUSED = "library.password"
LIBRARY_MISSING = ("library.missing", "library.empty", "library.not_one")


class Refusal(Exception):
    """The core refused, or failed.

    problems: as in the core's JSON.
    exit_code: as of the command line.
    verb: the verb of the request, if any.
    mend_option: the command-line option that the button replaces, as the core's texts name it.
    """

    def __init__(self, message: str, problems: list[dict[str, Any]] | None = None, exit_code: int = 70) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems or []
        self.exit_code = exit_code
        self.verb = ""
        self.mend: tuple[str, Callable[[], object]] | None = None  # a button's text, and what it does
        self.mend_option = ""

    def __str__(self) -> str:
        return "\n".join(map(problem_line, with_mends_once(self.problems))) or self.message

    def in_window(self, controls: Collection[str]) -> str:
        """The problems for a window, without names of command-line arguments for which the window has no control.

        controls: the options that the window's controls set.
        """
        arguments = argument_names(self.verb)

        def is_foreign(name: str) -> bool:
            return name in arguments or (name.startswith("--") and name not in controls)

        window_problems = [
            {**problem, "field": ""} if is_foreign(str(problem.get("field") or "")) else problem
            for problem in self.problems
        ]
        return "\n".join(map(problem_line, with_mends_once(window_problems))) or self.message

    def without_mends(self) -> str:
        """The problems without the advice on them, for use beside a button that follows it."""
        return "\n".join(problem_line({**problem, "mend": ""}) for problem in self.problems) or self.message

    def is_about(self, code: str) -> bool:
        """Whether a problem has this code."""
        return any(problem.get("code") == code for problem in self.problems)

    @property
    def is_cancel(self) -> bool:
        """Whether the refusal is only a cancel by the user."""
        return self.exit_code == CANCELLED_CODE


@contextmanager
def refusals_told(tell: Callable[[Refusal], Any]) -> Iterator[None]:
    """Run the block to its end or to a refusal, which is passed to `tell`."""
    try:
        yield
    except Refusal as refusal:
        tell(refusal)


def cancel_refusal() -> Refusal:
    """The refusal of what the user has cancelled."""
    return Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE)


def with_mends_once(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The problems, with a shared mend, and the option that it names, only at the last problem that has it."""
    last = {problem["mend"]: number for number, problem in enumerate(problems) if problem.get("mend")}
    said_later = [last.get(problem.get("mend"), number) > number for number, problem in enumerate(problems)]
    return [
        {**problem, "mend": "", "field": "" if is_option(problem) else problem.get("field")} if is_later else problem
        for problem, is_later in zip(problems, said_later)
    ]


def is_option(problem: dict[str, Any]) -> bool:
    """Whether the field of a problem is an option of the command line."""
    return str(problem.get("field") or "").startswith("--")


def problem_line(problem: dict[str, Any], known_names: Collection[str] = ()) -> str:
    """One problem as one line of text: the place, what is wrong, and how to solve it.

    known_names: names that the reader sees already, such as that of the open file.
    """
    message, mend = (str(problem.get(part) or "") for part in ("message", "mend"))
    # The core calls a layer by its code, which few people know.
    sentence = _with_title(message, str(problem.get("layer") or ""))
    names = {
        part: str(problem[part])
        for part in ("file", "layer", "feature", "field")
        if problem.get(part) not in (None, "")
    }
    # A sentence that has the name of a file or a field in it needs it not twice.
    shown_names = [
        layer_name(name) if part == "layer" else name
        for part, name in names.items()
        if name not in known_names
        and not (part != "feature" and _names(message, name))
        and not (name.startswith("--") and _names(mend, name))
    ]
    place = " · ".join(dict.fromkeys(shown_names))
    text = sentences(sentence, mend) or str(problem.get("code", ""))
    return with_label(place, text) if place else text


def _names(message: str, name: str) -> bool:
    """Whether a sentence contains a name, other than as part of a longer one."""
    return re.search(_whole(name), message) is not None


def _with_title(message: str, code: str) -> str:
    """The sentence with the layer's code replaced by its title, as few people know the code."""
    if not code or layer_name(code) in message:
        return message
    return re.sub(_whole(code), lambda _found: layer_name(code), message, count=1)


def _whole(name: str) -> str:
    return rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])"


@dataclass(frozen=True)
class ProblemLine:
    """One line of a list of problems.

    level: refuse, warn or note; empty if the problem has no level.
    """

    level: str
    text: str
    problem: dict[str, Any]


def problem_lines(problems: Sequence[dict[str, Any]], known_names: Collection[str] = ()) -> list[ProblemLine]:
    """The problems as lines, the gravest first.

    Missing fields share one line, because most files lack most fields, and nobody needs these.
    """
    weighed = [problem for problem in problems if problem.get("code") != ABSENT_FIELD]
    weighed.sort(key=lambda problem: LEVELS.index(problem["level"]) if problem.get("level") in LEVELS else -1)
    lines = [
        ProblemLine(str(problem.get("level") or ""), problem_line(problem, known_names), problem) for problem in weighed
    ]
    absent = [str(problem.get("field")) for problem in problems if problem.get("code") == ABSENT_FIELD]
    if absent:
        text = tr("Fields of the schema that the file lacks: {fields}").format(fields=name_list(absent))
        lines.append(ProblemLine("note", text, {"code": ABSENT_FIELD}))
    return lines


def refusal_from_error(error: dict[str, Any], method: str = "") -> Refusal:
    """The refusal in the error of a JSON-RPC answer. method: the method of the request."""
    data = error.get("data") or {}
    exit_code = int(data.get("exit_code") or 70)
    refusal = Refusal(str(error.get("message", "")), _in_words_of_qgis(data.get("problems") or []), exit_code)
    refusal.verb = method.replace(".", " ")
    return refusal


def refusal_from_answer(answer: dict[str, Any], exit_code: int) -> Refusal:
    """The refusal in the output of a verb; for a verb that was interrupted in a terminal, that it was cancelled."""
    problems = _in_words_of_qgis(answer.get("problems") or [])
    message = tr("Cancelled.") if answer.get("cancelled") else str(answer.get("message", ""))
    return Refusal(message, problems, exit_code)


def _in_words_of_qgis(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The problems, where a failed login does not name the account but says where QGIS stores its password."""
    message = tr(
        "The server refused access to the library: name or password is wrong or missing, "
        "or your computer may not connect."
    )
    mend = tr("Choose an entry with the right name and password under “Change the connection…”.")
    login = {"code": LOGIN_REFUSED, "message": message, "mend": mend}
    return [login if problem.get("code") == LOGIN_REFUSED else problem for problem in problems]

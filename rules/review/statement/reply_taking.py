"""Take in a reply from a department without QGIS; refuse one that answers another case, round or state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.rules.review.cases.case import WAITING, Case, copy_with
from onemap.rules.review.cases.case_conditions import check_reply_day, check_step
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.cases.code_names import department_name
from onemap.rules.review.cases.hand import checked_name
from onemap.rules.review.opinions import Letter, Words, checked_answers, checked_words
from onemap.rules.review.statement.page import texts_digest
from onemap.rules.review.statement.reply_file import Reply, read_reply
from onemap.rules.review.statement.review_pack import shown_digest


def read_letter(library: Library, path: str, department: str, on: date | None) -> tuple[Words, Letter]:
    """Read a reply file and compare it with the case. on: the day of the step, None for today.

    Raises OneMapError reply.…, review.….
    """
    reply = read_reply(Path(path))
    words = checked_words(reply.conclusion, reply.text, reply.basis, ())
    words = replace(words, answers=checked_answers(reply.answers, "--reply"))
    check_case = partial(check_reply, library, reply, department, on or library.today())
    check_page(library, reply, on, check_case)
    return words, Letter(checked_name(reply.by), reply.on, sha256(Path(path).read_bytes()), check_case)


def check_page(library: Library, reply: Reply, on: date | None, check_case: Callable[[Case], None]) -> None:
    """Refuse a reply from a page that printed other words than the case has now.

    A reply that answers something else, or comes when nothing is taken in, passes here; the step refuses it.
    Raises OneMapError reply.page.
    """
    try:
        case = read_case(library, reply.case, on)
        check_step(case, "opine")
        check_case(case)
    except OneMapError:
        return  # the step says why
    if case.opinion(reply.department).state not in WAITING:
        return  # it is signed, or silence has spoken: the step says so
    page = (reply.language, reply.department, reply.document, reply.annexes)
    # A remedy that was found since spoils no reply: what the department answers has not changed by it.
    earlier_cases = (_with_remedies(case, count) for count in range(len(case.current.remedies), -1, -1))
    if all(reply.printed != texts_digest(library, one, *page) for one in earlier_cases):
        department_text = department_name(library, reply.department)
        raise OneMapError("reply.page", field="--reply", department=department_text)


def _with_remedies(case: Case, count: int) -> Case:
    """The case as its pages printed it when the current round had so many remedies."""
    current = copy_with(case.current, remedies=case.current.remedies[:count])
    return copy_with(case, rounds=(*case.rounds[: case.round - 1], current, *case.rounds[case.round :]))


def check_reply(library: Library, reply: Reply, department: str, on: date, case: Case) -> None:
    """Refuse a reply that does not answer what the department would be shown now. on: the day of taking it in.

    Raises OneMapError reply.library, reply.case, reply.round, reply.department, reply.stale, reply.day.
    """
    if reply.library != library.id:
        raise OneMapError("reply.library", field="--reply", library=reply.library[:60])
    if reply.case != case.id:
        raise OneMapError("reply.case", field="--reply", given=reply.case[:60], case=case.id)
    if reply.department != department:
        raise OneMapError(
            "reply.department",
            field="--reply",
            given=department_name(library, reply.department[:60]),
            department=department_name(library, department),
        )
    if reply.round != case.round:
        raise OneMapError("reply.round", field="--reply", given=reply.round, round=case.round)
    if reply.run != case.current.run or reply.shown != shown_digest(library, case, department):
        raise OneMapError("reply.stale", field="--reply", department=department_name(library, department))
    check_reply_day(case.current.circulated_on, reply.on, on)

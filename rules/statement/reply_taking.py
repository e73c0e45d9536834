"""A reply from a department without QGIS, taken in; refused if it answers another case, round or state of things."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.rules.review.case import Case
from onemap.rules.review.code_names import department_name
from onemap.rules.review.hand import checked_name
from onemap.rules.review.opinions import Letter, Words, checked_words
from onemap.rules.statement.reply_file import Reply, read_reply
from onemap.rules.statement.review_pack import shown_digest


def read_letter(library: Library, path: str, department: str) -> tuple[Words, Letter]:
    """What a reply file says, and how it is held against the case. Raises OneMapError reply.…, review.…."""
    reply = read_reply(Path(path))
    words = checked_words(reply.conclusion, reply.text, reply.basis, ())
    words = replace(words, answers=tuple(reply.answers))
    checked = partial(check_reply, library, reply, department)
    return words, Letter(checked_name(reply.by), reply.on, sha256(Path(path).read_bytes()), checked)


def check_reply(library: Library, reply: Reply, department: str, case: Case) -> None:
    """Refuse a reply that does not answer what the department would be shown now.

    Raises OneMapError reply.library, reply.case, reply.round, reply.department, reply.stale.
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

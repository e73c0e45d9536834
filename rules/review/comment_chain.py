"""The comments of a public notice: their chain, how it is read and proved, and their authors unless erased."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import shown_text
from onemap.layers.stores.logged_rows import row_name
from onemap.layers.stores.sql_text import columns_of, compose_sql
from onemap.rules.review.cases.case import Case, Notice
from onemap.rules.review.cases.case_file import case_ids, plain_case
from onemap.rules.review.cases.event import readable_json, words_hash
from onemap.rules.review.notice_tables import COMMENTS, MOST_TEXT, NOTICES, PERSONS

COLUMNS = ("case_id", "notice", "number", "at", "day", "body", "before", "hash")
_UNSEEN = {"Cc", "Cf", "Cs", "Co"}  # signs that show nothing, or turn what stands beside them
_NO_SIGNS = "\ufffe\uffff"  # Others that have no meaning yet may have one soon: characters are added each year.
_PLACE = tuple[str, int, int]  # case, notice, comment


@dataclass(frozen=True)
class Comment:
    """A comment as it is stored. at: the moment, UTC; body: JSON; before: the hash of the comment before it."""

    case_id: str
    notice: int
    number: int
    at: str
    day: str
    body: str
    before: str
    hash: str

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """The comment's text, consent (to print its name) and person (a hash); empty if it is not a comment's body.

        `verify` reports such a row, which an account of the public may write past the site.
        """
        try:
            facts = readable_json(self.body)
        except OneMapError:
            return {}
        kinds = {name: type(value) for name, value in facts.items()}
        if kinds != {"text": str, "consent": bool, "person": str} or not is_shown_text(facts["text"], MOST_TEXT):
            return {}
        return facts

    @property
    def text(self) -> str:
        """The comment's text; "" if its body is not a comment's."""
        return self.facts.get("text", "")


def is_shown_text(text: str, most: int) -> bool:
    """Whether a text of the public says something, within a bound, and every sign of it is seen."""
    is_shown = all(unicodedata.category(sign) not in _UNSEEN or sign in "\n\t\u200d" for sign in text)
    return is_shown and not any(sign in text for sign in _NO_SIGNS) and len(text.strip()) > 0 and len(text) <= most


@dataclass(frozen=True)
class Person:
    """The author of a comment, as stated."""

    name: str
    place: str


def comment_hash(comment: Comment) -> str:
    """The hash of a comment; a server's trigger computes the same (`notice_tables`)."""
    place = (comment.before, comment.case_id, str(comment.notice), str(comment.number))
    text = "\n".join((*place, comment.at, comment.day, comment.body))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_comments(library: Library, case_id: str, notice: int) -> list[Comment]:
    """The comments of a notice in their order."""
    if not library.has_table(COMMENTS):
        return []
    sql = compose_sql(
        "SELECT {columns} FROM {comments} WHERE case_id = ? AND notice = ? ORDER BY number",
        columns=columns_of(COMMENTS, COLUMNS),
        comments=COMMENTS,
    )
    return [_comment_of(row) for row in library.connection.execute(sql, (case_id, notice))]


def _comment_of(row: Sequence[Any]) -> Comment:
    """Make a comment from a row in the order of COLUMNS; a value of a wrong type will not fit the hash."""
    case, notice, number, at, day, body, before, hash_ = (
        value if isinstance(value, str) or type(value) is int else shown_text(value) for value in row
    )
    numbers = [value if type(value) is int else -1 for value in (notice, number)]
    return Comment(str(case), numbers[0], numbers[1], str(at), str(day), str(body), str(before), str(hash_))


def counted_comments(library: Library, case: Case, notice: Notice) -> list[Comment]:
    """The comments of a notice that count: for a closed notice those that were there when it was closed.

    Raises OneMapError library.altered if the chain differs from what was written.
    """
    comments = read_comments(library, case.id, notice.number)
    problems = list(chain_problems(library, case.id, comments, notice))
    if problems:
        raise OneMapError.of([Problem("library.altered", {**one.facts, "how": one}) for one in problems])
    return comments if notice.count is None else comments[: notice.count]


def reads_persons(library: Library) -> bool:
    """Whether the library's user may see comments' authors: only the lead and the owner of the tables may."""
    return library.roles.is_lead or library.roles.is_owner


def read_persons(library: Library, case_id: str, notice: int) -> dict[int, Person]:
    """The authors of a notice's comments, by the comments' numbers, without erased ones."""
    if not library.has_table(PERSONS) or not reads_persons(library):
        return {}
    sql = compose_sql("SELECT number, words FROM {persons} WHERE case_id = ? AND notice = ?", persons=PERSONS)
    persons = {}
    for number, words in library.connection.execute(sql, (case_id, notice)).fetchall():
        with suppress(OneMapError):  # what no form of the site has sent names nobody
            facts = readable_json(words)
            persons[number] = Person(str(facts.get("name", "")), str(facts.get("place", "")))
    return persons


def comment_problems(library: Library) -> Iterator[Problem]:
    """Problems of a library's notices and comments: altered, missing, or different from what the case states."""
    if not library.has_table(COMMENTS):
        return
    read = library.connection.read_rows
    chains: dict[tuple[str, int], list[Comment]] = {}
    persons: dict[_PLACE, str] = {}
    with library.connection.tolerant():
        rows = read(NOTICES, ("case_id", "number", "until", "content"))
        pages = {(case, number): (until, content) for case, number, until, content in rows}
        for row in read(COMMENTS, COLUMNS):
            comment = _comment_of(row)
            chains.setdefault((comment.case_id, comment.notice), []).append(comment)
        if reads_persons(library):
            rows = read(PERSONS, ("case_id", "notice", "number", "words"))
            persons = {(case, notice, number): str(words) for case, notice, number, words in rows}
    comment_places = {(one.case_id, one.notice, one.number) for comments in chains.values() for one in comments}
    for unknown in sorted(set(persons) - comment_places, key=str):
        yield Problem("verify.record_unlogged", _facts(library, PERSONS, unknown))
    cases = set(case_ids(library))
    for comment in (one for (case_id, _), comments in chains.items() if case_id not in cases for one in comments):
        yield _comment_problem(library, "verify.record_unlogged", comment)
    for case_id in sorted({case for case, _ in (*pages, *chains)} & cases):
        try:
            notices = {one.number: one for one in plain_case(library, case_id).notices}
        except OneMapError:  # of which the check of events tells
            continue
        numbers = {number for case, number in (*pages, *chains) if case == case_id} | set(notices)
        for number in sorted(numbers, key=str):
            place = case_id, number
            comments = sorted(chains.get(place, []), key=lambda one: one.number)
            yield from _notice_problems(library, place, notices.get(number), pages.get(place))
            yield from chain_problems(library, case_id, comments, notices.get(number))
            yield from (_comment_problem(library, "verify.row_void", one) for one in comments if not one.facts)
            if reads_persons(library):
                yield from _person_problems(library, comments, notices.get(number), persons)


def _notice_problems(
    library: Library, place: tuple[str, int], notice: Notice | None, page: tuple[str, str] | None
) -> Iterator[Problem]:
    """A problem if a notice's page is missing or not the one that the case names; none for a notice without effect."""
    if notice is not None and (
        page is None or (page[0], words_hash(str(page[1]))) != (notice.until.isoformat(), notice.page)
    ):
        code = "verify.record_gone" if page is None else "verify.record_changed"
        at = notice.opened_on.isoformat()
        yield Problem(code, {**_facts(library, NOTICES, place), "at": at, "who": notice.opened_by})


def chain_problems(
    library: Library, case_id: str, comments: Sequence[Comment], notice: Notice | None
) -> Iterator[Problem]:
    """Problems of comments that are altered, gone, or differ from those that the lead closed or replied to."""
    before, last = "", 0
    at = {comment.number: comment for comment in comments}
    for comment in comments:
        is_next = (comment.number, comment.before) == (last + 1, before)
        if not is_next or comment_hash(comment) != comment.hash:
            yield _comment_problem(library, "verify.record_changed", comment)
        before, last = comment.hash, comment.number
    if notice is None:
        return
    who, place = notice.closed_by or notice.opened_by, (case_id, notice.number)
    noted_comments = [(notice.count, notice.head, notice.closed_on, who)] if notice.count else []
    noted_comments += [(reply.comment, reply.hash, reply.on, reply.by) for reply in notice.replies]
    for number, hash_, day, by in noted_comments:
        noted_comment = at.get(number)
        if noted_comment is None or noted_comment.hash != hash_:
            code = "verify.record_gone" if noted_comment is None else "verify.record_changed"
            facts = _facts(library, COMMENTS, (*place, number))
            yield Problem(code, {**facts, "at": day.isoformat() if day else "", "who": by})


def _person_problems(
    library: Library, comments: Sequence[Comment], notice: Notice | None, persons: Mapping[_PLACE, str]
) -> Iterator[Problem]:
    """Problems of authors: altered, gone without having been erased, or still there although erased."""
    erased = set(notice.erased) if notice else set()
    for comment in comments:
        place = comment.case_id, comment.notice, comment.number
        words = persons.get(place)
        facts = {**_facts(library, PERSONS, place), "at": comment.at, "who": "–"}
        if words is None:
            if comment.number not in erased:
                yield Problem("verify.record_gone", facts)
        elif comment.facts and comment.facts["person"] != words_hash(words):
            yield Problem("verify.record_changed", facts)
        elif comment.number in erased:
            yield Problem("verify.record_unlogged", _facts(library, PERSONS, place))


def _comment_problem(library: Library, code: str, comment: Comment) -> Problem:
    place = comment.case_id, comment.notice, comment.number
    return Problem(code, {**_facts(library, COMMENTS, place), "at": shown_text(comment.at), "who": "–"})


def _facts(library: Library, table: str, place: Sequence[Any]) -> dict[str, str]:
    return {"file": library.label, "layer": table, "feature": shown_text(row_name(place))}

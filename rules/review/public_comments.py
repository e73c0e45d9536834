"""The public's side of notices: the open ones, their pages, and how a comment is appended.

On a server the public's account may do nothing else; for a file this module applies the same limits.
"""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.sql_text import compose_sql, question_marks
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.cases.case_file import plain_case
from onemap.rules.review.cases.event import words_hash
from onemap.rules.review.cases.event_store import json_text, salted_words
from onemap.rules.review.comment_chain import Comment, comment_hash, is_shown_text, read_comments
from onemap.rules.review.notice_tables import (
    COMMENTS,
    MOST_A_MINUTE,
    MOST_COMMENTS,
    MOST_NAME,
    MOST_PLACE,
    MOST_TEXT,
    NOTICES,
    PERSONS,
    TABLES,
)

ANYBODY = "public"  # in the log: nobody has proved who wrote
_AT_ONCE = 5  # who write in the same moment, of whom one is first


@dataclass(frozen=True)
class NoticePage:
    """An open notice as the public sees it. content: by language, as `notice_page.page_content` made it."""

    case_id: str
    number: int
    until: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class WrittenComment:
    """A comment as it was written. consent: whether name and place may be printed with the text."""

    text: str
    name: str
    place: str
    consent: bool = False

    def cleaned_comment(self) -> "WrittenComment":
        """The comment without surrounding blanks. Raises OneMapError notice.field, naming the field."""
        return WrittenComment(
            _cleaned_text(self.text, "text", MOST_TEXT),
            _cleaned_text(self.name, "name", MOST_NAME),
            _cleaned_text(self.place, "place", MOST_PLACE),
            self.consent,
        )


def _cleaned_text(value: str, field: str, most: int) -> str:
    """A field's text as it is stored; only a comment's text may have several lines. Raises OneMapError notice.field."""
    text = "\n".join(line.rstrip() for line in value.splitlines()).strip()
    if not is_shown_text(text, most) or ("\n" in text and field != "text"):
        titles = {language: phrase(f"public_page.{field}", language) for language in LANGUAGES}
        raise OneMapError("notice.field", field=field, title=titles, most=most)
    return text


def open_notices(library: Library) -> list[NoticePage]:
    """The notices that take comments today, ordered by their last day."""
    if not library.has_table(NOTICES):
        return []
    sql = compose_sql("SELECT case_id, number, until, content FROM {notices} WHERE until >= ?", notices=NOTICES)
    rows = library.connection.execute(sql, (library.today().isoformat(),)).fetchall()
    notices = [
        NoticePage(case, number, until, _readable(content))
        for case, number, until, content in rows
        if library.roles.is_public or _is_open(library, case, number, content)
    ]
    return sorted(notices, key=lambda one: (one.until, one.case_id, one.number))


def open_notice(library: Library, case_id: str, number: int) -> NoticePage:
    """One open notice. Raises OneMapError notice.gone."""
    for one in open_notices(library):
        if (one.case_id, one.number) == (case_id, number):
            return one
    raise OneMapError("notice.gone")


def _readable(content: str) -> Mapping[str, Any]:
    try:
        content_record: Mapping[str, Any] = json.loads(content)
    except ValueError:
        raise OneMapError("notice.gone") from None
    return content_record


def _is_open(library: Library, case_id: str, number: int, content: str) -> bool:
    """Whether the case has an open notice with this content; only asked for a file, as a server checks this itself."""
    try:
        notice = plain_case(library, case_id).notice(number)
    except OneMapError:
        return False
    return notice.is_open and notice.page == words_hash(content) and notice.until >= library.today()


def write_comment(library: Library, case_id: str, number: int, comment: WrittenComment) -> None:
    """Append a comment to a notice.

    Raises OneMapError notice.field, notice.gone, notice.full for too many comments, or too many in a minute.
    """
    clean = comment.cleaned_comment()
    words = salted_words({"name": clean.name, "place": clean.place})
    body = json_text({"text": clean.text, "consent": clean.consent, "person": words_hash(words)})
    for attempt in range(_AT_ONCE):
        try:
            if library.path is None:
                _write_on_server(library, case_id, number, body, words)
            else:
                _write_in_file(library, case_id, number, body, words)
        except OneMapError as error:
            if error.code in ("library.conflict", "library.busy") and attempt + 1 < _AT_ONCE:
                continue  # another comment was first
            raise _as_public_refusal(error) from None
        else:
            return


def _as_public_refusal(error: OneMapError) -> OneMapError:
    """Replace a server's error by one that tells the public nothing about the server."""
    if error.code in ("library.no_right", "notice.gone"):
        return OneMapError("notice.gone")
    if error.code in ("library.server_said", "library.conflict", "library.busy", "library.stopped"):
        return OneMapError("notice.full")
    return error


def _write_on_server(library: Library, case_id: str, number: int, body: str, words: str) -> None:
    """Write a comment on a server, which fills in number, moment and hash."""
    with library.appending() as connection:
        values = {"case_id": case_id, "notice": number, "number": 0}
        _insert(connection, COMMENTS, {**values, "at": "", "day": "", "body": body, "before": "", "hash": ""})
        _insert(connection, PERSONS, {**values, "words": words})


def _write_in_file(library: Library, case_id: str, number: int, body: str, words: str) -> None:
    with library.writing() as connection:
        open_notice(library, case_id, number)
        before = read_comments(library, case_id, number)
        minute_ago = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        if len(before) >= MOST_COMMENTS or sum(one.at > minute_ago for one in before) >= MOST_A_MINUTE:
            raise OneMapError("notice.full")
        last = before[-1] if before else None
        comment = Comment(
            case_id=case_id,
            notice=number,
            number=(last.number if last else 0) + 1,
            at=connection.moment(),
            day=library.today().isoformat(),
            body=body,
            before=last.hash if last else "",
            hash="",
        )
        comment = replace(comment, hash=comment_hash(comment))
        insert_logged(connection, plain_tables(TABLES)[COMMENTS], [astuple(comment)])
        place = {"case_id": case_id, "notice": number, "number": comment.number}
        _insert(connection, PERSONS, {**place, "words": words})
        log(connection, ANYBODY, "notice.comment", f"notice {case_id}/{number}", {"comment": comment.number})


def _insert(connection: StoreConnection, table: str, values: Mapping[str, Any]) -> None:
    marks = question_marks(len(values))
    sql = compose_sql(
        "INSERT INTO {table} ({columns}) VALUES ({marks})", table=table, columns=tuple(values), marks=marks
    )
    connection.execute(sql, tuple(values.values()))

"""The lead's steps with a public notice: open it, reply to a comment, close it, erase a comment's author."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.stores.logged_rows import insert_logged, note_structure, plain_tables
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.case_step import StepContent, may_act, step
from onemap.rules.review.cases.case import NOTICE_KINDS, Case, CaseState, Notice
from onemap.rules.review.cases.case_conditions import check_step
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.event import words_hash
from onemap.rules.review.cases.event_store import json_text
from onemap.rules.review.cases.hand import Hand
from onemap.rules.review.cases.lead_effects import MOST_NOTICE_DAYS
from onemap.rules.review.cases.state_machine import case_state_after
from onemap.rules.review.comment_chain import Comment, counted_comments
from onemap.rules.review.notice_page import Labels, page_content
from onemap.rules.review.notice_tables import NOTICES, PERSONS, TABLES


def open_notice(
    library: Library,
    case_id: str,
    hand: Hand,
    days: int,
    withheld: Sequence[str],
    reason: str | None,
    labels: Labels,
) -> None:
    """Show a case to the public for some days. labels: the documents' words by language.

    Raises OneMapError notice.days, notice.open, library.upgrade_owner, review.….
    """
    if not 0 < days <= MOST_NOTICE_DAYS:
        raise OneMapError("notice.days", field="--days", most=MOST_NOTICE_DAYS)
    may_act(library, "notice", None)
    before = stored_case(library, case_id)
    check_step(before, "notice")
    if library.path is None and not library.has_table(NOTICES):
        raise OneMapError("library.upgrade_owner", file=library.label)
    number, kind = _free_number(library, before), NOTICE_KINDS[before.state == CaseState.ISSUED]
    # The page is made before anybody has to wait for it, and is that of the case on which the step rests.
    page = json_text(page_content(library, before, kind, withheld, labels))
    hand = replace(hand, expect=hand.expect or before.revision)
    facts = {"notice": number, "kind": kind, "days": days, "withheld": list(withheld)}
    content = StepContent({**facts, "page": words_hash(page), "reason": reason})
    with step(library, case_id, "notice", hand, lambda *_: content, write=_make_tables) as taken_step:
        # The last day is the replay's; it stands beside the page for whoever may not read the case.
        until = stored_case(library, case_id).notice(number).until.isoformat()
        insert_logged(taken_step.connection, plain_tables(TABLES)[NOTICES], [(case_id, number, until, page)])


def _free_number(library: Library, case: Case) -> int:
    """The number of a case's next notice: above the last, and not taken by the page of a notice without effect."""
    sql = compose_sql("SELECT number FROM {notices} WHERE case_id = ?", notices=NOTICES)
    rows = library.connection.execute(sql, (case.id,)) if library.has_table(NOTICES) else ()
    used_numbers = {row[0] for row in rows}
    last = case.notices[-1].number if case.notices else 0
    return next(number for number in count(last + 1) if number not in used_numbers)


def _make_tables(connection: StoreConnection) -> None:
    """Make the tables of notices in a library that does not have them yet."""
    for statement, name in zip(TABLES, plain_tables(TABLES), strict=True):
        if not connection.has_table(name):
            connection.execute(statement)
            note_structure(connection, [name])


def respond(library: Library, case_id: str, hand: Hand, comment: int, text: str, notice: int | None) -> None:
    """Reply to a comment; the last reply counts. notice: its number, None for the last notice.

    Raises OneMapError notice.none, notice.no_comment, notice.reply, review.….
    """

    def say(case: Case, _: date) -> StepContent:
        case_state_after(case.state, "respond", case.id)  # before other refusals
        chosen_notice = case.notice(notice)
        public_comment = _comment(library, case, chosen_notice, comment)
        return StepContent(
            {"notice": chosen_notice.number, "comment": comment, "hash": public_comment.hash, "text": text}
        )

    with step(library, case_id, "respond", hand, say):
        pass


def _comment(library: Library, case: Case, notice: Notice, comment: int) -> Comment:
    """A comment by its number. Raises OneMapError notice.no_comment, library.altered."""
    comments = counted_comments(library, case, notice)
    if not 1 <= comment <= len(comments):
        raise OneMapError("notice.no_comment", field="COMMENT", comment=comment, count=len(comments))
    return comments[comment - 1]


def close_notice(library: Library, case_id: str, hand: Hand, reason: str | None, notice: int | None) -> None:
    """Close a notice to comments, and record the head of their chain. Raises OneMapError notice.…, review.…."""

    def say(case: Case, _: date) -> StepContent:
        case_state_after(case.state, "close", case.id)
        chosen_notice = case.open_notice if notice is None and case.open_notice else case.notice(notice)
        comments = counted_comments(library, case, chosen_notice)
        head = comments[-1].hash if comments else ""
        facts = {"notice": chosen_notice.number, "count": len(comments), "head": head, "reason": reason}
        return StepContent(facts)

    with step(library, case_id, "close", hand, say):
        pass


def erase_person(
    library: Library, case_id: str, hand: Hand, comment: int, reason: str | None, notice: int | None
) -> None:
    """Erase the name and place of a comment's author for good; the text stays, and the chain can still be proved.

    Raises OneMapError notice.…, review.….
    """

    def say(case: Case, _: date) -> StepContent:
        case_state_after(case.state, "erase", case.id)
        chosen_notice = case.notice(notice)
        _comment(library, case, chosen_notice, comment)
        return StepContent({"notice": chosen_notice.number, "comment": comment, "reason": reason})

    with step(library, case_id, "erase", hand, say) as taken_step:
        place = case_id, taken_step.before.notice(notice).number, comment
        if library.path is None:
            taken_step.connection.execute("SELECT onemap_erase_person(?, ?, ?)", place)
        else:
            sql = compose_sql("DELETE FROM {persons} WHERE case_id = ? AND notice = ? AND number = ?", persons=PERSONS)
            taken_step.connection.execute("PRAGMA secure_delete = ON")  # else the words would stay in the file, unseen
            taken_step.connection.execute(sql, place)

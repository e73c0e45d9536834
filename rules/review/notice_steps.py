"""The lead's steps with a public notice: open it, reply to a comment, close it, erase who wrote a comment.

Left out for good: contact, telephone, credit code and investment of the applicant, names of officers, findings and
what they lie on, and what the lead withholds.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from onemap.layers.area_units import hectares_text, mu_text
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import profile_of
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.stores.logged_rows import insert_logged, note_structure, plain_tables
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import StoreConnection
from onemap.rules.display.maps.map_sheet import draw_map
from onemap.rules.display.maps.map_source import MapSource
from onemap.rules.display.maps.sheets_needed import MapPage
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.review.case_step import StepContent, may_act, step
from onemap.rules.review.cases.case import NOTICE_KINDS, SPOKEN, Case, CaseState, Opinion, OpinionState
from onemap.rules.review.cases.case_conditions import check_notice, check_readable
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.event import words_hash
from onemap.rules.review.cases.event_store import json_text
from onemap.rules.review.cases.hand import Hand
from onemap.rules.review.cases.lead_effects import MOST_NOTICE_DAYS
from onemap.rules.review.cases.project_data import PUBLIC_FACTS
from onemap.rules.review.cases.state_machine import case_state_after
from onemap.rules.review.comment_chain import Comment, counted_comments
from onemap.rules.review.notice_tables import NOTICES, PERSONS, TABLES

_DECIDED = (CaseState.CONSOLIDATED, CaseState.ISSUED)
Labels = Mapping[str, Mapping[str, str]]  # the documents' words by language


def page_content(library: Library, case: Case, kind: str, withheld: Collection[str], labels: Labels) -> dict[str, Any]:
    """The page of a notice by language. kind: before or after the statement; withheld: departments and facts."""
    return {language: _page_in(library, case, kind, withheld, labels[language], language) for language in LANGUAGES}


def _page_in(
    library: Library, case: Case, kind: str, withheld: Collection[str], labels: Mapping[str, str], language: str
) -> dict[str, Any]:
    profile = profile_of(library)
    facts = [
        (labels[f"field_{key}"], _value_text(case.data[key]))
        for key in PUBLIC_FACTS
        if key not in withheld and case.data.get(key) is not None
    ]
    is_decided = case.state in _DECIDED
    shown = [one for one in case.opinions if is_decided and one.state in SPOKEN and one.department not in withheld]
    return {
        "project": case.project,
        "kind": kind,
        "bureau": (profile.lead.unit or profile.lead.mark).get(language) or profile.lead.code or library.name,
        "rehearsal": library.is_rehearsal,
        "document": case.document if case.state == CaseState.ISSUED else None,
        "facts": facts,
        "parcels": _parcel_rows(library, case),
        "conclusion": labels[f"overall_{case.conclusion}"] if is_decided and case.conclusion else None,
        "opinions": [
            {"department": profile.department_title(one.department, language), **_words_of(one, labels, language)}
            for one in shown
        ],
        "withheld": is_decided and bool(withheld),
        "maps": _maps_of(library, case, language),
    }


def _words_of(opinion: Opinion, labels: Mapping[str, str], language: str) -> dict[str, str]:
    """Conclusion, text and basis of a department; of one that never answered that it did not."""
    if opinion.state == OpinionState.DEEMED:
        due = opinion.due.isoformat() if opinion.due else ""
        return {"conclusion": labels["opinion_deemed"], "text": labels["opinion_silent"].format(due=due), "basis": ""}
    conclusion = phrase(f"conclusion.{opinion.conclusion}", language)
    return {"conclusion": conclusion, "text": opinion.text_in(language), "basis": opinion.basis}


def _value_text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _parcel_rows(library: Library, case: Case) -> list[dict[str, str]]:
    """The parcels with their ground on the ellipsoid."""
    rows = [row.values for row in stored_rows(library, case.current.run, "parcels")]
    return [
        {
            "parcel": str(row["parcel"]),
            "hectares": hectares_text(row["area_ellipsoidal_m2"]),
            "mu": mu_text(row["area_ellipsoidal_m2"]),
        }
        for row in rows
    ]


def _maps_of(library: Library, case: Case, language: str) -> list[str]:
    """Where the parcels lie, and how they are bounded; what was found on them is nobody's business here."""
    source = MapSource(library, case.current.run, language)
    source.pieces, source.findings = [], []
    return [draw_map(source, MapPage(theme), project=case.project).svg for theme in ("location", "boundary")]


def open_notice(
    library: Library,
    case_id: str,
    hand: Hand,
    days: int,
    withheld: Sequence[str],
    reason: str | None,
    labels: Labels,
) -> None:
    """Show a case to the public for so many days. labels: the documents' words by language.

    Raises OneMapError notice.days, notice.open, library.upgrade_owner, review.….
    """
    if not 0 < days <= MOST_NOTICE_DAYS:
        raise OneMapError("notice.days", field="--days", most=MOST_NOTICE_DAYS)
    may_act(library, "notice", None)
    before = stored_case(library, case_id)
    _check_state(before, "notice")
    check_readable(before, "notice")
    check_notice(before, "notice")
    if library.path is None and not library.has_table(NOTICES):
        raise OneMapError("library.upgrade_owner", file=library.label)
    number, kind = _free_number(library, before), NOTICE_KINDS[before.state == CaseState.ISSUED]
    # The page is made before anybody has to wait for it, and is that of the case on which the step rests.
    page = json_text(page_content(library, before, kind, withheld, labels))
    hand = replace(hand, expect=hand.expect or before.revision)
    facts = {"notice": number, "kind": kind, "days": days, "withheld": list(withheld)}
    content = StepContent({**facts, "page": words_hash(page), "reason": reason})
    with step(library, case_id, "notice", hand, lambda *_: content, write=_make_tables) as taken:
        # The last day is the replay's; it stands beside the page for whoever may not read the case.
        until = stored_case(library, case_id).notice(number).until.isoformat()
        insert_logged(taken.connection, plain_tables(TABLES)[NOTICES], [(case_id, number, until, page)])


def _free_number(library: Library, case: Case) -> int:
    """The number of a case's next notice: behind the last, and not that of a page that a notice without effect left."""
    sql = compose_sql("SELECT number FROM {notices} WHERE case_id = ?", notices=NOTICES)
    rows = library.connection.execute(sql, (case.id,)) if library.has_table(NOTICES) else ()
    taken = {row[0] for row in rows}
    last = case.notices[-1].number if case.notices else 0
    return next(number for number in count(last + 1) if number not in taken)


def _make_tables(connection: StoreConnection) -> None:
    """The tables of notices in a library that was made before there were any."""
    for statement, name in zip(TABLES, plain_tables(TABLES), strict=True):
        if not connection.has_table(name):
            connection.execute(statement)
            note_structure(connection, [name])


def respond(library: Library, case_id: str, hand: Hand, comment: int, text: str, notice: int | None) -> None:
    """Reply to a comment; of several replies the last one counts. notice: its number, the last one for None.

    Raises OneMapError notice.none, notice.no_comment, notice.reply, review.….
    """

    def say(case: Case, _: date) -> StepContent:
        _check_state(case, "respond")
        chosen = case.notice(notice)
        found = _comment(library, case, chosen.number, comment)
        facts = {"notice": chosen.number, "comment": comment, "hash": found.hash, "text": text}
        return StepContent(facts)

    with step(library, case_id, "respond", hand, say):
        pass


def _check_state(case: Case, action: str) -> None:
    """Tell first that a case's state does not allow a step. Raises OneMapError review.…."""
    case_state_after(case.state, action, case=case.id, field="CASE")


def _comment(library: Library, case: Case, notice: int, comment: int) -> Comment:
    """A comment by its number. Raises OneMapError notice.no_comment, library.altered."""
    comments = counted_comments(library, case, case.notice(notice))
    if not 1 <= comment <= len(comments):
        raise OneMapError("notice.no_comment", field="COMMENT", comment=comment, count=len(comments))
    return comments[comment - 1]


def close_notice(library: Library, case_id: str, hand: Hand, reason: str | None, notice: int | None) -> None:
    """Take no more comments, and take the head of their chain into the case. Raises OneMapError notice.…, review.…."""

    def say(case: Case, _: date) -> StepContent:
        _check_state(case, "close")
        chosen = case.open_notice if notice is None and case.open_notice else case.notice(notice)
        comments = counted_comments(library, case, chosen)
        head = comments[-1].hash if comments else ""
        facts = {"notice": chosen.number, "count": len(comments), "head": head, "reason": reason}
        return StepContent(facts)

    with step(library, case_id, "close", hand, say):
        pass


def erase_person(
    library: Library, case_id: str, hand: Hand, comment: int, reason: str | None, notice: int | None
) -> None:
    """Erase name and place of whoever wrote a comment, for good; its text stays, and the chain can be proved.

    Raises OneMapError notice.…, review.….
    """

    def say(case: Case, _: date) -> StepContent:
        _check_state(case, "erase")
        chosen = case.notice(notice)
        _comment(library, case, chosen.number, comment)
        return StepContent({"notice": chosen.number, "comment": comment, "reason": reason})

    with step(library, case_id, "erase", hand, say) as taken:
        place = case_id, taken.before.notice(notice).number, comment
        if library.path is None:
            taken.connection.execute("SELECT onemap_erase_person(?, ?, ?)", place)
        else:
            sql = compose_sql("DELETE FROM {persons} WHERE case_id = ? AND notice = ? AND number = ?", persons=PERSONS)
            taken.connection.execute("PRAGMA secure_delete = ON")  # else the words would stay in the file, unseen
            taken.connection.execute(sql, place)

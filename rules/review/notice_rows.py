"""Public notices and their comments as JSON, and as an annex of the documents."""

from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.records import Record, fields_of
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.cases.case import Case, Notice
from onemap.rules.review.comment_chain import counted_comments, read_comments, read_persons


def notice_record(library: Library, case: Case, notice: Notice) -> Record:
    """One notice as JSON; `comments` counts those received so far until it is closed."""
    count = len(read_comments(library, case.id, notice.number)) if notice.count is None else notice.count
    return {
        "notice": notice.number,
        **fields_of(notice, "kind", "opened_by", "opened_on", "until"),
        "open": notice.is_open,
        "over": notice.is_open and notice.until < case.on,
        **fields_of(notice, "withheld", "closed_by", "closed_on", "reason"),
        "comments": count,
        "replied": len({reply.comment for reply in notice.replies}),
    }


def comment_records(library: Library, case: Case, notice: Notice) -> list[Record]:
    """The comments of a notice with the lead's replies; names and places only if the lead reads.

    Raises OneMapError library.altered.
    """
    persons = read_persons(library, case.id, notice.number)
    records = []
    for comment in counted_comments(library, case, notice):
        person, reply = persons.get(comment.number), notice.reply_to(comment.number)
        records.append(
            {
                "comment": comment.number,
                **fields_of(comment, "at", "day", "text"),
                "consent": comment.facts.get("consent", False),
                "name": person.name if person else None,
                "place": person.place if person else None,
                "erased": comment.number in notice.erased,
                "reply": reply.text if reply else None,
                "replied_by": reply.by if reply else None,
                "replied_on": reply.on.isoformat() if reply else None,
            }
        )
    return records


def comments_annex(library: Library, case: Case, department: str | None, language: str) -> list[Row]:
    """The comments of closed notices, with name and place only if their author consented; none for one department.

    Names are printed only if the reader may read them.
    """
    rows: list[Row] = []
    for notice in case.notices if department is None else ():
        if notice.is_open:
            continue
        notice_facts = {"kind_title": phrase(f"notice_kind.{notice.kind}", language), "notice": notice.number}
        for record in comment_records(library, case, notice):
            may_print = record["consent"] and record["name"] is not None
            who = f"{record['name']}　{record['place']}" if may_print else phrase("notice_said.unnamed", language)
            comment_facts = {name: record[name] for name in ("comment", "day", "text", "reply", "replied_on")}
            rows.append({**notice_facts, **comment_facts, "who": who})
    return rows

"""The review pack: what a department without QGIS is shown, the digest of it, and the form that saves its reply."""

from typing import Any

from onemap.layers.library.library import Library, sha256
from onemap.rules.review.case_file import CONCLUSIONS, Case
from onemap.rules.runs.run_store import stored_rows
from onemap.rules.statement.document_words import words
from onemap.rules.statement.page_html import Html, tag
from onemap.rules.statement.reply_file import FORMAT, SUFFIX, canonical

_REPLIES_IN = ("circulating",)
_MOST_TEXT, _MOST_ANSWER = 20_000, 1_000  # characters that the core takes in
_MEASURES = ("parcel", "rule", "layer", "version", "verdict", "area_m2", "share", "length_m", "distance_m", "value")


def takes_reply(case: Case, department: str) -> bool:
    """Whether the case stands where a department may still answer. Raises OneMapError review.department."""
    opinion = case.opinion(department)
    return case.state in _REPLIES_IN and opinion.state in ("drafted", "returned")


def shown_facts(library: Library, case: Case, department: str) -> dict[str, Any]:
    """What a department's answer rests on, in no language: parcels, its findings, its items, its draft.

    Deadlines are no part of it, so that an extension spoils no reply.
    Raises OneMapError review.department.
    """
    round_, opinion = case.current, case.opinion(department)
    findings = [
        row.values for row in stored_rows(library, round_.run, "findings") if row.values["department"] == department
    ]
    rules = {finding["rule"] for finding in findings}
    return {
        "library": library.id,
        "case": case.id,
        "project": case.project,
        "round": round_.number,
        "run": round_.run,
        "department": department,
        "parcels": [
            [row.values["parcel"], sha256(row.wkb or b"")] for row in stored_rows(library, round_.run, "parcels")
        ],
        "findings": [
            {**{name: finding[name] for name in _MEASURES}, "counted": finding["counted"], "reason": finding["reason"]}
            for finding in findings
        ],
        "overrides": [
            [item.parcel, item.rule, item.verdict, item.reason] for item in round_.overrides if item.rule in rules
        ],
        "checklist": [[item.item, item.rule, item.answer] for item in round_.items if item.department == department],
        "draft": [opinion.conclusion, opinion.text, opinion.basis],
        "superseded": list(opinion.stale_because),
    }


def shown_digest(library: Library, case: Case, department: str) -> str:
    """SHA-256 of what a department is shown of the case as it stands. Raises OneMapError review.department."""
    return sha256(canonical(shown_facts(library, case, department)))


def reply_section(library: Library, case: Case, department: str, shown: dict[str, Any], language: str) -> Html:
    """Deadline, the machine's draft, the items to judge, and the form. shown: the printed content."""
    said = words(language)
    opinion = case.opinion(department)
    conclusions = [
        tag(
            "label",
            tag("input", type="radio", name="conclusion", value=code, required=True),
            said[f"conclusion_{code}"],
        )
        for code in CONCLUSIONS
    ]
    articles = [f"{item['law']} {article}".strip() for item in shown["laws"] for article in item["articles"] or [""]]
    due = said["pack_due"].format(due=opinion.due.isoformat()) if opinion.due else said["pack_no_due"]
    form = tag(
        "form",
        tag("fieldset", tag("legend", said["reply_conclusion"]), *conclusions, class_="conclusions"),
        _field(
            "text",
            said["reply_text"],
            tag("textarea", "\n", id="text", name="text", rows="8", required=True, maxlength=_MOST_TEXT),
        ),
        tag("button", said["pack_take_draft"], type="button", id="take-draft"),
        _field(
            "basis",
            said["reply_basis"],
            tag("textarea", "\n", id="basis", name="basis", rows="3", maxlength=_MOST_TEXT),
        ),
        _field("article", said["pack_articles"], _choice(articles, said["pack_choose"])) if articles else None,
        _items(shown, language),
        _field(
            "by",
            said["pack_name"],
            tag("input", id="by", name="by", autocomplete="name", required=True, maxlength="100"),
        ),
        _field("on", said["pack_date"], tag("input", id="on", name="on", type="date", required=True)),
        tag("ul", id="wrong", role="alert"),
        tag("button", said["pack_save"], type="submit", class_="main"),
        tag("p", said["pack_after"].format(suffix=SUFFIX), class_="hint"),
        tag("p", id="saved", role="status"),
        id="reply",
        novalidate=True,
        data_format=FORMAT,
        data_file=f"{case.id}-{department}-{case.round}{SUFFIX}",
        data_draft_conclusion=opinion.conclusion,
        **{
            f"data_say_{name}": said[f"pack_say_{name}"]
            for name in ("conclusion", "text", "basis", "name", "date", "saved")
        },
    )
    return tag(
        "section",
        tag("h2", said["pack_heading"].format(unit=shown["document"]["unit"])),
        tag("p", due, class_="due"),
        tag("p", said["reply_instruction"]),
        _draft(opinion.conclusion, opinion.said(language), opinion.basis, language),
        form,
        tag("script", Html(canonical(shown_facts(library, case, department))), type="application/json", id="shown"),
        id="answer",
    )


def _draft(conclusion: str, text: str, basis: str, language: str) -> Html:
    said = words(language)
    return tag(
        "div",
        tag("h3", said["reply_draft"]),
        tag("p", tag("strong", said[f"conclusion_{conclusion}"])),
        tag("p", text, id="draft-text", class_="text"),
        tag("p", said["reply_basis"], "：" if language == "zh" else ": ", tag("span", basis, id="draft-basis")),
        class_="draft",
    )


def _items(shown: dict[str, Any], language: str) -> Html | None:
    """What the department has to judge itself, each with a line for its answer."""
    said = words(language)
    if not shown["checklist"]:
        return None
    lines = []
    for number, item in enumerate(shown["checklist"]):
        title = item["title"] if not item["reason_text"] else f"{item['title']} · {item['reason_text']}"
        control = tag(
            "input", id=f"item-{number}", data_item=item["id"], value=item["answer"] or None, maxlength=_MOST_ANSWER
        )
        lines.append(_field(f"item-{number}", title, control))
    return tag("fieldset", tag("legend", said["reply_answers"]), *lines, class_="answers")


def _field(name: str, title: str, control: Html) -> Html:
    return tag("p", tag("label", title, for_=name), control, class_="field")


def _choice(articles: list[str], first: str) -> Html:
    options = [tag("option", first, value=""), *(tag("option", article) for article in articles)]
    return tag("select", *options, id="article")

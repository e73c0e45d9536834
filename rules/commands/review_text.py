"""What the verbs of the review say to people, in plain lines."""

from collections.abc import Callable, Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.answers.answer_rows import part_lines
from onemap.rules.answers.run_views import unasked_row, verdict_table
from onemap.rules.maps.document_areas import hectares_text, moment_text
from onemap.rules.remedy.remedy_text import remedy_lines

Result = dict[str, Any]


def _review_phrase(name: str, language: str, **facts: Any) -> str:
    return phrase(f"review_said.{name}", language, **facts)


def _head(result: Result, language: str) -> str:
    state = phrase(f"review_state.{result['state']}", language)
    return _review_phrase("case", language, **{**result, "state": state})


def _department_names(result: Result) -> dict[str, str]:
    return {opinion["department"]: opinion["department_title"] for opinion in result["opinions"]}


def _case(result: Result, language: str) -> str:
    lines = [_head(result, language)]
    for opinion in result["opinions"]:
        marks = [
            phrase(f"opinion_state.{opinion['state']}", language),
            phrase(f"conclusion.{opinion['conclusion']}", language),
        ]
        if not opinion["routed"]:
            marks.append(_review_phrase("not_asked", language))
        elif opinion["due"]:
            marks.append(_review_phrase("due", language, due=opinion["due"]))
        if opinion["overdue"]:
            marks.append(_review_phrase("overdue", language))
        elif opinion["days_left"] is not None:
            marks.append(_review_phrase("left", language, days=opinion["days_left"]))
        marks += [_review_phrase(name, language) for name in ("stale",) if opinion["stale"]]
        marks += [_review_phrase("stopped", language)] if opinion["stopped_on"] else []
        lines.append(f"  {opinion['department_title']} · " + " · ".join(marks))
    lines += [f"  {_body(body, language)}" for body in result["bodies"]]
    if result["conclusion"]:
        lines.append(
            _review_phrase("overall", language, conclusion=phrase(f"conclusion.{result['conclusion']}", language))
        )
    if result["document"]:
        lines.append(_review_phrase("document", language, document=result["document"]))
    lines += [f"  ! {warning}" for warning in result["warnings"]]
    names = _department_names(result)
    lines += [f"  {_late(entry, names, language)}" for entry in result["entries"] if entry["entered_on"]]
    if result.get("instead_of"):
        before = result["instead_of"]
        conclusion = phrase(f"conclusion.{before['conclusion']}", language)
        lines.append("  ! " + _review_phrase("instead_of", language, by=before["by"], conclusion=conclusion))
    return "\n".join(lines)


def _body(body: Result, language: str) -> str:
    """A body that is asked on paper, and its answer, or until when it is due."""
    marks = [_review_phrase("on_paper", language)]
    if body["answer"]:
        marks.append(phrase(f"conclusion.{body['answer']['conclusion']}", language))
    elif body["due"]:
        marks.append(_review_phrase("due", language, due=body["due"]))
    marks += [_review_phrase("overdue", language)] if body["overdue"] else []
    return f"{body['title']} · " + " · ".join(marks)


def _open(result: Result, language: str) -> str:
    """The case as it was opened, and how its parcels were judged."""
    return "\n".join([_case(result, language), *part_lines([verdict_table(result["verdicts"], language)], language)])


def _show(result: Result, language: str) -> str:
    """The case, and by how many rules its parcels were judged."""
    return "\n".join(
        [_case(result, language), *part_lines([unasked_row(result["rules"], result["unasked"], language)], language)]
    )


def _late(entry: Result, names: Mapping[str, str], language: str) -> str:
    """A step that was entered late, with both of its days. names: of the departments."""
    department = f" {names[entry['department']]}" if entry["department"] else ""
    action = phrase(f"review_done.{entry['action']}", language) + department
    return _review_phrase("entered", language, action=action, on=entry["on"], entered_on=entry["entered_on"])


def _remedy(result: Result, language: str) -> str:
    kept = result["remedies"][-1]
    facts = {name: kept[name] for name in ("parcels", "passing", "whole", "run")}
    sums = {name: hectares_text(kept[f"{name}_m2"]) for name in ("cut", "dropped")}
    lines = [_case(result, language), phrase("said.remedy", language, **facts, **sums)]
    return "\n".join(lines + remedy_lines(kept, language))


def _recheck(result: Result, language: str) -> str:
    changes = result["changes"]
    titles, names = {one["rule"]: one["title"] for one in changes["findings"]}, _department_names(result)
    lines = [_head(result, language), _review_phrase("changes", language, count=sum(map(len, changes.values())))]
    for one in changes["parcels"]:
        before, after = (phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to"))
        rules = phrase("sheet.semicolon", language).join(titles.get(rule, rule) for rule in one["rules"])
        turn = phrase("said.changed_by", language, turn=f"{before} → {after}", rules=rules)
        lines.append("  " + phrase("sheet.pair", language, name=one["parcel"], value=turn))
    for one in changes["opinions"]:
        before, after = (phrase(f"conclusion.{one[side]['conclusion']}", language) for side in ("from", "to"))
        lines.append("  " + phrase("sheet.pair", language, name=names[one["department"]], value=f"{before} → {after}"))
    for one in (*changes["layers"], *changes["packs"]):
        turn = f"{one['from'] or '–'} → {one['to'] or '–'}"
        lines.append("  " + phrase("sheet.pair", language, name=one["title"], value=turn))
    return "\n".join(lines)


def _list(result: Result, language: str) -> str:
    lines = []
    for case in result["cases"]:
        marks = [_review_phrase("due", language, due=case["due"])] if case["due"] else []
        marks += [_review_phrase("overdue", language)] if case["overdue"] else []
        marks += [_review_phrase("stale", language)] if case["stale"] else []
        lines.append(" · ".join([_head(case, language), *marks]))
    return "\n".join(lines) or _review_phrase("no_cases", language)


def _publish(result: Result, language: str) -> str:
    lines = [
        _review_phrase("published", language, code=code, version=version)
        for code, version in result["layers"].items()
        if version
    ]
    return "\n".join(lines) or _review_phrase("published_none", language)


def _export(result: Result, language: str) -> str:
    lines = [_review_phrase("written", language, target=result["target"]), *filter(None, [result["fonts"]])]
    return "\n".join(lines)


def _history(result: Result, language: str) -> str:
    lines = [
        f"{row['number']:>6}  " + " · ".join((moment_text(row["at"]), row["who"], row["step"], row["what"]))
        for row in result["rows"]
    ]
    return "\n".join(
        [*lines, *([_review_phrase("written", language, target=result["out"])] if "out" in result else [])]
    )


_STEPS = (
    *("circulate", "opine", "sign", "return", "override", "extend"),
    *("revise", "consolidate", "issue", "withdraw"),
)
REVIEW_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    **{f"review {step}": _case for step in _STEPS},
    "review open": _open,
    "review show": _show,
    "review list": _list,
    "review recheck": _recheck,
    "review remedy": _remedy,
    "review publish": _publish,
    "review export": _export,
    "history": _history,
}

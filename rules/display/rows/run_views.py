"""The rows of runs for people: verdicts of parcels, rules not run, turned verdicts; past runs, and an explanation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.messages import list_text, pair_text, phrase
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    Part,
    assumed_rows,
    column_heads,
    sentence_row,
)
from onemap.rules.display.rows.turned_words import turned_words

_MOST_CHANGED = 50  # parcels that somebody reads one by one
_NOTHING = (None, "–")


def check_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A check: its parcels by verdict, the rules that were not asked, and what turned against an earlier run."""
    run = result["run"]
    facts = {"parcels": f"{result['parcels']:,}", "seconds": f"{result['seconds']:,.1f}", "run": run["id"]}
    parts: list[Part] = [verdict_table(result["verdicts"], language), *assumed_rows(run["layers"], language)]
    if result.get("left_out"):
        parts.append(sentence_row("files_left_out", language, files=list_text(result["left_out"], language)))
    if result.get("set_aside"):
        code = "parcels_aside" if result["bad_table"] else "parcels_aside_unwritten"
        parts.append(sentence_row(code, language, count=result["set_aside"], table=result["bad_table"]))
    parts.append(unasked_row(result["rules"], result["unasked"], language))
    if not run["recorded"]:
        parts.append(sentence_row("not_recorded", language))
    if "changed" in result:
        parts.append(_changed_row(result["changed"], result.get("rule_titles", {}), language))
    return AnswerView(parts, [phrase("said.check", language, **facts)])


def verdict_table(verdicts: Mapping[str, int], language: str) -> AnswerTable:
    """The table of verdicts with their numbers of parcels."""
    rows = [
        AnswerRow(
            verdict_words(name, language),
            [Amount(count, "count")],
            about={"verdict": name},
        )
        for name, count in verdicts.items()
    ]
    return AnswerTable([Column(""), Column("", is_number=True)], rows, has_heads=False)


def unasked_row(rules: int, unasked_list: Sequence[Mapping[str, str]], language: str) -> AnswerRow:
    """The number of rules that were not asked; below, by department, each with the reason. rules: the number of all."""
    about: dict[str, str | int] = {"list": "unasked", "rules": rules, "count": len(unasked_list)}
    if not unasked_list:
        return AnswerRow(phrase("rows.all_asked", language, rules=rules), about=about)
    below = []
    for department in dict.fromkeys(rule["department"] for rule in unasked_list):
        of_one = [rule for rule in unasked_list if rule["department"] == department]
        reasons = Counter(rule["said"] for rule in of_one)
        words = phrase("said.comma", language).join(f"{reason} {count}" for reason, count in reasons.items())
        title, count = of_one[0]["department_title"], len(of_one)
        line = phrase("said.skipped_of", language, department=title, count=count, reasons=words)
        rows = [_unasked_rule(rule, language) for rule in of_one]
        below.append(
            AnswerRow(title, [Amount(count, "count")], about={"department": department}, rows=rows, line=[line])
        )
    name = phrase("rows.unasked", language, rules=rules, count=len(unasked_list))
    line = phrase("said.skipped", language, rules=rules, count=len(unasked_list))
    return AnswerRow(name, about=about, is_open=False, rows=below, line=[line])


def _unasked_rule(rule: Mapping[str, str], language: str) -> AnswerRow:
    layer = phrase("rows.layer", language, title=rule["layer_title"], code=rule["layer"])
    return AnswerRow(pair_text(rule["title"], rule["said"], language), hint=layer)


def _changed_row(changed_parcels: Sequence[Mapping[str, Any]], titles: Mapping[str, str], language: str) -> AnswerRow:
    """The parcels whose verdict differs from an earlier run's, with the rules behind it; those in both runs first."""
    counts = {
        "turned": sum(bool(one["from"] and one["to"]) for one in changed_parcels),
        "added": sum(not one["from"] for one in changed_parcels),
        "gone": sum(not one["to"] for one in changed_parcels),
    }
    rows, absent = [], phrase("said.not_among", language)
    for at, one in enumerate(sorted(changed_parcels, key=lambda one: not (one["from"] and one["to"]))):
        turn = turned_words(one, titles, language, absent)
        line = pair_text(one["parcel"], turn, language)
        about = {"parcel": one["parcel"]}
        is_line = at < _MOST_CHANGED
        rows.append(
            AnswerRow(one["parcel"], [turn], about=about, sign=one["to"] or "", line=[line] if is_line else None)
        )
    if len(changed_parcels) > _MOST_CHANGED:
        rows.append(_line("more_changed", language, count=len(changed_parcels) - _MOST_CHANGED))
    name = phrase("said.changed_parcels", language, **counts)
    return AnswerRow(name, rows=rows, line=[name])


def runs_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """The runs that a library keeps, or what was done with one of them."""
    if "removed" in result:
        return AnswerView([_line("run_removed", language, run=result["removed"]["id"])])
    if "named" in result:
        run_and_name = result["named"]
        return AnswerView([_line("run_named", language, run=run_and_name["id"], name=run_and_name["name"] or "–")])
    if "runs" in result:
        return AnswerView(
            [_run_table(result["runs"], language)] if result["runs"] else [sentence_row("no_runs", language)]
        )
    if "verdicts" in result:
        return check_view({**result, "seconds": result["run"]["seconds"]}, language)
    run = result["run"]
    facts = {"kind": phrase(f"run_kind.{run['kind']}", language), "started": moment_text(run["started"])}
    return AnswerView([_line("run_shown", language, **{**run, **facts})])


def _run_table(runs: Sequence[Mapping[str, Any]], language: str) -> AnswerTable:
    """Each run under its own name, else the name of its parcels, with the sign of its gravest verdict."""
    heads = column_heads(("run_name", "time", "parcels", "kind", "verdicts", "run"), language)
    columns = [Column(head, is_number=number == 2) for number, head in enumerate(heads)]
    return AnswerTable(columns, [_run_row(run, language) for run in runs], indent="")


def _run_row(run: Mapping[str, Any], language: str) -> AnswerRow:
    name = run["name"] or run["parcels"] or "–"
    counts = {one: count for one, count in (run.get("verdicts") or {}).items() if count}
    hint = [f"{count:,} {phrase(f'verdict.{one}', language)}" for one, count in counts.items()]
    facts = {"as_of": run["as_of"], "who": run["who"], "run": run["id"]}
    pairs = [(phrase(f"rows.run_{key}", language), value) for key, value in facts.items() if value]
    hint += [pair_text(key, value, language) for key, value in pairs]
    hint += [phrase("rows.run_held", language)] if run["held"] else []
    signs = " ".join(f"{phrase(f'sign.{one}', language)}{count}" for one, count in counts.items())
    return AnswerRow(
        name,
        [
            run["started"] or "",
            Amount(run["count"], "count") if "count" in run else "",
            phrase(f"run_kind.{run['kind']}", language),
            signs,
            run["id"] + (" ●" if run["held"] else ""),
        ],
        "\n".join(hint),
        about={"run": run["id"]},
        sign=next(iter(counts), ""),  # the gravest comes first
    )


def explain_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """The steps in a reviewer's words; then those that hide a code or a hash, as the machine took them."""
    plain = [(step["step"], step.get("said", step["value"])) for step in result["steps"]]
    exact = [(one["step"], one["value"]) for one in result["steps"] if one.get("said", one["value"]) != one["value"]]
    rows = [_step_row(name, value, language) for name, value in plain if value not in _NOTHING]
    if exact:
        below = [AnswerRow(name, [value], line=[pair_text(name, value, language)]) for name, value in exact]
        rows.append(AnswerRow("", line=[""]))
        name = phrase("sheet.technical", language)
        rows.append(AnswerRow(name, is_open=False, rows=below, line=[name]))
    return AnswerView(rows)


def _step_row(name: str, value: str, language: str) -> AnswerRow:
    text = " · ".join(map(moment_text, value.split(" · ")))
    return AnswerRow(name, [value], line=[pair_text(name, text, language)])


def _line(key: str, language: str, **facts: Any) -> AnswerRow:
    """A sentence of plain text only."""
    return AnswerRow("", line=[phrase(f"said.{key}", language, **facts)])

"""What the verbs of deliveries say to people."""

from collections.abc import Callable
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import joined_sentences
from onemap.layers.messages import either_of, phrase, titles_of
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView, part_lines
from onemap.rules.numbers.warnings.warning_rows import warning_rows

Result = dict[str, Any]


def _deliver(result: Result, language: str) -> str:
    lines = [phrase("said.deliver", language, **{**result, "layers": len(result["layers"])})]
    for layer in result["layers"]:
        name = "said.deliver_change" if "added" in layer else "said.deliver_layer"
        lines.append("  " + phrase(name, language, **layer))
    if result.get("left_out"):
        layers = phrase("said.comma", language).join(result["left_out"])
        lines.append("  " + phrase("said.deliver_left_out", language, layers=layers))
    return "\n".join(lines)


def _receive(result: Result, language: str) -> str:
    taken = result.get("received")
    if taken is not None:
        facts = {"name": taken["receiver"].get("name", "–"), "by": taken["received_by"], "at": taken["received_at"]}
        return phrase("said.receive_taken", language, package=taken["package"], **facts)
    if result["receipt"] is None:
        return "\n".join(phrase(f"said.receive_{row['status']}", language, **row) for row in result["plan"])
    held, before = [row for row in result["plan"] if row["status"] == "held"], result["received_before"]
    lines = [] if before is None else [phrase("said.receive_again", language, **before)]
    lines += [phrase("said.receive_held", language, **row) for row in held]
    lines += [phrase("said.receive_added", language, **row) for row in result["added"]]
    return "\n".join([*lines, phrase("said.receive_receipt", language, receipt=result["receipt"])])


def ingest_view(result: Result, language: str) -> AnswerView:
    """What goes where; then what was added, what was refused and why, and where report and plan lie."""
    lines = [phrase("said.ingest_added", language, **row) for row in result["added"]]
    lines += [phrase("said.unchanged", language, **row) for row in result["unchanged"]]
    for row in result["refused"]:
        source = " · ".join(filter(None, (row["source"], row["layer"], row["code"])))
        lines.append(phrase("said.ingest_refused", language, source=source))
        lines += [f"  - {joined_sentences(problem['message'], problem['mend'])}" for problem in row["problems"]]
    reports = result.get("report") or ()
    for report in [reports] if isinstance(reports, str) else reports:
        lines.append(phrase("said.ingest_report", language, report=report))
    if result.get("plan_file") and not any(result[name] for name in ("added", "unchanged", "refused")):
        lines.append(phrase("said.ingest_planned", language, plan=result["plan_file"]))
    return AnswerView([_plan_row(row, language) for row in result["plan"]], closing=lines)


def _plan_row(row: Result, language: str) -> AnswerRow:
    """One layer of a delivery: what it becomes, and how it stands."""
    source = " · ".join(filter(None, (row["source"], row["layer"])))
    code = row["code"] or either_of(row["suggested"], language) or "–"
    state = _plan_state(row)
    words = phrase(f"plan_state.{state}", language)
    line = phrase("said.ingest_row", language, status=words, source=source, code=code)
    remembered = phrase("said.comma", language).join(titles_of(row["remembered"], "remembered", language))
    line += phrase("said.ingest_remembered", language, names=remembered) if remembered else ""
    problems = [joined_sentences(problem["message"], problem["mend"]) for problem in row["problems"]]
    is_unreadable = row["status"] == "unreadable"
    below = [AnswerRow("", line=(f"- {problem}",)) for problem in problems] if is_unreadable else []
    return AnswerRow(source, (code, words), "\n".join(problems), {"state": state}, rows=below, line=(line,))


def _plan_state(row: Result) -> str:
    """How a layer stands, as the messages name it: a match by how it was found."""
    if row["status"] in ("matched", "planned"):
        return {"code": "by_code", "title": "by_title", "part of title": "by_part"}.get(row["why"], "found")
    return "several" if row["status"] == "unsure" and row["why"] == "several" else str(row["status"])


def _answers(result: Result, language: str) -> str:
    if not result["answers"]:
        return phrase("said.answers_none", language)
    lines = []
    for row in result["answers"]:
        department = named_groups()["departments"][row["department"]][language]
        lines.append(f"{row['code']} {row['title']} · {department}")
        for name, value in _answer_texts(row):
            changed = row["changed"].get(name)
            since = changed["who"] if changed else row["since"][name]
            key = "answers_changed" if changed else "answers_since"
            lines.append("  " + phrase(f"said.{key}", language, name=name, value=value, since=since))
    return "\n".join(lines)


def _answer_texts(row: Result) -> list[tuple[str, str]]:
    """The answers of a layer by name, each as a text; of a change of datum its file and the first signs of its hash."""
    texts = {name: row[name] for name in ("covers", "crs", "encoding")}
    texts["fields"] = ", ".join(f"{target}={source}" for target, source in (row["fields"] or {}).items())
    if row["transform"]:
        texts["transform"] = " ".join(filter(None, (row["transform"]["file"], row["transform"]["hash"][:12])))
    return [(name, text) for name, text in texts.items() if text]


def _changes(result: Result, language: str) -> str:
    lines, nothing = [phrase("said.changes", language, **result)], phrase("said.no_feature", language)
    for row in result["transitions"]:
        hectares = f"{row['area_m2'] / M2_PER_HECTARE:,.4f}"
        sides = {side: result["class_titles"].get(row[side]) or row[side] or nothing for side in ("from", "to")}
        lines.append("  " + phrase("said.changes_class", language, hectares=hectares, **sides))
    if "cases" in result:
        lines += _turned_by_version(result, language)
    if result.get("page"):
        lines.append(phrase("said.changes_page", language, page=result["page"]))
    return "\n".join(lines)


def _turned_by_version(result: Result, language: str) -> list[str]:
    """What the newer version would turn, and whose opinions rest on it."""
    records = [*result["cases"], *result["runs"]]
    turned = sum(bool(record["turned"]) for record in records)
    old, new = (version["version"] for version in result["versions"])
    lines = [phrase("said.changes_turned", language, old=old, new=new, count=len(records), turned=turned)]
    departments = result["titles"]["departments"]
    for record in records:
        if not (record["turned"] or record["problems"] or record.get("opinions")):
            continue
        lines += _turned_lines(record, result["titles"], language)
        for one in record.get("opinions", ()):
            before, after = (phrase(f"conclusion.{one[side]['conclusion']}", language) for side in ("from", "to"))
            state = phrase(f"opinion_state.{one['state']}", language)
            facts = {"department": departments[one["department"]], "state": state}
            lines.append(phrase("said.changes_opinion", language, before=before, after=after, **facts))
        lines += [f"  {joined_sentences(problem['message'], problem['mend'])}" for problem in record["problems"]]
    return lines


def _turned_lines(record: Result, titles: Result, language: str) -> list[str]:
    """A case or a check by its name, and its parcels that turn."""
    name = record.get("project") or record.get("name") or ""
    lines = [" ".join(filter(None, (record.get("case") or record.get("run"), name)))]
    for one in record["turned"]:
        before, after = (phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to"))
        rules = phrase("said.comma", language).join(titles["rules"].get(rule, rule) for rule in one["rules"])
        lines.append(f"  {one['parcel']}: {before} → {after} ({rules})")
    return lines


def _recheck(result: Result, language: str) -> str:
    """What turned and why, so that it can be sent as it is."""
    records = [*result["cases"], *result.get("runs", [])]
    turned = sum(bool(record["turned"]) for record in records)
    lines, titles = [phrase("said.recheck", language, count=len(records), turned=turned)], result["titles"]
    for record in records:
        if not record["turned"] and not record["problems"]:
            continue
        lines += _turned_lines(record, titles, language)
        for one in [*record.get("layers", []), *record.get("packs", [])]:
            code, pack = one.get("code"), one.get("id")
            name = titles["layers"].get(code, code) if code else titles["packs"].get(pack, pack)
            lines.append(f"  {name}: {one['from'] or '–'} → {one['to'] or '–'}")
        lines += [f"  {joined_sentences(problem['message'], problem['mend'])}" for problem in record["problems"]]
    if "warnings" in result:
        lines.append(phrase("said.warnings_new", language, count=len(result["warnings"])))
        lines += part_lines(warning_rows(result, language), language)
    return "\n".join(lines)


DELIVERY_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "deliver": _deliver,
    "receive": _receive,
    "answers": _answers,
    "changes": _changes,
    "recheck": _recheck,
}

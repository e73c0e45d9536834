"""The texts of the verbs of deliveries for people."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import joined_sentences
from onemap.layers.messages import either_of, names_in_short, pair_text, phrase, titles_of
from onemap.rules.answers.deliveries.proof_rows import proof_view
from onemap.rules.contract.declaration import Result
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView
from onemap.rules.display.rows.inspection_rows import refusal_lines, remark_lines
from onemap.rules.display.rows.turned_words import turned_words
from onemap.rules.numbers.warnings.warning_rows import warning_rows


def deliver_view(result: Result, language: str) -> AnswerView:
    """The package, with a row for each of its layers, then the layers left out."""
    below = []
    for layer in result["layers"]:
        name = "said.deliver_change" if "added" in layer else "said.deliver_layer"
        below.append(_row_of(phrase(name, language, **layer), {"code": layer["code"]}))
    if result.get("left_out"):
        layers = phrase("said.comma", language).join(result["left_out"])
        below.append(_row_of(phrase("said.deliver_left_out", language, layers=layers)))
    head = phrase("said.deliver", language, **{**result, "layers": len(result["layers"])})
    return AnswerView([replace(_row_of(head), rows=below)])


def receive_view(result: Result, language: str) -> AnswerView:
    """The rows of `receive`: a package's content; or the outcome for each layer with the receipt; or a receipt."""
    receipt = result.get("received")
    if receipt is not None:
        facts = {
            "name": receipt["receiver"].get("name", "–"),
            "by": receipt["received_by"],
            "at": receipt["received_at"],
        }
        return AnswerView(opening=[phrase("said.receive_taken", language, package=receipt["package"], **facts)])
    if result["receipt"] is None:
        return AnswerView([_received_row(row, language) for row in result["plan"]])
    held_rows, before = [row for row in result["plan"] if row["status"] == "held"], result["received_before"]
    rows = [_received_row(row, language) for row in held_rows]
    rows += [_layer_row("receive_added", row, language) for row in result["added"]]
    rows += [
        _row_of(pair_text(row["code"], not_in_force(row, language), language), row) for row in result["not_in_force"]
    ]
    return AnswerView(
        rows,
        [] if before is None else [phrase("said.receive_again", language, **before)],
        [phrase("said.receive_receipt", language, receipt=result["receipt"])],
    )


def _received_row(row: Result, language: str) -> AnswerRow:
    """The row of a layer in a package: it comes in, or the library has it already, perhaps as a retired version."""
    retired = row["retired"]
    if not retired:
        return _layer_row(f"receive_{row['status']}", row, language)
    return _layer_row("receive_retired", {**row, **retired, "day": moment_text(retired["at"])}, language)


def _layer_row(key: str, layer: Result, language: str) -> AnswerRow:
    return _row_of(phrase(f"said.{key}", language, **layer), {"code": layer["code"]})


def _row_of(text: str, about: Mapping[str, str | int] | None = None) -> AnswerRow:
    """A row with the same text in a tree and in plain lines."""
    return AnswerRow(text, about=about, line=(text,))


def not_in_force(row: Result, language: str) -> str:
    """Say that an added version is not in force, and which one is. row: of `add`."""
    return phrase("said.not_in_force" if row["valid_from"] else "said.undated", language, **row)


def ingest_view(result: Result, language: str) -> AnswerView:
    """The rows of `ingest`: the layer for each source; then what was added or refused, the report, and the plan."""
    lines = [line for row in (*result["added"], *result["unchanged"]) for line in added_lines(row, language)]
    for row in result["refused"]:
        lines.append(phrase("said.ingest_refused", language, source=_source_name(row)))
        lines += [f"  {line}" for line in refusal_lines(row["problems"], language)]
    reports = result.get("report") or ()
    for report in [reports] if isinstance(reports, str) else reports:
        lines.append(phrase("said.ingest_report", language, report=report))
    if result.get("plan_file") and not any(result[name] for name in ("added", "unchanged", "refused")):
        lines.append(phrase("said.ingest_planned", language, plan=result["plan_file"]))
    is_planned = not result["refused"]
    return AnswerView([_plan_row(row, language, is_planned) for row in result["plan"]], closing=lines)


def ingest_warnings(result: Result, language: str) -> Iterator[str]:
    """Remarks on each added layer, on files that are retired versions, and on refused layers.

    For each refused layer only the first reason is given.
    """
    from onemap.layers.delivery.ingest import rows_of_version

    for new_version in result["added"]:
        if lines := [*remark_lines(new_version["problems"], language)]:
            yield from (*map(_source_name, rows_of_version(result["plan"], new_version)), *lines)
    yield from (_unchanged_line(new_version, language) for new_version in result["unchanged"] if new_version["retired"])
    for row in result["refused"]:
        first, *more = refusal_lines(row["problems"], language)
        yield from (phrase("said.ingest_refused", language, source=_source_name(row)), first)
        if more:
            yield f"- {phrase('said.ingest_refused_more', language, count=len(more))}"


def _source_name(row: Result) -> str:
    return " · ".join(filter(None, (row["source"], row["layer"], row["code"])))


def added_lines(result: Result, language: str) -> list[str]:
    """The outcome of adding a version. result: of `add`."""
    if result["unchanged"]:
        return [_unchanged_line(result, language)]
    doubts = [problem["message"] for problem in result["problems"] if problem["code"] == "crs.assumed"]
    lines = [*doubts, phrase("said.add", language, **{**result, "problems": len(result["problems"])})]
    if result.get("files"):
        names = names_in_short([file["source"] for file in result["files"]])
        lines.append(phrase("said.add_files", language, count=len(result["files"]), files=names))
    if not result["in_force"]:
        lines.append(not_in_force(result, language))
    if result["set_aside"]:
        lines.append(phrase("said.set_aside", language, count=result["set_aside"], table=result["bad_table"]))
    return lines


def _unchanged_line(result: Result, language: str) -> str:
    """Say that the library has a layer already, as which version, and whether that version is retired."""
    retired = result["retired"]
    if not retired:
        return phrase("said.unchanged", language, **result)
    return phrase("said.unchanged_retired", language, **{**result, **retired, "day": moment_text(retired["at"])})


def _plan_row(row: Result, language: str, with_reasons: bool) -> AnswerRow:
    """One layer of a delivery: the layer that it becomes, and its state. with_reasons: add why it cannot be read."""
    source = " · ".join(filter(None, (row["source"], row["layer"])))
    code = row["code"] or either_of(row["suggested"], language) or "–"
    state = _plan_state(row)
    words = phrase(f"plan_state.{state}", language)
    line = phrase("said.ingest_row", language, status=words, source=source, code=code)
    remembered = phrase("said.comma", language).join(titles_of(row["remembered"], "remembered", language))
    line += phrase("said.ingest_remembered", language, names=remembered) if remembered else ""
    problems = [joined_sentences(problem["message"], problem["mend"]) for problem in row["problems"]]
    is_unreadable = with_reasons and row["status"] == "unreadable"
    below = [AnswerRow("", line=(f"- {problem}",)) for problem in problems] if is_unreadable else []
    return AnswerRow(source, (code, words), "\n".join(problems), {"state": state}, rows=below, line=(line,))


def _plan_state(row: Result) -> str:
    """The state of a layer as the messages name it; for a match, how it was found."""
    if row["status"] in ("matched", "planned"):
        return {"code": "by_code", "title": "by_title", "part of title": "by_part"}.get(row["why"], "found")
    is_asked = row["status"] == "unsure" and row["why"] in ("several", "other_matter")
    return str(row["why"] if is_asked else row["status"])


def answers_view(result: Result, language: str) -> AnswerView:
    """The remembered answers of each layer, with values and first versions; the lines name them as `--set` does."""
    opening = [] if result["answers"] else [phrase("said.answers_none", language)]
    return AnswerView([_remembered_row(row, language) for row in result["answers"]], opening)


def _remembered_row(row: Result, language: str) -> AnswerRow:
    texts = {name: row[name] for name in ("covers", "crs", "encoding")}
    texts["fields"] = ", ".join(f"{target}={source}" for target, source in (row["fields"] or {}).items())
    if row["transform"]:  # its file, and the first signs of its hash, by which a person tells two apart
        texts["transform"] = " ".join(filter(None, (row["transform"]["file"], row["transform"]["hash"][:12])))
    below = [_remembered_answer(row, name, text, language) for name, text in texts.items() if text]
    department = named_groups()["departments"][row["department"]][language]
    line = (f"{row['code']} {row['title']} · {department}",)
    return AnswerRow(f"{row['title']} · {row['code']}", about={"code": row["code"]}, rows=below, line=line)


def _remembered_answer(row: Result, name: str, text: str, language: str) -> AnswerRow:
    edit = row["changed"].get(name)
    since = edit["who"] if edit else row["since"][name]
    line = phrase(
        f"said.{'answers_changed' if edit else 'answers_since'}", language, name=name, value=text, since=since
    )
    (title,) = titles_of([name], "remembered", language)
    (value,) = titles_of([text], "coverage", language) if name == "covers" else (text,)
    words = phrase("said.answers_changed_by", language, who=since) if edit else since
    return AnswerRow(title, (value, words), about={"code": row["code"], "answer": name}, line=(line,))


def changes_view(result: Result, language: str) -> AnswerView:
    """The changes of a newer version: its features, its ground by class; then the verdicts that it would change."""
    nothing, name = phrase("said.no_feature", language), phrase("said.changes", language, **result)
    below = []
    for row in result["transitions"]:
        sides = {side: result["class_titles"].get(row[side]) or row[side] or nothing for side in ("from", "to")}
        line = phrase("said.changes_class", language, hectares=hectares_text(row["area_m2"]), **sides)
        below.append(_row_of(line))
    rows = [AnswerRow(name, about={"list": "features"}, rows=below, line=(name,))]
    pages = result.get("page") or []
    pages = [pages] if isinstance(pages, str) else pages
    closing = [phrase("said.changes_page", language, page=page) for page in pages]
    return AnswerView([*rows, *(_turned_by_version(result, language) if "cases" in result else ())], closing=closing)


def _turned_by_version(result: Result, language: str) -> Iterator[AnswerRow]:
    """The verdicts that the newer version would change, and the opinions that rest on them."""
    records = [*result["cases"], *result["runs"]]
    turned_count = sum(bool(record["turned"]) for record in records)
    old, new = (version["version"] for version in result["versions"])
    name = phrase("said.changes_turned", language, old=old, new=new, count=len(records), turned=turned_count)
    yield _row_of(name, {"list": "turned"})
    departments = result["titles"]["departments"]
    for record in records:
        if not (record["turned"] or record["problems"] or record.get("opinions")):
            continue
        lines = []
        for one in record.get("opinions", ()):
            before, after = (phrase(f"conclusion.{one[side]['conclusion']}", language) for side in ("from", "to"))
            state = phrase(f"opinion_state.{one['state']}", language)
            facts = {"department": departments[one["department"]], "state": state}
            lines.append(phrase("said.changes_opinion", language, before=before, after=after, **facts))
        yield _turned_record(record, result["titles"], lines, language)


def _turned_record(record: Result, titles: Result, lines: Iterable[str], language: str) -> AnswerRow:
    """A case or a check by name; below it the parcels with changed verdicts, further lines, and its problems."""
    name = " ".join(
        filter(None, (record.get("case") or record.get("run"), record.get("project") or record.get("name")))
    )
    parcels = [
        pair_text(one["parcel"], turned_words(one, titles["rules"], language), language) for one in record["turned"]
    ]
    problems = [joined_sentences(problem["message"], problem["mend"]) for problem in record["problems"]]
    return AnswerRow(name, rows=[*map(_row_of, (*parcels, *lines, *problems))], line=(name,))


def recheck_view(result: Result, language: str) -> AnswerView:
    """The changed verdicts and their reasons, ready to be sent."""
    records, titles = [*result["cases"], *result.get("runs", [])], result["titles"]
    turned_count = sum(bool(record["turned"]) for record in records)
    opening = phrase("said.recheck", language, count=len(records), turned=turned_count)
    rows = [AnswerRow(opening, line=())]  # a window has no lines before its rows
    for record in records:
        if not record["turned"] and not record["problems"]:
            continue
        lines = []
        for one in [*record.get("layers", []), *record.get("packs", [])]:
            code, pack = one.get("code"), one.get("id")
            name = titles["layers"].get(code, code) if code else titles["packs"].get(pack, pack)
            lines.append(pair_text(name, f"{one['from'] or '–'} → {one['to'] or '–'}", language))
        rows.append(_turned_record(record, titles, lines, language))
    if "warnings" in result:
        name = phrase("said.warnings_new", language, count=len(result["warnings"]))
        rows += [_row_of(name), *warning_rows(result, language)]
    return AnswerView(rows, [opening])


DELIVERY_VIEWS: dict[str, Callable[[Result, str], AnswerView]] = {
    "deliver": deliver_view,
    "receive": receive_view,
    "ingest": ingest_view,
    "answers": answers_view,
    "changes": changes_view,
    "validate": proof_view,
    "recheck": recheck_view,
}

"""The report of a delivery for the department: what was taken, how much, and what was refused or remarked."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.delivery.delivery_plan import LEFT_OUT, MATCHED, NOTE, UNMATCHED, UNREADABLE, UNSURE
from onemap.layers.delivery.ingest import ADDED, PLANNED, REFUSED, UNCHANGED, row_of_problem, rows_of_version
from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.messages import either_of, phrase, sender_mend, wording
from onemap.layers.records import Record
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.numbers.indicators.indicator_words import measure_words

SHEETS, PAGES, DATA = (".xlsx",), (".html", ".pdf", ".docx"), (".json",)
FORMS = (*SHEETS, *DATA, *PAGES)
_MOST_ROWS = 500  # of a page that somebody reads; a sheet and JSON have all
_LAYER_COLUMNS = (
    *("source", "source_layer", "status", "layer", "layer_title", "version", "features", "set_aside", "repaired"),
    *("area_m2", "length_m", "refusals", "remarks"),
)
_PROBLEM_COLUMNS = (
    *("source", "source_layer", "layer", "level", "feature", "source_row", "field", "message", "mend", "code"),
)
_NUMBERS = {"features", "set_aside", "repaired", "area_m2", "length_m", "refusals", "remarks"}
_STATUS_ORDER = (ADDED, UNCHANGED, PLANNED, MATCHED, UNSURE, UNMATCHED, UNREADABLE, REFUSED, LEFT_OUT, NOTE)
_REFUSE, _ABSENT = "refuse", "field.absent"
_WITH_CODES = {"ingest.unsure", "ingest.several"}  # these are ours: the sender knows titles


def write_reports(values: Values, result: Mapping[str, Any], library: Library, context: VerbContext) -> None:
    """Write the report to each target: in the sender's words, JSON unchanged.

    values, result: of `ingest`. Raises OneMapError out.….
    """
    places, overwrite = values.get("report") or (), bool(values.get("overwrite"))
    if not places:
        return
    layers, problems = _layers(result, library, context.language), _problems(result)
    to_sender = _for_sender(problems, result, library, context.language)
    facts = {"delivery": Path(values["folder"]).name, "library": library.printed_name, "crs": f"EPSG:{library.srs_id}"}
    facts |= {"day": date.today().isoformat(), "who": library.person()}
    for path in map(Path, places):
        if path.suffix.lower() in SHEETS:
            _write_sheets(path, overwrite, layers, to_sender, library, context.language)
        elif path.suffix.lower() in DATA:
            _write_json(path, overwrite, {**facts, "layers": layers, "problems": problems})
        else:
            report_facts = {**facts, "crs": crs_title(library.crs, context.language)}
            _write_page({"page": str(path), "overwrite": overwrite}, report_facts, layers, to_sender, context)


def _layers(result: Mapping[str, Any], library: Library, language: str) -> list[Record]:
    """A record for each layer of the plan, with its outcome."""
    catalogue, taken_of = library.catalogue(), _taken_by_row(result)
    refusal_counts = {(row["source"], row["layer"], row["code"]): len(row["problems"]) for row in result["refused"]}
    rows = []
    for row in result["plan"]:
        outcome = taken_of.get((row["source"], row["layer"]), {})
        entry = catalogue.get(row["code"] or "")
        likely = _likely_layers(row, library, language) if not row["code"] else None
        rows.append(
            {
                "source": row["source"],
                "source_layer": row["layer"],
                "status": row["status"],
                "layer": row["code"],
                "layer_title": entry.title_in(language) if entry else likely,
                "version": outcome.get("version"),
                "features": outcome.get("features"),
                **{name: outcome.get(name) for name in ("set_aside", "repaired", "area_m2", "length_m")},
                "refusals": refusal_counts.get((row["source"], row["layer"], row["code"]), 0),
                "remarks": len(outcome.get("problems", ())),
            }
        )
    return rows


def _taken_by_row(result: Mapping[str, Any]) -> dict[tuple[str, str | None], Record]:
    """The outcome of each row of the plan that was added, by file and layer.

    If several files make one version, each has its own number of features; everything else is given with the first.
    """
    outcomes: dict[tuple[str, str | None], Record] = {}
    for record in (*result[ADDED], *result[UNCHANGED]):
        rows = rows_of_version(result["plan"], record)
        files = record.get("files") or [{"features": record["features"]}] * len(rows)
        for number, (row, file) in enumerate(zip(rows, files, strict=True)):
            own = record if number == 0 else {"version": record["version"]}
            outcomes[row["source"], row["layer"]] = {**own, "features": file["features"]}
    return outcomes


def _likely_layers(row: Mapping[str, Any], library: Library, language: str) -> str | None:
    """The titles of the layers that a row of the plan may be; None if nothing suggests any."""
    titles = (layer_title(code, library.catalogue(), language) for code in row["suggested"])
    return either_of([*titles], language) or None


def _problems(result: Mapping[str, Any]) -> list[Record]:
    """A record for each refusal or remark, in the order of the plan, refusals first."""
    refusals = [(row, dict(one, level=_REFUSE)) for row in result["refused"] for one in row["problems"]]
    remarked = [
        (row_of_problem(rows_of_version(result["plan"], new_version), one), one)
        for new_version in result[ADDED]
        for one in new_version["problems"]
    ]
    return [
        {
            "source": row["source"],
            "source_layer": row["layer"],
            "layer": row["code"],
            "level": one["level"],
            "feature": one["feature"],
            "source_row": one.get("row"),
            "field": one["field"],
            **{name: one[name] for name in ("message", "mend", "code")},
        }
        for row, one in (*refusals, *remarked)
    ]


def _for_sender(problems: Sequence[Record], result: Mapping[str, Any], library: Library, language: str) -> list[Record]:
    """The problems with advice for the sender; all fields that a layer lacks are one problem.

    result: of `ingest`; by its plan, layers are named without their codes, which the sender does not know.
    """
    rows: list[Record] = []
    likely = {(row["source"], row["layer"]): _likely_layers(row, library, language) for row in result["plan"]}
    lacking: dict[tuple[str, str | None], Record] = {}
    for row in problems:
        problem = {**row, "mend": sender_mend(row["code"], row["mend"] or "", language)}
        problem["field"] = None if (row["field"] or "").startswith("--") else row["field"]  # an option is ours
        if row["layer"] and row["message"]:
            title = layer_title(row["layer"], library.catalogue(), language)
            code = rf"(?a:\b){re.escape(row['layer'])}(?a:\b)"  # a Chinese character beside it is no part of it
            problem["message"] = re.sub(code, title.replace("\\", "\\\\"), row["message"])
        if row["code"] in _WITH_CODES:
            unplaced = Problem(row["code"], {"codes": likely[row["source"], row["source_layer"]]})
            problem["message"], _ = wording(unplaced, language)
        if row["code"] != _ABSENT:
            rows.append(problem)
            continue
        place = (row["source"], row["source_layer"])
        if place in lacking:
            names = f"{lacking[place]['field']}{phrase('said.comma', language)}{row['field']}"
            lacking[place] |= {"field": names, "message": phrase("report.fields_absent", language)}
        else:
            lacking[place] = problem
            rows.append(problem)
    return rows


def _write_sheets(
    path: Path,
    overwrite: bool,
    layers: Sequence[Record],
    problems: Sequence[Record],
    library: Library,
    language: str,
) -> None:
    import pandas as pd

    from onemap.rules.display.outputs.outputs import tables_written
    from onemap.rules.display.outputs.sheet_titles import titles_of_library
    from onemap.rules.judge.findings.table import Table

    layer_rows = [dict(row, status=phrase(f"delivery.{row['status']}", language)) for row in layers]
    problem_rows = [dict(row, level=phrase(f"level.{row['level']}", language)) for row in problems]
    tables = {
        "delivery": Table(pd.DataFrame(layer_rows, columns=list(_LAYER_COLUMNS), dtype=object)),
        "delivery_problems": Table(pd.DataFrame(problem_rows, columns=list(_PROBLEM_COLUMNS), dtype=object)),
    }
    titles = titles_of_library(library)
    with tables_written(tables, library.crs, str(path), overwrite, language, titles=titles):
        pass


def _write_json(path: Path, overwrite: bool, content: Record) -> None:
    from onemap.layers.files.atomic_output import atomic_output

    with atomic_output(path, overwrite, "--report") as new_file:
        new_file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_page(
    values: Values, facts: Record, layers: Sequence[Record], problems: Sequence[Record], context: VerbContext
) -> None:
    from onemap.rules.display.documents.blocks import section_of, with_texts
    from onemap.rules.display.documents.document_files import write_pages

    language = context.language
    statuses = Counter(row["status"] for row in layers)
    counts = phrase("said.comma", language).join(
        phrase("report.status_count", language, status=phrase(f"delivery.{status}", language), count=count)
        for status, count in sorted(statuses.items(), key=lambda pair: _STATUS_ORDER.index(pair[0]))
    )
    texts = [_layer_texts(row, language) for row in layers]
    widths = {"source": 4, "status": 2.4, "layer": 3.4, "version": 2, "features": 1.8, "measure": 2.6, "set_aside": 1.6}
    section = section_of(
        phrase("report.delivery", language, delivery=facts["delivery"]),
        [
            (phrase("report.library", language), f"{facts['library']} · {facts['crs']}"),
            (phrase("report.day", language), f"{facts['day']} · {facts['who']}"),
        ],
        *_table("layers", widths, texts, language, ("features", "measure", "set_aside")),
        *_table("refused", _PROBLEM_MM, [_problem_texts(row) for row in problems if row["level"] == _REFUSE], language),
        *_table(
            "remarked", _PROBLEM_MM, [_problem_texts(row) for row in problems if row["level"] != _REFUSE], language
        ),
        lead=phrase("report.delivery_lead", language, layers=len(layers), counts=counts),
    )
    foot = phrase("report.foot", language, library=facts["library"], day=facts["day"])
    write_pages(values, [with_texts(section, _plain_text)], context, foot=foot)


_PROBLEM_MM = {"source": 3, "feature": 2, "field": 2.6, "message": 5, "mend": 4.6}


def _table(
    name: str, widths: Mapping[str, float], rows: list[list[str]], language: str, numbers: Sequence[str] = ()
) -> tuple[Any, ...]:
    from onemap.rules.display.documents.blocks import columns, table_under

    if not rows:
        return ()
    heads = columns("report", language, widths, numbers)
    return table_under(phrase(f"report.{name}", language), heads, rows, language, most=_MOST_ROWS)


def _layer_texts(row: Record, language: str) -> list[str]:
    """One layer as it is read: hectares or kilometres."""
    size = ""
    if row["area_m2"] is not None:
        size = f"{row['area_m2'] / M2_PER_HECTARE:,.4f} {measure_words('ha', language)}"
    elif row["length_m"] is not None:
        size = f"{row['length_m'] / 1000:,.3f} {measure_words('km', language)}"
    source = " · ".join(filter(None, (row["source"], row["source_layer"])))
    counts = ["" if row[name] is None else f"{row[name]:,}" for name in ("features", "set_aside")]
    status = phrase(f"delivery.{row['status']}", language)
    return [source, status, row["layer_title"] or "", row["version"] or "", counts[0], size, counts[1]]


def _problem_texts(row: Record) -> list[str]:
    source = " · ".join(filter(None, (row["source"], row["source_layer"])))
    return [source, row["feature"] or "", row["field"] or "", row["message"] or "", row["mend"] or ""]


def _plain_text(text: str) -> str:
    """A text without control characters, which a file may contain but a document may not."""
    return "".join(sign if sign.isprintable() else " " for sign in text)

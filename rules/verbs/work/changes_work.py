"""Compare two versions of a layer, and find what the newer one would change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, open_library
from onemap.layers.messages import phrase, problem_record
from onemap.rules.answers.statistics.changes_page import changes_pages
from onemap.rules.answers.statistics.version_changes import version_changes
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.documents.document_files import check_page, figures_foot, write_pages
from onemap.rules.display.outputs.sheet_titles import KnownTitles, SheetTitles
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.past_runs import runs_of_names
from onemap.rules.review.recheck import turned_in_case, turned_in_run
from onemap.rules.verbs.work.recheck_work import open_cases, record_titles, turned_tables
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables

_COMPARED = 0.4  # of the work, when both versions are compared, where cases or checks are asked again


def changes(values: Values, context: VerbContext) -> Result:
    """Compare two versions of a layer by feature; with --open or --run also the verdicts that would change."""
    check_outs(values)
    check_page(values)
    labels = values["code"], values["old"], values["new"]
    asks = bool(values.get("open") or values.get("run"))
    with open_library(values["library"]) as library:
        comparing = context.progress.part(
            0.0, _COMPARED if asks else 1.0, phrase("progress.versions", context.language)
        )
        threads = Threads.of(values.get("workers"), comparing)
        version_pair = version_changes(library, *labels, values.get("by"), library.today(), threads)
        crs, catalogue, library_name = library.crs, library.catalogue(), library.printed_name
        turned_answer = _turned_records(library, values, context) if asks else {}
        day = library.today().isoformat()
        turned_records = [*turned_answer["cases"], *turned_answer["runs"]] if asks else []
        titles_of_records = record_titles(library, turned_records, context.language) if asks else {"rules": {}}
    more = {}
    if asks:
        more = turned_tables(turned_answer["cases"], turned_answer["runs"]) | _opinion_tables(turned_answer["cases"])
    problems = [problem_record(problem, context.language) for problem in version_pair.problems]
    titles = KnownTitles(titles_of_records["rules"], catalogue=catalogue, layers=(values["code"],))
    layers = [{"code": values["code"], "label": one["version"], "hash": one["hash"]} for one in version_pair.layers]
    language, record = context.language, {"kind": "changes", "layers": layers}
    problems += write_tables(
        {**version_pair.tables, **more}, crs, values, language, language, titles=titles, record=record
    )
    answer: Result = {
        **version_pair.counts,
        "code": values["code"],
        "transitions": version_pair.transitions,
        "versions": version_pair.layers,
        **turned_answer,
        "titles": titles_of_records,
        "class_titles": _class_titles(
            version_pair.transitions, catalogue[values["code"]], values.get("by"), context.language
        ),
        "problems": problems,
        **target_answer(values),
    }
    if values.get("page"):
        entry = catalogue[values["code"]]
        pages = changes_pages(answer, version_pair, entry, f"{library_name} · {day}", context.language)
        foot = figures_foot(library_name, context.language)
        answer["page"] = write_pages(values, pages, context, foot=foot, record=record)
    return answer


def _class_titles(
    transitions: Sequence[Mapping[str, Any]], entry: Any, field: str | None, language: str
) -> dict[str, str]:
    """The codes of the classes that changed, each with its name."""
    titles, name = SheetTitles(language, KnownTitles(catalogue={entry.code: entry})), field or entry.class_field
    codes = {row[side] for row in transitions for side in ("from", "to")} - {None}
    return {code: titles.value(name, code, entry.code) for code in sorted(codes)} if name else {}


def _turned_records(library: Library, values: Values, context: VerbContext) -> dict[str, list[dict[str, Any]]]:
    """A record for each open case and each named check: which verdicts would change, why, and for whom."""
    new = {name: values[name] for name in ("code", "old", "new")}
    runs = runs_of_names(library, values.get("run") or ())
    cases = open_cases(library) if values.get("open") else []
    parts = iter(context.progress.part(_COMPARED, 1.0).parts([1] * (len(cases) + len(runs))))

    def record(facts: Mapping[str, Any], ask: Any, what: Any) -> dict[str, Any]:
        try:
            outcome = ask(library, what, new, values, replace(context, progress=next(parts)))
        except OneMapError as error:
            outcome = {"rests_on": None, "turned": [], "departments": [], "problems": list(error.problems)}
        problems = [problem_record(problem, context.language) for problem in outcome["problems"]]
        return {**facts, **outcome, "problems": problems}

    of_cases = [
        record({"case": case.id, "project": case.project, "state": case.state}, turned_in_case, case) for case in cases
    ]
    return {
        "cases": of_cases,
        "runs": [record({"run": run, "name": name}, turned_in_run, run) for run, name in runs.items()],
    }


def _opinion_tables(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A table with a row for each opinion that rests on changed verdicts."""
    columns = ["case", "project", "department", "state", "conclusion", "from", "to"]
    rows = [
        [case["case"], case["project"], one["department"], one["state"], one["conclusion"]]
        + [one[side]["conclusion"] for side in ("from", "to")]
        for case in cases
        for one in case.get("opinions", ())
    ]
    return {"opinions": Table(pd.DataFrame(rows, columns=columns, dtype=object))}

"""The work of the verbs of plan against plan; what only some of them need is imported there."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from onemap.layers.library.library import Library, open_library
from onemap.layers.messages import ProblemRecord, phrase, problem_record
from onemap.rules.answers.compare.comparison_storage import record_comparison
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.documents.document_files import check_page, write_pages
from onemap.rules.display.outputs.sheet_titles import titles_of_library
from onemap.rules.judge.findings.table import records_of
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables


def compare(values: Values, context: VerbContext) -> Result:
    """Compare two plans, keep the run in the library, and write its tables: both, or neither."""
    from onemap.rules.answers.compare.comparison import WRITTEN_FROM, comparison_of
    from onemap.rules.display.outputs.outputs import output_opened, remark_records

    outs, overwrite = check_outs(values), bool(values.get("overwrite"))
    with open_library(values["library"]) as library:
        options = _comparison_options(library, values, context)
        threads = Threads.of(values.get("workers"), context.progress)
        with contextlib.ExitStack() as stack:
            comparison = stack.enter_context(comparison_of(library, options, threads, values.get("against")))
            titles = titles_of_library(library)
            output_contexts = [
                output_opened(library.crs, out, overwrite, context.language, titles=titles) for out in outs
            ]
            outputs = [stack.enter_context(output) for output in output_contexts]
            writing = context.progress.part(WRITTEN_FROM, 1.0, phrase("progress.tables", context.language))
            for share, name, part in comparison.parts() if outputs else ():
                writing.at(share / 2)
                for output in outputs:
                    output.append({name: part})
            for output in outputs:
                output.finish()
            if library.writable:
                record_comparison(library, comparison, writing.part(0.5, 1.0))
        is_recorded, catalogue = library.writable, library.catalogue()
    result: Result = {
        "run": {**comparison.record, "recorded": is_recorded},
        "titles": _layer_titles((one["code"] for one in comparison.record["layers"]), catalogue, context.language),
        "class_titles": _class_titles(comparison, catalogue, context.language),
        "spots": len(comparison.tables["spots"].columns),
        "area_m2": comparison.spots.compared_m2,
        "matrix": records_of(comparison.tables["matrix"].columns),
        "overlap": comparison.record["overlap"],
        "problems": [*_problem_records(comparison, context.language), *remark_records(outputs, context.language)],
        "seconds": comparison.record["seconds"],
    }
    if comparison.changed is not None:
        result["changed"] = comparison.changed
    return result | target_answer(values)


def _layer_titles(codes: Iterable[str], catalogue: Mapping[str, Any], language: str) -> dict[str, str]:
    """The titles of layers, by their codes."""
    from onemap.layers.catalogue.catalogue import layer_title

    return {code: layer_title(code, catalogue, language) for code in codes if code in catalogue}


def _class_titles(comparison: Any, catalogue: Mapping[str, Any], language: str) -> dict[str, dict[str, str]]:
    """The titles of the classes of the spots, by plan (a, b) and code; a code that no table knows is left out."""
    from onemap.rules.answers.compare.spot_fields import class_name

    spots = comparison.tables["spots"].columns
    titles_by_plan: dict[str, dict[str, str]] = {}
    for side, layer in zip("ab", comparison.record["layers"], strict=True):
        entry, texts = catalogue.get(layer["code"]), {*spots[f"code_{side}"].dropna(), *spots[f"class_{side}"].dropna()}
        titles = {code: entry and class_name(entry, code, language) for text in texts for code in text.split(",")}
        titles_by_plan[side] = {code: title for code, title in sorted(titles.items()) if title}
    return titles_by_plan


def _problem_records(comparison: Any, language: str) -> list[ProblemRecord]:
    """Overlaps within a plan, and remarks on the comparison, as problems of the input."""
    from onemap.layers.errors import Problem
    from onemap.rules.answers.compare.plans import remarks_on_pair

    pair = remarks_on_pair(*(plan.version for plan in comparison.plans))
    records = [problem_record(problem, language) for problem in pair]
    for plan in comparison.plans:
        if plan.overlap.features:
            facts = {"layer": plan.version.table, "features": plan.overlap.features}
            problem = Problem("compare.overlap", {**facts, "area": f"{plan.overlap.area_m2:,.1f}"})
            records.append(problem_record(problem, language))
    return records + [problem_record(problem, language) for problem in comparison.remarks]


def decide(values: Values, context: VerbContext) -> Result:
    """Record a decision on a difference spot, or on all spots of a cluster."""
    from onemap.rules.answers.compare.decisions import decide as give
    from onemap.rules.review.cases.hand import acting_person

    with open_library(values["library"]) as library:
        who = acting_person(library, values.get("by"))
        decision = give(library, values["target"], values["decision"], values["reason"], who, values.get("expect"))
    return {"ok": True, **decision}


def spots(values: Values, context: VerbContext) -> Result:
    """Store the spots of a stored comparison as a version of the layer of difference spots."""
    from onemap.rules.answers.compare.spots import CONFLICTS
    from onemap.rules.answers.compare.spots_layer import SpotsOptions, add_spots

    options = SpotsOptions(
        types=values.get("type") or CONFLICTS,
        decided=bool(values.get("decided")),
        region=values.get("region"),
        label=values.get("label"),
        valid_from=values.get("valid_from"),
        report=values.get("report"),
        overwrite=bool(values.get("overwrite")),
    )
    threads = Threads.of(values.get("workers"), context.progress)

    with open_library(values["library"]) as library:
        return add_spots(library, values["run"], options, library.person(), context.language, threads)


def contradictions(values: Values, context: VerbContext) -> Result:
    """Compare every pair of plans that has a matrix, and sum the contradictions in hectares."""
    from onemap.rules.answers.compare.contradictions import contradiction_tables, pairs_of
    from onemap.rules.answers.compare.contradictions import contradictions as compare_pairs
    from onemap.rules.answers.compare.matrix import DEFAULT_MATRIX

    check_outs(values)
    matrix_names = values.get("matrix") or []
    threads = Threads.of(values.get("workers"), context.progress)
    rows, used_layers = [], dict[str, Any]()
    with open_library(values["library"]) as library:
        options = _comparison_options(library, {**values, "a": "", "b": "", "matrix": DEFAULT_MATRIX}, context)
        pairs = pairs_of(library, options, matrix_names, values.get("only") or ())
        for row, comparison, progress in compare_pairs(library, options, pairs, threads):
            if comparison is not None and library.writable:
                record_comparison(library, comparison, progress)
            used_layers |= {one["table"]: one for one in comparison.record["layers"]} if comparison is not None else {}
            rows.append(row)
        crs, is_recorded = library.crs, library.writable
        titles = titles_of_library(library)
    tables = contradiction_tables(rows)
    # Each pair is a run of its own, recorded before.
    problems = write_tables(tables, crs, values, context.language, context.language, titles=titles)
    pairs_said = records_of(tables["contradictions"].columns)
    result: Result = {"ok": True, "pairs": pairs_said, "layers": [*used_layers.values()], "recorded": is_recorded}
    codes = dict.fromkeys(code for row in result["pairs"] for code in (row["a"], row["b"]))
    result |= {"titles": _layer_titles(codes, titles.catalogue or {}, context.language), "problems": problems}
    return result | target_answer(values)


def atlas(values: Values, context: VerbContext) -> Result:
    """Print a stored comparison as a PDF: cover, overview, index, and a page for each cluster or spot."""
    from onemap.rules.answers.compare.atlas.atlas import write_atlas
    from onemap.rules.answers.compare.triage import TRIAGED

    with open_library(values["library"]) as library:
        atlas_record = write_atlas(
            library,
            values["run"],
            values["target"],
            by=values.get("by") or "cluster",
            types=values.get("type") or TRIAGED,
            most=values.get("most") or 200,
            language=context.language,
            overwrite=bool(values.get("overwrite")),
            progress=context.progress,
        )
    return {"ok": True, **atlas_record}


def comparison(values: Values, context: VerbContext) -> Result:
    """Print the report of a stored comparison: for Word, as PDF or as a page."""
    from onemap.rules.answers.compare.atlas.comparison_page import comparison_page
    from onemap.rules.judge.runs.run_store import run_record

    check_page(values, name="target")
    with open_library(values["library"]) as library:
        page = comparison_page(library, values["run"], context.language)
        record = run_record(library, values["run"], None)
        foot = phrase("comparison_page.foot", context.language, library=library.shown_name, run=values["run"])
    target = write_pages(values, [page], context, name="target", foot=foot, record=record)
    return {"ok": True, "run": values["run"], "out": target}


def _comparison_options(library: Library, values: Values, context: VerbContext) -> Any:
    from onemap.rules.answers.compare.comparison import ComparisonOptions
    from onemap.rules.answers.compare.matrix import default_matrix, read_matrix
    from onemap.rules.answers.compare.spots import Limits

    names = {"min_width": "min_width_m", "min_area": "min_area_m2"}
    limits = Limits(**{name: values[option] for option, name in names.items() if values.get(option) is not None})
    return ComparisonOptions(
        a=values["a"],
        b=values["b"],
        matrix=read_matrix(values.get("matrix") or default_matrix(values["a"], values["b"])),
        as_of=values.get("as_of") or library.today(),
        known_at=values.get("known_at"),
        limits=limits,
        language=context.language,
    )

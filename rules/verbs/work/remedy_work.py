"""The work of `remedy` and `sites`."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.ingest.adding import read_polygons
from onemap.layers.library.library import open_library
from onemap.layers.messages import ProblemRecord, phrase
from onemap.layers.provenance import plain_packs
from onemap.rules.answers.remedy.remedy import WRITING, Remedy
from onemap.rules.answers.remedy.remedy_in_blocks import remedy_of_any_size
from onemap.rules.answers.remedy.remedy_json import SaidAlternatives, remedy_json, remedy_options
from onemap.rules.answers.remedy.remedy_options import KEEP_VERDICT
from onemap.rules.answers.remedy.remedy_storage import RemedyRecorder
from onemap.rules.answers.remedy.sites import SiteOptions
from onemap.rules.answers.remedy.sites import sites as find_sites
from onemap.rules.answers.remedy.unbuilt_ground import unbuilt_pack
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.outputs.outputs import output_opened, remark_records
from onemap.rules.display.outputs.sheet_titles import titles_of_library
from onemap.rules.judge.findings.table import records_of
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.packs.pack import joined_rules, rule_titles
from onemap.rules.judge.question.given_facts import GivenFacts, checked_facts, facts_content, stated_attributes
from onemap.rules.judge.question.question import check_options
from onemap.rules.judge.runs.unasked_rules import judging_rules, unasked_rules, unasked_table
from onemap.rules.verbs.work.table_targets import check_outs, target_answer, write_tables

_MOST_ROWS = 1000  # alternatives of a remedy in blocks that its answer says; the tables have all


def remedy(values: Values, context: VerbContext) -> Result:
    """Find the part of each parcel that passes, store it in the library, and write its tables: both, or neither."""
    options = remedy_options(values)
    asked_of = check_options(values)
    check_outs(values)
    arguments = options, asked_of, values.get("parcel") or (), context.language, values.get("workers"), context.progress
    with open_library(values["library"]) as library, remedy_of_any_size(library, *arguments) as remedy_run:
        alternatives = SaidAlternatives(None if isinstance(remedy_run, Remedy) else _MOST_ROWS)
        is_recorded = library.writable and not asked_of.replaced
        unasked_list = unasked_rules(library, remedy_run.packs, remedy_run.record, context.language)
        remarks = _write_remedy(library, remedy_run, values, context, is_recorded, alternatives, unasked_list)
        rules_answer = {"rules": len(judging_rules(remedy_run.packs, remedy_run.record)), "unasked": unasked_list}
    result: Result = {
        **remedy_json(remedy_run.record, alternatives, context.language),
        "run": {**remedy_run.record, "recorded": is_recorded},
        "seconds": remedy_run.record["seconds"],
        "problems": [*remedy_run.problems, *remarks],
        **rules_answer,
    }
    return result | target_answer(values)


def _write_remedy(
    library: Any,
    remedy_run: Any,
    values: Values,
    context: VerbContext,
    is_recorded: bool,
    alternatives: Any,
    unasked_list: Sequence[Mapping[str, str]],
) -> list[ProblemRecord]:
    """Write a remedy's rows to its tables and, if recorded, to the library; return what the tables could not hold.

    unasked_list: the rules that were not asked, for a table of their own.
    """
    outs, overwrite = values.get("out") or [], bool(values.get("overwrite"))
    step = phrase("progress.writing" if is_recorded else "progress.tables", context.language)
    writing, parcel_count = context.progress.part(WRITING, 1.0, step), 0
    writing.at(0.0)
    with contextlib.ExitStack() as stack:
        rules = rule_titles(remedy_run.packs, remedy_run.record, context.language)
        titles = titles_of_library(library, rules)
        output_contexts = [output_opened(library.crs, out, overwrite, context.language, titles=titles) for out in outs]
        takers = [stack.enter_context(one) for one in output_contexts]
        recorder = RemedyRecorder(stack.enter_context(library.writing()), remedy_run.record) if is_recorded else None
        for chunk in remedy_run.chunks():
            for taker in takers:
                taker.append(chunk.tables)
            alternatives.append(chunk)
            if recorder:
                recorder.append(chunk)
            parcel_count += len(chunk.parcels.ids) if chunk.parcels else 0
            writing.at(parcel_count / max(remedy_run.record["sums"]["parcels"], 1))
        for taker in takers:
            taker.append({"unasked_rules": unasked_table(unasked_list)})
            taker.finish()
        if recorder:
            recorder.finish(remedy_run.packs)
        writing.settle()
    return remark_records(takers, context.language)


def sites(values: Values, context: VerbContext) -> Result:
    """Search for places where a parcel of a given area and width would pass; the library is not changed."""
    area_m2, width_m = values["area"], values.get("width") or 0.0
    if area_m2 <= 0:
        raise UsageError("usage.value", field="--area", value=area_m2)
    if width_m > area_m2**0.5:
        raise OneMapError("sites.width", field="--width", width=width_m, side=f"{area_m2**0.5:.2f}")
    facts = facts_content(values["data"])[1] if values.get("data") else GivenFacts()
    check_outs(values)
    with open_library(values["library"]) as library:
        if values.get("within"):
            ground = read_polygons(values["within"], library.crs)
        else:
            district = library.district()
            if district is None:
                raise OneMapError("sites.no_district", file=library.label, field="--within")
            ground = _array_of_one(district)
        packs = _packs_of_search(library, values)
        as_of = values.get("as_of") or library.today()
        project = {**checked_facts(facts, joined_rules(packs, as_of), as_of).plain, **(values.get("project") or {})}
        options = SiteOptions(
            area_m2=area_m2,
            width_m=width_m,
            count=values.get("count") or 10,
            keep_verdict=values.get("keep_verdict") or KEEP_VERDICT,
            attributes=stated_attributes(project),
        )
        moment = (as_of, values.get("known_at"))
        threads = Threads.of(values.get("workers"), context.progress)
        site_search = find_sites(library, ground, packs, *moment, options, context.language, threads)
        crs = library.crs
    record = {"kind": "sites", "packs": plain_packs(packs)}
    problems = site_search.problems + write_tables(
        {"sites": site_search.table}, crs, values, context.language, context.language, record=record
    )
    sites = records_of(site_search.table.columns)
    return {"ok": True, "sites": sites, "layers": site_search.layers, "problems": problems, **target_answer(values)}


def _packs_of_search(library: Any, values: Values) -> list[Any]:
    """The packs for the search, with the rule that keeps sites off built ground, if asked."""
    packs = packs_of(library, tuple(values.get("pack") or ()), values.get("code_system"))
    return [*packs, unbuilt_pack(library.catalogue())] if values.get("unbuilt") else packs


def _array_of_one(geometry: Any) -> Any:
    """One geometry as an array of one."""
    array = np.empty(1, dtype=object)
    array[0] = geometry
    return array

"""The verbs of the library and of files; libraries are imported here only when a verb runs."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date
from functools import partial
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.coverage_names import DISTRICT
from onemap.layers.errors import Cancelled, OneMapError, Problem, UsageError
from onemap.layers.messages import phrase, problem_record, sentences
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.judge.overlay.threads import Threads

_VERSIONS = 0.1  # of the work, when the versions are verified and a run is repeated


def new(values: Values, context: VerbContext) -> Result:
    """Make a library; its packs are read first, so that a wrong pack leaves nothing behind."""
    from onemap.layers.catalogue.catalogue import own_catalogue
    from onemap.layers.crs.systems import library_crs
    from onemap.layers.ingest.layer_definition import new_layers
    from onemap.layers.library.library import make_library, new_place, system_user
    from onemap.rules.judge.packs.pack import DEFAULT_PACK, is_shipped, joined_rules, pack_texts, parse_packs
    from onemap.rules.judge.packs.pack_slips import refuse_slips
    from onemap.rules.judge.packs.unmet_values import unmet_values
    from onemap.rules.verbs.work.judgement_tables import GRANTS, TABLES

    place = new_place(values["library"], values.get("name"))
    crs = library_crs(values["crs"])
    names = values.get("pack") or [DEFAULT_PACK]
    shipped = own_catalogue(place.path)
    layers = new_layers(shipped, values["define"]) if values.get("define") else {}
    catalogue = {**shipped, **layers}
    texts = pack_texts(names)
    read = parse_packs(texts, catalogue, are_kept=True)
    packs = [
        (pack, None if is_shipped(name) else text) for pack, name, (text, _) in zip(read, names, texts, strict=True)
    ]
    rules = joined_rules([pack for pack, _ in packs], strictly=True)
    refuse_slips([pack for pack, _ in packs], date.today())
    district, remarks = _district(values, crs)
    named_texts = [(pack.id, text) for pack, text in packs]
    is_rehearsal = bool(values.get("rehearsal"))
    own = list(layers.values())
    make_library(
        place, crs, named_texts, district, system_user(), TABLES, GRANTS, is_rehearsal=is_rehearsal, layers=own
    )
    remarks += [gap.problem(", ".join(pack[0] for pack in named_texts)) for gap in unmet_values(rules, catalogue)]
    unknown = sorted({code for rule in rules for code in rule.layers if code not in catalogue})
    remarks += [Problem("pack.layers_unknown", {"names": unknown, "field": "--pack"})] if unknown else []
    return {
        "ok": True,
        "library": place.shown,
        "crs": f"EPSG:{crs.to_epsg()}",
        "packs": [pack[0] for pack in named_texts],
        **({"rehearsal": True} if is_rehearsal else {}),
        **({"layers": list(layers)} if layers else {}),
        "problems": [problem_record(remark, context.language) for remark in remarks],
    }


def _district(values: Values, crs: Any) -> tuple[Any, list[Problem]]:
    """The district's polygons, or None, and remarks on its place in the library's plane."""
    if not values.get("district"):
        return None, []
    from shapely import total_bounds

    from onemap.layers.crs.plane_scale import refuse_stretched_plane, remarks_on_zone
    from onemap.layers.ingest.adding import read_polygons
    from onemap.layers.ingest.datum_change import given_change

    district = read_polygons(values["district"], crs, given_change(values.get("transform")))
    bounds = total_bounds(district)
    refuse_stretched_plane(crs, bounds, {"field": "--crs"})
    return district, remarks_on_zone(crs, bounds)


def district(values: Values, context: VerbContext) -> Result:
    """The district of a library, and the layers that cover it; or set another district."""
    from onemap.layers.library.district import change_district, district_record
    from onemap.layers.library.library import open_library
    from onemap.rules.review.cases.hand import acting_person

    remarks: list[Problem] = []
    with open_library(values["library"]) as library:
        is_changed = False
        if values.get("district"):
            if library.district() is not None and not (values.get("reason") or "").strip():
                raise UsageError("usage.required", field="--reason", verb="district FILE")
            polygons, remarks = _district(values, library.crs)
            who = acting_person(library, values.get("by"))
            is_changed = change_district(library, polygons, values.get("reason"), who) is not None
        record = district_record(library, library.today())
    problems = [problem_record(remark, context.language) for remark in remarks]
    return {"ok": True, "changed": is_changed, **record, "problems": problems}


def inspect(values: Values, context: VerbContext) -> Result:
    """List the content of a source, and the layers that its names stand for, matched as in a delivery."""
    from onemap.layers.ingest.inspection import inspect as inspected
    from onemap.layers.ingest.likely_layers import meant_layers
    from onemap.layers.library.library import open_library

    reading = context.progress.part(0.0, 1.0, phrase("progress.reading", context.language))
    result = inspected(values["source"], values.get("layer"), values.get("encoding"), context.language, reading)
    if values.get("library"):
        with open_library(values["library"]) as library:
            catalogue = list(library.catalogue().values())
        layer_records = result["layers"]
        is_one_of_several = len(layer_records) > 1 or bool(values.get("layer"))
        for layer in layer_records:
            layer["codes"] = list(meant_layers(layer, Path(result["file"]).stem, is_one_of_several, catalogue))
    return result


def add(values: Values, context: VerbContext) -> Result:
    """Add a source, or the several files of a layer, as a new version."""
    from onemap.layers.geometry.proof_beside import Provers
    from onemap.layers.ingest.adding import Intake
    from onemap.layers.ingest.arrival import AddOptions, LayerFile
    from onemap.layers.library.library import open_library
    from onemap.rules.judge.overlay.pair_ground import are_simple_rings
    from onemap.rules.judge.packs.library_packs import required_fields
    from onemap.rules.judge.question.question import normalising_options

    source, *others = _files_to_add(values["source"])
    normalising = replace(normalising_options(values), of_several=bool(others))
    reading = values.get("layer"), values.get("encoding"), normalising
    wishes = AddOptions(
        code=values["as"],
        layer=values.get("layer"),
        encoding=values.get("encoding"),
        define=values.get("define"),
        label=values.get("label"),
        valid_from=values.get("valid_from"),
        valid_to=values.get("valid_to"),
        covers=values.get("covers"),
        accuracy_m=values.get("accuracy"),
        copy=bool(values.get("copy")),
        keep_bad=bool(values.get("keep_bad")),
        accept=(values["accept"],) if values.get("accept") else (),
        sure=bool(values.get("sure")),
        report=values.get("report"),
        overwrite=bool(values.get("overwrite")),
        normalising=normalising,
        provers=Provers(os.cpu_count() or 1, are_simple_rings),
        further=tuple(LayerFile(other, *reading) for other in others),
        in_place_of=_replaced_file(values, others),
    )

    if values.get("taken_at") and not values.get("service"):
        raise UsageError("usage.alone", field="--taken-at", other="--service")
    with open_library(values["library"]) as library:
        intake = Intake(library, partial(required_fields, library), library.person(), context.language)
        return intake.add(source, _with_snapshot(library, wishes, values), context.progress)


def _files_to_add(sources: str | Sequence[str]) -> list[str]:
    """The files that names and patterns match, each once. Raises OneMapError source.missing."""
    from onemap.layers.sources.file_patterns import files_of_pattern

    names = [sources] if isinstance(sources, str) else sources
    return list(dict.fromkeys(file for name in names for file in files_of_pattern(name)))


def _replaced_file(values: Values, others: Sequence[str]) -> str | None:
    """The file of the last version that a source replaces. Raises UsageError usage.apart.

    The ground of the other files is known, except for a district that has changed since.
    """
    name = values.get("in_place_of")
    if not name:
        return None
    if values.get("covers") not in (None, DISTRICT):
        raise UsageError("usage.apart", field="--in-place-of", other="--covers")
    if others:
        raise UsageError("usage.apart", field="--in-place-of", other="SOURCE…")
    return str(name)


def _with_snapshot(library: Any, wishes: Any, values: Values) -> Any:
    """The wishes of `add`, with the service from which the source was taken, if it was."""
    from onemap.layers.library.services import snapshot_of

    if not values.get("service"):
        return wishes
    moment = values.get("taken_at")
    taken_at = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
    return replace(wishes, snapshot=snapshot_of(library, values["service"], taken_at))


def service(values: Values, context: VerbContext) -> Result:
    """Register a web service with its owner, or remove one from the register."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.services import Service, register, remove

    name, removing = values["name"], bool(values.get("remove"))
    for needed_name in () if removing else ("type", "url"):
        if not values.get(needed_name):
            raise UsageError("usage.required", field=f"--{needed_name}", verb="service")
    with open_library(values["library"]) as library:
        if removing:
            return {"ok": True, "removed": asdict(remove(library, name, library.person()))}
        new_service = Service(
            name=name,
            type=values["type"],
            url=values["url"],
            layer=values.get("layer"),
            department=values.get("department") or "",
            library=values.get("into") or "",
            kind=values.get("kind") or "",
            code=values.get("as"),
            dated=values["dated"].isoformat() if values.get("dated") else None,
            authcfg=values.get("authcfg"),
            options=values.get("options") or {},
            note=values.get("note"),
        )
        return {
            "ok": True,
            "service": asdict(register(library, new_service, bool(values.get("overwrite")), library.person())),
        }


def retire(values: Values, context: VerbContext) -> Result:
    """Retire a version that was added by mistake, or put it back in force."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.retirement import held_elsewhere
    from onemap.layers.library.retirement import retire as retire_version
    from onemap.rules.review.cases.hand import acting_person

    with open_library(values["library"]) as library:
        who = acting_person(library, values.get("by"))
        arguments = values["code"], values["label"], values["reason"]
        version = retire_version(library, *arguments, who, undo=bool(values.get("undo")))
        problems = [] if version.retired is None else held_elsewhere(library, version)
    version_facts = {"code": version.code, "version": version.label, "table": version.table, "features": version.count}
    retired = None if version.retired is None else vars(version.retired)
    return {
        "ok": True,
        **version_facts,
        "retired": retired,
        "problems": [problem_record(one, context.language) for one in problems],
    }


def layers(values: Values, context: VerbContext) -> Result:
    """The catalogue of a library as it stands."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.listing import listing
    from onemap.rules.judge.packs.library_packs import fields_of_layer, packs_of
    from onemap.rules.judge.packs.pack import joined_rules

    with open_library(values["library"]) as library:
        packs = packs_of(library, ())
        rules = joined_rules(packs)
        asked_codes = sorted({code for rule in rules for code in rule.layers_named})
        listing_record = listing(
            library, values.get("as_of") or library.today(), lambda code: fields_of_layer(rules, code)
        )
        records = [{key: pack.record()[key] for key in ("id", "version", "hash", "title")} for pack in packs]
        answer = {**listing_record, "packs": records, "asked": asked_codes}
        if values.get("looks"):
            from onemap.layers.publishing.map_looks import map_looks

            answer |= map_looks(library, listing_record["layers"], context.language)
        return answer


def redline(values: Values, context: VerbContext) -> Result:
    """Convert a coordinate TXT to a vector file, or a vector file to a coordinate TXT."""
    from onemap.layers.ingest.redline_exchange import ExchangeOptions, exchange

    wishes = ExchangeOptions(
        layer=values.get("layer"),
        crs=values.get("crs"),
        encoding=values.get("encoding"),
        overwrite=bool(values.get("overwrite")),
    )
    return exchange(values["source"], values["target"], wishes, context.language)


def sample(values: Values, context: VerbContext) -> Result:
    """Make the sample city's files in a new folder, or a plan's delivery without a fault."""
    from onemap.layers.files.atomic_output import empty_folder_output
    from onemap.resources.sample_city import make

    folder = Path(values["folder"])

    def report(share: float, step: str, file: str) -> None:
        context.progress.at(share, phrase(f"progress.sample_{step}", context.language, file=file))

    with empty_folder_output(folder) as new_folder:
        if values.get("delivery"):
            from onemap.resources.sample_city.plan_delivery import make_delivery

            city = make_delivery(new_folder, report)
        else:
            seed = values.get("seed")
            city = make(new_folder, 2026 if seed is None else seed, values.get("parcels") or 2000, report)
    return {
        "ok": True,
        "folder": str(folder),
        **{key: city[key] for key in city if key not in ("ok", "folder")},
    }


def verify(values: Values, context: VerbContext) -> Result:
    """Check the library's integrity; with a run, compute that run again and compare it row by row."""
    from onemap.layers.library.library import open_library
    from onemap.layers.library.log_heads import head_problems, read_head
    from onemap.layers.library.verification import forged_format, library_problems, log_of, notes_beside
    from onemap.rules.answers.compare.decisions import decision_problems
    from onemap.rules.numbers.warnings.warning_states import warning_problems
    from onemap.rules.review.cases.event_verification import event_problems
    from onemap.rules.review.comment_chain import comment_problems
    from onemap.rules.verbs.work.judgement_tables import stored_tables

    step = phrase("progress.verifying", context.language)
    problems, notes = list[Problem](), list[Problem]()
    run, is_whole, equal = values.get("run"), True, dict[str, Any]()
    head = read_head(values["head"]) if values.get("head") else None
    try:
        # One snapshot: what others write meanwhile is no damage.
        with open_library(values["library"], of_any_format=True) as library, library.reading():
            book, tables = log_of(library, problems), stored_tables(library)
            forged = forged_format(library, book, tables["onemap_library"])
            if head is not None:
                problems += head_problems(library, book, head)
            is_whole = library.roles.reads_log
            if is_whole:
                progress = context.progress.part(0.0, _VERSIONS if run else 1.0, step)
                problems += library_problems(library, book, tables, progress)
                notes = notes_beside(library, book, is_whole=not problems)
                problems += event_problems(library, book, {str(one.facts.get("feature")) for one in problems})
                problems += [*decision_problems(library), *warning_problems(library)]
                problem_subjects = {str(one.facts.get("feature")) for one in problems}
                problems += [one for one in comment_problems(library) if one.facts["feature"] not in problem_subjects]
            else:
                problems += forged  # which is else among the rows that are not as logged
            if run and not any(problem.facts.get("feature") == run for problem in problems):
                again = context.progress.part(_VERSIONS, 1.0, phrase("progress.rerun", context.language))
                differences, equal = _differences_of_repeat(library, run, Threads.of(None, again))
                problems += differences
    except OneMapError as error:
        if any(problem.code not in ("library.damaged", "run.damaged") for problem in error.problems):
            raise
        problems += error.problems  # a table that is gone, or what cannot be read: nothing more can be asked
    except (Cancelled, OSError):
        raise
    except Exception:
        if not problems:  # else what was found says why the run cannot be computed again
            raise
    records, remarks = ([problem_record(one, context.language) for one in some] for some in (problems, notes))
    # An auditor's account sees the log only, or a department's besides; what it has not seen is not taken for whole.
    unchecked = {} if is_whole else {"unchecked": ["versions", "runs", "cases", "structure"]}
    return {"ok": not problems, "problems": records, **({"notes": remarks} if notes else {}), **unchecked, **equal}


def _differences_of_repeat(library: Any, run: str, threads: Threads) -> tuple[list[Problem], dict[str, Any]]:
    """The rows of a run that differ when it is computed again; and how many are equal in meaning, with versions."""
    from onemap.layers.software import software_versions
    from onemap.rules.judge.runs.run_store import run_record
    from onemap.rules.verbs.work.rerun import repeat_run

    again = repeat_run(library, run, threads)
    facts = {"file": library.label, "run": run}
    problems = [
        Problem("verify.row", {**facts, "layer": table, "feature": str(row), "before": before, "after": after})
        for table, row, before, after in again.differences
    ]
    if not again.equal_in_meaning:
        return problems, {}
    then, now = run_record(library, run, None).get("software", {}), software_versions()
    changed_software = {
        name: [str(then[name]), version] for name, version in now.items() if then.get(name, version) != version
    }
    return problems, {"equal_in_meaning": {"rows": again.equal_in_meaning, "software": changed_software}}


def keep(values: Values, context: VerbContext) -> Result:
    """Store the city's own catalogue or calendar with a library, or write the head of its log for the archive."""
    from onemap.layers.catalogue.bureau_profile import checked_profile
    from onemap.layers.catalogue.working_days import checked_calendar
    from onemap.layers.library.library import open_library
    from onemap.layers.library.log_heads import write_head
    from onemap.layers.library.own_files import (
        keep_catalogue,
        keep_own_file,
        own_file_kind,
        own_file_text,
        own_text_hash,
    )

    if values.get("head"):
        if values.get("file"):
            raise UsageError("usage.apart", field="FILE", other="--head")
        with open_library(values["library"]) as library:
            facts = write_head(library, Path(values["head"]))
        return {"ok": True, "head": facts["head"], "number": facts["number"], "file": values["head"]}
    if not values.get("file"):
        raise UsageError("usage.required", field="FILE, --head", verb="keep")
    path = Path(values["file"])
    kind, text = own_file_kind(path.name), own_file_text(path)
    with open_library(values["library"]) as library:
        if kind == "catalogue":
            keep_catalogue(library, text, path.name, library.person(), values.get("expect"))
        else:
            (checked_profile if kind == "profile" else checked_calendar)(text, path.name)
            keep_own_file(library, kind, text, library.person(), values.get("expect"))
    return {"ok": True, "kind": kind, "file": path.name, "hash": own_text_hash(text)}


def calendar(values: Values, context: VerbContext) -> Result:
    """The working days of this year and the next, and those of a State Council notice, which may be stored."""
    from onemap.layers.catalogue.holiday_notice import calendar_with, read_notice
    from onemap.layers.catalogue.working_days import WorkCalendar, checked_calendar
    from onemap.layers.library.library import open_library
    from onemap.layers.library.own_files import calendar_of, keep_own_file, notice_text, own_file_name

    place = values.get("notice")
    if values.get("keep") and not place:
        raise UsageError("usage.required", field="--notice", verb="calendar --keep")
    with open_library(values["library"]) as library:
        known_calendar, file = calendar_of(library), own_file_name(library, "calendar")
        this_year = library.today().year
        years = [this_year, this_year + 1]
        if place:
            notice = read_notice(notice_text(Path(place)))
            text = calendar_with(notice, library.own_file("calendar"), known_calendar)
            known_calendar = WorkCalendar({**known_calendar.own, **checked_calendar(text, file).own})
            years = list(dict.fromkeys([notice.year, *years]))
            if values.get("keep"):
                keep_own_file(library, "calendar", text, library.person())
    year_records = [_described_year(known_calendar, year) for year in years]
    return {
        "ok": True,
        "file": file,
        "has_notice": bool(place),
        "kept": bool(values.get("keep")),
        "years": year_records,
    }


def _described_year(calendar: Any, year: int) -> dict[str, Any]:
    """A year of a calendar; without days if nothing is known of it."""
    source = "own" if year in calendar.own else "package"
    try:
        free = [[first.isoformat(), last.isoformat()] for first, last in calendar.free_spans(year)]
        worked = [day.isoformat() for day in calendar.worked_weekends(year)]
    except OneMapError:
        return {"year": year, "source": "nowhere", "free": [], "worked": []}
    return {"year": year, "source": source, "free": free, "worked": worked}


def upgrade(values: Values, context: VerbContext) -> Result:
    """Bring a library, and its rights on a server, to the form of this version."""
    from onemap.layers.library.library import open_library
    from onemap.rules.review.carrying import upgrade as upgrade_library
    from onemap.rules.verbs.work.judgement_tables import GRANTS, TABLES

    with open_library(values["library"]) as library:
        return {"ok": True, **upgrade_library(library, GRANTS, TABLES)}


def copy(values: Values, context: VerbContext) -> Result:
    """Copy a library to a new place, and compare the copy with the original."""
    from onemap.layers.library.copying import copy_library
    from onemap.layers.library.library import new_place, open_library
    from onemap.rules.review.cases.old_form import is_old
    from onemap.rules.verbs.work.judgement_tables import GRANTS, TABLES

    copying = context.progress.part(0.0, 1.0, phrase("progress.copying", context.language))
    with open_library(values["library"]) as library:
        if is_old(library):
            raise OneMapError("library.upgrade_owner", file=library.label)
        place = new_place(values["target"], library.name)
        # Its last word comes before the copy has its name: whoever cancels later finds it done.
        copied = copy_library(library, place, TABLES, GRANTS, copying)
    return {"ok": True, "library": place.shown, **copied}


_WORD_GROUPS = (
    ("verdicts", "verdict"),
    ("signs", "sign"),
    ("reasons", ""),  # of which each kind of rule has its own
    ("coverages", "coverage"),
    ("conclusions", "conclusion"),
    ("case_states", "review_state"),
    ("opinion_states", "opinion_state"),
    ("review_steps", "review_step"),
    ("review_done", "review_done"),
    ("differences", "difference"),
    ("decisions", "decision"),
    ("causes", "cause"),
    ("alternatives", "alternative"),
    ("uses", "use"),
    ("code_systems", "code_system"),
    ("indicator_statuses", "indicator_status"),
    ("indicator_reasons", "indicator_reason"),  # those that are not of findings too
    ("trends", "trend"),
    ("ways", "way"),
    ("warning_kinds", "warning_kind"),
    ("annexes", "annex"),
    ("warning_states", "warning_state"),
    ("amounts", "amount"),  # sentences, of which the facts stand in braces
    ("geometries", "geometry_words"),
    ("plan_states", "plan_state"),  # of a layer in a delivery
)


def words(values: Values, context: VerbContext) -> Result:
    """The names of verdicts, reasons, departments, states, steps and the like, for programs that show them."""
    from onemap.layers.catalogue.catalogue import named_groups
    from onemap.layers.catalogue.code_systems import TABLES
    from onemap.layers.catalogue.code_tables import code_table
    from onemap.layers.crs.crs_titles import titles_in_china
    from onemap.layers.library.library import open_library
    from onemap.layers.library.own_files import profile_of
    from onemap.rules.answers.compare.matrix import read_matrix, shipped_matrices
    from onemap.rules.answers.deliveries.template_titles import template_titles
    from onemap.rules.judge.kinds.reasons import reason_words
    from onemap.rules.review.statement.document_words import withheld_titles

    texts = sentences(context.language)
    result: Result = {"ok": True}
    for name, group in _WORD_GROUPS:
        result[name] = dict(texts[group]) if group else reason_words(context.language)
    for name, titles in named_groups().items():
        result[name] = {code: title[context.language] for code, title in titles.items()}
    result["project_uses"] = {  # what a project may be for, by the codes of each system
        system: {code: title[context.language] for code, title in sorted(code_table(tables[0]).classes.items())}
        for system, tables in TABLES.items()
    }
    result["systems"] = titles_in_china(context.language)
    if values.get("library"):
        with open_library(values["library"]) as library:
            names = profile_of(library).names
        result["departments"] = {code: title[context.language] for code, title in names.items()}
    result["withheld"] = withheld_titles(result["departments"], context.language)
    result["deliveries"] = {name: title[context.language] for name, title in template_titles().items()}
    result["matrices"] = {
        matrix.name: {"title": matrix.title[context.language], "for_a": list(matrix.for_a), "for_b": list(matrix.for_b)}
        for matrix in map(read_matrix, shipped_matrices())
    }
    return result
